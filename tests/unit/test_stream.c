/* SPDX-License-Identifier: BSD-2-Clause */
/* base/stream.h: bytes in order whatever way they came, memory charged, and random operations
 * against an array. */
#include "model.h"

#include <stdbool.h>

#include "base/stream.h"

struct fixture {
	struct mem mem;
	struct pkt_pools pp;
	struct pool nodes;
	struct stream s;
};

static void open_fixture(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->mem = model_mem();
	pkt_pools_init(&f->pp, &f->mem);
	pool_init(&f->nodes, &f->mem, "nodes", sizeof(struct stream_node), 0);
	stream_init(&f->s, &f->pp, &f->nodes);
}

static uint32_t held(const struct fixture *f)
{
	uint32_t n = f->pp.pkt.in_use + f->nodes.in_use, c;

	for (c = 0; c < BUF_CLASS_N; c++)
		n += f->pp.buf[c].in_use;
	return n;
}

/* Gives all back and tells whether anything was missing. */
static bool close_fixture(struct fixture *f)
{
	bool clean;

	stream_clear(&f->s);
	clean = held(f) == 0 && f->s.len == 0 && f->s.charged == 0;
	pkt_pools_destroy(&f->pp);
	pool_destroy(&f->nodes);
	return clean && f->mem.used == 0;
}

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	open_fixture(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	bool clean = close_fixture(*state);

	free(*state);
	return clean ? 0 : -1;
}

/* A packet as a driver would have filled it: n bytes beginning with value `first`, `front` of them
 * in hdr. */
static struct pkt *received(struct fixture *f, uint32_t front, uint32_t n, uint8_t first)
{
	bool split = n > front;
	struct pkt *p = pkt_new_rx(&f->pp, split ? (uint32_t)PKT_LEN_MAX : n, split);
	uint32_t i, hdr = split ? front : n;

	if (!p)
		return NULL;
	pkt_trim(p, split ? PKT_RX_HDR + n - front : n);
	for (i = 0; i < hdr; i++)
		span_bytes(&p->hdr)[p->hdr.len - hdr + i] = (uint8_t)(first + i);
	for (; i < n; i++)
		span_bytes(&p->data[0])[i - front] = (uint8_t)(first + i);
	pkt_pull(p, p->len - n);
	return p;
}

static void assert_counts(const struct stream *s, uint32_t off, uint32_t n, uint8_t first)
{
	uint8_t *out = malloc(n + 1);
	uint32_t i;

	assert_non_null(out);
	assert_int_equal(stream_peek(s, off, out, n), n);
	for (i = 0; i < n; i++)
		assert_int_equal(out[i], (uint8_t)(first + i));
	free(out);
}

static void write_counting(struct fixture *f, uint32_t n, uint8_t first, uint32_t hint)
{
	uint8_t *in = malloc(n + 1);
	uint32_t i;

	assert_non_null(in);
	for (i = 0; i < n; i++)
		in[i] = (uint8_t)(first + i);
	assert_int_equal(stream_write(&f->s, in, n, hint), n);
	free(in);
}

static void test_written_bytes_come_back_from_any_offset(void **state)
{
	struct fixture *f = *state;
	uint32_t off;
	uint8_t byte;

	write_counting(f, 200000, 0, 0);
	assert_int_equal(f->s.len, 200000);
	for (off = 0; off < 200000; off += 997)
		assert_counts(&f->s, off, 200000 - off < 300 ? 200000 - off : 300, (uint8_t)off);
	assert_int_equal(stream_peek(&f->s, 199999, &byte, 1), 1);
	assert_int_equal(stream_peek(&f->s, 200000, &byte, 1), 0);
	assert_int_equal(stream_peek(&f->s, UINT32_MAX, &byte, 1), 0);
}

