/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a piece's statements. Each evaluation returns 0, or -1 after run.error has its sentence;
 * Python would raise an exception there.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/const.h"
#include "harness/drill/pyexpr_int.h"

typedef struct drill_py_node node;
typedef struct drill_py_value value;

struct run {
	struct drill_py_env *env;
	struct drill_arena *arena;
	char error[256];
};

__attribute__((format(printf, 2, 3))) static int bad(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	return -1;
}

void drill_py_set_int(struct drill_py_value *out, uint64_t num)
{
	*out = (value){ .kind = DRILL_PY_INT, .num = (drill_py_int)num };
}

static void set_bool(value *out, bool b)
{
	*out = (value){ .kind = DRILL_PY_BOOL, .num = b };
}

static bool is_int(const value *v)
{
	return v->kind == DRILL_PY_INT || v->kind == DRILL_PY_BOOL;
}

static bool is_number(const value *v)
{
	return is_int(v) || v->kind == DRILL_PY_FLOAT;
}

static double real_of(const value *v)
{
	return v->kind == DRILL_PY_FLOAT ? v->real : (double)v->num;
}

static bool truth(const value *v)
{
	switch (v->kind) {
	case DRILL_PY_NONE:
		return false;
	case DRILL_PY_BOOL:
	case DRILL_PY_INT:
		return v->num != 0;
	case DRILL_PY_FLOAT:
		return v->real < 0 || v->real > 0 || isnan(v->real);
	case DRILL_PY_STR:
		return v->str[0] != '\0';
	case DRILL_PY_TUPLE:
		return v->count > 0;
	}
	return false;
}

static const char *kind_name(const value *v)
{
	static const char *const names[] = { "None",   "a truth value", "a number",
					     "a number", "a text",	 "a list" };

	return names[v->kind];
}

/* ---- names ---- */

static const value *find_var(const struct drill_py_env *env, const char *name)
{
	for (uint32_t i = 0; i < env->nvars; i++)
		if (strcmp(env->var[i].name, name) == 0)
			return &env->var[i].value;
	return NULL;
}

static int look_up(struct run *r, const char *name, value *out)
{
	const value *saved = find_var(r->env, name);
	int64_t num;

	if (saved) {
		*out = *saved;
		return 0;
	}
	memset(out, 0, sizeof(*out));
	if (r->env->lookup && r->env->lookup(r->env->arg, name, out))
		return 0;
	if (drill_const_find(name, strlen(name), &num)) {
		*out = (value){ .kind = DRILL_PY_INT, .num = num };
		return 0;
	}
	return bad(r, "no name \"%.60s\" is known here", name);
}

/* A copy that lives as long as the environment: what lookups return may not. */
static int keep(struct run *r, value *v)
{
	if (v->kind == DRILL_PY_STR) {
		v->str = drill_arena_copy(r->arena, v->str, strlen(v->str));
		return v->str ? 0 : bad(r, "out of memory");
	}
	if (v->kind == DRILL_PY_TUPLE && v->count) {
		value *items = drill_arena_alloc(r->arena, v->count * sizeof(*items));

		if (!items)
			return bad(r, "out of memory");
		memcpy(items, v->item, v->count * sizeof(*items));
		for (uint32_t i = 0; i < v->count; i++)
			if (keep(r, &items[i]) != 0)
				return -1;
		v->item = items;
	}
	return 0;
}

static int save(struct run *r, const char *name, value *v)
{
	struct drill_py_env *env = r->env;
	value *saved = (value *)(uintptr_t)find_var(env, name);

	if (keep(r, v) != 0)
		return -1;
	if (!saved) {
		if (env->nvars == DRILL_PY_VARS_MAX || strlen(name) >= sizeof(env->var[0].name))
			return bad(r, "more than %d names, or a name of more than %zu letters",
				   DRILL_PY_VARS_MAX, sizeof(env->var[0].name) - 1);
		strcpy(env->var[env->nvars].name, name);
		saved = &env->var[env->nvars++].value;
	}
	*saved = *v;
	return 0;
}

/* ---- arithmetic ---- */

static int int_pow(struct run *r, drill_py_int base, drill_py_int exp, value *out)
{
	drill_py_int n = 1;

	if (base == 0 || base == 1 || base == -1) {
		out->num = exp == 0 ? 1 : base == -1 && exp % 2 == 0 ? 1 : base;
		return 0;
	}
	if (exp > 127)
		return bad(r, "a number of more than 127 bits");
	for (drill_py_int i = 0; i < exp; i++)
		if (__builtin_mul_overflow(n, base, &n))
			return bad(r, "a number of more than 127 bits");
	out->num = n;
	return 0;
}

