/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser of the topology language: rows of lines that mean something, and of lines that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "netns/topo.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct reader {
	struct topo_vars vars;
	struct topo_line line;
	struct net_err e;
};

static int parse(struct reader *r, const char *text)
{
	topo_line_free(&r->line);
	r->e.text[0] = '\0';
	return topo_parse(&r->line, text, &r->vars, &r->e);
}

static void done(struct reader *r)
{
	topo_line_free(&r->line);
	topo_vars_free(&r->vars);
}

static void test_good_lines_give_their_verb(void **state)
{
	static const struct {
		const char *text;
		enum topo_verb verb;
	} rows[] = {
		{ "", TOPO_NOTHING },
		{ "   \t ", TOPO_NOTHING },
		{ "# node a", TOPO_NOTHING },
		{ "node peer", TOPO_NODE },
		{ "  node peer   # the other end", TOPO_NODE },
		{ "bridge lan", TOPO_BRIDGE },
		{ "veth peer.eth0 lan", TOPO_VETH },
		{ "veth peer.eth0 dut.eth0", TOPO_VETH },
		{ "tap dut.tap0", TOPO_TAP },
		{ "tap dut.tap0 lan", TOPO_TAP },
		{ "tap dut.tap0 lan vnet", TOPO_TAP },
		{ "port lan t1", TOPO_PORT },
		{ "addr peer.eth0 10.0.0.1/24 fd00::1/64", TOPO_ADDR },
		{ "route peer default via 10.0.0.254", TOPO_ROUTE },
		{ "route peer 10.1.0.0/16 via 10.0.0.254 dev eth0", TOPO_ROUTE },
		{ "neigh peer.eth0 10.0.0.9 02:00:00:00:00:09", TOPO_NEIGH },
		{ "up peer.eth0", TOPO_UP },
		{ "down peer.eth0", TOPO_DOWN },
		{ "mtu peer.eth0 1280", TOPO_MTU },
		{ "mac peer.eth0 02:00:00:00:00:01", TOPO_MAC },
		{ "offload peer.eth0 on", TOPO_OFFLOAD },
		{ "ipv6 peer.eth0 off", TOPO_IPV6 },
		{ "forward router on", TOPO_FORWARD },
		{ "sysctl peer net.ipv4.tcp_sack=0", TOPO_SYSCTL },
		{ "link dut.tap0 delay 10ms loss 1%", TOPO_LINK },
		{ "link dut.tap0 stats", TOPO_LINK },
		{ "socket t1", TOPO_SOCKET },
		{ "responder t1 10.0.0.9 fd00::9 mac 02:00:00:00:00:09", TOPO_RESPONDER },
		{ "capture lan run.pcapng", TOPO_CAPTURE },
		{ "capture stop run.pcapng", TOPO_CAPTURE },
		{ "run peer as web python3 -m http.server", TOPO_RUN },
		{ "exec peer ip addr", TOPO_EXEC },
		{ "enter hub", TOPO_ENTER },
		{ "wait web 5", TOPO_WAIT },
		{ "kill web TERM", TOPO_KILL },
		{ "show", TOPO_SHOW },
		{ "include lan.topo", TOPO_INCLUDE },
		{ "set x=1", TOPO_SET },
		{ "quit", TOPO_QUIT },
	};
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (parse(&r, rows[i].text))
			fail_msg("\"%s\": %s", rows[i].text, r.e.text);
		assert_int_equal(r.line.verb, rows[i].verb);
	}
	done(&r);
}

