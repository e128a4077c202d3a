/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a link that have words of their own behind them: loss, distribution, queue, slot; read
 * and printed. Called by spec.c.
 */
#include "harness/link/spec_value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "harness/link/dist.h"
#include "harness/link/loss.h"
#include "harness/link/spec.h"

/* tc's defaults, of codel(8) and fq_codel(8). */
enum {
	CODEL_PACKETS = 1000, FQ_PACKETS = 10240, FQ_FLOWS = 1024, FQ_QUANTUM = 1514,
	QUANTUM_MAX = 1 << 20,
};
#define CODEL_TARGET_NS 5000000u
#define CODEL_INTERVAL_NS 100000000u

/* p13, then as many of the others as are there; tc's values for the rest. */
static int read_chain(struct link_parse *p, const char *name, uint32_t *chain, int n)
{
	int rc = link_take_share(p, name, &chain[0]);

	for (int i = 1; i < n && rc == 0; i++)
		rc = link_may_take_share(p, name, &chain[i]);
	return rc;
}

static int parse_state(struct link_parse *p)
{
	uint32_t none = UINT32_MAX, chain[LINK_CHAIN] = { 0, none, 0, LINK_CERTAIN, 0 };
	int rc = read_chain(p, "loss state", chain, LINK_CHAIN);

	if (rc != 0)
		return rc;
	if (chain[LINK_CHAIN_P31] == none)
		chain[LINK_CHAIN_P31] = LINK_CERTAIN - chain[LINK_CHAIN_P13];
	if ((uint64_t)chain[LINK_CHAIN_P13] + chain[LINK_CHAIN_P14] > LINK_CERTAIN ||
	    (uint64_t)chain[LINK_CHAIN_P31] + chain[LINK_CHAIN_P32] > LINK_CERTAIN)
		return link_refuse(p, "loss state: p13 and p14 together, and p31 and p32 together, are "
				   "at most 100%%; the order is p13 p31 p32 p23 p14");
	p->s->loss_model = LINK_LOSS_STATE;
	memcpy(p->s->chain, chain, sizeof(chain));
	p->s->loss = p->s->loss_corr = 0;
	return 0;
}

static int parse_gemodel(struct link_parse *p)
{
	uint32_t none = UINT32_MAX, chain[LINK_CHAIN] = { 0, none, LINK_CERTAIN, 0, 0 };
	int rc = read_chain(p, "loss gemodel", chain, 4);

	if (rc != 0)
		return rc;
	if (chain[LINK_GE_R] == none)
		chain[LINK_GE_R] = LINK_CERTAIN - chain[LINK_GE_P];
	p->s->loss_model = LINK_LOSS_GEMODEL;
	memcpy(p->s->chain, chain, sizeof(chain));
	p->s->loss = p->s->loss_corr = 0;
	return 0;
}

int link_parse_loss(struct link_parse *p)
{
	uint32_t share, corr = 0;
	int rc;

	if (link_take(p, "state"))
		return parse_state(p);
	if (link_take(p, "gemodel"))
		return parse_gemodel(p);
	link_take(p, "random");
	rc = link_take_share(p, "loss", &share);
	if (rc == 0)
		rc = link_may_take_share(p, "loss", &corr);
	if (rc != 0)
		return rc;
	p->s->loss_model = LINK_LOSS_RANDOM;
	p->s->loss = share;
	p->s->loss_corr = corr;
	if (share == 0)
		p->s->ecn = false;	/* nothing is left to be marked */
	memset(p->s->chain, 0, sizeof(p->s->chain));
	return 0;
}

void link_print_loss(struct link_text *t, const struct link_spec *s)
{
	int n = s->loss_model == LINK_LOSS_STATE ? LINK_CHAIN : 4;

	if (s->loss_model == LINK_LOSS_RANDOM) {
		if (s->loss == 0)
			return;
		link_text_word(t, "loss");
		link_text_share(t, s->loss);
		if (s->loss_corr != 0)
			link_text_share(t, s->loss_corr);
		return;
	}
	link_text_word(t, s->loss_model == LINK_LOSS_STATE ? "loss state" : "loss gemodel");
	for (int i = 0; i < n; i++)
		link_text_share(t, s->chain[i]);
}

