/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * %{ }% of a script: which names it knows at its time, and who runs it. Where one piece of a script
 * needs a real Python, all of its pieces go there, because they share names. Called by run.c.
 */
#include "harness/drill/run_int.h"

#include <errno.h>
#include <string.h>

#include "harness/drill/const.h"
#include "harness/drill/python.h"

enum { MEMINFOS = 9, CC_INFOS = 5, SO_MEMINFO_ = 55, TCP_CC_INFO_ = 26 };

/* getsockopt(SO_MEMINFO), in its order. */
static const char *const meminfo_names[MEMINFOS] = {
	"SK_MEMINFO_RMEM_ALLOC", "SK_MEMINFO_RCVBUF",	  "SK_MEMINFO_WMEM_ALLOC",
	"SK_MEMINFO_SNDBUF",	 "SK_MEMINFO_FWD_ALLOC",  "SK_MEMINFO_WMEM_QUEUED",
	"SK_MEMINFO_OPTMEM",	 "SK_MEMINFO_BACKLOG",	  "SK_MEMINFO_DROPS",
};

/* union tcp_cc_info as BBR fills it: two words of bandwidth, then these. */
static const char *const bbr_names[CC_INFOS] = { "bbr_bw_lo", "bbr_bw_hi", "bbr_min_rtt",
						 "bbr_pacing_gain", "bbr_cwnd_gain" };
static const char *const vegas_names[] = { "tcpv_enabled", "tcpv_rttcnt", "tcpv_rtt",
					   "tcpv_minrtt" };

static const struct drill_fd *whose(const struct drill_run *r)
{
	return r->conn && r->conn->fd ? r->conn->fd : r->last_fd;
}

/* Words of an option of the connection that packets are about: how many there are. */
static size_t words_of(struct drill_run *r, int64_t level, int64_t name, uint32_t *out, size_t max)
{
	const struct drill_fd *f = whose(r);
	struct dut_call c = { .op = DUT_GETSOCKOPT, .a = { level, name }, .buf = out,
			      .len = max * sizeof(*out) };

	if (!f)
		return 0;
	c.fd = f->dev;
	return drill_call_now(r, &c) < 0 ? 0 : c.len / sizeof(*out);
}

/* 0, or a negative errno: -ENOPROTOOPT where the device has no such thing. */
static int64_t ask_tcp_info(struct drill_run *r, struct ph_tcp_info *out)
{
	const struct drill_fd *f = whose(r);
	struct dut_call c = { .op = DUT_GETSOCKOPT,
			      .a = { PH_IPPROTO_TCP, PH_TCP_INFO },
			      .buf = out,
			      .len = sizeof(*out) };

	memset(out, 0, sizeof(*out));
	if (!f)
		return -EBADF;
	c.fd = f->dev;
	return drill_call_now(r, &c);
}

static bool tcp_info(struct drill_run *r, struct ph_tcp_info *out)
{
	return ask_tcp_info(r, out) >= 0;
}

static bool find_word(const char *const *names, size_t n, const uint32_t *words, size_t have,
		      const char *name, struct drill_py_value *out)
{
	for (size_t i = 0; i < n && i < have; i++) {
		if (strcmp(names[i], name) == 0) {
			drill_py_set_int(out, words[i]);
			return true;
		}
	}
	return false;
}

static bool lookup(void *arg, const char *name, struct drill_py_value *out)
{
	struct drill_run *r = arg;
	struct ph_tcp_info info;
	uint32_t words[MEMINFOS] = { 0 };
	size_t n;

	if (strncmp(name, "SK_MEMINFO_", 11) == 0) {
		n = words_of(r, PH_SOL_SOCKET, SO_MEMINFO_, words, MEMINFOS);
		return find_word(meminfo_names, MEMINFOS, words, n, name, out);
	}
	if (strncmp(name, "bbr_", 4) == 0 || strncmp(name, "tcpv_", 5) == 0) {
		n = words_of(r, PH_IPPROTO_TCP, TCP_CC_INFO_, words, CC_INFOS);
		return find_word(bbr_names, CC_INFOS, words, n, name, out) ||
		       find_word(vegas_names, 4, words, n, name, out);
	}
	return tcp_info(r, &info) && drill_py_tcp_info(&info, name, out);
}

