/* SPDX-License-Identifier: BSD-2-Clause */
/* See response.h. */
#include "harness/sim/response.h"

#include <string.h>

#include "harness/sim/transfer.h"

enum { RTT_MS = 100, SETTLE = 8 };

static double root(double x)
{
	double r = x > 1 ? x : 1;

	for (int i = 0; i < 60; i++)
		r = (r + x / r) / 2;
	return r;
}

double sim_response_expected(const char *cc, double loss)
{
	double reno = 1.2 / root(loss), ratio = RTT_MS / 1000.0 / loss, cubic;

	if (strcmp(cc, "reno") == 0)
		return reno;
	if (strcmp(cc, "cubic") != 0)
		return 0;
	/* (C (3 + beta) / (4 (1 - beta)))^(1/4) (RTT/p)^(3/4), C = 0.4, beta = 0.7 */
	cubic = root(root(0.4 * 3.7 / 1.2)) * root(ratio) * root(root(ratio));
	return cubic > reno ? cubic : reno;
}

struct sim_response sim_response_measure(const char *cc, unsigned every, bool random, unsigned drops)
{
	char link[128], how[64], lines[256];
	/* Losses alone are to bound the window; but what slow start overshoots would take long to
	 * wear off. */
	unsigned most = (unsigned)(sim_response_expected(cc, 1.0 / every) * (random ? 12 : 6)) * 1500;
	struct sim_transfer t = {
		.link = link, .lines = lines,
		.cc = cc, .seconds = 1e6, .rtt_ns = RTT_MS * 1000000ull,
		.settle = SETTLE, .drops = drops,
	};
	struct sim_transfer_result r;

	snprintf(lines, sizeof(lines),
		 "sysctl a \"net.ipv4.tcp_wmem=4096 %u 268435456\"\n"
		 "sysctl b \"net.ipv4.tcp_rmem=4096 %u %u\"\n", most, most, most);
	if (random)
		snprintf(how, sizeof(how), "loss %.7f%%", 100.0 / every);
	else
		snprintf(how, sizeof(how), "script drop data every %u", every);
	snprintf(link, sizeof(link), "delay %dms queue 1000000 out %s", RTT_MS / 2, how);
	r = sim_transfer_run(&t);
	return (struct sim_response){ .loss = r.loss, .window = r.window, .rate = r.rate,
				      .expected = sim_response_expected(cc, r.loss) };
}

static void print_row(FILE *f, const char *cc, unsigned every, bool random, unsigned drops)
{
	struct sim_response r = sim_response_measure(cc, every, random, drops);

	fprintf(f, "%-6s %-8s %-10.4g %10.1f %10.1f %10.1f %8.3f\n", cc, random ? "random" : "every",
		r.loss, r.window, r.rate, r.expected, r.window / r.expected);
	fflush(f);
}

void sim_response_print(FILE *f)
{
	static const char *const ccs[] = { "reno", "cubic" };
	static const unsigned every[] = { 100, 316, 1000, 3162, 10000, 31623, 100000 };

	fprintf(f,
		"# Mean congestion window, in segments, where one data segment in 1/loss is dropped, each "
		"so many-th or\n# at random; RTT %d ms, no queue, from the %dth loss on. theory: 1.2/sqrt(p);"
		" RFC 9438 5.1.\n# Made by: rig sim --response\n",
		RTT_MS, SETTLE);
	fprintf(f, "%-6s %-8s %-10s %10s %10s %10s %8s\n", "cc", "losses", "loss", "window", "per_rtt",
		"theory", "ratio");
	for (size_t c = 0; c < sizeof(ccs) / sizeof(ccs[0]); c++) {
		for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++)
			print_row(f, ccs[c], every[i], false, every[i] > 20000 ? 10 : 60);
		for (size_t i = 0; i < 4; i++) /* the rarer ones take long to be many */
			print_row(f, ccs[c], every[i], true, every[i] > 500 ? 300 : 1000);
	}
}
