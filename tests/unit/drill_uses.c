/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk over a script's tree. Where the tree keeps a number and the language has several names for it
 * (EAGAIN and EWOULDBLOCK, SOL_TCP and IPPROTO_TCP), the name is the one in the node's own text.
 */
#define _GNU_SOURCE

#include "tests/unit/drill_uses.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_print.h"
#include "harness/drill/parse_icmp.h"

struct drill_uses {
	char *text;
	size_t len, room;
};

bool drill_uses_has(const struct drill_uses *u, const char *construct)
{
	size_t n = strlen(construct);

	for (const char *at = u->text; (at = strstr(at, construct)); at++)
		if (at[-1] == '\n' && at[n] == '\n')
			return true;
	return false;
}

const char *drill_uses_text(const struct drill_uses *u)
{
	return u->text;
}

void drill_uses_free(struct drill_uses *u)
{
	if (u)
		free(u->text);
	free(u);
}

__attribute__((format(printf, 2, 3))) static void put(struct drill_uses *u, const char *fmt, ...)
{
	char name[160];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (drill_uses_has(u, name))
		return;
	n = strlen(name);
	if (u->len + n + 2 > u->room) {
		u->room = 2 * u->room + n + 2;
		u->text = realloc(u->text, u->room);
		if (!u->text)
			abort();
	}
	memcpy(u->text + u->len, name, n);
	memcpy(u->text + u->len + n, "\n", 2);
	u->len += n + 1;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The next word of letters, digits and underscores; 0 at the end. */
static size_t word(const char **at, const char *end)
{
	size_t n = 0;

	while (*at < end && !in_word(**at))
		(*at)++;
	while (*at + n < end && in_word((*at)[n]))
		n++;
	return n;
}

/* ---- packets ---- */

static void put_ip(struct drill_uses *u, const struct drill_packet *p, const char *dir)
{
	static const char *const ecn[] = {
		[DRILL_ECN_UNSAID] = NULL,  [DRILL_ECN_NONE] = "noecn",
		[DRILL_ECN_ECT0] = "ect0",  [DRILL_ECN_ECT1] = "ect1",
		[DRILL_ECN_ECT01] = "ect01", [DRILL_ECN_CE] = "ce",
	};
	const struct drill_ipinfo *i = &p->info;
	const char *at = i->src.at;
	size_t n;

	if (!i->given)
		return;
	put(u, "ip %s %s", dir, *at == '(' ? "in parentheses" : "in brackets");
	if (ecn[i->ecn])
		put(u, "ip %s %s", dir, ecn[i->ecn]);
	for (; (n = word(&at, i->src.at + i->src.len)) > 0; at += n)
		if (!isdigit((unsigned char)*at))
			put(u, "ip %s %.*s", dir, (int)n, at);
}

static void put_option(struct drill_uses *u, const struct drill_tcpopt *o, const char *dir)
{
	static const char *const names[] = {
		[DRILL_O_EOL] = "eol",	 [DRILL_O_NOP] = "nop",	      [DRILL_O_MSS] = "mss",
		[DRILL_O_WSCALE] = "wscale", [DRILL_O_SACK_OK] = "sackOK", [DRILL_O_SACK] = "sack",
		[DRILL_O_TS] = "TS",	 [DRILL_O_FO] = "FO",	      [DRILL_O_FOEXP] = "FOEXP",
		[DRILL_O_MD5] = "md5",	 [DRILL_O_ACCECN] = "ECN",    [DRILL_O_GENERIC] = "gen",
		[DRILL_O_RAW] = "raw",
	};

	put(u, "option %s %s", dir, names[o->kind]);
	if (o->kind == DRILL_O_SACK)
		put(u, "option %s sack blocks=%u", dir, o->sack.n);
}

static void put_tcp(struct drill_uses *u, const struct drill_packet *p, const char *dir)
{
	static const char *const opts[] = {
		[DRILL_OPTS_NONE] = "none", [DRILL_OPTS_LIST] = "some", [DRILL_OPTS_ANY] = "any" };
	const struct drill_tcp *t = &p->tcp;
	char flags[32];

	drill_print_flags(t->flags, t->ace, flags, sizeof(flags));
	put(u, "flags %s %s", dir, flags);
	put(u, "packet %s tcp", dir);
	put(u, "packet %s options %s", dir, opts[t->opts]);
	if (t->ack.kind != DRILL_N_UNSAID)
		put(u, "packet %s ack", dir);
	if (t->win.kind != DRILL_N_UNSAID)
		put(u, "packet %s win", dir);
	if (t->urg.kind != DRILL_N_UNSAID)
		put(u, "packet %s urg", dir);
	if (t->seq.len)
		put(u, "packet %s payload", dir);
	if (t->seq.kind == DRILL_N_ABS)
		put(u, "packet %s absolute sequence", dir);
	if (t->seq.kind == DRILL_N_ANY)
		put(u, "packet %s any sequence", dir);
	if (t->opts == DRILL_OPTS_ANY)
		put(u, "option %s %s", dir,
		    memmem(p->src.at, p->src.len, "nocheck", 7) ? "nocheck" : "...");
	for (uint32_t i = 0; i < t->nopt; i++)
		put_option(u, &t->opt[i], dir);
}

static void put_icmp(struct drill_uses *u, const struct drill_packet *p, const char *dir)
{
	static const char *const quotes[] = {
		[DRILL_Q_NONE] = NULL, [DRILL_Q_TCP] = "sequence", [DRILL_Q_UDP] = "udp",
		[DRILL_Q_RAW] = "raw" };
	const char *version = p->ip == DRILL_IP4 ? "icmp" : "icmp6";
	const char *at = p->src.at, *end = at + p->src.len, *bracket;
	const char *type = drill_icmp_type_name(p->ip, p->icmp.type);
	uint8_t number;
	size_t n;

	put(u, "%s %s %s", version, dir, type ? type : "number");
	put(u, "packet %s icmp", dir);
	if (quotes[p->icmp.quote])
		put(u, "icmp quotes %s", quotes[p->icmp.quote]);
	if (p->icmp.has_mtu)
		put(u, "icmp mtu");
	if (p->icmp.has_id)
		put(u, "icmp id");
	at = type ? memmem(at, p->src.len, type, strlen(type)) : NULL;
	if (!at)
		return;
	at += strlen(type);
	bracket = memchr(at, '[', (size_t)(end - at));
	n = word(&at, bracket ? bracket : end);
	if (n && drill_icmp_code(p->ip, p->icmp.type, at, n, &number))
		put(u, "%s %s %s %.*s", version, dir, type, (int)n, at);
	else if (n && isdigit((unsigned char)*at))
		put(u, "%s %s %s CODE", version, dir, type);
}

static void put_packet(struct drill_uses *u, const struct drill_packet *p)
{
	const char *dir = p->dir == DRILL_IN ? "in" : "out";

	put(u, "event packet %s", dir);
	put_ip(u, p, dir);
	if (p->has_sock)
		put(u, "packet %s sock(N)", dir);
	if (p->has_ports)
		put(u, "packet %s ports", dir);
	switch (p->l4) {
	case DRILL_L4_TCP:
		put_tcp(u, p, dir);
		break;
	case DRILL_L4_UDP:
		put(u, "packet %s udp", dir);
		break;
	case DRILL_L4_ICMP:
		put_icmp(u, p, dir);
		break;
	}
}

/* ---- calls ---- */

/* Capitals are names of numbers. */
static void put_symbols(struct drill_uses *u, const struct drill_src *src)
{
	const char *at = src->at, *end = at + src->len;
	size_t n;

	for (; (n = word(&at, end)) > 0; at += n)
		if (isupper((unsigned char)*at))
			put(u, "symbol %.*s", (int)n, at);
}

static void put_expr(struct drill_uses *u, const struct drill_expr *e)
{
	static const char *const forms[][2] = {
		{ "onoff", "linger" },	      { "msg_iov", "msghdr" },
		{ "cmsg_level", "cmsg" },     { "ee_errno", "sock_extended_err" },
		{ "scm_sec", "timestamps" },  { "revents", "pollfd" },
		{ "events", "epoll_event" },  { "sa_family", "sockaddr" },
		{ "tv_sec", "timeval" },
	};

	for (; e; e = e->next) {
		if (e->field)
			for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
				if (strcmp(e->field, forms[i][0]) == 0)
					put(u, "form %s", forms[i][1]);
		if (e->kind == DRILL_E_ANY)
			put(u, "form ...");
		if (e->kind == DRILL_E_STRING)
			put(u, "form string%s", e->more ? " prefix" : "");
		if (e->kind == DRILL_E_LIST && e->first && e->first->kind == DRILL_E_STRUCT &&
		    !e->first->field && e->first->first && !e->first->first->field)
			put(u, "form iovec");
		if (e->kind == DRILL_E_INT)
			put_symbols(u, &e->src);
		put_expr(u, e->first);
		put_expr(u, e->bound);
	}
}

static int text_of(const struct drill_expr *e, char out[80])
{
	int n = 0;

	for (uint32_t i = 0; i < e->src.len && n < 79; i++)
		if (!isspace((unsigned char)e->src.at[i]))
			out[n++] = e->src.at[i];
	out[n] = '\0';
	return n;
}

static void put_call(struct drill_uses *u, const struct drill_event *ev)
{
	const struct drill_call *c = &ev->call;
	const char *at = c->result->src.at + c->result->src.len;
	char a[80], b[80];
	size_t n;

	put(u, "event syscall");
	put(u, "call %s", c->name);
	if (ev->time.blocking)
		put(u, "blocking %s", c->name);
	if (c->err && (n = word(&at, c->src.at + c->src.len)) > 0)
		put(u, "errno %.*s", (int)n, at);
	if (c->id == DRILL_C_socket && text_of(c->args->next, a) && text_of(c->args->next->next, b))
		put(u, "socket %s,%s", a, b);
	if ((c->id == DRILL_C_setsockopt || c->id == DRILL_C_getsockopt) &&
	    text_of(c->args->next, a) && text_of(c->args->next->next, b))
		put(u, "%s %s,%s", c->name, a, b);
	put_expr(u, c->args);
	put_expr(u, c->result);
}

/* ---- commands and code ---- */

/* "ip route change" and the like: a program, its first word, and each word behind. */
static void put_words(struct drill_uses *u, const char *at, const char *end)
{
	char name[64] = "", first[64] = "";

	while (at < end) {
		size_t n = strcspn(at, " \t\n\"'");
		const char *base = at + n;

		if (n > (size_t)(end - at))
			n = (size_t)(end - at);
		for (base = at + n; base > at && base[-1] != '/'; base--)
			;
		if (n && !name[0])
			snprintf(name, sizeof(name), "%.*s", (int)(at + n - base), base);
		else if (n && !first[0])
			snprintf(first, sizeof(first), "%.*s", (int)n, at);
		else if (n)
			put(u, "command %s %s %.*s", name, first, (int)n, at);
		at += n + 1;
	}
	if (name[0])
		put(u, "command %s", name);
}

/* Dots for the slashes of a file under /proc/sys. */
static void put_knob(struct drill_uses *u, const char *at, size_t n)
{
	static const char files[] = "/proc/sys/";
	char name[96];

	if (n > sizeof(files) - 1 && strncmp(at, files, sizeof(files) - 1) == 0) {
		at += sizeof(files) - 1;
		n -= sizeof(files) - 1;
	} else if (!isalpha((unsigned char)*at) || !memchr(at, '.', n) || memchr(at, '/', n)) {
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
	put(u, "sysctl %s", name);
}

static void put_command(struct drill_uses *u, const struct drill_command *c, const char *what)
{
	const char *end = c->text + strlen(c->text);

	put(u, "%s", what);
	for (const char *at = c->text; at < end;) {
		size_t n = strcspn(at, "\n;|&");

		put_words(u, at, at + n);
		at += n + (at + n < end);
	}
	for (const char *at = c->text; at < end;) {
		size_t n = strcspn(at, " \t\n;=|&\"'>");

		put_knob(u, at, n);
		at += n + (at + n < end);
	}
}

static void put_code(struct drill_uses *u, const struct drill_code *c)
{
	const char *at = c->text, *end = at + strlen(at);
	size_t n;

	put(u, "event code");
	for (; (n = word(&at, end)) > 0; at += n) {
		const char *next = at + n + strspn(at + n, " ");

		if (!isdigit((unsigned char)*at))
			put(u, "code %.*s", (int)n, at);
		if (next[0] == '=' && next[1] != '=')
			put(u, "code assignment");
	}
}

/* ---- the script ---- */

static void put_time(struct drill_uses *u, const struct drill_time *t)
{
	static const char *const names[] = {
		[DRILL_T_ABS] = "absolute",	      [DRILL_T_REL] = "relative",
		[DRILL_T_ABS_RANGE] = "absolute range", [DRILL_T_REL_RANGE] = "relative range",
		[DRILL_T_ANY] = "any",
	};

	if (t->blocking)
		put(u, "time blocking, %s", names[t->kind]);
	else
		put(u, "time %s", names[t->kind]);
}

static void put_event(struct drill_uses *u, const struct drill_event *ev)
{
	put_time(u, &ev->time);
	switch (ev->kind) {
	case DRILL_EV_PACKET:
		put_packet(u, &ev->packet);
		break;
	case DRILL_EV_CALL:
		put_call(u, ev);
		break;
	case DRILL_EV_COMMAND:
		put_command(u, &ev->command, "event command");
		break;
	case DRILL_EV_CODE:
		put_code(u, &ev->code);
		break;
	}
}

struct drill_uses *drill_uses_of(const struct drill_script *s)
{
	struct drill_uses *u = malloc(sizeof(*u));

	if (!u)
		abort();
	*u = (struct drill_uses){ .text = strdup("\n"), .len = 1, .room = 2 };
	if (!u->text)
		abort();
	for (const struct drill_option *o = s->options; o; o = o->next) {
		put(u, "--%s", o->name);
		if (o->value)
			put(u, "--%s=%s", o->name, o->value);
	}
	if (s->init)
		put_command(u, s->init, "command before");
	if (s->cleanup)
		put_command(u, s->cleanup, "command behind");
	if (strstr(s->text, "#ifdef"))
		put(u, "#ifdef");
	for (const struct drill_event *ev = s->events; ev; ev = ev->next)
		put_event(u, ev);
	return u;
}
