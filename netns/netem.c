/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netem: every attribute of its header set, read back and compared; see qdisc.h. The kernel keeps
 * rates in bytes and shares in parts of 2^32-1: what it gives back is compared as it rounds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netns/qdisc.h"
#include "netns/qdisc_nl.h"

enum {
	SHARE_ALL = 1000000000,
	NETEM_PRNG_SEED = 14, /* TCA_NETEM_PRNG_SEED; Debian 12's headers end before it */
	TABLES_MAX = 30000,   /* entries of both tables: a nest has at most 64 KiB */
};

static uint32_t share(uint32_t parts)
{
	return (uint32_t)(((uint64_t)parts * UINT32_MAX + SHARE_ALL / 2) / SHARE_ALL);
}

static uint32_t parts(uint32_t kernel_share)
{
	return (uint32_t)(((uint64_t)kernel_share * SHARE_ALL + UINT32_MAX / 2) / UINT32_MAX);
}

static void put_loss(struct nlmsghdr *nlh, const struct netem_conf *c)
{
	const uint32_t *p = c->chain;
	struct tc_netem_gimodel gi = { .p13 = share(p[0]), .p31 = share(p[1]), .p32 = share(p[2]),
				       .p14 = share(p[4]), .p23 = share(p[3]) };
	/* The kernel's h is what is received in the bad state. */
	struct tc_netem_gemodel ge = { .p = share(p[0]), .r = share(p[1]),
				       .h = UINT32_MAX - share(p[2]), .k1 = share(p[3]) };
	struct nlattr *nest;

	if (c->loss_model == NETEM_RANDOM)
		return;
	nest = mnl_attr_nest_start(nlh, TCA_NETEM_LOSS);
	if (c->loss_model == NETEM_STATE)
		mnl_attr_put(nlh, NETEM_LOSS_GI, sizeof(gi), &gi);
	else
		mnl_attr_put(nlh, NETEM_LOSS_GE, sizeof(ge), &ge);
	mnl_attr_nest_end(nlh, nest);
}

static void put_rate(struct nlmsghdr *nlh, const struct netem_conf *c)
{
	uint64_t bytes = c->rate_bps / 8;
	struct tc_netem_rate rate = { .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
				      .packet_overhead = c->overhead,
				      .cell_size = c->cell,
				      .cell_overhead = c->cell_overhead };

	mnl_attr_put(nlh, TCA_NETEM_RATE, sizeof(rate), &rate);
	if (bytes > UINT32_MAX)
		mnl_attr_put_u64(nlh, TCA_NETEM_RATE64, bytes);
}

static bool has_slots(const struct netem_conf *c)
{
	return c->slot_min_ns || c->slot_max_ns || c->slot_dist.value;
}

/* All zeros take slots away. */
static void put_slots(struct nlmsghdr *nlh, const struct netem_conf *c)
{
	struct tc_netem_slot slot = { .min_delay = (int64_t)c->slot_min_ns,
				      .max_delay = (int64_t)c->slot_max_ns,
				      .max_packets = (int32_t)c->slot_packets,
				      .max_bytes = (int32_t)c->slot_bytes,
				      .dist_delay = (int64_t)c->slot_mean_ns,
				      .dist_jitter = (int64_t)c->slot_dev_ns };

	mnl_attr_put(nlh, TCA_NETEM_SLOT, sizeof(slot), &slot);
	if (c->slot_dist.value)
		mnl_attr_put(nlh, TCA_NETEM_SLOT_DIST, c->slot_dist.n * sizeof(int16_t),
			     c->slot_dist.value);
}

static uint32_t gap_of(const struct netem_conf *c)
{
	return c->reorder == 0 ? 0 : c->gap > 1 ? c->gap : 1;
}

static void put_netem(struct nlmsghdr *nlh, const struct netem_conf *c)
{
	struct tc_netem_qopt opt = { .limit = c->limit,
				     .loss = share(c->loss),
				     .duplicate = share(c->dup),
				     .gap = gap_of(c) };
	struct tc_netem_corr corr = { .delay_corr = share(c->delay_corr),
				      .loss_corr = share(c->loss_corr),
				      .dup_corr = share(c->dup_corr) };
	struct tc_netem_reorder reorder = { .probability = share(c->reorder),
					    .correlation = share(c->reorder_corr) };
	struct tc_netem_corrupt corrupt = { .probability = share(c->corrupt),
					    .correlation = share(c->corrupt_corr) };
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "netem");
	/* The fixed struct stands at the head of the nest, its times in old clock ticks left at
	 * zero: the 64-bit attributes say them in nanoseconds. */
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	memcpy(mnl_nlmsg_get_payload_tail(nlh), &opt, sizeof(opt));
	nlh->nlmsg_len += (uint32_t)sizeof(opt);
	mnl_attr_put_u64(nlh, TCA_NETEM_LATENCY64, c->delay_ns);
	mnl_attr_put_u64(nlh, TCA_NETEM_JITTER64, c->jitter_ns);
	mnl_attr_put(nlh, TCA_NETEM_CORR, sizeof(corr), &corr);
	mnl_attr_put(nlh, TCA_NETEM_REORDER, sizeof(reorder), &reorder);
	mnl_attr_put(nlh, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt);
	if (c->dist.value)
		mnl_attr_put(nlh, TCA_NETEM_DELAY_DIST, c->dist.n * sizeof(int16_t), c->dist.value);
	put_loss(nlh, c);
	mnl_attr_put_u32(nlh, TCA_NETEM_ECN, c->ecn);
	put_rate(nlh, c);
	put_slots(nlh, c);
	if (c->has_seed)
		mnl_attr_put_u64(nlh, NETEM_PRNG_SEED, c->seed);
	mnl_attr_nest_end(nlh, options);
}

