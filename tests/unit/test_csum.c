/* SPDX-License-Identifier: BSD-2-Clause */
/* base/csum.h against a loop over 16-bit words: all offsets and lengths, splits, packets,
 * updates. */
#include "model.h"

#include "base/csum.h"
#include "base/ip.h"

/* The definition of RFC 1071, one word at a time; an odd last byte counts as if a zero followed. */
static uint16_t naive(const uint8_t *p, uint32_t len, uint64_t sum)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint64_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void fill(struct run *r, uint8_t *p, uint32_t len)
{
	uint32_t i, kind = run_below(r, 4);

	for (i = 0; i < len; i++) /* all ones makes the most carries */
		p[i] = kind == 0 ? 0xff : kind == 1 ? 0 : (uint8_t)run_u64(r);
}

static void test_the_example_of_the_rfc_holds(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(csum_fold(csum_add(0, bytes, 8)), 0xddf2);
	assert_int_equal(csum_finish(csum_add(0, bytes, 8)), 0x220d);
}

static void every_offset_and_length(struct run *r)
{
	uint8_t bytes[16 + 200];
	uint32_t off, len;

	fill(r, bytes, sizeof(bytes));
	for (off = 0; off < 16; off++)
		for (len = 0; len <= 200; len++)
			CHECK(r, csum_fold(csum_add(0, bytes + off, len)) ==
					 naive(bytes + off, len, 0));
}

static void test_every_offset_and_length_agrees_with_the_loop(void **state)
{
	(void)state;
	run_seeds(12, every_offset_and_length);
}

static void long_messages(struct run *r)
{
	static uint8_t bytes[70000];
	uint32_t len = run_below(r, sizeof(bytes) + 1);

	fill(r, bytes, len);
	CHECK(r, csum_fold(csum_add(0, bytes, len)) == naive(bytes, len, 0));
}

static void test_long_messages_agree_with_the_loop(void **state)
{
	(void)state;
	run_seeds(50, long_messages);
}

static void every_split(struct run *r)
{
	uint8_t bytes[131];
	uint32_t a, b;
	uint64_t sum;

	fill(r, bytes, sizeof(bytes));
	for (a = 0; a <= sizeof(bytes); a++) {
		for (b = a; b <= sizeof(bytes); b += 1 + a % 3) {
			sum = csum_add(0, bytes, a);
			sum = csum_add_at(sum, bytes + a, b - a, a);
			sum = csum_add_at(sum, bytes + b, (uint32_t)sizeof(bytes) - b, b);
			CHECK(r, csum_fold(sum) == naive(bytes, sizeof(bytes), 0));
		}
	}
}

static void test_a_message_may_be_summed_in_pieces_split_anywhere(void **state)
{
	(void)state;
	run_seeds(4, every_split);
}