static void test_bad_lines_name_the_word_and_what_would_be_right(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "nod peer", "\"nod\" is not a word a line can start with" },
		{ "\"nod\\npeer\"", "\"nod?peer\" is not a word a line can start with" },
		{ "node", "write: node NAME" },
		{ "node a b", "write: node NAME" },
		{ "node a.b", "\"a.b\" is not a node's name" },
		{ "node -x", "is not a node's name" },
		{ "bridge a-name-of-sixteen", "\"a-name-of-sixteen\" is not a bridge's name" },
		{ "veth peer lan", "\"peer\" is not a device; write NODE.DEV" },
		{ "veth peer.eth0 10.0.0.1/24", "is not a device" },
		{ "veth peer.a-name-of-sixteen lan", "is not a device" },
		{ "tap dut.tap0 lan vent", "only \"vnet\" can stand there" },
		{ "addr peer.eth0 10.0.0.1", "\"10.0.0.1\" is not an address with its length" },
		{ "addr peer.eth0 10.0.0.1/33", "is not an address" },
		{ "addr peer.eth0 10.0.0.256/24", "is not an address" },
		{ "addr peer.eth0 fd00::1/129", "is not an address" },
		{ "addr peer.eth0 10.0.0.1/", "is not an address" },
		{ "addr peer.eth0 10.0.0.1/+4", "is not an address" },
		{ "route a default by 10.0.0.1", "\"by\" where \"via\" should stand" },
		{ "route a 10.0.0.0/8 via fd00::1", "different IP versions" },
		{ "route a default via 10.0.0.1 on eth0", "only \"dev DEV\" can stand there" },
		{ "neigh a.b 10.0.0.1 02:00:00:00:00", "is not a MAC address" },
		{ "mac a.b 02-00-00-00-00-01", "is not a MAC address" },
		{ "mac a.b 02:00:00:00:00:01:", "is not a MAC address" },
		{ "mtu a.b 67", "is not an MTU; give a whole number from 68 to 65535" },
		{ "mtu a.b 15oo", "is not an MTU" },
		{ "offload a.b yes", "\"yes\" is neither \"on\" nor \"off\"" },
		{ "sysctl a net.ipv4.tcp_sack", "is not KEY=VALUE" },
		{ "responder t1 10.0.0.1 mac", "\"mac\" must be followed by one MAC address" },
		{ "run a as web", "a program must follow" },
		{ "wait web soon", "is not a timeout" },
		{ "set 1x=1", "is not a variable's name" },
		{ "exec a echo \"never closed", "put the closing \"" },
		{ "exec a echo $nothing", "$nothing is not set" },
		{ "exec a echo ${x", "is not a variable" },
		{ "else", "\"else\" without an \"if\"" },
		{ "end", "\"end\" without an \"if\"" },
		{ "if a = b", "\"=\" where \"==\" or \"!=\" should stand" },
	};
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(parse(&r, rows[i].text), -1);
		if (!strstr(r.e.text, rows[i].says))
			fail_msg("\"%s\" says: %s", rows[i].text, r.e.text);
		assert_int_equal(r.e.kind, NET_ERR_INPUT);
		assert_null(r.line.storage);
	}
	done(&r);
}

static void test_fields_are_what_the_words_said(void **state)
{
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	assert_int_equal(parse(&r, "veth peer.eth0 dut.eth1"), 0);
	assert_string_equal(r.line.at.node, "peer");
	assert_string_equal(r.line.at.dev, "eth0");
	assert_string_equal(r.line.other.node, "dut");
	assert_string_equal(r.line.other.dev, "eth1");
	assert_int_equal(parse(&r, "addr peer.eth0 10.0.0.1/24 fd00::1/64"), 0);
	assert_int_equal(r.line.naddr, 2);
	assert_int_equal(r.line.addr[0].family, AF_INET);
	assert_int_equal(r.line.addr[0].len, 24);
	assert_int_equal(r.line.addr[1].family, AF_INET6);
	assert_int_equal(parse(&r, "route peer default via 10.0.0.254"), 0);
	assert_int_equal(r.line.addr[0].len, 0);
	assert_int_equal(r.line.addr[0].family, AF_INET);
	assert_int_equal(parse(&r, "run peer as web nc -l 80"), 0);
	assert_string_equal(r.line.name, "web");
	assert_int_equal(r.line.nrest, 3);
	assert_string_equal(r.line.rest[0], "nc");
	assert_null(r.line.rest[3]);
	assert_int_equal(parse(&r, "wait web 0.5"), 0);
	assert_int_equal(r.line.number, 500);
	assert_int_equal(parse(&r, "wait web 20ms"), 0);
	assert_int_equal(r.line.number, 20);
	assert_int_equal(parse(&r, "wait web"), 0);
	assert_int_equal(r.line.number, -1);
	done(&r);
}

static void test_quotes_join_and_escape(void **state)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{ "exec a \"two words\"", "two words" },
		{ "exec a 'two words'", "two words" },
		{ "exec a two\\ words", "two words" },
		{ "exec a t\"wo w\"ords", "two words" },
		{ "exec a \"say \\\"hi\\\"\"", "say \"hi\"" },
		{ "exec a \"a\\tb\"", "a\tb" },
		{ "exec a '$x'", "$x" },
		{ "exec a $x", "value" },
		{ "exec a ${x}s", "values" },
		{ "exec a \"<$x>\"", "<value>" },
		{ "exec a \"\\$x\"", "$x" },
		{ "exec a 5$", "5$" },
		{ "exec a a#b # c", "a#b" },
		{ "exec a \"#\"", "#" },
		{ "exec a ''", "" },
	};
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	assert_int_equal(topo_vars_set(&r.vars, "x", "value", false, &r.e), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (parse(&r, rows[i].text))
			fail_msg("\"%s\": %s", rows[i].text, r.e.text);
		assert_int_equal(r.line.nrest, 1);
		assert_string_equal(r.line.rest[0], rows[i].word);
	}
	done(&r);
}

