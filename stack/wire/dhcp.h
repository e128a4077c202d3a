/* SPDX-License-Identifier: BSD-2-Clause */
/* The DHCP message (RFC 2131 2) and the options a host uses (RFC 2132 and later). Layout only. */
#ifndef WIRE_DHCP_H
#define WIRE_DHCP_H

#include <assert.h>

#include "base/be.h"

struct dhcp_hdr {
	uint8_t op, htype, hlen, hops;
	be32 xid;
	be16 secs, flags;
	be32 ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16];
	uint8_t sname[64], file[128];
	be32 cookie;
};
static_assert(sizeof(struct dhcp_hdr) == 240, "RFC 2131 2");

enum {
	DHCP_SERVER_PORT = 67,
	DHCP_CLIENT_PORT = 68,
	DHCP_MIN = 300, /* that we send (RFC 1542 2.1) */
	DHCP_MIN_TAKEN = 243, /* the header and a type */
	DHCP_COOKIE = 0x63825363,
	DHCP_OP_REQUEST = 1,
	DHCP_OP_REPLY = 2,
	DHCP_HTYPE_ETHER = 1,
	DHCP_F_BROADCAST = 0x8000
};

enum dhcp_type { /* option 53 */
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM
};

enum {
	DHCP_OPT_PAD = 0,
	DHCP_OPT_MASK = 1,
	DHCP_OPT_ROUTER = 3,
	DHCP_OPT_DNS = 6,
	DHCP_OPT_HOSTNAME = 12,
	DHCP_OPT_DOMAIN = 15,
	DHCP_OPT_MTU = 26,
	DHCP_OPT_BROADCAST = 28,
	DHCP_OPT_NTP = 42,
	DHCP_OPT_REQUESTED = 50,
	DHCP_OPT_LEASE = 51,
	DHCP_OPT_OVERLOAD = 52,
	DHCP_OPT_TYPE = 53,
	DHCP_OPT_SERVER = 54,
	DHCP_OPT_PARAMETERS = 55,
	DHCP_OPT_MESSAGE = 56,
	DHCP_OPT_MAX_SIZE = 57,
	DHCP_OPT_T1 = 58,
	DHCP_OPT_T2 = 59,
	DHCP_OPT_CLIENT_ID = 61,
	DHCP_OPT_ROUTES = 121, /* RFC 3442 */
	DHCP_OPT_END = 255
};

#endif
