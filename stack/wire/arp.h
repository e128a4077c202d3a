/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP for IPv4 over Ethernet (RFC 826). Layout only. */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <assert.h>

#include "base/be.h"
#include "wire/eth.h"

enum { ARP_HW_ETHER = 1, ARP_OP_REQUEST = 1, ARP_OP_REPLY = 2 };

struct arp_hdr {
	be16 hw, proto;
	uint8_t hw_len, proto_len;
	be16 op;
	uint8_t sender_mac[ETH_ADDR_LEN];
	be32 sender_ip;
	uint8_t target_mac[ETH_ADDR_LEN];
	be32 target_ip;
};
static_assert(sizeof(struct arp_hdr) == 28 && _Alignof(struct arp_hdr) == 1, "RFC 826");

#endif
