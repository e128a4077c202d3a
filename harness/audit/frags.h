/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the fragments of TCP's datagrams for the audit, so that a segment which a router cut is
 * seen as its receiver sees it. What cannot be joined for certain is left out: then the audit knows
 * less, and accuses nobody. Called by audit.c.
 */
#ifndef AUDIT_FRAGS_H
#define AUDIT_FRAGS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/audit/frame.h"

/* Datagrams that wait for the rest; the oldest makes room. */
enum { AUDIT_FRAGS_MAX = 64 };

struct audit_frags {
	struct audit_partial *partial[AUDIT_FRAGS_MAX];
};

/*
 * Takes a fragment (f->fragment). The datagram from its IP header on, whole, if this was the last
 * piece missing and its TCP checksum is right, with its length in len: the caller frees it.
 * Otherwise NULL.
 */
uint8_t *audit_frags_join(struct audit_frags *t, const struct audit_frame *f, size_t *len);
void audit_frags_free(struct audit_frags *t);

#endif
