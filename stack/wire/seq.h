/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sequence numbers (RFC 9293 3.4): arithmetic modulo 2^32, compared by distance, never with <.
 * Ranges are half open, [from, to). At a distance of exactly 2^31 each is less than the other, as
 * in Linux. Used by tcp/ and by whoever reads captures.
 */
#ifndef WIRE_SEQ_H
#define WIRE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t seq_t;

static inline bool seq_lt(seq_t a, seq_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_le(seq_t a, seq_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(seq_t a, seq_t b)
{
	return seq_lt(b, a);
}

static inline bool seq_ge(seq_t a, seq_t b)
{
	return seq_le(b, a);
}

/* from <= s < to; the range may be as long as 2^32 - 1, and is empty when from equals to. */
static inline bool seq_between(seq_t s, seq_t from, seq_t to)
{
	return s - from < to - from;
}

/* How far b is ahead of a, in bytes; negative when it is behind. */
static inline int32_t seq_diff(seq_t a, seq_t b)
{
	return (int32_t)(b - a);
}

static inline seq_t seq_max(seq_t a, seq_t b)
{
	return seq_gt(a, b) ? a : b;
}

static inline seq_t seq_min(seq_t a, seq_t b)
{
	return seq_lt(a, b) ? a : b;
}

#endif
