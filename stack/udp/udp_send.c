/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram leaves (RFC 768), or as many as UDP_SEGMENT cuts one send into: destination found,
 * payload copied once, checksum left to the device where it can. Called by the socket layer.
 */
#include "udp/udp_int.h"

#include "base/csum.h"
#include "base/ip.h"
#include "wire/udp.h"

/* One send: what it says, how it leaves, where to. */
struct sending {
	struct dgram_reader from;
	struct stream *grown; /* NULL, or what it says, in place of `from` */
	uint32_t off;	      /* of `grown` that has left */
	const struct ph_sockaddr *to;
	struct dgram_tx tx;
};

/* Where this datagram goes: the connected peer, or an address given with it. */
static int find_dst(struct ph_stack *st, struct udp_pcb *u, struct sending *s)
{
	const struct ph_ip *src = u->d.user_addr || u->d.connected ? &u->d.local.ip : NULL;
	bool broadcast = (u->d.so.flags & SOCKOPT_BROADCAST) != 0;
	ph_link oif;

	if (src && addr_is_group(st, src))
		src = NULL; /* bound to a group, to hear it */
	oif = dgram_way(&u->d, &s->tx, &s->to->ip, &src);
	if (u->d.dst.gen && ip_eq(&u->d.dst.dst, &s->to->ip) && u->d.dst.oif == oif &&
	    ip_is_any(&s->tx.src))
		return dst_refresh(st, &u->d.dst);
	return dst_lookup_as(st, &u->d.dst, oif, u->d.ip6.prefer, src, &s->to->ip, broadcast);
}

/* RFC 768, and 6935 5 over IPv6: none only where the socket says so, and then for all it sends. */
static bool without_checksum(const struct udp_pcb *u)
{
	return u->d.dst.v6 ? u->no_check6_tx : (u->d.so.flags & SOCKOPT_NO_CHECK) != 0;
}

static void push_header(struct pkt *p, const struct udp_pcb *u, uint16_t dport, uint8_t opt_len)
{
	uint32_t len = p->len + (uint32_t)sizeof(struct udp_hdr);
	uint64_t pseudo = csum_pseudo(&u->d.dst.src, &u->d.dst.dst, PH_IPPROTO_UDP, len);
	struct udp_hdr *h = (void *)pkt_push(p, sizeof(*h));

	*h = (struct udp_hdr){ .sport = be16_of(u->d.local.port),
			       .dport = be16_of(dport),
			       .len = be16_of((uint16_t)len) };
	if (without_checksum(u))
		return;
	/* What does not fit is cut, and must be summed whole before. */
	if (len + (u->d.dst.v6 ? 40u : 20u + opt_len) <= u->d.dst.mtu) {
		h->csum = be16_of(csum_fold(pseudo));
		p->csum = PKT_CSUM_TODO;
		p->csum_start = 0;
		p->csum_off = UDP_CSUM_OFF;
	} else {
		uint16_t sum = csum_finish(csum_pkt(pseudo, p, 0, len));

		h->csum = be16_of(sum ? sum : 0xffff); /* RFC 768: zero would mean none */
	}
}

static struct pkt *payload(struct ph_stack *st, struct sending *s, uint32_t len)
{
	struct pkt *p;

	if (!s->grown)
		return dgram_payload(st, &s->from, len);
	p = pkt_new_tx(&st->pkts, 0);
	if (p && stream_to_pkt(s->grown, s->off, len, p) == len) {
		s->off += len;
		return p;
	}
	pkt_free(p); /* more pieces than a packet has: memory was short when it grew */
	return NULL;
}

static int send_one(struct ph_stack *st, struct udp_pcb *u, struct sending *s, uint32_t len)
{
	struct pkt *p = payload(st, s, len);
	int rc;

	if (!p)
		return -ENOBUFS;
	push_header(p, u, s->to->port, s->tx.opt_len);
	dgram_mark(&u->d, &s->tx, &u->d.dst, p);
	rc = ip_output(st, p, &u->d.dst, &s->tx.ip);
	if (rc != 0)
		UDP_COUNT(st, !u->d.dst.v6, SndbufErrors);
	else
		UDP_COUNT(st, !u->d.dst.v6, OutDatagrams);
	return rc;
}

/* Linux's bounds: each datagram fits the path whole, no more than so many, with a checksum. */
static int check_segments(const struct udp_pcb *u, uint32_t len, uint32_t segment)
{
	uint32_t header = (u->d.dst.v6 ? 40u : 20u) + (uint32_t)sizeof(struct udp_hdr);

	if (segment + header > u->d.dst.mtu)
		return -EMSGSIZE;
	if (len > segment * (uint32_t)UDP_SEGMENTS_MAX || without_checksum(u))
		return -EINVAL;
	return 0;
}

static int send_all(struct ph_stack *st, struct udp_pcb *u, struct sending *s, uint32_t len)
{
	uint32_t each = s->tx.segment && s->tx.segment < len ? s->tx.segment : len, done = 0;
	int rc = each < len ? check_segments(u, len, each) : 0;

	if (rc == 0)
		rc = dgram_tx_fit(st, &u->d, &s->tx, &u->d.dst, each + (uint32_t)sizeof(struct udp_hdr),
				  s->to);
	if (rc == 0 && len == 0)
		rc = send_one(st, u, s, 0);
	while (rc == 0 && done < len) {
		uint32_t n = len - done < each ? len - done : each;

		rc = send_one(st, u, s, n);
		done += n;
	}
	if (rc == 0)
		dgram_sent(st, &u->d, &s->tx, s->to);
	return rc;
}

