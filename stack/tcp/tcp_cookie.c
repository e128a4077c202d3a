/* SPDX-License-Identifier: BSD-2-Clause */
/* SYN cookies: made when a listener is flooded, and read when the handshake's last ACK comes. Called
 * by tcp_listen.c. */
#include "tcp/tcp_cookie.h"

#include "base/ip.h"
#include "base/list.h"

#define MINUTE_NS (60 * UINT64_C(1000000000))

enum {
	DATA_BITS = 24,
	DATA_MASK = (1 << DATA_BITS) - 1,
	TS_WSCALE = 15,
	TS_SACK = 16,
	TS_ECN = 32,
	TS_STEP = 64
};

/* Linux's choice of sizes worth telling apart: no option, tunnels, PPPoE, Ethernet; jumbo frames. And
 * below them smaller ones, or a peer that takes less than its default would be sent more than it takes
 * (RFC 9293 MUST-16); the smallest is the least that net.ipv4.tcp_min_snd_mss can be. */
static const uint16_t sizes4[] = { 48, 256, 536, 1300, 1440, 1460 };
static const uint16_t sizes6[] = { 48, 536, 1220, 1420, 1440, 8940 };

static const uint16_t *sizes(const struct tcp_tuple *k)
{
	return ip_is4(&k->peer) ? sizes4 : sizes6;
}

/* `what` keeps the two hashes, and each minute's, apart. */
static uint32_t hash(const struct siphash_key *key, const struct tcp_tuple *k, uint32_t what)
{
	struct {
		struct tcp_tuple tuple;
		uint32_t use, what;
	} in = { *k, 0x636b, what };

	return (uint32_t)siphash(key, &in, sizeof(in));
}

static uint32_t minute_of(uint64_t now_ns)
{
	return (uint32_t)(now_ns / MINUTE_NS) + 1; /* 0 is the hash without a time */
}

seq_t tcp_cookie_make(const struct siphash_key *key, const struct tcp_tuple *k, seq_t irs,
		      uint16_t mss, uint64_t now_ns)
{
	uint32_t minute = minute_of(now_ns), i = ARRAY_LEN(sizes4) - 1;

	while (i > 0 && mss < sizes(k)[i])
		i--;
	return hash(key, k, 0) + irs + (minute << DATA_BITS) +
	       ((hash(key, k, minute) + i) & DATA_MASK);
}

uint16_t tcp_cookie_check(const struct siphash_key *key, const struct tcp_tuple *k, seq_t irs,
			  seq_t cookie, uint64_t now_ns)
{
	uint32_t told = cookie - hash(key, k, 0) - irs, minute = minute_of(now_ns);
	uint32_t age = (minute - (told >> DATA_BITS)) & (UINT32_MAX >> DATA_BITS), i;

	if (age >= TCP_COOKIE_MINUTES)
		return 0;
	i = (told - hash(key, k, minute - age)) & DATA_MASK;
	return i < ARRAY_LEN(sizes4) ? sizes(k)[i] : 0;
}

uint32_t tcp_cookie_ts(uint32_t ms, const struct tcp_cookie_ts *o)
{
	uint32_t bits = (o->wscale & (uint32_t)TS_WSCALE) | (o->sack ? (uint32_t)TS_SACK : 0u) |
			(o->ecn ? (uint32_t)TS_ECN : 0u);
	uint32_t ts = (ms & ~(uint32_t)(TS_STEP - 1)) | bits;

	return (int32_t)(ts - ms) > 0 ? ts - TS_STEP : ts;
}

struct tcp_cookie_ts tcp_cookie_ts_read(uint32_t ts)
{
	return (struct tcp_cookie_ts){ .wscale = ts & TS_WSCALE, .sack = ts & TS_SACK,
				       .ecn = ts & TS_ECN };
}
