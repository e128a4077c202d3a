/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet sockets (AF_PACKET): copies of the frames that come and go, whole (SOCK_RAW) or from the
 * network header on (SOCK_DGRAM), and frames of the user's own. An address is an EtherType (port), a
 * link (scope), a hardware address (the first six octets of ip) and a PH_PACKET_* (flow). What waits is
 * bounded by SO_RCVBUF; what finds no room is counted (PACKET_STATISTICS). Errno are Linux's. There are
 * no rings of shared memory (PACKET_RX_RING and what belongs to it: ENOPROTOOPT), for the stack shares
 * none; programs that would use them read instead. Called by sock/, and by link.c through struct ph_stack.
 */
#include "raw/packet.h"

#include <string.h>

#include "base/cmsg.h"
#include "net/dgram_filter.h"
#include "net/link.h"

/* Headers are copied: a checksum may still be filled in when a frame is given away as bytes. */
enum { COPIED = 256 };
enum { TP_STATUS_USER = 1, TP_STATUS_CSUMNOTREADY = 8, TP_STATUS_CSUM_VALID = 0x80 };

struct packet_pcb {
	struct dgram d;
	uint32_t packets, drops; /* since they were asked for last */
	uint16_t ethertype;	 /* what it hears; PH_ETH_P_ALL: everything, 0: nothing */
	ph_link link;		 /* 0: of all links; -1: of one that is gone */
	bool auxdata, ignore_outgoing;
};

struct packet_state {
	struct pool pcbs;
	struct list all; /* of struct packet_pcb, by d.all */
};

