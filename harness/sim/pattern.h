/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The octets of a stream: eight at a time a mix of the stream's key and the offset, so that an octet
 * from elsewhere in the stream, or from another stream, is seen. Written by one end, compared by
 * the other.
 */
#ifndef SIM_PATTERN_H
#define SIM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

void sim_pattern_fill(uint64_t key, uint64_t offset, uint8_t *to, size_t n);
/* How many octets agree before the first that does not: n when all do. */
size_t sim_pattern_match(uint64_t key, uint64_t offset, const uint8_t *bytes, size_t n);

#endif
