/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 options and the lesser ICMP messages: what is recorded and what is refused, time stamps,
 * redirects, and another router when one is silent.
 */
#include "net_fixture.h"

#include "net/ip4_opt.h"

/* An echo request with these options. */
static void echo_with(struct frame *f, const void *options, uint32_t len)
{
	struct icmp_hdr *h;

	frame_ip4(f, PEER4, US4, PH_IPPROTO_ICMP, len);
	memcpy(f->b + ETH_HDR_LEN + 20, options, len);
	h = frame_put(f, sizeof(*h) + 8);
	h->type = ICMP4_ECHO;
	frame_icmp_csum(f);
	frame_end(f);
}

static const uint8_t *out_options(const struct host *h)
{
	return h->out + ETH_HDR_LEN + IP4_HDR_LEN;
}

/* rfc: 1122:3.2.2.6-5 791:3.1-10 */
static void test_the_route_is_recorded_on_the_way_in_and_out(void **state)
{
	static const uint8_t asked[12] = { 7, 11, 4 }, full[8] = { 7, 7, 8, 9, 9, 9, 9 },
			     odd[12] = { 7, 10, 4 };
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	echo_with(&f, asked, sizeof(asked));
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 32 + 16);
	assert_memory_equal(out_options(h), "\x07\x0b\x0c\x0a\0\0\x02\x0a\0\0\x02\0", 12);
	assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 32)), 0xffff);
	echo_with(&f, full, sizeof(full));
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_options(h), full, 8); /* whole, and not one octet more */
	echo_with(&f, odd, sizeof(odd));
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	/* three octets are no place */
	assert_memory_equal(out_options(h), "\x07\x0a\x08\x0a\0\0\x02\0\0\0\0\0", 12);
	host_free(h);
}

/* rfc: 1122:3.2.2.6-5 */
static void test_time_stamps_are_recorded_in_each_form(void **state)
{
	static const uint8_t only[12] = { 68, 12, 5, 0 }, both[12] = { 68, 12, 5, 1 },
			     of_us[12] = { 68, 12, 5, 3, 10, 0, 0, 2 },
			     of_other[12] = { 68, 12, 5, 3, 10, 0, 0, 9 };
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	echo_with(&f, only, 12);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_options(h)[2], 13); /* two, and the option is full */
	assert_int_equal(out_options(h)[4] & 0x80, 0x80); /* no time of day was given */
	assert_memory_equal(out_options(h) + 4, out_options(h) + 8, 4);
	echo_with(&f, both, 12);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_options(h) + 4, "\x0a\0\0\x02", 4);
	assert_int_equal(out_options(h)[2], 13);
	assert_int_equal(out_options(h)[3], 0x11); /* the reply found no room, and counted it */
	echo_with(&f, of_us, 12);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_options(h)[2], 13);
	echo_with(&f, of_other, 12);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_options(h), of_other, 12); /* another's turn */
	host_free(h);
}

static const struct {
	const char *what;
	uint8_t bytes[12];
	uint32_t len;
	int at; /* the octet of the IP header that is told of; -1: silence */
} wrong[] = {
	{ "length 0", { 7, 0 }, 4, 20 },
	{ "length 1", { 1, 99, 1 }, 4, 21 },
	{ "length beyond the header", { 99, 5 }, 4, 20 },
	{ "type alone at the end", { 1, 1, 1, 99 }, 4, 23 },
	{ "record route too short", { 7, 2, 1 }, 4, 21 },
	{ "record route, pointer 3", { 7, 7, 3 }, 8, 22 },
	{ "record route, pointer into the last address", { 7, 7, 5 }, 8, 22 },
	{ "two record routes", { 7, 3, 4, 7, 3, 4 }, 8, 23 },
	{ "time stamp, pointer 4", { 68, 8, 4, 0 }, 8, 22 },
	{ "time stamp, unknown form", { 68, 8, 5, 2 }, 8, 23 },
	{ "time stamp, no room for an address", { 68, 8, 5, 1 }, 8, 22 },
	{ "time stamp, overflow of the overflow", { 68, 8, 9, 0xf0 }, 8, 23 },
	{ "source route, pointer 3", { 131, 7, 3 }, 8, 22 },
	{ "two source routes", { 131, 3, 4, 137, 3, 4 }, 8, 23 },
	{ "router alert too short", { 148, 3, 0 }, 4, 21 },
	{ "loose source route that ends here", { 131, 7, 8, 1, 2, 3, 4 }, 8, -1 },
	{ "strict source route that goes on", { 137, 7, 4, 10, 0, 0, 9 }, 8, -1 },
};

