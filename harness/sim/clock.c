/* SPDX-License-Identifier: BSD-2-Clause */
/* See clock.h. */
#include "harness/sim/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ISN_TICK_NS = 4000, TS_TICK_NS = 1000000, IP = 20, FRAME = 256 };
#define ASK_NS 1000000000u

struct numbers { /* of one SYN or SYN-ACK */
	uint32_t seq, tsval;
	bool known, has_ts;
};

static void *take(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void give(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static struct ph_ip ip_of_host(const struct sim_plan *p, unsigned host)
{
	const uint8_t *b = sim_topo_addr(&p->topo, host)->bytes;

	return ph_ip4(b[0], b[1], b[2], b[3]);
}

/* A stack with the host's key and address, on a link that wants no Ethernet. */
static struct ph_stack *ask(const struct sim_plan *p, unsigned host, ph_link *link)
{
	struct ph_conf conf = { .alloc = take, .release = give, .now_ns = ASK_NS };
	struct ph_link_conf lc = { .name = "ask", .kind = PH_LINK_IP };
	struct ph_ip ip = ip_of_host(p, host);
	struct ph_stack *st;

	memcpy(conf.key, p->host[host].key, sizeof(conf.key));
	st = ph_stack_new(&conf);
	if (!st)
		return NULL;
	*link = ph_link_add(st, &lc, ASK_NS);
	if (*link > 0 && ph_addr_add(st, *link, &ip, 24, ASK_NS) == 0)
		return st;
	ph_stack_free(st);
	return NULL;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct numbers numbers_of(const uint8_t *packet, int len)
{
	struct numbers n = { .known = len >= IP + 20 };

	if (!n.known)
		return n;
	n.seq = get32(packet + IP + 4);
	for (int at = IP + 20; at + 10 <= len && packet[at];) {
		if (packet[at] == 8) {
			n.tsval = get32(packet + at + 2);
			n.has_ts = true;
			break;
		}
		at += packet[at] == 1 || packet[at + 1] < 2 ? 1 : packet[at + 1];
	}
	return n;
}

static int say_syn(struct ph_stack *st, ph_link link, const struct sim_conn_plan *c,
		   const struct sim_plan *p, uint8_t *packet)
{
	struct ph_sockaddr from = { PH_AF_INET, c->port[0], ip_of_host(p, c->host[0]), 0, 0 };
	struct ph_sockaddr to = { PH_AF_INET, c->port[1], ip_of_host(p, c->host[1]), 0, 0 };
	ph_socket s = ph_socket_new(st, PH_AF_INET, PH_SOCK_STREAM, 0, ASK_NS);

	if (s < 0 || ph_bind(st, s, &from, ASK_NS) ||
	    ph_connect(st, s, &to, ASK_NS) != -EINPROGRESS)
		return 0;
	return ph_link_output_bytes(st, link, packet, FRAME, ASK_NS);
}

static int say_synack(struct ph_stack *st, ph_link link, const struct sim_conn_plan *c,
		      uint8_t *packet, int len)
{
	struct ph_sockaddr any = { PH_AF_INET, c->port[1], ph_ip4(0, 0, 0, 0), 0, 0 };
	ph_socket s = ph_socket_new(st, PH_AF_INET, PH_SOCK_STREAM, 0, ASK_NS);

	if (s < 0 || ph_bind(st, s, &any, ASK_NS) || ph_listen(st, s, 1, ASK_NS) ||
	    ph_link_input_bytes(st, link, packet, (size_t)len, NULL, ASK_NS))
		return 0;
	return ph_link_output_bytes(st, link, packet, FRAME, ASK_NS);
}

/* How far the clock must go for `have` to become `want`, in ticks of a clock of 32 bits. */
static uint64_t distance(uint32_t have, uint32_t want, uint64_t tick_ns)
{
	return (uint64_t)(uint32_t)(want - have) * tick_ns;
}

static uint64_t clock_for(struct sim_rand *r, struct numbers n)
{
	uint32_t below = (uint32_t)sim_rand_log(r, 1, 200000);

	if (!n.known)
		return 0;
	if (n.has_ts && sim_rand_chance(r, 30)) /* at least a few seconds before: it must be used */
		return distance(n.tsval, 0u - below / 8, TS_TICK_NS);
	return distance(n.seq, 0u - below, ISN_TICK_NS);
}

void sim_clock_draw(struct sim_plan *p, struct sim_rand *r)
{
	const struct sim_conn_plan *c = &p->conn[sim_rand_in(r, 0, p->nconn - 1)];
	struct numbers n[2] = { { .known = false } };
	ph_link link[2] = { 0, 0 };
	uint8_t packet[FRAME];
	struct ph_stack *st[2];
	int len;

	for (unsigned i = 0; i < p->topo.nnode; i++)
		p->host[i].clock_ns = sim_rand_chance(r, 50) ? sim_rand_log(r, 1, 1ull << 40) : 0;
	if (sim_rand_chance(r, 30) || c->six)
		return;
	for (int i = 0; i < 2; i++)
		st[i] = ask(p, c->host[i], &link[i]);
	if (st[0] && st[1]) {
		len = say_syn(st[0], link[0], c, p, packet);
		n[0] = numbers_of(packet, len);
		len = len > 0 ? say_synack(st[1], link[1], c, packet, len) : 0;
		n[1] = numbers_of(packet, len);
	}
	for (int i = 0; i < 2; i++) {
		uint64_t ns = clock_for(r, n[i]);
		/* What passes until the SYN leaves goes off again, where the distance has room. */
		uint64_t late = SIM_START_NS - ASK_NS + c->start_ns;

		if (n[i].known)
			p->host[c->host[i]].clock_ns = ns > late ? ns - late : ns;
		ph_stack_free(st[i]);
	}
}
