/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets and the counted memory they point into.
 *
 * A packet is its headers (one contiguous span with headroom before it) and up to PKT_SPANS_MAX
 * spans of payload in counted buffers; nothing is copied below the socket calls. The offload fields
 * are struct virtio_net_hdr's in host order: csum PKT_CSUM_TODO is NEEDS_CSUM, gso_size cuts a
 * super-segment.
 *
 *	received: hdr = the frame's first bytes (all of it when it is small), data[] = the rest
 *	sent:     hdr = headers pushed backwards into headroom, data[] = spans of the send queue
 *
 * Bytes of a buffer do not change while refs > 1, except that its owner may append past what others
 * see.
 */
#ifndef BASE_PKT_H
#define BASE_PKT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"

/* Usable bytes: buf_class_cap(). */
enum buf_class { BUF_256, BUF_2K, BUF_16K, BUF_64K, BUF_CLASS_N };

struct buf {
	uint32_t refs, cap;
	struct pool *pool;
	uint8_t *bytes; /* cap of them, behind this struct */
};

struct span { /* a run of bytes; who holds it holds a reference */
	struct buf *buf;
	uint32_t off, len;
};

enum {
	PKT_SPANS_MAX = 18,
	PKT_HEADROOM = 160,	/* Ethernet with a tag, IPv6, TCP with all options, and to spare */
	PKT_RX_HDR = 256,	/* first piece of a super-segment read */
	PKT_LEN_MAX = 40 + 65535 + 18 /* an IPv6 packet of 64 KiB in a tagged frame */
};

enum pkt_csum { PKT_CSUM_NONE, PKT_CSUM_GOOD, PKT_CSUM_TODO };
enum pkt_gso { PKT_GSO_NONE = 0, PKT_GSO_TCP4 = 1, PKT_GSO_TCP6 = 4 };

struct pkt {
	struct list_node node; /* the one queue it is in */
	struct span hdr;
	struct pkt_pools *pools;
	/* From here to data[]: zero in a new packet. */
	uint32_t len;		       /* bytes in hdr and data together */
	uint32_t hdr_start;	       /* in: hdr.off when received, to quote pulled headers */
	uint8_t ndata;
	uint8_t csum; /* enum pkt_csum */
	uint8_t gso;  /* enum pkt_gso */
	bool gso_ecn;
	uint16_t gso_size;	       /* payload bytes per segment */
	uint16_t l3_off, l4_off;       /* in: from the frame's first byte (hdr.off when received) */
	uint16_t csum_start, csum_off; /* from the frame's first byte; csum_off from csum_start */
	int link;		       /* ph_link; 0: none yet */
	uint64_t at_ns;		       /* in: when it arrived; out: not before */
	int sender;		       /* out: the number + 1 of the packet socket it is from; 0: none */
	bool l2_group;		       /* in: sent to a link-layer broadcast or multicast address */
	bool loop_copy;		       /* out, to a group: whoever of us is in it hears it, too */
	bool here_only;		       /* out, to a group: nobody else does (TTL 0) */
	bool lo;		       /* goes through lo */
	uint8_t flow;		       /* out: net/small_queue.h; 0: not counted */
	bool train;		       /* in: joined here (net/train.h), not by the device */
	uint8_t eth_dst[6];	       /* out: filled by the neighbour layer */
	struct span data[PKT_SPANS_MAX]; /* last: most packets have one or none */
};

struct pkt_pools {
	struct pool pkt;
	struct pool buf[BUF_CLASS_N];
};

void pkt_pools_init(struct pkt_pools *pp, struct mem *m);
void pkt_pools_destroy(struct pkt_pools *pp);

uint32_t buf_class_cap(enum buf_class c);
enum {
	BUF_HEAD = 32,	/* struct buf, rounded up so that its bytes are aligned to 16 */
	BUF_SMALL = 256 /* bytes of the smallest class */
};

static inline struct buf *buf_of(struct pkt_pools *pp, enum buf_class c, uint32_t cap)
{
	struct buf *b = pool_get(&pp->buf[c]);

	if (!b)
		return NULL;
	b->refs = 1;
	b->cap = cap;
	b->pool = &pp->buf[c];
	b->bytes = (uint8_t *)b + BUF_HEAD;
	return b;
}

