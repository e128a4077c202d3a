/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2): at once for every second full segment and
 * at the start of a connection, else delayed by 40 to 200 ms as Linux does it. A leaf. Times in us.
 */
#ifndef TCP_TCP_DELACK_H
#define TCP_TCP_DELACK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TCP_ATO_MIN_US = 40000,
	TCP_DELACK_MAX_US = 200000, /* RFC 9293 MUST-40: less than half a second */
	TCP_QUICKACKS = 16,
	TCP_DUP_ACKS = 3 /* of a hole go at once: RFC 5681 3.2's threshold */
};

struct tcp_delack {
	uint64_t last_rcv_us; /* when data last came */
	uint32_t ato_us;      /* estimated time between segments; 0: none came yet */
	uint16_t rcv_mss;     /* the peer's segment size, as observed */
	uint8_t quick;	      /* acknowledge so many segments at once */
	bool pingpong;	      /* data goes both ways: answers will carry our ACKs */
	bool pending;	      /* an ACK is owed */
	bool now;	      /* and it must go now */
	bool ripe;	      /* it was due before more came: the segments of a train */
	bool pushed;	      /* a segment shorter than rcv_mss came */
	uint8_t both;	      /* data went right after data came, so often */
	uint8_t dups;	      /* duplicate ACKs that went since rcv_nxt moved */
	uint8_t compressed;   /* ACKs of a hole that the next one stands for */
};

void tcp_delack_init(struct tcp_delack *d, uint16_t rcv_mss);
/* Segments of `seg` bytes came (a super-segment: the size of its parts), ours may have adv_mss. True:
 * none was larger so far. */
bool tcp_delack_measure(struct tcp_delack *d, uint32_t seg, uint32_t adv_mss);
/* They came in order; wnd: the window we offer. */
void tcp_delack_data(struct tcp_delack *d, uint64_t now_us, uint32_t wnd, uint32_t rto_us);
/* We sent data: it carried the ACK. The `thresh`th time that it did so soon is ping-pong. */
void tcp_delack_data_sent(struct tcp_delack *d, uint64_t now_us, uint32_t thresh);
/* An ACK left, alone or with data. */
void tcp_delack_sent(struct tcp_delack *d);
/* Something arrived that needs an answer at once: out of order, a hole filled, FIN. */
void tcp_delack_quick(struct tcp_delack *d, uint32_t wnd);
/* The next ACKs are not to be delayed: the peer reduced its window, or is to. */
void tcp_delack_few(struct tcp_delack *d, uint32_t wnd);
/* Data came ahead of a hole: an ACK is owed. */
void tcp_delack_ahead(struct tcp_delack *d);
/* rcv_nxt moved, and the hole is filled or another one. */
void tcp_delack_hole(struct tcp_delack *d, bool filled);
/* The ACK owed tells of a hole. True: it may wait a little for others to go with it, as Linux's
 * SACK compression has it, but no more than `most` of them. */
bool tcp_delack_compress(struct tcp_delack *d, uint32_t most);
/* How long, ns: a twentieth of the round trip, and at_most_ns. */
uint64_t tcp_delack_compress_ns(uint32_t rtt_us, uint64_t at_most_ns);
/* Must the ACK owed go now, with `unacked` bytes received since the last one? open: the window is no
 * smaller than it was. */
bool tcp_delack_due(const struct tcp_delack *d, uint32_t unacked, bool open);
/* How long it may wait. srtt_us 0: not known. */
uint32_t tcp_delack_wait_us(const struct tcp_delack *d, uint32_t srtt_us);
/* The wait ended without anything to carry it. */
void tcp_delack_timeout(struct tcp_delack *d, uint32_t rto_us);

#endif
