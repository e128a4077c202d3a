/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the control socket, printed as ip, ss and nstat print theirs. Called by ctl.c. */
#ifndef HOST_CTL_PRINT_H
#define HOST_CTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>

/* Each takes the part of the answer that has the command's name; `all` is ctl's --all. */
void ctl_print_counters(const json_t *part, bool all);
void ctl_print_values(const json_t *part, bool all);
void ctl_print_sysctl(const json_t *part, bool all);
void ctl_print_sockets(const json_t *part, bool all);
void ctl_print_links(const json_t *part, bool all);
void ctl_print_maddrs(const json_t *part, bool all);
void ctl_print_addrs(const json_t *part, bool all);
void ctl_print_routes(const json_t *part, bool all);
void ctl_print_neighs(const json_t *part, bool all);
void ctl_print_dns(const json_t *part, bool all);
void ctl_print_lease(const json_t *part, bool all);
void ctl_print_nothing(const json_t *part, bool all);

#endif
