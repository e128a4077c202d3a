/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions: symbols become Linux's numbers here, and a | b becomes one number, so that nobody
 * later needs a table.
 */
#include "harness/drill/expr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/const.h"
#include "harness/drill/parse_int.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const char what[] = "a value (a number, a name, \"text\", [..], {..} or ...)";

static struct drill_expr *new_expr(struct drill_parser *p, enum drill_expr_kind kind)
{
	struct drill_expr *e = drill_p_alloc(p, sizeof(*e));

	if (e) {
		e->kind = kind;
		e->src = p->tok.src;
		e->num_known = kind == DRILL_E_INT;
	}
	return e;
}

/* ---- calls within expressions ---- */

static int addr_argument(struct drill_parser *p, struct drill_expr *e, const struct drill_expr *a,
			 int family)
{
	unsigned char bytes[16];

	if (a->kind == DRILL_E_ANY)
		return 0;
	if (a->kind != DRILL_E_STRING || inet_pton(family, a->str.at, bytes) != 1)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &a->src,
				    "expected an IPv%c address in quotes, found %.*s",
				    family == AF_INET ? '4' : '6',
				    (int)(a->src.len > 60 ? 60 : a->src.len), a->src.at);
	if (family == AF_INET) {
		e->num = (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
		e->num_known = true;
	}
	return 0;
}

static int number_argument(struct drill_parser *p, struct drill_expr *e, const struct drill_expr *a)
{
	if (a->kind == DRILL_E_ANY)
		return 0;
	if (a->kind != DRILL_E_INT)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &a->src, "expected a number, found %.*s",
				    (int)(a->src.len > 60 ? 60 : a->src.len), a->src.at);
	e->num = a->num;
	e->num_known = true;
	return 0;
}

/* The size of what is in the parentheses, where the script's text says it. */
static void size_of(struct drill_expr *e, const struct drill_expr *a)
{
	switch (a->kind) {
	case DRILL_E_INT:
		e->num = 4;
		e->num_known = true;
		break;
	case DRILL_E_STRING:
		e->num = (int64_t)a->str.len + 1;
		e->num_known = !a->more;
		break;
	case DRILL_E_LIST:
		e->num = 4 * (int64_t)a->count;
		e->num_known = true;
		break;
	case DRILL_E_ANY:
	case DRILL_E_NAME:
	case DRILL_E_STRUCT:
	case DRILL_E_CALL:
		break;
	}
}

static bool named(const struct drill_expr *e, const char *name)
{
	return e->str.len == strlen(name) && memcmp(e->str.at, name, e->str.len) == 0;
}

static int check_inner_call(struct drill_parser *p, struct drill_expr *e)
{
	static const char *const one[] = { "htons",	"ntohs",      "htonl", "ntohl",
					   "inet_addr", "inet6_addr", "sizeof" };
	const struct drill_expr *a = e->first;
	bool one_argument = false;

	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		one_argument |= named(e, one[i]);
	if (one_argument && e->count != 1)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &e->src,
				    "expected one argument of %s(), found %u", e->str.at, e->count);
	if (named(e, "inet_addr"))
		return addr_argument(p, e, a, AF_INET);
	if (named(e, "inet6_addr"))
		return addr_argument(p, e, a, AF_INET6);
	if (named(e, "sizeof")) {
		size_of(e, a);
		return 0;
	}
	if (one_argument)
		return number_argument(p, e, a);
	if (named(e, "inet_pton")) {
		if (e->count != 2 || a->kind != DRILL_E_INT ||
		    (a->num != AF_INET && a->num != AF_INET6))
			return drill_p_fail(p, DRILL_ERR_SYNTAX, &e->src,
					    "expected inet_pton(AF_INET or AF_INET6, \"address\")");
		return addr_argument(p, e, a->next, (int)a->num);
	}
	return drill_p_fail(p, DRILL_ERR_SYNTAX, &e->src,
			    "no function %.60s(); a value can be htons(), ntohs(), htonl(), "
			    "ntohl(), inet_addr(), inet6_addr(), inet_pton() or sizeof()",
			    e->str.at);
}

static int inner_call(struct drill_parser *p, struct drill_expr *e)
{
	e->kind = DRILL_E_CALL;
	e->num_known = false;
	if (drill_p_need(p, '(', "\"(\"") != 0 ||
	    drill_expr_parse_list(p, ')', &e->first, &e->count) != 0)
		return -1;
	drill_p_close(p, &e->src);
	return check_inner_call(p, e);
}

/* ---- the simple ones ---- */

