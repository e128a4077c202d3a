/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP's own socket options (udp(7), RFC 6935), before those that all sockets of messages have. */
#include <string.h>

#include "udp/udp_int.h"

static int set_udp(struct ph_stack *st, struct udp_pcb *u, int name, int v)
{
	switch (name) {
	case PH_UDP_CORK:
		u->corked = v != 0;
		if (!u->corked)
			(void)udp_cork_send(st, u); /* as Linux: nobody is told */
		return 0;
	case PH_UDP_ENCAP: /* what Linux says where it has no IPsec */
		return v == 0 ? 0 : -ENOPROTOOPT;
	case PH_UDP_SEGMENT:
		if (v < 0 || v > UINT16_MAX)
			return -EINVAL;
		u->segment = (uint16_t)v;
		return 0;
	case PH_UDP_GRO:
		u->gro = v != 0;
		return 0;
	case PH_UDP_NO_CHECK6_TX:
		u->no_check6_tx = v != 0;
		return 0;
	case PH_UDP_NO_CHECK6_RX:
		u->no_check6_rx = v != 0;
		return 0;
	}
	return -ENOPROTOOPT;
}

int udp_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name, const void *value,
		   uint32_t len)
{
	struct udp_pcb *u = udp_of(d);
	int v, rc;

	if (level == PH_IPPROTO_UDP) {
		rc = sockopts_int(value, len, &v);
		return rc != 0 ? rc : set_udp(st, u, name, v);
	}
	rc = dgram_setsockopt(st, &u->d, level, name, value, len, u->d.local.port != 0);
	if (rc == 0)
		u->d.dst.gen = 0; /* another link or source, or broadcasts allowed */
	return rc;
}

static int get_udp(const struct udp_pcb *u, int name, int *v)
{
	switch (name) {
	case PH_UDP_CORK:
		*v = u->corked;
		return 0;
	case PH_UDP_ENCAP:
		*v = 0;
		return 0;
	case PH_UDP_SEGMENT:
		*v = u->segment;
		return 0;
	case PH_UDP_GRO:
		*v = u->gro;
		return 0;
	case PH_UDP_NO_CHECK6_TX:
		*v = u->no_check6_tx;
		return 0;
	case PH_UDP_NO_CHECK6_RX:
		*v = u->no_check6_rx;
		return 0;
	}
	return -ENOPROTOOPT;
}

int udp_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
		   uint32_t *len)
{
	struct udp_pcb *u = udp_of(d);
	const struct dst *to = u->d.connected ? &u->d.dst : NULL;
	struct dst fresh;
	int v, rc;

	if (level == PH_IPPROTO_UDP) {
		rc = get_udp(u, name, &v);
		return rc != 0 ? rc : sockopts_give(value, len, &v, sizeof(v));
	}
	if (to && (name == PH_IP_MTU || name == PH_IPV6_MTU)) { /* as it is now */
		rc = dst_lookup_on(st, &fresh, u->d.bound, &u->d.local.ip, &u->d.peer.ip, true);
		if (rc != 0)
			return rc;
		to = &fresh;
	}
	return dgram_getsockopt(st, &u->d, level, name, value, len, to);
}
