/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message of the user becomes a packet: its pieces gathered in one copy, and where it goes. Called
 * by udp/ and raw/.
 */
#include <string.h>

#include "base/ip.h"
#include "net/dgram.h"

size_t dgram_msg_len(const struct ph_msg *msg)
{
	size_t len = 0;

	for (size_t i = 0; i < msg->niov; i++)
		len += msg->iov[i].len;
	return len;
}

void dgram_read(struct dgram_reader *r, uint8_t *to, uint32_t n)
{
	while (n > 0) {
		const struct ph_iov *v = &r->msg->iov[r->iov];
		size_t left = v->len - r->off, k = left < n ? left : n;

		if (k > 0)
			memcpy(to, (const uint8_t *)v->base + r->off, k);
		to += k;
		n -= (uint32_t)k;
		r->off += k;
		if (r->off == v->len) {
			r->iov++;
			r->off = 0;
		}
	}
}

struct pkt *dgram_payload(struct ph_stack *st, struct dgram_reader *r, uint32_t n)
{
	enum { INLINE_MAX = 1500 };
	bool small = n <= INLINE_MAX;
	struct pkt *p = pkt_new_tx(&st->pkts, small ? n : 0);
	struct buf *b = p && !small ? buf_new(&st->pkts, n) : NULL;

	if (!p || (!small && !b)) {
		pkt_free(p);
		return NULL;
	}
	if (small) {
		dgram_read(r, pkt_put(p, n), n);
		return p;
	}
	dgram_read(r, b->bytes, n);
	(void)pkt_add_span(p, b, 0, n); /* the first span of a new packet always fits */
	buf_put(b);
	return p;
}

int dgram_route(struct ph_stack *st, struct dgram *d, const struct dgram_tx *tx,
		const struct ph_ip *to)
{
	bool any = ip_is_any(&d->local.ip) || addr_is_group(st, &d->local.ip);
	const struct ph_ip *src = any ? NULL : &d->local.ip;
	ph_link oif = dgram_way(d, tx, to, &src);

	return dst_lookup_as(st, &d->dst, oif, d->ip6.prefer, src, to,
			     (d->so.flags & SOCKOPT_BROADCAST) != 0);
}
