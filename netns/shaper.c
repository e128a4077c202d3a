/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A rate behind netem, and the queue before it; see qdisc.h. netem delays and loses, hands a packet on
 * when its time has come, and what comes faster than the rate waits here:
 *
 *	1: netem -> 2: tbf, or htb with one class -> 3: pfifo, bfifo, codel or fq_codel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netns/qdisc.h"
#include "netns/qdisc_nl.h"

enum {
	FRAMES_IN_BURST = 10, FRAME = 1514,
	BURST_PER_S = 250, /* 4 ms */
	NS_PER_TICK = 64,  /* of the packet scheduler's clock */
	HTB_VERSION = 3, HTB_QUANTUM = FRAME,
	TBF_LIMIT = 1 << 30, /* its own queue is replaced by ours */
	US = 1000,
};

static uint32_t burst_of(const struct shaper_conf *c)
{
	uint64_t burst = c->rate_bps / 8 / BURST_PER_S;

	if (c->burst)
		return c->burst;
	if (burst < FRAMES_IN_BURST * FRAME)
		burst = FRAMES_IN_BURST * FRAME;
	return burst > INT32_MAX ? INT32_MAX : (uint32_t)burst;
}

static struct tc_ratespec spec_of(uint64_t bytes)
{
	return (struct tc_ratespec){ .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
				     .linklayer = TC_LINKLAYER_ETHERNET };
}

static void put_tbf(struct nlmsghdr *nlh, const struct shaper_conf *c)
{
	uint64_t bytes = c->rate_bps / 8;
	struct tc_tbf_qopt opt = { .limit = TBF_LIMIT, .rate = spec_of(bytes) };
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "tbf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(nlh, TCA_TBF_BURST, burst_of(c));
	if (bytes > UINT32_MAX)
		mnl_attr_put_u64(nlh, TCA_TBF_RATE64, bytes);
	mnl_attr_nest_end(nlh, options);
}

static void put_htb(struct nlmsghdr *nlh)
{
	struct tc_htb_glob glob = { .version = HTB_VERSION, .rate2quantum = 10, .defcls = 1 };
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "htb");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_HTB_INIT, sizeof(glob), &glob);
	mnl_attr_nest_end(nlh, options);
}

static void put_htb_class(struct nlmsghdr *nlh, const struct shaper_conf *c)
{
	uint64_t bytes = c->rate_bps / 8, ticks = burst_of(c) * 1000000000ull / bytes / NS_PER_TICK;
	struct tc_htb_opt opt = { .rate = spec_of(bytes), .ceil = spec_of(bytes),
				  .buffer = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks,
				  .quantum = HTB_QUANTUM };
	struct nlattr *options;

	opt.cbuffer = opt.buffer;
	mnl_attr_put_strz(nlh, TCA_KIND, "htb");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_HTB_PARMS, sizeof(opt), &opt);
	if (bytes > UINT32_MAX) {
		mnl_attr_put_u64(nlh, TCA_HTB_RATE64, bytes);
		mnl_attr_put_u64(nlh, TCA_HTB_CEIL64, bytes);
	}
	mnl_attr_nest_end(nlh, options);
}

static const char *leaf_word(enum leaf leaf)
{
	switch (leaf) {
	case LEAF_PACKETS:
		return "pfifo";
	case LEAF_BYTES:
		return "bfifo";
	case LEAF_CODEL:
		return "codel";
	case LEAF_FQ_CODEL:
		return "fq_codel";
	}
	return "";
}

static void put_leaf(struct nlmsghdr *nlh, const struct shaper_conf *c)
{
	struct tc_fifo_qopt fifo = { .limit = c->limit };
	struct nlattr *options;
	bool fair = c->leaf == LEAF_FQ_CODEL;

	mnl_attr_put_strz(nlh, TCA_KIND, leaf_word(c->leaf));
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	if (c->leaf == LEAF_PACKETS || c->leaf == LEAF_BYTES) {
		memcpy(mnl_nlmsg_get_payload_tail(nlh), &fifo, sizeof(fifo));
		nlh->nlmsg_len += (uint32_t)sizeof(fifo);
		mnl_attr_nest_end(nlh, options);
		return;
	}
	mnl_attr_put_u32(nlh, fair ? TCA_FQ_CODEL_TARGET : TCA_CODEL_TARGET,
			 (uint32_t)(c->target_ns / US));
	mnl_attr_put_u32(nlh, fair ? TCA_FQ_CODEL_LIMIT : TCA_CODEL_LIMIT, c->limit);
	mnl_attr_put_u32(nlh, fair ? TCA_FQ_CODEL_INTERVAL : TCA_CODEL_INTERVAL,
			 (uint32_t)(c->interval_ns / US));
	mnl_attr_put_u32(nlh, fair ? TCA_FQ_CODEL_ECN : TCA_CODEL_ECN, c->ecn);
	if (fair) {
		mnl_attr_put_u32(nlh, TCA_FQ_CODEL_FLOWS, c->flows);
		mnl_attr_put_u32(nlh, TCA_FQ_CODEL_QUANTUM, c->quantum);
	}
	mnl_attr_nest_end(nlh, options);
}

static int told(int rc, const char *kind, const char *dev, struct net_err *e)
{
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return qdisc_no_kind(kind, e);
	return rc ? net_failed(e, "%s on %s was refused: %s", kind, dev, strerror(-rc)) : 0;
}

