/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack's trace events as JSON lines, in qlog's spirit:
 *
 *	{"time":1700000000000000000,"name":"recovery:rtt_updated","data":{"conn":1,...}}
 *
 * time is nanoseconds since 1970, as in captures. Written by hand: a busy stack traces millions
 * of events. Called by the sink that main.c gives the stack.
 */
#ifndef HOST_TRACE_H
#define HOST_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

struct tracer;

/* NULL with a sentence in err. */
struct tracer *tracer_open(const char *path, char *err, size_t cap);
void tracer_event(struct tracer *t, const struct ph_trace_event *event, uint64_t wall_ns);
void tracer_flush(struct tracer *t);
/* 0, or -errno of the first write that failed (said on standard error when it did). */
int tracer_close(struct tracer *t);

#endif
