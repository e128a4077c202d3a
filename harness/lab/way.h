/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One direction of a connection as its sender's device sees it: what was sent when, what was sent
 * again, and how long each acknowledgment took. A leaf. Called by meter.c.
 */
#ifndef LAB_WAY_H
#define LAB_WAY_H

#include "harness/lab/segment.h"

#define LAB_SACKED 0u	      /* acknowledged by a SACK */
#define LAB_TWICE  UINT64_MAX /* sent more than once, or without data: no measure of a round trip */

struct lab_sent {
	uint64_t end;	/* the sequence number behind the segment, SYN being 0 */
	uint64_t at_ns; /* or LAB_SACKED, LAB_TWICE */
};

struct lab_way {
	bool known;	  /* the first sequence number is */
	uint32_t first;
	uint8_t wscale;	  /* its windows are to be shifted by */
	uint64_t highest; /* sequence number behind the highest octet sent */
	uint64_t acked;
	struct lab_sent *sent; /* a ring of those not acknowledged yet; its size a power of two */
	uint32_t at, n, cap;
};

/* The sequence number counted from SYN, near what was sent and acknowledged last. */
uint64_t lab_way_seq(const struct lab_way *w, uint32_t seq);
/* A segment left. True when it begins before the highest octet sent. */
bool lab_way_sent(struct lab_way *w, const struct lab_segment *s, uint64_t now_ns);
/* An acknowledgment came back. How long that of the newest segment it covers took; 0: it covers
 * nothing new, or a segment that was sent more than once. */
uint64_t lab_way_acked(struct lab_way *w, const struct lab_segment *s, uint64_t now_ns);
void lab_way_free(struct lab_way *w);

#endif
