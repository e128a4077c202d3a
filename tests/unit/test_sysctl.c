/* SPDX-License-Identifier: BSD-2-Clause */
/* base/sysctl.h: what is taken as a value, what is refused, and that the table is sound. */
#include "model.h"

#include <errno.h>
#include <stdio.h>

#include "base/list.h"
#include "base/sysctl.h"

static void test_defaults_are_those_of_the_table_and_within_bounds(void **state)
{
	const struct ph_sysctl_info *row;
	struct sysctls s;
	char text[64];
	size_t i;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	sysctl_defaults(&s);
	assert_int_equal(s.ip_default_ttl, 64);
	assert_int_equal(s.tcp_rmem[0], 4096);
	assert_int_equal(s.tcp_rmem[2], 6291456);
	for (i = 0; (row = sysctl_row(i)); i++) { /* what get gives, set takes */
		assert_int_equal(sysctl_get(&s, row->name, text, sizeof(text)), 0);
		assert_int_equal(sysctl_set(&s, row->name, text),
				 row->words && row->max == 0 ? -EPERM : 0);
	}
	assert_true(i > 30);
	assert_null(sysctl_row(i + 1));
}

static void test_names_are_those_of_linux_or_our_own_and_none_twice(void **state)
{
	const struct ph_sysctl_info *a, *b;
	size_t i, j;

	(void)state;
	for (i = 0; (a = sysctl_row(i)); i++) {
		assert_true(strncmp(a->name, "net.", 4) == 0);
		assert_true(strlen(a->help) > 0);
		assert_true(a->min <= a->max);
		assert_true((a->nvalues >= 1 && a->nvalues <= 3) || a->words);
		for (j = 0; j < i; j++) {
			b = sysctl_row(j);
			assert_string_not_equal(a->name, b->name);
		}
	}
}

struct row {
	const char *name, *value;
	int want;
	const char *text; /* as it reads afterwards */
};