static void test_a_right_message_sums_to_ffff_and_a_flipped_bit_shows(void **state)
{
	uint8_t bytes[41];
	struct run r = { .seed = 1, .state = 1 };
	uint16_t check;
	unsigned i;

	(void)state;
	fill(&r, bytes, sizeof(bytes));
	bytes[16] = bytes[17] = 0;
	check = csum_finish(csum_add(0, bytes, sizeof(bytes)));
	bytes[16] = (uint8_t)(check >> 8);
	bytes[17] = (uint8_t)check;
	assert_int_equal(csum_fold(csum_add(0, bytes, sizeof(bytes))), 0xffff);
	for (i = 0; i < 8 * sizeof(bytes); i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(csum_fold(csum_add(0, bytes, sizeof(bytes))), 0xffff);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void test_pseudo_headers_have_the_layout_of_their_family(void **state)
{
	struct ph_ip a4 = ph_ip4(192, 0, 2, 1), b4 = ph_ip4(198, 51, 100, 7);
	struct ph_ip a6 = { { 0x20, 1, 0xd, 0xb8 } }, b6 = { { 0xfe, 0x80, [15] = 9 } };
	uint8_t v4[12] = { 192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0x12, 0x34 }, v6[40] = { 0 };

	(void)state;
	assert_int_equal(csum_fold(csum_pseudo(&a4, &b4, 6, 0x1234)), naive(v4, 12, 0));
	memcpy(v6, a6.b, 16);
	memcpy(v6 + 16, b6.b, 16);
	memcpy(v6 + 32, "\x00\x01\x23\x45\x00\x00\x00\x11", 8);
	assert_int_equal(csum_fold(csum_pseudo(&a6, &b6, 17, 0x12345)), naive(v6, 40, 0));
}

static void packets(struct run *r)
{
	static uint8_t flat[8 * 2048];
	struct mem m = model_mem();
	struct pkt_pools pp;
	struct pkt *p;
	uint32_t i, n, off, len;

	pkt_pools_init(&pp, &m);
	p = pkt_new_tx(&pp, 100);
	n = run_below(r, 100);
	fill(r, pkt_put(p, n), n);
	for (i = 0; i < 7; i++) {
		struct buf *b = buf_new(&pp, 2048);
		uint32_t from = run_below(r, 100), size = run_below(r, 1900);

		fill(r, b->bytes, b->cap);
		CHECK(r, pkt_add_span(p, b, from, size));
		buf_put(b);
	}
	CHECK(r, pkt_copy_out(p, 0, flat, sizeof(flat)) == p->len);
	for (r->step = 0; r->step < 300; r->step++) {
		off = run_below(r, p->len + 1);
		len = run_below(r, p->len - off + 1);
		CHECK(r, csum_fold(csum_pkt(0, p, off, len)) == naive(flat + off, len, 0));
	}
	CHECK(r, csum_fold(csum_pkt(0, p, 0, p->len + 5)) == naive(flat, p->len, 0));
	pkt_free(p);
	pkt_pools_destroy(&pp);
}

static void test_a_packet_sums_as_its_bytes_in_a_row(void **state)
{
	(void)state;
	run_seeds(10, packets);
}

static void test_an_update_equals_a_new_sum_also_at_the_two_zeros(void **state)
{
	static const uint16_t words[] = { 0, 1, 0x5555, 0x7fff, 0x8000, 0xfffe, 0xffff };
	uint8_t msg[6];
	size_t i, j, k;

	(void)state;
	for (i = 0; i < 7; i++) {
		for (j = 0; j < 7; j++) {
			for (k = 0; k < 7; k++) {
				uint16_t before, after;

				memset(msg, 0, sizeof(msg));
				msg[0] = (uint8_t)(words[k] >> 8);
				msg[1] = (uint8_t)words[k];
				msg[4] = 0x45; /* no message of IP is all zero: RFC 1624 3 */
				msg[2] = (uint8_t)(words[i] >> 8);
				msg[3] = (uint8_t)words[i];
				before = csum_finish(csum_add(0, msg, 6));
				msg[2] = (uint8_t)(words[j] >> 8);
				msg[3] = (uint8_t)words[j];
				after = csum_finish(csum_add(0, msg, 6));
				assert_int_equal(csum_update(before, words[i], words[j]), after);
			}
		}
	}
	assert_int_equal(csum_update(0xdd2f, 0x5555, 0x3285), 0x0000); /* RFC 1624 4 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_of_the_rfc_holds),
		cmocka_unit_test(test_every_offset_and_length_agrees_with_the_loop),
		cmocka_unit_test(test_long_messages_agree_with_the_loop),
		cmocka_unit_test(test_a_message_may_be_summed_in_pieces_split_anywhere),
		cmocka_unit_test(test_a_right_message_sums_to_ffff_and_a_flipped_bit_shows),
		cmocka_unit_test(test_pseudo_headers_have_the_layout_of_their_family),
		cmocka_unit_test(test_a_packet_sums_as_its_bytes_in_a_row),
		cmocka_unit_test(test_an_update_equals_a_new_sum_also_at_the_two_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
