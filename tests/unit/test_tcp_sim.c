/* SPDX-License-Identifier: BSD-2-Clause */
/* What whole networks in virtual time brought to light, each as its smallest transcript. */
#include "tcp_script.h"

static struct ph_tcp_info info_of(struct fix *f)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i;
}

/* RFC 4898's HCThruOctetsReceived: what was acknowledged, each octet once. */
static void test_octets_received_ahead_twice_are_counted_once_and_in_their_turn(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(info_of(f).tcpi_bytes_received, 0);
	in(f, ". 1:15 ack 1");
	out(f, ". 1:0 ack 21");
	assert_int_equal(info_of(f).tcpi_bytes_received, 20);
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets_received_ahead_twice_are_counted_once_and_in_their_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