static int on_loss(const struct nlattr *a, void *arg)
{
	struct netem_conf *have = arg;

	if (mnl_attr_get_type(a) == NETEM_LOSS_GI) {
		const struct tc_netem_gimodel *gi = mnl_attr_get_payload(a);

		have->loss_model = NETEM_STATE;
		have->chain[0] = gi->p13;
		have->chain[1] = gi->p31;
		have->chain[2] = gi->p32;
		have->chain[3] = gi->p23;
		have->chain[4] = gi->p14;
	} else if (mnl_attr_get_type(a) == NETEM_LOSS_GE) {
		const struct tc_netem_gemodel *ge = mnl_attr_get_payload(a);

		have->loss_model = NETEM_GEMODEL;
		have->chain[0] = ge->p;
		have->chain[1] = ge->r;
		have->chain[2] = UINT32_MAX - ge->h;
		have->chain[3] = ge->k1;
	}
	return MNL_CB_OK;
}

static void read_rate(struct netem_conf *have, const struct tc_netem_rate *rate)
{
	if (rate->rate != UINT32_MAX)
		have->rate_bps = 8ull * rate->rate;
	have->overhead = rate->packet_overhead;
	have->cell = rate->cell_size;
	have->cell_overhead = rate->cell_overhead;
}

static void read_slots(struct netem_conf *have, const struct tc_netem_slot *slot)
{
	have->slot_min_ns = (uint64_t)slot->min_delay;
	have->slot_max_ns = (uint64_t)slot->max_delay;
	have->slot_packets = (uint32_t)slot->max_packets;
	have->slot_bytes = (uint32_t)slot->max_bytes;
	have->slot_mean_ns = (uint64_t)slot->dist_delay;
	have->slot_dev_ns = (uint64_t)slot->dist_jitter;
}

