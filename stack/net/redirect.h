/* SPDX-License-Identifier: BSD-2-Clause */
/* Redirects from routers (RFC 4861 8; of IPv4, redirect_learn() of net.h). Private to net/. */
#ifndef NET_REDIRECT_H
#define NET_REDIRECT_H

#include "net/nd.h"

enum {
	REDIRECTS_MAX = 64, /* destinations of one link that routers may send elsewhere */
	REDIRECT_LIFE_S = 600
};

enum drop redirect_input(struct ph_stack *st, const struct ip_rx *rx);

#endif
