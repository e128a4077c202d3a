/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script from its first event to its last: when each is due, who carries it out, and what is left
 * at the end. Called through run.h. The clock is the device's: where that is virtual, it jumps to
 * whatever comes next, of script or stack, and two runs are equal to the nanosecond.
 */
#define _GNU_SOURCE

#include "harness/drill/run_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/files.h"

/* Real clocks: how late an event of the script may begin before the bench is to blame. */
static const uint64_t late_ns = DRILL_NS_PER_S;

/* A real clock's tolerance where neither script nor user says one: the programs on both sides of the
 * wire share a machine that has other things to do, too. It comes on top of the share of the time
 * that went by, which is the coarseness of a kernel's timers. */
enum { WIRE_TRIES = 6 };
static const uint64_t slip_ns = 2 * DRILL_NS_PER_MS; /* more than a machine at rest takes */
static const uint64_t wire_tolerance_ns = 25 * DRILL_NS_PER_MS;

int drill_wait_until(struct drill_run *r, uint64_t at_ns, unsigned what)
{
	int bits = r->dut->ops->wait(r->dut, at_ns, what);

	r->now_ns = r->dut->ops->now(r->dut);
	return bits < 0 ? drill_broken(r) : 0;
}

uint64_t drill_tolerance(const struct drill_run *r, uint64_t gap_ns)
{
	uint64_t share = (uint64_t)((double)gap_ns * r->opt.tolerance_percent / 100.0);
	uint64_t fixed = r->opt.tolerance_ns > 0 ? (uint64_t)r->opt.tolerance_ns : 0;

	if (!r->opt.has_tolerance && !r->dut->ops->virtual_time)
		return wire_tolerance_ns + share;
	return share > fixed ? share : fixed;
}

/* ---- times ---- */

/* What an event's times count from. Inbound packets in a row count from when the one before was
 * due, so that they do not drift; all else from now. */
static uint64_t base_of(const struct drill_run *r, const struct drill_event *ev)
{
	switch (ev->time.kind) {
	case DRILL_T_ABS:
	case DRILL_T_ABS_RANGE:
		return r->zero_ns;
	case DRILL_T_REL:
	case DRILL_T_REL_RANGE:
	case DRILL_T_ANY:
		break;
	}
	if (r->last_was_in && ev->kind == DRILL_EV_PACKET && ev->packet.dir == DRILL_IN)
		return r->last_in_ns;
	return r->now_ns;
}

static uint64_t plus(uint64_t base, int64_t ns)
{
	return ns < 0 ? base - (uint64_t)-ns : base + (uint64_t)ns;
}

/* ---- events ---- */

static int come_to(struct drill_run *r, uint64_t at_ns)
{
	char due[32], now[32];

	if (drill_wait_until(r, at_ns, 0) != 0)
		return -1;
	if (r->now_ns > at_ns && r->now_ns - at_ns > r->late_ns)
		r->late_ns = r->now_ns - at_ns;
	r->too_late = r->now_ns > at_ns && r->now_ns - at_ns > late_ns;
	if (r->too_late)
		return drill_end(r, DRILL_ERROR,
				 "the bench is late: this was due at %s and it is %s; is the "
				 "machine busy?",
				 drill_time_text(r, at_ns, due),
				 drill_time_text(r, r->now_ns, now));
	return drill_calls_check(r);
}

/* What --non_fatal says of a failure: it is told, and the script goes on. */
int drill_forgive(struct drill_run *r, bool forgiven)
{
	if (r->verdict != DRILL_FAIL || !forgiven)
		return -1;
	drill_log(r, r->now_ns, "line %u, not fatal: %s", r->line, r->reason);
	r->verdict = DRILL_PASS;
	r->line = 0;
	r->reason[0] = '\0';
	free(r->detail);
	r->detail = NULL;
	return 0;
}

