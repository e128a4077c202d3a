/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursor over neighbour discovery options; called by nd.c, ra.c and redirect.c. */
#include "net/nd_opt.h"

#include <stddef.h>

enum { UNIT = 8 };

bool nd_opts_ok(const uint8_t *p, uint32_t len)
{
	while (len > 0) {
		uint32_t n;

		if (len < sizeof(struct nd_opt))
			return false;
		n = (uint32_t)p[1] * UNIT;
		if (n == 0 || n > len)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

const uint8_t *nd_opts_next(struct nd_opts *o, uint32_t *len)
{
	const uint8_t *p = o->at;

	if (o->end - p < (ptrdiff_t)sizeof(struct nd_opt))
		return NULL;
	*len = (uint32_t)p[1] * UNIT;
	if (*len == 0 || o->end - p < (ptrdiff_t)*len)
		return NULL;
	o->at = p + *len;
	return p;
}

const uint8_t *nd_opts_mac(const uint8_t *p, uint32_t len, uint8_t type)
{
	struct nd_opts o = { p, p + len };
	const uint8_t *opt;
	uint32_t n;

	while ((opt = nd_opts_next(&o, &n)))
		if (opt[0] == type && n == sizeof(struct nd_opt_mac))
			return opt + offsetof(struct nd_opt_mac, mac);
	return NULL;
}
