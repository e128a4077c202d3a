/* SPDX-License-Identifier: BSD-2-Clause */
/* The account of retransmissions that may have been needless. Called by tcp_loss.c and the sender. */
#include "tcp/tcp_undo.h"

void tcp_undo_begin(struct tcp_undo *u, seq_t una, uint32_t retrans)
{
	u->marker = una;
	u->on = true;
	u->retrans = retrans && retrans < INT32_MAX ? (int32_t)retrans : -1;
}

void tcp_undo_sent_again(struct tcp_undo *u, uint32_t segs, uint64_t now_ns)
{
	if (!u->first_ns)
		u->first_ns = now_ns;
	if (u->retrans < 0)
		u->retrans = 0;
	if (u->retrans < INT32_MAX - (int32_t)segs)
		u->retrans += (int32_t)segs;
}

void tcp_undo_duplicate(struct tcp_undo *u, seq_t end, uint32_t segs)
{
	if (!u->on || u->retrans <= 0 || seq_le(end, u->marker))
		return;
	u->retrans = (uint32_t)u->retrans > segs ? u->retrans - (int32_t)segs : 0;
}
