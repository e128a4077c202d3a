/* SPDX-License-Identifier: BSD-2-Clause */
/* The public constructors of struct ph_ip; called by users of phantom.h. Inside, ip.h has them
 * inline. */
#include "base/ip.h"

struct ph_ip ph_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return ip_of4((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

bool ph_ip_is4(const struct ph_ip *ip)
{
	return ip_is4(ip);
}