static void test_small_writes_share_a_buffer_and_bulk_takes_large_ones(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < 100; i++)
		write_counting(f, 2, (uint8_t)(2 * i), 0);
	assert_int_equal(f->nodes.in_use, 1);
	assert_int_equal(f->pp.buf[BUF_256].in_use, 1);
	assert_counts(&f->s, 0, 200, 0);
	stream_consume(&f->s, 200);
	write_counting(f, 10, 0, 100000); /* more is to come */
	assert_int_equal(f->pp.buf[BUF_64K].in_use, 1);
	write_counting(f, 60000, 10, 0);
	assert_int_equal(f->nodes.in_use, 1);
	assert_counts(&f->s, 0, 60010, 0);
}

static void test_a_queue_of_many_small_writes_grows_by_ever_larger_buffers(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < 10000; i++)
		write_counting(f, 10, (uint8_t)(10 * i), 0);
	assert_true(f->nodes.in_use < 40);
	assert_true(f->s.charged < 3 * f->s.len);
	assert_counts(&f->s, 0, 100000, 0);
}

static void test_a_packet_in_flight_does_not_see_later_writes(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = pkt_new_tx(&f->pp, 0);
	uint8_t out[20];

	write_counting(f, 10, 1, 0);
	assert_int_equal(stream_to_pkt(&f->s, 0, 10, p), 10);
	write_counting(f, 10, 11, 0);
	stream_consume(&f->s, 10);
	assert_counts(&f->s, 0, 10, 11);
	stream_clear(&f->s);
	write_counting(f, 20, 100, 0);
	assert_int_equal(p->len, 10);
	assert_int_equal(pkt_copy_out(p, 0, out, 20), 10);
	assert_int_equal(out[0], 1);
	assert_int_equal(out[9], 10);
	pkt_free(p);
}

static void test_large_payloads_are_taken_by_reference_and_small_ones_copied(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 190, 60000, 0);

	assert_true(stream_append_pkt(&f->s, p, 0, 60000));
	assert_ptr_equal(container_of(list_last(&f->s.nodes), struct stream_node, node)->span.buf,
			 p->data[0].buf);
	pkt_free(p);
	assert_int_equal(f->pp.buf[BUF_64K].in_use, 1);
	assert_counts(&f->s, 0, 60000, 0);
	stream_consume(&f->s, 60000);

	p = received(f, 190, 1448, 0); /* one segment in a large buffer */
	assert_true(stream_append_pkt(&f->s, p, 0, 1448));
	pkt_free(p);
	assert_int_equal(f->pp.buf[BUF_64K].in_use, 0);
	assert_counts(&f->s, 0, 1448, 0);
	stream_consume(&f->s, 1448);

	p = received(f, 1448, 1448, 0); /* one segment in its own buffer */
	assert_true(stream_append_pkt(&f->s, p, 0, 1448));
	assert_int_equal(p->hdr.buf->refs, 2);
	pkt_free(p);
	assert_counts(&f->s, 0, 1448, 0);
}

static void test_a_flood_of_tiny_segments_costs_little_more_than_its_bytes(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < 20000; i++) {
		struct pkt *p = received(f, 1514, 1514, (uint8_t)i);

		assert_true(stream_append_pkt(&f->s, p, 0, 1));
		pkt_free(p);
	}
	assert_int_equal(f->s.len, 20000);
	assert_true(f->s.charged < 4 * 20000);
	assert_counts(&f->s, 0, 20000, 0);
}

static void test_part_of_a_packet_can_be_taken(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 190, 40000, 0);

	assert_true(stream_append_pkt(&f->s, p, 0, 0));
	assert_int_equal(f->s.len, 0);
	assert_true(stream_append_pkt(&f->s, p, 100, 20000)); /* across hdr and data */
	assert_counts(&f->s, 0, 20000, 100);
	assert_true(stream_append_pkt(&f->s, p, 20100, 19900)); /* goes on in the same buffer */
	assert_counts(&f->s, 0, 39900, 100);
	assert_int_equal(f->nodes.in_use, 2);
	pkt_free(p);
}

