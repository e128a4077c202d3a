/* SPDX-License-Identifier: BSD-2-Clause */
/* show: the world as JSON, for clients and for the drawing of rig up. See bench.h. */
#include <string.h>

#include "harness/rig/bench.h"

static json_t *dev_json(const struct dev *d)
{
	static const char *const kinds[] = {
		[DEV_VETH] = "veth", [DEV_TAP] = "tap", [DEV_OWN_TAP] = "tap", [DEV_PORT] = "port"
	};
	json_t *j, *addrs = json_array(), *link = link_show(d);
	char text[NETADDR_TEXT_MAX], mac[18];

	for (unsigned int i = 0; i < d->naddr; i++)
		json_array_append_new(addrs, json_string(netaddr_text(&d->addr[i], true, text)));
	j = json_pack("{s:s,s:s,s:s,s:i,s:b,s:b,s:b,s:o}", "name", d->name, "kind", kinds[d->kind],
		      "mac", netmac_text(&d->mac, mac), "mtu", (int)d->mtu, "up", !d->down,
		      "offload", d->offload, "ipv6", d->ipv6, "addresses", addrs);
	if (d->bridge)
		json_object_set_new(j, "bridge", json_string(d->bridge->name));
	if (d->peer)
		json_object_set_new(j, "peer", json_string(d->peer->label));
	if (d->hub[0])
		json_object_set_new(j, "hub", json_string(d->hub));
	if (link)
		json_object_set_new(j, "link", link);
	return j;
}

static json_t *devs_json(const struct dev *d)
{
	json_t *list = json_array();

	for (; d; d = d->next)
		json_array_append_new(list, dev_json(d));
	return list;
}

static json_t *routes_json(const struct node *n)
{
	json_t *list = json_array();

	for (const struct given *g = n->given; g; g = g->next) {
		char to[NETADDR_TEXT_MAX], via[NETADDR_TEXT_MAX];

		if (g->verb != TOPO_ROUTE)
			continue;
		json_array_append_new(list, json_pack("{s:s,s:s}", "to",
						      g->a.len ? netaddr_text(&g->a, true, to)
							       : "default",
						      "via", netaddr_text(&g->b, false, via)));
	}
	return list;
}

static json_t *nodes_json(const struct world *w)
{
	json_t *list = json_array();

	for (const struct node *n = w->nodes; n; n = n->next)
		json_array_append_new(
			list, json_pack("{s:s,s:b,s:o,s:o}", "name", n->name, "forward", n->forward,
					"devices", devs_json(n->devs), "routes", routes_json(n)));
	return list;
}

static json_t *procs_json(const struct bench *b)
{
	json_t *list = json_array(), *j;

	for (const struct proc *p = b->procs; p; p = p->next) {
		if (p->name[0] == '.')
			continue;
		j = json_pack("{s:s,s:s,s:i,s:b,s:s,s:s}", "name", p->name, "node", p->node, "pid",
			      (int)p->outer_pid, "running", !p->ended, "stdout", p->out_path,
			      "stderr", p->err_path);
		if (p->ended)
			json_object_set_new(j, "status", json_integer(p->status));
		json_array_append_new(list, j);
	}
	return list;
}

enum act_result act_show(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	json_t *bridges = json_array();

	(void)l;
	for (const struct bridge *br = b->w->bridges; br; br = br->next)
		json_array_append_new(bridges, json_string(br->name));
	r->body = json_pack("{s:s,s:i,s:b,s:o,s:o,s:o,s:o,s:o}", "dir", b->w->dir, "pid",
			    (int)b->w->pid, "user_namespace", b->w->own_users, "nodes",
			    nodes_json(b->w), "bridges", bridges, "ports", devs_json(b->w->ports),
			    "processes", procs_json(b), "captures", captures_show(b));
	return r->body ? ACT_OK : (net_failed(e, "out of memory"), ACT_ERROR);
}
