/* SPDX-License-Identifier: BSD-2-Clause */
/* base/counter.h: names as nstat prints them, and values that belong to their names. */
#include "model.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/counter.h"

static int index_of(const char *name)
{
	unsigned i;

	for (i = 0; counter_name(i); i++)
		if (strcmp(counter_name(i), name) == 0)
			return (int)i;
	return -1;
}

static void test_a_counter_is_read_under_its_own_name(void **state)
{
	struct counters c = { { 0 } };
	unsigned i;

	(void)state;
	count_add(&c, C_IpInReceives, 3);
	count_add(&c, C_TcpExtTCPTimeouts, 5);
	count_add(&c, C_IpExtInOctets, UINT64_C(1) << 40);
	assert_int_equal(counter_value(&c, (unsigned)index_of("IpInReceives")), 3);
	assert_int_equal(counter_value(&c, (unsigned)index_of("TcpExtTCPTimeouts")), 5);
	assert_int_equal(counter_value(&c, (unsigned)index_of("IpExtInOctets")), UINT64_C(1) << 40);
	for (i = 0; counter_name(i); i++)
		c.v[0] += counter_value(&c, i) != 0;
	assert_int_equal(c.v[0], 3);
	assert_int_equal(counter_value(&c, i), 0);
	assert_int_equal(counter_value(&c, UINT32_MAX), 0);
	assert_null(counter_name(UINT32_MAX));
}

static void test_every_counter_has_one_name_and_one_value(void **state)
{
	struct counters c;
	bool seen[C_N] = { false };
	unsigned i, j;

	(void)state;
	for (i = 0; i < C_N; i++)
		c.v[i] = i;
	for (i = 0; counter_name(i); i++) {
		uint64_t v = counter_value(&c, i);

		assert_true(v < C_N && v != C_NONE && v != C_DROP_FIRST && !seen[v]);
		seen[v] = true;
		for (j = 0; j < i; j++)
			assert_string_not_equal(counter_name(i), counter_name(j));
	}
	assert_int_equal(i, C_N - 2); /* all but C_NONE and the drop that is none */
}

static void test_a_drop_raises_its_own_counter_and_the_kernels(void **state)
{
	struct counters c = { { 0 } };

	(void)state;
	count_drop(&c, DROP_TCP_PAWS);
	count_drop(&c, DROP_TCP_PAWS);
	count_drop(&c, DROP_NO_SOCKET);
	assert_int_equal(counter_value(&c, (unsigned)index_of("PhantomDropTCP_PAWS")), 2);
	assert_int_equal(counter_value(&c, (unsigned)index_of("TcpExtPAWSEstab")), 2);
	assert_int_equal(counter_value(&c, (unsigned)index_of("PhantomDropNO_SOCKET")), 1);
	assert_int_equal(c.v[C_NONE], 0);
	assert_int_equal(index_of("PhantomDropNONE"), -1);
}

static void test_no_drop_counts_nothing(void **state)
{
	struct counters c = { { 0 } };
	unsigned i;

	(void)state;
	count_drop(&c, DROP_NONE);
	for (i = 0; i < C_N; i++)
		assert_int_equal(c.v[i], 0);
}

/* The header line of one group: "Tcp: RtoAlgorithm RtoMin ...". */
static unsigned compare_group(char *line)
{
	static const char *const settings[] = { "IpForwarding", "IpDefaultTTL", "TcpRtoAlgorithm",
						"TcpRtoMin", "TcpRtoMax", "TcpMaxConn" };
	static const char *const groups[] = { "Ip", "Icmp", "Tcp", "Udp", "TcpExt", "IpExt" };
	char *group = strtok(line, ": "), *word, name[128];
	unsigned found = 0;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (group && strcmp(group, groups[i]) == 0)
			break;
	if (i == sizeof(groups) / sizeof(groups[0]))
		return 0;
	while ((word = strtok(NULL, ": \n"))) {
		bool setting = false;

		snprintf(name, sizeof(name), "%s%s", group, word);
		for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			setting |= strcmp(name, settings[i]) == 0;
		if (setting)
			continue;
		if (index_of(name) < 0) /* a newer kernel may have more: told, not failed */
			print_message("this kernel also counts %s\n", name);
		else
			found++;
	}
	return found;
}

static void test_the_kernels_counters_are_known_by_name(void **state)
{
	static const char *const files[] = { "/proc/net/snmp", "/proc/net/netstat" };
	char line[8192];
	unsigned found = 0;
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < 2; i++) {
		f = fopen(files[i], "r");
		if (!f)
			skip();
		while (fgets(line, sizeof(line), f)) {
			found += compare_group(line);
			if (!fgets(line, sizeof(line), f)) /* the values */
				break;
		}
		fclose(f);
	}
	assert_true(found > 180); /* Linux 6.1 has 200 of ours, and more since */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter_is_read_under_its_own_name),
		cmocka_unit_test(test_every_counter_has_one_name_and_one_value),
		cmocka_unit_test(test_a_drop_raises_its_own_counter_and_the_kernels),
		cmocka_unit_test(test_no_drop_counts_nothing),
		cmocka_unit_test(test_the_kernels_counters_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
