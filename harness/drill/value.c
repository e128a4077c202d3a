/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From expressions to structures. Each structure is a row per field, so that an unknown field is
 * answered with the list of those there are.
 */
#include "harness/drill/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/const.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { SHOWN_MAX = 50 };

__attribute__((format(printf, 3, 4))) static int bad(struct drill_value_err *err,
						     const struct drill_expr *e, const char *fmt,
						     ...)
{
	va_list ap;

	err->at = &e->src;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

static int wrong(struct drill_value_err *err, const struct drill_expr *e, const char *what)
{
	uint32_t len = e->src.len;

	return bad(err, e, "expected %s, found %.*s", what, (int)(len > SHOWN_MAX ? SHOWN_MAX : len),
		   e->src.at);
}

const struct drill_expr *drill_val_field(const struct drill_expr *e, const char *name)
{
	if (e->kind != DRILL_E_STRUCT)
		return NULL;
	for (const struct drill_expr *f = e->first; f; f = f->next)
		if (f->field && strcmp(f->field, name) == 0)
			return f;
	return NULL;
}

/* That e is a structure whose every field has one of the names. */
static int check_fields(const struct drill_expr *e, const char *what, const char *const *names,
			size_t n, struct drill_value_err *err)
{
	char list[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 names[i]);
	if (e->kind != DRILL_E_STRUCT)
		return wrong(err, e, what);
	for (const struct drill_expr *f = e->first; f; f = f->next) {
		bool known = false;

		if (!f->field)
			return bad(err, f, "expected field = value in %s; its fields are %s", what,
				   list);
		for (size_t i = 0; i < n; i++)
			known |= strcmp(f->field, names[i]) == 0;
		if (!known)
			return bad(err, f, "%s has no field %.40s; its fields are %s", what,
				   f->field, list);
		if (drill_val_field(e, f->field) != f)
			return bad(err, f, "the field %.40s is given twice", f->field);
	}
	return 0;
}

int drill_val_int(const struct drill_expr *e, int64_t *out, struct drill_value_err *err)
{
	if ((e->kind != DRILL_E_INT && e->kind != DRILL_E_CALL) || !e->num_known)
		return wrong(err, e, "a number");
	*out = e->num;
	return 0;
}

int drill_val_pointed(const struct drill_expr *e, int64_t *out, struct drill_value_err *err)
{
	if (e->kind != DRILL_E_LIST)
		return drill_val_int(e, out, err);
	if (e->count != 1)
		return bad(err, e, "expected one number in [..], found %u values", e->count);
	return drill_val_int(e->first, out, err);
}

/* A field that is a number, "...", or not there. */
static int opt_int(const struct drill_expr *e, const char *name, struct drill_opt_int *out,
		   struct drill_value_err *err)
{
	const struct drill_expr *f = drill_val_field(e, name);

	out->given = false;
	out->num = 0;
	if (!f || f->kind == DRILL_E_ANY)
		return 0;
	if (drill_val_int(f, &out->num, err) != 0)
		return -1;
	out->given = true;
	return 0;
}

static int need_int(const struct drill_expr *e, const char *what, const char *name, int64_t *out,
		    struct drill_value_err *err)
{
	const struct drill_expr *f = drill_val_field(e, name);

	if (!f)
		return bad(err, e, "%s needs the field %s", what, name);
	return drill_val_int(f, out, err);
}

static int need_i32(const struct drill_expr *e, const char *what, const char *name, int32_t *out,
		    struct drill_value_err *err)
{
	int64_t n = 0;

	if (need_int(e, what, name, &n, err) != 0)
		return -1;
	if (n < INT32_MIN || n > INT32_MAX)
		return wrong(err, drill_val_field(e, name), "a number of 32 bits");
	*out = (int32_t)n;
	return 0;
}

/* ---- addresses ---- */

static int address(const struct drill_expr *f, struct drill_sockaddr *out,
		   struct drill_value_err *err)
{
	const struct drill_expr *text = f;
	int64_t n = 0;

	if (f->kind == DRILL_E_ANY)
		return 0;
	out->has_addr = true;
	if (f->kind == DRILL_E_INT) {
		n = f->num;
	} else {
		if (f->kind == DRILL_E_CALL && f->first)
			text = f->count == 2 ? f->first->next : f->first;
		if (text->kind == DRILL_E_ANY) {
			out->has_addr = false;
			return 0;
		}
		if (text->kind == DRILL_E_STRING)
			return inet_pton(out->family, text->str.at, out->addr) == 1 ?
				       0 :
				       wrong(err, text,
					     out->family == AF_INET ?
						     "an IPv4 address, as sa_family says" :
						     "an IPv6 address, as sa_family says");
		if (drill_val_int(f, &n, err) != 0)
			return -1;
	}
	if (out->family == AF_INET6 && n != 0)
		return wrong(err, f, "an IPv6 address");
	for (int i = 0; i < 4; i++)
		out->addr[i] = (uint8_t)(n >> (24 - 8 * i));
	return 0;
}

static int port(const struct drill_expr *f, struct drill_sockaddr *out,
		struct drill_value_err *err)
{
	int64_t n = 0;

	if (f->kind == DRILL_E_ANY)
		return 0;
	if (drill_val_int(f, &n, err) != 0)
		return -1;
	if (n < 0 || n > 65535)
		return wrong(err, f, "a port");
	out->port.given = true;
	/* Without htons() the number is what lies in memory. */
	out->port.num = f->kind == DRILL_E_CALL ? n : ntohs((uint16_t)n);
	return 0;
}

int drill_val_sockaddr(const struct drill_expr *e, struct drill_sockaddr *out,
		       struct drill_value_err *err)
{
	static const char *const names[] = { "sa_family",     "sin_family", "sin6_family",
					     "sin_port",      "sin6_port",  "sin_addr",
					     "sin6_addr",     "sin6_flowinfo",
					     "sin6_scope_id" };
	const char *what = "an address ({sa_family=AF_INET, sin_port=htons(N), "
			   "sin_addr=inet_addr(\"A\")})";
	const struct drill_expr *f;
	int64_t family = AF_UNSPEC;

	memset(out, 0, sizeof(*out));
	if (e->kind == DRILL_E_INT && e->src.len == 9 && memcmp(e->src.at, "AF_UNSPEC", 9) == 0)
		return 0; /* no address: undoes a connect */
	out->any = e->kind == DRILL_E_ANY || (e->kind == DRILL_E_INT && e->num == 0);
	if (out->any)
		return 0;
	if (check_fields(e, e->kind == DRILL_E_STRUCT ? "an address" : what, names,
			 ARRAY_LEN(names), err) != 0)
		return -1;
	f = drill_val_field(e, "sa_family");
	f = f ? f : drill_val_field(e, "sin_family");
	f = f ? f : drill_val_field(e, "sin6_family");
	if (!f)
		return bad(err, e, "an address needs the field sa_family");
	if (f->kind != DRILL_E_ANY && drill_val_int(f, &family, err) != 0)
		return -1;
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return wrong(err, f, "AF_INET, AF_INET6 or AF_UNSPEC");
	out->family = (int)family;
	f = drill_val_field(e, "sin_port");
	f = f ? f : drill_val_field(e, "sin6_port");
	if (f && port(f, out, err) != 0)
		return -1;
	f = drill_val_field(e, "sin_addr");
	f = f ? f : drill_val_field(e, "sin6_addr");
	return f && family != AF_UNSPEC ? address(f, out, err) : 0;
}

/* ---- messages ---- */

static int one_iov(const struct drill_expr *e, struct drill_iovec *out, struct drill_value_err *err)
{
	static const char *const names[] = { "iov_base", "iov_len" };
	const struct drill_expr *base = e->first, *len;

	if (e->kind != DRILL_E_STRUCT || e->count != 2)
		return wrong(err, e, "a buffer ({..., 1000})");
	len = base->next;
	if (base->field || len->field) {
		if (check_fields(e, "a buffer", names, ARRAY_LEN(names), err) != 0)
			return -1;
		base = drill_val_field(e, "iov_base");
		len = drill_val_field(e, "iov_len");
	}
	if (base->kind != DRILL_E_ANY && base->kind != DRILL_E_STRING)
		return wrong(err, base, "... or \"text\" as the buffer's bytes");
	out->base = base;
	if (drill_val_int(len, &out->len, err) != 0)
		return -1;
	if (out->len < 0)
		return wrong(err, len, "a length");
	return 0;
}

int drill_val_iov(const struct drill_expr *e, struct drill_iovec *out, uint32_t max, uint32_t *n,
		  struct drill_value_err *err)
{
	*n = 0;
	if (e->kind != DRILL_E_LIST)
		return wrong(err, e, "a list of buffers ([{..., 1000}])");
	if (e->count > max)
		return bad(err, e, "%u buffers; %u are allowed", e->count, max);
	for (const struct drill_expr *f = e->first; f; f = f->next)
		if (one_iov(f, &out[(*n)++], err) != 0)
			return -1;
	return 0;
}

int drill_val_ee(const struct drill_expr *e, struct drill_ee *out, struct drill_value_err *err)
{
	static const char *const names[] = { "ee_errno", "ee_origin", "ee_type",
					     "ee_code",	 "ee_info",   "ee_data" };
	struct drill_opt_int *const at[] = { &out->err,	 &out->origin, &out->type,
					     &out->code, &out->info,   &out->data };

	if (check_fields(e, "an extended error", names, ARRAY_LEN(names), err) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (opt_int(e, names[i], at[i], err) != 0)
			return -1;
	return 0;
}

static int cmsg_data(const struct drill_expr *d, struct drill_cmsg *out,
		     struct drill_value_err *err)
{
	static const char *const scm[] = { "scm_sec", "scm_nsec" };

	out->data = d;
	if (d->kind != DRILL_E_STRUCT)
		return 0;
	if (d->first && d->first->field && strncmp(d->first->field, "scm_", 4) == 0) {
		out->has_scm = true;
		if (check_fields(d, "a time", scm, ARRAY_LEN(scm), err) != 0 ||
		    opt_int(d, "scm_sec", &out->scm_sec, err) != 0)
			return -1;
		return opt_int(d, "scm_nsec", &out->scm_nsec, err);
	}
	out->has_ee = true;
	return drill_val_ee(d, &out->ee, err);
}

static int one_cmsg(const struct drill_expr *e, struct drill_cmsg *out, struct drill_value_err *err)
{
	static const char *const names[] = { "cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data" };
	const struct drill_expr *d;

	memset(out, 0, sizeof(*out));
	if (check_fields(e, "a control message", names, ARRAY_LEN(names), err) != 0 ||
	    need_int(e, "a control message", "cmsg_level", &out->level, err) != 0 ||
	    need_int(e, "a control message", "cmsg_type", &out->type, err) != 0)
		return -1;
	d = drill_val_field(e, "cmsg_data");
	return d ? cmsg_data(d, out, err) : 0;
}

static int control(const struct drill_expr *f, struct drill_msghdr *out,
		   struct drill_value_err *err)
{
	if (f->kind == DRILL_E_ANY)
		return 0;
	if (f->kind != DRILL_E_LIST)
		return wrong(err, f, "a list of control messages ([{cmsg_level=.., ..}])");
	if (f->count > DRILL_CMSG_MAX)
		return bad(err, f, "%u control messages; %d are allowed", f->count, DRILL_CMSG_MAX);
	out->has_control = true;
	for (const struct drill_expr *c = f->first; c; c = c->next)
		if (one_cmsg(c, &out->cmsg[out->ncmsg++], err) != 0)
			return -1;
	return 0;
}

int drill_val_msghdr(const struct drill_expr *e, struct drill_msghdr *out,
		     struct drill_value_err *err)
{
	static const char *const names[] = { "msg_name",    "msg_namelen",    "msg_iov",
					     "msg_iovlen",  "msg_control",    "msg_controllen",
					     "msg_flags" };
	const struct drill_expr *f;

	memset(out, 0, sizeof(*out));
	if (check_fields(e, "a message", names, ARRAY_LEN(names), err) != 0)
		return -1;
	f = drill_val_field(e, "msg_name");
	if (f && f->kind != DRILL_E_ANY) {
		out->has_name = true;
		if (drill_val_sockaddr(f, &out->name, err) != 0)
			return -1;
	}
	f = drill_val_field(e, "msg_iov");
	if (f && f->kind != DRILL_E_ANY &&
	    drill_val_iov(f, out->iov, DRILL_IOV_MAX, &out->niov, err) != 0)
		return -1;
	if (f && f->bound && f->bound->kind == DRILL_E_INT && f->kind == DRILL_E_LIST &&
	    f->bound->num != f->count)
		return bad(err, f->bound, "msg_iov(%" PRId64 ") and a list of %u buffers",
			   f->bound->num, f->count);
	f = drill_val_field(e, "msg_control");
	if (f && control(f, out, err) != 0)
		return -1;
	return opt_int(e, "msg_flags", &out->flags, err);
}

/* ---- poll, epoll, linger ---- */

int drill_val_poll(const struct drill_expr *e, struct drill_pollfd *out, uint32_t max, uint32_t *n,
		   struct drill_value_err *err)
{
	static const char *const names[] = { "fd", "events", "revents" };

	*n = 0;
	if (e->kind != DRILL_E_LIST)
		return wrong(err, e, "a list ([{fd=3, events=POLLIN, revents=POLLIN}])");
	if (e->count > max)
		return bad(err, e, "%u descriptors; %u are allowed", e->count, max);
	for (const struct drill_expr *f = e->first; f; f = f->next, ++*n)
		if (check_fields(f, "a descriptor to poll", names, ARRAY_LEN(names), err) != 0 ||
		    need_i32(f, "a descriptor to poll", "fd", &out[*n].fd, err) != 0 ||
		    opt_int(f, "events", &out[*n].events, err) != 0 ||
		    opt_int(f, "revents", &out[*n].revents, err) != 0)
			return -1;
	return 0;
}

int drill_val_epoll(const struct drill_expr *e, struct drill_epoll *out,
		    struct drill_value_err *err)
{
	static const char *const names[] = { "events", "fd", "ptr", "u32", "u64" };

	memset(out, 0, sizeof(*out));
	if (check_fields(e, "an epoll event", names, ARRAY_LEN(names), err) != 0 ||
	    need_int(e, "an epoll event", "events", &out->events, err) != 0 ||
	    opt_int(e, "fd", &out->fd, err) != 0 || opt_int(e, "ptr", &out->ptr, err) != 0 ||
	    opt_int(e, "u32", &out->u32, err) != 0 || opt_int(e, "u64", &out->u64, err) != 0)
		return -1;
	if (out->fd.given + out->ptr.given + out->u32.given + out->u64.given > 1)
		return bad(err, e, "an epoll event carries one of fd, ptr, u32 and u64");
	return 0;
}

int drill_val_epolls(const struct drill_expr *e, struct drill_epoll *out, uint32_t max, uint32_t *n,
		     struct drill_value_err *err)
{
	*n = 0;
	if (e->kind == DRILL_E_ANY)
		return 0;
	if (e->kind == DRILL_E_STRUCT && max > 0) {
		*n = 1;
		return drill_val_epoll(e, out, err);
	}
	if (e->kind != DRILL_E_LIST)
		return wrong(err, e, "{events=.., fd=..}, a list of them, or ...");
	if (e->count > max)
		return bad(err, e, "%u events; %u are allowed", e->count, max);
	for (const struct drill_expr *f = e->first; f; f = f->next)
		if (drill_val_epoll(f, &out[(*n)++], err) != 0)
			return -1;
	return 0;
}

int drill_val_linger(const struct drill_expr *e, struct drill_linger *out,
		     struct drill_value_err *err)
{
	static const char *const names[] = { "onoff", "linger", "l_onoff", "l_linger" };
	const char *what = "a linger";
	const struct drill_expr *s = e->kind == DRILL_E_LIST && e->count == 1 ? e->first : e;

	if (check_fields(s, what, names, ARRAY_LEN(names), err) != 0)
		return -1;
	if (need_i32(s, what, drill_val_field(s, "l_onoff") ? "l_onoff" : "onoff", &out->onoff,
		     err) != 0)
		return -1;
	return need_i32(s, what, drill_val_field(s, "l_linger") ? "l_linger" : "linger",
			&out->linger, err);
}
