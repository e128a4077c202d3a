/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071). The sum of 16-bit words modulo 2^16 - 1 may be taken over wider
 * words and in either byte order: we add native 64-bit words, keep the carries, fold, and swap once
 * at the end. Called for every segment whose checksum no device does: 1460 bytes take some tens of
 * nanoseconds.
 */
#include "base/csum.h"

#include <stdbool.h>
#include <string.h>

#include "base/ip.h"

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* a + b, with the carry brought back in: addition modulo 2^64 - 1. */
static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t s = a + b;

	return s + (s < a);
}

static uint16_t swap(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

/* A folded sum of native words as one of big-endian words, and back. */
static uint16_t big_endian(uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return swap(v);
#else
	return v;
#endif
}

/* The last 1 to 7 bytes, as if zeros followed. */
static uint64_t load_tail(const uint8_t *p, uint32_t len)
{
	uint8_t bytes[8] = { 0 };
	uint32_t half = len & 4, i;

	/* Half a word is what every IPv4 header ends with. */
	memcpy(bytes, p, half ? 4 : 0);
	for (i = half; i < len; i++)
		bytes[i] = p[i];
	return load64(bytes);
}

/* The folded sum of native 16-bit words. */
static uint16_t sum_native(const uint8_t *p, uint32_t len)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	/* Four sums beside each other, so that no addition waits for the carry of the one
	 * before. */
	for (; len >= 64; len -= 64, p += 64) {
		a = add_carry(a, load64(p));
		b = add_carry(b, load64(p + 8));
		c = add_carry(c, load64(p + 16));
		d = add_carry(d, load64(p + 24));
		a = add_carry(a, load64(p + 32));
		b = add_carry(b, load64(p + 40));
		c = add_carry(c, load64(p + 48));
		d = add_carry(d, load64(p + 56));
	}
	a = add_carry(add_carry(a, b), add_carry(c, d));
	for (; len >= 8; len -= 8, p += 8)
		a = add_carry(a, load64(p));
	if (len > 0)
		a = add_carry(a, load_tail(p, len));
	return csum_fold(a);
}

uint64_t csum_add(uint64_t sum, const void *bytes, uint32_t len)
{
	return sum + big_endian(sum_native(bytes, len));
}

uint64_t csum_add_at(uint64_t sum, const void *bytes, uint32_t len, uint32_t offset)
{
	uint16_t s = big_endian(sum_native(bytes, len));

	return sum + (offset & 1 ? swap(s) : s);
}

/* As the wire has it: a scope that the stack keeps inside is not summed. */
uint64_t csum_add_ip6(uint64_t sum, const struct ph_ip *ip)
{
	struct ph_ip bare = ip6_bare(*ip);

	return csum_add(sum, bare.b, sizeof(bare.b));
}

uint64_t csum_pkt(uint64_t sum, const struct pkt *p, uint32_t off, uint32_t len)
{
	const struct span *s = &p->hdr, *next = p->data, *end = p->data + p->ndata;
	uint32_t done = 0;

	for (;;) {
		if (off < s->len) {
			uint32_t part = s->len - off < len - done ? s->len - off : len - done;

			sum = csum_add_at(sum, span_bytes(s) + off, part, done);
			done += part;
			off = 0;
		} else {
			off -= s->len;
		}
		if (done == len || next == end)
			return sum;
		s = next++;
	}
}

/* ~(~HC + ~m + m'), RFC 1624 3 equation 3: also right where the plain difference would give 0xffff
 * for 0. */
uint16_t csum_update(uint16_t check, uint16_t from, uint16_t to)
{
	return csum_finish((uint64_t)(uint16_t)~check + (uint16_t)~from + to);
}
