/* SPDX-License-Identifier: BSD-2-Clause */
/* IGMP's and MLD's messages (RFC 3376, 2236, 1112; 3810, 2710). Private to net/. */
#ifndef NET_IGMP_H
#define NET_IGMP_H

#include "net/ip6.h"
#include "net/mc_group.h"

/* Registers st->l4[2]. */
void igmp_new(struct ph_stack *st);
enum drop mld_input(struct ph_stack *st, const struct ip_rx *rx, const struct ip6_info *h);

/* A report of the current version: `records` of them, `len` bytes with its header, whose checksum is
 * still open. */
void igmp_send_records(struct ph_stack *st, struct mc_link *ml, uint8_t *bytes, uint32_t len);
void mld_send_records(struct ph_stack *st, struct mc_link *ml, uint8_t *bytes, uint32_t len);
/* An older version's report of a group, or word that it is left. */
void igmp_send_old(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group, bool leave);
void mld_send_old(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group, bool leave);

/* Max Resp Code and QQIC: a number, or mantissa and exponent (RFC 3376 4.1.1, 3810 5.1.3). */
static inline uint32_t igmp_code(uint8_t code)
{
	return code < 128 ? code : ((code & 15u) | 16u) << ((code >> 4 & 7) + 3);
}
static inline uint32_t mld_code(uint16_t code)
{
	return code < 32768 ? code : ((code & 0xfffu) | 0x1000u) << ((code >> 12 & 7) + 3);
}

#endif
