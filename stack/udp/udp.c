/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP endpoints as the socket layer uses them: open, bind, connect, shut down, close. */
#include "udp/udp_int.h"

#include "base/cmsg.h"
#include "base/ip.h"

static const struct l4_proto udp_proto = { .input = udp_input, .error = udp_error_input };

static struct dgram *udp_open(struct ph_stack *st, int family, int protocol, int *error)
{
	struct udp_pcb *u = pool_get_zeroed(&st->udp->pcbs);

	(void)protocol;
	*error = -ENOBUFS;
	if (!u)
		return NULL;
	dgram_init(st, &u->d, &udp_ops, family);
	u->d.budget = &st->udp->held;
	list_push_back(&st->udp->all, &u->d.all);
	return &u->d;
}

int udp_take_port(struct ph_stack *st, struct udp_pcb *u, uint16_t port)
{
	if (port == 0)
		port = udp_table_choose_port(st, u);
	else if (!udp_table_port_free(st, u, port))
		port = 0;
	if (port == 0)
		return -EADDRINUSE;
	u->d.local.port = port;
	udp_table_add_port(st, u);
	return 0;
}

static int udp_bind(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	struct udp_pcb *u = udp_of(d);
	int rc;

	if (u->d.local.port || (u->d.v6 && u->d.ip6.only && ip_is4(&a->ip)))
		return -EINVAL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip) &&
	    !(u->d.ip & (DGRAM_FREEBIND | DGRAM_TRANSPARENT)))
		return -EADDRNOTAVAIL;
	u->d.local.ip = a->ip;
	rc = udp_take_port(st, u, a->port);
	if (rc != 0) {
		u->d.local.ip = dgram_nowhere(u->d.local.family).ip;
		return rc;
	}
	u->d.user_addr = !ip_is_any(&a->ip);
	u->d.user_port = a->port != 0;
	return 0;
}

static void disconnect(struct ph_stack *st, struct udp_pcb *u)
{
	if (!u->d.connected)
		return;
	udp_table_remove_tuple(st, u);
	u->d.connected = false;
	u->d.peer = dgram_nowhere(u->d.local.family);
	u->d.dst.gen = 0;
	if (!u->d.user_addr)
		u->d.local.ip = dgram_nowhere(u->d.local.family).ip;
	if (!u->d.user_port) {
		udp_table_remove_port(st, u);
		u->d.local.port = 0;
	}
}

static int udp_connect(struct ph_stack *st, struct dgram *sock, const struct ph_sockaddr *a)
{
	struct udp_pcb *u = udp_of(sock);
	const struct ph_ip *src = u->d.user_addr && !addr_is_group(st, &u->d.local.ip) ? &u->d.local.ip :
									      NULL;
	struct dst d = { 0 };
	ph_link oif;
	int rc;

	if (a->family == 0) {
		disconnect(st, u);
		return 0;
	}
	if (u->d.v6 && u->d.ip6.only && ip_is4(&a->ip))
		return -ENETUNREACH;
	/* As Linux: connecting again looks the source up anew unless the user bound one. */
	oif = dgram_way(&u->d, NULL, &a->ip, &src);
	rc = dst_lookup_as(st, &d, oif, u->d.ip6.prefer, src, &a->ip,
			   (u->d.so.flags & SOCKOPT_BROADCAST) != 0);
	if (rc != 0)
		return rc;
	if (!u->d.local.port && (rc = udp_take_port(st, u, 0)) != 0)
		return rc;
	if (u->d.connected)
		udp_table_remove_tuple(st, u);
	u->d.dst = d;
	u->d.local.ip = d.src;
	u->d.peer = *a;
	u->d.connected = true;
	udp_table_add_tuple(st, u);
	return 0;
}

static void udp_close(struct ph_stack *st, struct dgram *d)
{
	struct udp_pcb *u = udp_of(d);

	if (d->connected)
		udp_table_remove_tuple(st, u);
	if (d->local.port)
		udp_table_remove_port(st, u);
	udp_cork_drop(st, u);
	dgram_free(st, d);
	pool_put(&st->udp->pcbs, u);
}

static void put_control(const struct ph_stack *st, const struct dgram *d,
			const struct dgram_record *r, struct ph_msg *msg)
{
	int32_t segment = r->segment;

	if (container_of(d, const struct udp_pcb, d)->gro && segment)
		cmsg_put(msg, PH_IPPROTO_UDP, PH_UDP_GRO, &segment, sizeof(segment));
	dgram_put_ip(st, d, &r->rx, msg);
}

const struct dgram_ops udp_ops = {
	.type = PH_SOCK_DGRAM,
	.protocol = PH_IPPROTO_UDP,
	.open = udp_open,
	.bind = udp_bind,
	.connect = udp_connect,
	.sendmsg = udp_sendmsg,
	.setsockopt = udp_setsockopt,
	.getsockopt = udp_getsockopt,
	.put_control = put_control,
	.close = udp_close,
};

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
	pool_init(&us->corks, &st->mem, "udp datagrams that grow", sizeof(struct udp_cork), 0);
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
		udp_close(st, container_of(n, struct dgram, all));
	hash_destroy(&st->udp->port_table);
	hash_destroy(&st->udp->tuple_table);
	pool_destroy(&st->udp->pcbs);
	pool_destroy(&st->udp->corks);
	mem_free(&st->mem, st->udp, sizeof(*st->udp));
	st->udp = NULL;
}

size_t udp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->udp->all) {
		const struct dgram *d = container_of(node, const struct dgram, all);

		if (i < n)
			dgram_describe(d, PH_IPPROTO_UDP, &out[i]);
		i++;
	}
	return i;
}
