/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Python's expressions and a few statements as a tree. What is not understood ends the reading: the
 * piece needs Python, and the reason is the first token that was too much.
 */
#include "harness/drill/pyexpr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/pyexpr_int.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum kind { T_END, T_NEWLINE, T_NUM, T_STR, T_NAME, T_OP, T_BAD };

struct tok {
	enum kind kind;
	const char *at;
	size_t len;
	uint32_t line;
	struct drill_py_value value; /* NUM, STR */
};

struct py {
	struct drill_arena *arena;
	const char *at, *end;
	const char *end_of_last;
	uint32_t line, brackets, depth;
	struct tok tok;
	const char *needs;
	bool no_memory;
};

typedef struct drill_py_node node;

static node *give_up(struct py *p, const char *what, size_t len)
{
	char text[96];
	int n;

	if (p->needs || p->no_memory)
		return NULL;
	n = snprintf(text, sizeof(text), "line %u: %.*s", p->tok.line, (int)(len > 40 ? 40 : len),
		     what);
	p->needs = drill_arena_copy(p->arena, text, (size_t)n);
	p->no_memory = !p->needs;
	return NULL;
}

static node *give_up_here(struct py *p)
{
	if (p->tok.kind == T_END || p->tok.kind == T_NEWLINE)
		return give_up(p, "the end of a line", 17);
	return give_up(p, p->tok.at, p->tok.len);
}

/* ---- tokens ---- */

static bool is_name(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct py *p)
{
	while (p->at < p->end) {
		if (*p->at == '#') {
			while (p->at < p->end && *p->at != '\n')
				p->at++;
		} else if (*p->at == '\\' && p->at + 1 < p->end && p->at[1] == '\n') {
			p->at += 2;
			p->line++;
		} else if (*p->at == '\n' && p->brackets > 0) {
			p->at++;
			p->line++;
		} else if (*p->at == ' ' || *p->at == '\t' || *p->at == '\r') {
			p->at++;
		} else {
			break;
		}
	}
}

static void whole(struct py *p, unsigned base, size_t from)
{
	drill_py_int n = 0;

	for (size_t i = from; i < p->tok.len; i++) {
		char c = p->tok.at[i];
		int d = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;

		if (d < 0 || d >= (int)base ||
		    __builtin_mul_overflow(n, (drill_py_int)base, &n) ||
		    __builtin_add_overflow(n, (drill_py_int)d, &n))
			p->tok.kind = T_BAD;
	}
	if (from == p->tok.len)
		p->tok.kind = T_BAD;
	p->tok.value.kind = DRILL_PY_INT;
	p->tok.value.num = n;
}

static void number(struct py *p)
{
	const char *s = p->at;
	bool real = false, hex = p->end - s > 1 && (s[1] | 0x20) == 'x';

	p->tok.kind = T_NUM;
	while (p->at < p->end && (is_name(*p->at) || *p->at == '.')) {
		real |= *p->at == '.' || (!hex && (*p->at | 0x20) == 'e');
		p->at++;
	}
	p->tok.len = (size_t)(p->at - s);
	if (real) {
		char copy[64], *end;

		if (p->tok.len >= sizeof(copy) || memchr(s, 'x', p->tok.len) ||
		    memchr(s, 'n', p->tok.len) || memchr(s, 'i', p->tok.len)) {
			p->tok.kind = T_BAD;
			return;
		}
		memcpy(copy, s, p->tok.len);
		copy[p->tok.len] = '\0';
		p->tok.value.kind = DRILL_PY_FLOAT;
		p->tok.value.real = strtod(copy, &end);
		if (*end)
			p->tok.kind = T_BAD;
	} else if (s[0] == '0' && p->tok.len > 1) {
		char c = (char)(s[1] | 0x20);

		whole(p, c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 1, 2);
	} else {
		whole(p, 10, 0);
	}
}

