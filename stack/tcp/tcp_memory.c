/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all connections hold together, and what net.ipv4.tcp_mem lets them: above its second value they
 * stop to grow and offer little (pressure) until they are below the first; above the third nothing
 * more is taken, but for what a connection cannot do without. Called where queues change.
 */
#include "tcp/tcp_int.h"

enum { PAGE = 4096, PRESSED_SEGS = 4 };

static bool above(const struct ph_stack *st, unsigned which)
{
	return st->tcp->held / PAGE >= (uint64_t)st->sysctl.tcp_mem[which];
}

static void look(struct ph_stack *st)
{
	struct tcp_state *s = st->tcp;

	if (s->pressed_ns == 0 && above(st, 1)) {
		COUNT(st, TcpExtTCPMemoryPressures);
		s->pressed_ns = st->now_ns + 1;
	} else if (s->pressed_ns && !above(st, 0)) {
		COUNT_N(st, TcpExtTCPMemoryPressuresChrono,
			(st->now_ns + 1 - s->pressed_ns) / 1000000);
		s->pressed_ns = 0;
	}
}

void tcp_memory_note(struct ph_stack *st, struct tcb *t)
{
	uint64_t held = (uint64_t)t->rcv.charged + t->reass.charged + t->snd.charged;

	if (held == t->mem_held)
		return;
	st->tcp->held += held - t->mem_held;
	t->mem_held = held;
	look(st);
}

bool tcp_memory_pressed(const struct ph_stack *st)
{
	return st->tcp->pressed_ns != 0;
}

bool tcp_memory_full(const struct ph_stack *st)
{
	return above(st, 2);
}

void tcp_memory_clamp(const struct ph_stack *st, struct tcb *t)
{
	uint32_t most = PRESSED_SEGS * (uint32_t)t->adv_mss;

	if (tcp_memory_pressed(st) && t->rcvwin.ssthresh > most)
		t->rcvwin.ssthresh = most;
}
