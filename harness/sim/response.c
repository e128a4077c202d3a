/* SPDX-License-Identifier: BSD-2-Clause */
/* See response.h. */
#include "harness/sim/response.h"

#include <math.h>
#include <string.h>

#include "harness/sim/rand.h"
#include "harness/sim/transfer.h"

enum { RTT_MS = 100, SETTLE = 8, STEPS = 8, MODEL_LOSSES = 20000 };
static const double RTT = RTT_MS / 1000.0, C = 0.4;

double sim_response_regular(const char *cc, double loss)
{
	double reno = 1.2 / sqrt(loss), cubic;

	if (strcmp(cc, "cubic") != 0)
		return reno;
	/* RFC 9438 5.1, beta = 0.7 */
	cubic = pow(C * 3.7 / 1.2, 0.25) * pow(RTT / loss, 0.75);
	return cubic > reno ? cubic : reno;
}

/* ---- random losses: the rules as the RFCs write them, of a window that is a real number */

struct model {
	double beta, alpha; /* alpha: until the window is where it was before */
	bool curve;	    /* RFC 9438 4.2 */
	double w, est, prior, w_max, origin, t, k;
	double quiet; /* round trips for which it recovers yet: no growth, and no second decrease */
};

static void model_grow(struct model *m)
{
	double at;

	if (m->quiet > 0) {
		m->quiet -= 1.0 / STEPS;
		return;
	}
	m->t += RTT / STEPS;
	m->est += (m->est < m->prior ? m->alpha : 1) / STEPS;
	at = m->curve ? C * pow(m->t - m->k, 3) + m->origin : 0;
	m->w = fmax(m->w, fmax(m->est, at));
}

static void model_lose(struct model *m)
{
	if (m->quiet > 0)
		return;
	m->quiet = 1;
	m->prior = m->w;
	m->w_max = m->w < m->w_max ? m->w * (1 + m->beta) / 2 : m->w;
	m->w = m->est = fmax(m->w * m->beta, 2);
	m->t = 0;
	m->k = m->w_max > m->w ? cbrt((m->w_max - m->w) / C) : 0;
	m->origin = fmax(m->w_max, m->w);
}

/* Segments until the next that is lost: as good as geometric, for p this small. */
static double draw(struct sim_rand *r, double loss)
{
	return -log((double)(sim_rand_in(r, 1, 1u << 30)) / (1u << 30)) / loss;
}

double sim_response_random(const char *cc, double loss)
{
	bool cubic = strcmp(cc, "cubic") == 0;
	struct model m = { .beta = cubic ? 0.7 : 0.5, .alpha = cubic ? 9.0 / 17 : 1, .curve = cubic,
			   .w = 10, .est = 10, .origin = 10 };
	struct sim_rand r = sim_rand_of(1, 1);
	double left = draw(&r, loss), sum = 0, steps = 0;

	for (int losses = 0; losses < MODEL_LOSSES;) {
		left -= m.w / STEPS;
		sum += m.w;
		steps++;
		model_grow(&m);
		for (; left <= 0; losses++) {
			left += draw(&r, loss);
			model_lose(&m);
		}
	}
	return sum / steps;
}

struct sim_response sim_response_measure(const char *cc, unsigned every, bool random, unsigned drops)
{
	char link[128], how[64], lines[256];
	/* Losses alone are to bound the window. The buffers bind in the first slow start, and no more: what
	 * it overshoots to wears off by fast convergence, then by a segment per loss (the one that
	 * cc_cubic.c takes for rounding), to the same end whatever it was. At p = 1/31623 the window at a
	 * loss comes to 480 segments after 16 losses with room for four times theory's; with six it is 497
	 * after 68, and falls yet. So the run waits until it falls no more. */
	unsigned most = (unsigned)(sim_response_regular(cc, 1.0 / every) * (random ? 12 : 4)) * 1500;
	struct sim_transfer t = {
		.link = link, .lines = lines,
		.cc = cc, .seconds = 1e6, .rtt_ns = RTT_MS * 1000000ull,
		.settle = SETTLE, .drops = drops, .steady = !random,
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
				      .most = r.most, .room = most / 1500.0,
				      .expected = random ? sim_response_random(cc, r.loss) :
							   sim_response_regular(cc, r.loss) };
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
		"so many-th or\n# at random; RTT %d ms, no queue, from the %dth loss on; each so many-th: "
		"from where the window at one\n# is not below that at the one before. Theory for every: "
		"1.2/sqrt(p), RFC 9438 5.1; for random: the\n# same rules, of a window that is a real "
		"number. Made by: rig sim --response\n",
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
