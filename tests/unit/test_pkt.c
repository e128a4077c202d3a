/* SPDX-License-Identifier: BSD-2-Clause */
/* base/pkt.h: shapes of new packets, headers pushed and pulled, spans, trimming, and that nothing
 * leaks. */
#include "model.h"

#include "base/pkt.h"

struct fixture {
	struct mem mem;
	struct pkt_pools pp;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->mem = model_mem();
	pkt_pools_init(&f->pp, &f->mem);
	*state = f;
	return 0;
}

static uint32_t held(const struct fixture *f)
{
	uint32_t n = f->pp.pkt.in_use, c;

	for (c = 0; c < BUF_CLASS_N; c++)
		n += f->pp.buf[c].in_use;
	return n;
}

/* Every test ends with every piece back in its pool. */
static int teardown(void **state)
{
	struct fixture *f = *state;
	uint32_t left = held(f);

	pkt_pools_destroy(&f->pp);
	left += f->mem.used != 0;
	free(f);
	return left == 0 ? 0 : -1;
}

static void test_a_buffer_is_of_the_smallest_class_that_fits(void **state)
{
	struct fixture *f = *state;
	uint32_t c;

	for (c = 0; c < BUF_CLASS_N; c++) {
		uint32_t cap = buf_class_cap((enum buf_class)c);
		uint32_t below = c > 0 ? buf_class_cap((enum buf_class)(c - 1)) : 0;
		struct buf *a = buf_new(&f->pp, cap), *b = buf_new(&f->pp, below + 1);

		assert_int_equal(a->cap, cap);
		assert_int_equal(b->cap, cap);
		memset(a->bytes, 1, cap);
		memset(b->bytes, 2, cap);
		assert_int_equal(a->bytes[cap - 1], 1);
		buf_put(a);
		buf_put(b);
	}
	assert_true(buf_class_cap(BUF_64K) >= PKT_LEN_MAX);
	assert_null(buf_new(&f->pp, buf_class_cap(BUF_64K) + 1));
}

static void test_a_buffer_lives_until_its_last_reference_is_put(void **state)
{
	struct fixture *f = *state;
	struct buf *b = buf_new(&f->pp, 100);

	buf_get(b);
	buf_put(b);
	assert_int_equal(b->refs, 1);
	assert_int_equal(f->pp.buf[BUF_256].in_use, 1);
	buf_put(b);
	assert_int_equal(f->pp.buf[BUF_256].in_use, 0);
	buf_put(NULL);
}

static void test_headers_are_pushed_in_front_and_pulled_off_again(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = pkt_new_tx(&f->pp, 10);

	assert_int_equal(p->len, 0);
	memcpy(pkt_put(p, 10), "0123456789", 10);
	memcpy(pkt_push(p, 4), "tcp:", 4);
	memcpy(pkt_push(p, 3), "ip:", 3);
	assert_int_equal(p->len, 17);
	assert_memory_equal(pkt_bytes(p), "ip:tcp:0123456789", 17);
	assert_int_equal(pkt_data_len(p), 0);
	pkt_pull(p, 3);
	assert_memory_equal(pkt_bytes(p), "tcp:0123456789", 14);
	pkt_push(p, PKT_HEADROOM - 4); /* all of the headroom is usable */
	assert_int_equal(p->hdr.off, 0);
	pkt_free(p);
}

/* attack: CVE-2020-11904 */
static void test_a_packet_to_send_has_the_room_asked_for(void **state)
{
	static const uint32_t rooms[] = { 0, 1, 96, 97, 1888, 1889, 16000, 65000 };
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rooms); i++) {
		struct pkt *p = pkt_new_tx(&f->pp, rooms[i]);

		assert_non_null(p);
		memset(pkt_put(p, rooms[i]), 0, rooms[i]);
		memset(pkt_push(p, PKT_HEADROOM), 0, PKT_HEADROOM);
		assert_int_equal(p->len, PKT_HEADROOM + rooms[i]);
		pkt_free(p);
	}
	assert_null(pkt_new_tx(&f->pp, 66000));
	assert_null(pkt_new_tx(&f->pp, UINT32_MAX));
}

