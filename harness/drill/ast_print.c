/* SPDX-License-Identifier: BSD-2-Clause */
/* Notation out of the tree. Text grows in a struct out that counts beyond its end. */
#include "harness/drill/ast_print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/const.h"
#include "harness/drill/parse_icmp.h"

struct out {
	char *at;
	size_t size, len;
};

static struct out begin(char *text, size_t size)
{
	if (size)
		text[0] = '\0';
	return (struct out){ .at = text, .size = size };
}

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = o->len < o->size ? vsnprintf(o->at + o->len, o->size - o->len, fmt, ap) :
			       vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	o->len += n > 0 ? (size_t)n : 0;
}

/* ---- time ---- */

static void put_seconds(struct out *o, int64_t ns)
{
	char part[16];
	size_t n;

	put(o, "%" PRId64, ns / 1000000000);
	if (ns % 1000000000 == 0)
		return;
	n = (size_t)snprintf(part, sizeof(part), ".%09" PRId64, ns % 1000000000);
	while (part[n - 1] == '0')
		n--;
	put(o, "%.*s", (int)n, part);
}

static void put_time(struct out *o, const struct drill_time *t)
{
	bool relative = t->kind == DRILL_T_REL || t->kind == DRILL_T_REL_RANGE;

	if (t->kind == DRILL_T_ANY) {
		put(o, "*");
		return;
	}
	put(o, "%s", relative ? "+" : "");
	put_seconds(o, t->at_ns);
	if (t->kind == DRILL_T_ABS_RANGE || t->kind == DRILL_T_REL_RANGE) {
		put(o, "~%s", relative ? "+" : "");
		put_seconds(o, t->end_ns);
	}
	if (t->blocking) {
		put(o, "...");
		put_seconds(o, t->until_ns);
	}
}

/* ---- packets ---- */

static void put_flags(struct out *o, uint32_t flags, bool ace)
{
	/* As scripts mostly write them: P. and F. and S., SEWA and SW., EAP. */
	static const struct {
		uint32_t bit;
		char letter;
	} order[] = { { DRILL_F_SYN, 'S' }, { DRILL_F_FIN, 'F' }, { DRILL_F_RST, 'R' },
		      { DRILL_F_ECE, 'E' }, { DRILL_F_CWR, 'W' }, { DRILL_F_AE, 'A' },
		      { DRILL_F_PSH, 'P' }, { DRILL_F_URG, 'U' }, { DRILL_F_ACK, '.' } };
	const uint32_t count = DRILL_F_ECE | DRILL_F_CWR | DRILL_F_AE;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if ((flags & order[i].bit) && !(ace && (order[i].bit & count)))
			put(o, "%c", order[i].letter);
	if (ace)
		put(o, "%d",
		    (flags & DRILL_F_AE ? 4 : 0) + (flags & DRILL_F_CWR ? 2 : 0) +
			    (flags & DRILL_F_ECE ? 1 : 0));
	else if (flags == 0)
		put(o, "-");
}

static void put_num(struct out *o, const struct drill_num *n)
{
	switch (n->kind) {
	case DRILL_N_UNSAID:
		break;
	case DRILL_N_REL:
		put(o, "%u", n->num);
		break;
	case DRILL_N_ABS:
		put(o, "%u!", n->num);
		break;
	case DRILL_N_ANY:
		put(o, "...");
		break;
	case DRILL_N_NAME:
		put(o, "%s", n->name);
		break;
	}
}

static void put_seq(struct out *o, const struct drill_seq *s)
{
	if (s->kind == DRILL_N_ANY)
		put(o, "...(%u)", s->len);
	else
		put(o, "%u:%u(%u)%s", s->start, s->end, s->len, s->kind == DRILL_N_ABS ? "!" : "");
}

static void put_hex(struct out *o, const struct drill_blob *b)
{
	for (uint8_t i = 0; i < b->len; i++)
		put(o, "%02x", b->bytes[i]);
}

/* A blob after its option's name. */
static void put_blob(struct out *o, const struct drill_blob *b)
{
	switch (b->kind) {
	case DRILL_B_BYTES:
		if (b->len)
			put(o, " ");
		put_hex(o, b);
		break;
	case DRILL_B_ANY:
		put(o, " ...");
		break;
	case DRILL_B_VALID:
		put(o, " valid");
		break;
	case DRILL_B_INVALID:
		put(o, " invalid");
		break;
	}
}

static void put_sack(struct out *o, const struct drill_tcpopt *opt)
{
	put(o, "sack");
	for (uint8_t i = 0; i < opt->sack.n; i++)
		put(o, " %u:%u%s", opt->sack.block[i].left, opt->sack.block[i].right,
		    opt->sack.block[i].abs ? "!" : "");
}

