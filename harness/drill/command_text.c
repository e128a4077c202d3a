/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of scripts that ask what the device counts and which sockets it has, and the greps
 * behind them: nstat, ss, FreeBSD's sockstat, and /proc/net/tcp. They are answered from the device's own
 * counters and sockets in the form that those programs print, so that the patterns of the scripts
 * mean the same on every device. Called by sysctl.c.
 */
#define _GNU_SOURCE

#include "harness/drill/command_int.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKS_MAX = 256, LINE_ROOM = 512, ADDR_ROOM = INET6_ADDRSTRLEN + 8, STATES = 13 };

static const char *const ss_states[STATES] = {
	"UNKNOWN",    "ESTAB",	   "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
	"UNCONN",     "CLOSE-WAIT", "LAST-ACK", "LISTEN",   "CLOSING",	  "SYN-RECV",
};
static const char *const ss_words[STATES] = {
	"unknown",    "established", "syn-sent", "syn-recv",  "fin-wait-1", "fin-wait-2",
	"time-wait",  "closed",	    "close-wait", "last-ack", "listening",  "closing",
	"syn-recv",
};
static const char *const bsd_states[STATES] = {
	"UNKNOWN",   "ESTABLISHED", "SYN_SENT",	  "SYN_RCVD", "FIN_WAIT_1", "FIN_WAIT_2",
	"TIME_WAIT", "CLOSED",	    "CLOSE_WAIT", "LAST_ACK", "LISTEN",	    "CLOSING",
	"SYN_RCVD",
};

static bool is(const char *word, const char *name)
{
	const char *slash = strrchr(word, '/');

	return strcmp(slash ? slash + 1 : word, name) == 0;
}

static int add(struct drill_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int add(struct drill_text *t, const char *fmt, ...)
{
	char line[LINE_ROOM];
	va_list args;
	size_t n;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	n = strlen(line);
	if (t->len + n + 1 > t->cap) {
		size_t cap = 2 * t->cap + LINE_ROOM;
		char *grown = realloc(t->at, cap);

		if (!grown)
			return -ENOMEM;
		t->at = grown;
		t->cap = cap;
	}
	memcpy(t->at + t->len, line, n + 1);
	t->len += n;
	return 0;
}

/* ---- nstat ---- */

/* Every counter that the script's text names, for there is no list of them. */
static void each_named(struct drill_run *r, const char *text, size_t len,
		       void (*found)(struct drill_run *r, const char *name, uint64_t value, void *arg),
		       void *arg)
{
	static const char *const kinds[] = { "Tcp", "Ip", "Udp", "Icmp", "MPTcp" };
	char name[64];

	for (size_t at = 0, n; at < len; at += n + 1) {
		bool kind = false;
		uint64_t value;

		for (n = 0; at + n < len && isalnum((unsigned char)text[at + n]); n++)
			;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			kind |= n > strlen(kinds[k]) &&
				strncmp(text + at, kinds[k], strlen(kinds[k])) == 0;
		if (!kind || n >= sizeof(name))
			continue;
		memcpy(name, text + at, n);
		name[n] = '\0';
		if (r->dut->ops->counter(r->dut, name, &value) == 0)
			found(r, name, value, arg);
	}
}

static uint64_t *base_of(struct drill_run *r, const char *name)
{
	for (unsigned i = 0; i < r->nbases; i++)
		if (strcmp(r->base[i].name, name) == 0)
			return &r->base[i].value;
	if (r->nbases == DRILL_COUNTERS_MAX)
		return NULL;
	snprintf(r->base[r->nbases].name, sizeof(r->base[0].name), "%s", name);
	r->base[r->nbases].value = 0;
	return &r->base[r->nbases++].value;
}

static void remember(struct drill_run *r, const char *name, uint64_t value, void *arg)
{
	uint64_t *base = base_of(r, name);

	(void)arg;
	if (base)
		*base = value;
}

struct nstat {
	struct drill_text *t;
	bool absolute, zeros;
};

static void tell(struct drill_run *r, const char *name, uint64_t value, void *arg)
{
	const struct nstat *n = arg;
	uint64_t *base = n->absolute ? NULL : base_of(r, name);
	char line[LINE_ROOM];

	if (base)
		value -= *base;
	snprintf(line, sizeof(line), "%-32s", name);
	if ((value || n->zeros) && !(n->t->at && strstr(n->t->at, line)))
		(void)add(n->t, "%-32s%-16" PRIu64 "   0.0\n", name, value);
}

static bool has_letter(const struct drill_simple *s, char letter)
{
	for (int i = 1; i < s->n; i++)
		if (s->word[i][0] == '-' && s->word[i][1] != '-' && strchr(s->word[i], letter))
			return true;
	return false;
}

static int nstat(struct drill_run *r, const struct drill_simple *s, struct drill_text *t)
{
	struct nstat n = { .t = t, .absolute = has_letter(s, 'a'), .zeros = has_letter(s, 'z') };

	if (has_letter(s, 'j'))
		return DRILL_COMMAND_UNKNOWN;
	(void)add(t, "#kernel\n");
	if (!has_letter(s, 'n'))
		each_named(r, t->command, strlen(t->command), tell, &n);
	if (!has_letter(s, 's'))
		each_named(r, r->script->text, r->script->text_len, remember, NULL);
	return 0;
}

/* ---- sockets ---- */

static const char *addr_text(const struct ph_sockaddr *a, char out[ADDR_ROOM])
{
	static const struct ph_ip none;
	bool v4 = a->family == PH_AF_INET || ph_ip_is4(&a->ip);

	if (memcmp(&a->ip, &none, sizeof(none)) == 0 || (v4 && memcmp(a->ip.b + 12, &none, 4) == 0))
		snprintf(out, ADDR_ROOM, "*:%u", a->port);
	else
		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->ip.b + 12 : a->ip.b, out,
			  INET6_ADDRSTRLEN);
	if (out[0] != '*')
		snprintf(out + strlen(out), 8, ":%u", a->port);
	return out;
}

