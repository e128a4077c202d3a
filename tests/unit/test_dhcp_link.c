/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP and link-local addresses on a link of a stack: what leaves and comes as frames, and what the
 * stack has afterwards. The client's own states are test_dhcp.c's.
 */
#include "dhcp_server.h"
#include "net_fixture.h"
#include "own.h"
#include "net/link.h"
#include "wire/udp.h"

enum { LEASE_S = 3600 };

/* A host on an Ethernet link that has no address. */
static struct host *host_unaddressed(void)
{
	struct host *h = host_bare((struct ph_conf){ 0 });
	struct ph_link_conf conf = { .name = "t0", .kind = PH_LINK_ETHER };

	memcpy(conf.mac, us_mac, sizeof(conf.mac));
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_true(h->link > 0);
	return h;
}

static struct host *host_asking(struct ph_dhcp_conf conf)
{
	struct host *h = host_unaddressed();

	conf.wait_ms = 1;
	assert_int_equal(ph_dhcp_start(h->st, h->link, &conf, h->now), 0);
	return h;
}

/* Time passes to the next frame within `s` seconds, which is taken. False: there is none. */
static bool to_frame(struct host *h, uint64_t s)
{
	uint64_t end = h->now + s * NS_PER_S;

	for (;;) {
		uint64_t at;

		if (host_take(h) > 0)
			return true;
		at = ph_stack_deadline(h->st);
		if (at == PH_NEVER || at > end)
			return false;
		host_run(h, at > h->now ? at - h->now : 0);
	}
}

static bool is_arp(const struct host *h)
{
	return be16_get(out_eth(h)->type) == ETH_TYPE_ARP;
}

/* Is the frame taken last a DHCP message? Then it is put into r as the client's last. */
static bool is_dhcp(const struct host *h, struct run *r)
{
	const struct udp_hdr *u = (const void *)out_l4(h);

	if (is_arp(h) || out_ip4(h)->proto != PH_IPPROTO_UDP || be16_get(u->dport) != DHCP_SERVER_PORT)
		return false;
	memset(r, 0, sizeof(*r));
	r->len = be16_get(u->len) - sizeof(*u);
	memcpy(r->msg, u + 1, r->len);
	r->c.xid = be32_get(hdr(r)->xid);
	return true;
}

static void to_message(struct host *h, struct run *r, enum dhcp_type type)
{
	do
		assert_true(to_frame(h, 200));
	while (!is_dhcp(h, r));
	assert_int_equal(type_of(r), type);
}

/* The server's words on the wire: to the address that is only offered, at our hardware address. */
static void server_says(struct host *h, struct answer *a, uint32_t to)
{
	struct frame *f = malloc(sizeof(*f));
	struct udp_hdr *u;

	assert_non_null(f);
	memcpy(((struct dhcp_hdr *)(void *)a->b)->chaddr, us_mac, 6);
	a->b[a->len++] = DHCP_OPT_END;
	if (a->len < DHCP_MIN)
		a->len = DHCP_MIN;
	frame_ip4(f, SERVER, to, PH_IPPROTO_UDP, 0);
	u = frame_put(f, sizeof(*u) + a->len);
	*u = (struct udp_hdr){ be16_of(DHCP_SERVER_PORT), be16_of(DHCP_CLIENT_PORT),
			       be16_of((uint16_t)(sizeof(*u) + a->len)), be16_of(0) };
	memcpy(u + 1, a->b, a->len);
	frame_end(f);
	frame_in(h, f);
	free(f);
}

static void server_answers(struct host *h, const struct run *r, enum dhcp_type type)
{
	struct answer a = answer(r, type, SERVER, LEASE_S);
	be16 told = be16_of(1400);

	add(&a, DHCP_OPT_MTU, &told, sizeof(told));
	server_says(h, &a, type == DHCP_NAK ? UINT32_MAX : OFFERED);
}

