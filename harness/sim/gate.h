/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A home's router, for the simulator: two networks behind it with a DHCP server (RFC 2131), router
 * advertisements (RFC 4861) and a querier of groups (RFC 3376, 3810) on each, and one way out. What
 * it says is set by who drives the run, at any time; what it was asked is counted. It is written
 * from the RFCs alone, shares no line with the stack, and learns from each frame who has which
 * address. Called by life.c, which gives it the frames of its node (sim_hooks.hears).
 */
#ifndef SIM_GATE_H
#define SIM_GATE_H

#include "harness/sim/net.h"

enum {
	GATE_PORTS = 2,
	GATE_PREFIXES = 4,
	GATE_KNOWN = 64,   /* addresses of neighbours remembered, the oldest overwritten */
	GATE_LEASES = 16,  /* given and perhaps not over, the oldest overwritten */
	GATE_GROUPS = 2,
	GATE_RA_S = 60,    /* between two advertisements nobody asked for */
	GATE_QUERY_S = 50, /* between two questions for groups */
	GATE_ROUTER_OCTET = 1,
	GATE_FAR_OCTET = 9 /* of each network and prefix: the far host, reached by the router */
};

struct gate_prefix {
	uint8_t ip[16];
	bool told; /* is in the advertisements */
	uint32_t preferred_s, valid_s;
	uint64_t until_ns;  /* until then a host may have addresses of it */
	uint64_t onlink_ns; /* until then it is on the link */
};

struct gate_lease {
	uint8_t ip[4];
	uint64_t until_ns;
};

struct gate_counts {
	unsigned discover, select, reboot, renew, rebind, release, decline, nak, ack, solicit;
};

struct gate_port {
	struct sim_dev *dev;
	unsigned index;
	/* DHCP: a /24, whose .1 is the router and server */
	uint8_t net[4];
	bool serves, by_broadcast_only; /* the latter: what is sent to it alone it does not hear */
	uint32_t lease_s;
	uint16_t mtu; /* told; 0: not */
	uint8_t octet; /* of the address given last */
	struct gate_lease lease[GATE_LEASES];
	unsigned nlease;
	/* advertisements */
	bool advertises;
	uint16_t router_s; /* lifetime as a default router */
	uint32_t mtu6;	   /* 0: not told */
	struct gate_prefix prefix[GATE_PREFIXES];
	bool preferred; /* before other routers (RFC 4191) */
	uint64_t ra_ns, query_ns;
	uint64_t router_until_ns, dns_until_ns; /* until then a host may believe in them */
	/* groups reported, and when last */
	uint64_t group4_ns, group6_ns, left4_ns, left6_ns;
	struct gate_counts count;
};

struct gate_known {
	uint8_t ip[16], mac[6];
	struct sim_dev *dev;
};

struct gate {
	struct sim_net *net;
	struct gate_port port[GATE_PORTS];
	struct sim_dev *out; /* toward the rest of the world: one host */
	uint8_t far_mac[6];
	struct gate_known known[GATE_KNOWN];
	unsigned nknown;
};

/* The groups whose reports it notes. */
extern const uint8_t gate_group4[4], gate_group6[16];

/* Sends an IPv4 packet's or an IPv6 packet's octets, whose frame begins 14 octets before them. */
void gate_send(struct gate *g, struct sim_dev *d, uint8_t *frame, size_t len, const uint8_t mac[6]);
/* What a host may still have of it: an IPv4 address now, one of a prefix now. */
bool gate_lease_holds(const struct gate_port *p, const uint8_t ip[4], uint64_t now_ns);
/* Is it one that the port answers for: its own, or the far host's in one of its networks? */
bool gate_answers6(const struct gate_port *p, const uint8_t ip[16]);
bool gate_prefix_holds(const struct gate_port *p, const uint8_t ip[16], uint64_t now_ns);
/* The port's own addresses. */
void gate_router4(const struct gate_port *p, uint8_t ip[4]);
void gate_router6(const struct gate_port *p, uint8_t ip[16]);

/* A frame for it; its neighbours and its questions; what it forwards. */
void gate_hears(struct gate *g, struct sim_dev *d, const uint8_t *frame, size_t len);
/* Advertisements and questions that are due; when the next one is. */
void gate_run(struct gate *g);
uint64_t gate_next(const struct gate *g);
/* An advertisement on this port now. */
void gate_advertise(struct gate *g, struct gate_port *p);

/* gate_dhcp.c: a message to port 67, at `msg`; to_all: it was broadcast. */
void gate_dhcp(struct gate *g, struct gate_port *p, const uint8_t *msg, size_t len, bool to_all);
/* gate_nd.c: an ICMPv6 message at `icmp` of an IPv6 packet. */
void gate_icmp6(struct gate *g, struct gate_port *p, const uint8_t *ip, const uint8_t *icmp,
		size_t len);
void gate_solicit6(struct gate *g, struct gate_port *p, const uint8_t target[16]);
void gate_query6(struct gate *g, struct gate_port *p);

#endif
