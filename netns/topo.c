/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser of the topology language; see topo.h. verbs[] says what each verb takes; a verb's own
 * function turns its words into fields.
 */
#include "netns/topo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netns/words.h"

typedef int parse_fn(struct topo_line *l, struct net_err *e);

struct verb {
	const char *word;
	unsigned int min, max; /* words after the verb */
	parse_fn *parse;
	const char *usage;
};

static int want_node(char *out, const char *word, struct net_err *e)
{
	if (!netname_ok(word, NODE_NAME_MAX))
		return net_bad(e,
			       "\"%s\" is not a node's name; use 1 to %d letters, digits, - or _",
			       word, NODE_NAME_MAX - 1);
	memcpy(out, word, strlen(word) + 1);
	return 0;
}

static int want_bridge(char *out, const char *word, struct net_err *e)
{
	if (!netname_ok(word, DEV_NAME_MAX))
		return net_bad(e,
			       "\"%s\" is not a bridge's name; use 1 to %d letters, digits, - or _",
			       word, DEV_NAME_MAX - 1);
	memcpy(out, word, strlen(word) + 1);
	return 0;
}

static int want_dev(struct devname *d, const char *word, struct net_err *e)
{
	if (!devname_parse(d, word))
		return net_bad(
			e,
			"\"%s\" is not a device; write NODE.DEV, as in peer.eth0 (DEV has at most "
			"%d characters)",
			word, DEV_NAME_MAX - 1);
	return 0;
}

/* NODE.DEV, or a bare name: a bridge or a port. */
static int want_dev_or_name(struct devname *d, const char *word, struct net_err *e)
{
	if (strchr(word, '.'))
		return want_dev(d, word, e);
	memset(d, 0, sizeof(*d));
	if (!netname_ok(word, DEV_NAME_MAX))
		return net_bad(e, "\"%s\" is neither NODE.DEV nor the name of a bridge or port",
			       word);
	memcpy(d->node, word, strlen(word) + 1);
	return 0;
}

static int want_number(long *out, const char *word, const char *what, long lo, long hi,
		       struct net_err *e)
{
	char *end;

	errno = 0;
	*out = strtol(word, &end, 10);
	if (end == word || *end || errno || *out < lo || *out > hi)
		return net_bad(e, "\"%s\" is not %s; give a whole number from %ld to %ld", word,
			       what, lo, hi);
	return 0;
}

static int want_on(bool *on, const char *word, struct net_err *e)
{
	*on = strcmp(word, "on") == 0;
	if (!*on && strcmp(word, "off") != 0)
		return net_bad(e, "\"%s\" is neither \"on\" nor \"off\"", word);
	return 0;
}

static int want_mac(struct netmac *m, const char *word, struct net_err *e)
{
	if (!netmac_parse(m, word))
		return net_bad(
			e, "\"%s\" is not a MAC address; write six pairs, as in 02:00:00:00:00:01",
			word);
	return 0;
}

static int want_addr(struct topo_line *l, const char *word, bool need_len, struct net_err *e)
{
	struct netaddr *a;

	if (l->naddr == TOPO_ADDRS_MAX)
		return net_bad(e, "more than %d addresses in one line; use two lines",
			       TOPO_ADDRS_MAX);
	a = &l->addr[l->naddr];
	if (!netaddr_parse(a, word, need_len))
		return net_bad(e, "\"%s\" is not an address%s; write 10.0.0.1%s or fd00::1%s", word,
			       need_len ? " with its length" : "", need_len ? "/24" : "",
			       need_len ? "/64" : "");
	l->naddr++;
	return 0;
}

/* KEY=VALUE into name and value, cutting the word in two. */
static int want_pair(struct topo_line *l, char *word, const char *what, struct net_err *e)
{
	char *eq = strchr(word, '=');

	if (!eq || eq == word)
		return net_bad(e, "\"%s\" is not %s", word, what);
	*eq = '\0';
	l->name = word;
	l->value = eq + 1;
	return 0;
}

