/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parser's files share: the parser with its one token of lookahead, the words to ask and
 * complain with, and one entry per concern. Nobody else includes this.
 */
#ifndef DRILL_PARSE_INT_H
#define DRILL_PARSE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/drill/ast.h"
#include "harness/drill/lex.h"
#include "harness/drill/parse.h"

struct drill_parser {
	struct drill_lex lex;
	struct drill_tok tok; /* the next token, not consumed yet */
	struct drill_arena *arena;
	struct drill_script *script;
	struct drill_err *err;
	uint32_t depth; /* of expressions */
	char want[160]; /* what the construct just read could go on with, for "expected" */
};

/* ---- parse_core.c; int results are 0, or -1 with *p->err filled ---- */

int drill_p_next(struct drill_parser *p) __attribute__((warn_unused_result));
int drill_p_fail(struct drill_parser *p, enum drill_err_kind kind, const struct drill_src *src,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "expected @what, found ...", at the next token */
int drill_p_expected(struct drill_parser *p, const char *what);
int drill_p_unsupported(struct drill_parser *p, const struct drill_src *src, const char *what);
int drill_p_memory(struct drill_parser *p);
int drill_p_take_lex_error(struct drill_parser *p);
bool drill_p_is(const struct drill_parser *p, char punct);
bool drill_p_is_word(const struct drill_parser *p, const char *word);
/* Consumes the character, or fails with "expected @what". */
int drill_p_need(struct drill_parser *p, char punct, const char *what)
	__attribute__((warn_unused_result));
/* A whole number in [min, max], with an optional minus. */
int drill_p_int(struct drill_parser *p, const char *what, int64_t min, int64_t max, int64_t *out)
	__attribute__((warn_unused_result));
/* A number modulo 2^32: [-2^31, 2^32). */
int drill_p_u32(struct drill_parser *p, const char *what, uint32_t *out)
	__attribute__((warn_unused_result));
/* Sets the length of a source that began at src->at: up to the last consumed token. */
void drill_p_close(const struct drill_parser *p, struct drill_src *src);
/* Bytes written as hexadecimal digits, with or without 0x, from the next token. */
int drill_p_hex(struct drill_parser *p, const char *what, uint8_t *bytes, size_t max, uint8_t *len)
	__attribute__((warn_unused_result));
void *drill_p_alloc(struct drill_parser *p, size_t size);
char *drill_p_copy(struct drill_parser *p, struct drill_str s);
void drill_p_describe(const struct drill_tok *t, char *out, size_t size);

/* ---- one per concern ---- */

int drill_p_time(struct drill_parser *p, struct drill_time *t) __attribute__((warn_unused_result));
int drill_p_packet(struct drill_parser *p, struct drill_packet *k)
	__attribute__((warn_unused_result));
int drill_p_seq(struct drill_parser *p, struct drill_seq *s) __attribute__((warn_unused_result));
int drill_p_tcpopts(struct drill_parser *p, struct drill_tcp *t)
	__attribute__((warn_unused_result));
int drill_p_icmp(struct drill_parser *p, struct drill_packet *k)
	__attribute__((warn_unused_result));
int drill_p_call(struct drill_parser *p, struct drill_call *c) __attribute__((warn_unused_result));

#endif
