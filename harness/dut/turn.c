/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's scheduler, asked; see turn.h. */
#define _GNU_SOURCE

#include "harness/dut/turn.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

void turn_first(void)
{
	struct sched_param least = { .sched_priority = sched_get_priority_min(SCHED_RR) };

	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		(void)sched_setscheduler(0, SCHED_RR, &least);
}

uint64_t turn_waited_ns(pid_t pid)
{
	uint64_t ran, waited;
	char path[48] = "/proc/self/schedstat";
	FILE *f;
	int n;

	if (pid > 0)
		snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fscanf(f, "%" SCNu64 " %" SCNu64, &ran, &waited);
	fclose(f);
	return n == 2 ? waited : 0;
}
