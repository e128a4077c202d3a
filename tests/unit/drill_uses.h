/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which constructs of the language a script uses, by name: "time absolute", "flags in SEWA", "option
 * out mss", "call connect", "errno EPIPE". The names are those of drill_constructs.txt.
 */
#ifndef TESTS_UNIT_DRILL_USES_H
#define TESTS_UNIT_DRILL_USES_H

#include <stdbool.h>

#include "harness/drill/ast.h"

struct drill_uses;

/* The caller's to free. Aborts when there is no memory: this is a test's. */
struct drill_uses *drill_uses_of(const struct drill_script *s);
bool drill_uses_has(const struct drill_uses *u, const char *construct);
/* All of them, each with a newline before and behind. */
const char *drill_uses_text(const struct drill_uses *u);
void drill_uses_free(struct drill_uses *u);

#endif
