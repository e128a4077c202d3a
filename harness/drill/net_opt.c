/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP options between the tree and the wire, and whole packets back into the tree: see net.h. */
#include "harness/drill/net.h"

#include <string.h>

enum {
	K_EOL = 0,
	K_NOP = 1,
	K_MSS = 2,
	K_WSCALE = 3,
	K_SACK_OK = 4,
	K_SACK = 5,
	K_TS = 8,
	K_MD5 = 19,
	MD5_LEN = 16,
	K_FO = 34,
	K_ACCECN0 = 172,
	K_ACCECN1 = 174,
	K_EXP = 254,
	FOEXP_MAGIC = 0xf989,
};

/* A cursor over the 40 bytes; n goes on counting when they are full. */
struct room {
	uint8_t *at;
	size_t n;
};

static void put(struct room *r, uint32_t v, unsigned bytes)
{
	while (bytes-- > 0) {
		if (r->n < DRILL_TCPOPT_BYTES_MAX)
			r->at[r->n] = (uint8_t)(v >> (8 * bytes));
		r->n++;
	}
}

static void put_blob(struct room *r, const struct drill_blob *b)
{
	for (unsigned i = 0; i < b->len; i++)
		put(r, b->bytes[i], 1);
}

static void put_head(struct room *r, uint32_t kind, uint32_t len)
{
	put(r, kind, 1);
	put(r, len, 1);
}

static void put_sack(struct room *r, const struct drill_tcpopt *o, const struct drill_opt_map *map)
{
	put_head(r, K_SACK, 2 + 8u * o->sack.n);
	for (unsigned i = 0; i < o->sack.n; i++) {
		bool abs = o->sack.block[i].abs;
		uint32_t left = o->sack.block[i].left, right = o->sack.block[i].right;

		put(r, abs ? left : map->sack(map->arg, left), 4);
		put(r, abs ? right : map->sack(map->arg, right), 4);
	}
}

static void put_option(struct room *r, const struct drill_tcpopt *o,
		       const struct drill_opt_map *map)
{
	switch (o->kind) {
	case DRILL_O_EOL:
		put(r, K_EOL, 1);
		break;
	case DRILL_O_NOP:
		put(r, K_NOP, 1);
		break;
	case DRILL_O_MSS:
		put_head(r, K_MSS, 4);
		put(r, o->value, 2);
		break;
	case DRILL_O_WSCALE:
		put_head(r, K_WSCALE, 3);
		put(r, o->value, 1);
		break;
	case DRILL_O_SACK_OK:
		put_head(r, K_SACK_OK, 2);
		break;
	case DRILL_O_SACK:
		put_sack(r, o, map);
		break;
	case DRILL_O_TS:
		put_head(r, K_TS, 10);
		put(r, map->ts_val(map->arg, &o->ts_val), 4);
		put(r, map->ts_ecr(map->arg, &o->ts_ecr), 4);
		break;
	case DRILL_O_FO:
		put_head(r, K_FO, 2u + o->blob.len);
		put_blob(r, &o->blob);
		break;
	case DRILL_O_FOEXP:
		put_head(r, K_EXP, 4u + o->blob.len);
		put(r, FOEXP_MAGIC, 2);
		put_blob(r, &o->blob);
		break;
	case DRILL_O_MD5:
		if (o->blob.kind != DRILL_B_BYTES) { /* the runner fills it in */
			put_head(r, K_MD5, 2u + MD5_LEN);
			for (unsigned i = 0; i < MD5_LEN; i++)
				put(r, 0, 1);
			break;
		}
		put_head(r, K_MD5, 2u + o->blob.len);
		put_blob(r, &o->blob);
		break;
	case DRILL_O_ACCECN:
		put_head(r, o->accecn.e1_first ? K_ACCECN1 : K_ACCECN0, 2 + 3u * o->accecn.n);
		for (unsigned i = 0; i < o->accecn.n; i++)
			put(r, o->accecn.bytes[i], 3);
		break;
	case DRILL_O_GENERIC:
		put_head(r, o->value, 2u + o->blob.len);
		put_blob(r, &o->blob);
		break;
	case DRILL_O_RAW:
		put_blob(r, &o->blob);
		break;
	}
}

