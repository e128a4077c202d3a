/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lab's points run: each kind of flow does what it says, to the octet; measures against answers
 * that can be computed by hand; the same run whatever is recorded of it; what ends badly says so.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/pcapng.h"
#include "harness/lab/run.h"

enum { TEXT = 4096, LINE = 4096 };

/* Octets of a frame: Ethernet, IPv4, TCP with timestamps, and payload. */
#define FRAME(payload) (14 + 20 + 32 + (payload))
#define ENDS	       "\"from\":\"a\",\"to\":\"b\","

struct conf { /* NULL: none, or what two nodes at one cable are */
	const char *head, *link, *flows, *watch, *lines, *nodes, *sysctls;
};

static const char *point_text(const struct conf *c)
{
	static const char pair[] = "\"node a\",\"node b\",\"veth a.e0 b.e0\",\"addr a.e0 10.0.0.1/24\","
				   "\"addr b.e0 10.0.0.2/24\"";
	static char text[TEXT];

	snprintf(text, sizeof(text),
		 "{\"format\":1,\"seed\":3,%s,\"topology\":[%s%s%s%s],\"devices\":{%s},\"sysctls\":{%s},"
		 "\"flows\":[%s],\"watch\":[%s]}",
		 c->head ? c->head : "\"duration\":10", c->lines ? c->lines : pair,
		 c->link ? ",\"link a.e0 " : "", c->link ? c->link : "", c->link ? "\"" : "",
		 c->nodes ? c->nodes : "\"a\":\"phantom\",\"b\":\"phantom\"",
		 c->sysctls ? c->sysctls : "", c->flows, c->watch ? c->watch : "\"a.e0 out\"");
	return text;
}

/* The result as text; dir: where a series and captures go, or NULL. */
static char *run_text(const struct conf *c, const char *dir)
{
	struct lab_point p;
	struct net_err e;
	char *text = NULL;
	struct lab *l;
	size_t len;
	FILE *f;

	if (lab_point_text(&p, point_text(c), "point", &e))
		fail_msg("%s", e.text);
	l = lab_new(&p, &e);
	if (!l || (dir && lab_record(l, dir, true, true, &e)))
		fail_msg("%s", e.text);
	lab_go(l);
	assert_int_equal(lab_record_end(l, &e), 0);
	f = open_memstream(&text, &len);
	lab_result(l, f);
	fclose(f);
	lab_free(l);
	lab_point_free(&p);
	return text;
}

static json_t *run_any(const struct conf *c)
{
	char *text = run_text(c, NULL);
	json_t *r = json_loads(text, 0, NULL);

	assert_non_null(r);
	free(text);
	return r;
}

static json_t *run(const struct conf *c)
{
	json_t *r = run_any(c);

	assert_string_equal(json_string_value(json_object_get(r, "reason")), "");
	assert_string_equal(json_string_value(json_object_get(r, "verdict")), "pass");
	return r;
}

static json_t *flow(const json_t *r, size_t i)
{
	return json_array_get(json_object_get(r, "flows"), i);
}

static json_t *lnk(const json_t *r, size_t i)
{
	return json_array_get(json_object_get(r, "links"), i);
}

static double num(const json_t *of, const char *key)
{
	const json_t *v = json_object_get(of, key);

	if (!json_is_number(v))
		fail_msg("%s is no number", key);
	return json_number_value(v);
}

static void is_near(const json_t *of, const char *key, double want, double share)
{
	double have = num(of, key);

	if (fabs(have - want) > share * want)
		fail_msg("%s is %.9g, and should be %.9g within %g%%", key, have, want, share * 100);
}

static void is_exactly(const json_t *of, const char *key, double want)
{
	is_near(of, key, want, 1e-12);
}

/* ---- kinds of flows -------------------------------------------------------------------------------- */

static void test_a_bulk_of_bytes_arrives_whole_and_ends(void **state)
{
	const struct conf c = { .link = "rate 10mbit delay 20ms",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS
					 "\"bytes\":1000001,\"start\":1.5}" };
	json_t *r = run(&c), *f = flow(r, 0);
	double least = 1000001 * 8 / 10e6 + 0.06;

	(void)state;
	is_exactly(f, "bytes", 1000001);
	is_exactly(f, "transfers", 1);
	assert_in_range((int)(num(f, "completion_mean_s") * 1000), (int)(least * 1000),
			(int)(least * 1300));
	is_exactly(f, "goodput_bps", 8000008 / num(f, "completion_mean_s"));
	is_exactly(f, "segments", ceil(1000001 / 1448.0));
	json_decref(r);
}

