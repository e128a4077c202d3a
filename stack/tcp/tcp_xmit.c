/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment's header onto its payload and down to IP: for connections and for those who have none
 * (resets, half-open, TIME-WAIT). Decides nothing. */
#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/icmp4.h"
#include "tcp/tcp_int.h"

enum { PROTO_TCP = 6 };

/* RFC 7323 appendix A. */
static void put_timestamps(uint8_t *p, const struct tcp_opts *o)
{
	const be32 word[] = { be32_of(0x0101080a), be32_of(o->tsval), be32_of(o->tsecr) };

	static_assert(sizeof(word) == TCP_OPT_TS_ALIGNED, "two NOPs before them");
	memcpy(p, word, sizeof(word));
}

static uint32_t build_options(const struct ph_stack *st, uint8_t *p, const struct tcp_opts *o)
{
	return st->sysctl.tcp_bsd_options ? tcp_opt_build_bsd(p, o) : tcp_opt_build(p, o);
}

static void push_header(const struct ph_stack *st, struct dst *d, const struct tcp_out *o, struct pkt *p)
{
	uint8_t opts[TCP_OPTS_MAX];
	bool plain = o->plain && !st->sysctl.tcp_bsd_options;
	uint32_t len = !plain		? build_options(st, opts, &o->opts) :
		       o->opts.has_ts ? (uint32_t)TCP_OPT_TS_ALIGNED : 0;
	uint32_t hdr_len = TCP_HDR_LEN + len;
	uint8_t *bytes = pkt_push(p, hdr_len);
	struct tcp_hdr *h = (struct tcp_hdr *)(void *)bytes;

	h->sport = be16_of(o->lport);
	h->dport = be16_of(o->pport);
	h->seq = be32_of(o->seq);
	h->ack = be32_of(o->ack);
	h->off = (uint8_t)(hdr_len / 4 << 4 | (o->flags & TCP_F_AE ? 1 : 0));
	h->flags = (uint8_t)o->flags;
	h->wnd = be16_of(o->wnd);
	h->urg = be16_of(o->urg);
	/* The checksum field holds the pseudo-header's sum; the link or the device does the
	 * rest. */
	h->csum = be16_of(csum_fold(csum_pseudo(&d->src, &d->dst, PROTO_TCP, p->len)));
	p->csum = PKT_CSUM_TODO;
	p->csum_start = 0;
	p->csum_off = TCP_CSUM_OFF;
	if (!plain)
		memcpy(bytes + TCP_HDR_LEN, opts, len);
	else if (len)
		put_timestamps(bytes + TCP_HDR_LEN, &o->opts);
	if (o->md5)
		tcp_md5_sign(o->md5, &d->src, &d->dst, p, hdr_len,
			     bytes + TCP_HDR_LEN + TCP_OPT_MD5_AT);
}

/* The user's options of IP, with us in them where they record who they came by (RFC 791 3.1). */
static void ip_options(const struct ph_stack *st, const struct dst *d, const struct tcp_out *o, uint8_t *opt,
		       struct ip_tx *tx)
{
	struct ip4_opt_here here;

	memcpy(opt, o->ip_opt, o->ip_opt_len);
	icmp4_here(st, ip_get4(&d->src), &here);
	ip4_opt_record(opt, o->ip_opt_len, &here);
	tx->opt = opt;
	tx->opt_len = o->ip_opt_len;
}

int tcp_xmit(struct ph_stack *st, struct dst *d, const struct tcp_out *o, struct pkt *take_pkt)
{
	struct ip_tx tx = { .proto = PROTO_TCP, .ttl = o->ttl, .tos = o->tos, .df = !o->may_fragment,
			    .path = o->path };
	uint8_t opt[IP4_OPT_MAX];

	push_header(st, d, o, take_pkt);
	if (o->gso_size) {
		take_pkt->gso = ip_is4(&d->dst) ? PKT_GSO_TCP4 : PKT_GSO_TCP6;
		take_pkt->gso_size = o->gso_size;
	}
	if (o->ip_opt_len)
		ip_options(st, d, o, opt, &tx);
	if (o->delay_us)
		return tcp_late_send(st, take_pkt, d, &tx, o->delay_us);
	return ip_output(st, take_pkt, d, &tx);
}

void tcp_xmit_bare(struct ph_stack *st, const struct tcp_tuple *k, const struct tcp_out *o)
{
	struct tcp_out out = *o;
	struct dst d = { .gen = 0 };
	struct pkt *p;

	if (dst_lookup_on(st, &d, o->oif, &k->local, &k->peer, false) != 0)
		return;
	p = pkt_new_tx(&st->pkts, 0);
	if (!p)
		return;
	out.lport = k->lport;
	out.pport = k->pport;
	COUNT(st, TcpOutSegs);
	if (out.flags & TCP_F_RST)
		COUNT(st, TcpOutRsts);
	(void)tcp_xmit(st, &d, &out, p);
}

void tcp_xmit_reset(struct ph_stack *st, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	struct tcp_tuple k = { .local = rx->ip->dst, .peer = rx->ip->src, .lport = s->dport,
			       .pport = s->sport };
	struct tcp_out o = { .flags = TCP_F_RST };

	if (s->flags & TCP_F_RST)
		return;
	if (s->flags & TCP_F_ACK) {
		o.seq = s->ack;
	} else {
		o.flags |= TCP_F_ACK;
		o.ack = tcp_seg_end(s);
	}
	tcp_xmit_bare(st, &k, &o);
}
