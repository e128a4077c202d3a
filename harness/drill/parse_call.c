/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls: name(arguments) = result [ERRNO (text)] [(note)]. Each argument has a shape, checked
 * here, so that the runner meets none that it cannot make a call of.
 */
#include <stdio.h>
#include <string.h>

#include "harness/drill/const.h"
#include "harness/drill/expr.h"
#include "harness/drill/optval.h"
#include "harness/drill/parse_int.h"
#include "harness/drill/value.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* One letter an argument:
 *   i a number or ...		b bytes: ... or "text" (or a number, NULL)
 *   p [number], number or ...	a address or ...	l length: number, [number] or ...
 *   v list of buffers		m message		P list to poll
 *   e epoll event		E what epoll_wait finds	o an option's value
 *   d [a, b] two descriptors	s "text" */
static const struct row {
	const char *name;
	uint32_t min, max;
} rows[DRILL_CALLS_COUNT] = {
#define X(call, least, most) \
	[DRILL_C_##call] = { .name = #call, .min = (least), .max = (most) },
	DRILL_CALLS(X)
#undef X
};

static const char *const shapes[DRILL_CALLS_COUNT] = {
	[DRILL_C_socket] = "iii",	 [DRILL_C_bind] = "ial",
	[DRILL_C_listen] = "ii",	 [DRILL_C_accept] = "ial",
	[DRILL_C_accept4] = "iali",	 [DRILL_C_connect] = "ial",
	[DRILL_C_read] = "ibi",		 [DRILL_C_readv] = "ivi",
	[DRILL_C_recv] = "ibii",	 [DRILL_C_recvfrom] = "ibiial",
	[DRILL_C_recvmsg] = "imi",	 [DRILL_C_write] = "ibi",
	[DRILL_C_writev] = "ivi",	 [DRILL_C_send] = "ibii",
	[DRILL_C_sendto] = "ibiial",	 [DRILL_C_sendmsg] = "imi",
	[DRILL_C_fcntl] = "iii",	 [DRILL_C_ioctl] = "iip",
	[DRILL_C_close] = "i",		 [DRILL_C_shutdown] = "ii",
	[DRILL_C_getsockopt] = "iiiol",	 [DRILL_C_setsockopt] = "iiiol",
	[DRILL_C_getsockname] = "ial",	 [DRILL_C_getpeername] = "ial",
	[DRILL_C_poll] = "Pii",		 [DRILL_C_epoll_create] = "i",
	[DRILL_C_epoll_ctl] = "iiie",	 [DRILL_C_epoll_wait] = "iEii",
	[DRILL_C_open] = "sii",		 [DRILL_C_sendfile] = "iipi",
	[DRILL_C_pipe] = "d",		 [DRILL_C_splice] = "ipipii",
};

static int wrong(struct drill_value_err *err, const struct drill_expr *e, const char *what)
{
	err->at = &e->src;
	snprintf(err->text, sizeof(err->text), "expected %s, found %.*s", what,
		 (int)(e->src.len > 50 ? 50 : e->src.len), e->src.at);
	return -1;
}

static int check_shape(char shape, const struct drill_expr *e, struct drill_value_err *err)
{
	union {
		struct drill_sockaddr addr;
		struct drill_iovec iov[DRILL_IOV_MAX];
		struct drill_msghdr msg;
		struct drill_pollfd poll[DRILL_POLL_MAX];
		struct drill_epoll epoll[DRILL_POLL_MAX];
	} u;
	uint32_t count;
	int64_t n = 0;

	if (e->kind == DRILL_E_ANY && !strchr("vmPe", shape))
		return 0;
	switch (shape) {
	case 'i':
		return drill_val_int(e, &n, err);
	case 'p':
	case 'l':
		return drill_val_pointed(e, &n, err);
	case 'b':
		return e->kind == DRILL_E_STRING ? 0 : drill_val_int(e, &n, err);
	case 's':
		return e->kind == DRILL_E_STRING ? 0 : wrong(err, e, "\"text\"");
	case 'a':
		return drill_val_sockaddr(e, &u.addr, err);
	case 'v':
		return drill_val_iov(e, u.iov, DRILL_IOV_MAX, &count, err);
	case 'm':
		return drill_val_msghdr(e, &u.msg, err);
	case 'P':
		return drill_val_poll(e, u.poll, DRILL_POLL_MAX, &count, err);
	case 'e':
		return e->kind == DRILL_E_INT || e->kind == DRILL_E_ANY ?
			       0 :
			       drill_val_epoll(e, u.epoll, err);
	case 'E':
		return drill_val_epolls(e, u.epoll, DRILL_POLL_MAX, &count, err);
	case 'o':
		return drill_optval_check(e, err);
	default: /* 'd' */
		if (e->kind == DRILL_E_LIST && e->count == 2 &&
		    drill_val_int(e->first, &n, err) == 0 &&
		    drill_val_int(e->first->next, &n, err) == 0)
			return 0;
		return wrong(err, e, "two descriptors ([5, 6])");
	}
}

static int check_arguments(struct drill_parser *p, const struct drill_call *c)
{
	const struct row *r = &rows[c->id];
	const char *shape = shapes[c->id];
	struct drill_value_err err;
	uint32_t i = 0;

	if (c->nargs < r->min || c->nargs > r->max)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &c->src,
				    "expected %u%s argument%s of %s(), found %u", r->min,
				    r->max > r->min ? " or more" : "", r->max == 1 ? "" : "s",
				    r->name, c->nargs);
	for (const struct drill_expr *e = c->args; e; e = e->next, i++)
		if (check_shape(shape[i], e, &err) != 0)
			return drill_p_fail(p, DRILL_ERR_SYNTAX, err.at,
					    "argument %u of %s(): %s", i + 1, r->name, err.text);
	return 0;
}

