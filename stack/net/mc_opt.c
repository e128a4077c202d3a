/* SPDX-License-Identifier: BSD-2-Clause */
/* Options about groups, in the layouts of 64-bit Linux (RFC 3678, 3493 5.2, ip(7)). Called by
 * dgram_opt.c. */
#include <string.h>

#include "base/ip.h"
#include "base/sockopts.h"
#include "net/mc_sock.h"
#include "net/net_state.h"

enum {
	MREQ = 8,	    /* struct ip_mreq: group, address of ours */
	MREQN = 12,	    /* struct ip_mreqn: with a link's index */
	MREQ_SOURCE = 12,   /* struct ip_mreq_source: group, address of ours, source */
	MREQ6 = 20,	    /* struct ipv6_mreq: group, index */
	GROUP_REQ = 136,    /* index, padding, struct sockaddr_storage */
	SOURCE_REQ = 264,   /* with a second one */
	STORAGE = 128,
	MSFILTER = 16,	    /* struct ip_msfilter: group, address of ours, mode, number */
	GROUP_FILTER = 144, /* struct group_filter: as group_req, mode, number */
	MODE_EXCLUDE = 0
};

static struct ph_ip ip4_at(const uint8_t *p)
{
	struct ph_ip ip = ip_of4(0);

	memcpy(ip.b + 12, p, 4);
	return ip;
}

static int32_t int_at(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The link whose address it is; 0: none said. */
static int link_by_addr(const struct ph_stack *st, const uint8_t *p, ph_link *link)
{
	struct ph_ip ip = ip4_at(p);
	const struct addr *a = addr_find(st, &ip);

	*link = a ? a->link : 0;
	return a || ip_is_any(&ip) ? 0 : -ENODEV;
}

/* struct sockaddr_in or sockaddr_in6, of the level's family. */
static int storage_at(const uint8_t *p, int level, struct ph_ip *ip)
{
	uint16_t family;

	memcpy(&family, p, sizeof(family));
	if (level == PH_IPPROTO_IP && family == PH_AF_INET)
		*ip = ip4_at(p + 4);
	else if (level == PH_IPPROTO_IPV6 && family == PH_AF_INET6)
		memcpy(ip->b, p + 8, sizeof(ip->b));
	else
		return family == PH_AF_INET || family == PH_AF_INET6 ? -EADDRNOTAVAIL : -EINVAL;
	return 0;
}

static int membership4(struct ph_stack *st, struct mc_sock *m, bool join, const uint8_t *p,
		       uint32_t len)
{
	struct ph_ip group;
	ph_link link = 0;
	int rc;

	if (len < MREQ)
		return -EINVAL;
	group = ip4_at(p);
	if (len >= MREQN)
		link = int_at(p + 8);
	rc = link ? 0 : link_by_addr(st, p + 4, &link);
	if (rc != 0)
		return join ? rc : -EADDRNOTAVAIL;
	return join ? mc_sock_join(st, m, link, &group, true) : mc_sock_leave(st, m, link, &group);
}

static int source4(struct ph_stack *st, struct mc_sock *m, enum mc_source_op op, const uint8_t *p,
		   uint32_t len)
{
	struct ph_ip group, src;
	ph_link link;
	int rc;

	if (len != MREQ_SOURCE)
		return -EINVAL;
	group = ip4_at(p);
	src = ip4_at(p + 8);
	rc = link_by_addr(st, p + 4, &link);
	return rc != 0 ? rc : mc_sock_source(st, m, op, link, &group, &src);
}

static int membership6(struct ph_stack *st, struct mc_sock *m, bool join, const uint8_t *p,
		       uint32_t len)
{
	struct ph_ip group;

	if (len < MREQ6)
		return -EINVAL;
	memcpy(group.b, p, sizeof(group.b));
	if (!ip6_is_multicast(&group))
		return -EINVAL;
	return join ? mc_sock_join(st, m, int_at(p + 16), &group, true) :
		      mc_sock_leave(st, m, int_at(p + 16), &group);
}

static int group_req(struct ph_stack *st, struct mc_sock *m, int level, bool join, const uint8_t *p,
		     uint32_t len)
{
	struct ph_ip group;
	int rc = len < GROUP_REQ ? -EINVAL : storage_at(p + 8, level, &group);

	if (rc != 0)
		return rc;
	return join ? mc_sock_join(st, m, int_at(p), &group, true) :
		      mc_sock_leave(st, m, int_at(p), &group);
}

static int source_req(struct ph_stack *st, struct mc_sock *m, int level, enum mc_source_op op,
		      const uint8_t *p, uint32_t len)
{
	struct ph_ip group, src;
	int rc = len < SOURCE_REQ ? -EINVAL : storage_at(p + 8, level, &group);

	if (rc == 0)
		rc = storage_at(p + 8 + STORAGE, level, &src);
	return rc != 0 ? rc : mc_sock_source(st, m, op, int_at(p), &group, &src);
}

/* Mode and number are at `at`, sources behind them, `each` bytes. */
static int filter_from(const uint8_t *p, uint32_t len, uint32_t at, int level, uint32_t each,
		       struct mc_filter *f)
{
	uint32_t n;

	mc_filter_init(f, int_at(p + at) == MODE_EXCLUDE);
	n = (uint32_t)int_at(p + at + 4);
	if (int_at(p + at) < 0 || int_at(p + at) > 1 || n > (len - at - 8) / each)
		return -EINVAL;
	if (n > MC_SOURCES_MAX)
		return -ENOBUFS;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *s = p + at + 8 + i * each;
		struct ph_ip ip = { { 0 } };
		int rc = 0;

		if (each == STORAGE)
			rc = storage_at(s, level, &ip);
		else
			ip = ip4_at(s);
		if (rc != 0)
			return rc;
		(void)mc_filter_add(f, &ip, MC_SOURCES_MAX); /* one said twice is there once */
	}
	return 0;
}

