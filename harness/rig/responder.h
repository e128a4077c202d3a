/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phantom responder: answers ARP requests (RFC 826) and IPv6 neighbour solicitations (RFC 4861
 * 7.2.4) for addresses that nobody has, so that segments crafted from such an address reach their
 * peer and the answers meet no kernel that would reset them. responder_answer() is pure; the port
 * it stands on is acts_responder.c's.
 */
#ifndef RIG_RESPONDER_H
#define RIG_RESPONDER_H

#include <stddef.h>
#include <stdint.h>

#include "netns/addr.h"
#include "netns/topo.h"

enum { RESPONDER_FRAME_MAX = 128 };

struct responder {
	struct netmac mac;
	struct netaddr addr[TOPO_ADDRS_MAX];
	unsigned int naddr;
};

/* The answer to @frame, written to @out; its length, or 0 when it asks for none of ours. */
size_t responder_answer(const struct responder *r, const uint8_t *frame, size_t len,
			uint8_t out[RESPONDER_FRAME_MAX]);

#endif
