/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers by place: number n of a stream is a mix of the stream's key and n, so nothing
 * needs to be drawn to be skipped. The mix is the finaliser of splitmix64 (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", 2014), applied to a Weyl sequence as there.
 * Called by the effects of the link model.
 */
#ifndef LINK_RANDOM_H
#define LINK_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/link/spec.h"

#define LINK_WEYL 0x9e3779b97f4a7c15u

static inline uint64_t link_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The upper half of the 128-bit product, in C11. */
static inline uint64_t link_mul_high(uint64_t a, uint64_t b)
{
	uint64_t al = a & UINT32_MAX, ah = a >> 32, bl = b & UINT32_MAX, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t low = al * bh + (mid & UINT32_MAX);

	return ah * bh + (mid >> 32) + (low >> 32);
}

struct link_stream {
	uint64_t key;
	uint64_t last, last_no;		/* of numbers with memory */
};

static inline uint64_t link_draw(const struct link_stream *s, uint64_t no)
{
	return link_mix(s->key + no * LINK_WEYL);
}

/*
 * Number no, uniform and mixed with the one before it as netem does: x = (1 - corr) u + corr x'.
 * Numbers are asked for in order; those that nobody asked for are made all the same, so that
 * number no does not depend on who asked before.
 */
static inline uint64_t link_draw_corr(struct link_stream *s, uint64_t no, uint32_t corr)
{
	uint64_t rho;

	if (corr == 0)
		return link_draw(s, no);
	rho = corr >= LINK_CERTAIN ? UINT64_MAX : corr * (UINT64_MAX / LINK_CERTAIN);
	if (s->last_no == 0 || s->last_no > no)
		s->last = link_draw(s, s->last_no = 0);
	while (s->last_no < no)
		s->last = link_mul_high(link_draw(s, ++s->last_no), UINT64_MAX - rho) +
			  link_mul_high(s->last, rho);
	return s->last;
}

/* A number below `below`: the bias is below / 2^64. */
static inline uint64_t link_scale(uint64_t number, uint64_t below)
{
	return link_mul_high(number, below);
}

static inline bool link_strikes(uint64_t number, uint32_t share)
{
	return share != 0 && link_scale(number, LINK_CERTAIN) < share;
}

#endif
