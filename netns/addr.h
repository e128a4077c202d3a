/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and names as the topology language writes them: 10.0.0.1/24, fd00::1/64,
 * 02:00:00:00:00:01, NODE.DEV. Pure text, no sockets. Called by the parser and by the acts.
 */
#ifndef NETNS_ADDR_H
#define NETNS_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NODE_NAME_MAX = 32, /* with the final NUL */
	DEV_NAME_MAX = 16,  /* with the final NUL: IFNAMSIZ */
	NETMAC_LEN = 6,
	NETADDR_TEXT_MAX = 64,
};

struct netaddr {
	int family; /* AF_INET or AF_INET6; AF_UNSPEC when there is none */
	uint8_t bytes[16];
	uint8_t len; /* prefix length in bits */
};

struct netmac {
	uint8_t bytes[NETMAC_LEN];
};

/* A device as the language names it. dev is empty when only the node was named. */
struct devname {
	char node[NODE_NAME_MAX];
	char dev[DEV_NAME_MAX];
};

/* Parse "10.0.0.1/24" (@need_len) or "10.0.0.1" (a length may follow, else it is the full width).
 * False when the text is neither IPv4 nor IPv6, or the length is out of range. */
bool netaddr_parse(struct netaddr *a, const char *text, bool need_len);
/* Print as ADDR/LEN (@with_len) or ADDR into @out of at least NETADDR_TEXT_MAX bytes; returns @out.
 */
char *netaddr_text(const struct netaddr *a, bool with_len, char *out);

bool netmac_parse(struct netmac *m, const char *text);
char *netmac_text(const struct netmac *m, char out[18]);
/* A locally administered unicast address that depends on @name alone. */
struct netmac netmac_of(const char *name);

/* A name of 1 to @max-1 letters, digits, '-' and '_'. */
bool netname_ok(const char *name, size_t max);
/* Split NODE.DEV at its first dot. False when either part is not a name. */
bool devname_parse(struct devname *d, const char *text);

/* A device name of at most 15 characters that depends on @name alone: @name itself when it fits,
 * else the first letters and a hash. @out has DEV_NAME_MAX bytes. Returns @out. */
char *devname_short(const char *name, char *out);

#endif