/* buf_new() of the smallest class. */
static inline struct buf *buf_new_small(struct pkt_pools *pp)
{
	return buf_of(pp, BUF_256, BUF_SMALL);
}

/* A buffer of the smallest class that has `cap` bytes, with one reference. NULL: larger than
 * BUF_64K, or memory is short. */
struct buf *buf_new(struct pkt_pools *pp, uint32_t cap);
static inline struct buf *buf_get(struct buf *b)
{
	b->refs++;
	return b;
}
static inline void buf_put(struct buf *b)
{
	if (!b)
		return;
	assert(b->refs > 0);
	if (--b->refs == 0)
		pool_put(b->pool, b);
}

static inline uint8_t *span_bytes(const struct span *s)
{
	return s->buf->bytes + s->off;
}

/* A packet to send: empty hdr with PKT_HEADROOM before it and `room` bytes behind it for small
 * payloads. NULL: more room than a buffer has, or memory is short. */
struct pkt *pkt_new_tx(struct pkt_pools *pp, uint32_t room);
/* A packet to receive up to `max_len` bytes: up to 2 KiB (or, without gso, anything) in one hdr
 * buffer; for super-segments PKT_RX_HDR bytes of hdr and a 64 KiB data buffer. Its spans cover the
 * max_len bytes to be filled: pkt_trim() it to what came, and the large buffer of a small frame is
 * free again. NULL: memory is short. */
struct pkt *pkt_new_rx(struct pkt_pools *pp, uint32_t max_len, bool gso);
void pkt_free(struct pkt *p);

/* Prepends n bytes of header and returns them (not zeroed). The room is the caller's to guarantee:
 * asserted. */
static inline uint8_t *pkt_push(struct pkt *p, uint32_t n);
/* Takes n bytes off the front of hdr; n <= hdr.len is the caller's to guarantee: asserted. */
static inline void pkt_pull(struct pkt *p, uint32_t n);
/* Makes the first n bytes contiguous in hdr, copying from data if need be. False: the packet is
 * shorter, or memory is short. */
static inline bool pkt_pull_up(struct pkt *p, uint32_t n);
/* Cuts the packet to n bytes from hdr's first byte (Ethernet padding, RFC 894). */
void pkt_trim(struct pkt *p, uint32_t n);
/* Appends n bytes to hdr's tail room (small payloads, ICMP quotes); returns them. Asserted to
 * fit. */
uint8_t *pkt_put(struct pkt *p, uint32_t n);
/* Appends a reference to [off, off+len) of buf as payload; merges with the last span where
 * contiguous. False: no span left. */
bool pkt_add_span(struct pkt *p, struct buf *buf, uint32_t off, uint32_t len);
/* Copies n bytes from offset `off` of the packet (from hdr's first byte); returns how many there
 * were. */
uint32_t pkt_copy_out(const struct pkt *p, uint32_t off, void *to, uint32_t n);
static inline uint8_t *pkt_bytes(const struct pkt *p)
{
	return span_bytes(&p->hdr);
}
static inline uint8_t *pkt_push(struct pkt *p, uint32_t n)
{
	assert(n <= p->hdr.off);
	p->hdr.off -= n;
	p->hdr.len += n;
	p->len += n;
	return pkt_bytes(p);
}

static inline void pkt_pull(struct pkt *p, uint32_t n)
{
	assert(n <= p->hdr.len);
	p->hdr.off += n;
	p->hdr.len -= n;
	p->len -= n;
}

/* pkt_pull_up() where they are not yet. */
bool pkt_gather(struct pkt *p, uint32_t n);

static inline bool pkt_pull_up(struct pkt *p, uint32_t n)
{
	return n <= p->hdr.len || pkt_gather(p, n);
}

/* Payload bytes in data[]. */
static inline uint32_t pkt_data_len(const struct pkt *p)
{
	return p->len - p->hdr.len;
}

#endif
