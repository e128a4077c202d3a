/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of a JSON object, taken one by one and checked: the first that is wrong leaves a sentence that
 * names it, what is wrong and what would be right, and all that are asked for afterwards keep what
 * they had. Called by point.c, point_flow.c and point_draw.c.
 */
#ifndef LAB_READER_H
#define LAB_READER_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/lab/draw.h"
#include "netns/err.h"

struct lab_reader {
	const json_t *object;
	char path[160]; /* "flows[0]", "" at the top */
	struct net_err *e;
	bool bad;
};

enum lab_want_flags {
	LAB_MUST = 1,  /* may not be left out */
	LAB_NULL = 2,  /* may be null, as if left out */
	LAB_WHOLE = 4, /* a number without fraction */
	LAB_ABOVE = 8  /* above min, not min itself */
};

struct lab_want {
	const char *key;
	unsigned flags;
	double min, max;
	const char *what; /* would be right: "seconds above 0" */
};

/* A reader of the object `value`, which is `key` of r, or element `at` of it if at >= 0. Bad when it
 * is no object. */
struct lab_reader lab_reader_in(struct lab_reader *r, const json_t *value, const char *key, int at);
/* The sentence "PATH.KEY: ...". Always false. */
bool lab_refuse(struct lab_reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Every key of the object is one of these words, or it is refused: `of` says what has them. */
void lab_read_keys(struct lab_reader *r, const char *keys, const char *of);
/* NULL when it is left out or null, and may be. */
const json_t *lab_read_any(struct lab_reader *r, const char *key, unsigned flags, const char *what);
/* What stands there goes to *out; nothing there: *out stays. */
void lab_read_number(struct lab_reader *r, const struct lab_want *want, double *out);
void lab_read_bool(struct lab_reader *r, const char *key, bool *out);
/* NULL when there is none. */
const char *lab_read_text(struct lab_reader *r, const char *key, unsigned flags, const char *what);
/* point_draw.c: a number within want's bounds, or a distribution. */
void lab_read_draw(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out);

#endif
