/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the IPv4 header. See ip4_opt.h. */
#include "net/ip4_opt.h"

#include <string.h>

#include "wire/ip4.h"

enum {
	OPT_TYPE = 0,
	OPT_LEN = 1,
	OPT_PTR = 2, /* counts from 1: the octet to write next */
	OPT_TS_FLAGS = 3,
	RR_PTR_MIN = 4,
	TS_PTR_MIN = 5,
	TS_ONLY = 0,
	TS_AND_ADDR = 1,
	TS_PRESPECIFIED = 3,
	TS_OVERFLOW_MAX = 15,
	OPT_COPIED = 0x80
};

/* The octet of the option at which its pointer, or the room behind it, is wrong; 0: sound. */
static uint32_t wrong_route(const uint8_t *o)
{
	if (o[OPT_LEN] < 3)
		return OPT_LEN;
	if (o[OPT_PTR] < RR_PTR_MIN)
		return OPT_PTR;
	return o[OPT_PTR] <= o[OPT_LEN] && o[OPT_PTR] + 3 > o[OPT_LEN] ? OPT_PTR : 0;
}

/* Octets of one entry; 0: no such form. */
static uint32_t ts_entry(const uint8_t *o)
{
	switch (o[OPT_TS_FLAGS] & 15) {
	case TS_ONLY:
		return 4;
	case TS_AND_ADDR:
	case TS_PRESPECIFIED:
		return 8;
	default:
		return 0;
	}
}

static uint32_t wrong_ts(const uint8_t *o)
{
	uint32_t entry;

	if (o[OPT_LEN] < 4)
		return OPT_LEN;
	if (o[OPT_PTR] < TS_PTR_MIN)
		return OPT_PTR;
	entry = ts_entry(o);
	if (entry == 0)
		return OPT_TS_FLAGS;
	if (o[OPT_PTR] > o[OPT_LEN]) /* full: those who find no room are counted, up to 15 */
		return o[OPT_TS_FLAGS] >> 4 == TS_OVERFLOW_MAX ? OPT_TS_FLAGS : 0;
	return o[OPT_PTR] + entry - 1 > o[OPT_LEN] ? OPT_PTR : 0;
}

static uint32_t wrong_in(const uint8_t *o)
{
	switch (o[OPT_TYPE]) {
	case IP4_OPT_LSRR:
	case IP4_OPT_SSRR:
	case IP4_OPT_RR:
		return wrong_route(o);
	case IP4_OPT_TS:
		return wrong_ts(o);
	case IP4_OPT_ROUTER_ALERT:
		return o[OPT_LEN] < 4 ? OPT_LEN : 0;
	default: /* RFC 1122 3.2.1.8: what is not understood is ignored */
		return 0;
	}
}

/* Those of which a header has at most one (RFC 791 3.1); both source routes are one kind. */
static uint32_t kind_bit(uint8_t type)
{
	switch (type) {
	case IP4_OPT_LSRR:
	case IP4_OPT_SSRR:
		return 1;
	case IP4_OPT_RR:
		return 2;
	case IP4_OPT_TS:
		return 4;
	default:
		return 0;
	}
}

enum ip4_opt_verdict ip4_opt_check(const uint8_t *p, uint32_t len, uint32_t *at)
{
	uint32_t i = 0, seen = 0, wrong;
	bool routed = false;

	while (i < len && p[i] != IP4_OPT_END) {
		uint32_t bit = kind_bit(p[i]);

		if (p[i] == IP4_OPT_NOP) {
			i++;
			continue;
		}
		if (!routed)
			*at = i;
		if (len - i < 2 || p[i + 1] < 2 || p[i + 1] > len - i || (seen & bit)) {
			*at = i;
			return IP4_OPT_BAD;
		}
		wrong = wrong_in(p + i);
		if (wrong) {
			*at = i + wrong;
			return IP4_OPT_BAD;
		}
		seen |= bit;
		routed = (seen & 1) != 0;
		i += p[i + 1];
	}
	return routed ? IP4_OPT_ROUTED : IP4_OPT_OK;
}

bool ip4_opt_route_ends(const uint8_t *p, uint32_t at)
{
	return p[at + OPT_PTR] > p[at + OPT_LEN];
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 791 3.1: whoever handles the packet writes its address, until it is full. */
static void record_route(uint8_t *o, const struct ip4_opt_here *here)
{
	if (o[OPT_PTR] + 3 > o[OPT_LEN])
		return;
	put32(o + o[OPT_PTR] - 1, here->us);
	o[OPT_PTR] = (uint8_t)(o[OPT_PTR] + 4);
}

static void record_time(uint8_t *o, const struct ip4_opt_here *here)
{
	uint32_t entry = ts_entry(o);
	uint8_t *at = o + o[OPT_PTR] - 1;

	if (o[OPT_PTR] + entry - 1 > o[OPT_LEN]) {
		if (o[OPT_TS_FLAGS] >> 4 < TS_OVERFLOW_MAX)
			o[OPT_TS_FLAGS] = (uint8_t)(o[OPT_TS_FLAGS] + 16);
		return;
	}
	if ((o[OPT_TS_FLAGS] & 15) == TS_PRESPECIFIED && !here->ours(here->arg, get32(at)))
		return; /* it is another's turn */
	if ((o[OPT_TS_FLAGS] & 15) == TS_AND_ADDR)
		put32(at, here->us);
	put32(at + entry - 4, here->time_ms);
	o[OPT_PTR] = (uint8_t)(o[OPT_PTR] + entry);
}

static uint32_t size_of(const uint8_t *o)
{
	return *o == IP4_OPT_NOP ? 1 : o[OPT_LEN];
}

void ip4_opt_record(uint8_t *p, uint32_t len, const struct ip4_opt_here *here)
{
	for (uint32_t i = 0; i < len && p[i] != IP4_OPT_END; i += size_of(p + i)) {
		if (p[i] == IP4_OPT_RR)
			record_route(p + i, here);
		else if (p[i] == IP4_OPT_TS)
			record_time(p + i, here);
	}
}

uint32_t ip4_opt_answer(const uint8_t *p, uint32_t len, uint8_t out[IP4_OPT_MAX])
{
	uint32_t n = 0;

	memset(out, IP4_OPT_END, IP4_OPT_MAX);
	for (uint32_t i = 0; i < len && p[i] != IP4_OPT_END; i += size_of(p + i)) {
		if (p[i] != IP4_OPT_RR && p[i] != IP4_OPT_TS)
			continue;
		memcpy(out + n, p + i, p[i + OPT_LEN]);
		n += p[i + OPT_LEN];
	}
	return (n + 3) & ~3u;
}

uint32_t ip4_opt_echo(const uint8_t *p, uint32_t len, const struct ip4_opt_here *here,
		      uint8_t out[IP4_OPT_MAX])
{
	uint32_t n = ip4_opt_answer(p, len, out);

	ip4_opt_record(out, n, here); /* it came, */
	ip4_opt_record(out, n, here); /* and it goes */
	return n;
}

void ip4_opt_uncopied(uint8_t *p, uint32_t len)
{
	uint32_t i = 0;

	while (i < len && p[i] != IP4_OPT_END) {
		uint32_t size = p[i] == IP4_OPT_NOP || len - i < 2 || p[i + 1] < 2 ||
						p[i + 1] > len - i
					? 1
					: p[i + 1];

		if (!(p[i] & OPT_COPIED))
			memset(p + i, IP4_OPT_NOP, size);
		i += size;
	}
}
