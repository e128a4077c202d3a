/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times and packets: DIR [ip] [sock(N)] [src > dst] and then TCP's flags and numbers, udp (len) or
 * icmp. RFC 9293 3.1 for the fields' widths, RFC 9768 for the digits among the flags.
 */
#include <stdio.h>
#include <string.h>

#include "harness/drill/parse_int.h"

enum { SECONDS_MAX = 1000000000 };

/* ---- time ---- */

/* Decimal seconds to nanoseconds, exactly; digits beyond the ninth are dropped. */
static int seconds(struct drill_parser *p, const char *what, int64_t *ns)
{
	const char *s = p->tok.text.at;
	int64_t whole = 0, part = 0, unit = 100000000;
	size_t i = 0, n = p->tok.text.len;

	if (p->tok.kind != DRILL_TOK_NUMBER)
		return drill_p_expected(p, what);
	for (; i < n && s[i] >= '0' && s[i] <= '9' && whole <= SECONDS_MAX; i++)
		whole = whole * 10 + (s[i] - '0');
	if (whole > SECONDS_MAX)
		return drill_p_fail(p, DRILL_ERR_LIMIT, &p->tok.src,
				    "a time of more than %d seconds", SECONDS_MAX);
	if (i < n && s[i] == '.')
		i++;
	for (; i < n && s[i] >= '0' && s[i] <= '9'; i++, unit /= 10)
		part += unit * (s[i] - '0');
	if (i < n)
		return drill_p_expected(p, what);
	*ns = whole * 1000000000 + part;
	return drill_p_next(p);
}

static int range_end(struct drill_parser *p, struct drill_time *t)
{
	struct drill_src src = p->tok.src;
	bool plus;

	if (drill_p_next(p) != 0)
		return -1;
	plus = drill_p_is(p, '+');
	if (plus != (t->kind == DRILL_T_REL))
		return drill_p_expected(p, plus ? "an absolute end, as the beginning is (0.1~0.2)" :
						  "\"+\", as at the beginning (+0.1~+0.2)");
	if ((plus && drill_p_next(p) != 0) || seconds(p, "the end of the range", &t->end_ns) != 0)
		return -1;
	t->kind = plus ? DRILL_T_REL_RANGE : DRILL_T_ABS_RANGE;
	if (t->end_ns < t->at_ns)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &src,
				    "this range ends before it begins; write the earlier time "
				    "first");
	return 0;
}

static int blocking_end(struct drill_parser *p, struct drill_time *t)
{
	struct drill_src src = p->tok.src;

	t->blocking = true;
	if (drill_p_next(p) != 0)
		return -1;
	if (t->kind == DRILL_T_REL && drill_p_is(p, '+') && drill_p_next(p) != 0)
		return -1;
	if (seconds(p, "the time at which the call returns", &t->until_ns) != 0)
		return -1;
	if (t->until_ns < t->at_ns)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &src,
				    "this call would return before it begins");
	return 0;
}

int drill_p_time(struct drill_parser *p, struct drill_time *t)
{
	if (drill_p_is(p, '*')) {
		t->kind = DRILL_T_ANY;
		return drill_p_next(p);
	}
	t->kind = DRILL_T_ABS;
	if (drill_p_is(p, '+')) {
		t->kind = DRILL_T_REL;
		if (drill_p_next(p) != 0)
			return -1;
	}
	if (seconds(p, "a time in seconds", &t->at_ns) != 0)
		return -1;
	t->end_ns = t->at_ns;
	if (drill_p_is(p, '~'))
		return range_end(p, t);
	if (p->tok.kind == DRILL_TOK_ELLIPSIS)
		return blocking_end(p, t);
	return 0;
}

/* ---- IP ---- */

static int ecn_word(struct drill_parser *p, struct drill_ipinfo *info, bool *found)
{
	static const struct {
		const char *word;
		enum drill_ecn ecn;
	} words[] = { { "noecn", DRILL_ECN_NONE },
		      { "ect0", DRILL_ECN_ECT0 },
		      { "ect1", DRILL_ECN_ECT1 },
		      { "ect01", DRILL_ECN_ECT01 },
		      { "ce", DRILL_ECN_CE } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!drill_p_is_word(p, words[i].word))
			continue;
		*found = true;
		info->ecn = words[i].ecn;
		return drill_p_next(p);
	}
	return 0;
}

static int ip_number(struct drill_parser *p, struct drill_ipinfo *info)
{
	int64_t n = 0;

	if (drill_p_is_word(p, "tos") || drill_p_is_word(p, "class")) {
		info->has_tos = true;
		if (drill_p_next(p) != 0 || drill_p_int(p, "an octet", 0, 255, &n) != 0)
			return -1;
		info->tos = (uint8_t)n;
		return 0;
	}
	if (drill_p_is_word(p, "ttl") || drill_p_is_word(p, "hlim")) {
		info->has_ttl = true;
		if (drill_p_next(p) != 0 || drill_p_int(p, "an octet", 0, 255, &n) != 0)
			return -1;
		info->ttl = (uint8_t)n;
		return 0;
	}
	if (drill_p_is_word(p, "flowlabel")) {
		info->has_flowlabel = true;
		if (drill_p_next(p) != 0 ||
		    drill_p_int(p, "a flow label", 0, 0xfffff, &n) != 0)
			return -1;
		info->flowlabel = (uint32_t)n;
		return 0;
	}
	return drill_p_expected(p, "noecn, ect0, ect1, ect01, ce, tos N, class N, ttl N, hlim N or "
				   "flowlabel N");
}

