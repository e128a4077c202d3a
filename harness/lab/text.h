/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment of a lab's connection in the scripts' notation, its numbers counted from SYN:
 * "> P. 1:1449(1448) ack 1 win 512 <nop,nop,TS val 7 ecr 3>". Called by series.c. */
#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include "harness/lab/way.h"

enum { LAB_TEXT_MAX = 256, LAB_FLAGS_MAX = 10 };

/* own: the direction it goes in; peer: the other, which its acknowledgment is of. */
void lab_text(char out[LAB_TEXT_MAX], char sign, const struct lab_segment *s,
	      const struct lab_way *own, const struct lab_way *peer);
/* "P.", "S", "FE." */
void lab_text_flags(char out[LAB_FLAGS_MAX], uint8_t flags);

#endif
