/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Router advertisements in, router solicitations out (RFC 4861 6.3, 4191, 7559, 8106). Private to
 * net/.
 */
#ifndef NET_RA_H
#define NET_RA_H

#include "net/nd.h"

enum {
	RA_ROUTES_MAX = 64, /* routes of one link that routers may give us, of all kinds */
	RA_DNS_MAX = 16	    /* servers and search domains of one link */
};

/* What RDNSS and DNSSL options said: kept for the user. */
struct ra_dns {
	struct list_node node;
	uint64_t until_ns; /* PH_NEVER: for ever */
	bool domain;	   /* text; else server */
	struct ph_ip server;
	char text[PH_DNS_NAME];
};

enum drop ra_input(struct ph_stack *st, const struct ip_rx *rx);
/* Routers are asked for, until one answers with a default route (RFC 7559). */
void ra_solicit(struct ph_stack *st, struct link *l);
void ra_timer_init(struct link *l);
void ra_stop(struct ph_stack *st, struct link *l);
/* An RDNSS or DNSSL option, `len` bytes. */
void ra_dns_option(struct ph_stack *st, struct link *l, const uint8_t *opt, uint32_t len);
void ra_dns_flush(struct ph_stack *st, struct link *l);

#endif
