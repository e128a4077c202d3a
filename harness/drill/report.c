/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of a run: the list of what happened, and for one that did not pass the message, with
 * a directory that has the capture, the trace and the message itself. Called by the runner.
 */
#define _GNU_SOURCE

#include "harness/drill/run_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/capture/pcapng.h"
#include "harness/drill/ast_print.h"

enum { LAST_EVENTS = 10, LINE_MAX_ = DRILL_PRINT_MAX + 64, PATH_TEXT = 1024 };

struct kept {
	struct kept *next;
	uint64_t at_ns;
	bool inbound;
	size_t len;
	uint8_t bytes[];
};

struct drill_record {
	struct kept *first, **last;
	size_t bytes;
	char *trace;
	size_t trace_len;
	FILE *trace_file;
};

/* ---- what happened ---- */

const char *drill_time_text(const struct drill_run *r, uint64_t at_ns, char out[32])
{
	uint64_t ns = at_ns > r->zero_ns ? at_ns - r->zero_ns : 0;

	snprintf(out, 32, "%llu.%06llu", (unsigned long long)(ns / DRILL_NS_PER_S),
		 (unsigned long long)(ns % DRILL_NS_PER_S / 1000));
	return out;
}

static void append(struct drill_run *r, const char *text, size_t len)
{
	if (r->log_len + len + 1 > r->log_cap) {
		size_t cap = 2 * (r->log_len + len + 512);
		char *log = realloc(r->log, cap);

		if (!log)
			return;
		r->log = log;
		r->log_cap = cap;
	}
	memcpy(r->log + r->log_len, text, len);
	r->log_len += len;
	r->log[r->log_len] = '\0';
}

void drill_log(struct drill_run *r, uint64_t at_ns, const char *fmt, ...)
{
	uint64_t ns = at_ns > r->zero_ns ? at_ns - r->zero_ns : 0;
	char line[LINE_MAX_];
	va_list ap;
	int n, more;

	n = snprintf(line, sizeof(line), "%llu.%09llu ", (unsigned long long)(ns / DRILL_NS_PER_S),
		     (unsigned long long)(ns % DRILL_NS_PER_S));
	va_start(ap, fmt);
	more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = n + more < (int)sizeof(line) - 2 ? n + more : (int)sizeof(line) - 2;
	line[n++] = '\n';
	append(r, line, (size_t)n);
	if (r->setup->verbose)
		fprintf(r->setup->verbose, "%s:%u: %.*s", r->script->name,
			r->ev ? r->ev->src.line : 0, n, line);
}

int drill_end(struct drill_run *r, enum drill_verdict v, const char *fmt, ...)
{
	va_list ap;

	if (r->verdict != DRILL_PASS)
		return -1;
	r->verdict = v;
	if (!r->line && r->ev)
		r->line = r->ev->src.line;
	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
	return -1;
}

int drill_broken(struct drill_run *r)
{
	return drill_end(r, DRILL_ERROR, "the device failed: %s",
			 r->dut->err[0] ? r->dut->err : "it does not say how");
}

void drill_detail(struct drill_run *r, const char *text)
{
	if (r->verdict == DRILL_PASS && !r->detail)
		r->detail = strdup(text);
}

void drill_show_live(const struct drill_live *l, const struct drill_conn *c, enum drill_dir dir,
		     char *out, size_t size)
{
	struct drill_tcpopt opt[DRILL_TCPOPTS_MAX];
	struct drill_packet p = { .tcp.opt = opt };
	bool named = false;

	drill_net_packet(l, dir, c ? c->isn_live - (l->flags & DRILL_F_SYN ? c->isn_script : 0) : 0,
			 c && !(l->flags & DRILL_F_SYN) ? c->remote_isn : 0, &p);
	/* A timestamp the script has named is shown by its number. */
	for (uint32_t i = 0; c && i < p.tcp.nopt && !named; i++) {
		for (unsigned k = 0; opt[i].kind == DRILL_O_TS && k < c->nts && !named; k++) {
			named = c->ts[k].live == opt[i].ts_val.num && !c->ts[k].name;
			if (named)
				opt[i].ts_val.num = c->ts[k].script;
		}
	}
	drill_print_packet(&p, out, size);
}

/* ---- what is kept ---- */

int drill_record_new(struct drill_run *r)
{
	r->record = calloc(1, sizeof(*r->record));
	if (!r->record)
		return -1;
	r->record->last = &r->record->first;
	r->record->trace_file = open_memstream(&r->record->trace, &r->record->trace_len);
	return r->record->trace_file ? 0 : -1;
}

