/* SPDX-License-Identifier: BSD-2-Clause */
/* See recut.h. Frames are IPv4 over Ethernet, without IP options or fragments: what phantoms send. */
#include "harness/sim/recut.h"

#include <stdbool.h>
#include <string.h>

#include "harness/sim/sum.h"

enum { ETH = 14, IP = 20, TCP = ETH + IP, FLAGS = TCP + 13, SYN_FIN_RST_URG = 0x27, PSH = 8,
	DF = 0x4000 };

/* Where the payload begins, or 0: no segment with data and nothing else, or one that may be cut on the
 * way: the one made of it would need an Identification of its own (RFC 6864 4.3). */
static size_t payload(const uint8_t *f, size_t len)
{
	size_t at;

	if (len < TCP + 20 || sim_get16(f + 12) != 0x0800 || f[ETH] != 0x45 || f[ETH + 9] != 6 ||
	    sim_get16(f + ETH + 6) != DF ||
	    (f[FLAGS] & SYN_FIN_RST_URG) || len != ETH + sim_get16(f + ETH + 2))
		return 0;
	at = TCP + (size_t)(f[TCP + 12] >> 4) * 4;
	return at < len ? at : 0;
}

/* `b` continues the stream that `a` is of. */
static bool follows(const uint8_t *a, size_t a_data, const uint8_t *b)
{
	return memcmp(a + ETH + 12, b + ETH + 12, 12) == 0 && /* addresses and ports */
	       sim_get32(a + TCP + 4) + (uint32_t)a_data == sim_get32(b + TCP + 4);
}

static size_t join(struct sim_recut *r, const uint8_t *f, size_t at, size_t len, size_t len_max,
		   uint8_t *out)
{
	size_t last_at = payload(r->last, r->len), last_data = r->len - last_at;
	size_t room = len_max > at ? len_max - at : 0, tail, head, size;

	if (room < 2)
		return 0;
	tail = (size_t)sim_rand_in(&r->rand, 1, last_data < room ? last_data : room - 1);
	head = (size_t)sim_rand_in(&r->rand, 1, len - at < room - tail ? len - at : room - tail);
	size = at + tail + head;
	memcpy(out, f, at); /* what the sender knows now */
	memcpy(out + at, r->last + r->len - tail, tail);
	memcpy(out + at + tail, f + at, head);
	out[FLAGS] &= (uint8_t)~PSH;
	sim_put32(out + TCP + 4, sim_get32(f + TCP + 4) - (uint32_t)tail);
	sim_put16(out + ETH + 2, (uint32_t)(size - ETH));
	sim_finish(out, TCP, size);
	return size;
}

size_t sim_recut(struct sim_recut *r, const uint8_t *frame, size_t len, size_t len_max, uint8_t *out)
{
	size_t at = len <= SIM_RECUT_FRAME ? payload(frame, len) : 0, made = 0;

	if (r->percent == 0 || at == 0)
		return 0;
	if (len_max > SIM_RECUT_FRAME)
		len_max = SIM_RECUT_FRAME;
	if (r->len && follows(r->last, r->len - payload(r->last, r->len), frame) &&
	    sim_rand_chance(&r->rand, r->percent))
		made = join(r, frame, at, len, len_max, out);
	memcpy(r->last, frame, len);
	r->len = len;
	return made;
}