static struct packet_pcb *packet_of(struct dgram *d)
{
	return container_of(d, struct packet_pcb, d);
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Where a frame's network header is, what it holds and to whom it went. */
struct frame_info {
	uint32_t header; /* octets of its link header */
	uint16_t ethertype;
	uint8_t type; /* PH_PACKET_* */
	uint8_t src[ETH_ADDR_LEN];
};

static uint8_t kind_of(const struct link *l, const struct eth_hdr *h)
{
	static const uint8_t all[ETH_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (memcmp(h->dst, all, sizeof(all)) == 0)
		return PH_PACKET_BROADCAST;
	if (h->dst[0] & 1)
		return PH_PACKET_MULTICAST;
	return memcmp(h->dst, l->mac, ETH_ADDR_LEN) == 0 ? PH_PACKET_HOST : PH_PACKET_OTHERHOST;
}

/* lo's frames have Linux's: addresses of zeros, and the type. */
static bool has_header(const struct link *l)
{
	return l->kind == PH_LINK_ETHER || l->kind == PH_LINK_LOOPBACK;
}

/* False: too short to be a frame. */
static bool look(const struct link *l, const struct frame_seen *f, struct frame_info *i)
{
	struct eth_hdr h;
	uint8_t first = 0;

	*i = (struct frame_info){ .type = f->out ? PH_PACKET_OUTGOING : PH_PACKET_HOST };
	if (!has_header(l)) {
		(void)pkt_copy_out(f->pkt, 0, &first, 1);
		i->ethertype = first >> 4 == 6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4;
		return f->pkt->len > 0;
	}
	if (f->header)
		memcpy(&h, f->header, sizeof(h));
	else if (pkt_copy_out(f->pkt, 0, &h, sizeof(h)) < sizeof(h))
		return false;
	i->header = f->header ? 0 : (uint32_t)sizeof(h);
	i->ethertype = be16_get(h.type);
	memcpy(i->src, h.src, sizeof(i->src));
	if (!f->out)
		i->type = kind_of(l, &h);
	return true;
}

/* As Linux: what we send ourselves is for those who hear everything, and not for who sent it. */
static bool wants(const struct packet_pcb *p, const struct frame_seen *f, const struct frame_info *i)
{
	if (p->link != 0 && p->link != f->link)
		return false;
	if (f->out && (p->ignore_outgoing || p->ethertype != PH_ETH_P_ALL ||
		       f->pkt->sender == p->d.ready.socket + 1))
		return false;
	return p->ethertype == PH_ETH_P_ALL || (p->ethertype && p->ethertype == i->ethertype);
}

/* False: its program wants nothing of it. */
static bool filter(struct ph_stack *st, const struct packet_pcb *p, const struct frame_seen *f,
		   const struct frame_info *i, struct dgram_bytes *bytes)
{
	bool whole = p->d.ops == &packet_raw_ops;
	struct bpf_packet view = { .lead = bytes->lead,
				   .lead_len = bytes->lead_len,
				   .pkt = bytes->pkt,
				   .off = bytes->off,
				   .len = bytes->len,
				   .net_at = whole ? (int32_t)(f->header ? ETH_HDR_LEN : i->header) : 0,
				   .has_link = whole,
				   .ethertype = i->ethertype,
				   .pkttype = i->type,
				   .ifindex = (uint32_t)f->link };
	uint32_t wants = dgram_filter_run(st, &p->d, &view);

	dgram_bytes_trim(bytes, wants);
	return wants > 0;
}

static void queue(struct ph_stack *st, struct packet_pcb *p, const struct frame_seen *f,
		  const struct frame_info *i)
{
	bool whole = p->d.ops == &packet_raw_ops;
	uint8_t head[COPIED];
	struct dgram_bytes bytes = { .pkt = f->pkt, .off = whole ? 0 : i->header, .lead = head };
	struct ip_rx rx = { .pkt = f->pkt, .link = f->link, .at_ns = st->now_ns };
	struct dgram_record *r;
	enum drop why;
	uint32_t n, len;

	if (whole && f->header) {
		memcpy(head, f->header, ETH_HDR_LEN);
		bytes.lead_len = ETH_HDR_LEN;
	}
	n = pkt_copy_out(f->pkt, bytes.off, head + bytes.lead_len, COPIED - bytes.lead_len);
	bytes.lead_len += n;
	bytes.off += n;
	bytes.len = f->pkt->len - bytes.off;
	len = bytes.lead_len + bytes.len;
	if (!filter(st, p, f, i, &bytes))
		return;
	p->packets++;
	r = dgram_queue(st, &p->d, &rx, &bytes, &why);
	if (!r) {
		p->drops++;
		count_drop(&st->counters, why);
		return;
	}
	r->from = (struct ph_sockaddr){ .family = PH_AF_PACKET, .port = i->ethertype,
					.scope = (uint32_t)f->link, .flow = i->type };
	memcpy(r->from.ip.b, i->src, sizeof(i->src));
	r->rx.flow = len;
	r->rx.tos = f->pkt->csum == PKT_CSUM_TODO ? TP_STATUS_CSUMNOTREADY :
		    f->pkt->csum == PKT_CSUM_GOOD ? (uint8_t)TP_STATUS_CSUM_VALID :
						    0;
}

static void packet_tap(struct ph_stack *st, const struct frame_seen *f)
{
	const struct link *l = link_get(st, f->link);
	struct frame_info i;
	struct list_node *n;

	if (!look(l, f, &i))
		return;
	list_for_each(n, &st->packet->all) {
		struct packet_pcb *p = container_of(n, struct packet_pcb, d.all);

		if (wants(p, f, &i))
			queue(st, p, f, &i);
	}
}

/* Its number may become another link's: who heard this one hears nothing more, and is told. */
static void packet_link_gone(struct ph_stack *st, ph_link link)
{
	struct list_node *n;

	list_for_each(n, &st->packet->all) {
		struct packet_pcb *p = container_of(n, struct packet_pcb, d.all);

		if (p->link != link)
			continue;
		p->link = -1;
		p->d.err = ENETDOWN;
		ready_set(st, &p->d.ready);
	}
}

/* struct tpacket_auxdata { u32 status, len, snaplen; u16 mac, net, vlan_tci, vlan_tpid } */
static void put_control(const struct ph_stack *st, const struct dgram *d,
			const struct dgram_record *r, struct ph_msg *msg)
{
	uint32_t v[5] = { (uint32_t)TP_STATUS_USER | r->rx.tos, r->rx.flow, r->len, 0, 0 };

	(void)st;
	if (container_of(d, const struct packet_pcb, d)->auxdata)
		cmsg_put(msg, PH_SOL_PACKET, PH_PACKET_AUXDATA, v, sizeof(v));
}

/* ---- the user's calls ----------------------------------------------------------------------- */

static struct dgram *packet_open(struct ph_stack *st, int type, int protocol, int *error)
{
	struct packet_pcb *p = pool_get_zeroed(&st->packet->pcbs);
	be16 ethertype;
	uint16_t wire = (uint16_t)protocol;

	*error = -ENOBUFS;
	if (!p)
		return NULL;
	dgram_init(st, &p->d, type == PH_SOCK_RAW ? &packet_raw_ops : &packet_dgram_ops, PH_AF_PACKET);
	memcpy(&ethertype, &wire, sizeof(ethertype)); /* in network order, as Linux has it */
	p->ethertype = be16_get(ethertype);
	p->d.local.port = p->ethertype;
	list_push_back(&st->packet->all, &p->d.all);
	st->packet_tap = packet_tap;
	st->packet_link_gone = packet_link_gone;
	return &p->d;
}

static struct dgram *open_raw(struct ph_stack *st, int family, int protocol, int *error)
{
	(void)family;
	return packet_open(st, PH_SOCK_RAW, protocol, error);
}

static struct dgram *open_dgram(struct ph_stack *st, int family, int protocol, int *error)
{
	(void)family;
	return packet_open(st, PH_SOCK_DGRAM, protocol, error);
}

static int packet_bind(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	struct packet_pcb *p = packet_of(d);
	const struct link *l = link_get(st, (ph_link)a->scope);

	if (a->scope != 0 && !l)
		return -ENODEV;
	p->link = (ph_link)a->scope;
	if (a->port)
		p->ethertype = a->port;
	d->local.port = p->ethertype;
	d->local.scope = a->scope;
	memset(d->local.ip.b, 0, sizeof(d->local.ip.b));
	if (l && has_header(l))
		memcpy(d->local.ip.b, l->mac, ETH_ADDR_LEN);
	return 0;
}

static int packet_connect(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	(void)st;
	(void)d;
	(void)a;
	return -EOPNOTSUPP;
}

static void push_header(struct pkt *p, const struct link *l, const struct ph_sockaddr *to)
{
	struct eth_hdr *h = (void *)pkt_push(p, sizeof(*h));

	memcpy(h->dst, to->ip.b, sizeof(h->dst));
	memcpy(h->src, l->mac, sizeof(h->src));
	h->type = be16_of(to->port);
}

/* The frame as it will leave, its header in one piece. 0, -EINVAL, -EMSGSIZE, -ENOBUFS. */
static int complete(const struct dgram *d, const struct link *l, struct pkt *p,
		    const struct ph_sockaddr *to)
{
	uint32_t header = has_header(l) ? ETH_HDR_LEN : 0u, most = l->mtu + header;
	const struct eth_hdr *h;

	if (d->ops == &packet_dgram_ops && header)
		push_header(p, l, to);
	if (p->len < header || p->len == 0)
		return -EINVAL;
	if (!pkt_pull_up(p, header ? header : 1))
		return -ENOBUFS;
	h = (const void *)pkt_bytes(p);
	if (header && be16_get(h->type) == ETH_TYPE_VLAN)
		most += (uint32_t)sizeof(struct eth_tag);
	p->l3_off = p->l4_off = (uint16_t)header;
	p->sender = d->ready.socket + 1;
	return p->len > most ? -EMSGSIZE : 0;
}

static int64_t packet_sendmsg(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg,
			      int flags)
{
	struct packet_pcb *s = packet_of(d);
	struct ph_sockaddr to = msg->name ? *msg->name : d->local;
	struct dgram_reader from = { .msg = msg };
	size_t len = dgram_msg_len(msg);
	struct link *l;
	struct pkt *p;
	int rc;

	(void)flags;
	if (d->err)
		return -dgram_take_error(d);
	l = link_get(st, msg->name ? (ph_link)to.scope : s->link);
	if (!l)
		return -ENXIO;
	if (msg->name && to.port == 0)
		to.port = s->ethertype;
	if (len > PKT_LEN_MAX)
		return -EMSGSIZE;
	p = dgram_payload(st, &from, (uint32_t)len);
	if (!p)
		return -ENOBUFS;
	rc = complete(d, l, p, &to);
	if (rc != 0) {
		pkt_free(p);
		return rc;
	}
	rc = link_enqueue(st, l, p);
	return rc == 0 ? (int64_t)len : rc;
}

/* struct packet_mreq: links here hear everything that their device does, so it is only looked at. */
static int membership(const struct ph_stack *st, const void *value, uint32_t len)
{
	int32_t link;

	if (len < 16)
		return -EINVAL;
	memcpy(&link, value, sizeof(link));
	return link_get(st, link) ? 0 : -ENODEV;
}

static int packet_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name,
			     const void *value, uint32_t len)
{
	struct packet_pcb *p = packet_of(d);
	int v, rc;

	if (level == PH_SOL_SOCKET)
		return dgram_setsockopt(st, d, level, name, value, len, false);
	if (level != PH_SOL_PACKET)
		return -ENOPROTOOPT;
	if (name == PH_PACKET_ADD_MEMBERSHIP || name == PH_PACKET_DROP_MEMBERSHIP)
		return membership(st, value, len);
	if (name != PH_PACKET_AUXDATA && name != PH_PACKET_IGNORE_OUTGOING)
		return -ENOPROTOOPT;
	rc = sockopts_int(value, len, &v);
	if (rc != 0)
		return rc;
	if (name == PH_PACKET_AUXDATA)
		p->auxdata = v != 0;
	else if (v < 0 || v > 1)
		return -EINVAL;
	else
		p->ignore_outgoing = v != 0;
	return 0;
}

static int packet_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			     uint32_t *len)
{
	struct packet_pcb *p = packet_of(d);
	uint32_t stats[2] = { p->packets, p->drops };
	int v;

	if (level == PH_SOL_SOCKET)
		return dgram_getsockopt(st, d, level, name, value, len, NULL);
	if (level != PH_SOL_PACKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PH_PACKET_STATISTICS:
		p->packets = p->drops = 0;
		return sockopts_give(value, len, stats, sizeof(stats));
	case PH_PACKET_AUXDATA:
		v = p->auxdata;
		return sockopts_give(value, len, &v, sizeof(v));
	case PH_PACKET_IGNORE_OUTGOING:
		v = p->ignore_outgoing;
		return sockopts_give(value, len, &v, sizeof(v));
	default:
		return -ENOPROTOOPT;
	}
}

