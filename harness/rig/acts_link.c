/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link: the impairments of a device, by the wire (the default: it replays from its seed) or by the
 * kernel's netem. A direct pair has one link and two names for it: what is "in" for one end is
 * "out" for the other. See bench.h; the words are harness/link/spec.h's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/link/rawsock.h"
#include "harness/link/sides.h"
#include "harness/link/spec.h"
#include "harness/link/wire.h"
#include "harness/link/wire_can.h"
#include "harness/rig/bench.h"
#include "harness/rig/link_netem.h"
#include "netns/qdisc.h"

enum backend { BACKEND_NONE, BACKEND_WIRE, BACKEND_NETEM };

enum {
	DIRS = 2,
	LOG_MAX = 100000, /* verdicts kept per direction */
	SHOWN_MAX = 1000, /* verdicts that stats lists */
	ETH_HEADER = 18,  /* with one VLAN tag */
};

/* d->link of the device, and of its peer for a direct pair. */
struct impairment {
	struct dev *d; /* whose in and out are meant */
	enum backend backend;
	struct netem_wish netem;
	struct link_spec spec[DIRS]; /* by enum link_dir */
	struct wire *wire;
	struct pcapng_writer *drops; /* what the wire writes dropped frames to */
	bool seed_taken;	     /* netem: the kernel has a seed */
};

/* What one line asks for. */
struct wish {
	struct link_spec spec[DIRS];
	enum backend backend; /* BACKEND_NONE: not said */
	struct netem_wish netem;
	bool clear, stats, brief; /* brief: no list of verdicts */
};

static struct impairment *of(const struct dev *d)
{
	return d->link;
}

/* Seen from the peer of the device the link is named after, directions are the other way round. */
static enum link_dir seen(const struct impairment *im, const struct dev *d, enum link_dir dir)
{
	if (!im || im->d == d)
		return dir;
	return dir == LINK_DIR_IN ? LINK_DIR_OUT : LINK_DIR_IN;
}

static int read_burst(struct wish *w, const char *word, struct net_err *e)
{
	char *end;
	unsigned long n = word ? strtoul(word, &end, 10) : 0;

	if (!word || end == word || *end || n < 1514 || n > 1000000000)
		return net_bad(e, "burst: write a number of bytes from 1514, one frame, to 1000000000");
	w->netem.burst = (uint32_t)n;
	return 0;
}

/* wire, auto, netem, or netem with a shaper behind it. Takes words from l->rest[*i] on. */
static int read_backend(struct wish *w, const struct topo_line *l, unsigned int *i, struct net_err *e)
{
	const char *word = ++*i < l->nrest ? l->rest[*i] : NULL;

	if (!word)
		return net_bad(e, "\"backend\" must be followed by wire, netem or auto");
	w->netem = (struct netem_wish){ .shaper = SHAPER_NONE };
	if (strcmp(word, "wire") == 0 || strcmp(word, "auto") == 0) {
		w->backend = BACKEND_WIRE;
		return 0;
	}
	if (strcmp(word, "netem") != 0)
		return net_bad(e, "\"%s\" is not a backend; write wire, netem or auto", word);
	w->backend = BACKEND_NETEM;
	word = *i + 1 < l->nrest ? l->rest[*i + 1] : "";
	if (strcmp(word, "tbf") != 0 && strcmp(word, "htb") != 0)
		return 0;
	w->netem.shaper = strcmp(word, "tbf") == 0 ? SHAPER_TBF : SHAPER_HTB;
	++*i;
	if (*i + 1 >= l->nrest || strcmp(l->rest[*i + 1], "burst") != 0)
		return 0;
	*i += 2;
	return read_burst(w, *i < l->nrest ? l->rest[*i] : NULL, e);
}

