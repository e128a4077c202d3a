/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.ipv4.conf and net.ipv6.conf: each link has settings of its own, a copy of the default's when it
 * was added, or its IPv6 turned on. Called by sock/stack.c for names that the table of sysctls does
 * not have.
 */
#include <string.h>

#include "net/if6.h"
#include "net/net.h"
#include "net/net_state.h"

struct path {
	bool v4;
	const char *link, *leaf; /* link: not terminated */
	size_t len;
};

/* net.ipvX.conf.NAME.LEAF; a link's name may have dots. */
static bool split(const char *name, struct path *p)
{
	static const char prefix4[] = "net.ipv4.conf.", prefix6[] = "net.ipv6.conf.";
	const char *dot = NULL, *c;

	p->v4 = strncmp(name, prefix4, sizeof(prefix4) - 1) == 0;
	if (!p->v4 && strncmp(name, prefix6, sizeof(prefix6) - 1) != 0)
		return false;
	p->link = name + sizeof(prefix4) - 1;
	for (c = p->link; *c; c++)
		if (*c == '.')
			dot = c;
	if (!dot)
		return false;
	p->len = (size_t)(dot - p->link);
	p->leaf = dot + 1;
	return true;
}

static bool is_all(const struct path *p)
{
	return p->len == 3 && memcmp(p->link, "all", 3) == 0;
}

static struct link *find(const struct ph_stack *st, const struct path *p)
{
	return link_by_name(st, p->link, p->len);
}

static int set(struct link *l, const struct path *p, const char *value)
{
	if (p->v4)
		return sysctl_conf4_set(&l->conf4, p->leaf, value);
	return l->v6 ? sysctl_conf6_set(&l->v6->conf, p->leaf, value) : -ENOENT;
}

int net_conf_set(struct ph_stack *st, const char *name, const char *value)
{
	struct path p;
	struct link *l;
	int rc;

	if (!split(name, &p))
		return -ENOENT;
	if (!is_all(&p)) {
		l = find(st, &p);
		return l ? set(l, &p, value) : -ENOENT;
	}
	rc = p.v4 ? sysctl_conf4_set(&st->sysctl.conf4, p.leaf, value)
		  : sysctl_conf6_set(&st->sysctl.conf6, p.leaf, value);
	for (uint32_t i = 0; rc == 0 && i < st->net->links.n; i++) {
		l = st->net->links.at[i];
		if (l && (p.v4 || l->v6))
			rc = set(l, &p, value);
	}
	return rc;
}

int net_conf_get(const struct ph_stack *st, const char *name, char *out, size_t cap)
{
	struct path p;
	const struct link *l;

	if (!split(name, &p))
		return -ENOENT;
	if (is_all(&p))
		return p.v4 ? sysctl_conf4_get(&st->sysctl.conf4, p.leaf, out, cap)
			    : sysctl_conf6_get(&st->sysctl.conf6, p.leaf, out, cap);
	l = find(st, &p);
	if (!l || (!p.v4 && !l->v6))
		return -ENOENT;
	return p.v4 ? sysctl_conf4_get(&l->conf4, p.leaf, out, cap)
		    : sysctl_conf6_get(&l->v6->conf, p.leaf, out, cap);
}
