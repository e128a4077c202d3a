/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a host in an hour; see life.h. */
#include "harness/sim/life.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "harness/sim/life_int.h"

enum {
	HOST, GATE, FAR, NODES,
	LAN0 = 0, LAN1, OUT, /* the router's devices by their order */
	STREAM = 0x6c696665,
	EVENTS_MAX = 5000000,
	ROUNDS = 4,
	TABLES_GROW = 1024 /* octets, once */
};
#define LIFE_MAX_NS (6 * 3600 * LIFE_SECOND)

static _Thread_local struct life *under_way;

static const char topology[] = "node host\nnode gate\nnode far\nforward gate on\n"
			       "veth host.eth0 gate.lan0\nveth host.eth1 gate.lan1\n"
			       "veth far.eth0 gate.wan\n"
			       "addr far.eth0 198.18.0.2/24 2001:db8:ffff::2/64\n"
			       "addr far.eth0 192.168.2.9/32 192.168.66.9/32\n"
			       "addr far.eth0 2001:db8:1:100::9/128 2001:db8:1:300::9/128\n";

/* ---- time ------------------------------------------------------------------------------------- */

static void on_frame(void *ctx, const struct sim_seen *seen)
{
	life_check_frame(ctx, seen);
}

static void on_turn(void *ctx, struct sim_host *h)
{
	life_turn(ctx, h);
}

static void on_after(void *ctx, struct sim_host *h)
{
	life_check_turn(ctx, h);
}

static void on_hears(void *ctx, struct sim_dev *d, const uint8_t *bytes, size_t len)
{
	gate_hears(&((struct life *)ctx)->gate, d, bytes, len);
}

/* Lets that many seconds pass. */
static void pass(struct life *l, uint64_t seconds)
{
	struct sim_net *n = l->net;
	uint64_t end = n->now + seconds * LIFE_SECOND;

	while (!n->failed && n->now < end) {
		uint64_t at = sim_net_next(n), gate = gate_next(&l->gate), app = life_next(l);

		at = gate < at ? gate : at;
		if (app < at)
			at = app;
		at = at < end ? at : end;
		n->now = at > n->now ? at : n->now;
		if (app <= n->now)
			l->host->dirty = true;
		gate_run(&l->gate);
		sim_net_settle(n);
	}
}

/* A phase ends: everything is as it should be, and these connections live. */
static void over(struct life *l, const unsigned *conns, unsigned n)
{
	life_check_phase(l);
	for (unsigned i = 0; i < n; i++)
		life_alive(l, conns[i]);
}

/* ---- what a host's user does -------------------------------------------------------------------- */

static void start_link(struct life *l, unsigned dev)
{
	struct ph_dhcp_conf conf = { .hostname = "host", .use_mtu = true };
	struct ph_stack *st = l->host->st;
	uint64_t now = sim_host_now(l->host);
	int rc = ph_link_ipv6(st, l->dev[dev]->link, PH_IPV6_SLAAC, now);

	if (rc == 0)
		rc = ph_dhcp_start(st, l->dev[dev]->link, &conf, now);
	if (rc)
		sim_fail(l->net, "%s cannot be configured: %s", l->dev[dev]->topo->name,
			 strerror(-rc));
	l->dhcp[dev] = true;
	l->host->dirty = true;
}

static void carrier(struct life *l, unsigned dev, bool up)
{
	l->dev[dev]->down = !up;
	if (ph_link_carrier(l->host->st, l->dev[dev]->link, up, sim_host_now(l->host)))
		sim_fail(l->net, "the link whose carrier changes is not there");
	l->host->dirty = true;
}

static void change(struct life *l, unsigned dev, uint16_t mtu, const uint8_t *mac)
{
	struct ph_link_change to = { .mtu = mtu, .mac = mac };
	int rc = ph_link_change(l->host->st, l->dev[dev]->link, &to, sim_host_now(l->host));

	if (rc)
		sim_fail(l->net, "%s cannot change: %s", l->dev[dev]->topo->name, strerror(-rc));
	if (mtu)
		l->dev[dev]->mtu = mtu;
	l->host->dirty = true;
}