/* ---- Python ---- */

static void add_words(json_t *names, const char *const *name, size_t n, const uint32_t *words,
		      size_t have)
{
	for (size_t i = 0; i < n && i < have; i++)
		json_object_set_new(names, name[i], json_integer(words[i]));
}

/* What lookup() knows, all of it, and the constants. */
static json_t *all_names(struct drill_run *r)
{
	json_t *names = json_object();
	struct ph_tcp_info info;
	struct drill_py_value v;
	uint32_t words[MEMINFOS] = { 0 };
	const char *name;
	int64_t num;
	size_t n;

	for (size_t i = 0; (name = drill_const_row(&i, &num));)
		json_object_set_new(names, name, json_integer(num));
	if (tcp_info(r, &info))
		for (size_t i = 0; (name = drill_py_tcp_info_name(i)); i++)
			if (drill_py_tcp_info(&info, name, &v))
				json_object_set_new(names, name, json_integer((json_int_t)v.num));
	n = words_of(r, PH_SOL_SOCKET, SO_MEMINFO_, words, MEMINFOS);
	add_words(names, meminfo_names, MEMINFOS, words, n);
	n = words_of(r, PH_IPPROTO_TCP, TCP_CC_INFO_, words, CC_INFOS);
	add_words(names, bbr_names, CC_INFOS, words, n);
	add_words(names, vegas_names, 4, words, n);
	return names;
}

static int run_python(struct drill_run *r, const struct drill_code *code,
		      struct drill_py_result *out)
{
	char err[DRILL_PYTHON_ERR];
	const char *end = code->text + strlen(code->text);

	if (!r->python)
		r->python = drill_python_new(r->opt.code_command, err);
	if (!r->python)
		return drill_end(r, DRILL_UNSUPPORTED, "code that needs Python: %s", err);
	(void)drill_python_run(r->python, r->script->name, code->src.line, code->text,
			       (size_t)(end - code->text), all_names(r), out);
	return 0;
}

/* ---- for run.c ---- */

void drill_code_init(struct drill_run *r)
{
	r->py = (struct drill_py_env){ .lookup = lookup, .arg = r };
	for (const struct drill_event *ev = r->script->events; ev; ev = ev->next)
		r->code_python |= ev->kind == DRILL_EV_CODE &&
				  drill_py_needs_python(ev->code.py) != NULL;
}

void drill_code_free(struct drill_run *r)
{
	drill_py_env_free(&r->py);
	drill_python_free(r->python);
	r->python = NULL;
}

int drill_run_code(struct drill_run *r, const struct drill_code *code)
{
	struct drill_py_result result;
	struct ph_tcp_info info;

	if (strstr(code->text, "tcpi_") && ask_tcp_info(r, &info) == -ENOPROTOOPT)
		return drill_end(r, DRILL_UNSUPPORTED, "the device has no TCP_INFO");
	if (!r->code_python)
		drill_py_run(code->py, &r->py, &result);
	else if (run_python(r, code, &result) != 0)
		return -1;
	if (r->setup->verbose && result.output[0])
		fputs(result.output, r->setup->verbose);
	if (result.verdict != DRILL_PY_PASS && result.line)
		r->line = result.line;
	if (result.verdict == DRILL_PY_FAIL)
		return drill_end(r, DRILL_FAIL, "%s", result.text);
	if (result.verdict == DRILL_PY_ERROR)
		return drill_end(r, DRILL_ERROR, "%s", result.text);
	drill_log(r, r->now_ns, "%%{ }%% holds");
	return 0;
}
