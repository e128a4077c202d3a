/* SPDX-License-Identifier: BSD-2-Clause */
/* One client of the world and its lines; see session.c. Called by bench.c. */
#ifndef RIG_SESSION_H
#define RIG_SESSION_H

#include <stdbool.h>

#include "harness/rig/bench.h"

/* @ends_world: when this client is done the world ends, and its first error is the exit status. */
struct session *session_new(struct bench *b, int in, int out, bool ends_world);
/* Set a variable before the first line. */
int session_set(struct session *s, const char *name, const char *value, bool lock,
		struct net_err *e);
/* Begin to read. A plain file is read to its end before this returns. */
void session_start(struct session *s);
void session_free(struct session *s);

/* Milliseconds until the next deadline of what is pending, -1 for none. */
int sessions_wait_ms(const struct bench *b);
/* Answer what is pending when it can be, and go on with the lines behind it. */
void sessions_poll(struct bench *b);
/* Free the sessions that are over. */
void sessions_sweep(struct bench *b);

#endif
