/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of dhcp/: a client whose time is a number, what it sent last, and the messages of a server
 * that is a script.
 */
#ifndef UNIT_DHCP_SERVER_H
#define UNIT_DHCP_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp/dhcp_client.h"

#define S 1000000000ull

enum { SERVER = 0x0a000001, OTHER = 0x0a000002, OFFERED = 0x0a000064, ROUTER = 0x0a0000fe };

static const uint8_t client_mac[6] = { 2, 0, 0, 0, 0, 9 };

struct run {
	struct dhcp_client c;
	uint64_t now;
	uint32_t seed;
	unsigned sent, bound, lost, checks;
	uint8_t msg[DHCP_MSG_SIZE]; /* sent last */
	size_t len;
	uint32_t from, to, checked;
	struct dhcp_lease lease;
	bool had_old;
};

static inline void on_send(void *ctx, const uint8_t *msg, size_t len, uint32_t ciaddr, uint32_t to)
{
	struct run *r = ctx;

	memcpy(r->msg, msg, len);
	r->len = len;
	r->from = ciaddr;
	r->to = to;
	r->sent++;
}

static inline void on_check(void *ctx, uint32_t ip)
{
	struct run *r = ctx;

	r->checks++;
	r->checked = ip;
}

static inline void on_bound(void *ctx, const struct dhcp_lease *lease, const struct dhcp_lease *old)
{
	struct run *r = ctx;

	r->bound++;
	r->lease = *lease;
	r->had_old = old != NULL;
}

static inline void on_lost(void *ctx, const struct dhcp_lease *lease, const char *why)
{
	struct run *r = ctx;

	assert_non_null(why);
	assert_int_equal(lease->ip, r->lease.ip);
	r->lost++;
}

static inline uint32_t on_random(void *ctx)
{
	struct run *r = ctx;

	r->seed = r->seed * 1664525u + 1013904223u;
	return r->seed >> 1;
}

static const struct dhcp_ops ops = { on_send, on_check, on_bound, on_lost, on_random };

static inline void begin(struct run *r, uint32_t seed, const struct dhcp_lease *known)
{
	struct dhcp_conf conf;

	memset(r, 0, sizeof(*r));
	r->now = 100 * S;
	r->seed = seed;
	dhcp_conf_default(&conf);
	memcpy(conf.mac, client_mac, sizeof(client_mac));
	strcpy(conf.hostname, "phantom");
	conf.classless_routes = true;
	dhcp_id_make(&conf.id, 1, NULL, 0, client_mac);
	dhcp_init(&r->c, &conf, &ops, r);
	dhcp_start(&r->c, known, r->now);
}

/* To the next message; the time it took, in ms. */
static inline uint64_t next(struct run *r)
{
	uint64_t from = r->now;
	unsigned sent = r->sent;

	while (r->sent == sent) {
		assert_true(r->c.at_ns != UINT64_MAX);
		r->now = r->c.at_ns;
		dhcp_fire(&r->c, r->now);
	}
	return (r->now - from) / 1000000;
}

static inline struct dhcp_hdr *hdr(struct run *r)
{
	return (void *)r->msg;
}

/* Where the option's value stands in the last message, its length in *len; NULL: it is not there. */
static inline const uint8_t *option(const struct run *r, uint8_t code, uint8_t *len)
{
	for (const uint8_t *p = r->msg + sizeof(struct dhcp_hdr); *p != DHCP_OPT_END;
	     p += *p ? 2 + p[1] : 1) {
		assert_true(p < r->msg + r->len);
		if (*p == code) {
			*len = p[1];
			return p + 2;
		}
	}
	return NULL;
}

static inline uint32_t option32(const struct run *r, uint8_t code)
{
	uint8_t len = 0;
	const uint8_t *p = option(r, code, &len);

	assert_true(!p || len == 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline enum dhcp_type type_of(const struct run *r)
{
	uint8_t len = 0;
	const uint8_t *p = option(r, DHCP_OPT_TYPE, &len);

	assert_non_null(p);
	assert_int_equal(len, 1);
	return (enum dhcp_type)*p;
}

/* ---- a server's messages --------------------------------------------------------------------- */

struct answer {
	uint8_t b[1500];
	size_t len;
};

static inline void add(struct answer *a, uint8_t code, const void *bytes, uint8_t len)
{
	a->b[a->len++] = code;
	a->b[a->len++] = len;
	memcpy(a->b + a->len, bytes, len);
	a->len += len;
}

static inline void add32(struct answer *a, uint8_t code, uint32_t v)
{
	be32 b = be32_of(v);

	add(a, code, &b, 4);
}

static inline struct answer bare(const struct run *r, uint32_t yiaddr)
{
	struct answer a = { .len = sizeof(struct dhcp_hdr) };
	struct dhcp_hdr *h = (void *)a.b;

	h->op = DHCP_OP_REPLY;
	h->htype = DHCP_HTYPE_ETHER;
	h->hlen = 6;
	h->xid = be32_of(r->c.xid);
	h->yiaddr = be32_of(yiaddr);
	memcpy(h->chaddr, client_mac, sizeof(client_mac));
	h->cookie = be32_of(DHCP_COOKIE);
	return a;
}

static inline struct answer answer(const struct run *r, enum dhcp_type type, uint32_t server,
				   uint32_t lease_s)
{
	struct answer a = bare(r, type == DHCP_NAK ? 0 : OFFERED);
	uint8_t t = (uint8_t)type;

	add(&a, DHCP_OPT_TYPE, &t, 1);
	if (server)
		add32(&a, DHCP_OPT_SERVER, server);
	if (lease_s)
		add32(&a, DHCP_OPT_LEASE, lease_s);
	if (type != DHCP_NAK) {
		add32(&a, DHCP_OPT_MASK, 0xffffff00);
		add32(&a, DHCP_OPT_ROUTER, ROUTER);
	}
	return a;
}

/* Ended, padded to the length that BOOTP asks for, and delivered. */
static inline void deliver(struct run *r, struct answer *a)
{
	a->b[a->len++] = DHCP_OPT_END;
	dhcp_receive(&r->c, a->b, a->len < DHCP_MIN ? DHCP_MIN : a->len, r->now);
}

static inline void say(struct run *r, enum dhcp_type type, uint32_t server, uint32_t lease_s)
{
	struct answer a = answer(r, type, server, lease_s);

	deliver(r, &a);
}

static inline void to_bound(struct run *r, uint32_t lease_s)
{
	begin(r, 1, NULL);
	next(r);
	say(r, DHCP_OFFER, SERVER, lease_s);
	say(r, DHCP_ACK, SERVER, lease_s);
	assert_int_equal(r->c.state, DHCP_CHECKING);
	dhcp_checked(&r->c, false, r->now);
	assert_int_equal(r->c.state, DHCP_BOUND);
}

#endif