static int take_distribution(struct link_parse *p, const struct link_table **out)
{
	const char *text = link_value(p, "uniform, normal, pareto, paretonormal, or a file of tc's");
	char why[LINK_ERR_TEXT];

	if (!text)
		return -EINVAL;
	*out = NULL;
	if (strcmp(text, "uniform") == 0)
		return 0;
	if (strlen(text) >= LINK_PATH_MAX)
		return link_refuse(p, "distribution: the name has more than %d bytes",
				   LINK_PATH_MAX - 1);
	*out = link_dist_get(text, why, sizeof(why));
	return *out ? 0 : link_refuse(p, "%s", why);
}

int link_parse_distribution(struct link_parse *p)
{
	return take_distribution(p, &p->s->dist);
}

static int take_uint32(struct link_parse *p, const char *name, const char *what, uint32_t max,
		       uint32_t *out)
{
	uint64_t n = 0;
	int rc = link_take_count(p, name, what, 1, max, &n);

	if (rc == 0)
		*out = (uint32_t)n;
	return rc;
}

/* N packets, or N bytes */
static int parse_droptail(struct link_parse *p, struct link_queue_conf *q)
{
	uint32_t n;
	int rc = take_uint32(p, "queue droptail", "", LINK_BYTES_MAX, &n);

	if (rc != 0)
		return rc;
	if (link_take(p, "bytes")) {
		q->bytes = n;
		return 0;
	}
	if (!link_take(p, "packets"))
		return link_refuse(p, "queue droptail: %" PRIu32 " of what? write packets or bytes", n);
	if (n > LINK_QUEUE_MAX)
		return link_refuse(p, "queue droptail: %" PRIu32 " packets are too many; at most %d", n,
				   LINK_QUEUE_MAX);
	q->packets = n;
	return 0;
}

static int parse_codel(struct link_parse *p, struct link_queue_conf *q)
{
	bool fair = q->kind == LINK_QUEUE_FQ_CODEL;
	int rc = 0;

	q->packets = fair ? FQ_PACKETS : CODEL_PACKETS;
	q->target_ns = CODEL_TARGET_NS;
	q->interval_ns = CODEL_INTERVAL_NS;
	q->flows = fair ? FQ_FLOWS : 0;
	q->quantum = fair ? FQ_QUANTUM : 0;
	q->ecn = fair;
	for (;;) {
		if (link_take(p, "limit"))
			rc = take_uint32(p, "limit", " of packets", LINK_QUEUE_MAX, &q->packets);
		else if (link_take(p, "target"))
			rc = link_take_time(p, "target", &q->target_ns);
		else if (link_take(p, "interval"))
			rc = link_take_time(p, "interval", &q->interval_ns);
		else if (link_take(p, "ecn"))
			q->ecn = true;
		else if (link_take(p, "noecn"))
			q->ecn = false;
		else if (fair && link_take(p, "flows"))
			rc = take_uint32(p, "flows", "", LINK_FLOWS_MAX, &q->flows);
		else if (fair && link_take(p, "quantum"))
			rc = take_uint32(p, "quantum", " of bytes", QUANTUM_MAX, &q->quantum);
		else
			break;
		if (rc != 0)
			return rc;
	}
	if (q->interval_ns == 0)
		return link_refuse(p, "interval: it is the time in which a good queue empties once; "
				   "write such as 100ms");
	return 0;
}

int link_parse_queue(struct link_parse *p)
{
	struct link_queue_conf q = { .kind = LINK_QUEUE_LIMIT };
	const char *text = link_peek(p);
	uint64_t n;
	int rc;

	if (strcmp(text, "droptail") == 0)
		q.kind = LINK_QUEUE_DROPTAIL;
	else if (strcmp(text, "codel") == 0)
		q.kind = LINK_QUEUE_CODEL;
	else if (strcmp(text, "fq_codel") == 0)
		q.kind = LINK_QUEUE_FQ_CODEL;
	if (q.kind == LINK_QUEUE_LIMIT) {
		rc = link_take_count(p, "queue", " of frames", 1, LINK_QUEUE_MAX, &n);
		if (rc != 0)
			return rc;
		p->s->queue = (uint32_t)n;
		p->s->limit_named = n != LINK_QUEUE_DEFAULT;
		p->s->disc = q;
		return 0;
	}
	p->at++;
	rc = q.kind == LINK_QUEUE_DROPTAIL ? parse_droptail(p, &q) : parse_codel(p, &q);
	if (rc != 0)
		return rc;
	p->s->disc = q;
	/* The discipline limits what waits; what is in delay is then no queue. */
	if (!p->s->limit_named)
		p->s->queue = LINK_QUEUE_MAX;
	return 0;
}

