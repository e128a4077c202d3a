/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a script's text to its tree, or to a sentence that says where it is wrong and what would be
 * right. Called by the runner, by tests and by the fuzzer: any bytes are fine, nothing is asserted
 * of them, and the limits below bound what they can cost.
 */
#ifndef DRILL_PARSE_H
#define DRILL_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"

enum {
	DRILL_TEXT_MAX = 1 << 20,    /* bytes of a script */
	DRILL_EVENTS_MAX = 100000,   /* events of a script */
	DRILL_DEPTH_MAX = 32,	     /* values within values; #ifdef within #ifdef; parentheses */
	DRILL_LIST_MAX = 1024,	     /* elements of one list, structure or call */
	DRILL_TOKEN_MAX = 64 << 10,  /* bytes of one string, command or piece of code */
	DRILL_ERR_TEXT = 1024,
};

enum drill_err_kind {
	DRILL_ERR_SYNTAX,      /* no such script */
	DRILL_ERR_UNSUPPORTED, /* a script of a kind that is not run here: MPTCP, SCTP, PSP, tunnels */
	DRILL_ERR_LIMIT,       /* one of the limits above, or memory */
};

struct drill_err {
	enum drill_err_kind kind;
	uint32_t line, col;
	char sentence[DRILL_ERR_TEXT]; /* what was wrong, and what would be right */
	/* "name:line:col: sentence", the line itself, and a caret under the column; no newline at
	 * the end. */
	char text[DRILL_ERR_TEXT + 512];
};

/* -D name=value, for the words of a script and its #ifdef. A value is a number, a word, a "string"
 * in its quotes, or a `command` in its backticks; anything else is taken as a word. */
struct drill_define {
	const char *name, *value;
};

/* What the command line says: it comes after the script's own options and wins. */
struct drill_defines {
	const struct drill_define *define;
	size_t ndefine;
	const char *ip_version; /* "ipv4", "ipv6", "ipv4-mapped-ipv6"; NULL: as the script says */
};

/* Parses text[0..len) as the file `name`; defs may be NULL. 0: *out is the script, the caller's to
 * free. -1: *err says why, *out is untouched. */
int drill_parse(const char *text, size_t len, const char *name, const struct drill_defines *defs,
		struct drill_script **out, struct drill_err *err)
	__attribute__((warn_unused_result));

#endif
