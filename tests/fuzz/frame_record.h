/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames out of bytes, for the targets that take frames: each record is a byte of wishes, a length
 * and that many bytes; the wishes put right what no fuzzer guesses (addresses, lengths, sums).
 */
#ifndef FUZZ_FRAME_RECORD_H
#define FUZZ_FRAME_RECORD_H

#include "tests/fuzz/stack_user.h"

enum { RECORD_MAX = 2048 };

enum { /* struct frame_record.wish */
	WISH_ETHER = 1,	  /* an Ethernet header before it, by its first nibble */
	WISH_IP = 2,	  /* version, lengths, addresses and sum of IPv4 */
	WISH_L4 = 4,	  /* the sum of TCP, UDP or ICMP */
	WISH_OFFLOAD = 8, /* what a device says of it follows */
	WISH_TIME = 16,	  /* time passes first */
	WISH_FRAGMENT = 32, /* it comes in pieces */
	WISH_PIECES = 64, /* it is read into the stack's own memory */
	WISH_CUT = 128	  /* its capture was cut, or its pieces come in another order */
};

struct frame_record {
	unsigned wish, time;
	struct ph_offload offload;
	bool has_offload;
	size_t len;
	uint8_t bytes[RECORD_MAX];
};

/* The next frame of a link of this kind; false: there are no more bytes. */
bool frame_record_next(struct bytes *b, enum ph_link_kind kind, struct frame_record *r);
/* Puts IPv4's header sum at ip right. */
void frame_record_ip_sum(uint8_t *ip);

#endif
