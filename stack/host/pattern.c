/* SPDX-License-Identifier: BSD-2-Clause */
/* The test pattern; see pattern.h. Called by the source service and the client. */
#include "host/pattern.h"

#include "host/host.h"

void pattern_fill(uint8_t *out, size_t len, uint64_t offset)
{
	const uint32_t step = 2654435761u;
	uint32_t x = (uint32_t)offset * step;

	for (size_t i = 0; i < len; i += 64) {
		for (uint32_t k = 0; k < 64;
		     k++) /* of constant length: the compiler makes vectors of it */
			out[i + k] = (uint8_t)((x + k * step) >> 24);
		x += 64 * step;
	}
}

const uint8_t *pattern_bytes(struct host *h, uint64_t offset, size_t want, size_t *len)
{
	uint64_t at = offset - offset % PATTERN_WINDOW;
	size_t skip = (size_t)(offset - at);

	if (h->pattern_at != at) {
		pattern_fill(h->pattern, PATTERN_WINDOW, at);
		h->pattern_at = at;
	}
	*len = PATTERN_WINDOW - skip < want ? PATTERN_WINDOW - skip : want;
	return h->pattern + skip;
}