static int shift(struct run *r, drill_py_int a, drill_py_int by, bool left, value *out)
{
	if (by < 0)
		return bad(r, "a shift by a negative number");
	if (!left) {
		out->num = by > 126 ? (a < 0 ? -1 : 0) : a >> by;
		return 0;
	}
	if (a == 0) {
		out->num = 0;
		return 0;
	}
	if (by > 126 || __builtin_mul_overflow(a, (drill_py_int)1 << by, &out->num))
		return bad(r, "a number of more than 127 bits");
	return 0;
}

/* Python's // and %: towards minus infinity. */
static int divide(struct run *r, drill_py_int a, drill_py_int b, bool rest, value *out)
{
	drill_py_int q, m;

	if (b == 0)
		return bad(r, "a division by zero");
	if (b == -1) {
		out->num = 0;
		if (rest)
			return 0;
		return __builtin_sub_overflow((drill_py_int)0, a, &out->num) ?
			       bad(r, "a number of more than 127 bits") :
			       0;
	}
	q = a / b;
	m = a % b;
	if (m != 0 && (m < 0) != (b < 0)) {
		q--;
		m += b;
	}
	out->num = rest ? m : q;
	return 0;
}

static int whole(struct run *r, enum drill_py_op op, drill_py_int a, drill_py_int b, value *out)
{
	bool over = false;

	out->kind = DRILL_PY_INT;
	if (op == DRILL_PY_ADD)
		over = __builtin_add_overflow(a, b, &out->num);
	else if (op == DRILL_PY_SUB)
		over = __builtin_sub_overflow(a, b, &out->num);
	else if (op == DRILL_PY_MUL)
		over = __builtin_mul_overflow(a, b, &out->num);
	else if (op == DRILL_PY_FLOOR || op == DRILL_PY_MOD)
		return divide(r, a, b, op == DRILL_PY_MOD, out);
	else if (op == DRILL_PY_SHL || op == DRILL_PY_SHR)
		return shift(r, a, b, op == DRILL_PY_SHL, out);
	else if (op == DRILL_PY_BITAND)
		out->num = a & b;
	else if (op == DRILL_PY_BITOR)
		out->num = a | b;
	else if (op == DRILL_PY_BITXOR)
		out->num = a ^ b;
	else
		return int_pow(r, a, b, out);
	return over ? bad(r, "a number of more than 127 bits") : 0;
}

static int real(struct run *r, enum drill_py_op op, double a, double b, value *out)
{
	bool zero = !(b < 0) && !(b > 0);

	out->kind = DRILL_PY_FLOAT;
	if ((op == DRILL_PY_DIV || op == DRILL_PY_FLOOR || op == DRILL_PY_MOD) && zero)
		return bad(r, "a division by zero");
	if (op == DRILL_PY_ADD)
		out->real = a + b;
	else if (op == DRILL_PY_SUB)
		out->real = a - b;
	else if (op == DRILL_PY_MUL)
		out->real = a * b;
	else if (op == DRILL_PY_DIV)
		out->real = a / b;
	else if (op == DRILL_PY_FLOOR)
		out->real = floor(a / b);
	else if (op == DRILL_PY_MOD)
		out->real = a - b * floor(a / b);
	else if (op == DRILL_PY_POW)
		out->real = pow(a, b);
	else
		return bad(r, "a bit operation on a number with a point");
	return 0;
}

static int texts(struct run *r, const value *a, const value *b, value *out)
{
	size_t n = strlen(a->str), m = strlen(b->str);
	char *both = n + m < DRILL_PY_TEXT_MAX ? drill_arena_alloc(r->arena, n + m + 1) : NULL;

	if (!both)
		return bad(r, "a text of more than %d bytes", DRILL_PY_TEXT_MAX);
	memcpy(both, a->str, n);
	memcpy(both + n, b->str, m);
	*out = (value){ .kind = DRILL_PY_STR, .str = both };
	return 0;
}

static int format(struct run *r, const value *a, const value *b, value *out)
{
	char text[DRILL_PY_TEXT_MAX];

	if (!drill_py_format(a->str, b, text, sizeof(text)))
		return bad(r, "the format \"%.60s\" does not fit its values", a->str);
	*out = (value){ .kind = DRILL_PY_STR,
			.str = drill_arena_copy(r->arena, text, strlen(text)) };
	return out->str ? 0 : bad(r, "out of memory");
}

