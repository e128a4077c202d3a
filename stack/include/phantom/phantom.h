/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom: a TCP/IP host as a library that makes no system call.
 *
 * The stack is a function of its inputs. Frames, time, entropy and socket calls go in; frames,
 * ready sockets and one deadline come out. It keeps no global, reads no clock, never blocks and
 * never calls back while a segment is processed. Many stacks live in one process side by side.
 *
 *	st = ph_stack_new(&conf);
 *	link = ph_link_add(st, &link_conf, now);
 *	ph_addr_add(st, link, &addr, 24);
 *	for (;;) {
 *		wait until a frame arrives, or ph_stack_deadline(st);
 *		ph_link_input(st, link, pkt, now);	for each frame that arrived
 *		ph_stack_run(st, now);			timers that are due
 *		while ((n = ph_ready(st, events, 64)) > 0) serve the sockets;
 *		while ((pkt = ph_link_output(st, link, now))) send it, then ph_pkt_free(st, pkt);
 *	}
 *
 * Errors are negative errno values with Linux's numbers; families, socket types, option levels and
 * names, message flags, poll bits and struct ph_tcp_info have Linux's numbers and layout too.
 * Times are nanoseconds of any monotonic clock, in uint64_t. Addresses and ports are documented per
 * field. A stack must be used by one thread at a time.
 */
#ifndef PHANTOM_PHANTOM_H
#define PHANTOM_PHANTOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PH_CHECK __attribute__((warn_unused_result))

struct ph_stack;
struct ph_pkt;
typedef int ph_link;   /* 1, 2, ...: an interface index */
typedef int ph_socket; /* 0, 1, ...: a socket of one stack */

#define PH_NEVER UINT64_MAX

/* ---- the stack ---------------------------------------------------------------------------- */

/* What a trace sink is given. `values[i]` is field i of `type`; strings are NUL-terminated
 * pointers. */
enum ph_trace_kind { PH_TRACE_U64, PH_TRACE_STR, PH_TRACE_IP };
struct ph_trace_field {
	const char *name;
	enum ph_trace_kind kind;
};
struct ph_trace_type {
	const char *category; /* qlog's: connectivity, transport, recovery, ... */
	const char *name;
	unsigned nfields;
	const struct ph_trace_field *fields;
};
union ph_trace_value {
	uint64_t u64;
	const char *str;
	const uint8_t *ip; /* 16 bytes; IPv4 is ::ffff:a.b.c.d */
};
struct ph_trace_event {
	uint64_t at_ns;
	const struct ph_trace_type *type;
	const union ph_trace_value *values;
};

struct ph_conf {
	/* Memory, both required (malloc and free will do); release is told the size that was asked
	 * for. */
	void *(*alloc)(void *arg, size_t size);
	void (*release)(void *arg, void *ptr, size_t size);
	void *mem_arg;
	uint64_t mem_limit; /* bytes the stack may hold in all; 0: no limit */

	uint8_t key[32]; /* entropy, from getrandom(); a constant makes a run repeat exactly */
	/*
	 * RFC 7217's secret, kept from run to run so that IPv6 addresses stay the same; all zero:
	 * made from key.
	 */
	uint8_t stable_secret[16];
	uint64_t now_ns; /* the time of creation */
	uint64_t wall_offset_ns; /* what makes the time of day of it, in time stamps; 0: the same */

	/* Limits; 0 takes the default written beside it. */
	uint32_t max_sockets;	   /* 1,048,576: sockets that the user holds */
	uint32_t max_connections;  /* 1,048,576: TCP connections, embryonic ones included */
	uint32_t max_timewait;	   /* 262,144 */
	uint32_t max_neighbours;   /* 1,024 */
	uint32_t max_routes;	   /* 1,024 */
	uint32_t max_reassemblies; /* 1,024: IPv4 datagrams being put together */
	uint32_t max_links;	   /* 64 */

	void (*trace)(void *arg, const struct ph_trace_event *event); /* NULL: none */
	void *trace_arg;
};

/* A new stack without links, or NULL when memory is short or conf gives no alloc and release. */
struct ph_stack *ph_stack_new(const struct ph_conf *conf) PH_CHECK;
/* Frees the stack and all it holds, without a word on the wire. */
void ph_stack_free(struct ph_stack *st);
/* Fires the timers that are due at now_ns, and starts the senders that a full link had stopped. */
void ph_stack_run(struct ph_stack *st, uint64_t now_ns);
/* When ph_stack_run wants to be called next; PH_NEVER when nothing is pending; may lie in the past.
 */
uint64_t ph_stack_deadline(const struct ph_stack *st);
/* Resets and closes all TCP connections (RST on the wire) and closes all sockets: for an orderly
 * end. */
void ph_stack_abort(struct ph_stack *st, uint64_t now_ns);

/* Pieces in use in all pools: 0 packets, sockets, connections after everything was closed. */
struct ph_usage {
	uint64_t bytes, bytes_peak; /* memory taken from alloc */
	uint32_t packets, buffers, timers, sockets, connections, timewait, neighbours, reassemblies;
};
void ph_stack_usage(const struct ph_stack *st, struct ph_usage *usage);

/* For tests: makes the nth allocation of packets and connections from now fail (0: stop). */
void ph_stack_fail_at(struct ph_stack *st, uint64_t nth);
/* For tests: evaluates what must hold of every part between two calls (sums, orders, windows, "who
 * waits has a timer"). Costs as much as the stack holds. False: *broken says what does not hold. */
