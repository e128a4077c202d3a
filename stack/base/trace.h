/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace events: one typed row each in trace.def, handed to the user's one sink; without a sink, one
 * branch. TRACE(tr, id, .field = value ...) sends the event that is declared as EVENT(id, ...).
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "phantom/phantom.h"

struct trace {
	void (*sink)(void *arg, const struct ph_trace_event *event);
	void *arg;
	uint64_t now_ns; /* kept by the stack's entry points */
};

#define TRACE_TYPE_U64 uint64_t
#define TRACE_TYPE_STR const char *
#define TRACE_TYPE_IP struct ph_ip
#define F(type, field) TRACE_TYPE_##type field;
#define EVENT(id, category, name, fields) \
	struct trace_##id##_args {        \
		fields                    \
	};                                \
	void trace_##id##_emit(const struct trace *tr, const struct trace_##id##_args *a);
#include "base/trace.def"
#undef EVENT
#undef F

/* TRACE(&st->trace, tcp_state, .conn = 1, .from = "LISTEN", .to = "SYN-RECEIVED"); */
#define TRACE(tr, id, ...)                                                                  \
	do {                                                                                \
		if ((tr)->sink)                                                             \
			trace_##id##_emit((tr), &(struct trace_##id##_args){ __VA_ARGS__ }); \
	} while (0)

#endif
