/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MLD (net/mld.c over net/mc_group.c): told and asked, as RFC 3810 and 2710 say, with RFC 9777's
 * corrections. Filters and what sockets hear are test_groups.c's. Time is virtual.
 */
#include "net6_fixture.h"
#include "own.h"

#include "net/igmp.h"
#include "net/mc_group.h"
#include "wire/igmp.h"

static const struct ph_ip g6 = { { 0xff, 0x05, [15] = 0x77 } };

static ph_socket udp6(struct host *h)
{
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 5000 };
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);

	assert_true(s >= 0);
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	return s;
}

static int member6_of(struct host *h, ph_socket s, int name, const struct ph_ip *g)
{
	uint8_t mreq[20];

	memcpy(mreq, g->b, 16);
	memcpy(mreq + 16, &h->link, 4);
	return ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, name, mreq, sizeof(mreq), h->now);
}

static int member6(struct host *h, ph_socket s, int name)
{
	return member6_of(h, s, name, &g6);
}

static struct ph_ip source6(unsigned i)
{
	struct ph_ip ip = far6;

	ip.b[15] = (uint8_t)i;
	return ip;
}

static const uint8_t *mld_at(const struct host *h, unsigned type, const struct ph_ip *to)
{
	const uint8_t *ip = h->out + ETH_HDR_LEN;

	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(ip[6], 0);
	assert_int_equal(ip[7], 1);
	assert_memory_equal(ip + 8, us_ll.b, 16);
	assert_memory_equal(ip + 24, to->b, 16);
	assert_memory_equal(ip + 40, ((uint8_t[]){ 58, 0, 5, 2, 0, 0, 1, 0 }), 8);
	assert_int_equal(ip[48], type);
	return ip + 48;
}

static const struct ph_ip v2_routers = { { 0xff, 2, [15] = 0x16 } },
			  all_routers6 = { { 0xff, 2, [15] = 2 } };

static void record6(const struct host *h, unsigned type)
{
	const uint8_t *b = mld_at(h, ICMP6_MLD2_REPORT, &v2_routers);

	assert_memory_equal(b + 6, ((uint8_t[]){ 0, 1, (uint8_t)type, 0, 0, 0 }), 6);
	assert_memory_equal(b + 12, g6.b, 16);
}

struct query6 {
	const struct ph_ip *src, *dst;
	uint8_t hop;
	bool no_alert, bad_sum;
	uint8_t len;
	uint16_t code;
	struct ph_ip group;
	uint8_t type; /* 0: a query */
	unsigned n;   /* sources asked about: source6() of 1 to n */
};

static void query6(struct host *h, struct query6 q)
{
	static struct frame f;
	uint8_t *o, *b;

	frame_ip6(&f, q.src ? q.src : &peer_ll, q.dst ? q.dst : &all_nodes6,
		  q.no_alert ? IP6_NEXT_ICMP : IP6_NEXT_HOPOPTS);
	frame_hdr6(&f)->hop = q.hop ? q.hop : 1;
	if (!q.no_alert) {
		o = frame_put(&f, 8);
		memcpy(o, (const uint8_t[]){ 58, 0, 5, 2, 0, 0, 1, 0 }, 8);
	}
	b = frame_put(&f, q.len + 16 * q.n);
	b[0] = q.type ? q.type : ICMP6_MLD_QUERY;
	b[4] = (uint8_t)(q.code >> 8);
	b[5] = (uint8_t)q.code;
	memcpy(b + 8, q.group.b, q.len >= 24 ? 16 : 0);
	if (q.len >= 28)
		b[27] = (uint8_t)q.n;
	for (unsigned i = 0; i < q.n; i++)
		memcpy(b + 28 + 16 * i, source6(i + 1).b, 16);
	frame_icmp6_end(&f, (size_t)(b - f.b));
	b[2] ^= q.bad_sum;
	frame_in(h, &f);
}

