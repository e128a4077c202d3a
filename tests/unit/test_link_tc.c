/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of tc as the words of a link: each row is what somebody would paste, and what it must become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/tc.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct good {
	const char *text, *words, *note;	/* note: part of it; NULL: none at all */
};

static const struct good good_rows[] = {
	{ "tc qdisc add dev eth0 root netem delay 100ms 10ms 25% distribution normal loss 0.3% 25%",
	  "delay 100ms jitter 10ms 25% distribution normal loss 0.3% 25%", NULL },
	{ "sudo /sbin/tc -s qdisc change dev eth0 root handle 1: netem latency 5msecs duplicate 1 "
	  "corrupt 0.1%",
	  "delay 5ms dup 1% corrupt 0.1%", NULL },
	{ "ip netns exec a tc -n b qdisc replace dev x root netem loss gemodel 1% 10% 70% 0.1%",
	  "loss gemodel 1% 10% 70% 0.1%", NULL },
	{ "netem delay 10ms reorder 25% 50% gap 5", "delay 10ms reorder 25% 50% gap 5", NULL },
	{ "netem delay 1500 100", "delay 1500us jitter 100us", NULL },
	{ "netem delay 10ms gap 5", "delay 10ms reorder 100% gap 5", NULL },
	{ "netem rate 5Mbit 20 100 5 limit 1k", "rate 5mbit 20 100 5 queue 1024", NULL },
	{ "netem rate 1mbps", "rate 8mbit", NULL },
	{ "netem rate 500000", "rate 500kbit", NULL },
	{ "netem loss random 5% ecn seed 7", "loss 5% ecn seed 7", NULL },
	{ "netem loss state 1% 90% 5% 50% 0.1%", "loss state 1% 90% 5% 50% 0.1%", NULL },
	{ "netem slot 800us 1ms packets 42 bytes 10k", "slot 800us 1ms packets 42 bytes 10240",
	  NULL },
	{ "netem slot distribution pareto 1ms 100us", "slot distribution pareto 1ms 100us", NULL },
	{ "netem", "queue 1000", NULL },
	{ "tc qdisc add dev eth0 root tbf rate 1mbit burst 32kbit latency 400ms",
	  "rate 1mbit queue droptail 54096 bytes", "tbf burst 4096" },
	{ "tc qdisc add dev e root tbf rate 1mbit burst 1500 limit 3000", "rate 1mbit queue "
	  "droptail 3000 bytes",
	  NULL },
	{ "tc qdisc add dev e root handle 1: netem delay 20ms; tc qdisc add dev e parent 1: tbf "
	  "rate 1mbit burst "
	  "1500 limit 30000", "delay 20ms rate 1mbit limit 1000 queue droptail 30000 bytes", NULL },
	{ "tc qdisc add dev e root handle 1: tbf rate 1mbit burst 1500 limit 30000 && "
	  "tc qdisc add dev e parent 1:1 handle 10: netem delay 20ms limit 50", "delay 20ms rate "
	  "1mbit queue 50",
	  NULL },
	{ "tc qdisc add dev e root handle 1: htb default 11 # all of it\n"
	  "tc class add dev e parent 1: classid 1:1 htb rate 100mbit\n\n"
	  "tc class add dev e parent 1:1 classid 1:11 htb rate 1mbit ceil 10mbit prio 1\n"
	  "tc qdisc add dev e parent 1:11 \\\n   fq_codel limit 500 target 10ms noecn",
	  "rate 10mbit queue fq_codel limit 500 target 10ms noecn", NULL },
	{ "tc qdisc add dev e root handle 1: htb\ntc class add dev e parent 1: classid 1:1 htb "
	  "rate 2mbit",
	  "rate 2mbit queue droptail 1000 packets", NULL },
	{ "tc qdisc add dev e root handle 1: tbf rate 2mbit burst 1514 limit 1\ntc qdisc add dev "
	  "e parent 1:1 codel "
	  "ecn interval 50ms", "rate 2mbit queue codel interval 50ms ecn", NULL },
	{ "tc qdisc add dev e root handle 1: tbf rate 2mbit burst 1514 limit 1\ntc qdisc add dev "
	  "e parent 1:1 bfifo "
	  "limit 9kb", "rate 2mbit queue droptail 9216 bytes", NULL },
	{ "tc qdisc add dev e root handle 1: netem rate 2mbit\ntc qdisc add dev e parent 1:1 "
	  "pfifo limit 7",
	  "rate 2mbit", "left out" },
	{ "tc qdisc add dev e root fq_codel memory_limit 32Mb\ntc qdisc replace dev e root netem "
	  "delay 1ms\n"
	  "tc qdisc add dev e parent 1: tbf rate 1mbit burst 1500 limit 30000",
	  "delay 1ms rate 1mbit limit 1000 queue fq_codel", "memory_limit" },
	{ "tbf rate 1000tbit burst 1500 latency 3600s",
	  "rate 1000tbit queue droptail 1000000000 bytes", NULL },
	{ "tc qdisc del dev eth0 root", "clear", NULL },
	{ "tc qdisc del dev e root; tc qdisc add dev e root netem delay 1ms", "delay 1ms", NULL },
	{ "tc qdisc add dev eth0 root netem loss 50%\ntc qdisc change dev eth0 root netem delay "
	  "1ms", "delay 1ms",
	  NULL },
};

