/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of dut.h as sockaddr and back. See native.h. */
#define _GNU_SOURCE 1
#include "harness/dut/native.h"

#include <netinet/in.h>
#include <string.h>

socklen_t native_addr(const struct ph_sockaddr *a, struct sockaddr_storage *s)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port),
				    .sin6_scope_id = a->scope };

	memset(s, 0, sizeof(*s));
	if (a->family == PH_AF_INET6) {
		memcpy(&in6.sin6_addr, a->ip.b, 16);
		memcpy(s, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memcpy(&in4.sin_addr, a->ip.b + 12, 4);
	in4.sin_family = a->family;
	memcpy(s, &in4, sizeof(in4));
	return sizeof(in4);
}

bool native_addr_read(const struct sockaddr_storage *s, socklen_t len, struct ph_sockaddr *a)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	a->family = s->ss_family;
	if (s->ss_family == AF_INET && len >= sizeof(in4)) {
		const uint8_t *b;

		memcpy(&in4, s, sizeof(in4));
		b = (const uint8_t *)&in4.sin_addr;
		a->ip = ph_ip4(b[0], b[1], b[2], b[3]);
		a->port = ntohs(in4.sin_port);
		return true;
	}
	if (s->ss_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, s, sizeof(in6));
		memcpy(a->ip.b, &in6.sin6_addr, 16);
		a->port = ntohs(in6.sin6_port);
		a->scope = in6.sin6_scope_id;
		return true;
	}
	return false;
}
