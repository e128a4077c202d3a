/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a process waited for a CPU: told of those there are, growing, and nothing of others. */
#define _GNU_SOURCE
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/dut/turn.h"

static void test_what_is_waited_grows_while_others_have_the_cpu(void **state)
{
	uint64_t before = turn_waited_ns(0);
	cpu_set_t all, one;
	pid_t other;
	int status;

	(void)state;
	if (access("/proc/self/schedstat", R_OK) != 0) {
		print_message("skip: no /proc/self/schedstat\n");
		skip();
	}
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	other = fork();
	assert_true(other >= 0);
	if (other == 0)
		for (;;)
			if (getppid() == 1)
				_exit(0);
	/* Two on one CPU: each waits for the other before long, or this does not end. */
	while (turn_waited_ns(0) <= before || turn_waited_ns(other) == 0)
		;
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void test_of_a_process_that_is_not_nothing_is_told(void **state)
{
	pid_t gone = fork();

	(void)state;
	assert_true(gone >= 0);
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	assert_int_equal(turn_waited_ns(gone), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_waited_grows_while_others_have_the_cpu),
		cmocka_unit_test(test_of_a_process_that_is_not_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
