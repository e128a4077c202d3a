/* SPDX-License-Identifier: BSD-2-Clause */
/* base/trace.h: an event reaches the sink with its time, its type and its values; without a sink,
 * nothing runs. */
#include "model.h"

#include "base/ip.h"
#include "base/trace.h"

struct seen {
	unsigned calls;
	uint64_t at_ns;
	const struct ph_trace_type *type;
	union ph_trace_value values[16];
	uint8_t ip[16];
};

static void sink(void *arg, const struct ph_trace_event *event)
{
	struct seen *s = arg;
	unsigned i;

	s->calls++;
	s->at_ns = event->at_ns;
	s->type = event->type;
	for (i = 0; i < event->type->nfields && i < 16; i++) {
		s->values[i] = event->values[i];
		if (event->type->fields[i].kind == PH_TRACE_IP)
			memcpy(s->ip, event->values[i].ip, 16);
	}
}

static void test_an_event_carries_time_type_and_values(void **state)
{
	struct seen seen = { 0 };
	struct trace tr = { .sink = sink, .arg = &seen, .now_ns = 1234 };
	struct ph_ip ip = ph_ip4(192, 0, 2, 9);

	(void)state;
	TRACE(&tr, neigh_state, .link = 3, .ip = ip, .from = "STALE", .to = "DELAY");
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.at_ns, 1234);
	assert_string_equal(seen.type->category, "connectivity");
	assert_string_equal(seen.type->name, "neighbour_state_updated");
	assert_int_equal(seen.type->nfields, 4);
	assert_string_equal(seen.type->fields[0].name, "link");
	assert_int_equal(seen.type->fields[0].kind, PH_TRACE_U64);
	assert_int_equal(seen.values[0].u64, 3);
	assert_int_equal(seen.type->fields[1].kind, PH_TRACE_IP);
	assert_memory_equal(seen.ip, ip.b, 16);
	assert_string_equal(seen.type->fields[3].name, "to");
	assert_int_equal(seen.type->fields[3].kind, PH_TRACE_STR);
	assert_string_equal(seen.values[2].str, "STALE");
	assert_string_equal(seen.values[3].str, "DELAY");
}

static uint64_t evaluated(unsigned *times)
{
	(*times)++;
	return 1;
}

static void test_without_a_sink_not_even_the_values_are_computed(void **state)
{
	struct trace tr = { .sink = NULL };
	struct seen seen = { 0 };
	unsigned times = 0;

	(void)state;
	TRACE(&tr, tcp_closed, .conn = evaluated(&times), .why = "user");
	assert_int_equal(times, 0);
	tr.sink = sink;
	tr.arg = &seen;
	TRACE(&tr, tcp_closed, .conn = evaluated(&times), .why = "user");
	assert_int_equal(times, 1);
	assert_int_equal(seen.calls, 1);
}

static void test_every_event_of_the_list_has_names_and_fields(void **state)
{
	struct seen seen = { 0 };
	struct trace tr = { .sink = sink, .arg = &seen };
	unsigned events = 0, i;

	(void)state;
#define F(kind, field)
#define EVENT(id, cat, nam, list)                                         \
	trace_##id##_emit(&tr, &(struct trace_##id##_args){ 0 });         \
	assert_int_equal(seen.calls, ++events);                           \
	assert_string_equal(seen.type->category, cat);                    \
	assert_string_equal(seen.type->name, nam);                        \
	assert_in_range(seen.type->nfields, 1, 16);                       \
	for (i = 0; i < seen.type->nfields; i++)                          \
		assert_true(strlen(seen.type->fields[i].name) > 0);
#include "base/trace.def"
#undef EVENT
#undef F
	assert_true(events > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_carries_time_type_and_values),
		cmocka_unit_test(test_without_a_sink_not_even_the_values_are_computed),
		cmocka_unit_test(test_every_event_of_the_list_has_names_and_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