static int run_packet(struct drill_run *r, const struct drill_event *ev, uint64_t from_ns,
		      uint64_t to_ns)
{
	uint64_t gap, tolerance;
	int rc;

	if (ev->packet.dir == DRILL_IN) {
		if (come_to(r, from_ns) != 0)
			return -1;
		rc = drill_run_in(r, &ev->packet);
		r->last_in_ns = from_ns;
		r->last_ns = from_ns;
		return rc;
	}
	gap = from_ns > r->last_ns ? from_ns - r->last_ns : 0;
	tolerance = drill_tolerance(r, gap);
	rc = drill_run_out(r, &ev->packet, from_ns, to_ns, tolerance);
	if (rc != 0)
		rc = drill_forgive(r, r->opt.nonfatal_packet);
	r->last_ns = ev->time.kind == DRILL_T_ANY ? r->now_ns : from_ns;
	return rc == 0 ? drill_calls_check(r) : rc;
}

static int run_event(struct drill_run *r, const struct drill_event *ev)
{
	uint64_t base = base_of(r, ev), from = plus(base, ev->time.at_ns);
	uint64_t until = ev->time.blocking ? plus(base, ev->time.until_ns) : 0;
	int rc = 0;

	r->ev = ev;
	if (ev->kind == DRILL_EV_PACKET) {
		rc = run_packet(r, ev, from, plus(base, ev->time.end_ns));
	} else if (come_to(r, from) != 0) {
		return -1;
	} else {
		switch (ev->kind) {
		case DRILL_EV_CALL:
			rc = drill_run_call(r, ev, from, until);
			break;
		case DRILL_EV_COMMAND:
			rc = drill_run_command(r, &ev->command);
			break;
		case DRILL_EV_CODE:
			rc = drill_run_code(r, &ev->code);
			break;
		case DRILL_EV_PACKET:
			break;
		}
		r->last_ns = from;
	}
	r->last_was_in = ev->kind == DRILL_EV_PACKET && ev->packet.dir == DRILL_IN;
	return rc;
}

/* ---- the world of a script ---- */

static bool parse_ip(const char *text, struct ph_ip *out)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*out = ph_ip4(v4[0], v4[1], v4[2], v4[3]);
		return true;
	}
	return inet_pton(AF_INET6, text, out->b) == 1;
}

static int set_ip(struct drill_run *r, const char *option, const char *given, const char *usual,
		  struct ph_ip *out)
{
	if (!parse_ip(given ? given : usual, out))
		return drill_end(r, DRILL_ERROR, "--%s=%s is no address", option, given);
	return 0;
}

static unsigned prefix_of(const struct drill_run *r)
{
	struct ph_ip mask;
	unsigned n = 0;

	if (!r->v4)
		return 64;
	if (!r->opt.netmask_ip || !parse_ip(r->opt.netmask_ip, &mask))
		return 16;
	for (unsigned i = 12 * 8; i < 128 && mask.b[i / 8] & (0x80 >> i % 8); i++)
		n++;
	return n;
}

static int set_options(struct drill_run *r)
{
	char err[DRILL_OPTION_ERR];

	drill_options_init(&r->opt);
	drill_options_of_script(&r->opt, r->script);
	for (size_t i = 0; i < r->setup->noption; i++) {
		const struct drill_define *o = &r->setup->option[i];

		switch (drill_options_set(&r->opt, o->name, o->value, err)) {
		case DRILL_OPTION_OK:
		case DRILL_OPTION_IGNORED:
			break;
		case DRILL_OPTION_UNSUPPORTED:
			return drill_end(r, DRILL_UNSUPPORTED, "%s", err);
		case DRILL_OPTION_BAD:
			return drill_end(r, DRILL_ERROR, "%s", err);
		}
	}
	return 0;
}