static void test_a_packet_to_receive_splits_only_for_super_segments(void **state)
{
	struct fixture *f = *state;
	struct pkt *p;

	assert_null(pkt_new_rx(&f->pp, UINT32_MAX, true));
	assert_null(pkt_new_rx(&f->pp, UINT32_MAX, false));

	p = pkt_new_rx(&f->pp, 1514, false);
	assert_int_equal(p->ndata, 0);
	assert_int_equal(p->hdr.len, 1514);
	assert_int_equal(p->hdr.buf->cap, 2048);
	pkt_free(p);
	p = pkt_new_rx(&f->pp, 9014, false);
	assert_int_equal(p->ndata, 0);
	assert_int_equal(p->hdr.len, 9014);
	pkt_free(p);
	p = pkt_new_rx(&f->pp, PKT_LEN_MAX, false);
	assert_int_equal(p->hdr.len, PKT_LEN_MAX);
	pkt_free(p);
	p = pkt_new_rx(&f->pp, PKT_LEN_MAX, true);
	assert_int_equal(p->hdr.len, PKT_RX_HDR);
	assert_int_equal(p->ndata, 1);
	assert_int_equal(p->len, PKT_LEN_MAX);
	assert_int_equal(p->data[0].len, PKT_LEN_MAX - PKT_RX_HDR);
	pkt_trim(p, 60); /* a short frame came: the large buffer is free again */
	assert_int_equal(p->ndata, 0);
	assert_int_equal(f->pp.buf[BUF_64K].in_use, 0);
	pkt_free(p);
	assert_null(pkt_new_rx(&f->pp, 70000, false));
}

/* A packet of n bytes 0, 1, 2 ... in spans of various sizes behind `hdr` bytes of header. */
static struct pkt *counting(struct fixture *f, uint32_t hdr, uint32_t n)
{
	struct pkt *p = pkt_new_tx(&f->pp, hdr);
	uint32_t i, at;

	for (i = 0; i < hdr; i++)
		*pkt_put(p, 1) = (uint8_t)i;
	for (at = hdr; at < n;) {
		uint32_t part = n - at < 1 + at % 37 ? n - at : 1 + at % 37;
		struct buf *b = buf_new(&f->pp, 64);

		for (i = 0; i < part; i++)
			b->bytes[5 + i] = (uint8_t)(at + i);
		assert_true(pkt_add_span(p, b, 5, part));
		buf_put(b);
		at += part;
	}
	return p;
}

static void assert_counts(const struct pkt *p, uint32_t from, uint32_t n)
{
	uint8_t out[1024];
	uint32_t i, total = p->hdr.len;

	assert_int_equal(p->len, n);
	for (i = 0; i < p->ndata; i++) {
		assert_true(p->data[i].len > 0);
		total += p->data[i].len;
	}
	assert_int_equal(total, n);
	assert_int_equal(pkt_copy_out(p, 0, out, sizeof(out)), n);
	for (i = 0; i < n; i++)
		assert_int_equal(out[i], (uint8_t)(from + i));
}

static void test_trimming_keeps_exactly_the_first_bytes(void **state)
{
	struct fixture *f = *state;
	uint32_t n;

	for (n = 0; n <= 205; n++) {
		struct pkt *p = counting(f, 20, 200);

		pkt_trim(p, n);
		assert_counts(p, 0, n < 200 ? n : 200);
		pkt_free(p);
		assert_int_equal(held(f), 0);
	}
}

static void test_pulling_up_makes_the_first_bytes_contiguous(void **state)
{
	struct fixture *f = *state;
	uint32_t hdr, n;

	for (hdr = 0; hdr <= 40; hdr += 20) {
		for (n = 0; n <= 200; n++) {
			struct pkt *p = counting(f, hdr, 200);

			assert_true(pkt_pull_up(p, n));
			assert_true(p->hdr.len >= n);
			assert_counts(p, 0, 200);
			assert_false(pkt_pull_up(p, 201));
			assert_counts(p, 0, 200);
			pkt_free(p);
		}
	}
}