void drill_record_free(struct drill_run *r)
{
	struct kept *next;

	if (!r->record)
		return;
	for (struct kept *k = r->record->first; k; k = next) {
		next = k->next;
		free(k);
	}
	if (r->record->trace_file)
		fclose(r->record->trace_file);
	free(r->record->trace);
	free(r->record);
	r->record = NULL;
}

void drill_record_packet(struct drill_run *r, uint64_t at_ns, bool inbound, const uint8_t *bytes,
			 size_t len)
{
	struct drill_record *rec = r->record;
	struct kept *k;

	if (!rec || rec->bytes + len > DRILL_RECORD_MAX)
		return;
	k = malloc(sizeof(*k) + len);
	if (!k)
		return;
	*k = (struct kept){ .at_ns = at_ns, .inbound = inbound, .len = len };
	memcpy(k->bytes, bytes, len);
	*rec->last = k;
	rec->last = &k->next;
	rec->bytes += len;
}

void drill_record_trace(void *arg, const struct ph_trace_event *e)
{
	struct drill_run *r = arg;
	FILE *f = r->record->trace_file;
	uint64_t ns = e->at_ns > r->zero_ns ? e->at_ns - r->zero_ns : 0;

	if (r->zero_ns == 0 || ftell(f) > DRILL_RECORD_MAX)
		return;
	fprintf(f, "{\"time\":%llu.%09llu,\"name\":\"%s:%s\"",
		(unsigned long long)(ns / DRILL_NS_PER_S),
		(unsigned long long)(ns % DRILL_NS_PER_S), e->type->category, e->type->name);
	for (unsigned i = 0; i < e->type->nfields; i++) {
		const union ph_trace_value *v = &e->values[i];

		switch (e->type->fields[i].kind) {
		case PH_TRACE_U64:
			fprintf(f, ",\"%s\":%llu", e->type->fields[i].name,
				(unsigned long long)v->u64);
			break;
		case PH_TRACE_STR:
			fprintf(f, ",\"%s\":\"%s\"", e->type->fields[i].name, v->str);
			break;
		case PH_TRACE_IP:
			fprintf(f, ",\"%s\":\"%u.%u.%u.%u\"", e->type->fields[i].name, v->ip[12],
				v->ip[13], v->ip[14], v->ip[15]);
			break;
		}
	}
	fputs("}\n", f);
}

/* ---- the evidence ---- */

static int write_pcapng(const struct drill_run *r, const char *path)
{
	char err[PCAPNG_ERR_TEXT];
	struct pcapng_writer *w = pcapng_writer_open(path, err, sizeof(err));
	uint32_t id;
	int rc;

	if (!w)
		return -1;
	rc = pcapng_writer_add_if(w, "script", PCAPNG_LINK_RAW_IP, &id);
	for (const struct kept *k = r->record->first; k && rc == 0; k = k->next) {
		struct pcapng_packet p = { .if_id = id,
					   .dir = k->inbound ? PCAPNG_DIR_IN : PCAPNG_DIR_OUT,
					   .time_ns = k->at_ns,
					   .caplen = (uint32_t)k->len,
					   .len = (uint32_t)k->len,
					   .data = k->bytes };

		rc = pcapng_writer_packet(w, &p);
	}
	return pcapng_writer_close(w) == 0 ? rc : -1;
}

static int write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	fputs(text ? text : "", f);
	return fclose(f);
}

/* A directory of its own under the one that was given, called after the script. */
static int make_dir(const struct drill_run *r, char *dir, size_t size)
{
	const char *name = strrchr(r->script->name, '/');
	size_t at;

	name = name ? name + 1 : r->script->name;
	if (mkdir(r->setup->evidence, 0777) != 0 && errno != EEXIST)
		return -1;
	at = (size_t)snprintf(dir, size, "%s/%s.XXXXXX", r->setup->evidence, name);
	return at < size && mkdtemp(dir) ? 0 : -1;
}

static void write_evidence(const struct drill_run *r, const char *dir, const char *message)
{
	char path[PATH_TEXT + 32];

	snprintf(path, sizeof(path), "%s/packets.pcapng", dir);
	(void)write_pcapng(r, path);
	snprintf(path, sizeof(path), "%s/events.txt", dir);
	(void)write_text(path, r->log);
	snprintf(path, sizeof(path), "%s/message.txt", dir);
	(void)write_text(path, message);
	fflush(r->record->trace_file);
	snprintf(path, sizeof(path), "%s/trace.jsonl", dir);
	(void)write_text(path, r->record->trace);
}