static bool has(const struct host *h, uint32_t ip)
{
	struct ph_addr_info addrs[4];
	size_t n = own_addrs(h->st, addrs, 4);

	for (size_t i = 0; i < n; i++)
		if (ip_is4(&addrs[i].ip) && ip_get4(&addrs[i].ip) == ip)
			return true;
	return false;
}

/* The one address there is; 0: none. */
static uint32_t only(const struct host *h)
{
	struct ph_addr_info a;

	return own_addrs(h->st, &a, 1) == 1 ? ip_get4(&a.ip) : 0;
}

static size_t default_routes(const struct host *h)
{
	struct ph_route_info routes[8];
	size_t n = ph_routes(h->st, routes, 8), found = 0;

	for (size_t i = 0; i < n; i++)
		found += routes[i].prefix == 0 && ip_get4(&routes[i].gateway) == ROUTER;
	return found;
}

static void frame_conflict(struct host *h, uint32_t ip)
{
	struct frame *f = malloc(sizeof(*f));

	assert_non_null(f);
	frame_arp(f, ARP_OP_REQUEST, other_mac, ip, ip);
	frame_in(h, f);
	free(f);
}

/* Asks until it has what was offered; how many ARP probes that took. */
static unsigned to_lease(struct host *h)
{
	unsigned probes = 0;
	struct run r;

	to_message(h, &r, DHCP_DISCOVER);
	server_answers(h, &r, DHCP_OFFER);
	to_message(h, &r, DHCP_REQUEST);
	server_answers(h, &r, DHCP_ACK);
	while (!has(h, OFFERED)) {
		assert_true(to_frame(h, 20));
		probes += is_arp(h) && be32_get(out_arp(h)->sender_ip) == 0;
	}
	return probes;
}

/* rfc: 2131:4.1-1, 2131:2-1, 2131:4.1-4, 2131:3.1-2, 2131:4.4.1-2 */
static void test_a_link_without_address_gets_one(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ .hostname = "ghost" });
	struct ph_dhcp_info info;
	struct run r;

	(void)state;
	to_message(h, &r, DHCP_DISCOVER);
	assert_memory_equal(out_eth(h)->dst, all_mac, 6);
	assert_int_equal(be32_get(out_ip4(h)->src), 0);
	assert_int_equal(be32_get(out_ip4(h)->dst), UINT32_MAX);
	host_free(h);

	h = host_asking((struct ph_dhcp_conf){ .hostname = "ghost" });
	assert_int_equal(to_lease(h), 3);
	assert_int_equal(only(h), OFFERED);
	assert_int_equal(default_routes(h), 1);
	assert_int_equal(ph_dhcp_info(h->st, h->link, &info), 0);
	assert_string_equal(info.state, "BOUND");
	assert_int_equal(info.prefix, 24);
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(link_get(h->st, h->link)->mtu, 1500); /* told, and not asked for */
	host_free(h);
}

/* rfc: 2131:3.1-3 */
static void test_a_probe_that_is_answered_declines_the_offer(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct run r;

	(void)state;
	to_message(h, &r, DHCP_DISCOVER);
	server_answers(h, &r, DHCP_OFFER);
	to_message(h, &r, DHCP_REQUEST);
	server_answers(h, &r, DHCP_ACK);
	do
		assert_true(to_frame(h, 20));
	while (!is_arp(h));
	frame_conflict(h, OFFERED);
	to_message(h, &r, DHCP_DECLINE);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_false(has(h, OFFERED));
	host_free(h);
}

/* rfc: 2131:4.4.5-3, 2131:4.4.5-4 */
static void test_what_a_lease_brought_goes_with_it(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ .use_mtu = true });

	(void)state;
	(void)to_lease(h);
	assert_int_equal(link_get(h->st, h->link)->mtu, 1400);
	for (uint64_t end = h->now + (LEASE_S + 2) * NS_PER_S; h->now < end;)
		if (!to_frame(h, 60))
			host_run(h, 60 * NS_PER_S);
	assert_int_equal(only(h), 0);
	assert_int_equal(default_routes(h), 0);
	assert_int_equal(link_get(h->st, h->link)->mtu, 1500);
	host_free(h);
}

