/* SPDX-License-Identifier: BSD-2-Clause */
/* A point's flows over each family, behind a router. */
#define _GNU_SOURCE
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/lab/run.h"

static const char head[] =
	"{\"format\":1,\"seed\":3,\"duration\":20,\"settle\":5,\"topology\":["
	"\"node a\",\"node b\",\"node r\",\"forward r on\",\"veth a.e0 r.e0\",\"veth b.e0 r.e1\","
	"\"addr a.e0 10.0.0.1/24 fd00::1/64\",\"addr r.e0 10.0.0.2/24 fd00::2/64\","
	"\"addr b.e0 10.0.1.1/24 fd00:0:0:1::1/64\",\"addr r.e1 10.0.1.2/24 fd00:0:0:1::2/64\","
	"\"route a default via 10.0.0.2\",\"route a default via fd00::2\","
	"\"route b default via 10.0.1.2\",\"route b default via fd00:0:0:1::2\","
	"\"link a.e0 rate 10mbit delay 10ms queue 200\"],"
	"\"devices\":{\"a\":\"phantom\",\"b\":\"phantom\",\"r\":\"router\"},\"sysctls\":{},"
	"\"watch\":[\"a.e0 out\"],\"flows\":[{\"name\":\"f\",\"kind\":\"bulk\",\"from\":\"a\",\"to\":\"b\"";

/* What a bulk's flow of `family` measured. */
static double goodput(const char *family)
{
	char text[2048], *out = NULL;
	struct lab_point p;
	struct net_err e;
	json_t *r, *flow;
	double bps;
	size_t len;
	struct lab *l;
	FILE *f;

	snprintf(text, sizeof(text), "%s,\"family\":\"%s\"}]}", head, family);
	if (lab_point_text(&p, text, "point", &e) || !(l = lab_new(&p, &e)))
		fail_msg("%s", e.text);
	lab_go(l);
	f = open_memstream(&out, &len);
	lab_result(l, f);
	fclose(f);
	lab_free(l);
	lab_point_free(&p);
	r = json_loads(out, 0, NULL);
	free(out);
	assert_string_equal(json_string_value(json_object_get(r, "verdict")), "pass");
	flow = json_array_get(json_object_get(r, "flows"), 0);
	bps = json_number_value(json_object_get(flow, "goodput_bps"));
	assert_true(json_number_value(json_object_get(flow, "rtt_mean_s")) > 0.02); /* it was read */
	json_decref(r);
	return bps;
}

/* They differ by what the headers take of a frame. */
static void test_a_flow_goes_over_the_family_it_names(void **state)
{
	(void)state;
	assert_true(fabs(goodput("ipv4") / 1e7 - 1448.0 / 1514) < 0.001);
	assert_true(fabs(goodput("ipv6") / 1e7 - 1428.0 / 1514) < 0.001);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flow_goes_over_the_family_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
