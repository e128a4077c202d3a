/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages of sendmsg() and recvmsg(): laid out for the device, and what came from it
 * against the script. Levels, types and structures are Linux's, as in <sys/socket.h>. Called by
 * call_arg.c.
 */
#define _GNU_SOURCE

#include "harness/drill/call_int.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h> /* needs the time's */

enum { ROOM = 2048, ONE_DATA = 64 };

/* ---- out ---- */

static void put32(uint8_t *at, const struct drill_opt_int *n)
{
	uint32_t v = (uint32_t)n->num;

	memcpy(at, &v, sizeof(v));
}

/* The bytes of one message's data; their number. */
static size_t lay_out(const struct drill_cmsg *m, uint8_t out[ONE_DATA], struct drill_value_err *err,
		      bool *good)
{
	struct sock_extended_err ee = { 0 };
	struct timespec ts = { 0 };
	int64_t v = 0;
	int32_t v32;

	*good = true;
	memset(out, 0, ONE_DATA);
	if (!m->data || m->data->kind == DRILL_E_ANY)
		return 0;
	if (m->has_ee) {
		ee.ee_origin = (uint8_t)m->ee.origin.num;
		ee.ee_type = (uint8_t)m->ee.type.num;
		ee.ee_code = (uint8_t)m->ee.code.num;
		memcpy(out, &ee, sizeof(ee));
		put32(out + offsetof(struct sock_extended_err, ee_errno), &m->ee.err);
		put32(out + offsetof(struct sock_extended_err, ee_info), &m->ee.info);
		put32(out + offsetof(struct sock_extended_err, ee_data), &m->ee.data);
		return sizeof(ee);
	}
	if (m->has_scm) {
		ts.tv_sec = (time_t)m->scm_sec.num;
		ts.tv_nsec = (long)m->scm_nsec.num;
		memcpy(out, &ts, sizeof(ts));
		return sizeof(ts);
	}
	if (m->data->kind == DRILL_E_STRING) {
		size_t n = m->data->str.len < ONE_DATA ? m->data->str.len : ONE_DATA;

		memcpy(out, m->data->str.at, n);
		return n;
	}
	if (drill_val_pointed(m->data, &v, err) != 0) {
		*good = false;
		return 0;
	}
	v32 = (int32_t)v;
	memcpy(out, &v32, sizeof(v32));
	return sizeof(v32);
}

int drill_cmsg_send(struct drill_run *r, struct drill_wait *w, const struct drill_msghdr *m)
{
	uint8_t data[ONE_DATA], *at;
	struct drill_value_err err;

	if (m->ncmsg == 0)
		return 0;
	at = calloc(m->ncmsg, CMSG_SPACE(ONE_DATA));
	if (!at)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->c.control = at;
	for (uint32_t i = 0; i < m->ncmsg; i++) {
		struct cmsghdr h = { .cmsg_level = (int)m->cmsg[i].level,
				     .cmsg_type = (int)m->cmsg[i].type };
		bool good;
		size_t n = lay_out(&m->cmsg[i], data, &err, &good);

		if (!good)
			return drill_call_bad(r, &err);
		h.cmsg_len = CMSG_LEN(n);
		memcpy(at, &h, sizeof(h));
		memcpy(at + CMSG_LEN(0), data, n);
		at += CMSG_SPACE(n);
	}
	w->c.control_len = (size_t)(at - (uint8_t *)w->c.control);
	return 0;
}

int drill_cmsg_room(struct drill_run *r, struct drill_wait *w, const struct drill_msghdr *m)
{
	(void)m; /* more than is expected has room, too: it is to be seen */
	w->c.control = calloc(1, ROOM);
	if (!w->c.control)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->c.control_cap = ROOM;
	return 0;
}

/* ---- in ---- */

struct got {
	const uint8_t *data;
	size_t len;
	struct cmsghdr h; /* ends in an array without size */
};

/* The message at *at, which moves on; false at the end. */
static bool next(const struct dut_call *c, size_t *at, struct got *g)
{
	const uint8_t *bytes = c->control;

	if (c->control_len < *at + sizeof(g->h))
		return false;
	memcpy(&g->h, bytes + *at, sizeof(g->h));
	if (g->h.cmsg_len < CMSG_LEN(0) || g->h.cmsg_len > c->control_len - *at)
		return false;
	g->data = bytes + *at + CMSG_LEN(0);
	g->len = g->h.cmsg_len - CMSG_LEN(0);
	*at += CMSG_ALIGN(g->h.cmsg_len);
	return true;
}

