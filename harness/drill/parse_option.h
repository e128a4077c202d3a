/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --name=value means: the same set in a script and on the command line, the later one wins.
 * Called by the parser, which refuses a script with an option nobody knows, and by the runner.
 */
#ifndef DRILL_PARSE_OPTION_H
#define DRILL_PARSE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"

enum { DRILL_OPTION_ERR = 256 };

struct drill_options {
	int64_t tolerance_ns;	  /* 4 ms */
	double tolerance_percent; /* 12.5 */
	enum drill_ip_version ip_version;
	uint32_t mtu;		  /* 1500 */
	uint32_t mss;		  /* 0: not given */
	uint16_t bind_port, connect_port; /* 8080 */
	const char *local_ip, *remote_ip, *gateway_ip, *netmask_ip; /* NULL: the runner's choice */
	bool has_ts_tick;	  /* false: timestamps' progress is not compared */
	int64_t ts_tick_ns;
	bool ts_ecr_scaled, strict_segments, send_omit_free;
	bool nonfatal_packet, nonfatal_syscall;
	bool has_tolerance;	  /* it was said: a wire's wider one is not taken */
	bool dry_run;		  /* parsed, and that is all */
	const char *init_scripts; /* with commas between; NULL: none */
	const char *code_command; /* the Python of %{ }%; NULL: python3 */
	const char *md5_secret;	  /* NULL: none */
	uint64_t speed_bps;	  /* 0: not given */
	bool is_anyip;
};

void drill_options_init(struct drill_options *o);

enum drill_option_result {
	DRILL_OPTION_OK,
	DRILL_OPTION_IGNORED,	  /* known, and of no consequence here (verbose, code_command) */
	DRILL_OPTION_UNSUPPORTED, /* known, and what it asks for is not done here */
	DRILL_OPTION_BAD,	  /* no such option, or no such value */
};

/* Sets one; value NULL when only --name was written. Strings are pointed to, not copied. err
 * (DRILL_OPTION_ERR bytes) is a sentence for the last two results. */
enum drill_option_result drill_options_set(struct drill_options *o, const char *name,
					   const char *value, char *err);

/* Those of a parsed script, over what *o has; they were checked when it was parsed. */
void drill_options_of_script(struct drill_options *o, const struct drill_script *s);

#endif