static void rest_from(struct topo_line *l, unsigned int i)
{
	l->rest = l->word + i;
	l->nrest = l->nword - i;
}

static int parse_none(struct topo_line *l, struct net_err *e)
{
	(void)l;
	(void)e;
	return 0;
}

static int parse_node(struct topo_line *l, struct net_err *e)
{
	return want_node(l->at.node, l->word[1], e);
}

static int parse_bridge(struct topo_line *l, struct net_err *e)
{
	return want_bridge(l->at.node, l->word[1], e);
}

static int parse_veth(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	if (strchr(l->word[2], '.'))
		return want_dev(&l->other, l->word[2], e);
	return want_bridge(l->other.node, l->word[2], e);
}

static int parse_tap(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	if (l->nword > 2 && want_bridge(l->other.node, l->word[2], e))
		return -1;
	l->on = l->nword > 3;
	if (l->on && strcmp(l->word[3], "vnet") != 0)
		return net_bad(e, "\"%s\" after the bridge; only \"vnet\" can stand there",
			       l->word[3]);
	return 0;
}

static int parse_port(struct topo_line *l, struct net_err *e)
{
	if (want_bridge(l->other.node, l->word[1], e))
		return -1;
	return want_bridge(l->at.node, l->word[2], e);
}

static int parse_addr(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	for (unsigned int i = 2; i < l->nword; i++)
		if (want_addr(l, l->word[i], true, e))
			return -1;
	return 0;
}

static int parse_route(struct topo_line *l, struct net_err *e)
{
	bool any = strcmp(l->word[2], "default") == 0;

	if (want_node(l->at.node, l->word[1], e))
		return -1;
	if (any)
		l->naddr = 1;
	else if (want_addr(l, l->word[2], false, e))
		return -1;
	if (strcmp(l->word[3], "via") != 0)
		return net_bad(e, "\"%s\" where \"via\" should stand", l->word[3]);
	if (want_addr(l, l->word[4], false, e))
		return -1;
	if (any) {
		l->addr[0].family = l->addr[1].family;
	} else if (l->addr[0].family != l->addr[1].family) {
		return net_bad(e, "%s and %s are of different IP versions", l->word[2], l->word[4]);
	}
	if (l->nword == 5)
		return 0;
	if (l->nword != 7 || strcmp(l->word[5], "dev") != 0)
		return net_bad(e, "\"%s\" after the gateway; only \"dev DEV\" can stand there",
			       l->word[5]);
	l->value = l->word[6];
	return 0;
}

static int parse_neigh(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e) || want_addr(l, l->word[2], false, e))
		return -1;
	l->has_mac = true;
	return want_mac(&l->mac, l->word[3], e);
}

static int parse_updown(struct topo_line *l, struct net_err *e)
{
	return want_dev(&l->at, l->word[1], e);
}

static int parse_mtu(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	return want_number(&l->number, l->word[2], "an MTU", 68, 65535, e);
}

static int parse_mac(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	l->has_mac = true;
	return want_mac(&l->mac, l->word[2], e);
}

static int parse_dev_on(struct topo_line *l, struct net_err *e)
{
	return want_dev(&l->at, l->word[1], e) || want_on(&l->on, l->word[2], e) ? -1 : 0;
}

static int parse_node_on(struct topo_line *l, struct net_err *e)
{
	return want_node(l->at.node, l->word[1], e) || want_on(&l->on, l->word[2], e) ? -1 : 0;
}

static int parse_sysctl(struct topo_line *l, struct net_err *e)
{
	if (want_node(l->at.node, l->word[1], e))
		return -1;
	return want_pair(l, l->word[2], "KEY=VALUE, as in net.ipv4.tcp_sack=0", e);
}

static int parse_link(struct topo_line *l, struct net_err *e)
{
	if (want_dev(&l->at, l->word[1], e))
		return -1;
	rest_from(l, 2);
	return 0;
}

