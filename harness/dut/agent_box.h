/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel is asked beside its sockets, by files of /proc and commands: sysctls, counters, a
 * summary, a shell. Each fills `out` and returns 0 or above, or a negative errno. Called by
 * agent.c.
 */
#ifndef DUT_AGENT_BOX_H
#define DUT_AGENT_BOX_H

#include <jansson.h>

int agent_sysctl(const json_t *args, json_t *out);
int agent_counter(const json_t *args, json_t *out);
int agent_describe(const json_t *args, json_t *out);
int agent_sockets(const json_t *args, json_t *out);
int agent_shell(const json_t *args, json_t *out);

#endif
