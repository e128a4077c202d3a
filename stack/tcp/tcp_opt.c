/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP options: one cursor over bytes from the wire, one exit for what is malformed; and the
 * building of ours. */
#include "tcp/tcp_opt.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static void read_sack(const uint8_t *p, uint32_t len, struct tcp_opts *o)
{
	if (len < 10 || (len - 2) % 8 != 0)
		return;
	o->nsack = (uint8_t)((len - 2) / 8);
	for (unsigned i = 0; i < o->nsack; i++) {
		o->sack[i].from = get32(p + 2 + 8 * i);
		o->sack[i].to = get32(p + 6 + 8 * i);
	}
}

/* RFC 9768 3.2.3: as many whole fields as there are; what is left over is passed by. */
static void read_accecn(const uint8_t *p, uint32_t len, struct tcp_opts *o)
{
	uint32_t n = (len - 2) / 3;

	o->accecn = p[0];
	o->naccecn = (uint8_t)(n < TCP_ACCECN_FIELDS ? n : TCP_ACCECN_FIELDS);
	for (unsigned i = 0; i < o->naccecn; i++)
		o->accecn_bytes[i] = (uint32_t)p[2 + 3 * i] << 16 | get16(p + 3 + 3 * i);
}

/* RFC 7413 4.1.1 (MUST): a cookie of another length than an even one of 4 to 16 is no cookie. Of
 * several options the last counts. */
static void read_fastopen(const uint8_t *p, uint32_t len, bool exp, struct tcp_opts *o)
{
	if (len % 2 != 0 || len > TCP_COOKIE_MAX || (len && len < TCP_COOKIE_MIN)) {
		o->has_fo = false;
		return;
	}
	o->has_fo = true;
	o->fo_exp = exp;
	o->fo_len = (uint8_t)len;
	memcpy(o->fo, p, len);
}

/* One option of `len` bytes, kind and length included; a known kind of a wrong length is as
 * unknown. */
static void read_one(const uint8_t *p, uint32_t len, struct tcp_opts *o)
{
	switch (p[0]) {
	case TCP_OPT_MSS:
		if (len == 4) {
			o->has_mss = true;
			o->mss = get16(p + 2);
		}
		break;
	case TCP_OPT_WSCALE:
		if (len == 3) {
			o->has_wscale = true;
			/* RFC 7323 2.3: a larger shift counts as 14. */
			o->wscale = p[2] > TCP_WSCALE_MAX ? TCP_WSCALE_MAX : p[2];
		}
		break;
	case TCP_OPT_SACK_OK:
		if (len == 2)
			o->sack_ok = true;
		break;
	case TCP_OPT_SACK:
		read_sack(p, len, o);
		break;
	case TCP_OPT_TS:
		if (len == 10) {
			o->has_ts = true;
			o->tsval = get32(p + 2);
			o->tsecr = get32(p + 6);
		}
		break;
	case TCP_OPT_MD5:
		if (len == 2 + sizeof(o->md5)) {
			o->has_md5 = true;
			memcpy(o->md5, p + 2, sizeof(o->md5));
		}
		break;
	case TCP_OPT_ACCECN0:
	case TCP_OPT_ACCECN1:
		read_accecn(p, len, o);
		break;
	case TCP_OPT_FASTOPEN:
		read_fastopen(p + 2, len - 2, false, o);
		break;
	case TCP_OPT_EXP:
		if (len >= 4 && get16(p + 2) == TCP_EXP_FASTOPEN)
			read_fastopen(p + 4, len - 4, true, o);
		break;
	default:
		break;
	}
}

bool tcp_opt_parse(const uint8_t *p, uint32_t n, struct tcp_opts *o)
{
	const uint8_t *end = p + n;

	tcp_opt_none(o);
	/* RFC 7323 appendix A: nearly every segment looks like this. */
	if (n == TCP_OPT_TS_ALIGNED && get32(p) == 0x0101080a) {
		o->has_ts = true;
		o->tsval = get32(p + 4);
		o->tsecr = get32(p + 8);
		return true;
	}
	while (p < end && p[0] != TCP_OPT_EOL) {
		uint32_t len = 1;

		if (p[0] != TCP_OPT_NOP) {
			if (end - p < 2 || p[1] < 2 || p[1] > end - p)
				return false;
			len = p[1];
			read_one(p, len, o);
		}
		p += len;
	}
	return true;
}

uint32_t tcp_opt_len(const struct tcp_opts *o)
{
	uint32_t len = o->has_md5 ? TCP_OPT_MD5_ALIGNED : 0;

	if (o->has_mss)
		len += 4;
	if (o->has_ts)
		len += TCP_OPT_TS_ALIGNED;
	else if (o->sack_ok)
		len += 4;
	if (o->has_wscale)
		len += 4;
	if (o->nsack)
		len += 2 + 8 * (uint32_t)o->nsack;
	if (o->accecn)
		len += 2 + 3 * (uint32_t)o->naccecn;
	if (o->has_fo)
		len = ((len + 3) & ~3u) + (o->fo_exp ? 4u : 2u) + o->fo_len;
	return (len + 3) & ~3u;
}