static void string(struct py *p)
{
	static const char from[] = "nt\\'\"", to[] = "\n\t\\'\"";
	char quote = *p->at, *out;
	const char *s = p->at + 1;

	p->tok.kind = T_STR;
	p->tok.value.kind = DRILL_PY_STR;
	while (s < p->end && *s != quote && *s != '\n')
		s += *s == '\\' && s + 1 < p->end ? 2 : 1;
	p->tok.len = (size_t)(s - p->at);
	if (s >= p->end || *s != quote || (s == p->at + 1 && s + 1 < p->end && s[1] == quote)) {
		p->tok.kind = T_BAD; /* open at its line's end, or three quotes */
		return;
	}
	p->tok.len++;
	p->tok.value.str = out = drill_arena_alloc(p->arena, p->tok.len);
	if (!out) {
		p->no_memory = true;
		p->tok.kind = T_BAD;
		return;
	}
	for (const char *c = p->at + 1; c < s; c++) {
		const char *which = *c == '\\' && c + 1 < s && c[1] ? strchr(from, c[1]) : NULL;

		*out++ = which ? to[which - from] : *c;
		c += which != NULL;
	}
	p->at = s + 1;
}

static void operator(struct py *p)
{
	static const char *const two[] = { "==", "!=", "<=", ">=", "<<", ">>", "**", "//" };
	static const char one[] = "+-*/%&|^~<>()[],=:";

	p->tok.kind = T_OP;
	p->tok.len = 1;
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (p->end - p->at > 1 && memcmp(p->at, two[i], 2) == 0)
			p->tok.len = 2;
	if (p->tok.len == 1 && (*p->at == '\0' || !strchr(one, *p->at)))
		p->tok.kind = T_BAD;
	if (*p->at == '(' || *p->at == '[')
		p->brackets++;
	else if ((*p->at == ')' || *p->at == ']') && p->brackets > 0)
		p->brackets--;
	p->at += p->tok.len;
}

static void next(struct py *p)
{
	p->end_of_last = p->at;
	skip_blanks(p);
	memset(&p->tok, 0, sizeof(p->tok));
	p->tok.at = p->at;
	p->tok.line = p->line;
	if (p->at >= p->end) {
		p->tok.kind = T_END;
	} else if (*p->at == '\n' || *p->at == ';') {
		p->tok.kind = T_NEWLINE;
		p->line += *p->at++ == '\n';
	} else if (is_digit(*p->at) || (*p->at == '.' && p->end - p->at > 1 && is_digit(p->at[1]))) {
		number(p);
	} else if (is_name(*p->at)) {
		p->tok.kind = T_NAME;
		while (p->at < p->end && is_name(*p->at))
			p->at++;
		p->tok.len = (size_t)(p->at - p->tok.at);
		if (p->at < p->end && (*p->at == '"' || *p->at == '\''))
			p->tok.kind = T_BAD; /* f"", b"", r"" */
	} else if (*p->at == '"' || *p->at == '\'') {
		string(p);
	} else {
		operator(p);
	}
}

static bool is(const struct py *p, enum kind kind, const char *text)
{
	return p->tok.kind == kind && p->tok.len == strlen(text) &&
	       memcmp(p->tok.at, text, p->tok.len) == 0;
}

static bool accept(struct py *p, enum kind kind, const char *text)
{
	if (!is(p, kind, text))
		return false;
	next(p);
	return true;
}

/* ---- nodes ---- */

static node *new_node(struct py *p, enum drill_py_node_kind kind)
{
	node *n = drill_arena_alloc(p->arena, sizeof(*n));

	if (!n) {
		p->no_memory = true;
		return NULL;
	}
	n->kind = kind;
	n->depth = 1;
	return n;
}

