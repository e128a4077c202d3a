/* SPDX-License-Identifier: BSD-2-Clause */
/* A lab's points as they are read: what a good one becomes, and the sentence for each bad one. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/lab/point.h"
#include "harness/lab/run.h"

#define TOPOLOGY                                                                                   \
	"[\"node a\",\"node b\",\"node r\",\"forward r on\",\"node c\",\"veth a.e0 b.e0\","        \
	"\"veth a.e1 r.e0\",\"addr a.e0 10.0.0.1/24\",\"addr b.e0 10.0.0.2/24\","                  \
	"\"link a.e0 rate 10mbit delay 20ms\"]"
#define DEVICES "{\"a\":\"phantom\",\"b\":\"phantom\",\"c\":\"phantom\"}"
#define ENDS	"\"from\":\"a\",\"to\":\"b\""
#define BULK	"{\"name\":\"f\",\"kind\":\"bulk\"," ENDS "}"

enum { TEXT = 4096 };

struct parts { /* NULL: as a good point has it */
	const char *head, *topology, *devices, *sysctls, *flows, *watch, *more;
};

static const char *point(const struct parts *p)
{
	static char text[TEXT];

	snprintf(text, sizeof(text),
		 "{\"format\":1,\"seed\":3,%s,\"topology\":%s,\"devices\":%s,\"sysctls\":%s,"
		 "\"flows\":%s,\"watch\":%s%s}",
		 p->head ? p->head : "\"duration\":10", p->topology ? p->topology : TOPOLOGY,
		 p->devices ? p->devices : DEVICES, p->sysctls ? p->sysctls : "{}",
		 p->flows ? p->flows : "[" BULK "]", p->watch ? p->watch : "[\"a.e0 out\"]",
		 p->more ? p->more : "");
	return text;
}

static void read_well(struct lab_point *p, const struct parts *parts)
{
	struct net_err e;

	if (lab_point_text(p, point(parts), "p", &e))
		fail_msg("%s", e.text);
}

static void test_a_point_is_what_it_says(void **state)
{
	static const struct parts parts = {
		.head = "\"duration\":2.5,\"settle\":0.25,\"name\":\"n\",\"point\":17,\"events\":99",
		.flows = "[{\"name\":\"f\",\"kind\":\"bulk\"," ENDS ",\"bytes\":5000,\"start\":0.5,"
			 "\"stop\":2,\"congestion\":\"reno\",\"options\":{\"mss\":500,\"nodelay\":true}},"
			 "{\"name\":\"w\",\"kind\":\"web\"," ENDS ",\"objects\":3,\"size\":{\"dist\":"
			 "\"pareto\",\"shape\":1.5,\"min\":10,\"max\":1000},\"think\":0}]",
	};
	struct lab_point p;

	(void)state;
	read_well(&p, &parts);
	assert_string_equal(p.name, "n");
	assert_true(p.number == 17 && p.seed == 3 && p.events == 99);
	assert_true(p.duration_ns == 2500000000u && p.settle_ns == 250000000u);
	assert_int_equal(p.nflow, 2);
	assert_true(p.flow[0].kind == LAB_BULK && p.flow[0].bytes == 5000);
	assert_true(p.flow[0].start_ns == 500000000u && p.flow[0].stop_ns == 2000000000u);
	assert_string_equal(p.flow[0].congestion, "reno");
	assert_true(p.flow[0].options.mss == 500 && p.flow[0].options.nodelay);
	assert_true(p.flow[1].kind == LAB_WEB && p.flow[1].connections == 6);
	assert_true(p.flow[1].size.dist == LAB_PARETO && p.flow[1].size.c == 1.5);
	assert_true(p.flow[1].request.a == 400 && p.flow[1].count == UINT64_MAX);
	assert_int_equal(p.nwatch, 1);
	assert_true(p.watch[0].dir == LINK_DIR_OUT);
	lab_point_free(&p);
}

