/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser's words: next token, what is it, what was expected, and how that is said. */
#include "harness/drill/parse_int.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/ast_arena.h"

enum { SHOWN_MAX = 100 }; /* columns of the line that is shown under an error */

static const char *line_start(const struct drill_parser *p, const char *at)
{
	while (at > p->script->text && at[-1] != '\n')
		at--;
	return at;
}

static const char *find_line(const struct drill_parser *p, uint32_t line)
{
	const char *at = p->script->text, *end = at + p->script->text_len;

	while (line > 1 && at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		if (!nl)
			break;
		at = nl + 1;
		line--;
	}
	return line_start(p, at);
}

/* The line of the script with a caret under the column; long lines lose their beginning. */
static size_t show_line(const struct drill_parser *p, const struct drill_err *e, char *out,
			size_t size)
{
	const char *line = find_line(p, e->line), *end = p->script->text + p->script->text_len;
	const char *nl = memchr(line, '\n', (size_t)(end - line));
	size_t len = (size_t)((nl ? nl : end) - line), col = e->col - 1, from = 0, n;

	if (len && line[len - 1] == '\r')
		len--;
	if (col > len)
		col = len;
	if (col > SHOWN_MAX - 20)
		from = col - (SHOWN_MAX - 20);
	if (len - from > SHOWN_MAX)
		len = from + SHOWN_MAX;
	n = (size_t)snprintf(out, size, "\n  ");
	for (size_t i = from; i < len && n + 1 < size; i++)
		out[n++] = line[i] == '\t' || (unsigned char)line[i] >= ' ' ? line[i] : '?';
	n += (size_t)snprintf(out + n, size - n, "\n  ");
	for (size_t i = from; i < col && n + 2 < size; i++)
		out[n++] = line[i] == '\t' ? '\t' : ' ';
	out[n++] = '^';
	out[n] = '\0';
	return n;
}

static void finish(struct drill_parser *p)
{
	struct drill_err *e = p->err;
	int n = snprintf(e->text, sizeof(e->text), "%.200s:%u:%u: %s", p->script->name, e->line,
			 e->col, e->sentence);
	size_t room;

	if (n < 0)
		return;
	room = sizeof(e->text) - (size_t)n;
	if ((size_t)n < sizeof(e->text) && room > 2 * SHOWN_MAX + 16)
		show_line(p, e, e->text + n, room);
}

int drill_p_fail(struct drill_parser *p, enum drill_err_kind kind, const struct drill_src *src,
		 const char *fmt, ...)
{
	va_list ap;

	p->err->kind = kind;
	p->err->line = src->line;
	p->err->col = src->col;
	va_start(ap, fmt);
	vsnprintf(p->err->sentence, sizeof(p->err->sentence), fmt, ap);
	va_end(ap);
	finish(p);
	return -1;
}

int drill_p_take_lex_error(struct drill_parser *p)
{
	struct drill_src src = { .line = p->lex.err_line, .col = p->lex.err_col };

	return drill_p_fail(p, p->lex.err_kind, &src, "%s", p->lex.err);
}

int drill_p_next(struct drill_parser *p)
{
	p->want[0] = '\0';
	return drill_lex_next(&p->lex, &p->tok) == 0 ? 0 : drill_p_take_lex_error(p);
}

static int shown(uint32_t len)
{
	return len > 40 ? 40 : (int)len;
}

void drill_p_describe(const struct drill_tok *t, char *out, size_t size)
{
	switch (t->kind) {
	case DRILL_TOK_END:
		snprintf(out, size, "the end of the script");
		return;
	case DRILL_TOK_STRING:
		snprintf(out, size, "the string \"%.*s\"", shown(t->text.len), t->text.at);
		return;
	case DRILL_TOK_COMMAND:
		snprintf(out, size, "a command in backticks");
		return;
	case DRILL_TOK_CODE:
		snprintf(out, size, "code in %%{ }%%");
		return;
	case DRILL_TOK_OPTION:
		snprintf(out, size, "the option --%.*s", shown(t->text.len), t->text.at);
		return;
	case DRILL_TOK_PUNCT:
		if (isprint((unsigned char)t->punct))
			snprintf(out, size, "\"%c\"", t->punct);
		else
			snprintf(out, size, "the byte 0x%02x", (unsigned char)t->punct);
		return;
	case DRILL_TOK_ELLIPSIS:
		snprintf(out, size, "\"...\"");
		return;
	case DRILL_TOK_NUMBER:
	case DRILL_TOK_WORD:
	case DRILL_TOK_FLAGS:
		snprintf(out, size, "\"%.*s\"", shown(t->text.len), t->text.at);
		return;
	}
}

