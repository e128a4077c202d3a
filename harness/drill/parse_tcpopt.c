/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP options between < and >: exact, in order, each with its length, so that a script whose options
 * make no header is refused before it runs. RFC 9293 3.2, 7323, 2018, 7413, 2385, 9768.
 */
#include <stdio.h>
#include <string.h>

#include "harness/drill/parse_int.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const char options_known[] =
	"an option (mss N, nop, eol, wscale N, sackOK, sack A:B, TS val N ecr N, FO, FOEXP, md5, "
	"ECN, gen KIND, hexadecimal bytes) or ...";

static int mss(struct drill_parser *p, struct drill_tcpopt *o)
{
	int64_t n;

	if (drill_p_int(p, "a segment size", 0, 65535, &n) != 0)
		return -1;
	o->kind = DRILL_O_MSS;
	o->value = (uint32_t)n;
	return 0;
}

static int wscale(struct drill_parser *p, struct drill_tcpopt *o)
{
	int64_t n;

	if (drill_p_int(p, "a shift", 0, 255, &n) != 0)
		return -1;
	o->kind = DRILL_O_WSCALE;
	o->value = (uint32_t)n;
	return 0;
}

static int sack(struct drill_parser *p, struct drill_tcpopt *o)
{
	o->kind = DRILL_O_SACK;
	do {
		uint8_t i = o->sack.n;

		if (i == DRILL_SACK_BLOCKS_MAX)
			return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src,
					    "more than %d blocks do not fit into a header",
					    DRILL_SACK_BLOCKS_MAX);
		if (drill_p_u32(p, "a block as first:end", &o->sack.block[i].left) != 0 ||
		    drill_p_need(p, ':', "\":\" within a block") != 0 ||
		    drill_p_u32(p, "the end of a block", &o->sack.block[i].right) != 0)
			return -1;
		if (drill_p_is(p, '!')) {
			o->sack.block[i].abs = true;
			if (drill_p_next(p) != 0)
				return -1;
		}
		o->sack.n++;
	} while (p->tok.kind == DRILL_TOK_NUMBER);
	return 0;
}

static int ts_value(struct drill_parser *p, const char *word, struct drill_num *n)
{
	if (!drill_p_is_word(p, word))
		return drill_p_expected(p, word[0] == 'v' ? "\"val\" after TS" :
							    "\"ecr\" after TSval");
	if (drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		n->kind = DRILL_N_ANY;
		return drill_p_next(p);
	}
	if (p->tok.kind == DRILL_TOK_WORD && !drill_p_is_word(p, "ecr")) {
		n->kind = DRILL_N_NAME;
		n->name = drill_p_copy(p, p->tok.text);
		return n->name ? drill_p_next(p) : -1;
	}
	n->kind = DRILL_N_REL;
	return drill_p_u32(p, "a timestamp", &n->num);
}

static int timestamps(struct drill_parser *p, struct drill_tcpopt *o)
{
	o->kind = DRILL_O_TS;
	if (ts_value(p, "val", &o->ts_val) != 0)
		return -1;
	return ts_value(p, "ecr", &o->ts_ecr);
}

/* No bytes, "..." or hexadecimal ones. */
static int blob(struct drill_parser *p, const char *what, struct drill_blob *b, size_t max)
{
	if (drill_p_is(p, ',') || drill_p_is(p, '>'))
		return 0;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		b->kind = DRILL_B_ANY;
		return drill_p_next(p);
	}
	return drill_p_hex(p, what, b->bytes, max, &b->len);
}

static int cookie(struct drill_parser *p, struct drill_tcpopt *o)
{
	o->kind = DRILL_O_FO;
	return blob(p, "a cookie in hexadecimal", &o->blob, DRILL_TCPOPT_BYTES_MAX - 2);
}

static int cookie_exp(struct drill_parser *p, struct drill_tcpopt *o)
{
	o->kind = DRILL_O_FOEXP;
	return blob(p, "a cookie in hexadecimal", &o->blob, DRILL_TCPOPT_BYTES_MAX - 4);
}

