/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values in the words of a link: times, rates, shares and counts, read and printed, and the state of
 * reading them. Private to harness/link/spec*.c and pattern.c; the words themselves are spec.h's.
 */
#ifndef LINK_SPEC_VALUE_H
#define LINK_SPEC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_range;
struct link_script;
struct link_spec;

/* Where reading stands: word[at] is the word being read; it ends on the last one it took. */
struct link_parse {
	struct link_spec *s;
	int nword, at;
	const char *const *word;
	char *err;
	size_t err_size;
};

/* The sentence into p->err. Always -EINVAL. */
__attribute__((format(printf, 2, 3)))
int link_refuse(const struct link_parse *p, const char *format, ...);

/* Numbers with a unit; zero needs none. False for what is none. Rates and times in bits a second
 * and ns, shares in parts of LINK_CERTAIN. */
bool link_read_time(const char *text, uint64_t *ns);
bool link_read_rate(const char *text, uint64_t *bps);
bool link_read_share(const char *text, uint64_t *share);
/* A whole number without a sign, of len characters. */
bool link_read_count(const char *text, size_t len, uint64_t *out);
/* One of "3", "3..5"; from 1. */
bool link_read_range(const char *text, size_t len, struct link_range *r);

/* The word after the one at p->at, which is then p->at; or NULL with a sentence that says what. */
const char *link_value(struct link_parse *p, const char *what);
/* The next word, not taken, or "" at the end. */
const char *link_peek(const struct link_parse *p);
/* Takes the next word if it is this one. */
bool link_take(struct link_parse *p, const char *word);
/* Takes the next word as a value of `name`; 0 or -EINVAL with a sentence. */
int link_take_time(struct link_parse *p, const char *name, uint64_t *ns);
int link_take_rate(struct link_parse *p, const char *name, uint64_t *bps);
int link_take_share(struct link_parse *p, const char *name, uint32_t *share);
int link_take_count(struct link_parse *p, const char *name, const char *what, uint64_t min,
		    uint64_t max, uint64_t *out);
/* The same if the next word begins with a digit (link_take_int: or a sign), else nothing. */
int link_may_take_time(struct link_parse *p, const char *name, uint64_t *ns);
int link_may_take_share(struct link_parse *p, const char *name, uint32_t *share);
int link_may_take_int(struct link_parse *p, const char *name, int32_t min, int32_t max,
		      int32_t *out);

/* Text that grows in a fixed place, as snprintf's: n is the length it would have. */
struct link_text {
	char *out;
	size_t size, n;
};

__attribute__((format(printf, 2, 3)))
void link_text_add(struct link_text *t, const char *format, ...);
/* A word, with a space before it unless it is the first. */
void link_text_word(struct link_text *t, const char *word);
void link_text_time(struct link_text *t, uint64_t ns);	/* " 10ms" */
void link_text_rate(struct link_text *t, uint64_t bps);
void link_text_share(struct link_text *t, uint32_t share);

/* script ACT KIND WHICH ...; in spec_script.c */
int link_parse_script(struct link_parse *p);
void link_print_script(struct link_text *t, const struct link_script *sc);
/* loss, queue, slot; in spec_phrase.c */
int link_parse_loss(struct link_parse *p);
int link_parse_queue(struct link_parse *p);
int link_parse_slot(struct link_parse *p);
int link_parse_distribution(struct link_parse *p);
void link_print_loss(struct link_text *t, const struct link_spec *s);
void link_print_queue(struct link_text *t, const struct link_spec *s);
void link_print_slot(struct link_text *t, const struct link_spec *s);

#endif
