/* SPDX-License-Identifier: BSD-2-Clause */
/* The sysctls of a stack as one struct of numbers, and the table with names and bounds, both from
 * sysctl.def. */
#ifndef BASE_SYSCTL_H
#define BASE_SYSCTL_H

#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum {
	SYSCTL_TEXT_MAX = 64, /* of a value that is words, with its end */
	SYSCTL_KEYS_MAX = 72  /* of two keys */
};
/* Of a link, and of links to come. */
struct conf4 {
#define CONF4(field, name, def, min, max, help) int64_t field;
#include "base/conf4.def"
#undef CONF4
};
struct conf6 {
#define CONF6(field, name, def, min, max, help) int64_t field;
#include "base/conf6.def"
#undef CONF6
};

struct sysctls {
#define SYSCTL(field, name, def, min, max, help) int64_t field;
#define SYSCTL2(field, name, d0, d1, min, max, help) int64_t field[2];
#define SYSCTL3(field, name, d0, d1, d2, min, max, help) int64_t field[3];
#define SYSCTL_KEYS(field, name, def, help) char field[SYSCTL_KEYS_MAX];
#define SYSCTL_WORDS(field, name, def, words, most, help) char field[SYSCTL_TEXT_MAX];
#include "base/sysctl.def"
#undef SYSCTL
#undef SYSCTL2
#undef SYSCTL3
#undef SYSCTL_KEYS
#undef SYSCTL_WORDS
	struct conf4 conf4; /* net.ipv4.conf.default */
	struct conf6 conf6; /* net.ipv6.conf.default */
};

void sysctl_defaults(struct sysctls *s);
/* One decimal number, or two or three apart by blanks or tabs, or words. 0, -ENOENT, -EINVAL (not a number,
 * out of bounds, several that do not ascend, too many words or one that is not in the row), -EPERM
 * (only to be read); nothing changes on an error. */
int sysctl_set(struct sysctls *s, const char *name, const char *value);
/* The numbers as text, several apart by tabs. 0, -ENOENT, -ENOSPC (cap too small; 72 is enough for
 * all). */
int sysctl_get(const struct sysctls *s, const char *name, char *out, size_t cap);
/*
 * The same for a link's own: `leaf` is the name behind net.ipv4.conf.NAME or net.ipv6.conf.NAME.
 */
int sysctl_conf4_set(struct conf4 *c, const char *leaf, const char *value);
int sysctl_conf4_get(const struct conf4 *c, const char *leaf, char *out, size_t cap);
int sysctl_conf6_set(struct conf6 *c, const char *leaf, const char *value);
int sysctl_conf6_get(const struct conf6 *c, const char *leaf, char *out, size_t cap);
/* Row i of the table, or NULL past its end. */
const struct ph_sysctl_info *sysctl_row(size_t i);

/* The keys in the text of a row of keys: 1 or 2, each of four numbers; 0: there are none. */
unsigned sysctl_keys(const char *text, uint32_t keys[2][4]);

#endif
