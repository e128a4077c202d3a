/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/gso.h by way of a link: super-segments cut, checksums filled in, or both left to the
 * device.
 */
#include "net_fixture.h"
#include "own.h"

#include "net/gso.h"

enum {
	TCP_LEN = 32, /* with a timestamp option */
	SEQ = (int)0xfffff000,
	F_FIN = 1,
	F_PSH = 8,
	F_ACK = 16,
	F_CWR = 128
};

static struct host *host_offload(uint32_t offload)
{
	return host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .offload = offload });
}

/*
 * As TCP makes it: header in hdr, `inline_len` bytes of payload behind it, the rest in buffers of
 * `chunk` bytes.
 */
static struct pkt *segment(struct host *h, uint32_t len, uint32_t inline_len, uint32_t chunk,
			   uint16_t gso_size, uint8_t flags)
{
	struct pkt *p = pkt_new_tx(&h->st->pkts, TCP_LEN + inline_len);
	struct ph_ip src = ip_of4(US4), dst = ip_of4(PEER4);
	uint8_t *data = malloc(len + 1), *tcp;
	be32 seq = be32_of((uint32_t)SEQ);
	be16 sum;

	assert_non_null(p);
	assert_non_null(data);
	pattern(data, len);
	tcp = pkt_put(p, TCP_LEN + inline_len);
	memset(tcp, 0, TCP_LEN);
	memcpy(tcp, (const uint8_t[]){ 0x10, 0x01, 0x20, 0x02 }, 4);
	memcpy(tcp + 4, &seq, 4);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	memcpy(tcp + 14, (const uint8_t[]){ 0x40, 0 }, 2);
	memcpy(tcp + 20, (const uint8_t[]){ 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 12);
	sum = be16_of(csum_fold(csum_pseudo(&src, &dst, 6, TCP_LEN + len)));
	memcpy(tcp + 16, &sum, 2);
	memcpy(tcp + TCP_LEN, data, inline_len);
	for (uint32_t at = inline_len; at < len; at += chunk) {
		uint32_t n = len - at < chunk ? len - at : chunk;
		struct buf *b = buf_new(&h->st->pkts, n + 5);

		assert_non_null(b);
		memcpy(b->bytes + 5, data + at, n); /* at an odd place */
		assert_true(pkt_add_span(p, b, 5, n));
		buf_put(b);
	}
	free(data);
	p->csum = PKT_CSUM_TODO;
	p->csum_off = 16;
	p->gso = gso_size ? PKT_GSO_TCP4 : PKT_GSO_NONE;
	p->gso_size = gso_size;
	return p;
}

static void output(struct host *h, struct pkt *p)
{
	struct dst d = host_dst(h, PEER4);
	struct ip_tx tx = { .proto = 6, .df = true };

	assert_int_equal(ip_output(h->st, p, &d, &tx), 0);
}

static bool tcp_csum_right(const struct host *h)
{
	struct ph_ip src = ip_of4(US4), dst = ip_of4(PEER4);
	uint32_t n = (uint32_t)h->out_len - 34;

	return csum_fold(csum_add(csum_pseudo(&src, &dst, 6, n), out_l4(h), n)) == 0xffff;
}

/* Takes all segments of a super-segment of `len` bytes and holds each against what it must be. */
/* cwr_once: as the classic protocol has it, in the first segment alone. */
static void expect_segments(struct host *h, uint32_t len, uint16_t gso_size, uint8_t flags,
			    bool cwr_once)
{
	uint8_t *want = malloc(len + 1);
	uint32_t at = 0, n = 0;

	assert_non_null(want);
	pattern(want, len);
	do {
		uint32_t payload = len - at < gso_size ? len - at : gso_size;
		bool last = at + payload == len;
		uint8_t f = flags;
		be32 seq;

		assert_int_equal(host_take(h), 34 + TCP_LEN + payload);
		assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
		assert_int_equal(be16_get(out_ip4(h)->len), 20 + TCP_LEN + payload);
		assert_int_equal(be16_get(out_ip4(h)->id), n);
		assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 20)), 0xffff);
		memcpy(&seq, out_l4(h) + 4, 4);
		assert_int_equal(be32_get(seq), (uint32_t)SEQ + at);
		f &= (uint8_t)(last ? 0xff : ~(F_FIN | F_PSH));
		f &= (uint8_t)(n == 0 || !cwr_once ? 0xff : ~F_CWR);
		assert_int_equal(out_l4(h)[13], f);
		assert_true(tcp_csum_right(h));
		assert_int_equal(out_l4(h)[20 + 11], 8);
		assert_memory_equal(out_l4(h) + TCP_LEN, want + at, payload);
		at += payload;
		n++;
	} while (at < len);
	assert_int_equal(host_take(h), 0);
	free(want);
}

