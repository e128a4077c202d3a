/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How soon a process gets its turn on a CPU: asking for it before others, and telling how long it was
 * kept waiting, which is what makes a run in real time worth nothing. Called by the wire engine.
 */
#ifndef DUT_TURN_H
#define DUT_TURN_H

#include <stdint.h>
#include <sys/types.h>

/* This process and those it starts from now on go before all that is not as urgent (SCHED_RR), where they
 * may (root, or CAP_SYS_NICE) and there is a CPU beside theirs, for the kernel's threads that carry frames
 * would go after them too; else nothing changes. For programs that sleep most of the time. */
void turn_first(void);

/* Nanoseconds that a process (0: this one) was ready to run and did not, since it began; 0 where the
 * kernel does not tell (/proc/PID/schedstat). */
uint64_t turn_waited_ns(pid_t pid);

#endif
