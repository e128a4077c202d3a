/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulator: a share of the seeds that make check-sim runs, a run that repeats to the
 * nanosecond, checks that can fail, and the table of goodput. More: rig sim --check --seeds 1..200.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sim/life.h"
#include "harness/sim/notation.h"
#include "harness/sim/pattern.h"
#include "harness/sim/response.h"
#include "harness/sim/run.h"
#include "harness/sim/table.h"
#include "harness/sim/tso.h"

enum { SEEDS = 30, LIVES = 6 };

static struct sim_result run(uint64_t seed, const char *topo, bool check)
{
	struct sim_run_conf conf = { .seed = seed, .check = check, .topo = topo, .topo_name = "test" };
	struct sim_result r;
	struct net_err e;

	if (sim_run(&conf, &r, &e))
		fail_msg("seed %u: %s", (unsigned)seed, e.text);
	return r;
}

static void test_seeds_pass_with_every_check_on(void **state)
{
	uint64_t all = 0, six = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_result r = run(seed, NULL, true);

		if (!r.ok)
			fail_msg("%s; again: rig sim --check --seeds %u", r.why, (unsigned)seed);
		all += r.octets;
		six += r.octets6;
	}
	assert_in_range(six, all / 20, all * 19 / 20); /* both families are drawn */
}

/* Renewals, lifetimes, prefixes, carriers, links: tests/unit's share of rig sim --life. */
static void test_a_host_lives_for_an_hour_without_a_leak_or_a_stale_address(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= LIVES; seed++) {
		struct sim_run_conf conf = { .seed = seed };
		struct sim_result r;
		struct net_err e;

		assert_int_equal(sim_life(&conf, &r, &e), 0);
		if (!r.ok)
			fail_msg("%s; again: rig sim --life --seeds %u", r.why, (unsigned)seed);
		assert_true(r.virtual_ns >= 3600 * UINT64_C(1000000000));
	}
}

/* Beyond those that make check-sim runs: seeds that found something once. */
static void test_seeds_that_found_something_pass(void **state)
{
	static const uint64_t seeds[] = { 466, 641 /* data held beyond a window taken back */,
					  495 /* selective acknowledgments taken back */ };

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct sim_result r = run(seeds[i], NULL, true);

		if (!r.ok)
			fail_msg("%s; again: rig sim --check --seeds %u", r.why, (unsigned)seeds[i]);
	}
}

static void test_a_seed_is_the_same_run_to_the_nanosecond(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct sim_result a = run(seed, NULL, false), b = run(seed, NULL, false);

		assert_true(a.digest == b.digest);
		assert_true(a.virtual_ns == b.virtual_ns);
		assert_true(a.events == b.events);
	}
}

static void test_looking_does_not_change_a_run(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++)
		assert_true(run(seed, NULL, false).digest == run(seed, NULL, true).digest);
}

static void test_seeds_differ(void **state)
{
	(void)state;
	assert_true(run(1, NULL, false).digest != run(2, NULL, false).digest);
}

static const char two_hosts[] = "node a\nnode b\nbridge lan\nveth a.eth0 lan\nveth b.eth0 lan\n"
				"addr a.eth0 10.0.0.1/24\naddr b.eth0 10.0.0.2/24\n";

static void test_a_topology_of_the_users_runs(void **state)
{
	struct sim_result r = run(3, two_hosts, true);

	(void)state;
	assert_true(r.ok);
	assert_int_equal(r.hosts, 2);
}

static const char two_nets[] =
	"node a\nnode b\nnode r\nforward r on\nbridge near\nbridge far\nveth a.eth0 near\n"
	"veth r.eth0 near\nveth r.eth1 far\nveth b.eth0 far\naddr a.eth0 10.0.0.1/24\n"
	"addr r.eth0 10.0.0.254/24\naddr r.eth1 10.0.1.254/24\naddr b.eth0 10.0.1.1/24\n"
	"route a default via 10.0.0.254\nroute b default via 10.0.1.254\n";