uint32_t drill_net_octet(const struct drill_tcpopt *o)
{
	static const uint8_t octets[] = {
		[DRILL_O_EOL] = K_EOL,	 [DRILL_O_NOP] = K_NOP,	  [DRILL_O_MSS] = K_MSS,
		[DRILL_O_WSCALE] = K_WSCALE, [DRILL_O_SACK_OK] = K_SACK_OK, [DRILL_O_SACK] = K_SACK,
		[DRILL_O_TS] = K_TS,	 [DRILL_O_FO] = K_FO,	  [DRILL_O_FOEXP] = K_EXP,
		[DRILL_O_MD5] = K_MD5,
	};

	if (o->kind == DRILL_O_ACCECN)
		return o->accecn.e1_first ? K_ACCECN1 : K_ACCECN0;
	if (o->kind == DRILL_O_GENERIC)
		return o->value;
	return o->kind == DRILL_O_RAW ? UINT32_MAX : octets[o->kind];
}

int drill_net_options(const struct drill_tcp *t, const struct drill_opt_map *map,
		      uint8_t out[DRILL_TCPOPT_BYTES_MAX])
{
	struct room r = { .at = out };

	if (t->opts != DRILL_OPTS_LIST)
		return 0;
	for (uint32_t i = 0; i < t->nopt; i++)
		put_option(&r, &t->opt[i], map);
	while (r.n % 4)
		put(&r, K_EOL, 1);
	return r.n > DRILL_TCPOPT_BYTES_MAX ? -1 : (int)r.n;
}

/* ---- back ---- */

