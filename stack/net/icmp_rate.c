/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets kept as time: one message costs 1/rate. See icmp_rate.h. The peers' table is fixed:
 * whoever finds another in its place takes it with a full bucket, and the host's limit bounds both.
 */
#include "net/icmp_rate.h"

#include <string.h>

static const uint64_t second = 1000000000, ms = 1000000;

void icmp_rate_init(struct icmp_rate *r, uint64_t now_ns)
{
	memset(r, 0, sizeof(*r));
	r->refilled_ns = now_ns;
	r->credit_ns = UINT64_MAX / 2; /* a full bucket, whatever its size will be */
}

static uint64_t cost_of(uint64_t per_s)
{
	return second / per_s > 0 ? second / per_s : 1;
}

bool icmp_rate_host(struct icmp_rate *r, uint64_t now_ns, uint64_t per_s, uint64_t burst)
{
	uint64_t cost, most;

	if (per_s == 0)
		return false;
	cost = cost_of(per_s);
	most = cost * burst;
	r->credit_ns += now_ns - r->refilled_ns;
	r->refilled_ns = now_ns;
	if (r->credit_ns > most)
		r->credit_ns = most;
	return r->credit_ns >= cost;
}

void icmp_rate_spend(struct icmp_rate *r, uint64_t per_s, uint64_t random)
{
	uint64_t cost = random % ICMP_RATE_JITTER * cost_of(per_s);

	r->credit_ns -= r->credit_ns < cost ? r->credit_ns : cost;
}

bool icmp_rate_peer(struct icmp_rate *r, uint64_t now_ns, uint64_t key, uint64_t interval_ms)
{
	uint64_t cost = interval_ms * ms, most = cost * ICMP_RATE_PEER_BURST;
	struct icmp_rate_peer *p = &r->peers[key % ICMP_RATE_PEERS];

	if (cost == 0)
		return true;
	if (key == 0)
		key = 1;
	if (p->key != key)
		*p = (struct icmp_rate_peer){ .key = key, .credit_ns = most, .refilled_ns = now_ns };
	p->credit_ns += now_ns - p->refilled_ns;
	p->refilled_ns = now_ns;
	if (p->credit_ns > most)
		p->credit_ns = most;
	if (p->credit_ns < cost)
		return false;
	p->credit_ns -= cost;
	return true;
}