/* A smaller MTU behind the router: TCP learns it from ICMP, datagrams are cut. */
static void test_routers_forward_and_say_what_does_not_fit(void **state)
{
	char topo[1024];

	(void)state;
	snprintf(topo, sizeof(topo), "%smtu r.eth1 700\nmtu r.eth0 900\n", two_nets);
	for (uint64_t seed = 1; seed < 12; seed++) {
		struct sim_result r = run(seed, topo, true);

		if (!r.ok)
			fail_msg("seed %u: %s", (unsigned)seed, r.why);
		assert_int_equal(r.hosts, 3);
		assert_true(r.failed == 0 || r.octets > 0);
	}
}

static const char two_nets6[] =
	"addr a.eth0 fd00::1/64\naddr r.eth0 fd00::fe/64\naddr r.eth1 fd00:0:0:1::fe/64\n"
	"addr b.eth0 fd00:0:0:1::1/64\nroute a default via fd00::fe\n"
	"route b default via fd00:0:0:1::fe\nsysctl a net.ipv6.conf.default.accept_dad=0\n"
	"sysctl b net.ipv6.conf.default.accept_dad=0\n";

/* The same over IPv6, where routers cut nothing: who sends learns of the narrower link, and of another
 * when it changes. */
static void test_routers_of_ipv6_forward_and_say_what_does_not_fit(void **state)
{
	char topo[2048];
	uint64_t octets = 0;

	(void)state;
	snprintf(topo, sizeof(topo), "%s%smtu r.eth1 1280\nmtu r.eth0 1400\n", two_nets, two_nets6);
	for (uint64_t seed = 1; seed < 25; seed++) {
		struct sim_result r = run(seed, topo, true);

		if (!r.ok)
			fail_msg("seed %u: %s", (unsigned)seed, r.why);
		octets += r.octets6;
	}
	assert_true(octets > 1000000);
}

static void test_a_packet_of_too_many_hops_is_dropped(void **state)
{
	char topo[2048];

	(void)state;
	snprintf(topo, sizeof(topo),
		 "%ssysctl a net.ipv4.ip_default_ttl=1\nsysctl b net.ipv4.ip_default_ttl=1\n", two_nets);
	for (uint64_t seed = 1; seed < 4; seed++)
		assert_int_equal(run(seed, topo, false).octets, 0);
	snprintf(topo, sizeof(topo), "%s%ssysctl a net.ipv6.conf.default.hop_limit=1\n", two_nets,
		 two_nets6);
	for (uint64_t seed = 1; seed < 10; seed++)
		assert_int_equal(run(seed, topo, false).octets6, 0);
}

/* A connection that nothing can get through must be called so: the check can fail. */
static void test_a_dead_link_is_a_failed_run(void **state)
{
	char topo[512];
	struct sim_result r;

	(void)state;
	snprintf(topo, sizeof(topo), "%slink a.eth0 script drop fin 1..1000\n", two_hosts);
	for (uint64_t seed = 1; seed < 40; seed++) {
		r = run(seed, topo, false);
		if (!r.ok)
			break;
	}
	assert_false(r.ok);
}

