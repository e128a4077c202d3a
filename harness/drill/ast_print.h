/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree back in the script's notation: packets above all, for traces and failure messages. Also
 * what the parser's tests compare. Each call writes at most `size` bytes with a NUL, cutting what
 * does not fit, and returns the length the whole would have.
 */
#ifndef DRILL_AST_PRINT_H
#define DRILL_AST_PRINT_H

#include <stddef.h>

#include "harness/drill/ast.h"

enum { DRILL_PRINT_MAX = 2048 }; /* enough for any packet */

/* "> [ect0] P. 1:1001(1000) ack 1 win 100 <nop,nop,TS val 1 ecr 2>" */
size_t drill_print_packet(const struct drill_packet *p, char *out, size_t size);
/* "<mss 1460,sackOK>", "<...>", or nothing */
size_t drill_print_tcpopts(const struct drill_tcp *t, char *out, size_t size);
size_t drill_print_tcpopt(const struct drill_tcpopt *o, char *out, size_t size);
/* "SEWA", "P.5", "-" */
size_t drill_print_flags(uint32_t flags, bool ace, char *out, size_t size);
size_t drill_print_time(const struct drill_time *t, char *out, size_t size);
/* Numbers as numbers: AF_INET is 2. */
size_t drill_print_expr(const struct drill_expr *e, char *out, size_t size);
size_t drill_print_call(const struct drill_call *c, char *out, size_t size);
/* Time and all. */
size_t drill_print_event(const struct drill_event *ev, char *out, size_t size);
/* "unreachable port_unreachable", or "3 77" for what has no name. */
size_t drill_print_icmp_type(enum drill_ip ip, uint8_t type, uint8_t code, char *out, size_t size);

#endif