static void test_parts_of_a_packet_with_a_gap_between_stay_apart(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 190, 40000, 0);
	uint8_t got[8];

	assert_true(stream_append_pkt(&f->s, p, 1000, 18000));
	assert_true(stream_append_pkt(&f->s, p, 20000, 18000));
	assert_int_equal(stream_peek(&f->s, 17996, got, 8), 8);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(got[i], (uint8_t)(18996 + i));
		assert_int_equal(got[4 + i], (uint8_t)(20000 + i));
	}
	pkt_free(p);
}

static void test_a_write_never_touches_a_received_buffer(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 1514, 1400, 0);
	uint32_t i;

	assert_true(stream_append_pkt(&f->s, p, 0, 1000));
	write_counting(f, 300, 77, 0);
	for (i = 0; i < 1400; i++)
		assert_int_equal(pkt_bytes(p)[i], (uint8_t)i);
	pkt_free(p);
	assert_counts(&f->s, 0, 1000, 0);
	assert_counts(&f->s, 1000, 300, 77);
}

static void test_without_memory_nothing_is_taken_of_a_packet(void **state)
{
	struct fixture *f = *state;
	uint32_t charged, len, nodes;
	uint64_t n;

	write_counting(f, 100, 0, 0);
	for (n = 1; n < 5; n++) {
		struct pkt *p = received(f, 190, 30000, 100);

		charged = f->s.charged;
		len = f->s.len;
		nodes = f->nodes.in_use;
		f->mem.fail_at = n;
		if (!stream_append_pkt(&f->s, p, 0, 30000)) {
			assert_int_equal(f->s.charged, charged);
			assert_int_equal(f->s.len, len);
			assert_int_equal(f->nodes.in_use, nodes);
			assert_int_equal(p->data[0].buf->refs, 1);
			assert_true(n <= 2);
		} else {
			assert_true(n > 2);
		}
		f->mem.fail_at = 0;
		pkt_free(p);
	}
	assert_counts(&f->s, 0, 100, 0);
	assert_counts(&f->s, 100, 30000, 100);
}

static void test_a_copy_that_finds_no_memory_falls_back_to_a_reference(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 190, 1000, 7);
	struct buf *b = buf_new(&f->pp, 2048);

	f->pp.buf[BUF_256].limit = f->pp.buf[BUF_256].in_use;
	f->pp.buf[BUF_2K].limit = f->pp.buf[BUF_2K].in_use;
	assert_true(stream_append_pkt(&f->s, p, 0, 1000));
	assert_int_equal(p->data[0].buf->refs, 2);
	assert_counts(&f->s, 0, 1000, 7);
	buf_put(b);
	pkt_free(p);
}

static void test_a_write_takes_what_memory_allows(void **state)
{
	struct fixture *f = *state;
	uint8_t *bytes = calloc(1, 300000);

	assert_non_null(bytes);
	f->mem.limit = 250000;
	assert_in_range(stream_write(&f->s, bytes, 300000, 0), 100000, 250000);
	assert_int_equal(stream_write(&f->s, bytes, 100000, 0), 0);
	f->mem.limit = 0;
	free(bytes);
}

static void test_a_packet_takes_as_many_spans_as_it_has_room_for(void **state)
{
	struct fixture *f = *state;
	struct pkt *out = pkt_new_tx(&f->pp, 0);
	uint32_t i;

	for (i = 0; i < 30; i++) { /* each in a buffer of its own */
		struct pkt *p = received(f, 1514, 1000, (uint8_t)(1000 * i));

		assert_true(stream_append_pkt(&f->s, p, 0, 1000));
		pkt_free(p);
	}
	assert_int_equal(stream_to_pkt(&f->s, 500, 29500, out), 17500);
	assert_int_equal(out->len, 17500);
	pkt_free(out);
	out = pkt_new_tx(&f->pp, 0);
	assert_int_equal(stream_to_pkt(&f->s, 18000, 99999, out), 12000);
	pkt_free(out);
	out = pkt_new_tx(&f->pp, 0);
	assert_int_equal(stream_to_pkt(&f->s, 30000, 1, out), 0);
	assert_int_equal(stream_to_pkt(&f->s, 31000, 1, out), 0);
	pkt_free(out);
}

