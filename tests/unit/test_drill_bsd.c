/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD's sysctls in the device's words (harness/drill/bsd.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/bsd.h"

static void test_settings_become_the_devices(void **state)
{
	static const struct {
		const char *name, *value;
		unsigned i;
		const char *to; /* NULL: as always */
		int word;
		const char *set;
	} rows[] = {
		{ "net.inet.tcp.rfc1323", "0", 0, "net.ipv4.tcp_timestamps", -1, "0" },
		{ "net.inet.tcp.rfc1323", "0", 1, "net.ipv4.tcp_window_scaling", -1, "0" },
		{ "net.inet.tcp.rfc1323", "3", 1, "net.ipv4.tcp_window_scaling", -1, "0" },
		{ "net.inet.tcp.ecn.enable", "4", 0, "net.ipv4.tcp_ecn", -1, "5" },
		{ "net.inet.tcp.recvspace", "1000", 0, "net.ipv4.tcp_rmem", 1, "1000" },
		{ "kern.ipc.maxsockbuf", "4294967295", 2, "net.ipv4.tcp_rmem", 2, "2147483647" },
		{ "net.inet.tcp.keepidle", "9000", 0, "net.ipv4.tcp_keepalive_time", -1, "9" },
		{ "net.inet.tcp.drop_synfin", "0", 0, "net.phantom.tcp_synfin", -1, "1" },
		{ "net.inet.tcp.hostcache.purgenow", "1", 0, "metrics", -1, "1" },
		{ "net.inet.tcp.rexmit_initial", "1000", 0, NULL, -1, "" },
	};
	struct drill_bsd_set s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(drill_bsd_name(rows[i].name));
		assert_true(drill_bsd_sysctl(rows[i].name, rows[i].value, rows[i].i, &s));
		if (rows[i].to)
			assert_string_equal(s.name, rows[i].to);
		else
			assert_null(s.name);
		assert_int_equal(s.word, rows[i].word);
		assert_string_equal(s.value, rows[i].set);
	}
	assert_false(drill_bsd_sysctl("net.inet.tcp.rfc1323", "0", 2, &s));
}

static void test_what_the_device_cannot_do_is_told_and_what_nobody_knows_is_not(void **state)
{
	struct drill_bsd_set s;

	(void)state;
	assert_false(drill_bsd_sysctl("net.inet.tcp.blackhole", "1", 0, &s));
	assert_non_null(drill_bsd_fact("net.inet.tcp.blackhole"));
	assert_false(drill_bsd_sysctl("net.inet.tcp.no_such", "1", 0, &s));
	assert_null(drill_bsd_fact("net.inet.tcp.no_such"));
	assert_false(drill_bsd_name("net.ipv4.tcp_sack"));
}

static void test_profile_names_each_setting_once(void **state)
{
	size_t n = 0;

	(void)state;
	while (drill_bsd_profile(n))
		n++;
	assert_true(n > 10);
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			assert_string_not_equal(drill_bsd_profile(i)->name, drill_bsd_profile(k)->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_become_the_devices),
		cmocka_unit_test(test_what_the_device_cannot_do_is_told_and_what_nobody_knows_is_not),
		cmocka_unit_test(test_profile_names_each_setting_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
