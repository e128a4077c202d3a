/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What sockets that send and receive whole messages share (udp/, raw/): the queue of what came,
 * readiness, options of SOL_SOCKET, SOL_IP and IPPROTO_IPV6, control messages both ways, pending
 * errors and the queue of them. Linux's names, numbers, bounds and errors (socket(7), ip(7), ipv6(7),
 * RFC 3542). What a protocol does otherwise is one struct dgram_ops, which sock/ finds by its type.
 */
#ifndef NET_DGRAM_H
#define NET_DGRAM_H

#include "base/errq.h"
#include "base/sockopts.h"
#include "base/stream.h"
#include "net/ip4_opt.h"
#include "net/ip6_opt.h"
#include "net/mc_sock.h"
#include "net/net.h"

enum { /* dgram.ip: switches of level SOL_IP */
	DGRAM_RECVERR = 1 << 0,
	DGRAM_PKTINFO = 1 << 1,
	DGRAM_RECVTTL = 1 << 2,
	DGRAM_RECVTOS = 1 << 3,
	DGRAM_RECVOPTS = 1 << 4,
	DGRAM_RETOPTS = 1 << 5,
	DGRAM_ORIGDST = 1 << 6,
	DGRAM_FREEBIND = 1 << 7,
	DGRAM_TRANSPARENT = 1 << 8,
	DGRAM_BIND_NO_PORT = 1 << 9,
	DGRAM_CHECKSUM = 1 << 10,
	DGRAM_RFC4884 = 1 << 11,
	DGRAM_PASSSEC = 1 << 12
};

enum { DGRAM_BUF_MIN = 2304, DGRAM_SNDBUF_MIN = 4608 }; /* Linux's least SO_RCVBUF, SO_SNDBUF */
enum { DGRAM_RECORD_CHARGE = 128 };			/* an empty message costs memory too */

struct dgram;
struct dgram_filter;
struct dgram_record;

/* A kind of socket. Calls return 0, or the result, or the negative errno. */
struct dgram_ops {
	int type;		/* PH_SOCK_* */
	int family, protocol; /* 0: both of IP; any */
	bool no_peer;	      /* connect(), shutdown(), getpeername() mean nothing */
	/* NULL: *error says why. `protocol` as the user gave it. */
	struct dgram *(*open)(struct ph_stack *st, int family, int protocol, int *error);
	int (*bind)(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a);
	int (*connect)(struct ph_stack *st, struct dgram *d,
		       const struct ph_sockaddr *a); /* family 0: dissolves */
	int64_t (*sendmsg)(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg, int flags);
	int (*setsockopt)(struct ph_stack *st, struct dgram *d, int level, int name,
			  const void *value, uint32_t len);
	int (*getsockopt)(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			  uint32_t *len);
	/* Control messages of its own; NULL: dgram_put_ip(). */
	void (*put_control)(const struct ph_stack *st, const struct dgram *d,
			    const struct dgram_record *r, struct ph_msg *msg);
	/* Out of the protocol's tables, and its memory given back after dgram_free(). */
	void (*close)(struct ph_stack *st, struct dgram *d);
};

struct dgram {
	const struct dgram_ops *ops;
	struct ready ready;
	struct list_node all;		/* of the protocol's list */
	struct ph_sockaddr local, peer; /* port 0: none */
	struct dst dst;			/* of the peer, or of the last message sent */
	struct stream rx;
	struct list records; /* of struct dgram_record: one for each message in rx */
	uint32_t nrecords;
	uint32_t counted;	/* what stands for this socket in *budget */
	uint64_t *budget;	/* bytes that all sockets of the protocol hold; NULL: not counted */
	bool connected, shut_rd, shut_wr;
	bool user_addr, user_port; /* bound by the user, not by the stack */
	bool v6; /* of family AF_INET6; its peers may be either */
	bool reuseaddr, reuseport;
	bool keepalive, oobinline, linger; /* kept, and of no meaning here */
	int linger_s, rcvlowat;
	uint32_t ip;		  /* DGRAM_* */
	uint8_t ttl, tos, min_ttl; /* ttl 0: the default */
	uint8_t pmtudisc;	  /* PH_IP_PMTUDISC_* */
	bool orig6;		  /* IPV6_RECVORIGDSTADDR */
	uint8_t opt_len;	  /* IP_OPTIONS */
	uint8_t opt[IP4_OPT_MAX];
	struct ip6_opt ip6;
	struct sockopts so;
	struct mc_sock mc;
	uint32_t rcvbuf, sndbuf;
	uint16_t port_lo, port_hi; /* IP_LOCAL_PORT_RANGE */
	ph_link bound;		   /* SO_BINDTODEVICE; 0: none */
	ph_link unicast_if;	   /* IP_UNICAST_IF, IPV6_UNICAST_IF */
	uint32_t dropped;	   /* messages for want of room (SO_RXQ_OVFL) */
	uint32_t tskey;		   /* SOF_TIMESTAMPING_OPT_ID: sends counted */
	int err;		   /* the next call's, positive */
	struct errq errq;
	struct dgram_filter *filter; /* SO_ATTACH_FILTER; NULL: everything is wanted */
	bool filter_locked;
};