static void test_what_cannot_be_simulated_is_refused(void **state)
{
	static const struct {
		const char *lines, *says;
	} row[] = {
		{ "forward a on\n", "at least two nodes that do not forward" },
		{ "forward c on\n", "test:8: there is no node \"c\"" },
		{ "run a true\n", "test:8: a simulated topology has no \"run\"" },
		{ "veth c.eth0 lan\n", "test:8: there is no node \"c\"" },
		{ "veth a.eth1 wan\n", "test:8: there is no bridge \"wan\"" },
		{ "node a\n", "test:8: there is a node \"a\" already" },
		{ "mtu a.eth7 1400\n", "test:8: there is no device a.eth7" },
		{ "link a.eth0 loss much\n", "test:8: " },
		{ "sysctl a net.ipv4.nothing=1\n", "a phantom has no sysctl net.ipv4.nothing" },
		{ "sysctl a net.ipv4.tcp_sack=7\n", "sysctl net.ipv4.tcp_sack cannot be \"7\"" },
		{ "node c\n", "node c has no IPv4 address" },
		{ "if 1 == 1\n", "test:8: the file ends inside an \"if\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sim_run_conf conf = { .seed = 1, .topo_name = "test" };
		struct sim_result r;
		struct net_err e = { .text = "" };
		char topo[512];

		snprintf(topo, sizeof(topo), "%s%s", two_hosts, row[i].lines);
		conf.topo = topo;
		assert_int_equal(sim_run(&conf, &r, &e), -1);
		if (!strstr(e.text, row[i].says))
			fail_msg("\"%s\" gave: %s", row[i].lines, e.text);
	}
}

static void test_octets_are_compared_to_the_first_that_differs(void **state)
{
	uint8_t bytes[5000];

	(void)state;
	for (size_t at = 0; at < 20; at++) {
		sim_pattern_fill(7, at, bytes, sizeof(bytes));
		assert_int_equal(sim_pattern_match(7, at, bytes, sizeof(bytes)), sizeof(bytes));
		bytes[4321] ^= 1;
		assert_int_equal(sim_pattern_match(7, at, bytes, sizeof(bytes)), 4321);
		assert_true(sim_pattern_match(8, at, bytes, sizeof(bytes)) < 4);
		assert_true(sim_pattern_match(7, at + 1, bytes, sizeof(bytes)) < 4);
	}
}

struct cut {
	unsigned n;
	size_t len[8];
	uint32_t seq[8];
	uint8_t flags[8];
};

static void keep_cut(void *ctx, const uint8_t *b, size_t len)
{
	struct cut *c = ctx;

	assert_true(c->n < 8);
	c->len[c->n] = len;
	c->seq[c->n] = (uint32_t)b[38] << 24 | (uint32_t)b[39] << 16 | (uint32_t)b[40] << 8 | b[41];
	c->flags[c->n++] = b[47];
}

static void test_a_super_segment_is_cut_as_its_fields_say(void **state)
{
	struct ph_offload o = { .flags = 1, .gso_type = 1, .hdr_len = 54, .gso_size = 1000,
				.csum_start = 34, .csum_offset = 16 };
	uint8_t frame[54 + 2500] = { 0 };
	struct cut c = { .n = 0 };

	(void)state;
	frame[14] = 0x45;
	frame[46] = 0x50;
	frame[47] = 0x19; /* FIN PSH ACK */
	memset(frame + 38, 0xff, 4);
	assert_true(sim_tso(frame, sizeof(frame), &o, keep_cut, &c));
	assert_int_equal(c.n, 3);
	assert_int_equal(c.len[2], 54 + 500);
	assert_int_equal(c.seq[1], 999); /* past 2^32 */
	assert_int_equal(c.flags[1], 0x10);
	assert_int_equal(c.flags[2], 0x19);
	o.hdr_len = 58;
	assert_false(sim_tso(frame, sizeof(frame), &o, keep_cut, &c));
}

static void test_a_frame_is_written_in_one_line(void **state)
{
	static const uint8_t syn[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 48, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0x9c, 0x40, 0x13, 0x89, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x70, 2, 0xff, 0xff, 0, 0, 0, 0,
		2, 4, 5, 0xb4, 1, 3, 3, 7
	};
	char text[200];

	(void)state;
	sim_notation(text, sizeof(text), syn, sizeof(syn), sizeof(syn));
	assert_string_equal(text, "10.0.0.1:40000 > 10.0.0.2:5001 S 1000:1000(0) win 65535 "
				  "<mss 1460,nop,wscale 7>");
	for (size_t have = 0; have < sizeof(syn); have++) /* cut anywhere */
		sim_notation(text, sizeof(text), syn, have, sizeof(syn));
}

static void test_goodput_is_what_the_committed_table_says(void **state)
{
	FILE *f = fopen(PH_SRCDIR "/tests/sim/goodput.txt", "re"), *made;
	char want[8192] = "", *got = NULL;
	size_t len = 0;

	(void)state;
	assert_non_null(f);
	want[fread(want, 1, sizeof(want) - 1, f)] = '\0';
	fclose(f);
	made = open_memstream(&got, &len);
	assert_non_null(made);
	sim_table_print(made);
	fclose(made);
	if (strcmp(want, got) != 0)
		fail_msg("behaviour has changed; if it was meant to: rig sim --table > "
			 "tests/sim/goodput.txt\n%s", got);
	free(got);
}

/* RFC 9438 5.1, and 1.2/sqrt(p): the whole table is docs/response.md. */
static void test_mean_windows_lie_within_a_tenth_of_the_response_functions(void **state)
{
	static const struct {
		unsigned every, drops;
		bool random;
	} row[] = {
		{ 100, 60, false }, { 316, 60, false }, { 1000, 50, false }, { 3162, 40, false },
		{ 10000, 60, false }, { 31623, 10, false }, { 100000, 10, false },
		{ 100, 1000, true }, { 1000, 200, true },
	};
	static const char *const ccs[] = { "reno", "cubic" };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		const char *cc = ccs[i % 2];
		unsigned every = row[i / 2].every, drops = row[i / 2].drops;
		/* Reno's cycles are alike: few of them will do. */
		struct sim_response r = sim_response_measure(cc, every, row[i / 2].random,
							     i % 2 || every < 9999 ? drops : 4);

		if (r.window < 0.9 * r.expected || r.window > 1.1 * r.expected)
			fail_msg("%s, one in %u lost: %.1f segments, theory %.1f", cc, every,
				 r.window, r.expected);
		if (r.most > r.room / 2)
			fail_msg("%s, one in %u lost: up to %.0f segments where %.0f have room", cc,
				 every, r.most, r.room);
	}
}

