/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of IGMPv3 and MLDv2, which differ by the size of addresses. Called by mc_group.c. */
#include "net/mc_report.h"

#include <string.h>

#include "base/ip.h"
#include "net/igmp.h"
#include "net/link.h"

static void restart(struct mc_report *r)
{
	r->len = sizeof(struct igmp_report3);
	r->records = 0;
}

void mc_report_begin(struct mc_report *r, struct ph_stack *st, struct mc_link *ml)
{
	uint32_t headers = ml->v6 ? 40 + 8 : 20 + 4; /* with router alert */

	r->st = st;
	r->on = ml;
	r->max = ml->link->mtu - headers;
	if (r->max > MC_REPORT_MAX)
		r->max = MC_REPORT_MAX;
	restart(r);
}

void mc_report_end(struct mc_report *r)
{
	struct igmp_report3 h = { .records = be16_of(r->records) };

	if (r->records == 0)
		return;
	memcpy(r->bytes, &h, sizeof(h));
	if (r->on->v6)
		mld_send_records(r->st, r->on, r->bytes, r->len);
	else
		igmp_send_records(r->st, r->on, r->bytes, r->len);
	restart(r);
}

static void put_ip(struct mc_report *r, const struct ph_ip *ip)
{
	struct ph_ip bare = ip6_bare(*ip);
	uint32_t size = r->on->v6 ? 16 : 4;

	memcpy(r->bytes + r->len, bare.b + 16 - size, size);
	r->len += size;
}

void mc_report_put(struct mc_report *r, uint8_t type, const struct ph_ip *group,
		   const struct ph_ip *src, uint16_t n)
{
	uint32_t size = r->on->v6 ? 16 : 4, header = (uint32_t)sizeof(struct igmp_record) + size;
	bool cut = type == IGMP_IS_EXCLUDE || type == IGMP_TO_EXCLUDE;
	uint16_t done = 0;

	do {
		uint32_t fits, now = n - done;
		struct igmp_record h;

		if (r->len + header + now * size > r->max)
			mc_report_end(r);
		fits = (r->max - r->len - header) / size;
		if (now > fits)
			now = fits;
		h = (struct igmp_record){ .type = type, .sources = be16_of((uint16_t)now) };
		memcpy(r->bytes + r->len, &h, sizeof(h));
		r->len += (uint32_t)sizeof(h);
		put_ip(r, group);
		for (uint32_t i = 0; i < now; i++)
			put_ip(r, &src[done + i]);
		r->records++;
		done = (uint16_t)(done + now);
	} while (done < n && !cut);
}
