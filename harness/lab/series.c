/* SPDX-License-Identifier: BSD-2-Clause */
/* See series.h. */
#define _GNU_SOURCE
#include "harness/lab/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/jout.h"
#include "harness/lab/meter.h"
#include "harness/lab/text.h"
#include "harness/sim/mem.h"

#define STATE_NS 1000000u /* between two states of a connection that are alike but for numbers */

enum { NO_SSTHRESH = INT32_MAX /* as tcpi_snd_ssthresh says it, in segments */ };

struct line {
	uint64_t tag;	  /* its segment's, or that of the last segment before it */
	bool waits;	  /* for its fate */
	const char *fate; /* NULL: no segment, or in flight */
	uint64_t arrived_ns;
	char *text; /* without what hangs on its fate */
};

struct lab_series {
	FILE *f;
	char *path;
	struct line *ring; /* its size a power of two */
	size_t at, n, cap;
	uint64_t last_tag;
	FILE *m; /* writes into `text` */
	char *text;
	size_t len;
};

struct lab_series *lab_series_new(const char *path, struct net_err *e)
{
	struct lab_series *s = sim_alloc(sizeof(*s));

	s->f = fopen(path, "we");
	s->m = s->f ? open_memstream(&s->text, &s->len) : NULL;
	s->path = sim_strdup(path);
	if (s->m)
		return s;
	net_failed(e, "%s cannot be written: %s", path, strerror(errno));
	if (s->f)
		fclose(s->f);
	free(s->path);
	free(s);
	return NULL;
}

static void write_out(struct lab_series *s, const struct line *line)
{
	struct lab_jout j = { .f = s->f, .inner = true };

	fputs(line->text, s->f);
	if (line->tag && (line->waits || line->fate)) {
		lab_jout_text(&j, "fate", line->fate ? line->fate : "flight");
		if (line->arrived_ns)
			lab_jout_real(&j, "arrive", lab_time(line->arrived_ns));
		else
			lab_jout_null(&j, "arrive");
	}
	fputs("}\n", s->f);
}

static void flush(struct lab_series *s, bool all)
{
	while (s->n > 0 && (all || !s->ring[s->at].waits)) {
		write_out(s, &s->ring[s->at]);
		free(s->ring[s->at].text);
		s->at = (s->at + 1) & (s->cap - 1);
		s->n--;
	}
}

int lab_series_free(struct lab_series *s, struct net_err *e)
{
	int rc;

	if (!s)
		return 0;
	flush(s, true);
	rc = ferror(s->f);
	rc |= fclose(s->f);
	if (rc)
		net_failed(e, "%s cannot be written: %s", s->path, strerror(errno));
	fclose(s->m);
	free(s->text);
	free(s->ring);
	free(s->path);
	free(s);
	return rc ? -1 : 0;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static struct lab_jout begin(struct lab_series *s, uint64_t at_ns, const char *of, const char *name,
			     const char *event)
{
	struct lab_jout j = { .f = s->m };

	rewind(s->m);
	lab_jout_open(&j, NULL, '{');
	lab_jout_real(&j, "t", lab_time(at_ns));
	lab_jout_text(&j, of, name);
	lab_jout_text(&j, "ev", event);
	return j;
}

static struct line *nth(const struct lab_series *s, size_t i)
{
	return &s->ring[(s->at + i) & (s->cap - 1)];
}

/* What was written since begin() becomes a line; tag: of a segment, else 0. */
static void end(struct lab_series *s, uint64_t tag)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct line *more = sim_alloc(cap * sizeof(*more));

		for (size_t i = 0; i < s->n; i++)
			more[i] = *nth(s, i);
		free(s->ring);
		s->ring = more;
		s->cap = cap;
		s->at = 0;
	}
	fflush(s->m);
	s->last_tag = tag ? tag : s->last_tag;
	*nth(s, s->n++) = (struct line){ .tag = s->last_tag, .waits = tag != 0,
					 .text = sim_strndup(s->text, s->len) };
	flush(s, false);
}

/* The line of the segment that waits; NULL: none does. */
static struct line *find(const struct lab_series *s, uint64_t tag)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nth(s, middle)->tag < tag)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->n && nth(s, low)->tag == tag; low++)
		if (nth(s, low)->waits)
			return nth(s, low);
	return NULL;
}

/* ---- what is told --------------------------------------------------------------------------------- */

static void name_conn(struct lab_jout *j, const struct lab_conn *c)
{
	enum lab_kind kind = c->run->flow->kind;

	if (kind != LAB_BULK && kind != LAB_ONOFF)
		lab_jout_whole(j, "conn", c->no);
}

static struct lab_state state_of(const struct ph_tcp_info *i)
{
	uint64_t mss = i->tcpi_snd_mss, out = (uint64_t)i->tcpi_unacked + i->tcpi_retrans;
	uint64_t gone = (uint64_t)i->tcpi_sacked + i->tcpi_lost;

