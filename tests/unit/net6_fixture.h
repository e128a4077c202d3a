/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of IPv6 in stack/net: net_fixture.h's host with fd00::2/64 and fe80::2 instead, and
 * frames of a peer, fd00::1 or fe80::1.
 */
#ifndef UNIT_NET6_FIXTURE_H
#define UNIT_NET6_FIXTURE_H

#include "net_fixture.h"

#include "net/addr6.h"
#include "net/if6.h"
#include "net/ip6.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

static const struct ph_ip us6 = { { 0xfd, 0, [15] = 2 } }, peer6 = { { 0xfd, 0, [15] = 1 } },
			  other6 = { { 0xfd, 0, [15] = 3 } }, far6 = { { 0x20, 1, 0x0d, 0xb8,
									 [15] = 9 } },
			  us_ll = { { 0xfe, 0x80, [8] = 0, [11] = 0xff, 0xfe, 0, 0, 2 } },
			  peer_ll = { { 0xfe, 0x80, [15] = 1 } }, none6,
			  all_nodes6 = { { 0xff, 2, [15] = 1 } },
			  us_solicited = { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } };
static const uint8_t all_mac6[6] = { 0x33, 0x33, 0, 0, 0, 1 },
		     us_sol_mac[6] = { 0x33, 0x33, 0xff, 0, 0, 2 };

/* Lets time pass and throws away what is sent meanwhile. */
static inline void host6_settle(struct host *h, uint64_t ns)
{
	uint64_t until = h->now + ns;

	while (h->now < until) {
		uint64_t at = ph_stack_deadline(h->st);

		h->now = at < until ? (at > h->now ? at : h->now) : until;
		ph_stack_run(h->st, h->now);
		while (host_take(h) > 0)
			;
	}
}

/* A link with IPv6 as said and no address of IPv4; its addresses are ready. */
static inline struct host *host6_with(struct ph_link_conf conf, enum ph_ipv6_mode mode)
{
	struct host *h = host_bare((struct ph_conf){ 0 });

	conf.name = "t0";
	memcpy(conf.mac, us_mac, sizeof(conf.mac));
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_true(h->link > 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.addr_gen_mode", "0"), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, mode, h->now), 0);
	return h;
}

static inline struct host *host6_new(void)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);

	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	host6_settle(h, 5 * NS_PER_S);
	return h;
}

/* As the stack has it inside. */
static inline struct ph_ip scoped(const struct host *h, const struct ph_ip *ip)
{
	return ip6_with_scope(*ip, (uint32_t)h->link);
}

/* An IPv6 header behind Ethernet's; frame6_end() gives the length. */
static inline struct ip6_hdr *frame_ip6(struct frame *f, const struct ph_ip *src,
					const struct ph_ip *dst, uint8_t next)
{
	uint8_t mac[6] = { 0x33, 0x33, dst->b[12], dst->b[13], dst->b[14], dst->b[15] };
	struct ip6_hdr *h;

	frame_eth(f, dst->b[0] == 0xff ? mac : us_mac, peer_mac, ETH_TYPE_IP6);
	h = frame_put(f, sizeof(*h));
	*h = (struct ip6_hdr){ .ver_class_flow = be32_of(6u << 28), .next = next, .hop = 64 };
	memcpy(h->src, src->b, 16);
	memcpy(h->dst, dst->b, 16);
	return h;
}

static inline struct ip6_hdr *frame_hdr6(struct frame *f)
{
	return (struct ip6_hdr *)(void *)(f->b + ETH_HDR_LEN);
}

static inline void frame6_end(struct frame *f)
{
	frame_hdr6(f)->len = be16_of((uint16_t)(f->len - ETH_HDR_LEN - IP6_HDR_LEN));
}

