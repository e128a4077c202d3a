/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window we offer (RFC 9293 3.8.6): how much, silly window avoidance (3.8.6.2.2), and growth of
 * the buffer with what the user reads per round trip, as Linux's dynamic right-sizing does. A leaf.
 */
#ifndef TCP_TCP_RCVWIN_H
#define TCP_TCP_RCVWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

struct tcp_rcvwin {
	uint32_t buf;	   /* memory that may be pinned, bytes (SO_RCVBUF) */
	uint32_t ssthresh; /* offered at most, so far: opens as data comes in order */
	uint32_t clamp;	   /* offered at most, ever */
	seq_t wup;	   /* rcv_nxt when the window was last told */
	uint32_t wnd;	   /* and the window told then: the right edge is wup + wnd */
	uint32_t space;	   /* bytes read by the user in the last round trip */
	seq_t space_seq;   /* the reader's place when this round trip began */
	uint64_t space_us; /* and the time */
	uint32_t rtt8_us;  /* round trip as the receiver sees it, times 8; 0: unknown */
	seq_t rtt_seq;	   /* without timestamps: when this has come, a round trip is over */
	uint64_t rtt_us;
	uint16_t share;	   /* payload bytes per 256 of memory, as observed */
	bool locked : 1;   /* the user set the buffer: no growth */
	bool shrink : 1;   /* the window may be taken back: set before it is told */
	bool narrow : 1;   /* without scaling, no more than 32767 */
	bool whole : 1;	   /* buf is bytes of data, all of it offered: tcp_rcvwin_whole */
};

/* mss: what segments carry. rmem_max: tcp_rmem[2]. Window scale: *wscale, 0 if !scaling. */
void tcp_rcvwin_init(struct tcp_rcvwin *w, uint32_t buf, bool locked, uint32_t clamp, uint32_t mss,
		     uint32_t rmem_max, bool scaling, uint8_t *wscale);
/* Right after: at most so much is offered at first; 0: no such limit. */
void tcp_rcvwin_at_most(struct tcp_rcvwin *w, uint32_t wnd);
/* Right after init: for peers that take the field for a signed number. */
void tcp_rcvwin_narrow(struct tcp_rcvwin *w);
/* Right after init, instead: the buffer counts data, not memory, and all of it is the window, even what
 * the field cannot tell; sb_max: the largest buffer there may be, for the scale. */
void tcp_rcvwin_whole(struct tcp_rcvwin *w, uint32_t sb_max, bool scaling, uint8_t *wscale);
/* The size of segments is known: such a buffer takes a whole number of them, and is the window from now
 * on. */
void tcp_rcvwin_round(struct tcp_rcvwin *w, uint32_t mss);
/* The peer's first sequence number is known. */
void tcp_rcvwin_start(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us);
/* What is left of the window told. */
uint32_t tcp_rcvwin_left(const struct tcp_rcvwin *w, seq_t rcv_nxt);
/* The window that could be told now, `charged` bytes of memory being pinned; never moves the right
 * edge to the left, unless `shrink`, nor to the right by crumbs. */
uint32_t tcp_rcvwin_choose(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged,
			   uint32_t rcv_mss, uint8_t wscale);
/* Memory asks for a window of zero, whatever was promised. */
bool tcp_rcvwin_wants_zero(const struct tcp_rcvwin *w, uint32_t charged, uint32_t rcv_mss, uint8_t wscale);
/* It is told: choose, and remember. */
uint32_t tcp_rcvwin_tell(struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged, uint32_t rcv_mss,
			 uint8_t wscale);
/* Data came in order: `len` bytes, which pinned `charge` more. */
void tcp_rcvwin_data(struct tcp_rcvwin *w, uint32_t len, uint32_t charge, uint32_t adv_mss);
/* A round trip measured by timestamps. */
void tcp_rcvwin_rtt(struct tcp_rcvwin *w, uint32_t rtt_us);
/* The same from the time a window's worth takes, where there are no timestamps. */
void tcp_rcvwin_rtt_by_window(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us);
/* The user has read up to `read_seq`: grow, once per round trip. */
void tcp_rcvwin_read(struct tcp_rcvwin *w, seq_t read_seq, uint64_t now_us, uint32_t adv_mss,
		     uint32_t rmem_max);
/* The user reads no less than `window` at once: the buffer must take it. */
void tcp_rcvwin_want(struct tcp_rcvwin *w, uint32_t window, uint32_t rmem_max);
/* Is the window so much larger than what was told that the peer should hear of it now? */
bool tcp_rcvwin_update_due(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged,
			   uint32_t rcv_mss, uint8_t wscale);

#endif
