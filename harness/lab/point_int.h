/* SPDX-License-Identifier: BSD-2-Clause */
/* What point.c and point_flow.c share. */
#ifndef LAB_POINT_INT_H
#define LAB_POINT_INT_H

#include "harness/lab/point.h"
#include "harness/lab/reader.h"

/* Seconds to nanoseconds, to the nearest. */
uint64_t lab_ns(double seconds);
/* The node `name`, which must be a phantom with an IPv4 address. False with a sentence. */
bool lab_read_node(struct lab_reader *r, const struct lab_point *p, const char *key,
		   const char *name, bool six, unsigned *out);
/* Element `at` of "flows", with its copies. */
void lab_read_flow(struct lab_reader *top, struct lab_point *p, const json_t *value, int at);

#endif