static int md5(struct drill_parser *p, struct drill_tcpopt *o)
{
	o->kind = DRILL_O_MD5;
	o->blob.kind = DRILL_B_VALID;
	if (drill_p_is(p, ',') || drill_p_is(p, '>'))
		return 0;
	if (drill_p_is_word(p, "valid"))
		return drill_p_next(p);
	if (drill_p_is_word(p, "invalid")) {
		o->blob.kind = DRILL_B_INVALID;
		return drill_p_next(p);
	}
	o->blob.kind = DRILL_B_BYTES;
	return blob(p, "a digest in hexadecimal, valid or invalid", &o->blob, 16);
}

/* e0b N ceb N e1b N, or the other way round; the last ones may be missing. */
static int accecn(struct drill_parser *p, struct drill_tcpopt *o)
{
	static const enum drill_accecn_field order[2][3] = {
		{ DRILL_A_E0B, DRILL_A_CEB, DRILL_A_E1B },
		{ DRILL_A_E1B, DRILL_A_CEB, DRILL_A_E0B },
	};
	static const char *const names[] = { "e0b", "ceb", "e1b" };

	o->kind = DRILL_O_ACCECN;
	o->accecn.e1_first = drill_p_is_word(p, "e1b");
	while (o->accecn.n < 3 && p->tok.kind == DRILL_TOK_WORD) {
		enum drill_accecn_field f = order[o->accecn.e1_first][o->accecn.n];
		int64_t bytes;

		if (!drill_p_is_word(p, names[f])) {
			char want[64];

			snprintf(want, sizeof(want), "%s N here (the order is e%d, ce, e%d)",
				 names[f], o->accecn.e1_first, !o->accecn.e1_first);
			return drill_p_expected(p, want);
		}
		if (drill_p_next(p) != 0 ||
		    drill_p_int(p, "a count of bytes", 0, 0xffffff, &bytes) != 0)
			return -1;
		o->accecn.field[o->accecn.n] = f;
		o->accecn.bytes[o->accecn.n++] = (uint32_t)bytes;
	}
	return 0;
}

static int generic(struct drill_parser *p, struct drill_tcpopt *o)
{
	int64_t kind;

	o->kind = DRILL_O_GENERIC;
	if (drill_p_int(p, "the option's kind", 0, 255, &kind) != 0)
		return -1;
	o->value = (uint32_t)kind;
	return blob(p, "its bytes in hexadecimal", &o->blob, DRILL_TCPOPT_BYTES_MAX - 2);
}

static int eol(struct drill_parser *p, struct drill_tcpopt *o)
{
	(void)p;
	o->kind = DRILL_O_EOL;
	return 0;
}

static int nop(struct drill_parser *p, struct drill_tcpopt *o)
{
	(void)p;
	o->kind = DRILL_O_NOP;
	return 0;
}

static int sack_ok(struct drill_parser *p, struct drill_tcpopt *o)
{
	(void)p;
	o->kind = DRILL_O_SACK_OK;
	return 0;
}