static void test_a_bulk_that_is_stopped_sends_no_more_than_it_wrote(void **state)
{
	const struct conf c = { .link = "rate 10mbit delay 20ms queue 100",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"stop\":2,"
					 "\"options\":{\"sndbuf\":20000}}" };
	json_t *r = run(&c), *f = flow(r, 0);

	(void)state;
	assert_true(num(f, "bytes") < 2.1 * 10e6 / 8 && num(f, "bytes") > 100000);
	is_near(f, "goodput_bps", num(f, "bytes") * 8 / 2, 0.1); /* over its life, not the run's */
	json_decref(r);
}

static void test_each_question_is_answered_and_no_more_are_asked_than_counted(void **state)
{
	const struct conf c = { .link = "delay 20ms",
				.flows = "{\"name\":\"k\",\"kind\":\"request\"," ENDS
					 "\"request\":100,\"response\":5000,\"count\":7,\"think\":0.5},"
					 "{\"name\":\"n\",\"kind\":\"request\"," ENDS
					 "\"request\":300000,\"response\":5000,\"count\":7,"
					 "\"reconnect\":true}" };
	json_t *r = run(&c);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		is_exactly(flow(r, i), "bytes", 7 * 5000);
		is_exactly(flow(r, i), "transfers", 7);
	}
	is_exactly(flow(r, 0), "connections", 1);
	is_exactly(flow(r, 1), "connections", 7);
	is_exactly(flow(r, 0), "completion_p50_s", 0.04);
	json_decref(r);
}

static void test_an_onoff_flow_is_on_for_its_share(void **state)
{
	const struct conf c = { .head = "\"duration\":20",
				.link = "rate 10mbit delay 1ms",
				.flows = "{\"name\":\"f\",\"kind\":\"onoff\"," ENDS
					 "\"on\":0.5,\"off\":1.5,\"rate\":2000000}" };
	json_t *r = run(&c);

	(void)state;
	is_near(flow(r, 0), "bytes", 2e6 / 8 * 20 * 0.25, 0.02);
	json_decref(r);
}

static void test_an_onoff_flow_without_a_rate_fills_the_link_while_it_is_on(void **state)
{
	const struct conf c = { .head = "\"duration\":20",
				.link = "rate 10mbit delay 1ms queue 50",
				.flows = "{\"name\":\"f\",\"kind\":\"onoff\"," ENDS "\"on\":1,\"off\":1,"
					 "\"options\":{\"sndbuf\":20000}}" };
	json_t *r = run(&c);

	(void)state;
	/* And what stands in the queue when it stops. */
	is_near(flow(r, 0), "bytes", 10e6 / 8 * 1448 / 1514 * 10 + 10 * 50 * 1448, 0.05);
	json_decref(r);
}

static void test_a_page_is_all_its_objects_over_no_more_connections_than_allowed(void **state)
{
	const struct conf c = { .link = "rate 10mbit delay 5ms",
				.flows = "{\"name\":\"f\",\"kind\":\"web\"," ENDS
					 "\"objects\":5,\"size\":3000,\"think\":0.2,\"count\":4,"
					 "\"connections\":2}" };
	json_t *r = run(&c);

	(void)state;
	is_exactly(flow(r, 0), "bytes", 4 * 5 * 3000);
	is_exactly(flow(r, 0), "transfers", 4);
	is_exactly(flow(r, 0), "connections", 4 * 2);
	is_exactly(flow(r, 0), "failed", 0);
	json_decref(r);
}

static const char star[] =
	"\"bridge lan\",\"node a\",\"node b\",\"node c\",\"node d\",\"veth a.e0 lan\","
	"\"veth b.e0 lan\",\"veth c.e0 lan\",\"veth d.e0 lan\",\"addr a.e0 10.0.0.1/24\","
	"\"addr b.e0 10.0.0.2/24\",\"addr c.e0 10.0.0.3/24\",\"addr d.e0 10.0.0.4/24\"";
