/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and pipes of a script: see files.h. */
#define _GNU_SOURCE

#include "harness/drill/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/drill/call_int.h"

enum { NAME_ROOM = 256, NOWAIT = PH_MSG_DONTWAIT, AT_MARK = 0x8905 /* SIOCATMARK */, NONBLOCK = 2 };

enum kind { IS_FREE, IS_FILE, IS_PIPE_OUT, IS_PIPE_IN }; /* a pipe is read at OUT, written at IN */

struct bytes {
	uint8_t *at;
	size_t len;
	unsigned refs;
};

struct one {
	enum kind kind;
	int script;
	size_t pos; /* of a file; of a pipe: what has been read */
	struct bytes *bytes;
};

struct drill_files {
	struct one open[DRILL_OPEN_MAX];
	struct {
		char name[NAME_ROOM];
		struct bytes *bytes; /* NULL: free */
	} named[DRILL_NAMED_MAX];
};

static struct drill_files *of(struct drill_run *r)
{
	if (!r->files)
		r->files = calloc(1, sizeof(*r->files));
	return r->files;
}

static void put(struct bytes *b)
{
	if (!b || --b->refs > 0)
		return;
	free(b->at);
	free(b);
}

static struct bytes *bytes_new(size_t len)
{
	struct bytes *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->refs = 1;
	b->len = len;
	b->at = calloc(1, len ? len : 1);
	if (b->at)
		return b;
	free(b);
	return NULL;
}

void drill_files_free(struct drill_run *r)
{
	for (int i = 0; r->files && i < DRILL_OPEN_MAX; i++)
		if (r->files->open[i].kind != IS_FREE)
			put(r->files->open[i].bytes);
	for (int i = 0; r->files && i < DRILL_NAMED_MAX; i++)
		put(r->files->named[i].bytes);
	free(r->files);
	r->files = NULL;
}

/* ---- files by name ---- */

int drill_file_remove(struct drill_run *r, const char *name)
{
	struct drill_files *f = of(r);

	for (int i = 0; f && i < DRILL_NAMED_MAX; i++) {
		if (!f->named[i].bytes || strcmp(f->named[i].name, name) != 0)
			continue;
		put(f->named[i].bytes);
		f->named[i].bytes = NULL;
		return 0;
	}
	return -ENOENT;
}

int drill_file_make(struct drill_run *r, const char *name, size_t len)
{
	struct drill_files *f = of(r);

	if (!f)
		return -ENOMEM;
	if (len > DRILL_FILE_MAX || strlen(name) >= NAME_ROOM)
		return -EFBIG;
	(void)drill_file_remove(r, name);
	for (int i = 0; i < DRILL_NAMED_MAX; i++) {
		if (f->named[i].bytes)
			continue;
		snprintf(f->named[i].name, NAME_ROOM, "%s", name);
		f->named[i].bytes = bytes_new(len);
		return f->named[i].bytes ? 0 : -ENOMEM;
	}
	return -ENFILE;
}

/* A file of this machine, whole. */
static struct bytes *read_whole(const char *name, int *error)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct bytes *b = fd < 0 ? NULL : bytes_new(DRILL_FILE_MAX);
	ssize_t n = b ? read(fd, b->at, DRILL_FILE_MAX) : -1;

	*error = n < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		put(b);
		return NULL;
	}
	b->len = (size_t)n;
	return b;
}

static struct bytes *find_file(struct drill_run *r, const char *name, int *error)
{
	struct drill_files *f = of(r);

	for (int i = 0; f && i < DRILL_NAMED_MAX; i++) {
		if (f->named[i].bytes && strcmp(f->named[i].name, name) == 0) {
			f->named[i].bytes->refs++;
			return f->named[i].bytes;
		}
	}
	return read_whole(name, error);
}

/* ---- open ones ---- */

static struct one *one_of(const struct drill_run *r, int64_t script)
{
	for (int i = 0; r->files && i < DRILL_OPEN_MAX; i++)
		if (r->files->open[i].kind != IS_FREE && r->files->open[i].script == script)
			return &r->files->open[i];
	return NULL;
}

static struct one *one_new(struct drill_run *r, enum kind kind, int64_t script,
			   struct bytes *take_bytes)
{
	struct drill_files *f = of(r);

	for (int i = 0; f && i < DRILL_OPEN_MAX; i++) {
		if (f->open[i].kind != IS_FREE)
			continue;
		f->open[i] = (struct one){
			.kind = kind, .script = (int)script, .bytes = take_bytes
		};
		return &f->open[i];
	}
	put(take_bytes);
	return NULL;
}

static const struct drill_expr *arg(const struct drill_wait *w, unsigned n)
{
	const struct drill_expr *e = w->ev->call.args;

	while (e && n-- > 0)
		e = e->next;
	return e;
}