static int open_device(struct drill_run *r)
{
	static const char word[] = "unsupported: ";
	char err[DUT_ERR_TEXT] = "";
	struct dut_conf *c = &r->conf;

	if (r->opt.is_anyip)
		return drill_end(r, DRILL_UNSUPPORTED, "--is_anyip: the device has one address");
	r->v4 = r->script->ip_version != DRILL_V_IP6;
	if (set_ip(r, "local_ip", r->opt.local_ip, r->v4 ? "192.168.0.1" : "fd3d:a0b:17d6::1",
		   &c->local) != 0 ||
	    set_ip(r, "remote_ip", r->opt.remote_ip, r->v4 ? "192.0.2.1" : "fd3d:fa7b:d17d::1",
		   &c->remote) != 0)
		return -1;
	if (r->opt.gateway_ip && set_ip(r, "gateway_ip", r->opt.gateway_ip, "", &c->gateway) != 0)
		return -1;
	c->prefix = prefix_of(r);
	c->mtu = r->opt.mtu;
	c->mss = r->opt.mss;
	memset(c->key, 0x5a, sizeof(c->key)); /* runs repeat */
	if (r->keep) {
		c->trace = drill_record_trace;
		c->trace_arg = r;
	}
	r->dut = r->setup->open(r->setup->open_arg, c, err);
	if (!r->dut) {
		bool not_here = strncmp(err, word, sizeof(word) - 1) == 0;

		return not_here ? drill_end(r, DRILL_UNSUPPORTED, "%s", err + sizeof(word) - 1)
				: drill_end(r, DRILL_ERROR, "the device does not start: %s", err);
	}
	/* A virtual run is repeated for its evidence; another is kept from the start. */
	if (r->setup->evidence && !r->dut->ops->virtual_time && drill_record_new(r) != 0)
		return drill_end(r, DRILL_ERROR, "out of memory");
	return 0;
}

/* --init_scripts=A,B: each as if it stood in backticks before the script. */
static int run_init_scripts(struct drill_run *r)
{
	char *list = r->opt.init_scripts ? strdup(r->opt.init_scripts) : NULL, *rest = list, *one;
	int rc = 0;

	if (r->opt.init_scripts && !list)
		return drill_end(r, DRILL_ERROR, "out of memory");
	while (rc == 0 && (one = strsep(&rest, ",")))
		rc = drill_run_command(r, &(struct drill_command){ .text = one });
	free(list);
	return rc;
}

static int run_events(struct drill_run *r)
{
	if (drill_run_profile(r, r->setup->profile) != 0 || run_init_scripts(r) != 0)
		return -1;
	if (r->script->init && drill_run_command(r, r->script->init) != 0)
		return -1;
	r->waited_ns = r->dut->ops->waited ? r->dut->ops->waited(r->dut) : 0;
	r->zero_ns = r->now_ns = r->last_ns = r->dut->ops->now(r->dut);
	for (const struct drill_event *ev = r->script->events; ev; ev = ev->next) {
		if (run_event(r, ev) != 0)
			return -1;
		r->nevents++;
	}
	r->ev = NULL;
	return drill_calls_finish(r, UINT64_MAX);
}

static void close_all(struct drill_run *r)
{
	if (!r->dut)
		return;
	if (!r->opt.send_omit_free)
		drill_run_reset(r);
	drill_calls_free(r);
	for (int i = 0; i < DRILL_FDS_MAX; i++) {
		struct dut_call c = { .op = DUT_CLOSE, .fd = r->fds[i].dev };

		if (r->fds[i].used)
			(void)drill_call_now(r, &c);
	}
	if (r->script->cleanup && r->verdict == DRILL_PASS)
		(void)drill_run_command(r, r->script->cleanup);
}

/* ---- the calls of run.h ---- */

/*
 * A run in real time that failed while the machine was busy: a time that is off says nothing when bench or
 * device were kept from running for longer than a machine at rest keeps them, and neither does another
 * packet than the script's when that was longer than a time may be off. Timeouts had passed, say.
 */
static bool says_nothing(const struct drill_run *r)
{
	uint64_t late = r->late_ns, all;

	if (!r->dut || r->dut->ops->virtual_time)
		return false;
	if (r->dut->ops->waited && r->zero_ns != 0) {
		all = r->dut->ops->waited(r->dut); /* less than before: the program is gone */
		late = all > r->waited_ns && all - r->waited_ns > late ? all - r->waited_ns : late;
	}
	if (r->verdict == DRILL_ERROR)
		return r->too_late;
	return r->verdict == DRILL_FAIL && late > (r->only_time ? slip_ns : wire_tolerance_ns);
}

/* True: the device's time was virtual. *again: it failed, and that says nothing. */
static bool run_once(const struct drill_script *s, const struct drill_setup *u, bool keep,
		     struct drill_result *out, bool *again)
{
	struct drill_run *r = calloc(1, sizeof(*r));
	bool is_virtual;

