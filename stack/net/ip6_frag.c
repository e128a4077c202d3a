/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 in fragments. Called by ip6_ext.c. */
#include "net/ip6_frag.h"

enum drop ip6_frag_input(struct ph_stack *st, struct pkt *pkt, struct ip6_info *h)
{
	(void)st, (void)pkt, (void)h;
	return DROP_FRAG_REASM;
}
