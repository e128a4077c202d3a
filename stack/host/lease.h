/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that are not simply given: by DHCP, a link-local one, those asked about first. What the
 * program does beyond the stack: the lease file, what people are told, and what had to wait for an
 * address (routes, the client). Called by setup.c, loop.c and main.c.
 */
#ifndef HOST_LEASE_H
#define HOST_LEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/host.h"

/* Are there addresses that come later, if ever? */
bool lease_dynamic(const struct options *o);
/* 0, or -errno with a sentence in err. */
int lease_open(struct host *h, char *err, size_t cap);
/* Each turn: looks when something of the network changed. */
void lease_turn(struct host *h);
/* The lease is given back, or kept in its file for the next start. */
void lease_close(struct host *h);
void lease_free(struct host *h);

#endif
