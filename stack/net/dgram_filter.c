/* SPDX-License-Identifier: BSD-2-Clause */
/* See dgram_filter.h. */
#include "net/dgram_filter.h"

#include <string.h>

#include "base/ip.h"
#include "net/link.h"
#include "net/net_state.h"
#include "wire/eth.h"

enum { HATYPE_ETHER = 1, HATYPE_LOOPBACK = 772, HATYPE_NONE = 0xfffe };

struct dgram_filter {
	uint32_t n;
	struct bpf_insn prog[];
};

static size_t size_of(uint32_t n)
{
	return sizeof(struct dgram_filter) + n * sizeof(struct bpf_insn);
}

void dgram_filter_free(struct ph_stack *st, struct dgram *d)
{
	if (d->filter)
		mem_free(&st->mem, d->filter, size_of(d->filter->n));
	d->filter = NULL;
}

/* Takes the place of one that is there. */
static int attach(struct ph_stack *st, struct dgram *d, const void *value, uint32_t len)
{
	uint32_t n = len / (uint32_t)sizeof(struct bpf_insn);
	struct dgram_filter *f;
	uint16_t *masks;
	int rc = -ENOMEM;

	if (len % sizeof(struct bpf_insn) || n == 0 || n > BPF_INSNS_MAX)
		return -EINVAL;
	f = mem_alloc(&st->mem, size_of(n));
	masks = mem_alloc(&st->mem, n * sizeof(*masks));
	if (f && masks) {
		f->n = n;
		memcpy(f->prog, value, len);
		rc = bpf_check(f->prog, n, masks);
	}
	mem_free(&st->mem, masks, n * sizeof(*masks));
	if (rc != 0) {
		mem_free(&st->mem, f, size_of(n));
		return rc;
	}
	dgram_filter_free(st, d);
	d->filter = f;
	return 0;
}

int dgram_filter_set(struct ph_stack *st, struct dgram *d, int name, const void *value, uint32_t len)
{
	int v, rc;

	switch (name) {
	case PH_SO_ATTACH_FILTER:
		return d->filter_locked ? -EPERM : attach(st, d, value, len);
	case PH_SO_DETACH_FILTER:
		if (d->filter_locked)
			return -EPERM;
		if (!d->filter)
			return -ENOENT;
		dgram_filter_free(st, d);
		return 0;
	case PH_SO_LOCK_FILTER:
		rc = sockopts_int(value, len, &v);
		if (rc != 0)
			return rc;
		if (d->filter_locked && !v)
			return -EPERM;
		d->filter_locked = v != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int dgram_filter_get(const struct dgram *d, int name, void *value, uint32_t *len)
{
	int v = d->filter_locked;

	switch (name) {
	case PH_SO_GET_FILTER:
		if (!d->filter) {
			*len = 0;
			return 0;
		}
		if (*len > 0 && *len < d->filter->n * sizeof(struct bpf_insn))
			return -EINVAL;
		if (*len > 0)
			memcpy(value, d->filter->prog, d->filter->n * sizeof(struct bpf_insn));
		*len = d->filter->n * (uint32_t)sizeof(struct bpf_insn); /* of 0: how much room it wants */
		return 0;
	case PH_SO_LOCK_FILTER:
		return sockopts_give(value, len, &v, sizeof(v));
	default:
		return -ENOPROTOOPT;
	}
}

uint32_t dgram_filter_run(struct ph_stack *st, const struct dgram *d, struct bpf_packet *p)
{
	const struct link *l = link_get(st, (ph_link)p->ifindex);
	uint32_t all = p->lead_len + p->len, wants;

	if (!d->filter)
		return all;
	p->hatype = !l || l->kind == PH_LINK_IP	   ? (uint32_t)HATYPE_NONE :
		    l->kind == PH_LINK_LOOPBACK	   ? (uint32_t)HATYPE_LOOPBACK :
						     (uint32_t)HATYPE_ETHER;
	p->random = (uint32_t)prng_u64(&st->prng);
	wants = bpf_run(d->filter->prog, p);
	return wants < all ? wants : all;
}

uint32_t dgram_filter_wants(struct ph_stack *st, const struct dgram *d, const struct ip_rx *rx,
			    const struct dgram_bytes *bytes, uint32_t payload_at)
{
	const struct pkt *p = rx->pkt;
	const uint8_t *start = p->hdr.buf->bytes + p->hdr_start, *net = start + p->l3_off;
	const uint8_t *seen = bytes->lead == net ? net : pkt_bytes(p); /* from the IP header on, or behind */
	struct bpf_packet view = { .lead = bytes->lead,
				   .lead_len = bytes->lead_len,
				   .pkt = p,
				   .off = bytes->off,
				   .len = bytes->len,
				   .before = start,
				   .before_len = (uint32_t)(seen - start),
				   .net_at = (int32_t)(net - seen),
				   .link_at = (int32_t)(start - seen),
				   .has_link = p->l3_off > 0,
				   .ethertype = ip_is4(&rx->dst) ? ETH_TYPE_IP4 : ETH_TYPE_IP6,
				   .pkttype = rx->group ? PH_PACKET_MULTICAST : PH_PACKET_HOST,
				   .ifindex = (uint32_t)rx->link,
				   .payload_at = payload_at };

	return dgram_filter_run(st, d, &view);
}