static int read_wish(struct wish *w, const struct topo_line *l, struct net_err *e)
{
	const char *word[TOPO_WORDS_MAX];
	char why[LINK_ERR_TEXT];
	int n = 0;

	w->clear = l->nrest == 1 && strcmp(l->rest[0], "clear") == 0;
	w->brief = l->nrest == 2 && strcmp(l->rest[1], "short") == 0;
	w->stats = (l->nrest == 1 || w->brief) && strcmp(l->rest[0], "stats") == 0;
	if (w->clear || w->stats)
		return 0;
	for (unsigned int i = 0; i < l->nrest; i++) {
		if (strcmp(l->rest[i], "backend") != 0)
			word[n++] = l->rest[i];
		else if (read_backend(w, l, &i, e))
			return -1;
	}
	return link_sides_parse(w->spec, n, word, why, sizeof(why)) ? net_bad(e, "%s", why) : 0;
}

static int open_end(struct bench *b, const char *name, struct net_err *e)
{
	struct rawsock_conf conf = { .ifname = name, .promisc = true, .vnet_hdr = true };
	char why[256];
	int fd = rawsock_open(&conf, why, sizeof(why));

	(void)b;
	return fd < 0 ? net_failed(e, "no raw socket on %s: %s", name, why) : fd;
}

static int wire_keeps(const struct link_spec spec[DIRS], struct net_err *e)
{
	char why[LINK_ERR_TEXT];
	struct wire_can can;

	wire_can(&can);
	for (int dir = 0; dir < DIRS; dir++)
		if (wire_can_keep(&spec[dir], &can, why, sizeof(why)))
			return net_cannot(e, "%s", why);
	return 0;
}

static int start_wire(struct bench *b, struct impairment *im, struct net_err *e)
{
	struct dev *d = im->d;
	struct wire_conf conf = { .name = d->label, .log_max = LOG_MAX, .fd_b = -1 };
	char why[LINK_ERR_TEXT];

	if (wire_keeps(im->spec, e) || world_cut(b->w, d, e))
		return -1;
	conf.l2 = LINK_L2_ETHERNET;
	conf.max_frame = d->mtu + ETH_HEADER;
	conf.in = im->spec[LINK_DIR_IN];
	conf.out = im->spec[LINK_DIR_OUT];
	im->drops = conf.drops = captures_writer_for(b, d);
	conf.fd_a = open_end(b, d->hub, e);
	if (conf.fd_a >= 0)
		conf.fd_b = open_end(b, d->far, e);
	if (conf.fd_b >= 0)
		im->wire = wire_start(&conf, why, sizeof(why));
	if (im->wire)
		return 0;
	if (conf.fd_b >= 0)
		net_failed(e, "%s", why);
	if (conf.fd_a >= 0)
		close(conf.fd_a);
	if (conf.fd_b >= 0)
		close(conf.fd_b);
	return -1;
}

/* Where netem stands for a direction: on the device that sends that way. */
struct exit_point {
	const struct node *node;
	const char *dev;
};

static struct exit_point exit_of(const struct dev *d, enum link_dir dir)
{
	struct exit_point x = { .node = d->node, .dev = d->up };

	if (dir == LINK_DIR_IN && d->hub[0])
		x = (struct exit_point){ .node = NULL, .dev = d->hub };
	else if (dir == LINK_DIR_IN)
		x = (struct exit_point){ .node = d->peer->node, .dev = d->peer->name };
	return x;
}

static void clear_netem(struct bench *b, struct dev *d)
{
	struct net_err e;

	for (int dir = 0; dir < DIRS; dir++) {
		struct exit_point x = exit_of(d, (enum link_dir)dir);

		world_enter(b->w, x.node);
		qdisc_clear(x.dev, &e);
		world_enter(b->w, NULL);
	}
}

