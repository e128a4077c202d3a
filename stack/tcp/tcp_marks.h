/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places in the send sequence that somebody asked about: the last octet of a send whose times are
 * wanted (SO_TIMESTAMPING), of a send without copy (MSG_ZEROCOPY), of a record that no packet may
 * join with the next (MSG_EOR). In order of sequence, at most TCP_MARKS_MAX. A leaf.
 */
#ifndef TCP_TCP_MARKS_H
#define TCP_TCP_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

enum { TCP_MARKS_MAX = 64 };
enum { /* tcp_mark.wants */
	TCP_MARK_SCHED = 1,
	TCP_MARK_SND = 2,
	TCP_MARK_ACK = 4,
	TCP_MARK_ZEROCOPY = 8,
	TCP_MARK_EOR = 16,
	TCP_MARK_TIMES = TCP_MARK_SCHED | TCP_MARK_SND | TCP_MARK_ACK
};

struct tcp_mark {
	seq_t last;   /* the octet */
	uint32_t id;  /* of the zero-copy send */
	uint8_t wants;
};

struct tcp_marks {
	uint32_t first, n; /* a ring */
	struct tcp_mark ring[TCP_MARKS_MAX];
};

/* A mark at `last`, which is not before the others. Without room the newest gives way, but one of
 * a zero-copy send: false then. */
bool tcp_marks_add(struct tcp_marks *m, seq_t last, uint8_t wants, uint32_t id);
/* Mark i, 0 the oldest; NULL past the end. */
struct tcp_mark *tcp_marks_at(struct tcp_marks *m, uint32_t i);
/* The oldest, if all before `una` has it: taken out. */
bool tcp_marks_pop(struct tcp_marks *m, seq_t una, struct tcp_mark *out);
/* How much of [seq, seq+len) may go in one packet: up to the end of a record. */
uint32_t tcp_marks_cut(const struct tcp_marks *m, seq_t seq, uint32_t len);
/* Does a record end with the octet before `end`? */
bool tcp_marks_ends(const struct tcp_marks *m, seq_t end);

#endif