static void test_a_second_conflict_takes_the_lease(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct run r;

	(void)state;
	(void)to_lease(h);
	while (to_frame(h, 5))
		;
	frame_conflict(h, OFFERED);
	assert_true(has(h, OFFERED)); /* defended, once */
	frame_conflict(h, OFFERED);
	assert_false(has(h, OFFERED));
	to_message(h, &r, DHCP_DECLINE);
	host_free(h);
}

/* rfc: 2131:4.4.6-1, 4436:2.1-1, 4436:2.2-1 */
static void test_the_server_is_known_before_the_last_word(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct frame *f = malloc(sizeof(*f));
	bool unicast = false;
	struct run r;

	(void)state;
	assert_non_null(f);
	(void)to_lease(h);
	frame_arp(f, ARP_OP_REPLY, peer_mac, SERVER, OFFERED);
	frame_in(h, f);
	frame_arp(f, ARP_OP_REPLY, other_mac, ROUTER, OFFERED);
	frame_in(h, f);
	while (to_frame(h, 5))
		;
	assert_int_equal(ph_dhcp_check(h->st, h->link, h->now), 0);
	assert_true(to_frame(h, 1)); /* the router, at its own address */
	unicast = is_arp(h) && memcmp(out_eth(h)->dst, other_mac, 6) == 0 &&
		  be32_get(out_arp(h)->sender_ip) == OFFERED;
	assert_true(unicast);
	to_message(h, &r, DHCP_REQUEST);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_true(has(h, OFFERED));
	server_answers(h, &r, DHCP_ACK);
	assert_int_equal(ph_dhcp_stop(h->st, h->link, true, h->now), 0);
	do
		assert_true(to_frame(h, 1));
	while (!is_dhcp(h, &r));
	assert_int_equal(type_of(&r), DHCP_RELEASE);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	assert_int_equal(be32_get(out_ip4(h)->dst), SERVER);
	assert_int_equal(only(h), 0);
	assert_int_equal(ph_dhcp_stop(h->st, h->link, true, h->now), -ENOENT);
	free(f);
	host_free(h);
}

/* Whether a request for the lease's address by a neighbour gets an answer. */
static bool answers(struct host *h)
{
	struct frame *f = malloc(sizeof(*f));
	bool answered = false;

	assert_non_null(f);
	frame_arp(f, ARP_OP_REQUEST, peer_mac, SERVER, OFFERED);
	frame_in(h, f);
	free(f);
	while (host_take(h) > 0)
		answered |= is_arp(h) && be16_get(out_arp(h)->op) == ARP_OP_REPLY;
	return answered;
}

/* Seconds pass in which no broadcast names the lease's address. */
static void assert_not_told(struct host *h, uint64_t s)
{
	for (uint64_t end = h->now + s * NS_PER_S; h->now < end && to_frame(h, s);)
		assert_false(is_arp(h) && memcmp(out_eth(h)->dst, all_mac, 6) == 0 &&
			     be32_get(out_arp(h)->sender_ip) == OFFERED);
}