int drill_p_expected(struct drill_parser *p, const char *what)
{
	char found[80];

	drill_p_describe(&p->tok, found, sizeof(found));
	return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src, "expected %s, found %s", what, found);
}

int drill_p_unsupported(struct drill_parser *p, const struct drill_src *src, const char *what)
{
	return drill_p_fail(p, DRILL_ERR_UNSUPPORTED, src, "unsupported: %s", what);
}

int drill_p_memory(struct drill_parser *p)
{
	return drill_p_fail(p, DRILL_ERR_LIMIT, &p->tok.src, "out of memory");
}

bool drill_p_is(const struct drill_parser *p, char punct)
{
	return p->tok.kind == DRILL_TOK_PUNCT && p->tok.punct == punct;
}

bool drill_p_is_word(const struct drill_parser *p, const char *word)
{
	return p->tok.kind == DRILL_TOK_WORD && p->tok.text.len == strlen(word) &&
	       memcmp(p->tok.text.at, word, p->tok.text.len) == 0;
}

int drill_p_need(struct drill_parser *p, char punct, const char *what)
{
	if (!drill_p_is(p, punct))
		return drill_p_expected(p, what);
	return drill_p_next(p);
}

int drill_p_int(struct drill_parser *p, const char *what, int64_t min, int64_t max, int64_t *out)
{
	struct drill_src src = p->tok.src;
	bool minus = drill_p_is(p, '-');
	int64_t num;

	if (minus && drill_p_next(p) != 0)
		return -1;
	if (p->tok.kind != DRILL_TOK_NUMBER || p->tok.fraction)
		return drill_p_expected(p, what);
	num = (int64_t)(p->tok.num & INT64_MAX);
	if (minus)
		num = -num;
	if (p->tok.too_big || p->tok.num > INT64_MAX || num < min || num > max)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &src,
				    "expected %s from %" PRId64 " to %" PRId64 ", found %s%.*s",
				    what, min, max, minus ? "-" : "", shown(p->tok.text.len),
				    p->tok.text.at);
	*out = num;
	return drill_p_next(p);
}

int drill_p_u32(struct drill_parser *p, const char *what, uint32_t *out)
{
	int64_t num;

	if (drill_p_int(p, what, INT32_MIN, UINT32_MAX, &num) != 0)
		return -1;
	*out = (uint32_t)num;
	return 0;
}

void drill_p_close(const struct drill_parser *p, struct drill_src *src)
{
	src->len = p->lex.end_of_last > src->at ? (uint32_t)(p->lex.end_of_last - src->at) : 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int drill_p_hex(struct drill_parser *p, const char *what, uint8_t *bytes, size_t max, uint8_t *len)
{
	const char *s = p->tok.text.at;
	size_t n = p->tok.text.len;

	if (p->tok.kind != DRILL_TOK_WORD && p->tok.kind != DRILL_TOK_NUMBER &&
	    p->tok.kind != DRILL_TOK_STRING)
		return drill_p_expected(p, what);
	if (n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		n -= 2;
	}
	for (size_t i = 0; i < n; i++)
		if (hex_digit(s[i]) < 0)
			return drill_p_expected(p, what);
	if (n % 2)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src,
				    "expected %s in whole bytes, found %zu hexadecimal digits",
				    what, n);
	if (n / 2 > max)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src,
				    "expected %s of at most %zu bytes, found %zu", what, max,
				    n / 2);
	for (size_t i = 0; i < n; i += 2)
		bytes[i / 2] = (uint8_t)(hex_digit(s[i]) << 4 | hex_digit(s[i + 1]));
	*len = (uint8_t)(n / 2);
	return drill_p_next(p);
}

void *drill_p_alloc(struct drill_parser *p, size_t size)
{
	void *piece = drill_arena_alloc(p->arena, size);

	if (!piece)
		drill_p_memory(p);
	return piece;
}

char *drill_p_copy(struct drill_parser *p, struct drill_str s)
{
	char *copy = drill_arena_copy(p->arena, s.at, s.len);

	if (!copy)
		drill_p_memory(p);
	return copy;
}