struct ph_claim {
	const char *part, *what;
	uint32_t conn; /* as in trace events; 0: of no connection */
	uint64_t a, b; /* what was compared */
};
bool ph_stack_check(const struct ph_stack *st, struct ph_claim *broken) PH_CHECK;

/* ---- addresses ---------------------------------------------------------------------------- */

/* An IPv6 address in network order; an IPv4 address a.b.c.d is kept as ::ffff:a.b.c.d. */
struct ph_ip {
	uint8_t b[16];
};
struct ph_ip ph_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool ph_ip_is4(const struct ph_ip *ip);

/* ---- links and packets -------------------------------------------------------------------- */

enum ph_link_kind {
	PH_LINK_ETHER, /* frames with an Ethernet header (TAP) */
	PH_LINK_IP,    /* packets without one (TUN) */
	PH_LINK_VLAN   /* those frames of another link that have an 802.1Q tag with its number */
};
enum {			    /* ph_link_conf.offload: what the device does for us */
	PH_OFFLOAD_CSUM = 1, /* takes and gives packets whose checksum is still to be filled in */
	PH_OFFLOAD_TSO4 = 2, /* takes and gives TCP super-segments of up to 64 KiB over IPv4 */
	PH_OFFLOAD_TSO6 = 4,
	/* Segments read in one batch are acknowledged together, as where Linux joins them on
	 * receipt: no sooner than ph_stack_run(), and for at most 64 KiB. */
	PH_OFFLOAD_GRO = 8
};
struct ph_link_conf {
	const char *name; /* copied, at most 15 bytes */
	enum ph_link_kind kind;
	uint8_t mac[6];
	uint16_t mtu;	     /* bytes of an IP packet, 68..65535; 0: 1500 */
	uint32_t offload;    /* PH_OFFLOAD_* */
	uint32_t txqueuelen; /* packets; 0: 1000 */
	/* PH_LINK_VLAN: the link that carries it, of PH_LINK_ETHER, and its number, 1..4094. mac all zero
	 * and mtu 0: as the link below. It has no queue: frames leave by the link below. */
	ph_link parent;
	uint16_t vlan;
};
/* The new link's index, or -EINVAL, -ENOSPC (max_links), -ENOMEM, of a VLAN -ENODEV, -EEXIST. */
ph_link ph_link_add(struct ph_stack *st, const struct ph_link_conf *conf, uint64_t now_ns) PH_CHECK;
/* Drops its VLANs, addresses, routes, neighbours and queue; connections over it time out. 0, -ENODEV. */
int ph_link_remove(struct ph_stack *st, ph_link link, uint64_t now_ns);
/* What a link in use can become; 0 and NULL: as it was. A new hardware address makes no new IPv6
 * addresses. 0, -ENODEV, -EINVAL (an mtu below 68, with IPv6 1280, or above that of the link below). */
struct ph_link_change {
	uint16_t mtu;
	uint32_t txqueuelen;
	const uint8_t *mac;
};
int ph_link_change(struct ph_stack *st, ph_link link, const struct ph_link_change *to,
		   uint64_t now_ns) PH_CHECK;

struct ph_iov {
	void *base;
	size_t len;
};
/* struct virtio_net_hdr's fields, in host order, with its meanings and numbers. */
struct ph_offload {
	uint8_t flags;	  /* 1: VIRTIO_NET_HDR_F_NEEDS_CSUM, 2: VIRTIO_NET_HDR_F_DATA_VALID */
	uint8_t gso_type; /* 0 none, 1 TCPv4, 4 TCPv6, | 0x80 ECN */
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
enum { PH_RX_IOV = 2, PH_TX_IOV = 20 };

/*
 * A packet to receive a frame into: fills iov[] with the memory a readv() should fill, in order,
 * and *n with how many (at most PH_RX_IOV); large enough for what the link's mtu and offload allow.
 * NULL when memory is short: the frame should then be read and dropped. Give it to ph_link_input or
 * ph_pkt_free.
 */
struct ph_pkt *ph_pkt_rx(struct ph_stack *st, ph_link link, struct ph_iov iov[PH_RX_IOV],
			 int *n) PH_CHECK;
/* Says that `len` bytes arrived in it. `offload` may be NULL (a plain frame). 0 or -EINVAL when it
 * lies. */
int ph_pkt_filled(struct ph_pkt *pkt, size_t len, const struct ph_offload *offload) PH_CHECK;
/* A frame for the stack: takes the packet. Malformed ones are counted, traced and freed. */
void ph_link_input(struct ph_stack *st, ph_link link, struct ph_pkt *take_pkt, uint64_t now_ns);
/* The same from bytes, copied. 0, -ENOMEM, -EMSGSIZE. */
int ph_link_input_bytes(struct ph_stack *st, ph_link link, const void *bytes, size_t len,
			const struct ph_offload *offload, uint64_t now_ns);
/* The next frame to send, or NULL. The caller sends its bytes and frees it. */
struct ph_pkt *ph_link_output(struct ph_stack *st, ph_link link, uint64_t now_ns) PH_CHECK;
/* The frame's bytes, in at most PH_TX_IOV pieces; returns how many. */
int ph_pkt_iov(const struct ph_pkt *pkt, struct ph_iov iov[PH_TX_IOV]);
size_t ph_pkt_len(const struct ph_pkt *pkt);
void ph_pkt_offload(const struct ph_pkt *pkt, struct ph_offload *offload);
/* The next frame copied into bytes[cap]: its length, 0 when there is none, -EMSGSIZE (frame
 * dropped). */
int ph_link_output_bytes(struct ph_stack *st, ph_link link, void *bytes, size_t cap,
			 uint64_t now_ns);
void ph_pkt_free(struct ph_stack *st, struct ph_pkt *pkt);

struct ph_sockaddr;

/* ---- addresses, routes, neighbours -------------------------------------------------------- */

/*
 * IPv6 on a link: off; with a link-local address and those that ph_addr_add() gives; or configured
 * by routers as well. Adding an IPv6 address to a link where it is off makes it PH_IPV6_STATIC.
 * Another mode begins anew: what the link had of IPv6 goes. 0, -ENODEV, -ENOMEM, -EINVAL (the mtu is
 * below 1280).
 */
enum ph_ipv6_mode { PH_IPV6_OFF, PH_IPV6_STATIC, PH_IPV6_SLAAC };
int ph_link_ipv6(struct ph_stack *st, ph_link link, enum ph_ipv6_mode mode,
		 uint64_t now_ns) PH_CHECK;


/* -EEXIST, -EADDRNOTAVAIL (not a unicast host address), -EINVAL (prefix), -ENODEV, -ENOSPC. */
int ph_addr_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix,
		uint64_t now_ns) PH_CHECK;
