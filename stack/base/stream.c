/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of bytes between the socket calls and the packets. Decides when a byte is copied: once,
 * from the user, or when a received payload is so small that keeping its buffer would pin four
 * times its length. Called by tcp/ and udp/ for their send and receive queues.
 *
 *	nodes:   [ span of buf A ] - [ span of buf B ] - [ span of buf C, owned | room ]
 *	          ^ front: offset 0    ^ cursor            ^ tail: stream_write fills its room
 *
 * A node is owned when stream_write took its buffer: only then may the bytes behind its span be
 * written, for packets that refer to the buffer end before them.
 */
#include "base/stream.h"

#include <string.h>

enum {
	PIN_RATIO = 4,	     /* payload is copied when it pins more than so many times its length */
	NODE_COST = sizeof(struct stream_node)
};

void stream_init(struct stream *s, struct pkt_pools *pkts, struct pool *nodes)
{
	*s = (struct stream){ .pkts = pkts, .pool = nodes };
	list_init(&s->nodes);
}

static struct stream_node *node_of(struct list_node *n)
{
	return container_of(n, struct stream_node, node);
}

static struct stream_node *node_first(const struct stream *s)
{
	struct list_node *n = list_first(&s->nodes);

	return n ? node_of(n) : NULL;
}

static struct stream_node *node_last(const struct stream *s)
{
	struct list_node *n = list_last(&s->nodes);

	return n ? node_of(n) : NULL;
}

/* Takes the node's span out of the stream; the caller puts s->len and the cursors right. */
static void node_take(struct stream *s, struct stream_node *n)
{
	s->charged -= n->charge;
	s->counted -= n->counted;
	list_remove(&n->node);
	buf_put(n->span.buf);
	pool_put(s->pool, n);
}

static void node_drop(struct stream *s, struct stream_node *n)
{
	struct stream_cursor *c;

	for (c = s->cursor; c < s->cursor + ARRAY_LEN(s->cursor); c++)
		if (c->node == n)
			c->node = NULL;
	node_take(s, n);
}

/* Appends a span of a buffer whose reference is handed over. False: no memory for the node; nothing
 * was taken. */
static inline bool node_append(struct stream *s, struct span take_span, uint32_t charge, bool owned)
{
	struct stream_node *n = pool_get(s->pool);

	if (!n)
		return false;
	n->span = take_span;
	n->charge = (charge + NODE_COST) & INT32_MAX;
	n->owned = owned;
	n->counted = 0;
	list_push_back(&s->nodes, &n->node);
	s->len += take_span.len;
	s->charged += n->charge;
	s->counted += n->counted;
	return true;
}

void stream_clear(struct stream *s)
{
	struct stream_node *n;

	while ((n = node_first(s)))
		node_drop(s, n);
	s->len = 0;
}

/* Bytes that may be written behind the last span. */
static uint32_t tail_room(const struct stream *s)
{
	const struct stream_node *n = node_last(s);

	return n && n->owned ? n->span.buf->cap - n->span.off - n->span.len : 0;
}

static void tail_fill(struct stream *s, const void *bytes, uint32_t n)
{
	struct stream_node *t = node_last(s);

	memcpy(span_bytes(&t->span) + t->span.len, bytes, n);
	t->span.len += n;
	s->len += n;
}

/*
 * An empty owned node at the tail, its buffer fit for `want` bytes, and no smaller than what is
 * queued already suggests: a queue that many small writes build grows by ever larger buffers, each
 * after one that is full. Smaller ones when memory is short.
 */
static bool tail_new(struct stream *s, uint32_t want)
{
	const struct stream_node *t = node_last(s);
	uint32_t c = BUF_256, had = t && t->owned ? t->span.buf->cap : 0;
	struct buf *b;

	if (want <= BUF_SMALL && s->len < BUF_SMALL) { /* mostly: no class is asked for */
		b = buf_new_small(s->pkts);
		if (!b)
			return false;
		if (node_append(s, (struct span){ b, 0, 0 }, BUF_SMALL, true))
			return true;
		buf_put(b);
		return false;
	}
	while (c < BUF_64K && (buf_class_cap((enum buf_class)c) < want ||
			       (buf_class_cap((enum buf_class)c) <= had &&
				buf_class_cap((enum buf_class)(c + 1)) <= s->len)))
		c++;
	while (!(b = buf_new(s->pkts, buf_class_cap((enum buf_class)c))))
		if (c-- == BUF_256)
			return false;
	if (!node_append(s, (struct span){ b, 0, 0 }, b->cap, true)) {
		buf_put(b);
		return false;
	}
	return true;
}

