/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test pattern; see pattern.h. Called by the source service and the client.
 *
 * Write i as 65536 q + r. Then i * K = 65536 (q * K) + r * K, and the first term has no low 16
 * bits: the top byte of the sum is the top byte of the two upper halves' sum. So the upper half of
 * r * K is tabled for all r, and a byte costs one 16-bit addition, which compilers make vectors of.
 */
#include "host/pattern.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	ROW = 65536,	 /* offsets with one q */
	WINDOW = 4 * ROW /* bytes made at a time */
};
#define STEP UINT32_C(2654435761)

struct pattern {
	bool tabled;
	uint64_t at; /* the offset of bytes[0] */
	uint16_t upper[ROW];
	uint8_t bytes[WINDOW];
};

struct pattern *pattern_new(void)
{
	struct pattern *p = malloc(sizeof(*p));

	if (p) {
		p->tabled = false;
		p->at = UINT64_MAX;
	}
	return p;
}

static void fill_row(uint8_t *restrict out, const uint16_t *restrict upper, uint64_t q)
{
	const uint16_t add = (uint16_t)((uint32_t)q * STEP);

	for (size_t r = 0; r < ROW; r++)
		out[r] = (uint8_t)((uint16_t)(upper[r] + add) >> 8);
}

static void fill(struct pattern *p, uint64_t at)
{
	for (uint32_t r = 0; r < ROW && !p->tabled; r++)
		p->upper[r] = (uint16_t)(r * STEP >> 16);
	p->tabled = true;
	for (size_t row = 0; row < WINDOW / ROW; row++)
		fill_row(p->bytes + row * ROW, p->upper, at / ROW + row);
	p->at = at;
}

const uint8_t *pattern_bytes(struct pattern *p, uint64_t offset, size_t want, size_t *len)
{
	size_t skip = (size_t)(offset % WINDOW);

	if (p->at != offset - skip)
		fill(p, offset - skip);
	*len = WINDOW - skip < want ? WINDOW - skip : want;
	return p->bytes + skip;
}
