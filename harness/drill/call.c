/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script's socket calls: made, waited for where the script says that they block, and their
 * results checked. What an argument means stands in call_arg.c. Called by run.c.
 */
#include "harness/drill/call_int.h"

#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_print.h"
#include "harness/drill/const.h"
#include "harness/drill/files.h"

static const uint64_t patience_ns = 2 * DRILL_NS_PER_S;

int64_t drill_call_now(struct drill_run *r, struct dut_call *c)
{
	int rc = r->dut->ops->call(r->dut, c);

	if (rc != 0)
		return rc;
	if (!c->done) { /* only a real device takes time */
		uint64_t until = r->dut->ops->now(r->dut) + patience_ns;

		while (!c->done && r->dut->ops->now(r->dut) < until)
			if (r->dut->ops->wait(r->dut, until, DUT_WAIT_CALL) < 0)
				break;
	}
	if (!c->done) {
		r->dut->ops->cancel(r->dut, c);
		return -EIO;
	}
	return c->result;
}

static void wait_free(struct drill_wait *w)
{
	free(w->buf);
	free(w->more);
	free(w->c.control);
	free(w);
}

static const char *errno_word(int err)
{
	const char *name = drill_const_errno(err);

	return name ? name : "E?";
}

static const char *errno_name(int64_t result, char out[64])
{
	snprintf(out, 64, "%s (%s)", errno_word((int)-result), strerror((int)-result));
	return out;
}

static void log_call(struct drill_run *r, const struct drill_wait *w, const char *how)
{
	char text[DRILL_PRINT_MAX], *equals;
	const struct drill_src *src = &w->ev->call.src;

	/* As written, up to the result; what really came is told after it. */
	snprintf(text, sizeof(text), "%.*s", (int)src->len, src->at);
	equals = strrchr(text, '=');
	if (equals && equals > text && equals[-1] == ' ')
		equals[-1] = '\0';
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	drill_log(r, r->now_ns, "%s%s", text, how);
}

/* ---- results ---- */

static bool gives_fd(enum drill_call_id id)
{
	return id == DRILL_C_socket || id == DRILL_C_accept || id == DRILL_C_accept4 ||
	       id == DRILL_C_epoll_create;
}

/* What a device does not have is no failure of the protocol. */
static bool lacks(const struct drill_wait *w, int64_t result)
{
	enum dut_op op = w->c.op;

	if (result == -ENOSYS)
		return true;
	if (op == DUT_SETSOCKOPT || op == DUT_GETSOCKOPT)
		return result == -ENOPROTOOPT || result == -EOPNOTSUPP;
	if (op == DUT_SOCKET)
		return result == -EPROTONOSUPPORT || result == -EAFNOSUPPORT ||
		       result == -ESOCKTNOSUPPORT;
	return (op == DUT_SEND || op == DUT_RECV) && result == -EOPNOTSUPP;
}

static int wrong_result(struct drill_run *r, const struct drill_wait *w)
{
	const struct drill_call *call = &w->ev->call;
	int64_t got = w->c.result;
	char want[128], have[64 + 32], e[64];

	if (call->err)
		snprintf(want, sizeof(want), "-1 %s", errno_word(call->err));
	else
		snprintf(want, sizeof(want), "%lld", (long long)call->result->num);
	if (got < 0)
		snprintf(have, sizeof(have), "-1 %s", errno_name(got, e));
	else
		snprintf(have, sizeof(have), "%lld", (long long)got);
	if (got < 0 && !call->err && lacks(w, got))
		return drill_end(r, DRILL_UNSUPPORTED, "%.*s: the device has no such thing: %s",
				 (int)call->src.len, call->src.at, errno_name(got, e));
	return drill_end(r, DRILL_FAIL, "%s() returned %s; expected %s", call->name, have, want);
}

static int check_result(struct drill_run *r, const struct drill_wait *w)
{
	const struct drill_call *call = &w->ev->call;
	int64_t got = w->c.result;

	if (!call->result || call->result->kind != DRILL_E_INT)
		return got == -ENOSYS ? wrong_result(r, w) : 0;
	if (call->err)
		return got == -call->err ? 0 : wrong_result(r, w);
	if (gives_fd(call->id))
		return (got >= 0) == (call->result->num >= 0) ? 0 : wrong_result(r, w);
	if (got < 0)
		return call->result->num == -1 ? 0 : wrong_result(r, w);
	return got == call->result->num ? 0 : wrong_result(r, w);
}

