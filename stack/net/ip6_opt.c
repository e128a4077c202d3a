/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain options of level IPPROTO_IPV6; called by tcp/ and udp/ with a number that they read. */
#include "net/ip6_opt.h"

#include <errno.h>

#include "phantom/phantom.h"

void ip6_opt_init(struct ip6_opt *o, bool only)
{
	*o = (struct ip6_opt){ .hops = -1, .group_hops = -1, .mtu_discover = 1, .only = only,
			       .autoflow = true };
}

static bool in(int v, int lo, int hi)
{
	return v >= lo && v <= hi;
}

static int set_byte(int16_t *to, int v)
{
	if (!in(v, -1, 255))
		return -EINVAL;
	*to = (int16_t)v;
	return 0;
}

static bool *flag(struct ip6_opt *o, int name)
{
	switch (name) {
	case PH_IPV6_RECVERR:
		return &o->recverr;
	case PH_IPV6_RECVPKTINFO:
		return &o->recv_pktinfo;
	case PH_IPV6_RECVHOPLIMIT:
		return &o->recv_hops;
	case PH_IPV6_RECVTCLASS:
		return &o->recv_tclass;
	case PH_IPV6_DONTFRAG:
		return &o->dontfrag;
	case PH_IPV6_FLOWINFO_SEND:
		return &o->flow_send;
	case PH_IPV6_AUTOFLOWLABEL:
		return &o->autoflow;
	default:
		return NULL;
	}
}

/* At most one of each kind, as Linux; nobody here has a care-of or a generated address. */
static int set_prefer(struct ip6_opt *o, int v)
{
	const int life = PH_IPV6_PREFER_SRC_TMP | PH_IPV6_PREFER_SRC_PUBLIC;
	const int pub = life | PH_IPV6_PREFER_SRC_PUBTMP_DEFAULT;
	const int home = PH_IPV6_PREFER_SRC_HOME | PH_IPV6_PREFER_SRC_COA;
	const int cga = PH_IPV6_PREFER_SRC_CGA | PH_IPV6_PREFER_SRC_NONCGA;

	if (((v & pub) & ((v & pub) - 1)) || (v & home) == home || (v & cga) == cga)
		return -EINVAL;
	o->prefer = (uint8_t)(v & (life | PH_IPV6_PREFER_SRC_COA)); /* of the rest the default */
	return 0;
}

static int get_prefer(const struct ip6_opt *o)
{
	int v = o->prefer & (PH_IPV6_PREFER_SRC_TMP | PH_IPV6_PREFER_SRC_PUBLIC);

	if (v == 0)
		v = PH_IPV6_PREFER_SRC_PUBTMP_DEFAULT;
	return v | (o->prefer & PH_IPV6_PREFER_SRC_COA ? PH_IPV6_PREFER_SRC_COA :
							 PH_IPV6_PREFER_SRC_HOME);
}

int ip6_opt_set(struct ip6_opt *o, int name, int v, bool stream, bool bound)
{
	bool *f = flag(o, name);

	if (f) {
		*f = v != 0;
		return 0;
	}
	switch (name) {
	case PH_IPV6_V6ONLY:
		if (bound)
			return -EINVAL;
		o->only = v != 0;
		return 0;
	case PH_IPV6_ADDR_PREFERENCES:
		return set_prefer(o, v);
	case PH_IPV6_UNICAST_HOPS:
		return set_byte(&o->hops, v);
	case PH_IPV6_MULTICAST_HOPS:
		return stream ? -ENOPROTOOPT : set_byte(&o->group_hops, v);
	case PH_IPV6_TCLASS:
		if (!in(v, -1, 255))
			return -EINVAL;
		v = v == -1 ? 0 : v;
		o->tclass = (uint8_t)(stream ? v & ~3 : v);
		return 0;
	case PH_IPV6_MTU_DISCOVER:
		if (!in(v, 0, 5))
			return -EINVAL;
		o->mtu_discover = (uint8_t)v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int ip6_opt_get(const struct ip6_opt *o, int name, int hop_limit, int mtu, int *v)
{
	struct ip6_opt copy = *o;
	const bool *f = flag(&copy, name);

	if (f) {
		*v = *f;
		return 0;
	}
	switch (name) {
	case PH_IPV6_ADDR_PREFERENCES:
		*v = get_prefer(o);
		return 0;
	case PH_IPV6_V6ONLY:
		*v = o->only;
		return 0;
	case PH_IPV6_UNICAST_HOPS:
		*v = o->hops < 0 ? hop_limit : o->hops;
		return 0;
	case PH_IPV6_MULTICAST_HOPS:
		*v = o->group_hops < 0 ? 1 : o->group_hops;
		return 0;
	case PH_IPV6_TCLASS:
		*v = o->tclass;
		return 0;
	case PH_IPV6_MTU_DISCOVER:
		*v = o->mtu_discover;
		return 0;
	case PH_IPV6_MTU:
		*v = mtu;
		return mtu ? 0 : -ENOTCONN;
	default:
		return -ENOPROTOOPT;
	}
}
