/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of SOCKS version 5 (RFC 1928) that a proxy reads and writes. Octets in, values out;
 * knows neither sockets nor time. Called by service_dial.c.
 */
#ifndef HOST_SOCKS_H
#define HOST_SOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum {
	SOCKS_GREETING_MAX = 257, /* version, count, 255 methods */
	SOCKS_REQUEST_MAX = 262,  /* with a name of 255 octets */
	SOCKS_REPLY_MAX = 22	  /* with an IPv6 address */
};

/* REP of a reply (RFC 1928 6), and what a function says of a message besides its length. */
enum socks_code {
	SOCKS_OK = 0,
	SOCKS_FAILURE = 1,
	SOCKS_NET_UNREACHABLE = 3,
	SOCKS_HOST_UNREACHABLE = 4,
	SOCKS_REFUSED = 5,
	SOCKS_NO_COMMAND = 7,
	SOCKS_NO_ADDRESS_TYPE = 8,
	SOCKS_MORE = 256, /* octets are missing */
	SOCKS_NOT	  /* this is not SOCKS 5 */
};

/*
 * The greeting at in[0, len): SOCKS_OK: the client can do without authentication; SOCKS_FAILURE:
 * it cannot; SOCKS_MORE, SOCKS_NOT. *used is the greeting's length in the first two cases.
 */
enum socks_code socks_greeting(const uint8_t *in, size_t len, size_t *used);
/* The answer to a greeting: two octets. */
void socks_method(uint8_t out[2], enum socks_code greeting);
/*
 * The request at in[0, len): SOCKS_OK with the peer to connect to; SOCKS_MORE, SOCKS_NOT; else the
 * code to refuse it with. A name is taken where it is an address in letters: SOCKS_HOST_UNREACHABLE
 * for any other, as nobody here resolves names. *used is the request's length unless MORE or NOT.
 */
enum socks_code socks_request(const uint8_t *in, size_t len, struct ph_sockaddr *to, size_t *used);
/* What a connection that ended with `error` (positive, errno's) is told as. */
enum socks_code socks_code_of(int error);
/* A reply; `bound` is our end, or NULL: none. Returns its length. */
size_t socks_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks_code code,
		   const struct ph_sockaddr *bound);

#endif
