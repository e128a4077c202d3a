/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets (packet(7)): frames of a link, or of all links, as they come and go. */
#ifndef RAW_PACKET_H
#define RAW_PACKET_H

#include "net/dgram.h"

int packet_new(struct ph_stack *st); /* 0 or -ENOMEM */
void packet_free(struct ph_stack *st);
extern const struct dgram_ops packet_raw_ops, packet_dgram_ops;
size_t packet_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#endif