int ph_addr_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip, uint64_t now_ns);
/*
 * The same for IPv4, once nobody answers for it (RFC 5227 2.1: three probes, some six seconds); it
 * is then announced, and defended as `mode` says. Where another has it, it is asked for again once a
 * minute; when it is lost, its connections are reset and it goes. ph_addr_del() ends all of that.
 */
enum ph_acd_mode {
	PH_ACD_DEFEND_ONCE,  /* RFC 5227 2.4 (b): a second conflict within ten seconds takes it */
	PH_ACD_CEDE,	     /* (a): the first does */
	PH_ACD_DEFEND_ALWAYS /* (c): none does; for servers whose address is known to all */
};
int ph_addr_claim(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix,
		  enum ph_acd_mode mode, uint64_t now_ns) PH_CHECK;
/*
 * One address of 169.254/16 that nobody else has, for a link where nobody gives any (RFC 3927): tried
 * in an order that the link's hardware address decides, defended once, exchanged for another when it
 * is lost. 0, -ENODEV, -EOPNOTSUPP (no Ethernet), -EEXIST (it runs already), -ENOSPC.
 */
int ph_linklocal_start(struct ph_stack *st, ph_link link, uint64_t now_ns) PH_CHECK;
/* Its connections are reset. 0 or -ENOENT. */
int ph_linklocal_stop(struct ph_stack *st, ph_link link, uint64_t now_ns);
/* Differs from what it was when an address, a route, a lease or a link came, went or changed. */
uint32_t ph_net_changes(const struct ph_stack *st);
/* gateway NULL: on-link. For IPv4 the prefix counts from the IPv4 address's first bit (0..32). */
int ph_route_add(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint32_t metric,
		 uint64_t now_ns) PH_CHECK;
int ph_route_del(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint64_t now_ns);
/* What a route does beyond its way, as ip-route(8) has it; 0: as without it. */
struct ph_route_metrics {
	uint32_t mtu;	     /* at most the link's */
	uint32_t advmss;     /* announced at most */
	uint32_t initcwnd;   /* segments */
	uint32_t initrwnd;   /* segments */
	uint32_t rto_min_us; /* before net.ipv4.tcp_rto_min_us and the sockets' */
	uint8_t mtu_lock;    /* no ICMP message makes it less */
	uint8_t quickack;    /* every segment is acknowledged at once */
	uint8_t ecn;	     /* asked for and granted, whatever net.ipv4.tcp_ecn says */
	char congctl[17];    /* the algorithm's name */
};
/* Gives them to a route that is there, in place of those it had; NULL: none. -ESRCH: no such route,
 * -EINVAL, -ENOSPC: 16 routes have some. */
int ph_route_metrics(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix, ph_link link,
		     const struct ph_route_metrics *m, uint64_t now_ns) PH_CHECK;
/* A permanent entry, in place of what was learned. 0, -ENODEV, -EINVAL, -ENOSPC. */
int ph_neigh_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, const uint8_t mac[6],
		 uint64_t now_ns);
/* Forgets one, permanent or learned; it is asked for anew when needed. 0, -ENODEV, -ENOENT. */
int ph_neigh_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip, uint64_t now_ns);

