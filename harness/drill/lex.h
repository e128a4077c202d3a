/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script's text as tokens, one at a time, on demand: newlines are white space, comments are
 * skipped, words of -D are replaced by their values, and text between an #ifdef that does not hold
 * and its #endif is not there. Called by the parser alone.
 */
#ifndef DRILL_LEX_H
#define DRILL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"
#include "harness/drill/parse.h"

enum drill_tok_kind {
	DRILL_TOK_END,
	DRILL_TOK_NUMBER,   /* 12, 0x1f, 017, 0.25, .5 */
	DRILL_TOK_WORD,	    /* a name, or letters and digits that make no number: 3021b9d8 */
	DRILL_TOK_STRING,   /* "text" */
	DRILL_TOK_COMMAND,  /* `text` */
	DRILL_TOK_CODE,	    /* %{ text }% */
	DRILL_TOK_OPTION,   /* --name or --name=value */
	DRILL_TOK_ELLIPSIS, /* ... */
	DRILL_TOK_FLAGS,    /* TCP's flags, from drill_lex_flags() alone */
	DRILL_TOK_PUNCT,    /* any other character, in `punct` */
};

struct drill_tok {
	enum drill_tok_kind kind;
	char punct;
	bool fraction; /* NUMBER: it has a point */
	bool too_big;  /* NUMBER: more than 64 bits */
	uint64_t num;  /* NUMBER without a point */
	/* WORD, NUMBER, FLAGS: as in the script or in the define; STRING: unescaped; COMMAND, CODE:
	 * what is between the marks; OPTION: its name. */
	struct drill_str text;
	const char *value;    /* OPTION: its value, or NULL */
	struct drill_src src; /* the place in the script */
};

struct drill_lex {
	struct drill_arena *arena;
	const char *text, *end, *at;
	uint32_t line;
	const char *line_start;
	uint32_t ifdef_line[DRILL_DEPTH_MAX]; /* where each #ifdef that holds began */
	uint32_t depth;
	bool saw_else[DRILL_DEPTH_MAX];
	const struct drill_defines *defs;
	bool v6; /* what the suites' names stand for */
	const char *end_of_last; /* just after the token that was read last */

	/* Of the failure, when a call returned -1. */
	enum drill_err_kind err_kind;
	uint32_t err_line, err_col;
	char err[256];
};

void drill_lex_init(struct drill_lex *lx, struct drill_arena *arena, const char *text, size_t len,
		    const struct drill_defines *defs);

/* Reads the next token. 0, or -1 with err set. */
int drill_lex_next(struct drill_lex *lx, struct drill_tok *tok) __attribute__((warn_unused_result));

/* Reads tok, which was the last token, again: as TCP's flags (letters, points and digits up to the
 * next space), or as one run of hexadecimal digits (a cookie may begin like a number). */
int drill_lex_flags(struct drill_lex *lx, struct drill_tok *tok)
	__attribute__((warn_unused_result));

/* Skips what stands between here and the parenthesis that closes one already read, and returns it:
 * free text. */
int drill_lex_note(struct drill_lex *lx, const struct drill_tok *open, struct drill_str *note)
	__attribute__((warn_unused_result));

/* The next character that is no white space and no comment, without reading it; 0 at the end. */
char drill_lex_peek(const struct drill_lex *lx);

#endif
