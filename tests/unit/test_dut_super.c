/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that stand for several segments: told from others, and cut into what they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/net.h"
#include "harness/dut/super.h"

enum { DATA = 2500, MSS = 1000 };

static size_t packet(bool v6, uint8_t out[DRILL_NET_MAX])
{
	static uint8_t data[DATA];
	struct drill_build b = { .ends = { .src = v6 ? (struct ph_ip){ { 0xfd, [15] = 1 } }
						     : ph_ip4(192, 0, 2, 1),
					   .dst = v6 ? (struct ph_ip){ { 0xfd, [15] = 2 } }
						     : ph_ip4(192, 168, 0, 1),
					   .sport = 1, .dport = 2 },
				 .ttl = 64, .flags = DRILL_F_ACK | DRILL_F_PSH | DRILL_F_FIN,
				 .seq = UINT32_MAX - 1500, .ack = 5, .win = 100,
				 .opt = (const uint8_t *)"\1\1\1\1", .opt_len = 4,
				 .data = data, .data_len = DATA };

	for (size_t i = 0; i < DATA; i++)
		data[i] = (uint8_t)(i * 7);
	return drill_net_tcp(&b, out);
}

static void check_cut(bool v6)
{
	static uint8_t whole[DRILL_NET_MAX], one[DRILL_NET_MAX];
	size_t len = packet(v6, whole), n, at = 0;
	struct ph_offload o;
	struct drill_live l, all;

	assert_true(len > DATA);
	assert_int_equal(drill_net_parse(whole, len, &all), 0);
	assert_true(dut_super(whole, len, MSS, &o));
	assert_int_equal(o.gso_size, MSS);
	assert_int_equal(o.hdr_len, len - DATA);
	for (size_t i = 0; (n = dut_super_segment(whole, len, &o, i, one)) > 0; i++) {
		bool last = at + MSS >= DATA;

		assert_int_equal(drill_net_parse(one, n, &l), 0);
		assert_string_equal(l.wrong, ""); /* lengths and checksums */
		assert_int_equal(l.seq, all.seq + (uint32_t)at);
		assert_int_equal(l.ack, 5);
		assert_int_equal(l.flags, last ? all.flags : DRILL_F_ACK);
		assert_int_equal(l.opt_len, 4);
		assert_int_equal(l.data_len, last ? DATA - at : MSS);
		assert_memory_equal(l.data, all.data + at, l.data_len);
		at += l.data_len;
	}
	assert_int_equal(at, DATA);
}

static void test_a_super_packet_is_cut_into_whole_segments(void **state)
{
	(void)state;
	check_cut(false);
	check_cut(true);
}

static void test_what_fits_goes_as_it_is(void **state)
{
	static uint8_t bytes[DRILL_NET_MAX];
	size_t len = packet(false, bytes);
	struct ph_offload o;

	(void)state;
	assert_false(dut_super(bytes, len, 0, &o));
	assert_false(dut_super(bytes, len, DATA, &o));
	assert_true(dut_super(bytes, len, DATA - 1, &o));
	assert_false(dut_super(bytes, 30, MSS, &o));
	assert_false(dut_super(bytes, 0, MSS, &o));
	bytes[9] = 17;
	assert_false(dut_super(bytes, len, MSS, &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_super_packet_is_cut_into_whole_segments),
		cmocka_unit_test(test_what_fits_goes_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
