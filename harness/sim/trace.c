/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of events; see trace.h. */
#include "harness/sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"
#include "harness/sim/notation.h"

enum { BYTES = 192, VALUES = 8, WORD = 24, TEXT = 256 };

enum kind { FRAME, EVENT, NOTE };

struct entry {
	uint64_t at_ns;
	const char *who, *sign;
	enum kind kind;
	size_t len; /* of the frame */
	const struct ph_trace_type *type;
	uint64_t u64[VALUES];
	union {
		uint8_t bytes[BYTES];
		char text[BYTES];
		char word[VALUES][WORD]; /* strings and addresses of an event */
	};
};

struct sim_trace {
	uint64_t n;
	struct entry ring[SIM_TRACE_EVENTS];
};

struct sim_trace *sim_trace_new(void)
{
	return sim_alloc(sizeof(struct sim_trace));
}

void sim_trace_free(struct sim_trace *t)
{
	free(t);
}

static struct entry *next(struct sim_trace *t, uint64_t at_ns, const char *who, enum kind kind)
{
	struct entry *e = &t->ring[t->n++ % SIM_TRACE_EVENTS];

	e->at_ns = at_ns;
	e->who = who;
	e->kind = kind;
	return e;
}

void sim_trace_frame(struct sim_trace *t, uint64_t at_ns, const char *who, const char *sign,
		     const uint8_t *bytes, size_t len)
{
	struct entry *e = next(t, at_ns, who, FRAME);

	e->sign = sign;
	e->len = len;
	memcpy(e->bytes, bytes, len < BYTES ? len : BYTES);
}

void sim_trace_event(struct sim_trace *t, uint64_t at_ns, const char *who,
		     const struct ph_trace_event *event)
{
	struct entry *e = next(t, at_ns, who, EVENT);

	e->type = event->type;
	for (unsigned i = 0; i < event->type->nfields && i < VALUES; i++) {
		const union ph_trace_value *v = &event->values[i];

		switch (event->type->fields[i].kind) {
		case PH_TRACE_U64:
			e->u64[i] = v->u64;
			break;
		case PH_TRACE_STR:
			snprintf(e->word[i], WORD, "%s", v->str ? v->str : "");
			break;
		case PH_TRACE_IP:
			memcpy(e->word[i], v->ip, 16);
			break;
		}
	}
}

void sim_trace_note(struct sim_trace *t, uint64_t at_ns, const char *who, const char *fmt, ...)
{
	struct entry *e = next(t, at_ns, who, NOTE);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
}

static void print_event(const struct entry *e, FILE *f)
{
	fprintf(f, "  %s:%s", e->type->category, e->type->name);
	for (unsigned i = 0; i < e->type->nfields && i < VALUES; i++) {
		const uint8_t *ip = (const uint8_t *)e->word[i];

		switch (e->type->fields[i].kind) {
		case PH_TRACE_U64:
			fprintf(f, " %s=%" PRIu64, e->type->fields[i].name, e->u64[i]);
			break;
		case PH_TRACE_STR:
			fprintf(f, " %s=%s", e->type->fields[i].name, e->word[i]);
			break;
		case PH_TRACE_IP:
			fprintf(f, " %s=%u.%u.%u.%u", e->type->fields[i].name, ip[12], ip[13],
				ip[14], ip[15]);
			break;
		}
	}
	fputc('\n', f);
}

void sim_trace_print(const struct sim_trace *t, FILE *f)
{
	uint64_t from = t->n > SIM_TRACE_EVENTS ? t->n - SIM_TRACE_EVENTS : 0;
	char text[TEXT];

	for (uint64_t i = from; i < t->n; i++) {
		const struct entry *e = &t->ring[i % SIM_TRACE_EVENTS];

		fprintf(f, "%" PRIu64 ".%09" PRIu64 " %-6s", e->at_ns / 1000000000u,
			e->at_ns % 1000000000u, e->who);
		switch (e->kind) {
		case FRAME:
			sim_notation(text, sizeof(text), e->bytes, e->len < BYTES ? e->len : BYTES,
				     e->len);
			fprintf(f, " %s %s\n", e->sign, text);
			break;
		case EVENT:
			print_event(e, f);
			break;
		case NOTE:
			fprintf(f, " * %s\n", e->text);
			break;
		}
	}
}
