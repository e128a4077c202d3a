/* SPDX-License-Identifier: BSD-2-Clause */
/* Many scripts' verdicts for people and for other programs. Called by the rig's command. */
#ifndef DRILL_REPORT_MANY_H
#define DRILL_REPORT_MANY_H

#include <stdio.h>

#include "harness/drill/run_many.h"

/* A line per directory, and the sum. */
void drill_report_summary(FILE *f, const struct drill_row *row, size_t n);
/* Test Anything Protocol, version 12: a script that is unsupported is a skip. */
void drill_report_tap(FILE *f, const struct drill_row *row, size_t n);
/* Each 0, or -1 with errno. */
int drill_report_junit(const char *path, const char *device, const struct drill_row *row, size_t n);
int drill_report_json(const char *path, const char *device, const struct drill_row *row, size_t n);
/* The exit status of them all: 0 when all are as expected; else that of the worst: fail 1, error 2,
 * timeout 4, unsupported 3; 1 for an unexpected pass. */
int drill_report_status(const struct drill_row *row, size_t n);

#endif
