/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The topology language: one line, one act. Turns the text of one line into a struct topo_line and
 * has no other effect: it opens nothing, makes nothing, and knows no node. Which words a verb takes
 * is one table (topo.c); $NAME, if/else/end and set are the reader's (topo_vars). Called by the
 * session and by the tests.
 */
#ifndef NETNS_TOPO_H
#define NETNS_TOPO_H

#include <stdbool.h>
#include <stddef.h>

#include "netns/addr.h"
#include "netns/err.h"

enum {
	TOPO_LINE_MAX = 65536, /* bytes in a line */
	TOPO_WORDS_MAX = 256,  /* words in a line */
	TOPO_ADDRS_MAX = 16,   /* addresses in a line */
	TOPO_VARS_MAX = 64,    /* variables */
	TOPO_IF_DEPTH = 8,     /* if blocks open at once */
};

enum topo_verb {
	TOPO_NOTHING, /* blank, comment, or inside a branch not taken */
	TOPO_NODE,
	TOPO_BRIDGE,
	TOPO_VETH,
	TOPO_TAP,
	TOPO_PORT,
	TOPO_ADDR,
	TOPO_ROUTE,
	TOPO_NEIGH,
	TOPO_UP,
	TOPO_DOWN,
	TOPO_MTU,
	TOPO_MAC,
	TOPO_OFFLOAD,
	TOPO_IPV6,
	TOPO_FORWARD,
	TOPO_SYSCTL,
	TOPO_LINK,
	TOPO_SOCKET,
	TOPO_RESPONDER,
	TOPO_CAPTURE,
	TOPO_RUN,
	TOPO_EXEC,
	TOPO_ENTER,
	TOPO_WAIT,
	TOPO_KILL,
	TOPO_SHOW,
	TOPO_INCLUDE,
	TOPO_SET,
	TOPO_IF,
	TOPO_ELSE,
	TOPO_END,
	TOPO_QUIT,
	TOPO_VERB_COUNT
};

/* One parsed line. What a verb does not use is zero. Strings point into the line's own storage. */
struct topo_line {
	enum topo_verb verb;
	struct devname
		at; /* NODE or NODE.DEV it is about (a PORT or BRIDGE: dev empty, node its name) */
	struct devname other; /* second device, or the bridge in .node with .dev empty */
	bool on;	      /* on|off; vnet; capture: stop */
	long number;	      /* mtu; wait's timeout in milliseconds, -1 when none */
	struct netmac mac;
	bool has_mac;
	struct netaddr addr[TOPO_ADDRS_MAX]; /* addr, responder; route: destination, gateway */
	unsigned int naddr;
	const char *name;  /* run NAME, wait/kill NAME, file, variable, sysctl key */
	const char *value; /* set and sysctl value, route's dev, kill's signal */
	char **rest;	   /* program and arguments, link's words; ends with NULL */
	unsigned int nrest;
	char **word; /* every word of the line, verb first; ends with NULL */
	unsigned int nword;
	void *storage;
};

/* Variables and open if-blocks of one reader. */
struct topo_vars {
	struct {
		char *name, *value;
		bool locked; /* given on the command line: set does not change it */
	} var[TOPO_VARS_MAX];
	unsigned int nvar;
	struct {
		bool taken; /* lines of the present branch are acts */
		bool outer; /* the block itself stands among acts */
		bool in_else;
	} block[TOPO_IF_DEPTH];
	unsigned int depth;
};

/*
 * Parse one line (no newline in it) under @vars: comments, quotes, $NAME, if/else/end. A line in a
 * branch not taken gives TOPO_NOTHING. set and if are carried out on @vars here, since nothing
 * outside the reader is touched by them.
 * Returns 0, or -1 with a sentence that names the word, what was wrong and what would be right;
 * then @line holds nothing. On 0 call topo_line_free() when done.
 */
int topo_parse(struct topo_line *line, const char *text, struct topo_vars *vars, struct net_err *e);
void topo_line_free(struct topo_line *line);

/* Set a variable; @lock makes later sets of it quietly without effect. -1 when the name is not one
 * or there are too many. */
int topo_vars_set(struct topo_vars *vars, const char *name, const char *value, bool lock,
		  struct net_err *e);
const char *topo_vars_get(const struct topo_vars *vars, const char *name);
void topo_vars_free(struct topo_vars *vars);
/* At the end of a file: -1 when an if block is still open beyond @depth blocks. */
int topo_vars_end(const struct topo_vars *vars, unsigned int depth, struct net_err *e);

/* The word a verb is written with, and its usage line. */
const char *topo_verb_word(enum topo_verb verb);
const char *topo_verb_usage(enum topo_verb verb);

#endif
