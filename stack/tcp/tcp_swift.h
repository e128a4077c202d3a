/* SPDX-License-Identifier: BSD-2-Clause */
/* The short ways: for the segment that everybody expects, for a small message. */
#ifndef TCP_TCP_SWIFT_H
#define TCP_TCP_SWIFT_H

#include "tcp/tcp_int.h"

/* ---- tcp_swift.c */
/* A segment that is as expected, on a connection on which all is well, is taken without the steps;
 * *why is theirs. False: it is not, and nothing was done. */
bool tcp_swift_input(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx, enum drop *why);

/* ---- tcp_swift_out.c */
/* A message that can leave at once, as one small segment. False: it cannot, and nothing was done. */
bool tcp_swift_send(struct ph_stack *st, struct tcb *t, const void *bytes, uint64_t len);

#endif