static int unknown_word(struct drill_parser *p, const struct drill_tok *t)
{
	const char *whose = drill_const_foreign(t->text.at, t->text.len);
	char text[160];

	if (whose) {
		snprintf(text, sizeof(text), "%.*s (%s)",
			 (int)(t->text.len > 60 ? 60 : t->text.len), t->text.at, whose);
		return drill_p_unsupported(p, &t->src, text);
	}
	return drill_p_fail(p, DRILL_ERR_SYNTAX, &t->src,
			    "\"%.*s\" is no name of Linux's that is known here; "
			    "-D %.*s=value gives it one",
			    (int)(t->text.len > 60 ? 60 : t->text.len), t->text.at,
			    (int)(t->text.len > 60 ? 60 : t->text.len), t->text.at);
}

static int word(struct drill_parser *p, struct drill_expr **out)
{
	struct drill_tok t = p->tok;
	struct drill_expr *e = new_expr(p, DRILL_E_INT);

	if (!e)
		return -1;
	*out = e;
	if (drill_p_next(p) != 0)
		return -1;
	e->str.at = drill_p_copy(p, t.text);
	e->str.len = t.text.len;
	if (!e->str.at)
		return -1;
	if (drill_p_is(p, '('))
		return inner_call(p, e);
	if (drill_const_find(t.text.at, t.text.len, &e->num))
		return 0;
	if (t.text.at[0] >= 'a' && t.text.at[0] <= 'z') {
		e->kind = DRILL_E_NAME;
		e->num_known = false;
		return 0;
	}
	return unknown_word(p, &t);
}

static int number(struct drill_parser *p, struct drill_expr **out)
{
	struct drill_expr *e = new_expr(p, DRILL_E_INT);
	bool minus = drill_p_is(p, '-'), inverse = drill_p_is(p, '~');

	if (!e)
		return -1;
	*out = e;
	if ((minus || inverse) && drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_WORD &&
	    drill_const_find(p->tok.text.at, p->tok.text.len, &e->num)) {
		p->tok.num = (uint64_t)e->num;
	} else if (p->tok.kind != DRILL_TOK_NUMBER) {
		return drill_p_expected(p, "a number");
	} else if (p->tok.fraction) {
		return drill_p_expected(p, "a whole number");
	} else if (p->tok.too_big) {
		return drill_p_expected(p, "a number of at most 64 bits");
	}
	e->num = (int64_t)(minus ? 0 - p->tok.num : inverse ? ~p->tok.num : p->tok.num);
	if (drill_p_next(p) != 0)
		return -1;
	drill_p_close(p, &e->src);
	return 0;
}

/* Adds the token's text; what is allocated doubles, so that many short strings cost little. */
static int append(struct drill_parser *p, struct drill_expr *e, uint32_t *room)
{
	uint32_t len = e->str.len + p->tok.text.len;
	char *both = (char *)(uintptr_t)e->str.at;

	if (len > DRILL_TOKEN_MAX)
		return drill_p_fail(p, DRILL_ERR_LIMIT, &e->src,
				    "a string of %u bytes; %d are allowed", len, DRILL_TOKEN_MAX);
	if (len >= *room) {
		*room = 2 * len + 1;
		both = drill_p_alloc(p, *room);
		if (!both)
			return -1;
		memcpy(both, e->str.at, e->str.len);
	}
	memcpy(both + e->str.len, p->tok.text.at, p->tok.text.len);
	both[len] = '\0';
	e->str = (struct drill_str){ both, len };
	return 0;
}

/* "a" "b" is one string; "a"... is the beginning of one. */
static int string(struct drill_parser *p, struct drill_expr **out)
{
	struct drill_expr *e = new_expr(p, DRILL_E_STRING);
	uint32_t room = 0;

	if (!e)
		return -1;
	*out = e;
	e->str = p->tok.text;
	if (drill_p_next(p) != 0)
		return -1;
	while (p->tok.kind == DRILL_TOK_STRING)
		if (append(p, e, &room) != 0 || drill_p_next(p) != 0)
			return -1;
	if (p->tok.kind == DRILL_TOK_ELLIPSIS) {
		e->more = true;
		if (drill_p_next(p) != 0)
			return -1;
	}
	drill_p_close(p, &e->src);
	return 0;
}

/* ---- structures and lists ---- */

