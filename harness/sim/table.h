/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goodput of one connection by loss, round-trip time and buffer: the same numbers on every machine,
 * so that a change of behaviour is a change of this table. tests/sim/goodput.txt is what
 * sim_table_print() prints; a test compares.
 */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include <stdio.h>

/* Prints the whole table. */
void sim_table_print(FILE *f);

#endif
