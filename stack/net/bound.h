/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of one link: SO_BINDTODEVICE by its name and SO_BINDTOIFINDEX by its number, for sockets of all
 * kinds, with Linux's lengths and errors. What being bound means is the protocol's business. */
#ifndef NET_BOUND_H
#define NET_BOUND_H

#include "net/link.h"

/* 0 and *bound (0: none), -ENODEV, -EINVAL; -ENOPROTOOPT: the name is not one of the two. */
int bound_set(const struct ph_stack *st, ph_link *bound, int name, const void *value, uint32_t len);
/* 0, -EINVAL: no room for any name; -ENOPROTOOPT. */
int bound_get(const struct ph_stack *st, ph_link bound, int name, void *value, uint32_t *len);

#endif
