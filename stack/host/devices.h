/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices as a whole: those of the command line, and those that come and go while phantom runs. Called
 * by main.c and control_edit.c.
 */
#ifndef HOST_DEVICES_H
#define HOST_DEVICES_H

#include <stddef.h>

#include "host/host.h"
#include "host/options.h"

/* Those of the command line. 0, or -errno with a sentence in err. */
int devices_open(struct host *h, char *err, size_t cap);
void devices_close(struct host *h);
/* One more, of `like`'s kind, name, mtu and hardware address, with its link. The same. */
int devices_add(struct host *h, const struct opt_link *like, char *err, size_t cap);
/* The one that has this link; NULL: none. */
struct device *devices_find(struct host *h, ph_link link);
/* One that was added goes, with its link. */
void devices_remove(struct host *h, struct device *d);

#endif
