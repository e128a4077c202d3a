/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IP header of a frame: where it is, whether its sender can ECN, and congestion marked in it
 * (RFC 3168 5, RFC 9331 4.1). Called by the model, by CoDel, and by whoever counts bytes of IP.
 */
#ifndef LINK_IP_H
#define LINK_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/classify.h"

/* Its offset, or len where there is none; up to two VLAN tags are passed over. */
size_t link_ip_offset(enum link_l2 l2, const uint8_t *frame, size_t len);

/* True if it says ECT(0), ECT(1) or CE. */
bool link_ip_can_ecn(enum link_l2 l2, const uint8_t *frame, size_t len);

/* Makes it say CE; IPv4's header checksum stays right. Only for what link_ip_can_ecn is true of. */
void link_ip_mark(enum link_l2 l2, uint8_t *frame, size_t len);

/* A number for the addresses, the protocol and the ports of TCP and UDP; fragments of a datagram share
 * one without ports, and so do all frames that are not IP. */
uint64_t link_flow_key(enum link_l2 l2, const uint8_t *frame, size_t len);

#endif