static bool is_mptcp(const struct drill_parser *p)
{
	static const char *const words[] = { "mpcapable",	"dss",		  "add_address",
					     "remove_address",	"mp_capable",	  "mp_join_syn",
					     "mp_join_syn_ack", "mp_join_ack",	  "mp_prio",
					     "mp_fail",		"mp_fastclose",	  "mp_reset",
					     "add_addr",	"remove_addr",	  "mp_join" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (drill_p_is_word(p, words[i]))
			return true;
	return false;
}

static int one(struct drill_parser *p, struct drill_tcpopt *o)
{
	static const struct {
		const char *word;
		int (*parse)(struct drill_parser *p, struct drill_tcpopt *o);
	} words[] = { { "nop", nop },	     { "mss", mss },	  { "TS", timestamps },
		      { "sackOK", sack_ok }, { "wscale", wscale }, { "sack", sack },
		      { "eol", eol },	     { "FO", cookie },	  { "FOEXP", cookie_exp },
		      { "md5", md5 },	     { "ECN", accecn },	  { "gen", generic } };
	int failed = 1;

	o->src = p->tok.src;
	for (size_t i = 0; i < ARRAY_LEN(words) && failed > 0; i++)
		if (drill_p_is_word(p, words[i].word))
			failed = drill_p_next(p) != 0 || words[i].parse(p, o) != 0 ? -1 : 0;
	if (failed > 0 && is_mptcp(p))
		return drill_p_unsupported(p, &p->tok.src, "MPTCP");
	if (failed > 0) {
		o->kind = DRILL_O_RAW;
		failed = drill_p_hex(p, options_known, o->blob.bytes, DRILL_TCPOPT_BYTES_MAX,
				     &o->blob.len);
	}
	if (failed)
		return -1;
	drill_p_close(p, &o->src);
	return 0;
}

/* Octets on the wire; 0: not known before the packet is there. */
static uint32_t length(const struct drill_tcpopt *o)
{
	switch (o->kind) {
	case DRILL_O_EOL:
	case DRILL_O_NOP:
		return 1;
	case DRILL_O_MSS:
		return 4;
	case DRILL_O_WSCALE:
		return 3;
	case DRILL_O_SACK_OK:
		return 2;
	case DRILL_O_SACK:
		return 2 + 8u * o->sack.n;
	case DRILL_O_TS:
		return 10;
	case DRILL_O_MD5:
		return o->blob.kind == DRILL_B_BYTES ? 2u + o->blob.len : 18;
	case DRILL_O_ACCECN:
		return 2 + 3u * o->accecn.n;
	case DRILL_O_FO:
	case DRILL_O_GENERIC:
		return o->blob.kind == DRILL_B_ANY ? 0 : 2u + o->blob.len;
	case DRILL_O_FOEXP:
		return o->blob.kind == DRILL_B_ANY ? 0 : 4u + o->blob.len;
	case DRILL_O_RAW:
		return o->blob.len;
	}
	return 0;
}

static int check_length(struct drill_parser *p, const struct drill_tcp *t,
			const struct drill_src *src)
{
	uint32_t sum = 0;
	bool open = false;

	for (uint32_t i = 0; i < t->nopt; i++) {
		sum += length(&t->opt[i]);
		open |= length(&t->opt[i]) == 0;
	}
	if (sum > DRILL_TCPOPT_BYTES_MAX)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, src,
				    "these options have %u bytes; a header has room for %d", sum,
				    DRILL_TCPOPT_BYTES_MAX);
	if (sum % 4 && !open)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, src,
				    "these options have %u bytes; a header is made of words of 4: "
				    "add nop or eol", sum);
	return 0;
}

/* <...> or <nocheck> */
static int any_options(struct drill_parser *p, struct drill_tcp *t)
{
	t->opts = DRILL_OPTS_ANY;
	if (drill_p_next(p) != 0)
		return -1;
	return drill_p_need(p, '>', "\">\"");
}

int drill_p_tcpopts(struct drill_parser *p, struct drill_tcp *t)
{
	struct drill_src src = p->tok.src;
	struct drill_tcpopt opts[DRILL_TCPOPTS_MAX];

	if (drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS || drill_p_is_word(p, "nocheck"))
		return any_options(p, t);
	if (drill_p_is(p, '>'))
		return drill_p_next(p);
	t->opts = DRILL_OPTS_LIST;
	for (;;) {
		if (t->nopt == DRILL_TCPOPTS_MAX)
			return drill_p_fail(p, DRILL_ERR_SYNTAX, &src,
					    "more than %d options do not fit into a header",
					    DRILL_TCPOPTS_MAX);
		memset(&opts[t->nopt], 0, sizeof(opts[0]));
		if (one(p, &opts[t->nopt]) != 0)
			return -1;
		t->nopt++;
		if (drill_p_is(p, '>'))
			break;
		if (drill_p_need(p, ',', "\",\" or \">\" after the option") != 0)
			return -1;
	}
	t->opt = drill_p_alloc(p, t->nopt * sizeof(opts[0]));
	if (!t->opt)
		return -1;
	memcpy(t->opt, opts, t->nopt * sizeof(opts[0]));
	return check_length(p, t, &src) == 0 ? drill_p_next(p) : -1;
}
