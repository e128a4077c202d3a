/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of the current version, record by record, as many packets as it takes. Private to net/. */
#ifndef NET_MC_REPORT_H
#define NET_MC_REPORT_H

#include "net/mc_group.h"
#include "wire/igmp.h"

enum { MC_REPORT_MAX = 1452 }; /* bytes, whatever a larger mtu would take */

struct mc_report {
	struct ph_stack *st;
	struct mc_link *on;
	uint32_t len, max;
	uint16_t records;
	uint8_t bytes[MC_REPORT_MAX];
};

void mc_report_begin(struct mc_report *r, struct ph_stack *st, struct mc_link *ml);
/*
 * A record of type IGMP_*. Sources that do not fit go into further ones; of EXCLUDE's they are left
 * out, which asks for more than was wanted (RFC 3376 4.2.16).
 */
void mc_report_put(struct mc_report *r, uint8_t type, const struct ph_ip *group,
		   const struct ph_ip *src, uint16_t n);
/* Sends what there is. */
void mc_report_end(struct mc_report *r);

#endif