uint32_t stream_write(struct stream *s, const void *bytes, uint32_t n, uint32_t hint)
{
	const uint8_t *from = bytes;
	uint32_t done = 0, room = tail_room(s);

	/* What is written at once is mostly small, or all of what there is room for. */
	if (n <= room) {
		if (n)
			tail_fill(s, bytes, n);
		return n;
	}
	while (done < n) {
		room = tail_room(s);
		if (room == 0) {
			uint32_t want = hint > n ? hint - done : n - done;

			if (!tail_new(s, want))
				break;
			room = tail_room(s);
		}
		room = room < n - done ? room : n - done;
		tail_fill(s, from + done, room);
		done += room;
	}
	return done;
}

/* What a span of this packet costs when it is kept: the buffer, shared with whoever holds it
 * besides the packet. */
static uint32_t share_of(const struct span *sp)
{
	uint32_t share = sp->buf->refs == 1 ? sp->buf->cap : sp->buf->cap / sp->buf->refs;

	return share > sp->len ? share : sp->len;
}

/* The part of [off, off+len) of the packet that lies in the span that begins at `at`. */
static struct span part_of(const struct span *sp, uint32_t at, uint32_t off, uint32_t len)
{
	uint32_t from = off > at ? off - at : 0;
	uint32_t to = off + len - at < sp->len ? off + len - at : sp->len;

	if (off + len <= at || from >= to)
		return (struct span){ sp->buf, sp->off, 0 };
	return (struct span){ sp->buf, sp->off + from, to - from };
}

/* Span i of the packet: hdr, then data[]. */
static const struct span *span_at(const struct pkt *p, uint32_t i)
{
	return i == 0 ? &p->hdr : &p->data[i - 1];
}

/* Appends one span by reference, to the last node where it goes on there. */
static bool append_ref(struct stream *s, struct span sp)
{
	struct stream_node *t = node_last(s);

	if (t && t->span.buf == sp.buf && t->span.off + t->span.len == sp.off) {
		t->span.len += sp.len;
		s->len += sp.len;
		return true;
	}
	if (!node_append(s, sp, share_of(&sp), false))
		return false;
	buf_get(sp.buf);
	return true;
}

/* Puts the tail back to where it was: the node it ended in, NULL for an empty stream, and that
 * node's length. */
static void tail_restore(struct stream *s, struct stream_node *tail, uint32_t tail_len,
			 uint32_t len)
{
	struct stream_node *n;

	while ((n = node_last(s)) != tail)
		node_drop(s, n);
	if (tail)
		tail->span.len = tail_len;
	s->len = len;
}

static bool append_copy(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len)
{
	uint32_t at = 0, i;

	for (i = 0; i <= p->ndata; i++) {
		struct span sp = part_of(span_at(p, i), at, off, len);

		at += span_at(p, i)->len;
		if (sp.len > 0 && stream_write(s, span_bytes(&sp), sp.len, 0) < sp.len)
			return false;
	}
	return true;
}

static bool append_refs(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len)
{
	uint32_t at = 0, i;

	for (i = 0; i <= p->ndata; i++) {
		struct span sp = part_of(span_at(p, i), at, off, len);

		at += span_at(p, i)->len;
		if (sp.len > 0 && !append_ref(s, sp))
			return false;
	}
	return true;
}

/* Memory that keeping [off, off+len) by reference would pin. */
static uint32_t pinned_by(const struct pkt *p, uint32_t off, uint32_t len)
{
	uint32_t at = 0, i, pinned = 0;

	for (i = 0; i <= p->ndata; i++) {
		struct span sp = part_of(span_at(p, i), at, off, len);

		at += span_at(p, i)->len;
		if (sp.len > 0)
			pinned += share_of(&sp) + NODE_COST;
	}
	return pinned;
}