static int msfilter(struct ph_stack *st, struct mc_sock *m, int level, int name, const uint8_t *p,
		    uint32_t len)
{
	bool old = name == PH_IP_MSFILTER;
	struct mc_filter f;
	struct ph_ip group;
	ph_link link;
	int rc;

	if (len < (old ? MSFILTER : GROUP_FILTER))
		return -EINVAL;
	rc = old ? filter_from(p, len, 8, level, 4, &f) :
		   filter_from(p, len, 136, level, STORAGE, &f);
	if (rc != 0)
		return rc;
	if (old) {
		group = ip4_at(p);
		rc = link_by_addr(st, p + 4, &link);
	} else {
		link = int_at(p);
		rc = storage_at(p + 8, level, &group);
	}
	return rc != 0 ? rc : mc_sock_filter(st, m, link, &group, &f);
}

/* struct in_addr, ip_mreq or ip_mreqn. */
static int multicast_if4(struct ph_stack *st, struct mc_sock *m, const uint8_t *p, uint32_t len)
{
	const uint8_t *addr = len >= MREQ ? p + 4 : p;
	ph_link link = 0;
	int rc;

	if (len < 4)
		return -EINVAL;
	if (len >= MREQN)
		link = int_at(p + 8);
	if (link && !link_get(st, link))
		return -EADDRNOTAVAIL;
	rc = link ? 0 : link_by_addr(st, addr, &link);
	if (rc != 0)
		return -EADDRNOTAVAIL;
	m->if4 = link;
	m->src4 = ip4_at(addr);
	return 0;
}

