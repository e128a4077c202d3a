/* SPDX-License-Identifier: BSD-2-Clause */
/* See mem.h. */
#define _GNU_SOURCE
#include "harness/sim/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (p)
		return p;
	fputs("rig sim: out of memory\n", stderr);
	exit(1);
}

void *sim_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

char *sim_strdup(const char *s)
{
	return must(strdup(s));
}

char *sim_strndup(const char *s, size_t n)
{
	return must(strndup(s, n));
}

void *sim_grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1)) /* full at powers of two alone */
		return array;
	return must(realloc(array, (n ? 2 * n : 1) * size));
}
