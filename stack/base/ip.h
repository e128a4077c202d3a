/* SPDX-License-Identifier: BSD-2-Clause */
/* One address type for both families, struct ph_ip: IPv4 is ::ffff:a.b.c.d, in every table and
 * tuple. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/be.h"
#include "phantom/phantom.h"

static inline bool ip_eq(const struct ph_ip *a, const struct ph_ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool ip_is4(const struct ph_ip *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

/* The IPv4 address as a host-order number; only for ip_is4(). */
static inline uint32_t ip_get4(const struct ph_ip *a)
{
	return (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 | (uint32_t)a->b[14] << 8 |
	       a->b[15];
}

static inline struct ph_ip ip_of4(uint32_t v)
{
	struct ph_ip ip = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (uint8_t)(v >> 24),
			      (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v } };

	return ip;
}

/* :: or 0.0.0.0 */
static inline bool ip_is_any(const struct ph_ip *a)
{
	static const struct ph_ip zero;

	return ip_eq(a, &zero) || (ip_is4(a) && ip_get4(a) == 0);
}

#endif