static int find_call(struct drill_parser *p, struct drill_call *c)
{
	struct drill_str name = p->tok.text;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == name.len &&
		    memcmp(rows[i].name, name.at, name.len) == 0) {
			c->id = (enum drill_call_id)i;
			c->name = rows[i].name;
			return 0;
		}
	if (name.len > 5 && memcmp(name.at, "sctp_", 5) == 0)
		return drill_p_unsupported(p, &p->tok.src, "SCTP");
	if (name.len > 4 && memcmp(name.at, "psp_", 4) == 0)
		return drill_p_unsupported(p, &p->tok.src, "PSP");
	if (name.len > 3 && memcmp(name.at, "mp_", 3) == 0)
		return drill_p_unsupported(p, &p->tok.src, "MPTCP");
	return drill_p_expected(p, "a packet (< or >), a system call, a `command` or "
				   "%{ code }% after the time");
}

static int error_and_notes(struct drill_parser *p, struct drill_call *c)
{
	struct drill_str note;

	if (p->tok.kind == DRILL_TOK_WORD) {
		c->err = drill_const_errno_of(p->tok.text.at, p->tok.text.len);
		if (c->err == 0)
			return drill_p_expected(p, "an error's name (EINPROGRESS), a (note) or the "
						   "next event's time");
		if (drill_p_next(p) != 0)
			return -1;
	}
	while (drill_p_is(p, '(')) {
		if (drill_lex_note(&p->lex, &p->tok, &note) != 0)
			return drill_p_take_lex_error(p);
		c->note = note.at;
		if (drill_p_next(p) != 0)
			return -1;
	}
	snprintf(p->want, sizeof(p->want), "%s(a note)", c->err ? "" : "an error's name, ");
	return 0;
}

int drill_p_call(struct drill_parser *p, struct drill_call *c)
{
	c->src = p->tok.src;
	if (find_call(p, c) != 0 || drill_p_next(p) != 0 ||
	    drill_p_need(p, '(', "\"(\" after the call's name") != 0 ||
	    drill_expr_parse_list(p, ')', &c->args, &c->nargs) != 0 ||
	    drill_p_need(p, '=', "\"=\" and the result") != 0 ||
	    drill_expr_parse(p, &c->result) != 0)
		return -1;
	if (c->result->kind != DRILL_E_INT && c->result->kind != DRILL_E_ANY)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &c->result->src,
				    "expected a number or ... as the result");
	if (error_and_notes(p, c) != 0)
		return -1;
	drill_p_close(p, &c->src);
	return check_arguments(p, c);
}