void link_print_queue(struct link_text *t, const struct link_spec *s)
{
	const struct link_queue_conf *q = &s->disc;
	bool fair = q->kind == LINK_QUEUE_FQ_CODEL;

	if (q->kind == LINK_QUEUE_LIMIT) {
		if (s->queue != LINK_QUEUE_DEFAULT) {
			link_text_word(t, "queue");
			link_text_add(t, " %" PRIu32, s->queue);
		}
		return;
	}
	if (s->limit_named) {
		link_text_word(t, "limit");
		link_text_add(t, " %" PRIu32, s->queue);
	}
	if (q->kind == LINK_QUEUE_DROPTAIL) {
		link_text_word(t, "queue droptail");
		link_text_add(t, " %" PRIu32 " %s", q->bytes ? q->bytes : q->packets,
			      q->bytes ? "bytes" : "packets");
		return;
	}
	link_text_word(t, fair ? "queue fq_codel" : "queue codel");
	if (q->packets != (fair ? FQ_PACKETS : CODEL_PACKETS))
		link_text_add(t, " limit %" PRIu32, q->packets);
	if (q->target_ns != CODEL_TARGET_NS) {
		link_text_add(t, " target");
		link_text_time(t, q->target_ns);
	}
	if (q->interval_ns != CODEL_INTERVAL_NS) {
		link_text_add(t, " interval");
		link_text_time(t, q->interval_ns);
	}
	if (fair && q->flows != FQ_FLOWS)
		link_text_add(t, " flows %" PRIu32, q->flows);
	if (fair && q->quantum != FQ_QUANTUM)
		link_text_add(t, " quantum %" PRIu32, q->quantum);
	if (q->ecn != fair)
		link_text_add(t, q->ecn ? " ecn" : " noecn");
}

static int parse_slot_size(struct link_parse *p, struct link_slot_conf *slot)
{
	for (int rc = 0;;) {
		if (link_take(p, "packets"))
			rc = take_uint32(p, "slot: packets", "", LINK_BYTES_MAX, &slot->packets);
		else if (link_take(p, "bytes"))
			rc = take_uint32(p, "slot: bytes", "", LINK_BYTES_MAX, &slot->bytes);
		else
			return 0;
		if (rc != 0)
			return rc;
	}
}

/* slot MIN [MAX] ..., slot distribution NAME MEAN DEVIATION ..., slot 0 */
int link_parse_slot(struct link_parse *p)
{
	struct link_slot_conf slot = { .on = true };
	bool spread = link_take(p, "distribution");
	int rc = spread ? take_distribution(p, &slot.dist) : 0;

	if (rc == 0 && spread && !slot.dist)
		return link_refuse(p, "slot distribution: write normal, pareto, paretonormal or a file; "
				   "uniform is slot MIN MAX");
	if (rc == 0)
		rc = link_take_time(p, "slot", &slot.min_ns);
	slot.max_ns = spread ? 0 : slot.min_ns;
	if (rc == 0)
		rc = spread ? link_take_time(p, "slot", &slot.max_ns)
			    : link_may_take_time(p, "slot", &slot.max_ns);
	if (rc == 0)
		rc = parse_slot_size(p, &slot);
	if (rc != 0)
		return rc;
	if (!spread && slot.max_ns < slot.min_ns)
		return link_refuse(p, "slot: the longest time between slots is less than the shortest");
	if (slot.min_ns == 0 && slot.max_ns == 0)
		slot = (struct link_slot_conf){ .on = false };
	p->s->slot = slot;
	return 0;
}

void link_print_slot(struct link_text *t, const struct link_spec *s)
{
	const struct link_slot_conf *slot = &s->slot;

	if (!slot->on)
		return;
	link_text_word(t, "slot");
	if (slot->dist)
		link_text_add(t, " distribution %s", link_dist_name(slot->dist));
	link_text_time(t, slot->min_ns);
	if (slot->dist || slot->max_ns != slot->min_ns)
		link_text_time(t, slot->max_ns);
	if (slot->packets != 0)
		link_text_add(t, " packets %" PRIu32, slot->packets);
	if (slot->bytes != 0)
		link_text_add(t, " bytes %" PRIu32, slot->bytes);
}
