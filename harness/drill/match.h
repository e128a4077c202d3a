/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds a packet that the device sent against one of the script, field by field. Called by the
 * runner. It knows neither times nor connections: the caller gives the numbers that map one to the
 * other.
 */
#ifndef DRILL_MATCH_H
#define DRILL_MATCH_H

#include "harness/drill/ast.h"
#include "harness/drill/net.h"

enum { DRILL_DIFFS_MAX = 16, DRILL_DIFF_TEXT = 160 };

enum drill_field {
	DRILL_FIELD_KIND, /* IPv4 or IPv6; TCP, UDP or ICMP */
	DRILL_FIELD_IP,	  /* ECN, TOS, TTL, flow label */
	DRILL_FIELD_FLAGS,
	DRILL_FIELD_SEQ, /* and length */
	DRILL_FIELD_ACK,
	DRILL_FIELD_WIN,
	DRILL_FIELD_URG,
	DRILL_FIELD_OPTIONS,
	DRILL_FIELD_PAYLOAD,
	DRILL_FIELD_WRONG, /* a checksum, a length */
	DRILL_FIELD_TICK, /* a timestamp that should have advanced with the clock */
	DRILL_FIELD_TIME,
};

struct drill_diff {
	enum drill_field field;
	char text[DRILL_DIFF_TEXT]; /* "ack: expected 1, got 2" */
};

struct drill_diffs {
	unsigned n;
	struct drill_diff at[DRILL_DIFFS_MAX];
};

void drill_diff_add(struct drill_diffs *d, enum drill_field field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The wire's number is the script's plus these. */
struct drill_match_map {
	uint32_t seq_base, ack_base;
	/* The timestamp the script's value stands for; NULL: whatever the packet has. */
	const uint32_t *ts_val;
};

/* Adds what differs; d->n stays as it was when nothing does. Payload bytes are not looked at. */
void drill_match(const struct drill_packet *want, const struct drill_live *got,
		 const struct drill_match_map *map, struct drill_diffs *d);

/* Two lines, "expected:" and "got:", and a third that marks what differs in the second. */
void drill_match_show(const char *want, const char *got, const struct drill_diffs *d, char *out,
		      size_t size);

#endif
