/* SPDX-License-Identifier: BSD-2-Clause */
/* A TCP segment of a lab's connection as a frame shows it. A leaf. Called by meter.c and series.c. */
#ifndef LAB_SEGMENT_H
#define LAB_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAB_FIN = 1, LAB_SYN = 2, LAB_RST = 4, LAB_PSH = 8, LAB_ACK = 16, LAB_SACKS = 4 };

struct lab_segment {
	uint16_t from, to; /* ports */
	uint32_t seq, ack, len;
	uint8_t flags;
	uint16_t window; /* as it stands there */
	int wscale;	 /* -1: no such option */
	unsigned nsack;
	uint32_t sack[LAB_SACKS][2];
	const uint8_t *options;
	size_t noptions;
};

/* False: no whole TCP segment over IPv4. */
bool lab_segment_read(struct lab_segment *s, const uint8_t *frame, size_t len);

#endif