	return (struct lab_state){
		.cwnd = i->tcpi_snd_cwnd * mss,
		.ssthresh = i->tcpi_snd_ssthresh == NO_SSTHRESH ? UINT64_MAX :
								  i->tcpi_snd_ssthresh * mss,
		.srtt = i->tcpi_rtt,
		.rto = i->tcpi_rto,
		.inflight = (out > gone ? out - gone : 0) * mss,
		.pacing = i->tcpi_pacing_rate,
		.cc = i->tcpi_ca_state,
	};
}

static bool alike(const struct lab_state *a, const struct lab_state *b)
{
	return a->cwnd == b->cwnd && a->ssthresh == b->ssthresh && a->srtt == b->srtt &&
	       a->rto == b->rto && a->inflight == b->inflight && a->pacing == b->pacing &&
	       a->cc == b->cc;
}

void lab_series_state(struct lab_series *s, struct lab_conn *c, const struct ph_tcp_info *i)
{
	static const char *const words[] = { "open", "disorder", "cwr", "recovery", "loss" };
	uint64_t now = c->lab->net->now;
	struct lab_state state = state_of(i);
	struct lab_jout j;

	if (c->told_ns && (alike(&state, &c->told) ||
			   (now - c->told_ns < STATE_NS && state.cc == c->told.cc)))
		return;
	c->told = state;
	c->told_ns = now;
	j = begin(s, now, "flow", c->run->flow->name, "state");
	name_conn(&j, c);
	lab_jout_whole(&j, "cwnd", state.cwnd);
	if (state.ssthresh == UINT64_MAX)
		lab_jout_null(&j, "ssthresh");
	else
		lab_jout_whole(&j, "ssthresh", state.ssthresh);
	lab_jout_real(&j, "srtt", (double)state.srtt / 1e6);
	lab_jout_real(&j, "rto", (double)state.rto / 1e6);
	lab_jout_whole(&j, "inflight", state.inflight);
	if (state.pacing == UINT64_MAX)
		lab_jout_null(&j, "pacing");
	else
		lab_jout_whole(&j, "pacing", state.pacing * 8);
	lab_jout_text(&j, "cc", words[state.cc < 5 ? state.cc : 0]);
	end(s, 0);
}

static void tell_numbers(struct lab_jout *j, const struct lab_segment *g, const struct lab_way *own,
			 const struct lab_way *peer)
{
	lab_jout_whole(j, "seq", lab_way_seq(own, g->seq));
	lab_jout_whole(j, "len", g->len);
	if (g->flags & LAB_ACK && peer->known)
		lab_jout_whole(j, "ack", lab_way_seq(peer, g->ack));
	else
		lab_jout_null(j, "ack");
	lab_jout_open(j, "sack", '[');
	for (unsigned i = 0; i < g->nsack; i++) {
		lab_jout_open(j, NULL, '[');
		lab_jout_whole(j, NULL, lab_way_seq(peer, g->sack[i][0]));
		lab_jout_whole(j, NULL, lab_way_seq(peer, g->sack[i][1]));
		lab_jout_close(j, ']');
	}
	lab_jout_close(j, ']');
	lab_jout_whole(j, "win", g->flags & LAB_SYN ? g->window : (uint64_t)g->window << own->wscale);
}

void lab_series_segment(struct lab_series *s, struct lab_conn *c, unsigned side,
			const struct lab_segment *g, bool again, uint64_t tag)
{
	bool data = side == lab_data_side(c->run);
	const struct lab_way *own = &c->way[side], *peer = &c->way[!side];
	struct lab_jout j = begin(s, c->lab->net->now, "flow", c->run->flow->name, "pkt");
	char text[LAB_TEXT_MAX], flags[LAB_FLAGS_MAX];

	lab_text(text, data ? '>' : '<', g, own, peer);
	lab_text_flags(flags, g->flags);
	name_conn(&j, c);
	lab_jout_text(&j, "dir", data ? "data" : "ack");
	tell_numbers(&j, g, own, peer);
	lab_jout_text(&j, "flags", flags);
	lab_jout_bool(&j, "rtx", again);
	lab_jout_text(&j, "text", text);
	end(s, tag);
}

void lab_series_arrived(struct lab_series *s, uint64_t tag, uint64_t now_ns)
{
	struct line *line = find(s, tag);

	if (!line)
		return;
	line->waits = false;
	line->fate = "delivered";
	line->arrived_ns = now_ns;
	flush(s, false);
}

void lab_series_dropped(struct lab_series *s, uint64_t tag, const char *reason)
{
	struct line *line = find(s, tag);

	if (!line)
		return;
	line->waits = false;
	line->fate = reason;
	flush(s, false);
}

void lab_series_queue(struct lab_series *s, const char *link, uint64_t at_ns, uint64_t packets,
		      uint64_t bytes)
{
	struct lab_jout j = begin(s, at_ns, "link", link, "queue");

	lab_jout_whole(&j, "packets", packets);
	lab_jout_whole(&j, "bytes", bytes);
	end(s, 0);
}