static int binary(struct run *r, enum drill_py_op op, const value *a, const value *b, value *out)
{
	memset(out, 0, sizeof(*out));
	if (op == DRILL_PY_MOD && a->kind == DRILL_PY_STR)
		return format(r, a, b, out);
	if (op == DRILL_PY_ADD && a->kind == DRILL_PY_STR && b->kind == DRILL_PY_STR)
		return texts(r, a, b, out);
	if (!is_number(a) || !is_number(b))
		return bad(r, "arithmetic with %s and %s", kind_name(a), kind_name(b));
	if (is_int(a) && is_int(b) && op != DRILL_PY_DIV && !(op == DRILL_PY_POW && b->num < 0))
		return whole(r, op, a->num, b->num, out);
	return real(r, op, real_of(a), real_of(b), out);
}

/* ---- comparisons ---- */

/* -1, 0, 1 for numbers and texts; 2 for what has no order. */
static int order(const value *a, const value *b)
{
	if (is_int(a) && is_int(b))
		return (a->num > b->num) - (a->num < b->num);
	if (is_number(a) && is_number(b))
		return (real_of(a) > real_of(b)) - (real_of(a) < real_of(b));
	if (a->kind == DRILL_PY_STR && b->kind == DRILL_PY_STR) {
		int c = strcmp(a->str, b->str);

		return (c > 0) - (c < 0);
	}
	return 2;
}

static bool equal(const value *a, const value *b)
{
	if (a->kind == DRILL_PY_NONE && b->kind == DRILL_PY_NONE)
		return true;
	if (a->kind != DRILL_PY_TUPLE || b->kind != DRILL_PY_TUPLE)
		return order(a, b) == 0;
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!equal(&a->item[i], &b->item[i]))
			return false;
	return true;
}

static int contains(struct run *r, const value *item, const value *in, bool *found)
{
	*found = false;
	if (in->kind == DRILL_PY_STR && item->kind == DRILL_PY_STR) {
		*found = strstr(in->str, item->str) != NULL;
		return 0;
	}
	if (in->kind != DRILL_PY_TUPLE)
		return bad(r, "\"in\" needs a list, not %s", kind_name(in));
	for (uint32_t i = 0; i < in->count; i++)
		*found |= equal(item, &in->item[i]);
	return 0;
}

static int compare(struct run *r, enum drill_py_op op, const value *a, const value *b, bool *holds)
{
	int o;

	if (op == DRILL_PY_IN || op == DRILL_PY_NOT_IN) {
		if (contains(r, a, b, holds) != 0)
			return -1;
		*holds = *holds == (op == DRILL_PY_IN);
		return 0;
	}
	if (op == DRILL_PY_EQ || op == DRILL_PY_NE) {
		*holds = equal(a, b) == (op == DRILL_PY_EQ);
		return 0;
	}
	o = order(a, b);
	if (o == 2)
		return bad(r, "%s and %s have no order", kind_name(a), kind_name(b));
	*holds = op == DRILL_PY_LT   ? o < 0 :
		 op == DRILL_PY_LE ? o <= 0 :
		 op == DRILL_PY_GT ? o > 0 :
				     o >= 0;
	return 0;
}

/* ---- the tree ---- */

static int eval(struct run *r, const node *n, value *out);

static int eval_items(struct run *r, const node *n, value *out)
{
	value *items = drill_arena_alloc(r->arena, (n->count + 1u) * sizeof(*items));
	uint32_t i = 0;

	if (!items)
		return bad(r, "out of memory");
	for (const node *c = n->first; c; c = c->next)
		if (eval(r, c, &items[i++]) != 0)
			return -1;
	*out = (value){ .kind = DRILL_PY_TUPLE, .item = items, .count = n->count };
	return 0;
}

static int eval_compare(struct run *r, const node *n, value *out)
{
	value left, right;
	bool holds = true;

	if (eval(r, n->first, &left) != 0)
		return -1;
	for (const node *c = n->first->next; c && holds; c = c->next) {
		if (eval(r, c, &right) != 0 || compare(r, c->link, &left, &right, &holds) != 0)
			return -1;
		left = right;
	}
	set_bool(out, holds);
	return 0;
}

static int eval_junction(struct run *r, const node *n, value *out)
{
	for (const node *c = n->first; c; c = c->next) {
		if (eval(r, c, out) != 0)
			return -1;
		if (truth(out) == (n->kind == DRILL_PY_N_OR))
			break;
	}
	return 0;
}

