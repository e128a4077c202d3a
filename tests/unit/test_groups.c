/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups: source filters merged as RFC 3376 3.2 says, IGMP told and asked (RFC 3376, 2236, 9776),
 * sockets hearing what they joined. MLD is test_mld.c's. Time is virtual.
 */
#include "net6_fixture.h"

#include "net/igmp.h"
#include "net/mc_group.h"
#include "wire/igmp.h"
#include "wire/udp.h"

enum { G = 0xe9000101u }; /* 233.0.1.1 */

/* ---- filters -------------------------------------------------------------------------------- */

static struct ph_ip source(unsigned i)
{
	return ip_of4(0x0a000100u + i);
}

/* By the definition: wanted by some filter. */
static bool wanted(const struct mc_filter *f, unsigned n, const struct ph_ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (mc_filter_allows(&f[i], ip))
			return true;
	return false;
}

/* rfc: 3376:3.2-1, 3810:4.2-1 */
static void test_merged_filter_hears_what_some_socket_wants_and_nothing_else(void **state)
{
	struct mc_filter f[4], all;
	struct prng prng;
	struct list list;

	(void)state;
	prng_seed(&prng, (const uint8_t[32]){ 5 });
	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = prng_below(&prng, 5);
		bool ex = false;

		list_init(&list);
		for (unsigned i = 0; i < n; i++) {
			mc_filter_init(&f[i], prng_below(&prng, 3) == 0);
			ex |= f[i].exclude;
			for (unsigned k = prng_below(&prng, 6); k > 0; k--) {
				struct ph_ip ip = source(prng_below(&prng, 8));
				bool had = mc_filter_has(&f[i], &ip);

				assert_int_equal(mc_filter_add(&f[i], &ip, 64),
						 had ? -EADDRNOTAVAIL : 0);
			}
			list_push_back(&list, &f[i].node);
		}
		mc_filter_merge(&all, &list);
		assert_int_equal(all.exclude, ex);
		for (unsigned s = 0; s < 9; s++) {
			struct ph_ip ip = source(s);

			assert_int_equal(mc_filter_allows(&all, &ip), wanted(f, n, &ip));
		}
	}
}

/* ---- what the wire carries ------------------------------------------------------------------ */

static const uint8_t *igmp_at(const struct host *h, unsigned type, uint32_t to)
{
	const uint8_t *ip = h->out + ETH_HDR_LEN;

	assert_int_equal(ip[0], 0x46);
	assert_int_equal(ip[1], 0xc0);
	assert_int_equal(ip[8], 1);
	assert_int_equal(ip[9], 2);
	assert_memory_equal(ip + 20, ((uint8_t[]){ 148, 4, 0, 0 }), 4);
	assert_int_equal(be32_get(out_ip4(h)->dst), to);
	assert_int_equal(h->out[5], to & 0xff);
	assert_int_equal(csum_fold(csum_add(0, ip, 24)), 0xffff);
	assert_int_equal(csum_fold(csum_add(0, ip + 24, (uint32_t)h->out_len - 38)), 0xffff);
	assert_int_equal(ip[24], type);
	return ip + 24;
}

/* A report of one record of this type, group G, so many sources. */
static void record4(const struct host *h, unsigned type, unsigned n)
{
	const uint8_t *b = igmp_at(h, IGMP_REPORT3, 0xe0000016);

	assert_memory_equal(b + 6, ((uint8_t[]){ 0, 1, (uint8_t)type, 0, 0, (uint8_t)n }), 6);
	assert_memory_equal(b + 12, ((uint8_t[]){ 233, 0, 1, 1 }), 4);
	assert_int_equal(h->out_len, ETH_HDR_LEN + 24 + 8 + 8 + 4 * (int)n);
}

struct query {
	uint32_t group, dst;
	uint8_t code, n;
	uint8_t len; /* 8: of the older versions */
	bool no_alert, bad_sum;
};