static int new_fd(struct drill_run *r, struct drill_wait *w)
{
	const struct drill_call *call = &w->ev->call;
	int script = call->result && call->result->kind == DRILL_E_INT ? (int)call->result->num
								       : (int)w->c.result;
	bool is_socket = call->id == DRILL_C_socket;
	int type = is_socket ? (int)(w->c.a[1] & 0xf) : w->fd ? w->fd->type : 0;
	struct drill_fd *f;

	f = drill_fd_of(r, script);
	if (f && call->id == DRILL_C_accept)
		f->script = -1; /* the script means the newer one from here on */
	else if (f)
		return drill_end(r, DRILL_ERROR, "descriptor %d is open already", script);
	f = drill_fd_new(r, script, (int)w->c.result, type);
	if (!f)
		return drill_end(r, DRILL_ERROR, "more than %d descriptors", DRILL_FDS_MAX);
	if (call->id == DRILL_C_epoll_create)
		return 0;
	r->last_fd = f;
	if (!is_socket)
		drill_fd_bind(r, f, false);
	return 0;
}

/* What a call that went well means for the descriptors. */
static int take_effect(struct drill_run *r, struct drill_wait *w)
{
	enum drill_call_id id = w->ev->call.id;
	int64_t got = w->c.result;

	if (gives_fd(id) && got >= 0)
		return new_fd(r, w);
	if (!w->fd || w->inner)
		return 0;
	if (id == DRILL_C_connect && !w->fd->conn && w->c.addr.family != 0)
		drill_fd_bind(r, w->fd, true);
	if (id == DRILL_C_close && got >= 0) {
		drill_fd_close(r, w->fd);
	} else if (id == DRILL_C_listen && got >= 0) {
		r->listener = w->fd;
		r->conn = NULL;
	} else if (id == DRILL_C_bind && got >= 0 && w->fd->type == PH_SOCK_DGRAM) {
		r->conn = drill_conn_new(r, DRILL_L4_UDP, r->opt.bind_port, 0);
		if (!r->conn)
			return -1;
		r->conn->fd = w->fd;
		w->fd->conn = r->conn;
	}
	return 0;
}

static int check_done(struct drill_run *r, struct drill_wait *w)
{
	char how[96], e[64];
	int rc;

	if (w->null_buf && w->c.result > 0)
		w->c.result = -EFAULT;
	if (w->c.result < 0)
		snprintf(how, sizeof(how), " = -1 %s", errno_name(w->c.result, e));
	else if (gives_fd(w->ev->call.id) && w->ev->call.result)
		snprintf(how, sizeof(how), " = %lld", (long long)w->ev->call.result->num);
	else
		snprintf(how, sizeof(how), " = %lld", (long long)w->c.result);
	log_call(r, w, how);
	if (w->c.op == DUT_SEND && !w->inner)
		drill_call_sent(w);
	drill_files_done(r, w);
	rc = check_result(r, w);
	if (rc == 0 && w->c.result >= 0)
		rc = drill_call_check_out(r, w);
	if (rc != 0 && drill_forgive(r, r->opt.nonfatal_syscall) != 0)
		return -1;
	return take_effect(r, w);
}

static int check_time(struct drill_run *r, const struct drill_wait *w)
{
	uint64_t due = w->blocks ? w->until_ns : w->from_ns;
	uint64_t gap = w->blocks && w->until_ns > w->from_ns ? w->until_ns - w->from_ns : 0;
	uint64_t tolerance = drill_tolerance(r, gap), at = w->c.done_ns;
	uint64_t off = at > due ? at - due : due - at;
	char a[32], b[32];

	/* Other calls than those that block take what the device takes. */
	if (off <= tolerance || (!w->blocks && at <= due + patience_ns))
		return 0;
	r->only_time = true;
	return drill_end(r, DRILL_FAIL, "%s() returned at %s; expected at %s (tolerance %.3f ms)",
			 w->ev->call.name, drill_time_text(r, at, a), drill_time_text(r, due, b),
			 (double)tolerance / 1e6);
}

/* The event a message is about is the call's, which may be an older one than that which runs. */
static int finish(struct drill_run *r, struct drill_wait *w)
{
	const struct drill_event *ev = r->ev;
	int rc;

	r->ev = w->ev;
	rc = check_time(r, w);
	if (rc != 0)
		rc = drill_forgive(r, r->opt.nonfatal_syscall);
	if (rc == 0)
		rc = check_done(r, w);
	r->ev = ev;
	wait_free(w);
	return rc;
}