static void test_copies_are_flows_of_their_own(void **state)
{
	static const struct parts parts = {
		.flows = "[{\"name\":\"f\",\"kind\":\"arrivals\"," ENDS ",\"copies\":3,\"spread\":2,"
			 "\"start\":1,\"gap\":1,\"size\":{\"dist\":\"choice\",\"values\":[1,2]}}]",
	};
	struct lab_point p;

	(void)state;
	read_well(&p, &parts);
	assert_int_equal(p.nflow, 3);
	for (unsigned i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "f.%u", i + 1);
		assert_string_equal(p.flow[i].name, name);
		assert_in_range(p.flow[i].start_ns, 1000000000u, 2999999999u);
		for (unsigned k = 0; k < i; k++) {
			assert_true(p.flow[i].stream != p.flow[k].stream);
			assert_true(p.flow[i].start_ns != p.flow[k].start_ns);
			assert_ptr_not_equal(p.flow[i].size.value, p.flow[k].size.value);
		}
	}
	lab_point_free(&p);
}

#define FLOW(kind, more) "[{\"name\":\"f\",\"kind\":\"" kind "\"," ENDS "," more "}]"

static const struct {
	struct parts parts;
	const char *says;
} bad[] = {
	{ { .head = "\"duration\":0" },
	  "p: duration: 0 is not possible; write seconds above 0 and at most 86400" },
	{ { .head = "\"name\":\"x\"" },
	  "p: duration: it is missing; write seconds above 0 and at most 86400" },
	{ { .head = "\"duration\":\"1s\"" }, "p: duration: \"1s\" is not possible; write seconds" },
	{ { .head = "\"duration\":1,\"settle\":1" },
	  "p: settle: 1 s are not below the duration of 1 s; write less" },
	{ { .head = "\"duration\":1,\"point\":1.5" },
	  "p: point: 1.5 is not possible; write a whole number from 0" },
	{ { .head = "\"duration\":1,\"events\":0" }, "p: events: 0 is not possible; write a whole" },
	{ { .head = "\"duration\":1,\"name\":7" }, "p: name: 7 is not possible; write text" },
	{ { .more = ",\"sead\":1" }, "p: there is no key \"sead\"; a point has format name point" },
	{ { .more = ",\"seed\":4" }, "p:1: duplicate object key" },
	{ { .topology = "[]" }, "p: topology: write a list of lines" },
	{ { .topology = "[7]" }, "p: topology[0]: write a line of the topology language" },
	{ { .topology = "[\"nod a\"]" }, "p: topology[0]: " },
	{ { .topology = "[\"node a\",\"node a\"]" },
	  "p: topology[1]: there is a node \"a\" already" },
	{ { .topology = "[\"node a\",\"node b\",\"veth a.e0 b.e0\",\"link a.e0 los 1%\"]" },
	  "p: topology[3]: " },
	{ { .topology = "[\"node a\",\"node b\",\"veth a.e0 b.e0\",\"if x\"]" }, "p: topology[3]: " },
	{ { .devices = "{\"a\":\"phantom\",\"b\":\"linux\",\"c\":\"phantom\"}" },
	  "p: devices.b: \"linux\" does not run in virtual time; write \"phantom\", or take the engine "
	  "wire" },
	{ { .devices = "{\"a\":\"phantom\"}" }, "p: devices.b: it is missing; write \"phantom\"" },
	{ { .devices = "{\"x\":\"phantom\"}" }, "p: devices.x: the topology has no such node" },
	{ { .devices = "{\"r\":\"phantom\"}" },
	  "p: devices.r: \"phantom\" is not possible for a node that forwards; leave it out" },
	{ { .devices = "[]" }, "p: devices: [] is no object; write { ... }" },
	{ { .sysctls = "{\"x\":{}}" }, "p: sysctls.x: the topology has no such node" },
	{ { .sysctls = "{\"r\":{}}" }, "p: sysctls.r: it is a router, which has no sysctls" },
	{ { .sysctls = "{\"a\":{\"net.x\":true}}" }, "p: sysctls.a.net.x: write a whole number, or" },
	{ { .flows = "[]" }, "p: flows: write a list of at least one flow" },
	{ { .flows = "[7]" }, "p: flows[0]: 7 is no object; write { ... }" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"bluk\"," ENDS "}]" },
	  "p: flows[0].kind: there is no \"bluk\"; write bulk, request, onoff, web, incast or arrivals" },
	{ { .flows = "[{\"kind\":\"bulk\"," ENDS "}]" },
	  "p: flows[0].name: it is missing; write a name" },
	{ { .flows = "[{\"name\":\"a b\",\"kind\":\"bulk\"," ENDS "}]" },
	  "p: flows[0].name: \"a b\" is no name" },
	{ { .flows = "[" BULK "," BULK "]" }, "p: flows[1].name: \"f\" is another flow's" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"z\"}]" },
	  "p: flows[0].to: the topology has no node \"z\"; it has a, b, c" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"a\"}]" },
	  "p: flows[0].to: a is at both ends; write two nodes" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"r\"}]" },
	  "p: flows[0].to: r is a router; flows are between a, b, c" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"c\"}]" },
	  "p: flows[0].to: c has no IPv4 address; write one in the topology: addr c.DEV" },
	{ { .flows = FLOW("bulk", "\"request\":1") },
	  "p: flows[0]: there is no key \"request\"; a bulk flow has name kind from to" },
	{ { .flows = FLOW("bulk", "\"bytes\":-5") },
	  "p: flows[0].bytes: -5 is not possible; write a whole number of octets from 1 to 1e15, or "
	  "null" },
	{ { .flows = FLOW("bulk", "\"start\":2,\"stop\":1") },
	  "p: flows[0].stop: 1 s are not after the start at 2 s; write more" },
	{ { .flows = FLOW("bulk", "\"copies\":0") }, "p: flows[0].copies: 0 is not possible" },
	{ { .flows = FLOW("bulk", "\"copies\":4096,\"copies\":1") }, "p:1: duplicate" },
	{ { .flows = FLOW("bulk", "\"congestion\":7") }, "p: flows[0].congestion: 7 is not possible" },
	{ { .flows = FLOW("bulk", "\"options\":{\"sndbuf\":0}") },
	  "p: flows[0].options.sndbuf: 0 is not possible; write a whole number of octets" },
	{ { .flows = FLOW("bulk", "\"family\":\"ipx\"") },
	  "p: flows[0].family: there is no \"ipx\"; write ipv4 or ipv6" },
	{ { .flows = FLOW("bulk", "\"family\":\"ipv6\"") },
	  "p: flows[0].to: b has no IPv6 address; write one in the topology: addr b.DEV fd00::1/64" },
	{ { .flows = FLOW("bulk", "\"options\":{\"nagle\":0}") },
	  "p: flows[0].options: there is no key \"nagle\"; options has sndbuf rcvbuf mss nodelay" },
	{ { .flows = FLOW("request", "\"request\":1") }, "p: flows[0].response: it is missing" },
	{ { .flows = FLOW("request", "\"request\":0,\"response\":1") },
	  "p: flows[0].request: 0 is not possible; write octets from 1 to 1e15, or a distribution" },
	{ { .flows = FLOW("request", "\"request\":1,\"response\":1,\"reconnect\":1") },
	  "p: flows[0].reconnect: 1 is not possible; write true or false" },
	{ { .flows = FLOW("onoff", "\"on\":0,\"off\":1") },
	  "p: flows[0].on: 0 would never end; write seconds above 0" },
	{ { .flows = FLOW("arrivals", "\"size\":1,\"gap\":0") }, "p: flows[0].gap: 0 would never end" },
	{ { .flows = FLOW("onoff", "\"on\":1,\"off\":1,\"rate\":1") },
	  "p: flows[0].rate: 1 is not possible; write bits a second from 1000" },
	{ { .flows = FLOW("web", "\"objects\":0,\"size\":1,\"think\":1") }, "p: flows[0].objects: 0" },
	{ { .flows = FLOW("incast", "\"bytes\":1") }, "p: flows[0].from: write a list of 1 to 1024" },
	{ { .flows = "[{\"name\":\"f\",\"kind\":\"incast\",\"from\":[\"z\"],\"to\":\"b\",\"bytes\":1}]" },
	  "p: flows[0].from[0]: the topology has no node \"z\"" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"zipf\"}") },
	  "p: flows[0].size.dist: there is no \"zipf\"; write uniform, exponential, pareto" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"min\":1}") },
	  "p: flows[0].size.dist: it is missing; write the name of a distribution" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"uniform\",\"min\":5,\"max\":4}") },
	  "p: flows[0].size.max: 4 is below min; write 5 or more" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"pareto\",\"shape\":1,\"min\":5,"
				      "\"max\":5}") },
	  "p: flows[0].size.max: 5 is not above min" },
	{ { .flows = FLOW("arrivals", "\"gap\":{\"dist\":\"exponential\",\"mean\":0},\"size\":1") },
	  "p: flows[0].gap.mean: 0 is not possible; write a number above 0" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"choice\",\"values\":[]}") },
	  "p: flows[0].size.values: write a list of 1 to 64 numbers" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"choice\",\"values\":[1,0]}") },
	  "p: flows[0].size.values: number 2 of them is not possible; write octets from 1" },
	{ { .flows = FLOW("arrivals", "\"gap\":1,\"size\":{\"dist\":\"uniform\",\"mean\":4}") },
	  "p: flows[0].size: there is no key \"mean\"; a uniform draw has dist min max" },
	{ { .watch = "[\"a.e0\"]" },
	  "p: watch[0]: \"a.e0\" is no direction of a link; write NODE.DEV in, or NODE.DEV out" },
	{ { .watch = "[\"a.e9 in\"]" },
	  "p: watch[0]: the topology has no device a.e9; it has a.e0, b.e0, a.e1, r.e0" },
	{ { .watch = "[\"a.e0 in\",\"a.e0 in\"]" }, "p: watch[1]: a.e0 in stands there already" },
	{ { .watch = "{}" }, "p: watch: write a list of directions" },
};

