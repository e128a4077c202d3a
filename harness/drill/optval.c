/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of socket options: see optval.h. */
#define _GNU_SOURCE

#include "harness/drill/optval.h"

#include <stdio.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { SHOWN_MAX = 50 };

struct field {
	const char *name, *other; /* a second name that scripts use, or NULL */
	uint8_t at, size;
};

/* Linux's layouts on 64 bits. */
static const struct field linger[] = { { "onoff", "l_onoff", 0, 4 },
				       { "linger", "l_linger", 4, 4 } };
static const struct field timeval[] = { { "tv_sec", NULL, 0, 8 }, { "tv_usec", NULL, 8, 8 } };
static const struct field zerocopy[] = { { "address", NULL, 0, 8 },
					 { "length", NULL, 8, 4 },
					 { "recv_skip_hint", NULL, 12, 4 },
					 { "inq", NULL, 16, 4 },
					 { "err", NULL, 20, 4 },
					 { "copybuf_address", NULL, 24, 8 },
					 { "copybuf_len", NULL, 32, 4 },
					 { "flags", NULL, 36, 4 } };
static const struct field repair_window[] = { { "snd_wl1", NULL, 0, 4 },
					      { "snd_wnd", NULL, 4, 4 },
					      { "max_window", NULL, 8, 4 },
					      { "rcv_wnd", NULL, 12, 4 },
					      { "rcv_wup", NULL, 16, 4 } };
static const struct field txtime[] = { { "clockid", NULL, 0, 4 }, { "txtime_flags", NULL, 4, 4 } };

static const struct {
	const char *name;
	const struct field *field;
	size_t n;
} structs[] = {
	{ "struct linger", linger, ARRAY_LEN(linger) },
	{ "struct timeval", timeval, ARRAY_LEN(timeval) },
	{ "struct tcp_zerocopy_receive", zerocopy, ARRAY_LEN(zerocopy) },
	{ "struct tcp_repair_window", repair_window, ARRAY_LEN(repair_window) },
	{ "struct sock_txtime", txtime, ARRAY_LEN(txtime) },
};

static int wrong(struct drill_value_err *err, const struct drill_expr *e, const char *what)
{
	err->at = &e->src;
	snprintf(err->text, sizeof(err->text), "expected %s, found %.*s", what,
		 (int)(e->src.len > SHOWN_MAX ? SHOWN_MAX : e->src.len), e->src.at);
	return -1;
}

/* What stands in [..] alone is what it points to. */
static const struct drill_expr *pointed(const struct drill_expr *e)
{
	return e->kind == DRILL_E_LIST && e->count == 1 ? e->first : e;
}

static const struct field *field_of(size_t s, const char *name)
{
	for (size_t i = 0; name && i < structs[s].n; i++) {
		const struct field *f = &structs[s].field[i];

		if (strcmp(f->name, name) == 0 || (f->other && strcmp(f->other, name) == 0))
			return f;
	}
	return NULL;
}

/* The structure that has all the fields, by its place in the table, or -1. */
static int struct_of(const struct drill_expr *e)
{
	for (size_t s = 0; s < ARRAY_LEN(structs); s++) {
		bool all = e->first != NULL;

		for (const struct drill_expr *f = e->first; f && all; f = f->next)
			all = field_of(s, f->field) != NULL;
		if (all)
			return (int)s;
	}
	return -1;
}

static int check_struct(const struct drill_expr *e, struct drill_value_err *err)
{
	int64_t n = 0;

	if (struct_of(e) < 0)
		return wrong(err, e,
			     "a structure that is known: {onoff=1, linger=0}, {tv_sec=1, tv_usec=0}, "
			     "or those of TCP_ZEROCOPY_RECEIVE, TCP_REPAIR_WINDOW, SO_TXTIME");
	for (const struct drill_expr *f = e->first; f; f = f->next) {
		if (drill_val_field(e, f->field) != f)
			return wrong(err, f, "each field once");
		if (f->kind != DRILL_E_ANY && drill_val_int(f, &n, err) != 0)
			return -1;
	}
	return 0;
}

int drill_optval_check(const struct drill_expr *e, struct drill_value_err *err)
{
	int64_t n = 0;

	e = pointed(e);
	if (e->kind == DRILL_E_STRING || e->kind == DRILL_E_ANY)
		return 0;
	if (e->kind == DRILL_E_STRUCT)
		return check_struct(e, err);
	if (e->kind != DRILL_E_LIST)
		return drill_val_int(e, &n, err);
	for (const struct drill_expr *f = e->first; f; f = f->next)
		if (f->kind != DRILL_E_ANY && drill_val_int(f, &n, err) != 0)
			return -1;
	return 0;
}

