/* SPDX-License-Identifier: BSD-2-Clause */
/* netem and tbf over libmnl; see qdisc.h. */
#define _GNU_SOURCE
#include "netns/qdisc.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum {
	QDISC_HANDLE = 0x10000,
	SHARE_ALL = 1000000000,
	NETEM_PRNG_SEED = 14, /* TCA_NETEM_PRNG_SEED; Debian 12's headers end before it */
	BUF = 16384,
};

struct request {
	char buf[BUF];
	struct nlmsghdr *nlh;
};

static void begin(struct request *r, uint16_t type, uint16_t flags, int index)
{
	struct tcmsg *tc;

	r->nlh = mnl_nlmsg_put_header(r->buf);
	r->nlh->nlmsg_type = type;
	r->nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->nlh->nlmsg_seq = 1;
	tc = mnl_nlmsg_put_extra_header(r->nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = index;
	tc->tcm_handle = QDISC_HANDLE;
	tc->tcm_parent = TC_H_ROOT;
}

/* Send, and hand every answer to @cb until the acknowledgement; 0 or -errno. */
static int talk(struct request *r, mnl_cb_t cb, void *arg)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[BUF];
	int rc = -1;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(s, r->nlh, r->nlh->nlmsg_len) >= 0) {
		ssize_t n;

		do {
			n = mnl_socket_recvfrom(s, buf, sizeof(buf));
			rc = n < 0 ? -1
				   : mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(s), cb,
						arg);
		} while (rc > 0);
	}
	rc = rc < 0 ? -errno : 0;
	mnl_socket_close(s);
	return rc;
}

static int index_of(const char *dev, struct net_err *e)
{
	int index = (int)if_nametoindex(dev);

	if (!index)
		net_failed(e, "there is no device %s", dev);
	return index;
}

/* The kernel's share: parts of 2^32-1, rounded. */
static uint32_t share(uint32_t parts)
{
	return (uint32_t)(((uint64_t)parts * UINT32_MAX + SHARE_ALL / 2) / SHARE_ALL);
}

static uint32_t parts(uint32_t kernel_share)
{
	return (uint32_t)(((uint64_t)kernel_share * SHARE_ALL + UINT32_MAX / 2) / UINT32_MAX);
}

static void put_netem(struct nlmsghdr *nlh, const struct netem_conf *c)
{
	struct tc_netem_qopt opt = { .limit = c->limit,
				     .loss = share(c->loss),
				     .duplicate = share(c->dup),
				     .gap = c->reorder ? 1 : 0 };
	struct tc_netem_reorder reorder = { .probability = share(c->reorder) };
	struct tc_netem_corrupt corrupt = { .probability = share(c->corrupt) };
	uint64_t bytes = c->rate_bps / 8;
	struct tc_netem_rate rate = { .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes };
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "netem");
	/* The fixed struct stands at the head of the nest, its times in old clock ticks left at
	 * zero: the 64-bit attributes say them in nanoseconds. */
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	memcpy(mnl_nlmsg_get_payload_tail(nlh), &opt, sizeof(opt));
	nlh->nlmsg_len += (uint32_t)sizeof(opt);
	mnl_attr_put_u64(nlh, TCA_NETEM_LATENCY64, c->delay_ns);
	mnl_attr_put_u64(nlh, TCA_NETEM_JITTER64, c->jitter_ns);
	mnl_attr_put(nlh, TCA_NETEM_REORDER, sizeof(reorder), &reorder);
	mnl_attr_put(nlh, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt);
	mnl_attr_put(nlh, TCA_NETEM_RATE, sizeof(rate), &rate);
	if (bytes > UINT32_MAX)
		mnl_attr_put_u64(nlh, TCA_NETEM_RATE64, bytes);
	if (c->has_seed)
		mnl_attr_put_u64(nlh, NETEM_PRNG_SEED, c->seed);
	mnl_attr_nest_end(nlh, options);
}

struct found {
	int index;
	bool netem, has_seed;
	char kind[16];
	struct netem_conf have; /* shares in the kernel's parts */
	struct qdisc_stats stats;
};

