/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames at the stack's edge: memory to receive into, what a device said about a frame (struct
 * virtio_net_hdr's fields), and a frame's bytes for the device. Called by the user, around
 * ph_link_input() and ph_link_output().
 */
#include <string.h>

#include "net/gso.h"
#include "net/link.h"
#include "wire/ip4.h"

enum { VIRTIO_NEEDS_CSUM = 1, VIRTIO_DATA_VALID = 2, VIRTIO_GSO_ECN = 0x80 };
enum { FRAME_TAGGED_HDR = ETH_HDR_LEN + 4, FRAME_ROOM_MIN = 2048 };

static uint32_t room_for(const struct link *l)
{
	uint32_t most = FRAME_TAGGED_HDR + (uint32_t)l->mtu;

	return most > FRAME_ROOM_MIN ? most : (uint32_t)FRAME_ROOM_MIN;
}

struct ph_pkt *ph_pkt_rx(struct ph_stack *st, ph_link index, struct ph_iov iov[PH_RX_IOV], int *n)
{
	const struct link *l = link_get(st, index);
	bool gso;
	struct pkt *p;

	if (!l)
		return NULL;
	gso = (l->offload & (PH_OFFLOAD_TSO4 | PH_OFFLOAD_TSO6)) != 0;
	p = pkt_new_rx(&st->pkts, gso ? (uint32_t)PKT_LEN_MAX : room_for(l), gso);
	if (!p)
		return NULL;
	iov[0] = (struct ph_iov){ pkt_bytes(p), p->hdr.len };
	*n = 1;
	assert(p->ndata < PH_RX_IOV);
	for (uint8_t i = 0; i < p->ndata; i++)
		iov[(*n)++] = (struct ph_iov){ span_bytes(&p->data[i]), p->data[i].len };
	return link_pkt_out(p);
}

static bool gso_known(uint8_t type)
{
	return type == PKT_GSO_NONE || type == PKT_GSO_TCP4 || type == PKT_GSO_TCP6;
}

int ph_pkt_filled(struct ph_pkt *pkt, size_t len, const struct ph_offload *offload)
{
	struct pkt *p = link_pkt_in(pkt);
	uint8_t type = offload ? (uint8_t)(offload->gso_type & ~VIRTIO_GSO_ECN) : 0;

	if (len > p->len)
		return -EINVAL;
	if (offload && (!gso_known(type) || (type != PKT_GSO_NONE && offload->gso_size == 0)))
		return -EINVAL;
	if (offload && (offload->flags & VIRTIO_NEEDS_CSUM) &&
	    (size_t)offload->csum_start + offload->csum_offset + 2 > len)
		return -EINVAL;
	pkt_trim(p, (uint32_t)len);
	if (!offload)
		return 0;
	if (offload->flags & VIRTIO_NEEDS_CSUM) {
		p->csum = PKT_CSUM_TODO;
		p->csum_start = offload->csum_start;
		p->csum_off = offload->csum_offset;
	} else if (offload->flags & VIRTIO_DATA_VALID) {
		p->csum = PKT_CSUM_GOOD;
	}
	p->gso = type;
	p->gso_ecn = (offload->gso_type & VIRTIO_GSO_ECN) != 0;
	p->gso_size = type == PKT_GSO_NONE ? 0 : offload->gso_size;
	return 0;
}

int ph_link_input_bytes(struct ph_stack *st, ph_link index, const void *bytes, size_t len,
			const struct ph_offload *offload, uint64_t now_ns)
{
	struct pkt *p;
	int rc;

	if (len > PKT_LEN_MAX)
		return -EMSGSIZE;
	p = pkt_new_rx(&st->pkts, (uint32_t)len, false);
	if (!p)
		return -ENOMEM;
	if (len > 0)
		memcpy(pkt_bytes(p), bytes, len);
	rc = ph_pkt_filled(link_pkt_out(p), len, offload);
	if (rc != 0) {
		pkt_free(p);
		return rc;
	}
	ph_link_input(st, index, link_pkt_out(p), now_ns);
	return 0;
}

int ph_pkt_iov(const struct ph_pkt *pkt, struct ph_iov iov[PH_TX_IOV])
{
	const struct pkt *p = link_pkt_const(pkt);
	int n = 1;

	static_assert((int)PH_TX_IOV > (int)PKT_SPANS_MAX, "headers and every span have a place");
	iov[0] = (struct ph_iov){ pkt_bytes(p), p->hdr.len };
	for (uint8_t i = 0; i < p->ndata; i++)
		iov[n++] = (struct ph_iov){ span_bytes(&p->data[i]), p->data[i].len };
	return n;
}

size_t ph_pkt_len(const struct ph_pkt *pkt)
{
	return link_pkt_const(pkt)->len;
}

void ph_pkt_offload(const struct ph_pkt *pkt, struct ph_offload *offload)
{
	const struct pkt *p = link_pkt_const(pkt);

	*offload = (struct ph_offload){ 0 };
	if (p->csum == PKT_CSUM_TODO) {
		offload->flags = VIRTIO_NEEDS_CSUM;
		offload->csum_start = p->csum_start;
		offload->csum_offset = p->csum_off;
	}
	if (p->gso != PKT_GSO_NONE) {
		offload->gso_type = (uint8_t)(p->gso | (p->gso_ecn ? VIRTIO_GSO_ECN : 0));
		offload->gso_size = p->gso_size;
		offload->hdr_len = (uint16_t)gso_hdr_len(p);
	}
}

int ph_link_output_bytes(struct ph_stack *st, ph_link index, void *bytes, size_t cap,
			 uint64_t now_ns)
{
	struct pkt *p = link_pkt_in(ph_link_output(st, index, now_ns));
	int len;

	if (!p)
		return 0;
	len = p->len > cap ? -EMSGSIZE : (int)p->len;
	if (len >= 0) {
		if (p->csum == PKT_CSUM_TODO && p->gso == PKT_GSO_NONE)
			gso_finish_csum(p); /* bytes alone cannot say that it is open */
		pkt_copy_out(p, 0, bytes, p->len);
	}
	pkt_free(p);
	return len;
}

void ph_pkt_free(struct ph_stack *st, struct ph_pkt *pkt)
{
	(void)st;
	pkt_free(link_pkt_in(pkt));
}
