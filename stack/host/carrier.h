/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says of the devices: whether a TAP or TUN that phantom opened by its name is up and
 * has a carrier. The stack is told, and standard error. An inherited descriptor has nobody to ask: its
 * device may be in another namespace. Called by main.c.
 */
#ifndef HOST_CARRIER_H
#define HOST_CARRIER_H

#include <stddef.h>

#include "host/host.h"

/* Never fails: where there is no netlink, the carrier is taken to be there. */
void carrier_open(struct host *h);
/* Hears what there is now, which is about nobody who has no link yet: how a new device came to be. */
void carrier_catch_up(struct host *h);
void carrier_close(struct host *h);
/* The kernel's messages, `len` bytes of them: for carrier.c and its test. */
void carrier_heard(struct host *h, const void *bytes, size_t len);

#endif