/* A number as the machine has it, in `size` bytes, of which there is room for some. */
static void put(uint8_t *out, size_t room, size_t at, size_t size, int64_t v)
{
	for (size_t i = 0; i < size && at + i < room; i++)
		out[at + i] = (uint8_t)((uint64_t)v >> (8 * i)); /* little endian, as every host here */
}

static int64_t get(const uint8_t *in, size_t len, size_t at, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size && at + i < len; i++)
		v |= (uint64_t)in[at + i] << (8 * i);
	return size == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

/* One number of n bytes: at most eight, and four when it is one of several. */
static size_t number_size(size_t room)
{
	return room < 8 && room > 4 ? 4 : room > 8 ? 8 : room;
}

int drill_optval_fill(const struct drill_expr *e, uint8_t *out, size_t room,
		      struct drill_value_err *err)
{
	int64_t v = 0;
	size_t at = 0;

	if (drill_optval_check(e, err) != 0)
		return -1;
	memset(out, 0, room);
	e = pointed(e);
	if (e->kind == DRILL_E_STRING) {
		memcpy(out, e->str.at, e->str.len < room ? e->str.len : room);
		return 0;
	}
	if (e->kind == DRILL_E_STRUCT) {
		int s = struct_of(e);

		for (const struct drill_expr *f = e->first; f; f = f->next) {
			const struct field *d = field_of((size_t)s, f->field);

			if (f->kind != DRILL_E_ANY && drill_val_int(f, &v, err) == 0)
				put(out, room, d->at, d->size, v);
		}
		return 0;
	}
	if (e->kind != DRILL_E_LIST) {
		if (e->kind != DRILL_E_ANY && drill_val_int(e, &v, err) == 0)
			put(out, room, 0, number_size(room), v);
		return 0;
	}
	for (const struct drill_expr *f = e->first; f; f = f->next, at += 4)
		if (f->kind != DRILL_E_ANY && drill_val_int(f, &v, err) == 0)
			put(out, room, at, 4, v);
	return 0;
}

static int differs(char *diff, const char *what, int64_t got, int64_t want)
{
	snprintf(diff, DRILL_VALUE_ERR, "%s %lld; expected %lld", what, (long long)got,
		 (long long)want);
	return 0;
}

static int compare_struct(const struct drill_expr *e, const uint8_t *got, size_t len, char *diff,
			  struct drill_value_err *err)
{
	int s = struct_of(e);
	int64_t want = 0, have;

	for (const struct drill_expr *f = e->first; f; f = f->next) {
		const struct field *d = field_of((size_t)s, f->field);

		if (f->kind == DRILL_E_ANY)
			continue;
		if (drill_val_int(f, &want, err) != 0)
			return -1;
		have = get(got, len, d->at, d->size);
		if (have != want)
			return differs(diff, f->field, have, want);
	}
	return 1;
}

static int compare_list(const struct drill_expr *e, const uint8_t *got, size_t len, char *diff,
			struct drill_value_err *err)
{
	int64_t want = 0, have;
	size_t at = 0;
	char which[32];

	for (const struct drill_expr *f = e->first; f; f = f->next, at += 4) {
		if (f->kind == DRILL_E_ANY)
			continue;
		if (drill_val_int(f, &want, err) != 0)
			return -1;
		have = get(got, len, at, 4);
		snprintf(which, sizeof(which), "value %zu", at / 4 + 1);
		if ((int32_t)have != (int32_t)want)
			return differs(diff, which, have, want);
	}
	return 1;
}

int drill_optval_compare(const struct drill_expr *e, const uint8_t *got, size_t len, char *diff,
			 struct drill_value_err *err)
{
	int64_t want = 0, have;

	if (drill_optval_check(e, err) != 0)
		return -1;
	e = pointed(e);
	if (e->kind == DRILL_E_ANY)
		return 1;
	if (e->kind == DRILL_E_STRUCT)
		return compare_struct(e, got, len, diff, err);
	if (e->kind == DRILL_E_LIST)
		return compare_list(e, got, len, diff, err);
	if (e->kind == DRILL_E_STRING) {
		size_t n = strnlen((const char *)got, len);

		if (n == strnlen(e->str.at, e->str.len) ? memcmp(got, e->str.at, n) == 0
							: len == e->str.len &&
								  memcmp(got, e->str.at, len) == 0)
			return 1;
		snprintf(diff, DRILL_VALUE_ERR, "\"%.*s\"; expected \"%.*s\"",
			 (int)(n > SHOWN_MAX ? SHOWN_MAX : n), (const char *)got,
			 (int)(e->str.len > SHOWN_MAX ? SHOWN_MAX : e->str.len), e->str.at);
		return 0;
	}
	if (drill_val_int(e, &want, err) != 0)
		return -1;
	have = get(got, len, 0, len > 4 && len < 8 ? 4 : len > 8 ? 4 : len);
	if (len <= 4 ? (int32_t)have == (int32_t)want : have == want)
		return 1;
	return differs(diff, "the value", have, want);
}
