/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test pattern of source and --send-bytes: the byte at offset i of a stream is the top byte of
 * i * 2654435761 in 32 bits, so that any misplaced byte shows. It must cost little beside a TCP
 * that moves gigabytes a second; how it does is in pattern.c.
 */
#ifndef HOST_PATTERN_H
#define HOST_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct pattern;

/* NULL: no memory. Freed with free(). */
struct pattern *pattern_new(void);
/*
 * The bytes from `offset` on; *len says how many there are, at least 1, at most `want`. They are
 * good until the next call.
 */
const uint8_t *pattern_bytes(struct pattern *p, uint64_t offset, size_t want, size_t *len);

#endif
