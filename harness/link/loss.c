/* SPDX-License-Identifier: BSD-2-Clause */
/* Loss; see loss.h. */
#include "harness/link/loss.h"

enum { GOOD = 1, BURST_RECEIVED = 2, BAD = 3, GAP_LOST = 4 };

/* Where the chain goes for a number of parts of LINK_CERTAIN. */
static uint8_t next_state(uint8_t from, const uint32_t *p, uint64_t number)
{
	switch (from) {
	case BURST_RECEIVED:
		return number < p[LINK_CHAIN_P23] ? BAD : BURST_RECEIVED;
	case BAD:
		if (number < p[LINK_CHAIN_P32])
			return BURST_RECEIVED;
		return number < (uint64_t)p[LINK_CHAIN_P32] + p[LINK_CHAIN_P31] ? GOOD : BAD;
	case GAP_LOST:
		return GOOD;
	default:
		if (number < p[LINK_CHAIN_P14])
			return GAP_LOST;
		return number < (uint64_t)p[LINK_CHAIN_P14] + p[LINK_CHAIN_P13] ? BAD : GOOD;
	}
}

/* netem asks the state that the chain was in, and moves it. */
static uint8_t move_ge(uint8_t from, const uint32_t *p, uint64_t number)
{
	if (from == BAD)
		return number < p[LINK_GE_R] ? GOOD : BAD;
	return number < p[LINK_GE_P] ? BAD : GOOD;
}

bool link_loss_frame(struct link_loss *l, const struct link_spec *s, uint64_t no)
{
	uint64_t number;

	if (s->loss_model == LINK_LOSS_RANDOM)
		return s->loss != 0 && link_strikes(link_draw_corr(&l->random, no, s->loss_corr), s->loss);
	number = link_scale(link_draw(&l->random, no), LINK_CERTAIN);
	if (s->loss_model == LINK_LOSS_STATE) {
		l->state = next_state(l->state, s->chain, number);
		return l->state == BAD || l->state == GAP_LOST;
	}
	/* The first frame meets the good state. */
	l->state = l->state == 0 ? GOOD : move_ge(l->state, s->chain, number);
	return link_strikes(link_draw(&l->emission, no),
			    s->chain[l->state == BAD ? LINK_GE_1H : LINK_GE_1K]);
}

bool link_loss_twin(struct link_loss *l, const struct link_spec *s, uint64_t no)
{
	switch (s->loss_model) {
	case LINK_LOSS_RANDOM:
		return s->loss != 0 && link_strikes(link_draw_corr(&l->twin, no, s->loss_corr), s->loss);
	case LINK_LOSS_STATE:
		return false;
	case LINK_LOSS_GEMODEL:
		return link_strikes(link_draw(&l->twin, no),
				    s->chain[l->state == BAD ? LINK_GE_1H : LINK_GE_1K]);
	}
	return false;
}
