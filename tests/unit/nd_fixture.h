/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of neighbour discovery: net6_fixture.h's host, what it knows of its neighbours and of its
 * own addresses, and time that passes to its next frame.
 */
#ifndef UNIT_ND_FIXTURE_H
#define UNIT_ND_FIXTURE_H

#include "net6_fixture.h"
#include "own.h"

static inline struct ph_neigh_info neigh(const struct host *h, const struct ph_ip *ip)
{
	struct ph_neigh_info n[8] = { { 0 } };
	size_t count = ph_neighs(h->st, n, 8);

	for (size_t i = 0; i < count && i < 8; i++)
		if (memcmp(&n[i].ip, ip, 16) == 0)
			return n[i];
	return (struct ph_neigh_info){ .state = "none" };
}

static inline int send_to(struct host *h, const struct ph_ip *to)
{
	struct ip_tx tx = { .proto = TEST_PROTO };
	struct ph_ip dst = scoped(h, to);
	struct dst d = { 0 };
	int rc = dst_lookup(h->st, &d, NULL, &dst, false);

	return rc != 0 ? rc : ip_output(h->st, host_payload(h, 1, 24), &d, &tx);
}

static inline struct ph_addr_info addr(const struct host *h, const struct ph_ip *ip)
{
	struct ph_addr_info a[8] = { { 0 } };
	size_t count = own_addrs(h->st, a, 8);

	for (size_t i = 0; i < count && i < 8; i++)
		if (memcmp(&a[i].ip, ip, 16) == 0)
			return a[i];
	return (struct ph_addr_info){ .prefix = 999 };
}

/* A host that looks for duplicates of us6: its link-local address is ready. */
static inline struct host *probing(void)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);

	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	return h;
}

/* Until the next frame, which must come within `ns`. */
static inline void until_frame(struct host *h, uint64_t ns)
{
	uint64_t end = h->now + ns;

	while (host_take(h) == 0) {
		uint64_t at = ph_stack_deadline(h->st);

		assert_true(at <= end);
		host_run(h, at > h->now ? at - h->now : 0);
	}
}

#endif