struct ph_link_info {
	ph_link link;
	char name[16];
	enum ph_link_kind kind;
	uint8_t mac[6];
	uint16_t mtu;
	uint32_t offload, txqueuelen, queued;
	uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes, tx_dropped;
	uint64_t multicast; /* received, broadcasts included */
	ph_link parent;	    /* of a VLAN; else 0 */
	uint16_t vlan;
};
enum { /* ph_addr_info.flags, of IPv6 */
	PH_ADDR_TENTATIVE = 1,	/* not ours yet: duplicates are looked for */
	PH_ADDR_OPTIMISTIC = 2, /* but used all the same */
	PH_ADDR_DADFAILED = 4,	/* somebody else has it */
	PH_ADDR_DEPRECATED = 8, /* not for new connections */
	PH_ADDR_TEMPORARY = 16,
	PH_ADDR_AUTO = 32 /* made by the stack, not given by the user */
};
struct ph_addr_info {
	ph_link link;
	struct ph_ip ip;
	unsigned prefix;
	uint32_t flags;
	uint32_t preferred_s, valid_s; /* IPv6: what is left; UINT32_MAX: for ever */
};
struct ph_route_info {
	struct ph_ip dst, gateway; /* gateway all zero: on-link */
	unsigned prefix;
	ph_link link;
	uint32_t metric;
	const char *proto;   /* Linux's words: kernel static ra redirect */
	int preference;	     /* of routes from advertisements: -1 low, 0 medium, 1 high */
	uint32_t expires_s;  /* what is left; UINT32_MAX: for ever */
};
struct ph_neigh_info {
	ph_link link;
	struct ph_ip ip;
	uint8_t mac[6];
	const char
		*state; /* Linux's words: INCOMPLETE REACHABLE STALE DELAY PROBE FAILED PERMANENT */
	uint32_t queued;
};
/* Lists: fill at most n, return how many there are in all. */
size_t ph_links(const struct ph_stack *st, struct ph_link_info *out, size_t n);
size_t ph_addrs(const struct ph_stack *st, struct ph_addr_info *out, size_t n);
size_t ph_routes(const struct ph_stack *st, struct ph_route_info *out, size_t n);
size_t ph_neighs(const struct ph_stack *st, struct ph_neigh_info *out, size_t n);

/*
 * Default address selection (RFC 6724): the policy table, replaced whole; at first the RFC's own.
 * 0, -ENOSPC (64 rows), -EINVAL (a length above 128).
 */
struct ph_policy {
	struct ph_ip prefix;
	unsigned prefix_len;
	uint32_t precedence, label;
};
int ph_policy_set(struct ph_stack *st, const struct ph_policy *rows, size_t n,
		  uint64_t now_ns) PH_CHECK;
size_t ph_policy(const struct ph_stack *st, struct ph_policy *out, size_t n);
/*
 * Addresses of one name, the one to try first to the front (RFC 6724 6), for a getaddrinfo(); of
 * equals the order stays. 0, -ENOSPC (64).
 */
int ph_sort_destinations(struct ph_stack *st, struct ph_sockaddr *addrs, size_t n,
			 uint64_t now_ns) PH_CHECK;

/* Name servers and search domains that routers advertised (RFC 8106). */
enum { PH_DNS_NAME = 256 };
struct ph_dns_info {
	ph_link link;
	struct ph_ip server;	  /* all zero: a domain */
	char domain[PH_DNS_NAME]; /* "": a server */
	uint32_t valid_s;	  /* what is left; UINT32_MAX: for ever */
};
size_t ph_dns(const struct ph_stack *st, struct ph_dns_info *out, size_t n);

/* ---- DHCPv4 ------------------------------------------------------------------------------- */

/*
 * Gets the link an address, and keeps it (RFC 2131): asked about by ARP before it is used (RFC 5227),
 * renewed, given up with its connections when the lease ends. Links with an Ethernet header only.
 */
struct ph_dhcp_conf {
	const char *hostname; /* told to the server; NULL: none */
	const uint8_t *duid;  /* who we are (RFC 4361), at most 59 bytes; NULL: from the address of the
				 link */
	size_t duid_len;
	uint32_t lease_s; /* to ask for; 0: as the server likes */
	uint32_t wait_ms; /* the first question leaves after up to as long, by chance; 0: one to ten
			     seconds (RFC 2131 4.4.1) */
	struct ph_ip known; /* an address of before with known_s left of its lease: asked for again */
	uint32_t known_s;
	bool inform; /* `known` is the link's, given by hand: ask for everything else */
	/* Take the server's routes (RFC 3442) instead of its routers: they can lead all traffic
	 * anywhere. */
	bool classless_routes;
	bool use_mtu; /* the server's word lowers the link's, not below 576, with IPv6 not below 1280 */
	bool link_local; /* while no server answers: ph_linklocal_start() */
	enum ph_acd_mode defend;
};
/* 0, -ENODEV, -EOPNOTSUPP (no Ethernet), -EEXIST (runs already), -EINVAL (hostname, duid), -ENOMEM. */
int ph_dhcp_start(struct ph_stack *st, ph_link link, const struct ph_dhcp_conf *conf,
		  uint64_t now_ns) PH_CHECK;
/* With `release` the server is told; without, the lease can be asked for again at the next start. 0 or
 * -ENOENT. */
int ph_dhcp_stop(struct ph_stack *st, ph_link link, bool release, uint64_t now_ns);
/*
 * The link was away and is back, perhaps in another network: the router known is asked by ARP whether
 * it is still there, and the server for the same address (RFC 4436). 0 or -ENOENT.
 */
int ph_dhcp_check(struct ph_stack *st, ph_link link, uint64_t now_ns);

