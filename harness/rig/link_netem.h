/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a link as the kernel's netem takes them, and back. What netem cannot do is refused by
 * name. Called by the link act (acts_link.c).
 */
#ifndef RIG_LINK_NETEM_H
#define RIG_LINK_NETEM_H

#include <stddef.h>

#include "harness/link/spec.h"
#include "netns/err.h"
#include "netns/qdisc.h"

/* `backend netem [tbf|htb] [burst BYTES]` */
struct netem_wish {
	enum shaper shaper; /* SHAPER_NONE: netem's own rate, unless a queue has a discipline */
	uint32_t burst;
};

/* Of both directions: 0, or -1 with a sentence that says who can what netem cannot. */
int netem_can(const struct link_spec spec[2], const struct netem_wish *w, struct net_err *e);

/* Of what netem_can said 0 to. */
void netem_of(const struct link_spec *s, const struct netem_wish *w, struct netem_conf *netem,
	      struct shaper_conf *shaper);

/* What the kernel says it does, in the words it was asked with. */
void netem_words(const struct netem_conf *c, char *text, size_t size);

#endif
