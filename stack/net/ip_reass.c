/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: a datagram in pieces.
 *
 *	units of 8 bytes  0     1     2     3     4     5   ...     a bit each: 1 KiB in all
 *	first piece       [-----------)                             seen: 1 1 0 0 0 0
 *	last piece                                [-------)         seen: 1 1 0 0 1 1, total known
 *
 * Every fragment but the last covers whole units (RFC 791 3.2, RFC 8200 4.5), so one bit per unit
 * says what was received: all of a fragment's bits set is a repetition, some of them an overlap,
 * none a piece to keep. Pieces are kept in the order they came and copied to their places once,
 * when `have` equals `total`: no order of arrival costs more than another. A piece refers to the
 * received buffer, or is copied out where it would pin four times its length.
 */
#include "net/ip_reass.h"

#include <string.h>

#include "base/ip.h"
#include "net/link.h"

enum {
	REASS_BUCKETS = 16,
	REASS_UNITS = 8192,
	REASS_WORDS = REASS_UNITS / 64,
	REASS_QUOTE = 512 /* of the first fragment, for the ICMP error */
};

struct piece {
	struct list_node node;
	struct span span;
	uint32_t off, charge;
};

struct datagram {
	struct hash_node hash;
	struct list_node age;
	struct timer timer;
	struct list pieces;
	struct reass_table *table;
	struct reass_key key;
	uint32_t have, total; /* payload bytes; total 0: the last fragment is not here yet */
	uint32_t end;	      /* where the furthest piece ends */
	ph_link link;
	uint8_t ecn; /* a bit for each value of the ECN field seen */
	bool have_first, l2_group;
	uint32_t hdr_len;	  /* of the fragment at offset 0, once have_first */
	uint8_t hdr[REASS_HDR_MAX]; /* its headers */
	uint64_t seen[REASS_WORDS];
};

static timer_fn expired;

int reass_new(struct ph_stack *st, struct reass_table *t, const struct reass_family *family)
{

	pool_init(&t->pool, &st->mem, "reassemblies", sizeof(struct datagram),
		  st->conf.max_reassemblies);
	pool_init(&t->pieces, &st->mem, "fragments", sizeof(struct piece), 0);
	list_init(&t->age);
	t->family = family;
	return hash_init(&t->hash, &st->mem, REASS_BUCKETS);
}

static void free_piece(struct reass_table *t, struct piece *f)
{
	list_remove(&f->node);
	t->pinned -= f->charge;
	buf_put(f->span.buf);
	pool_put(&t->pieces, f);
}

/* Returns how many fragments went with it. */
static unsigned forget(struct ph_stack *st, struct datagram *g)
{
	struct reass_table *t = g->table;
	struct list_node *n, *next;
	unsigned count = 0;

	list_for_each_safe(n, next, &g->pieces) {
		free_piece(t, container_of(n, struct piece, node));
		count++;
	}
	timer_stop(&st->wheel, &g->timer);
	list_remove(&g->age);
	hash_remove(&t->hash, &g->hash);
	t->pinned -= sizeof(*g);
	pool_put(&t->pool, g);
	return count;
}

void reass_free(struct ph_stack *st, struct reass_table *t)
{
	struct list_node *n;

	if (!t->pool.mem)
		return;
	while ((n = list_first(&t->age)))
		(void)forget(st, container_of(n, struct datagram, age));
	hash_destroy(&t->hash);
	pool_destroy(&t->pool);
	pool_destroy(&t->pieces);
}

/* ---- the table ------------------------------------------------------------------------------ */

/* RFC 791 3.2, RFC 8200 4.5: what names a datagram. */
static uint64_t key_hash(const struct ph_stack *st, const struct reass_key *k)
{
	return siphash(&st->hash_key, k, sizeof(*k));
}

static struct datagram *find(const struct reass_table *t, const struct reass_key *k, uint64_t hash)
{
	struct hash_node *n = hash_first(&t->hash, hash);

	for (; n; n = hash_next(n)) {
		struct datagram *g = container_of(n, struct datagram, hash);

		if (memcmp(&g->key, k, sizeof(*k)) == 0)
			return g;
	}
	return NULL;
}

