/* SPDX-License-Identifier: BSD-2-Clause */
/* The octets of a stream; see pattern.h. Called by the applications. */
#include "harness/sim/pattern.h"

#include <string.h>

#include "harness/sim/rand.h"

enum { WORD = 8, CHUNK = 1024 };

static uint64_t word_at(uint64_t key, uint64_t index)
{
	return sim_mix(key + index * 0x9e3779b97f4a7c15u);
}

void sim_pattern_fill(uint64_t key, uint64_t offset, uint8_t *to, size_t n)
{
	for (; offset % WORD == 0 && n >= WORD; to += WORD, offset += WORD, n -= WORD) {
		uint64_t word = word_at(key, offset / WORD);

		memcpy(to, &word, WORD);
	}
	while (n > 0) {
		uint64_t word = word_at(key, offset / WORD);
		size_t skip = (size_t)(offset % WORD), len = WORD - skip < n ? WORD - skip : n;

		memcpy(to, (const uint8_t *)&word + skip, len);
		to += len;
		offset += len;
		n -= len;
	}
}

size_t sim_pattern_match(uint64_t key, uint64_t offset, const uint8_t *bytes, size_t n)
{
	uint8_t want[CHUNK];

	for (size_t at = 0; at < n; at += CHUNK) {
		size_t len = n - at < CHUNK ? n - at : CHUNK, same = 0;

		sim_pattern_fill(key, offset + at, want, len);
		if (memcmp(want, bytes + at, len) == 0)
			continue;
		while (want[same] == bytes[at + same])
			same++;
		return at + same;
	}
	return n;
}
