/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile neighbour over IPv6: sound messages of every kind with bytes made wrong, cut short and
 * lied about, by the ten thousand, while time passes. The stack must keep what it claims, answer
 * others, and give everything back.
 */
#include "net6_fixture.h"

#include "base/claim.h"

enum { RUNS = 20, FRAMES = 2000 };

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

static void option(struct frame *f, uint8_t type, uint8_t len, size_t at, uint8_t value)
{
	uint8_t *o = frame_put(f, len * 8u);

	o[0] = type;
	o[1] = len;
	o[at] = value;
}

static void advertisement(struct frame *f)
{
	uint8_t *o = frame_icmp6(f, &peer_ll, &all_nodes6, ICMP6_RA, sizeof(struct nd_ra));

	frame_hdr6(f)->hop = 255;
	o[5] = (uint8_t)any(256);
	o[7] = (uint8_t)any(256);
	o = frame_put(f, 32);
	o[0] = ND_OPT_PREFIX;
	o[1] = 4;
	o[2] = 64;
	o[3] = 0xc0;
	o[7] = (uint8_t)any(256);
	o[11] = (uint8_t)any(256);
	memcpy(o + 16, far6.b, 8);
	o[16 + any(8)] = (uint8_t)any(4);
	option(f, ND_OPT_ROUTE, 3, 2, 64);
	option(f, ND_OPT_RDNSS, 3, 7, 99);
	option(f, ND_OPT_DNSSL, 2, 8, 3);
	option(f, ND_OPT_MTU, 1, 6, 5);
}

static void chain(struct frame *f)
{
	static const uint8_t kinds[] = { 0, 60, 43, 44, 58, 17, 6, 59, 200 };
	unsigned n = 1 + any(5);

	frame_ip6(f, &peer6, &us6, kinds[any(9)]);
	while (n-- > 0) {
		uint8_t *o = frame_put(f, 8u * (1 + any(3)));

		o[0] = kinds[any(9)];
		o[1] = (uint8_t)any(3);
		o[2] = (uint8_t)any(3);
		o[3] = (uint8_t)any(8);
		o[7] = (uint8_t)any(4);
	}
	(void)frame_put(f, any(200));
}

static void quote(struct frame *f)
{
	uint8_t *o = frame_icmp6(f, &peer6, &us6, (uint8_t)(1 + any(5)), 8);

	o[6] = (uint8_t)any(8);
	o = frame_put(f, 40 + any(60));
	o[0] = 0x60;
	o[6] = any(2) ? 17 : 58;
	memcpy(o + 8, us6.b, 16);
	memcpy(o + 24, peer6.b, 16);
}

static void redirect(struct frame *f)
{
	uint8_t *o = frame_icmp6(f, &peer_ll, &us6, ICMP6_REDIRECT, sizeof(struct nd_redirect));

	frame_hdr6(f)->hop = 255;
	memcpy(o + 8, peer_ll.b, 16);
	memcpy(o + 24, far6.b, 16);
	o[39] = (uint8_t)any(256);
	frame_mac_opt(f, ND_OPT_TARGET_MAC, other_mac);
}

static void message(struct frame *f)
{
	switch (any(8)) {
	case 0:
		frame_nd(f, ICMP6_NS, any(2) ? &peer6 : &none6, &us_solicited, &us6, 0, peer_mac);
		break;
	case 1:
		frame_nd(f, ICMP6_NA, &peer6, &us6, any(4) ? &peer6 : &us6, (uint8_t)any(256),
			 peer_mac);
		break;
	case 2:
	case 3:
		advertisement(f);
		break;
	case 4:
		redirect(f);
		break;
	case 5:
		quote(f);
		break;
	case 6:
		(void)frame_icmp6(f, &peer6, &us6, ICMP6_ECHO, 8 + any(1400));
		break;
	default:
		chain(f);
		break;
	}
}

/* A few bytes of it made wrong, or its end cut off; the checksum mostly right all the same. */
static void spoil(struct frame *f)
{
	for (unsigned n = any(4); n > 0; n--) {
		if (any(6) == 0 && f->len > AT6)
			f->len -= any((uint32_t)f->len - ETH_HDR_LEN);
		else
			f->b[ETH_HDR_LEN + any((uint32_t)f->len - ETH_HDR_LEN + 1)] =
				(uint8_t)any(256);
	}
	if (f->len >= AT6 + 8 && frame_hdr6(f)->next == IP6_NEXT_ICMP && any(8))
		frame_icmp6_end(f, AT6);
	else if (f->len >= AT6 && any(8))
		frame6_end(f);
}

static void still_answers(struct host *h)
{
	struct frame f;
	bool heard = false;

	host6_settle(h, NS_PER_S);
	frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO, 8);
	frame_icmp6_end(&f, AT6);
	for (unsigned i = 0; i < 2; i++) { /* the first may find us asking for the peer */
		struct frame na;

		frame_in(h, &f);
		frame_nd(&na, ICMP6_NA, &peer6, &us6, &peer6, 0x60, peer_mac);
		frame_in(h, &na);
		while (host_take(h) > 0)
			heard |= h->out[AT6] == ICMP6_ECHO_REPLY;
	}
	assert_true(heard);
}

static struct host *victim(unsigned run)
{
	struct host *h = host_bare(
		(struct ph_conf){ .max_neighbours = 32, .max_reassemblies = 16 });
	struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };

	h->link = ph_link_add(h->st, &conf, h->now);
	if (run % 2)
		assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.use_tempaddr", "2"),
				 0);
	if (run % 4 == 3)
		assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.optimistic_dad", "1"),
				 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	host6_settle(h, 3 * NS_PER_S);
	return h;
}

static void test_a_hostile_neighbour_ends_nothing_and_keeps_nothing(void **state)
{
	static struct frame f;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct host *h = victim(run);
		struct ph_claim c = { 0 };

		seed = 0x9e3779b97f4a7c15u * (run + 1);
		for (unsigned i = 0; i < FRAMES; i++) {
			message(&f);
			spoil(&f);
			frame_in(h, &f);
			if (any(16) == 0)
				host_run(h, any(1000) * (any(50) ? NS_PER_MS : NS_PER_S));
			while (host_take(h) > 0)
				;
			if (i % 100 == 0 && !ph_stack_check(h->st, &c))
				fail_msg("run %u, frame %u: %s does not hold", run, i, c.what);
		}
		still_answers(h);
		host6_settle(h, 90 * NS_PER_S); /* fragments are given up */
		host_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hostile_neighbour_ends_nothing_and_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