static uint32_t get(const uint8_t *p, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* RFC 9768 3.2.3: the counters that are left out are the last ones. */
static void take_accecn(struct drill_tcpopt *o, bool e1_first, const uint8_t *p, size_t len)
{
	static const enum drill_accecn_field order[2][3] = {
		{ DRILL_A_E0B, DRILL_A_CEB, DRILL_A_E1B },
		{ DRILL_A_E1B, DRILL_A_CEB, DRILL_A_E0B },
	};

	o->kind = DRILL_O_ACCECN;
	o->accecn.e1_first = e1_first;
	for (o->accecn.n = 0; o->accecn.n < len / 3; o->accecn.n++) {
		o->accecn.field[o->accecn.n] = order[e1_first][o->accecn.n];
		o->accecn.bytes[o->accecn.n] = get(p + 3 * o->accecn.n, 3);
	}
}

static void take_blob(struct drill_tcpopt *o, const uint8_t *p, size_t len)
{
	o->blob.kind = DRILL_B_BYTES;
	o->blob.len = (uint8_t)len;
	memcpy(o->blob.bytes, p, len);
}

static void take_sack(struct drill_tcpopt *o, const uint8_t *p, size_t len, uint32_t base)
{
	o->kind = DRILL_O_SACK;
	o->sack.n = (uint8_t)(len / 8);
	for (unsigned i = 0; i < o->sack.n; i++) {
		o->sack.block[i].left = get(p + 8 * i, 4) - base;
		o->sack.block[i].right = get(p + 8 * i + 4, 4) - base;
	}
}

/* An option with a length: p points behind it, len is what is left of it. */
static void take_option(struct drill_tcpopt *o, uint8_t kind, const uint8_t *p, size_t len,
			uint32_t base)
{
	if (kind == K_MSS && len == 2) {
		o->kind = DRILL_O_MSS;
		o->value = get(p, 2);
	} else if (kind == K_WSCALE && len == 1) {
		o->kind = DRILL_O_WSCALE;
		o->value = p[0];
	} else if (kind == K_SACK_OK && len == 0) {
		o->kind = DRILL_O_SACK_OK;
	} else if (kind == K_SACK && len > 0 && len % 8 == 0 && len / 8 <= DRILL_SACK_BLOCKS_MAX) {
		take_sack(o, p, len, base);
	} else if (kind == K_TS && len == 8) {
		o->kind = DRILL_O_TS;
		o->ts_val = (struct drill_num){ .kind = DRILL_N_REL, .num = get(p, 4) };
		o->ts_ecr = (struct drill_num){ .kind = DRILL_N_REL, .num = get(p + 4, 4) };
	} else if (kind == K_FO) {
		o->kind = DRILL_O_FO;
		take_blob(o, p, len);
	} else if (kind == K_EXP && len >= 2 && get(p, 2) == FOEXP_MAGIC) {
		o->kind = DRILL_O_FOEXP;
		take_blob(o, p + 2, len - 2);
	} else if (kind == K_MD5 && len == 16) {
		o->kind = DRILL_O_MD5;
		take_blob(o, p, len);
	} else if ((kind == K_ACCECN0 || kind == K_ACCECN1) && len <= 9 && len % 3 == 0) {
		take_accecn(o, kind == K_ACCECN1, p, len);
	} else {
		o->kind = DRILL_O_GENERIC;
		o->value = kind;
		take_blob(o, p, len);
	}
}

uint32_t drill_net_tree(const uint8_t *opt, size_t len, uint32_t sack_base,
			struct drill_tcpopt *out)
{
	uint32_t n = 0;

	for (size_t at = 0; at < len && n < DRILL_TCPOPTS_MAX; n++) {
		struct drill_tcpopt *o = &out[n];

		*o = (struct drill_tcpopt){ .kind = DRILL_O_NOP };
		if (opt[at] == K_EOL || opt[at] == K_NOP) {
			o->kind = opt[at] == K_EOL ? DRILL_O_EOL : DRILL_O_NOP;
			at++;
		} else if (at + 1 >= len || opt[at + 1] < 2 || at + opt[at + 1] > len) {
			o->kind = DRILL_O_RAW;
			take_blob(o, opt + at, len - at);
			at = len;
		} else {
			take_option(o, opt[at], opt + at + 2, opt[at + 1] - 2u, sack_base);
			at += opt[at + 1];
		}
	}
	return n;
}

static struct drill_num number(uint32_t v)
{
	return (struct drill_num){ .kind = DRILL_N_REL, .num = v };
}

static void tcp_tree(const struct drill_live *l, uint32_t seq_base, uint32_t ack_base,
		     struct drill_tcp *t)
{
	uint32_t start = l->seq - seq_base;

	t->flags = l->flags;
	t->seq = (struct drill_seq){ .kind = DRILL_N_REL,
				     .start = start,
				     .end = start + (uint32_t)l->data_len,
				     .len = (uint32_t)l->data_len };
	if (l->flags & DRILL_F_ACK)
		t->ack = number(l->ack - ack_base);
	t->win = number(l->win);
	if (l->urg || (l->flags & DRILL_F_URG))
		t->urg = number(l->urg);
	t->nopt = drill_net_tree(l->opt, l->opt_len, ack_base, t->opt);
	t->opts = t->nopt ? DRILL_OPTS_LIST : DRILL_OPTS_NONE;
}

void drill_net_packet(const struct drill_live *l, enum drill_dir dir, uint32_t seq_base,
		      uint32_t ack_base, struct drill_packet *p)
{
	struct drill_tcpopt *room = p->tcp.opt;

	*p = (struct drill_packet){ .dir = dir, .ip = l->ip, .l4 = l->l4 };
	p->tcp.opt = room;
	if (l->l4 == DRILL_L4_TCP) {
		tcp_tree(l, seq_base, ack_base, &p->tcp);
	} else if (l->l4 == DRILL_L4_UDP) {
		p->udp_len = (uint32_t)l->data_len;
	} else {
		p->icmp.type = l->icmp_type;
		p->icmp.code = l->icmp_code;
	}
}