static unsigned state_of(const struct dut_sock *k)
{
	return k->state > 0 && k->state < STATES ? (unsigned)k->state : 0;
}

static const char *after(const struct drill_simple *s, const char *word)
{
	for (int i = 1; i + 1 < s->n; i++)
		if (strcmp(s->word[i], word) == 0)
			return s->word[i + 1];
	return NULL;
}

static void say_ss(const struct drill_simple *s, const struct dut_sock *k, struct drill_text *t)
{
	const char *state = after(s, "state");
	char a[ADDR_ROOM], b[ADDR_ROOM];

	if (k->type != PH_SOCK_STREAM || (state && strcmp(state, ss_words[state_of(k)]) != 0) ||
	    (!state && k->state == 10 && !has_letter(s, 'a') && !has_letter(s, 'l')))
		return;
	(void)add(t, "tcp %-10s 0 0 %s %s\n", state ? "" : ss_states[state_of(k)],
		  addr_text(&k->local, a), addr_text(&k->peer, b));
}

static void say_bsd(const struct drill_simple *s, const struct dut_sock *k, struct drill_text *t)
{
	const char *port = after(s, "-p");
	unsigned long want = port ? strtoul(port, NULL, 10) : 0;
	char a[ADDR_ROOM], b[ADDR_ROOM];

	if (k->type != PH_SOCK_STREAM || (want && want != k->local.port && want != k->peer.port))
		return;
	(void)add(t, "root     packetdril 1     3  tcp%c  %-21s %-21s %s\n",
		  k->local.family == PH_AF_INET6 ? '6' : '4', addr_text(&k->local, a),
		  addr_text(&k->peer, b), bsd_states[state_of(k)]);
}

static void say_proc(const struct drill_simple *s, const struct dut_sock *k, struct drill_text *t)
{
	uint32_t a, b;

	(void)s;
	if (k->type != PH_SOCK_STREAM)
		return;
	memcpy(&a, k->local.ip.b + 12, sizeof(a));
	memcpy(&b, k->peer.ip.b + 12, sizeof(b));
	(void)add(t, "   0: %08" PRIX32 ":%04X %08" PRIX32 ":%04X %02X 00000000:00000000\n", a,
		  k->local.port, b, k->peer.port, (unsigned)k->state);
}

static int sockets(struct drill_run *r, const struct drill_simple *s, struct drill_text *t,
		   void (*say)(const struct drill_simple *s, const struct dut_sock *k,
			       struct drill_text *t))
{
	struct dut_sock *k;
	int n;

	if (!r->dut->ops->socks)
		return DRILL_COMMAND_UNKNOWN;
	k = calloc(SOCKS_MAX, sizeof(*k));
	if (!k)
		return drill_end(r, DRILL_ERROR, "out of memory");
	n = r->dut->ops->socks(r->dut, k, SOCKS_MAX);
	for (int i = 0; i < n && i < SOCKS_MAX; i++)
		say(s, &k[i], t);
	free(k);
	if (n == -EOPNOTSUPP)
		return DRILL_COMMAND_UNKNOWN;
	return n < 0 ? drill_broken(r) : 0;
}

/* ---- grep, wc, cat ---- */

static bool proc_tcp(const char *word)
{
	return strncmp(word, "/proc/net/tcp", 13) == 0 || strncmp(word, "/proc/self/net/tcp", 18) == 0;
}

