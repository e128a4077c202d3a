/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP endpoints as the socket layer uses them: open, bind, connect, shut down, close. */
#include "udp/udp_int.h"

#include "base/ip.h"

static const struct l4_proto udp_proto = { .input = udp_input, .error = udp_error_input };

int udp_new(struct ph_stack *st)
{
	struct udp_state *us = mem_alloc(&st->mem, sizeof(*us));

	if (!us)
		return -ENOMEM;
	memset(us, 0, sizeof(*us));
	if (hash_init(&us->port_table, &st->mem, 16) != 0)
		goto fail;
	if (hash_init(&us->tuple_table, &st->mem, 16) != 0)
		goto fail_port;
	pool_init(&us->pcbs, &st->mem, "udp endpoints", sizeof(struct udp_pcb),
		  st->conf.max_sockets);
	pool_init(&us->records, &st->mem, "udp datagrams", sizeof(struct udp_record), 0);
	list_init(&us->all);
	st->udp = us;
	st->l4[PH_IPPROTO_UDP] = &udp_proto;
	return 0;
fail_port:
	hash_destroy(&us->port_table);
fail:
	mem_free(&st->mem, us, sizeof(*us));
	return -ENOMEM;
}

void udp_free(struct ph_stack *st)
{
	struct list_node *n, *tmp;

	if (!st->udp)
		return;
	list_for_each_safe(n, tmp, &st->udp->all)
		udp_close(st, container_of(n, struct udp_pcb, all));
	hash_destroy(&st->udp->port_table);
	hash_destroy(&st->udp->tuple_table);
	pool_destroy(&st->udp->pcbs);
	pool_destroy(&st->udp->records);
	mem_free(&st->mem, st->udp, sizeof(*st->udp));
	st->udp = NULL;
}

static struct ph_ip any_of(int family)
{
	return family == PH_AF_INET ? ip_of4(0) : (struct ph_ip){ { 0 } };
}

struct udp_pcb *udp_open(struct ph_stack *st, int family)
{
	struct udp_pcb *u = pool_get_zeroed(&st->udp->pcbs);

	if (!u)
		return NULL;
	ready_init(&u->ready);
	stream_init(&u->rx, &st->pkts, &st->stream_nodes);
	list_init(&u->records);
	u->local = u->peer =
		(struct ph_sockaddr){ .family = (uint16_t)family, .ip = any_of(family) };
	dgram_init(st, &u->o, family);
	list_push_back(&st->udp->all, &u->all);
	return u;
}

struct ready *udp_ready(struct udp_pcb *u)
{
	return &u->ready;
}

int udp_take_port(struct ph_stack *st, struct udp_pcb *u, uint16_t port)
{
	if (port == 0)
		port = udp_table_choose_port(st, u);
	else if (!udp_table_port_free(st, u, port))
		port = 0;
	if (port == 0)
		return -EADDRINUSE;
	u->local.port = port;
	udp_table_add_port(st, u);
	return 0;
}

int udp_bind(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *a)
{
	int rc;

	if (u->local.port || (u->o.v6 && u->o.ip6.only && ip_is4(&a->ip)))
		return -EINVAL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip) &&
	    !(u->o.ip & (DGRAM_FREEBIND | DGRAM_TRANSPARENT)))
		return -EADDRNOTAVAIL;
	u->local.ip = a->ip;
	rc = udp_take_port(st, u, a->port);
	if (rc != 0) {
		u->local.ip = any_of(u->local.family);
		return rc;
	}
	u->user_addr = !ip_is_any(&a->ip);
	u->user_port = a->port != 0;
	return 0;
}

static void disconnect(struct ph_stack *st, struct udp_pcb *u)
{
	if (!u->connected)
		return;
	udp_table_remove_tuple(st, u);
	u->connected = false;
	u->peer = (struct ph_sockaddr){ .family = u->local.family, .ip = any_of(u->local.family) };
	u->dst.gen = 0;
	if (!u->user_addr)
		u->local.ip = any_of(u->local.family);
	if (!u->user_port) {
		udp_table_remove_port(st, u);
		u->local.port = 0;
	}
}

