/* SPDX-License-Identifier: BSD-2-Clause */
/* See segment.h. */
#include "harness/lab/segment.h"

#include "harness/sim/sum.h"

enum { ETH = 14, IP_MIN = 20, TCP_MIN = 20, PROTO_TCP = 6, OFFSET = 0x1fff };
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

bool lab_segment_read(struct lab_segment *s, const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETH, *tcp;
	size_t ihl, total, header;

	if (len < ETH + IP_MIN || sim_get16(frame + 12) != 0x0800 || ip[0] >> 4 != 4 ||
	    ip[9] != PROTO_TCP || (sim_get16(ip + 6) & OFFSET))
		return false;
	ihl = (size_t)(ip[0] & 15) * 4;
	total = sim_get16(ip + 2);
	if (ihl < IP_MIN || total < ihl + TCP_MIN || total > len - ETH)
		return false;
	tcp = ip + ihl;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < TCP_MIN || ihl + header > total)
		return false;
	*s = (struct lab_segment){ .from = (uint16_t)sim_get16(tcp),
				   .to = (uint16_t)sim_get16(tcp + 2),
				   .seq = sim_get32(tcp + 4),
				   .ack = sim_get32(tcp + 8),
				   .len = (uint32_t)(total - ihl - header),
				   .flags = tcp[13],
				   .window = (uint16_t)sim_get16(tcp + 14),
				   .wscale = -1,
				   .options = tcp + TCP_MIN,
				   .noptions = header - TCP_MIN };
	read_options(s);
	return true;
}
