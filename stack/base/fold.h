/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct folded: only the words in which it differs from another of its kind. What two objects
 * share costs a bit for each four bytes. A leaf, which knows bytes alone: pointers into the struct
 * itself are the caller's to take out before and to put back.
 *
 *	[ bit per word: differs? ][ the words that do, in order ]
 */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include <stdint.h>

enum { FOLD_WORD = 4 };

/* Bytes that the fold of `n` takes at most. n is a multiple of 8. */
static inline uint32_t fold_most(uint32_t n)
{
	return (n / FOLD_WORD + 31) / 32 * 4 + n;
}

/* Folds n bytes of `from` as they differ from `like` into out[fold_most(n)]; the bytes written. */
uint32_t fold_pack(const void *from, const void *like, uint32_t n, void *out);
/* The same n bytes again, with the same `like`. */
void fold_unpack(const void *in, const void *like, uint32_t n, void *to);

#endif
