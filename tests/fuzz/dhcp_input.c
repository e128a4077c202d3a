/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP client with a hostile server. The bytes are records: what happens, then for a message its
 * length (two bytes) and its bytes; the client must never have what no host can have, ask faster than
 * its bounds allow, or say a byte that it did not mean to.
 */
#include <stdlib.h>
#include <string.h>

#include "dhcp/dhcp_client.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

enum { RAW, FITTING, FIRE, FREE, TAKEN, CONFLICT, LINK_UP, STOP, ACTS };

struct world {
	struct dhcp_client c;
	uint64_t now;
	uint32_t random, sent;
	bool holds;
};

static void on_send(void *ctx, const uint8_t *msg, size_t len, uint32_t ciaddr, uint32_t to)
{
	struct world *w = ctx;
	const struct dhcp_hdr *h = (const void *)msg;

	(void)to;
	w->sent++;
	demand(len >= DHCP_MIN && len <= DHCP_MSG_SIZE, "a message has BOOTP's length");
	demand(h->op == DHCP_OP_REQUEST && be32_get(h->cookie) == DHCP_COOKIE, "and its header");
	demand(be32_get(h->ciaddr) == ciaddr, "and the address that it leaves from");
	demand((be16_get(h->flags) & 0x7fff) == 0, "and no flags that nobody defined");
}

static void on_check(void *ctx, uint32_t ip)
{
	(void)ctx;
	demand(dhcp_ip_usable(ip), "only an address that a host may have is looked for");
}

static void on_bound(void *ctx, const struct dhcp_lease *l, const struct dhcp_lease *old)
{
	struct world *w = ctx;

	demand((old != NULL) == w->holds || w->c.state == DHCP_INFORMING, "a lease follows another");
	demand(dhcp_ip_usable(l->ip) && l->prefix >= 1 && l->prefix <= 32, "it is an address");
	demand(l->t1_ns <= l->t2_ns && l->t2_ns <= l->end_ns, "its times are in order");
	demand(l->t1_ns >= w->c.asked_ns + 5 * 1000000000ull, "and not at once");
	demand(l->routers.n <= DHCP_LIST && l->nroutes <= DHCP_ROUTES, "its lists are bounded");
	demand(strlen(l->hostname) <= DHCP_NAME_MAX && strlen(l->domain) <= DHCP_NAME_MAX,
	       "its names end");
	w->holds = true;
}

static void on_lost(void *ctx, const struct dhcp_lease *l, const char *why)
{
	struct world *w = ctx;

	(void)l;
	demand(w->holds && why, "only what is held is lost");
	w->holds = false;
}

static uint32_t on_random(void *ctx)
{
	struct world *w = ctx;

	w->random = w->random * 1664525u + 1013904223u;
	return w->random >> 1;
}

/* As the bytes are, or made to fit: who is asked finds an answer to what he asked. */
static void message(struct world *w, const uint8_t *bytes, size_t len, bool fits)
{
	uint8_t *copy = malloc(len < DHCP_MIN && fits ? DHCP_MIN : len + 1);
	struct dhcp_hdr *h = (void *)copy;

	demand(copy != NULL, "this machine has memory");
	memcpy(copy, bytes, len);
	if (fits && len < DHCP_MIN) {
		memset(copy + len, 0, DHCP_MIN - len);
		len = DHCP_MIN;
	}
	if (fits) {
		h->op = DHCP_OP_REPLY;
		h->htype = DHCP_HTYPE_ETHER;
		h->hlen = 6;
		h->xid = be32_of(w->c.xid);
		memcpy(h->chaddr, w->c.conf.mac, 6);
		h->cookie = be32_of(DHCP_COOKIE);
	}
	dhcp_receive(&w->c, copy, len, w->now);
	free(copy);
}

static void act(struct world *w, unsigned what)
{
	switch (what) {
	case FIRE:
		if (w->c.at_ns != UINT64_MAX && w->c.at_ns > w->now)
			w->now = w->c.at_ns;
		dhcp_fire(&w->c, w->now);
		break;
	case FREE:
	case TAKEN:
		dhcp_checked(&w->c, what == TAKEN, w->now);
		break;
	case CONFLICT:
		dhcp_conflict(&w->c, w->now);
		break;
	case LINK_UP:
		dhcp_link_up(&w->c, w->now);
		break;
	default:
		break;
	}
}

void fuzz_dhcp(const uint8_t *bytes, size_t len)
{
	static const struct dhcp_ops ops = { on_send, on_check, on_bound, on_lost, on_random };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct world *w = calloc(1, sizeof(*w));
	struct dhcp_conf conf;
	const uint8_t *end = bytes + len;

	demand(w != NULL, "this machine has memory");
	w->now = 1000000000ull;
	dhcp_conf_default(&conf);
	memcpy(conf.mac, mac, sizeof(mac));
	conf.classless_routes = true;
	dhcp_id_make(&conf.id, 1, NULL, 0, mac);
	dhcp_init(&w->c, &conf, &ops, w);
	dhcp_start(&w->c, NULL, w->now);
	while (bytes < end) {
		unsigned what = *bytes++ % ACTS;

		if (what == RAW || what == FITTING) {
			size_t n = end - bytes >= 2 ? (size_t)(bytes[0] << 8 | bytes[1]) : 0;

			bytes += end - bytes >= 2 ? 2 : end - bytes;
			n = n < (size_t)(end - bytes) ? n : (size_t)(end - bytes);
			message(w, bytes, n, what == FITTING);
			bytes += n;
		} else if (what == STOP) {
			break;
		} else {
			act(w, what);
		}
	}
	dhcp_stop(&w->c, true, w->now);
	demand(w->c.at_ns == UINT64_MAX, "who has stopped waits for nothing");
	demand(!w->holds, "and holds nothing");
	free(w);
}

FUZZ_TARGET_IS(fuzz_dhcp)
