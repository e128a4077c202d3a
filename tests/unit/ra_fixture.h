/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of what routers advertise: net6_fixture.h's host configured by them, and advertisements
 * of peer_ll, whose prefix is prefix_a.
 */
#ifndef UNIT_RA_FIXTURE_H
#define UNIT_RA_FIXTURE_H

#include "net6_fixture.h"
#include "own.h"

static const struct ph_ip router2 = { { 0xfe, 0x80, [15] = 7 } },
			  prefix_a = { { 0x20, 1, 0x0d, 0xb8, 0, 1 } };

static inline struct host *slaac_host(const char *name, const char *value)
{
	struct host *h = host_bare((struct ph_conf){ 0 });
	struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };

	h->link = ph_link_add(h->st, &conf, h->now);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.addr_gen_mode", "0"), 0);
	if (name)
		assert_int_equal(ph_sysctl_set(h->st, name, value), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	return h;
}

static inline struct host *ready_host(void)
{
	struct host *h = slaac_host(NULL, NULL);

	host6_settle(h, 4 * NS_PER_S);
	return h;
}

/* An advertisement; options are put behind it, then ra_in(). */
static inline void ra(struct frame *f, const struct ph_ip *src, uint16_t lifetime, int pref)
{
	uint8_t *p = frame_icmp6(f, src, &all_nodes6, ICMP6_RA, sizeof(struct nd_ra));

	frame_hdr6(f)->hop = 255;
	p[5] = (uint8_t)((pref & 3) << 3);
	p[6] = (uint8_t)(lifetime >> 8);
	p[7] = (uint8_t)lifetime;
}

static inline void ra_in(struct host *h, struct frame *f)
{
	frame_icmp6_end(f, AT6);
	frame_in(h, f);
}

static inline void put32(uint8_t *to, uint32_t v)
{
	be32 b = be32_of(v);

	memcpy(to, &b, 4);
}

static inline uint8_t *pio(struct frame *f, const struct ph_ip *prefix, uint8_t len, uint8_t flags,
		    uint32_t valid, uint32_t preferred)
{
	uint8_t *o = frame_put(f, sizeof(struct nd_opt_prefix));

	o[0] = ND_OPT_PREFIX;
	o[1] = 4;
	o[2] = len;
	o[3] = flags;
	put32(o + 4, valid);
	put32(o + 8, preferred);
	memcpy(o + 16, prefix->b, 16);
	return o;
}

static inline void prefix_in(struct host *h, uint32_t valid, uint32_t preferred)
{
	struct frame f;

	ra(&f, &peer_ll, 1800, 0);
	pio(&f, &prefix_a, 64, 0xc0, valid, preferred);
	ra_in(h, &f);
}

/* Addresses of prefix_a with and without this flag. */
static inline unsigned find_addrs(const struct host *h, uint32_t flag, bool with,
			   struct ph_addr_info out[16])
{
	struct ph_addr_info a[32];
	size_t n = own_addrs(h->st, a, 32);
	unsigned count = 0;

	for (size_t i = 0; i < n && i < 32 && count < 16; i++)
		if (memcmp(&a[i].ip, &prefix_a, 8) == 0 && ((a[i].flags & flag) != 0) == with)
			out[count++] = a[i];
	return count;
}

static inline struct ph_addr_info public(const struct host *h)
{
	struct ph_addr_info a[16];

	if (find_addrs(h, PH_ADDR_TEMPORARY, false, a) == 0)
		return (struct ph_addr_info){ .prefix = 0 };
	return a[0];
}

static inline const struct ph_ip *next_hop(struct host *h, const struct ph_ip *to)
{
	static struct ph_ip bare;
	struct dst d = { 0 };

	if (dst_lookup(h->st, &d, NULL, to, false) != 0)
		return NULL;
	bare = ip6_bare(d.next_hop);
	return &bare;
}

static const struct ph_ip near_a = { { 0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 0x77 } };

static inline unsigned routers(const struct host *h)
{
	struct ph_route_info r[16];
	size_t n = ph_routes(h->st, r, 16);
	unsigned count = 0;

	for (size_t i = 0; i < n && i < 16; i++)
		count += r[i].prefix == 0 && !ip_is4(&r[i].dst);
	return count;
}

/* An advertisement of peer_ll with one prefix. */
static inline void ra_prefix(struct host *h, uint16_t lifetime, const struct ph_ip *prefix, uint8_t flags,
		      uint32_t valid)
{
	struct frame f;

	ra(&f, &peer_ll, lifetime, 0);
	pio(&f, prefix, 64, flags, valid, valid);
	ra_in(h, &f);
}

/* What a host with this key makes of prefix_a: temporary ones, too, if asked for. */
static inline struct host *keyed_host(uint8_t key, const char *tempaddr)
{
	struct ph_conf conf = { .now_ns = 5 * NS_PER_S };
	struct ph_link_conf link = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->now = conf.now_ns;
	conf.alloc = host_alloc;
	conf.release = host_release;
	conf.mem_arg = h;
	memset(conf.key, key, sizeof(conf.key));
	h->st = ph_stack_new(&conf);
	assert_non_null(h->st);
	h->link = ph_link_add(h->st, &link, h->now);
	assert_true(h->link > 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.use_tempaddr", tempaddr), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 864000, 864000);
	return h;
}

#endif
