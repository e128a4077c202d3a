/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of stack/net: a stack with one link and one address, 10.0.0.2/24, whose memory is
 * counted, and frames of a peer, 10.0.0.1, built as bytes. Every test ends with host_free(), which
 * asks for every packet and buffer back.
 */
#ifndef UNIT_NET_FIXTURE_H
#define UNIT_NET_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/be.h"
#include "base/csum.h"
#include "base/ip.h"
#include "net/net.h"
#include "net/ip4.h"
#include "net/net_state.h"
#include "phantom/phantom.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip4.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

enum { US4 = 0x0a000002, PEER4 = 0x0a000001, OTHER4 = 0x0a000003, BCAST4 = 0x0a0000ff };

static const uint8_t us_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 },
		     other_mac[6] = { 2, 0, 0, 0, 0, 3 },
		     all_mac[6] = { 255, 255, 255, 255, 255, 255 }, no_mac[6];

struct host {
	struct ph_stack *st;
	ph_link link;
	uint64_t now;
	size_t allocated;
	uint8_t out[70000]; /* the frame last taken */
	int out_len;
};

static inline void *host_alloc(void *arg, size_t size)
{
	((struct host *)arg)->allocated += size;
	return malloc(size);
}

static inline void host_release(void *arg, void *ptr, size_t size)
{
	((struct host *)arg)->allocated -= size;
	free(ptr);
}

static inline struct host *host_bare(struct ph_conf conf)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->now = 5 * NS_PER_S;
	conf.alloc = host_alloc;
	conf.release = host_release;
	conf.mem_arg = h;
	conf.now_ns = h->now;
	if (!conf.key[0])
		memset(conf.key, 7, sizeof(conf.key));
	h->st = ph_stack_new(&conf);
	assert_non_null(h->st);
	return h;
}

static inline struct host *host_with(struct ph_link_conf conf)
{
	struct host *h = host_bare((struct ph_conf){ 0 });
	struct ph_ip ip = ip_of4(US4);

	conf.name = "t0";
	memcpy(conf.mac, us_mac, sizeof(conf.mac));
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_true(h->link > 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &ip, 24, h->now), 0);
	return h;
}

static inline struct host *host_new(void)
{
	return host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER });
}

/* The next frame to send: its length, 0 when there is none. */
static inline int host_take(struct host *h)
{
	h->out_len = ph_link_output_bytes(h->st, h->link, h->out, sizeof(h->out), h->now);
	assert_true(h->out_len >= 0);
	return h->out_len;
}

static inline void host_run(struct host *h, uint64_t after_ns)
{
	h->now += after_ns;
	ph_stack_run(h->st, h->now);
}

/* Time passes until the next frame, which is taken: how much; UINT64_MAX: there is none within. */
static inline uint64_t wait_frame(struct host *h, uint64_t most_ns)
{
	uint64_t start = h->now;

	while (host_take(h) == 0) {
		uint64_t at = ph_stack_deadline(h->st);

		if (at > start + most_ns)
			return UINT64_MAX;
		h->now = at > h->now ? at : h->now;
		ph_stack_run(h->st, h->now);
	}
	return h->now - start;
}

static inline uint64_t count_of(const struct host *h, const char *name)
{
	for (size_t i = 0; ph_counter_name(i); i++)
		if (strcmp(ph_counter_name(i), name) == 0)
			return ph_counter(h->st, i);
	fail_msg("there is no counter %s", name);
	return 0;
}

static inline uint64_t drops_of(const struct host *h, const char *reason)
{
	char name[64];

	snprintf(name, sizeof(name), "PhantomDrop%s", reason);
	return count_of(h, name);
}

static inline void host_free(struct host *h)
{
	struct ph_usage u;

	if (h->link > 0 && link_get(h->st, h->link))
		while (host_take(h) > 0)
			;
	while (h->link > 0 && ph_link_remove(h->st, h->link, h->now) == 0)
		;
	for (uint64_t at; (at = ph_stack_deadline(h->st)) != PH_NEVER;) {
		h->now = at > h->now ? at : h->now;
		ph_stack_run(h->st, h->now);
	}
	ph_stack_usage(h->st, &u);
	assert_int_equal(u.packets, 0);
	assert_int_equal(u.buffers, 0);
	assert_int_equal(u.reassemblies, 0);
	assert_int_equal(u.neighbours, 0);
	assert_int_equal(u.timers, 0);
	ph_stack_free(h->st);
	assert_int_equal(h->allocated, 0);
	free(h);
}