/* rfc: 3810:5-1, 3810:5.2.14-1, 3810:5.2.10-1, 3810:6.1-1, 3810:6.1-2, 3810:9.1-1, 9777:9.1-1, 8504:5.11-1 */
static void test_mld_tells_joins_and_leaves(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), -EADDRINUSE);
	assert_true(host_take(h) > 0);
	record6(h, IGMP_TO_EXCLUDE);
	assert_true(wait_frame(h, 5 * NS_PER_S) <= NS_PER_S);
	record6(h, IGMP_TO_EXCLUDE);
	assert_true(wait_frame(h, 100 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member6(h, s, PH_IPV6_LEAVE_GROUP), 0);
	assert_true(host_take(h) > 0);
	record6(h, IGMP_TO_INCLUDE);
	assert_true(wait_frame(h, 5 * NS_PER_S) <= NS_PER_S);
	record6(h, IGMP_TO_INCLUDE);
	assert_true(wait_frame(h, 100 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member6(h, s, PH_IPV6_LEAVE_GROUP), -EADDRNOTAVAIL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:5.1.2-1, 3810:5.1.14-1, 3810:6.2-1, 3810:6.2-3, 3810:8.1-1, 9777:10-1 */
/* rfc: 3810:5.1.12-1, 3810:5.1.15-1 */
static void test_mld_queries_from_elsewhere_are_not_answered(void **state)
{
	static const struct query6 rows[] = {
		{ .len = 28, .src = &peer6 },	    { .len = 28, .src = &none6 },
		{ .len = 28, .hop = 2 },	    { .len = 28, .no_alert = true },
		{ .len = 28, .bad_sum = true },	    { .len = 20 },
		{ .len = 25 },			    { .len = 27 },
		{ .len = 28, .group = { { 0xff, 5, [15] = 1 } } },
	};
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct query6 q = rows[i];

		q.code = 1000;
		query6(h, q);
		assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
	}
	query6(h, (struct query6){ .len = 28, .code = 1000, .group = g6, .dst = &g6 });
	assert_true(wait_frame(h, 30 * NS_PER_S) <= NS_PER_S);
	record6(h, IGMP_IS_EXCLUDE);
	query6(h, (struct query6){ .len = 36, .code = 1000, .dst = &us_ll });
	assert_true(wait_frame(h, 30 * NS_PER_S) <= NS_PER_S);
	mld_at(h, ICMP6_MLD2_REPORT, &v2_routers);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:8.2.1-1, 3810:9.12-1, 9777:9.12-1 */
static void test_mld_falls_back_to_the_first_version_for_its_querier(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h);
	uint64_t heard;

	(void)state;
	query6(h, (struct query6){ .len = 24, .code = 1000 });
	heard = h->now;
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	assert_true(host_take(h) > 0);
	mld_at(h, ICMP6_MLD_REPORT, &g6);
	assert_int_equal(member6(h, s, PH_IPV6_LEAVE_GROUP), 0);
	assert_true(host_take(h) > 0);
	mld_at(h, ICMP6_MLD_DONE, &all_routers6);
	host6_settle(h, heard + 259 * NS_PER_S - h->now);
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	assert_true(host_take(h) > 0);
	mld_at(h, ICMP6_MLD_REPORT, &g6);
	assert_int_equal(member6(h, s, PH_IPV6_LEAVE_GROUP), 0);
	host6_settle(h, heard + 261 * NS_PER_S - h->now);
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	assert_true(host_take(h) > 0);
	record6(h, IGMP_TO_EXCLUDE);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:5-2 */
static void test_types_that_are_not_mlds_are_passed_over(void **state)
{
	static const uint8_t types[] = { 144, 151, 153, 200, 255 };
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		query6(h, (struct query6){ .len = 28, .code = 1000, .type = types[i] });
		assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
		assert_int_equal(drops_of(h, "ICMP6_IGNORED"), i + 1);
	}
	query6(h, (struct query6){ .len = 28, .code = 1000, .group = g6, .dst = &g6 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S); /* a member still */
	record6(h, IGMP_IS_EXCLUDE);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:5.1.3-1 */
static void test_response_times_beyond_32_seconds_have_an_exponent(void **state)
{
	static const struct {
		uint16_t code;
		uint32_t ms;
	} row[] = { { 0, 0 },		{ 1, 1 },	    { 32767, 32767 }, { 0x8000, 32768 },
		    { 0x8001, 32776 }, { 0x8fff, 65528 }, { 0x9000, 65536 }, { 0xffff, 8387584 } };
	struct host *h = host6_new();
	ph_socket s = udp6(h);
	uint64_t most = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		assert_int_equal(mld_code(row[i].code), row[i].ms);
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (unsigned i = 0; i < 30; i++) {
		uint64_t after;

		query6(h, (struct query6){ .len = 28, .code = 0x8000, .group = g6, .dst = &g6 });
		after = wait_frame(h, 100 * NS_PER_S);
		record6(h, IGMP_IS_EXCLUDE);
		assert_true(after <= 32768 * NS_PER_MS);
		most = after > most ? after : most;
	}
	assert_true(most > 20 * NS_PER_S); /* not at once, and not within 100 ms */
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:5.2.13-1 */
static void test_reports_are_sent_from_nobody_until_we_are_somebody(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	unsigned before = 0, after = 0;

	(void)state;
	for (uint64_t end = h->now + 5 * NS_PER_S; h->now < end; host_run(h, 10 * NS_PER_MS)) {
		struct ph_addr_info a;

		assert_int_equal(own_addrs(h->st, &a, 1), 1);
		while (host_take(h) > 0) {
			if (out_ip6(h)->next != IP6_NEXT_HOPOPTS || h->out[AT6 + 8] != ICMP6_MLD2_REPORT)
				continue;
			if (a.flags & PH_ADDR_TENTATIVE) {
				assert_memory_equal(out_ip6(h)->src, none6.b, 16);
				before++;
			} else {
				assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
				after++;
			}
		}
	}
	assert_true(before > 0 && after > 0);
	host_free(h);
}

/* Is this group in the report taken last? */
static bool reported(const struct host *h, const struct ph_ip *group)
{
	const uint8_t *b = h->out + AT6 + 8, *r = b + 8;

	assert_int_equal(b[0], ICMP6_MLD2_REPORT);
	for (unsigned n = (unsigned)b[6] << 8 | b[7]; n > 0; n--) {
		if (memcmp(r + 4, group->b, 16) == 0)
			return true;
		r += 20 + 16 * (r[2] << 8 | r[3]) + 4 * r[1];
		assert_true(r <= h->out + h->out_len);
	}
	return false;
}

/* rfc: 3810:6-1 */
static void test_groups_that_leave_no_link_are_not_told_of(void **state)
{
	static const struct ph_ip node = { { 0xff, 1, [15] = 0x55 } }, node1 = { { 0xff, 1, [15] = 1 } },
				  link = { { 0xff, 2, [15] = 0x55 } };
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6_of(h, s, PH_IPV6_JOIN_GROUP, &node), 0);
	assert_int_equal(member6_of(h, s, PH_IPV6_JOIN_GROUP, &node1), 0);
	assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member6_of(h, s, PH_IPV6_JOIN_GROUP, &link), 0);
	assert_true(host_take(h) > 0);
	assert_true(reported(h, &link));
	host6_settle(h, 5 * NS_PER_S);
	query6(h, (struct query6){ .len = 28, .code = 1000 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	assert_true(reported(h, &link) && reported(h, &us_solicited));
	assert_false(reported(h, &all_nodes6) || reported(h, &node) || reported(h, &node1));
	query6(h, (struct query6){ .len = 28, .code = 1000, .group = all_nodes6 });
	assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
	assert_int_equal(member6_of(h, s, PH_IPV6_LEAVE_GROUP, &node), 0);
	assert_true(wait_frame(h, 30 * NS_PER_S) == UINT64_MAX);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:6.2-2 */
static void test_questions_asked_together_get_one_answer(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h);
	uint64_t start;

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (unsigned round = 0; round < 10; round++) {
		start = h->now;
		for (unsigned i = 0; i < 10; i++) /* the same time is left for each */
			query6(h, (struct query6){ .len = 28, .code = 10000 });
		query6(h, (struct query6){ .len = 28, .code = 10000, .group = g6, .dst = &g6 });
		assert_true(wait_frame(h, 20 * NS_PER_S) <= 10 * NS_PER_S);
		assert_true(reported(h, &g6) && reported(h, &us_solicited));
		assert_true(wait_frame(h, start + 30 * NS_PER_S - h->now) == UINT64_MAX);
	}
	query6(h, (struct query6){ .len = 28, .code = 30000 }); /* a hurry does not wait for that */
	query6(h, (struct query6){ .len = 28, .code = 10, .group = g6, .dst = &g6 });
	assert_true(wait_frame(h, NS_PER_S) <= 10 * NS_PER_MS);
	record6(h, IGMP_IS_EXCLUDE);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:6.3-1 3810:6.2-2 */
static void test_a_question_to_all_is_not_answered_by_all_at_once(void **state)
{
	uint64_t least = UINT64_MAX, most = 0, sum = 0;
	struct host *h = host6_new();

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		uint64_t after;

		query6(h, (struct query6){ .len = 28, .code = 10000 });
		assert_int_equal(host_take(h), 0);
		after = wait_frame(h, 20 * NS_PER_S);
		assert_true(after > 0 && after <= 10 * NS_PER_S);
		least = after < least ? after : least;
		most = after > most ? after : most;
		sum += after;
	}
	assert_true(least < 2 * NS_PER_S && most > 8 * NS_PER_S);
	assert_in_range(sum / 40 / NS_PER_MS, 3500, 6500);
	host_free(h);
}

static int source_member6(struct host *h, ph_socket s, int name, unsigned i)
{
	struct {
		uint32_t link, pad;
		struct {
			uint16_t family, port;
			uint32_t flow;
			uint8_t ip[16];
			uint32_t scope;
			uint8_t rest[100];
		} group, source;
	} req = { .link = (uint32_t)h->link, .group.family = PH_AF_INET6,
		  .source.family = PH_AF_INET6 };
	struct ph_ip from = source6(i);

	assert_int_equal(sizeof(req), 264);
	memcpy(req.group.ip, g6.b, 16);
	memcpy(req.source.ip, from.b, 16);
	return ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, name, &req, sizeof(req), h->now);
}

static void test_sources_asked_about_are_told_as_far_as_they_are_heard(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h);
	const uint8_t *b;

	(void)state;
	assert_int_equal(source_member6(h, s, PH_MCAST_JOIN_SOURCE_GROUP, 1), 0);
	assert_true(host_take(h) > 0);
	b = mld_at(h, ICMP6_MLD2_REPORT, &v2_routers);
	assert_memory_equal(b + 6, ((uint8_t[]){ 0, 1, IGMP_ALLOW, 0, 0, 1 }), 6);
	assert_int_equal(source_member6(h, s, PH_MCAST_JOIN_SOURCE_GROUP, 9), 0);
	host6_settle(h, 5 * NS_PER_S);
	query6(h, (struct query6){ .len = 28, .code = 1000, .group = g6, .dst = &g6, .n = 3 });
	assert_true(wait_frame(h, 2 * NS_PER_S) <= NS_PER_S);
	b = mld_at(h, ICMP6_MLD2_REPORT, &v2_routers);
	assert_memory_equal(b + 6, ((uint8_t[]){ 0, 1, IGMP_IS_INCLUDE, 0, 0, 1 }), 6);
	assert_memory_equal(b + 28, source6(1).b, 16);
	assert_int_equal(source_member6(h, s, PH_MCAST_LEAVE_SOURCE_GROUP, 1), 0);
	host6_settle(h, 5 * NS_PER_S);
	query6(h, (struct query6){ .len = 28, .code = 1000, .group = g6, .dst = &g6, .n = 3 });
	assert_true(wait_frame(h, 5 * NS_PER_S) == UINT64_MAX);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_another_hosts_mld_report_spares_ours_but_not_when_sent_to_us_alone(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (unsigned how = 0; how < 3; how++) { /* to us, to its group but not on its link, to all */
		bool spared = how == 2;
		unsigned told = 0;

		query6(h, (struct query6){ .len = 24, .code = 10000 });
		query6(h, (struct query6){ .len = 24, .type = ICMP6_MLD_REPORT, .group = g6,
					   .dst = how ? &g6 : &us_ll, .hop = how == 1 ? 2 : 1 });
		for (uint64_t end = h->now + 20 * NS_PER_S; h->now < end;) {
			if (wait_frame(h, end - h->now) == UINT64_MAX)
				break;
			told += memcmp(h->out + AT6 + 16, g6.b, 16) == 0;
		}
		assert_int_equal(told, !spared);
	}
	assert_int_equal(member6(h, s, PH_IPV6_LEAVE_GROUP), 0);
	assert_int_equal(host_take(h), 0); /* the other one is the last to report */
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_changes_are_told_as_often_as_the_robustness_says(void **state)
{
	(void)state;
	for (unsigned times = 1; times <= 7; times += 3) {
		const char value[2] = { (char)('0' + times), 0 };
		struct host *h = host6_new();
		ph_socket s = udp6(h);
		unsigned told = 0;

		assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.mld_qrv", value), 0);
		assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
		while (wait_frame(h, 30 * NS_PER_S) != UINT64_MAX) {
			record6(h, IGMP_TO_EXCLUDE);
			told++;
		}
		assert_int_equal(told, times);
		ph_close(h->st, s, h->now);
		host_free(h);
	}
}

/* attack: CVE-2007-0069 */
static void test_a_query_of_more_sources_than_it_has_is_none(void **state)
{
	static struct frame f;
	struct host *h = host6_new();
	ph_socket s = udp6(h);

	(void)state;
	assert_int_equal(member6(h, s, PH_IPV6_JOIN_GROUP), 0);
	host6_settle(h, 5 * NS_PER_S);
	for (unsigned n = 0; n < 70; n++) { /* there is one, and half of another */
		uint8_t *b;

		frame_ip6(&f, &peer_ll, &g6, IP6_NEXT_HOPOPTS);
		frame_hdr6(&f)->hop = 1;
		memcpy(frame_put(&f, 8), (const uint8_t[]){ 58, 0, 5, 2, 0, 0, 1, 0 }, 8);
		b = frame_put(&f, 28 + 24);
		b[0] = ICMP6_MLD_QUERY;
		b[5] = 100;
		memcpy(b + 8, g6.b, 16);
		b[27] = (uint8_t)n;
		frame_icmp6_end(&f, (size_t)(b - f.b));
		frame_in(h, &f);
		assert_int_equal(wait_frame(h, NS_PER_S) != UINT64_MAX, n < 2);
	}
	assert_int_equal(drops_of(h, "ICMP6_MALFORMED"), 68);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3810:6.2-2 */
static void test_asking_again_does_not_put_an_answer_off(void **state)
{
	struct host *h = host6_new();
	uint64_t start = h->now;

	(void)state;
	host6_settle(h, 5 * NS_PER_S);
	start = h->now;
	while (host_take(h) == 0 && h->now < start + 60 * NS_PER_S) {
		query6(h, (struct query6){ .len = 28, .code = 10000 });
		host_run(h, 100 * NS_PER_MS);
	}
	assert_true(h->now <= start + 10 * NS_PER_S + 100 * NS_PER_MS);
	host_free(h);
}

static void test_many_groups_are_told_in_packets_that_fit(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .mtu = 1280 },
				    PH_IPV6_STATIC);
	ph_socket s = udp6(h);
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct ph_ip g = g6;

		g.b[14] = (uint8_t)i;
		assert_int_equal(member6_of(h, s, PH_IPV6_JOIN_GROUP, &g), 0);
	}
	host6_settle(h, 20 * NS_PER_S);
	query6(h, (struct query6){ .len = 28, .code = 1000 });
	while (wait_frame(h, 2 * NS_PER_S) != UINT64_MAX) {
		assert_true(h->out_len <= ETH_HDR_LEN + 1280);
		told += (unsigned)h->out[AT6 + 14] << 8 | h->out[AT6 + 15];
	}
	assert_int_equal(told, 101); /* and the solicited-node group */
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mld_tells_joins_and_leaves),
		cmocka_unit_test(test_mld_queries_from_elsewhere_are_not_answered),
		cmocka_unit_test(test_mld_falls_back_to_the_first_version_for_its_querier),
		cmocka_unit_test(test_types_that_are_not_mlds_are_passed_over),
		cmocka_unit_test(test_response_times_beyond_32_seconds_have_an_exponent),
		cmocka_unit_test(test_reports_are_sent_from_nobody_until_we_are_somebody),
		cmocka_unit_test(test_groups_that_leave_no_link_are_not_told_of),
		cmocka_unit_test(test_questions_asked_together_get_one_answer),
		cmocka_unit_test(test_a_question_to_all_is_not_answered_by_all_at_once),
		cmocka_unit_test(test_sources_asked_about_are_told_as_far_as_they_are_heard),
		cmocka_unit_test(
			test_another_hosts_mld_report_spares_ours_but_not_when_sent_to_us_alone),
		cmocka_unit_test(test_changes_are_told_as_often_as_the_robustness_says),
		cmocka_unit_test(test_a_query_of_more_sources_than_it_has_is_none),
		cmocka_unit_test(test_asking_again_does_not_put_an_answer_off),
		cmocka_unit_test(test_many_groups_are_told_in_packets_that_fit),
	};

	return cmocka_run_group_tests_name("mld", tests, NULL, NULL);
}