/* ---- the message ---- */

static void say_source(FILE *f, const struct drill_run *r)
{
	const char *at = r->script->text;
	uint32_t line = 1;

	while (line < r->line && (at = strchr(at, '\n'))) {
		at++;
		line++;
	}
	if (r->line && at)
		fprintf(f, "  script:   %.*s\n", (int)strcspn(at, "\n"), at);
}

static void say_events(FILE *f, const struct drill_run *r)
{
	const char *at = r->log ? r->log + r->log_len : NULL;
	int n = 0;

	if (!at || r->log_len == 0)
		return;
	at--; /* the last newline */
	while (at > r->log && n < LAST_EVENTS) {
		at--;
		n += *at == '\n';
	}
	at += *at == '\n';
	fputs("  last events:\n", f);
	while (*at) {
		int len = (int)strcspn(at, "\n");

		fprintf(f, "    %.*s\n", len, at);
		at += len + 1;
	}
}

static void say_unread(FILE *f, const struct drill_run *r)
{
	char text[DRILL_PRINT_MAX], when[32];

	for (const struct drill_conn *c = r->conns; c; c = c->next) {
		for (const struct drill_frame *fr = c->first; fr; fr = fr->next) {
			drill_show_live(&fr->live, c, DRILL_OUT, text, sizeof(text));
			fprintf(f, "  also sent: %s %s\n", drill_time_text(r, fr->live.at_ns, when),
				text);
		}
	}
}

static void say_info(FILE *f, struct drill_run *r)
{
	static const char *const states[] = {
		"?",	      "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
		"FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
		"CLOSE-WAIT", "LAST-ACK",    "LISTEN",	  "CLOSING"
	};
	struct drill_fd *fd = r->conn && r->conn->fd ? r->conn->fd : r->last_fd;
	struct ph_tcp_info i = { 0 };
	struct dut_call c = { .op = DUT_GETSOCKOPT,
			      .a = { PH_IPPROTO_TCP, PH_TCP_INFO },
			      .buf = &i,
			      .len = sizeof(i) };

	if (!fd || fd->type != PH_SOCK_STREAM)
		return;
	c.fd = fd->dev;
	if (drill_call_now(r, &c) < 0)
		return;
	fprintf(f,
		"  tcp_info of %d: %s cwnd %u ssthresh %u unacked %u lost %u retrans %u sacked "
		"%u\n    rto %u us rtt %u us mss %u backoff %u ca_state %u snd_wnd %u rcv_wnd %u\n",
		fd->script, states[i.tcpi_state < 12 ? i.tcpi_state : 0], i.tcpi_snd_cwnd,
		i.tcpi_snd_ssthresh, i.tcpi_unacked, i.tcpi_lost, i.tcpi_retrans, i.tcpi_sacked,
		i.tcpi_rto, i.tcpi_rtt, i.tcpi_snd_mss, i.tcpi_backoff, i.tcpi_ca_state,
		i.tcpi_snd_wnd, i.tcpi_rcv_wnd);
}

static void say_device(FILE *f, struct drill_run *r)
{
	char text[2048] = "";

	if (!r->dut)
		return;
	say_info(f, r);
	if (!r->dut->ops->describe)
		return;
	r->dut->ops->describe(r->dut, text, sizeof(text));
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(f, "  socket: %s\n", line);
}

char *drill_report(struct drill_run *r)
{
	char *text = NULL, dir[PATH_TEXT] = "";
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s:%u: %s: %s\n", r->script->name, r->line, drill_verdict_name(r->verdict),
		r->reason);
	if (r->verdict != DRILL_UNSUPPORTED) {
		say_source(f, r);
		if (r->detail)
			fputs(r->detail, f);
		say_events(f, r);
		say_unread(f, r);
		say_device(f, r);
	}
	if (r->record && r->verdict != DRILL_UNSUPPORTED && make_dir(r, dir, sizeof(dir)) == 0)
		fprintf(f, "  evidence: %s (packets.pcapng, trace.jsonl, events.txt)\n", dir);
	if (r->setup->again)
		fprintf(f, "  again:    %s\n", r->setup->again);
	fclose(f);
	if (dir[0])
		write_evidence(r, dir, text);
	return text;
}
