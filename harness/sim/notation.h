/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame in one line, in the notation of the scripts: flags, sequence numbers, length, window,
 * options; what is not TCP in a few words. Called by trace.c. */
#ifndef SIM_NOTATION_H
#define SIM_NOTATION_H

#include <stddef.h>
#include <stdint.h>

/* have: octets of the frame that are there; len: octets it had. */
void sim_notation(char *out, size_t size, const uint8_t *frame, size_t have, size_t len);

#endif