/* Hangs child below n, last; NULL when the tree gets too deep to walk. */
static node *adopt(struct py *p, node *n, node **tail, node *child)
{
	if (!child)
		return NULL;
	*tail = child;
	n->count++;
	if (child->depth >= n->depth)
		n->depth = child->depth + 1;
	return n->depth > 4 * DRILL_PY_DEPTH_MAX ? give_up(p, "a very long expression", 22) : n;
}

static node *expression(struct py *p);

static node *value_node(struct py *p, const struct drill_py_value *v)
{
	node *n = new_node(p, DRILL_PY_N_VALUE);

	if (n)
		n->value = *v;
	return n;
}

/* Strings beside each other are one. */
static node *strings(struct py *p)
{
	struct drill_py_value v = p->tok.value;

	next(p);
	while (p->tok.kind == T_STR) {
		size_t a = strlen(v.str), b = strlen(p->tok.value.str);
		char *both = a + b < DRILL_PY_TEXT_MAX ? drill_arena_alloc(p->arena, a + b + 1) :
							 NULL;

		if (!both)
			return give_up(p, "a very long string", 18);
		memcpy(both, v.str, a);
		memcpy(both + a, p->tok.value.str, b);
		v.str = both;
		next(p);
	}
	return value_node(p, &v);
}

/* Expressions up to `close`; what was a single one in parentheses stays one when `tuple` is not
 * set and no comma was there. */
static node *items(struct py *p, const char *close, bool *comma)
{
	node *n = new_node(p, DRILL_PY_N_TUPLE), **tail = n ? &n->first : NULL;

	*comma = false;
	while (n && !is(p, T_OP, close)) {
		node *child = expression(p);

		if (!adopt(p, n, tail, child))
			return NULL;
		tail = &child->next;
		if (!accept(p, T_OP, ","))
			break;
		*comma = true;
	}
	if (!n)
		return NULL;
	return accept(p, T_OP, close) ? n : give_up_here(p);
}

static node *call(struct py *p, const struct tok *name)
{
	static const struct {
		const char *name;
		enum drill_py_func func;
		uint32_t min, max;
	} funcs[] = { { "min", DRILL_PY_MIN, 1, 64 },	     { "max", DRILL_PY_MAX, 1, 64 },
		      { "abs", DRILL_PY_ABS, 1, 1 },	     { "len", DRILL_PY_LEN, 1, 1 },
		      { "int", DRILL_PY_TO_INT, 1, 1 },	     { "float", DRILL_PY_TO_FLOAT, 1, 1 },
		      { "str", DRILL_PY_TO_STR, 1, 1 },	     { "bool", DRILL_PY_TO_BOOL, 1, 1 } };
	bool comma;
	node *n;

	for (size_t i = 0; i < ARRAY_LEN(funcs); i++) {
		if (strlen(funcs[i].name) != name->len ||
		    memcmp(funcs[i].name, name->at, name->len) != 0)
			continue;
		next(p);
		n = items(p, ")", &comma);
		if (!n)
			return NULL;
		if (n->count < funcs[i].min || n->count > funcs[i].max)
			return give_up(p, name->at, name->len);
		n->kind = DRILL_PY_N_CALL;
		n->func = funcs[i].func;
		return n;
	}
	return give_up(p, name->at, name->len);
}

static bool is_keyword(const struct py *p)
{
	static const char *const words[] = {
		"and",	  "as",	    "assert", "async",	"await", "break",  "class",    "continue",
		"def",	  "del",    "elif",   "else",	"except", "exec",  "finally",  "for",
		"from",	  "global", "if",     "import", "in",	 "is",	   "lambda",   "nonlocal",
		"not",	  "or",	    "pass",   "print",	"raise", "return", "try",      "while",
		"with",	  "yield",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is(p, T_NAME, words[i]))
			return true;
	return false;
}