/* The prefix in that place is another one, of which nobody has an address. */
static void give_prefix(struct gate_port *p, unsigned i, uint16_t number)
{
	p->prefix[i] = (struct gate_prefix){ .ip = { 0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)p->index,
						     (uint8_t)(number >> 8), (uint8_t)number },
					     .told = true, .preferred_s = 240, .valid_s = 300 };
}

static bool from_prefix(const struct life *l, unsigned conn, const struct gate_prefix *x)
{
	return memcmp(l->conn[conn].from.b, x->ip, 8) == 0;
}

static struct ph_dhcp_info lease(struct life *l, unsigned dev)
{
	struct ph_dhcp_info i = { .state = "none" };

	if (ph_dhcp_info(l->host->st, l->dev[dev]->link, &i))
		sim_fail(l->net, "DHCP does not run on %s", l->dev[dev]->topo->name);
	return i;
}

#define MUST(l, what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			sim_fail((l)->net, "in \"%s\": %s does not hold", (l)->phase, #what);      \
	} while (0)

/* ---- phases ------------------------------------------------------------------------------------ */

/* Both links get addresses of both families; connections begin that stay. */
static void boots(struct life *l)
{
	l->phase = "boot";
	start_link(l, 0);
	start_link(l, 1);
	pass(l, 45);
	for (unsigned i = 0; i < 4 && !l->net->failed; i++)
		(void)life_connect(l, i / 2, i % 2, true);
	life_join(l, 0);
	pass(l, 15);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

/* Leases are renewed, temporary addresses followed by others, groups told of when asked. */
static void renews(struct life *l)
{
	const struct gate_port *p = l->gate.port;
	unsigned discover[2] = { p[0].count.discover, p[1].count.discover };

	l->phase = "renewals";
	pass(l, 700);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
	for (unsigned i = 0; i < GATE_PORTS; i++) {
		MUST(l, p[i].count.renew >= 2);
		MUST(l, p[i].count.discover == discover[i]);
	}
	MUST(l, p[0].group4_ns + 3 * GATE_QUERY_S * LIFE_SECOND > l->net->now);
	MUST(l, p[0].group6_ns + 3 * GATE_QUERY_S * LIFE_SECOND > l->net->now);
	MUST(l, p[1].group4_ns == 0 && p[1].group6_ns == 0);
}

/* A datagram to one of the host's own addresses comes back through lo, whatever its links do. */
static void talks_to_itself(struct life *l, struct ph_ip ip)
{
	struct ph_sockaddr at = { .family = PH_AF_INET, .port = 4242 };
	struct ph_stack *st = l->host->st;
	ph_socket s = ph_socket_new(st, PH_AF_INET, PH_SOCK_DGRAM, 0, sim_host_now(l->host));
	char b[8];

	MUST(l, s >= 0 && ph_bind(st, s, &at, sim_host_now(l->host)) == 0);
	at.ip = ip;
	MUST(l, ph_connect(st, s, &at, sim_host_now(l->host)) == 0);
	MUST(l, ph_send(st, s, "self", 4, 0, sim_host_now(l->host)) == 4);
	l->host->dirty = true;
	pass(l, 1);
	MUST(l, ph_recv(st, s, b, sizeof(b), 0, sim_host_now(l->host)) == 4);
	ph_close(st, s, sim_host_now(l->host));
	l->host->dirty = true;
}

/* The cable is out for a moment; everything goes on. */
static void loses_carrier(struct life *l)
{
	struct ph_ip before = lease(l, 0).ip, after;

	l->phase = "carrier lost and found";
	carrier(l, 0, false);
	talks_to_itself(l, ph_ip4(127, 0, 0, 1));
	talks_to_itself(l, before);
	pass(l, sim_rand_in(&l->rand, 2, 20));
	carrier(l, 0, true);
	pass(l, 60);
	after = lease(l, 0).ip;
	MUST(l, memcmp(&before, &after, sizeof(before)) == 0);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

/* Another hardware address, another MTU; connections hear of the one from ARP and ND, of the other by
 * themselves. */
static void changes(struct life *l)
{
	uint8_t mac[6];

	l->phase = "hardware address and mtu changed";
	memcpy(mac, l->dev[0]->topo->mac.bytes, sizeof(mac));
	mac[5] ^= 0x55;
	change(l, 0, 0, mac);
	change(l, 1, 1400, NULL);
	l->gate.port[0].mtu6 = 1320;
	pass(l, 100);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
	change(l, 1, 1500, NULL);
	l->gate.port[0].mtu6 = 1500;
	pass(l, 70);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

/* The provider gives another prefix: the old one is deprecated and runs out. */
static void renumbers(struct life *l)
{
	struct gate_port *p = &l->gate.port[0];
	unsigned last;

	l->phase = "prefix deprecated";
	p->prefix[0].preferred_s = p->prefix[0].valid_s = 0;
	give_prefix(p, 1, 0x200);
	gate_advertise(&l->gate, p);
	pass(l, 70);
	last = life_connect(l, 0, true, true);
	MUST(l, from_prefix(l, last, &p->prefix[1]));
	pass(l, 20);
	over(l, (const unsigned[]){ 0, 1, 2, 3, last }, 5);
	l->phase = "prefix over";
	pass(l, 300);
	over(l, (const unsigned[]){ 0, 2, 3, last }, 4);
	life_close(l, 1);
	l->conn[1] = l->conn[last];
	l->nconn--;
	p->prefix[0] = (struct gate_prefix){ .told = false };
}

/* The router says that it is one no more, and is one again; then it says nothing for long. */
static void router_ends(struct life *l)
{
	struct gate_port *p = &l->gate.port[0];

	l->phase = "router no more";
	p->router_s = 0;
	for (unsigned i = 0; i < 3; i++) { /* one may be lost */
		gate_advertise(&l->gate, p);
		pass(l, 1);
	}
	p->dns_until_ns = p->router_until_ns;
	pass(l, 3);
	MUST(l, p->router_until_ns <= l->net->now);
	p->dns_until_ns = l->net->now + 100 * LIFE_SECOND; /* its name server is still one */
	life_check_phase(l);
	p->router_s = 200;
	gate_advertise(&l->gate, p);
	pass(l, 130);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
	l->phase = "router silent";
	p->advertises = false;
	pass(l, 360);
	over(l, (const unsigned[]){ 0, 2, 3 }, 3);
	l->phase = "router back"; /* and the address, the same, whose connection goes on */
	p->advertises = true;
	pass(l, 190);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

/* The server does not answer whom it gave the lease; when everybody is asked it does. */
static void rebinds(struct life *l)
{
	struct gate_port *p = &l->gate.port[0];
	struct ph_ip before = lease(l, 0).ip, after;
	unsigned rebind = p->count.rebind;

	l->phase = "rebinding";
	p->by_broadcast_only = true;
	pass(l, p->lease_s);
	after = lease(l, 0).ip;
	MUST(l, p->count.rebind > rebind);
	MUST(l, memcmp(&before, &after, sizeof(before)) == 0);
	p->by_broadcast_only = false;
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

/* The server is silent until the lease is over; another address comes when it speaks again. */
static void expires(struct life *l)
{
	struct gate_port *p = &l->gate.port[0];
	uint8_t before = p->octet;

	l->phase = "lease over";
	p->serves = false;
	pass(l, p->lease_s + 20);
	l->dhcp[0] = false;
	over(l, (const unsigned[]){ 1, 2, 3 }, 3);
	life_dead(l, 0);
	p->serves = true;
	pass(l, 120); /* who asks has waited up to 64 s between two questions */
	l->dhcp[0] = true;
	MUST(l, p->octet != before);
	l->phase = "another lease";
	life_check_phase(l);
}

/* The same cable leads to another network: the server there says no to the address of before. */
static void moves(struct life *l)
{
	struct gate_port *p = &l->gate.port[1];
	unsigned nak = p->count.nak;

	l->phase = "another network";
	carrier(l, 1, false);
	pass(l, 5);
	p->net[2] ^= 0x40;
	p->octet = 0;
	p->prefix[0].told = false;
	p->prefix[0].until_ns = l->net->now + p->prefix[0].valid_s * LIFE_SECOND;
	give_prefix(p, 1, 0x300);
	carrier(l, 1, true);
	pass(l, 200); /* an advertisement may be lost, and the next as well */
	life_check_phase(l);
	MUST(l, p->count.nak > nak);
	life_dead(l, 2);
	pass(l, 200);
	l->phase = "the network of before is forgotten";
	p->prefix[0] = (struct gate_prefix){ .told = false };
	life_check_phase(l);
}

/* Links go and come while connections run over them and over the other one. */
static void replugs(struct life *l, unsigned dev)
{
	unsigned stays[2], goes[2];

	l->phase = "before a link is removed";
	for (unsigned i = 0; i < 2; i++) {
		stays[i] = life_connect(l, !dev, i, true);
		goes[i] = life_connect(l, dev, i, i);
	}
	pass(l, 20);
	over(l, stays, 2);
	over(l, goes, 2);
	l->phase = "a link removed";
	sim_dev_unplug(l->dev[dev]);
	pass(l, 60);
	over(l, stays, 2);
	l->phase = "a link added again";
	/* what a server of now thinks of the lease of before does not matter: it is asked for anew */
	if (!l->net->failed && sim_dev_plug(l->dev[dev]))
		start_link(l, dev);
	pass(l, 60);
	over(l, stays, 2);
	for (unsigned i = 0; i < 2; i++) {
		life_close(l, stays[i]);
		life_close(l, goes[i]);
	}
	l->nconn -= 4;
}

/* Everything is closed, given back and removed; nothing is held, however often. */
static void ends(struct life *l, unsigned round)
{
	struct gate_port *p = l->gate.port;
	unsigned releases = p[0].count.release + p[1].count.release;

	l->phase = "everything removed";
	life_leave(l);
	for (unsigned i = 0; i < l->nconn; i++)
		life_close(l, i);
	l->nconn = 0;
	pass(l, 10);
	MUST(l, round > 0 || p[0].left4_ns > p[0].group4_ns);
	MUST(l, round > 0 || p[0].left6_ns > p[0].group6_ns);
	for (unsigned i = 0; i < GATE_PORTS && !l->net->failed; i++)
		if (ph_dhcp_stop(l->host->st, l->dev[i]->link, true, sim_host_now(l->host)))
			sim_fail(l->net, "DHCP does not run on %s", l->dev[i]->topo->name);
	l->host->dirty = true;
	pass(l, 5);
	MUST(l, p[0].count.release + p[1].count.release > releases);
	for (unsigned i = 0; i < GATE_PORTS && !l->net->failed; i++)
		sim_dev_unplug(l->dev[i]);
	pass(l, 1000); /* FIN-WAIT and keepalive of those whose link went */
	life_check_empty(l);
	if (round < 2) /* pools grow by slabs to the most that was in use */
		l->bytes_idle = l->host->mem_used;
	else if (l->host->mem_used > l->bytes_idle + TABLES_GROW)
		sim_fail(l->net,
			 "the host holds %" PRIu64 " octets when everything was removed again; it "
			 "held %" PRIu64 " the second time",
			 l->host->mem_used, l->bytes_idle);
}

static void again(struct life *l)
{
	l->phase = "everything again";
	for (unsigned i = 0; i < GATE_PORTS && !l->net->failed; i++)
		if (sim_dev_plug(l->dev[i]))
			start_link(l, i);
	pass(l, 60);
	for (unsigned i = 0; i < 4 && !l->net->failed; i++)
		(void)life_connect(l, i / 2, i % 2, true);
	life_join(l, 0);
	pass(l, 60);
	over(l, (const unsigned[]){ 0, 1, 2, 3 }, 4);
}

static void play(struct life *l)
{
	static void (*const phase[])(struct life *) = { boots,	   renews,  loses_carrier,
							changes,   renumbers, router_ends,
							rebinds,   expires,   moves };

	for (size_t i = 0; i < sizeof(phase) / sizeof(phase[0]) && !l->net->failed; i++)
		phase[i](l);
	for (unsigned i = 0; i < 2 && !l->net->failed; i++)
		replugs(l, 1); /* the groups are on the other */
	for (unsigned i = 0; i < ROUNDS && !l->net->failed; i++) {
		ends(l, i);
		if (i + 1 < ROUNDS && !l->net->failed)
			again(l);
	}
	MUST(l, l->net->now - SIM_START_NS >= 3600 * LIFE_SECOND);
}

/* ---- made and ended ------------------------------------------------------------------------------ */

static int describe(struct life *l, struct net_err *e)
{
	struct topo_vars vars = { .nvar = 0 };
	char link[128];
	int rc;

	sim_topo_init(&l->topo);
	rc = sim_topo_text(&l->topo, topology, "life", &vars, e);
	for (unsigned i = 0; i < GATE_PORTS && rc == 0; i++) {
		snprintf(link, sizeof(link), "link host.eth%u delay %ums jitter 1ms loss %u%%\n", i,
			 (unsigned)sim_rand_in(&l->rand, 1, 20),
			 i && l->conf->seed % 2 ? (unsigned)sim_rand_in(&l->rand, 1, 3) : 0);
		rc = sim_topo_text(&l->topo, link, "life", &vars, e);
	}
	topo_vars_free(&vars);
	return rc;
}

static void set_gate(struct life *l)
{
	struct sim_net *n = l->net;

	l->gate.net = n;
	for (unsigned i = 0; i < n->ndev; i++) {
		struct sim_dev *d = &n->dev[i];
		unsigned order = (unsigned)d->topo->name[3] - '0';

		if (d->host->index == HOST)
			l->dev[order] = d;
		else if (d->host->index == GATE && d->topo->name[0] == 'w')
			l->gate.out = d;
		else if (d->host->index == GATE)
			l->gate.port[order].dev = d;
		else
			memcpy(l->gate.far_mac, d->topo->mac.bytes, 6);
	}
	for (unsigned i = 0; i < GATE_PORTS; i++) {
		struct gate_port *p = &l->gate.port[i];

		p->index = i;
		memcpy(p->net, (const uint8_t[]){ 192, 168, (uint8_t)(i + 1), 0 }, 4);
		p->serves = p->advertises = true;
		p->lease_s = (uint32_t)sim_rand_in(&l->rand, 250, 340);
		p->router_s = 200;
		p->preferred = i == 0;
		p->mtu = i ? 1500 : 0;
		p->ra_ns = n->now + sim_rand_in(&l->rand, 1, 30) * LIFE_SECOND;
		p->query_ns = n->now + sim_rand_in(&l->rand, 1, 30) * LIFE_SECOND;
		give_prefix(p, 0, 0x100);
	}
}

/* The far host's way back, and what the host's user has set. */
static void set_hosts(struct life *l)
{
	enum { FAR_LINK = PH_LINK_LO + 1 };
	static const char *const sysctl[][2] = { { "use_tempaddr", "2" },
						 { "temp_prefered_lft", "400" },
						 { "temp_valid_lft", "700" },
						 { "max_desync_factor", "60" } };
	struct ph_ip any6 = { { 0 } }, any4 = ph_ip4(0, 0, 0, 0), gate4 = ph_ip4(198, 18, 0, 1);
	struct ph_ip gate6 = { { 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1 } };
	const uint8_t *mac = l->gate.out->topo->mac.bytes;
	struct ph_stack *st = l->far->st;
	uint64_t now = sim_host_now(l->far);
	char name[64];
	int rc = 0;

	for (size_t i = 0; i < sizeof(sysctl) / sizeof(sysctl[0]); i++) {
		snprintf(name, sizeof(name), "net.ipv6.conf.default.%s", sysctl[i][0]);
		rc |= ph_sysctl_set(l->host->st, name, sysctl[i][1]);
	}
	rc |= ph_neigh_add(st, FAR_LINK, &gate4, mac, now);
	rc |= ph_neigh_add(st, FAR_LINK, &gate6, mac, now);
	rc |= ph_route_add(st, &any4, 0, &gate4, FAR_LINK, 0, now);
	rc |= ph_route_add(st, &any6, 0, &gate6, FAR_LINK, 0, now);
	if (rc)
		sim_fail(l->net, "the hosts cannot be set up");
}

static int make(struct life *l, struct net_err *e)
{
	struct sim_host_conf conf[NODES] = { { .mem_limit = 0 } };

	if (describe(l, e))
		return -1;
	for (unsigned i = 0; i < NODES; i++)
		for (unsigned k = 0; k < sizeof(conf[i].key); k++)
			conf[i].key[k] = (uint8_t)sim_rand_u64(&l->rand);
	l->net = sim_net_new(&l->topo, conf, l->conf->seed, true, e);
	if (!l->net)
		return -1;
	l->host = &l->net->host[HOST];
	l->far = &l->net->host[FAR];
	l->net->events_max = EVENTS_MAX;
	l->net->now_max = SIM_START_NS + LIFE_MAX_NS;
	l->net->hooks = (struct sim_hooks){ .ctx = l, .frame = on_frame, .turn = on_turn,
					    .after = on_after, .hears = on_hears };
	l->phase = "made";
	set_gate(l);
	set_hosts(l);
	life_listen(l);
	return 0;
}

/* Freed, the host's stack has given everything back. */
static void check_freed(struct life *l)
{
	if (l->net->failed)
		return;
	ph_stack_free(l->host->st);
	l->host->st = NULL;
	if (l->host->mem_used)
		sim_fail(l->net, "the host's stack is freed and keeps %" PRIu64 " octets",
			 l->host->mem_used);
}

static void sum_up(const struct life *l, struct sim_result *res)
{
	const struct sim_net *n = l->net;

	*res = (struct sim_result){ .ok = !n->failed, .digest = n->digest,
				    .virtual_ns = n->now - SIM_START_NS, .events = n->events,
				    .hosts = 2 };
	memcpy(res->why, n->why, sizeof(res->why));
	for (unsigned i = 0; i < n->nwire; i++) {
		const struct link_stats *s = link_model_stats(link_pipe_model(n->wire[i].pipe));

		res->frames += s->frames;
		for (int d = 0; d < LINK_DROP_COUNT; d++)
			res->drops += s->drops[d];
	}
}

static void report_host(const struct life *l, FILE *f)
{
	struct ph_addr_info addr[LIFE_ADDRS];
	struct ph_sock_info sock[LIFE_CONNS];
	char ip[INET6_ADDRSTRLEN];
	size_t n = ph_addrs(l->host->st, addr, LIFE_ADDRS);

	for (size_t i = 0; i < n && i < LIFE_ADDRS; i++)
		fprintf(f, "link %d: %s flags %u preferred %us valid %us\n", addr[i].link,
			inet_ntop(AF_INET6, addr[i].ip.b, ip, sizeof(ip)), addr[i].flags,
			addr[i].preferred_s, addr[i].valid_s);
	n = ph_socks(l->host->st, sock, LIFE_CONNS);
	for (size_t i = 0; i < n && i < LIFE_CONNS; i++)
		fprintf(f, "socket %d: %s from %s, %u to send\n", sock[i].socket,
			sock[i].state_name, inet_ntop(AF_INET6, sock[i].local.ip.b, ip, sizeof(ip)),
			sock[i].sendq);
}

static void report(const struct life *l, FILE *f)
{
	const struct sim_net *n = l->net;

	if (l->host->st)
		report_host(l, f);
	fputs("last events:\n", f);
	sim_trace_print(n->trace, f);
	fprintf(f, "life %" PRIu64 " failed at %" PRIu64 ".%09" PRIu64 " s: %s\n", l->conf->seed,
		n->now / LIFE_SECOND, n->now % LIFE_SECOND, n->why);
	if (l->conf->again)
		fprintf(f, "again: %s\n", l->conf->again);
}

int sim_life(const struct sim_run_conf *conf, struct sim_result *result, struct net_err *e)
{
	struct life l = { .conf = conf, .rand = sim_rand_of(conf->seed, STREAM) };
	int rc = make(&l, e);

	if (rc == 0) {
		under_way = &l;
		play(&l);
		under_way = NULL;
		check_freed(&l);
		sum_up(&l, result);
		if (!result->ok && conf->report)
			report(&l, conf->report);
	}
	sim_net_free(l.net);
	sim_topo_free(&l.topo);
	return rc;
}

void sim_life_dump(FILE *f)
{
	if (under_way)
		sim_trace_print(under_way->net->trace, f);
}
