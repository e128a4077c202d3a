/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a frame is on a line: netem's rate with a packet's overhead, cells and their overhead.
 * Called by the model, by the line and by calibration.
 */
#ifndef LINK_RATE_H
#define LINK_RATE_H

#include <stdint.h>

#include "harness/link/spec.h"

/* Bytes the line carries for a frame of len. */
static inline uint64_t link_line_bytes(const struct link_spec *s, uint32_t len)
{
	int64_t n = (int64_t)len + s->rate_overhead;

	if (n < 0)
		n = 0;
	if (s->cell != 0)
		n = (n + s->cell - 1) / s->cell * ((int64_t)s->cell + s->cell_overhead);
	return n > 0 ? (uint64_t)n : 0;
}

/* At bps, rounded down, as netem does. No overflow: bytes < 2^31 * 2^1 and 8e9 < 2^33, but for
 * cells of a few bytes with a large overhead. */
static inline uint64_t link_line_ns(const struct link_spec *s, uint64_t bps, uint32_t len)
{
	uint64_t bytes = link_line_bytes(s, len);

	if (bytes > UINT64_MAX / 8000000000u)
		return UINT64_MAX / bps * 8;
	return bytes * 8000000000u / bps;
}

/* The end of time is a slow link's limit: 2^64 ns are 584 years. */
static inline uint64_t link_later(uint64_t at_ns, uint64_t by_ns)
{
	return by_ns < UINT64_MAX - 1 - at_ns ? at_ns + by_ns : UINT64_MAX - 1;
}

#endif
