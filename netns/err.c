/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the sentences of err.h. Called by everything in netns/ and harness/rig. */
#include "netns/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A word that is quoted may hold anything, a line break among it: a sentence is one line. */
static void one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void fill(struct net_err *e, enum net_err_kind kind, const char *fmt, va_list ap)
{
	char text[NET_ERR_MAX];

	/* The arguments may point into e->text itself. */
	vsnprintf(text, sizeof(text), fmt, ap);
	if (kind == NET_ERR_INPUT)
		one_line(text);
	e->kind = kind;
	memcpy(e->text, text, sizeof(text));
}

int net_bad(struct net_err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, NET_ERR_INPUT, fmt, ap);
	va_end(ap);
	return -1;
}

int net_failed(struct net_err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, NET_ERR_FAILED, fmt, ap);
	va_end(ap);
	return -1;
}

int net_cannot(struct net_err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, NET_ERR_CANNOT, fmt, ap);
	va_end(ap);
	return -1;
}

int net_err_prefix(struct net_err *e, const char *fmt, ...)
{
	char text[2 * NET_ERR_MAX];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, NET_ERR_MAX - 2, fmt, ap);
	va_end(ap);
	n = strlen(text);
	memcpy(text + n, ": ", 2);
	memcpy(text + n + 2, e->text, strlen(e->text) + 1);
	text[NET_ERR_MAX - 1] = '\0';
	memcpy(e->text, text, NET_ERR_MAX);
	return -1;
}
