/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that differ, behind a bit for each word. Called by tcp_rest.c for connections that rest. */
#include "base/fold.h"

#include <assert.h>
#include <string.h>

enum { BLOCK = 32 }; /* words that share a word of bits */

static uint32_t word_at(const uint8_t *bytes, uint32_t i)
{
	uint32_t w;

	memcpy(&w, bytes + (size_t)i * FOLD_WORD, sizeof(w));
	return w;
}

uint32_t fold_pack(const void *from, const void *like, uint32_t n, void *out)
{
	uint32_t words = n / FOLD_WORD, blocks = (words + BLOCK - 1) / BLOCK;
	uint8_t *bits = out, *to = bits + (size_t)blocks * FOLD_WORD;

	assert(n % FOLD_WORD == 0);
	for (uint32_t b = 0; b < blocks; b++) {
		uint32_t end = words - b * BLOCK < BLOCK ? words - b * BLOCK : BLOCK, set = 0;

		/* Written always and kept if it differs: no branch to guess wrong. */
		for (uint32_t i = 0; i < end; i++) {
			uint32_t w = word_at(from, b * BLOCK + i);
			uint32_t differs = w != word_at(like, b * BLOCK + i);

			memcpy(to, &w, sizeof(w));
			to += differs * FOLD_WORD;
			set |= differs << i;
		}
		memcpy(bits + (size_t)b * FOLD_WORD, &set, sizeof(set));
	}
	return (uint32_t)(to - bits);
}

void fold_unpack(const void *in, const void *like, uint32_t n, void *to)
{
	uint32_t blocks = (n / FOLD_WORD + BLOCK - 1) / BLOCK;
	const uint8_t *from = (const uint8_t *)in + (size_t)blocks * FOLD_WORD;

	memcpy(to, like, n);
	for (uint32_t b = 0; b < blocks; b++) {
		uint8_t *block = (uint8_t *)to + (size_t)b * BLOCK * FOLD_WORD;

		for (uint32_t set = word_at(in, b); set; set &= set - 1) {
			memcpy(block + __builtin_ctz(set) * FOLD_WORD, from, FOLD_WORD);
			from += FOLD_WORD;
		}
	}
}