/* A number of the call, -1 where there is none: "...", NULL. */
static int64_t number(const struct drill_wait *w, unsigned n)
{
	const struct drill_expr *e = arg(w, n);
	struct drill_value_err err;
	int64_t v;

	return e && e->kind != DRILL_E_ANY && drill_val_pointed(e, &v, &err) == 0 ? v : -1;
}

/* An offset: of NULL and of "..." there is none. */
static int64_t offset(const struct drill_wait *w, unsigned n)
{
	const struct drill_expr *e = arg(w, n);

	return e && e->kind == DRILL_E_LIST ? number(w, n) : -1;
}

static int done(struct drill_run *r, struct drill_wait *w, int64_t result)
{
	w->inner = true;
	w->c.done = true;
	w->c.result = result;
	w->c.done_ns = r->now_ns;
	return 0;
}

bool drill_files_want(const struct drill_run *r, const struct drill_wait *w)
{
	enum drill_call_id id = w->ev->call.id;

	if (id == DRILL_C_open || id == DRILL_C_pipe || id == DRILL_C_sendfile ||
	    id == DRILL_C_splice)
		return true;
	return (id == DRILL_C_read || id == DRILL_C_write || id == DRILL_C_close) &&
	       one_of(r, number(w, 0));
}

/* ---- the calls ---- */

static int do_open(struct drill_run *r, struct drill_wait *w)
{
	const struct drill_expr *path = arg(w, 0);
	int64_t script = w->ev->call.result->num;
	int error = 0;
	struct bytes *b = find_file(r, path->str.at, &error);

	if (!b && error)
		return done(r, w, -error);
	if (drill_fd_of(r, (int)script) || one_of(r, script)) {
		put(b);
		return drill_end(r, DRILL_ERROR, "descriptor %lld is open already",
				 (long long)script);
	}
	if (!b || !one_new(r, IS_FILE, script, b))
		return done(r, w, b ? -EMFILE : -ENOMEM);
	return done(r, w, script);
}

static int do_pipe(struct drill_run *r, struct drill_wait *w)
{
	const struct drill_expr *pair = arg(w, 0);
	struct bytes *b = bytes_new(DRILL_PIPE_BYTES);

	if (!b)
		return drill_end(r, DRILL_ERROR, "out of memory");
	b->len = 0;
	b->refs = 2;
	if (one_new(r, IS_PIPE_OUT, pair->first->num, b) &&
	    one_new(r, IS_PIPE_IN, pair->first->next->num, b))
		return done(r, w, 0);
	return drill_end(r, DRILL_ERROR, "more than %d files and pipes", DRILL_OPEN_MAX);
}

static int do_close(struct drill_run *r, struct drill_wait *w, struct one *o)
{
	put(o->bytes);
	o->kind = IS_FREE;
	return done(r, w, 0);
}

static size_t left(const struct one *o, int64_t at)
{
	size_t pos = at >= 0 ? (size_t)at : o->pos;

	return pos < o->bytes->len ? o->bytes->len - pos : 0;
}

/* From a file or pipe into a socket: what of it is there, sent as one. */
static int out_of(struct drill_run *r, struct drill_wait *w, const struct one *o, int64_t at,
		  int64_t want, unsigned socket_arg)
{
	size_t n = left(o, at);
	struct drill_fd *f = drill_fd_of(r, (int)number(w, socket_arg));

	n = want >= 0 && (size_t)want < n ? (size_t)want : n;
	if (!f)
		return done(r, w, -EBADF);
	if (n == 0)
		return done(r, w, o->kind == IS_PIPE_OUT ? -EAGAIN : 0);
	w->buf = malloc(n);
	if (!w->buf || (f->type == PH_SOCK_STREAM &&
			drill_fd_literal(f, f->wrote, o->bytes->at + (at >= 0 ? (size_t)at : o->pos),
					 n) != 0))
		return drill_end(r, DRILL_ERROR, "out of memory");
	memcpy(w->buf, o->bytes->at + (at >= 0 ? (size_t)at : o->pos), n);
	w->buf_len = n;
	w->fd = f;
	w->c.op = DUT_SEND;
	w->c.fd = f->dev;
	w->c.buf = w->buf;
	w->c.len = n;
	w->file_from = o->script;
	w->file_at = at;
	if (f->type == PH_SOCK_STREAM)
		f->wrote += n; /* corrected when it returns */
	return 0;
}

/* Linux's splice() ends before an urgent octet, with nothing when it is the next. */
static bool at_urgent_mark(struct drill_run *r, const struct drill_fd *f)
{
	uint8_t byte;
	struct dut_call mark = { .op = DUT_IOCTL, .fd = f->dev, .a = { AT_MARK } };
	struct dut_call peek = { .op = DUT_RECV,
				 .fd = f->dev,
				 .a = { PH_MSG_PEEK | NOWAIT },
				 .buf = &byte,
				 .len = 1 };

	return drill_call_now(r, &mark) == 0 && mark.value && drill_call_now(r, &peek) == -EAGAIN;
}

