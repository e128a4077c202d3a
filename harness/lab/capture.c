/* SPDX-License-Identifier: BSD-2-Clause */
/* See capture.h. */
#include "harness/lab/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/pcapng.h"
#include "harness/sim/mem.h"

struct lab_capture {
	struct pcapng_writer **writer; /* by device; NULL: it is not watched */
	unsigned n;
	int error; /* negative errno of the first that could not be written */
	char dir[4096];
};

int lab_capture_free(struct lab_capture *c, struct net_err *e)
{
	int error;

	if (!c)
		return 0;
	for (unsigned i = 0; i < c->n; i++) {
		int rc = c->writer[i] ? pcapng_writer_close(c->writer[i]) : 0;

		c->error = c->error ? c->error : rc;
	}
	error = c->error;
	if (error)
		net_failed(e, "the captures in %.400s cannot be written: %s", c->dir, strerror(-error));
	free(c->writer);
	free(c);
	return error ? -1 : 0;
}

static int add(struct lab_capture *c, const struct lab *l, unsigned dev, struct net_err *e)
{
	const struct sim_topo *t = l->net->topo;
	char name[NODE_NAME_MAX + DEV_NAME_MAX], path[sizeof(c->dir) + sizeof(name) + 16];
	char err[PCAPNG_ERR_TEXT];
	uint32_t id;

	if (c->writer[dev])
		return 0;
	snprintf(name, sizeof(name), "%s.%s", t->node[t->dev[dev].node], t->dev[dev].name);
	snprintf(path, sizeof(path), "%s/%s.pcapng", c->dir, name);
	c->writer[dev] = pcapng_writer_open(path, err, sizeof(err));
	if (!c->writer[dev])
		return net_failed(e, "%s", err);
	if (pcapng_writer_add_if(c->writer[dev], name, PCAPNG_LINK_ETHERNET, &id))
		return net_failed(e, "%.400s cannot be written", path);
	return 0;
}

struct lab_capture *lab_capture_new(const struct lab *l, const char *dir, struct net_err *e)
{
	struct lab_capture *c = sim_alloc(sizeof(*c));
	struct net_err ignored;

	c->n = l->net->ndev;
	c->writer = sim_alloc(c->n * sizeof(struct pcapng_writer *));
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	for (unsigned i = 0; i < l->point->nwatch; i++)
		if (add(c, l, l->point->watch[i].dev, e)) {
			lab_capture_free(c, &ignored);
			return NULL;
		}
	return c;
}

static void put(struct lab_capture *c, unsigned dev, const struct pcapng_packet *p)
{
	int rc = pcapng_writer_packet(c->writer[dev], p);

	c->error = c->error ? c->error : rc;
}

void lab_capture_frame(struct lab_capture *c, const struct lab *l, const struct sim_seen *seen)
{
	unsigned dev = (unsigned)(seen->dev - l->net->dev);
	struct pcapng_packet p = { .dir = seen->sent ? PCAPNG_DIR_OUT : PCAPNG_DIR_IN,
				   .time_ns = l->net->now - SIM_START_NS,
				   .caplen = (uint32_t)seen->len,
				   .len = (uint32_t)seen->len,
				   .data = seen->bytes };

	if (c->writer[dev])
		put(c, dev, &p);
}

void lab_capture_drop(struct lab_capture *c, const struct lab *l, const struct sim_wire *w,
		      uint64_t at_ns, const struct link_frame *f, enum link_drop why)
{
	struct pcapng_packet p = { .time_ns = at_ns - SIM_START_NS,
				   .caplen = f->len,
				   .len = f->len,
				   .data = f->data };
	char comment[128];

	p.comment = comment;
	for (unsigned i = 0; i < c->n; i++) {
		const struct sim_dev *d = &l->net->dev[i];

		if (!c->writer[i] || (d->tx != w && d->rx != w))
			continue;
		p.dir = d->tx == w ? PCAPNG_DIR_OUT : PCAPNG_DIR_IN;
		/* As the wire writes it (link/wire.c): the audit knows these by it. */
		snprintf(comment, sizeof(comment), "dropped %s %s.%s: %s",
			 d->tx == w ? "from" : "toward", d->host->name, d->topo->name,
			 link_drop_text(why));
		put(c, i, &p);
	}
}
