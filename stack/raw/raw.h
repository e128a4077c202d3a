/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets (raw(7), RFC 3542): packets of one protocol above IP, past or beside the stack's own. */
#ifndef RAW_RAW_H
#define RAW_RAW_H

#include "net/dgram.h"

int raw_new(struct ph_stack *st); /* 0 or -ENOMEM */
void raw_free(struct ph_stack *st);
extern const struct dgram_ops raw_ops;
size_t raw_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#endif