static void packet_close(struct ph_stack *st, struct dgram *d)
{
	dgram_free(st, d);
	if (list_empty(&st->packet->all)) { /* frames need not ask */
		st->packet_tap = NULL;
		st->packet_link_gone = NULL;
	}
	pool_put(&st->packet->pcbs, packet_of(d));
}

#define PACKET_OPS(kind, how)                                                                    \
	{                                                                                        \
		.type = (kind), .family = PH_AF_PACKET, .open = (how), .bind = packet_bind,      \
		.connect = packet_connect, .sendmsg = packet_sendmsg,                            \
		.setsockopt = packet_setsockopt, .getsockopt = packet_getsockopt,                \
		.put_control = put_control, .close = packet_close, .no_peer = true               \
	}
const struct dgram_ops packet_raw_ops = PACKET_OPS(PH_SOCK_RAW, open_raw);
const struct dgram_ops packet_dgram_ops = PACKET_OPS(PH_SOCK_DGRAM, open_dgram);

/* ---- all of them ---------------------------------------------------------------------------- */

int packet_new(struct ph_stack *st)
{
	st->packet = mem_alloc(&st->mem, sizeof(*st->packet));
	if (!st->packet)
		return -ENOMEM;
	pool_init(&st->packet->pcbs, &st->mem, "packet sockets", sizeof(struct packet_pcb),
		  st->conf.max_sockets);
	list_init(&st->packet->all);
	return 0;
}

void packet_free(struct ph_stack *st)
{
	struct list_node *n, *next;

	if (!st->packet)
		return;
	list_for_each_safe(n, next, &st->packet->all)
		packet_close(st, container_of(n, struct dgram, all));
	pool_destroy(&st->packet->pcbs);
	mem_free(&st->mem, st->packet, sizeof(*st->packet));
	st->packet = NULL;
}

size_t packet_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->packet->all) {
		const struct packet_pcb *p = container_of(node, const struct packet_pcb, d.all);

		if (i < n)
			dgram_describe(&p->d, p->ethertype, &out[i]);
		i++;
	}
	return i;
}
