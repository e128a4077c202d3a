/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: packets as runs of counted bytes.
 *
 *	struct pkt
 *	+--------+        buffer of BUF_256                       refs 1
 *	| hdr  --+------> [ headroom | Eth IP TCP | tail room ]
 *	| data[0]+---+    buffer of BUF_64K                       refs 2: the queue and this
 *	| data[1]+-+ +--> [ .......... payload .... ]
 *	+--------+ |      buffer of BUF_2K
 *	           +----> [ payload ]
 *
 * The frame is hdr's bytes, then data's, in order. Headers are pushed in front of hdr going down
 * and pulled off it coming up; what was pulled stays where it was, between hdr_start and hdr.off,
 * for who quotes it. Payload is never moved: a span says where it lies, and each span holds a
 * reference. The last reference gives the buffer back to its pool. Called by every layer; net/ and
 * tcp/ build packets, ph_pkt_* calls fill and empty them.
 */
#include "base/pkt.h"

#include <assert.h>
#include <string.h>

enum {
	CAP_256 = BUF_SMALL,
	CAP_2K = 2048,
	CAP_16K = 16384,
	CAP_64K = 65600 /* PKT_LEN_MAX and to spare */
};
_Static_assert(sizeof(struct buf) <= BUF_HEAD, "the bytes begin behind struct buf");
_Static_assert((int)CAP_64K >= (int)PKT_LEN_MAX, "any frame fits in one buffer");
_Static_assert((int)CAP_256 >= (int)PKT_RX_HDR,
	       "the first piece of a received frame is a small buffer");

uint32_t buf_class_cap(enum buf_class c)
{
	static const uint32_t cap[BUF_CLASS_N] = { CAP_256, CAP_2K, CAP_16K, CAP_64K };

	return cap[c];
}

void pkt_pools_init(struct pkt_pools *pp, struct mem *m)
{
	static const char *const name[BUF_CLASS_N] = { "buf-256", "buf-2k", "buf-16k", "buf-64k" };
	uint32_t c;

	pool_init(&pp->pkt, m, "pkt", sizeof(struct pkt), 0);
	for (c = 0; c < BUF_CLASS_N; c++)
		pool_init(&pp->buf[c], m, name[c],
			  BUF_HEAD + (size_t)buf_class_cap((enum buf_class)c), 0);
}

void pkt_pools_destroy(struct pkt_pools *pp)
{
	uint32_t c;

	pool_destroy(&pp->pkt);
	for (c = 0; c < BUF_CLASS_N; c++)
		pool_destroy(&pp->buf[c]);
}

static inline struct buf *take_buf(struct pkt_pools *pp, uint32_t cap)
{
	if (cap <= CAP_256)
		return buf_of(pp, BUF_256, CAP_256);
	if (cap <= CAP_2K)
		return buf_of(pp, BUF_2K, CAP_2K);
	if (cap <= CAP_16K)
		return buf_of(pp, BUF_16K, CAP_16K);
	return cap <= CAP_64K ? buf_of(pp, BUF_64K, CAP_64K) : NULL;
}

struct buf *buf_new(struct pkt_pools *pp, uint32_t cap)
{
	return take_buf(pp, cap);
}

/* A packet around a hdr buffer that it takes; data[] is left as it is, ndata says how much of it
 * counts. */
static inline struct pkt *pkt_around(struct pkt_pools *pp, struct buf *take_hdr)
{
	struct pkt *p;

	if (!take_hdr)
		return NULL;
	p = pool_get(&pp->pkt);
	if (!p) {
		buf_put(take_hdr);
		return NULL;
	}
	list_init_node(&p->node);
	p->hdr = (struct span){ .buf = take_hdr };
	p->pools = pp;
	static_assert(PKT_CSUM_NONE == 0 && PKT_GSO_NONE == 0, "as the rest");
	memset(&p->len, 0, offsetof(struct pkt, data) - offsetof(struct pkt, len));
	return p;
}

struct pkt *pkt_new_tx(struct pkt_pools *pp, uint32_t room)
{
	struct pkt *p;

	if (room > CAP_64K - PKT_HEADROOM)
		return NULL;
	p = pkt_around(pp, take_buf(pp, PKT_HEADROOM + room));
	if (p)
		p->hdr.off = p->hdr_start = PKT_HEADROOM;
	return p;
}

struct pkt *pkt_new_rx(struct pkt_pools *pp, uint32_t max_len, bool gso)
{
	bool split = gso && max_len > CAP_2K;
	struct pkt *p;

