/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCPv4 client as a state machine (RFC 2131 4.4, figure 5): messages, time and what became of an
 * address go in; messages, leases and one deadline come out. A leaf: it knows no link and no socket;
 * dhcp.c joins it to both.
 *
 *	          .-- lease known --> REBOOTING --ACK------------------.
 *	 start ---+                       | NAK, silence               v
 *	          '--> INIT --1-10 s--> SELECTING --> REQUESTING --> CHECKING --> BOUND
 *	                ^                                 | NAK        | taken      | T1
 *	                |                                 v            v            v
 *	                '---------------------------------+---- DECLINED (10 s)  RENEWING
 *	                ^                                                           | T2
 *	                '---- lease over, NAK -------------------------------- REBINDING
 */
#ifndef DHCP_DHCP_CLIENT_H
#define DHCP_DHCP_CLIENT_H

#include "dhcp/dhcp_msg.h"

/* A lease must last as long, and its times be no less than a part of it: a server must not be able to
 * keep us asking. */
enum { DHCP_LEASE_MIN_S = 20 };

enum dhcp_state {
	DHCP_STOPPED,
	DHCP_INIT, /* waits, from 1 to 10 s, before it asks */
	DHCP_SELECTING,
	DHCP_REQUESTING,
	DHCP_REBOOTING,
	DHCP_CHECKING, /* has an address; is it another's already? */
	DHCP_BOUND,
	DHCP_RENEWING,
	DHCP_REBINDING,
	DHCP_DECLINED,
	DHCP_INFORMING, /* has an address from elsewhere, asks for the rest */
	DHCP_INFORMED
};

/* What was agreed on. Times in ns of the stack's clock. */
struct dhcp_lease {
	uint32_t ip, server; /* ip 0: none */
	uint8_t prefix;
	uint16_t mtu; /* 0: not said */
	bool infinite;
	uint64_t t1_ns, t2_ns, end_ns;
	struct dhcp_addrs routers, dns, ntp;
	struct dhcp_route route[DHCP_ROUTES];
	uint8_t nroutes; /* 0: the routers are the way */
	char hostname[DHCP_NAME_MAX + 1], domain[DHCP_NAME_MAX + 1];
};

struct dhcp_conf { /* milliseconds; dhcp_conf_default() fills it */
	uint32_t init_min, init_max;	      /* 1,000 and 10,000: before the first DISCOVER */
	uint32_t retry_first, retry_max, retry_jitter; /* 4,000, 64,000 and 1,000 */
	uint32_t request_tries;		      /* 4: REQUESTs without an answer */
	uint32_t decline_wait;		      /* 10,000 */
	uint32_t renew_min;		      /* 60,000: between two REQUESTs while RENEWING */
	uint32_t lease_s;		      /* to ask for; 0: what the server likes */
	uint8_t mac[6];
	bool classless_routes; /* take option 121, which can send all traffic elsewhere */
	struct dhcp_id id;
	char hostname[DHCP_NAME_MAX + 1]; /* to tell; "": none */
};
void dhcp_conf_default(struct dhcp_conf *conf);

struct dhcp_client;
/* What the client makes happen. Each may be called from any function below, and calls none. */
struct dhcp_ops {
	/* From port 68 to port 67 of `to` from ciaddr; to 0: broadcast, from 0.0.0.0 unless ciaddr. */
	void (*send)(void *ctx, const uint8_t *msg, size_t len, uint32_t ciaddr, uint32_t to);
	/* Find out whether anybody has this address already, then dhcp_checked(). */
	void (*check)(void *ctx, uint32_t ip);
	/* The lease began, or changed; what `old` had beyond it is to be taken back. */
	void (*bound)(void *ctx, const struct dhcp_lease *lease, const struct dhcp_lease *old);
	/* The address must no longer be used. */
	void (*lost)(void *ctx, const struct dhcp_lease *lease, const char *why);
	uint32_t (*random)(void *ctx);
};

struct dhcp_counts {
	uint32_t sent, received, bad, foreign, naks, declined;
};

struct dhcp_client {
	const struct dhcp_ops *ops;
	void *ctx;
	struct dhcp_conf conf;
	enum dhcp_state state;
	uint64_t at_ns;	    /* call dhcp_fire() then; UINT64_MAX: never */
	uint64_t begun_ns;  /* of this acquisition or renewal: for `secs` */
	uint64_t asked_ns;  /* the REQUEST that is being answered left: a lease counts from there */
	uint32_t xid, tries;
	uint16_t secs;	    /* of the DISCOVER, repeated in the REQUEST */
	struct dhcp_reply offer; /* chosen; then what was acknowledged */
	struct dhcp_lease lease; /* held, or to be asked for again (ip 0: none) */
	bool configured;	 /* the lease is in use */
	struct dhcp_counts counts;
};

void dhcp_init(struct dhcp_client *c, const struct dhcp_conf *conf, const struct dhcp_ops *ops,
	       void *ctx);
/* Begins; `known` (NULL: none) is a lease of before, asked for again if it has not ended (RFC 2131
 * 3.2). */
void dhcp_start(struct dhcp_client *c, const struct dhcp_lease *known, uint64_t now_ns);
/* Asks for everything but an address, which `ip` is (RFC 2131 4.4.3). */
void dhcp_inform(struct dhcp_client *c, uint32_t ip, uint64_t now_ns);
/* Ends: the lease is released (RFC 2131 4.4.6) when `release`, else kept for the next start. */
void dhcp_stop(struct dhcp_client *c, bool release, uint64_t now_ns);
/* The link was away and is back: perhaps it is another network (RFC 4436 2.2: asks at once). */
void dhcp_link_up(struct dhcp_client *c, uint64_t now_ns);
void dhcp_fire(struct dhcp_client *c, uint64_t now_ns);
/* The payload of a datagram to port 68. */
void dhcp_receive(struct dhcp_client *c, const uint8_t *bytes, size_t len, uint64_t now_ns);
/* What ops.check found out. */
void dhcp_checked(struct dhcp_client *c, bool taken, uint64_t now_ns);
/* Somebody else uses the address that we have, and we gave way (RFC 5227 2.4). */
void dhcp_conflict(struct dhcp_client *c, uint64_t now_ns);

const char *dhcp_state_name(enum dhcp_state state);

#endif
