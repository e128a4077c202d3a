/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6 (net/icmp6.c, icmp6_err.c) rule by rule: whose checksum is right, and who is told of an error
 * (RFC 4443 2.3, 2.4).
 */
#include "net6_fixture.h"

#include "wire/udp.h"

/* What is told of, by what the packet is. */
enum about { CLOSED_PORT, UNKNOWN_HEADER, UNKNOWN_OPTION, OPTION_GROUPS_HEAR_OF, ECHO };

static void packet(struct frame *f, enum about what, const struct ph_ip *src, const struct ph_ip *dst)
{
	struct udp_hdr *u;
	size_t at;
	be16 sum;

	switch (what) {
	case CLOSED_PORT:
		frame_ip6(f, src, dst, PH_IPPROTO_UDP);
		u = frame_put(f, sizeof(*u) + 8);
		*u = (struct udp_hdr){ be16_of(4000), be16_of(9), be16_of(16), be16_of(0) };
		sum = be16_of(csum_finish(csum_add(csum_pseudo(src, dst, PH_IPPROTO_UDP, 16), u, 16)));
		memcpy(&u->csum, &sum, sizeof(sum));
		break;
	case UNKNOWN_HEADER:
		frame_ip6(f, src, dst, 200);
		(void)frame_put(f, 16);
		break;
	case UNKNOWN_OPTION: /* told of, but not where it was sent to a group: 11 */
	case OPTION_GROUPS_HEAR_OF: /* 10 */
		frame_ip6(f, src, dst, IP6_NEXT_DSTOPTS);
		memcpy(frame_put(f, 8), (const uint8_t[]){ 59, 0, what == UNKNOWN_OPTION ? 0xde : 0x9e,
							   4 }, 4);
		break;
	case ECHO:
		frame_ip6(f, src, dst, IP6_NEXT_DSTOPTS);
		memcpy(frame_put(f, 8), (const uint8_t[]){ 58, 0, 1, 4 }, 4);
		at = f->len;
		*(uint8_t *)frame_put(f, 16) = ICMP6_ECHO;
		frame_icmp6_end(f, at);
		return;
	}
	frame6_end(f);
}

/* rfc: 4443:2.4-8 4443:2.4-7 */
/* attack: Unknown-option/next-header-amplification */
static void test_of_what_came_for_a_group_at_any_layer_nobody_is_told(void **state)
{
	static const struct {
		enum about what;
		bool to_us_alone, to_group; /* told of? */
	} row[] = {
		{ CLOSED_PORT, true, false },
		{ UNKNOWN_HEADER, true, false },
		{ UNKNOWN_OPTION, true, false },
		{ OPTION_GROUPS_HEAR_OF, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		for (unsigned how = 0; how < 4; how++) { /* us; our address in two kinds of frame; a group */
			bool want = how == 0 ? row[i].to_us_alone : row[i].to_group;
			struct host *h = host6_new();
			struct frame f;

			host6_know(h, &peer6);
			packet(&f, row[i].what, &peer6, how == 3 ? &all_nodes6 : &us6);
			if (how == 1)
				memcpy(f.b, all_mac6, 6);
			if (how == 2)
				memcpy(f.b, all_mac, 6);
			frame_in(h, &f);
			if ((host_take(h) > 0) != want)
				fail_msg("%u, sent as %u: %s", row[i].what, how,
					 want ? "nobody was told" : "was told of");
			host_free(h);
		}
	}
}

/* rfc: 8200:8.1-1 */
static void test_a_checksum_is_of_the_upper_layer_behind_whatever_headers(void **state)
{
	struct host *h = host6_new();
	struct frame f;
	uint8_t *p;

	(void)state;
	host6_know(h, &peer6);
	packet(&f, ECHO, &peer6, &us6);
	frame_in(h, &f);
	assert_int_equal(host_take(h), AT6 + 16);
	(void)out_icmp6(h, ICMP6_ECHO_REPLY);
	/* with the number of the header before it, or the length of all of them, it is wrong */
	p = f.b + AT6 + 8;
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		uint64_t pseudo = csum_pseudo(&peer6, &us6, wrong ? PH_IPPROTO_ICMPV6
								  : IP6_NEXT_DSTOPTS,
					      wrong ? 24 : 16);
		be16 sum;

		memset(p + 2, 0, 2);
		sum = be16_of(csum_finish(csum_add(pseudo, p, 16)));
		memcpy(p + 2, &sum, 2);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(drops_of(h, "ICMP6_CSUM"), wrong + 1);
	}
	host_free(h);
}

