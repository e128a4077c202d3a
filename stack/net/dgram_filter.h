/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters of sockets of messages: classic BPF (base/bpf.h), attached by SO_ATTACH_FILTER. A program is
 * given as its instructions, at most BPF_INSNS_MAX, not by a pointer to them as Linux has it: the stack
 * shares no memory with its users. Called by dgram_opt.c, and by udp/ and raw/ with what came.
 */
#ifndef NET_DGRAM_FILTER_H
#define NET_DGRAM_FILTER_H

#include "base/bpf.h"
#include "net/dgram.h"

/* SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER: 0, -EINVAL, -EPERM (locked), -ENOENT (there is
 * none to detach), -ENOMEM; -ENOPROTOOPT: not one of these. */
int dgram_filter_set(struct ph_stack *st, struct dgram *d, int name, const void *value,
		     uint32_t len);
/* SO_GET_FILTER, SO_LOCK_FILTER. */
int dgram_filter_get(const struct dgram *d, int name, void *value, uint32_t *len);
void dgram_filter_free(struct ph_stack *st, struct dgram *d);

/* How much of it the user wants, at most all of it; 0: nothing. Completes p. */
uint32_t dgram_filter_run(struct ph_stack *st, const struct dgram *d, struct bpf_packet *p);
/*
 * The same of a packet that IP gave: `bytes` as the program sees them. Its headers of IP and of the
 * link are behind SKF_NET_OFF and SKF_LL_OFF. payload_at: where in `bytes` the transport's payload
 * begins.
 */
uint32_t dgram_filter_wants(struct ph_stack *st, const struct dgram *d, const struct ip_rx *rx,
			    const struct dgram_bytes *bytes, uint32_t payload_at);
/* The first n bytes of them alone. */
static inline void dgram_bytes_trim(struct dgram_bytes *b, uint32_t n)
{
	if (n < b->lead_len)
		b->lead_len = n;
	if (n - b->lead_len < b->len)
		b->len = n - b->lead_len;
}

#endif
