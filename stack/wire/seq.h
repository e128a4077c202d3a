/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence numbers: modulo 2^32 (RFC 9293 3.4), compared only through these. Ranges are half-open: [from, to).
 * a < b holds when b is ahead of a by 1 .. 2^31 - 1; at a distance of exactly 2^31 neither is the smaller
 * (seq_lt is false both ways).
 */
#ifndef WIRE_SEQ_H
#define WIRE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t seq_t;

static inline bool seq_gt(seq_t a, seq_t b)
{
	return a - b - 1 < 0x7fffffff;
}

static inline bool seq_lt(seq_t a, seq_t b)
{
	return seq_gt(b, a);
}

static inline bool seq_leq(seq_t a, seq_t b)
{
	return a == b || seq_lt(a, b);
}

static inline bool seq_geq(seq_t a, seq_t b)
{
	return a == b || seq_gt(a, b);
}

/* from <= s < to, where [from, to) may be as long as 2^32 - 1. */
static inline bool seq_between(seq_t s, seq_t from, seq_t to)
{
	return s - from < to - from;
}

/* from < s <= to: how an acknowledgment is looked at (SND.UNA < SEG.ACK =< SND.NXT). */
static inline bool seq_between_right(seq_t s, seq_t from, seq_t to)
{
	return s - from - 1 < to - from;
}

static inline seq_t seq_max(seq_t a, seq_t b)
{
	return seq_lt(a, b) ? b : a;
}

static inline seq_t seq_min(seq_t a, seq_t b)
{
	return seq_lt(a, b) ? a : b;
}

/* How far b is ahead of a, in bytes; negative when it is behind. */
static inline int32_t seq_diff(seq_t a, seq_t b)
{
	return (int32_t)(b - a);
}

#endif
