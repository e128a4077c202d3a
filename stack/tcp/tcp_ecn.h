/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explicit congestion notification: what the handshake agrees on, and the classic protocol
 * (RFC 3168). Accurate ECN's counters (RFC 9768) are in tcp_accecn.h. A leaf: flags and ECN fields
 * in, flags and ECN fields out.
 *
 *	SYN       AE CWR ECE		SYN-ACK
 *	classic    0   1   1		0 0 1
 *	accurate   1   1   1		the ECN field with which the SYN came (tcp_ecn_reflect)
 *	neither    0   0   0		0 0 0
 */
#ifndef TCP_TCP_ECN_H
#define TCP_TCP_ECN_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/tcp_accecn.h"

enum tcp_ecn_mode {
	TCP_ECN_OFF,
	TCP_ECN_CLASSIC,
	TCP_ECN_ACCURATE,
	TCP_ECN_ASKED_CLASSIC, /* our SYN asked, and nobody answered yet */
	TCP_ECN_ASKED_ACCURATE
};

enum tcp_ecn_sysctl { /* net.ipv4.tcp_ecn, in Linux's numbers: what is granted, and asked for */
	TCP_ECN_NEVER,
	TCP_ECN_IN_OUT,
	TCP_ECN_IN,
	TCP_ECN_ACC_IN_OUT,
	TCP_ECN_ACC_IN_CLASSIC_OUT,
	TCP_ECN_ACC_IN
};

struct tcp_ecn {
	uint8_t mode;		/* enum tcp_ecn_mode */
	uint8_t peer_syn : 2;	/* the ECN field with which the peer's SYN came */
	bool seen : 1;		/* a packet came that could be, or was, marked */
	bool echo : 1;		/* ECE on each ACK until the peer says CWR (RFC 3168 6.1.3) */
	bool say_cwr : 1;	/* on the next new data (RFC 3168 6.1.2) */
	bool reflect : 1;	/* the next ACK answers a SYN: it tells how that came */
	uint32_t delivered_ce;	/* segments of ours of which the peer said that they came marked */
	struct tcp_accecn acc;
};

/* Our first SYN, by the sysctl. */
void tcp_ecn_ask(struct tcp_ecn *e, int64_t sysctl);
/* The flags of our SYN number `again`, 0 being the first: with `fallback` one that is not answered
 * is at last sent without (RFC 3168 6.1.1.1, RFC 9768 3.1.4.1). */
uint16_t tcp_ecn_syn_flags(const struct tcp_ecn *e, uint32_t again, bool fallback);
/* What a SYN with these flags and this ECN field is granted. */
enum tcp_ecn_mode tcp_ecn_grant(int64_t sysctl, uint16_t flags, uint8_t ip_ecn);
/* The flags of the SYN-ACK for that. */
uint16_t tcp_ecn_synack_flags(enum tcp_ecn_mode mode, uint8_t peer_syn);
/* The answer to our SYN. fallback: do not send ECT where the path changes what it must not. */
void tcp_ecn_synack(struct tcp_ecn *e, uint16_t flags, uint8_t ip_ecn, bool fallback);
/* The segment that ends a passive handshake (RFC 9768 3.2.2.1, 3.2.2.4); `bare`: without data. */
void tcp_ecn_third(struct tcp_ecn *e, uint16_t flags, bool bare, bool fallback);

/* A data segment was taken, in order or not. True: it is to be acknowledged soon. */
bool tcp_ecn_data(struct tcp_ecn *e, uint8_t ip_ecn);
/* The peer said CWR on data. */
void tcp_ecn_cwr(struct tcp_ecn *e);
/* Our window was reduced, whatever for: the peer is to know (RFC 3168 6.1.2). */
void tcp_ecn_reduced(struct tcp_ecn *e);
/* A segment leaves, no SYN: adds to its flags, returns its ECN field. `fresh`: data never sent
 * before; others are not ECT in the classic protocol (RFC 3168 6.1.4, 6.1.5). */
uint8_t tcp_ecn_send(struct tcp_ecn *e, bool fresh, uint16_t *flags);

static inline bool tcp_ecn_accurate(const struct tcp_ecn *e)
{
	return e->mode == TCP_ECN_ACCURATE;
}

#endif