static int put_shaper(const char *dev, int index, const struct shaper_conf *c, struct net_err *e)
{
	const char *kind = c->kind == SHAPER_TBF ? "tbf" : "htb";
	struct qdisc_request r;

	qdisc_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, QDISC_SHAPER,
		    QDISC_ROOT | 1);
	if (c->kind == SHAPER_TBF)
		put_tbf(r.nlh, c);
	else
		put_htb(r.nlh);
	if (told(qdisc_talk(&r, NULL, NULL), kind, dev, e))
		return -1;
	if (c->kind == SHAPER_HTB) {
		qdisc_begin(&r, RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_REPLACE, index, QDISC_SHAPER | 1,
			    QDISC_SHAPER);
		put_htb_class(r.nlh, c);
		if (told(qdisc_talk(&r, NULL, NULL), kind, dev, e))
			return -1;
	}
	qdisc_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, QDISC_LEAF, QDISC_SHAPER | 1);
	put_leaf(r.nlh, c);
	return told(qdisc_talk(&r, NULL, NULL), leaf_word(c->leaf), dev, e);
}

/* What of a shaper's queue the kernel gives back. */
struct have {
	struct shaper_conf conf;
	bool fifo;
};

static int on_leaf(const struct nlattr *a, void *arg)
{
	struct have *h = arg;
	bool fair = h->conf.leaf == LEAF_FQ_CODEL;
	unsigned int type = mnl_attr_get_type(a);

	if (type == (fair ? TCA_FQ_CODEL_LIMIT : TCA_CODEL_LIMIT))
		h->conf.limit = mnl_attr_get_u32(a);
	else if (type == (fair ? TCA_FQ_CODEL_TARGET : TCA_CODEL_TARGET))
		h->conf.target_ns = mnl_attr_get_u32(a);
	else if (type == (fair ? TCA_FQ_CODEL_INTERVAL : TCA_CODEL_INTERVAL))
		h->conf.interval_ns = mnl_attr_get_u32(a);
	else if (type == (fair ? TCA_FQ_CODEL_ECN : TCA_CODEL_ECN))
		h->conf.ecn = mnl_attr_get_u32(a) != 0;
	else if (fair && type == TCA_FQ_CODEL_FLOWS)
		h->conf.flows = mnl_attr_get_u32(a);
	else if (fair && type == TCA_FQ_CODEL_QUANTUM)
		h->conf.quantum = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static void read_leaf(struct qdisc_seen *seen, const struct nlattr *options)
{
	struct have *h = seen->arg;
	struct tc_fifo_qopt fifo;

	if (h->conf.leaf != LEAF_PACKETS && h->conf.leaf != LEAF_BYTES) {
		mnl_attr_parse_nested(options, on_leaf, h);
	} else if (mnl_attr_get_payload_len(options) >= sizeof(fifo)) {
		memcpy(&fifo, mnl_attr_get_payload(options), sizeof(fifo));
		h->conf.limit = fifo.limit;
	}
}

/* The kernel rounds CoDel's times down to 1.024 us, and its microseconds down once more. */
static bool same_time(uint64_t asked_ns, uint64_t have_us)
{
	uint64_t asked = asked_ns / US;

	return have_us <= asked && have_us + 2 >= asked;
}

static int compare(const char *dev, int index, const struct shaper_conf *c, struct net_err *e)
{
	struct have h = { .conf = { .leaf = c->leaf } };
	struct qdisc_seen seen = { .index = index, .handle = QDISC_LEAF, .options = read_leaf,
				   .arg = &h };
	bool codel = c->leaf == LEAF_CODEL || c->leaf == LEAF_FQ_CODEL;
	int rc = qdisc_find(&seen);

	if (rc || strcmp(seen.kind, leaf_word(c->leaf)) != 0)
		return net_failed(e, "the queue behind netem on %s cannot be read back: %s", dev,
				  rc ? strerror(-rc) : "it is another one");
	if (h.conf.limit != c->limit ||
	    (codel && (!same_time(c->target_ns, h.conf.target_ns) ||
		       !same_time(c->interval_ns, h.conf.interval_ns) || h.conf.ecn != c->ecn)) ||
	    (c->leaf == LEAF_FQ_CODEL &&
	     (h.conf.flows != c->flows || h.conf.quantum != c->quantum)))
		return net_failed(e, "this kernel's %s did not take the values on %s as asked",
				  leaf_word(c->leaf), dev);
	return 0;
}

int qdisc_shape(const char *dev, const struct shaper_conf *conf, struct net_err *e)
{
	struct qdisc_seen seen = { .handle = QDISC_SHAPER };
	struct qdisc_request r;
	int index = qdisc_index(dev, e);

	if (!index)
		return -1;
	seen.index = index;
	if (qdisc_find(&seen) == 0 && seen.kind[0]) {
		/* Another kind does not take another's place; and a class is gone with its own. */
		qdisc_begin(&r, RTM_DELQDISC, 0, index, QDISC_SHAPER, QDISC_ROOT | 1);
		if (told(qdisc_talk(&r, NULL, NULL), seen.kind, dev, e))
			return -1;
	}
	if (conf->kind == SHAPER_NONE)
		return 0;
	if (put_shaper(dev, index, conf, e))
		return -1;
	return compare(dev, index, conf, e);
}
