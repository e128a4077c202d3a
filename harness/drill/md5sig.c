/* SPDX-License-Identifier: BSD-2-Clause */
/* MD5 and the signature made with it: see md5sig.h. */
#include "harness/drill/md5sig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, IP6_HDR = 40, TCP_HDR = 20, TCP = 6 };

static uint32_t turn(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint32_t get_le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* RFC 1321 3.4: four rounds of sixteen steps; the constants are 2^32 |sin i|, i in radians from 1. */
static void block(uint32_t state[4], const uint8_t *p)
{
	static const uint8_t by[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 },
					  { 6, 10, 15, 21 } };
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (unsigned i = 0; i < 64; i++) {
		uint32_t f, t, sine = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);
		unsigned word;

		if (i < 16) {
			f = (b & c) | (~b & d);
			word = i;
		} else if (i < 32) {
			f = (b & d) | (c & ~d);
			word = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			word = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			word = 7 * i % 16;
		}
		t = b + turn(a + f + sine + get_le(p + 4 * word), by[i / 16][i % 4]);
		a = d;
		d = c;
		c = b;
		b = t;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void drill_md5(const void *bytes, size_t len, uint8_t out[DRILL_MD5_LEN])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint8_t last[2 * BLOCK] = { 0 };
	const uint8_t *p = bytes;
	size_t left = len, n;

	for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
		block(state, p);
	if (left)
		memcpy(last, p, left);
	last[left] = 0x80;
	n = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;
	for (unsigned i = 0; i < 8; i++)
		last[n - 8 + i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
	for (size_t at = 0; at < n; at += BLOCK)
		block(state, last + at);
	for (unsigned i = 0; i < DRILL_MD5_LEN; i++)
		out[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}

/* RFC 2385 2.0: pseudo-header, header without options and with a checksum of zero, payload, key. */
bool drill_md5sig(const uint8_t *packet, size_t len, const char *key, uint8_t out[DRILL_MD5_LEN])
{
	bool v6 = len > 0 && packet[0] >> 4 == 6;
	size_t ip = v6 ? IP6_HDR : len > 0 ? 4 * (size_t)(packet[0] & 15) : 0, tcp_len, hdr, at;
	const uint8_t *tcp = packet + ip;
	uint8_t *text;

	if (len < ip + TCP_HDR || ip < TCP_HDR)
		return false;
	tcp_len = len - ip;
	hdr = 4 * (size_t)(tcp[12] >> 4);
	if (hdr < TCP_HDR || hdr > tcp_len)
		return false;
	text = calloc(1, IP6_HDR + tcp_len + strlen(key));
	if (!text)
		return false;
	at = v6 ? 32 : 8;
	memcpy(text, packet + (v6 ? 8 : 12), at);
	if (v6) {
		text[at + 2] = (uint8_t)(tcp_len >> 8);
		text[at + 3] = (uint8_t)tcp_len;
		text[at + 7] = TCP;
		at += 8;
	} else {
		text[at + 1] = TCP;
		text[at + 2] = (uint8_t)(tcp_len >> 8);
		text[at + 3] = (uint8_t)tcp_len;
		at += 4;
	}
	memcpy(text + at, tcp, TCP_HDR);
	text[at + 16] = text[at + 17] = 0;
	at += TCP_HDR;
	memcpy(text + at, tcp + hdr, tcp_len - hdr);
	at += tcp_len - hdr;
	memcpy(text + at, key, strlen(key));
	drill_md5(text, at + strlen(key), out);
	free(text);
	return true;
}
