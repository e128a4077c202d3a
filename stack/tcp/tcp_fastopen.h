/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fast Open's cookies (RFC 7413): how a listener makes and knows them, and what a client remembers
 * of each peer. A leaf.
 */
#ifndef TCP_TCP_FASTOPEN_H
#define TCP_TCP_FASTOPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/siphash.h"
#include "wire/tcp.h"

enum { /* net.ipv4.tcp_fastopen: a sum */
	TCP_FO_CLIENT = 1,
	TCP_FO_SERVER = 2,
	TCP_FO_CLIENT_NO_COOKIE = 4,
	TCP_FO_SERVER_NO_COOKIE = 0x200,
	TCP_FO_SERVER_UNASKED = 0x400
};

enum { TCP_FO_COOKIE_LEN = 8, TCP_FO_KEY_LEN = 16, TCP_FO_PEERS_MAX = 1024 };

struct tcp_fo_keys {
	struct siphash_key key[2]; /* the first makes cookies, both are known */
	uint8_t n;		   /* 0: the sysctl's */
};

struct tcp_fo_cookie {
	uint8_t len; /* 0: none */
	bool exp;    /* in the experimental option */
	uint8_t bytes[TCP_COOKIE_MAX];
};

/* TCP_FASTOPEN_KEY's bytes: 16, or 32 for two keys. False: another length. */
bool tcp_fo_keys_read(struct tcp_fo_keys *k, const uint8_t *p, uint32_t len);
/* As many bytes; returns how many. */
uint32_t tcp_fo_keys_write(const struct tcp_fo_keys *k, uint8_t out[2 * TCP_FO_KEY_LEN]);

/* RFC 7413 4.1.2: a MAC of both addresses, Linux's: SipHash of the client's and the server's. */
void tcp_fo_cookie_make(const struct siphash_key *k, const struct ph_ip *client,
			const struct ph_ip *server, struct tcp_fo_cookie *c);
/* Which key made it, from 1; 0: none. */
unsigned tcp_fo_cookie_check(const struct tcp_fo_keys *k, const struct ph_ip *client,
			     const struct ph_ip *server, const uint8_t *cookie, uint32_t len);

#endif
