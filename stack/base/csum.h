/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), incremental update (RFC 1624), pseudo-headers. Sums are
 * unfolded 64-bit accumulators of big-endian 16-bit words: add pieces, then fold once. */
#ifndef BASE_CSUM_H
#define BASE_CSUM_H

#include <stdint.h>

#include "base/pkt.h"
#include "phantom/phantom.h"

/* Adds len bytes. A piece at an odd offset of the whole is added with csum_add_at(). */
uint64_t csum_add(uint64_t sum, const void *bytes, uint32_t len);
uint64_t csum_add_at(uint64_t sum, const void *bytes, uint32_t len, uint32_t offset);
/* The folded sum, not inverted: 0xffff for a message whose checksum is right. */
uint16_t csum_fold(uint64_t sum);
/* What goes into the checksum field: ~fold. */
uint16_t csum_finish(uint64_t sum);
/* Pseudo-header of RFC 9293 3.1 and RFC 8200 8.1, by the addresses' family. */
uint64_t csum_pseudo(const struct ph_ip *src, const struct ph_ip *dst, uint8_t proto, uint32_t len);
/* Adds the packet's bytes from offset `off` (from hdr's first byte), `len` of them. */
uint64_t csum_pkt(uint64_t sum, const struct pkt *p, uint32_t off, uint32_t len);
/* RFC 1624: the checksum after a 16-bit word of the message changed. */
uint16_t csum_update(uint16_t check, uint16_t from, uint16_t to);

#endif
