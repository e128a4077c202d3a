/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens. What a character means depends on little: the parser asks for TCP's flags and for
 * cookies by name, since "P.5" and "3021b9d8" are no words of their own.
 */
#include "harness/drill/lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/ast_arena.h"

void drill_lex_init(struct drill_lex *lx, struct drill_arena *arena, const char *text, size_t len,
		    const struct drill_defines *defs)
{
	memset(lx, 0, sizeof(*lx));
	lx->arena = arena;
	lx->text = lx->at = lx->line_start = lx->end_of_last = text;
	lx->end = text + len;
	lx->line = 1;
	lx->defs = defs;
}

__attribute__((format(printf, 4, 5))) static int bad(struct drill_lex *lx, enum drill_err_kind kind,
						     const struct drill_src *src, const char *fmt,
						     ...)
{
	va_list ap;

	lx->err_kind = kind;
	lx->err_line = src->line;
	lx->err_col = src->col;
	va_start(ap, fmt);
	vsnprintf(lx->err, sizeof(lx->err), fmt, ap);
	va_end(ap);
	return -1;
}

static struct drill_src here(const struct drill_lex *lx)
{
	return (struct drill_src){ .at = lx->at,
				   .line = lx->line,
				   .col = (uint32_t)(lx->at - lx->line_start) + 1 };
}

static size_t left(const struct drill_lex *lx)
{
	return (size_t)(lx->end - lx->at);
}

static bool ahead(const struct drill_lex *lx, const char *s)
{
	size_t n = strlen(s);

	return left(lx) >= n && memcmp(lx->at, s, n) == 0;
}

/* The character `n` further on; 0 beyond the end. */
static char peek(const struct drill_lex *lx, size_t n)
{
	return left(lx) > n ? lx->at[n] : '\0';
}

static void step(struct drill_lex *lx)
{
	if (*lx->at++ == '\n') {
		lx->line++;
		lx->line_start = lx->at;
	}
}

