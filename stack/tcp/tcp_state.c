/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machine's arrows (RFC 9293 3.3.2, figure 5): every change of state passes here, is
 * checked against them, traced and counted. */
#include "tcp/tcp_int.h"

static const char *const names[TCPS_N] = {
	[TCPS_ESTABLISHED] = "ESTABLISHED", [TCPS_SYN_SENT] = "SYN-SENT",
	[TCPS_SYN_RECEIVED] = "SYN-RECEIVED", [TCPS_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCPS_FIN_WAIT_2] = "FIN-WAIT-2", [TCPS_TIME_WAIT] = "TIME-WAIT",
	[TCPS_CLOSED] = "CLOSED", [TCPS_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCPS_LAST_ACK] = "LAST-ACK", [TCPS_LISTEN] = "LISTEN",
	[TCPS_CLOSING] = "CLOSING",
};

#define TO(s) (1u << (s))
/* From each state, the states it may go to. CLOSED is always allowed: abort, timeout, reset. A
 * passive open's SYN-RECEIVED is a struct tcp_half; its tcb begins as SYN-RECEIVED from CLOSED. */
static const uint16_t allowed[TCPS_N] = {
	[TCPS_CLOSED] = TO(TCPS_LISTEN) | TO(TCPS_SYN_SENT) | TO(TCPS_SYN_RECEIVED),
	[TCPS_LISTEN] = 0,
	[TCPS_SYN_SENT] = TO(TCPS_SYN_RECEIVED) | TO(TCPS_ESTABLISHED),
	[TCPS_SYN_RECEIVED] = TO(TCPS_ESTABLISHED) | TO(TCPS_FIN_WAIT_1),
	[TCPS_ESTABLISHED] = TO(TCPS_FIN_WAIT_1) | TO(TCPS_CLOSE_WAIT),
	[TCPS_FIN_WAIT_1] = TO(TCPS_FIN_WAIT_2) | TO(TCPS_CLOSING) | TO(TCPS_TIME_WAIT),
	[TCPS_FIN_WAIT_2] = TO(TCPS_TIME_WAIT),
	[TCPS_CLOSE_WAIT] = TO(TCPS_LAST_ACK),
	[TCPS_CLOSING] = TO(TCPS_TIME_WAIT),
	[TCPS_LAST_ACK] = 0,
	[TCPS_TIME_WAIT] = 0,
};

const char *tcp_state_name(uint8_t state)
{
	return state < TCPS_N && names[state] ? names[state] : "?";
}

static bool counts_as_established(uint8_t s)
{
	return s == TCPS_ESTABLISHED || s == TCPS_CLOSE_WAIT;
}

/* RFC 4022's tcpCurrEstab, tcpAttemptFails and tcpEstabResets. */
static void count_move(struct ph_stack *st, uint8_t from, uint8_t to)
{
	if (counts_as_established(to) && !counts_as_established(from))
		COUNT(st, TcpCurrEstab);
	if (counts_as_established(from) && !counts_as_established(to))
		COUNT_N(st, TcpCurrEstab, UINT64_MAX); /* a gauge: one less */
	if (to != TCPS_CLOSED)
		return;
	if (counts_as_established(from))
		COUNT(st, TcpEstabResets);
	else if (from == TCPS_SYN_SENT || from == TCPS_SYN_RECEIVED)
		COUNT(st, TcpAttemptFails);
}

void tcp_set_state(struct ph_stack *st, struct tcb *t, enum tcps to)
{
	uint8_t from = t->state;

	if (from == to)
		return;
	assert(to == TCPS_CLOSED || (allowed[from] & TO(to)));
	count_move(st, from, (uint8_t)to);
	t->state = (uint8_t)to;
	TRACE(&st->trace, tcp_state, .conn = t->id, .local = t->dst.src, .lport = t->ent.lport,
	      .peer = t->dst.dst, .pport = t->ent.pport, .from = tcp_state_name(from),
	      .to = tcp_state_name(t->state));
}