/* Its fields follow each other without gaps; what comes next fills up the word. */
static uint8_t *put_accecn(uint8_t *p, const struct tcp_opts *o)
{
	*p++ = o->accecn;
	*p++ = (uint8_t)(2 + 3 * o->naccecn);
	for (unsigned i = 0; i < o->naccecn; i++) {
		*p++ = (uint8_t)(o->accecn_bytes[i] >> 16);
		*p++ = (uint8_t)(o->accecn_bytes[i] >> 8);
		*p++ = (uint8_t)o->accecn_bytes[i];
	}
	return p;
}

/* NOPs until `more` further bytes end on a word. */
static uint8_t *put_nops(uint8_t *p, const uint8_t *start, uint32_t more)
{
	while (((uint32_t)(p - start) + more) % 4)
		*p++ = TCP_OPT_NOP;
	return p;
}

static uint8_t *put_sack(uint8_t *p, const struct tcp_opts *o)
{
	*p++ = TCP_OPT_SACK;
	*p++ = (uint8_t)(2 + 8 * o->nsack);
	for (unsigned i = 0; i < o->nsack; i++) {
		p = put32(p, o->sack[i].from);
		p = put32(p, o->sack[i].to);
	}
	return p;
}

static uint8_t *put_fastopen(uint8_t *p, const struct tcp_opts *o)
{
	*p++ = o->fo_exp ? TCP_OPT_EXP : TCP_OPT_FASTOPEN;
	*p++ = (uint8_t)((o->fo_exp ? 4 : 2) + o->fo_len);
	if (o->fo_exp) {
		*p++ = TCP_EXP_FASTOPEN >> 8;
		*p++ = TCP_EXP_FASTOPEN & 0xff;
	}
	memcpy(p, o->fo, o->fo_len);
	return p + o->fo_len;
}

static uint8_t *put_md5_room(uint8_t *p, const struct tcp_opts *o)
{
	p = put32(p, 0x01010000 | TCP_OPT_MD5 << 8 | (2 + sizeof(o->md5)));
	memset(p, 0, sizeof(o->md5));
	return p + sizeof(o->md5);
}

/* Linux's order: signature, MSS, SACK-permitted and timestamps in three words, AccECN, SACK-permitted without
 * timestamps, window scale, SACK, Fast Open. */
uint32_t tcp_opt_build(uint8_t *p, const struct tcp_opts *o)
{
	uint8_t *start = p;

	assert(tcp_opt_len(o) <= TCP_OPTS_MAX);
	if (o->has_md5)
		p = put_md5_room(p, o);
	if (o->has_mss)
		p = put32(p, TCP_OPT_MSS << 24 | 4 << 16 | o->mss);
	if (o->has_ts) {
		p = put32(p, o->sack_ok ? 0x0402080a : 0x0101080a);
		p = put32(p, o->tsval);
		p = put32(p, o->tsecr);
	}
	if (o->accecn) {
		p = put_accecn(p, o);
		if (!o->nsack)
			p = put_nops(p, start, 0);
	}
	if (o->sack_ok && !o->has_ts)
		p = put32(p, 0x01010402);
	if (o->has_wscale)
		p = put32(p, TCP_OPT_NOP << 24 | TCP_OPT_WSCALE << 16 | 3 << 8 | o->wscale);
	if (o->nsack) {
		p = put_nops(p, start, 2 + 8 * (uint32_t)o->nsack);
		p = put_sack(p, o);
	}
	if (o->has_fo)
		p = put_nops(put_fastopen(p, o), start, 0);
	return (uint32_t)(p - start);
}

/* NOPs until the length is `rest` past a word. */
static uint8_t *put_nops_to(uint8_t *p, const uint8_t *start, unsigned rest)
{
	while ((unsigned)(p - start) % 4 != rest)
		*p++ = TCP_OPT_NOP;
	return p;
}

uint32_t tcp_opt_build_bsd(uint8_t *p, const struct tcp_opts *o)
{
	uint8_t *start = p;

	assert(tcp_opt_len(o) <= TCP_OPTS_MAX);
	if (o->has_md5)
		p = put_md5_room(p, o);
	if (o->has_mss)
		p = put32(p, TCP_OPT_MSS << 24 | 4 << 16 | o->mss);
	if (o->has_wscale)
		p = put32(p, TCP_OPT_NOP << 24 | TCP_OPT_WSCALE << 16 | 3 << 8 | o->wscale);
	if (o->sack_ok) {
		*p++ = TCP_OPT_SACK_OK;
		*p++ = 2;
	}
	if (o->has_ts) {
		p = put_nops_to(p, start, 2);
		*p++ = TCP_OPT_TS;
		*p++ = 10;
		p = put32(p, o->tsval);
		p = put32(p, o->tsecr);
	}
	if (o->accecn)
		p = put_accecn(p, o);
	if (o->nsack)
		p = put_sack(put_nops_to(p, start, 2), o);
	if (o->has_fo)
		p = put_fastopen(p, o);
	while ((p - start) % 4)
		*p++ = TCP_OPT_EOL;
	return (uint32_t)(p - start);
}
