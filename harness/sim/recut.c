/* SPDX-License-Identifier: BSD-2-Clause */
/* See recut.h. Frames are IP over Ethernet, without IP options, headers of extension or fragments: what
 * phantoms send. */
#include "harness/sim/recut.h"

#include <stdbool.h>
#include <string.h>

#include "harness/sim/sum.h"

enum { ETH = 14, TCP4 = ETH + 20, TCP6 = ETH + 40, FLAGS = 13, SYN_FIN_RST_URG = 0x27, PSH = 8,
	DF = 0x4000 };

/* Where TCP's header begins, or 0: no segment alone, or one that may be cut on the way: the one made of
 * it would need an Identification of its own (RFC 6864 4.3). */
static size_t tcp_at(const uint8_t *f, size_t len)
{
	if (len >= TCP4 + 20 && sim_get16(f + 12) == 0x0800)
		return f[ETH] == 0x45 && f[ETH + 9] == 6 && sim_get16(f + ETH + 6) == DF &&
				       len == ETH + sim_get16(f + ETH + 2) ?
			       TCP4 :
			       0;
	if (len >= TCP6 + 20 && sim_get16(f + 12) == 0x86dd)
		return f[ETH + 6] == 6 && len == TCP6 + sim_get16(f + ETH + 4) ? TCP6 : 0;
	return 0;
}

/* Where the payload begins, or 0: no segment with data and nothing else. */
static size_t payload(const uint8_t *f, size_t len)
{
	size_t tcp = tcp_at(f, len), at;

	if (tcp == 0 || (f[tcp + FLAGS] & SYN_FIN_RST_URG))
		return 0;
	at = tcp + (size_t)(f[tcp + 12] >> 4) * 4;
	return at < len ? at : 0;
}

/* Frame `f` continues the stream that the last one is of. */
static bool follows(const struct sim_recut *r, const uint8_t *f, size_t len)
{
	size_t tcp = tcp_at(f, len), addrs = tcp == TCP6 ? 36 : 12; /* addresses and ports */
	size_t data = r->len - payload(r->last, r->len);

	return tcp == tcp_at(r->last, r->len) &&
	       memcmp(r->last + tcp + 4 - addrs, f + tcp + 4 - addrs, addrs) == 0 &&
	       sim_get32(r->last + tcp + 4) + (uint32_t)data == sim_get32(f + tcp + 4);
}

static size_t join(struct sim_recut *r, const uint8_t *f, size_t at, size_t len, size_t len_max,
		   uint8_t *out)
{
	size_t last_at = payload(r->last, r->len), last_data = r->len - last_at, tcp = tcp_at(f, len);
	size_t room = len_max > at ? len_max - at : 0, tail, head, size;

	if (room < 2)
		return 0;
	tail = (size_t)sim_rand_in(&r->rand, 1, last_data < room ? last_data : room - 1);
	head = (size_t)sim_rand_in(&r->rand, 1, len - at < room - tail ? len - at : room - tail);
	size = at + tail + head;
	memcpy(out, f, at); /* what the sender knows now */
	memcpy(out + at, r->last + r->len - tail, tail);
	memcpy(out + at + tail, f + at, head);
	out[tcp + FLAGS] &= (uint8_t)~PSH;
	sim_put32(out + tcp + 4, sim_get32(f + tcp + 4) - (uint32_t)tail);
	if (tcp == TCP6)
		sim_put16(out + ETH + 4, (uint32_t)(size - TCP6));
	else
		sim_put16(out + ETH + 2, (uint32_t)(size - ETH));
	sim_finish(out, tcp, size);
	return size;
}

size_t sim_recut(struct sim_recut *r, const uint8_t *frame, size_t len, size_t len_max, uint8_t *out)
{
	size_t at = len <= SIM_RECUT_FRAME ? payload(frame, len) : 0, made = 0;

	if (r->percent == 0 || at == 0)
		return 0;
	if (len_max > SIM_RECUT_FRAME)
		len_max = SIM_RECUT_FRAME;
	if (r->len && follows(r, frame, len) &&
	    sim_rand_chance(&r->rand, r->percent))
		made = join(r, frame, at, len, len_max, out);
	memcpy(r->last, frame, len);
	r->len = len;
	return made;
}
