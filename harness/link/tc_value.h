/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as the tc program takes them, and the words of a line while it is read. Units are tc's: sizes are
 * of 1024, a rate without a unit is in bits a second, a share needs no sign. Private to tc*.c.
 */
#ifndef LINK_TC_VALUE_H
#define LINK_TC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TC_WORDS_MAX = 100, TC_WORD_TEXT = 64 };

/* The words of a line; word[at] is the next. */
struct tc_line {
	const char *word[TC_WORDS_MAX];
	int n, at;
	char *err;
	size_t err_size;
};

/* The sentence into l->err. Always -EINVAL. */
__attribute__((format(printf, 2, 3)))
int tc_refuse(const struct tc_line *l, const char *format, ...);

/* The next word, not taken, or "" at the end. */
const char *tc_peek(const struct tc_line *l);
/* Takes the next word if it is this one, or, where short is not 0, so many letters of it or more. */
bool tc_take(struct tc_line *l, const char *word, size_t shortest);
/* True if the next word begins as a number does. */
bool tc_number_next(const struct tc_line *l);

/* The next word as a value of `name`: 0, or -EINVAL with a sentence. */
int tc_take_word(struct tc_line *l, const char *name, const char **out);
int tc_take_time(struct tc_line *l, const char *name, uint64_t *ns);
int tc_take_rate(struct tc_line *l, const char *name, uint64_t *bps);
int tc_take_size(struct tc_line *l, const char *name, uint32_t *bytes);
int tc_take_share(struct tc_line *l, const char *name, uint32_t *share);
int tc_take_int(struct tc_line *l, const char *name, int32_t *out);

#endif
