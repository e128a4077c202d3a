/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script: options, a command, events with their times, a command. Each event ends where the next
 * one's time begins, so that a missing word is found at the first token that can be neither.
 */
#include "harness/drill/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/parse_int.h"
#include "harness/drill/parse_option.h"
#include "harness/drill/pyexpr.h"

/* ---- options ---- */

static int option_result(struct drill_parser *p, const struct drill_src *src,
			 enum drill_option_result r, const char *sentence)
{
	switch (r) {
	case DRILL_OPTION_OK:
	case DRILL_OPTION_IGNORED:
		return 0;
	case DRILL_OPTION_UNSUPPORTED:
		return drill_p_fail(p, DRILL_ERR_UNSUPPORTED, src, "%s", sentence);
	case DRILL_OPTION_BAD:
		return drill_p_fail(p, DRILL_ERR_SYNTAX, src, "%s", sentence);
	}
	return 0;
}

static int options(struct drill_parser *p, const struct drill_defines *defs)
{
	struct drill_option **tail = &p->script->options;
	struct drill_options all;
	char sentence[DRILL_OPTION_ERR] = "";

	drill_options_init(&all);
	while (p->tok.kind == DRILL_TOK_OPTION) {
		struct drill_option *o = drill_p_alloc(p, sizeof(*o));

		if (!o)
			return -1;
		o->src = p->tok.src;
		o->name = p->tok.text.at;
		o->value = p->tok.value;
		*tail = o;
		tail = &o->next;
		if (option_result(p, &o->src,
				  drill_options_set(&all, o->name, o->value, sentence),
				  sentence) != 0 ||
		    drill_p_next(p) != 0)
			return -1;
	}
	if (defs && defs->ip_version &&
	    option_result(p, &p->tok.src,
			  drill_options_set(&all, "ip_version", defs->ip_version, sentence),
			  sentence) != 0)
		return -1;
	p->script->ip_version = all.ip_version;
	p->lex.v6 = all.ip_version == DRILL_V_IP6;
	return 0;
}

/* ---- events ---- */

static int command(struct drill_parser *p, struct drill_command *c)
{
	c->src = p->tok.src;
	c->text = p->tok.text.at;
	return drill_p_next(p);
}

static int lone_command(struct drill_parser *p, struct drill_command **out)
{
	*out = drill_p_alloc(p, sizeof(**out));
	return *out ? command(p, *out) : -1;
}

static int code(struct drill_parser *p, struct drill_code *c)
{
	c->src = p->tok.src;
	c->text = p->tok.text.at;
	c->py = drill_py_parse(p->arena, c->text, p->tok.text.len, p->tok.src.line);
	if (!c->py)
		return drill_p_memory(p);
	return drill_p_next(p);
}

static int what_happens(struct drill_parser *p, struct drill_event *ev)
{
	if (drill_p_is(p, '<') || drill_p_is(p, '>')) {
		ev->kind = DRILL_EV_PACKET;
		return drill_p_packet(p, &ev->packet);
	}
	if (p->tok.kind == DRILL_TOK_WORD) {
		ev->kind = DRILL_EV_CALL;
		return drill_p_call(p, &ev->call);
	}
	if (p->tok.kind == DRILL_TOK_COMMAND) {
		ev->kind = DRILL_EV_COMMAND;
		return command(p, &ev->command);
	}
	if (p->tok.kind == DRILL_TOK_CODE) {
		ev->kind = DRILL_EV_CODE;
		return code(p, &ev->code);
	}
	return drill_p_expected(p, "a packet (< or >), a system call, a `command` or %{ code }% "
				   "after the time");
}

static int check_time(struct drill_parser *p, const struct drill_event *ev, int64_t *last_abs)
{
	const struct drill_time *t = &ev->time;
	bool outbound = ev->kind == DRILL_EV_PACKET && ev->packet.dir == DRILL_OUT;
	bool absolute = t->kind == DRILL_T_ABS || t->kind == DRILL_T_ABS_RANGE;

	if (t->blocking && ev->kind != DRILL_EV_CALL)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &ev->src,
				    "only a system call can last (a...b); a packet may have a "
				    "range (a~b)");
	if ((t->kind == DRILL_T_ANY || t->kind == DRILL_T_ABS_RANGE ||
	     t->kind == DRILL_T_REL_RANGE) &&
	    !outbound)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &ev->src,
				    "only a packet that is expected (>) can have %s; this event "
				    "needs one time",
				    t->kind == DRILL_T_ANY ? "the time *" : "a range of times");
	if (ev->number == 1 && (t->kind == DRILL_T_ANY || t->at_ns != 0))
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &ev->src,
				    "the first event is at time 0; write 0 or +0");
	if (absolute && t->at_ns < *last_abs)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &ev->src,
				    "this event is before the one above; absolute times do not go "
				    "back");
	if (absolute)
		*last_abs = t->at_ns;
	return 0;
}