/* IPv4 options as the user gives them, made whole: their length, a multiple of 4, -EINVAL, or -EPERM: a
 * source route. */
int dgram_take_options(const void *value, uint32_t len, uint8_t out[IP4_OPT_MAX]);
void dgram_init(struct ph_stack *st, struct dgram *d, const struct dgram_ops *ops, int family);
/* What it holds, and out of the list that `all` is in. */
void dgram_free(struct ph_stack *st, struct dgram *d);
/* No address of the family: any, port 0. */
struct ph_sockaddr dgram_nowhere(int family);
/* What ss shows of it. */
void dgram_describe(const struct dgram *d, int protocol, struct ph_sock_info *out);

/* 0, the negative errno; -ENOPROTOOPT: not one of these. `bound`: it has an address already. */
int dgram_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name, const void *value,
		     uint32_t len, bool bound);
/* to: where it is connected to, or NULL. */
int dgram_getsockopt(const struct ph_stack *st, const struct dgram *d, int level, int name,
		     void *value, uint32_t *len, const struct dst *to);

/* ---- a message in --------------------------------------------------------------------------- */

/* What is kept of how a message came, to tell the user. */
struct dgram_rx {
	struct ph_ip dst;
	ph_link link;
	uint16_t dport; /* 0: it has none */
	uint8_t ttl, tos;
	uint32_t flow;
	uint32_t dropped; /* before it */
	uint64_t at_ns;
	uint8_t opt_len; /* IPv4 options, with ourselves in them; kept where they are asked for */
	uint8_t opt[IP4_OPT_MAX];
};
void dgram_rx_of(const struct ph_stack *st, const struct dgram *d, const struct ip_rx *rx,
		 struct dgram_rx *out);

struct dgram_record { /* a message that waits to be read */
	struct list_node node;
	struct ph_sockaddr from;
	struct dgram_rx rx;
	uint32_t len;
	uint16_t segment; /* UDP_GRO: octets of each datagram joined here but the last; 0: one */
	bool whole;	  /* a shorter one ended it: nothing is joined to it any more */
};
/* Memory that what waits pins: what SO_RCVBUF is compared with. */
static inline uint64_t dgram_held(const struct dgram *d)
{
	return (uint64_t)d->rx.charged + (uint64_t)d->nrecords * DGRAM_RECORD_CHARGE;
}
/* The bytes of one message: `lead`, which is copied, then [off, off + len) of a packet. */
struct dgram_bytes {
	const void *lead;
	uint32_t lead_len, off, len;
	const struct pkt *pkt;
};
/*
 * Queues a message; the record is the caller's to complete at once. NULL: there is no room
 * (DROP_SOCKET_RCVBUFF), or no memory (DROP_NOMEM).
 */
struct dgram_record *dgram_queue(struct ph_stack *st, struct dgram *d, const struct ip_rx *rx,
				 const struct dgram_bytes *bytes, enum drop *why);
/* All that waits is forgotten. */
void dgram_queue_clear(struct ph_stack *st, struct dgram *d);
/* What it holds has changed: for the budget. */
void dgram_recount(struct dgram *d);

/* ---- the calls that all kinds share -------------------------------------------------------- */