/* The length, and the checksum of the ICMPv6 message that begins at `at` of the frame. */
static inline void frame_icmp6_end(struct frame *f, size_t at)
{
	struct ph_ip src, dst;
	uint32_t len = (uint32_t)(f->len - at);
	be16 sum = be16_of(0);

	frame6_end(f);
	memcpy(src.b, frame_hdr6(f)->src, 16);
	memcpy(dst.b, frame_hdr6(f)->dst, 16);
	memcpy(f->b + at + 2, &sum, 2);
	sum = be16_of(csum_finish(csum_add(csum_pseudo(&src, &dst, 58, len), f->b + at, len)));
	memcpy(f->b + at + 2, &sum, 2);
}

/* An ICMPv6 message of `len` zeros but for its type; finished by frame_icmp6_end(f, AT6). */
enum { AT6 = ETH_HDR_LEN + IP6_HDR_LEN };
static inline uint8_t *frame_icmp6(struct frame *f, const struct ph_ip *src,
				   const struct ph_ip *dst, uint8_t type, size_t len)
{
	uint8_t *p;

	frame_ip6(f, src, dst, IP6_NEXT_ICMP);
	p = frame_put(f, len);
	p[0] = type;
	return p;
}

/* The neighbour discovery option that gives a hardware address. */
static inline void frame_mac_opt(struct frame *f, uint8_t type, const uint8_t *mac)
{
	uint8_t *o = frame_put(f, 8);

	o[0] = type;
	o[1] = 1;
	memcpy(o + 2, mac, 6);
}

/* NS or NA about a target, finished. */
static inline void frame_nd(struct frame *f, uint8_t type, const struct ph_ip *src,
			    const struct ph_ip *dst, const struct ph_ip *target, uint8_t flags,
			    const uint8_t *mac)
{
	uint8_t *p = frame_icmp6(f, src, dst, type, sizeof(struct nd_ns));

	frame_hdr6(f)->hop = 255;
	p[4] = flags;
	memcpy(p + 8, target->b, 16);
	if (mac)
		frame_mac_opt(f, type == ICMP6_NS ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC, mac);
	frame_icmp6_end(f, AT6);
}

static inline const struct ip6_hdr *out_ip6(const struct host *h)
{
	return (const void *)(h->out + ETH_HDR_LEN);
}

/* What was taken last is an ICMPv6 message of this type whose checksum is right. */
static inline const uint8_t *out_icmp6(const struct host *h, uint8_t type)
{
	const uint8_t *p = h->out + AT6;
	uint32_t len = (uint32_t)(h->out_len - AT6);
	struct ph_ip src, dst;

	assert_true(h->out_len >= AT6 + 8);
	assert_int_equal(out_ip6(h)->next, IP6_NEXT_ICMP);
	assert_int_equal(p[0], type);
	memcpy(src.b, out_ip6(h)->src, 16);
	memcpy(dst.b, out_ip6(h)->dst, 16);
	assert_int_equal(csum_fold(csum_add(csum_pseudo(&src, &dst, 58, len), p, len)), 0xffff);
	return p;
}

/*
 * The next ICMPv6 message of this type to leave within `ns`, behind Router Alert or not; others are
 * thrown away. NULL: there is none, and the time has passed.
 */
static inline const uint8_t *next_icmp6(struct host *h, uint8_t type, uint64_t ns)
{
	uint64_t end = h->now + ns;

	for (;;) {
		uint64_t at;

		while (host_take(h) >= AT6 + 4) {
			const uint8_t *p = h->out + AT6;

			if (out_ip6(h)->next == IP6_NEXT_HOPOPTS && h->out_len >= AT6 + 12)
				p += 8;
			else if (out_ip6(h)->next != IP6_NEXT_ICMP)
				continue;
			if (p[0] == type)
				return p;
		}
		at = ph_stack_deadline(h->st);
		if (at > end)
			break;
		host_run(h, at > h->now ? at - h->now : 0);
	}
	host_run(h, end - h->now);
	return NULL;
}

/* The peer becomes known, so that what is sent to it leaves at once. */
static inline void host6_know(struct host *h, const struct ph_ip *ip)
{
	assert_int_equal(ph_neigh_add(h->st, h->link, ip, peer_mac, h->now), 0);
}

#endif