static void test_values_are_taken_or_refused_with_the_right_error(void **state)
{
	static const struct row rows[] = {
		{ "net.ipv4.ip_default_ttl", "32", 0, "32" },
		{ "net.ipv4.ip_local_port_range", "1024 65535", 0, "1024\t65535" },
		{ "net.ipv4.ip_local_port_range", "7 6", -EINVAL, "1024\t65535" },
		{ "net.ipv4.ip_local_port_range", "7", -EINVAL, "1024\t65535" },
		{ "net.ipv4.ip_default_ttl", " +7\n", 0, "7" },
		{ "net.ipv4.ip_default_ttl", "\t255 ", 0, "255" },
		{ "net.ipv4.ip_default_ttl", "256", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "0", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "-1", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "+", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "6 4", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "64x", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "x64", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "0xFf", 0, "255" },
		{ "net.ipv4.ip_default_ttl", "0x", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "0x4g", -EINVAL, "255" },
		{ "net.ipv4.tcp_fastopen_key", "1-2-3-4", 0, "1-2-3-4" },
		{ "net.ipv4.tcp_fastopen_key", "a1a1a1a1-0-0-FFffFFff,1-2-3-4", 0,
		  "a1a1a1a1-0-0-FFffFFff,1-2-3-4" },
		{ "net.ipv4.tcp_fastopen_key", "1-2-3", -EINVAL, "a1a1a1a1-0-0-FFffFFff,1-2-3-4" },
		{ "net.ipv4.tcp_fastopen_key", "1-2-3-4,5", -EINVAL,
		  "a1a1a1a1-0-0-FFffFFff,1-2-3-4" },
		{ "net.ipv4.tcp_fastopen_key", "1-2-3-4 5", -EINVAL,
		  "a1a1a1a1-0-0-FFffFFff,1-2-3-4" },
		{ "net.ipv4.tcp_fastopen_key", "random", 0, "random" },
		{ "net.ipv4.ip_default_ttl", "18446744073709551680", -EINVAL, "255" },
		{ "net.ipv4.ip_default_ttl", "9223372036854775808", -EINVAL, "255" },
		{ "net.ipv4.tcp_rmem", "1 2 3", 0, "1\t2\t3" },
		{ "net.ipv4.tcp_rmem", "4096\t131072\t6291456\n", 0, "4096\t131072\t6291456" },
		{ "net.ipv4.tcp_rmem", "5 5 5", 0, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "5 5", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "5", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "5 5 5 5", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "6 5 7", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "5 8 7", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "0 5 7", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_rmem", "5,6,7", -EINVAL, "5\t5\t5" },
		{ "net.ipv4.tcp_congestion_control", " reno\n", 0, "reno" },
		{ "net.ipv4.tcp_congestion_control", "ren", -EINVAL, "reno" },
		{ "net.ipv4.tcp_congestion_control", "renoo", -EINVAL, "reno" },
		{ "net.ipv4.tcp_congestion_control", "cubic reno", -EINVAL, "reno" },
		{ "net.ipv4.tcp_congestion_control", "", -EINVAL, "reno" },
		{ "net.ipv4.tcp_allowed_congestion_control", "reno", 0, "reno" },
		{ "net.ipv4.tcp_allowed_congestion_control", "reno\t cubic", 0, "reno cubic" },
		{ "net.ipv4.tcp_allowed_congestion_control", "1", -EINVAL, "reno cubic" },
		{ "net.ipv4.tcp_nosuch", "1", -ENOENT, NULL },
		{ "net.ipv4.ip_default_tt", "1", -ENOENT, NULL },
		{ "", "1", -ENOENT, NULL },
	};
	struct sysctls s;
	char text[64];
	size_t i;

	(void)state;
	sysctl_defaults(&s);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (sysctl_set(&s, rows[i].name, rows[i].value) != rows[i].want)
			fail_msg("row %zu: %s = \"%s\"", i, rows[i].name, rows[i].value);
		if (!rows[i].text) {
			assert_int_equal(sysctl_get(&s, rows[i].name, text, sizeof(text)), -ENOENT);
			continue;
		}
		assert_int_equal(sysctl_get(&s, rows[i].name, text, sizeof(text)), 0);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_a_buffer_too_small_is_refused_and_not_written(void **state)
{
	struct sysctls s;
	char text[32] = "untouched";

	(void)state;
	sysctl_defaults(&s);
	assert_int_equal(sysctl_get(&s, "net.ipv4.tcp_rmem", text, 19), -ENOSPC);
	assert_int_equal(sysctl_get(&s, "net.ipv4.tcp_rmem", text, 0), -ENOSPC);
	assert_string_equal(text, "untouched");
	assert_int_equal(sysctl_get(&s, "net.ipv4.tcp_rmem", text, 20), 0);
	assert_string_equal(text, "4096\t131072\t6291456");
}

static void test_every_bound_is_taken_and_a_step_beyond_is_not(void **state)
{
	const struct ph_sysctl_info *row;
	struct sysctls s;
	char text[64];
	size_t i;

	(void)state;
	sysctl_defaults(&s);
	for (i = 0; (row = sysctl_row(i)); i++) {
		if (row->nvalues != 1)
			continue;
		snprintf(text, sizeof(text), "%lld", (long long)row->min);
		assert_int_equal(sysctl_set(&s, row->name, text), 0);
		snprintf(text, sizeof(text), "%lld", (long long)row->max);
		assert_int_equal(sysctl_set(&s, row->name, text), 0);
		snprintf(text, sizeof(text), "%lld", (long long)row->min - 1);
		assert_int_equal(sysctl_set(&s, row->name, text), -EINVAL);
		snprintf(text, sizeof(text), "%lld", (long long)row->max + 1);
		assert_int_equal(sysctl_set(&s, row->name, text), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_those_of_the_table_and_within_bounds),
		cmocka_unit_test(test_names_are_those_of_linux_or_our_own_and_none_twice),
		cmocka_unit_test(test_values_are_taken_or_refused_with_the_right_error),
		cmocka_unit_test(test_a_buffer_too_small_is_refused_and_not_written),
		cmocka_unit_test(test_every_bound_is_taken_and_a_step_beyond_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