static int eval_unary(struct run *r, const node *n, value *out)
{
	if (eval(r, n->first, out) != 0)
		return -1;
	if (n->op == DRILL_PY_NOT) {
		set_bool(out, !truth(out));
		return 0;
	}
	if (!is_number(out) || (n->op == DRILL_PY_INVERT && !is_int(out)))
		return bad(r, "arithmetic with %s", kind_name(out));
	if (n->op == DRILL_PY_INVERT)
		out->num = ~out->num;
	else if (n->op == DRILL_PY_NEG) {
		out->real = -out->real;
		if (__builtin_sub_overflow((drill_py_int)0, out->num, &out->num))
			return bad(r, "a number of more than 127 bits");
	}
	if (is_int(out))
		out->kind = DRILL_PY_INT;
	return 0;
}

static int extreme(struct run *r, const value *all, bool largest, value *out)
{
	if (all->count == 1 && all->item[0].kind == DRILL_PY_TUPLE)
		all = &all->item[0];
	if (all->count == 0)
		return bad(r, "min() or max() of nothing");
	*out = all->item[0];
	for (uint32_t i = 1; i < all->count; i++) {
		int o = order(&all->item[i], out);

		if (o == 2)
			return bad(r, "%s and %s have no order", kind_name(&all->item[i]),
				   kind_name(out));
		if (o == (largest ? 1 : -1))
			*out = all->item[i];
	}
	return 0;
}

static int to_int(struct run *r, const value *a, value *out)
{
	if (is_int(a))
		*out = (value){ .kind = DRILL_PY_INT, .num = a->num };
	else if (a->kind == DRILL_PY_FLOAT && a->real > -1e38 && a->real < 1e38)
		*out = (value){ .kind = DRILL_PY_INT, .num = (drill_py_int)a->real };
	else
		return bad(r, "int() of %s", kind_name(a));
	return 0;
}

static int length(struct run *r, const value *a, value *out)
{
	if (a->kind == DRILL_PY_STR)
		drill_py_set_int(out, strlen(a->str));
	else if (a->kind == DRILL_PY_TUPLE)
		drill_py_set_int(out, a->count);
	else
		return bad(r, "len() of %s", kind_name(a));
	return 0;
}

static int absolute(struct run *r, const value *a, value *out)
{
	if (!is_number(a))
		return bad(r, "abs() of %s", kind_name(a));
	*out = *a;
	out->real = fabs(a->real);
	if (is_int(a))
		out->kind = DRILL_PY_INT;
	if (a->num < 0 && __builtin_sub_overflow((drill_py_int)0, a->num, &out->num))
		return bad(r, "a number of more than 127 bits");
	return 0;
}

static int eval_call(struct run *r, const node *n, value *out)
{
	char text[DRILL_PY_TEXT_MAX] = "";
	size_t used = 0;
	value all;
	const value *a;

	if (eval_items(r, n, &all) != 0)
		return -1;
	a = &all.item[0];
	switch (n->func) {
	case DRILL_PY_MIN:
	case DRILL_PY_MAX:
		return extreme(r, &all, n->func == DRILL_PY_MAX, out);
	case DRILL_PY_ABS:
		return absolute(r, a, out);
	case DRILL_PY_LEN:
		return length(r, a, out);
	case DRILL_PY_TO_INT:
		return to_int(r, a, out);
	case DRILL_PY_TO_FLOAT:
		*out = (value){ .kind = DRILL_PY_FLOAT, .real = real_of(a) };
		return is_number(a) ? 0 : bad(r, "float() of %s", kind_name(a));
	case DRILL_PY_TO_BOOL:
		set_bool(out, truth(a));
		return 0;
	case DRILL_PY_TO_STR:
		drill_py_text(a, false, text, sizeof(text), &used);
		*out = (value){ .kind = DRILL_PY_STR,
				.str = drill_arena_copy(r->arena, text, used) };
		return out->str ? 0 : bad(r, "out of memory");
	}
	return -1;
}

