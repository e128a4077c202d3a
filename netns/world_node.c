/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes: a network namespace each, the same everywhere whatever the machine's own settings are:
 * IPv6 quiet, congestion control named, metrics not remembered, no reverse path filter. See
 * world.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns/world.h"

static const char default_cc[] = "cubic";
static const char cc_key[] = "net.ipv4.tcp_congestion_control";

struct setting {
	const char *key, *value;
};

/* Optional ones are absent in some kernels: nothing depends on them there. */
static const struct setting born_with[] = {
	/* With br_netfilter in the kernel, a bridge would drop malformed packets before a host sees
	   them. */
	{ "net.bridge.bridge-nf-call-iptables", "0" },
	{ "net.bridge.bridge-nf-call-ip6tables", "0" },
	{ "net.bridge.bridge-nf-call-arptables", "0" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
	{ "net.ipv4.conf.all.rp_filter", "0" },
	{ "net.ipv4.conf.default.rp_filter", "0" },
	{ "net.ipv4.ip_forward", "0" },
	{ "net.ipv6.conf.default.disable_ipv6", "1" },
	{ "net.ipv6.conf.default.accept_dad", "0" },
	{ "net.ipv6.conf.default.dad_transmits", "0" },
	{ "net.ipv6.conf.default.router_solicitations", "0" },
	{ "net.ipv6.conf.all.accept_dad", "0" },
};

/* Write @value under /proc/sys in the present namespace; 0 or -errno. */
static int proc_write(const char *key, const char *value)
{
	char path[256];
	bool slashes = strchr(key, '/') != NULL;
	int fd, rc = 0;
	size_t n;

	n = (size_t)snprintf(path, sizeof(path), "/proc/sys/%s", key);
	if (n >= sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = path + 10; *p && !slashes; p++)
		if (*p == '.')
			*p = '/';
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static bool key_ok(const char *key)
{
	return strncmp(key, "net", 3) == 0 && (key[3] == '.' || key[3] == '/') &&
	       !strstr(key, "..") && !strstr(key, "//");
}

static int sysctl_error(const char *key, const char *value, int rc, struct net_err *e)
{
	if (rc == -ENOENT)
		return net_bad(e, "%s is not a sysctl of a network namespace of this kernel", key);
	if (rc == -EINVAL || rc == -ERANGE)
		return net_bad(e, "%s does not take \"%s\": %s", key, value, strerror(-rc));
	return net_failed(e, "%s=%s was refused: %s", key, value, strerror(-rc));
}

int world_sysctl(struct world *w, const struct node *n, const char *key, const char *value,
		 struct net_err *e)
{
	int rc;

	if (!key_ok(key))
		return net_bad(
			e,
			"\"%s\" does not start with \"net.\"; other sysctls belong to the whole "
			"machine",
			key);
	world_enter(w, n);
	rc = proc_write(key, value);
	world_enter(w, NULL);
	return rc ? sysctl_error(key, value, rc, e) : 0;
}

static bool same_network(const struct netaddr *a, const struct netaddr *b)
{
	if (a->family != b->family || a->len != b->len)
		return false;
	for (unsigned int bit = 0; bit < a->len; bit++)
		if ((a->bytes[bit / 8] ^ b->bytes[bit / 8]) & 0x80u >> bit % 8)
			return false;
	return true;
}

bool world_secondary(const struct dev *d, unsigned int i)
{
	for (unsigned int k = 0; k < i; k++)
		if (same_network(&d->addr[k], &d->addr[i]))
			return true;
	return false;
}

/* Every route of the node again, with its congestion control. */
static int replay_cc(struct node *n, struct net_err *e)
{
	const char *cc = n->cc[0] ? n->cc : NULL;

	for (struct dev *d = n->devs; d; d = d->next)
		for (unsigned int i = 0; i < d->naddr; i++)
			if (!world_secondary(d, i) &&
			    nlk_onlink_cc(&n->k, d->name, &d->addr[i], cc, e))
				return -1;
	for (struct given *g = n->given; g; g = g->next)
		if (g->verb == TOPO_ROUTE &&
		    nlk_route(&n->k, &g->a, &g->b, g->dev[0] ? g->dev : NULL, cc, true, e))
			return -1;
	return 0;
}

static bool kernel_has_cc(const char *cc)
{
	char text[512], *save = NULL;
	int fd = open("/proc/sys/net/ipv4/tcp_available_congestion_control", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *p = strtok_r(text, " \n", &save); p; p = strtok_r(NULL, " \n", &save))
		if (strcmp(p, cc) == 0)
			return true;
	return false;
}

/*
 * A namespace may name as its default only what net.ipv4.tcp_allowed_congestion_control of the
 * whole machine lists, and that we do not touch. Routes may name any that the kernel has.
 */
int world_set_cc(struct world *w, struct node *n, const char *cc, struct net_err *e)
{
	char old[WORLD_CC_MAX];
	bool has;
	int rc;

	world_enter(w, n);
	rc = proc_write(cc_key, cc);
	has = kernel_has_cc(cc);
	if (rc && has)
		proc_write(cc_key, "reno");
	world_enter(w, NULL);
	if ((rc && !has) || strlen(cc) >= sizeof(old))
		return net_bad(
			e,
			"%s does not take \"%s\"; what this kernel has is in "
			"net.ipv4.tcp_available_congestion_control (modprobe tcp_%s adds it)",
			cc_key, cc, cc);
	memcpy(old, n->cc, sizeof(old));
	snprintf(n->cc, sizeof(n->cc), "%s", rc ? cc : "");
	if (n->cc[0] == '\0' && old[0] == '\0')
		return 0;
	return replay_cc(n, e);
}

int world_ipv6(struct world *w, const struct node *n, const char *dev, bool on, struct net_err *e)
{
	static const char *const quiet[] = { "accept_dad", "dad_transmits",
					     "router_solicitations" };
	char key[128];

	for (unsigned int i = 0; on && i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		snprintf(key, sizeof(key), "net/ipv6/conf/%s/%s", dev, quiet[i]);
		if (world_sysctl(w, n, key, "0", e))
			return net_cannot(e, "IPv6 cannot be turned on: this kernel has none");
	}
	snprintf(key, sizeof(key), "net/ipv6/conf/%s/disable_ipv6", dev);
	return world_sysctl(w, n, key, on ? "0" : "1", e);
}

static int settle(struct world *w, struct node *n, struct net_err *e)
{
	world_enter(w, n);
	for (unsigned int i = 0; i < sizeof(born_with) / sizeof(born_with[0]); i++)
		proc_write(born_with[i].key, born_with[i].value);
	world_enter(w, NULL);
	if (world_set_cc(w, n, default_cc, e))
		return world_set_cc(w, n, "reno", e);
	return nlk_up(&n->k, "lo", true, e);
}

/* A fresh namespace with the node's handle in it. The thread is back in the hub afterwards. */
static int make_namespace(struct world *w, struct node *n, struct net_err *e)
{
	int rc;

	if (unshare(CLONE_NEWNET))
		return net_failed(e, "no network namespace for %s: %m", n->name);
	n->ns_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	rc = n->ns_fd < 0 ? net_failed(e, "no descriptor for the namespace of %s: %m", n->name)
			  : nlk_open(&n->k, e);
	world_enter(w, NULL);
	return rc ? rc : settle(w, n, e);
}

int world_node(struct world *w, const char *name, struct net_err *e)
{
	struct node *n, **end = &w->nodes;
	unsigned int count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (world_find_node(w, name))
		return net_bad(e, "there is a node \"%s\" already; choose another name", name);
	if (count == WORLD_NODES_MAX)
		return net_bad(e, "more than %d nodes", WORLD_NODES_MAX);
	n = calloc(1, sizeof(*n));
	if (!n)
		return net_failed(e, "out of memory");
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->ns_fd = n->k.ctl = -1;
	if (make_namespace(w, n, e)) {
		world_node_free(w, n);
		return -1;
	}
	n->serial = ++w->serial;
	*end = n;
	return 0;
}

void world_node_free(struct world *w, struct node *n)
{
	struct node **at = &w->nodes;

	while (n->devs)
		world_dev_free(w, n->devs);
	while (n->given) {
		struct given *g = n->given;

		n->given = g->next;
		free(g);
	}
	while (*at && *at != n)
		at = &(*at)->next;
	if (*at)
		*at = n->next;
	nlk_close(&n->k);
	if (n->ns_fd >= 0)
		close(n->ns_fd);
	free(n);
}