static void put_accecn(struct out *o, const struct drill_tcpopt *opt)
{
	static const char *const names[] = { "e0b", "ceb", "e1b" };

	put(o, "ECN");
	for (uint8_t i = 0; i < opt->accecn.n; i++)
		put(o, " %s %u", names[opt->accecn.field[i]], opt->accecn.bytes[i]);
}

static void put_tcpopt(struct out *o, const struct drill_tcpopt *opt)
{
	switch (opt->kind) {
	case DRILL_O_EOL:
		put(o, "eol");
		break;
	case DRILL_O_NOP:
		put(o, "nop");
		break;
	case DRILL_O_MSS:
		put(o, "mss %u", opt->value);
		break;
	case DRILL_O_WSCALE:
		put(o, "wscale %u", opt->value);
		break;
	case DRILL_O_SACK_OK:
		put(o, "sackOK");
		break;
	case DRILL_O_SACK:
		put_sack(o, opt);
		break;
	case DRILL_O_TS:
		put(o, "TS val ");
		put_num(o, &opt->ts_val);
		put(o, " ecr ");
		put_num(o, &opt->ts_ecr);
		break;
	case DRILL_O_FO:
	case DRILL_O_FOEXP:
	case DRILL_O_MD5:
		put(o, "%s",
		    opt->kind == DRILL_O_FO	 ? "FO" :
		    opt->kind == DRILL_O_FOEXP ? "FOEXP" :
						 "md5");
		put_blob(o, &opt->blob);
		break;
	case DRILL_O_ACCECN:
		put_accecn(o, opt);
		break;
	case DRILL_O_GENERIC:
		put(o, "gen %u", opt->value);
		put_blob(o, &opt->blob);
		break;
	case DRILL_O_RAW:
		put_hex(o, &opt->blob);
		break;
	}
}

static void put_tcpopts(struct out *o, const struct drill_tcp *t)
{
	switch (t->opts) {
	case DRILL_OPTS_NONE:
		break;
	case DRILL_OPTS_ANY:
		put(o, "<...>");
		break;
	case DRILL_OPTS_LIST:
		put(o, "<");
		for (uint32_t i = 0; i < t->nopt; i++) {
			put(o, "%s", i ? "," : "");
			put_tcpopt(o, &t->opt[i]);
		}
		put(o, ">");
		break;
	}
}

static void put_named(struct out *o, const char *name, const struct drill_num *n)
{
	if (n->kind == DRILL_N_UNSAID)
		return;
	put(o, " %s ", name);
	put_num(o, n);
}

static void put_tcp(struct out *o, const struct drill_tcp *t)
{
	put_flags(o, t->flags, t->ace);
	put(o, " ");
	put_seq(o, &t->seq);
	put_named(o, "ack", &t->ack);
	put_named(o, "win", &t->win);
	put_named(o, "urg", &t->urg);
	if (t->opts != DRILL_OPTS_NONE)
		put(o, " ");
	put_tcpopts(o, t);
}

static void put_icmp_type(struct out *o, enum drill_ip ip, uint8_t type, uint8_t code)
{
	const char *t = drill_icmp_type_name(ip, type), *c = drill_icmp_code_name(ip, type, code);

	if (t)
		put(o, "%s", t);
	else
		put(o, "%u", type);
	if (c)
		put(o, " %s", c);
	else if (code)
		put(o, " %u", code);
}

static void put_icmp(struct out *o, const struct drill_packet *p)
{
	const struct drill_icmp *c = &p->icmp;

	put(o, "icmp ");
	put_icmp_type(o, p->ip, c->type, c->code);
	if (c->has_mtu)
		put(o, " mtu %u", c->mtu);
	if (c->has_id)
		put(o, " id %u", c->id);
	switch (c->quote) {
	case DRILL_Q_NONE:
		break;
	case DRILL_Q_TCP:
		put(o, " [");
		put_seq(o, &c->seq);
		put(o, "]");
		break;
	case DRILL_Q_UDP:
	case DRILL_Q_RAW:
		put(o, " [%s (%u)]", c->quote == DRILL_Q_UDP ? "udp" : "raw", c->seq.len);
		break;
	}
}

static void put_ipinfo(struct out *o, const struct drill_packet *p)
{
	static const char *const ecn[] = { "", "noecn", "ect0", "ect1", "ect01", "ce" };
	const struct drill_ipinfo *i = &p->info;
	const char *comma = "";

	if (!i->given)
		return;
	put(o, "[");
	if (i->ecn != DRILL_ECN_UNSAID) {
		put(o, "%s", ecn[i->ecn]);
		comma = ", ";
	}
	if (i->has_tos) {
		put(o, "%s%s 0x%02x", comma, p->ip == DRILL_IP6 ? "class" : "tos", i->tos);
		comma = ", ";
	}
	if (i->has_ttl) {
		put(o, "%s%s %u", comma, p->ip == DRILL_IP6 ? "hlim" : "ttl", i->ttl);
		comma = ", ";
	}
	if (i->has_flowlabel)
		put(o, "%sflowlabel 0x%05x", comma, i->flowlabel);
	put(o, "] ");
}

