/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window we offer (RFC 9293 3.8.6): how much, silly window avoidance (3.8.6.2.2), and growth of
 * the buffer with what the user reads per round trip, as Linux's dynamic right-sizing does. A leaf.
 *
 * A packet counts as what Linux charges it, tcp_rcvwin_truesize(), so that windows of a buffer are
 * Linux's; `held` below is the sum for what waits to be read or for a hole to be filled.
 */
#ifndef TCP_TCP_RCVWIN_H
#define TCP_TCP_RCVWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

struct tcp_rcvwin {
	uint32_t buf;	   /* memory that may be pinned, bytes (SO_RCVBUF) */
	uint32_t ssthresh; /* offered at most, so far: opens as data comes in order */
	uint32_t clamp;	   /* offered at most, ever: the user's bound, what the field can tell */
	uint32_t fits;	   /* and what the buffer is thought to take (Linux's window_clamp) */
	seq_t wup;	   /* rcv_nxt when the window was last told */
	uint32_t wnd;	   /* and the window told then: the right edge is wup + wnd */
	seq_t top;	   /* the rightmost edge that was ever told */
	uint32_t space;	   /* bytes read by the user in the last round trip */
	seq_t space_seq;   /* the reader's place when this round trip began */
	uint32_t rtt8_us;  /* round trip as the receiver sees it, times 8; 0: unknown */
	uint64_t space_us; /* the time when this round trip began */
	uint64_t rtt_us;   /* without timestamps: the same, */
	seq_t rtt_seq;	   /* and when this has come, a round trip is over */
	uint16_t share;	   /* payload bytes per 256 of memory, as observed */
	bool locked : 1;   /* the user set the buffer: no growth */
	bool shrink : 1;   /* the window may be taken back: set before it is told */
	bool narrow : 1;   /* without scaling, no more than 32767 */
	bool whole : 1;	   /* buf is bytes of data, all of it offered: tcp_rcvwin_whole */
	bool refuse : 1;   /* what came had no room: the next window told is zero */
	bool refused : 1;  /* and was */
};

/* What Linux charges for a packet of `len` octets, IP header included, that a TUN gave it. */
static inline uint32_t tcp_rcvwin_truesize(uint32_t len)
{
	enum { META = 256, ROOM = 384, SMALL = 576, PAGE = 4096, LINEAR = PAGE - ROOM };
	uint32_t size = 1024;

	if (len + ROOM <= SMALL)
		return META + SMALL;
	if (len > LINEAR)
		return META + PAGE + (len - LINEAR + PAGE - 1) / PAGE * PAGE;
	while (size < len + ROOM)
		size *= 2;
	return META + size;
}

/* mss: what segments carry. rmem_max: tcp_rmem[2]. Window scale: *wscale, 0 if !scaling. As in Linux, wnd
 * may be more than the 65535 that a SYN can tell (RFC 7323 2.2): the first ACK then tells all of it. */
void tcp_rcvwin_init(struct tcp_rcvwin *w, uint32_t buf, bool locked, uint32_t clamp, uint32_t mss,
		     uint32_t rmem_max, bool scaling, uint8_t *wscale);
/* Right after: at most so much is offered at first; 0: no such limit. */
void tcp_rcvwin_at_most(struct tcp_rcvwin *w, uint32_t wnd);
/* The peer does not scale. */
void tcp_rcvwin_unscaled(struct tcp_rcvwin *w);
/* Right after init: for peers that take the field for a signed number. */
void tcp_rcvwin_narrow(struct tcp_rcvwin *w);
/* Right after init, instead: the buffer counts data, not memory, and all of it is the window, even what
 * the field cannot tell; sb_max: the largest buffer there may be, for the scale. */
void tcp_rcvwin_whole(struct tcp_rcvwin *w, uint32_t sb_max, bool scaling, uint8_t *wscale);
/* The size of segments is known: such a buffer takes a whole number of them, and is the window from now
 * on. */
void tcp_rcvwin_round(struct tcp_rcvwin *w, uint32_t mss);
/* The peer's first sequence number is known. adv_mss: what we said segments may carry; app_win: of the
 * window, all but 1/2^this is offered. */
void tcp_rcvwin_start(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us, uint32_t adv_mss,
		      uint32_t app_win);
/* What is left of the window told. */
uint32_t tcp_rcvwin_left(const struct tcp_rcvwin *w, seq_t rcv_nxt);
/* No window told reaches further. What lies below was promised once (RFC 7323 2.4). */
static inline seq_t tcp_rcvwin_top(const struct tcp_rcvwin *w)
{
	return seq_max(w->top, w->wup + w->wnd);
}
/* The window that could be told now; never moves the right edge to the left, unless `shrink`. */
uint32_t tcp_rcvwin_choose(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			   uint8_t wscale);
/* More than half of the buffer is taken: no time for ACKs that do not wait. */
bool tcp_rcvwin_low(const struct tcp_rcvwin *w, uint32_t held);
/* Would the window told next be no smaller than the last? Then ACKs help the sender on. */
bool tcp_rcvwin_open(const struct tcp_rcvwin *w, uint32_t held, uint32_t rcv_mss, uint8_t wscale);
/* Memory asks for a window of zero, whatever was promised. */
bool tcp_rcvwin_wants_zero(const struct tcp_rcvwin *w, uint32_t held, uint32_t rcv_mss, uint8_t wscale);
/* It is told: choose, and remember. */
uint32_t tcp_rcvwin_tell(struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			 uint8_t wscale);
/* A segment larger than those before was seen, in a packet of `len` bytes of data that counts as
 * `truesize`: so much of the memory will be data. */
void tcp_rcvwin_measure(struct tcp_rcvwin *w, uint32_t len, uint32_t truesize);
/* Such a packet came, and `held` has it: opens the window. rmem_max: tcp_rmem[2]. True: it did. */
bool tcp_rcvwin_data(struct tcp_rcvwin *w, uint32_t len, uint32_t truesize, uint32_t held,
		     uint32_t adv_mss, uint32_t rcv_mss, uint32_t rmem_max);
/* It came ahead of a hole, and the user is there to read: `ahead` bytes behind rcv_nxt are held. */
void tcp_rcvwin_ahead(struct tcp_rcvwin *w, uint32_t ahead, uint32_t rmem_max);
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
bool tcp_rcvwin_update_due(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			   uint8_t wscale);

#endif