/* rfc: 791:3.1-9 792:par-1 1122:3.2.2.5-1 1122:3.2.1.8-5 attack: CVE-2021-24074 */
static void test_a_wrong_option_is_told_of_by_its_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct host *h = host_new();
		const struct icmp_hdr *icmp = (const void *)out_l4(h);
		struct frame f;

		host_knows_peer(h);
		echo_with(&f, wrong[i].bytes, wrong[i].len);
		frame_in(h, &f);
		if (drops_of(h, "IP_OPTIONS") != 1 || count_of(h, "IpInHdrErrors") != 1)
			fail_msg("%s: not dropped", wrong[i].what);
		if ((host_take(h) > 0) != (wrong[i].at >= 0))
			fail_msg("%s: told of, or not", wrong[i].what);
		if (wrong[i].at >= 0) {
			assert_int_equal(icmp->type, ICMP4_PARAM_PROBLEM);
			assert_int_equal(icmp->code, 0);
			if (be32_get(icmp->u.word) >> 24 != (uint32_t)wrong[i].at)
				fail_msg("%s: octet %u", wrong[i].what, be32_get(icmp->u.word) >> 24);
			assert_memory_equal(icmp + 1, f.b + ETH_HDR_LEN, 20 + wrong[i].len);
			assert_int_equal(count_of(h, "IcmpOutParmProbs"), 1);
			assert_int_equal(count_of(h, "IcmpMsgOutType12"), 1);
		}
		host_free(h);
	}
}

/* rfc: 1122:3.2.1.8-4 1122:3.3.5-2 1122:3.2.1.8-1 1122:3.2.1.8-3 */
static void test_a_source_route_that_ends_here_is_taken_where_it_is_allowed(void **state)
{
	static const uint8_t ends[8] = { 131, 7, 8, 10, 0, 0, 9 }, goes_on[8] = { 131, 7, 4, 10, 0, 0, 9 },
			     unknown[4] = { 0x9e, 4, 1, 2 }, stream[4] = { 136, 4, 0, 5 };
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.conf.t0.accept_source_route", "1"), 0);
	echo_with(&f, ends, 8);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 16); /* the reply carries none of it */
	echo_with(&f, goes_on, 8);
	frame_in(h, &f);
	assert_true(host_take(h) > 0); /* we are no router */
	assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
	assert_int_equal(out_l4(h)[1], ICMP4_UNREACH_SOURCE_ROUTE);
	echo_with(&f, unknown, 4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 16);
	echo_with(&f, stream, 4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 16);
	host_free(h);
}

/* rfc: 791:3.1-11 */
static void test_later_fragments_have_the_copied_options_alone(void **state)
{
	static const uint8_t options[8] = { 7, 3, 4, 148, 4, 0, 0, 1 };
	struct host *h = host_new();
	struct ip_tx tx = { .proto = TEST_PROTO, .opt = options, .opt_len = 8 };
	struct dst d;

	(void)state;
	host_knows_peer(h);
	d = host_dst(h, PEER4);
	assert_int_equal(ip_output(h->st, host_payload(h, 1, 3000), &d, &tx), 0);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_options(h), options, 8);
	assert_int_equal(be16_get(out_ip4(h)->len), 28 + 1472);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(host_take(h) > 0);
		assert_int_equal(out_ip4(h)->ver_ihl, 0x47);
		assert_memory_equal(out_options(h), "\1\1\1\x94\4\0\0\1", 8);
		assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 28)), 0xffff);
	}
	host_free(h);
}