enum { PH_DHCP_LIST = 8 };
struct ph_dhcp_info {
	ph_link link;
	const char *state; /* RFC 2131's words: INIT SELECTING REQUESTING BOUND RENEWING ... */
	struct ph_ip ip, server; /* all zero: none now */
	unsigned prefix;
	uint16_t mtu; /* told; 0: not */
	uint32_t renew_s, rebind_s, expire_s; /* from now; UINT32_MAX: never */
	struct ph_ip routers[PH_DHCP_LIST], dns[PH_DHCP_LIST], ntp[PH_DHCP_LIST];
	unsigned nrouters, ndns, nntp;
	char hostname[256], domain[256]; /* given; "": not */
	uint32_t sent, received, bad, foreign, naks, declined; /* messages */
};
/* 0 or -ENOENT: DHCP does not run there. */
int ph_dhcp_info(const struct ph_stack *st, ph_link link, struct ph_dhcp_info *out);

/* ---- sysctls and counters ----------------------------------------------------------------- */

/* Values as text, as in /proc/sys. -ENOENT unknown, -EINVAL not a number or out of bounds, -EPERM
 * read-only. */
int ph_sysctl_set(struct ph_stack *st, const char *name, const char *value) PH_CHECK;
int ph_sysctl_get(const struct ph_stack *st, const char *name, char *out, size_t cap) PH_CHECK;
struct ph_sysctl_info {
	const char *name, *help;
	int64_t min, max;
	unsigned nvalues; /* 1, or 2 or 3 that ascend, as tcp_rmem has; 0: words */
	const char *words; /* those it may have, at most `max` of them; NULL: numbers */
};
/* Row i of the table, or NULL past its end. */
const struct ph_sysctl_info *ph_sysctl_row(size_t i);

/* Counter i's name ("TcpExtTCPTimeouts", as nstat prints it; drop reasons as "PhantomDrop..."), or
 * NULL past the end. */
const char *ph_counter_name(size_t i);
uint64_t ph_counter(const struct ph_stack *st, size_t i);
/* By name; 0 for a name that is not there. */
uint64_t ph_counter_by_name(const struct ph_stack *st, const char *name);

/* ---- sockets ------------------------------------------------------------------------------ */

struct ph_sockaddr {
	uint16_t family; /* PH_AF_INET, PH_AF_INET6 */
	uint16_t port;	 /* host order */
	struct ph_ip ip; /* all zero or ::ffff:0.0.0.0: any */
	uint32_t scope;	 /* a link's index, for link-local IPv6 */
	uint32_t flow;	 /* IPv6: flow label, 20 bits; 0: the stack chooses */
};