static node *name(struct py *p)
{
	static const struct {
		const char *name;
		struct drill_py_value value;
	} words[] = { { "True", { .kind = DRILL_PY_BOOL, .num = 1 } },
		      { "False", { .kind = DRILL_PY_BOOL } },
		      { "None", { .kind = DRILL_PY_NONE } } };
	struct tok t = p->tok;
	node *n;

	if (is_keyword(p))
		return give_up_here(p);
	next(p);
	if (is(p, T_OP, "("))
		return call(p, &t);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].name) == t.len && memcmp(words[i].name, t.at, t.len) == 0)
			return value_node(p, &words[i].value);
	n = new_node(p, DRILL_PY_N_NAME);
	if (n) {
		n->name = drill_arena_copy(p->arena, t.at, t.len);
		p->no_memory |= !n->name;
	}
	return n && n->name ? n : NULL;
}

static node *atom(struct py *p)
{
	bool comma, list;
	node *n;

	if (p->tok.kind == T_NAME)
		return name(p);
	if (p->tok.kind == T_STR)
		return strings(p);
	if (p->tok.kind == T_NUM) {
		n = value_node(p, &p->tok.value);
		next(p);
		return n;
	}
	list = is(p, T_OP, "[");
	if (!list && !is(p, T_OP, "("))
		return give_up_here(p);
	next(p);
	n = items(p, list ? "]" : ")", &comma);
	return n && !list && !comma && n->count == 1 ? n->first : n;
}

static node *unary(struct py *p);

static node *binary(struct py *p, enum drill_py_op op, node *left, node *right)
{
	node *n = new_node(p, DRILL_PY_N_BINARY);

	if (!n || !adopt(p, n, &n->first, left))
		return NULL;
	n->op = op;
	return adopt(p, n, &left->next, right);
}

static node *power(struct py *p)
{
	node *left = atom(p);

	if (left && is(p, T_OP, "[")) /* a subscript */
		return give_up_here(p);
	if (left && accept(p, T_OP, "**"))
		return binary(p, DRILL_PY_POW, left, unary(p));
	return left;
}

static node *prefix(struct py *p, enum drill_py_op op, node *(*operand)(struct py *p))
{
	node *n = new_node(p, DRILL_PY_N_UNARY);

	next(p);
	if (!n)
		return NULL;
	n->op = op;
	return adopt(p, n, &n->first, operand(p));
}

static bool deeper(struct py *p)
{
	if (p->depth == DRILL_PY_DEPTH_MAX) {
		give_up(p, "a very deep expression", 22);
		return false;
	}
	p->depth++;
	return true;
}

static node *unary(struct py *p)
{
	node *n;

	if (!deeper(p))
		return NULL;
	if (is(p, T_OP, "-"))
		n = prefix(p, DRILL_PY_NEG, unary);
	else if (is(p, T_OP, "+"))
		n = prefix(p, DRILL_PY_PLUS, unary);
	else if (is(p, T_OP, "~"))
		n = prefix(p, DRILL_PY_INVERT, unary);
	else
		n = power(p);
	p->depth--;
	return n;
}

/* Python's levels of arithmetic, the tightest first. */
static const struct level {
	struct {
		const char *text;
		enum drill_py_op op;
	} ops[4];
} levels[] = {
	{ { { "*", DRILL_PY_MUL }, { "/", DRILL_PY_DIV }, { "//", DRILL_PY_FLOOR },
	    { "%", DRILL_PY_MOD } } },
	{ { { "+", DRILL_PY_ADD }, { "-", DRILL_PY_SUB } } },
	{ { { "<<", DRILL_PY_SHL }, { ">>", DRILL_PY_SHR } } },
	{ { { "&", DRILL_PY_BITAND } } },
	{ { { "^", DRILL_PY_BITXOR } } },
	{ { { "|", DRILL_PY_BITOR } } },
};

