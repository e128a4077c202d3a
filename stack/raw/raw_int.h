/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of raw/ share: a socket, and the list of all of them. */
#ifndef RAW_RAW_INT_H
#define RAW_RAW_INT_H

#include "base/stream.h"
#include "net/dgram.h"
#include "raw/raw.h"

enum { RAW_PROTO_RAW = 255 }; /* IPPROTO_RAW: sends alone */

struct raw_pcb {
	struct dgram d;
	uint8_t proto;
	bool hdrincl;
	uint32_t icmp_filter[8]; /* a bit set: that type is not wanted */
	int checksum;		 /* IPV6_CHECKSUM: where it is; -1: none */
};

struct raw_state {
	struct pool pcbs;
	struct list all;
};

/* raw_input.c: true: somebody took a copy. */
bool raw_input(struct ph_stack *st, const struct ip_rx *rx);
bool raw_error(struct ph_stack *st, const struct ip_err *err, uint8_t proto);

#endif
