/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripted verdicts: which script acts on a frame. Each counts the frames that fit its conditions,
 * whatever others do to them. Called by the link model.
 */
#ifndef LINK_SCRIPT_H
#define LINK_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/link/classify.h"
#include "harness/link/model.h"
#include "harness/link/spec.h"

struct link_scripts {
	uint64_t seen[LINK_SCRIPTS_MAX];
};

struct link_scripts_said {
	bool act[LINK_ACT_COUNT];
	uint64_t delay_ns;	/* of all that say so, summed */
	uint8_t first;		/* the script that decided: the first to drop, else the first; from 1 */
};

/* True if a script asks for flows or bytes of a stream. */
bool link_scripts_ask_flows(const struct link_spec *spec);

/* Scripts that stay at their place in the list go on counting. */
void link_scripts_update(struct link_scripts *s, const struct link_spec *old,
			 const struct link_spec *now);

/* v has the frame's kinds and length; c has just classified it. */
void link_scripts_run(struct link_scripts *s, const struct link_spec *spec,
		      const struct link_classifier *c, const uint8_t *frame,
		      const struct link_verdict *v, struct link_scripts_said *said);

#endif