static void give_up(struct ph_stack *st, struct datagram *g)
{
	count_add(&st->counters, g->table->family->fails, 1);
	count_add(&st->counters, (enum counter)(C_DROP_FIRST + DROP_FRAG_REASM), forget(st, g));
}

/*
 * Makes room for `more` bytes at the cost of whoever has waited longest. False: there is not that
 * much in all.
 */
static bool make_room(struct ph_stack *st, struct reass_table *t, uint64_t more,
		      const struct datagram *keep)
{
	uint64_t most = (uint64_t)t->family->high_thresh(st);

	while (t->pinned + more > most) {
		struct list_node *n = list_first(&t->age);

		if (n && container_of(n, struct datagram, age) == keep)
			n = list_next(&t->age, n);
		if (!n)
			return false;
		give_up(st, container_of(n, struct datagram, age));
	}
	return true;
}

static struct datagram *begin(struct ph_stack *st, struct reass_table *t, const struct pkt *p,
			      const struct reass_key *key, uint64_t hash)
{
	struct list_node *oldest = list_first(&t->age);
	struct datagram *g;

	if (t->pool.in_use >= t->pool.limit && oldest)
		give_up(st, container_of(oldest, struct datagram, age));
	if (!make_room(st, t, sizeof(*g), NULL))
		return NULL;
	g = pool_get_zeroed(&t->pool);
	if (!g)
		return NULL;
	g->table = t;
	g->key = *key;
	g->link = p->link;
	list_init(&g->pieces);
	timer_init(&g->timer, expired);
	timer_arm(&st->wheel, &g->timer,
		  st->now_ns + (uint64_t)t->family->time_s(st) * 1000000000u);
	list_push_back(&t->age, &g->age);
	hash_insert(&t->hash, &g->hash, hash);
	t->pinned += sizeof(*g);
	return g;
}

/* ---- time is up ----------------------------------------------------------------------------- */

static const struct piece *first_piece(const struct datagram *g)
{
	const struct list_node *n;

	list_for_each(n, &g->pieces) {
		const struct piece *f = container_of(n, struct piece, node);

		if (f->off == 0)
			return f;
	}
	return NULL;
}

/*
 * RFC 1122 3.3.2, RFC 8200 4.5: the sender is told if its first fragment came; otherwise there is nothing to
 * quote.
 */
static void tell_sender(struct ph_stack *st, const struct datagram *g)
{
	const struct piece *f = g->have_first ? first_piece(g) : NULL;
	uint32_t len;
	struct pkt *p;

	if (!f)
		return;
	len = f->span.len < REASS_QUOTE ? f->span.len : (uint32_t)REASS_QUOTE;
	p = pkt_new_rx(&st->pkts, g->hdr_len + len, false);
	if (!p)
		return;
	memcpy(pkt_bytes(p), g->hdr, g->hdr_len);
	memcpy(pkt_bytes(p) + g->hdr_len, span_bytes(&f->span), len);
	p->link = g->link;
	p->l2_group = g->l2_group;
	g->table->family->late(st, p, g->hdr_len);
	pkt_free(p);
}

static void expired(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;
	struct datagram *g = container_of(t, struct datagram, timer);
	unsigned lost;

	count_add(&st->counters, g->table->family->timeouts, 1);
	count_add(&st->counters, g->table->family->fails, 1);
	tell_sender(st, g);
	TRACE(&st->trace, packet_dropped, .link = (uint64_t)g->link,
	      .reason = drop_name(DROP_FRAG_REASM_TIMEOUT),
	      .text = drop_text(DROP_FRAG_REASM_TIMEOUT), .len = g->have);
	lost = forget(st, g);
	count_add(&st->counters, (enum counter)(C_DROP_FIRST + DROP_FRAG_REASM_TIMEOUT), lost);
}

/* ---- a fragment ----------------------------------------------------------------------------- */

/* The bits of word w that stand for units [from, to). */
static uint64_t word_mask(uint32_t w, uint32_t from, uint32_t to)
{
	uint32_t lo = from > w * 64 ? from - w * 64 : 0, hi = to - w * 64;

	return UINT64_MAX << lo & (hi < 64 ? (UINT64_C(1) << hi) - 1 : UINT64_MAX);
}