bool stream_append_pkt(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len)
{
	struct span one = { p->hdr.buf, p->hdr.off + off, len };
	struct stream_node *tail;
	uint32_t tail_len, room, had = s->len;

	assert(off <= p->len && len <= p->len - off);
	if (len == 0)
		return true;
	/* Nearly every packet is one buffer, and worth keeping, or a few bytes that there is room for. */
	if (p->ndata == 0 && len >= (share_of(&one) + NODE_COST) / PIN_RATIO)
		return append_ref(s, one);
	room = tail_room(s);
	if (p->ndata == 0 && (len <= room || (room == 0 && len <= BUF_SMALL && tail_new(s, len)))) {
		tail_fill(s, span_bytes(&one), len);
		return true;
	}
	tail = node_last(s);
	tail_len = tail ? tail->span.len : 0;
	if (len < pinned_by(p, off, len) / PIN_RATIO) {
		if (append_copy(s, p, off, len))
			return true;
		tail_restore(s, tail, tail_len, had);
	}
	if (append_refs(s, p, off, len))
		return true;
	tail_restore(s, tail, tail_len, had);
	return false;
}

static void count_node(struct stream *s, struct stream_node *n, uint32_t count)
{
	n->counted += count;
	s->counted += count;
}

bool stream_append_counted(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len,
			   const struct stream_count *count)
{
	struct stream_node *tail = node_last(s), *last;
	struct list_node *n;

	if (!stream_append_pkt(s, p, off, len))
		return false;
	last = node_last(s);
	if (!count->each || last == tail) {
		if (last)
			count_node(s, last, count->of(count->headers + len));
		return true;
	}
	for (n = tail ? list_next(&s->nodes, &tail->node) : list_first(&s->nodes); n;
	     n = list_next(&s->nodes, n))
		count_node(s, node_of(n), count->of(count->headers + node_of(n)->span.len));
	return true;
}

/* Is it to be copied? What was is not, but where others are behind it and its buffer is all but empty. */
static bool loose(const struct stream_node *n, bool last)
{
	if (n->owned)
		return !last && n->charge > BUF_SMALL + NODE_COST && n->span.len < n->charge / 16;
	return n->counted > n->span.len + n->span.len / 8;
}

/* The octets of it and of those behind it that are to be copied, up to one that is not: a buffer for more
 * would stay empty. */
static uint32_t loose_run(struct stream *s, struct stream_node *n)
{
	uint32_t len = 0;
	struct list_node *next;

	for (; n; n = next ? node_of(next) : NULL) {
		next = list_next(&s->nodes, &n->node);
		if (!loose(n, !next))
			break;
		len += n->span.len;
	}
	return len;
}

/* The first node goes to the end of `to` as it is. */
static void node_move(struct stream *s, struct stream *to, struct stream_node *n)
{
	list_remove(&n->node);
	list_push_back(&to->nodes, &n->node);
	s->len -= n->span.len;
	to->len += n->span.len;
	s->charged -= n->charge;
	to->charged += n->charge;
	s->counted -= n->counted;
	to->counted += n->counted;
}

uint32_t stream_compact(struct stream *s)
{
	struct stream tight;
	struct stream_node *n;
	uint32_t done = 0, run = 0, had;

	stream_init(&tight, s->pkts, s->pool);
	s->cursor[0].node = s->cursor[1].node = NULL;
	while ((n = node_first(s))) {
		had = tight.len;
		if (n->owned && n->counted > n->charge) {
			s->counted -= n->counted - n->charge;
			n->counted = n->charge;
			done++;
		}
		run = run ? run : loose_run(s, n);
		if (!run) {
			node_move(s, &tight, n);
		} else if (stream_write(&tight, span_bytes(&n->span), n->span.len, run) == n->span.len) {
			run -= n->span.len;
			count_node(&tight, node_last(&tight), n->span.len);
			s->len -= n->span.len;
			node_drop(s, n);
			done++;
		} else { /* no memory: all that is left stays as it is */
			stream_cut(&tight, had);
			break;
		}
	}
	stream_splice(&tight, s);
	list_splice(&s->nodes, &tight.nodes);
	s->len = tight.len;
	s->charged = tight.charged;
	s->counted = tight.counted;
	return done;
}

void stream_splice(struct stream *s, struct stream *from)
{
	list_splice(&s->nodes, &from->nodes);
	s->len += from->len;
	s->charged += from->charged;
	s->counted += from->counted;
	stream_init(from, from->pkts, from->pool);
}