/* From a socket into a pipe. */
static int into(struct drill_run *r, struct drill_wait *w, const struct one *o)
{
	struct drill_fd *f = drill_fd_of(r, (int)number(w, 0));
	int64_t want = number(w, 4);
	size_t room = DRILL_PIPE_BYTES - o->bytes->len;

	if (!f)
		return done(r, w, -EBADF);
	if (want == 0 || room == 0)
		return done(r, w, want == 0 ? 0 : -EAGAIN);
	if (at_urgent_mark(r, f))
		return done(r, w, 0);
	room = want > 0 && (size_t)want < room ? (size_t)want : room;
	w->buf = calloc(1, room);
	if (!w->buf)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->buf_len = room;
	w->fd = f;
	w->c.op = DUT_RECV;
	w->c.fd = f->dev;
	w->c.a[0] = number(w, 5) & NONBLOCK ? NOWAIT : 0;
	w->c.buf = w->buf;
	w->c.len = room;
	w->file_to = o->script;
	return 0;
}

static void append(struct one *o, const uint8_t *bytes, size_t n)
{
	struct bytes *b = o->bytes;

	if (o->kind != IS_PIPE_IN)
		return;
	n = n < DRILL_PIPE_BYTES - b->len ? n : DRILL_PIPE_BYTES - b->len;
	memcpy(b->at + b->len, bytes, n);
	b->len += n;
}

/* A pipe's bytes are gone when they are read; a file's place moves on. */
static void took(struct one *o, size_t n)
{
	if (o->kind == IS_FILE) {
		o->pos += n;
		return;
	}
	memmove(o->bytes->at, o->bytes->at + n, o->bytes->len - n);
	o->bytes->len -= n;
}

static int do_splice(struct drill_run *r, struct drill_wait *w)
{
	struct one *in = one_of(r, number(w, 0)), *out = one_of(r, number(w, 2));
	size_t n;

	if (!in && out && out->kind == IS_PIPE_IN)
		return into(r, w, out);
	if (in && in->kind == IS_PIPE_OUT && !out)
		return out_of(r, w, in, -1, number(w, 4), 2);
	if (!in || !out || (in->kind != IS_PIPE_OUT && out->kind != IS_PIPE_IN))
		return done(r, w, -EINVAL);
	n = left(in, -1);
	n = (size_t)number(w, 4) < n ? (size_t)number(w, 4) : n;
	n = n < DRILL_PIPE_BYTES - out->bytes->len ? n : DRILL_PIPE_BYTES - out->bytes->len;
	append(out, in->bytes->at + in->pos, n);
	took(in, n);
	return done(r, w, (int64_t)n);
}

static int do_read(struct drill_run *r, struct drill_wait *w, struct one *o)
{
	size_t n = left(o, -1);

	n = number(w, 2) >= 0 && (size_t)number(w, 2) < n ? (size_t)number(w, 2) : n;
	took(o, n);
	return done(r, w, n == 0 && o->kind == IS_PIPE_OUT ? -EAGAIN : (int64_t)n);
}

static int do_write(struct drill_run *r, struct drill_wait *w, struct one *o)
{
	uint8_t zeros[4096] = { 0 };
	int64_t want = number(w, 2), n = 0;
	size_t before = o->bytes->len;

	if (o->kind != IS_PIPE_IN)
		return done(r, w, -EBADF);
	for (; n < want && o->bytes->len < DRILL_PIPE_BYTES; n = (int64_t)(o->bytes->len - before))
		append(o, zeros, want - n < 4096 ? (size_t)(want - n) : sizeof(zeros));
	return done(r, w, n);
}

int drill_files_prepare(struct drill_run *r, struct drill_wait *w)
{
	struct one *o = one_of(r, number(w, 0));

	enum drill_call_id id = w->ev->call.id;

	if (id == DRILL_C_open)
		return do_open(r, w);
	if (id == DRILL_C_pipe)
		return do_pipe(r, w);
	if (id == DRILL_C_splice)
		return do_splice(r, w);
	if (id == DRILL_C_sendfile) {
		o = one_of(r, number(w, 1));
		return o ? out_of(r, w, o, offset(w, 2), number(w, 3), 0) : done(r, w, -EBADF);
	}
	if (id == DRILL_C_read)
		return do_read(r, w, o);
	return id == DRILL_C_write ? do_write(r, w, o) : do_close(r, w, o);
}

void drill_files_done(struct drill_run *r, struct drill_wait *w)
{
	struct one *from = w->file_from ? one_of(r, w->file_from) : NULL;
	struct one *to = w->file_to ? one_of(r, w->file_to) : NULL;
	size_t n = w->c.result > 0 ? (size_t)w->c.result : 0;

	if (from && w->file_at < 0)
		took(from, n);
	if (to)
		append(to, w->buf, n);
}
