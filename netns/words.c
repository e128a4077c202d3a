/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a line; see words.h. One pass; the texts grow in one buffer with a limit. */
#include "netns/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct cutter {
	const char *p;
	const struct topo_vars *vars;
	bool unset_ok;
	struct net_err *e;
	char *text; /* TOPO_LINE_MAX bytes */
	size_t len;
	unsigned int n;
	size_t start[TOPO_WORDS_MAX];
};

static int put(struct cutter *c, char ch)
{
	if (c->len + 1 >= TOPO_LINE_MAX)
		return net_bad(c->e,
			       "the line is longer than %d bytes; use shorter words or an include",
			       TOPO_LINE_MAX);
	c->text[c->len++] = ch;
	return 0;
}

/* At '$': put the variable's value. A lone $ is itself. */
static int put_var(struct cutter *c)
{
	bool brace = c->p[1] == '{';
	const char *from = c->p + (brace ? 2 : 1), *to = from, *value;
	char name[64];
	size_t n;

	while (isalnum((unsigned char)*to) || *to == '_')
		to++;
	n = (size_t)(to - from);
	if (n == 0 && !brace) {
		c->p++;
		return put(c, '$');
	}
	if (n == 0 || n >= sizeof(name) || (brace && *to != '}'))
		return net_bad(c->e, "\"%.20s\" is not a variable; write $NAME or ${NAME}", c->p);
	memcpy(name, from, n);
	name[n] = '\0';
	c->p = to + (brace ? 1 : 0);
	value = topo_vars_get(c->vars, name);
	if (!value && !c->unset_ok)
		return net_bad(c->e,
			       "$%s is not set; put \"set %s=VALUE\" before this line, or write "
			       "'$%s' in single quotes to mean the text",
			       name, name, name);
	for (; value && *value; value++)
		if (put(c, *value))
			return -1;
	return 0;
}

static char escape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static int cut_quoted(struct cutter *c)
{
	char quote = *c->p++;

	while (*c->p && *c->p != quote) {
		if (quote == '"' && *c->p == '$') {
			if (put_var(c))
				return -1;
			continue;
		}
		if (quote == '"' && *c->p == '\\' && c->p[1]) {
			c->p++;
			if (put(c, escape(*c->p++)))
				return -1;
			continue;
		}
		if (put(c, *c->p++))
			return -1;
	}
	if (!*c->p)
		return net_bad(c->e, "a word starts with %c and never ends; put the closing %c",
			       quote, quote);
	c->p++;
	return 0;
}

static int cut_word(struct cutter *c)
{
	if (c->n == TOPO_WORDS_MAX - 1)
		return net_bad(c->e, "more than %d words in one line", TOPO_WORDS_MAX - 1);
	c->start[c->n] = c->len;
	while (*c->p && !isspace((unsigned char)*c->p)) {
		int rc;

		if (*c->p == '"' || *c->p == '\'') {
			rc = cut_quoted(c);
		} else if (*c->p == '$') {
			rc = put_var(c);
		} else if (*c->p == '\\' && c->p[1]) {
			rc = put(c, c->p[1]);
			c->p += 2;
		} else {
			rc = put(c, *c->p++);
		}
		if (rc)
			return rc;
	}
	c->n++;
	return put(c, '\0');
}

int words_cut(struct words *w, const char *text, const struct topo_vars *vars, bool unset_ok,
	      struct net_err *e)
{
	struct cutter c = { .p = text, .vars = vars, .unset_ok = unset_ok, .e = e };
	char **list;

	memset(w, 0, sizeof(*w));
	c.text = malloc(TOPO_LINE_MAX);
	if (!c.text)
		return net_failed(e, "out of memory");
	for (;;) {
		while (isspace((unsigned char)*c.p))
			c.p++;
		if (!*c.p || *c.p == '#')
			break;
		if (cut_word(&c)) {
			free(c.text);
			return -1;
		}
	}
	list = malloc((c.n + 1) * sizeof(*list) + c.len + 1);
	if (!list) {
		free(c.text);
		return net_failed(e, "out of memory");
	}
	memcpy(list + c.n + 1, c.text, c.len);
	for (unsigned int i = 0; i < c.n; i++)
		list[i] = (char *)(list + c.n + 1) + c.start[i];
	list[c.n] = NULL;
	free(c.text);
	w->word = list;
	w->n = c.n;
	w->storage = list;
	return 0;
}
