/* SPDX-License-Identifier: BSD-2-Clause */
/* The Ethernet II header (RFC 894), 802.1Q tags, 802.2 SNAP (RFC 1042). Layout only. */
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
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IP6 = 0x86dd,
	ETH_VLAN_MASK = 0x0fff, /* of a tag; 0 and 0xfff name none */
	ETH_VLAN_MAX = 4094
};

struct eth_hdr {
	uint8_t dst[ETH_ADDR_LEN], src[ETH_ADDR_LEN];
	be16 type;
};
static_assert(sizeof(struct eth_hdr) == ETH_HDR_LEN && _Alignof(struct eth_hdr) == 1, "RFC 894");

/* Behind ETH_TYPE_VLAN: priority and number, then the EtherType of what follows (802.1Q). */
struct eth_tag {
	be16 control, type;
};
static_assert(sizeof(struct eth_tag) == 4, "802.1Q");

/* Behind an 802.3 length. */
struct eth_snap {
	uint8_t llc[3], organisation[3];
	be16 type;
};
static_assert(sizeof(struct eth_snap) == 8, "RFC 1042");

#endif
