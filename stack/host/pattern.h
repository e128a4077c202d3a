/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test pattern of source and --send-bytes: the byte at offset i of a stream is the top byte
 * of i * 2654435761 in 32 bits, so that any misplaced byte shows. Made at tens of Gbit/s, a
 * window at a time.
 */
#ifndef HOST_PATTERN_H
#define HOST_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct host;

enum { PATTERN_WINDOW = 262144 };

/*
 * The bytes from `offset` on; *len says how many there are, at least 1, at most `want`. Good
 * until the next call.
 */
const uint8_t *pattern_bytes(struct host *h, uint64_t offset, size_t want, size_t *len);
/* len bytes of the pattern from `offset` on; len is a multiple of 64. */
void pattern_fill(uint8_t *out, size_t len, uint64_t offset);

#endif
