/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots, as netem has them: what is due waits for the next one, and a slot passes a number of frames
 * or bytes; then the next opens after a time between two bounds, or of a distribution. A slot that
 * opened while nothing waited is over: the next one opens that time after a frame came due. This is
 * how media with a shared channel deliver (Wi-Fi, DOCSIS). Called by the pipe.
 */
#ifndef LINK_SLOT_H
#define LINK_SLOT_H

#include <stdint.h>

#include "harness/link/dist.h"
#include "harness/link/random.h"
#include "harness/link/rate.h"

struct link_slot {
	struct link_stream stream;
	uint64_t opens_ns, no;
	uint32_t packets_left;
	uint64_t bytes_left;
};

static inline void link_slot_next(struct link_slot *s, const struct link_slot_conf *conf,
				  uint64_t from_ns)
{
	uint64_t number = link_draw(&s->stream, ++s->no), by;

	if (conf->dist)
		by = link_dist_value(conf->dist, conf->min_ns, conf->max_ns, number);
	else
		by = conf->min_ns + link_scale(number, conf->max_ns - conf->min_ns + 1);
	s->opens_ns = link_later(from_ns, by);
	s->packets_left = conf->packets ? conf->packets : UINT32_MAX;
	s->bytes_left = conf->bytes ? conf->bytes : UINT64_MAX;
}

/* When the frame that is next, and due at due_ns, may leave. */
static inline uint64_t link_slot_gate(struct link_slot *s, const struct link_slot_conf *conf,
				      uint64_t due_ns)
{
	if (s->no == 0 || s->opens_ns < due_ns)
		link_slot_next(s, conf, due_ns);
	return s->opens_ns;
}

/* It left at at_ns. */
static inline void link_slot_took(struct link_slot *s, const struct link_slot_conf *conf,
				  uint64_t at_ns, uint32_t len)
{
	s->packets_left--;
	s->bytes_left = s->bytes_left > len ? s->bytes_left - len : 0;
	if (s->packets_left == 0 || s->bytes_left == 0)
		link_slot_next(s, conf, at_ns);
}

#endif