static void test_lines_of_tc_become_the_words_of_a_link_that_does_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
		const struct good *row = &good_rows[i];
		char words[LINK_SPEC_TEXT] = "", why[LINK_ERR_TEXT] = "";
		struct tc_text t;

		if (tc_read(&t, row->text, why, sizeof(why)) ||
		    tc_words(&t.device[0], words, sizeof(words), why, sizeof(why)))
			fail_msg("%s: %s", row->text, why);
		assert_int_equal(t.n, 1);
		if (strcmp(words, row->words) != 0)
			fail_msg("%s: became \"%s\", not \"%s\"", row->text, words, row->words);
		if (!row->note ? t.device[0].note[0] != '\0' : !strstr(t.device[0].note, row->note))
			fail_msg("%s: the note is \"%s\"", row->text, t.device[0].note);
	}
}

struct bad {
	const char *text, *part;
};

static const struct bad bad_rows[] = {
	{ "", "nothing is said of any device" },
	{ "# a comment alone", "nothing is said" },
	{ "tc qdisc show dev eth0", "'show' changes nothing" },
	{ "tc qdisc add dev eth0 root netem delay", "delay: its value is missing" },
	{ "netem delay fast", "delay: 'fast' is none of tc's values; write such as 10ms" },
	{ "netem delay 5000s", "delay: '5000s'" },
	{ "netem delay $LATENCY", "a shell's variable" },
	{ "netem loss 101%", "loss: '101%'" },
	{ "netem loss -1%", "loss: '-1%'" },
	{ "netem rate 10lightyears", "rate: '10lightyears'" },
	{ "netem reorder 5%", "reorder: without a delay nothing can overtake" },
	{ "netem speed 10", "netem has no 'speed'" },
	{ "netem limit 0", "queue: '0'" },
	{ "tc qdisc add dev e root cake bandwidth 10mbit", "nearest is its rate before FQ-CoDel" },
	{ "tc qdisc add dev e root prio", "choose with a filter" },
	{ "tc qdisc add dev e root tbf burst 1500", "its rate is missing" },
	{ "tc qdisc add dev e root tbf rate 1mbit peakrate 2mbit", "no 'peakrate'" },
	{ "tc qdisc add dev e root fq_codel", "nothing ever waits" },
	{ "tc qdisc add dev e root fq_codel ce_threshold 1ms", "no 'ce_threshold'" },
	{ "tc qdisc add dev e root htb", "htb without a class has no rate" },
	{ "tc class add dev e parent 1: classid 1:1 hfsc sc rate 1mbit", "only htb's" },
	{ "tc class add dev e parent 1: classid 1:1 htb rate 1mbit; tc class add dev e parent 1: "
	  "classid 1:2 htb "
	  "rate 2mbit", "two classes beside each other" },
	{ "tc filter add dev e parent 1: protocol ip u32 match ip dport 80 0xffff flowid 1:3",
	  "its scripts choose" },
};

static void test_what_a_link_has_not_is_refused_with_what_it_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		char words[LINK_SPEC_TEXT], why[LINK_ERR_TEXT] = "";
		struct tc_text t;

		if (tc_read(&t, bad_rows[i].text, why, sizeof(why)) == 0 &&
		    tc_words(&t.device[0], words, sizeof(words), why, sizeof(why)) == 0)
			fail_msg("%s: became \"%s\"", bad_rows[i].text, words);
		if (!strstr(why, bad_rows[i].part))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad_rows[i].text, why,
					bad_rows[i].part);
	}
}

static void test_devices_are_kept_apart_and_what_ifb_has_is_for_what_comes_in(void **state)
{
	static const char text[] = "tc qdisc add dev eth0 ingress\n"
				   "tc filter add dev eth0 parent ffff: matchall action mirred "
				   "egress redirect dev ifb0\n"
				   "tc qdisc add dev ifb0 root netem loss 1%\n"
				   "tc qdisc add dev eth0 root netem delay 5ms\n";
	char words[LINK_SPEC_TEXT], why[LINK_ERR_TEXT];
	struct tc_text t;

	(void)state;
	assert_int_equal(tc_read(&t, text, why, sizeof(why)), 0);
	assert_int_equal(t.n, 2);
	for (uint32_t i = 0; i < t.n; i++) {
		bool ifb = strcmp(t.device[i].name, "ifb0") == 0;

		assert_int_equal(tc_words(&t.device[i], words, sizeof(words), why, sizeof(why)), 0);
		assert_string_equal(words, ifb ? "loss 1%" : "delay 5ms");
		assert_int_equal(tc_is_ingress(&t.device[i]), ifb);
	}
}

static void test_lines_and_texts_beyond_their_bounds_are_refused(void **state)
{
	char text[TC_LINE_MAX * 2], why[LINK_ERR_TEXT];
	size_t n = 0;
	struct tc_text t;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_not_equal(tc_read(&t, text, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "a line has at most"));
	for (int i = 0; i < 101; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "ecn ");
	assert_int_not_equal(tc_read(&t, text, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "at most 100 words"));
	n = 0;
	for (int i = 0; i <= TC_DEVICES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "qdisc add dev e%d root "
				"netem\n", i);
	assert_int_not_equal(tc_read(&t, text, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "at most 8 devices"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_of_tc_become_the_words_of_a_link_that_does_the_same),
		cmocka_unit_test(test_what_a_link_has_not_is_refused_with_what_it_has),
		cmocka_unit_test(test_devices_are_kept_apart_and_what_ifb_has_is_for_what_comes_in),
		cmocka_unit_test(test_lines_and_texts_beyond_their_bounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