static void test_each_bad_point_gets_its_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *text = point(&bad[i].parts);
		struct lab_point p;
		struct net_err e;

		if (lab_point_text(&p, text, "p", &e) == 0)
			fail_msg("it was read, and should say: %s\n%s", bad[i].says, text);
		assert_int_equal(e.kind, NET_ERR_INPUT);
		if (strncmp(e.text, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("it says:        %s\nand should say: %s", e.text, bad[i].says);
	}
}

/* What only a network that is made can tell. */
static void test_what_a_phantom_does_not_have_is_refused(void **state)
{
	static const struct {
		struct parts parts;
		const char *says;
	} rows[] = {
		{ { .sysctls = "{\"a\":{\"net.ipv4.tcp_x\":1}}" },
		  "a phantom has no sysctl net.ipv4.tcp_x" },
		{ { .sysctls = "{\"a\":{\"net.ipv4.tcp_sack\":\"maybe\"}}" },
		  "sysctl net.ipv4.tcp_sack cannot be \"maybe\"" },
		{ { .flows = FLOW("bulk", "\"congestion\":\"vega\"") },
		  "flow f: congestion: a phantom has no \"vega\"; it has " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lab_point p;
		struct net_err e;

		read_well(&p, &rows[i].parts);
		assert_null(lab_new(&p, &e));
		if (strncmp(e.text, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("it says: %s\nand should say: %s", e.text, rows[i].says);
		lab_point_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_point_is_what_it_says),
		cmocka_unit_test(test_copies_are_flows_of_their_own),
		cmocka_unit_test(test_each_bad_point_gets_its_sentence),
		cmocka_unit_test(test_what_a_phantom_does_not_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
