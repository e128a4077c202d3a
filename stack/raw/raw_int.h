/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of raw/ share: a socket, and the list of all of them. */
#ifndef RAW_RAW_INT_H
#define RAW_RAW_INT_H

#include "base/stream.h"
#include "net/dgram.h"
#include "raw/raw.h"

enum { RAW_RECORD_CHARGE = 128, RAW_PROTO_RAW = 255 /* IPPROTO_RAW: sends alone */ };

struct raw_record {
	struct list_node node;
	struct ph_sockaddr from;
	struct dgram_rx rx;
	uint32_t len;
};

struct raw_pcb {
	struct ready ready;
	struct list_node all;
	struct ph_sockaddr local, peer;
	struct dst dst;
	struct stream rx;
	struct list records; /* of struct raw_record */
	uint32_t nrecords;
	struct dgram o;
	uint8_t proto;
	bool hdrincl, connected, shut_rd, shut_wr;
	uint32_t icmp_filter[8]; /* a bit set: that type is not wanted */
	int checksum;		 /* IPV6_CHECKSUM: where it is; -1: none */
};

struct raw_state {
	struct pool pcbs, records;
	struct list all;
};

/* raw_input.c: true: somebody took a copy. */
bool raw_input(struct ph_stack *st, const struct ip_rx *rx);

#endif