/* rfc: 792:ts-1 1122:3.2.2.8-1 */
static void test_a_time_stamp_request_is_answered_with_the_time_of_day(void **state)
{
	const uint64_t noon_s = 12 * 3600;
	struct ph_conf conf = { .wall_offset_ns = (noon_s + 3 * 86400) * NS_PER_S };
	struct host *h = host_bare(conf);
	const struct icmp_timestamp *got = (const void *)out_l4(h);
	struct ph_link_conf link = { .name = "t0", .kind = PH_LINK_ETHER };
	struct ph_ip us = ip_of4(US4);
	struct icmp_timestamp *sent;
	struct frame f;

	(void)state;
	memcpy(link.mac, us_mac, 6);
	h->link = ph_link_add(h->st, &link, h->now);
	assert_int_equal(ph_addr_add(h->st, h->link, &us, 24, h->now), 0);
	host_knows_peer(h);
	frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);
	sent = frame_put(&f, sizeof(*sent));
	sent->h.type = ICMP4_TIMESTAMP;
	sent->h.u.echo.id = be16_of(9);
	sent->originated = be32_of(4711);
	frame_icmp_csum(&f);
	frame_end(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 20);
	assert_int_equal(got->h.type, ICMP4_TIMESTAMP_REPLY);
	assert_int_equal(be16_get(got->h.u.echo.id), 9);
	assert_int_equal(be32_get(got->originated), 4711);
	assert_int_equal(be32_get(got->received), noon_s * 1000 + h->now / NS_PER_MS);
	assert_int_equal(be32_get(got->sent), be32_get(got->received));
	assert_int_equal(csum_fold(csum_add(0, got, sizeof(*got))), 0xffff);
	assert_int_equal(count_of(h, "IcmpOutTimestampReps"), 1);
	host_free(h);
}

/* ---- redirects ------------------------------------------------------------------------------ */

enum { FAR4 = 0xc0000201, ROUTER4 = 0x0a000001, BETTER4 = 0x0a000003 };

struct redirect {
	struct host *h;
	ph_socket s;
};

static struct redirect redirect_new(void)
{
	struct redirect r = { .h = host_new() };
	struct ph_ip none = ip_of4(0), router = ip_of4(ROUTER4), better = ip_of4(BETTER4);
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 53, .ip = ip_of4(FAR4) };

	assert_int_equal(ph_route_add(r.h->st, &none, 0, &router, r.h->link, 0, r.h->now), 0);
	assert_int_equal(ph_neigh_add(r.h->st, r.h->link, &router, peer_mac, r.h->now), 0);
	assert_int_equal(ph_neigh_add(r.h->st, r.h->link, &better, other_mac, r.h->now), 0);
	r.s = ph_socket_new(r.h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, r.h->now);
	assert_true(r.s >= 0);
	assert_int_equal(ph_connect(r.h->st, r.s, &to, r.h->now), 0);
	return r;
}

static void redirect_free(struct redirect *r)
{
	ph_close(r->h->st, r->s, r->h->now);
	host_free(r->h);
}

/* Sends a datagram and takes the frame. */
static void redirect_speak(struct redirect *r)
{
	assert_int_equal(ph_send(r->h->st, r->s, "hello", 5, 0, r->h->now), 5);
	assert_true(host_take(r->h) > 0);
}

/* A redirect from `from` about the datagram sent last. */
static void redirect_hear(struct redirect *r, uint32_t from, uint32_t gateway, uint8_t code)
{
	struct icmp_hdr *h;
	struct frame f;

	frame_ip4(&f, from, US4, PH_IPPROTO_ICMP, 0);
	h = frame_put(&f, sizeof(*h) + 28);
	h->type = ICMP4_REDIRECT;
	h->code = code;
	h->u.word = be32_of(gateway);
	memcpy(h + 1, r->h->out + ETH_HDR_LEN, 28);
	frame_icmp_csum(&f);
	frame_end(&f);
	frame_in(r->h, &f);
}

static bool redirect_moved(struct redirect *r)
{
	redirect_speak(r);
	return memcmp(out_eth(r->h)->dst, other_mac, 6) == 0;
}

/* rfc: 1122:3.2.2.2-2 1122:3.3.1.2-3 */
static void test_a_redirect_moves_one_destination_for_some_time(void **state)
{
	(void)state;
	for (uint8_t code = 0; code < 4; code++) {
		struct redirect r = redirect_new();
		struct ph_route_info routes[8];

		redirect_speak(&r);
		assert_memory_equal(out_eth(r.h)->dst, peer_mac, 6);
		redirect_hear(&r, ROUTER4, BETTER4, code);
		assert_true(redirect_moved(&r));
		assert_int_equal(ph_routes(r.h->st, routes, 8), 3); /* of a network: of one host */
		assert_int_equal(routes[0].prefix, 32);
		assert_string_equal(routes[0].proto, "redirect");
		host_run(r.h, 601 * NS_PER_S);
		assert_false(redirect_moved(&r));
		redirect_free(&r);
	}
}