static void test_pulling_up_keeps_the_headers_pulled_before_and_spares_who_shares_them(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = counting(f, 30, 150);
	struct buf *shared = buf_get(p->hdr.buf);
	uint32_t off = p->hdr.off, i;

	memset(shared->bytes + off + 30, 0xee, 20);
	pkt_pull(p, 20);
	assert_true(pkt_pull_up(p, 60)); /* which the tail room would hold */
	assert_counts(p, 20, 130);
	assert_ptr_not_equal(p->hdr.buf, shared);
	for (i = 0; i < 20; i++) /* the packet's own copy still has what was pulled */
		assert_int_equal(p->hdr.buf->bytes[off + i], i);
	for (i = 0; i < 20; i++) /* and the other holder's bytes did not change */
		assert_int_equal(shared->bytes[off + 30 + i], 0xee);
	buf_put(shared);
	pkt_free(p);
}

static void test_pulling_up_without_memory_changes_nothing(void **state)
{
	struct fixture *f = *state;
	/* 160 and 90 of 256: six bytes fit, more need a buffer */
	struct pkt *p = counting(f, 90, 250);

	f->mem.fail_at = 1;
	assert_false(pkt_pull_up(p, 120));
	assert_counts(p, 0, 250);
	assert_true(pkt_pull_up(p, 120));
	assert_counts(p, 0, 250);
	pkt_free(p);
}

static void test_spans_that_touch_merge_and_their_number_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = pkt_new_tx(&f->pp, 0);
	struct buf *b = buf_new(&f->pp, 2048);
	uint32_t i;

	assert_true(pkt_add_span(p, b, 0, 10));
	assert_true(pkt_add_span(p, b, 10, 10));
	assert_true(pkt_add_span(p, b, 20, 0));
	assert_int_equal(p->ndata, 1);
	assert_int_equal(b->refs, 2);
	for (i = 1; i < PKT_SPANS_MAX; i++)
		assert_true(pkt_add_span(p, b, 100 * i, 10));
	assert_false(pkt_add_span(p, b, 0, 10));
	assert_int_equal(p->ndata, PKT_SPANS_MAX);
	assert_int_equal(p->len, 10 * (PKT_SPANS_MAX + 1));
	assert_int_equal(b->refs, 1 + PKT_SPANS_MAX);
	/* The last one may still grow. */
	assert_true(pkt_add_span(p, b, 100 * (PKT_SPANS_MAX - 1) + 10, 7));
	pkt_free(p);
	assert_int_equal(b->refs, 1);
	buf_put(b);
}

static void test_bytes_are_copied_out_from_any_offset(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = counting(f, 20, 200);
	uint8_t out[256];
	uint32_t off, n, i, want;

	for (off = 0; off <= 210; off += 3) {
		for (n = 0; n <= 210; n += 7) {
			want = off >= 200 ? 0 : n < 200 - off ? n : 200 - off;
			assert_int_equal(pkt_copy_out(p, off, out, n), want);
			for (i = 0; i < want; i++)
				assert_int_equal(out[i], (uint8_t)(off + i));
		}
	}
	pkt_free(p);
}

static void test_a_new_packet_that_fails_leaks_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t n;
	struct pkt *p;

	for (n = 1; n <= 3; n++) {
		f->mem.fail_at = n;
		p = pkt_new_rx(&f->pp, PKT_LEN_MAX, true);
		assert_null(p);
		assert_int_equal(held(f), 0);
	}
	for (n = 1; n <= 2; n++) {
		f->mem.fail_at = n;
		p = pkt_new_tx(&f->pp, 0);
		assert_null(p);
		assert_int_equal(held(f), 0);
	}
	pkt_free(NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_buffer_is_of_the_smallest_class_that_fits),
		TEST(test_a_buffer_lives_until_its_last_reference_is_put),
		TEST(test_headers_are_pushed_in_front_and_pulled_off_again),
		TEST(test_a_packet_to_send_has_the_room_asked_for),
		TEST(test_a_packet_to_receive_splits_only_for_super_segments),
		TEST(test_trimming_keeps_exactly_the_first_bytes),
		TEST(test_pulling_up_makes_the_first_bytes_contiguous),
		TEST(test_pulling_up_keeps_the_headers_pulled_before_and_spares_who_shares_them),
		TEST(test_pulling_up_without_memory_changes_nothing),
		TEST(test_spans_that_touch_merge_and_their_number_is_bounded),
		TEST(test_bytes_are_copied_out_from_any_offset),
		TEST(test_a_new_packet_that_fails_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
