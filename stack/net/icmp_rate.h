/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many ICMP messages of the kinds that a sysctl names may leave: of the whole host, and of each
 * destination (RFC 1812 4.3.2.8, 4443 2.4 (f)). A leaf: knows neither packets nor the stack.
 */
#ifndef NET_ICMP_RATE_H
#define NET_ICMP_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ICMP_RATE_PEERS = 1024,	  /* destinations remembered; two of one place share it by turns */
	ICMP_RATE_PEER_BURST = 6, /* messages that one may be sent at once */
	ICMP_RATE_JITTER = 3	  /* one message costs less than so many */
};

struct icmp_rate_peer {
	uint64_t key;	    /* of whom; 0: nobody yet */
	uint64_t credit_ns; /* time saved up */
	uint64_t refilled_ns;
};

struct icmp_rate {
	uint64_t credit_ns, refilled_ns; /* of the host */
	struct icmp_rate_peer peers[ICMP_RATE_PEERS];
};

void icmp_rate_init(struct icmp_rate *r, uint64_t now_ns);
/* Has the host credit for one more, at `per_s` a second and `burst` at once? Nothing is taken yet. */
bool icmp_rate_host(struct icmp_rate *r, uint64_t now_ns, uint64_t per_s, uint64_t burst);
/*
 * One left. As Linux, it costs none to two by chance, one in the mean: who counts answers does not
 * learn how many others got (CVE-2020-25705).
 */
void icmp_rate_spend(struct icmp_rate *r, uint64_t per_s, uint64_t random);
/* Has this destination, a keyed hash of its address; takes it. `interval_ms` 0: no limit. */
bool icmp_rate_peer(struct icmp_rate *r, uint64_t now_ns, uint64_t key, uint64_t interval_ms);

#endif
