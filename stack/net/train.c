/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames belong to a train, and what is made of them. See train.h.
 *
 *	hdr, of the last one that was processed; the next must have it as well but for what is in ( ):
 *
 *	  Ethernet | IPv4 (ID) ... (checksum) src dst | ports (sequence) ack (PSH) ... (checksum) options
 *
 *	held  [Eth IP TCP payload 1] [payload 2] [payload 3] ...	lengths are put right at the end
 *
 * Held packets go the way of all packets: whatever has changed since the offer is seen there.
 */
#include "net/train.h"

#include <stddef.h>
#include <string.h>

#include "base/csum.h"
#include "net/net_state.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum { /* of the TCP header (RFC 9293 3.1) */
	TCP_SEQ = 4,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_CSUM = 16,
	TCP_LEAST = 20,
	TCP_PSH = 0x08,
	PAYLOAD_LEAST = 8
};

static uint32_t seq_of(const uint8_t *tcp)
{
	be32 seq;

	memcpy(&seq, tcp + TCP_SEQ, sizeof(seq));
	return be32_get(seq);
}

/* The bytes under the mask, eight at a time; behind the headers, of which nothing is compared, there is
 * payload enough. */
static bool same_headers(const struct train *t, const uint8_t *f)
{
	uint64_t differ = 0;

	for (uint32_t at = 0; at < t->hdr_len; at += 8) {
		uint64_t a, b, mask;

		memcpy(&a, f + at, 8);
		memcpy(&b, t->hdr + at, 8);
		memcpy(&mask, t->mask + at, 8);
		differ |= (a ^ b) & mask;
	}
	return differ == 0;
}

static bool sum_holds(const struct train *t, const struct pkt *p)
{
	const uint8_t *ip = pkt_bytes(p) + t->l3_off;
	uint32_t len = p->len - t->l4_off, at = t->v6 ? offsetof(struct ip6_hdr, src) :
						       offsetof(struct ip4_hdr, src);
	uint64_t sum = (uint64_t)PH_IPPROTO_TCP + len;

	if (p->csum != PKT_CSUM_NONE)
		return true;
	sum = csum_add(sum, ip + at, t->v6 ? 32 : 8); /* both addresses */
	return csum_fold(csum_pkt(sum, p, t->l4_off, len)) == 0xffff;
}

static bool belongs(const struct train *t, const struct link *l, const struct pkt *p)
{
	const uint8_t *f = pkt_bytes(p);

	return t->open && t->link == l->index && p->ndata == 0 && p->gso == PKT_GSO_NONE &&
	       p->len == (uint32_t)t->hdr_len + t->mss && seq_of(f + t->l4_off) == t->next &&
	       same_headers(t, f) &&
	       (t->v6 || csum_ip4_header(f + t->l3_off, (uint32_t)(t->l4_off - t->l3_off)) == 0) &&
	       sum_holds(t, p);
}

/* One header for all of them. */
static void put_right(const struct train *t, struct pkt *p)
{
	uint8_t *ip = pkt_bytes(p) + t->l3_off;
	uint32_t len = p->len - t->l3_off;

	if (p->ndata == 0)
		return;
	if (t->v6) {
		((struct ip6_hdr *)(void *)ip)->len = be16_of((uint16_t)(len - sizeof(struct ip6_hdr)));
	} else {
		struct ip4_hdr *h = (void *)ip;

		h->len = be16_of((uint16_t)len);
		h->csum = be16_of(0);
		h->csum = be16_of(csum_ip4_header(h, t->l4_off - t->l3_off));
	}
	p->gso = t->v6 ? PKT_GSO_TCP6 : PKT_GSO_TCP4;
	p->gso_size = t->mss;
	p->train = true;
	p->csum = PKT_CSUM_GOOD; /* of each it was found so */
}

void train_flush(struct ph_stack *st)
{
	struct train *t = &st->train;
	struct pkt *p = t->held;
	struct link *l = link_get(st, t->link);

	t->held = NULL;
	t->offered = NULL;
	t->open = false;
	put_right(t, p);
	if (l)
		link_deliver(st, l, p); /* which opens it again, if it is to go on */
	else
		pkt_free(p);
}

bool train_take(struct ph_stack *st, struct link *l, struct pkt *p)
{
	struct train *t = &st->train;

	static_assert(PKT_SPANS_MAX * (TRAIN_MSS_MAX + 1) + TRAIN_HDR_MAX < IP4_LEN_MAX,
		      "what is held is one packet");
	if (!belongs(t, l, p))
		return false;
	if (t->held && t->held->ndata == PKT_SPANS_MAX) {
		train_flush(st);
		if (!belongs(t, l, p))
			return false;
	}
	t->next += t->mss;
	t->room -= t->mss < t->room ? t->mss : t->room;
	if (!t->held) {
		t->held = p;
	} else {
		(void)pkt_add_span(t->held, p->hdr.buf, p->hdr.off + t->hdr_len, t->mss);
		pkt_free(p);
	}
	if (t->room == 0)
		train_flush(st);
	return true;
}

/* What every segment has its own of. */
static void make_mask(struct train *t)
{
	uint8_t *ip = t->mask + t->l3_off, *tcp = t->mask + t->l4_off;

	memset(t->mask, 0, sizeof(t->mask));
	memset(t->mask, 0xff, t->hdr_len);
	if (!t->v6) {
		memset(ip + offsetof(struct ip4_hdr, id), 0, sizeof(be16));
		memset(ip + offsetof(struct ip4_hdr, csum), 0, sizeof(be16));
	}
	memset(tcp + TCP_SEQ, 0, sizeof(be32));
	memset(tcp + TCP_CSUM, 0, sizeof(be16));
	tcp[TCP_FLAGS] = (uint8_t)~TCP_PSH;
}

void train_begin(struct ph_stack *st, const struct link *l, const struct pkt *p)
{
	struct train *t = &st->train;
	const uint8_t *frame = p->hdr.buf->bytes + p->hdr_start;
	uint32_t payload = p->len, hdr;

	t->open = false;
	if (p->train) {
		t->open = true; /* the header is known */
		return;
	}
	if (p->gso != PKT_GSO_NONE || p->link != l->index || p->ndata > 0)
		return;
	hdr = 4u * (uint32_t)(frame[p->l4_off + TCP_OFFSET] >> 4);
	if (hdr < TCP_LEAST || p->l4_off + hdr > TRAIN_HDR_MAX || payload < hdr + PAYLOAD_LEAST ||
	    payload - hdr > TRAIN_MSS_MAX)
		return;
	t->link = l->index;
	t->l3_off = p->l3_off;
	t->l4_off = p->l4_off;
	t->hdr_len = (uint16_t)(p->l4_off + hdr);
	t->mss = (uint16_t)(payload - hdr);
	t->v6 = frame[p->l3_off] >> 4 == 6;
	memcpy(t->hdr, frame, t->hdr_len);
	make_mask(t);
	t->open = true;
}

void train_free(struct ph_stack *st)
{
	pkt_free(st->train.held);
	st->train.held = NULL;
}
