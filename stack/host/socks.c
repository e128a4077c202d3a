/* SPDX-License-Identifier: BSD-2-Clause */
/* SOCKS 5, the proxy's side; see socks.h. */
#include "host/socks.h"

#include <errno.h>
#include <string.h>

#include "host/text.h"

enum {
	VERSION = 5,
	NO_AUTHENTICATION = 0,
	NO_METHOD = 0xff,
	CMD_CONNECT = 1,
	TYPE_IP4 = 1,
	TYPE_NAME = 3,
	TYPE_IP6 = 4
};

enum socks_code socks_greeting(const uint8_t *in, size_t len, size_t *used)
{
	if (len > 0 && in[0] != VERSION)
		return SOCKS_NOT;
	if (len < 2 || len < 2u + in[1])
		return SOCKS_MORE;
	*used = 2u + in[1];
	return memchr(in + 2, NO_AUTHENTICATION, in[1]) ? SOCKS_OK : SOCKS_FAILURE;
}

void socks_method(uint8_t out[2], enum socks_code greeting)
{
	out[0] = VERSION;
	out[1] = greeting == SOCKS_OK ? NO_AUTHENTICATION : NO_METHOD;
}

/* DST.ADDR of `len` octets. */
static enum socks_code destination(uint8_t type, const uint8_t *in, size_t len, struct ph_ip *ip)
{
	char name[TEXT_IP];

	switch (type) {
	case TYPE_IP4:
		*ip = ph_ip4(in[0], in[1], in[2], in[3]);
		return SOCKS_OK;
	case TYPE_IP6:
		memcpy(ip->b, in, 16);
		return SOCKS_OK;
	default:
		/* A NUL within would hide the rest. */
		if (len >= sizeof(name) || memchr(in, '\0', len))
			return SOCKS_HOST_UNREACHABLE;
		memcpy(name, in, len);
		name[len] = '\0';
		return text_ip(name, ip) ? SOCKS_OK : SOCKS_HOST_UNREACHABLE;
	}
}

enum socks_code socks_request(const uint8_t *in, size_t len, struct ph_sockaddr *to, size_t *used)
{
	size_t at = 4, n;
	enum socks_code code;

	if (len > 0 && in[0] != VERSION)
		return SOCKS_NOT;
	if (len < 5)
		return SOCKS_MORE;
	if (in[3] == TYPE_NAME)
		n = in[at++];
	else if (in[3] == TYPE_IP4 || in[3] == TYPE_IP6)
		n = in[3] == TYPE_IP4 ? 4 : 16;
	else {
		*used = len; /* where it ends cannot be known */
		return SOCKS_NO_ADDRESS_TYPE;
	}
	if (len < at + n + 2)
		return SOCKS_MORE;
	*used = at + n + 2;
	if (in[1] != CMD_CONNECT)
		return SOCKS_NO_COMMAND;
	memset(to, 0, sizeof(*to));
	code = destination(in[3], in + at, n, &to->ip);
	to->family = ph_ip_is4(&to->ip) ? PH_AF_INET : PH_AF_INET6;
	to->port = (uint16_t)(in[at + n] << 8 | in[at + n + 1]);
	return code == SOCKS_OK && to->port == 0 ? SOCKS_FAILURE : code;
}

enum socks_code socks_code_of(int error)
{
	switch (error) {
	case 0:
		return SOCKS_OK;
	case ECONNREFUSED:
		return SOCKS_REFUSED;
	case ENETUNREACH:
		return SOCKS_NET_UNREACHABLE;
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return SOCKS_HOST_UNREACHABLE;
	case EAFNOSUPPORT:
		return SOCKS_NO_ADDRESS_TYPE;
	default:
		return SOCKS_FAILURE;
	}
}

size_t socks_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks_code code,
		   const struct ph_sockaddr *bound)
{
	bool is6 = bound && !ph_ip_is4(&bound->ip);
	size_t n = is6 ? 16 : 4;
	uint16_t port = bound ? bound->port : 0;

	memset(out, 0, SOCKS_REPLY_MAX);
	out[0] = VERSION;
	out[1] = (uint8_t)code;
	out[3] = is6 ? TYPE_IP6 : TYPE_IP4;
	if (bound)
		memcpy(out + 4, bound->ip.b + 16 - n, n);
	out[4 + n] = (uint8_t)(port >> 8);
	out[5 + n] = (uint8_t)port;
	return 6 + n;
}
