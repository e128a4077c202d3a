/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens of scripts, one row a text; and the table of Linux's numbers against the system's. */
#define _GNU_SOURCE /* Linux's names in the system's headers */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/const.h"
#include "harness/drill/lex.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct drill_define defines[] = {
	{ "COOKIE", "3021b9d889017eeb" }, { "LEVEL", "SOL_IP" },  { "COUNT", "0x20" },
	{ "TEXT", "\"a b\"" },		  { "CMD", "`true`" },	  { "Linux", NULL },
};
static const struct drill_defines defs = { .define = defines, .ndefine = ARRAY_LEN(defines) };

/* All tokens of a text: "W:word N:number S:string ..." or the error with its place. */
static void lex_all(const char *text, char *out, size_t size)
{
	static const char kinds[] = "ENWSCPO.FX";
	struct drill_arena *arena = drill_arena_new();
	struct drill_lex lx;
	struct drill_tok t;
	size_t n = 0;

	assert_non_null(arena);
	drill_lex_init(&lx, arena, text, strlen(text), &defs);
	out[0] = '\0';
	for (;;) {
		if (drill_lex_next(&lx, &t) != 0) {
			snprintf(out, size, "%u:%u: %s", lx.err_line, lx.err_col, lx.err);
			break;
		}
		if (t.kind == DRILL_TOK_END)
			break;
		n += (size_t)snprintf(out + n, size - n, "%s", n ? " " : "");
		if (t.kind == DRILL_TOK_PUNCT)
			n += (size_t)snprintf(out + n, size - n, "%c", t.punct);
		else if (t.kind == DRILL_TOK_ELLIPSIS)
			n += (size_t)snprintf(out + n, size - n, "...");
		else
			n += (size_t)snprintf(out + n, size - n, "%c:%.*s", kinds[t.kind],
					      (int)t.text.len, t.text.at);
		if (t.kind == DRILL_TOK_OPTION && t.value)
			n += (size_t)snprintf(out + n, size - n, "=%s", t.value);
		assert_true(n < size);
	}
	drill_arena_free(arena);
}

struct row {
	const char *name, *text, *want;
};

static const struct row rows[] = {
	{ "newlines are white space", "a\n\n b\r\n", "W:a W:b" },
	{ "comments of both kinds", "a // b\nc /* d\n e */ f", "W:a W:c W:f" },
	{ "numbers", "0 12 0x1f 017 0.25 .5 5.", "N:0 N:12 N:0x1f N:017 N:0.25 N:.5 N:5." },
	{ "a minus is a token before its number", "-1", "- N:1" },
	{ "a wildcard after a number", "0...0.2 +.1...+1", "N:0 ... N:0.2 + N:.1 ... + N:1" },
	{ "digits and letters that make no number are a word", "3021b9d8 0x 09a",
	  "W:3021b9d8 W:0x W:09a" },
	{ "strings and their escapes", "\"a\\n\\x41\\101\\\"b\\\\\" \"\"", "S:a\nAA\"b\\ S:" },
	{ "a command may span lines", "`a\nb`", "C:a\nb" },
	{ "code may span lines", "%{ a\n} % }%", "P: a\n} % " },
	{ "options with and without values", "--mss=100 --x --ip_version=\"ipv4\"\n1",
	  "O:mss=100 O:x O:ip_version=ipv4 N:1" },
	{ "a define may be hexadecimal", "FO COOKIE", "W:FO W:3021b9d889017eeb" },
	{ "a define may be a word", "LEVEL", "W:SOL_IP" },
	{ "a define may be a number", "COUNT", "N:0x20" },
	{ "a define may be a string", "TEXT", "S:a b" },
	{ "a define may be a command", "CMD", "C:true" },
	{ "a define is not found within a word", "COUNTS xCOUNT", "W:COUNTS W:xCOUNT" },
	{ "a branch that holds", "#ifdef Linux\na\n#endif\nb", "W:a W:b" },
	{ "a branch that does not hold", "#ifdef FreeBSD\na ` \"\n#endif\nb", "W:b" },
	{ "a negated branch", "#ifndef FreeBSD\na\n#endif\n#ifndef Linux\nb\n#endif", "W:a" },
	{ "the other branch", "#ifdef X\na\n#else\nb\n#endif\n#ifdef Linux\nc\n#else\nd\n#endif",
	  "W:b W:c" },
	{ "a branch within a branch",
	  "#ifdef Linux\n#ifdef X\na\n#endif\nb\n#endif\n"
	  "#ifdef X\n#ifdef Linux\nc\n#endif\nd\n#endif", "W:b" },
	{ "a hash within a line", "a #ifdef X",
	  "1:3: \"#\" is only for #ifdef and #endif, first on its line" },
	{ "an unknown directive", "\n #if X",
	  "2:2: expected #ifdef NAME, #ifndef NAME, #else or #endif, found \"#if\"" },
	{ "a branch without a name", "#ifdef\n", "1:1: expected a name after #ifdef" },
	{ "an open branch that holds", "a\n#ifdef Linux\nb", "2:1: this has no #endif" },
	{ "an open branch that does not hold", "a\n#ifdef X\nb", "2:1: this has no #endif" },
	{ "an end of nothing", "#endif", "1:1: #endif belongs to no #ifdef" },
	{ "an else of nothing", "#else", "1:1: #else belongs to no #ifdef" },
	{ "an open comment", "a /* b", "1:3: this comment has no */" },
	{ "an open string", "a \"b\nc\"", "1:3: this string has no closing quote on its line" },
	{ "an open command", "a `b\nc", "1:3: this command has no closing `" },
	{ "an open piece of code", "%{ a", "1:1: this piece of code has no closing }%" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	char out[512];

	lex_all(row->text, out, sizeof(out));
	assert_string_equal(out, row->want);
}

static void test_tokens_know_their_place(void **state)
{
	struct drill_arena *arena = drill_arena_new();
	struct drill_lex lx;
	struct drill_tok t;

	(void)state;
	drill_lex_init(&lx, arena, "/*\n\n*/  ab\n\t\"x\\ny\"", 20, NULL);
	assert_int_equal(drill_lex_next(&lx, &t), 0);
	assert_int_equal(t.src.line, 3);
	assert_int_equal(t.src.col, 5);
	assert_int_equal(t.src.len, 2);
	assert_int_equal(drill_lex_next(&lx, &t), 0);
	assert_int_equal(t.src.line, 4);
	assert_int_equal(t.src.col, 2);
	assert_int_equal(t.src.len, 6);
	drill_arena_free(arena);
}

static void test_flags_are_read_anew_from_their_first_byte(void **state)
{
	static const char *const texts[] = { ".", "P.5", "5.", "-", "SEWA", ".5" };
	struct drill_arena *arena = drill_arena_new();
	struct drill_lex lx;
	struct drill_tok t;
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(text, sizeof(text), "  %s 1:1(0)", texts[i]);
		drill_lex_init(&lx, arena, text, strlen(text), NULL);
		assert_int_equal(drill_lex_next(&lx, &t), 0);
		assert_int_equal(drill_lex_flags(&lx, &t), 0);
		assert_int_equal(t.text.len, strlen(texts[i]));
		assert_memory_equal(t.text.at, texts[i], t.text.len);
		assert_int_equal(drill_lex_next(&lx, &t), 0);
		assert_int_equal(t.kind, DRILL_TOK_NUMBER);
		assert_int_equal(t.src.col, 4 + strlen(texts[i]));
	}
	drill_arena_free(arena);
}