static int eval(struct run *r, const node *n, value *out)
{
	value a, b;

	switch (n->kind) {
	case DRILL_PY_N_VALUE:
		*out = n->value;
		return 0;
	case DRILL_PY_N_NAME:
		return look_up(r, n->name, out);
	case DRILL_PY_N_TUPLE:
		return eval_items(r, n, out);
	case DRILL_PY_N_UNARY:
		return eval_unary(r, n, out);
	case DRILL_PY_N_BINARY:
		if (eval(r, n->first, &a) != 0 || eval(r, n->first->next, &b) != 0)
			return -1;
		return binary(r, n->op, &a, &b, out);
	case DRILL_PY_N_COMPARE:
		return eval_compare(r, n, out);
	case DRILL_PY_N_AND:
	case DRILL_PY_N_OR:
		return eval_junction(r, n, out);
	case DRILL_PY_N_IF:
		if (eval(r, n->first->next, &a) != 0)
			return -1;
		return eval(r, truth(&a) ? n->first : n->first->next->next, out);
	case DRILL_PY_N_CALL:
		return eval_call(r, n, out);
	}
	return -1;
}

/* ---- statements ---- */

/* "tcpi_snd_cwnd is 8" for each name in the tree, once. */
static void put_names(struct run *r, const node *n, char *out, size_t size, size_t *used)
{
	for (const node *c = n->first; c; c = c->next)
		put_names(r, c, out, size, used);
	if (n->kind == DRILL_PY_N_NAME) {
		char said[96];
		int64_t num;
		value v;

		snprintf(said, sizeof(said), "; %.60s is ", n->name);
		if (strstr(out, said) || drill_const_find(n->name, strlen(n->name), &num) ||
		    look_up(r, n->name, &v) != 0)
			return;
		drill_py_put(out, size, used, "%s", said);
		drill_py_text(&v, true, out, size, used);
	}
}

static int assertion(struct run *r, const struct drill_py_stmt *s, struct drill_py_result *out)
{
	size_t used = 0;
	value v;

	if (eval(r, s->a, &v) != 0)
		return -1;
	if (truth(&v))
		return 0;
	out->verdict = DRILL_PY_FAIL;
	drill_py_put(out->text, sizeof(out->text), &used, "%.400s", s->text);
	if (s->b) {
		drill_py_put(out->text, sizeof(out->text), &used, ": ");
		if (eval(r, s->b, &v) == 0)
			drill_py_text(&v, false, out->text, sizeof(out->text), &used);
		else
			drill_py_put(out->text, sizeof(out->text), &used, "%s", r->error);
	}
	put_names(r, s->a, out->text, sizeof(out->text), &used);
	return 0;
}

static int printing(struct run *r, const struct drill_py_stmt *s, struct drill_py_result *out)
{
	size_t used = strlen(out->output);
	value v;

	if (eval(r, s->a, &v) != 0)
		return -1;
	for (uint32_t i = 0; i < v.count; i++) {
		drill_py_put(out->output, sizeof(out->output), &used, "%s", i ? " " : "");
		drill_py_text(&v.item[i], false, out->output, sizeof(out->output), &used);
	}
	drill_py_put(out->output, sizeof(out->output), &used, "\n");
	return 0;
}

static int statement(struct run *r, const struct drill_py_stmt *s, struct drill_py_result *out)
{
	value v;

	switch (s->kind) {
	case DRILL_PY_S_ASSERT:
		return assertion(r, s, out);
	case DRILL_PY_S_PRINT:
		return printing(r, s, out);
	case DRILL_PY_S_ASSIGN:
		return eval(r, s->a, &v) != 0 ? -1 : save(r, s->name, &v);
	case DRILL_PY_S_EXPR:
		return eval(r, s->a, &v);
	}
	return 0;
}

void drill_py_run(const struct drill_py *py, struct drill_py_env *env, struct drill_py_result *out)
{
	struct run r = { .env = env };

	memset(out, 0, sizeof(*out));
	if (!env->arena)
		env->arena = drill_arena_new();
	r.arena = env->arena;
	if (!r.arena || py->needs) {
		out->verdict = DRILL_PY_ERROR;
		snprintf(out->text, sizeof(out->text), "%s%s",
			 py->needs ? "this piece of code needs Python: " : "out of memory",
			 py->needs ? py->needs : "");
		return;
	}
	for (const struct drill_py_stmt *s = py->first; s && out->verdict == DRILL_PY_PASS;
	     s = s->next) {
		out->line = s->line;
		if (statement(&r, s, out) != 0) {
			out->verdict = DRILL_PY_ERROR;
			snprintf(out->text, sizeof(out->text), "%.400s: %s", s->text, r.error);
		}
	}
}

void drill_py_env_free(struct drill_py_env *env)
{
	drill_arena_free(env->arena);
	env->arena = NULL;
	env->nvars = 0;
}
