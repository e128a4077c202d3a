/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON written as it comes: each double in the fewest digits that read back as the same double, so
 * that what is equal is equal in bytes. Called by result.c and series.c.
 */
#ifndef LAB_JOUT_H
#define LAB_JOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct lab_jout {
	FILE *f;
	bool inner; /* something stands before, in this object or list */
};

/* key: NULL for an element of a list, and at the top. */
void lab_jout_open(struct lab_jout *j, const char *key, char bracket);
void lab_jout_close(struct lab_jout *j, char bracket);
void lab_jout_text(struct lab_jout *j, const char *key, const char *text);
void lab_jout_whole(struct lab_jout *j, const char *key, uint64_t value);
/* null for what is no finite number */
void lab_jout_real(struct lab_jout *j, const char *key, double value);
void lab_jout_bool(struct lab_jout *j, const char *key, bool value);
void lab_jout_null(struct lab_jout *j, const char *key);

#endif