static uint32_t look_up(struct fixture *f, uint32_t off, uint32_t n)
{
	struct pkt *p = pkt_new_tx(&f->pp, 0);
	uint32_t got = stream_to_pkt(&f->s, off, n, p);

	pkt_free(p);
	return got;
}

static void test_the_place_furthest_on_is_kept_whichever_read_came_there(void **state)
{
	struct fixture *f = *state;
	const struct stream_cursor *c = f->s.cursor;
	uint32_t i;

	for (i = 0; i < 40; i++) {
		struct pkt *p = received(f, 2048, 1000, 0);

		assert_true(stream_append_pkt(&f->s, p, 0, 1000));
		pkt_free(p);
	}
	assert_int_equal(look_up(f, 20000, 1000), 1000);
	assert_int_equal(look_up(f, 15000, 10000), 10000); /* overtakes the first */
	assert_int_equal(look_up(f, 0, 1), 1);
	assert_true(c[0].off == 24000 || c[1].off == 24000);
}

static void test_new_data_and_retransmission_are_both_found_without_walking(void **state)
{
	enum { PIECES = 4000, SIZE = 600 };
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < PIECES; i++) {
		struct pkt *p = received(f, 2048, SIZE, (uint8_t)(SIZE * i));

		assert_true(stream_append_pkt(&f->s, p, 0, SIZE));
		pkt_free(p);
	}
	for (i = 0; i < PIECES / 2; i++) { /* new data at 2i, a second copy of i */
		struct pkt *p = pkt_new_tx(&f->pp, 0);
		const struct stream_cursor *c = f->s.cursor;

		assert_int_equal(stream_to_pkt(&f->s, 2 * i * SIZE, 2 * SIZE, p), 2 * SIZE);
		assert_int_equal(stream_to_pkt(&f->s, i * SIZE, SIZE, p), SIZE);
		assert_true(c[0].node && c[1].node);
		if (i > 1) { /* a cursor stands just before where each goes on */
			uint32_t end = (2 * i + 1) * SIZE;

			assert_true(c[0].off == end || c[1].off == end);
			assert_true(c[0].off == i * SIZE || c[1].off == i * SIZE);
		}
		pkt_free(p);
	}
	for (i = 0; i < 3; i++) { /* begun again at the front: new data keeps its place */
		struct pkt *p = pkt_new_tx(&f->pp, 0);
		const struct stream_cursor *c = f->s.cursor;

		assert_int_equal(stream_to_pkt(&f->s, i == 1 ? 5 : 0, 1, p), 1);
		assert_true(c[0].off == (PIECES - 1) * SIZE || c[1].off == (PIECES - 1) * SIZE);
		assert_true(c[0].off == 0 || c[1].off == 0);
		pkt_free(p);
	}
	stream_consume(&f->s, PIECES / 2 * SIZE + 7);
	assert_counts(&f->s, 0, SIZE * 10, (uint8_t)(PIECES / 2 * SIZE + 7));
}

static void test_a_splice_moves_bytes_and_charge(void **state)
{
	struct fixture *f = *state;
	struct stream other;
	uint32_t charged;

	stream_init(&other, &f->pp, &f->nodes);
	write_counting(f, 3000, 0, 0);
	charged = f->s.charged;
	stream_splice(&other, &f->s);
	assert_int_equal(f->s.len, 0);
	assert_int_equal(f->s.charged, 0);
	assert_int_equal(other.charged, charged);
	write_counting(f, 500, (uint8_t)3000, 0);
	stream_splice(&other, &f->s);
	stream_splice(&other, &f->s);
	assert_counts(&other, 0, 3500, 0);
	stream_clear(&other);
	assert_int_equal(other.charged, 0);
}

