/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line whose rate follows a trace: a file with a millisecond a line, each an opportunity to send
 * 1500 bytes of IP packet, over and over; the last stamp is the period. The format of public
 * cellular traces and of mahimahi's mm-link. Asked by the pipe's line.
 */
#ifndef LINK_TRACE_H
#define LINK_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum { LINK_TRACE_BYTES = 1500, LINK_TRACE_MAX = 4 << 20 /* stamps */ };

struct link_trace {
	uint64_t period_ms;
	uint32_t n;
	uint64_t at_ms[];	/* not falling; the last is the period */
};

/* NULL with a sentence in err: not in order, no number, no opportunity or more than the most. */
const struct link_trace *link_trace_get(const char *path, char *err, size_t err_size);
const char *link_trace_name(const struct link_trace *t);

/* When opportunity number k (from 0) comes, since the trace began. The end of time at last. */
uint64_t link_trace_at_ns(const struct link_trace *t, uint64_t k);

/* The first opportunity at since_ns or later. */
uint64_t link_trace_first(const struct link_trace *t, uint64_t since_ns);

#endif
