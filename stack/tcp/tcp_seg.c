/* SPDX-License-Identifier: BSD-2-Clause */
/* From the bytes of a TCP header (RFC 9293 3.1) to struct tcp_seg: the one place where they are
 * trusted no more. */
#include "tcp/tcp_seg.h"

enum drop tcp_seg_parse(const uint8_t *p, uint32_t avail, uint32_t l4_len, struct tcp_seg *seg)
{
	const struct tcp_hdr *h = (const struct tcp_hdr *)(const void *)p;
	uint32_t hdr_len;

	if (avail < TCP_HDR_LEN || l4_len < avail)
		return DROP_TCP_SHORT;
	hdr_len = tcp_seg_hdr_len(p);
	if (hdr_len < TCP_HDR_LEN || hdr_len > avail)
		return DROP_TCP_SHORT;
	seg->seq = be32_get(h->seq);
	seg->ack = be32_get(h->ack);
	seg->len = l4_len - hdr_len;
	seg->off = hdr_len;
	seg->sport = be16_get(h->sport);
	seg->dport = be16_get(h->dport);
	seg->wnd = be16_get(h->wnd);
	seg->urg = be16_get(h->urg);
	seg->flags = (uint16_t)(h->flags | (h->off & 1 ? TCP_F_AE : 0));
	if (!tcp_opt_parse(p + TCP_HDR_LEN, hdr_len - TCP_HDR_LEN, &seg->opts))
		return DROP_TCP_OPTIONS;
	return DROP_NONE;
}

const char *tcp_seg_flags_text(uint16_t flags, char out[TCP_SEG_FLAGS_TEXT])
{
	static const struct {
		uint16_t flag;
		char letter;
	} letters[] = { { TCP_F_SYN, 'S' }, { TCP_F_FIN, 'F' }, { TCP_F_PSH, 'P' },
			{ TCP_F_RST, 'R' }, { TCP_F_URG, 'U' }, { TCP_F_ECE, 'E' },
			{ TCP_F_CWR, 'W' }, { TCP_F_AE, 'A' },	{ TCP_F_ACK, '.' } };
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].flag)
			out[n++] = letters[i].letter;
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
	return out;
}
