/* SPDX-License-Identifier: BSD-2-Clause */
/* A sender's time by its cause. Called by tcp_data.c, tcp_output.c and tcp_ack.c; read by
 * tcp_info.c. */
#include "tcp/tcp_chrono.h"

enum { UNIT_US = 64 };

static uint32_t units(uint64_t us)
{
	return (uint32_t)(us / UNIT_US);
}

static void turn(struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us)
{
	if (c->now != TCP_CHRONO_IDLE)
		c->sum[c->now - 1] += units(now_us) - c->since;
	c->since = units(now_us);
	c->now = (uint8_t)why;
}

void tcp_chrono_start(struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us)
{
	if (why > c->now)
		turn(c, why, now_us);
}

void tcp_chrono_stop(struct tcp_chrono *c, enum tcp_chrono_why why, bool empty, uint64_t now_us)
{
	if (empty && c->now != TCP_CHRONO_IDLE)
		turn(c, TCP_CHRONO_IDLE, now_us);
	else if (!empty && why == c->now)
		turn(c, TCP_CHRONO_BUSY, now_us);
}

static uint64_t one(const struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us)
{
	uint32_t n = c->sum[why - 1];

	if (c->now == why)
		n += units(now_us) - c->since;
	return (uint64_t)n * UNIT_US;
}

uint64_t tcp_chrono_us(const struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us)
{
	if (why != TCP_CHRONO_BUSY)
		return why == TCP_CHRONO_IDLE ? 0 : one(c, why, now_us);
	return one(c, TCP_CHRONO_BUSY, now_us) + one(c, TCP_CHRONO_RWND, now_us) +
	       one(c, TCP_CHRONO_SNDBUF, now_us);
}