static void test_a_super_segment_is_cut_for_a_plain_link(void **state)
{
	static const struct {
		uint32_t len, in_hdr, chunk;
		uint16_t size;
	} row[] = {
		{ 1448, 0, 65000, 1448 },  { 1449, 0, 65000, 1448 }, { 2896, 0, 4096, 1448 },
		{ 64000, 0, 64000, 1448 }, { 64000, 0, 4000, 1448 }, { 64000, 100, 16000, 1448 },
		{ 65000, 1, 3999, 536 },   { 10, 10, 1, 1 },	     { 17, 0, 1, 4 },
		{ 3000, 3000, 1, 1000 },   { 5000, 2000, 333, 777 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_offload(0);
		uint8_t flags = F_ACK | F_PSH | F_FIN | F_CWR;
		struct pkt *super;

		host_knows_peer(h);
		super = segment(h, row[i].len, row[i].in_hdr, row[i].chunk, row[i].size, flags);
		super->gso_ecn = i % 2 == 0;
		output(h, super);
		expect_segments(h, row[i].len, row[i].size, flags, i % 2 == 0);
		host_free(h);
	}
}

static void test_random_super_segments_are_cut_right(void **state)
{
	struct prng r;
	uint8_t key[32] = { 3 };

	(void)state;
	prng_seed(&r, key);
	for (unsigned round = 0; round < 200; round++) {
		struct host *h = host_offload(0);
		uint32_t len = 1 + prng_below(&r, 20000), in_hdr = prng_below(&r, 3) ? 0 : 1;
		uint32_t chunk = len / 16 + 1 + prng_below(&r, 4000);
		uint16_t size = (uint16_t)(100 + prng_below(&r, 1400));
		uint8_t flags = (uint8_t)(F_ACK | (prng_below(&r, 2) ? F_PSH : 0));

		host_knows_peer(h);
		output(h, segment(h, len, in_hdr, chunk, size, flags));
		expect_segments(h, len, size, flags, false);
		host_free(h);
	}
}

static void test_a_single_segment_gets_its_checksum_on_a_plain_link(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < 40; len++) {
		struct host *h = host_offload(0);

		host_knows_peer(h);
		output(h, segment(h, len, 0, 7, 0, F_ACK));
		assert_int_equal(host_take(h), 34 + TCP_LEN + len);
		assert_true(tcp_csum_right(h));
		host_free(h);
	}
}

/* 0 would say "no checksum" where the transport is UDP: its other form, 0xffff, is sent. */
static void test_a_checksum_that_comes_to_zero_is_sent_as_all_ones(void **state)
{
	static const uint8_t ones[2] = { 255, 255 };
	struct host *h = host_offload(0);
	uint8_t sum[2];

	(void)state;
	host_knows_peer(h);
	for (int round = 0; round < 2; round++) {
		struct pkt *p = segment(h, 2, 2, 1, 0, F_ACK);

		if (round == 0)
			memset(sum, 0, sizeof(sum));
		memcpy(pkt_bytes(p) + TCP_LEN, sum, 2);
		output(h, p);
		assert_int_equal(host_take(h), 34 + TCP_LEN + 2);
		assert_true(tcp_csum_right(h));
		memcpy(sum, out_l4(h) + 16, 2); /* as payload it brings the next sum to zero */
	}
	assert_memory_equal(sum, ones, 2);
	host_free(h);
}

static void test_a_device_that_sums_gets_what_it_needs_to_sum(void **state)
{
	struct host *h = host_offload(PH_OFFLOAD_CSUM);
	struct ph_offload o;
	struct ph_pkt *p;

	(void)state;
	host_knows_peer(h);
	output(h, segment(h, 3000, 0, 3000, 1448, F_ACK));
	for (int i = 0; i < 3; i++) {
		struct ph_ip src = ip_of4(US4), dst = ip_of4(PEER4);
		struct ph_iov iov[PH_TX_IOV];
		be16 field;

		p = ph_link_output(h->st, h->link, h->now);
		assert_non_null(p);
		ph_pkt_offload(p, &o);
		assert_int_equal(o.flags, 1);
		assert_int_equal(o.gso_type, 0);
		assert_int_equal(o.gso_size, 0);
		assert_int_equal(o.csum_start, 34);
		assert_int_equal(o.csum_offset, 16);
		assert_true(ph_pkt_iov(p, iov) >= 2);
		assert_int_equal(iov[0].len, 34 + TCP_LEN);
		memcpy(&field, (uint8_t *)iov[0].base + 34 + 16, 2);
		assert_int_equal(
			be16_get(field),
			csum_fold(csum_pseudo(&src, &dst, 6, (uint32_t)ph_pkt_len(p) - 34)));
		ph_pkt_free(h->st, p);
	}
	assert_null(ph_link_output(h->st, h->link, h->now));
	host_free(h);
}

