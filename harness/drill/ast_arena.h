/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory a script lives in: taken piece by piece while it is parsed, given back whole. Called
 * by the lexer, the parser and drill_script_free().
 */
#ifndef DRILL_AST_ARENA_H
#define DRILL_AST_ARENA_H

#include <stddef.h>

struct drill_arena;

/* NULL when memory is short. */
struct drill_arena *drill_arena_new(void);
void drill_arena_free(struct drill_arena *a);

/* Zeroed bytes, aligned for anything; NULL when memory is short. */
void *drill_arena_alloc(struct drill_arena *a, size_t size);
/* A NUL-terminated copy; NULL when memory is short. */
char *drill_arena_copy(struct drill_arena *a, const char *bytes, size_t len);

#endif