static int on_netem(const struct nlattr *a, void *arg)
{
	const void *p = mnl_attr_get_payload(a);
	struct found *f = arg;

	switch (mnl_attr_get_type(a)) {
	case TCA_NETEM_LATENCY64:
		f->have.delay_ns = mnl_attr_get_u64(a);
		break;
	case TCA_NETEM_JITTER64:
		f->have.jitter_ns = mnl_attr_get_u64(a);
		break;
	case TCA_NETEM_REORDER:
		f->have.reorder = ((const struct tc_netem_reorder *)p)->probability;
		break;
	case TCA_NETEM_CORRUPT:
		f->have.corrupt = ((const struct tc_netem_corrupt *)p)->probability;
		break;
	case TCA_NETEM_RATE:
		if (((const struct tc_netem_rate *)p)->rate != UINT32_MAX)
			f->have.rate_bps = 8ull * ((const struct tc_netem_rate *)p)->rate;
		break;
	case TCA_NETEM_RATE64:
		f->have.rate_bps = 8ull * mnl_attr_get_u64(a);
		break;
	case NETEM_PRNG_SEED:
		f->has_seed = true;
		f->have.seed = mnl_attr_get_u64(a);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void read_netem(const struct nlattr *options, struct found *f)
{
	const char *payload = mnl_attr_get_payload(options);
	size_t n = mnl_attr_get_payload_len(options);
	struct tc_netem_qopt opt;

	if (n < sizeof(opt))
		return;
	memcpy(&opt, payload, sizeof(opt));
	f->have.limit = opt.limit;
	f->have.loss = opt.loss;
	f->have.dup = opt.duplicate;
	mnl_attr_parse_payload(payload + sizeof(opt), n - sizeof(opt), on_netem, f);
}

static int on_stats(const struct nlattr *a, void *arg)
{
	const void *p = mnl_attr_get_payload(a);
	struct qdisc_stats *out = arg;

	if (mnl_attr_get_type(a) == TCA_STATS_BASIC) {
		const struct gnet_stats_basic *basic = p;

		out->bytes = basic->bytes;
		out->packets = basic->packets;
	} else if (mnl_attr_get_type(a) == TCA_STATS_QUEUE) {
		const struct gnet_stats_queue *queue = p;

		out->drops = queue->drops;
		out->qlen = queue->qlen;
		out->backlog = queue->backlog;
	}
	return MNL_CB_OK;
}

static int on_attr(const struct nlattr *a, void *arg)
{
	struct found *f = arg;

	if (mnl_attr_get_type(a) == TCA_KIND)
		snprintf(f->kind, sizeof(f->kind), "%s", mnl_attr_get_str(a));
	else if (mnl_attr_get_type(a) == TCA_OPTIONS && strcmp(f->kind, "netem") == 0)
		read_netem(a, f);
	else if (mnl_attr_get_type(a) == TCA_STATS2)
		mnl_attr_parse_nested(a, on_stats, &f->stats);
	return MNL_CB_OK;
}

static int on_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct found *f = arg;

	if (nlh->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != f->index ||
	    tc->tcm_parent != TC_H_ROOT)
		return MNL_CB_OK;
	/* The kernel puts the kind before the options. */
	mnl_attr_parse(nlh, sizeof(*tc), on_attr, f);
	f->netem = strcmp(f->kind, "netem") == 0;
	return MNL_CB_OK;
}

static int find_root(int index, struct found *f)
{
	struct request r;

	memset(f, 0, sizeof(*f));
	f->index = index;
	begin(&r, RTM_GETQDISC, NLM_F_DUMP, index);
	r.nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return talk(&r, on_qdisc, f);
}

static int no_kind(const char *kind, struct net_err *e)
{
	struct utsname u;

	uname(&u);
	return net_cannot(
		e,
		"this kernel (%s) has no sch_%s; \"backend wire\" does the same here without "
		"it, and the package linux-modules-extra-%s, or a User-Mode Linux kernel (package "
		"user-mode-linux), has it",
		u.release, kind, u.release);
}

/* The kernel keeps rates in bytes and shares in parts of 2^32-1: compare as it rounds. */
static const char *first_difference(const struct netem_conf *c, const struct netem_conf *have)
{
	if (have->delay_ns != c->delay_ns)
		return "delay";
	if (have->jitter_ns != c->jitter_ns)
		return "jitter";
	if (have->loss != share(c->loss))
		return "loss";
	if (have->dup != share(c->dup))
		return "dup";
	if (have->reorder != share(c->reorder))
		return "reorder";
	if (have->corrupt != share(c->corrupt))
		return "corrupt";
	if (have->rate_bps / 8 != c->rate_bps / 8)
		return "rate";
	return have->limit != c->limit ? "queue" : NULL;
}

int qdisc_netem(const char *dev, const struct netem_conf *conf, bool *seed_taken, struct net_err *e)
{
	struct request r;
	struct found f;
	const char *differs;
	int rc, index = index_of(dev, e);

	if (!index)
		return -1;
	begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
	put_netem(r.nlh, conf);
	rc = talk(&r, NULL, NULL);
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return no_kind("netem", e);
	if (rc)
		return net_failed(e, "netem on %s was refused: %s", dev, strerror(-rc));
	rc = find_root(index, &f);
	if (rc || !f.netem)
		return net_failed(e, "netem on %s cannot be read back: %s", dev,
				  rc ? strerror(-rc) : "another queue is at the root");
	differs = first_difference(conf, &f.have);
	if (differs) {
		qdisc_clear(dev, e);
		return net_failed(e, "this kernel's netem did not take the %s on %s as asked",
				  differs, dev);
	}
	if (seed_taken)
		*seed_taken = f.has_seed && f.have.seed == conf->seed;
	return 0;
}

int qdisc_netem_read(const char *dev, struct netem_conf *out, struct net_err *e)
{
	struct found f;
	int rc, index = index_of(dev, e);

	if (!index)
		return -1;
	rc = find_root(index, &f);
	if (rc || !f.netem)
		return net_failed(e, "netem on %s cannot be read: %s", dev,
				  rc ? strerror(-rc) : "another queue is at the root");
	*out = f.have;
	out->loss = parts(f.have.loss);
	out->dup = parts(f.have.dup);
	out->reorder = parts(f.have.reorder);
	out->corrupt = parts(f.have.corrupt);
	out->has_seed = f.has_seed;
	return 0;
}

int qdisc_tbf(const char *dev, uint64_t rate_bps, uint32_t burst, uint32_t limit, struct net_err *e)
{
	struct tc_tbf_qopt opt = { .limit = limit };
	struct request r;
	struct nlattr *options;
	uint64_t bytes = rate_bps / 8;
	int rc, index = index_of(dev, e);

	if (!index)
		return -1;
	opt.rate.rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
	opt.rate.linklayer = TC_LINKLAYER_ETHERNET;
	begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
	mnl_attr_put_strz(r.nlh, TCA_KIND, "tbf");
	options = mnl_attr_nest_start(r.nlh, TCA_OPTIONS);
	mnl_attr_put(r.nlh, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(r.nlh, TCA_TBF_BURST, burst);
	if (bytes > UINT32_MAX)
		mnl_attr_put_u64(r.nlh, TCA_TBF_RATE64, bytes);
	mnl_attr_nest_end(r.nlh, options);
	rc = talk(&r, NULL, NULL);
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return no_kind("tbf", e);
	return rc ? net_failed(e, "tbf on %s was refused: %s", dev, strerror(-rc)) : 0;
}

int qdisc_clear(const char *dev, struct net_err *e)
{
	struct request r;
	int rc, index = index_of(dev, e);

	if (!index)
		return -1;
	begin(&r, RTM_DELQDISC, 0, index);
	rc = talk(&r, NULL, NULL);
	if (rc && rc != -ENOENT)
		return net_failed(e, "the queue of %s could not be removed: %s", dev,
				  strerror(-rc));
	return 0;
}

int qdisc_stats(const char *dev, struct qdisc_stats *out, struct net_err *e)
{
	struct found f;
	int rc, index = index_of(dev, e);

	if (!index)
		return -1;
	rc = find_root(index, &f);
	if (rc)
		return net_failed(e, "the queue of %s cannot be read: %s", dev, strerror(-rc));
	*out = f.stats;
	return 0;
}