/* ---- frames --------------------------------------------------------------------------------- */

struct frame {
	uint8_t b[70000];
	size_t len;
};

static inline void frame_in(struct host *h, const struct frame *f)
{
	assert_int_equal(ph_link_input_bytes(h->st, h->link, f->b, f->len, NULL, h->now), 0);
}

static inline void *frame_put(struct frame *f, size_t n)
{
	void *p = f->b + f->len;

	assert_true(f->len + n <= sizeof(f->b));
	memset(p, 0, n);
	f->len += n;
	return p;
}

static inline void frame_eth(struct frame *f, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
	struct eth_hdr *h;

	f->len = 0;
	h = frame_put(f, sizeof(*h));
	memcpy(h->dst, dst, 6);
	memcpy(h->src, src, 6);
	h->type = be16_of(type);
}

static inline struct arp_hdr *frame_arp(struct frame *f, uint16_t op, const uint8_t *mac,
					uint32_t sender, uint32_t target)
{
	struct arp_hdr *h;

	frame_eth(f, op == ARP_OP_REQUEST ? all_mac : us_mac, mac, ETH_TYPE_ARP);
	h = frame_put(f, sizeof(*h));
	*h = (struct arp_hdr){ .hw = be16_of(1),
			       .proto = be16_of(0x0800),
			       .hw_len = 6,
			       .proto_len = 4,
			       .op = be16_of(op) };
	memcpy(h->sender_mac, mac, 6);
	h->sender_ip = be32_of(sender);
	h->target_ip = be32_of(target);
	if (op == ARP_OP_REPLY)
		memcpy(h->target_mac, us_mac, 6);
	return h;
}

/* An IPv4 header behind Ethernet's, with room for `options` bytes; frame_end() makes it right. */
static inline struct ip4_hdr *frame_ip4(struct frame *f, uint32_t src, uint32_t dst, uint8_t proto,
					uint32_t options)
{
	struct ip4_hdr *h;

	frame_eth(f, us_mac, peer_mac, ETH_TYPE_IP4);
	h = frame_put(f, sizeof(*h) + options);
	*h = (struct ip4_hdr){ .ver_ihl = (uint8_t)(0x40 | (5 + options / 4)),
			       .ttl = 64,
			       .id = be16_of(0x1234),
			       .proto = proto,
			       .src = be32_of(src),
			       .dst = be32_of(dst) };
	return h;
}

static inline struct ip4_hdr *frame_ip(struct frame *f)
{
	return (struct ip4_hdr *)(void *)(f->b + ETH_HDR_LEN);
}

static inline uint32_t frame_ip_len(struct frame *f)
{
	return 4 * (frame_ip(f)->ver_ihl & 15u);
}

static inline void frame_ip_csum(struct frame *f)
{
	frame_ip(f)->csum = be16_of(0);
	frame_ip(f)->csum = be16_of(csum_finish(csum_add(0, frame_ip(f), frame_ip_len(f))));
}

/* Length and checksum, of what was put. */
static inline void frame_end(struct frame *f)
{
	frame_ip(f)->len = be16_of((uint16_t)(f->len - ETH_HDR_LEN));
	frame_ip_csum(f);
}

static inline void pattern(uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(i * 7 + i / 251);
}

/* A whole echo request of `n` bytes of data. */
static inline struct icmp_hdr *frame_echo(struct frame *f, uint32_t src, uint32_t dst, size_t n)
{
	struct icmp_hdr *h;

	frame_ip4(f, src, dst, PH_IPPROTO_ICMP, 0);
	h = frame_put(f, sizeof(*h) + n);
	h->type = ICMP4_ECHO;
	h->u.echo.id = be16_of(77);
	h->u.echo.seq = be16_of(1);
	pattern((uint8_t *)h + sizeof(*h), n);
	h->csum = be16_of(csum_finish(csum_add(0, h, (uint32_t)(sizeof(*h) + n))));
	frame_end(f);
	return h;
}

