/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segmentation and checksums in software, for devices that do neither. One segment is made at a
 * time, when the device asks for a frame, so that a super-segment costs one packet of memory and
 * not forty.
 *
 *	super  [Eth IP TCP] [ payload 0 ............................ ]
 *	one    [Eth IP TCP]          [ gso_size bytes ]              its own length, ID, seq,
 *	                                                             flags, checksums
 *
 * Where the checksum is made here each byte is read anyway: the payload is copied behind its
 * headers, for a frame of one piece costs the device an eighth less than one of three.
 */
#include "net/gso.h"

#include <string.h>

#include "base/csum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Of the TCP header (RFC 9293 3.1): what differs from one segment to the next. */
enum {
	GSO_TCP_SEQ = 4,
	GSO_TCP_OFFSET = 12,
	GSO_TCP_FLAGS = 13,
	GSO_TCP_CSUM = 16,
	GSO_TCP_FIN = 0x01,
	GSO_TCP_PSH = 0x08,
	GSO_TCP_CWR = 0x80
};

bool gso_add_slice(struct pkt *to, const struct pkt *from, uint32_t off, uint32_t len)
{
	const struct span *s = &from->hdr, *next = from->data;
	const struct span *end = from->data + from->ndata;

	while (len > 0) {
		if (off < s->len) {
			uint32_t part = s->len - off < len ? s->len - off : len;

			if (!pkt_add_span(to, s->buf, s->off + off, part))
				return false;
			len -= part;
			off += part;
		}
		off -= s->len;
		if (next == end)
			break;
		s = next++;
	}
	return len == 0;
}

void gso_finish_csum(struct pkt *p)
{
	uint16_t csum = csum_finish(csum_pkt(0, p, p->csum_start, p->len - p->csum_start));
	be16 wire = be16_of(
		csum ? csum : 0xffff); /* 0 is UDP's "none"; the same number in this arithmetic */

	assert(p->csum_start + p->csum_off + sizeof(wire) <= p->hdr.len);
	memcpy(pkt_bytes(p) + p->csum_start + p->csum_off, &wire, sizeof(wire));
	p->csum = PKT_CSUM_NONE;
}

uint32_t gso_hdr_len(const struct pkt *super)
{
	return super->l4_off +
	       4 * (uint32_t)(pkt_bytes(super)[super->l4_off + GSO_TCP_OFFSET] >> 4);
}

/* Length and ID: consecutive, as Linux numbers them; GRO at the receiver joins only such. The checksum
 * follows from them (RFC 1624 3, equation 3). */
static void fix_ip4(struct ip4_hdr *ip, uint32_t l3_len, uint32_t number)
{
	uint16_t id = be16_get(ip->id), new_id = (uint16_t)(id + number), len = be16_get(ip->len);
	uint64_t sum = (uint64_t)(uint16_t)~be16_get(ip->csum) + (uint16_t)~len + l3_len +
		       (uint16_t)~id + new_id;

	ip->len = be16_of((uint16_t)l3_len);
	ip->id = be16_of(new_id);
	ip->csum = be16_of(csum_finish(sum));
}

static void fix_ip6(struct ip6_hdr *ip, uint32_t l3_len)
{
	ip->len = be16_of((uint16_t)(l3_len - sizeof(*ip)));
}

static void fix_tcp(uint8_t *tcp, uint32_t number, uint32_t off, bool last, bool cwr_once)
{
	be32 seq;

	memcpy(&seq, tcp + GSO_TCP_SEQ, sizeof(seq));
	seq = be32_of(be32_get(seq) + off);
	memcpy(tcp + GSO_TCP_SEQ, &seq, sizeof(seq));
	if (!last)
		tcp[GSO_TCP_FLAGS] &= (uint8_t) ~(GSO_TCP_FIN | GSO_TCP_PSH);
	/* RFC 3168 6.1.2: the first alone; of RFC 9768 it is a digit of a number, and of all. */
	if (number > 0 && cwr_once)
		tcp[GSO_TCP_FLAGS] &= (uint8_t)~GSO_TCP_CWR;
}

/* The super-segment's field holds the pseudo-header's sum with its length: now with this segment's
 * (RFC 1624 3). */
static void open_csum(struct pkt *p, const struct pkt *super)
{
	uint8_t *field = pkt_bytes(p) + p->l4_off + GSO_TCP_CSUM;
	uint64_t sum, was = super->len - super->l4_off;
	be16 wire;

	memcpy(&wire, field, sizeof(wire));
	sum = (uint64_t)be16_get(wire) + (uint16_t)~csum_fold(was) + (p->len - p->l4_off);
	wire = be16_of(csum_fold(sum));
	memcpy(field, &wire, sizeof(wire));
	p->csum = PKT_CSUM_TODO;
	p->csum_start = p->l4_off;
	p->csum_off = GSO_TCP_CSUM;
}

/* The segment's payload: gathered behind the headers, or by reference. False: no span left. */
static bool add_payload(struct pkt *p, const struct pkt *super, uint32_t off, uint32_t len,
			bool gather)
{
	uint8_t *to;

	if (!gather)
		return gso_add_slice(p, super, off, len);
	to = pkt_put(p, len);
	return pkt_copy_out(super, off, to, len) == len;
}

bool gso_by_hand(const struct pkt *super)
{
	return !super->gso_ecn &&
	       (pkt_bytes(super)[super->l4_off + GSO_TCP_FLAGS] & GSO_TCP_CWR) != 0;
}

struct pkt *gso_segment(struct ph_stack *st, const struct pkt *super, uint32_t number, uint32_t off,
			bool device_csum, uint32_t *len)
{
	uint32_t hdr_len = gso_hdr_len(super), left = super->len - hdr_len - off;
	uint32_t n = left < super->gso_size ? left : super->gso_size;
	struct pkt *p = pkt_new_tx(&st->pkts, device_csum ? 0 : n);
	bool v6 = super->gso == PKT_GSO_TCP6;
	uint8_t *bytes;

	assert(super->gso != PKT_GSO_NONE && super->gso_size > 0 && super->hdr.len >= hdr_len);
	if (!p)
		return NULL;
	*len = n;
	bytes = pkt_push(p, hdr_len);
	memcpy(bytes, pkt_bytes(super), hdr_len);
	if (!add_payload(p, super, hdr_len + off, n, !device_csum)) {
		pkt_free(p);
		return NULL;
	}
	p->l3_off = super->l3_off;
	p->l4_off = super->l4_off;
	p->link = super->link;
	if (v6)
		fix_ip6((struct ip6_hdr *)(void *)(bytes + p->l3_off), p->len - p->l3_off);
	else
		fix_ip4((struct ip4_hdr *)(void *)(bytes + p->l3_off), p->len - p->l3_off, number);
	fix_tcp(bytes + p->l4_off, number, off, n == left, super->gso_ecn);
	open_csum(p, super);
	if (!device_csum)
		gso_finish_csum(p);
	return p;
}
