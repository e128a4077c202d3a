/* SPDX-License-Identifier: BSD-2-Clause */
/* Congestion control between whole hosts in virtual time: what algorithms get of a path, alone and
 * beside each other. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sim/app.h"

enum { FLOWS_MAX = 2, RATE_KBIT = 10000 };

struct world {
	struct sim_topo topo;
	struct sim_net *net;
	struct sim_apps apps;
	struct sim_conn_plan plan[FLOWS_MAX];
	const char *name[FLOWS_MAX]; /* algorithm of flow i */
	unsigned flows;
};

static void on_turn(void *ctx, struct sim_host *h)
{
	sim_apps_turn(ctx, h);
}

static void world_new(struct world *w, const char *link, unsigned flows)
{
	static const struct sim_host_conf conf[2] = { { .key = "one", .single = true },
						      { .key = "other", .single = true } };
	static const struct sim_end_plan end = { .write_max = 65536, .read_max = 65536,
						 .abort_at = UINT64_MAX };
	struct topo_vars vars = { .nvar = 0 };
	struct net_err e;
	char text[512];

	snprintf(text, sizeof(text),
		 "node a\nnode b\nveth a.eth0 b.eth0\naddr a.eth0 10.0.0.1/24\n"
		 "addr b.eth0 10.0.0.2/24\nlink a.eth0 rate 10mbit %s seed 1\n", link);
	sim_topo_init(&w->topo);
	assert_int_equal(sim_topo_text(&w->topo, text, "test", &vars, &e), 0);
	topo_vars_free(&vars);
	w->net = sim_net_new(&w->topo, conf, 1, false, &e);
	assert_non_null(w->net);
	for (unsigned i = 0; i < flows; i++) {
		w->plan[i] = (struct sim_conn_plan){ .host = { 0, 1 },
						     .port = { (uint16_t)(40000 + i), 5001 },
						     .bytes = { UINT64_MAX / 2, 0 }, .after = -1,
						     .end = { end, end } };
		w->plan[i].end[0].cc = w->name[i];
	}
	w->flows = flows;
	sim_apps_init(&w->apps, w->net, w->plan, flows, NULL, 0, 1);
	w->net->hooks = (struct sim_hooks){ .ctx = &w->apps, .turn = on_turn };
	sim_apps_listen(&w->apps, &end, 1);
}

static void world_free(struct world *w)
{
	sim_apps_free(&w->apps);
	sim_net_free(w->net);
	sim_topo_free(&w->topo);
}

/* The socket of flow i at the sender, or -1. */
static ph_socket socket_of(const struct world *w, unsigned i)
{
	struct ph_sock_info s[8];
	size_t n = ph_socks(w->net->host[0].st, s, 8);

	for (size_t k = 0; k < n && k < 8; k++)
		if (s[k].socket >= 0 && s[k].local.port == w->plan[i].port[0])
			return s[k].socket;
	return -1;
}

/* Runs for so long and says the kbit/s that each flow got meanwhile. */
static void run(struct world *w, unsigned seconds, uint64_t kbit[FLOWS_MAX])
{
	uint64_t until = w->net->now + seconds * UINT64_C(1000000000), before[FLOWS_MAX] = { 0 };

	for (unsigned i = 0; i < w->flows; i++)
		before[i] = w->apps.end[2 * i + 1].in;
	while (!w->net->failed) {
		uint64_t at = sim_net_next(w->net), app = sim_apps_next(&w->apps);

		at = app < at ? app : at;
		if (at >= until)
			break;
		w->net->now = at > w->net->now ? at : w->net->now;
		sim_apps_mark(&w->apps);
		sim_net_settle(w->net);
	}
	assert_false(w->net->failed);
	w->net->now = until;
	for (unsigned i = 0; i < w->flows; i++)
		kbit[i] = (w->apps.end[2 * i + 1].in - before[i]) * 8 / seconds / 1000;
}

static uint64_t alone(const char *name, const char *link, unsigned seconds, uint32_t *rtt_us)
{
	struct world w = { .name = { name } };
	struct ph_tcp_info info;
	uint32_t len = sizeof(info);
	uint64_t kbit[FLOWS_MAX];

	world_new(&w, link, 1);
	run(&w, 5, kbit);
	run(&w, seconds, kbit);
	assert_int_equal(ph_getsockopt(w.net->host[0].st, socket_of(&w, 0), PH_IPPROTO_TCP,
				       PH_TCP_INFO, &info, &len), 0);
	*rtt_us = info.tcpi_rtt;
	world_free(&w);
	return kbit[0];
}

static void beside(const char *one, const char *other, const char *link, uint64_t kbit[FLOWS_MAX])
{
	struct world w = { .name = { one, other } };

	world_new(&w, link, 2);
	run(&w, 20, kbit);
	run(&w, 120, kbit);
	world_free(&w);
}

static void test_each_algorithm_fills_a_path_alone(void **state)
{
	static const char *const names[] = { "reno", "cubic", "bbr" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint32_t rtt_us;

		assert_true(alone(names[i], "delay 20ms queue 60", 30, &rtt_us) > RATE_KBIT * 9 / 10);
	}
}

static void test_bbr_leaves_the_queue_short_and_cubic_does_not(void **state)
{
	uint32_t bbr_us, cubic_us;

	(void)state;
	assert_true(alone("bbr", "delay 20ms queue 200", 30, &bbr_us) > RATE_KBIT * 9 / 10);
	assert_true(alone("cubic", "delay 20ms queue 200", 30, &cubic_us) > RATE_KBIT * 9 / 10);
	assert_true(bbr_us < 80000);
	assert_true(cubic_us > 2 * bbr_us);
}

static void test_bbr_takes_a_percent_of_loss_for_what_it_is(void **state)
{
	uint32_t rtt_us;
	uint64_t bbr = alone("bbr", "delay 50ms queue 100 loss 1%", 60, &rtt_us);
	uint64_t cubic = alone("cubic", "delay 50ms queue 100 loss 1%", 60, &rtt_us);

	(void)state;
	assert_true(bbr > 2 * cubic);
}

/* rfc: 9293:MUST-19 */
static void test_two_of_a_kind_share_a_path(void **state)
{
	static const char *const names[] = { "reno", "cubic" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t kbit[FLOWS_MAX], sum;

		beside(names[i], names[i], "delay 20ms queue 60", kbit);
		sum = kbit[0] + kbit[1];
		assert_true(sum > RATE_KBIT * 9 / 10);
		assert_true(kbit[0] * 10 > sum * 3 && kbit[1] * 10 > sum * 3);
	}
}

/* rfc: 9438:4.3-1 */
static void test_cubic_beside_reno_takes_no_more_than_its_friendly_region_allows(void **state)
{
	uint64_t kbit[FLOWS_MAX], sum;

	(void)state;
	beside("cubic", "reno", "delay 20ms queue 60", kbit);
	sum = kbit[0] + kbit[1];
	assert_true(sum > RATE_KBIT * 9 / 10);
	assert_true(kbit[1] * 5 > sum && kbit[0] * 10 > sum * 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_algorithm_fills_a_path_alone),
		cmocka_unit_test(test_bbr_leaves_the_queue_short_and_cubic_does_not),
		cmocka_unit_test(test_bbr_takes_a_percent_of_loss_for_what_it_is),
		cmocka_unit_test(test_two_of_a_kind_share_a_path),
		cmocka_unit_test(
			test_cubic_beside_reno_takes_no_more_than_its_friendly_region_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
