/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for ICMP's types and codes, both ways. Called by the parser and by the printer. */
#ifndef DRILL_PARSE_ICMP_H
#define DRILL_PARSE_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"

/* The number of a name of that IP version; false: no such name. */
bool drill_icmp_type(enum drill_ip ip, const char *name, size_t len, uint8_t *type);
bool drill_icmp_code(enum drill_ip ip, uint8_t type, const char *name, size_t len, uint8_t *code);

/* The name of a number, or NULL. */
const char *drill_icmp_type_name(enum drill_ip ip, uint8_t type);
const char *drill_icmp_code_name(enum drill_ip ip, uint8_t type, uint8_t code);

#endif
