/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A point run in virtual time: made, let go until its end, told. The same point gives the same run to
 * the nanosecond, whatever is recorded of it. Called by rig sim --point and by tests.
 */
#ifndef LAB_RUN_H
#define LAB_RUN_H

#include <stdio.h>

#include "harness/lab/lab.h"

/* NULL with a sentence when it cannot be: a sysctl nobody has, say. The point must outlive it. */
struct lab *lab_new(const struct lab_point *p, struct net_err *e);
/* Series and captures go into dir. 0, or -1 with a sentence. */
int lab_record(struct lab *l, const char *dir, bool series, bool capture, struct net_err *e);
void lab_go(struct lab *l);
/* What is recorded is in its files. 0, or -1 with a sentence: a full disk is not silent. */
int lab_record_end(struct lab *l, struct net_err *e);
void lab_free(struct lab *l);

enum lab_verdict { LAB_PASS, LAB_FAIL, LAB_ERROR };
/* result.c. why: "" for a pass. */
enum lab_verdict lab_judge(const struct lab *l, const char **why);
/* Writes what docs/lab-format.md calls a result. */
void lab_result(const struct lab *l, FILE *f);
/* The result of a point that did not come to its end. */
void lab_result_none(const struct lab_point *p, const char *reason, FILE *f);

#endif
