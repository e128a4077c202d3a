/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of calls between call.c and call_arg.c; nobody else includes this. */
#ifndef DRILL_CALL_INT_H
#define DRILL_CALL_INT_H

#include <errno.h>
#include <stdio.h>

#include "harness/drill/run_int.h"
#include "harness/drill/value.h"

/* Fills w->c, with its buffers, from w->ev's arguments. 0, or -1 with the run ended. */
int drill_call_prepare(struct drill_run *r, struct drill_wait *w);
/* Bytes a send has taken count as written, no more and no less. */
void drill_call_sent(struct drill_wait *w);
/* What a call that went well has given: buffers, options, addresses, polls. */
int drill_call_check_out(struct drill_run *r, struct drill_wait *w);

#endif
