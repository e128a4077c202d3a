/* SPDX-License-Identifier: BSD-2-Clause */
/* One address type for both families, struct ph_ip: IPv4 is ::ffff:a.b.c.d, in every table and
 * tuple. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/be.h"
#include "phantom/phantom.h"

static inline bool ip_eq(const struct ph_ip *a, const struct ph_ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool ip_is4(const struct ph_ip *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

/* The IPv4 address as a host-order number; only for ip_is4(). */
static inline uint32_t ip_get4(const struct ph_ip *a)
{
	uint32_t w;

	memcpy(&w, a->b + 12, sizeof(w));
	return be32_swap(w);
}

static inline struct ph_ip ip_of4(uint32_t v)
{
	struct ph_ip ip = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 } };
	uint32_t w = be32_swap(v);

	memcpy(ip.b + 12, &w, sizeof(w));
	return ip;
}

/* :: or 0.0.0.0 */
static inline bool ip_is_any(const struct ph_ip *a)
{
	static const struct ph_ip zero;

	return ip_eq(a, &zero) || (ip_is4(a) && ip_get4(a) == 0);
}

/* ---- IPv6 ------------------------------------------------------------------------------------ */

static inline bool ip6_is_linklocal(const struct ph_ip *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline bool ip6_is_multicast(const struct ph_ip *a)
{
	return a->b[0] == 0xff;
}

/* :: alone, not 0.0.0.0. */
static inline bool ip6_is_any(const struct ph_ip *a)
{
	static const struct ph_ip zero;

	return ip_eq(a, &zero);
}

static inline bool ip6_is_loopback(const struct ph_ip *a)
{
	static const struct ph_ip one = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };

	return ip_eq(a, &one);
}

/*
 * Does it mean something on one link only (RFC 4007 6)? Inside the stack such an address carries
 * its link's index in bytes 2 and 3, which are zero on the wire: two links' fe80::1 are then two
 * addresses in every table and tuple. wire/ and the socket calls never see that form.
 */
static inline bool ip6_is_scoped(const struct ph_ip *a)
{
	return ip6_is_linklocal(a) ||
	       (a->b[0] == 0xff && ((a->b[1] & 15) == 1 || (a->b[1] & 15) == 2));
}

static inline uint32_t ip6_scope(const struct ph_ip *a)
{
	return ip6_is_scoped(a) ? (uint32_t)a->b[2] << 8 | a->b[3] : 0;
}

/* Puts the link into an address that needs one; others stay as they are. */
static inline struct ph_ip ip6_with_scope(struct ph_ip a, uint32_t link)
{
	if (ip6_is_scoped(&a)) {
		a.b[2] = (uint8_t)(link >> 8);
		a.b[3] = (uint8_t)link;
	}
	return a;
}

/* As the wire and the user see it. */
static inline struct ph_ip ip6_bare(struct ph_ip a)
{
	return ip6_with_scope(a, 0);
}

/* Do the first `len` bits agree, 0..128? */
static inline bool ip6_same_prefix(const struct ph_ip *a, const struct ph_ip *b, unsigned len)
{
	unsigned bytes = len / 8, bits = len % 8;

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return bits == 0 || ((a->b[bytes] ^ b->b[bytes]) >> (8 - bits)) == 0;
}

/* The first `len` bits, zeros behind them. */
static inline struct ph_ip ip6_prefix(const struct ph_ip *a, unsigned len)
{
	struct ph_ip p = { { 0 } };

	memcpy(p.b, a->b, len / 8);
	if (len % 8)
		p.b[len / 8] = (uint8_t)(a->b[len / 8] & 0xff00 >> len % 8);
	return p;
}

/* How many leading bits two addresses share. */
static inline unsigned ip6_common(const struct ph_ip *a, const struct ph_ip *b)
{
	unsigned n = 0;

	while (n < 128 && ((a->b[n / 8] ^ b->b[n / 8]) & 0x80 >> n % 8) == 0)
		n++;
	return n;
}

/* RFC 4291 2.7.1: ff02::1:ffXX:XXXX, on the link whose index it is given. */
static inline struct ph_ip ip6_solicited_node(const struct ph_ip *a, uint32_t link)
{
	struct ph_ip g = { { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a->b[13], a->b[14],
			     a->b[15] } };

	return ip6_with_scope(g, link);
}

static inline bool ip6_is_solicited_node(const struct ph_ip *a)
{
	struct ph_ip bare = ip6_bare(*a), g = ip6_solicited_node(a, 0);

	return ip_eq(&bare, &g);
}

/* ff02::1 and ff02::2 on a link. */
static inline struct ph_ip ip6_all_nodes(uint32_t link)
{
	struct ph_ip g = { { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };

	return ip6_with_scope(g, link);
}

static inline struct ph_ip ip6_all_routers(uint32_t link)
{
	struct ph_ip g = ip6_all_nodes(link);

	g.b[15] = 2;
	return g;
}

#endif