static void query4(struct host *h, struct query q)
{
	static struct frame f;
	struct ip4_hdr *ip = frame_ip4(&f, PEER4, q.dst ? q.dst : 0xe0000001, PH_IPPROTO_IGMP,
				       q.no_alert ? 0 : 4);
	uint8_t *b;

	if (!q.no_alert)
		memcpy((uint8_t *)ip + 20, (const uint8_t[]){ 148, 4, 0, 0 }, 4);
	if ((q.dst ? q.dst : 0xe0000001) >> 28 == 14)
		memcpy(f.b, (const uint8_t[]){ 1, 0, 0x5e, (uint8_t)(q.dst >> 16 & 0x7f),
					       (uint8_t)(q.dst >> 8), (uint8_t)(q.dst ? q.dst : 1) },
		       6);
	b = frame_put(&f, q.len + 4u * q.n);
	b[0] = IGMP_QUERY;
	b[1] = q.code;
	for (int i = 0; i < 4; i++)
		b[4 + i] = (uint8_t)(q.group >> (24 - 8 * i));
	if (q.len >= 12)
		b[11] = q.n;
	for (unsigned i = 0; i < q.n; i++)
		memcpy(b + 12 + 4 * i, source(i).b + 12, 4);
	{
		uint16_t sum = csum_finish(csum_add(0, b, q.len + 4u * q.n));

		sum ^= q.bad_sum;
		b[2] = (uint8_t)(sum >> 8);
		b[3] = (uint8_t)sum;
	}
	ip->ttl = 1;
	frame_end(&f);
	frame_in(h, &f);
}

static ph_socket udp4(struct host *h)
{
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 5000 };
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	int on = 1;

	assert_true(s >= 0);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_REUSEADDR, &on, 4, h->now), 0);
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	return s;
}

static int member4(struct host *h, ph_socket s, int name)
{
	const uint8_t mreq[8] = { 233, 0, 1, 1 };

	return ph_setsockopt(h->st, s, PH_IPPROTO_IP, name, mreq, sizeof(mreq), h->now);
}

static int source4(struct host *h, ph_socket s, int name, unsigned i)
{
	uint8_t req[12] = { 233, 0, 1, 1 };

	memcpy(req + 8, source(i).b + 12, 4);
	return ph_setsockopt(h->st, s, PH_IPPROTO_IP, name, req, sizeof(req), h->now);
}

/* rfc: 3376:4-1, 3376:4.2.14-1, 3376:4.2.10-1, 3376:5.1-1, 3376:8.1-1 */
static void test_joins_and_leaves_are_told_at_once_and_once_more(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h), other = udp4(h);
	uint64_t after;

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), -EADDRINUSE);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_TO_EXCLUDE, 0);
	assert_int_equal(member4(h, other, PH_IP_ADD_MEMBERSHIP), 0); /* tells nothing new */
	assert_int_equal(host_take(h), 0);
	after = wait_frame(h, 10 * NS_PER_S);
	assert_true(after > 0 && after <= NS_PER_S);
	record4(h, IGMP_TO_EXCLUDE, 0);
	assert_true(wait_frame(h, 1000 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member4(h, s, PH_IP_DROP_MEMBERSHIP), 0);
	assert_int_equal(member4(h, s, PH_IP_DROP_MEMBERSHIP), -EADDRNOTAVAIL);
	assert_int_equal(host_take(h), 0);
	ph_close(h->st, other, h->now);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_TO_INCLUDE, 0);
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	record4(h, IGMP_TO_INCLUDE, 0);
	assert_true(wait_frame(h, 1000 * NS_PER_S) == UINT64_MAX);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:5.1-1, 3376:3.2-1 */