static node *arithmetic(struct py *p, size_t level)
{
	node *left = level == 0 ? unary(p) : arithmetic(p, level - 1);
	size_t i = 0;

	while (left && i < 4 && levels[level].ops[i].text) {
		if (!accept(p, T_OP, levels[level].ops[i].text)) {
			i++;
			continue;
		}
		left = binary(p, levels[level].ops[i].op, left,
			      level == 0 ? unary(p) : arithmetic(p, level - 1));
		i = 0;
	}
	return left;
}

static bool comparison_op(struct py *p, enum drill_py_op *op)
{
	static const struct {
		const char *text;
		enum drill_py_op op;
	} ops[] = { { "==", DRILL_PY_EQ }, { "!=", DRILL_PY_NE }, { "<", DRILL_PY_LT },
		    { "<=", DRILL_PY_LE }, { ">", DRILL_PY_GT },  { ">=", DRILL_PY_GE } };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (accept(p, T_OP, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	*op = DRILL_PY_IN;
	if (accept(p, T_NAME, "in"))
		return true;
	*op = DRILL_PY_NOT_IN;
	return accept(p, T_NAME, "not") && (accept(p, T_NAME, "in") || give_up_here(p));
}

static node *comparison(struct py *p)
{
	node *n, *left = arithmetic(p, ARRAY_LEN(levels) - 1), **tail;
	enum drill_py_op op;

	if (!left || !comparison_op(p, &op))
		return left;
	n = new_node(p, DRILL_PY_N_COMPARE);
	if (!n || !adopt(p, n, &n->first, left))
		return NULL;
	tail = &left->next;
	do {
		node *right = arithmetic(p, ARRAY_LEN(levels) - 1);

		if (!adopt(p, n, tail, right))
			return NULL;
		right->link = op;
		tail = &right->next;
	} while (comparison_op(p, &op));
	return n;
}

static node *negation(struct py *p)
{
	node *n;

	if (!is(p, T_NAME, "not"))
		return comparison(p);
	if (!deeper(p))
		return NULL;
	n = prefix(p, DRILL_PY_NOT, negation);
	p->depth--;
	return n;
}

static node *junction(struct py *p, const char *word, enum drill_py_node_kind kind,
		      node *(*operand)(struct py *p))
{
	node *n, *left = operand(p), **tail;

	if (!left || !is(p, T_NAME, word))
		return left;
	n = new_node(p, kind);
	if (!n || !adopt(p, n, &n->first, left))
		return NULL;
	tail = &left->next;
	while (accept(p, T_NAME, word)) {
		node *right = operand(p);

		if (!adopt(p, n, tail, right))
			return NULL;
		tail = &right->next;
	}
	return n;
}

static node *conjunction(struct py *p)
{
	return junction(p, "and", DRILL_PY_N_AND, negation);
}

static node *expression(struct py *p)
{
	node *n = NULL, *value, *condition, *other;

	if (!deeper(p))
		return NULL;
	value = junction(p, "or", DRILL_PY_N_OR, conjunction);
	if (value && accept(p, T_NAME, "if")) {
		n = new_node(p, DRILL_PY_N_IF);
		condition = junction(p, "or", DRILL_PY_N_OR, conjunction);
		if (!n || !adopt(p, n, &n->first, value) ||
		    !adopt(p, n, &value->next, condition))
			return NULL;
		if (!accept(p, T_NAME, "else"))
			return give_up_here(p);
		other = expression(p);
		n = adopt(p, n, &condition->next, other);
		value = n;
	}
	p->depth--;
	return value;
}

/* ---- statements ---- */

/* a, b: a tuple without parentheses */
static node *expressions(struct py *p)
{
	node *n, *first = expression(p), **tail;

	if (!first || !is(p, T_OP, ","))
		return first;
	n = new_node(p, DRILL_PY_N_TUPLE);
	if (!n || !adopt(p, n, &n->first, first))
		return NULL;
	tail = &first->next;
	while (accept(p, T_OP, ",")) {
		node *child;

		if (p->tok.kind == T_END || p->tok.kind == T_NEWLINE)
			break;
		child = expression(p);
		if (!adopt(p, n, tail, child))
			return NULL;
		tail = &child->next;
	}
	return n;
}

static bool print(struct py *p, struct drill_py_stmt *s)
{
	node *n;

	s->kind = DRILL_PY_S_PRINT;
	if (p->tok.kind == T_END || p->tok.kind == T_NEWLINE)
		return (s->a = new_node(p, DRILL_PY_N_TUPLE)) != NULL;
	n = expressions(p);
	if (n && n->kind != DRILL_PY_N_TUPLE) {
		s->a = new_node(p, DRILL_PY_N_TUPLE);
		n = s->a ? adopt(p, s->a, &s->a->first, n) : NULL;
	}
	s->a = n;
	return n != NULL;
}

static bool plain(struct py *p, struct drill_py_stmt *s)
{
	s->kind = DRILL_PY_S_EXPR;
	s->a = expressions(p);
	if (!s->a || !is(p, T_OP, "="))
		return s->a != NULL;
	if (s->a->kind != DRILL_PY_N_NAME)
		return give_up_here(p) != NULL;
	next(p);
	s->kind = DRILL_PY_S_ASSIGN;
	s->name = s->a->name;
	s->a = expressions(p);
	return s->a != NULL;
}

static bool statement(struct py *p, struct drill_py_stmt *s)
{
	if (accept(p, T_NAME, "assert")) {
		s->kind = DRILL_PY_S_ASSERT;
		s->a = expression(p);
		if (s->a && accept(p, T_OP, ","))
			s->b = expression(p);
		return s->a && !p->needs && !p->no_memory;
	}
	if (accept(p, T_NAME, "print"))
		return print(p, s);
	return plain(p, s);
}

/* The statement's text with runs of white space as one blank. */
static const char *one_line(struct py *p, const char *from, const char *to)
{
	char *copy = drill_arena_copy(p->arena, from, (size_t)(to - from)), *out = copy;

	for (const char *c = copy; c && *c; c++) {
		bool blank = *c == ' ' || *c == '\t' || *c == '\n' || *c == '\r';

		if (!blank)
			*out++ = *c;
		else if (out > copy && out[-1] != ' ')
			*out++ = ' ';
	}
	if (copy)
		*out = '\0';
	p->no_memory |= !copy;
	return copy;
}

static bool statements(struct py *p, struct drill_py *py)
{
	struct drill_py_stmt **tail = &py->first;
	uint32_t count = 0;

	for (;;) {
		const char *from;

		while (p->tok.kind == T_NEWLINE)
			next(p);
		if (p->tok.kind == T_END)
			return true;
		if (count++ == DRILL_PY_STATEMENTS_MAX)
			return give_up(p, "a very long piece of code", 25) != NULL;
		if (accept(p, T_NAME, "pass"))
			continue;
		*tail = drill_arena_alloc(p->arena, sizeof(**tail));
		if (!*tail) {
			p->no_memory = true;
			return false;
		}
		from = p->tok.at;
		(*tail)->line = p->tok.line;
		if (!statement(p, *tail))
			return false;
		(*tail)->text = one_line(p, from, p->end_of_last);
		tail = &(*tail)->next;
		if (p->tok.kind != T_END && p->tok.kind != T_NEWLINE)
			return give_up_here(p) != NULL;
	}
}

const struct drill_py *drill_py_parse(struct drill_arena *arena, const char *text, size_t len,
				      uint32_t line)
{
	struct py p = { .arena = arena, .at = text, .end = text + len, .line = line };
	struct drill_py *py = drill_arena_alloc(arena, sizeof(*py));

	if (!py)
		return NULL;
	next(&p);
	if (!statements(&p, py) && !p.needs)
		p.no_memory = true;
	py->needs = p.needs;
	return p.no_memory ? NULL : py;
}

const char *drill_py_needs_python(const struct drill_py *py)
{
	return py->needs;
}