static const char four[] = "\"a\":\"phantom\",\"b\":\"phantom\",\"c\":\"phantom\",\"d\":\"phantom\"";

static void test_a_round_of_incast_is_every_sender_once(void **state)
{
	const struct conf c = { .lines = star,
				.nodes = four,
				.link = "in rate 100mbit queue 1000 out delay 1ms",
				.watch = "\"a.e0 in\"",
				.flows = "{\"name\":\"i\",\"kind\":\"incast\",\"from\":[\"b\",\"c\",\"d\"],"
					 "\"to\":\"a\",\"bytes\":10000,\"count\":5}" };
	json_t *r = run(&c), *f = flow(r, 0);

	(void)state;
	is_exactly(f, "bytes", 5 * 3 * 10000);
	is_exactly(f, "transfers", 5);
	is_exactly(f, "connections", 3);
	/* A round is a question's way, and all answers through the one link. */
	assert_true(num(f, "completion_p50_s") >= 0.001 + 3 * 10000 * 8 / 100e6);
	assert_true(num(f, "completion_p50_s") < 0.0045);
	json_decref(r);
}

static void test_arrivals_come_by_their_clock_until_they_are_stopped(void **state)
{
	const struct conf c = { .link = "rate 100mbit delay 5ms",
				.flows = "{\"name\":\"f\",\"kind\":\"arrivals\"," ENDS
					 "\"size\":3000,\"gap\":0.1,\"stop\":4.95}" };
	json_t *r = run(&c);

	(void)state;
	is_exactly(flow(r, 0), "connections", 50);
	is_exactly(flow(r, 0), "transfers", 50);
	is_exactly(flow(r, 0), "bytes", 50 * 3000);
	json_decref(r);
}

static void test_flows_draw_from_streams_of_their_own(void **state)
{
#define DRAWN "{\"name\":\"f\",\"kind\":\"arrivals\"," ENDS                                        \
	"\"size\":{\"dist\":\"lognormal\",\"median\":2000,\"sigma\":1},"                          \
	"\"gap\":{\"dist\":\"exponential\",\"mean\":0.05},\"stop\":9}"
	const struct conf alone = { .link = "delay 5ms", .flows = DRAWN };
	const struct conf beside = { .link = "delay 5ms",
				     .flows = DRAWN ",{\"name\":\"g\",\"kind\":\"arrivals\"," ENDS
						    "\"size\":{\"dist\":\"exponential\",\"mean\":2000},"
						    "\"gap\":0.01}" };
	json_t *a = run(&alone), *b = run(&beside);

	(void)state;
	is_exactly(flow(a, 0), "bytes", num(flow(b, 0), "bytes"));
	is_exactly(flow(a, 0), "transfers", num(flow(b, 0), "transfers"));
	assert_true(num(flow(a, 0), "transfers") > 100);
	json_decref(a);
	json_decref(b);
}

/* ---- measures ---------------------------------------------------------------------------------------- */

static void test_goodput_is_the_payloads_share_of_the_rate(void **state)
{
	const struct conf c = { .head = "\"duration\":20,\"settle\":4",
				.link = "rate 10mbit delay 20ms queue 100",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS
					 "\"congestion\":\"cubic\"}" };
	json_t *r = run(&c);

	(void)state;
	is_near(flow(r, 0), "goodput_bps", 10e6 * 1448 / FRAME(1448), 0.02);
	is_near(lnk(r, 0), "utilisation", 1, 0.01);
	is_near(r, "goodput_bps", num(flow(r, 0), "goodput_bps"), 0);
	json_decref(r);
}