enum { PH_AF_INET = 2, PH_AF_INET6 = 10 };
enum { PH_SOCK_STREAM = 1, PH_SOCK_DGRAM = 2, PH_SOCK_RAW = 3 };
enum {
	PH_IPPROTO_IP = 0,
	PH_IPPROTO_ICMP = 1,
	PH_IPPROTO_IGMP = 2,
	PH_IPPROTO_TCP = 6,
	PH_IPPROTO_UDP = 17,
	PH_IPPROTO_IPV6 = 41,
	PH_IPPROTO_ICMPV6 = 58
};
enum { PH_SHUT_RD = 0, PH_SHUT_WR = 1, PH_SHUT_RDWR = 2 };
enum {
	PH_POLLIN = 1,
	PH_POLLPRI = 2,
	PH_POLLOUT = 4,
	PH_POLLERR = 8,
	PH_POLLHUP = 16,
	PH_POLLRDHUP = 0x2000
};
enum {
	PH_MSG_OOB = 1,
	PH_MSG_PEEK = 2,
	PH_MSG_CTRUNC = 8, /* out: control data did not all fit */
	PH_MSG_TRUNC = 0x20,
	PH_MSG_DONTWAIT = 0x40,
	PH_MSG_EOR = 0x80,
	PH_MSG_WAITALL = 0x100,
	PH_MSG_ERRQUEUE = 0x2000,
	PH_MSG_NOSIGNAL = 0x4000,
	PH_MSG_MORE = 0x8000,
	PH_MSG_ZEROCOPY = 0x4000000,
	PH_MSG_FASTOPEN = 0x20000000
};
enum {
	PH_SOL_SOCKET = 1,
	PH_SO_DEBUG = 1,
	PH_SO_REUSEADDR = 2,
	PH_SO_TYPE = 3,
	PH_SO_ERROR = 4,
	PH_SO_DONTROUTE = 5,
	PH_SO_BROADCAST = 6,
	PH_SO_SNDBUF = 7,
	PH_SO_RCVBUF = 8,
	PH_SO_KEEPALIVE = 9,
	PH_SO_OOBINLINE = 10,
	PH_SO_NO_CHECK = 11,
	PH_SO_PRIORITY = 12,
	PH_SO_LINGER = 13,
	PH_SO_BSDCOMPAT = 14,
	PH_SO_REUSEPORT = 15,
	PH_SO_PASSCRED = 16,
	PH_SO_RCVLOWAT = 18,
	PH_SO_SNDLOWAT = 19,
	PH_SO_RCVTIMEO = 20,
	PH_SO_SNDTIMEO = 21,
	PH_SO_BINDTODEVICE = 25,
	PH_SO_TIMESTAMP = 29,
	PH_SO_ACCEPTCONN = 30,
	PH_SO_SNDBUFFORCE = 32,
	PH_SO_RCVBUFFORCE = 33,
	PH_SO_PASSSEC = 34,
	PH_SO_TIMESTAMPNS = 35,
	PH_SO_MARK = 36,
	PH_SO_TIMESTAMPING = 37,
	PH_SO_PROTOCOL = 38,
	PH_SO_DOMAIN = 39,
	PH_SO_RXQ_OVFL = 40,
	PH_SO_WIFI_STATUS = 41,
	PH_SO_PEEK_OFF = 42,
	PH_SO_NOFCS = 43,
	PH_SO_SELECT_ERR_QUEUE = 45,
	PH_SO_BUSY_POLL = 46,
	PH_SO_MAX_PACING_RATE = 47,
	PH_SO_INCOMING_CPU = 49,
	PH_SO_CNX_ADVICE = 53,
	PH_SO_MEMINFO = 55,
	PH_SO_INCOMING_NAPI_ID = 56,
	PH_SO_COOKIE = 57,
	PH_SO_ZEROCOPY = 60,
	PH_SO_BINDTOIFINDEX = 62,
	PH_SO_TIMESTAMP_NEW = 63,
	PH_SO_TIMESTAMPNS_NEW = 64,
	PH_SO_TIMESTAMPING_NEW = 65,
	PH_SO_RCVTIMEO_NEW = 66,
	PH_SO_SNDTIMEO_NEW = 67,
	PH_SO_PREFER_BUSY_POLL = 69,
	PH_SO_BUSY_POLL_BUDGET = 70,
	PH_SO_BUF_LOCK = 72,
	PH_SO_RESERVE_MEM = 73,
	PH_SO_TXREHASH = 74,
	PH_SO_RCVMARK = 75,
	PH_SO_PASSPIDFD = 76,
	PH_SO_RCVPRIORITY = 82,
	PH_SO_PASSRIGHTS = 83
};
enum {
	PH_IPV6_CHECKSUM = 7,
	PH_IPV6_FLOWINFO = 11,
	PH_IPV6_UNICAST_HOPS = 16,
	PH_IPV6_MULTICAST_IF = 17,
	PH_IPV6_MULTICAST_HOPS = 18,
	PH_IPV6_MULTICAST_LOOP = 19,
	PH_IPV6_JOIN_GROUP = 20,
	PH_IPV6_LEAVE_GROUP = 21,
	PH_IPV6_MTU_DISCOVER = 23,
	PH_IPV6_MTU = 24,
	PH_IPV6_RECVERR = 25,
	PH_IPV6_V6ONLY = 26,
	PH_IPV6_MULTICAST_ALL = 29,
	PH_IPV6_FLOWINFO_SEND = 33,
	PH_IPV6_RECVPKTINFO = 49,
	PH_IPV6_PKTINFO = 50,
	PH_IPV6_RECVHOPLIMIT = 51,
	PH_IPV6_HOPLIMIT = 52,
	PH_IPV6_DONTFRAG = 62,
	PH_IPV6_RECVTCLASS = 66,
	PH_IPV6_TCLASS = 67,
	PH_IPV6_AUTOFLOWLABEL = 70,
	PH_IPV6_RECVORIGDSTADDR = 74,
	PH_IPV6_UNICAST_IF = 76
};
enum {
	PH_IP_TOS = 1,
	PH_IP_TTL = 2,
	PH_IP_HDRINCL = 3,
	PH_IP_OPTIONS = 4,
	PH_IP_RECVOPTS = 6,
	PH_IP_RETOPTS = 7,
	PH_IP_PKTINFO = 8,
	PH_IP_MTU_DISCOVER = 10, /* PH_IP_PMTUDISC_* */
	PH_IP_RECVERR = 11,
	PH_IP_RECVTTL = 12,
	PH_IP_RECVTOS = 13,
	PH_IP_MTU = 14,
	PH_IP_FREEBIND = 15,
	PH_IP_PASSSEC = 18,
	PH_IP_TRANSPARENT = 19,
	PH_IP_RECVORIGDSTADDR = 20,
	PH_IP_MINTTL = 21,
	PH_IP_CHECKSUM = 23,
	PH_IP_BIND_ADDRESS_NO_PORT = 24,
	PH_IP_RECVERR_RFC4884 = 26,
	PH_IP_MULTICAST_IF = 32,
	PH_IP_MULTICAST_TTL = 33,
	PH_IP_MULTICAST_LOOP = 34,
	PH_IP_ADD_MEMBERSHIP = 35,
	PH_IP_DROP_MEMBERSHIP = 36,
	PH_IP_UNBLOCK_SOURCE = 37,
	PH_IP_BLOCK_SOURCE = 38,
	PH_IP_ADD_SOURCE_MEMBERSHIP = 39,
	PH_IP_DROP_SOURCE_MEMBERSHIP = 40,
	PH_IP_MSFILTER = 41,
	PH_MCAST_JOIN_GROUP = 42, /* these of both levels (RFC 3678 5) */
	PH_MCAST_BLOCK_SOURCE = 43,
	PH_MCAST_UNBLOCK_SOURCE = 44,
	PH_MCAST_LEAVE_GROUP = 45,
	PH_MCAST_JOIN_SOURCE_GROUP = 46,
	PH_MCAST_LEAVE_SOURCE_GROUP = 47,
	PH_MCAST_MSFILTER = 48,
	PH_IP_MULTICAST_ALL = 49,
	PH_IP_UNICAST_IF = 50,
	PH_IP_LOCAL_PORT_RANGE = 51
};
enum {
	PH_IP_PMTUDISC_DONT = 0,
	PH_IP_PMTUDISC_WANT = 1,
	PH_IP_PMTUDISC_DO = 2,
	PH_IP_PMTUDISC_PROBE = 3,
	PH_IP_PMTUDISC_INTERFACE = 4,
	PH_IP_PMTUDISC_OMIT = 5
};
enum {
	PH_UDP_CORK = 1,
	PH_UDP_NO_CHECK6_TX = 101,
	PH_UDP_NO_CHECK6_RX = 102,
	PH_UDP_SEGMENT = 103,
	PH_UDP_GRO = 104
};
enum {
	PH_TCP_NODELAY = 1,
	PH_TCP_MAXSEG = 2,
	PH_TCP_CORK = 3,
	PH_TCP_KEEPIDLE = 4,
	PH_TCP_KEEPINTVL = 5,
	PH_TCP_KEEPCNT = 6,
	PH_TCP_SYNCNT = 7,
	PH_TCP_LINGER2 = 8,
	PH_TCP_DEFER_ACCEPT = 9,
	PH_TCP_WINDOW_CLAMP = 10,
	PH_TCP_INFO = 11,
	PH_TCP_QUICKACK = 12,
	PH_TCP_CONGESTION = 13,
	PH_TCP_MD5SIG = 14,
	PH_TCP_THIN_LINEAR_TIMEOUTS = 16,
	PH_TCP_THIN_DUPACK = 17,
	PH_TCP_USER_TIMEOUT = 18,
	PH_TCP_FASTOPEN = 23,
	PH_TCP_TIMESTAMP = 24,
	PH_TCP_NOTSENT_LOWAT = 25,
	PH_TCP_CC_INFO = 26,
	PH_TCP_SAVE_SYN = 27,
	PH_TCP_SAVED_SYN = 28,
	PH_TCP_FASTOPEN_CONNECT = 30,
	PH_TCP_ULP = 31,
	PH_TCP_MD5SIG_EXT = 32,
	PH_TCP_FASTOPEN_KEY = 33,
	PH_TCP_FASTOPEN_NO_COOKIE = 34,
	PH_TCP_INQ = 36,
	PH_TCP_CM_INQ = PH_TCP_INQ,
	PH_TCP_TX_DELAY = 37,
	PH_TCP_IS_MPTCP = 43,
	PH_TCP_RTO_MAX_MS = 44,
	PH_TCP_RTO_MIN_US = 45,
	PH_TCP_DELACK_MAX_US = 46
};
/* SO_TIMESTAMPING's bits, and what SO_EE_ORIGIN_TIMESTAMPING's ee_info tells. */
enum {
	PH_SOF_TIMESTAMPING_TX_HARDWARE = 1,
	PH_SOF_TIMESTAMPING_TX_SOFTWARE = 1 << 1,
	PH_SOF_TIMESTAMPING_RX_HARDWARE = 1 << 2,
	PH_SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3,
	PH_SOF_TIMESTAMPING_SOFTWARE = 1 << 4,
	PH_SOF_TIMESTAMPING_OPT_ID = 1 << 7,
	PH_SOF_TIMESTAMPING_TX_SCHED = 1 << 8,
	PH_SOF_TIMESTAMPING_TX_ACK = 1 << 9,
	PH_SOF_TIMESTAMPING_OPT_CMSG = 1 << 10,
	PH_SOF_TIMESTAMPING_OPT_TSONLY = 1 << 11,
	PH_SOF_TIMESTAMPING_OPT_STATS = 1 << 12,
	PH_SOF_TIMESTAMPING_BIND_PHC = 1 << 15,
	PH_SOF_TIMESTAMPING_OPT_ID_TCP = 1 << 16,
	PH_SOF_TIMESTAMPING_MASK = (1 << 18) - 1
};
enum { PH_SCM_TSTAMP_SND = 0, PH_SCM_TSTAMP_SCHED = 1, PH_SCM_TSTAMP_ACK = 2 };