static int parse_socket(struct topo_line *l, struct net_err *e)
{
	if (l->nword == 2)
		return want_dev_or_name(&l->at, l->word[1], e);
	if (strcmp(l->word[2], "tcp") != 0 && strcmp(l->word[2], "udp") != 0)
		return net_bad(e, "\"%s\" is neither \"tcp\" nor \"udp\"", l->word[2]);
	l->value = l->word[2];
	return want_node(l->at.node, l->word[1], e);
}

static int parse_responder(struct topo_line *l, struct net_err *e)
{
	if (want_dev_or_name(&l->at, l->word[1], e))
		return -1;
	for (unsigned int i = 2; i < l->nword; i++) {
		if (strcmp(l->word[i], "mac") != 0) {
			if (want_addr(l, l->word[i], false, e))
				return -1;
			continue;
		}
		if (i + 2 != l->nword)
			return net_bad(e, "\"mac\" must be followed by one MAC address, and "
					  "nothing after it");
		l->has_mac = true;
		return want_mac(&l->mac, l->word[i + 1], e);
	}
	return 0;
}

static int parse_capture(struct topo_line *l, struct net_err *e)
{
	l->name = l->word[2];
	l->on = strcmp(l->word[1], "stop") == 0;
	if (l->on)
		return 0;
	return want_dev_or_name(&l->at, l->word[1], e);
}

static int parse_run(struct topo_line *l, struct net_err *e)
{
	unsigned int i = 2;

	if (want_node(l->at.node, l->word[1], e))
		return -1;
	if (strcmp(l->word[2], "as") == 0) {
		if (l->nword < 5)
			return net_bad(e, "a program must follow \"as NAME\"");
		if (!netname_ok(l->word[3], NODE_NAME_MAX))
			return net_bad(
				e, "\"%s\" is not a process's name; use letters, digits, - or _",
				l->word[3]);
		l->name = l->word[3];
		i = 4;
	}
	rest_from(l, i);
	return 0;
}

static int parse_exec(struct topo_line *l, struct net_err *e)
{
	rest_from(l, 2);
	return want_node(l->at.node, l->word[1], e);
}

static int parse_wait(struct topo_line *l, struct net_err *e)
{
	char *end;
	double seconds;

	l->name = l->word[1];
	l->number = -1;
	if (l->nword < 3)
		return 0;
	seconds = strtod(l->word[2], &end);
	if (end == l->word[2] || (*end && strcmp(end, "s") != 0 && strcmp(end, "ms") != 0) ||
	    !(seconds >= 0) || seconds > 1e6)
		return net_bad(e, "\"%s\" is not a timeout; write seconds, as in 5, 0.5 or 500ms",
			       l->word[2]);
	l->number = (long)(strcmp(end, "ms") == 0 ? seconds : seconds * 1000);
	return 0;
}

static int parse_kill(struct topo_line *l, struct net_err *e)
{
	(void)e;
	l->name = l->word[1];
	l->value = l->nword > 2 ? l->word[2] : NULL;
	return 0;
}

static int parse_include(struct topo_line *l, struct net_err *e)
{
	(void)e;
	l->name = l->word[1];
	return 0;
}

static int parse_set(struct topo_line *l, struct net_err *e)
{
	return want_pair(l, l->word[1], "NAME=VALUE", e);
}