/* rfc: 4436:2.1.1-1, 4436:2.1.1-2, 4436:2.2-1 */
static void test_after_the_link_was_away_nobody_is_told_of_an_address_in_doubt(void **state)
{
	static const struct {
		const char *what;
		const uint8_t *mac; /* the router answers from there; NULL: it does not */
		uint32_t from;
		bool ack, confirmed;
	} row[] = {
		{ "the router answers", other_mac, ROUTER, false, true },
		{ "another router answers", peer_mac, ROUTER, false, false },
		{ "a neighbour answers", other_mac, 0x0a000063, false, false },
		{ "nobody answers", NULL, 0, false, false },
		{ "the server answers", NULL, 0, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
		struct frame *f = malloc(sizeof(*f));
		struct ph_ip near = ip_of4(0x0a000044);
		struct dst way = { 0 };
		struct run r;

		assert_non_null(f);
		(void)to_lease(h);
		frame_arp(f, ARP_OP_REPLY, other_mac, ROUTER, OFFERED);
		frame_in(h, f);
		while (to_frame(h, 5))
			;
		assert_true(answers(h));
		assert_int_equal(ph_dhcp_check(h->st, h->link, h->now), 0);
		assert_true(host_take(h) > 0); /* the question, to the router alone */
		assert_memory_equal(out_eth(h)->dst, other_mac, 6);
		assert_int_equal(be32_get(out_arp(h)->sender_ip), OFFERED);
		assert_int_equal(be32_get(out_arp(h)->target_ip), ROUTER);
		assert_memory_equal(out_arp(h)->sender_mac, us_mac, 6);
		assert_memory_equal(out_arp(h)->target_mac, no_mac, 6);
		assert_true(host_take(h) > 0); /* and at the same time the server */
		assert_true(is_dhcp(h, &r));
		assert_int_equal(type_of(&r), DHCP_REQUEST);
		assert_false(answers(h));
		assert_int_equal(dst_lookup(h->st, &way, NULL, &near, false), 0);
		assert_int_equal(host_send_on(h, &way, 1, 20), 0); /* a neighbour is needed */
		assert_not_told(h, 2);
		if (row[i].mac) {
			frame_arp(f, ARP_OP_REPLY, row[i].mac, row[i].from, OFFERED);
			frame_in(h, f);
		}
		if (row[i].ack)
			server_answers(h, &r, DHCP_ACK);
		if (answers(h) != row[i].confirmed)
			fail_msg("%s: %s afterwards", row[i].what,
				 row[i].confirmed ? "silent" : "answers");
		while (to_frame(h, 70)) /* in the end the lease counts (RFC 2131 3.2) */
			;
		assert_true(answers(h));
		free(f);
		host_free(h);
	}
}

/* rfc: 4361:6.1-4, 2132:9.14-1 */
static void test_a_host_is_one_client_on_each_of_its_links(void **state)
{
	struct ph_link_conf other = { .name = "t1", .mac = { 2, 0, 0, 0, 0, 9 } };
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct ph_dhcp_conf conf = { .wait_ms = 1 };
	uint8_t n = 0, m = 0, first[255];
	ph_link one = h->link;
	const uint8_t *id;
	struct run r;

	(void)state;
	to_message(h, &r, DHCP_DISCOVER);
	id = option(&r, DHCP_OPT_CLIENT_ID, &n);
	assert_non_null(id);
	assert_true(n >= 2);
	memcpy(first, id, n);
	h->link = ph_link_add(h->st, &other, h->now);
	assert_true(h->link > 0);
	assert_int_equal(ph_dhcp_start(h->st, h->link, &conf, h->now), 0);
	to_message(h, &r, DHCP_DISCOVER);
	id = option(&r, DHCP_OPT_CLIENT_ID, &m);
	assert_non_null(id);
	assert_int_equal(m, n);
	assert_int_equal(id[0], 255);
	assert_memory_not_equal(id + 1, first + 1, 4); /* IAID */
	assert_memory_equal(id + 5, first + 5, n - 5); /* DUID */
	assert_int_equal(ph_link_remove(h->st, h->link, h->now), 0);
	h->link = one;
	host_free(h);

	h = host_bare((struct ph_conf){ 0 }); /* another host is another client */
	h->link = ph_link_add(h->st, &other, h->now);
	assert_int_equal(ph_dhcp_start(h->st, h->link, &conf, h->now), 0);
	to_message(h, &r, DHCP_DISCOVER);
	id = option(&r, DHCP_OPT_CLIENT_ID, &m);
	assert_non_null(id);
	assert_true(m != n || memcmp(id, first, n) != 0);
	host_free(h);
}

static bool linklocal(uint32_t ip)
{
	return ip >= 0xa9fe0100u && ip <= 0xa9fefeffu;
}

/* rfc: 3927:1.9-1, 3927:1.9-2, 3927:2.5-3 */
static void test_silence_gives_a_link_local_address_until_a_server_speaks(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ .link_local = true });
	uint64_t end = h->now + 120 * NS_PER_S;
	unsigned asked = 0;
	struct run r;

	(void)state;
	while (!only(h) && h->now < end)
		assert_true(to_frame(h, 100));
	assert_true(linklocal(only(h)));
	while (asked < 2) { /* it goes on asking */
		to_message(h, &r, DHCP_DISCOVER);
		assert_int_equal(be32_get(out_ip4(h)->src), 0);
		asked++;
	}
	server_answers(h, &r, DHCP_OFFER);
	to_message(h, &r, DHCP_REQUEST);
	server_answers(h, &r, DHCP_ACK);
	while (!has(h, OFFERED))
		assert_true(to_frame(h, 20));
	assert_int_equal(only(h), OFFERED);
	host_free(h);
}

