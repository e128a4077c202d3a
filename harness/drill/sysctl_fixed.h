/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings that a device has no knob for because it always does one thing: asking for that thing is
 * fine. And the settings that the public suites give every script. Called by sysctl.c.
 */
#ifndef DRILL_SYSCTL_FIXED_H
#define DRILL_SYSCTL_FIXED_H

#include <stdbool.h>
#include <stddef.h>

/* True: the device ("phantom") always behaves as with this value. *fact says what it does, for a
 * message, whenever the name is in the table. */
bool drill_sysctl_fixed(const char *device, const char *name, const char *value, const char **fact);

/* Row i of the profile of defaults.sh, or NULL. */
struct drill_profile_row {
	const char *name, *value;
};
const struct drill_profile_row *drill_sysctl_profile(size_t i);

#endif