static int check_ee(struct drill_run *r, const struct drill_wait *w, const struct drill_ee *want,
		    const struct got *g)
{
	struct sock_extended_err ee = { 0 };

	memcpy(&ee, g->data, g->len < sizeof(ee) ? g->len : sizeof(ee));
	{
		const struct {
			const char *name;
			const struct drill_opt_int *want;
			int64_t got;
		} rows[] = { { "ee_errno", &want->err, ee.ee_errno },
			     { "ee_origin", &want->origin, ee.ee_origin },
			     { "ee_type", &want->type, ee.ee_type },
			     { "ee_code", &want->code, ee.ee_code },
			     { "ee_info", &want->info, ee.ee_info },
			     { "ee_data", &want->data, ee.ee_data } };

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (rows[i].want->given && (uint32_t)rows[i].want->num != rows[i].got)
				return drill_call_wrong(r, w, rows[i].name, rows[i].got,
							(uint32_t)rows[i].want->num);
	}
	return 0;
}

/* Time stamps are of the device's clock, or of the day's where that is a kernel's: both count from
 * the script's beginning. */
static int check_time(struct drill_run *r, const struct drill_wait *w, const struct drill_cmsg *want,
		      const struct got *g)
{
	struct timespec ts = { 0 }, real = { 0 }, mono = { 0 };
	int64_t due, at, other, tolerance, off, off_other;

	if (!want->scm_sec.given && !want->scm_nsec.given)
		return 0;
	memcpy(&ts, g->data, g->len < sizeof(ts) ? g->len : sizeof(ts));
	due = want->scm_sec.num * (int64_t)DRILL_NS_PER_S + want->scm_nsec.num;
	at = (int64_t)ts.tv_sec * (int64_t)DRILL_NS_PER_S + ts.tv_nsec - (int64_t)r->zero_ns;
	other = at;
	if (!r->dut->ops->virtual_time && clock_gettime(CLOCK_REALTIME, &real) == 0 &&
	    clock_gettime(CLOCK_MONOTONIC, &mono) == 0)
		other -= ((int64_t)real.tv_sec - mono.tv_sec) * (int64_t)DRILL_NS_PER_S +
			 real.tv_nsec - mono.tv_nsec;
	off = at > due ? at - due : due - at;
	off_other = other > due ? other - due : due - other;
	tolerance = (int64_t)drill_tolerance(r, 0);
	if (off <= tolerance || off_other <= tolerance)
		return 0;
	return drill_end(r, DRILL_FAIL,
			 "%s() gives the time %.6f s after the start; expected %.6f (tolerance "
			 "%.3f ms)",
			 w->ev->call.name, (double)(off_other < off ? other : at) / 1e9,
			 (double)due / 1e9, (double)tolerance / 1e6);
}

static int check_data(struct drill_run *r, const struct drill_wait *w, const struct drill_cmsg *want,
		      const struct got *g)
{
	const struct drill_expr *e = want->data;
	struct drill_value_err err;
	int64_t v = 0;
	uint32_t have = 0;
	size_t n = g->len < sizeof(have) ? g->len : sizeof(have);

	if (!e || e->kind == DRILL_E_ANY)
		return 0;
	if (want->has_ee)
		return check_ee(r, w, &want->ee, g);
	if (want->has_scm)
		return check_time(r, w, want, g);
	if (e->kind == DRILL_E_STRING) {
		if (g->len == e->str.len && memcmp(g->data, e->str.at, g->len) == 0)
			return 0;
		return drill_end(r, DRILL_FAIL, "%s() gives other bytes in its control message",
				 w->ev->call.name);
	}
	if (drill_val_pointed(e, &v, &err) != 0)
		return drill_call_bad(r, &err);
	memcpy(&have, g->data, n); /* some are one octet: TOS, TTL */
	return have == (uint32_t)v ? 0
				   : drill_call_wrong(r, w, "cmsg_data", (int32_t)have, (int32_t)v);
}

int drill_cmsg_check(struct drill_run *r, const struct drill_wait *w, const struct drill_msghdr *m)
{
	struct got g;
	size_t at = 0;
	uint32_t i = 0;

	for (; next(&w->c, &at, &g); i++) {
		const struct drill_cmsg *want = &m->cmsg[i];

		if (i >= m->ncmsg)
			return drill_end(r, DRILL_FAIL,
					 "%s() gives a control message of level %d, type %d, which "
					 "was not expected",
					 w->ev->call.name, g.h.cmsg_level, g.h.cmsg_type);
		if (want->level != g.h.cmsg_level)
			return drill_call_wrong(r, w, "cmsg_level", g.h.cmsg_level, want->level);
		if (want->type != g.h.cmsg_type)
			return drill_call_wrong(r, w, "cmsg_type", g.h.cmsg_type, want->type);
		if (check_data(r, w, want, &g) != 0)
			return -1;
	}
	if (i < m->ncmsg)
		return drill_end(r, DRILL_FAIL, "%s() gives %u control messages; expected %u",
				 w->ev->call.name, i, m->ncmsg);
	return 0;
}
