/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in network order and checksums, for the parts of the simulator that make segments: their
 * own, so that they disagree with a stack that is wrong. */
#ifndef SIM_SUM_H
#define SIM_SUM_H

#include <stddef.h>
#include <stdint.h>

static inline unsigned sim_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline uint32_t sim_get32(const uint8_t *p)
{
	return (uint32_t)sim_get16(p) << 16 | sim_get16(p + 2);
}

static inline void sim_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void sim_put32(uint8_t *p, uint32_t v)
{
	sim_put16(p, v >> 16);
	sim_put16(p + 2, v & 0xffff);
}

/* RFC 1071's sum, folded. */
uint32_t sim_sum(uint32_t acc, const uint8_t *p, size_t n);
/* Fills in both checksums of a TCP segment whose header is at `tcp` of an Ethernet frame. */
void sim_finish(uint8_t *frame, size_t tcp, size_t len);

#endif
