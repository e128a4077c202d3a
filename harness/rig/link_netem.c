/* SPDX-License-Identifier: BSD-2-Clause */
/* Link words and netem's attributes; see link_netem.h. */
#include "harness/rig/link_netem.h"

#include <string.h>

#include "harness/link/dist.h"

enum { US = 1000 };

static const char *beyond_netem(const struct link_spec *s)
{
	if (s->nscript)
		return "scripts";
	if (s->pattern)
		return "patterns";
	if (s->record || s->replay)
		return "records and replays of verdicts";
	if (s->trace)
		return "rates that follow a trace";
	if (s->down)
		return "links that are down";
	return s->mtu ? "mtu of its own" : NULL;
}

static bool shaped(const struct link_spec *s, const struct netem_wish *w)
{
	return (w->shaper != SHAPER_NONE && s->rate_bps != 0) || s->disc.kind != LINK_QUEUE_LIMIT;
}

static int can(const struct link_spec *s, const struct netem_wish *w, struct net_err *e)
{
	const char *what = beyond_netem(s);
	const struct link_queue_conf *q = &s->disc;

	if (what)
		return net_bad(e, "netem has no %s; \"backend wire\" has them", what);
	if (!shaped(s, w))
		return 0;
	if (s->rate_overhead || s->cell)
		return net_bad(e, "overhead and cells of a rate are netem's own; leave tbf, htb and the "
				  "queue's discipline out, or use \"backend wire\"");
	if (q->target_ns % US || q->interval_ns % US)
		return net_bad(e, "the kernel's %s counts whole microseconds of target and interval",
			       q->kind == LINK_QUEUE_CODEL ? "codel" : "fq_codel");
	return 0;
}

int netem_can(const struct link_spec spec[2], const struct netem_wish *w, struct net_err *e)
{
	for (int dir = 0; dir < 2; dir++)
		if (can(&spec[dir], w, e))
			return -1;
	if (w->shaper != SHAPER_NONE && spec[0].rate_bps == 0 && spec[1].rate_bps == 0)
		return net_bad(e, "%s behind netem needs a rate to keep; add one, such as rate 10mbit",
			       w->shaper == SHAPER_HTB ? "htb" : "tbf");
	return 0;
}

static struct netem_table table_of(const struct link_table *t)
{
	return (struct netem_table){ .value = t ? t->value : NULL, .n = t ? t->n : 0 };
}

static enum netem_loss model_of(enum link_loss_model m)
{
	switch (m) {
	case LINK_LOSS_RANDOM:
		return NETEM_RANDOM;
	case LINK_LOSS_STATE:
		return NETEM_STATE;
	case LINK_LOSS_GEMODEL:
		return NETEM_GEMODEL;
	}
	return NETEM_RANDOM;
}

static void set_slots(const struct link_slot_conf *slot, struct netem_conf *c)
{
	if (!slot->on)
		return;
	c->slot_packets = slot->packets;
	c->slot_bytes = slot->bytes;
	c->slot_dist = table_of(slot->dist);
	if (slot->dist) {
		c->slot_mean_ns = slot->min_ns;
		c->slot_dev_ns = slot->max_ns;
	} else {
		c->slot_min_ns = slot->min_ns;
		c->slot_max_ns = slot->max_ns;
	}
}

static void set_shaper(const struct link_spec *s, const struct netem_wish *w, struct shaper_conf *c)
{
	const struct link_queue_conf *q = &s->disc;

	c->kind = w->shaper == SHAPER_HTB ? SHAPER_HTB : SHAPER_TBF;
	c->rate_bps = s->rate_bps;
	c->burst = w->burst;
	c->target_ns = q->target_ns;
	c->interval_ns = q->interval_ns;
	c->flows = q->flows;
	c->quantum = q->quantum;
	c->ecn = q->ecn;
	c->limit = q->bytes ? q->bytes : q->packets;
	switch (q->kind) {
	case LINK_QUEUE_LIMIT:
		c->leaf = LEAF_PACKETS;
		c->limit = s->queue;
		break;
	case LINK_QUEUE_DROPTAIL:
		c->leaf = q->bytes ? LEAF_BYTES : LEAF_PACKETS;
		break;
	case LINK_QUEUE_CODEL:
		c->leaf = LEAF_CODEL;
		break;
	case LINK_QUEUE_FQ_CODEL:
		c->leaf = LEAF_FQ_CODEL;
		break;
	}
}

void netem_of(const struct link_spec *s, const struct netem_wish *w, struct netem_conf *netem,
	      struct shaper_conf *shaper)
{
	memset(shaper, 0, sizeof(*shaper));
	*netem = (struct netem_conf){
		.delay_ns = s->delay_ns,
		.jitter_ns = s->jitter_ns,
		.delay_corr = s->delay_corr,
		.dist = table_of(s->dist),
		.loss_model = model_of(s->loss_model),
		.loss = s->loss,
		.loss_corr = s->loss_corr,
		.ecn = s->ecn,
		.dup = s->dup,
		.dup_corr = s->dup_corr,
		.reorder = s->reorder,
		.reorder_corr = s->reorder_corr,
		.gap = s->gap,
		.corrupt = s->corrupt,
		.corrupt_corr = s->corrupt_corr,
		.rate_bps = s->rate_bps,
		.overhead = s->rate_overhead,
		.cell = s->cell,
		.cell_overhead = s->cell_overhead,
		.limit = s->queue,
		.seed = s->seed,
		.has_seed = true,
	};
	memcpy(netem->chain, s->chain, sizeof(netem->chain));
	set_slots(&s->slot, netem);
	if (shaped(s, w)) {
		netem->rate_bps = 0;
		set_shaper(s, w, shaper);
	}
}

static void get_loss(const struct netem_conf *c, struct link_spec *s)
{
	s->loss = c->loss;
	s->loss_corr = c->loss_corr;
	memcpy(s->chain, c->chain, sizeof(s->chain));
	if (c->loss_model == NETEM_STATE)
		s->loss_model = LINK_LOSS_STATE;
	else if (c->loss_model == NETEM_GEMODEL)
		s->loss_model = LINK_LOSS_GEMODEL;
}

void netem_words(const struct netem_conf *c, char *text, size_t size)
{
	struct link_spec s;

	link_spec_init(&s);
	s.delay_ns = c->delay_ns;
	s.jitter_ns = c->jitter_ns;
	s.delay_corr = c->delay_corr;
	get_loss(c, &s);
	s.ecn = c->ecn;
	s.reorder = c->reorder;
	s.reorder_corr = c->reorder_corr;
	s.gap = c->gap;
	s.dup = c->dup;
	s.dup_corr = c->dup_corr;
	s.corrupt = c->corrupt;
	s.corrupt_corr = c->corrupt_corr;
	s.rate_bps = c->rate_bps;
	s.rate_overhead = c->overhead;
	s.cell = c->cell;
	s.cell_overhead = c->cell_overhead;
	s.slot = (struct link_slot_conf){ .on = c->slot_max_ns != 0, .min_ns = c->slot_min_ns,
					  .max_ns = c->slot_max_ns, .packets = c->slot_packets,
					  .bytes = c->slot_bytes };
	s.queue = c->limit;
	if (c->has_seed)
		s.seed = c->seed;
	link_spec_print(&s, text, size);
}
