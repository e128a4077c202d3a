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

/* ---- call_cmsg.c: control messages ---- */

/* sendmsg: lays out what the script gives into w->c. recvmsg: makes room, as much as the script
 * asks for. 0, or -1 with the run ended. */
int drill_cmsg_send(struct drill_run *r, struct drill_wait *w, const struct drill_msghdr *m);
int drill_cmsg_room(struct drill_run *r, struct drill_wait *w, const struct drill_msghdr *m);
/* What came against what the script wants. */
int drill_cmsg_check(struct drill_run *r, const struct drill_wait *w,
		     const struct drill_msghdr *m);

/* A value that is not the script's: ends the run with a sentence. */
int drill_call_wrong(struct drill_run *r, const struct drill_wait *w, const char *what, int64_t got,
		     int64_t want);
/* The expression has no such meaning: ends the run. */
int drill_call_bad(struct drill_run *r, const struct drill_value_err *e);

#endif