static void steps(struct drill_lex *lx, size_t n)
{
	while (n--)
		step(lx);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- #ifdef ---- */

static const char *define_of(const struct drill_lex *lx, const char *name, size_t len)
{
	for (size_t i = 0; lx->defs && i < lx->defs->ndefine; i++) {
		const struct drill_define *d = &lx->defs->define[i];

		if (strlen(d->name) == len && memcmp(d->name, name, len) == 0)
			return d->value ? d->value : "1";
	}
	return NULL;
}

/* What the public suites' runners pass as -D, for scripts that are run without them. The cookies are
 * those of the suites' key and addresses. */
static const struct {
	const char *name, *v4, *v6;
} usual[] = {
	{ "CMSG_LEVEL_IP", "SOL_IP", "SOL_IPV6" },
	{ "CMSG_TYPE_RECVERR", "IP_RECVERR", "IPV6_RECVERR" },
	{ "TFO_COOKIE", "3021b9d889017eeb", "c1d1e9742a47a9bc" },
	{ "TFO_COOKIE_ZERO", "b7c12350a90dc8f5", "82af1a8f9a205c34" },
};

static const char *meaning_of(const struct drill_lex *lx, const char *name, size_t len)
{
	const char *value = define_of(lx, name, len);

	for (size_t i = 0; !value && i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strlen(usual[i].name) == len && memcmp(usual[i].name, name, len) == 0)
			value = lx->v6 ? usual[i].v6 : usual[i].v4;
	return value;
}

static bool first_of_line(const struct drill_lex *lx)
{
	for (const char *c = lx->line_start; c < lx->at; c++)
		if (!is_space(*c))
			return false;
	return true;
}

static void skip_line(struct drill_lex *lx)
{
	while (lx->at < lx->end && *lx->at != '\n')
		lx->at++;
}

static void skip_blanks(struct drill_lex *lx)
{
	while (lx->at < lx->end && (*lx->at == ' ' || *lx->at == '\t'))
		lx->at++;
}

/* The word after #, or after #ifdef. */
static size_t directive_word(struct drill_lex *lx, const char **word)
{
	skip_blanks(lx);
	*word = lx->at;
	while (lx->at < lx->end && is_word(*lx->at))
		lx->at++;
	return (size_t)(lx->at - *word);
}

static bool word_is(const char *word, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(word, want, len) == 0;
}

/* Skips the lines of a branch that does not hold, to just after its #endif or #else. */
static int skip_branch(struct drill_lex *lx, const struct drill_src *from, bool *at_else)
{
	uint32_t depth = 0;

	for (;;) {
		const char *word;
		size_t len;

		skip_line(lx);
		if (lx->at >= lx->end)
			return bad(lx, DRILL_ERR_SYNTAX, from, "this has no #endif");
		step(lx);
		skip_blanks(lx);
		if (lx->at >= lx->end || *lx->at != '#')
			continue;
		lx->at++;
		len = directive_word(lx, &word);
		if (word_is(word, len, "ifdef") || word_is(word, len, "ifndef")) {
			depth++;
		} else if (word_is(word, len, "endif")) {
			if (depth-- == 0) {
				*at_else = false;
				skip_line(lx);
				return 0;
			}
		} else if (word_is(word, len, "else") && depth == 0 && !*at_else) {
			*at_else = true;
			skip_line(lx);
			return 0;
		}
	}
}

static int open_branch(struct drill_lex *lx, const struct drill_src *src)
{
	if (lx->depth == DRILL_DEPTH_MAX)
		return bad(lx, DRILL_ERR_LIMIT, src, "#ifdef within #ifdef: %d are allowed",
			   DRILL_DEPTH_MAX);
	lx->ifdef_line[lx->depth] = src->line;
	lx->saw_else[lx->depth++] = false;
	return 0;
}

static int ifdef(struct drill_lex *lx, const struct drill_src *src, bool negated)
{
	const char *name;
	size_t len = directive_word(lx, &name);
	bool at_else = false;

	if (len == 0)
		return bad(lx, DRILL_ERR_SYNTAX, src, "expected a name after #%s",
			   negated ? "ifndef" : "ifdef");
	if ((meaning_of(lx, name, len) != NULL) != negated) {
		skip_line(lx);
		return open_branch(lx, src);
	}
	if (skip_branch(lx, src, &at_else) != 0)
		return -1;
	if (at_else) {
		if (open_branch(lx, src) != 0)
			return -1;
		lx->saw_else[lx->depth - 1] = true;
	}
	return 0;
}

/* #else after a branch that held. */
static int else_branch(struct drill_lex *lx, const struct drill_src *src)
{
	bool at_else = true; /* no second one */

	if (lx->depth == 0 || lx->saw_else[lx->depth - 1])
		return bad(lx, DRILL_ERR_SYNTAX, src, "#else belongs to no #ifdef");
	lx->depth--;
	return skip_branch(lx, src, &at_else);
}

static int directive(struct drill_lex *lx)
{
	struct drill_src src = here(lx);
	const char *word;
	size_t len;

	if (!first_of_line(lx))
		return bad(lx, DRILL_ERR_SYNTAX, &src,
			   "\"#\" is only for #ifdef and #endif, first on its line");
	lx->at++;
	len = directive_word(lx, &word);
	if (word_is(word, len, "ifdef"))
		return ifdef(lx, &src, false);
	if (word_is(word, len, "ifndef"))
		return ifdef(lx, &src, true);
	if (word_is(word, len, "else"))
		return else_branch(lx, &src);
	if (word_is(word, len, "endif")) {
		if (lx->depth == 0)
			return bad(lx, DRILL_ERR_SYNTAX, &src, "#endif belongs to no #ifdef");
		lx->depth--;
		skip_line(lx);
		return 0;
	}
	return bad(lx, DRILL_ERR_SYNTAX, &src,
		   "expected #ifdef NAME, #ifndef NAME, #else or #endif, found \"#%.*s\"",
		   (int)(len > 40 ? 40 : len), word);
}

/* ---- white space and comments ---- */

static int block_comment(struct drill_lex *lx)
{
	struct drill_src src = here(lx);

	steps(lx, 2);
	while (lx->at < lx->end && !ahead(lx, "*/"))
		step(lx);
	if (lx->at >= lx->end)
		return bad(lx, DRILL_ERR_SYNTAX, &src, "this comment has no */");
	steps(lx, 2);
	return 0;
}

static int skip_space(struct drill_lex *lx)
{
	while (lx->at < lx->end) {
		if (is_space(*lx->at)) {
			step(lx);
		} else if (ahead(lx, "//")) {
			skip_line(lx);
		} else if (ahead(lx, "/*")) {
			if (block_comment(lx) != 0)
				return -1;
		} else if (*lx->at == '#') {
			if (directive(lx) != 0)
				return -1;
		} else {
			break;
		}
	}
	return 0;
}

char drill_lex_peek(const struct drill_lex *lx)
{
	struct drill_lex probe = *lx;

	return skip_space(&probe) == 0 && probe.at < probe.end ? *probe.at : '\0';
}

/* ---- numbers and words ---- */

static int digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Whether s[0..len) is a whole number as C writes it; fills the token's number. */
static bool whole_number(struct drill_tok *tok, const char *s, size_t len)
{
	unsigned base = 10;
	size_t i = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (len > 1 && s[0] == '0') {
		base = 8;
		i = 1;
	}
	tok->num = 0;
	tok->too_big = false;
	for (; i < len; i++) {
		int d = digit_of(s[i]);
		uint64_t times;

		if (d >= (int)base)
			return false;
		if (__builtin_mul_overflow(tok->num, (uint64_t)base, &times) ||
		    __builtin_add_overflow(times, (uint64_t)d, &tok->num))
			tok->too_big = true;
	}
	return len > 0;
}

/* A token whose text is [at, at + len): a number or a word. */
static void number_or_word(struct drill_tok *tok, const char *at, size_t len)
{
	tok->text.at = at;
	tok->text.len = (uint32_t)len;
	tok->kind = is_digit(at[0]) && whole_number(tok, at, len) ? DRILL_TOK_NUMBER :
								     DRILL_TOK_WORD;
}

/* Digits with a point; "0..." is 0 and a wildcard. */
static bool fraction(struct drill_lex *lx, struct drill_tok *tok)
{
	size_t n = 0;

	while (is_digit(peek(lx, n)))
		n++;
	if (peek(lx, n) != '.' || ahead(&(struct drill_lex){ .at = lx->at + n, .end = lx->end },
					"..."))
		return false;
	n++;
	while (is_digit(peek(lx, n)))
		n++;
	if (is_word(peek(lx, n)))
		return false;
	tok->kind = DRILL_TOK_NUMBER;
	tok->fraction = true;
	tok->text = (struct drill_str){ lx->at, (uint32_t)n };
	steps(lx, n);
	return true;
}

/* ---- strings, commands, code ---- */

/* One character of a string, after a backslash if there was one. Returns how many were read. */
static size_t escape(const struct drill_lex *lx, char *c)
{
	static const char from[] = "ntrabfv\\\"'", to[] = "\n\t\r\a\b\f\v\\\"'";
	const char *which;
	size_t n = 1;
	int value = 0;

	*c = peek(lx, 0);
	if (*c == 'x' && digit_of(peek(lx, 1)) < 16) {
		for (; n < 3 && digit_of(peek(lx, n)) < 16; n++)
			value = value * 16 + digit_of(peek(lx, n));
		*c = (char)value;
	} else if (digit_of(*c) < 8) {
		for (n = 0; n < 3 && digit_of(peek(lx, n)) < 8; n++)
			value = value * 8 + digit_of(peek(lx, n));
		*c = (char)value;
	} else if (*c != '\0' && (which = strchr(from, *c)) != NULL) {
		*c = to[which - from];
	}
	return n;
}

static int string(struct drill_lex *lx, struct drill_tok *tok)
{
	struct drill_src src = here(lx);
	size_t len = 0;
	char *bytes;

	tok->kind = DRILL_TOK_STRING;
	for (size_t i = 1; peek(lx, i) != '"'; i++) {
		if (left(lx) <= i || peek(lx, i) == '\n')
			return bad(lx, DRILL_ERR_SYNTAX, &src,
				   "this string has no closing quote on its line");
		if (peek(lx, i) == '\\')
			i++;
		len++;
	}
	if (len > DRILL_TOKEN_MAX)
		return bad(lx, DRILL_ERR_LIMIT, &src, "a string of %zu bytes; %d are allowed", len,
			   DRILL_TOKEN_MAX);
	bytes = drill_arena_alloc(lx->arena, len + 1);
	if (!bytes)
		return bad(lx, DRILL_ERR_LIMIT, &src, "out of memory");
	tok->text.at = bytes;
	step(lx);
	while (peek(lx, 0) != '"') {
		size_t n = 1;

		*bytes = peek(lx, 0);
		if (*bytes == '\\') {
			step(lx);
			n = escape(lx, bytes);
		}
		bytes++;
		steps(lx, n);
	}
	step(lx);
	tok->text.len = (uint32_t)(bytes - tok->text.at);
	return 0;
}

/* Text between two marks, as it is. */
static int between(struct drill_lex *lx, struct drill_tok *tok, enum drill_tok_kind kind,
		   const char *open, const char *close, const char *what)
{
	struct drill_src src = here(lx);
	const char *from;

	tok->kind = kind;
	steps(lx, strlen(open));
	from = lx->at;
	while (lx->at < lx->end && !ahead(lx, close))
		step(lx);
	if (lx->at >= lx->end)
		return bad(lx, DRILL_ERR_SYNTAX, &src, "this %s has no closing %s", what, close);
	tok->text.len = (uint32_t)(lx->at - from);
	if (tok->text.len > DRILL_TOKEN_MAX)
		return bad(lx, DRILL_ERR_LIMIT, &src, "a %s of %u bytes; %d are allowed", what,
			   tok->text.len, DRILL_TOKEN_MAX);
	tok->text.at = drill_arena_copy(lx->arena, from, tok->text.len);
	if (!tok->text.at)
		return bad(lx, DRILL_ERR_LIMIT, &src, "out of memory");
	steps(lx, strlen(close));
	return 0;
}

static int option(struct drill_lex *lx, struct drill_tok *tok)
{
	struct drill_src src = here(lx);
	const char *from;
	size_t len;
	char *value;

	tok->kind = DRILL_TOK_OPTION;
	lx->at += 2;
	from = lx->at;
	while (lx->at < lx->end && (is_word(*lx->at) || *lx->at == '-'))
		lx->at++;
	tok->text.len = (uint32_t)(lx->at - from);
	tok->text.at = drill_arena_copy(lx->arena, from, tok->text.len);
	if (!tok->text.at)
		return bad(lx, DRILL_ERR_LIMIT, &src, "out of memory");
	if (peek(lx, 0) != '=')
		return 0;
	from = ++lx->at;
	while (lx->at < lx->end && !is_space(*lx->at))
		lx->at++;
	len = (size_t)(lx->at - from);
	if (len > 1 && from[0] == '"' && from[len - 1] == '"') {
		from++;
		len -= 2;
	}
	tok->value = value = drill_arena_copy(lx->arena, from, len);
	if (!value)
		return bad(lx, DRILL_ERR_LIMIT, &src, "out of memory");
	return 0;
}

/* ---- tokens ---- */

/* The token a define stands for: one of the simple kinds. */
static int expand(struct drill_lex *lx, struct drill_tok *tok, const char *value)
{
	struct drill_lex sub;
	size_t len = strlen(value);
	int failed = 0;

	drill_lex_init(&sub, lx->arena, value, len, NULL);
	if (value[0] == '"' && len > 1 && value[len - 1] == '"')
		failed = string(&sub, tok);
	else if (value[0] == '`' && len > 1 && value[len - 1] == '`')
		failed = between(&sub, tok, DRILL_TOK_COMMAND, "`", "`", "command");
	else if (len > 0)
		number_or_word(tok, value, len);
	else
		tok->kind = DRILL_TOK_STRING, tok->text = (struct drill_str){ "", 0 };
	if (failed)
		return bad(lx, sub.err_kind, &tok->src, "the value of -D %.*s: %s",
			   (int)(tok->src.len > 60 ? 60 : tok->src.len), tok->src.at, sub.err);
	return 0;
}

static int word(struct drill_lex *lx, struct drill_tok *tok)
{
	const char *from = lx->at, *value;
	size_t len;

	while (lx->at < lx->end && is_word(*lx->at))
		lx->at++;
	len = (size_t)(lx->at - from);
	if (len > DRILL_TOKEN_MAX)
		return bad(lx, DRILL_ERR_LIMIT, &tok->src, "a word of %zu bytes; %d are allowed",
			   len, DRILL_TOKEN_MAX);
	tok->src.len = (uint32_t)len;
	value = meaning_of(lx, from, len);
	if (value)
		return expand(lx, tok, value);
	number_or_word(tok, from, len);
	return 0;
}

static int any_token(struct drill_lex *lx, struct drill_tok *tok)
{
	char c = *lx->at;

	if ((is_digit(c) || (c == '.' && is_digit(peek(lx, 1)))) && fraction(lx, tok))
		return 0;
	if (is_word(c))
		return word(lx, tok);
	if (ahead(lx, "...")) {
		tok->kind = DRILL_TOK_ELLIPSIS;
		steps(lx, 3);
		return 0;
	}
	if (c == '"')
		return string(lx, tok);
	if (c == '`')
		return between(lx, tok, DRILL_TOK_COMMAND, "`", "`", "command");
	if (ahead(lx, "%{"))
		return between(lx, tok, DRILL_TOK_CODE, "%{", "}%", "piece of code");
	if (ahead(lx, "--") && is_word(peek(lx, 2)) && !is_digit(peek(lx, 2)))
		return option(lx, tok);
	tok->kind = DRILL_TOK_PUNCT;
	tok->punct = c;
	step(lx);
	return 0;
}

static int end_of_text(struct drill_lex *lx, struct drill_tok *tok)
{
	tok->kind = DRILL_TOK_END;
	if (lx->depth > 0) {
		tok->src.line = lx->ifdef_line[lx->depth - 1];
		tok->src.col = 1;
		return bad(lx, DRILL_ERR_SYNTAX, &tok->src, "this has no #endif");
	}
	return 0;
}

int drill_lex_next(struct drill_lex *lx, struct drill_tok *tok)
{
	memset(tok, 0, sizeof(*tok));
	lx->end_of_last = lx->at;
	if (skip_space(lx) != 0)
		return -1;
	tok->src = here(lx);
	if (lx->at >= lx->end)
		return end_of_text(lx, tok);
	if (any_token(lx, tok) != 0)
		return -1;
	tok->src.len = (uint32_t)(lx->at - tok->src.at);
	return 0;
}

static void rewind_to(struct drill_lex *lx, const struct drill_tok *tok)
{
	lx->at = tok->src.at;
	lx->line = tok->src.line;
	lx->line_start = tok->src.at - (tok->src.col - 1);
}

int drill_lex_flags(struct drill_lex *lx, struct drill_tok *tok)
{
	const char *value;
	size_t len;

	rewind_to(lx, tok);
	while (lx->at < lx->end && (is_word(*lx->at) || *lx->at == '.' || *lx->at == '-'))
		lx->at++;
	len = (size_t)(lx->at - tok->src.at);
	tok->kind = DRILL_TOK_FLAGS;
	tok->src.len = tok->text.len = (uint32_t)len;
	tok->text.at = tok->src.at;
	value = meaning_of(lx, tok->src.at, len);
	if (value) {
		tok->text.at = value;
		tok->text.len = (uint32_t)strlen(value);
	}
	return 0;
}

int drill_lex_note(struct drill_lex *lx, const struct drill_tok *open, struct drill_str *note)
{
	unsigned depth = 1;
	const char *from = lx->at;

	for (; lx->at < lx->end; step(lx)) {
		if (*lx->at == '(')
			depth++;
		else if (*lx->at == ')' && --depth == 0)
			break;
	}
	if (lx->at >= lx->end)
		return bad(lx, DRILL_ERR_SYNTAX, &open->src, "this ( has no )");
	note->len = (uint32_t)(lx->at - from);
	note->at = drill_arena_copy(lx->arena, from, note->len);
	if (!note->at)
		return bad(lx, DRILL_ERR_LIMIT, &open->src, "out of memory");
	step(lx);
	return 0;
}