/* old: what netem does now, by direction; NULL: it is not there yet. */
static int set_netem(struct bench *b, struct impairment *im, const struct link_spec *old,
		     struct net_err *e)
{
	if (netem_can(im->spec, &im->netem, e))
		return -1;
	if (im->d->kind == DEV_OWN_TAP)
		return net_bad(e, "%s is a TAP of the node's own stack: there is no link to impair",
			       im->d->label);
	if (im->d->far[0])
		return net_bad(
			e,
			"%s is a direct pair that a wire carries already; choose netem in its "
			"first link line",
			im->d->label);
	for (int dir = 0; dir < DIRS; dir++) {
		struct exit_point x = exit_of(im->d, (enum link_dir)dir);
		struct netem_conf conf;
		struct shaper_conf shaper;
		int rc;

		netem_of(&im->spec[dir], &im->netem, &conf, &shaper);
		if (dir == LINK_DIR_IN)
			conf.seed = ~conf.seed; /* or both ways would lose frames of the same numbers */
		conf.afresh = old && (old[dir].dist != im->spec[dir].dist ||
				      old[dir].slot.dist != im->spec[dir].slot.dist);
		world_enter(b->w, x.node);
		rc = qdisc_netem(x.dev, &conf, &im->seed_taken, e);
		if (rc == 0)
			rc = qdisc_shape(x.dev, &shaper, e);
		world_enter(b->w, NULL);
		if (rc) {
			enum net_err_kind kind = e->kind;

			clear_netem(b, im->d);
			e->kind = kind;
			return -1;
		}
	}
	return 0;
}

static void stop(struct bench *b, struct impairment *im)
{
	struct net_err e;

	if (im->wire)
		wire_stop(im->wire);
	im->wire = NULL;
	if (im->backend == BACKEND_NETEM)
		clear_netem(b, im->d);
	else if (!im->d->peer)
		world_join(b->w, im->d, &e);
	im->backend = BACKEND_NONE;
}

static void forget(struct impairment *im)
{
	if (im->d->peer)
		im->d->peer->link = NULL;
	im->d->link = NULL;
	free(im);
}

static int update_wire(struct impairment *im, const struct link_spec *spec, struct net_err *e)
{
	if (wire_keeps(spec, e))
		return -1;
	for (int dir = 0; dir < DIRS; dir++)
		if (wire_update_spec(im->wire, (enum link_dir)dir, &spec[dir]))
			return net_failed(e, "out of memory");
	return 0;
}

/* No effects any more. A bridge's link is joined again; a direct pair goes on over its wire. */
static enum act_result clear(struct bench *b, struct dev *d, struct net_err *e)
{
	struct impairment *im = of(d);

	if (!im)
		return ACT_OK;
	if (im->wire && d->peer) {
		for (int dir = 0; dir < DIRS; dir++)
			link_spec_init(&im->spec[dir]);
		return update_wire(im, im->spec, e) ? ACT_ERROR : ACT_OK;
	}
	stop(b, im);
	forget(im);
	return ACT_OK;
}

static json_t *drops_json(const struct link_stats *s)
{
	json_t *j = json_object();

	for (int i = LINK_DROP_NONE + 1; i < LINK_DROP_COUNT; i++)
		json_object_set_new(j, link_drop_text((enum link_drop)i),
				    json_integer((json_int_t)s->drops[i]));
	return j;
}

/* The last frames that met a fate, in words. */
static json_t *fates_json(struct wire *w, enum link_dir dir)
{
	json_t *list = json_array();
	struct link_log log;
	char text[200];
	size_t shown = 0;

	if (wire_log(w, dir, &log))
		return list;
	for (size_t i = 0; i < log.n && shown < SHOWN_MAX; i++) {
		const struct link_log_entry *v = &log.entry[i];

		if (v->drop == LINK_DROP_NONE && !v->duplicated && !v->reordered &&
		    v->flip_bit == LINK_NO_FLIP)
			continue;
		link_log_print(v, text, sizeof(text));
		json_array_append_new(list, json_string(text));
		shown++;
	}
	link_log_free(&log);
	return list;
}

static json_t *model_json(const struct impairment *im, const struct wire_stats *s,
			  enum link_dir dir, bool brief)
{
	const struct link_stats *m = &s->model[dir];
	char digest[20];

	snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)m->digest);
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:s,s:o}", "frames",
			 (json_int_t)m->frames, "bytes", (json_int_t)m->bytes, "delivered",
			 (json_int_t)m->delivered, "duplicated", (json_int_t)m->duplicated,
			 "corrupted", (json_int_t)m->corrupted, "reordered",
			 (json_int_t)m->reordered, "marked", (json_int_t)m->marked, "replay_strange",
			 (json_int_t)m->replay_strange, "held", (json_int_t)s->held[dir],
			 "queued_packets", (json_int_t)s->now[dir].queued_packets, "queued_bytes",
			 (json_int_t)s->now[dir].queued_bytes, "drops",
			 drops_json(m), "digest", digest, "verdicts",
			 brief ? json_array() : fates_json(im->wire, dir));
}

static json_t *netem_json(struct bench *b, const struct dev *d, enum link_dir dir)
{
	struct exit_point x = exit_of(d, dir);
	struct qdisc_stats s = { .bytes = 0 }, queue = { .bytes = 0 };
	struct netem_conf c;
	char words[LINK_SPEC_TEXT] = "";
	struct net_err e;

	world_enter(b->w, x.node);
	qdisc_stats(x.dev, &s, &e);
	if (qdisc_netem_read(x.dev, &c, &e) == 0)
		netem_words(&c, words, sizeof(words));
	qdisc_queue_stats(x.dev, &queue, &e);
	world_enter(b->w, NULL);
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s}", "delivered", (json_int_t)s.packets,
			 "bytes", (json_int_t)s.bytes, "dropped", (json_int_t)s.drops, "held",
			 (json_int_t)s.qlen, "queued_packets", (json_int_t)queue.qlen, "queued_bytes",
			 (json_int_t)queue.backlog, "queue_dropped", (json_int_t)queue.drops, "queue",
			 queue.kind, "kernel", words);
}

static enum act_result stats(struct bench *b, struct dev *d, bool brief, struct reply *r,
			     struct net_err *e)
{
	struct impairment *im = of(d);
	struct wire_stats s;
	enum link_dir in = seen(im, d, LINK_DIR_IN), out = seen(im, d, LINK_DIR_OUT);

	if (!im)
		return net_bad(e,
			       "%s has no impairment to count; give one, as in \"link %s loss "
			       "1%%\"",
			       d->label, d->label),
		       ACT_ERROR;
	if (im->backend == BACKEND_NETEM) {
		r->body =
			json_pack("{s:s,s:b,s:o,s:o}", "backend", "netem", "seeded", im->seed_taken,
				  "in", netem_json(b, im->d, in), "out", netem_json(b, im->d, out));
		return ACT_OK;
	}
	wire_stats(im->wire, &s);
	r->body = json_pack("{s:s,s:o,s:o,s:I,s:I,s:I}", "backend", "wire", "in",
			    model_json(im, &s, in, brief), "out",
			    model_json(im, &s, out, brief), "late_max_ns",
			    (json_int_t)s.late_max_ns, "late_sum_ns", (json_int_t)s.late_sum_ns,
			    "late_n", (json_int_t)s.late_n);
	return ACT_OK;
}

/* The first impairment of a link, or one that changes its backend. */
static int begin(struct bench *b, struct dev *d, const struct wish *w, struct net_err *e)
{
	struct impairment *im = calloc(1, sizeof(*im));
	struct net_err later;

	if (!im)
		return net_failed(e, "out of memory");
	im->d = d;
	im->backend = w->backend == BACKEND_NETEM ? BACKEND_NETEM : BACKEND_WIRE;
	im->netem = w->netem;
	memcpy(im->spec, w->spec, sizeof(im->spec));
	if (im->backend == BACKEND_NETEM ? set_netem(b, im, NULL, e) : start_wire(b, im, e)) {
		if (im->backend == BACKEND_WIRE)
			world_join(b->w, d, &later);
		free(im);
		return -1;
	}
	d->link = im;
	if (d->peer)
		d->peer->link = im;
	return 0;
}