/* The answer's acknowledgment is the next question: nothing waits for anything. */
static void test_a_round_trip_is_both_delays_and_both_frames_times(void **state)
{
	const struct conf c = { .head = "\"duration\":10,\"settle\":1", /* behind quick ACKs */
				.link = "rate 10mbit delay 20ms",
				.flows = "{\"name\":\"f\",\"kind\":\"request\"," ENDS
					 "\"request\":100,\"response\":1000}" };
	double rtt = 0.04 + FRAME(1000) * 8 / 10e6 + FRAME(100) * 8 / 10e6;
	/* Both ends acknowledge the first ones at once: the answer goes behind that. */
	double first = 0.04 + (FRAME(0) + FRAME(1000) + FRAME(0)) * 8 / 10e6;
	json_t *r = run(&c);

	(void)state;
	is_near(flow(r, 0), "rtt_mean_s", rtt, 1e-9);
	is_near(flow(r, 0), "rtt_p95_s", rtt, 0.01);
	is_near(flow(r, 0), "rtt_inflation", rtt / first, 1e-9);
	is_exactly(flow(r, 0), "rtt_min_s", first);
	is_exactly(flow(r, 0), "completion_p50_s", rtt);
	json_decref(r);
}

/* Ten frames come at once, the i-th leaves after i times of a frame. */
static void test_a_burst_waits_as_long_as_a_burst_does(void **state)
{
	const struct conf c = { .head = "\"duration\":30,\"settle\":1",
				.link = "rate 1mbit",
				.watch = "\"a.e0 in\"",
				.flows = "{\"name\":\"f\",\"kind\":\"request\"," ENDS
					 "\"request\":100,\"response\":14480,\"think\":0.3}" };
	double frame = FRAME(1448) * 8 / 1e6;
	json_t *r = run(&c), *l = lnk(r, 0);
	double period = 10 * frame + FRAME(100) * 8 / 1e6 + 0.3;

	(void)state;
	is_near(l, "queue_mean_s", 5.5 * frame, 0.005);
	is_exactly(l, "queue_max_packets", 10);
	/* By Little: what waits is what comes in a second times how long it waits. */
	is_near(l, "queue_mean_packets", 10 / period * 5.5 * frame, 0.05);
	is_near(l, "utilisation", 10 * frame / period, 0.05);
	json_decref(r);
}

static void test_an_overloaded_queue_is_as_deep_as_its_limit(void **state)
{
	const struct conf c = { .head = "\"duration\":20,\"settle\":2",
				.link = "rate 10mbit queue 40",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS
					 "\"congestion\":\"cubic\"}" };
	json_t *r = run(&c), *l = lnk(r, 0);

	(void)state;
	is_exactly(l, "queue_max_packets", 40);
	assert_in_range((int)num(l, "queue_mean_packets"), 20, 40);
	assert_in_range((int)num(l, "queue_p95_packets"), 35, 40);
	is_near(flow(r, 0), "rtt_mean_s", num(l, "queue_mean_s"), 0.1);
	assert_true(num(json_object_get(l, "dropped"), "queue full") > 0);
	assert_true(num(flow(r, 0), "fast_recoveries") > 0);
	assert_true(num(flow(r, 0), "retransmitted") > 0);
	json_decref(r);
}

static void test_a_windows_mean_is_that_of_its_rate_and_round_trip(void **state)
{
	const struct conf c = { .head = "\"duration\":20,\"settle\":4",
				.link = "rate 10mbit delay 20ms queue 100",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS
					 "\"congestion\":\"reno\"}" };
	json_t *r = run(&c), *f = flow(r, 0);

	(void)state;
	is_near(f, "cwnd_mean", num(f, "goodput_bps") / 8 * num(f, "rtt_mean_s"), 0.05);
	json_decref(r);
}

static const char two_cables[] =
	"\"node a\",\"node b\",\"node c\",\"node d\",\"veth a.e0 b.e0\",\"veth c.e0 d.e0\","
	"\"addr a.e0 10.0.0.1/24\",\"addr b.e0 10.0.0.2/24\",\"addr c.e0 10.0.1.1/24\","
	"\"addr d.e0 10.0.1.2/24\",\"link c.e0 rate 10mbit delay 10ms queue 50\"";
static const char two_flows[] =
	"{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"b\"},"
	"{\"name\":\"g\",\"kind\":\"bulk\",\"from\":\"c\",\"to\":\"d\"}";

