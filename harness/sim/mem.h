/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulator's own memory: it has no use for a run that lacks some, so that ends the program
 * with a sentence. */
#ifndef SIM_MEM_H
#define SIM_MEM_H

#include <stddef.h>

void *sim_alloc(size_t size); /* zeroed */
char *sim_strdup(const char *s);
char *sim_strndup(const char *s, size_t n);
/* `array` with room for element n. Grows by doubling when n is a power of two: an array whose n goes
 * down again keeps its room. */
void *sim_grow(void *array, size_t n, size_t size);

#endif
