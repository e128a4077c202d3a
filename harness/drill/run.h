/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one script against one device. Called by the rig's command, by the wire engine and by tests.
 * The device is opened for the script and freed after it.
 */
#ifndef DRILL_RUN_H
#define DRILL_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/drill/ast.h"
#include "harness/drill/parse.h"
#include "harness/drill/verdict.h"
#include "harness/dut/dut.h"

enum { DRILL_REASON_TEXT = 512 };

/* What does not stand in the script. */
struct drill_setup {
	/* Opens the device; NULL with a sentence in err (DUT_ERR_TEXT bytes). A sentence that begins
	 * with "unsupported: " makes the verdict so. */
	struct dut *(*open)(void *arg, const struct dut_conf *conf, char *err);
	void *open_arg;
	const char *dut_name; /* as --dut says */
	/* Options of the command line, which win over the script's. */
	const struct drill_define *option;
	size_t noption;
	struct drill_defines defines;
	FILE *verbose; /* every event as it passes; NULL: none */
	const char *
		evidence; /* a directory made for each failure is made under this one; NULL: none */
	const char *again;   /* the command that runs this script again; NULL: not told */
	const char *profile; /* what the device is set to before the script: NULL, suite or freebsd */
	bool allow_commands; /* commands that are not understood run where the device lives */
};

struct drill_result {
	enum drill_verdict verdict;
	uint32_t line;			/* of the script; 0: none in particular */
	char reason[DRILL_REASON_TEXT]; /* one line; empty for a pass */
	char *message;	  /* all that can be said, lines ended by newlines; NULL for a pass */
	char *events;	  /* what happened, a line each, with times: equal in two virtual runs */
	uint32_t nevents; /* of the script: how many passed */
	uint64_t took_ns; /* of the device's clock */
};

/* Runs a parsed script. Always fills *out, which drill_result_free() frees. */
void drill_run(const struct drill_script *s, const struct drill_setup *u, struct drill_result *out);
/* The same from a file: reads and parses it. */
void drill_run_file(const char *path, const struct drill_setup *u, struct drill_result *out);
/* And from memory; the name is for messages. */
void drill_run_text(const char *text, size_t len, const char *name, const struct drill_setup *u,
		    struct drill_result *out);
void drill_result_free(struct drill_result *r);

#endif
