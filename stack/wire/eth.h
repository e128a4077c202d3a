/* SPDX-License-Identifier: BSD-2-Clause */
/* The Ethernet II header (RFC 894). Layout only. */
#ifndef WIRE_ETH_H
#define WIRE_ETH_H

#include <assert.h>

#include "base/be.h"

enum {
	ETH_ADDR_LEN = 6,
	ETH_HDR_LEN = 14,
	ETH_TYPE_MIN = 0x0600, /* below: an 802.3 length */
	ETH_TYPE_IP4 = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_IP6 = 0x86dd
};

struct eth_hdr {
	uint8_t dst[ETH_ADDR_LEN], src[ETH_ADDR_LEN];
	be16 type;
};
static_assert(sizeof(struct eth_hdr) == ETH_HDR_LEN && _Alignof(struct eth_hdr) == 1, "RFC 894");

#endif
