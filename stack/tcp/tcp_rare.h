/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What few connections have: options away from their defaults. A connection without any shares one
 * constant struct; the first that is set gets a struct of its own from a pool, so that the others
 * pay a pointer. Kept with a connection from its first such option to its end.
 */
#ifndef TCP_TCP_RARE_H
#define TCP_TCP_RARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/errq.h"
#include "base/sockopts.h"
#include "net/ip4_opt.h"
#include "tcp/tcp_marks.h"
#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_md5.h"
#include "tcp/tcp_plb.h"

struct ph_stack;
struct tcb;

/* Bits of tcp_rare.ip: IP's switches. */
enum {
	TCP_IP_RECVERR = 1,
	TCP_IP_FREEBIND = 1 << 1,
	TCP_IP_TRANSPARENT = 1 << 2,
	TCP_IP_BIND_NO_PORT = 1 << 3,
	TCP_IP_RECVOPTS = 1 << 4,
	TCP_IP_RETOPTS = 1 << 5,
	TCP_IP_PKTINFO = 1 << 6,
	TCP_IP_RECVTTL = 1 << 7,
	TCP_IP_RECVTOS = 1 << 8,
	TCP_IP_PASSSEC = 1 << 9,
	TCP_IP_ORIGDST = 1 << 10,
	TCP_IP_CHECKSUM = 1 << 11,
	TCP_IP_RFC4884 = 1 << 12
};

/* When octets came, for SO_TIMESTAMP and its like; a full list is coarser, not longer. */
enum { TCP_ARRIVALS_MAX = 32 };
struct tcp_arrival {
	seq_t end; /* all before it had come */
	uint64_t at_ns;
};
struct tcp_arrivals {
	uint32_t n;
	struct tcp_arrival at[TCP_ARRIVALS_MAX];
};

/* The headers of the SYN that a connection began with (TCP_SAVE_SYN). */
enum { TCP_SAVED_SYN_MAX = 184 }; /* Ethernet, IP and TCP with all their options */
struct tcp_saved_syn {
	uint8_t len;
	uint8_t bytes[TCP_SAVED_SYN_MAX];
};

struct tcp_rare {
	struct sockopts so;
	uint16_t ip;		   /* TCP_IP_* */
	uint8_t pmtudisc;	   /* PH_IP_PMTUDISC_*, when pmtudisc_set */
	uint8_t min_ttl;	   /* packets below it are dropped (RFC 5082) */
	uint16_t port_lo, port_hi; /* IP_LOCAL_PORT_RANGE; 0: the sysctl's */
	uint32_t rcvlowat;	   /* 0: 1 */
	uint32_t notsent_lowat;	   /* 0: the sysctl's */
	uint32_t rto_max_ms, rto_min_us, delack_max_us; /* 0: the sysctls' */
	struct tcp_fo_keys fo_keys; /* TCP_FASTOPEN_KEY */
	uint8_t defer_accept;	   /* TCP_DEFER_ACCEPT, in timeouts of a SYN-ACK; 0: off */
	uint32_t fo_qlen;	   /* TCP_FASTOPEN: of a listener; 0: none */
	uint32_t tx_delay_us;	   /* TCP_TX_DELAY */
	uint8_t ip_opt_len, ip_opt[IP4_OPT_MAX]; /* IP_OPTIONS */
	bool fo_no_cookie : 1;	   /* TCP_FASTOPEN_NO_COOKIE */
	bool fo_connect : 1;	   /* TCP_FASTOPEN_CONNECT */
	uint8_t save_syn; /* of a listener: 1: IP and TCP headers, 2: the link's as well */
	bool pmtudisc_set : 1;
	bool inq : 1; /* TCP_INQ: recvmsg tells what is left */

	/* Of one connection alone: not inherited. */
	struct errq errq;
	struct tcp_marks *marks;       /* NULL: none yet */
	struct tcp_arrivals *arrivals; /* NULL: none yet */
	struct tcp_md5_key *md5;       /* RFC 2385; NULL: no key */
	struct tcp_saved_syn *syn;     /* NULL: none, or read already */
	seq_t ts_base;		       /* what SOF_TIMESTAMPING_OPT_ID counts from */
	uint32_t zerocopy_next;	       /* number of the next zero-copy send */
	struct tcp_plb plb;
};

/* Its options, not to be written: own ones, or the defaults. */
const struct tcp_rare *tcp_rare(const struct tcb *t);
/* Its own, made if need be; NULL: no memory. */
struct tcp_rare *tcp_rare_own(struct ph_stack *st, struct tcb *t);
void tcp_rare_free(struct ph_stack *st, struct tcb *t);
/* A child gets what its listener has. False: no memory. */
bool tcp_rare_inherit(struct ph_stack *st, struct tcb *child, const struct tcb *listener);

#endif