/* Ott, Kemperman and Mathis, 1996: the mean over time of an ideal Reno's window is 1.3098/sqrt(p). */
static void test_the_model_of_random_losses_agrees_with_the_known_constant(void **state)
{
	(void)state;
	for (double p = 1e-5; p < 1e-3; p *= 10) {
		double is = sim_response_random("reno", p) * sqrt(p);

		assert_true(is > 1.28 && is < 1.32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds_pass_with_every_check_on),
		cmocka_unit_test(test_a_host_lives_for_an_hour_without_a_leak_or_a_stale_address),
		cmocka_unit_test(test_seeds_that_found_something_pass),
		cmocka_unit_test(test_a_seed_is_the_same_run_to_the_nanosecond),
		cmocka_unit_test(test_looking_does_not_change_a_run),
		cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_a_topology_of_the_users_runs),
		cmocka_unit_test(test_routers_forward_and_say_what_does_not_fit),
		cmocka_unit_test(test_routers_of_ipv6_forward_and_say_what_does_not_fit),
		cmocka_unit_test(test_a_packet_of_too_many_hops_is_dropped),
		cmocka_unit_test(test_a_dead_link_is_a_failed_run),
		cmocka_unit_test(test_what_cannot_be_simulated_is_refused),
		cmocka_unit_test(test_octets_are_compared_to_the_first_that_differs),
		cmocka_unit_test(test_a_super_segment_is_cut_as_its_fields_say),
		cmocka_unit_test(test_a_frame_is_written_in_one_line),
		cmocka_unit_test(test_mean_windows_lie_within_a_tenth_of_the_response_functions),
		cmocka_unit_test(test_the_model_of_random_losses_agrees_with_the_known_constant),
		cmocka_unit_test(test_goodput_is_what_the_committed_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
