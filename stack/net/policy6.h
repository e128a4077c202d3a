/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy table of RFC 6724 2.1, which the user may change (RFC 6724 10.3). Private to net/. */
#ifndef NET_POLICY6_H
#define NET_POLICY6_H

#include "net/stack.h"

enum { POLICY6_MAX = 64 };

struct policy6_table {
	struct ph_policy of[POLICY6_MAX];
	uint32_t n;
};

void policy6_init(struct ph_stack *st);
/* By the longest prefix; an address that no row has is of label and precedence 0. */
uint32_t policy6_label(const struct ph_stack *st, const struct ph_ip *ip);
uint32_t policy6_precedence(const struct ph_stack *st, const struct ph_ip *ip);

#endif
