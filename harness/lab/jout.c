/* SPDX-License-Identifier: BSD-2-Clause */
/* See jout.h. */
#include "harness/lab/jout.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void quote(FILE *f, const char *text)
{
	putc('"', f);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', f);
		if ((unsigned char)*c < ' ')
			fprintf(f, "\\u%04x", (unsigned)*c);
		else
			putc(*c, f);
	}
	putc('"', f);
}

static void begin(struct lab_jout *j, const char *key)
{
	if (j->inner)
		putc(',', j->f);
	j->inner = true;
	if (key) {
		quote(j->f, key);
		putc(':', j->f);
	}
}

void lab_jout_open(struct lab_jout *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->f);
	j->inner = false;
}

void lab_jout_close(struct lab_jout *j, char bracket)
{
	putc(bracket, j->f);
	j->inner = true;
}

void lab_jout_text(struct lab_jout *j, const char *key, const char *text)
{
	begin(j, key);
	quote(j->f, text);
}

void lab_jout_whole(struct lab_jout *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->f, "%" PRIu64, value);
}

void lab_jout_real(struct lab_jout *j, const char *key, double value)
{
	char text[40];

	if (!isfinite(value)) {
		lab_jout_null(j, key);
		return;
	}
	begin(j, key);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	/* What reads as a whole number would be one of another kind. */
	fprintf(j->f, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

void lab_jout_bool(struct lab_jout *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->f);
}

void lab_jout_null(struct lab_jout *j, const char *key)
{
	begin(j, key);
	fputs("null", j->f);
}