/* All calls return at once: -EAGAIN says wait for ph_ready. -EBADF: no such socket. */
ph_socket ph_socket_new(struct ph_stack *st, int family, int type, int protocol,
			uint64_t now_ns) PH_CHECK;
int ph_bind(struct ph_stack *st, ph_socket s, const struct ph_sockaddr *addr,
	    uint64_t now_ns) PH_CHECK;
int ph_listen(struct ph_stack *st, ph_socket s, int backlog, uint64_t now_ns) PH_CHECK;
ph_socket ph_accept(struct ph_stack *st, ph_socket s, struct ph_sockaddr *peer,
		    uint64_t now_ns) PH_CHECK;
/* 0 (UDP), -EINPROGRESS (TCP: POLLOUT says when; then SO_ERROR), or the error. */
int ph_connect(struct ph_stack *st, ph_socket s, const struct ph_sockaddr *addr,
	       uint64_t now_ns) PH_CHECK;
struct ph_msg {
	struct ph_sockaddr *name; /* NULL: none given, none wanted */
	struct ph_iov *iov;
	size_t niov;
	int flags; /* out, of ph_recvmsg: PH_MSG_TRUNC, ... */
	/* Control messages, one after the other as Linux's struct cmsghdr lays them out. ph_sendmsg
	 * reads control_len bytes; ph_recvmsg has control_cap bytes of room and writes control_len. */
	void *control;
	size_t control_cap, control_len;
};
/* Bytes taken or given, 0 at the end of a stream, or the error. One copy, here. */
int64_t ph_sendmsg(struct ph_stack *st, ph_socket s, const struct ph_msg *msg, int flags,
		   uint64_t now_ns) PH_CHECK;
