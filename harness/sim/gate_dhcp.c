/* SPDX-License-Identifier: BSD-2-Clause */
/* A DHCP server (RFC 2131 4.3) with one client to serve; see gate.h. */
#include <string.h>

#include "harness/sim/gate.h"
#include "harness/sim/sum.h"

enum {
	ETH = 14, IP4 = 20, UDP = 8, BOOTP = 236, COOKIE = 4, TTL = 64, PROTO_UDP = 17,
	AT_FLAGS = 10, AT_CIADDR = 12, AT_YIADDR = 16, AT_CHADDR = 28,
	REPLY = 576 - IP4 - UDP, ROOM = ETH + IP4 + UDP + REPLY,
	OPT_MASK = 1, OPT_ROUTER = 3, OPT_DNS = 6, OPT_MTU = 26, OPT_WANT = 50, OPT_LEASE = 51,
	OPT_TYPE = 53, OPT_SERVER = 54, OPT_CLIENT = 61, OPT_END = 255,
	DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7,
	OCTET_FIRST = 100, OCTET_LAST = 250
};
#define SECOND 1000000000ull

static const uint8_t *option(const uint8_t *msg, size_t len, uint8_t code)
{
	for (size_t at = BOOTP + COOKIE; at + 2 <= len && msg[at] != OPT_END;) {
		if (msg[at] == 0) {
			at++;
			continue;
		}
		if (at + 2 + msg[at + 1] > len)
			return NULL;
		if (msg[at] == code)
			return msg + at + 1;
		at += 2u + msg[at + 1];
	}
	return NULL;
}

static uint8_t *put(uint8_t *o, uint8_t code, const void *bytes, uint8_t len)
{
	*o++ = code;
	*o++ = len;
	memcpy(o, bytes, len);
	return o + len;
}

static uint8_t *put_offer(uint8_t *o, const struct gate_port *p, const uint8_t own[4])
{
	static const uint8_t mask[4] = { 255, 255, 255, 0 };
	uint8_t word[4];

	sim_put32(word, p->lease_s);
	o = put(o, OPT_LEASE, word, 4);
	o = put(o, OPT_MASK, mask, 4);
	o = put(o, OPT_ROUTER, own, 4);
	o = put(o, OPT_DNS, own, 4);
	if (p->mtu) {
		sim_put16(word, p->mtu);
		o = put(o, OPT_MTU, word, 2);
	}
	return o;
}

/* RFC 2131 4.1: where an answer goes. */
static void answer(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len, uint8_t type,
		   const uint8_t yiaddr[4])
{
	static const uint8_t none[4], all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	bool known = memcmp(msg + AT_CIADDR, none, 4) != 0 && type != NAK;
	bool loud = !known && (type == NAK || (msg[AT_FLAGS] & 0x80));
	const uint8_t *id = option(msg, len, OPT_CLIENT);
	uint8_t f[ROOM] = { 0 }, *ip = f + ETH, *m = ip + IP4 + UDP, *o = m + BOOTP, own[4];

	gate_router4(p, own);
	memcpy(m, msg, BOOTP); /* xid, flags, hardware address */
	m[0] = 2;
	memset(m + AT_YIADDR, 0, 12);
	memcpy(m + AT_YIADDR, yiaddr, 4);
	memcpy(o, msg + BOOTP, COOKIE);
	o = put(o + COOKIE, OPT_TYPE, &type, 1);
	o = put(o, OPT_SERVER, own, 4);
	if (type != NAK)
		o = put_offer(o, p, own);
	if (id) /* RFC 6842 3 */
		o = put(o, OPT_CLIENT, id + 1, id[0]);
	*o = OPT_END;
	ip[0] = 0x45;
	sim_put16(ip + 2, ROOM - ETH);
	ip[8] = TTL;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, own, 4);
	memcpy(ip + 16, loud ? all : known ? msg + AT_CIADDR : yiaddr, 4);
	sim_put16(ip + 10, ~sim_sum(0, ip, IP4) & 0xffff);
	sim_put16(ip + IP4, 67);
	sim_put16(ip + IP4 + 2, 68);
	sim_put16(ip + IP4 + 4, UDP + REPLY); /* without a checksum, as many servers send */
	gate_send(g, p->dev, f, ROOM, loud ? all : msg + AT_CHADDR);
}

static void address(const struct gate_port *p, uint8_t ip[4])
{
	memcpy(ip, p->net, 4);
	ip[3] = p->octet;
}

static struct gate_lease *lease_of(struct gate_port *p, const uint8_t ip[4])
{
	for (unsigned i = 0; i < GATE_LEASES; i++)
		if (memcmp(p->lease[i].ip, ip, 4) == 0)
			return &p->lease[i];
	return NULL;
}

/* The same as long as it is leased; else the next. */
static void offer(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len)
{
	uint8_t ip[4];

	address(p, ip);
	if (!gate_lease_holds(p, ip, g->net->now)) {
		p->octet = (uint8_t)(p->octet < OCTET_FIRST || p->octet == OCTET_LAST ?
					     OCTET_FIRST : p->octet + 1);
		address(p, ip);
	}
	answer(g, p, msg, len, OFFER, ip);
}

static void grant(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len,
		  const uint8_t ip[4])
{
	struct gate_lease *l = lease_of(p, ip);

	if (!l)
		l = &p->lease[p->nlease++ % GATE_LEASES];
	memcpy(l->ip, ip, 4);
	l->until_ns = g->net->now + p->lease_s * SECOND;
	p->count.ack++;
	answer(g, p, msg, len, ACK, ip);
}

static void request(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len, bool to_all)
{
	static const uint8_t none[4];
	const uint8_t *server = option(msg, len, OPT_SERVER), *want = option(msg, len, OPT_WANT);
	bool renews = memcmp(msg + AT_CIADDR, none, 4) != 0;
	const uint8_t *ip = renews ? msg + AT_CIADDR : want ? want + 1 : none;
	uint8_t own[4], given[4];

	gate_router4(p, own);
	address(p, given);
	if (server && memcmp(server + 1, own, 4) != 0)
		return;
	if (server)
		p->count.select++;
	else if (!renews)
		p->count.reboot++;
	else if (to_all)
		p->count.rebind++;
	else
		p->count.renew++;
	if (memcmp(ip, given, 4) == 0 && (server || gate_lease_holds(p, ip, g->net->now))) {
		grant(g, p, msg, len, ip);
		return;
	}
	p->count.nak++;
	answer(g, p, msg, len, NAK, none);
}

void gate_dhcp(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len, bool to_all)
{
	const uint8_t *type = len >= BOOTP + COOKIE ? option(msg, len, OPT_TYPE) : NULL;
	struct gate_lease *l;

	if (!type || type[0] != 1 || !p->serves || (p->by_broadcast_only && !to_all))
		return;
	switch (type[1]) {
	case DISCOVER:
		p->count.discover++;
		offer(g, p, msg, len);
		break;
	case REQUEST:
		request(g, p, msg, len, to_all);
		break;
	case DECLINE:
		p->count.decline++;
		break;
	case RELEASE:
		p->count.release++;
		l = lease_of(p, msg + AT_CIADDR);
		if (l)
			l->until_ns = g->net->now;
		break;
	}
}
