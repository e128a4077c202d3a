/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands in backticks, not run but understood: sysctls in all the forms that scripts write them,
 * and what ip, ethtool and tc mean for the device. What is not understood is unsupported, unless
 * the user lets it run where the device lives. Called by run.c.
 */
#define _GNU_SOURCE

#include "harness/drill/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/bsd.h"
#include "harness/drill/command_int.h"
#include "harness/drill/files.h"
#include "harness/drill/sysctl_fixed.h"

enum { TEXT_MAX = DRILL_COMMAND_TEXT, WORDS_MAX = DRILL_COMMAND_WORDS, NAME_MAX_ = 256 };
enum { PRODUCT_MAX = 21 }; /* digits of the largest, with its end */
enum { RC_UNKNOWN = DRILL_COMMAND_UNKNOWN };

/* $((PRODUCT)) of a shell, as scripts write sizes: appended to out as a number; what follows it. NULL: it
 * is none. */
static const char *product(const char *p, char **out)
{
	unsigned long long v = 1;
	char *end;

	if (strncmp(p, "$((", 3) != 0)
		return NULL;
	for (p += 3;; p = end + 1) {
		unsigned long long n = strtoull(p, &end, 0);

		if (end == p || (n && v > UINT64_MAX / n))
			return NULL;
		v *= n;
		end += strspn(end, " ");
		if (*end != '*')
			break;
	}
	if (strncmp(end, "))", 2) != 0)
		return NULL;
	*out += snprintf(*out, PRODUCT_MAX, "%llu", v);
	return end + 2;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Reads one word into s->text from *in; returns it, or NULL at the command's end. */
static const char *next_word(struct drill_simple *s, size_t *used, const char **in)
{
	const char *p = *in, *after;
	char *out = s->text + *used, *start = out, quote = 0;

	if (*used >= TEXT_MAX - 4)
		return NULL; /* the rest is read as another command */
	while (is_space(*p) || (*p == '\\' && p[1] == '\n'))
		p += *p == '\\' ? 2 : 1;
	if (!*p || *p == ';' || *p == '\n' || (*p == '&' && p[1] == '&') || *p == '|' ||
	    *p == '#') {
		*in = p;
		return NULL;
	}
	if (*p == '>') { /* a word of its own */
		*out++ = *p++;
		p += *p == '>';
	} else {
		for (; *p && (size_t)(out - s->text) < TEXT_MAX - 2; p++) {
			if (!quote && (is_space(*p) || strchr(";\n|", *p)))
				break;
			/* "2>" and "2>&1" stay with their descriptor; ">" ends a word else. */
			if (!quote && *p == '>' && !(out == start + 1 && *start == '2'))
				break;
			if (!quote && *p == '\\' && p[1] == '\n')
				break;
			if (quote != '\'' && (size_t)(out - s->text) < TEXT_MAX - PRODUCT_MAX &&
			    (after = product(p, &out)))
				p = after - 1;
			else if (quote ? *p == quote : *p == '\'' || *p == '"')
				quote = quote ? 0 : *p;
			else
				*out++ = *p;
		}
	}
	*out++ = '\0';
	*used += (size_t)(out - start);
	*in = p;
	return start;
}

/* The next simple command of a script's text; false at its end. */
static bool next_simple(const char **in, struct drill_simple *s)
{
	size_t used = 0;
	const char *w;

	s->n = 0;
	s->to = NULL;
	s->piped = false;
	while (**in && (is_space(**in) || strchr(";\n&|", **in)))
		(*in)++;
	if (**in == '#') {
		*in += strcspn(*in, "\n");
		return next_simple(in, s);
	}
	if (!**in)
		return false;
	while (s->n < WORDS_MAX && (w = next_word(s, &used, in))) {
		if (strcmp(w, ">") == 0)
			s->to = next_word(s, &used, in);
		else if (strncmp(w, "2>", 2) == 0)
			(void)(w[2] ? NULL : next_word(s, &used, in));
		else
			s->word[s->n++] = w;
	}
	s->piped = **in == '|' && (*in)[1] != '|';
	if (**in == '#')
		*in += strcspn(*in, "\n");
	return true;
}

/* ---- sysctls ---- */

/* "/proc/sys/net/ipv4/tcp_sack" or "net/ipv4/tcp_sack" as "net.ipv4.tcp_sack". */
static void dotted(const char *name, char out[NAME_MAX_])
{
	static const char proc[] = "/proc/sys/";

	if (strncmp(name, proc, sizeof(proc) - 1) == 0)
		name += sizeof(proc) - 1;
	snprintf(out, NAME_MAX_, "%s", name);
	for (char *p = out; *p; p++)
		if (*p == '/')
			*p = '.';
}

static int set(struct drill_run *r, const char *path, const char *value);

/* One of the words that a sysctl has, in the others' midst. */
static int set_word(struct drill_run *r, const char *name, int word, const char *value)
{
	char now[NAME_MAX_], all[NAME_MAX_] = "", *rest = now, *one;

	if (r->dut->ops->sysctl_get(r->dut, name, now, sizeof(now)) != 0)
		return drill_end(r, DRILL_UNSUPPORTED, "sysctl %s: the device has it not", name);
	for (int i = 0; (one = strsep(&rest, " \t"));) {
		size_t at = strlen(all);

		if (*one)
			snprintf(all + at, sizeof(all) - at, "%s%s", at ? " " : "",
				 i++ == word ? value : one);
	}
	return set(r, name, all);
}

/* FreeBSD's name for something: what it means for the device. */
static int set_bsd(struct drill_run *r, const char *name, const char *value)
{
	const char *fact = drill_bsd_fact(name);
	struct drill_bsd_set s;
	unsigned n = 0;
	int rc = 0;

	for (; rc == 0 && drill_bsd_sysctl(name, value, n, &s); n++) {
		if (!s.name)
			drill_log(r, r->now_ns, "sysctl %s=%s (as always)", name, value);
		else if (strcmp(s.name, "metrics") == 0)
			rc = r->dut->ops->metrics_flush && r->dut->ops->metrics_flush(r->dut) == -EIO ?
				     drill_broken(r) : 0;
		else
			rc = s.word < 0 ? set(r, s.name, s.value) :
					  set_word(r, s.name, s.word, s.value);
	}
	if (n > 0)
		return rc;
	return drill_end(r, DRILL_UNSUPPORTED, "sysctl %s=%s%s%s%s", name, value, fact ? " (" : "",
			 fact ? fact : "", fact ? ")" : "");
}

static int set(struct drill_run *r, const char *path, const char *value)
{
	char name[NAME_MAX_];
	const char *fact = NULL;
	int rc;

	dotted(path, name);
	if (drill_bsd_name(name))
		return set_bsd(r, name, value);
	rc = r->dut->ops->sysctl_set(r->dut, name, value);
	if (rc == 0) {
		drill_log(r, r->now_ns, "sysctl %s=%s", name, value);
		return 0;
	}
	if (rc == -EIO)
		return drill_broken(r);
	if (rc == -ENOENT && drill_sysctl_fixed(r->dut->ops->name, name, value, &fact)) {
		drill_log(r, r->now_ns, "sysctl %s=%s (as always: %s)", name, value, fact);
		return 0;
	}
	if (fact)
		return drill_end(r, DRILL_UNSUPPORTED, "sysctl %s=%s (%s)", name, value, fact);
	return drill_end(r, DRILL_UNSUPPORTED, "sysctl %s=%s%s%s", name, value,
			 rc == -ENOENT ? "" : ": ", rc == -ENOENT ? "" : strerror(-rc));
}

/* name=value, as sysctl and set_sysctls.py take it; values may have been words of their own. */
static int set_assignment(struct drill_run *r, const char *word)
{
	char name[NAME_MAX_];
	const char *equals = strchr(word, '=');

	if (!equals || equals == word || (size_t)(equals - word) >= sizeof(name))
		return drill_end(r, DRILL_UNSUPPORTED, "sysctl %s: it has no value to set", word);
	memcpy(name, word, (size_t)(equals - word));
	name[equals - word] = '\0';
	return set(r, name, equals + 1);
}

static int do_sysctl(struct drill_run *r, const struct drill_simple *s)
{
	for (int i = 1; i < s->n; i++)
		if (s->word[i][0] != '-' && set_assignment(r, s->word[i]) != 0)
			return -1;
	return 0;
}

static int do_echo(struct drill_run *r, const struct drill_simple *s)
{
	static const char hystart[] = "/sys/module/tcp_cubic/parameters/hystart";
	char value[NAME_MAX_] = "";
	size_t at = 0;

	/* Which signs HyStart looks for: both, as by default. */
	if (s->to && strcmp(s->to, "/sys/module/tcp_cubic/parameters/hystart_detect") == 0)
		return s->n == 2 && strcmp(s->word[1], "3") == 0 ? 0 : RC_UNKNOWN;
	if (s->to && strcmp(s->to, hystart) == 0 && s->n == 2 &&
	    strcmp(r->dut->ops->name, "phantom") == 0)
		return set(r, "net.phantom.tcp_hystart", s->word[1]);
	if (!s->to || strncmp(s->to, "/proc/sys/", 10) != 0)
		return s->to ? RC_UNKNOWN : 0;
	for (int i = 1; i < s->n && at < sizeof(value); i++)
		if (strcmp(s->word[i], "-n") != 0)
			at += (size_t)snprintf(value + at, sizeof(value) - at, "%s%s",
					       at ? " " : "", s->word[i]);
	return set(r, s->to, value);
}

/* The suites' profile is what their scripts were written under. What the device lacks of it is
 * written into the log; a script that needs it fails by what it sees. */
static int do_profile(struct drill_run *r, const struct drill_profile_row *(*rows)(size_t i))
{
	const struct drill_profile_row *row;
	const char *fact;

	for (size_t i = 0; (row = rows(i)); i++) {
		int rc = r->dut->ops->sysctl_set(r->dut, row->name, row->value);

		if (rc == -EIO)
			return drill_broken(r);
		if (rc != 0 && !drill_sysctl_fixed(r->dut->ops->name, row->name, row->value, &fact))
			drill_log(r, r->now_ns, "profile: the device has no %s=%s", row->name,
				  row->value);
	}
	return 0;
}

/* ---- ip, ethtool, tc ---- */

static bool route_word(struct dut_route *route, const char *name, const char *value)
{
	static const struct {
		const char *name;
		size_t at;
	} rows[] = {
		{ "mtu", offsetof(struct dut_route, mtu) },
		{ "advmss", offsetof(struct dut_route, advmss) },
		{ "initcwnd", offsetof(struct dut_route, initcwnd) },
		{ "initrwnd", offsetof(struct dut_route, initrwnd) },
		{ "rto_min", offsetof(struct dut_route, rto_min_ms) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*(uint32_t *)((char *)route + rows[i].at) =
				(uint32_t)strtoul(value, NULL, 0);
			if (strcmp(name, "rto_min") == 0 && strchr(value, 's') &&
			    !strstr(value, "ms")) /* 1s; 200ms and 200 are milliseconds */
				route->rto_min_ms *= 1000;
			return true;
		}
	}
	if (strcmp(name, "features") == 0) {
		route->ecn = strcmp(value, "ecn") == 0;
		return route->ecn;
	}
	if (strcmp(name, "quickack") == 0)
		route->quickack = strcmp(value, "1") == 0;
	else if (strcmp(name, "congctl") == 0)
		route->congctl = value;
	else /* whose way it is: the device has one */
		return strcmp(name, "dev") == 0 || strcmp(name, "via") == 0 ||
		       strcmp(name, "src") == 0 || strcmp(name, "proto") == 0 ||
		       strcmp(name, "scope") == 0 || strcmp(name, "table") == 0;
	return true;
}

static int device_says(struct drill_run *r, int rc, const char *what)
{
	if (rc == 0) {
		drill_log(r, r->now_ns, "%s", what);
		return 0;
	}
	if (rc == -EOPNOTSUPP)
		return drill_end(r, DRILL_UNSUPPORTED, "%s: %s", what, r->dut->err);
	return drill_broken(r);
}

static int do_route(struct drill_run *r, const struct drill_simple *s, int at)
{
	struct dut_route route = { 0 };

	if (!r->dut->ops->route_change)
		return drill_end(r, DRILL_UNSUPPORTED, "ip route %s: the device has no such knobs",
				 s->word[at]);
	for (int i = at + 2; i + 1 < s->n; i += 2) {
		if (strcmp(s->word[i], "mtu") == 0 && strcmp(s->word[i + 1], "lock") == 0 &&
		    i + 2 < s->n) {
			route.mtu_lock = true;
			i++;
			route.mtu = (uint32_t)strtoul(s->word[i + 1], NULL, 0);
		} else if (!route_word(&route, s->word[i], s->word[i + 1])) {
			return drill_end(r, DRILL_UNSUPPORTED, "ip route ... %s %s", s->word[i],
					 s->word[i + 1]);
		}
	}
	return device_says(r, r->dut->ops->route_change(r->dut, &route), "ip route change");
}

static int do_ip(struct drill_run *r, const struct drill_simple *s)
{
	int i = 1;

	while (i < s->n && s->word[i][0] == '-')
		i++;
	if (i + 1 >= s->n)
		return RC_UNKNOWN;
	if (strcmp(s->word[i], "route") == 0 &&
	    (strcmp(s->word[i + 1], "add") == 0 || strcmp(s->word[i + 1], "change") == 0 ||
	     strcmp(s->word[i + 1], "replace") == 0))
		return do_route(r, s, i + 1);
	if (strcmp(s->word[i], "tcp_metrics") == 0 && strcmp(s->word[i + 1], "flush") == 0 &&
	    r->dut->ops->metrics_flush)
		return device_says(r, r->dut->ops->metrics_flush(r->dut), "ip tcp_metrics flush");
	return RC_UNKNOWN;
}

static int do_ethtool(struct drill_run *r, const struct drill_simple *s)
{
	if (s->n < 3 || strcmp(s->word[1], "-K") != 0 || !r->dut->ops->offload)
		return RC_UNKNOWN;
	for (int i = 3; i + 1 < s->n; i += 2) {
		int rc =
			r->dut->ops->offload(r->dut, s->word[i], strcmp(s->word[i + 1], "on") == 0);

		if (device_says(r, rc, "ethtool -K") != 0)
			return -1;
	}
	return 0;
}

/* A queue that keeps the order and does not delay is what the device has, and what is left when another is
 * taken away; fq paces. */
static int do_tc(struct drill_run *r, const struct drill_simple *s)
{
	const char *last = s->n ? s->word[s->n - 1] : "";

	if (strcmp(last, "fq") == 0 && strcmp(r->dut->ops->name, "phantom") == 0)
		return set(r, "net.core.default_qdisc", "fq");
	if (s->n > 2 && strcmp(s->word[1], "qdisc") == 0 && strcmp(last, "root") == 0 &&
	    strncmp(s->word[2], "del", 3) == 0)
		return 0;
	return strcmp(last, "pfifo") == 0 || strcmp(last, "pfifo_fast") == 0 ? 0 : RC_UNKNOWN;
}

/* Files that sendfile() and splice() read: of zeros, as packets have them. */
static int do_dd(struct drill_run *r, const struct drill_simple *s)
{
	unsigned long size = 512, count = 0;
	const char *to = NULL;
	bool zeros = false;
	int rc;

	for (int i = 1; i < s->n; i++) {
		const char *w = s->word[i];

		if (strncmp(w, "bs=", 3) == 0)
			size = strtoul(w + 3, NULL, 0) * (strchr(w, 'K') || strchr(w, 'k') ? 1024 : 1);
		else if (strncmp(w, "count=", 6) == 0)
			count = strtoul(w + 6, NULL, 0);
		else if (strncmp(w, "of=", 3) == 0)
			to = w + 3;
		else if (strcmp(w, "if=/dev/zero") == 0)
			zeros = true;
	}
	if (!to || !zeros || count == 0 || size == 0 || size > DRILL_FILE_MAX ||
	    count > DRILL_FILE_MAX)
		return RC_UNKNOWN;
	rc = drill_file_make(r, to, size * count);
	if (rc != 0)
		return drill_end(r, DRILL_UNSUPPORTED, "a file of %lu bytes, %.60s: %s",
				 size * count, to, strerror(-rc));
	drill_log(r, r->now_ns, "file %s of %lu zeros", to, size * count);
	return 0;
}

/* A script removes what it has made or is about to make. */
static int do_rm(struct drill_run *r, const struct drill_simple *s)
{
	for (int i = 1; i < s->n; i++)
		if (s->word[i][0] != '-')
			(void)drill_file_remove(r, s->word[i]);
	return 0;
}

/* tcpdrop LOCAL PORT REMOTE PORT: the connection with those ports, or that of the last packets. */
static int do_tcpdrop(struct drill_run *r, const struct drill_simple *s)
{
	struct drill_conn *c = r->conn;

	if (s->n == 5) {
		uint16_t lport = (uint16_t)strtoul(s->word[2], NULL, 10);
		uint16_t rport = (uint16_t)strtoul(s->word[4], NULL, 10);
		struct drill_conn *named = drill_conn_find(r, DRILL_L4_TCP, lport, rport);

		c = named ? named : c;
	}
	if (!r->dut->ops->drop)
		return drill_end(r, DRILL_UNSUPPORTED, "tcpdrop: the device has no such thing");
	if (!c || !c->fd)
		return drill_end(r, DRILL_UNSUPPORTED,
				 "tcpdrop of a connection that no descriptor holds");
	return device_says(r, r->dut->ops->drop(r->dut, c->fd->dev), "tcpdrop");
}

static bool ends(const char *word, const char *tail)
{
	size_t n = strlen(word), m = strlen(tail);

	return n >= m && strcmp(word + n - m, tail) == 0;
}

static int do_simple(struct drill_run *r, const struct drill_simple *s)
{
	const char *w = s->n ? s->word[0] : "";
	int first = 1;

	if (s->n == 0 || strcmp(w, "true") == 0 || strcmp(w, ":") == 0 || ends(w, "set -e"))
		return 0;
	if ((strcmp(w, ".") == 0 || strcmp(w, "source") == 0) && s->n > 1)
		w = s->word[first++];
	if (ends(w, "defaults.sh"))
		return do_profile(r, drill_sysctl_profile);
	if (strstr(w, "sysctl_restore_")) /* each script has a device of its own */
		return 0;
	if (ends(w, "set_sysctls.py")) {
		for (int i = first; i < s->n; i++)
			if (set_assignment(r, s->word[i]) != 0)
				return -1;
		return 0;
	}
	if (ends(w, "sysctl"))
		return do_sysctl(r, s);
	if (strcmp(w, "echo") == 0)
		return do_echo(r, s);
	if (ends(w, "ethtool"))
		return do_ethtool(r, s);
	if (strcmp(w, "tc") == 0 || ends(w, "/tc"))
		return do_tc(r, s);
	if (strcmp(w, "dd") == 0 || ends(w, "/dd"))
		return do_dd(r, s);
	if (strcmp(w, "rm") == 0 || ends(w, "/rm"))
		return do_rm(r, s);
	if (ends(w, "tcpdrop"))
		return do_tcpdrop(r, s);
	return strcmp(w, "ip") == 0 || ends(w, "/ip") ? do_ip(r, s) : RC_UNKNOWN;
}

static int run_whole(struct drill_run *r, const struct drill_command *c)
{
	int status;

	if (!r->setup->allow_commands || !r->dut->ops->shell)
		return drill_end(r, DRILL_UNSUPPORTED, "command `%.80s`", c->text);
	status = r->dut->ops->shell(r->dut, c->text);
	if (status == -EIO)
		return drill_broken(r);
	if (status != 0)
		return drill_end(r, DRILL_ERROR, "command `%.80s` ended with status %d", c->text,
				 status);
	drill_log(r, r->now_ns, "`%.200s`", c->text);
	return 0;
}

int drill_run_command(struct drill_run *r, const struct drill_command *c)
{
	const char *in = c->text;
	struct drill_simple *s = malloc(sizeof(*s));
	struct drill_text text = { .command = c->text };
	int rc = 0;

	if (!s)
		return drill_end(r, DRILL_ERROR, "out of memory");
	if (!r->ev)
		r->line = c->src.line;
	while (rc == 0 && next_simple(&in, s))
		rc = drill_command_wants_text(s, &text) ? drill_command_text(r, s, &text)
							: do_simple(r, s);
	free(s);
	free(text.at);
	if (rc == RC_UNKNOWN)
		rc = run_whole(r, c);
	if (rc == 0 && !r->ev)
		r->line = 0;
	return rc;
}

int drill_run_profile(struct drill_run *r, const char *name)
{
	bool bsd = name && strcmp(name, "freebsd") == 0;

	return name ? do_profile(r, bsd ? drill_bsd_profile : drill_sysctl_profile) : 0;
}
