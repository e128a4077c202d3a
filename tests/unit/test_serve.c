/* SPDX-License-Identifier: BSD-2-Clause */
/* Services of the kernel's twin: how they are written, and how output of programs becomes JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/dut/serve.h"
#include "harness/rig/text.h"

static void test_services_are_read(void **state)
{
	static const struct {
		const char *text;
		enum serve_kind kind;
		int tcp, udp;
		uint16_t port;
		uint64_t bytes;
	} rows[] = {
		{ "echo:7", SERVE_ECHO, 1, 1, 7, UINT64_MAX },
		{ "tcp-echo:7", SERVE_ECHO, 1, 0, 7, UINT64_MAX },
		{ "udp-chargen:19", SERVE_CHARGEN, 0, 1, 19, UINT64_MAX },
		{ "sink:5001", SERVE_SINK, 1, 0, 5001, UINT64_MAX },
		{ "tcp-sink:5001:count", SERVE_SINK, 1, 0, 5001, UINT64_MAX },
		{ "source:65535:0", SERVE_SOURCE, 1, 0, 65535, 0 },
		{ "source:5002:1000000", SERVE_SOURCE, 1, 0, 5002, 1000000 },
		{ "http:80", SERVE_HTTP, 1, 0, 80, UINT64_MAX },
	};
	char err[SERVE_ERR_TEXT];
	struct service s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (serve_parse(&s, rows[i].text, err, sizeof(err)))
			fail_msg("%s: %s", rows[i].text, err);
		assert_int_equal(s.kind, rows[i].kind);
		assert_int_equal(s.tcp, rows[i].tcp);
		assert_int_equal(s.udp, rows[i].udp);
		assert_int_equal(s.port, rows[i].port);
		assert_true(s.bytes == rows[i].bytes);
		assert_int_equal(s.count_only, strstr(rows[i].text, ":count") != NULL);
	}
}

static void test_what_is_no_service_is_refused_with_a_sentence(void **state)
{
	static const char *const rows[] = { "",		  "echo",	"echo:",       "echo:0",
					    "echo:65536", "echo:7x",	"ech:7",       "udp-sink:1",
					    "echo:7:1",	  "source:1:x", "source:1:-1", "sink:1:x" };
	char err[SERVE_ERR_TEXT];
	struct service s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err[0] = '\0';
		if (!serve_parse(&s, rows[i], err, sizeof(err)))
			fail_msg("\"%s\" was taken", rows[i]);
		assert_true(strlen(err) > 20);
	}
}

static void test_bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} rows[] = {
		{ "plain", 5, "plain" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\xf0\x9f\x90\x92", 4, "\xf0\x9f\x90\x92" },
		{ "a\xff"
		  "b",
		  3,
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xc3", 1, "\xef\xbf\xbd" },
		{ "\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *j = json_text(rows[i].bytes, rows[i].n);

		assert_non_null(j);
		assert_string_equal(json_string_value(j), rows[i].text);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services_are_read),
		cmocka_unit_test(test_what_is_no_service_is_refused_with_a_sentence),
		cmocka_unit_test(test_bytes_that_are_not_utf8_become_replacement_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