static void test_fairness_of_equals_is_one_and_of_one_to_three_four_fifths(void **state)
{
	struct conf c = { .lines = two_cables, .nodes = four, .flows = two_flows,
			  .link = "rate 10mbit delay 10ms queue 50" };
	json_t *r = run(&c);

	(void)state;
	is_near(r, "fairness", 1, 1e-6);
	is_exactly(r, "converge_s", 1); /* the first window */
	json_decref(r);
	c.link = "rate 30mbit delay 10ms queue 100";
	r = run(&c);
	is_near(r, "fairness", 0.8, 0.01);
	assert_true(json_is_null(json_object_get(r, "converge_s")));
	json_decref(r);
}

static void test_a_flow_that_comes_later_converges_later(void **state)
{
	const struct conf c = { .head = "\"duration\":60",
				.link = "rate 10mbit delay 10ms queue 30",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS
					 "\"congestion\":\"reno\"},"
					 "{\"name\":\"g\",\"kind\":\"bulk\"," ENDS
					 "\"congestion\":\"reno\",\"start\":10}" };
	json_t *r = run(&c);

	(void)state;
	assert_true(num(r, "converge_s") >= 1 && num(r, "converge_s") < 45);
	json_decref(r);
}

static void test_measures_begin_at_settle(void **state)
{
	struct conf c = { .head = "\"duration\":10,\"settle\":5",
			  .link = "rate 10mbit delay 10ms",
			  .flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":100000}" };
	json_t *r = run(&c), *f = flow(r, 0);

	(void)state;
	is_exactly(f, "bytes", 100000);
	is_exactly(f, "transfers", 1);
	is_exactly(f, "segments", 0);
	assert_true(json_is_null(json_object_get(f, "goodput_bps")));
	assert_true(json_is_null(json_object_get(f, "rtt_mean_s")));
	assert_true(num(f, "rtt_min_s") > 0.02); /* of the whole run */
	is_exactly(lnk(r, 0), "utilisation", 0);
	json_decref(r);
}

/* Nothing before settle counts, not even that there was nothing. */
static void test_a_run_that_begins_later_measures_the_same(void **state)
{
	struct conf c = { .head = "\"duration\":6",
			  .link = "rate 10mbit delay 10ms queue 40",
			  .flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"start\":0}" };
	json_t *early = run(&c), *late;

	(void)state;
	c.head = "\"duration\":16,\"settle\":10";
	c.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"start\":10}";
	late = run(&c);
	is_near(flow(late, 0), "goodput_bps", num(flow(early, 0), "goodput_bps"), 1e-6);
	is_near(flow(late, 0), "cwnd_mean", num(flow(early, 0), "cwnd_mean"), 1e-6);
	is_near(flow(late, 0), "retransmitted_share", num(flow(early, 0), "retransmitted_share"), 1e-6);
	is_near(lnk(late, 0), "queue_mean_packets", num(lnk(early, 0), "queue_mean_packets"), 1e-6);
	is_near(lnk(late, 0), "queue_mean_s", num(lnk(early, 0), "queue_mean_s"), 1e-6);
	is_near(lnk(late, 0), "utilisation", num(lnk(early, 0), "utilisation"), 1e-6);
	json_decref(early);
	json_decref(late);
}

static void test_timeouts_and_again_sent_segments_are_counted(void **state)
{
	/* The last one and all that is sent again for a while: only patience helps. */
	const struct conf c = { .link = "delay 20ms out script drop data 10..13",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":14480}" };
	json_t *r = run(&c), *f = flow(r, 0);

	(void)state;
	is_exactly(f, "segments", 14);
	is_exactly(f, "retransmitted", 4);
	is_exactly(f, "retransmitted_share", 4 / 14.0);
	assert_in_range((int)num(f, "timeouts"), 2, 4); /* a tail probe may be one of the four */
	is_exactly(f, "fast_recoveries", 0);
	is_exactly(json_object_get(lnk(r, 0), "dropped"), "script", 4);
	json_decref(r);
}

/* ---- the same run ----------------------------------------------------------------------------------- */

static const struct conf lossy = {
	.head = "\"duration\":6",
	.link = "rate 10mbit delay 20ms jitter 1ms loss 2% queue 50",
	.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"congestion\":\"cubic\"},"
		 "{\"name\":\"w\",\"kind\":\"web\"," ENDS "\"objects\":4,\"think\":0.3,"
		 "\"size\":{\"dist\":\"lognormal\",\"median\":4000,\"sigma\":1}}",
};

