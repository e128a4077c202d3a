/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stack as the command line describes it: limits, key, sysctls, the link on its device,
 * addresses, routes. Called by main.c. Errors: -EINVAL when the command line is wrong (exit
 * status 2), another negative errno when the system refuses (exit status 1).
 */
#ifndef HOST_SETUP_H
#define HOST_SETUP_H

#include <stddef.h>

#include "host/host.h"

int setup_stack(struct host *h, char *err, size_t cap);
/* Its link, as its options have it. */
int setup_link(struct host *h, struct device *d, char *err, size_t cap);
int setup_network(struct host *h, char *err, size_t cap);
/* The routes alone; of setup_network(), or once their addresses are there. */
int setup_routes(struct host *h, char *err, size_t cap);

#endif