	if (split && max_len > PKT_RX_HDR + (uint32_t)CAP_64K)
		return NULL;
	p = pkt_around(pp, take_buf(pp, split ? (uint32_t)PKT_RX_HDR : max_len));
	if (!p)
		return NULL;
	p->len = max_len;
	p->hdr.len = split ? (uint32_t)PKT_RX_HDR : max_len;
	if (split) {
		p->data[0] = (struct span){ buf_new(pp, CAP_64K), 0, max_len - PKT_RX_HDR };
		if (!p->data[0].buf) {
			pkt_free(p);
			return NULL;
		}
		p->ndata = 1;
	}
	return p;
}

static void drop_data(struct pkt *p, uint32_t from)
{
	while (p->ndata > from)
		buf_put(p->data[--p->ndata].buf);
}

void pkt_free(struct pkt *p)
{
	if (!p)
		return;
	drop_data(p, 0);
	buf_put(p->hdr.buf);
	pool_put(&p->pools->pkt, p);
}

/* Takes n bytes off the front of data[], which has them, into to[]. */
static void take_front(struct pkt *p, uint8_t *to, uint32_t n)
{
	uint32_t gone = 0, part;

	while (n > 0) {
		struct span *s = &p->data[gone];

		part = n < s->len ? n : s->len;
		memcpy(to, span_bytes(s), part);
		to += part;
		n -= part;
		s->off += part;
		s->len -= part;
		if (s->len == 0) {
			buf_put(s->buf);
			gone++;
		}
	}
	if (gone > 0) {
		p->ndata = (uint8_t)(p->ndata - gone);
		memmove(p->data, p->data + gone, p->ndata * sizeof(p->data[0]));
	}
}

bool pkt_gather(struct pkt *p, uint32_t n)
{
	struct span *h = &p->hdr;
	uint32_t end = h->off + h->len, more;

	if (n > p->len)
		return false;
	more = n - h->len;
	if (h->buf->refs > 1 || more > h->buf->cap - end) {
		struct buf *b = buf_new(p->pools, end + more);

		if (!b)
			return false;
		/* With the headers pulled before, at their places. */
		memcpy(b->bytes, h->buf->bytes, end);
		buf_put(h->buf);
		h->buf = b;
	}
	take_front(p, h->buf->bytes + end, more);
	h->len = n;
	return true;
}

void pkt_trim(struct pkt *p, uint32_t n)
{
	uint32_t have = p->hdr.len, i;

	if (n >= p->len)
		return;
	p->len = n;
	if (n <= have) {
		p->hdr.len = n;
		drop_data(p, 0);
		return;
	}
	for (i = 0; have + p->data[i].len < n; i++)
		have += p->data[i].len;
	p->data[i].len = n - have;
	drop_data(p, i + 1);
}

uint8_t *pkt_put(struct pkt *p, uint32_t n)
{
	struct span *h = &p->hdr;
	uint8_t *tail = span_bytes(h) + h->len;

	assert(p->ndata == 0); /* or the bytes would come to lie before the payload */
	assert(n <= h->buf->cap - h->off - h->len);
	h->len += n;
	p->len += n;
	return tail;
}

bool pkt_add_span(struct pkt *p, struct buf *buf, uint32_t off, uint32_t len)
{
	struct span *last = p->ndata > 0 ? &p->data[p->ndata - 1] : NULL;

	assert(len <= buf->cap && off <= buf->cap - len);
	if (len == 0)
		return true;
	if (last && last->buf == buf && last->off + last->len == off) {
		last->len += len;
	} else {
		if (p->ndata == PKT_SPANS_MAX)
			return false;
		p->data[p->ndata++] = (struct span){ buf_get(buf), off, len };
	}
	p->len += len;
	return true;
}

uint32_t pkt_copy_out(const struct pkt *p, uint32_t off, void *to, uint32_t n)
{
	const struct span *s = &p->hdr, *next = p->data, *end = p->data + p->ndata;
	uint8_t *out = to;
	uint32_t done = 0, part;

	while (done < n) {
		if (off < s->len) {
			part = s->len - off < n - done ? s->len - off : n - done;
			memcpy(out + done, span_bytes(s) + off, part);
			done += part;
			off += part;
		}
		off -= s->len < off ? s->len : off;
		if (next == end)
			break;
		s = next++;
	}
	return done;
}