static bool reads_proc(const struct drill_simple *s)
{
	bool any = false;

	for (int i = 1; i < s->n; i++) {
		if (s->word[i][0] == '/' && !proc_tcp(s->word[i]))
			return false;
		any |= proc_tcp(s->word[i]);
	}
	return any;
}

static void count_lines(struct drill_text *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->len; i++)
		n += t->at[i] == '\n';
	t->len = 0;
	(void)add(t, "%u\n", n);
}

/* Keeps the lines that match, or says how many there are (-c); the status is grep's. */
static int grep(struct drill_run *r, const struct drill_simple *s, struct drill_text *t, int *status)
{
	const char *pattern = NULL;
	struct drill_text kept = { 0 };
	char *rest = t->at, *line;
	regex_t re;

	for (int i = 1; i < s->n && !pattern; i++)
		if (s->word[i][0] != '-' || (i > 1 && strcmp(s->word[i - 1], "-e") == 0))
			pattern = s->word[i];
	if (!pattern || has_letter(s, 'P') || has_letter(s, 'o'))
		return DRILL_COMMAND_UNKNOWN;
	if (regcomp(&re, pattern, REG_NOSUB | (has_letter(s, 'E') ? REG_EXTENDED : 0) |
					  (has_letter(s, 'i') ? REG_ICASE : 0)) != 0)
		return drill_end(r, DRILL_ERROR, "grep: %.80s is no pattern", pattern);
	while (rest && (line = strsep(&rest, "\n")) && (rest || *line)) {
		bool hit = regexec(&re, line, 0, NULL, 0) == 0;

		if (hit != has_letter(s, 'v'))
			(void)add(&kept, "%.500s\n", line);
	}
	regfree(&re);
	free(t->at);
	t->at = kept.at;
	t->len = kept.len;
	t->cap = kept.cap;
	*status = t->len == 0;
	if (has_letter(s, 'c'))
		count_lines(t);
	return 0;
}

bool drill_command_wants_text(const struct drill_simple *s, const struct drill_text *t)
{
	const char *w = s->n ? s->word[0] : "";

	return t->active || s->piped || is(w, "nstat") || is(w, "ss") || is(w, "sockstat") ||
	       (is(w, "grep") && reads_proc(s));
}

/* ss: what is no line of a socket (timers, memory, tcp_info) is not told here. */
static bool asks_for_more(const struct drill_simple *s)
{
	static const char *const plain[] = { "--numeric", "--tcp", "--all", "--listening",
					     "--no-header", "--ipv4", "--ipv6" };

	for (int i = 1; i < s->n; i++) {
		bool known = strncmp(s->word[i], "--", 2) != 0;

		for (size_t k = 0; k < sizeof(plain) / sizeof(plain[0]); k++)
			known = known || strcmp(s->word[i], plain[k]) == 0;
		if (!known)
			return true;
	}
	return has_letter(s, 'o') || has_letter(s, 'i');
}

static int source(struct drill_run *r, const struct drill_simple *s, struct drill_text *t,
		  int *status)
{
	const char *w = s->n ? s->word[0] : "";
	int rc;

	if (is(w, "nstat"))
		return nstat(r, s, t);
	if (is(w, "ss"))
		return asks_for_more(s)
			       ? DRILL_COMMAND_UNKNOWN
			       : sockets(r, s, t, say_ss);
	if (is(w, "sockstat"))
		return sockets(r, s, t, say_bsd);
	if ((!is(w, "grep") && !is(w, "cat")) || !reads_proc(s))
		return DRILL_COMMAND_UNKNOWN;
	rc = sockets(r, s, t, say_proc);
	return rc == 0 && is(w, "grep") ? grep(r, s, t, status) : rc;
}

int drill_command_text(struct drill_run *r, const struct drill_simple *s, struct drill_text *t)
{
	const char *w = s->n ? s->word[0] : "";
	int status = 0, rc = 0;

	if (!t->active) {
		t->len = 0;
		rc = source(r, s, t, &status);
	} else if (is(w, "grep")) {
		rc = grep(r, s, t, &status);
	} else if (is(w, "wc") && has_letter(s, 'l')) {
		count_lines(t);
	} else if (!is(w, "cat")) {
		rc = DRILL_COMMAND_UNKNOWN;
	}
	t->active = s->piped;
	if (rc != 0 || s->piped)
		return rc;
	if (status != 0)
		return drill_end(r, DRILL_FAIL, "`%.200s` finds nothing", t->command);
	drill_log(r, r->now_ns, "`%.200s`", t->command);
	return 0;
}