static const struct verb verbs[TOPO_VERB_COUNT] = {
	[TOPO_NODE] = { "node", 1, 1, parse_node, "node NAME" },
	[TOPO_BRIDGE] = { "bridge", 1, 1, parse_bridge, "bridge NAME" },
	[TOPO_VETH] = { "veth", 2, 2, parse_veth,
			"veth NODE.DEV BRIDGE, or veth NODE.DEV NODE.DEV" },
	[TOPO_TAP] = { "tap", 1, 3, parse_tap, "tap NODE.DEV [BRIDGE [vnet]]" },
	[TOPO_PORT] = { "port", 2, 2, parse_port, "port BRIDGE NAME" },
	[TOPO_ADDR] = { "addr", 2, TOPO_ADDRS_MAX + 1, parse_addr,
			"addr NODE.DEV ADDR/LEN [ADDR/LEN ...]" },
	[TOPO_ROUTE] = { "route", 4, 6, parse_route,
			 "route NODE DEST|default via GATEWAY [dev DEV]" },
	[TOPO_NEIGH] = { "neigh", 3, 3, parse_neigh, "neigh NODE.DEV ADDR MAC" },
	[TOPO_UP] = { "up", 1, 1, parse_updown, "up NODE.DEV" },
	[TOPO_DOWN] = { "down", 1, 1, parse_updown, "down NODE.DEV" },
	[TOPO_MTU] = { "mtu", 2, 2, parse_mtu, "mtu NODE.DEV BYTES" },
	[TOPO_MAC] = { "mac", 2, 2, parse_mac, "mac NODE.DEV MAC" },
	[TOPO_OFFLOAD] = { "offload", 2, 2, parse_dev_on, "offload NODE.DEV on|off" },
	[TOPO_IPV6] = { "ipv6", 2, 2, parse_dev_on, "ipv6 NODE.DEV on|off" },
	[TOPO_FORWARD] = { "forward", 2, 2, parse_node_on, "forward NODE on|off" },
	[TOPO_SYSCTL] = { "sysctl", 2, 2, parse_sysctl, "sysctl NODE KEY=VALUE" },
	[TOPO_LINK] = { "link", 2, TOPO_WORDS_MAX, parse_link,
			"link NODE.DEV [in|out|both] [delay ..] [loss ..] [script ..] [backend "
			"..], or "
			"link NODE.DEV clear|stats [short]" },
	[TOPO_SOCKET] = { "socket", 1, 2, parse_socket,
			  "socket PORT|NODE.DEV, or socket NODE tcp|udp" },
	[TOPO_RESPONDER] = { "responder", 2, TOPO_ADDRS_MAX + 3, parse_responder,
			     "responder PORT ADDR [ADDR ...] [mac MAC]" },
	[TOPO_CAPTURE] = { "capture", 2, 2, parse_capture,
			   "capture BRIDGE|PORT|NODE.DEV FILE, or capture stop FILE" },
	[TOPO_RUN] = { "run", 2, TOPO_WORDS_MAX, parse_run,
		       "run NODE [as NAME] PROGRAM [ARGS ...]" },
	[TOPO_EXEC] = { "exec", 2, TOPO_WORDS_MAX, parse_exec, "exec NODE PROGRAM [ARGS ...]" },
	[TOPO_ENTER] = { "enter", 1, 1, parse_node, "enter NODE|hub" },
	[TOPO_WAIT] = { "wait", 1, 2, parse_wait, "wait NAME [SECONDS]" },
	[TOPO_KILL] = { "kill", 1, 2, parse_kill, "kill NAME [SIGNAL]" },
	[TOPO_SHOW] = { "show", 0, 0, parse_none, "show" },
	[TOPO_INCLUDE] = { "include", 1, 1, parse_include, "include FILE" },
	[TOPO_SET] = { "set", 1, 1, parse_set, "set NAME=VALUE" },
	[TOPO_IF] = { "if", 3, 3, parse_none, "if LEFT == RIGHT, or if LEFT != RIGHT" },
	[TOPO_ELSE] = { "else", 0, 0, parse_none, "else" },
	[TOPO_END] = { "end", 0, 0, parse_none, "end" },
	[TOPO_QUIT] = { "quit", 0, 0, parse_none, "quit" },
};

const char *topo_verb_word(enum topo_verb verb)
{
	return verbs[verb].word ? verbs[verb].word : "";
}

const char *topo_verb_usage(enum topo_verb verb)
{
	return verbs[verb].usage ? verbs[verb].usage : "";
}

static int unknown_verb(const char *word, struct net_err *e)
{
	char list[400];
	size_t n = 0;

	for (int v = TOPO_NOTHING + 1; v < TOPO_VERB_COUNT; v++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? " " : "",
				      verbs[v].word);
	return net_bad(e, "\"%.40s\" is not a word a line can start with; those are: %s", word,
		       list);
}

