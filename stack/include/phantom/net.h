/* SPDX-License-Identifier: BSD-2-Clause */
/* Links, packets, addresses, routes, neighbours, DHCP. Included by phantom.h. */
#ifndef PHANTOM_NET_H
#define PHANTOM_NET_H

#include <phantom/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- links and packets -------------------------------------------------------------------- */

enum ph_link_kind {
	PH_LINK_ETHER, /* frames with an Ethernet header (TAP) */
	PH_LINK_IP,    /* packets without one (TUN) */
	PH_LINK_VLAN,  /* those frames of another link that have an 802.1Q tag with its number */
	PH_LINK_LOOPBACK /* `lo`, which every stack has: the first link, and nobody adds another */
};
enum {			    /* ph_link_conf.offload: what the device does for us */
	PH_OFFLOAD_CSUM = 1, /* takes and gives packets whose checksum is still to be filled in */
	PH_OFFLOAD_TSO4 = 2, /* takes and gives TCP super-segments of up to 64 KiB over IPv4 */
	PH_OFFLOAD_TSO6 = 4,
	/* Segments read in one batch are acknowledged together, as where Linux joins them on
	 * receipt: no sooner than ph_stack_run(), and for at most 64 KiB. Those that follow each
	 * other are looked at together, when another call is made or another frame comes; with a
	 * trace sink one by one. */
	PH_OFFLOAD_GRO = 8
};
struct ph_link_conf {
	const char *name; /* copied, at most 15 bytes */
	enum ph_link_kind kind;
	uint8_t mac[6];
	uint32_t mtu;	     /* bytes of an IP packet, 68..65535; 0: 1500 */
	uint32_t offload;    /* PH_OFFLOAD_* */
	uint32_t txqueuelen; /* packets; 0: 1000 */
	/* PH_LINK_VLAN: the link that carries it, of PH_LINK_ETHER, and its number, 1..4094. mac all zero
	 * and mtu 0: as the link below. It has no queue: frames leave by the link below. */
	ph_link parent;
	uint16_t vlan;
};
enum { PH_LINK_LO = 1 }; /* the index of `lo`: 127.0.0.1/8, ::1 and packets to any address of ours */
/* The new link's index, one that no link had before, or -EINVAL, -EEXIST (name, or number of a VLAN),
 * -ENOSPC (max_links), -ENOMEM, of a VLAN -ENODEV. */
ph_link ph_link_add(struct ph_stack *st, const struct ph_link_conf *conf, uint64_t now_ns) PH_CHECK;
/* Drops its VLANs, addresses, routes, neighbours and queue; connections over it time out. 0, -ENODEV,
 * -EOPNOTSUPP (lo). */
int ph_link_remove(struct ph_stack *st, ph_link link, uint64_t now_ns);
/* What a link in use can become; 0 and NULL: as it was. A new hardware address makes no new IPv6
 * addresses. 0, -ENODEV, -EINVAL (an mtu below 68, with IPv6 1280, or above that of the link below). */
struct ph_link_change {
	uint32_t mtu;
	uint32_t txqueuelen;
	const uint8_t *mac;
};
int ph_link_change(struct ph_stack *st, ph_link link, const struct ph_link_change *to,
		   uint64_t now_ns) PH_CHECK;

/*
 * The user turns a link off or on, as ip link set down: IPv4 keeps its addresses and has its routes to
 * subnets again, every other route is lost; IPv6 begins anew; neighbours are forgotten. 0, -ENODEV.
 */
int ph_link_up(struct ph_stack *st, ph_link link, bool up, uint64_t now_ns);
/*
 * The device lost its carrier or has it again. Without, frames are lost, neighbours but permanent ones are
 * forgotten; addresses and routes stay (net.ipv4.conf.NAME.ignore_routes_with_linkdown). With it again the
 * network may be another one: groups are told anew, IPv6 addresses are asked about while they are used,
 * routers asked for, and ph_dhcp_check() is done. 0, -ENODEV.
 */
int ph_link_carrier(struct ph_stack *st, ph_link link, bool carrier, uint64_t now_ns);

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

/* All but permanent ones, of both families. 0, -ENODEV. */
int ph_neigh_flush(struct ph_stack *st, ph_link link, uint64_t now_ns);

struct ph_link_info {
	ph_link link;
	char name[16];
	enum ph_link_kind kind;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t offload, txqueuelen, queued;
	uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes, tx_dropped;
	uint64_t multicast; /* received, broadcasts included */
	/* The kinds, as struct rtnl_link_stats64 names them; what was not used for whatever reason is also in
	 * rx_dropped. tx_carrier_errors: sent while the link did not run. */
	uint64_t rx_length_errors, rx_otherhost_dropped, rx_nohandler, tx_carrier_errors;
	bool up, running;   /* running: up, and so is what is below, with a carrier */
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
	bool linkdown;	     /* its link has no carrier */
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
struct ph_group_info {
	ph_link link;
	struct ph_ip ip;
	uint32_t users; /* sockets that are in it, and one for the stack itself */
};
/* Lists: fill at most n, return how many there are in all. */
size_t ph_links(const struct ph_stack *st, struct ph_link_info *out, size_t n);
size_t ph_addrs(const struct ph_stack *st, struct ph_addr_info *out, size_t n);
size_t ph_routes(const struct ph_stack *st, struct ph_route_info *out, size_t n);
size_t ph_groups(const struct ph_stack *st, struct ph_group_info *out, size_t n);
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
 * it is still there, and the server for the same address; until one of them answers no neighbour is
 * told of it. A link-local address is asked for anew (RFC 4436). 0 or -ENOENT: there is neither.
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

#ifdef __cplusplus
}
#endif
#endif
