/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of segments; see sum.h. Called by tso.c and recut.c. */
#include "harness/sim/sum.h"

#include <stdbool.h>

enum { ETH = 14, IP_SUM = ETH + 10, IP_SRC = ETH + 12, IP6_SRC = ETH + 8, TCP_SUM = 16 };

uint32_t sim_sum(uint32_t acc, const uint8_t *p, size_t n)
{
	uint64_t a = acc;

	for (; n > 1; p += 2, n -= 2)
		a += sim_get16(p);
	if (n)
		a += (uint32_t)p[0] << 8;
	while (a >> 16)
		a = (a & 0xffff) + (a >> 16);
	return (uint32_t)a;
}

void sim_finish(uint8_t *frame, size_t tcp, size_t len)
{
	bool six = frame[ETH] >> 4 == 6;
	uint32_t pseudo = sim_sum(6 + (uint32_t)(len - tcp), frame + (six ? IP6_SRC : IP_SRC), six ? 32 : 8);

	if (!six) {
		sim_put16(frame + IP_SUM, 0);
		sim_put16(frame + IP_SUM, ~sim_sum(0, frame + ETH, tcp - ETH) & 0xffff);
	}
	sim_put16(frame + tcp + TCP_SUM, 0);
	sim_put16(frame + tcp + TCP_SUM, ~sim_sum(pseudo, frame + tcp, len - tcp) & 0xffff);
}
