/* SPDX-License-Identifier: BSD-2-Clause */
/* Source filters. Called by mc_group.c and mc_sock.c. */
#include "net/mc_filter.h"

#include <errno.h>
#include <string.h>

void mc_filter_init(struct mc_filter *f, bool exclude)
{
	list_init_node(&f->node);
	f->exclude = exclude;
	f->n = 0;
}

/* The place where it is, or would be. */
static uint16_t place(const struct mc_filter *f, const struct ph_ip *ip, bool *found)
{
	uint16_t lo = 0, hi = f->n;

	*found = false;
	while (lo < hi) {
		uint16_t mid = (uint16_t)((lo + hi) / 2);
		int c = memcmp(f->src[mid].b, ip->b, sizeof(ip->b));

		if (c == 0)
			*found = true;
		if (c < 0)
			lo = (uint16_t)(mid + 1);
		else
			hi = mid;
	}
	return lo;
}

bool mc_filter_has(const struct mc_filter *f, const struct ph_ip *ip)
{
	bool found;

	place(f, ip, &found);
	return found;
}

int mc_filter_add(struct mc_filter *f, const struct ph_ip *ip, uint32_t max)
{
	bool found;
	uint16_t at = place(f, ip, &found);

	if (found)
		return -EADDRNOTAVAIL;
	if (f->n >= max || f->n == MC_SOURCES_MAX)
		return -ENOBUFS;
	memmove(&f->src[at + 1], &f->src[at], (size_t)(f->n - at) * sizeof(f->src[0]));
	f->src[at] = *ip;
	f->n++;
	return 0;
}

int mc_filter_remove(struct mc_filter *f, const struct ph_ip *ip)
{
	bool found;
	uint16_t at = place(f, ip, &found);

	if (!found)
		return -EADDRNOTAVAIL;
	f->n--;
	memmove(&f->src[at], &f->src[at + 1], (size_t)(f->n - at) * sizeof(f->src[0]));
	return 0;
}

/* Is this source one that some filter wants to hear? */
static bool wanted(const struct list *filters, const struct ph_ip *ip)
{
	struct list_node *n;

	list_for_each(n, filters)
		if (mc_filter_allows(container_of(n, const struct mc_filter, node), ip))
			return true;
	return false;
}

void mc_filter_merge(struct mc_filter *out, const struct list *filters)
{
	struct list_node *n;

	mc_filter_init(out, false);
	list_for_each(n, filters)
		out->exclude |= container_of(n, const struct mc_filter, node)->exclude;
	/* EXCLUDE lists whom nobody wants, INCLUDE whom somebody does. */
	list_for_each(n, filters) {
		const struct mc_filter *f = container_of(n, const struct mc_filter, node);

		for (uint16_t i = 0; i < f->n && f->exclude == out->exclude; i++) {
			if (out->exclude == wanted(filters, &f->src[i]))
				continue;
			if (mc_filter_add(out, &f->src[i], MC_SOURCES_MAX) == -ENOBUFS &&
			    !out->exclude) {
				mc_filter_init(out, true);
				return;
			}
		}
	}
}

bool mc_filter_same(const struct mc_filter *a, const struct mc_filter *b)
{
	return a->exclude == b->exclude && a->n == b->n &&
	       memcmp(a->src, b->src, a->n * sizeof(a->src[0])) == 0;
}
