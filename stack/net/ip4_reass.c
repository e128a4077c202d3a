/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 fragments to ip_reass.c and whole datagrams from it. Called by ip4_in.c. */
#include "net/ip4_reass.h"

#include "base/csum.h"
#include "base/ip.h"
#include "net/net_state.h"

static int64_t high_thresh(const struct ph_stack *st)
{
	return st->sysctl.ipfrag_high_thresh;
}

/* Deviation: RFC 1122 3.3.2 (MUST): thirty seconds, as Linux, not sixty or more. */
static int64_t time_s(const struct ph_stack *st)
{
	return st->sysctl.ipfrag_time;
}

/* RFC 791 3.2 (8): the header of the datagram as if it had never been cut. */
static enum drop whole(struct ph_stack *st, struct pkt *p, uint32_t hdr_len, uint8_t ecn)
{
	struct ip4_hdr *ip = (void *)pkt_bytes(p);
	struct ip4_info h;

	ip->len = be16_of((uint16_t)p->len);
	ip->frag = be16_of(be16_get(ip->frag) & IP4_F_DF);
	ip->tos = (uint8_t)((ip->tos & ~IP4_ECN_MASK) | ecn);
	ip->csum = be16_of(0);
	ip->csum = be16_of(csum_finish(csum_add(0, ip, hdr_len)));
	ip4_read_header(ip, &h);
	pkt_pull(p, hdr_len);
	return ip4_deliver(st, p, &h);
}

static void late(struct ph_stack *st, struct pkt *head, uint32_t hdr_len)
{
	struct ip4_info h;

	ip4_read_header((const void *)pkt_bytes(head), &h);
	head->l4_off = (uint16_t)hdr_len;
	pkt_pull(head, hdr_len);
	icmp4_reass_timeout(st, head, &h);
}

static const struct reass_family family = {
	.packet_max = IP4_LEN_MAX,
	.oks = C_IpReasmOKs,
	.fails = C_IpReasmFails,
	.timeouts = C_IpReasmTimeout,
	.overlaps = C_IpExtReasmOverlaps,
	.high_thresh = high_thresh,
	.time_s = time_s,
	.whole = whole,
	.late = late,
};

int ip4_reass_new(struct ph_stack *st)
{
	return reass_new(st, &st->net->reass, &family);
}

/*
 * Could this fragment be one of a datagram's? Cuts one that does not end on a unit, as Linux
 * does.
 */
static bool sane(struct pkt *p, const struct ip4_info *h)
{
	if (h->mf)
		pkt_trim(p, p->len & ~7u);
	return p->len > 0 && h->offset + p->len <= IP4_LEN_MAX - (uint32_t)IP4_HDR_LEN;
}

enum drop ip4_reass_input(struct ph_stack *st, struct pkt *p, const struct ip4_info *h)
{
	struct reass_frag f = {
		.key = { .src = ip_of4(h->src), .dst = ip_of4(h->dst), .id = h->id,
			 .proto = h->proto },
		.offset = h->offset,
		.hdr_len = h->hdr_len,
		.tos = h->tos,
		.mf = h->mf,
	};

	COUNT(st, IpReasmReqds);
	if (!sane(p, h)) {
		COUNT(st, IpReasmFails);
		return DROP_FRAG_REASM;
	}
	return reass_input(st, &st->net->reass, p, &f);
}