	*again = false;
	*out = (struct drill_result){ .verdict = DRILL_ERROR };
	if (!r) {
		snprintf(out->reason, sizeof(out->reason), "out of memory");
		return false;
	}
	r->script = s;
	r->setup = u;
	r->keep = keep;
	r->packet = malloc(sizeof(*r->packet));
	r->out = malloc(DRILL_NET_MAX);
	drill_code_init(r);
	if (!r->packet || !r->out || (keep && drill_record_new(r) != 0))
		(void)drill_end(r, DRILL_ERROR, "out of memory");
	else if (set_options(r) == 0 && !r->opt.dry_run && open_device(r) == 0)
		(void)run_events(r);
	out->verdict = r->verdict;
	out->line = r->verdict == DRILL_PASS ? 0 : r->line;
	memcpy(out->reason, r->reason, sizeof(out->reason));
	if (r->verdict != DRILL_PASS)
		out->message = drill_report(r);
	out->nevents = r->nevents;
	out->took_ns = r->dut ? r->dut->ops->now(r->dut) - r->zero_ns : 0;
	is_virtual = r->dut && r->dut->ops->virtual_time;
	*again = says_nothing(r);
	close_all(r);
	drill_conns_free(r);
	if (r->dut)
		r->dut->ops->free(r->dut);
	out->events = r->log;
	drill_code_free(r);
	drill_files_free(r);
	drill_record_free(r);
	free(r->detail);
	free(r->packet);
	free(r->out);
	free(r);
	return is_virtual;
}

/*
 * A virtual run repeats exactly: what the evidence needs is kept in a second one, and the scripts
 * that pass do not pay for it. On a wire the bench can be late itself, and a late ACK is a longer round trip
 * to the device, three of which are its timeout: a run that failed as the machine was busy is made again.
 */
void drill_run(const struct drill_script *s, const struct drill_setup *u, struct drill_result *out)
{
	struct drill_setup quiet = *u;
	bool again, is_virtual = run_once(s, u, false, out, &again);

	for (int i = 1; again && i < WIRE_TRIES; i++) {
		drill_result_free(out);
		(void)run_once(s, u, false, out, &again);
	}
	if (is_virtual && u->evidence && out->verdict == DRILL_FAIL) {
		quiet.verbose = NULL;
		drill_result_free(out);
		(void)run_once(s, &quiet, true, out, &again);
	}
}

void drill_run_text(const char *text, size_t len, const char *name, const struct drill_setup *u,
		    struct drill_result *out)
{
	struct drill_script *s;
	struct drill_err err;

	*out = (struct drill_result){ .verdict = DRILL_ERROR };
	if (drill_parse(text, len, name, &u->defines, &s, &err) != 0) {
		size_t room = strlen(err.text) + 2;

		out->verdict = err.kind == DRILL_ERR_UNSUPPORTED ? DRILL_UNSUPPORTED : DRILL_ERROR;
		out->line = err.line;
		snprintf(out->reason, sizeof(out->reason), "%.*s", DRILL_REASON_TEXT - 1,
			 err.sentence);
		out->message = malloc(room);
		if (out->message)
			snprintf(out->message, room, "%s\n", err.text);
		return;
	}
	drill_run(s, u, out);
	drill_script_free(s);
}

static int read_file(const char *path, char **text, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *t = malloc(DRILL_TEXT_MAX + 1);
	int rc = 0;

	if (!f || !t) {
		rc = -errno;
	} else {
		*len = fread(t, 1, DRILL_TEXT_MAX + 1, f);
		if (ferror(f))
			rc = -EIO;
		else if (*len > DRILL_TEXT_MAX)
			rc = -EFBIG;
	}
	if (f)
		fclose(f);
	if (rc != 0)
		free(t);
	else
		*text = t;
	return rc;
}

void drill_run_file(const char *path, const struct drill_setup *u, struct drill_result *out)
{
	char *text = NULL;
	size_t len = 0;
	int rc = read_file(path, &text, &len);

	if (rc != 0) {
		*out = (struct drill_result){ .verdict = DRILL_ERROR };
		snprintf(out->reason, sizeof(out->reason), "cannot read %s: %s", path,
			 strerror(-rc));
		return;
	}
	drill_run_text(text, len, path, u, out);
	free(text);
}

void drill_result_free(struct drill_result *r)
{
	free(r->message);
	free(r->events);
	r->message = r->events = NULL;
}