/* [a] [b], [a, b] or (a, b) */
static int ip_info(struct drill_parser *p, struct drill_ipinfo *info)
{
	char close = drill_p_is(p, '[') ? ']' : ')';

	if (!info->given)
		info->src = p->tok.src;
	info->given = true;
	if (drill_p_next(p) != 0)
		return -1;
	do {
		bool found = false;

		if (ecn_word(p, info, &found) != 0 || (!found && ip_number(p, info) != 0))
			return -1;
		if (drill_p_is(p, ',') && drill_p_next(p) != 0)
			return -1;
	} while (!drill_p_is(p, close) && p->tok.kind == DRILL_TOK_WORD);
	if (drill_p_need(p, close, close == ']' ? "\"]\"" : "\")\"") != 0)
		return -1;
	drill_p_close(p, &info->src);
	return 0;
}

static int sock_and_ports(struct drill_parser *p, struct drill_packet *k)
{
	int64_t n, m;

	if (drill_p_is_word(p, "sock") && drill_lex_peek(&p->lex) == '(') {
		if (drill_p_next(p) != 0 || drill_p_next(p) != 0 ||
		    drill_p_int(p, "a descriptor", 0, INT32_MAX, &n) != 0 ||
		    drill_p_need(p, ')', "\")\"") != 0)
			return -1;
		k->has_sock = true;
		k->sock = (int32_t)n;
	}
	if (p->tok.kind != DRILL_TOK_NUMBER || p->tok.fraction || drill_lex_peek(&p->lex) != '>')
		return 0;
	if (drill_p_int(p, "a port", 0, 65535, &n) != 0 || drill_p_next(p) != 0 ||
	    drill_p_int(p, "a port", 0, 65535, &m) != 0)
		return -1;
	k->has_ports = true;
	k->sport = (uint16_t)n;
	k->dport = (uint16_t)m;
	return 0;
}

/* ---- TCP ---- */

static const char flag_letters[] = "FSRP.UEWA";

static int flag(struct drill_parser *p, char c, struct drill_tcp *t)
{
	const uint32_t ace = DRILL_F_AE | DRILL_F_CWR | DRILL_F_ECE;
	const char *which = strchr(flag_letters, c);
	uint32_t bits, span;

	if (c >= '0' && c <= '7') {
		uint32_t n = (uint32_t)(c - '0');

		span = ace;
		bits = (n & 4 ? DRILL_F_AE : 0u) | (n & 2 ? DRILL_F_CWR : 0u) |
		       (n & 1 ? DRILL_F_ECE : 0u);
	} else if (c != '\0' && which) {
		span = bits = 1u << (which - flag_letters);
	} else {
		return drill_p_expected(p, "TCP flags (letters of FSRP.UEWA, a digit 0-7 for "
					   "AccECN's count, or -), udp or icmp");
	}
	if ((t->flags & span) || (t->ace && (span & ace)))
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src,
				    "flag \"%c\" says what another one says already", c);
	t->ace |= c >= '0' && c <= '7';
	t->flags |= bits;
	return 0;
}

static int flags(struct drill_parser *p, struct drill_tcp *t)
{
	struct drill_str s;

	if (p->tok.kind == DRILL_TOK_END)
		return drill_p_expected(p, "TCP flags, udp or icmp");
	if (drill_lex_flags(&p->lex, &p->tok) != 0)
		return drill_p_take_lex_error(p);
	s = p->tok.text;
	if (s.len == 0) /* the token was nothing like flags: read it again for the message */
		return drill_p_next(p) == 0 ? flag(p, '\0', t) : -1;
	if (!(s.len == 1 && s.at[0] == '-'))
		for (uint32_t i = 0; i < s.len; i++)
			if (flag(p, s.at[i], t) != 0)
				return -1;
	return drill_p_next(p);
}

int drill_p_seq(struct drill_parser *p, struct drill_seq *s)
{
	s->src = p->tok.src;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		s->kind = DRILL_N_ANY;
		if (drill_p_next(p) != 0)
			return -1;
	} else {
		s->kind = DRILL_N_REL;
		if (drill_p_u32(p, "sequence numbers as first:end(length)", &s->start) != 0 ||
		    drill_p_need(p, ':', "\":\" of first:end(length)") != 0 ||
		    drill_p_u32(p, "the end of the sequence numbers", &s->end) != 0)
			return -1;
	}
	if (drill_p_need(p, '(', "\"(\" and the length") != 0 ||
	    drill_p_u32(p, "the length", &s->len) != 0 ||
	    drill_p_need(p, ')', "\")\" after the length") != 0)
		return -1;
	if (drill_p_is(p, '!') && s->kind == DRILL_N_REL) {
		s->kind = DRILL_N_ABS;
		if (drill_p_next(p) != 0)
			return -1;
	}
	drill_p_close(p, &s->src);
	if (s->len > 65535)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &s->src,
				    "a length of %u; a packet has at most 65535 bytes", s->len);
	if (s->kind != DRILL_N_ANY && s->end - s->start != s->len)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &s->src,
				    "from %u to %u are %u bytes, and (%u) is written", s->start,
				    s->end, s->end - s->start, s->len);
	return 0;
}