/* rfc: 3927:2.1-1, 3927:2.1-2, 3927:2.2-1, 3927:2.2.1-2, 3927:2.8-1 */
static void test_a_link_local_address_that_is_taken_is_exchanged(void **state)
{
	struct host *h = host_unaddressed();
	uint32_t wanted[5], again;
	struct ph_addr_info a;

	(void)state;
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), 0);
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), -EEXIST);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(to_frame(h, 5));
		assert_true(is_arp(h));
		assert_int_equal(be32_get(out_arp(h)->sender_ip), 0);
		wanted[i] = be32_get(out_arp(h)->target_ip);
		assert_true(linklocal(wanted[i]));
		assert_true(i == 0 || wanted[i] != wanted[i - 1]);
		assert_int_equal(only(h), 0);
		if (i < 4)
			frame_conflict(h, wanted[i]);
	}
	while (!only(h))
		assert_true(to_frame(h, 5));
	assert_int_equal(only(h), wanted[4]);
	assert_int_equal(own_addrs(h->st, &a, 1), 1);
	assert_int_equal(a.prefix, 16);
	frame_conflict(h, wanted[4]);
	frame_conflict(h, wanted[4]); /* lost; another is looked for */
	assert_int_equal(only(h), 0);
	do
		assert_true(to_frame(h, 5));
	while (be32_get(out_arp(h)->sender_ip) != 0);
	assert_int_not_equal(be32_get(out_arp(h)->target_ip), wanted[4]);
	assert_int_equal(ph_linklocal_stop(h->st, h->link, h->now), 0);
	assert_int_equal(ph_linklocal_stop(h->st, h->link, h->now), -ENOENT);
	host_free(h);

	h = host_unaddressed(); /* the same hardware address: the same first choice */
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), 0);
	assert_true(to_frame(h, 5));
	again = be32_get(out_arp(h)->target_ip);
	assert_int_equal(again, wanted[0]);
	host_free(h);
}

/* rfc: 3927:2.2.1-3 */
static void test_ten_conflicts_slow_the_search_down(void **state)
{
	struct host *h = host_unaddressed();
	uint64_t from = 0;

	(void)state;
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), 0);
	for (unsigned i = 0; i < 12; i++) {
		from = h->now;
		assert_true(to_frame(h, 100));
		assert_true((h->now - from >= 60 * NS_PER_S) == (i >= 10));
		frame_conflict(h, be32_get(out_arp(h)->target_ip));
	}
	host_free(h);
}

/* A link-local address, announced twice; which it is. */
static uint32_t to_linklocal(struct host *h)
{
	unsigned probes = 0, announced = 0;
	uint32_t ip = 0;

	while (announced < 2) {
		assert_true(to_frame(h, 10));
		assert_true(is_arp(h));
		ip = be32_get(out_arp(h)->target_ip);
		if (be32_get(out_arp(h)->sender_ip) == 0) {
			assert_int_equal(announced, 0);
			assert_int_equal(only(h), 0);
			probes++;
		} else {
			assert_int_equal(be32_get(out_arp(h)->sender_ip), ip);
			announced++;
		}
	}
	assert_int_equal(probes, 3);
	assert_int_equal(only(h), ip);
	return ip;
}