int drill_calls_check(struct drill_run *r)
{
	struct drill_wait **at = &r->waits;

	while (*at) {
		struct drill_wait *w = *at;

		if (!w->c.done) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		r->nwaits--;
		if (finish(r, w) != 0)
			return -1;
	}
	return 0;
}

static int never_returned(struct drill_run *r, const struct drill_wait *w)
{
	char due[32];

	r->ev = w->ev;
	if (w->blocks)
		return drill_end(r, DRILL_FAIL, "%s() does not return; it was to at %s",
				 w->ev->call.name, drill_time_text(r, w->until_ns, due));
	return drill_end(r, DRILL_FAIL,
			 "%s() blocks; the script does not say so (that would be T...T2 before its "
			 "name)",
			 w->ev->call.name);
}

int drill_calls_finish(struct drill_run *r, uint64_t at_ns)
{
	for (;;) {
		struct drill_wait *w = r->waits;

		while (w && w->until_ns > at_ns)
			w = w->next;
		if (!w)
			return 0;
		if (!w->c.done && r->now_ns >= w->until_ns + patience_ns)
			return never_returned(r, w);
		if (!w->c.done &&
		    drill_wait_until(r, w->until_ns + patience_ns, DUT_WAIT_CALL) != 0)
			return -1;
		if (drill_calls_check(r) != 0)
			return -1;
	}
}

void drill_calls_free(struct drill_run *r)
{
	struct drill_wait *next;

	for (struct drill_wait *w = r->waits; w; w = next) {
		next = w->next;
		if (!w->c.done)
			r->dut->ops->cancel(r->dut, &w->c);
		wait_free(w);
	}
	r->waits = NULL;
}

/* ---- making one ---- */

static int start(struct drill_run *r, struct drill_wait *w)
{
	int rc = w->inner ? 0 : r->dut->ops->call(r->dut, &w->c);

	if (rc == -EOPNOTSUPP)
		return drill_end(r, DRILL_UNSUPPORTED, "%s(): %s", w->ev->call.name, r->dut->err);
	if (rc != 0)
		return drill_broken(r);
	/* Its packets go out before it returns. */
	if (w->c.op == DUT_CONNECT && w->fd && w->c.addr.family != 0 &&
	    (!w->c.done || w->c.result == 0 || w->c.result == -EINPROGRESS))
		drill_fd_bind(r, w->fd, true);
	return 0;
}

/* A call that the script does not let block has this long. In virtual time what does not return at
 * once never will without another event. */
static int wait_a_little(struct drill_run *r, struct drill_wait *w)
{
	uint64_t until = r->now_ns + patience_ns;

	if (r->dut->ops->virtual_time)
		until = r->now_ns;
	while (!w->c.done) {
		if (drill_wait_until(r, until, DUT_WAIT_CALL) != 0)
			return -1;
		if (!w->c.done && r->now_ns >= until) {
			(void)never_returned(r, w);
			return -1;
		}
	}
	return 0;
}

static int append(struct drill_run *r, struct drill_wait *w)
{
	struct drill_wait **end = &r->waits;

	if (r->nwaits >= DRILL_PENDING_MAX) {
		r->dut->ops->cancel(r->dut, &w->c);
		wait_free(w);
		return drill_end(r, DRILL_ERROR, "more than %d calls wait at once",
				 DRILL_PENDING_MAX);
	}
	while (*end)
		end = &(*end)->next;
	*end = w;
	r->nwaits++;
	log_call(r, w, " ...");
	return drill_calls_check(r);
}

int drill_run_call(struct drill_run *r, const struct drill_event *ev, uint64_t from_ns,
		   uint64_t until_ns)
{
	struct drill_wait *w;
	int rc;

	if (drill_calls_finish(r, r->now_ns) != 0)
		return -1;
	w = calloc(1, sizeof(*w));
	if (!w)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->ev = ev;
	w->from_ns = from_ns;
	w->blocks = ev->time.blocking;
	w->until_ns = w->blocks ? until_ns : from_ns;
	rc = drill_call_prepare(r, w);
	if (rc == 0)
		rc = start(r, w);
	if (rc == 0 && w->blocks && !w->c.done)
		return append(r, w);
	if (rc == 0)
		rc = wait_a_little(r, w);
	r->now_ns = r->dut->ops->now(r->dut);
	if (rc == 0)
		return finish(r, w);
	if (w->c.priv)
		r->dut->ops->cancel(r->dut, &w->c);
	wait_free(w);
	return rc;
}