static int ack(struct drill_parser *p, struct drill_num *n)
{
	if (drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		n->kind = DRILL_N_ANY;
		return drill_p_next(p);
	}
	n->kind = DRILL_N_REL;
	if (drill_p_u32(p, "an acknowledgment number", &n->num) != 0)
		return -1;
	if (drill_p_is(p, '!')) {
		n->kind = DRILL_N_ABS;
		return drill_p_next(p);
	}
	return 0;
}

static int number16(struct drill_parser *p, const char *what, struct drill_num *n)
{
	int64_t value;

	if (drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		n->kind = DRILL_N_ANY;
		return drill_p_next(p);
	}
	if (drill_p_int(p, what, 0, 65535, &value) != 0)
		return -1;
	n->kind = DRILL_N_REL;
	n->num = (uint32_t)value;
	return 0;
}

/* What other dialects write after a TCP packet. */
static int suffix(struct drill_parser *p)
{
	if (drill_p_is(p, '/'))
		return drill_p_unsupported(p, &p->tok.src, "TCP in UDP (/udp)");
	if (drill_p_is(p, '['))
		return drill_p_unsupported(p, &p->tok.src, "causes in a reset ([...])");
	if (drill_p_is(p, '{'))
		return drill_p_unsupported(p, &p->tok.src, "changes to a packet ({...})");
	return 0;
}

static int tcp(struct drill_parser *p, struct drill_tcp *t)
{
	const char *want = "ack, win, urg, <options>";

	if (flags(p, t) != 0 || drill_p_seq(p, &t->seq) != 0)
		return -1;
	if (drill_p_is_word(p, "ack")) {
		want = "win, urg, <options>";
		if (ack(p, &t->ack) != 0)
			return -1;
	}
	if (drill_p_is_word(p, "win")) {
		want = "urg, <options>";
		if (number16(p, "a window as on the wire", &t->win) != 0)
			return -1;
	}
	if (drill_p_is_word(p, "urg")) {
		want = "<options>";
		if (number16(p, "an urgent pointer", &t->urg) != 0)
			return -1;
	}
	if (drill_p_is(p, '<')) {
		want = "";
		if (drill_p_tcpopts(p, t) != 0)
			return -1;
	}
	snprintf(p->want, sizeof(p->want), "%s", want);
	return suffix(p);
}

static int udp(struct drill_parser *p, struct drill_packet *k)
{
	int64_t n;

	k->l4 = DRILL_L4_UDP;
	if (drill_p_next(p) != 0 || drill_p_need(p, '(', "\"(\" and the length") != 0 ||
	    drill_p_int(p, "a length", 0, 65507, &n) != 0 ||
	    drill_p_need(p, ')', "\")\" after the length") != 0)
		return -1;
	k->udp_len = (uint32_t)n;
	return 0;
}

/* Kinds of packets that are known and not run here. */
static int other_protocol(struct drill_parser *p)
{
	static const struct {
		const char *word, *what;
	} words[] = { { "sctp", "SCTP" },
		      { "udplite", "UDP-Lite" },
		      { "psp", "PSP" },
		      { "PSP", "PSP" },
		      { "ipv4", "encapsulation (ipv4)" },
		      { "ipv6", "encapsulation (ipv6)" },
		      { "gre", "encapsulation (gre)" },
		      { "mpls", "encapsulation (mpls)" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (drill_p_is_word(p, words[i].word))
			return drill_p_unsupported(p, &p->tok.src, words[i].what);
	return 0;
}

int drill_p_packet(struct drill_parser *p, struct drill_packet *k)
{
	int failed;

	k->src = p->tok.src;
	k->dir = drill_p_is(p, '<') ? DRILL_IN : DRILL_OUT;
	k->ip = p->script->ip_version == DRILL_V_IP6 ? DRILL_IP6 : DRILL_IP4;
	if (drill_p_next(p) != 0)
		return -1;
	while (drill_p_is(p, '[') || drill_p_is(p, '('))
		if (ip_info(p, &k->info) != 0)
			return -1;
	if (sock_and_ports(p, k) != 0 || other_protocol(p) != 0)
		return -1;
	if (drill_p_is_word(p, "udp")) {
		failed = udp(p, k);
	} else if (drill_p_is_word(p, "icmp") || drill_p_is_word(p, "icmpv6")) {
		failed = drill_p_icmp(p, k);
	} else {
		k->l4 = DRILL_L4_TCP;
		failed = tcp(p, &k->tcp);
	}
	if (failed)
		return -1;
	drill_p_close(p, &k->src);
	return 0;
}
