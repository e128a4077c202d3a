/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of neighbour discovery messages (RFC 4861 4.6, 9): a cursor that holds each against
 * what is left of the message. A leaf.
 */
#ifndef NET_ND_OPT_H
#define NET_ND_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/icmp6.h"

struct nd_opts {
	const uint8_t *at, *end;
};

/*
 * RFC 4861 6.1, 7.1, 8.1: every option must have a length other than 0 and end inside the message.
 * Asked once per message, before anything is done with it.
 */
bool nd_opts_ok(const uint8_t *p, uint32_t len);
/* The next option of a message that is in order, whole: its bytes and, in *len, how many; NULL: no more. */
const uint8_t *nd_opts_next(struct nd_opts *o, uint32_t *len);
/* The first link-layer address option of this type, six bytes; NULL: none. */
const uint8_t *nd_opts_mac(const uint8_t *p, uint32_t len, uint8_t type);

#endif
