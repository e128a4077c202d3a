/* SPDX-License-Identifier: BSD-2-Clause */
/* The emitters of trace.def: each lays its fields out for the sink, beside the event's type. */
#include "base/trace.h"

#include "base/list.h"

#define VALUE_U64(field) { .u64 = a->field }
#define VALUE_STR(field) { .str = a->field }
#define VALUE_IP(field) { .ip = a->field.b }

/* What an event is: its names and fields. */
#define F(kind, field) { #field, PH_TRACE_##kind },
#define EVENT(id, category, name, fields)                                                  \
	static const struct ph_trace_field id##_fields[] = { fields };                     \
	static const struct ph_trace_type id##_type = { category, name, ARRAY_LEN(id##_fields), \
							id##_fields };
#include "base/trace.def"
#undef EVENT
#undef F

#define F(kind, field) VALUE_##kind(field),
#define EVENT(id, category, name, fields)                                                     \
	void trace_##id##_emit(const struct trace *tr, const struct trace_##id##_args *a)     \
	{                                                                                     \
		const union ph_trace_value values[] = { fields };                             \
		const struct ph_trace_event event = { tr->now_ns, &id##_type, values };       \
											      \
		tr->sink(tr->arg, &event);                                                    \
	}
#include "base/trace.def"
#undef EVENT
#undef F
