/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accurate ECN (RFC 9768): each side counts what came marked and tells the sum with every segment,
 * in the three flags AE, CWR and ECE (the ACE field: packets marked CE, modulo 8) and in an option
 * (bytes marked CE, ECT(0) and ECT(1), modulo 2^24). Holds the counters of both directions and
 * decides when the option is sent. A leaf.
 */
#ifndef TCP_TCP_ACCECN_H
#define TCP_TCP_ACCECN_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/tcp_opt.h"

enum ip_ecn { IP_ECN_NOT, IP_ECN_ECT1, IP_ECN_ECT0, IP_ECN_CE }; /* RFC 3168 5 */

enum { /* Linux's numbers: tcpi_accecn_fail_mode. What does not get through, and which way */
	TCP_ACCECN_FAIL_ACE_SEND = 1,
	TCP_ACCECN_FAIL_ACE_RECV = 2,
	TCP_ACCECN_FAIL_OPT_SEND = 4,
	TCP_ACCECN_FAIL_OPT_RECV = 8
};

enum tcp_accecn_seen { /* Linux's numbers: tcpi_accecn_opt_seen */
	TCP_ACCECN_NOT_SEEN,
	TCP_ACCECN_EMPTY_SEEN,
	TCP_ACCECN_COUNTER_SEEN,
	TCP_ACCECN_FAIL_SEEN
};

enum tcp_accecn_policy { /* net.ipv4.tcp_ecn_option */
	TCP_ACCECN_OPT_NEVER,
	TCP_ACCECN_OPT_ASKED, /* where something changed, and a beacon now and then */
	TCP_ACCECN_OPT_ALWAYS
};

struct tcp_accecn {
	uint32_t received_ce;	    /* packets; the ACE field is this and 5 (RFC 9768 3.2.1) */
	uint32_t received_bytes[3]; /* by ECN field - 1 */
	uint32_t delivered_bytes[3];
	uint64_t opt_ns;	    /* when the option last left */
	uint16_t acked_ewma;	    /* segments that an ACK acknowledges, times 64, averaged */
	uint8_t ce_pending;	    /* marks not yet told */
	uint8_t fail : 4;	    /* TCP_ACCECN_FAIL_* */
	uint8_t opt_seen : 2;	    /* enum tcp_accecn_seen */
	uint8_t policy : 2;	    /* enum tcp_accecn_policy */
	uint8_t demand : 2;	    /* so many segments must carry the option */
	uint8_t fields : 2;	    /* it needs at least so many fields to tell the news */
	uint8_t last_field : 2;	    /* ECN field of the last segment that came */
	uint8_t likely : 2;	    /* ECN field that the peer last reported growing; 0: unclear */
	bool beacon : 1;	    /* the option was not sent for a while */
	bool told_dup : 1;	    /* the option left beside a D-SACK */
};

/* What an acknowledgment says. */
struct tcp_accecn_in {
	uint16_t flags;
	const struct tcp_opts *opts;
	uint32_t told_ce;	/* marked segments that were known of before */
	uint32_t segs, bytes;	/* newly acknowledged, by SACK as well */
	uint32_t mss;
	uint64_t bytes_sent;	/* since the connection began */
	bool progress;		/* it is news: by number, by SACK, or by a newer timestamp */
	bool syn;		/* it acknowledges our SYN: no ACE in it (RFC 9768 3.2.2.1) */
	bool steady;		/* the segment counts can be trusted: SACK, or nothing is lost */
};

/* The flags that tell an ECN field in the handshake, and back. False: they tell none. */
uint16_t tcp_accecn_reflect(uint8_t ip_ecn);
bool tcp_accecn_field_of(uint16_t flags, uint8_t *ip_ecn);
/* The peer told with which ECN field our SYN or SYN-ACK, sent as Not-ECT, came. False: with one
 * that no honest path makes; then we send no ECT, and believe no ACE. Without `check` all is
 * believed. */
bool tcp_accecn_told_field(struct tcp_accecn *a, uint16_t flags, bool check);

/* `segs` acceptable segments with `len` bytes of data in all. True: it should be told at once. */
bool tcp_accecn_received(struct tcp_accecn *a, uint8_t ip_ecn, uint32_t len, uint32_t segs);
/* Flags of a segment that leaves, unless they are there already; its ECN field. */
uint8_t tcp_accecn_send(struct tcp_accecn *a, uint16_t *flags);
/* Returns how many more segments of ours came marked (RFC 9768 3.2.2.5.2, appendix A). */
uint32_t tcp_accecn_ack(struct tcp_accecn *a, const struct tcp_accecn_in *in);
/* An option was in the peer's SYN-ACK, or in the ACK of ours. */
void tcp_accecn_saw_option(struct tcp_accecn *a, const struct tcp_opts *o);
/* Data came that was acknowledged before. */
void tcp_accecn_duplicate(struct tcp_accecn *a);

/* The sysctls, now: net.ipv4.tcp_ecn_option, and how often in a round trip the option is a
 * beacon. */
void tcp_accecn_refresh(struct tcp_accecn *a, int64_t option, int64_t beacon, uint64_t now_ns,
			uint32_t srtt_us);
/* Puts the option into a segment's if it is due and there is room: `room` bytes for it and for the
 * SACK blocks, of which it may take one. False: it is not sent. */
bool tcp_accecn_option(const struct tcp_accecn *a, uint32_t room, struct tcp_opts *o);
/* The option of a SYN-ACK, with all its fields. */
void tcp_accecn_first_option(struct tcp_opts *o);
/* A segment left with the option. */
void tcp_accecn_option_sent(struct tcp_accecn *a, uint64_t now_ns, bool dup);

#endif