static void test_a_buffer_that_others_hold_is_charged_by_its_share(void **state)
{
	struct fixture *f = *state;
	struct pkt *p = received(f, 0, 20000, 0);
	uint32_t whole;

	assert_true(stream_append_pkt(&f->s, p, 0, 20000));
	whole = f->s.charged;
	assert_true(whole >= p->data[0].buf->cap);
	stream_clear(&f->s);
	buf_get(p->data[0].buf);
	assert_true(stream_append_pkt(&f->s, p, 0, 20000));
	assert_true(f->s.charged < whole * 6 / 10);
	assert_true(f->s.charged >= 20000);
	buf_put(p->data[0].buf);
	pkt_free(p);
}

/* The obvious implementation: an array, and a packet's bytes compared one by one. */
struct model {
	struct fixture f;
	struct stream side; /* spliced into f.s now and then */
	uint8_t bytes[1 << 20], side_bytes[1 << 18];
	uint32_t len, side_len, next; /* next: an offset for sequential reads */
	uint8_t fresh[70000];
};

static uint32_t any_size(struct run *r)
{
	return run_below(r, 1u << run_below(r, 17));
}

static void model_fresh(struct run *r, struct model *m, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i += 8) {
		uint64_t v = run_u64(r);

		memcpy(m->fresh + i, &v, n - i < 8 ? n - i : 8);
	}
}

static void model_append(struct run *r, struct model *m, struct stream *s, uint8_t *bytes,
			 uint32_t *len)
{
	uint32_t n = any_size(r), front = run_below(r, 200), off, part;
	uint64_t fails;
	struct pkt *p;

	model_fresh(r, m, n);
	p = received(&m->f, n <= 2048 && run_below(r, 2) ? 2048 : front, n, 0);
	CHECK(r, p && p->len == n);
	if (p->hdr.len > 0)
		memcpy(pkt_bytes(p), m->fresh, p->hdr.len);
	if (p->ndata > 0)
		memcpy(span_bytes(&p->data[0]), m->fresh + p->hdr.len, p->data[0].len);
	off = run_below(r, n + 1) / (1 + 7 * run_below(r, 2));
	part = n - off - run_below(r, n - off + 1) / (1 + 7 * run_below(r, 2));
	m->f.mem.fail_at = run_below(r, 4) ? 0 : 1 + run_below(r, 7);
	fails = m->f.mem.fail_at;
	if (stream_append_pkt(s, p, off, part)) {
		memcpy(bytes + *len, m->fresh + off, part);
		*len += part;
	} else {
		CHECK(r, fails != 0 && m->f.mem.fail_at == 0);
	}
	m->f.mem.fail_at = 0;
	pkt_free(p);
}

static void model_write(struct run *r, struct model *m, struct stream *s, uint8_t *bytes,
			uint32_t *len)
{
	uint32_t n = any_size(r);

	model_fresh(r, m, n);
	CHECK(r, stream_write(s, m->fresh, n, run_below(r, 2) ? any_size(r) : 0) == n);
	memcpy(bytes + *len, m->fresh, n);
	*len += n;
}

static void model_read(struct run *r, struct model *m)
{
	static uint8_t out[70000];
	uint32_t off = run_below(r, 3) ? m->next : run_below(r, m->len + 1), n = any_size(r), had;
	struct pkt *p = pkt_new_tx(&m->f.pp, 0);

	off = off > m->len ? 0 : off;
	had = stream_to_pkt(&m->f.s, off, n, p);
	CHECK(r, had == p->len && had <= n && had <= m->len - off);
	CHECK(r, had == n || had == m->len - off || p->ndata == PKT_SPANS_MAX);
	CHECK(r, pkt_copy_out(p, 0, out, sizeof(out)) == had);
	CHECK(r, memcmp(out, m->bytes + off, had) == 0);
	m->next = off + had;
	pkt_free(p);
	CHECK(r, stream_peek(&m->f.s, off, out, n) == (n < m->len - off ? n : m->len - off));
	CHECK(r, memcmp(out, m->bytes + off, n < m->len - off ? n : m->len - off) == 0);
}

