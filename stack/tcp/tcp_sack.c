/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiver's SACK blocks: at most four, so plain copying is as fast as anything. */
#include "tcp/tcp_sack.h"

#include <string.h>

void tcp_sack_add(struct tcp_sack *s, struct tcp_range block)
{
	struct tcp_range old[TCP_SACK_MAX];
	uint8_t n_old = s->n;

	memcpy(old, s->block, sizeof(old));
	s->block[0] = block;
	s->n = 1;
	for (uint8_t i = 0; i < n_old && s->n < TCP_SACK_MAX; i++) {
		/* Touching is overlapping: such a block has grown into this one. */
		if (seq_le(old[i].from, block.to) && seq_ge(old[i].to, block.from))
			continue;
		s->block[s->n++] = old[i];
	}
}

void tcp_sack_advance(struct tcp_sack *s, seq_t rcv_nxt)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < s->n; i++)
		if (seq_gt(s->block[i].from, rcv_nxt))
			s->block[n++] = s->block[i];
	s->n = n;
}

void tcp_sack_forget_from(struct tcp_sack *s, seq_t seq)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < s->n; i++)
		if (seq_lt(s->block[i].from, seq))
			s->block[n++] = s->block[i];
	s->n = n;
}

void tcp_sack_duplicate(struct tcp_sack *s, struct tcp_range b)
{
	if (s->dup.from == s->dup.to) {
		s->dup = b;
	} else if (seq_le(b.from, s->dup.to) && seq_ge(b.to, s->dup.from)) {
		s->dup.from = seq_min(s->dup.from, b.from);
		s->dup.to = seq_max(s->dup.to, b.to);
	}
}

void tcp_sack_report(const struct tcp_sack *s, struct tcp_range *out, uint8_t n)
{
	uint8_t i = 0;

	if (n && s->dup.from != s->dup.to)
		out[i++] = s->dup;
	for (uint8_t k = 0; i < n; k++)
		out[i++] = s->block[k];
}
