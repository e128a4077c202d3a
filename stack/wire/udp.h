/* SPDX-License-Identifier: BSD-2-Clause */
/* The UDP header (RFC 768). Layout only. */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include <assert.h>

#include "base/be.h"

struct udp_hdr {
	be16 sport, dport;
	be16 len;  /* header and data */
	be16 csum; /* 0: none (IPv4 only) */
};
static_assert(sizeof(struct udp_hdr) == 8, "RFC 768");

enum { UDP_CSUM_OFF = 6, UDP_DATA_MAX4 = 65535 - 20 - 8, UDP_DATA_MAX6 = 65535 - 8 };

#endif
