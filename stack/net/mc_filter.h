/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From which sources a group is heard (RFC 3376 3, 3810 4): a socket's filter, several merged into
 * a link's, and what changed between two. A leaf that knows neither sockets nor links.
 */
#ifndef NET_MC_FILTER_H
#define NET_MC_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "phantom/phantom.h"

enum { MC_SOURCES_MAX = 64 }; /* RFC 3376 2: a limit must not be lower */

struct mc_filter {
	struct list_node node; /* of those that are merged */
	bool exclude;	       /* all but those; else those alone */
	uint16_t n;
	struct ph_ip src[MC_SOURCES_MAX]; /* sorted */
};

void mc_filter_init(struct mc_filter *f, bool exclude);
bool mc_filter_has(const struct mc_filter *f, const struct ph_ip *ip);
/* At most `max` of them. 0, -EADDRNOTAVAIL (there already; not there), -ENOBUFS. */
int mc_filter_add(struct mc_filter *f, const struct ph_ip *ip, uint32_t max);
int mc_filter_remove(struct mc_filter *f, const struct ph_ip *ip);
/* Is what this source sends heard? */
static inline bool mc_filter_allows(const struct mc_filter *f, const struct ph_ip *ip)
{
	return mc_filter_has(f, ip) != f->exclude;
}
static inline bool mc_filter_silent(const struct mc_filter *f)
{
	return !f->exclude && f->n == 0;
}
/*
 * RFC 3376 3.2: what satisfies every filter of the list; of no filter, nothing is heard. Where the
 * sources are too many to be listed, all are asked for: sockets still hear their own alone.
 */
void mc_filter_merge(struct mc_filter *out, const struct list *filters);
bool mc_filter_same(const struct mc_filter *a, const struct mc_filter *b);

#endif