static int set_plain(const struct ph_stack *st, struct mc_sock *m, int level, int name, int v)
{
	bool v6 = level == PH_IPPROTO_IPV6;

	if (!v6 && name == PH_IP_MULTICAST_TTL) {
		if (v < -1 || v > 255)
			return -EINVAL;
		m->ttl = (int16_t)(v == -1 ? 1 : v);
		return 0;
	}
	if (v6 && name == PH_IPV6_MULTICAST_IF) {
		if (v && (v < 0 || !link_get(st, v)))
			return -ENODEV;
		m->if6 = v;
		return 0;
	}
	if (name == (v6 ? PH_IPV6_MULTICAST_LOOP : PH_IP_MULTICAST_LOOP)) {
		if (v6 && (v < 0 || v > 1))
			return -EINVAL;
		*(v6 ? &m->loop6 : &m->loop4) = v != 0;
		return 0;
	}
	if (name == (v6 ? PH_IPV6_MULTICAST_ALL : PH_IP_MULTICAST_ALL)) {
		if (v < 0 || v > 1)
			return -EINVAL;
		*(v6 ? &m->all6 : &m->all4) = v != 0;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int set4(struct ph_stack *st, struct mc_sock *m, int name, const uint8_t *p, uint32_t len)
{
	switch (name) {
	case PH_IP_ADD_MEMBERSHIP:
	case PH_IP_DROP_MEMBERSHIP:
		return membership4(st, m, name == PH_IP_ADD_MEMBERSHIP, p, len);
	case PH_IP_ADD_SOURCE_MEMBERSHIP:
		return source4(st, m, MC_ADD_SOURCE, p, len);
	case PH_IP_DROP_SOURCE_MEMBERSHIP:
		return source4(st, m, MC_DROP_SOURCE, p, len);
	case PH_IP_BLOCK_SOURCE:
		return source4(st, m, MC_BLOCK_SOURCE, p, len);
	case PH_IP_UNBLOCK_SOURCE:
		return source4(st, m, MC_UNBLOCK_SOURCE, p, len);
	case PH_IP_MULTICAST_IF:
		return multicast_if4(st, m, p, len);
	default:
		return -ENOPROTOOPT;
	}
}

static int set_both(struct ph_stack *st, struct mc_sock *m, int level, int name, const uint8_t *p,
		    uint32_t len)
{
	switch (name) {
	case PH_MCAST_JOIN_GROUP:
	case PH_MCAST_LEAVE_GROUP:
		return group_req(st, m, level, name == PH_MCAST_JOIN_GROUP, p, len);
	case PH_MCAST_JOIN_SOURCE_GROUP:
		return source_req(st, m, level, MC_ADD_SOURCE, p, len);
	case PH_MCAST_LEAVE_SOURCE_GROUP:
		return source_req(st, m, level, MC_DROP_SOURCE, p, len);
	case PH_MCAST_BLOCK_SOURCE:
		return source_req(st, m, level, MC_BLOCK_SOURCE, p, len);
	case PH_MCAST_UNBLOCK_SOURCE:
		return source_req(st, m, level, MC_UNBLOCK_SOURCE, p, len);
	case PH_MCAST_MSFILTER:
		return msfilter(st, m, level, name, p, len);
	default:
		return -ENOPROTOOPT;
	}
}

int mc_setsockopt(struct ph_stack *st, struct mc_sock *m, bool v6, int level, int name,
		  const void *value, uint32_t len)
{
	int v = 0, rc = -ENOPROTOOPT;

	if (level == PH_IPPROTO_IPV6 && !v6)
		return rc;
	if (level == PH_IPPROTO_IP)
		rc = name == PH_IP_MSFILTER ? msfilter(st, m, level, name, value, len) :
					      set4(st, m, name, value, len);
	else if (level == PH_IPPROTO_IPV6 &&
		 (name == PH_IPV6_JOIN_GROUP || name == PH_IPV6_LEAVE_GROUP))
		return membership6(st, m, name == PH_IPV6_JOIN_GROUP, value, len);
	if (rc != -ENOPROTOOPT || (level != PH_IPPROTO_IP && level != PH_IPPROTO_IPV6))
		return rc;
	rc = set_both(st, m, level, name, value, len);
	if (rc != -ENOPROTOOPT)
		return rc;
	if (len >= sizeof(v))
		v = int_at(value);
	else if (len > 0 && level == PH_IPPROTO_IP)
		v = *(const uint8_t *)value;
	else
		v = -2; /* out of every range */
	return set_plain(st, m, level, name, v);
}

static int get_filter(const struct ph_stack *st, const struct mc_sock *m, int level, uint8_t *p,
		      uint32_t *len)
{
	const struct mc_member *mb;
	uint32_t room, mode, n;
	struct ph_ip group;
	int rc;

	if (*len < GROUP_FILTER)
		return -EINVAL;
	rc = storage_at(p + 8, level, &group);
	if (rc != 0)
		return rc;
	mb = mc_sock_find(st, m, int_at(p), &group);
	if (!mb)
		return -EADDRNOTAVAIL;
	room = (*len - GROUP_FILTER) / STORAGE;
	mode = mb->filter.exclude ? MODE_EXCLUDE : 1;
	n = mb->filter.n;
	memcpy(p + 136, &mode, 4);
	memcpy(p + 140, &n, 4);
	for (uint32_t i = 0; i < n && i < room; i++) {
		uint16_t family = level == PH_IPPROTO_IP ? PH_AF_INET : PH_AF_INET6;
		uint8_t *s = p + GROUP_FILTER + i * STORAGE;

		memset(s, 0, STORAGE);
		memcpy(s, &family, sizeof(family));
		if (level == PH_IPPROTO_IP)
			memcpy(s + 4, mb->filter.src[i].b + 12, 4);
		else
			memcpy(s + 8, mb->filter.src[i].b, 16);
	}
	*len = GROUP_FILTER + (n < room ? n : room) * STORAGE;
	return 0;
}

int mc_getsockopt(const struct ph_stack *st, const struct mc_sock *m, int level, int name,
		  void *value, uint32_t *len)
{
	bool v6 = level == PH_IPPROTO_IPV6;
	int32_t v;

	if (name == PH_MCAST_MSFILTER)
		return get_filter(st, m, level, value, len);
	if (!v6 && name == PH_IP_MULTICAST_IF)
		return sockopts_give(value, len, m->src4.b + 12, 4);
	if (!v6 && name == PH_IP_MULTICAST_TTL)
		v = m->ttl;
	else if (v6 && name == PH_IPV6_MULTICAST_IF)
		v = m->if6;
	else if (name == (v6 ? PH_IPV6_MULTICAST_LOOP : PH_IP_MULTICAST_LOOP))
		v = v6 ? m->loop6 : m->loop4;
	else if (name == (v6 ? PH_IPV6_MULTICAST_ALL : PH_IP_MULTICAST_ALL))
		v = v6 ? m->all6 : m->all4;
	else
		return -ENOPROTOOPT;
	if (!v6 && *len > 0 && *len < sizeof(v)) {
		*(uint8_t *)value = (uint8_t)v;
		*len = 1;
		return 0;
	}
	return sockopts_give(value, len, &v, sizeof(v));
}