static void test_a_point_is_the_same_octets_each_time(void **state)
{
	char *a = run_text(&lossy, NULL), *b = run_text(&lossy, NULL);

	(void)state;
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void test_another_seed_is_another_run(void **state)
{
	struct conf other = lossy;
	json_t *a = run(&lossy), *b;

	(void)state;
	other.head = "\"duration\":6,\"point\":1";
	b = run(&other);
	assert_string_equal(json_string_value(json_object_get(a, "digest")),
			    json_string_value(json_object_get(b, "digest")));
	json_decref(b);
	other.link = "rate 10mbit delay 20ms jitter 1ms loss 2% queue 50 seed 4";
	b = run(&other);
	assert_string_not_equal(json_string_value(json_object_get(a, "digest")),
				json_string_value(json_object_get(b, "digest")));
	json_decref(a);
	json_decref(b);
}

static void test_watching_a_queue_that_drops_by_itself_does_not_change_it(void **state)
{
	struct conf c = { .link = "rate 10mbit delay 10ms queue codel",
			  .flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":4000000}" };
	json_t *a = run(&c), *b;

	(void)state;
	assert_true(num(json_object_get(lnk(a, 0), "dropped"), "codel") > 0);
	c.watch = "";
	b = run(&c);
	assert_string_equal(json_string_value(json_object_get(a, "digest")),
			    json_string_value(json_object_get(b, "digest")));
	json_decref(a);
	json_decref(b);
}

/* ---- what is recorded ------------------------------------------------------------------------------- */

static const char *scratch(void)
{
	static char dir[] = "/tmp/test_lab_run.XXXXXX";

	if (dir[sizeof(dir) - 2] == 'X')
		assert_non_null(mkdtemp(dir));
	return dir;
}

struct lines {
	unsigned data, again, lost, full, delivered, flight, states, queues;
	double last, state_t;
};

static void read_packet(const json_t *o, struct lines *n)
{
	const char *fate = json_string_value(json_object_get(o, "fate"));
	const json_t *arrive = json_object_get(o, "arrive");
	bool data = strcmp(json_string_value(json_object_get(o, "dir")), "data") == 0;

	assert_non_null(json_object_get(o, "text"));
	if (strcmp(fate, "delivered") == 0)
		assert_true(json_number_value(arrive) >= num(o, "t") + 0.019);
	else
		assert_true(json_is_null(arrive));
	if (!data)
		return;
	n->data += num(o, "len") > 0;
	n->again += json_is_true(json_object_get(o, "rtx"));
	n->lost += strcmp(fate, "loss") == 0;
	n->full += strcmp(fate, "queue full") == 0;
	n->delivered += strcmp(fate, "delivered") == 0;
	n->flight += strcmp(fate, "flight") == 0;
}

static void read_line(const char *text, struct lines *n)
{
	json_t *o = json_loads(text, 0, NULL);
	const char *event = json_string_value(json_object_get(o, "ev"));

	assert_non_null(event);
	assert_true(num(o, "t") >= n->last);
	n->last = num(o, "t");
	if (strcmp(event, "pkt") == 0)
		read_packet(o, n);
	n->states += strcmp(event, "state") == 0;
	n->queues += strcmp(event, "queue") == 0;
	json_decref(o);
}

static struct lines read_series(void)
{
	struct lines n = { .data = 0 };
	char path[64], line[LINE];
	FILE *f;

	snprintf(path, sizeof(path), "%s/series.jsonl", scratch());
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		read_line(line, &n);
	fclose(f);
	assert_int_equal(remove(path), 0);
	return n;
}

static void read_capture(const char *dev, uint64_t *frames, uint64_t *dropped)
{
	char path[64], err[PCAPNG_ERR_TEXT];
	struct pcapng_reader *r;
	struct pcapng_packet p;

	snprintf(path, sizeof(path), "%s/%s.pcapng", scratch(), dev);
	r = pcapng_reader_open(path, err, sizeof(err));
	assert_non_null(r);
	for (*frames = *dropped = 0; pcapng_reader_next(r, &p, err, sizeof(err)) == 1;) {
		*frames += !p.comment;
		*dropped += p.comment != NULL;
	}
	pcapng_reader_free(r);
	assert_int_equal(remove(path), 0);
}

static void test_a_series_has_every_segment_with_its_fate_and_changes_nothing(void **state)
{
	struct conf c = lossy;
	uint64_t frames, dropped;
	char *bare, *text;
	struct lines n;
	json_t *r, *drops;

	(void)state;
	c.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"congestion\":\"cubic\"}";
	bare = run_text(&c, NULL);
	text = run_text(&c, scratch());
	assert_string_equal(bare, text);
	r = json_loads(text, 0, NULL);
	n = read_series();
	drops = json_object_get(lnk(r, 0), "dropped");
	assert_int_equal(n.data, num(flow(r, 0), "segments"));
	assert_int_equal(n.again, num(flow(r, 0), "retransmitted"));
	assert_true(n.lost > 10);
	assert_int_equal(n.lost, num(drops, "loss"));
	/* All but a question and an answer of ARP. */
	assert_int_equal(n.delivered + n.lost + n.full + n.flight + 2, num(lnk(r, 0), "frames"));
	assert_true(n.states > 100 && n.states <= 6000);
	assert_true(n.queues > 100 && n.queues <= 6000);
	read_capture("a.e0", &frames, &dropped);
	assert_true(frames > n.data);
	assert_true(dropped >= n.lost);
	json_decref(r);
	free(bare);
	free(text);
}

static void test_a_fate_is_known_behind_a_router(void **state)
{
	const struct conf c = {
		.head = "\"duration\":4",
		.lines = "\"node a\",\"node r\",\"node b\",\"forward r on\",\"veth a.e0 r.e0\","
			 "\"veth r.e1 b.e0\",\"addr a.e0 10.0.0.1/24\",\"addr r.e0 10.0.0.254/24\","
			 "\"addr r.e1 10.0.1.254/24\",\"addr b.e0 10.0.1.1/24\","
			 "\"route a default via 10.0.0.254\",\"route b default via 10.0.1.254\","
			 "\"link r.e1 out rate 5mbit queue 10\"",
		.link = "delay 20ms",
		.watch = "\"r.e1 out\"",
		.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"congestion\":\"cubic\"}",
	};
	char *text = run_text(&c, scratch());
	json_t *r = json_loads(text, 0, NULL);
	struct lines n = read_series();
	uint64_t frames, dropped;

	(void)state;
	assert_true(n.full > 0);
	assert_int_equal(n.full, num(json_object_get(lnk(r, 0), "dropped"), "queue full"));
	read_capture("r.e1", &frames, &dropped);
	assert_int_equal(dropped, n.full);
	json_decref(r);
	free(text);
}

/* ---- what ends badly ---------------------------------------------------------------------------------- */

static void ends(const struct conf *c, const char *verdict, const char *reason)
{
	json_t *r = run_any(c);
	const char *why = json_string_value(json_object_get(r, "reason"));

	assert_string_equal(json_string_value(json_object_get(r, "verdict")), verdict);
	if (!strstr(why, reason))
		fail_msg("the reason is \"%s\" and should have \"%s\"", why, reason);
	assert_int_equal(json_array_size(json_object_get(r, "flows")), 1);
	json_decref(r);
}

static void test_a_limit_that_is_reached_is_an_error_that_names_it(void **state)
{
	const struct conf c = { .head = "\"duration\":10,\"events\":1000",
				.link = "rate 10mbit delay 1ms",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":null}" };
	struct conf still = c;

	(void)state;

	ends(&c, "error", "more than 1000 events (limit events_max)");
	still.head = "\"duration\":10";
	still.link = NULL;
	ends(&still, "error", "time does not move on: more than 2000000 events at one moment (limit");
}

static void (*turn)(void *ctx, struct sim_host *h);

/* What is to be sent changes while some of it is on its way. */
static void turn_and_spoil(void *ctx, struct sim_host *h)
{
	struct lab *l = ctx;

	if (l->net->now >= SIM_START_NS + 1000000000u)
		memset(l->pattern, 0, 65521);
	turn(ctx, h);
}

/* It holds more than it says. */
static void turn_and_take(void *ctx, struct sim_host *h)
{
	h->mem_used += h->net->now < SIM_START_NS + 1000000000u;
	turn(ctx, h);
}

static void fails_with(void (*instead)(void *ctx, struct sim_host *h), const char *reason)
{
	const struct conf c = { .link = "rate 1mbit delay 20ms",
				.flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":300000}" };
	struct lab_point p;
	struct net_err e;
	const char *why;
	struct lab *l;

	assert_int_equal(lab_point_text(&p, point_text(&c), "point", &e), 0);
	l = lab_new(&p, &e);
	assert_non_null(l);
	turn = l->net->hooks.turn;
	l->net->hooks.turn = instead;
	lab_go(l);
	assert_int_equal(lab_judge(l, &why), LAB_FAIL);
	if (!strstr(why, reason))
		fail_msg("the reason is \"%s\" and should have \"%s\"", why, reason);
	lab_free(l);
	lab_point_free(&p);
}

static void test_a_promise_that_is_broken_is_a_fail(void **state)
{
	(void)state;
	fails_with(turn_and_spoil, "octets were read that the other end did not write there");
	fails_with(turn_and_take, " octets and holds ");
}

static void test_a_connection_that_fails_is_a_fail_that_names_it(void **state)
{
	const struct conf dead = { .head = "\"duration\":600",
				   .link = "loss 100%",
				   .flows = "{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "\"bytes\":1}" };
	struct conf late = dead;

	(void)state;
	ends(&dead, "fail", "flow f: connection 0 from a to b at ");
	late.head = "\"duration\":3000";
	late.link = "delay 1ms out script drop tcp 20..100000";
	late.flows = "{\"name\":\"f\",\"kind\":\"request\"," ENDS
		     "\"request\":100,\"response\":100,\"think\":1}";
	ends(&late, "fail", "Connection timed out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_bulk_of_bytes_arrives_whole_and_ends),
		cmocka_unit_test(test_a_bulk_that_is_stopped_sends_no_more_than_it_wrote),
		cmocka_unit_test(test_each_question_is_answered_and_no_more_are_asked_than_counted),
		cmocka_unit_test(test_an_onoff_flow_is_on_for_its_share),
		cmocka_unit_test(test_an_onoff_flow_without_a_rate_fills_the_link_while_it_is_on),
		cmocka_unit_test(test_a_page_is_all_its_objects_over_no_more_connections_than_allowed),
		cmocka_unit_test(test_a_round_of_incast_is_every_sender_once),
		cmocka_unit_test(test_arrivals_come_by_their_clock_until_they_are_stopped),
		cmocka_unit_test(test_flows_draw_from_streams_of_their_own),
		cmocka_unit_test(test_goodput_is_the_payloads_share_of_the_rate),
		cmocka_unit_test(test_a_round_trip_is_both_delays_and_both_frames_times),
		cmocka_unit_test(test_a_burst_waits_as_long_as_a_burst_does),
		cmocka_unit_test(test_an_overloaded_queue_is_as_deep_as_its_limit),
		cmocka_unit_test(test_a_windows_mean_is_that_of_its_rate_and_round_trip),
		cmocka_unit_test(test_fairness_of_equals_is_one_and_of_one_to_three_four_fifths),
		cmocka_unit_test(test_a_flow_that_comes_later_converges_later),
		cmocka_unit_test(test_measures_begin_at_settle),
		cmocka_unit_test(test_a_run_that_begins_later_measures_the_same),
		cmocka_unit_test(test_timeouts_and_again_sent_segments_are_counted),
		cmocka_unit_test(test_a_point_is_the_same_octets_each_time),
		cmocka_unit_test(test_another_seed_is_another_run),
		cmocka_unit_test(test_watching_a_queue_that_drops_by_itself_does_not_change_it),
		cmocka_unit_test(test_a_series_has_every_segment_with_its_fate_and_changes_nothing),
		cmocka_unit_test(test_a_fate_is_known_behind_a_router),
		cmocka_unit_test(test_a_limit_that_is_reached_is_an_error_that_names_it),
		cmocka_unit_test(test_a_promise_that_is_broken_is_a_fail),
		cmocka_unit_test(test_a_connection_that_fails_is_a_fail_that_names_it),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	(void)rmdir(scratch());
	return failed;
}