static void test_only_the_branch_taken_acts(void **state)
{
	static const struct {
		const char *text;
		enum topo_verb verb;
	} rows[] = {
		{ "if $dut == linux", TOPO_NOTHING },
		{ "veth dut.eth0 lan", TOPO_VETH },
		{ "if $unset == x", TOPO_NOTHING },
		{ "node inner", TOPO_NOTHING },
		{ "if $dut == linux", TOPO_NOTHING },
		{ "node innermost", TOPO_NOTHING },
		{ "else", TOPO_NOTHING },
		{ "node innermost", TOPO_NOTHING },
		{ "end", TOPO_NOTHING },
		{ "else", TOPO_NOTHING },
		{ "node outer", TOPO_NODE },
		{ "end", TOPO_NOTHING },
		{ "else", TOPO_NOTHING },
		{ "this is not read: $nothing \"", TOPO_NOTHING },
		{ "end", TOPO_NOTHING },
		{ "if $dut != linux", TOPO_NOTHING },
		{ "quit", TOPO_NOTHING },
		{ "end", TOPO_NOTHING },
		{ "quit", TOPO_QUIT },
	};
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	assert_int_equal(topo_vars_set(&r.vars, "dut", "linux", true, &r.e), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (parse(&r, rows[i].text))
			fail_msg("row %zu \"%s\": %s", i, rows[i].text, r.e.text);
		if (r.line.verb != rows[i].verb)
			fail_msg("row %zu \"%s\" gave %s", i, rows[i].text,
				 topo_verb_word(r.line.verb));
	}
	assert_int_equal(topo_vars_end(&r.vars, 0, &r.e), 0);
	done(&r);
}

static void test_a_second_else_and_a_missing_end_are_refused(void **state)
{
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	assert_int_equal(parse(&r, "if a == a"), 0);
	assert_int_equal(topo_vars_end(&r.vars, 0, &r.e), -1);
	assert_int_equal(topo_vars_end(&r.vars, 1, &r.e), 0);
	assert_int_equal(parse(&r, "else"), 0);
	assert_int_equal(parse(&r, "else"), -1);
	assert_non_null(strstr(r.e.text, "second \"else\""));
	assert_int_equal(parse(&r, "end"), 0);
	for (int i = 0; i < TOPO_IF_DEPTH; i++)
		assert_int_equal(parse(&r, "if a == a"), 0);
	assert_int_equal(parse(&r, "if a == a"), -1);
	done(&r);
}

static void test_set_changes_a_variable_but_not_a_given_one(void **state)
{
	struct reader r = { .line = { .verb = TOPO_NOTHING } };

	(void)state;
	assert_int_equal(parse(&r, "set x=1"), 0);
	assert_int_equal(parse(&r, "set x=2=3"), 0);
	assert_string_equal(topo_vars_get(&r.vars, "x"), "2=3");
	assert_int_equal(topo_vars_set(&r.vars, "x", "given", true, &r.e), 0);
	assert_int_equal(parse(&r, "set x=4"), 0);
	assert_string_equal(topo_vars_get(&r.vars, "x"), "given");
	assert_null(topo_vars_get(&r.vars, "y"));
	done(&r);
}

static void test_limits_are_refused_with_a_sentence(void **state)
{
	struct reader r = { .line = { .verb = TOPO_NOTHING } };
	char *text = malloc(TOPO_LINE_MAX + 100);
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', TOPO_LINE_MAX + 50);
	memcpy(text, "exec a ", 7);
	text[TOPO_LINE_MAX + 50] = '\0';
	assert_int_equal(parse(&r, text), -1);
	assert_non_null(strstr(r.e.text, "longer than"));
	for (int i = 0; i < TOPO_WORDS_MAX + 1; i++)
		n += (size_t)sprintf(text + n, "w ");
	assert_int_equal(parse(&r, text), -1);
	assert_non_null(strstr(r.e.text, "words in one line"));
	n = (size_t)sprintf(text, "addr a.b");
	for (int i = 0; i < TOPO_ADDRS_MAX + 1; i++)
		n += (size_t)sprintf(text + n, " 10.0.0.%d/24", i + 1);
	assert_int_equal(parse(&r, text), -1);
	free(text);
	done(&r);
}

static void test_every_verb_has_a_word_and_a_usage_that_begins_with_it(void **state)
{
	(void)state;
	for (int v = TOPO_NOTHING + 1; v < TOPO_VERB_COUNT; v++) {
		const char *word = topo_verb_word((enum topo_verb)v);

		assert_true(strlen(word) > 0);
		assert_memory_equal(topo_verb_usage((enum topo_verb)v), word, strlen(word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines_give_their_verb),
		cmocka_unit_test(test_bad_lines_name_the_word_and_what_would_be_right),
		cmocka_unit_test(test_fields_are_what_the_words_said),
		cmocka_unit_test(test_quotes_join_and_escape),
		cmocka_unit_test(test_only_the_branch_taken_acts),
		cmocka_unit_test(test_a_second_else_and_a_missing_end_are_refused),
		cmocka_unit_test(test_set_changes_a_variable_but_not_a_given_one),
		cmocka_unit_test(test_limits_are_refused_with_a_sentence),
		cmocka_unit_test(test_every_verb_has_a_word_and_a_usage_that_begins_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