/* rfc: 4436:2.3-1 */
static void test_a_link_local_address_is_asked_for_anew_after_the_link_was_away(void **state)
{
	struct host *h = host_unaddressed();
	uint32_t ip;

	(void)state;
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), 0);
	ip = to_linklocal(h);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ph_dhcp_check(h->st, h->link, h->now), 0);
		assert_int_equal(only(h), 0);
		assert_int_equal(to_linklocal(h), ip);
	}
	assert_int_equal(ph_dhcp_check(h->st, h->link, h->now), 0);
	assert_true(to_frame(h, 10));
	frame_conflict(h, ip); /* meanwhile somebody has taken it */
	assert_int_not_equal(to_linklocal(h), ip);
	assert_int_equal(ph_linklocal_stop(h->st, h->link, h->now), 0);
	host_free(h);
}

/* rfc: 3927:2.5-1, 3927:6.1-1 */
static void test_a_conflict_is_answered_once_and_then_costs_the_link_local_address(void **state)
{
	struct host *h = host_unaddressed();
	uint32_t changes, ip;

	(void)state;
	assert_int_equal(ph_linklocal_start(h->st, h->link, h->now), 0);
	changes = ph_net_changes(h->st);
	ip = to_linklocal(h);
	assert_int_not_equal(ph_net_changes(h->st), changes);
	for (unsigned i = 0; i < 2; i++) { /* eleven seconds apart: defended each time */
		host_run(h, 11 * NS_PER_S);
		frame_conflict(h, ip);
		assert_true(host_take(h) > 0);
		assert_memory_equal(out_eth(h)->dst, all_mac, 6);
		assert_int_equal(be32_get(out_arp(h)->sender_ip), ip);
		assert_int_equal(be32_get(out_arp(h)->target_ip), ip);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(only(h), ip);
	}
	changes = ph_net_changes(h->st);
	host_run(h, 9 * NS_PER_S);
	frame_conflict(h, ip); /* nine: given up */
	assert_int_equal(only(h), 0);
	assert_int_not_equal(ph_net_changes(h->st), changes);
	assert_int_not_equal(to_linklocal(h), ip);
	host_free(h);
}

/* rfc: 4436:2.4-1 */
static void test_a_given_address_is_not_in_doubt_after_the_link_was_away(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_dhcp_check(h->st, h->link, h->now), -ENOENT);
	assert_false(to_frame(h, 100));
	host_knows_peer(h); /* it answers */
	host_free(h);
}

/* rfc: 3927:2.6.2-1 */
static void test_link_local_destinations_are_asked_for_and_not_sent_to_routers(void **state)
{
	struct host *h = host_new();
	struct ph_ip any = ip_of4(0), router = ip_of4(PEER4);

	(void)state;
	assert_int_equal(ph_route_add(h->st, &any, 0, &router, h->link, 0, h->now), 0);
	host_knows_peer(h);
	assert_int_equal(host_send(h, 0xa9fe0909, 1), 0);
	assert_true(host_take(h) > 0);
	assert_true(is_arp(h));
	assert_int_equal(be32_get(out_arp(h)->target_ip), 0xa9fe0909);
	assert_int_equal(host_send(h, 0xc0000201, 1), 0); /* others are the router's */
	assert_true(host_take(h) > 0);
	assert_false(is_arp(h));
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	host_free(h);
}

