/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and addresses of the topology language, and the device names and MACs made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netns/addr.h"

static void test_addresses_print_as_they_were_read(void **state)
{
	static const char *const rows[] = { "10.0.0.1/24", "0.0.0.0/0", "255.255.255.255/32",
					    "fd00::1/64",  "::/0",	"fe80::1:2:3/128" };
	char out[NETADDR_TEXT_MAX];
	struct netaddr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(netaddr_parse(&a, rows[i], true));
		assert_string_equal(netaddr_text(&a, true, out), rows[i]);
	}
}

static void test_macs_print_as_they_were_read_and_nothing_else_is_one(void **state)
{
	static const char *const bad[] = { "",
					   "02",
					   "02:00:00:00:00",
					   "02:00:00:00:00:0",
					   "02:00:00:00:00:0g",
					   "02:00:00:00:00:01x",
					   "020000000001",
					   "0:0:0:0:0:1" };
	struct netmac m;
	char out[18];

	(void)state;
	assert_true(netmac_parse(&m, "02:aB:cd:EF:00:9f"));
	assert_string_equal(netmac_text(&m, out), "02:ab:cd:ef:00:9f");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(netmac_parse(&m, bad[i]));
}

static void test_derived_macs_are_local_unicast_and_depend_on_the_name_alone(void **state)
{
	struct netmac seen[2000];
	char name[32];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct netmac again;

		snprintf(name, sizeof(name), "node%d.eth0", i);
		seen[i] = netmac_of(name);
		again = netmac_of(name);
		assert_memory_equal(&seen[i], &again, sizeof(again));
		assert_int_equal(seen[i].bytes[0] & 3, 2);
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(&seen[i], &seen[k], sizeof(again));
	}
}

static void test_short_names_stay_and_long_ones_fit_and_differ(void **state)
{
	char a[DEV_NAME_MAX], b[DEV_NAME_MAX];

	(void)state;
	assert_string_equal(devname_short("dut.tap0", a), "dut.tap0");
	assert_string_equal(devname_short("fifteen-letters", a), "fifteen-letters");
	devname_short("a-long-node-name.eth0", a);
	devname_short("a-long-node-name.eth1", b);
	assert_true(strlen(a) <= 15);
	assert_string_not_equal(a, b);
}

static void test_device_names_are_split_at_the_dot(void **state)
{
	static const char *const bad[] = { "", ".", "a", "a.", ".b", "a.b.c", "a b.c", "a./b" };
	struct devname d;

	(void)state;
	assert_true(devname_parse(&d, "peer-1.eth_0"));
	assert_string_equal(d.node, "peer-1");
	assert_string_equal(d.dev, "eth_0");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(devname_parse(&d, bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_print_as_they_were_read),
		cmocka_unit_test(test_macs_print_as_they_were_read_and_nothing_else_is_one),
		cmocka_unit_test(test_derived_macs_are_local_unicast_and_depend_on_the_name_alone),
		cmocka_unit_test(test_short_names_stay_and_long_ones_fit_and_differ),
		cmocka_unit_test(test_device_names_are_split_at_the_dot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
