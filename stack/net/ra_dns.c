/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RDNSS and DNSSL (RFC 8106): servers and search domains that routers advertise, kept with their
 * lifetimes for the user to ask. Expiry is found by looking at the clock. Called by ra.c.
 */
#include <string.h>

#include "base/ip.h"
#include "net/if6.h"
#include "net/net_state.h"
#include "net/ra.h"

enum { LABEL_MAX = 63 };
static const uint64_t second = 1000000000;

static void drop(struct ph_stack *st, struct if6 *v6, struct ra_dns *d)
{
	list_remove(&d->node);
	v6->ndns--;
	pool_put(&st->net->dns, d);
}

static struct ra_dns *find(struct if6 *v6, const struct ra_dns *like)
{
	struct list_node *n;

	list_for_each(n, &v6->dns) {
		struct ra_dns *d = container_of(n, struct ra_dns, node);

		if (d->domain == like->domain && ip_eq(&d->server, &like->server) &&
		    strcmp(d->text, like->text) == 0)
			return d;
	}
	return NULL;
}

/* RFC 8106 6.2: the one that ends first makes room, unless the new one ends before it. */
static bool make_room(struct ph_stack *st, struct if6 *v6, uint64_t until_ns)
{
	struct ra_dns *first = NULL;
	struct list_node *n;

	if (v6->ndns < RA_DNS_MAX)
		return true;
	list_for_each(n, &v6->dns) {
		struct ra_dns *d = container_of(n, struct ra_dns, node);

		if (!first || d->until_ns < first->until_ns)
			first = d;
	}
	if (first->until_ns >= until_ns)
		return false;
	drop(st, v6, first);
	return true;
}

static void keep(struct ph_stack *st, struct if6 *v6, struct ra_dns *like, uint32_t lifetime_s)
{
	struct ra_dns *d = find(v6, like);

	like->until_ns = lifetime_s == UINT32_MAX ? PH_NEVER : st->now_ns + lifetime_s * second;
	if (d && lifetime_s == 0)
		drop(st, v6, d);
	else if (d)
		d->until_ns = like->until_ns;
	if (d || lifetime_s == 0 || !make_room(st, v6, like->until_ns))
		return;
	d = pool_get(&st->net->dns);
	if (!d)
		return;
	*d = *like;
	list_push_back(&v6->dns, &d->node);
	v6->ndns++;
}

static void take_servers(struct ph_stack *st, struct link *l, const uint8_t *p, uint32_t len,
			 uint32_t lifetime_s)
{
	if (len < 16 || len % 16 != 0) /* RFC 8106 5.1: an odd number of units, three or more */
		return;
	for (uint32_t at = 0; at < len; at += 16) {
		struct ra_dns d = { .domain = false };

		memcpy(d.server.b, p + at, 16);
		if (addr6_is_unicast(&d.server))
			keep(st, l->v6, &d, lifetime_s);
	}
}

/* Letters, digits, hyphens, and the underscores that some have: nothing that a shell would read. */
static bool in_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

/* A name of RFC 1035 3.1 as text; its length in bytes with the last zero; 0: none, or no name. */
static uint32_t read_name(const uint8_t *p, uint32_t len, char text[PH_DNS_NAME])
{
	uint32_t at = 0, n = 0;

	while (at < len && p[at] != 0) {
		uint32_t label = p[at++];

		if (label > LABEL_MAX || label > len - at || n + label + 2 > PH_DNS_NAME)
			return 0;
		if (n > 0)
			text[n++] = '.';
		for (uint32_t i = 0; i < label; i++, at++) {
			if (!in_name(p[at]))
				return 0;
			text[n++] = (char)p[at];
		}
	}
	text[n] = '\0';
	return at < len && n > 0 ? at + 1 : 0;
}

static void take_domains(struct ph_stack *st, struct link *l, const uint8_t *p, uint32_t len,
			 uint32_t lifetime_s)
{
	while (len > 0) {
		struct ra_dns d = { .domain = true };
		uint32_t n = read_name(p, len, d.text);

		if (n == 0) /* the padding, or what is no name */
			return;
		keep(st, l->v6, &d, lifetime_s);
		p += n;
		len -= n;
	}
}

void ra_dns_option(struct ph_stack *st, struct link *l, const uint8_t *opt, uint32_t len)
{
	const struct nd_opt_rdnss *o = (const void *)opt;
	uint32_t lifetime;

	if (len <= sizeof(*o))
		return;
	lifetime = be32_get(o->lifetime);
	if (o->type == ND_OPT_RDNSS)
		take_servers(st, l, opt + sizeof(*o), len - (uint32_t)sizeof(*o), lifetime);
	else
		take_domains(st, l, opt + sizeof(*o), len - (uint32_t)sizeof(*o), lifetime);
}

void ra_dns_flush(struct ph_stack *st, struct link *l)
{
	struct list_node *n;

	while ((n = list_first(&l->v6->dns)))
		drop(st, l->v6, container_of(n, struct ra_dns, node));
}

size_t ph_dns(const struct ph_stack *st, struct ph_dns_info *out, size_t n)
{
	size_t count = 0;

	for (uint32_t i = 0; i < st->net->links.n; i++) {
		const struct link *l = st->net->links.at[i];
		const struct list_node *node;

		if (!l || !l->v6)
			continue;
		list_for_each(node, &l->v6->dns) {
			const struct ra_dns *d = container_of(node, struct ra_dns, node);

			if (d->until_ns <= st->now_ns)
				continue;
			if (count < n) {
				out[count] = (struct ph_dns_info){ .link = l->index,
								   .server = ip6_bare(d->server),
								   .valid_s = UINT32_MAX };
				memcpy(out[count].domain, d->text, sizeof(d->text));
				if (d->until_ns != PH_NEVER)
					out[count].valid_s =
						(uint32_t)((d->until_ns - st->now_ns) / second);
			}
			count++;
		}
	}
	return count;
}