static int check_target(const struct udp_pcb *u, const struct ph_msg *msg,
			const struct ph_sockaddr *to, size_t len)
{
	if (u->d.shut_wr)
		return -EPIPE;
	if (len > (ip_is4(&to->ip) ? UDP_DATA_MAX4 : UDP_DATA_MAX6))
		return -EMSGSIZE;
	if (!msg->name && !u->d.connected)
		return -EDESTADDRREQ;
	if (u->d.v6 && u->d.ip6.only && ip_is4(&to->ip))
		return -ENETUNREACH;
	return to->port == 0 ? -EINVAL : 0;
}

/* What is said of the whole datagram with its first bytes. */
static int prepare(struct ph_stack *st, struct udp_pcb *u, const struct ph_msg *msg, size_t len,
		   struct sending *s)
{
	bool v4 = ip_is4(&s->to->ip);
	int rc = check_target(u, msg, s->to, len);

	if (rc == 0)
		rc = dgram_tx_init(st, &u->d, msg, v4, &s->tx);
	if (rc != 0)
		return rc;
	if (s->tx.segment == 0)
		s->tx.segment = u->segment;
	s->tx.ip.proto = PH_IPPROTO_UDP;
	s->tx.ip.flow = !v4 && u->d.ip6.flow_send ? s->to->flow : 0;
	if (!u->d.local.port && (rc = udp_take_port(st, u, 0)) != 0)
		return rc == -EADDRINUSE ? -EAGAIN
					 : rc; /* as Linux: no port left is worth another try */
	return find_dst(st, u, s);
}

/* The destination is found. */
static int leave(struct ph_stack *st, struct udp_pcb *u, struct sending *s, uint32_t len)
{
	uint16_t mtu = u->d.dst.mtu;
	int rc = send_all(st, u, s, len);

	u->d.dst.mtu = mtu; /* IP_MTU_DISCOVER may have looked past it */
	if (!ip_is_any(&s->tx.src))
		u->d.dst.gen = 0; /* this send's own */
	return rc;
}

/* ---- datagrams that grow -------------------------------------------------------------------- */

void udp_cork_drop(struct ph_stack *st, struct udp_pcb *u)
{
	if (!u->cork)
		return;
	stream_clear(&u->cork->bytes);
	pool_put(&st->udp->corks, u->cork);
	u->cork = NULL;
}

int udp_cork_send(struct ph_stack *st, struct udp_pcb *u)
{
	struct sending s;
	int rc;

	if (!u->cork)
		return 0;
	s = (struct sending){ .grown = &u->cork->bytes, .to = &u->cork->to, .tx = u->cork->tx };
	rc = find_dst(st, u, &s);
	if (rc == 0)
		rc = leave(st, u, &s, u->cork->bytes.len);
	udp_cork_drop(st, u);
	return rc;
}

/* As Linux: what does not fit takes with it what has grown. */
static int grow(struct ph_stack *st, struct udp_pcb *u, const struct ph_msg *msg, size_t len)
{
	struct udp_cork *c = u->cork;
	uint32_t most = ip_is4(&c->to.ip) ? UDP_DATA_MAX4 : UDP_DATA_MAX6;
	int rc = u->d.shut_wr ? -EPIPE : len > most - c->bytes.len ? -EMSGSIZE : 0;

	for (size_t i = 0; i < msg->niov && rc == 0; i++) {
		uint32_t n = (uint32_t)msg->iov[i].len;

		if (n > 0 && stream_write(&c->bytes, msg->iov[i].base, n, most) < n)
			rc = -ENOBUFS;
	}
	if (rc != 0)
		udp_cork_drop(st, u);
	return rc;
}

static int start_growing(struct ph_stack *st, struct udp_pcb *u, const struct sending *s)
{
	u->cork = pool_get_zeroed(&st->udp->corks);
	if (!u->cork)
		return -ENOBUFS;
	u->cork->to = *s->to;
	u->cork->tx = s->tx;
	stream_init(&u->cork->bytes, &st->pkts, &st->stream_nodes);
	return 0;
}

int64_t udp_sendmsg(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg, int flags)
{
	struct udp_pcb *u = udp_of(d);
	struct sending s = { .from = { .msg = msg }, .to = msg->name ? msg->name : &d->peer };
	bool more = u->corked || (flags & PH_MSG_MORE);
	size_t len = dgram_msg_len(msg);
	int rc = 0;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (d->err)
		return -dgram_take_error(d);
	if (!u->cork)
		rc = prepare(st, u, msg, len, &s);
	if (rc != 0)
		return rc;
	if (!u->cork && !more) {
		rc = leave(st, u, &s, (uint32_t)len);
		return rc == 0 ? (int64_t)len : rc;
	}
	if (!u->cork)
		rc = start_growing(st, u, &s);
	if (rc == 0)
		rc = grow(st, u, msg, len);
	if (rc == 0 && !more)
		rc = udp_cork_send(st, u);
	return rc == 0 ? (int64_t)len : rc;
}
