/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 in fragments, in and out (RFC 8200 4.5): fragments are held against what a sender could have
 * made, and given to ip_reass.c; what is larger than its path is cut here, at the source alone.
 * Called by ip6_ext.c and ip6_out.c.
 */
#include "net/ip6_frag.h"

#include <string.h>

#include "base/ip.h"
#include "net/gso.h"
#include "net/icmp6.h"
#include "net/net_state.h"

static int64_t high_thresh(const struct ph_stack *st)
{
	return st->sysctl.ip6frag_high_thresh;
}

static int64_t time_s(const struct ph_stack *st)
{
	return st->sysctl.ip6frag_time;
}

/* Walks to where the fragmentable part begins; reassembly left out the fragment header. */
static void enter(struct pkt *p, uint32_t hdr_len, struct ip6_info *h)
{
	const uint8_t *ip = pkt_bytes(p);
	uint32_t at = IP6_HDR_LEN;

	ip6_read_header(ip, p->link, h);
	h->group |= p->l2_group;
	h->fragmented = true;
	while (at < hdr_len) {
		h->next_off = at;
		h->next = ip[at];
		at += 8u * (1u + ip[at + 1]);
	}
	p->hdr_start = p->hdr.off;
	p->l3_off = 0;
	pkt_pull(p, hdr_len);
}

static enum drop whole(struct ph_stack *st, struct pkt *p, uint32_t hdr_len, uint8_t ecn)
{
	struct ip6_hdr *ip = (void *)pkt_bytes(p);
	uint32_t word = be32_get(ip->ver_class_flow) & ~(3u << 20);
	struct ip6_info h;

	ip->ver_class_flow = be32_of(word | (uint32_t)ecn << 20);
	ip->len = be16_of((uint16_t)(p->len - (uint32_t)IP6_HDR_LEN));
	enter(p, hdr_len, &h);
	return ip6_deliver(st, p, &h);
}

static void late(struct ph_stack *st, struct pkt *head, uint32_t hdr_len)
{
	struct ip6_info h;

	enter(head, hdr_len, &h);
	icmp6_error(st, head, &h, ICMP6_TIME_EXCEEDED, ICMP6_EXCEEDED_REASM, 0);
}

static const struct reass_family family = {
	.packet_max = IP6_HDR_LEN + IP6_LEN_MAX,
	.oks = C_Ip6ReasmOKs,
	.fails = C_Ip6ReasmFails,
	.timeouts = C_Ip6ReasmTimeout,
	.overlaps = C_NONE,
	.high_thresh = high_thresh,
	.time_s = time_s,
	.whole = whole,
	.late = late,
};

int ip6_frag_new(struct ph_stack *st)
{
	return reass_new(st, &st->net->reass6, &family);
}

/* ---- in ------------------------------------------------------------------------------------- */

static enum drop problem(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h,
			 uint8_t code, uint32_t pointer)
{
	COUNT(st, Ip6ReasmFails);
	icmp6_error(st, p, h, ICMP6_PARAM_PROBLEM, code, pointer);
	return DROP_IP6_EXTHDR;
}

/* RFC 7112 5: does the first fragment reach the protocol's own header? p begins behind `next`. */
static bool chain_is_whole(const struct pkt *p, uint8_t next)
{
	uint32_t at = 0;
	uint8_t ext[2];

	while (next == IP6_NEXT_HOPOPTS || next == IP6_NEXT_ROUTING || next == IP6_NEXT_DSTOPTS) {
		if (pkt_copy_out(p, at, ext, sizeof(ext)) != sizeof(ext))
			return false;
		next = ext[0];
		at += 8u * (1u + ext[1]);
	}
	return at < p->len || next == IP6_NEXT_NONE;
}

/* RFC 6946: a fragment that is all there is belongs to nobody's reassembly. */
static enum drop atomic(struct ph_stack *st, struct pkt *p, struct ip6_info *h,
			const struct ip6_frag *f)
{
	COUNT(st, Ip6ReasmOKs);
	h->next_off = ip6_offset(p);
	h->next = f->next;
	pkt_pull(p, IP6_FRAG_LEN);
	return ip6_deliver(st, p, h);
}

