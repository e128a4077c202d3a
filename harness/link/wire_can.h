/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a wire can keep on this machine at best, measured once in a few milliseconds: how late a sleep
 * ends, and how fast frames pass from one descriptor to another. More than that would be promised
 * and not held. Called before a wire is given its words.
 */
#ifndef LINK_WIRE_CAN_H
#define LINK_WIRE_CAN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/link/spec.h"

struct wire_can {
	uint64_t late_ns;	/* the least a sleep was late by */
	uint64_t rate_bps;	/* of frames of 1514 bytes, by the processor's time */
};

/* Measured at the first call. */
void wire_can(struct wire_can *out);

/* 0, or -ERANGE with a sentence in err that has the figure that can be kept. */
__attribute__((warn_unused_result))
int wire_can_keep(const struct link_spec *s, const struct wire_can *can, char *err, size_t err_size);

#endif
