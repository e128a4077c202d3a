/* SPDX-License-Identifier: BSD-2-Clause */
/* Cookies of Fast Open, as bytes. Called by tcp_early.c and the socket options. */
#include "tcp/tcp_fastopen.h"

#include <string.h>

static uint64_t get64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

bool tcp_fo_keys_read(struct tcp_fo_keys *k, const uint8_t *p, uint32_t len)
{
	if (len != TCP_FO_KEY_LEN && len != 2 * TCP_FO_KEY_LEN)
		return false;
	k->n = (uint8_t)(len / TCP_FO_KEY_LEN);
	for (unsigned i = 0; i < k->n; i++, p += TCP_FO_KEY_LEN)
		k->key[i] = (struct siphash_key){ .k0 = get64(p), .k1 = get64(p + 8) };
	return true;
}

uint32_t tcp_fo_keys_write(const struct tcp_fo_keys *k, uint8_t out[2 * TCP_FO_KEY_LEN])
{
	for (unsigned i = 0; i < k->n; i++) {
		put64(out + TCP_FO_KEY_LEN * i, k->key[i].k0);
		put64(out + TCP_FO_KEY_LEN * i + 8, k->key[i].k1);
	}
	return (uint32_t)TCP_FO_KEY_LEN * k->n;
}

void tcp_fo_cookie_make(const struct siphash_key *k, const struct ph_ip *client,
			const struct ph_ip *server, struct tcp_fo_cookie *c)
{
	uint32_t skip = ip_is4(client) ? 12 : 0, len = 16 - skip;
	uint8_t both[32];

	memcpy(both, client->b + skip, len);
	memcpy(both + len, server->b + skip, len);
	*c = (struct tcp_fo_cookie){ .len = TCP_FO_COOKIE_LEN };
	put64(c->bytes, siphash(k, both, 2 * (size_t)len));
}

unsigned tcp_fo_cookie_check(const struct tcp_fo_keys *k, const struct ph_ip *client,
			     const struct ph_ip *server, const uint8_t *cookie, uint32_t len)
{
	struct tcp_fo_cookie c;

	for (unsigned i = 0; i < k->n; i++) {
		tcp_fo_cookie_make(&k->key[i], client, server, &c);
		if (len == c.len && memcmp(cookie, c.bytes, len) == 0)
			return i + 1;
	}
	return 0;
}