static void test_sources_are_allowed_and_blocked(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h), t = udp4(h);

	(void)state;
	assert_int_equal(source4(h, s, PH_IP_ADD_SOURCE_MEMBERSHIP, 1), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_ALLOW, 1);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(source4(h, t, PH_IP_ADD_SOURCE_MEMBERSHIP, 2), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_ALLOW, 1);
	host6_settle(h, 5 * NS_PER_S);
	query4(h, (struct query){ .len = 12, .code = 10 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	record4(h, IGMP_IS_INCLUDE, 2);
	assert_int_equal(source4(h, t, PH_IP_DROP_SOURCE_MEMBERSHIP, 2), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_BLOCK, 1);
	assert_int_equal(source4(h, s, PH_IP_BLOCK_SOURCE, 3), -EINVAL);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(member4(h, t, PH_IP_ADD_MEMBERSHIP), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_TO_EXCLUDE, 0);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(source4(h, t, PH_IP_BLOCK_SOURCE, 3), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_BLOCK, 1);
	ph_close(h->st, s, h->now);
	ph_close(h->st, t, h->now);
	host_free(h);
}

/* rfc: 3376:2-1 */
static void test_sixty_four_sources_fit_and_the_next_is_refused_in_words(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(source4(h, s, PH_IP_ADD_SOURCE_MEMBERSHIP, i), 0);
	assert_int_equal(source4(h, s, PH_IP_ADD_SOURCE_MEMBERSHIP, 64), -ENOBUFS);
	host6_settle(h, 5 * NS_PER_S);
	query4(h, (struct query){ .len = 12, .code = 10 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	record4(h, IGMP_IS_INCLUDE, 64);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:5.2-1, 3376:5.2-2, 3376:7.1-1, 3376:4.1.10-1, 3376:4.1.12-1 */
static void test_queries_are_answered_after_a_random_time_within_what_they_say(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (int i = 0; i < 40; i++) {
		uint64_t after;

		query4(h, (struct query){ .len = i % 2 ? 12 : 20, .code = 100,
					  .group = i % 4 < 2 ? 0 : G,
					  .dst = i % 4 < 2 ? (i % 8 == 1 ? US4 : 0) : G });
		after = wait_frame(h, 20 * NS_PER_S);
		record4(h, IGMP_IS_EXCLUDE, 0);
		assert_true(after > 0 && after <= 10 * NS_PER_S);
		least = after < least ? after : least;
		most = after > most ? after : most;
		assert_true(wait_frame(h, 20 * NS_PER_S) == UINT64_MAX);
	}
	assert_true(least < 2 * NS_PER_S && most > 7 * NS_PER_S);
	query4(h, (struct query){ .len = 12, .code = 0 }); /* no time at all is a short one */
	assert_true(wait_frame(h, NS_PER_S) < NS_PER_S);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:4.1.2-1, 3376:7.1-1, 3376:9.1-1, 9776:9.1-1, 9776:9.1-2, 3376:5-1 */
static void test_queries_that_cannot_be_or_may_be_forged_are_not_answered(void **state)
{
	static const struct query rows[] = {
		{ .len = 12, .code = 10, .bad_sum = true },
		{ .len = 9, .code = 10 },
		{ .len = 10, .code = 10 },
		{ .len = 11, .code = 10 },
		{ .len = 12, .code = 10, .no_alert = true },
		{ .len = 8, .code = 10, .no_alert = true },
		{ .len = 12, .code = 10, .dst = G },
		{ .len = 12, .code = 10, .group = G + 1, .dst = G },
		{ .len = 12, .code = 10, .group = 0xe0000001 },
	};
	struct host *h = host_new();
	ph_socket s = udp4(h);

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		query4(h, rows[i]);
		assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_sources_asked_about_are_answered_as_far_as_they_are_heard(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);

	(void)state;
	assert_int_equal(source4(h, s, PH_IP_ADD_SOURCE_MEMBERSHIP, 1), 0);
	assert_int_equal(source4(h, s, PH_IP_ADD_SOURCE_MEMBERSHIP, 9), 0);
	host6_settle(h, 5 * NS_PER_S);
	query4(h, (struct query){ .len = 12, .code = 10, .group = G, .dst = G, .n = 3 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	record4(h, IGMP_IS_INCLUDE, 1);
	assert_memory_equal(h->out + ETH_HDR_LEN + 24 + 16, source(1).b + 12, 4);
	query4(h, (struct query){ .len = 12, .code = 10, .group = G, .dst = G, .n = 1 });
	assert_true(wait_frame(h, 5 * NS_PER_S) == UINT64_MAX);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:4-2, 3376:7.2.1-1, 3376:7.2.1-2, 9776:8.12-1, 9776:8.12-2 */
static void test_older_queriers_are_spoken_to_in_their_version_until_they_are_gone(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);
	uint64_t heard, after;

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	query4(h, (struct query){ .len = 8, .code = 100 });
	heard = h->now;
	assert_true(wait_frame(h, 10 * NS_PER_S) <= 10 * NS_PER_S);
	igmp_at(h, IGMP_REPORT2, G);
	assert_int_equal(member4(h, s, PH_IP_DROP_MEMBERSHIP), 0);
	assert_true(host_take(h) > 0);
	igmp_at(h, IGMP_LEAVE, 0xe0000002);
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	assert_true(host_take(h) > 0);
	igmp_at(h, IGMP_REPORT2, G);
	host6_settle(h, heard + 349 * NS_PER_S - h->now);
	query4(h, (struct query){ .len = 12, .code = 1 });
	assert_true(wait_frame(h, NS_PER_S) < NS_PER_S);
	igmp_at(h, IGMP_REPORT2, G);
	host6_settle(h, heard + 351 * NS_PER_S - h->now);
	query4(h, (struct query){ .len = 12, .code = 1 });
	assert_true(wait_frame(h, NS_PER_S) < NS_PER_S);
	record4(h, IGMP_IS_EXCLUDE, 0);
	query4(h, (struct query){ .len = 8, .code = 0, .no_alert = true });
	after = wait_frame(h, 20 * NS_PER_S);
	assert_true(after > 0 && after <= 10 * NS_PER_S);
	igmp_at(h, IGMP_REPORT1, G);
	assert_int_equal(member4(h, s, PH_IP_DROP_MEMBERSHIP), 0);
	assert_int_equal(host_take(h), 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:4-3 */
static void test_types_that_nobody_knows_are_passed_over(void **state)
{
	static const uint8_t types[] = { 0x00, 0x10, 0x13, 0x14, 0x18, 0x1f, 0x42, 0xff };
	struct host *h = host_new();
	ph_socket s = udp4(h);

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		static struct frame f;
		struct ip4_hdr *ip = frame_ip4(&f, PEER4, 0xe0000001, PH_IPPROTO_IGMP, 4);
		struct igmp_hdr *m;

		memcpy((uint8_t *)ip + 20, (const uint8_t[]){ 148, 4, 0, 0 }, 4);
		memcpy(f.b, (const uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
		m = frame_put(&f, sizeof(*m));
		*m = (struct igmp_hdr){ .type = types[i], .code = 10, .group = be32_of(G) };
		m->csum = be16_of(csum_finish(csum_add(0, m, sizeof(*m))));
		ip->ttl = 1;
		frame_end(&f);
		frame_in(h, &f);
		assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
		assert_int_equal(drops_of(h, "IGMP_IGNORED"), i + 1);
	}
	query4(h, (struct query){ .len = 12, .code = 10 }); /* and we are a member still */
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	record4(h, IGMP_IS_EXCLUDE, 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* Somebody else's report of G, by the group's frame or by ours. */
static void report2(struct host *h, bool by_group)
{
	static struct frame f;
	struct ip4_hdr *ip = frame_ip4(&f, PEER4, G, PH_IPPROTO_IGMP, 0);
	struct igmp_hdr *r = frame_put(&f, sizeof(*r));

	if (by_group)
		memcpy(f.b, (const uint8_t[]){ 1, 0, 0x5e, 0, 1, 1 }, 6);
	*r = (struct igmp_hdr){ .type = IGMP_REPORT2, .group = be32_of(G) };
	r->csum = be16_of(csum_finish(csum_add(0, r, sizeof(*r))));
	ip->ttl = 1;
	frame_end(&f);
	frame_in(h, &f);
}

static void test_another_hosts_report_spares_ours_but_not_when_sent_to_us_alone(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	query4(h, (struct query){ .len = 8, .code = 100 });
	report2(h, false);
	assert_true(wait_frame(h, 20 * NS_PER_S) <= 10 * NS_PER_S);
	query4(h, (struct query){ .len = 8, .code = 100 });
	report2(h, true);
	assert_true(wait_frame(h, 20 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member4(h, s, PH_IP_DROP_MEMBERSHIP), 0);
	assert_int_equal(host_take(h), 0); /* the other one is the last to report */
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* ---- what sockets hear ---------------------------------------------------------------------- */

static void datagram4(struct host *h, uint32_t src, uint32_t group)
{
	static struct frame f;
	struct udp_hdr *u;

	frame_ip4(&f, src, group, PH_IPPROTO_UDP, 0);
	memcpy(f.b, (const uint8_t[]){ 1, 0, 0x5e, (uint8_t)(group >> 16 & 0x7f),
				       (uint8_t)(group >> 8), (uint8_t)group },
	       6);
	u = frame_put(&f, sizeof(*u) + 1);
	*u = (struct udp_hdr){ .sport = be16_of(9), .dport = be16_of(5000), .len = be16_of(9) };
	frame_end(&f);
	frame_in(h, &f);
}

static bool hears(struct host *h, ph_socket s)
{
	uint8_t b[16];

	return ph_recv(h->st, s, b, sizeof(b), 0, h->now) == 1;
}

static void test_sockets_hear_groups_and_sources_they_asked_for(void **state)
{
	struct host *h = host_new();
	ph_socket any = udp4(h), some = udp4(h), none = udp4(h);
	int off = 0;

	(void)state;
	assert_int_equal(ph_setsockopt(h->st, none, PH_IPPROTO_IP, PH_IP_MULTICAST_ALL, &off, 4,
				       h->now),
			 0);
	datagram4(h, PEER4, G);
	assert_false(hears(h, any));
	assert_int_equal(member4(h, any, PH_IP_ADD_MEMBERSHIP), 0);
	assert_int_equal(source4(h, some, PH_IP_ADD_SOURCE_MEMBERSHIP, 0), 0);
	datagram4(h, PEER4, G);
	assert_true(hears(h, any));
	assert_false(hears(h, some));
	assert_false(hears(h, none));
	datagram4(h, 0x0a000100, G);
	assert_true(hears(h, any));
	assert_true(hears(h, some));
	assert_false(hears(h, none));
	datagram4(h, PEER4, G + (1u << 23)); /* the same Ethernet address, another group */
	assert_false(hears(h, any));
	assert_int_equal(source4(h, any, PH_IP_BLOCK_SOURCE, 0), 0);
	datagram4(h, 0x0a000100, G);
	assert_false(hears(h, any));
	assert_true(hears(h, some));
	ph_close(h->st, any, h->now);
	ph_close(h->st, some, h->now);
	ph_close(h->st, none, h->now);
	host_free(h);
}

/* rfc: 1112:6.1-2 */
static void test_what_we_send_to_a_group_comes_back_to_its_members(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 5000, .ip = ip_of4(G) };
	ph_socket s = udp4(h);
	uint8_t byte = 1;
	struct ph_iov iov = { &byte, 1 };
	struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };
	int v = 0;

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_sendmsg(h->st, s, &msg, 0, h->now), 1);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->ttl, 1);
	ph_stack_run(h->st, h->now);
	assert_true(hears(h, s));
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_MULTICAST_TTL, &v, 4, h->now),
			 0);
	assert_int_equal(ph_sendmsg(h->st, s, &msg, 0, h->now), 1);
	assert_int_equal(host_take(h), 0);
	ph_stack_run(h->st, h->now);
	assert_true(hears(h, s));
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_MULTICAST_LOOP, &v, 4, h->now),
			 0);
	assert_int_equal(ph_sendmsg(h->st, s, &msg, 0, h->now), 1);
	ph_stack_run(h->st, h->now);
	assert_false(hears(h, s));
	v = 7;
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_MULTICAST_TTL, &v, 4, h->now),
			 0);
	assert_int_equal(ph_sendmsg(h->st, s, &msg, 0, h->now), 1);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->ttl, 7);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_link_that_goes_takes_its_groups_and_sockets_live_on(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);
	int v = 1;

	(void)state;
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	assert_int_equal(ph_link_remove(h->st, h->link, h->now), 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.igmp_max_memberships", "1"), 0);
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), -ENODEV);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_MULTICAST_IF, &v, 4, h->now),
			 -EADDRNOTAVAIL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3376:7.2.1-2 */
static void test_what_was_to_be_told_ends_with_the_version(void **state)
{
	struct host *h = host_new();
	ph_socket s = udp4(h);
	unsigned told = 0;

	(void)state;
	for (unsigned code = 0; code < 256; code += 5) /* RFC 3376 4.1.1 */
		assert_int_equal(igmp_code((uint8_t)code),
				 code < 128 ? code : (16u + code % 16) << (3 + code / 16 % 8));
	assert_int_equal(member4(h, s, PH_IP_ADD_MEMBERSHIP), 0);
	assert_true(host_take(h) > 0);
	record4(h, IGMP_TO_EXCLUDE, 0); /* to be repeated within a second */
	query4(h, (struct query){ .len = 12, .code = 100 }); /* and this answered within ten */
	query4(h, (struct query){ .len = 8, .code = 100 });
	while (wait_frame(h, 30 * NS_PER_S) != UINT64_MAX) {
		igmp_at(h, IGMP_REPORT2, G);
		told++;
	}
	assert_int_equal(told, 1);
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_merged_filter_hears_what_some_socket_wants_and_nothing_else),
		cmocka_unit_test(test_joins_and_leaves_are_told_at_once_and_once_more),
		cmocka_unit_test(test_sources_are_allowed_and_blocked),
		cmocka_unit_test(test_sixty_four_sources_fit_and_the_next_is_refused_in_words),
		cmocka_unit_test(
			test_queries_are_answered_after_a_random_time_within_what_they_say),
		cmocka_unit_test(test_queries_that_cannot_be_or_may_be_forged_are_not_answered),
		cmocka_unit_test(test_sources_asked_about_are_answered_as_far_as_they_are_heard),
		cmocka_unit_test(
			test_older_queriers_are_spoken_to_in_their_version_until_they_are_gone),
		cmocka_unit_test(test_types_that_nobody_knows_are_passed_over),
		cmocka_unit_test(
			test_another_hosts_report_spares_ours_but_not_when_sent_to_us_alone),
		cmocka_unit_test(test_sockets_hear_groups_and_sources_they_asked_for),
		cmocka_unit_test(test_what_we_send_to_a_group_comes_back_to_its_members),
		cmocka_unit_test(test_a_link_that_goes_takes_its_groups_and_sockets_live_on),
		cmocka_unit_test(test_what_was_to_be_told_ends_with_the_version),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
