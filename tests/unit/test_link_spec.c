/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a link: each row is one line of words, and what it must become or be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/classify.h"
#include "harness/link/spec.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { WORDS_MAX = 80 };

/* A word as the topology language would hand it on. */
static const char *unquoted(char *word)
{
	size_t n = strlen(word);

	if (n < 2 || word[0] != '\'' || word[n - 1] != '\'')
		return word;
	word[n - 1] = '\0';
	return word + 1;
}

static int parse(struct link_spec *s, const char *line, char *err, size_t err_size)
{
	char copy[512];
	const char *word[WORDS_MAX];
	int n = 0;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	for (char *w = strtok(copy, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		word[n++] = unquoted(w);
	return link_spec_parse(s, n, word, err, err_size);
}

struct good {
	const char *name, *line, *printed;	/* printed NULL: as line */
};

static const struct good good_rows[] = {
	{ "every word at once is read and printed back",
	  "delay 10ms jitter 1ms loss 1% reorder 0.5% dup 0.1% corrupt 0.01% rate 100mbit "
	  "queue 100 seed 7", NULL },
	{ "a script by number", "script drop data 3", NULL },
	{ "a script by range", "script drop ack 3..5", NULL },
	{ "a script by list", "script drop retransmission 3,7,9..11", NULL },
	{ "a script by period", "script drop any every 10", NULL },
	{ "two scripts keep their order", "script drop syn 1 script drop fin 1", NULL },
	{ "order of words is free", "loss 1% delay 10ms", "delay 10ms loss 1%" },
	{ "times in every unit", "delay 1s jitter 5us", NULL },
	{ "a fraction of a time", "delay 1.5ms", "delay 1500us" },
	{ "nanoseconds are kept", "delay 1000001ns", NULL },
	{ "the smallest share is kept", "loss 0.0000001%", NULL },
	{ "a share with inner zeros", "loss 12.0304%", NULL },
	{ "all frames", "loss 100%", NULL },
	{ "bytes a second are eight bits each", "rate 1kbps", "rate 8kbit" },
	{ "binary units", "rate 1kibit", "rate 1024bit" },
	{ "a fraction of a rate", "rate 1.5gbit", "rate 1500mbit" },
	{ "zero takes an effect away", "delay 0 loss 0% rate 0", "" },
	{ "the last word of a kind counts", "loss 1% loss 2%", "loss 2%" },
	{ "the default queue and seed are not printed", "queue 1000 seed 1", "" },
	{ "the largest seed", "seed 18446744073709551615", NULL },
	{ "jitter alone may reorder", "jitter 1ms reorder 1%", NULL },
	{ "tc's delay with jitter and correlation", "delay 10ms 1ms 25%", "delay 10ms jitter 1ms 25%" },
	{ "a new delay keeps the jitter", "delay 1ms jitter 1ms delay 2ms", "delay 2ms jitter 1ms" },
	{ "a distribution", "delay 10ms jitter 1ms distribution paretonormal", NULL },
	{ "tc's duplicate", "duplicate 1% 50%", "dup 1% 50%" },
	{ "every share with its correlation",
	  "delay 1ms loss 1% 10% reorder 2% 20% dup 3% 30% corrupt 4% 40%", NULL },
	{ "loss random is loss", "loss random 1%", "loss 1%" },
	{ "a chain of four states", "loss state 1% 90% 5% 50% 0.1%", NULL },
	{ "a chain with tc's values for the rest", "loss state 1%", "loss state 1% 99% 0% 100% 0%" },
	{ "Gilbert and Elliott", "loss gemodel 1% 10% 70% 0.1%", NULL },
	{ "Gilbert alone", "loss gemodel 1% 10%", "loss gemodel 1% 10% 100% 0%" },
	{ "a chain ends where a loss is said", "loss gemodel 1% loss 0%", "" },
	{ "marks instead of losses", "loss 1% ecn", NULL },
	{ "no marks", "loss 1% ecn ecn off", "loss 1%" },
	{ "no losses, no marks", "loss 1% ecn loss 0%", "" },
	{ "no jitter, no table", "delay 9ms 1ms 5% distribution normal jitter 0", "delay 9ms" },
	{ "no reordering, no gap", "delay 9ms reorder 5% gap 5 reorder 0%", "delay 9ms" },
	{ "a limit of a thousand is one", "rate 1mbit limit 1000 queue codel", NULL },
	{ "a gap", "delay 10ms reorder 25% 50% gap 5", NULL },
	{ "a gap alone is certain, as tc has it", "delay 10ms gap 5", "delay 10ms reorder 100% gap 5" },
	{ "a line with overhead", "rate 1mbit 14", NULL },
	{ "a line of cells", "rate 1mbit 14 48 5", NULL },
	{ "a line with less than the frame", "rate 1mbit -14", NULL },
	{ "slots", "slot 1ms 2ms packets 10 bytes 20000", NULL },
	{ "slots at even times", "slot 1ms 1ms", "slot 1ms" },
	{ "slots of a distribution", "slot distribution normal 5ms 1ms packets 3", NULL },
	{ "no slots", "slot 1ms slot 0", "" },
	{ "limit is queue", "limit 7", "queue 7" },
	{ "drop tail in packets", "rate 1mbit queue droptail 50 packets", NULL },
	{ "drop tail in bytes", "rate 1mbit queue droptail 75000 bytes", NULL },
	{ "CoDel", "rate 1mbit queue codel", NULL },
	{ "CoDel with everything", "rate 1mbit queue codel limit 99 target 1ms interval 20ms ecn", NULL },
	{ "FQ-CoDel", "rate 1mbit queue fq_codel", NULL },
	{ "FQ-CoDel with everything",
	  "rate 1mbit queue fq_codel limit 99 target 1ms interval 20ms flows 8 quantum 300 noecn", NULL },
	{ "a limit of the link and one of the queue", "rate 1mbit limit 5 queue codel limit 9", NULL },
	{ "a number takes the discipline away", "rate 1mbit queue codel queue 1000", "rate 1mbit" },
	{ "a link that is down", "down", NULL },
	{ "a link that is up again", "down up", "" },
	{ "an mtu", "mtu 1280", NULL },
	{ "each act of a script",
	  "script dup any 1 script corrupt any 2 script mark any 3 script delay 5ms any 4", NULL },
	{ "each condition of a script", "script drop data 1 flow 2 bytes 1461..2920", NULL },
	{ "a filter", "script drop any every 2 filter 'tcp'", "script drop any every 2 filter 'tcp'" },
};

static void test_good(void **state)
{
	const struct good *row = *state;
	struct link_spec s, again;
	char err[LINK_ERR_TEXT] = "", text[LINK_SPEC_TEXT], twice[LINK_SPEC_TEXT];
	const char *want = row->printed ? row->printed : row->line;

	link_spec_init(&s);
	if (parse(&s, row->line, err, sizeof(err)) != 0)
		fail_msg("%s: refused: %s", row->line, err);
	assert_int_equal(link_spec_print(&s, text, sizeof(text)), strlen(want));
	assert_string_equal(text, want);
	if (want[0] == '\0') {
		assert_true(link_spec_is_clear(&s));
		return;
	}
	link_spec_init(&again);
	assert_int_equal(parse(&again, text, err, sizeof(err)), 0);
	link_spec_print(&again, twice, sizeof(twice));
	assert_string_equal(twice, text);
}

#define FOUR_SCRIPTS "script drop any 1 script drop any 1 script drop any 1 script drop any 1 "
#define EIGHT_SCRIPTS FOUR_SCRIPTS FOUR_SCRIPTS

struct bad {
	const char *name, *line, *told;
};

static const struct bad bad_rows[] = {
	{ "no words", "", "nothing is said of the link" },
	{ "an unknown word", "delai 10ms", "'delai' is no word of a link; write delay," },
	{ "a word without its value", "loss 1% delay",
	  "delay: the value is missing; write a time" },
	{ "a time without unit", "delay 10", "delay: '10' is no time; write a number and ns, us," },
	{ "a unit without number", "delay ms", "'ms' is no time" },
	{ "a negative time", "delay -1ms", "'-1ms' is no time" },
	{ "two points", "delay 1.2.3ms", "'1.2.3ms' is no time" },
	{ "a time too long", "delay 3601s", "3601s is too long; at most 3600s" },
	{ "a time beyond 64 bits", "delay 99999999999999999999s", "is no time" },
	{ "a time of less than a nanosecond", "delay 0.1ns", "is no time" },
	{ "a share without sign", "loss 1", "loss: '1' is no percentage" },
	{ "more than all", "dup 100.1%", "dup: 100.1% is more than 100%" },
	{ "a rate without unit", "rate 100", "rate: '100' is no rate" },
	{ "a rate too low", "rate 1bit", "rate: 1bit is out of range" },
	{ "a queue of nothing", "queue 0", "queue: '0' is no number of frames from 1" },
	{ "a queue in bytes", "queue 10kb", "queue: '10kb' is no number" },
	{ "a seed too large", "seed 18446744073709551616", "seed: '18446744073709551616' is no" },
	{ "reorder with nothing to overtake", "reorder 1%",
	  "reorder: without a delay nothing can" },
	{ "a script of no act", "script pass data 3", "script: 'pass' is no act; write drop, dup," },
	{ "a script that delays by nothing said", "script delay data 3", "'data' is no time" },
	{ "a flow of nought", "script drop data 1 flow 0", "script: flow: '0' is no number from 1" },
	{ "bytes of no range", "script drop data 1 bytes 5..1", "bytes '5..1' is no range" },
	{ "a filter that tcpdump would not take", "script drop any 1 filter tpc",
	  "script: filter 'tpc': " },
	{ "a chain that leaves a state too often", "loss state 60% 1% 1% 1% 50%",
	  "loss state: p13 and p14 together" },
	{ "a chain without its first number", "loss gemodel", "gemodel: the value is missing" },
	{ "an unknown distribution", "delay 1ms 1ms distribution nromal",
	  "distribution: nromal: No such file or directory; write uniform, normal," },
	{ "a distribution of nothing", "delay 1ms distribution normal",
	  "distribution: it spreads the delay by the jitter; add one" },
	{ "ecn with nothing to mark", "ecn", "ecn: it marks what would be lost; add a loss" },
	{ "a cell's overhead without a cell", "rate 1mbit 0 0 5", "needs their size before it" },
	{ "a cell of less than nothing", "rate 1mbit 0 5 -5", "has at least a byte" },
	{ "an overhead beyond all", "rate 1mbit 99999", "rate: overhead: '99999' is no number" },
	{ "a queue without a rate", "queue codel", "queue: without a rate nothing waits in it" },
	{ "a queue of neither packets nor bytes", "rate 1mbit queue droptail 10",
	  "queue droptail: 10 of what? write packets or bytes" },
	{ "an interval of nothing", "rate 1mbit queue codel interval 0", "interval: it is the time" },
	{ "slots backwards", "slot 5ms 1ms", "slot: the longest time between slots is less" },
	{ "slots of a uniform distribution", "slot distribution uniform 5ms 1ms",
	  "uniform is slot MIN MAX" },
	{ "a trace that is not there", "trace no/such", "trace: no/such: No such file" },
	{ "a trace that is a directory", "trace /", "trace: /: is no regular file" },
	{ "a pattern that is not there", "pattern no/such", "pattern: no/such: No such file" },
	{ "a replay of a device", "replay /dev/zero", "replay: /dev/zero: is no regular file" },
	{ "a record that cannot be", "record /no/such/file", "record: /no/such/file: No such" },
	{ "a file's name that a line could not say", "trace a'b", "has at most 199 bytes and no" },
	{ "an mtu of nearly nothing", "mtu 60", "mtu: 60 is less than the 68 bytes" },
	{ "a script of no kind", "script drop dat 3",
	  "script: 'dat' is no kind of frame; write one of any, arp, ip, icmp, "
	  "udp, tcp, syn, synack, data, ack, fin, rst, retransmission" },
	{ "a script of frame nought", "script drop data 0", "script: '0' does not say which" },
	{ "a range backwards", "script drop data 5..3", "'5..3' does not say which" },
	{ "a range without end", "script drop data 5..", "'5..' does not say which" },
	{ "a list with a gap", "script drop data 3,,5", "'3,,5' does not say which" },
	{ "a period of nought", "script drop data every 0", "every '0' is no number from 1" },
	{ "a script cut off", "script drop data", "data: the value is missing; write which: 3" },
	{ "too many numbers", "script drop data 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
	  "lists more than 16" },
	{ "too many scripts", EIGHT_SCRIPTS EIGHT_SCRIPTS "script drop any 1",
	  "has 16 scripts already" },
};

static void test_bad(void **state)
{
	const struct bad *row = *state;
	struct link_spec s, before;
	char err[LINK_ERR_TEXT] = "";

	link_spec_init(&s);
	s.dup = 17;
	before = s;
	assert_int_not_equal(parse(&s, row->line, err, sizeof(err)), 0);
	if (!strstr(err, row->told))
		fail_msg("%s: told: %s\nnot: %s", row->line, err, row->told);
	assert_memory_equal(&s, &before, sizeof(s));
}

static void test_later_words_change_only_what_they_name(void **state)
{
	struct link_spec s;
	char err[LINK_ERR_TEXT], text[LINK_SPEC_TEXT];

	(void)state;
	link_spec_init(&s);
	assert_int_equal(parse(&s, "delay 10ms loss 1% seed 7", err, sizeof(err)), 0);
	assert_int_equal(s.seedings, 1);
	assert_int_equal(parse(&s, "loss 0% script drop data 3", err, sizeof(err)), 0);
	assert_int_equal(s.seedings, 1);
	link_spec_print(&s, text, sizeof(text));
	assert_string_equal(text, "delay 10ms seed 7 script drop data 3");
}

static void test_printing_into_too_little_room_is_cut_and_tells_the_length(void **state)
{
	struct link_spec s;
	char err[LINK_ERR_TEXT], text[8];

	(void)state;
	link_spec_init(&s);
	assert_int_equal(parse(&s, "delay 10ms loss 1%", err, sizeof(err)), 0);
	assert_int_equal(link_spec_print(&s, text, sizeof(text)), strlen("delay 10ms loss 1%"));
	assert_string_equal(text, "delay 1");
	assert_int_equal(link_spec_print(&s, NULL, 0), strlen("delay 10ms loss 1%"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(good_rows) + ARRAY_LEN(bad_rows) + 2] = {
		cmocka_unit_test(test_later_words_change_only_what_they_name),
		cmocka_unit_test(test_printing_into_too_little_room_is_cut_and_tells_the_length),
	};
	size_t n = 2;

	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++)
		tests[n++] = (struct CMUnitTest){ good_rows[i].name, test_good, NULL, NULL,
						  (void *)(uintptr_t)&good_rows[i] };
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++)
		tests[n++] = (struct CMUnitTest){ bad_rows[i].name, test_bad, NULL, NULL,
						  (void *)(uintptr_t)&bad_rows[i] };
	return cmocka_run_group_tests_name("link_spec", tests, NULL, NULL);
}