int64_t ph_recvmsg(struct ph_stack *st, ph_socket s, struct ph_msg *msg, int flags,
		   uint64_t now_ns) PH_CHECK;
int64_t ph_send(struct ph_stack *st, ph_socket s, const void *bytes, size_t len, int flags,
		uint64_t now_ns) PH_CHECK;
int64_t ph_recv(struct ph_stack *st, ph_socket s, void *bytes, size_t len, int flags,
		uint64_t now_ns) PH_CHECK;
int ph_shutdown(struct ph_stack *st, ph_socket s, int how, uint64_t now_ns);
int ph_close(struct ph_stack *st, ph_socket s, uint64_t now_ns);
/* Ends a TCP connection from outside, as ss -K does: the peer is reset, the user is told ECONNABORTED and
 * still has the socket. 0, -EBADF, -EOPNOTSUPP. */
int ph_abort(struct ph_stack *st, ph_socket s, uint64_t now_ns);
int ph_getsockopt(struct ph_stack *st, ph_socket s, int level, int name, void *value,
		  uint32_t *len) PH_CHECK;
int ph_setsockopt(struct ph_stack *st, ph_socket s, int level, int name, const void *value,
		  uint32_t len, uint64_t now_ns) PH_CHECK;
int ph_getsockname(struct ph_stack *st, ph_socket s, struct ph_sockaddr *addr) PH_CHECK;
int ph_getpeername(struct ph_stack *st, ph_socket s, struct ph_sockaddr *addr) PH_CHECK;
/* PH_POLL* bits that hold now, as Linux's poll() would say. */
uint32_t ph_poll(struct ph_stack *st, ph_socket s);
/* SIOCINQ: bytes that can be read; SIOCOUTQ: bytes not yet acknowledged. */
int ph_inq(struct ph_stack *st, ph_socket s);
int ph_outq(struct ph_stack *st, ph_socket s);
/* The ioctls of tcp(7) and udp(7) with Linux's numbers; *value is written on 0. -EINVAL: not in this
 * state; -ENOTTY: no such request. */
enum {
	PH_SIOCINQ = 0x541B,
	PH_SIOCOUTQ = 0x5411,
	PH_SIOCATMARK = 0x8905, /* is the next octet the urgent one? */
	PH_SIOCOUTQNSD = 0x894B /* bytes that were never sent */
};
int ph_ioctl(struct ph_stack *st, ph_socket s, unsigned request, int *value) PH_CHECK;

struct ph_event {
	ph_socket socket;
	uint32_t events; /* ph_poll() at this moment */
};
/* Sockets whose readiness may have risen since they were last told of, at most n; each is told
 * once. */
int ph_ready(struct ph_stack *st, struct ph_event *events, int n);
/* A number of the user's own per socket, kept for it (an index, a pointer). */
int ph_set_user(struct ph_stack *st, ph_socket s, uint64_t user);
uint64_t ph_get_user(struct ph_stack *st, ph_socket s);

/* Everything that has an endpoint: user sockets, embryonic and orphaned connections, TIME-WAIT. */
struct ph_sock_info {
	ph_socket socket; /* -1: no user holds it */
	int type;	  /* PH_SOCK_* */
	int state; /* Linux's TCP_ESTABLISHED = 1 ... ; 7 (CLOSE) for an unconnected UDP socket */
	const char *state_name;
	struct ph_sockaddr local, peer;
	uint32_t recvq, sendq;
};
size_t ph_socks(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

/* Linux 6.18's struct tcp_info: the same layout. Fields that phantom does not keep yet are zero. */
struct ph_tcp_info {
	uint8_t tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes, tcpi_backoff,
		tcpi_options;
	uint8_t tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
	uint8_t tcpi_delivery_rate_app_limited : 1, tcpi_fastopen_client_fail : 2;
	uint32_t tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss;
	uint32_t tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans, tcpi_fackets;
	uint32_t tcpi_last_data_sent, tcpi_last_ack_sent, tcpi_last_data_recv, tcpi_last_ack_recv;
	uint32_t tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar, tcpi_snd_ssthresh,
		tcpi_snd_cwnd, tcpi_advmss, tcpi_reordering;
	uint32_t tcpi_rcv_rtt, tcpi_rcv_space, tcpi_total_retrans;
	uint64_t tcpi_pacing_rate, tcpi_max_pacing_rate, tcpi_bytes_acked, tcpi_bytes_received;
	uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes, tcpi_min_rtt, tcpi_data_segs_in,
		tcpi_data_segs_out;
	uint64_t tcpi_delivery_rate, tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited;
	uint32_t tcpi_delivered, tcpi_delivered_ce;
	uint64_t tcpi_bytes_sent, tcpi_bytes_retrans;
	uint32_t tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack, tcpi_snd_wnd, tcpi_rcv_wnd,
		tcpi_rehash;
	uint16_t tcpi_total_rto, tcpi_total_rto_recoveries;
	uint32_t tcpi_total_rto_time, tcpi_received_ce, tcpi_delivered_e1_bytes,
		tcpi_delivered_e0_bytes, tcpi_delivered_ce_bytes, tcpi_received_e1_bytes,
		tcpi_received_e0_bytes, tcpi_received_ce_bytes;
	uint16_t tcpi_accecn_fail_mode, tcpi_accecn_opt_seen;
};

#ifdef __cplusplus
}
#endif
#endif
