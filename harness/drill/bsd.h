/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's words for what a device does: scripts of its suite set net.inet.tcp.*, which become the
 * device's sysctls of the same meaning, and the profile that makes phantom a host with FreeBSD's
 * habits. Two tables and their readers. Called by sysctl.c.
 */
#ifndef DRILL_BSD_H
#define DRILL_BSD_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/drill/sysctl_fixed.h"

enum { DRILL_BSD_VALUE = 64 };

/* Is it one of FreeBSD's names (net.inet., net.inet6., kern.)? */
bool drill_bsd_name(const char *name);

/* What of the device one setting becomes. */
struct drill_bsd_set {
	const char *name;  /* NULL: nothing, it is always so; "metrics": what was learnt is forgotten */
	int word;	   /* of the values that the sysctl has, the one to replace; -1: all */
	char value[DRILL_BSD_VALUE];
};

/* The i-th thing that name=value becomes; false: there are no more. */
bool drill_bsd_sysctl(const char *name, const char *value, unsigned i, struct drill_bsd_set *out);
/* Why name=value becomes nothing, for a message; NULL: the name is not known. */
const char *drill_bsd_fact(const char *name);

/* Row i of the profile "freebsd", or NULL. */
const struct drill_profile_row *drill_bsd_profile(size_t i);

#endif