static inline void frame_icmp_csum(struct frame *f)
{
	struct icmp_hdr *h = (void *)(f->b + ETH_HDR_LEN + frame_ip_len(f));
	uint32_t n = (uint32_t)(f->len - ETH_HDR_LEN - frame_ip_len(f));

	h->csum = be16_of(0);
	h->csum = be16_of(csum_finish(csum_add(0, h, n)));
}

/* What was taken last, by layer. */
static inline const struct eth_hdr *out_eth(const struct host *h)
{
	return (const void *)h->out;
}

static inline const struct arp_hdr *out_arp(const struct host *h)
{
	return (const void *)(h->out + ETH_HDR_LEN);
}

static inline const struct ip4_hdr *out_ip4(const struct host *h)
{
	return (const void *)(h->out + ETH_HDR_LEN);
}

static inline const uint8_t *out_l4(const struct host *h)
{
	return h->out + ETH_HDR_LEN + IP4_HDR_LEN;
}

/* ---- sending -------------------------------------------------------------------------------- */

enum { TEST_PROTO = 253 }; /* RFC 3692: for experiments */

/* A transport of our own: what it was given, and what it was told went wrong. */
struct test_l4 {
	unsigned inputs, errors;
	struct ip_rx rx;
	struct ip_err err;
	uint8_t data[70000], quote[64];
	uint32_t len;
};
static struct test_l4 test_l4;

static inline enum drop test_l4_input(struct ph_stack *st, const struct ip_rx *rx)
{
	(void)st;
	test_l4.inputs++;
	test_l4.rx = *rx;
	test_l4.len = pkt_copy_out(rx->pkt, 0, test_l4.data, sizeof(test_l4.data));
	assert_int_equal(test_l4.len, rx->l4_len);
	return DROP_NONE;
}

static inline void test_l4_error(struct ph_stack *st, const struct ip_err *err)
{
	(void)st;
	test_l4.errors++;
	test_l4.err = *err;
	memcpy(test_l4.quote, err->quote, err->quote_len < 64 ? err->quote_len : 64);
	test_l4.err.quote = test_l4.quote;
}

static inline void host_test_l4(struct host *h)
{
	static const struct l4_proto proto = { .input = test_l4_input, .error = test_l4_error };

	memset(&test_l4, 0, sizeof(test_l4));
	h->st->l4[TEST_PROTO] = &proto;
}

static inline struct dst host_dst(struct host *h, uint32_t to)
{
	struct ph_ip ip = ip_of4(to);
	struct dst d = { 0 };

	assert_int_equal(dst_lookup(h->st, &d, NULL, &ip, true), 0);
	return d;
}

/* A packet of n bytes of pattern, the first of them `mark`, as a transport would make it. */
static inline struct pkt *host_payload(struct host *h, uint8_t mark, uint32_t n)
{
	struct pkt *p = pkt_new_tx(&h->st->pkts, 64);
	struct buf *b;

	assert_non_null(p);
	pattern(pkt_put(p, n < 64 ? n : 64), n < 64 ? n : 64);
	if (n > 64) {
		uint8_t *all = malloc(n);

		assert_non_null(all);
		pattern(all, n);
		b = buf_new(&h->st->pkts, n);
		assert_non_null(b);
		memcpy(b->bytes, all, n);
		assert_true(pkt_add_span(p, b, 64, n - 64));
		buf_put(b);
		free(all);
	}
	pkt_bytes(p)[0] = mark;
	return p;
}

static inline int host_send_on(struct host *h, struct dst *d, uint8_t mark, uint32_t n)
{
	struct ip_tx tx = { .proto = TEST_PROTO };

	return ip_output(h->st, host_payload(h, mark, n), d, &tx);
}

static inline int host_send(struct host *h, uint32_t to, uint8_t mark)
{
	struct dst d = host_dst(h, to);

	return host_send_on(h, &d, mark, 20);
}

/* The peer's address is told by its own request, so that answers need no question first. */
static inline void host_knows_peer(struct host *h)
{
	struct frame *f = malloc(sizeof(*f));

	assert_non_null(f);
	frame_arp(f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	frame_in(h, f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + sizeof(struct arp_hdr));
	free(f);
}

#endif
