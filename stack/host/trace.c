/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace events to JSON lines. See trace.h. */
#define _GNU_SOURCE 1
#include "host/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/text.h"

enum { BUFFER = 1 << 18 };

struct tracer {
	FILE *file;
	char path[256];
	int error;
};

struct tracer *tracer_open(const char *path, char *err, size_t cap)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t) {
		(void)text_error(err, cap, "--trace %s: no memory", path);
		return NULL;
	}
	t->file = fopen(path, "we");
	if (!t->file) {
		(void)text_error(err, cap, "--trace %s: cannot be written: %s", path,
				 strerror(errno));
		free(t);
		return NULL;
	}
	snprintf(t->path, sizeof(t->path), "%s", path);
	(void)setvbuf(t->file, NULL, _IOFBF, BUFFER);
	return t;
}

static void put_string(FILE *f, const char *s)
{
	putc_unlocked('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			putc_unlocked('\\', f);
		if (c < ' ')
			fprintf(f, "\\u%04x", c);
		else
			putc_unlocked(c, f);
	}
	putc_unlocked('"', f);
}

static void put_value(FILE *f, enum ph_trace_kind kind, const union ph_trace_value *value)
{
	char ip[TEXT_IP];
	struct ph_ip addr;

	switch (kind) {
	case PH_TRACE_U64:
		fprintf(f, "%" PRIu64, value->u64);
		break;
	case PH_TRACE_STR:
		put_string(f, value->str ? value->str : "");
		break;
	case PH_TRACE_IP:
		memcpy(addr.b, value->ip, sizeof(addr.b));
		put_string(f, text_from_ip(ip, &addr));
		break;
	}
}

void tracer_event(struct tracer *t, const struct ph_trace_event *event, uint64_t wall_ns)
{
	const struct ph_trace_type *type = event->type;
	FILE *f = t->file;

	if (t->error)
		return;
	fprintf(f, "{\"time\":%" PRIu64 ",\"name\":\"%s:%s\",\"data\":{", event->at_ns + wall_ns,
		type->category, type->name);
	for (unsigned i = 0; i < type->nfields; i++) {
		if (i)
			putc_unlocked(',', f);
		put_string(f, type->fields[i].name);
		putc_unlocked(':', f);
		put_value(f, type->fields[i].kind, &event->values[i]);
	}
	fputs("}}\n", f);
	if (ferror(f))
		tracer_flush(t);
}

void tracer_flush(struct tracer *t)
{
	if (t->error || (fflush(t->file) == 0 && !ferror(t->file)))
		return;
	t->error = errno ? errno : EIO;
	fprintf(stderr, "phantom: --trace %s: %s; the trace ends here\n", t->path,
		strerror(t->error));
}

int tracer_close(struct tracer *t)
{
	int error;

	if (!t)
		return 0;
	tracer_flush(t);
	if (fclose(t->file) != 0 && !t->error)
		t->error = errno;
	error = t->error;
	free(t);
	return -error;
}