enum cover { COVER_NONE, COVER_SOME, COVER_ALL };

static enum cover covered(const struct datagram *g, uint32_t from, uint32_t to)
{
	bool some = false, all = true;

	for (uint32_t w = from / 64; w * 64 < to; w++) {
		uint64_t mask = word_mask(w, from, to), seen = g->seen[w] & mask;

		some |= seen != 0;
		all &= seen == mask;
	}
	return all ? COVER_ALL : some ? COVER_SOME : COVER_NONE;
}

static void cover(struct datagram *g, uint32_t from, uint32_t to)
{
	for (uint32_t w = from / 64; w * 64 < to; w++)
		g->seen[w] |= word_mask(w, from, to);
}

/* By reference where that pins little more than the payload, else by copy. */
static bool hold(struct ph_stack *st, const struct pkt *p, struct span *to)
{
	struct buf *b;

	if (p->ndata == 0 && p->len * 4 >= p->hdr.buf->cap) {
		*to = (struct span){ buf_get(p->hdr.buf), p->hdr.off, p->len };
		return true;
	}
	b = buf_new(&st->pkts, p->len);
	if (!b)
		return false;
	pkt_copy_out(p, 0, b->bytes, p->len);
	*to = (struct span){ b, 0, p->len };
	return true;
}

static enum drop keep(struct ph_stack *st, struct datagram *g, const struct pkt *p,
		      const struct reass_frag *h)
{
	struct reass_table *t = g->table;
	struct piece *f = pool_get(&t->pieces);

	if (!f)
		return DROP_NOMEM;
	if (!hold(st, p, &f->span)) {
		pool_put(&t->pieces, f);
		return DROP_NOMEM;
	}
	f->off = h->offset;
	f->charge = f->span.buf->cap + (uint32_t)sizeof(*f);
	if (!make_room(st, t, f->charge, g)) {
		buf_put(f->span.buf);
		pool_put(&t->pieces, f);
		return DROP_PROTO_MEM;
	}
	t->pinned += f->charge;
	list_push_back(&g->pieces, &f->node);
	cover(g, h->offset / 8u, (h->offset + p->len + 7) / 8);
	g->have += p->len;
	if (h->offset + p->len > g->end)
		g->end = h->offset + p->len;
	if (!h->mf)
		g->total = h->offset + p->len;
	g->ecn |= (uint8_t)(1 << (h->tos & 3));
	g->l2_group |= p->l2_group;
	if (h->offset == 0) {
		g->have_first = true;
		g->hdr_len = h->hdr_len;
		memcpy(g->hdr, p->hdr.buf->bytes + p->hdr_start + p->l3_off, h->hdr_len);
		if (h->next_off)
			g->hdr[h->next_off] = h->next;
	}
	return DROP_NONE;
}

/*
 * RFC 3168 5.3: marked if one was marked; both capable and not capable is what no sender sends:
 * -1.
 */
static int join_ecn(uint8_t seen)
{
	bool not_ect = seen & 1, ce = seen & 8, ect = seen & 6;

	if (not_ect)
		return ect || ce ? -1 : 0;
	if (ce)
		return 3;
	return seen & 4 ? 2 : 1;
}

/* One contiguous packet out of the pieces, behind the first one's headers. */
static struct pkt *join(struct ph_stack *st, const struct datagram *g)
{
	struct pkt *p = pkt_new_rx(&st->pkts, g->hdr_len + g->total, false);
	const struct list_node *n;

	if (!p)
		return NULL;
	memcpy(pkt_bytes(p), g->hdr, g->hdr_len);
	list_for_each(n, &g->pieces) {
		const struct piece *f = container_of(n, struct piece, node);

		memcpy(pkt_bytes(p) + g->hdr_len + f->off, span_bytes(&f->span), f->span.len);
	}
	p->link = g->link;
	p->at_ns = st->now_ns;
	p->l2_group = g->l2_group;
	p->l4_off = (uint16_t)g->hdr_len;
	return p;
}