static int update(struct bench *b, struct impairment *im, const struct wish *w, struct net_err *e)
{
	struct netem_wish old_netem = im->netem;
	struct link_spec old[DIRS];

	if (w->backend != BACKEND_NONE)
		im->netem = w->netem;
	memcpy(old, im->spec, sizeof(old));
	if (im->backend == BACKEND_WIRE && update_wire(im, w->spec, e))
		return -1;
	memcpy(im->spec, w->spec, sizeof(im->spec));
	if (im->backend == BACKEND_NETEM && set_netem(b, im, old, e)) {
		struct net_err later;

		memcpy(im->spec, old, sizeof(old));
		im->netem = old_netem;
		set_netem(b, im, w->spec, &later);
		return -1;
	}
	return 0;
}

static int change_backend(struct bench *b, struct impairment *im, const struct wish *w,
			  struct net_err *e)
{
	struct dev *d = im->d;
	struct wish back = { .backend = im->backend, .netem = im->netem };
	struct net_err later;

	memcpy(back.spec, im->spec, sizeof(back.spec));
	if (w->backend == BACKEND_NETEM && d->peer)
		return net_bad(
			e,
			"%s is a direct pair that a wire carries already; choose netem in its "
			"first link line",
			d->label);
	stop(b, im);
	forget(im);
	if (begin(b, d, w, e) == 0)
		return 0;
	begin(b, d, &back, &later);
	return -1;
}

enum act_result act_link(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	struct dev *d = world_want_dev(b->w, &l->at, e);
	struct impairment *im = d ? of(d) : NULL;
	struct wish w = { .backend = BACKEND_NONE };

	if (!d)
		return ACT_ERROR;
	for (int dir = 0; dir < DIRS; dir++) {
		link_spec_init(&w.spec[dir]);
		if (im)
			w.spec[dir] = im->spec[seen(im, d, (enum link_dir)dir)];
	}
	if (read_wish(&w, l, e))
		return ACT_ERROR;
	if (w.clear)
		return clear(b, d, e);
	if (w.stats)
		return stats(b, d, w.brief, r, e);
	if (im && im->d != d) {
		struct link_spec swap = w.spec[0];

		w.spec[0] = w.spec[1];
		w.spec[1] = swap;
	}
	if (!im)
		return begin(b, d, &w, e) ? ACT_ERROR : ACT_OK;
	if (w.backend != BACKEND_NONE && w.backend != im->backend)
		return change_backend(b, im, &w, e) ? ACT_ERROR : ACT_OK;
	return update(b, im, &w, e) ? ACT_ERROR : ACT_OK;
}

void link_release(struct bench *b, struct dev *d)
{
	struct impairment *im = of(d);

	(void)b;
	if (!im)
		return;
	if (im->wire)
		wire_stop(im->wire);
	forget(im);
}

json_t *link_show(const struct dev *d)
{
	struct impairment *im = of(d);
	char in[LINK_SPEC_TEXT], out[LINK_SPEC_TEXT];

	if (!im)
		return NULL;
	link_spec_print(&im->spec[seen(im, d, LINK_DIR_IN)], in, sizeof(in));
	link_spec_print(&im->spec[seen(im, d, LINK_DIR_OUT)], out, sizeof(out));
	return json_pack("{s:s,s:s,s:s}", "backend",
			 im->backend == BACKEND_NETEM ? "netem" : "wire", "in", in, "out", out);
}

static void tell_drops(struct bench *b, struct dev *d)
{
	struct impairment *im = of(d);
	struct pcapng_writer *writer;

	if (!im || !im->wire || im->d != d)
		return;
	writer = captures_writer_for(b, d);
	if (!writer && d->peer)
		writer = captures_writer_for(b, d->peer);
	/* A full disk or memory costs the capture these frames, not the link. */
	if (writer != im->drops && wire_set_drops(im->wire, writer) == 0)
		im->drops = writer;
}

void links_tell_drops(struct bench *b)
{
	for (struct node *n = b->w->nodes; n; n = n->next)
		for (struct dev *d = n->devs; d; d = d->next)
			tell_drops(b, d);
}