static void same(const char *name, long long num)
{
	int64_t got;

	assert_true(drill_const_find(name, strlen(name), &got));
	if (got != num)
		fail_msg("%s is %lld in const.def and %lld here", name, (long long)got, num);
}

#define SAME(name) same(#name, (name))

/* The headers of this system, where they have the name, agree with the table. */
static void test_numbers_are_those_of_linux(void **state)
{
	(void)state;
	SAME(AF_INET6);
	SAME(SOCK_NONBLOCK);
	SAME(IPPROTO_UDPLITE);
	SAME(SO_ZEROCOPY);
	SAME(SO_TIMESTAMPING);
	SAME(SO_LINGER);
	SAME(SO_MEMINFO);
	SAME(SO_EE_ORIGIN_ZEROCOPY);
	SAME(IP_MTU_DISCOVER);
	SAME(IP_FREEBIND);
	SAME(IPV6_RECVERR);
	SAME(IPV6_TCLASS);
	SAME(TCP_DEFER_ACCEPT);
	SAME(TCP_USER_TIMEOUT);
	SAME(TCP_NOTSENT_LOWAT);
	SAME(TCP_FASTOPEN_CONNECT);
	SAME(TCP_FASTOPEN_KEY);
	SAME(TCP_INQ);
	SAME(TCP_CM_INQ);
	SAME(MSG_ERRQUEUE);
	SAME(MSG_ZEROCOPY);
	SAME(MSG_FASTOPEN);
	SAME(EPOLLET);
	SAME(EPOLLONESHOT);
	SAME(EPOLLEXCLUSIVE);
	SAME(POLLRDHUP);
	SAME(SIOCINQ);
	SAME(SIOCOUTQ);
	SAME(O_NONBLOCK);
	SAME(SPLICE_F_NONBLOCK);
	SAME(TCPI_OPT_SYN_DATA);
#define CONST(n, v)
#define FOREIGN(n, w)
#define ERRNO(n, v) same(#n, n);
#include "harness/drill/const.def"
#undef CONST
#undef FOREIGN
#undef ERRNO
}

static void test_no_name_has_two_numbers(void **state)
{
	static const struct {
		const char *name;
		int64_t num;
	} all[] = {
#define CONST(n, v) { #n, (v) },
#define ERRNO(n, v) { #n, (v) },
#define FOREIGN(n, w) { #n, -1 },
#include "harness/drill/const.def"
#undef CONST
#undef FOREIGN
#undef ERRNO
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (size_t j = i + 1; j < ARRAY_LEN(all); j++)
			assert_string_not_equal(all[i].name, all[j].name);
}

static void test_errors_have_names_both_ways(void **state)
{
	(void)state;
	assert_string_equal(drill_const_errno(EINPROGRESS), "EINPROGRESS");
	assert_string_equal(drill_const_errno(EAGAIN), "EAGAIN");
	assert_null(drill_const_errno(99999));
	assert_int_equal(drill_const_errno_of("EWOULDBLOCK", 11), EAGAIN);
	assert_int_equal(drill_const_errno_of("AF_INET", 7), 0);
	assert_string_equal(drill_const_foreign("IPPROTO_MPTCP", 13), "MPTCP");
	assert_string_equal(drill_const_foreign("TCP_RACK_PACE_ALWAYS", 20), "FreeBSD");
	assert_null(drill_const_foreign("AF_INET", 7));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 5] = {
		cmocka_unit_test(test_tokens_know_their_place),
		cmocka_unit_test(test_flags_are_read_anew_from_their_first_byte),
		cmocka_unit_test(test_numbers_are_those_of_linux),
		cmocka_unit_test(test_no_name_has_two_numbers),
		cmocka_unit_test(test_errors_have_names_both_ways),
	};
	size_t n = 5;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest){ rows[i].name, test_row, NULL, NULL,
						  (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("drill_lex", tests, NULL, NULL);
}