int64_t dgram_recvmsg(struct ph_stack *st, struct dgram *d, struct ph_msg *msg, int flags);
int dgram_shutdown(struct ph_stack *st, struct dgram *d, int how);
uint32_t dgram_poll(const struct dgram *d);
int dgram_inq(const struct dgram *d);
int dgram_getname(const struct dgram *d, bool peer, struct ph_sockaddr *a);

/* SO_TIMESTAMP and SO_RXQ_OVFL, which come before the protocol's own. */
void dgram_put_socket(const struct ph_stack *st, const struct dgram *d, const struct dgram_rx *rx,
		      struct ph_msg *msg);
/* IP_PKTINFO ... IPV6_TCLASS. */
void dgram_put_ip(const struct ph_stack *st, const struct dgram *d, const struct dgram_rx *rx,
		  struct ph_msg *msg);

/* ---- a message out -------------------------------------------------------------------------- */

/* The bytes of a message, taken one after the other. */
struct dgram_reader {
	const struct ph_msg *msg;
	size_t iov, off; /* the next byte */
};
size_t dgram_msg_len(const struct ph_msg *msg);
/* At most as many as there are left: asserted by what the caller knows. */
void dgram_read(struct dgram_reader *r, uint8_t *to, uint32_t n);
/* The next n bytes as a packet, in one copy: behind the headers to come where they are few, else in a
 * buffer of their own. NULL: no memory. */
struct pkt *dgram_payload(struct ph_stack *st, struct dgram_reader *r, uint32_t n);

/* How one message leaves: the socket's settings, and what control messages say instead. */
struct dgram_tx {
	struct ph_ip src; /* all zero: as the socket has it */
	ph_link link;	  /* 0: any */
	struct ip_tx ip;
	bool ttl_set, ttl_none; /* given; 0 */
	uint32_t tsflags;
	uint16_t segment; /* UDP_SEGMENT; 0: not said */
	uint8_t opt_len;  /* IPv4 options, of dgram_tx_fit() on with ourselves in them */
	uint8_t opt[IP4_OPT_MAX];
};
/* The link and the address that a message to `dst` leaves by and from, where the socket says; what the
 * message itself says goes first. `src` may come back NULL. */
ph_link dgram_way(const struct dgram *d, const struct dgram_tx *tx, const struct ph_ip *dst,
		  const struct ph_ip **src);
/* d->dst for `to`, from the address that the socket is bound to. tx NULL: of no message. */
int dgram_route(struct ph_stack *st, struct dgram *d, const struct dgram_tx *tx,
		const struct ph_ip *to);
/* v4: the destination's family. 0, -EINVAL, -ENODEV. Other levels' messages are passed over but for
 * UDP_SEGMENT. */
int dgram_tx_init(const struct ph_stack *st, const struct dgram *d, const struct ph_msg *msg,
		  bool v4, struct dgram_tx *tx);
/*
 * The destination is known now: hop limit, DF, and the mtu to hold against (IP_MTU_DISCOVER).
 * `len` counts the transport header. 0 or -EMSGSIZE, which is on the error queue then if that is
 * wanted.
 */
int dgram_tx_fit(struct ph_stack *st, struct dgram *d, struct dgram_tx *tx, struct dst *to,
		 uint32_t len, const struct ph_sockaddr *name);
/* To a group: who of us hears it, too (IP_MULTICAST_LOOP), and whether anybody else does. */
void dgram_mark(const struct dgram *d, const struct dgram_tx *tx, const struct dst *to,
		struct pkt *p);
/* It left: the time for those who asked (SO_TIMESTAMPING). */
void dgram_sent(struct ph_stack *st, struct dgram *d, const struct dgram_tx *tx,
		const struct ph_sockaddr *name);

/* ---- errors --------------------------------------------------------------------------------- */

/*
 * An ICMP error about a message of this socket; `skip` bytes of the quote are the transport's. True:
 * the user is to be told (Linux's mapping; RFC 1122 4.1.3.3).
 */
bool dgram_error(struct ph_stack *st, struct dgram *d, const struct ip_err *err, uint32_t skip,
		 uint16_t dport, bool connected);
/* SO_ERROR: takes it. */
int dgram_take_error(struct dgram *d);
int64_t dgram_recv_errq(struct ph_stack *st, struct dgram *d, struct ph_msg *msg);

static inline bool dgram_readable_error(const struct dgram *d)
{
	return d->err != 0 || d->errq.n > 0;
}

#endif
