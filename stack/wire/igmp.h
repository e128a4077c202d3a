/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IGMP (RFC 1112, 2236, 3376) and the parts of MLD (RFC 2710, 3810) that have its layout. Layout
 * only.
 */
#ifndef WIRE_IGMP_H
#define WIRE_IGMP_H

#include <assert.h>

#include "base/be.h"

struct igmp_hdr {
	uint8_t type, code;
	be16 csum;
	be32 group;
};
static_assert(sizeof(struct igmp_hdr) == 8 && _Alignof(struct igmp_hdr) == 1, "RFC 2236 2");

struct igmp_report3 { /* RFC 3376 4.2 and, but for `type`, RFC 3810 5.2; records behind it */
	uint8_t type, reserved;
	be16 csum;
	be16 reserved2, records;
};
struct igmp_record { /* the group's address behind it, then the sources' */
	uint8_t type, aux_len;
	be16 sources;
};
static_assert(sizeof(struct igmp_report3) == 8 && sizeof(struct igmp_record) == 4, "RFC 3376 4.2");

enum {
	IGMP_QUERY = 0x11,
	IGMP_REPORT1 = 0x12,
	IGMP_REPORT2 = 0x16,
	IGMP_LEAVE = 0x17,
	IGMP_REPORT3 = 0x22
};
enum { /* types of records */
	IGMP_IS_INCLUDE = 1,
	IGMP_IS_EXCLUDE = 2,
	IGMP_TO_INCLUDE = 3,
	IGMP_TO_EXCLUDE = 4,
	IGMP_ALLOW = 5,
	IGMP_BLOCK = 6
};
enum {
	IGMP_QUERY3_LEN = 12, /* without sources, which begin there; their number is at 10 */
	IGMP_QUERY3_SOURCES = 10,
	MLD_QUERY1_LEN = 24,
	MLD_QUERY2_LEN = 28,
	MLD_QUERY2_SOURCES = 26,
	MLD_GROUP = 8 /* where the group is */
};

#endif