/*
 * The cursor to look from for an offset: the nearest at or before it. There are two, so that
 * retransmission at the front does not lose the place of new data at the end.
 */
static struct stream_cursor cursor_before(const struct stream *s, uint32_t off)
{
	struct stream_cursor best = { node_first(s), 0 };
	const struct stream_cursor *c;

	for (c = s->cursor; c < s->cursor + ARRAY_LEN(s->cursor); c++)
		if (c->node && c->off <= off && c->off >= best.off)
			best = *c;
	return best;
}

/* Moves it on to the node that holds offset `off`; false at the stream's end. */
static bool cursor_seek(const struct stream *s, struct stream_cursor *c, uint32_t off)
{
	struct list_node *next;

	if (off >= s->len || !c->node)
		return false;
	while (off - c->off >= c->node->span.len) {
		next = list_next(&s->nodes, &c->node->node);
		assert(next); /* the spans' lengths add up to s->len */
		c->off += c->node->span.len;
		c->node = node_of(next);
	}
	return true;
}

/* Remembers a place: in the cursor it was reached from, or in the one that is further back. */
static void cursor_keep(struct stream *s, struct stream_cursor from, struct stream_cursor now)
{
	struct stream_cursor *a = &s->cursor[0], *b = &s->cursor[1];

	if (a->node == from.node && a->node)
		*a = now;
	else if (b->node == from.node && b->node)
		*b = now;
	else if (!a->node || (b->node && a->off < b->off))
		*a = now;
	else
		*b = now;
}

uint32_t stream_peek(const struct stream *s, uint32_t off, void *to, uint32_t n)
{
	struct stream_cursor c;
	const struct stream_node *f = node_first(s);
	uint8_t *out = to;
	uint32_t done = 0;

	if (f && n <= f->span.len && off <= f->span.len - n) {
		memcpy(out, span_bytes(&f->span) + off, n);
		return n;
	}
	c = cursor_before(s, off);
	while (done < n && cursor_seek(s, &c, off + done)) {
		uint32_t skip = off + done - c.off, part = c.node->span.len - skip;

		part = part < n - done ? part : n - done;
		memcpy(out + done, span_bytes(&c.node->span) + skip, part);
		done += part;
	}
	return done;
}

void stream_consume(struct stream *s, uint32_t n)
{
	struct stream_node *f = node_first(s);
	struct stream_cursor *c;
	uint32_t left = n;

	assert(n <= s->len);
	if (f && n == s->len && f->span.len == n) { /* one message, and all of it */
		node_take(s, f);
		s->cursor[0].node = s->cursor[1].node = NULL;
		s->len = 0;
		return;
	}
	while (left > 0) {
		f = node_first(s);
		if (left < f->span.len) {
			f->span.off += left;
			f->span.len -= left;
			break;
		}
		left -= f->span.len;
		node_drop(s, f);
	}
	s->len -= n;
	for (c = s->cursor; c < s->cursor + ARRAY_LEN(s->cursor); c++)
		c->off = c->off > n ? c->off - n : 0;
}

uint32_t stream_read(struct stream *s, void *to, uint32_t n)
{
	n = stream_peek(s, 0, to, n);
	stream_consume(s, n);
	return n;
}

void stream_cut(struct stream *s, uint32_t len)
{
	assert(len <= s->len);
	while (s->len > len) {
		struct stream_node *t = node_last(s);
		uint32_t over = s->len - len;

		if (t->span.len > over) {
			t->span.len -= over;
			s->len = len;
		} else {
			s->len -= t->span.len;
			node_drop(s, t);
		}
	}
}

uint32_t stream_to_pkt(struct stream *s, uint32_t off, uint32_t n, struct pkt *p)
{
	struct stream_cursor from = cursor_before(s, off), c = from;
	uint32_t done = 0;

	while (done < n && cursor_seek(s, &c, off + done)) {
		const struct span *sp = &c.node->span;
		uint32_t skip = off + done - c.off, part = sp->len - skip;

		part = part < n - done ? part : n - done;
		if (!pkt_add_span(p, sp->buf, sp->off + skip, part))
			break;
		done += part;
	}
	if (c.node)
		cursor_keep(s, from, c);
	return done;
}
