/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device without offloads leaves to us: cutting TCP super-segments and filling in
 * checksums. Where the device sums, payload is not copied: a segment is its own headers and
 * references to the super-segment's bytes. Called by link.c when a frame is taken, and by
 * ip4_out.c before it fragments.
 */
#ifndef NET_GSO_H
#define NET_GSO_H

#include "net/stack.h"

/*
 * References to [off, off + len) of `from`, counted from its first byte, as payload of `to`.
 * False: no span left.
 */
bool gso_add_slice(struct pkt *to, const struct pkt *from, uint32_t off, uint32_t len);
/* Fills in the checksum that the transport left (PKT_CSUM_TODO): full sum from csum_start on. */
void gso_finish_csum(struct pkt *p);
/*
 * Segment `number` of a super-segment, whose payload begins `off` bytes into all of the payload;
 * *len gets its payload bytes. With `device_csum` its checksum is left to the device. NULL:
 * memory is short.
 */
struct pkt *gso_segment(struct ph_stack *st, const struct pkt *super, uint32_t number, uint32_t off,
			bool device_csum, uint32_t *len);
/* Is it one that devices would cut wrongly? They know CWR as the classic protocol has it. */
bool gso_by_hand(const struct pkt *super);
/* Bytes of all headers of a super-segment, link header included. */
uint32_t gso_hdr_len(const struct pkt *super);

#endif
