/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line as a struct. Everything that can be judged without a stack or a device is
 * judged here: what options_parse accepts is well formed. Called by main.
 */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/kaddr.h"
#include "phantom/phantom.h"

struct service;

/* How often an option may be given; and the room for a sentence. */
enum {
	OPT_LINKS_MAX = 16,
	OPT_GATEWAY_METRIC = 100, /* a route of the second device's is that much behind the first's */
	OPT_ADDRS_MAX = 64, /* of one device */
	OPT_ROUTES_MAX = 256,
	OPT_SERVES_MAX = 256,
	OPT_DIALS_MAX = 64,
	OPT_SYSCTLS_MAX = 256,
	OPT_ERROR = 256
};

enum opt_device { OPT_DEVICE_NONE, OPT_DEVICE_TAP, OPT_DEVICE_TUN, OPT_DEVICE_FD };

enum opt_ipv6 { OPT_IPV6_UNSAID, OPT_IPV6_OFF, OPT_IPV6_STATIC, OPT_IPV6_SLAAC };

enum opt_addr_from { OPT_ADDR_GIVEN, OPT_ADDR_DHCP, OPT_ADDR_AUTO, OPT_ADDR_LINK_LOCAL };

enum opt_acd { OPT_ACD_OFF, OPT_ACD_DEFEND, OPT_ACD_CEDE, OPT_ACD_INSIST };

struct opt_addr {
	struct ph_ip ip;
	unsigned prefix;
};
struct opt_route {
	struct ph_ip dst, gateway;
	unsigned prefix;
	bool has_gateway;
	size_t link;	  /* of struct options' links */
	uint32_t metric;
	bool is_default;  /* written so: of its gateway's family */
	const char *text; /* as typed, for messages */
};
struct opt_serve {
	const struct service *service;
	bool tcp, udp;
	uint16_t port;
	bool has_arg;
	uint64_t arg;
	const char *arg_text; /* as typed */
	const char *text;
};
struct opt_dial {
	bool socks; /* else to `peer` */
	union kaddr at;
	socklen_t at_len;
	struct ph_sockaddr peer;
	const char *text;
};
struct opt_sysctl {
	char name[96];
	const char *value;
};

/* A device, and what belongs to it. */
struct opt_link {
	enum opt_device device;
	const char *device_name;
	int device_fd;
	bool offload, gro;
	bool has_mac;
	uint8_t mac[6];
	uint16_t mtu; /* 0: the device's */
	enum opt_ipv6 ipv6;
	struct opt_addr addrs[OPT_ADDRS_MAX];
	size_t naddrs;

	enum opt_addr_from addr_from;
	enum opt_acd acd;
	const char *hostname, *lease; /* NULL: none */
	bool dhcp_routes, dhcp_mtu;
	uint32_t dhcp_wait_ms;
};

struct options {
	struct opt_link links[OPT_LINKS_MAX];
	struct opt_route routes[OPT_ROUTES_MAX];
	struct opt_serve serves[OPT_SERVES_MAX];
	struct opt_sysctl sysctls[OPT_SYSCTLS_MAX];
	struct opt_dial dials[OPT_DIALS_MAX];
	size_t nlinks, nroutes, nserves, nsysctls, ndials;

	bool connect, connect_udp;
	struct ph_sockaddr peer;
	bool has_send, receive, stay;
	uint64_t send_bytes;

	const char *pcap, *trace, *control;
	int ready_fd; /* -1: none */
	uint64_t grace_ns;
	bool busy_poll, stats;
	bool has_key;
	uint8_t stable_secret[16]; /* all zero: made from the key */
	uint8_t key[32];
	struct ph_conf limits; /* only its limits */
};

enum opt_outcome { OPT_RUN, OPT_HELP, OPT_VERSION, OPT_LIST_SYSCTLS, OPT_BAD };
/* On OPT_BAD, err has one sentence: where, what was wrong, what would be right. */
enum opt_outcome options_parse(struct options *o, int argc, char **argv, char err[OPT_ERROR]);
const char *options_help(void);
/* Is anything of IPv6 asked for? Then services listen for both families. */
bool options_ipv6(const struct options *o);
bool options_link_ipv6(const struct opt_link *l);

#endif
