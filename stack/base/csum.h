/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), incremental update (RFC 1624), pseudo-headers. Sums are
 * unfolded 64-bit accumulators of big-endian 16-bit words: add pieces, then fold once. */
#ifndef BASE_CSUM_H
#define BASE_CSUM_H

#include <stdint.h>
#include <string.h>

#include "base/ip.h"
#include "base/pkt.h"
#include "phantom/phantom.h"

/* Adds len bytes. A piece at an odd offset of the whole is added with csum_add_at(). */
uint64_t csum_add(uint64_t sum, const void *bytes, uint32_t len);
uint64_t csum_add_at(uint64_t sum, const void *bytes, uint32_t len, uint32_t offset);
/* The folded sum, not inverted: 0xffff for a message whose checksum is right. */
static inline uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

/* What goes into the checksum field: ~fold. */
static inline uint16_t csum_finish(uint64_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

/* What goes into the field of an IPv4 header; 0 where the field is right already. Every packet has one,
 * and hardly any has options. */
static inline uint16_t csum_ip4_header(const void *header, uint32_t len)
{
	uint32_t w[5];
	uint64_t sum;

	if (len != sizeof(w))
		return csum_finish(csum_add(0, header, len));
	memcpy(w, header, sizeof(w));
	sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4]; /* in either byte order */
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint16_t)~(sum << 8 | sum >> 8);
#else
	return (uint16_t)~sum;
#endif
}
uint64_t csum_add_ip6(uint64_t sum, const struct ph_ip *ip);
/* Pseudo-header of RFC 9293 3.1 and RFC 8200 8.1, by the addresses' family. */
static inline uint64_t csum_pseudo(const struct ph_ip *src, const struct ph_ip *dst, uint8_t proto,
				   uint32_t len)
{
	uint64_t sum = (uint64_t)proto + (len >> 16) + (len & 0xffff);

	if (ip_is4(dst))
		return sum + ip_get4(src) + ip_get4(dst); /* the fold adds their halves */
	return csum_add_ip6(csum_add_ip6(sum, src), dst);
}
/* Adds the packet's bytes from offset `off` (from hdr's first byte), `len` of them. */
uint64_t csum_pkt(uint64_t sum, const struct pkt *p, uint32_t off, uint32_t len);
/* RFC 1624: the checksum after a 16-bit word of the message changed. */
uint16_t csum_update(uint16_t check, uint16_t from, uint16_t to);

#endif
