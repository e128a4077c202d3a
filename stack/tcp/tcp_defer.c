/* SPDX-License-Identifier: BSD-2-Clause */
/* The same rounding as Linux has: what getsockopt tells is up to nearly twice what was set. Called by
 * tcp_sockopt.c and tcp_getsockopt.c. */
#include "tcp/tcp_defer.h"

static uint32_t timeout_s(uint32_t nth, uint32_t rto_max_s)
{
	return nth < 16 && (1u << nth) < rto_max_s ? 1u << nth : rto_max_s;
}

int tcp_defer_seconds(uint8_t timeouts, uint32_t rto_max_s)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < timeouts; i++)
		sum += timeout_s(i, rto_max_s);
	return (int)sum;
}

uint8_t tcp_defer_timeouts(int seconds, uint32_t rto_max_s)
{
	int64_t left = seconds;
	uint32_t n = 0;

	while (left > 0 && n < TCP_DEFER_MAX)
		left -= timeout_s(n++, rto_max_s);
	return (uint8_t)n;
}
