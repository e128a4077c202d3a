/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last events of a run: frames and what the stacks traced, kept as they are and put into words
 * only when printed. Written by net.c, printed by whoever reports a failure.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "phantom/phantom.h"

enum { SIM_TRACE_EVENTS = 400 /* kept; the named limit of a trace */ };

struct sim_trace;

struct sim_trace *sim_trace_new(void);
void sim_trace_free(struct sim_trace *t);
/* who and sign must outlive the trace: "h0", ">" sent, "<" received; or a reason and "x". */
void sim_trace_frame(struct sim_trace *t, uint64_t at_ns, const char *who, const char *sign,
		     const uint8_t *bytes, size_t len);
void sim_trace_event(struct sim_trace *t, uint64_t at_ns, const char *who,
		     const struct ph_trace_event *event);
/* What an application did. */
void sim_trace_note(struct sim_trace *t, uint64_t at_ns, const char *who, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void sim_trace_print(const struct sim_trace *t, FILE *f);

#endif