/* if, else and end, on the reader's state alone. */
static int branch(struct topo_vars *vars, const struct topo_line *l, struct net_err *e)
{
	bool acting = vars->depth == 0 || vars->block[vars->depth - 1].taken;

	if (l->verb == TOPO_IF) {
		bool eq = strcmp(l->word[1], l->word[3]) == 0;
		bool ne = strcmp(l->word[2], "!=") == 0;

		if (!ne && strcmp(l->word[2], "==") != 0)
			return net_bad(e, "\"%s\" where \"==\" or \"!=\" should stand", l->word[2]);
		if (vars->depth == TOPO_IF_DEPTH)
			return net_bad(e, "more than %d \"if\" inside each other", TOPO_IF_DEPTH);
		vars->block[vars->depth].outer = acting;
		vars->block[vars->depth].taken = acting && eq != ne;
		vars->block[vars->depth].in_else = false;
		vars->depth++;
		return 0;
	}
	if (vars->depth == 0)
		return net_bad(e, "\"%s\" without an \"if\" before it", l->word[0]);
	if (l->verb == TOPO_END) {
		vars->depth--;
		return 0;
	}
	if (vars->block[vars->depth - 1].in_else)
		return net_bad(e, "a second \"else\" in one \"if\"; put \"end\" before it");
	vars->block[vars->depth - 1].in_else = true;
	vars->block[vars->depth - 1].taken =
		vars->block[vars->depth - 1].outer && !vars->block[vars->depth - 1].taken;
	return 0;
}

static enum topo_verb verb_of(const char *word)
{
	for (int v = TOPO_NOTHING + 1; v < TOPO_VERB_COUNT; v++)
		if (strcmp(verbs[v].word, word) == 0)
			return (enum topo_verb)v;
	return TOPO_NOTHING;
}

static bool is_branch(enum topo_verb v)
{
	return v == TOPO_IF || v == TOPO_ELSE || v == TOPO_END;
}

/* The first bare word of @text, so that a branch not taken may hold anything. */
static enum topo_verb peek(const char *text)
{
	char word[16];

	if (sscanf(text, " %15[a-z0-9]", word) != 1)
		return TOPO_NOTHING;
	return verb_of(word);
}

static int parse_words(struct topo_line *l, struct topo_vars *vars, struct net_err *e)
{
	const struct verb *v;
	unsigned int n = l->nword - 1;

	l->verb = verb_of(l->word[0]);
	if (l->verb == TOPO_NOTHING)
		return unknown_verb(l->word[0], e);
	v = &verbs[l->verb];
	if (n < v->min || n > v->max)
		return net_bad(e, "\"%s\" takes %s than %u word%s; write: %s", v->word,
			       n < v->min ? "more" : "fewer", n, n == 1 ? "" : "s", v->usage);
	if (is_branch(l->verb)) {
		if (branch(vars, l, e))
			return -1;
		l->verb = TOPO_NOTHING;
		return 0;
	}
	if (v->parse(l, e))
		return net_err_prefix(e, "%s", v->word);
	if (l->verb == TOPO_SET)
		return topo_vars_set(vars, l->name, l->value, false, e);
	return 0;
}

int topo_parse(struct topo_line *line, const char *text, struct topo_vars *vars, struct net_err *e)
{
	bool acting = vars->depth == 0 || vars->block[vars->depth - 1].taken;
	struct words w;

	memset(line, 0, sizeof(*line));
	if (!acting && !is_branch(peek(text)))
		return 0;
	if (words_cut(&w, text, vars, peek(text) == TOPO_IF, e))
		return -1;
	line->word = w.word;
	line->nword = w.n;
	line->storage = w.storage;
	if (w.n == 0 || parse_words(line, vars, e) == 0)
		return 0;
	topo_line_free(line);
	return -1;
}

void topo_line_free(struct topo_line *line)
{
	free(line->storage);
	memset(line, 0, sizeof(*line));
}