static void model_consume(struct run *r, struct model *m)
{
	uint32_t n = run_below(r, 10) ? any_size(r) : m->len;

	n = n < m->len ? n : m->len;
	stream_consume(&m->f.s, n);
	m->len -= n;
	memmove(m->bytes, m->bytes + n, m->len);
	m->next = m->next > n ? m->next - n : 0;
}

static void model_splice(struct model *m)
{
	stream_splice(&m->f.s, &m->side);
	memcpy(m->bytes + m->len, m->side_bytes, m->side_len);
	m->len += m->side_len;
	m->side_len = 0;
}

static void check_sums(struct run *r, const struct stream *s)
{
	const struct list_node *n;
	uint32_t len = 0, charged = 0;

	list_for_each(n, &s->nodes) {
		const struct stream_node *sn = container_of(n, const struct stream_node, node);

		CHECK(r, sn->span.len > 0 && sn->span.off + sn->span.len <= sn->span.buf->cap);
		len += sn->span.len;
		charged += sn->charge;
	}
	CHECK(r, s->len == len && s->charged == charged);
	CHECK(r, charged >= len);
}

static void against_an_array(struct run *r)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	open_fixture(&m->f);
	stream_init(&m->side, &m->f.pp, &m->f.nodes);
	for (r->step = 0; r->step < 4000; r->step++) {
		bool side = run_below(r, 4) == 0 && m->side_len < 100000;
		struct stream *s = side ? &m->side : &m->f.s;
		uint8_t *bytes = side ? m->side_bytes : m->bytes;
		uint32_t *len = side ? &m->side_len : &m->len, what = run_below(r, 8);

		if (m->len > 500000)
			model_consume(r, m);
		else if (what < 2)
			model_write(r, m, s, bytes, len);
		else if (what < 4)
			model_append(r, m, s, bytes, len);
		else if (what == 4)
			model_consume(r, m);
		else if (what == 5 && run_below(r, 4) == 0)
			model_splice(m);
		else
			model_read(r, m);
		check_sums(r, &m->f.s);
		check_sums(r, &m->side);
		CHECK(r, m->f.s.len == m->len);
	}
	stream_clear(&m->side);
	CHECK(r, close_fixture(&m->f));
	free(m);
}

static void test_random_operations_agree_with_an_array(void **state)
{
	(void)state;
	run_seeds(4, against_an_array);
}

/* ---- what packets count as */

static uint32_t twice(uint32_t len)
{
	return 2 * len;
}

static void append_counted(struct fixture *f, uint32_t n, uint8_t first, bool each)
{
	const struct stream_count count = { .of = twice, .headers = 40, .each = each };
	struct pkt *p = received(f, n, n, first);

	assert_non_null(p);
	assert_true(stream_append_counted(&f->s, p, p->hdr.len - n, n, &count));
	pkt_free(p);
}

static void test_packets_count_until_they_are_read(void **state)
{
	struct fixture *f = *state;

	append_counted(f, 1000, 0, false);
	append_counted(f, 1200, 0, true);
	assert_int_equal(f->s.counted, 2 * 1040 + 2 * 1240);
	stream_consume(&f->s, 999);
	assert_int_equal(f->s.counted, 2 * 1040 + 2 * 1240);
	stream_consume(&f->s, 1);
	assert_int_equal(f->s.counted, 2 * 1240);
	append_counted(f, 10, 0, false); /* copied, and counts none the less */
	assert_int_equal(f->s.counted, 2 * 1240 + 100);
	stream_clear(&f->s);
	assert_int_equal(f->s.counted, 0);
}