static bool begins_event(const struct drill_parser *p)
{
	return drill_p_is(p, '+') || drill_p_is(p, '*') || p->tok.kind == DRILL_TOK_NUMBER;
}

/* The token after an event is the next time, or the end, or a mistake. */
static int after_event(struct drill_parser *p)
{
	char want[240];

	if (begins_event(p) || p->tok.kind == DRILL_TOK_END || p->tok.kind == DRILL_TOK_COMMAND)
		return 0;
	snprintf(want, sizeof(want), "%s%sthe next event's time (0.1, +0.1, *)", p->want,
		 p->want[0] ? " or " : "");
	return drill_p_expected(p, want);
}

static int events(struct drill_parser *p)
{
	struct drill_event **tail = &p->script->events;
	int64_t last_abs = 0;

	while (begins_event(p)) {
		struct drill_event *ev = drill_p_alloc(p, sizeof(*ev));

		if (!ev)
			return -1;
		if (p->script->nevents == DRILL_EVENTS_MAX)
			return drill_p_fail(p, DRILL_ERR_LIMIT, &p->tok.src,
					    "more than %d events", DRILL_EVENTS_MAX);
		*tail = ev;
		tail = &ev->next;
		ev->number = ++p->script->nevents;
		ev->src = p->tok.src;
		if (drill_p_time(p, &ev->time) != 0 || what_happens(p, ev) != 0)
			return -1;
		drill_p_close(p, &ev->src);
		if (check_time(p, ev, &last_abs) != 0 || after_event(p) != 0)
			return -1;
	}
	return 0;
}

static int whole_script(struct drill_parser *p, const struct drill_defines *defs)
{
	if (p->script->text_len > DRILL_TEXT_MAX)
		return drill_p_fail(p, DRILL_ERR_LIMIT, &(struct drill_src){ .line = 1, .col = 1 },
				    "a script of %zu bytes; %d are allowed", p->script->text_len,
				    DRILL_TEXT_MAX);
	if (drill_p_next(p) != 0 || options(p, defs) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_COMMAND && lone_command(p, &p->script->init) != 0)
		return -1;
	if (!begins_event(p))
		return drill_p_expected(p, p->script->init || p->script->options ?
						   "the first event, at time 0" :
						   "options (--name=value), a `command`, or the "
						   "first event, at time 0");
	if (events(p) != 0)
		return -1;
	if (p->tok.kind == DRILL_TOK_COMMAND && lone_command(p, &p->script->cleanup) != 0)
		return -1;
	if (p->tok.kind != DRILL_TOK_END)
		return drill_p_expected(p, "the end of the script after its last command");
	return 0;
}

int drill_parse(const char *text, size_t len, const char *name, const struct drill_defines *defs,
		struct drill_script **out, struct drill_err *err)
{
	struct drill_arena *arena = drill_arena_new();
	struct drill_script *s = arena ? drill_arena_alloc(arena, sizeof(*s)) : NULL;
	struct drill_parser p = { .arena = arena, .script = s, .err = err };

	memset(err, 0, sizeof(*err));
	if (s) {
		s->arena = arena;
		s->name = drill_arena_copy(arena, name, strlen(name));
		s->text = drill_arena_copy(arena, text, len);
		s->text_len = len;
	}
	if (!s || !s->name || !s->text) {
		err->kind = DRILL_ERR_LIMIT;
		snprintf(err->sentence, sizeof(err->sentence), "out of memory");
		snprintf(err->text, sizeof(err->text), "%.200s: out of memory", name);
		drill_arena_free(arena);
		return -1;
	}
	drill_lex_init(&p.lex, arena, s->text, len, defs);
	if (whole_script(&p, defs) != 0) {
		drill_arena_free(arena);
		return -1;
	}
	*out = s;
	return 0;
}
