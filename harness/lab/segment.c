/* SPDX-License-Identifier: BSD-2-Clause */
/* See segment.h. */
#include "harness/lab/segment.h"

#include "harness/sim/sum.h"

enum { ETH = 14, IP_MIN = 20, IP6_HDR = 40, TCP_MIN = 20, PROTO_TCP = 6, OFFSET = 0x1fff };
enum { OPT_END = 0, OPT_NOP = 1, OPT_WSCALE = 3, OPT_SACK = 5 };

static void read_options(struct lab_segment *s)
{
	const uint8_t *p = s->options;
	size_t left = s->noptions;

	while (left > 0 && p[0] != OPT_END) {
		size_t n = p[0] == OPT_NOP ? 1 : left > 1 ? p[1] : 0;

		if (n == 0 || n > left || (n == 1 && p[0] != OPT_NOP))
			return;
		if (p[0] == OPT_WSCALE && n == 3)
			s->wscale = p[2];
		for (size_t at = 2; p[0] == OPT_SACK && at + 8 <= n && s->nsack < LAB_SACKS; at += 8) {
			s->sack[s->nsack][0] = sim_get32(p + at);
			s->sack[s->nsack++][1] = sim_get32(p + at + 4);
		}
		p += n;
		left -= n;
	}
}

/* The segment of an IP packet in one piece: where it begins, or NULL; *size: of it. */
static const uint8_t *tcp_of(const uint8_t *ip, size_t len, bool six, size_t *size)
{
	size_t ihl = six ? (size_t)IP6_HDR : (size_t)(ip[0] & 15) * 4;
	size_t total = six ? IP6_HDR + sim_get16(ip + 4) : sim_get16(ip + 2);

	if (six ? ip[0] >> 4 != 6 || ip[6] != PROTO_TCP :
		  ip[0] >> 4 != 4 || ip[9] != PROTO_TCP || (sim_get16(ip + 6) & OFFSET))
		return NULL;
	if (ihl < IP_MIN || total < ihl + TCP_MIN || total > len)
		return NULL;
	*size = total - ihl;
	return ip + ihl;
}

bool lab_segment_read(struct lab_segment *s, const uint8_t *frame, size_t len)
{
	bool six = len >= ETH + IP6_HDR && sim_get16(frame + 12) == 0x86dd;
	const uint8_t *tcp;
	size_t size, header;

	if (!six && (len < ETH + IP_MIN || sim_get16(frame + 12) != 0x0800))
		return false;
	tcp = tcp_of(frame + ETH, len - ETH, six, &size);
	if (!tcp)
		return false;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < TCP_MIN || header > size)
		return false;
	*s = (struct lab_segment){ .from = (uint16_t)sim_get16(tcp),
				   .to = (uint16_t)sim_get16(tcp + 2),
				   .seq = sim_get32(tcp + 4),
				   .ack = sim_get32(tcp + 8),
				   .len = (uint32_t)(size - header),
				   .flags = tcp[13],
				   .window = (uint16_t)sim_get16(tcp + 14),
				   .wscale = -1,
				   .options = tcp + TCP_MIN,
				   .noptions = header - TCP_MIN };
	read_options(s);
	return true;
}
