/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sender's time went into, as Linux tells it in struct tcp_info: busy at all, and of that
 * held up by the peer's window or by the send buffer. A leaf; times are the caller's.
 */
#ifndef TCP_TCP_CHRONO_H
#define TCP_TCP_CHRONO_H

#include <stdbool.h>
#include <stdint.h>

/* The higher one holds when two do. */
enum tcp_chrono_why { TCP_CHRONO_IDLE, TCP_CHRONO_BUSY, TCP_CHRONO_RWND, TCP_CHRONO_SNDBUF };

struct tcp_chrono {
	uint32_t since;	 /* in units of 64 us, which wrap after three days */
	uint32_t sum[3]; /* of each but IDLE */
	uint8_t now;	 /* enum tcp_chrono_why */
};

/* It begins, unless something higher holds. */
void tcp_chrono_start(struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us);
/* It is over; `empty`: nothing is queued any more, so that nothing else holds either. */
void tcp_chrono_stop(struct tcp_chrono *c, enum tcp_chrono_why why, bool empty, uint64_t now_us);
/* Microseconds spent so far in this, or, for BUSY, in all three. */
uint64_t tcp_chrono_us(const struct tcp_chrono *c, enum tcp_chrono_why why, uint64_t now_us);

#endif
