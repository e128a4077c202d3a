/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Duplicate address detection (RFC 4862 5.4, 4429, 7527) and the word to routers that follows it
 * (RFC 9131). Private to net/.
 */
#ifndef NET_DAD_H
#define NET_DAD_H

#include "net/addr6.h"

/* A new address: probed for, unless the link or its settings say not to. */
void dad_begin(struct ph_stack *st, struct addr6 *a);
/* The link was away: its addresses are asked about once more, and used meanwhile (RFC 4429, 6059). */
void dad_again(struct ph_stack *st, struct link *l);
void dad_stop(struct ph_stack *st, struct addr6 *a);
/*
 * Somebody probes for an address that we probe for: its nonce of six bytes, or NULL. DROP_NONE: it
 * is a duplicate, and a may be gone.
 */
enum drop dad_heard_probe(struct ph_stack *st, struct addr6 *a, const uint8_t *nonce);
/* Somebody has it. a may be gone. */
void dad_failed(struct ph_stack *st, struct addr6 *a);

#endif