/* RFC 8200 4.5: what must be said of a fragment that no sender makes. DROP_NONE: it is in order. */
static enum drop check(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h,
		       const struct ip6_frag *f, uint32_t offset, bool mf)
{
	uint32_t len = p->len - IP6_FRAG_LEN, at = ip6_offset(p);
	uint32_t unfragmentable = at - IP6_HDR_LEN;

	if (mf && len % 8 != 0)
		return problem(st, p, h, ICMP6_PARAM_FIELD,
			       (uint32_t)offsetof(struct ip6_hdr, len));
	if (unfragmentable + offset + len > IP6_LEN_MAX)
		return problem(st, p, h, ICMP6_PARAM_FIELD,
			       at + (uint32_t)offsetof(struct ip6_frag, off));
	if (len == 0 || at > REASS_HDR_MAX) {
		COUNT(st, Ip6ReasmFails);
		return DROP_FRAG_REASM;
	}
	(void)f;
	return DROP_NONE;
}

enum drop ip6_frag_input(struct ph_stack *st, struct pkt *p, struct ip6_info *h)
{
	struct reass_frag r = { .key = { .src = h->src, .dst = h->dst },
				.hdr_len = ip6_offset(p),
				.next_off = h->next_off,
				.tos = h->tclass };
	struct ip6_frag f;
	enum drop d;
	bool nested = h->fragmented;

	h->fragmented = true;
	COUNT(st, Ip6ReasmReqds);
	if (!pkt_pull_up(p, sizeof(f)))
		return p->len < sizeof(f) ? DROP_IP6_EXTHDR : DROP_NOMEM;
	if (nested) /* RFC 8200 4.1: each extension header once */
		return DROP_IP6_EXTHDR;
	memcpy(&f, pkt_bytes(p), sizeof(f));
	r.offset = be16_get(f.off) & IP6_OFF_MASK;
	r.mf = be16_get(f.off) & IP6_F_MF;
	r.next = f.next;
	r.key.id = be32_get(f.id);
	if (r.offset == 0 && !r.mf)
		return atomic(st, p, h, &f);
	d = check(st, p, h, &f, r.offset, r.mf);
	if (d != DROP_NONE)
		return d;
	pkt_pull(p, IP6_FRAG_LEN);
	if (r.offset == 0 && !chain_is_whole(p, f.next))
		return problem(st, p, h, ICMP6_PARAM_CHAIN, 0);
	return reass_input(st, &st->net->reass6, p, &r);
}

/* ---- out ------------------------------------------------------------------------------------ */

/*
 * RFC 7739 5.3: not to be guessed from what others were sent: a keyed start per destination and a
 * counter that few share.
 */
static uint32_t ident(struct ph_stack *st, const struct dst *d)
{
	uint8_t key[33];
	uint64_t h;

	memcpy(key, d->src.b, 16);
	memcpy(key + 16, d->dst.b, 16);
	key[32] = IP6_NEXT_FRAGMENT;
	h = siphash(&st->hash_key, key, sizeof(key));
	return st->net->idents6[h % NET_IDENTS]++ + (uint32_t)(h >> 32);
}

int ip6_fragment(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint32_t most = (d->mtu - (uint32_t)IP6_HDR_LEN - (uint32_t)IP6_FRAG_LEN) & ~7u;
	uint32_t total = take_pkt->len, off, len, id = ident(st, d);
	int rc = 0;

	if (take_pkt->csum == PKT_CSUM_TODO)
		gso_finish_csum(take_pkt); /* over all of it: no device sees that */
	for (off = 0; off < total && rc == 0; off += len) {
		struct pkt *p = pkt_new_tx(&st->pkts, 0);
		bool last = total - off <= most;
		struct ip6_frag f = { .next = tx->proto, .id = be32_of(id) };

		len = last ? total - off : most;
		if (!p || !gso_add_slice(p, take_pkt, off, len)) {
			pkt_free(p);
			rc = -ENOMEM;
			break;
		}
		f.off = be16_of((uint16_t)(off | (last ? 0 : IP6_F_MF)));
		memcpy(pkt_push(p, sizeof(f)), &f, sizeof(f));
		ip6_push(p, d, tx, IP6_NEXT_FRAGMENT);
		rc = ip6_send(st, d, p);
		COUNT(st, Ip6FragCreates);
	}
	pkt_free(take_pkt);
	if (rc == 0)
		COUNT(st, Ip6FragOKs);
	else
		COUNT(st, Ip6FragFails);
	return rc;
}