static enum drop complete(struct ph_stack *st, struct datagram *g)
{
	const struct reass_family *family = g->table->family;
	uint32_t hdr_len = g->hdr_len;
	int ecn = join_ecn(g->ecn);
	struct pkt *p = NULL;
	enum drop d;

	if (ecn >= 0 && hdr_len + g->total <= family->packet_max)
		p = join(st, g);
	(void)forget(st, g);
	if (!p) {
		count_add(&st->counters, family->fails, 1);
		return DROP_FRAG_REASM;
	}
	count_add(&st->counters, family->oks, 1);
	d = family->whole(st, p, hdr_len, (uint8_t)ecn);
	pkt_free(p);
	return d;
}

/* Does it contradict what is known about the datagram's end? */
static bool contradicts(const struct datagram *g, const struct pkt *p, const struct reass_frag *h)
{
	uint32_t end = h->offset + p->len;

	if (!h->mf)
		return g->total ? end != g->total : end < g->end;
	return g->total && end > g->total;
}

enum drop reass_input(struct ph_stack *st, struct reass_table *t, struct pkt *p,
		      const struct reass_frag *h)
{
	uint64_t hash = key_hash(st, &h->key);
	struct datagram *g = find(t, &h->key, hash);
	enum drop d;

	if (!g)
		g = begin(st, t, p, &h->key, hash);
	if (!g) {
		count_add(&st->counters, t->family->fails, 1);
		return DROP_NOMEM;
	}
	if (contradicts(g, p, h)) {
		give_up(st, g);
		return DROP_FRAG_REASM;
	}
	switch (covered(g, h->offset / 8u, (h->offset + p->len + 7) / 8)) {
	case COVER_ALL:
		return DROP_FRAG_REASM; /* a repetition: what came first stays */
	case COVER_SOME:
		if (t->family->overlaps != C_NONE)
			count_add(&st->counters, t->family->overlaps, 1);
		give_up(st, g);
		return DROP_FRAG_REASM;
	case COVER_NONE:
		break;
	}
	d = keep(st, g, p, h);
	return d == DROP_NONE && g->have == g->total ? complete(st, g) : d;
}

/* ---- for tests ------------------------------------------------------------------------------ */

static bool check_datagram(const struct datagram *g, uint64_t *pinned, struct ph_claim *c)
{
	uint32_t have = 0, units = 0, seen = 0, end = 0;
	const struct list_node *n;

	list_for_each(n, &g->pieces) {
		const struct piece *f = container_of(n, struct piece, node);

		CLAIM(c, "reassembly", f->off % 8 == 0, f->off, f->span.len);
		CLAIM(c, "reassembly", f->span.len % 8 == 0 || f->off + f->span.len == g->total,
		      f->off, f->span.len);
		have += f->span.len;
		units += (f->span.len + 7) / 8;
		end = f->off + f->span.len > end ? f->off + f->span.len : end;
		*pinned += f->charge;
	}
	for (unsigned w = 0; w < REASS_WORDS; w++)
		for (uint64_t bits = g->seen[w]; bits; bits &= bits - 1)
			seen++;
	CLAIM(c, "reassembly", have == g->have, have, g->have);
	CLAIM(c, "reassembly", units == seen, units, seen);
	CLAIM(c, "reassembly", end == g->end, end, g->end);
	CLAIM(c, "reassembly", g->total == 0 || (end <= g->total && have < g->total), have,
	      g->total);
	CLAIM(c, "reassembly", timer_armed(&g->timer), have, g->total);
	*pinned += sizeof(*g);
	return true;
}

bool reass_check(const struct ph_stack *st, const struct reass_table *t, struct ph_claim *c)
{
	const struct list_node *n;
	uint64_t pinned = 0;
	uint32_t count = 0;

	list_for_each(n, &t->age) {
		if (!check_datagram(container_of(n, struct datagram, age), &pinned, c))
			return false;
		count++;
	}
	CLAIM(c, "reassembly", count == t->pool.in_use && count == t->hash.count, count,
	      t->pool.in_use);
	CLAIM(c, "reassembly", pinned == t->pinned, pinned, t->pinned);
	CLAIM(c, "reassembly", pinned <= (uint64_t)t->family->high_thresh(st), pinned, count);
	return true;
}
