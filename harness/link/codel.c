/* SPDX-License-Identifier: BSD-2-Clause */
/* CoDel; see codel.h. The steps and their names are those of RFC 8289 5. */
#include "harness/link/codel.h"

#include <math.h>

#include "harness/link/ip.h"

enum { RESUME_INTERVALS = 16 };	/* RFC 8289 5.4: a dropping state so recent is taken up again */

/* 5.3 */
static uint64_t control_law(uint64_t t_ns, uint64_t interval_ns, uint32_t count)
{
	return t_ns + (uint64_t)((double)interval_ns / sqrt((double)count));
}

/* 5.6: a frame, and whether it has been long enough too long. */
static struct link_frame *do_dequeue(struct link_codel *c, const struct link_codel_conf *conf,
				     struct link_fifo *q, uint64_t now_ns, bool *ok_to_drop)
{
	struct link_frame *f = link_fifo_take(q);

	*ok_to_drop = false;
	if (!f || now_ns - f->ready_ns < conf->target_ns || q->bytes <= conf->mtu) {
		c->first_above_ns = 0;
		return f;
	}
	if (c->first_above_ns == 0)
		c->first_above_ns = now_ns + conf->interval_ns;
	else if (now_ns >= c->first_above_ns)
		*ok_to_drop = true;
	return f;
}

static bool mark(struct link_codel *c, const struct link_codel_conf *conf, struct link_frame *f)
{
	if (!conf->ecn || !link_ip_can_ecn(conf->l2, f->data, f->len))
		return false;
	link_ip_mark(conf->l2, f->data, f->len);
	c->marked++;
	return true;
}

struct link_frame *link_codel_take(struct link_codel *c, const struct link_codel_conf *conf,
				   struct link_fifo *q, uint64_t now_ns, link_codel_drop_fn *drop,
				   void *ctx)
{
	bool ok_to_drop;
	struct link_frame *f = do_dequeue(c, conf, q, now_ns, &ok_to_drop);
	uint32_t delta;

	if (!f || !ok_to_drop) {
		c->dropping = false;
		return f;
	}
	if (c->dropping) {
		while (c->dropping && now_ns >= c->drop_next_ns) {
			c->count++;
			if (mark(c, conf, f)) {
				c->drop_next_ns = control_law(c->drop_next_ns, conf->interval_ns,
							      c->count);
				return f;
			}
			drop(ctx, f);
			f = do_dequeue(c, conf, q, now_ns, &ok_to_drop);
			if (!ok_to_drop)
				c->dropping = false;
			else
				c->drop_next_ns = control_law(c->drop_next_ns, conf->interval_ns,
							      c->count);
		}
		return f;
	}
	if (!mark(c, conf, f)) {
		drop(ctx, f);
		f = do_dequeue(c, conf, q, now_ns, &ok_to_drop);
	}
	c->dropping = true;
	delta = c->count - c->lastcount;
	c->count = delta > 1 && now_ns - c->drop_next_ns < RESUME_INTERVALS * conf->interval_ns
			   ? delta : 1;
	c->drop_next_ns = control_law(now_ns, conf->interval_ns, c->count);
	c->lastcount = c->count;
	return f;
}
