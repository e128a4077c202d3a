/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP messages as values: what a client asks is built, what a server answers is read, every length
 * held against the bytes there are. A leaf: knows no time, no link, no socket. Called by
 * dhcp_client.c.
 */
#ifndef DHCP_DHCP_MSG_H
#define DHCP_DHCP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/dhcp.h"

enum {
	DHCP_LIST = 8,	      /* routers, name and time servers kept of each kind; the rest is passed over */
	DHCP_ROUTES = 32,     /* of option 121 */
	DHCP_ID_MAX = 64,     /* bytes of a client identifier */
	DHCP_NAME_MAX = 255,  /* bytes of a name or a message */
	DHCP_MSG_SIZE = 1500  /* of what we send at most, and say that we take */
};

struct dhcp_id { /* option 61: type, then what it says (RFC 4361: 255, IAID, DUID) */
	uint8_t bytes[DHCP_ID_MAX], len;
};

struct dhcp_addrs {
	uint32_t ip[DHCP_LIST]; /* host order, as all addresses here */
	uint8_t n;
};

struct dhcp_route {
	uint32_t dst, gateway; /* gateway 0: on the link */
	uint8_t prefix;
};

/* A server's words. What it did not say, or said in a length that cannot be, is 0. */
struct dhcp_reply {
	enum dhcp_type type;
	uint32_t xid, ciaddr, yiaddr, server; /* server: option 54 */
	uint32_t lease_s, t1_s, t2_s;
	uint8_t prefix; /* of option 1; 0: none, or no mask of a network */
	uint16_t mtu;	/* 68 and more */
	bool has_lease, has_routes;
	struct dhcp_addrs routers, dns, ntp;
	struct dhcp_route route[DHCP_ROUTES];
	uint8_t nroutes;
	/* NUL-terminated; letters, digits, '-', '.' and '_' only: others make the name empty. */
	char hostname[DHCP_NAME_MAX + 1], domain[DHCP_NAME_MAX + 1];
	char message[DHCP_NAME_MAX + 1]; /* for people; what is not printable is '?' */
};

/* Why a message is not for us, each its own; DHCP_TAKEN when it is. */
enum dhcp_verdict {
	DHCP_TAKEN,
	DHCP_BAD_LENGTH, /* no room for a header and a type */
	DHCP_BAD_HEADER, /* op, hardware type or length, cookie */
	DHCP_BAD_TYPE,	 /* no message type, or not one of a server's */
	DHCP_NOT_OURS	 /* other hardware address, or other client identifier (RFC 6842 3) */
};
enum dhcp_verdict dhcp_msg_read(const uint8_t *bytes, size_t len, const uint8_t mac[6],
				const struct dhcp_id *id, struct dhcp_reply *out);

/* What a client asks; 0 is left out. */
struct dhcp_ask {
	enum dhcp_type type;
	uint32_t xid, ciaddr, requested, server, lease_s;
	uint16_t secs;
	bool broadcast; /* answers must be broadcast: unicast cannot be taken yet */
	uint8_t mac[6];
	const struct dhcp_id *id;
	const char *hostname; /* NULL: none */
	const char *message;  /* why a DECLINE or RELEASE; NULL: no word */
};
/* Writes it; bytes written, at least DHCP_MIN. */
size_t dhcp_msg_write(const struct dhcp_ask *ask, uint8_t out[DHCP_MSG_SIZE]);

/* RFC 4361 6.1 with a DUID-LL (RFC 8415 11.4) when duid is NULL. */
void dhcp_id_make(struct dhcp_id *id, uint32_t iaid, const uint8_t *duid, size_t duid_len,
		  const uint8_t mac[6]);

/* May a host have this address (RFC 1122 3.2.1.3)? */
bool dhcp_ip_usable(uint32_t ip);

#endif
