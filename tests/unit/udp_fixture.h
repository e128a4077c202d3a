/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of UDP's sockets over IPv4: net_fixture.h's host, calls in one line, datagrams and ICMP
 * errors of the peer. */
#ifndef UNIT_UDP_FIXTURE_H
#define UNIT_UDP_FIXTURE_H

#include "net_fixture.h"

#include "base/cmsg.h"
#include "wire/udp.h"

static inline ph_socket sock(struct host *h, uint16_t port)
{
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = port };
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);

	assert_true(s >= 0);
	if (port)
		assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	return s;
}

static inline void set(struct host *h, ph_socket s, int level, int name, int v)
{
	assert_int_equal(ph_setsockopt(h->st, s, level, name, &v, sizeof(v), h->now), 0);
}

static inline int get(struct host *h, ph_socket s, int level, int name)
{
	uint32_t len = 4;
	int v = -1;

	assert_int_equal(ph_getsockopt(h->st, s, level, name, &v, &len), 0);
	return v;
}

static inline const struct ph_sockaddr *peer_at(uint16_t port)
{
	static struct ph_sockaddr a;

	a = (struct ph_sockaddr){ .family = PH_AF_INET, .port = port, .ip = ip_of4(PEER4) };
	return &a;
}

/* A datagram from the peer's port 9, without a checksum. */
static inline void arrives(struct host *h, uint32_t dst, uint16_t dport, uint16_t sport, size_t n)
{
	struct frame *f = calloc(1, sizeof(*f));
	struct ip4_hdr *ip = frame_ip4(f, PEER4, dst, PH_IPPROTO_UDP, 0);
	struct udp_hdr *u = frame_put(f, sizeof(*u) + n);

	ip->ttl = 33;
	ip->tos = 0x28;
	*u = (struct udp_hdr){ .sport = be16_of(sport),
			       .dport = be16_of(dport),
			       .len = be16_of((uint16_t)(sizeof(*u) + n)) };
	pattern((uint8_t *)u + sizeof(*u), n);
	frame_end(f);
	frame_in(h, f);
	free(f);
}

struct got {
	uint8_t data[70000], control[512];
	int64_t n;
	struct ph_sockaddr from;
	struct ph_iov iov;
	struct ph_msg msg;
};

static inline struct got *receive(struct host *h, ph_socket s, int flags)
{
	static struct got g;

	g.iov = (struct ph_iov){ g.data, sizeof(g.data) };
	g.msg = (struct ph_msg){ .name = &g.from, .iov = &g.iov, .niov = 1,
				 .control = g.control, .control_cap = sizeof(g.control) };
	g.n = ph_recvmsg(h->st, s, &g.msg, flags, h->now);
	return &g;
}

/* The nth control message is this one. */
static inline const void *control(const struct got *g, unsigned nth, int level, int type, size_t len)
{
	struct cmsg c = { 0 };
	size_t at = 0;

	for (unsigned i = 0; i <= nth; i++)
		assert_int_equal(cmsg_next(&g->msg, &at, &c), 1);
	assert_int_equal(c.level, level);
	assert_int_equal(c.type, type);
	assert_int_equal(c.len, len);
	return c.data;
}

static inline int64_t sends(struct host *h, ph_socket s, const struct ph_sockaddr *to, size_t n,
		     const void *ctl, size_t ctl_len)
{
	static uint8_t data[66000];
	union {
		const void *in;
		void *out;
	} c = { .in = ctl };
	struct ph_sockaddr name = *to;
	struct ph_iov iov = { data, n };
	struct ph_msg msg = { .name = &name, .iov = &iov, .niov = 1, .control = c.out,
			      .control_cap = ctl_len, .control_len = ctl_len };

	pattern(data, n);
	return ph_sendmsg(h->st, s, &msg, 0, h->now);
}

/* One control message, as sendmsg takes it. */
static inline size_t one_cmsg(uint8_t *to, int level, int type, const void *data, size_t n)
{
	struct ph_msg msg = { .control = to, .control_cap = 64 };

	cmsg_put(&msg, level, type, data, n);
	return msg.control_len;
}

/* An ICMP error of the peer about what was sent last. */
static inline void icmp_error(struct host *h, uint8_t type, uint8_t code, uint16_t mtu)
{
	struct frame *f = calloc(1, sizeof(*f));
	struct icmp_hdr *icmp;

	frame_ip4(f, PEER4, US4, PH_IPPROTO_ICMP, 0);
	icmp = frame_put(f, sizeof(*icmp) + 40);
	icmp->type = type;
	icmp->code = code;
	icmp->u.frag_needed.mtu = be16_of(mtu);
	memcpy((uint8_t *)icmp + sizeof(*icmp), h->out + ETH_HDR_LEN, 40);
	frame_icmp_csum(f);
	frame_end(f);
	frame_in(h, f);
	free(f);
}

#endif