static void put_packet(struct out *o, const struct drill_packet *p)
{
	put(o, "%c ", p->dir == DRILL_IN ? '<' : '>');
	put_ipinfo(o, p);
	if (p->has_sock)
		put(o, "sock(%d) ", p->sock);
	if (p->has_ports)
		put(o, "%u > %u ", p->sport, p->dport);
	switch (p->l4) {
	case DRILL_L4_TCP:
		put_tcp(o, &p->tcp);
		break;
	case DRILL_L4_UDP:
		put(o, "udp (%u)", p->udp_len);
		break;
	case DRILL_L4_ICMP:
		put_icmp(o, p);
		break;
	}
}

/* ---- calls ---- */

static void put_string(struct out *o, const struct drill_expr *e)
{
	put(o, "\"");
	for (uint32_t i = 0; i < e->str.len; i++) {
		unsigned char c = (unsigned char)e->str.at[i];

		if (c == '"' || c == '\\')
			put(o, "\\%c", c);
		else if (c == '\n')
			put(o, "\\n");
		else if (c < ' ' || c > '~')
			put(o, "\\x%02x", c);
		else
			put(o, "%c", c);
	}
	put(o, "\"%s", e->more ? "..." : "");
}

static void put_expr(struct out *o, const struct drill_expr *e);

static void put_exprs(struct out *o, const struct drill_expr *first)
{
	for (const struct drill_expr *e = first; e; e = e->next) {
		if (e->field) {
			put(o, "%s", e->field);
			if (e->bound) {
				put(o, "(");
				put_expr(o, e->bound);
				put(o, ")");
			}
			put(o, "=");
		}
		put_expr(o, e);
		put(o, "%s", e->next ? ", " : "");
	}
}

static void put_expr(struct out *o, const struct drill_expr *e)
{
	switch (e->kind) {
	case DRILL_E_ANY:
		put(o, "...");
		break;
	case DRILL_E_INT:
		put(o, "%" PRId64, e->num);
		break;
	case DRILL_E_STRING:
		put_string(o, e);
		break;
	case DRILL_E_NAME:
		put(o, "%s", e->str.at);
		break;
	case DRILL_E_LIST:
		put(o, "[");
		put_exprs(o, e->first);
		put(o, "]");
		break;
	case DRILL_E_STRUCT:
		put(o, "{");
		put_exprs(o, e->first);
		put(o, "}");
		break;
	case DRILL_E_CALL:
		put(o, "%s(", e->str.at);
		put_exprs(o, e->first);
		put(o, ")");
		break;
	}
}

static void put_call(struct out *o, const struct drill_call *c)
{
	const char *err = c->err ? drill_const_errno(c->err) : NULL;

	put(o, "%s(", c->name);
	put_exprs(o, c->args);
	put(o, ") = ");
	put_expr(o, c->result);
	if (err)
		put(o, " %s", err);
}

static void put_event(struct out *o, const struct drill_event *ev)
{
	put_time(o, &ev->time);
	put(o, " ");
	switch (ev->kind) {
	case DRILL_EV_PACKET:
		put_packet(o, &ev->packet);
		break;
	case DRILL_EV_CALL:
		put_call(o, &ev->call);
		break;
	case DRILL_EV_COMMAND:
		put(o, "`%s`", ev->command.text);
		break;
	case DRILL_EV_CODE:
		put(o, "%%{%s}%%", ev->code.text);
		break;
	}
}

/* ---- the face ---- */

size_t drill_print_packet(const struct drill_packet *p, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_packet(&o, p);
	return o.len;
}

size_t drill_print_tcpopts(const struct drill_tcp *t, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_tcpopts(&o, t);
	return o.len;
}

size_t drill_print_tcpopt(const struct drill_tcpopt *opt, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_tcpopt(&o, opt);
	return o.len;
}

size_t drill_print_flags(uint32_t flags, bool ace, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_flags(&o, flags, ace);
	return o.len;
}

size_t drill_print_time(const struct drill_time *t, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_time(&o, t);
	return o.len;
}

size_t drill_print_expr(const struct drill_expr *e, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_expr(&o, e);
	return o.len;
}

size_t drill_print_call(const struct drill_call *c, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_call(&o, c);
	return o.len;
}

size_t drill_print_event(const struct drill_event *ev, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_event(&o, ev);
	return o.len;
}

size_t drill_print_icmp_type(enum drill_ip ip, uint8_t type, uint8_t code, char *text, size_t size)
{
	struct out o = begin(text, size);

	put_icmp_type(&o, ip, type, code);
	return o.len;
}
