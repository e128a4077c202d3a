/* SPDX-License-Identifier: BSD-2-Clause */
/* See reader.h. */
#include "harness/lab/reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 }; /* characters of a value in a sentence */

bool lab_refuse(struct lab_reader *r, const char *key, const char *fmt, ...)
{
	char text[NET_ERR_MAX];
	va_list ap;

	if (r->bad)
		return false;
	r->bad = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	net_bad(r->e, "%s%s%s%s%s", r->path, r->path[0] && key[0] && key[0] != '[' ? "." : "", key,
		r->path[0] || key[0] ? ": " : "", text);
	return false;
}

static void show(const json_t *value, char out[SHOWN + 4])
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	size_t len = text ? strlen(text) : 0;

	snprintf(out, SHOWN + 4, "%.*s%s", SHOWN, text ? text : "?", len > SHOWN ? "..." : "");
	free(text);
}

struct lab_reader lab_reader_in(struct lab_reader *r, const json_t *value, const char *key, int at)
{
	struct lab_reader in = { .object = value, .e = r->e, .bad = r->bad };
	char shown[SHOWN + 4];

	if (at >= 0)
		snprintf(in.path, sizeof(in.path), "%.100s%s%.40s[%d]", r->path,
			 r->path[0] ? "." : "", key, at);
	else
		snprintf(in.path, sizeof(in.path), "%.100s%s%.40s", r->path, r->path[0] ? "." : "",
			 key);
	if (!in.bad && !json_is_object(value)) {
		show(value, shown);
		lab_refuse(&in, "", "%s is no object; write { ... }", shown);
	}
	return in;
}

static bool among(const char *word, const char *list)
{
	size_t len = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, word, n) == 0)
			return true;
		at += n;
	}
	return false;
}

void lab_read_keys(struct lab_reader *r, const char *keys, const char *of)
{
	const char *key;
	json_t *value;

	if (r->bad)
		return;
	json_object_foreach((json_t *)(uintptr_t)r->object, key, value) {
		if (!among(key, keys)) {
			lab_refuse(r, "", "there is no key \"%.40s\"; %s has %s", key, of, keys);
			return;
		}
	}
}

const json_t *lab_read_any(struct lab_reader *r, const char *key, unsigned flags, const char *what)
{
	const json_t *v = r->bad ? NULL : json_object_get(r->object, key);

	if (r->bad)
		return NULL;
	if (!v && (flags & LAB_MUST))
		lab_refuse(r, key, "it is missing; write %s%s", what,
			   flags & LAB_NULL ? ", or null" : "");
	if (v && json_is_null(v) && (flags & LAB_NULL))
		return NULL;
	return v;
}

void lab_read_number(struct lab_reader *r, const struct lab_want *want, double *out)
{
	const json_t *v = lab_read_any(r, want->key, want->flags, want->what);
	char shown[SHOWN + 4];
	double n;

	if (!v)
		return;
	n = json_number_value(v);
	if (json_is_number(v) && n <= want->max &&
	    (want->flags & LAB_ABOVE ? n > want->min : n >= want->min) &&
	    (!(want->flags & LAB_WHOLE) || n == floor(n))) {
		*out = n;
		return;
	}
	show(v, shown);
	lab_refuse(r, want->key, "%s is not possible; write %s%s", shown, want->what,
		   want->flags & LAB_NULL ? ", or null" : "");
}

void lab_read_bool(struct lab_reader *r, const char *key, bool *out)
{
	const json_t *v = lab_read_any(r, key, 0, "");
	char shown[SHOWN + 4];

	if (!v)
		return;
	show(v, shown);
	if (json_is_boolean(v))
		*out = json_is_true(v);
	else
		lab_refuse(r, key, "%s is not possible; write true or false", shown);
}

const char *lab_read_text(struct lab_reader *r, const char *key, unsigned flags, const char *what)
{
	const json_t *v = lab_read_any(r, key, flags, what);
	char shown[SHOWN + 4];

	if (!v)
		return NULL;
	if (json_is_string(v))
		return json_string_value(v);
	show(v, shown);
	lab_refuse(r, key, "%s is not possible; write %s", shown, what);
	return NULL;
}
