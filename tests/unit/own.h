/* SPDX-License-Identifier: BSD-2-Clause */
/* Links and addresses that a test gave its host: those of ph_links() and ph_addrs() that are not lo's. */
#ifndef UNIT_OWN_H
#define UNIT_OWN_H

#include "phantom/phantom.h"

enum { OWN_MAX = 512 };

static inline size_t own_links(const struct ph_stack *st, struct ph_link_info *out, size_t n)
{
	struct ph_link_info all[OWN_MAX];
	size_t have = ph_links(st, all, OWN_MAX), k = 0;

	for (size_t i = 0; i < have && i < OWN_MAX; i++) {
		if (all[i].link == PH_LINK_LO)
			continue;
		if (k < n)
			out[k] = all[i];
		k++;
	}
	return k;
}

static inline size_t own_addrs(const struct ph_stack *st, struct ph_addr_info *out, size_t n)
{
	struct ph_addr_info all[OWN_MAX];
	size_t have = ph_addrs(st, all, OWN_MAX), k = 0;

	for (size_t i = 0; i < have && i < OWN_MAX; i++) {
		if (all[i].link == PH_LINK_LO)
			continue;
		if (k < n)
			out[k] = all[i];
		k++;
	}
	return k;
}

#endif
