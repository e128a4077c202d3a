/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet that stands for several is described by: see super.h. */
#include "harness/dut/super.h"

#include <string.h>

enum { TCP = 6, GSO_TCP4 = 1, GSO_TCP6 = 4, DATA_VALID = 2, IP6_LEN = 40, TCP_LEN = 20 };

bool dut_super(const uint8_t *bytes, size_t len, uint32_t mss, struct ph_offload *out)
{
	bool v6 = len > 0 && bytes[0] >> 4 == 6;
	size_t ip = v6 ? IP6_LEN : len > 0 ? 4 * (size_t)(bytes[0] & 15) : 0, hdr;

	if (mss == 0 || mss > UINT16_MAX || len < ip + TCP_LEN || ip < TCP_LEN ||
	    bytes[v6 ? 6 : 9] != TCP)
		return false;
	hdr = ip + 4 * (size_t)(bytes[ip + 12] >> 4);
	if (len <= hdr || len - hdr <= mss)
		return false;
	*out = (struct ph_offload){ .flags = DATA_VALID,
				    .gso_type = v6 ? GSO_TCP6 : GSO_TCP4,
				    .hdr_len = (uint16_t)hdr,
				    .gso_size = (uint16_t)mss };
	return true;
}

static uint32_t sum(const uint8_t *p, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_sum(uint8_t *p, uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	put16(p, ~s);
}

/* Lengths and checksums of a packet whose payload is not what they say. */
static void seal(uint8_t *out, size_t len, size_t ip)
{
	bool v6 = out[0] >> 4 == 6;
	uint8_t *tcp = out + ip;

	if (v6) {
		put16(out + 4, (uint32_t)(len - ip));
	} else {
		put16(out + 2, (uint32_t)len);
		put16(out + 10, 0);
		put_sum(out + 10, sum(out, ip, 0));
	}
	put16(tcp + 16, 0);
	put_sum(tcp + 16, sum(tcp, len - ip, sum(out + (v6 ? 8 : 12), v6 ? 32 : 8,
						 (uint32_t)(len - ip) + TCP)));
}

size_t dut_super_segment(const uint8_t *bytes, size_t len, const struct ph_offload *o, size_t i,
			 uint8_t *out)
{
	enum { FIN_PSH = 0x09, SEQ = 4, FLAGS = 13 };
	size_t ip = bytes[0] >> 4 == 6 ? IP6_LEN : 4 * (size_t)(bytes[0] & 15);
	size_t at = i * o->gso_size, n = len - o->hdr_len;
	uint8_t *seq = out + ip + SEQ;
	uint32_t v;

	if (at >= n)
		return 0;
	n = n - at < o->gso_size ? n - at : o->gso_size;
	memcpy(out, bytes, o->hdr_len);
	memcpy(out + o->hdr_len, bytes + o->hdr_len + at, n);
	v = ((uint32_t)seq[0] << 24 | (uint32_t)seq[1] << 16 | (uint32_t)seq[2] << 8 | seq[3]) +
	    (uint32_t)at;
	put16(seq, v >> 16);
	put16(seq + 2, v & 0xffff);
	if (o->hdr_len + at + n < len)
		out[ip + FLAGS] &= (uint8_t)~FIN_PSH;
	seal(out, o->hdr_len + n, ip);
	return o->hdr_len + n;
}
