/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of each part of TCP between two calls: sums equal what they sum up, lists are
 * sorted, numbers lie in their windows, and who waits for something has a timer. For tests, through
 * ph_stack_check(); costs what is in flight. False: *c says what does not hold.
 */
#ifndef TCP_TCP_CHECK_H
#define TCP_TCP_CHECK_H

#include <stdbool.h>

#include "base/claim.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_rcvwin.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_rtxq.h"
#include "tcp/tcp_sack.h"

struct ph_stack;

/* tcp_check_parts.c: leaves */
bool tcp_check_stream(const struct stream *s, struct ph_claim *c);
bool tcp_check_rtxq(const struct tcp_rtxq *q, seq_t una, seq_t nxt, struct ph_claim *c);
bool tcp_check_loss(const struct tcp_loss *l, const struct tcp_rtxq *q, seq_t una, seq_t nxt,
		    struct ph_claim *c);
bool tcp_check_reass(const struct tcp_reass *r, seq_t rcv_nxt, seq_t edge, struct ph_claim *c);
/* Each block that is reported is held. */
bool tcp_check_sack(const struct tcp_sack *s, const struct tcp_reass *r, struct ph_claim *c);

/* tcp_check.c: every connection, half-open connection, listener and TIME-WAIT entry of the stack,
 * and the parts of each. */
bool tcp_check(const struct ph_stack *st, struct ph_claim *c);

#endif