int udp_connect(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *a)
{
	const struct ph_ip *src = u->user_addr && !addr_is_group(st, &u->local.ip) ? &u->local.ip :
									      NULL;
	struct dst d = { 0 };
	ph_link oif;
	int rc;

	if (a->family == 0) {
		disconnect(st, u);
		return 0;
	}
	if (u->o.v6 && u->o.ip6.only && ip_is4(&a->ip))
		return -ENETUNREACH;
	/* As Linux: connecting again looks the source up anew unless the user bound one. */
	oif = dgram_way(&u->o, NULL, &a->ip, &src);
	rc = dst_lookup_on(st, &d, oif, src, &a->ip,
			   (u->o.so.flags & SOCKOPT_BROADCAST) != 0);
	if (rc != 0)
		return rc;
	if (!u->local.port && (rc = udp_take_port(st, u, 0)) != 0)
		return rc;
	if (u->connected)
		udp_table_remove_tuple(st, u);
	u->dst = d;
	u->local.ip = d.src;
	u->peer = *a;
	u->connected = true;
	udp_table_add_tuple(st, u);
	return 0;
}

int udp_shutdown(struct ph_stack *st, struct udp_pcb *u, int how)
{
	if (!u->connected)
		return -ENOTCONN;
	u->shut_rd |= how != PH_SHUT_WR;
	u->shut_wr |= how != PH_SHUT_RD;
	ready_set(st, &u->ready);
	return 0;
}

void udp_close(struct ph_stack *st, struct udp_pcb *u)
{
	struct list_node *n;

	list_remove(&u->ready.node);
	list_remove(&u->all);
	if (u->connected)
		udp_table_remove_tuple(st, u);
	if (u->local.port)
		udp_table_remove_port(st, u);
	while ((n = list_pop_front(&u->records)))
		pool_put(&st->udp->records, container_of(n, struct udp_record, node));
	stream_clear(&u->rx);
	dgram_free(st, &u->o);
	pool_put(&st->udp->pcbs, u);
}

uint32_t udp_poll(const struct udp_pcb *u)
{
	uint32_t bits = PH_POLLOUT;

	if (!list_empty(&u->records) || u->shut_rd)
		bits |= PH_POLLIN;
	if (dgram_readable_error(&u->o))
		bits |= PH_POLLERR;
	if (u->o.err)
		bits |= PH_POLLIN;
	if (u->o.errq.n > 0 && (u->o.so.flags & SOCKOPT_SELECT_ERR_QUEUE))
		bits |= PH_POLLPRI;
	if (u->shut_rd)
		bits |= PH_POLLRDHUP;
	if (u->shut_rd && u->shut_wr)
		bits |= PH_POLLHUP;
	return bits;
}

int udp_inq(const struct udp_pcb *u)
{
	const struct list_node *n = list_first(&u->records);

	return n ? (int)container_of(n, const struct udp_record, node)->len : 0;
}

int udp_error(struct udp_pcb *u)
{
	return dgram_take_error(&u->o);
}

int udp_getname(const struct udp_pcb *u, bool peer, struct ph_sockaddr *a)
{
	if (peer && !u->connected)
		return -ENOTCONN;
	*a = peer ? u->peer : u->local;
	return 0;
}

size_t udp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	enum { LINUX_TCP_CLOSE = 7, LINUX_TCP_ESTABLISHED = 1 };
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->udp->all) {
		const struct udp_pcb *u = container_of(node, const struct udp_pcb, all);

		if (i < n)
			out[i] = (struct ph_sock_info){
				.socket = u->ready.socket,
				.type = PH_SOCK_DGRAM,
				.state = u->connected ? LINUX_TCP_ESTABLISHED : LINUX_TCP_CLOSE,
				.state_name = u->connected ? "ESTAB" : "UNCONN",
				.local = u->local,
				.peer = u->peer,
				.recvq = u->rx.len,
			};
		i++;
	}
	return i;
}
