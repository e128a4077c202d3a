/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.ipv6.conf: each link with IPv6 on has settings of its own, a copy of the default's when it
 * was turned on. Called by sock/stack.c for names that the table of sysctls does not have.
 */
#include <string.h>

#include "net/if6.h"
#include "net/net.h"
#include "net/net_state.h"

/* The leaf of net.ipv6.conf.NAME.LEAF, and NAME's length; NULL: it is none of these. */
static const char *split(const char *name, const char **link, size_t *len)
{
	static const char prefix[] = "net.ipv6.conf.";
	const char *dot = NULL, *p;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	*link = name + sizeof(prefix) - 1;
	for (p = *link; *p; p++)
		if (*p == '.')
			dot = p;
	if (!dot)
		return NULL;
	*len = (size_t)(dot - *link);
	return dot + 1;
}

static struct if6 *find(const struct ph_stack *st, const char *name, size_t len)
{
	for (uint32_t i = 0; i < st->net->links.n; i++) {
		const struct link *l = st->net->links.at[i];

		if (l && l->v6 && strlen(l->name) == len && memcmp(l->name, name, len) == 0)
			return l->v6;
	}
	return NULL;
}

int net_conf6_set(struct ph_stack *st, const char *name, const char *value)
{
	const char *link, *leaf;
	struct if6 *v6;
	size_t len;
	int rc;

	leaf = split(name, &link, &len);
	if (!leaf)
		return -ENOENT;
	if (len != 3 || memcmp(link, "all", 3) != 0) {
		v6 = find(st, link, len);
		return v6 ? sysctl_conf6_set(&v6->conf, leaf, value) : -ENOENT;
	}
	rc = sysctl_conf6_set(&st->sysctl.conf6, leaf, value);
	for (uint32_t i = 0; rc == 0 && i < st->net->links.n; i++)
		if (st->net->links.at[i] && st->net->links.at[i]->v6)
			rc = sysctl_conf6_set(&st->net->links.at[i]->v6->conf, leaf, value);
	return rc;
}

int net_conf6_get(const struct ph_stack *st, const char *name, char *out, size_t cap)
{
	const char *link, *leaf;
	const struct if6 *v6;
	size_t len;

	leaf = split(name, &link, &len);
	if (!leaf)
		return -ENOENT;
	if (len == 3 && memcmp(link, "all", 3) == 0)
		return sysctl_conf6_get(&st->sysctl.conf6, leaf, out, cap);
	v6 = find(st, link, len);
	return v6 ? sysctl_conf6_get(&v6->conf, leaf, out, cap) : -ENOENT;
}
