/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP_DEFER_ACCEPT: seconds to the user, to the listener timeouts of a SYN-ACK that fit into them. A
 * leaf. */
#ifndef TCP_TCP_DEFER_H
#define TCP_TCP_DEFER_H

#include <stdint.h>

enum { TCP_DEFER_MAX = 255 };

/* As many timeouts of 1, 2, 4 ... seconds, none above rto_max_s, as it takes to be at least so
 * long; 0: none. */
uint8_t tcp_defer_timeouts(int seconds, uint32_t rto_max_s);
/* How long that is. */
int tcp_defer_seconds(uint8_t timeouts, uint32_t rto_max_s);

#endif