/* To whom ARP was asked for between the first word and a minute later. */
static unsigned asked_about(uint32_t server, uint32_t router, uint32_t who)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	unsigned n = 0;
	struct run r;

	to_message(h, &r, DHCP_DISCOVER);
	for (int i = 0; i < 2; i++) {
		struct answer a = bare(&r, OFFERED);
		uint8_t t = i ? DHCP_ACK : DHCP_OFFER;

		add(&a, DHCP_OPT_TYPE, &t, 1);
		add32(&a, DHCP_OPT_SERVER, server);
		add32(&a, DHCP_OPT_LEASE, LEASE_S);
		add32(&a, DHCP_OPT_MASK, 0xffffff00);
		add32(&a, DHCP_OPT_ROUTER, router);
		server_says(h, &a, OFFERED);
		if (i == 0)
			to_message(h, &r, DHCP_REQUEST);
	}
	while (to_frame(h, 60))
		n += is_arp(h) && be32_get(out_arp(h)->sender_ip) == OFFERED &&
		     be32_get(out_arp(h)->target_ip) == who;
	assert_true(has(h, OFFERED));
	host_free(h);
	return n;
}

/* Who will be spoken to is asked for when a lease begins: the server and the router, if they are here. */
static void test_who_is_needed_soon_is_asked_for_at_once(void **state)
{
	enum { AFAR = 0xc0000201 };

	(void)state;
	assert_true(asked_about(SERVER, ROUTER, SERVER) > 0);
	assert_true(asked_about(SERVER, ROUTER, ROUTER) > 0);
	assert_int_equal(asked_about(AFAR, ROUTER, AFAR), 0);
	assert_int_equal(asked_about(SERVER, AFAR, AFAR), 0);
	assert_int_equal(asked_about(SERVER, ROUTER, OTHER), 0);
}

/* What is told of a lease: nothing before there is one, and no end of one without an end. */
static void test_what_is_told_of_a_lease_is_so(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct ph_dhcp_info info;
	struct run r;

	(void)state;
	to_message(h, &r, DHCP_DISCOVER);
	assert_int_equal(ph_dhcp_info(h->st, h->link, &info), 0);
	assert_true(ip_get4(&info.ip) == 0 && info.expire_s == 0 && info.nrouters == 0);
	for (int i = 0; i < 2; i++) {
		struct answer a = answer(&r, i ? DHCP_ACK : DHCP_OFFER, SERVER, UINT32_MAX);

		server_says(h, &a, OFFERED);
		if (i == 0)
			to_message(h, &r, DHCP_REQUEST);
	}
	while (!has(h, OFFERED))
		assert_true(to_frame(h, 20));
	assert_int_equal(ph_dhcp_info(h->st, h->link, &info), 0);
	assert_int_equal(ip_get4(&info.ip), OFFERED);
	assert_int_equal(info.nrouters, 1);
	assert_int_equal(info.expire_s, UINT32_MAX);
	assert_int_equal(info.renew_s, UINT32_MAX);
	host_free(h);
}

/* What is left of a lease that is known counts from when it is told. */
static void test_a_known_lease_of_seconds_is_asked_for_again(void **state)
{
	struct ph_dhcp_conf conf = { .known = ip_of4(OFFERED), .known_s = 3 };
	struct host *h = host_asking(conf);
	struct run r;

	(void)state;
	assert_true(h->now >= 5 * NS_PER_S);
	to_message(h, &r, DHCP_REQUEST);
	host_free(h);
	conf.known_s = 0; /* it is over */
	h = host_asking(conf);
	to_message(h, &r, DHCP_DISCOVER);
	host_free(h);
}