/* field = value, field(N) = value, or a value alone; `e` is the word already read, if one was. */
static int element(struct drill_parser *p, struct drill_expr **out)
{
	struct drill_tok t = p->tok;
	struct drill_expr *bound = NULL;
	char *name;

	if (t.kind != DRILL_TOK_WORD ||
	    (drill_lex_peek(&p->lex) != '=' && drill_lex_peek(&p->lex) != '('))
		return drill_expr_parse(p, out);
	if (drill_p_next(p) != 0)
		return -1;
	if (drill_p_is(p, '(')) {
		if (drill_p_next(p) != 0 || drill_expr_parse(p, &bound) != 0 ||
		    drill_p_need(p, ')', "\")\"") != 0)
			return -1;
	}
	name = drill_p_copy(p, t.text);
	if (!name || drill_p_need(p, '=', "\"=\" after the field's name") != 0 ||
	    drill_expr_parse(p, out) != 0)
		return -1;
	(*out)->field = name;
	(*out)->bound = bound;
	return 0;
}

static int list_of(struct drill_parser *p, char close, bool fields, struct drill_expr **first,
		   uint32_t *count)
{
	struct drill_expr **tail = first;
	char expected[24];

	snprintf(expected, sizeof(expected), "\",\" or \"%c\"", close);
	*first = NULL;
	*count = 0;
	while (!drill_p_is(p, close)) {
		if (*count == DRILL_LIST_MAX)
			return drill_p_fail(p, DRILL_ERR_LIMIT, &p->tok.src,
					    "more than %d values in one list", DRILL_LIST_MAX);
		if ((fields ? element(p, tail) : drill_expr_parse(p, tail)) != 0)
			return -1;
		tail = &(*tail)->next;
		++*count;
		if (drill_p_is(p, close))
			break;
		if (drill_p_need(p, ',', expected) != 0)
			return -1;
		if (drill_p_is(p, close) && !fields)
			return drill_p_expected(p, "a value after the comma");
	}
	return drill_p_next(p);
}

int drill_expr_parse_list(struct drill_parser *p, char close, struct drill_expr **first,
			  uint32_t *count)
{
	return list_of(p, close, false, first, count);
}

static int aggregate(struct drill_parser *p, struct drill_expr **out)
{
	bool fields = drill_p_is(p, '{');
	struct drill_expr *e = new_expr(p, fields ? DRILL_E_STRUCT : DRILL_E_LIST);

	if (!e)
		return -1;
	*out = e;
	if (drill_p_next(p) != 0 ||
	    list_of(p, fields ? '}' : ']', fields, &e->first, &e->count) != 0)
		return -1;
	drill_p_close(p, &e->src);
	return 0;
}

static int primary(struct drill_parser *p, struct drill_expr **out)
{
	switch (p->tok.kind) {
	case DRILL_TOK_ELLIPSIS:
		*out = new_expr(p, DRILL_E_ANY);
		return *out ? drill_p_next(p) : -1;
	case DRILL_TOK_STRING:
		return string(p, out);
	case DRILL_TOK_NUMBER:
		return number(p, out);
	case DRILL_TOK_WORD:
		return word(p, out);
	case DRILL_TOK_PUNCT:
		if (p->tok.punct == '-' || p->tok.punct == '~')
			return number(p, out);
		if (p->tok.punct == '[' || p->tok.punct == '{')
			return aggregate(p, out);
		return drill_p_expected(p, what);
	case DRILL_TOK_END:
	case DRILL_TOK_COMMAND:
	case DRILL_TOK_CODE:
	case DRILL_TOK_OPTION:
	case DRILL_TOK_FLAGS:
		return drill_p_expected(p, what);
	}
	return drill_p_expected(p, what);
}

static int combine(struct drill_parser *p, struct drill_expr *e)
{
	while (drill_p_is(p, '|')) {
		struct drill_expr *right = NULL;

		if (drill_p_next(p) != 0 || primary(p, &right) != 0)
			return -1;
		if (!e->num_known || !right->num_known) {
			const struct drill_src *src = e->num_known ? &right->src : &e->src;

			return drill_p_fail(p, DRILL_ERR_SYNTAX, src,
					    "expected a number or a known name beside \"|\", "
					    "found %.*s",
					    (int)(src->len > 60 ? 60 : src->len), src->at);
		}
		e->kind = DRILL_E_INT;
		e->num |= right->num;
		drill_p_close(p, &e->src);
	}
	return 0;
}

int drill_expr_parse(struct drill_parser *p, struct drill_expr **out)
{
	int failed;

	if (p->depth == DRILL_DEPTH_MAX)
		return drill_p_fail(p, DRILL_ERR_LIMIT, &p->tok.src,
				    "values within values: %d deep is allowed", DRILL_DEPTH_MAX);
	p->depth++;
	*out = NULL;
	failed = primary(p, out) != 0 || combine(p, *out) != 0;
	p->depth--;
	return failed ? -1 : 0;
}