/* rfc: 1122:3.2.2.2-3 attack: CVE-1999-0265 CVE-2020-11911 */
static void test_a_redirect_is_not_believed_from_anybody(void **state)
{
	static const struct {
		const char *what;
		uint32_t from, gateway;
		uint8_t code;
	} row[] = {
		{ "from a host that is not the router", BETTER4, BETTER4, 1 },
		{ "to a gateway of another network", ROUTER4, 0xc6336401, 1 },
		{ "to ourselves", ROUTER4, US4, 1 },
		{ "to a group", ROUTER4, 0xe0000001, 1 },
		{ "to the broadcast address", ROUTER4, BCAST4, 1 },
		{ "to nobody", ROUTER4, 0, 1 },
		{ "of an unknown code", ROUTER4, BETTER4, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct redirect r = redirect_new();

		redirect_speak(&r);
		redirect_hear(&r, row[i].from, row[i].gateway, row[i].code);
		if (redirect_moved(&r))
			fail_msg("%s: believed", row[i].what);
		redirect_free(&r);
	}
}

static void test_a_redirect_about_no_conversation_of_ours_is_not_believed(void **state)
{
	struct redirect r = redirect_new();

	(void)state;
	redirect_speak(&r);
	r.h->out[ETH_HDR_LEN + 20 + 1] ^= 1; /* another source port */
	redirect_hear(&r, ROUTER4, BETTER4, 1);
	assert_false(redirect_moved(&r));
	redirect_free(&r);
}

static void test_a_link_can_refuse_redirects_or_take_routers_alone(void **state)
{
	struct redirect r = redirect_new();
	struct ph_ip none = ip_of4(0), better = ip_of4(BETTER4);

	(void)state;
	assert_int_equal(ph_sysctl_set(r.h->st, "net.ipv4.conf.t0.accept_redirects", "0"), 0);
	redirect_speak(&r);
	redirect_hear(&r, ROUTER4, BETTER4, 1);
	assert_false(redirect_moved(&r));
	assert_int_equal(ph_sysctl_set(r.h->st, "net.ipv4.conf.all.accept_redirects", "1"), 0);
	assert_int_equal(ph_sysctl_set(r.h->st, "net.ipv4.conf.t0.shared_media", "0"), 0);
	redirect_hear(&r, ROUTER4, BETTER4, 1);
	assert_false(redirect_moved(&r));
	assert_int_equal(ph_route_add(r.h->st, &none, 0, &better, r.h->link, 9, r.h->now), 0);
	redirect_hear(&r, ROUTER4, BETTER4, 1);
	assert_true(redirect_moved(&r));
	redirect_free(&r);
}

/* rfc: 1122:3.3.1.2-2 1122:3.3.1.4-1 1122:3.3.1.6-1 */
static void test_another_router_is_used_while_the_first_is_silent(void **state)
{
	struct host *h = host_new();
	struct ph_ip none = ip_of4(0), first = ip_of4(ROUTER4), second = ip_of4(BETTER4);
	struct dst d;

	(void)state;
	assert_int_equal(ph_route_add(h->st, &none, 0, &first, h->link, 0, h->now), 0);
	assert_int_equal(ph_route_add(h->st, &none, 0, &second, h->link, 5, h->now), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &second, other_mac, h->now), 0);
	host_test_l4(h);
	assert_int_equal(host_send(h, FAR4, 1), 0);
	for (unsigned i = 0; i < 4; i++) { /* three questions, and no answer */
		assert_int_equal(host_take(h) > 0, i < 3);
		host_run(h, NS_PER_S);
	}
	d = host_dst(h, FAR4);
	assert_int_equal(ip_get4(&d.next_hop), BETTER4);
	host_run(h, 61 * NS_PER_S); /* it may be back */
	d = host_dst(h, FAR4);
	assert_int_equal(ip_get4(&d.next_hop), ROUTER4);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_route_is_recorded_on_the_way_in_and_out),
		cmocka_unit_test(test_time_stamps_are_recorded_in_each_form),
		cmocka_unit_test(test_a_wrong_option_is_told_of_by_its_octet),
		cmocka_unit_test(test_a_source_route_that_ends_here_is_taken_where_it_is_allowed),
		cmocka_unit_test(test_later_fragments_have_the_copied_options_alone),
		cmocka_unit_test(test_a_time_stamp_request_is_answered_with_the_time_of_day),
		cmocka_unit_test(test_a_redirect_moves_one_destination_for_some_time),
		cmocka_unit_test(test_a_redirect_is_not_believed_from_anybody),
		cmocka_unit_test(test_a_redirect_about_no_conversation_of_ours_is_not_believed),
		cmocka_unit_test(test_a_link_can_refuse_redirects_or_take_routers_alone),
		cmocka_unit_test(test_another_router_is_used_while_the_first_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
