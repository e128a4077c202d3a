/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's part of an offload; see tso.h. */
#include "harness/sim/tso.h"

#include <string.h>

#include "harness/sim/sum.h"

enum {
	ETH = 14,
	IP_TOTAL = ETH + 2,
	IP_ID = ETH + 4,
	FIN_PSH = 0x09,
	CWR = 0x80,
	HEADERS_MAX = ETH + 60 + 60,
	SEGMENT_MAX = 65536 + ETH
};

/* The field holds the pseudo header's sum already, as VIRTIO_NET_HDR_F_NEEDS_CSUM says. */
static bool fill_sum(uint8_t *bytes, size_t len, const struct ph_offload *o)
{
	size_t at = (size_t)o->csum_start + o->csum_offset;
	uint32_t s;

	if (at + 2 > len || o->csum_start < ETH)
		return false;
	s = ~sim_sum(0, bytes + o->csum_start, len - o->csum_start) & 0xffff;
	sim_put16(bytes + at, s);
	return true;
}

/* One segment: payload [off, off + n) of the super-segment behind its headers. */
static size_t segment(uint8_t *out, const uint8_t *super, size_t len, const struct ph_offload *o,
		      size_t off, size_t n, unsigned number)
{
	size_t tcp = o->csum_start, hdr = o->hdr_len, size = hdr + n;

	memcpy(out, super, hdr);
	memcpy(out + hdr, super + hdr + off, n);
	sim_put16(out + IP_TOTAL, (uint32_t)(size - ETH));
	sim_put16(out + IP_ID, (sim_get16(super + IP_ID) + number) & 0xffff);
	sim_put32(out + tcp + 4, sim_get32(super + tcp + 4) + (uint32_t)off);
	if (hdr + off + n < len)
		out[tcp + 13] &= (uint8_t)~FIN_PSH;
	if (off)
		out[tcp + 13] &= (uint8_t)~CWR;
	sim_finish(out, tcp, size);
	return size;
}

bool sim_tso(uint8_t *bytes, size_t len, const struct ph_offload *o,
	     void (*send)(void *ctx, const uint8_t *bytes, size_t len), void *ctx)
{
	static _Thread_local uint8_t out[SEGMENT_MAX];
	unsigned number = 0;

	if (o->gso_type == 0) {
		if ((o->flags & 1) && !fill_sum(bytes, len, o))
			return false;
		send(ctx, bytes, len);
		return true;
	}
	if ((o->gso_type & 0x7f) != 1 || !(o->flags & 1) || o->gso_size == 0 ||
	    o->hdr_len > HEADERS_MAX || o->hdr_len >= len || o->csum_start + 20u > o->hdr_len ||
	    o->csum_start < ETH + 20 || o->csum_offset != 16)
		return false;
	if (o->csum_start + (bytes[o->csum_start + 12] >> 4) * 4u != o->hdr_len)
		return false;
	for (size_t off = 0; o->hdr_len + off < len; off += o->gso_size, number++) {
		size_t n = len - o->hdr_len - off;

		n = n < o->gso_size ? n : o->gso_size;
		send(ctx, out, segment(out, bytes, len, o, off, n, number));
	}
	return true;
}
