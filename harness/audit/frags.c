/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 791 3.2's reassembly, with blocks of eight octets; see frags.h. */
#include "harness/audit/frags.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { IP_HLEN = 20, DATA_MAX = 65535 - IP_HLEN, BLOCKS = 65536 / 8 };
static const uint64_t LIFE_NS = 30000000000u; /* a receiver's: RFC 1122 3.3.2 has it longer */

struct audit_partial {
	struct audit_addr src, dst;
	uint16_t id;
	uint64_t since_ns;
	size_t total;	 /* octets of data; 0: the last piece is missing */
	unsigned blocks; /* that are here */
	bool have[BLOCKS];
	uint8_t whole[IP_HLEN + DATA_MAX + 1];
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void forget(struct audit_partial **at)
{
	free(*at);
	*at = NULL;
}

/* The datagram's place, made when new. */
static struct audit_partial **place(struct audit_frags *t, const struct audit_frame *f)
{
	struct audit_partial **best = &t->partial[0];
	uint16_t id = get16(f->l3 + 4);

	for (unsigned i = 0; i < AUDIT_FRAGS_MAX; i++) {
		struct audit_partial **at = &t->partial[i];

		if (*at && f->time_ns - (*at)->since_ns > LIFE_NS)
			forget(at);
		if (*at && (*at)->id == id && audit_addr_same(&(*at)->src, &f->src) &&
		    audit_addr_same(&(*at)->dst, &f->dst))
			return at;
		if (*best && (!*at || (*at)->since_ns < (*best)->since_ns))
			best = at;
	}
	forget(best);
	*best = calloc(1, sizeof(**best));
	if (*best) {
		(*best)->src = f->src;
		(*best)->dst = f->dst;
		(*best)->id = id;
		(*best)->since_ns = f->time_ns;
	}
	return best;
}

/* False: the piece contradicts what is here. */
static bool take(struct audit_partial *p, const struct audit_frame *f, size_t from, bool last)
{
	size_t n = f->l4_len;

	if ((last && p->total && p->total != from + n) || (p->total && from + n > p->total))
		return false;
	if (last)
		p->total = from + n;
	for (size_t i = 0; i < n; i += 8) {
		size_t b = (from + i) / 8, step = n - i < 8 ? n - i : 8;
		uint8_t *to = p->whole + IP_HLEN + from + i;

		if (p->have[b] && memcmp(to, f->l4 + i, step) != 0)
			return false;
		p->blocks += !p->have[b];
		p->have[b] = true;
		memcpy(to, f->l4 + i, step);
	}
	return true;
}

/* The header as it was before the cut, without options; true: the segment is as it was sent. */
static bool finish(struct audit_partial *p, const struct audit_frame *f)
{
	memcpy(p->whole, f->l3, IP_HLEN);
	p->whole[0] = 0x45;
	put16(p->whole + 2, IP_HLEN + p->total);
	put16(p->whole + 6, 0);
	put16(p->whole + 10, 0);
	put16(p->whole + 10, (uint16_t)~audit_frame_sum(0, p->whole, IP_HLEN));
	return audit_frame_sum(f->pseudo + (uint32_t)p->total, p->whole + IP_HLEN, p->total) == 0xffff;
}

uint8_t *audit_frags_join(struct audit_frags *t, const struct audit_frame *f, size_t *len)
{
	size_t from = f->frag_off, n = f->l4_len;
	bool last = !f->frag_more;
	struct audit_partial **at, *p;
	uint8_t *whole = NULL;

	if (f->cut || n == 0 || (!last && n % 8 != 0) || from + n > DATA_MAX)
		return NULL;
	at = place(t, f);
	p = *at;
	if (!p)
		return NULL;
	if (!take(p, f, from, last)) {
		forget(at);
		return NULL;
	}
	if (!p->total || p->blocks < (p->total + 7) / 8)
		return NULL;
	if (finish(p, f)) {
		*len = IP_HLEN + p->total;
		whole = malloc(*len);
		if (whole)
			memcpy(whole, p->whole, *len);
	}
	forget(at);
	return whole;
}

void audit_frags_free(struct audit_frags *t)
{
	for (unsigned i = 0; i < AUDIT_FRAGS_MAX; i++)
		forget(&t->partial[i]);
}
