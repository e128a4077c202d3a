/* SPDX-License-Identifier: BSD-2-Clause */
/* What all disciplines share, and tbf alone; see qdisc.h. */
#define _GNU_SOURCE
#include "netns/qdisc.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "netns/qdisc_nl.h"

void qdisc_begin(struct qdisc_request *r, uint16_t type, uint16_t flags, int index, uint32_t handle,
		 uint32_t parent)
{
	struct tcmsg *tc;

	r->nlh = mnl_nlmsg_put_header(r->buf);
	r->nlh->nlmsg_type = type;
	r->nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->nlh->nlmsg_seq = 1;
	tc = mnl_nlmsg_put_extra_header(r->nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = index;
	tc->tcm_handle = handle;
	tc->tcm_parent = parent;
}

int qdisc_talk(struct qdisc_request *r, mnl_cb_t cb, void *arg)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[32768]; /* as large as a kernel makes its answers */
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

int qdisc_index(const char *dev, struct net_err *e)
{
	int index = (int)if_nametoindex(dev);

	if (!index)
		net_failed(e, "there is no device %s", dev);
	return index;
}

int qdisc_no_kind(const char *kind, struct net_err *e)
{
	struct utsname u;

	uname(&u);
	return net_cannot(
		e,
		"this kernel (%s) has no sch_%s; \"backend wire\" does the same here without it, "
		"\"rig uml -- COMMAND\" brings a kernel that has it (package user-mode-linux), and the "
		"package linux-modules-extra-%s has it for this one",
		u.release, kind, u.release);
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

/* The kernel puts the kind before the options. */
static int on_attr(const struct nlattr *a, void *arg)
{
	struct qdisc_seen *seen = arg;

	if (mnl_attr_get_type(a) == TCA_KIND)
		snprintf(seen->kind, sizeof(seen->kind), "%s", mnl_attr_get_str(a));
	else if (mnl_attr_get_type(a) == TCA_OPTIONS && seen->options)
		seen->options(seen, a);
	else if (mnl_attr_get_type(a) == TCA_STATS2)
		mnl_attr_parse_nested(a, on_stats, &seen->stats);
	return MNL_CB_OK;
}

static int on_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct qdisc_seen *seen = arg;

	if (nlh->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != seen->index)
		return MNL_CB_OK;
	if (seen->handle ? tc->tcm_handle == seen->handle : tc->tcm_parent == TC_H_ROOT)
		mnl_attr_parse(nlh, sizeof(*tc), on_attr, seen);
	return MNL_CB_OK;
}

int qdisc_find(struct qdisc_seen *seen)
{
	struct qdisc_request *r = malloc(sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	qdisc_begin(r, RTM_GETQDISC, NLM_F_DUMP, seen->index, 0, 0);
	r->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	rc = qdisc_talk(r, on_qdisc, seen);
	free(r);
	return rc;
}

int qdisc_tbf(const char *dev, uint64_t rate_bps, uint32_t burst, uint32_t limit, struct net_err *e)
{
	struct tc_tbf_qopt opt = { .limit = limit };
	struct qdisc_request r;
	struct nlattr *options;
	uint64_t bytes = rate_bps / 8;
	int rc, index = qdisc_index(dev, e);

	if (!index)
		return -1;
	opt.rate.rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
	opt.rate.linklayer = TC_LINKLAYER_ETHERNET;
	qdisc_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, QDISC_ROOT, TC_H_ROOT);
	mnl_attr_put_strz(r.nlh, TCA_KIND, "tbf");
	options = mnl_attr_nest_start(r.nlh, TCA_OPTIONS);
	mnl_attr_put(r.nlh, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(r.nlh, TCA_TBF_BURST, burst);
	if (bytes > UINT32_MAX)
		mnl_attr_put_u64(r.nlh, TCA_TBF_RATE64, bytes);
	mnl_attr_nest_end(r.nlh, options);
	rc = qdisc_talk(&r, NULL, NULL);
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return qdisc_no_kind("tbf", e);
	return rc ? net_failed(e, "tbf on %s was refused: %s", dev, strerror(-rc)) : 0;
}

int qdisc_clear(const char *dev, struct net_err *e)
{
	struct qdisc_request r;
	int rc, index = qdisc_index(dev, e);

	if (!index)
		return -1;
	qdisc_begin(&r, RTM_DELQDISC, 0, index, QDISC_ROOT, TC_H_ROOT);
	rc = qdisc_talk(&r, NULL, NULL);
	if (rc && rc != -ENOENT)
		return net_failed(e, "the queue of %s could not be removed: %s", dev,
				  strerror(-rc));
	return 0;
}

static int stats_of(const char *dev, uint32_t handle, struct qdisc_stats *out, struct net_err *e)
{
	struct qdisc_seen seen = { .index = qdisc_index(dev, e), .handle = handle };
	int rc;

	if (!seen.index)
		return -1;
	rc = qdisc_find(&seen);
	if (rc)
		return net_failed(e, "the queue of %s cannot be read: %s", dev, strerror(-rc));
	*out = seen.stats;
	snprintf(out->kind, sizeof(out->kind), "%s", seen.kind);
	return 0;
}

int qdisc_stats(const char *dev, struct qdisc_stats *out, struct net_err *e)
{
	return stats_of(dev, 0, out, e);
}

int qdisc_queue_stats(const char *dev, struct qdisc_stats *out, struct net_err *e)
{
	return stats_of(dev, QDISC_LEAF, out, e);
}