/* A server that names another router when the lease is renewed: the old one is not asked any more. */
static void test_a_renewed_lease_brings_its_own_routes(void **state)
{
	static const uint8_t was[] = { 10, 0, 0, 0xfe };
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct answer a;
	struct run r;
	size_t n = 0;

	(void)state;
	(void)to_lease(h);
	assert_int_equal(default_routes(h), 1);
	for (assert_true(to_frame(h, LEASE_S)); !is_dhcp(h, &r); assert_true(to_frame(h, LEASE_S)))
		if (is_arp(h) && be32_get(out_arp(h)->target_ip) == SERVER) {
			struct frame *f = calloc(1, sizeof(*f));

			frame_arp(f, ARP_OP_REPLY, peer_mac, SERVER, OFFERED);
			frame_in(h, f);
			free(f);
		}
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	a = answer(&r, DHCP_ACK, SERVER, LEASE_S);
	for (size_t i = sizeof(struct dhcp_hdr); i + 4 <= a.len; i++)
		if (memcmp(a.b + i, was, 4) == 0) {
			a.b[i + 3] = 0xfd;
			n++;
		}
	assert_int_equal(n, 1);
	server_says(h, &a, OFFERED);
	assert_int_equal(default_routes(h), 0);
	assert_int_equal(ph_routes(h->st, NULL, 0), 2); /* and there is one by the new */
	host_free(h);
}

static void test_a_hosts_name_has_255_octets_at_most(void **state)
{
	char name[258];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (unsigned len = 255; len < 257; len++) {
		struct ph_dhcp_conf conf = { .hostname = name };
		struct host *h = host_unaddressed();

		name[len] = 0;
		assert_int_equal(ph_dhcp_start(h->st, h->link, &conf, h->now), len == 255 ? 0 : -EINVAL);
		name[len] = 'n';
		host_free(h);
	}
}

static void test_what_cannot_be_is_refused(void **state)
{
	struct host *h = host_asking((struct ph_dhcp_conf){ 0 });
	struct ph_link_conf tun = { .name = "t1", .kind = PH_LINK_IP };
	struct ph_dhcp_conf conf = { 0 };
	ph_link bare = ph_link_add(h->st, &tun, h->now);

	(void)state;
	assert_int_equal(ph_dhcp_start(h->st, h->link, &conf, h->now), -EEXIST);
	assert_int_equal(ph_dhcp_start(h->st, bare, &conf, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_dhcp_start(h->st, 77, &conf, h->now), -ENODEV);
	assert_int_equal(ph_linklocal_start(h->st, bare, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_linklocal_start(h->st, 77, h->now), -ENODEV);
	assert_int_equal(ph_link_remove(h->st, bare, h->now), 0);
	host_free(h); /* with DHCP running: all of it goes with the link */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_link_without_address_gets_one),
		cmocka_unit_test(test_a_probe_that_is_answered_declines_the_offer),
		cmocka_unit_test(test_what_a_lease_brought_goes_with_it),
		cmocka_unit_test(test_a_second_conflict_takes_the_lease),
		cmocka_unit_test(test_the_server_is_known_before_the_last_word),
		cmocka_unit_test(test_silence_gives_a_link_local_address_until_a_server_speaks),
		cmocka_unit_test(test_a_link_local_address_that_is_taken_is_exchanged),
		cmocka_unit_test(test_ten_conflicts_slow_the_search_down),
		cmocka_unit_test(
			test_after_the_link_was_away_nobody_is_told_of_an_address_in_doubt),
		cmocka_unit_test(test_a_host_is_one_client_on_each_of_its_links),
		cmocka_unit_test(
			test_a_link_local_address_is_asked_for_anew_after_the_link_was_away),
		cmocka_unit_test(
			test_a_conflict_is_answered_once_and_then_costs_the_link_local_address),
		cmocka_unit_test(test_a_given_address_is_not_in_doubt_after_the_link_was_away),
		cmocka_unit_test(
			test_link_local_destinations_are_asked_for_and_not_sent_to_routers),
		cmocka_unit_test(test_what_cannot_be_is_refused),
		cmocka_unit_test(test_who_is_needed_soon_is_asked_for_at_once),
		cmocka_unit_test(test_what_is_told_of_a_lease_is_so),
		cmocka_unit_test(test_a_known_lease_of_seconds_is_asked_for_again),
		cmocka_unit_test(test_a_renewed_lease_brings_its_own_routes),
		cmocka_unit_test(test_a_hosts_name_has_255_octets_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
