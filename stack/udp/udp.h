/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP (RFC 768, RFC 1122 4.1): datagram endpoints for the socket layer. */
#ifndef UDP_UDP_H
#define UDP_UDP_H

#include "net/dgram.h"

int udp_new(struct ph_stack *st); /* registers st->l4[17]; 0 or -ENOMEM */
void udp_free(struct ph_stack *st);
extern const struct dgram_ops udp_ops;
size_t udp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#endif