static void test_packing_copies_once_and_keeps_the_bytes(void **state)
{
	struct fixture *f = *state;
	uint8_t out[4000];
	uint32_t charged;

	for (uint32_t i = 0; i < 4; i++)
		append_counted(f, 1000, (uint8_t)(i * 1000), false);
	stream_consume(&f->s, 300);
	charged = f->s.charged;
	assert_int_equal(stream_compact(&f->s), 4);
	assert_int_equal(f->s.counted, 3700);
	assert_true(f->s.charged <= 16384 + 64 || f->s.charged < charged);
	assert_int_equal(stream_compact(&f->s), 0);
	append_counted(f, 300, 160, false); /* goes on behind it */
	assert_int_equal(f->s.len, 4000);
	assert_int_equal(stream_peek(&f->s, 0, out, 4000), 4000);
	for (uint32_t i = 0; i < 4000; i++)
		assert_int_equal(out[i], (uint8_t)(300 + i));
}

/* What TCP counts, in its coarsest steps. */
static uint32_t as_charged(uint32_t len)
{
	return len <= 192 ? 832 : len <= 1664 ? 2304 : 4352 + (len - 1) / 4096 * 4096;
}

/* The worst sender: n times `a` octets and `b`, each packet in a buffer of its own, and all of it packed now
 * and then. */
static void hold_to_the_bound(uint32_t a, uint32_t b, bool pack)
{
	const struct stream_count count = { .of = as_charged, .headers = 40 };
	struct fixture f;

	open_fixture(&f);
	for (uint32_t i = 0; i < 400 && f.s.counted < 6u << 20; i++) {
		uint32_t n = i & 1 ? a : b;
		struct pkt *p = received(&f, n, n, 0);

		assert_non_null(p);
		assert_true(stream_append_counted(&f.s, p, p->hdr.len - n, n, &count));
		pkt_free(p);
		if (pack && i % 50 == 49)
			(void)stream_compact(&f.s);
		/* And the last buffer, which has room yet. */
		if (f.s.charged > 4ull * f.s.counted + 65536)
			fail_msg("%u and %u octets, packed %d: %u pinned, %u counted", a, b, pack,
				 f.s.charged, f.s.counted);
	}
	assert_true(close_fixture(&f));
}

static void test_memory_is_at_most_four_times_what_is_counted(void **state)
{
	static const uint32_t len[] = { 1, 50, 400, 1400, 9000, 16200, 16500, 40000, 65000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(len); i++)
		for (size_t j = 0; j < ARRAY_LEN(len); j++)
			for (int pack = 0; pack < 2; pack++)
				hold_to_the_bound(len[i], len[j], pack);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_at_most_four_times_what_is_counted),
		TEST(test_written_bytes_come_back_from_any_offset),
		TEST(test_small_writes_share_a_buffer_and_bulk_takes_large_ones),
		TEST(test_a_queue_of_many_small_writes_grows_by_ever_larger_buffers),
		TEST(test_a_packet_in_flight_does_not_see_later_writes),
		TEST(test_large_payloads_are_taken_by_reference_and_small_ones_copied),
		TEST(test_a_flood_of_tiny_segments_costs_little_more_than_its_bytes),
		TEST(test_part_of_a_packet_can_be_taken),
		TEST(test_parts_of_a_packet_with_a_gap_between_stay_apart),
		TEST(test_a_write_never_touches_a_received_buffer),
		TEST(test_without_memory_nothing_is_taken_of_a_packet),
		TEST(test_a_copy_that_finds_no_memory_falls_back_to_a_reference),
		TEST(test_a_write_takes_what_memory_allows),
		TEST(test_a_packet_takes_as_many_spans_as_it_has_room_for),
		TEST(test_the_place_furthest_on_is_kept_whichever_read_came_there),
		TEST(test_new_data_and_retransmission_are_both_found_without_walking),
		TEST(test_a_splice_moves_bytes_and_charge),
		TEST(test_a_buffer_that_others_hold_is_charged_by_its_share),
		cmocka_unit_test(test_random_operations_agree_with_an_array),
		TEST(test_packets_count_until_they_are_read),
		TEST(test_packing_copies_once_and_keeps_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
