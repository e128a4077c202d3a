/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping sockets (icmp(7)): echo requests of a user's own, and the replies to them alone. */
#ifndef RAW_PING_H
#define RAW_PING_H

#include "net/dgram.h"

int ping_new(struct ph_stack *st); /* 0 or -ENOMEM */
void ping_free(struct ph_stack *st);
extern const struct dgram_ops ping4_ops, ping6_ops;
size_t ping_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#endif