/* Shares in the kernel's parts. */
static int on_netem(const struct nlattr *a, void *arg)
{
	const void *p = mnl_attr_get_payload(a);
	struct netem_conf *have = arg;

	switch (mnl_attr_get_type(a)) {
	case TCA_NETEM_LATENCY64:
		have->delay_ns = mnl_attr_get_u64(a);
		break;
	case TCA_NETEM_JITTER64:
		have->jitter_ns = mnl_attr_get_u64(a);
		break;
	case TCA_NETEM_CORR:
		have->delay_corr = ((const struct tc_netem_corr *)p)->delay_corr;
		have->loss_corr = ((const struct tc_netem_corr *)p)->loss_corr;
		have->dup_corr = ((const struct tc_netem_corr *)p)->dup_corr;
		break;
	case TCA_NETEM_REORDER:
		have->reorder = ((const struct tc_netem_reorder *)p)->probability;
		have->reorder_corr = ((const struct tc_netem_reorder *)p)->correlation;
		break;
	case TCA_NETEM_CORRUPT:
		have->corrupt = ((const struct tc_netem_corrupt *)p)->probability;
		have->corrupt_corr = ((const struct tc_netem_corrupt *)p)->correlation;
		break;
	case TCA_NETEM_LOSS:
		mnl_attr_parse_nested(a, on_loss, have);
		break;
	case TCA_NETEM_ECN:
		have->ecn = mnl_attr_get_u32(a) != 0;
		break;
	case TCA_NETEM_RATE:
		read_rate(have, p);
		break;
	case TCA_NETEM_RATE64:
		have->rate_bps = 8ull * mnl_attr_get_u64(a);
		break;
	case TCA_NETEM_SLOT:
		read_slots(have, p);
		break;
	case NETEM_PRNG_SEED:
		have->has_seed = true;
		have->seed = mnl_attr_get_u64(a);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void read_netem(struct qdisc_seen *seen, const struct nlattr *options)
{
	const char *payload = mnl_attr_get_payload(options);
	size_t n = mnl_attr_get_payload_len(options);
	struct netem_conf *have = seen->arg;
	struct tc_netem_qopt opt;

	if (strcmp(seen->kind, "netem") != 0 || n < sizeof(opt))
		return;
	memcpy(&opt, payload, sizeof(opt));
	have->limit = opt.limit;
	have->loss = opt.loss;
	have->dup = opt.duplicate;
	have->gap = opt.gap;
	mnl_attr_parse_payload(payload + sizeof(opt), n - sizeof(opt), on_netem, have);
}

static bool same_chain(const struct netem_conf *c, const struct netem_conf *have)
{
	int n = c->loss_model == NETEM_STATE ? 5 : c->loss_model == NETEM_GEMODEL ? 4 : 0;

	for (int i = 0; i < n; i++)
		if (have->chain[i] != share(c->chain[i]))
			return false;
	return c->loss_model == have->loss_model;
}

static bool same_slots(const struct netem_conf *c, const struct netem_conf *have)
{
	if (!has_slots(c))
		return !has_slots(have) && have->slot_mean_ns == 0;
	return have->slot_min_ns == c->slot_min_ns && have->slot_max_ns == c->slot_max_ns &&
	       have->slot_packets == c->slot_packets && have->slot_bytes == c->slot_bytes &&
	       have->slot_mean_ns == c->slot_mean_ns && have->slot_dev_ns == c->slot_dev_ns;
}

static const char *first_difference(const struct netem_conf *c, const struct netem_conf *have)
{
	if (have->delay_ns != c->delay_ns)
		return "delay";
	if (have->jitter_ns != c->jitter_ns)
		return "jitter";
	if (have->delay_corr != share(c->delay_corr) || have->loss_corr != share(c->loss_corr) ||
	    have->dup_corr != share(c->dup_corr) || have->reorder_corr != share(c->reorder_corr) ||
	    have->corrupt_corr != share(c->corrupt_corr))
		return "correlation";
	if (have->loss != share(c->loss) || !same_chain(c, have))
		return "loss";
	if (have->ecn != c->ecn)
		return "ecn";
	if (have->dup != share(c->dup))
		return "dup";
	if (have->reorder != share(c->reorder))
		return "reorder";
	if (have->gap != gap_of(c))
		return "gap";
	if (have->corrupt != share(c->corrupt))
		return "corrupt";
	if (have->rate_bps / 8 != c->rate_bps / 8 || have->overhead != c->overhead ||
	    have->cell != c->cell || have->cell_overhead != c->cell_overhead)
		return "rate";
	if (!same_slots(c, have))
		return "slot";
	return have->limit != c->limit ? "queue" : NULL;
}

static int read_root(const char *dev, int index, struct netem_conf *have, struct net_err *e)
{
	struct qdisc_seen seen = { .index = index, .options = read_netem, .arg = have };
	int rc;

	memset(have, 0, sizeof(*have));
	rc = qdisc_find(&seen);
	if (rc || strcmp(seen.kind, "netem") != 0)
		return net_failed(e, "netem on %s cannot be read back: %s", dev,
				  rc ? strerror(-rc) : "another queue is at the root");
	return 0;
}

int qdisc_netem(const char *dev, const struct netem_conf *conf, bool *seed_taken, struct net_err *e)
{
	struct qdisc_request *r;
	struct netem_conf have;
	const char *differs;
	int rc, index = qdisc_index(dev, e);

	if (!index)
		return -1;
	if (conf->dist.n + conf->slot_dist.n > TABLES_MAX)
		return net_bad(e, "netem takes at most %d entries of both tables of delay in one "
			       "request; use shorter ones", TABLES_MAX);
	if (conf->afresh && qdisc_clear(dev, e))
		return -1;
	r = malloc(sizeof(*r));
	if (!r)
		return net_failed(e, "out of memory");
	qdisc_begin(r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, QDISC_ROOT, TC_H_ROOT);
	put_netem(r->nlh, conf);
	rc = qdisc_talk(r, NULL, NULL);
	free(r);
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return qdisc_no_kind("netem", e);
	if (rc)
		return net_failed(e, "netem on %s was refused: %s", dev, strerror(-rc));
	if (read_root(dev, index, &have, e))
		return -1;
	differs = first_difference(conf, &have);
	if (differs) {
		qdisc_clear(dev, e);
		return net_failed(e, "this kernel's netem did not take the %s on %s as asked",
				  differs, dev);
	}
	if (seed_taken)
		*seed_taken = have.has_seed && have.seed == conf->seed;
	return 0;
}

int qdisc_netem_read(const char *dev, struct netem_conf *out, struct net_err *e)
{
	int index = qdisc_index(dev, e);
	uint32_t *shares[] = { &out->delay_corr, &out->loss, &out->loss_corr, &out->dup, &out->dup_corr,
			       &out->reorder, &out->reorder_corr, &out->corrupt, &out->corrupt_corr,
			       &out->chain[0], &out->chain[1], &out->chain[2], &out->chain[3],
			       &out->chain[4] };

	if (!index || read_root(dev, index, out, e))
		return -1;
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		*shares[i] = parts(*shares[i]);
	if (out->gap <= 1)
		out->gap = 0;
	return 0;
}