/* rfc: 4443:4.2-1 4443:2.2-1 */
static void test_echo_is_answered_from_the_address_that_was_asked(void **state)
{
	const struct ph_ip *const ours[] = { &us6, &other6 };
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_addr_add(h->st, h->link, &other6, 64, h->now), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (size_t i = 0; i < 2 * ARRAY_LEN(ours); i++) {
		const struct ph_ip *to = ours[i % ARRAY_LEN(ours)];
		struct frame f;

		frame_icmp6(&f, &peer6, to, ICMP6_ECHO, 16);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_non_null(next_icmp6(h, ICMP6_ECHO_REPLY, 0));
		assert_memory_equal(out_ip6(h)->src, to->b, 16);
	}
	host_free(h);
}

/* rfc: 8201:4-2 */
static void test_a_path_narrower_than_any_may_be_is_not_told_of(void **state)
{
	static struct frame f;

	(void)state;
	for (uint32_t mtu = 0; mtu <= 1500; mtu += mtu == 1279 ? 1 : mtu == 1000 ? 279 : 250) {
		struct host *h = host6_new();
		uint8_t *q;

		host_test_l4(h);
		q = frame_icmp6(&f, &peer6, &us6, ICMP6_TOO_BIG, 8);
		q[6] = (uint8_t)(mtu >> 8);
		q[7] = (uint8_t)mtu;
		q = frame_put(&f, 60);
		q[0] = 0x60;
		q[6] = TEST_PROTO;
		memcpy(q + 8, us6.b, 16);
		memcpy(q + 24, peer6.b, 16);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(test_l4.errors, mtu >= 1280);
		host_free(h);
	}
}

/* rfc: 8200:4.5-8 */
static void test_headers_before_a_fragment_count_for_the_longest_packet(void **state)
{
	struct host *h = host6_new();
	static struct frame f;
	const uint8_t *p;
	uint8_t *b;

	(void)state;
	host6_know(h, &peer6);
	for (unsigned before = 0; before < 2; before++) {
		frame_ip6(&f, &peer6, &us6, before ? IP6_NEXT_DSTOPTS : IP6_NEXT_FRAGMENT);
		if (before)
			memcpy(frame_put(&f, 8), (const uint8_t[]){ 44, 0, 1, 4 }, 4);
		b = frame_put(&f, 8 + 7);
		memcpy(b, (const uint8_t[]){ 58, 0, 0xff, 0xf8, 0, 0, 0, 5 }, 8); /* at 65528 */
		frame6_end(&f);
		frame_in(h, &f);
		p = next_icmp6(h, ICMP6_PARAM_PROBLEM, 0);
		assert_int_equal(p != NULL, before); /* 65535 fit, eight more do not */
		if (p)
			assert_int_equal(p[7], 48 + 2);
	}
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_what_came_for_a_group_at_any_layer_nobody_is_told),
		cmocka_unit_test(test_a_checksum_is_of_the_upper_layer_behind_whatever_headers),
		cmocka_unit_test(test_echo_is_answered_from_the_address_that_was_asked),
		cmocka_unit_test(test_a_path_narrower_than_any_may_be_is_not_told_of),
		cmocka_unit_test(test_headers_before_a_fragment_count_for_the_longest_packet),
	};

	return cmocka_run_group_tests_name("icmp6", tests, NULL, NULL);
}
