/* SPDX-License-Identifier: BSD-2-Clause */
/* See watch.h. */
#include "harness/lab/watch.h"

#include <string.h>

#include "harness/lab/series.h"

void lab_watch_init(struct lab_watcher *w, const struct lab *l, const struct lab_watch *watch)
{
	struct sim_dev *d = &l->net->dev[watch->dev];

	*w = (struct lab_watcher){ .watch = watch, .next_ns = SIM_START_NS,
				   .wire = watch->dir == LINK_DIR_IN ? d->rx : d->tx };
}

void lab_watch_free(struct lab_watcher *w)
{
	lab_hist_free(&w->packets);
	lab_hist_free(&w->wait);
}

static void look(struct lab_watcher *w, struct lab *l, uint64_t at_ns)
{
	struct link_occupancy o;

	link_pipe_occupancy(w->wire->pipe, at_ns, &o);
	if (at_ns >= l->settle_ns)
		lab_hist_add(&w->packets, o.queued_packets, 1);
	if (!l->series || (w->told_any && w->told[0] == o.queued_packets && w->told[1] == o.queued_bytes))
		return;
	lab_series_queue(l->series, w->watch->name, at_ns, o.queued_packets, o.queued_bytes);
	w->told[0] = o.queued_packets;
	w->told[1] = o.queued_bytes;
	w->told_any = true;
}

/* Looks at an empty queue are alike. */
static void look_at_nothing(struct lab_watcher *w, struct lab *l, uint64_t until_ns)
{
	uint64_t n = (until_ns - w->next_ns + LAB_WATCH_NS - 1) / LAB_WATCH_NS;

	if (w->next_ns >= l->settle_ns) /* something happens at settle: it is not passed over */
		lab_hist_add(&w->packets, 0, n);
	w->next_ns += n * LAB_WATCH_NS;
}

void lab_watch_until(struct lab_watcher *w, struct lab *l, uint64_t until_ns)
{
	while (w->next_ns < until_ns) {
		look(w, l, w->next_ns);
		w->next_ns += LAB_WATCH_NS;
		if (link_pipe_held(w->wire->pipe) == 0 && w->next_ns < until_ns)
			look_at_nothing(w, l, until_ns);
	}
}

void lab_watch_popped(struct lab_watcher *w, const struct lab *l, const struct link_frame *f)
{
	if (l->net->now < l->settle_ns)
		return;
	w->octets += f->len;
	lab_hist_add(&w->wait, l->net->now > f->ready_ns ? l->net->now - f->ready_ns : 0, 1);
}