static void test_a_device_that_cuts_gets_the_super_segment_whole(void **state)
{
	struct host *h = host_offload(PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4);
	struct ph_iov iov[PH_TX_IOV];
	struct ph_offload o;
	struct ph_pkt *p;
	struct pkt *s;

	(void)state;
	host_knows_peer(h);
	s = segment(h, 60000, 0, 60000, 1448, F_ACK);
	s->gso_ecn = true;
	output(h, s);
	p = ph_link_output(h->st, h->link, h->now);
	assert_non_null(p);
	ph_pkt_offload(p, &o);
	assert_int_equal(o.flags, 1);
	assert_int_equal(o.gso_type, 1 | 0x80);
	assert_int_equal(o.gso_size, 1448);
	assert_int_equal(o.hdr_len, 34 + TCP_LEN);
	assert_int_equal(o.csum_start, 34);
	assert_int_equal(o.csum_offset, 16);
	assert_int_equal(ph_pkt_len(p), 34 + TCP_LEN + 60000);
	assert_int_equal(ph_pkt_iov(p, iov), 2);
	ph_pkt_free(h->st, p);
	host_free(h);
}

/* A device would take CWR from all segments but the first; here it is part of a number. */
static void test_an_accurate_ecn_count_is_in_every_segment_whatever_the_device_can(void **state)
{
	struct host *h = host_offload(PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4);

	(void)state;
	host_knows_peer(h);
	output(h, segment(h, 3000, 0, 3000, 1448, F_ACK | F_CWR));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(host_take(h) > 0);
		assert_int_equal(out_l4(h)[13], F_ACK | F_CWR);
	}
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_cutting_without_summing_is_not_believed_of_a_device(void **state)
{
	struct host *h = host_offload(PH_OFFLOAD_TSO4); /* as Linux: netdev_fix_features() */
	struct ph_link_info info;

	(void)state;
	assert_int_equal(own_links(h->st, &info, 1), 1);
	assert_int_equal(info.offload, 0);
	host_knows_peer(h);
	output(h, segment(h, 3000, 0, 3000, 1448, F_ACK));
	expect_segments(h, 3000, 1448, F_ACK, false);
	host_free(h);
}

static void test_payload_is_not_copied_when_the_device_sums_what_is_cut(void **state)
{
	struct host *h = host_offload(PH_OFFLOAD_CSUM);
	struct ph_iov iov[PH_TX_IOV];
	struct pkt *s;
	const uint8_t *bytes;
	struct ph_pkt *p;

	(void)state;
	host_knows_peer(h);
	s = segment(h, 3000, 0, 3000, 1448, F_ACK);
	bytes = span_bytes(&s->data[0]);
	output(h, s);
	for (uint32_t at = 0; (p = ph_link_output(h->st, h->link, h->now)); at += 1448) {
		assert_int_equal(ph_pkt_iov(p, iov), 2);
		assert_ptr_equal(iov[1].base, bytes + at);
		ph_pkt_free(h->st, p);
	}
	host_free(h);
}

static void test_what_is_summed_here_is_one_piece(void **state)
{
	struct host *h = host_offload(0);
	struct ph_iov iov[PH_TX_IOV];
	struct ph_pkt *p;
	int frames = 0;

	(void)state;
	host_knows_peer(h);
	output(h, segment(h, 3000, 0, 3000, 1448, F_ACK));
	for (; (p = ph_link_output(h->st, h->link, h->now)); frames++) {
		assert_int_equal(ph_pkt_iov(p, iov), 1);
		assert_int_equal(iov[0].len, ph_pkt_len(p));
		ph_pkt_free(h->st, p);
	}
	assert_int_equal(frames, 3);
	host_free(h);
}

static void test_no_memory_for_headers_loses_the_rest_and_nothing_else(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 8; nth++) {
		struct host *h = host_offload(0);

		host_knows_peer(h);
		output(h, segment(h, 6000, 0, 6000, 1448, F_ACK));
		ph_stack_fail_at(h->st, nth);
		while (host_take(h) > 0)
			;
		ph_stack_fail_at(h->st, 0);
		assert_int_equal(host_take(h), 0);
		host_free(h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_super_segment_is_cut_for_a_plain_link),
		cmocka_unit_test(test_random_super_segments_are_cut_right),
		cmocka_unit_test(test_a_single_segment_gets_its_checksum_on_a_plain_link),
		cmocka_unit_test(test_a_checksum_that_comes_to_zero_is_sent_as_all_ones),
		cmocka_unit_test(test_a_device_that_sums_gets_what_it_needs_to_sum),
		cmocka_unit_test(test_a_device_that_cuts_gets_the_super_segment_whole),
		cmocka_unit_test(
			test_an_accurate_ecn_count_is_in_every_segment_whatever_the_device_can),
		cmocka_unit_test(test_cutting_without_summing_is_not_believed_of_a_device),
		cmocka_unit_test(test_payload_is_not_copied_when_the_device_sums_what_is_cut),
		cmocka_unit_test(test_what_is_summed_here_is_one_piece),
		cmocka_unit_test(test_no_memory_for_headers_loses_the_rest_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
