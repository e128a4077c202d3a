/* SPDX-License-Identifier: BSD-2-Clause */
/* socket and responder: raw sockets on ports and devices. See bench.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/link/rawsock.h"
#include "harness/rig/bench.h"
#include "harness/rig/responder.h"

struct responder_port {
	struct responder_port *next;
	struct responder r;
	struct dev *d;
	int fd;
	struct loop_watch *watch;
};

/* A raw socket on the device, opened where the device is. */
static int open_raw(struct bench *b, const struct dev *d, bool own_out, struct net_err *e)
{
	struct rawsock_conf conf = { .ifname = d->name, .promisc = true, .own_out = own_out };
	char why[256];
	int fd;

	world_enter(b->w, d->node);
	fd = rawsock_open(&conf, why, sizeof(why));
	world_enter(b->w, NULL);
	return fd < 0 ? net_failed(e, "no raw socket on %s: %s", d->label, why) : fd;
}

/* A TCP or UDP socket of a node's own stack, for a caller that stands outside. */
static enum act_result node_socket(struct bench *b, const struct topo_line *l, struct reply *r,
				   struct net_err *e)
{
	bool tcp = strcmp(l->value, "tcp") == 0;
	struct node *n = world_want_node(b->w, l->at.node, e);

	if (!n)
		return ACT_ERROR;
	world_enter(b->w, n);
	r->fd[0] = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	world_enter(b->w, NULL);
	if (r->fd[0] < 0) {
		net_failed(e, "no %s socket in %s: %s", l->value, n->name, strerror(errno));
		return ACT_ERROR;
	}
	r->nfd = 1;
	r->close_fds = true;
	return ACT_OK;
}

enum act_result act_socket(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	struct dev *d;
	char mac[18];

	if (l->value)
		return node_socket(b, l, r, e);
	d = world_want_dev(b->w, &l->at, e);
	if (!d)
		return ACT_ERROR;
	/* On a port there is no kernel stack: what it sends is the tester's own, which need not be
	 * seen. On a node's device the stack's frames are what one opens the socket for. */
	r->fd[0] = open_raw(b, d, d->node != NULL, e);
	if (r->fd[0] < 0)
		return ACT_ERROR;
	r->nfd = 1;
	r->close_fds = true;
	r->body = json_pack("{s:s,s:s,s:i}", "dev", d->label, "mac", netmac_text(&d->mac, mac),
			    "mtu", (int)d->mtu);
	return ACT_OK;
}

static void on_frame(void *arg)
{
	struct responder_port *p = arg;
	uint8_t frame[2048], out[RESPONDER_FRAME_MAX];
	ssize_t n;

	while ((n = recv(p->fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		size_t len = responder_answer(&p->r, frame, (size_t)n, out);

		/* A full device queue loses the answer, as a wire may: the asker asks again. */
		if (len && send(p->fd, out, len, 0) < 0)
			continue;
	}
}

/* On a port with a responder already: the same one with more addresses. */
static struct responder_port *find(struct bench *b, const struct dev *d)
{
	struct responder_port *p;

	for (p = b->responders; p; p = p->next)
		if (p->d == d)
			break;
	return p;
}

enum act_result act_responder(struct bench *b, struct topo_line *l, struct reply *r,
			      struct net_err *e)
{
	struct dev *d = world_want_dev(b->w, &l->at, e);
	struct responder_port *p = d ? find(b, d) : NULL;
	char mac[18];

	if (!d)
		return ACT_ERROR;
	if (d->node)
		return net_bad(e,
			       "%s has a kernel stack, which would answer too; make a port with "
			       "\"port "
			       "BRIDGE NAME\" and name that",
			       d->label),
		       ACT_ERROR;
	if (l->naddr == 0)
		return net_bad(e, "no address to answer for; write: %s", topo_verb_usage(l->verb)),
		       ACT_ERROR;
	if (p && p->r.naddr + l->naddr > TOPO_ADDRS_MAX)
		return net_bad(e, "%s would answer for more than %d addresses", d->label,
			       TOPO_ADDRS_MAX),
		       ACT_ERROR;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return net_failed(e, "out of memory"), ACT_ERROR;
		p->d = d;
		p->r.mac = d->mac;
		p->fd = open_raw(b, d, false, e);
		if (p->fd < 0) {
			free(p);
			return ACT_ERROR;
		}
		p->watch = loop_add(&b->loop, p->fd, on_frame, p);
		p->next = b->responders;
		b->responders = p;
	}
	if (l->has_mac)
		p->r.mac = l->mac;
	memcpy(p->r.addr + p->r.naddr, l->addr, l->naddr * sizeof(l->addr[0]));
	p->r.naddr += l->naddr;
	r->body = json_pack("{s:s}", "mac", netmac_text(&p->r.mac, mac));
	return ACT_OK;
}

void responders_drop(struct bench *b, const struct dev *d)
{
	struct responder_port **at = &b->responders;

	while (*at) {
		struct responder_port *p = *at;

		if (d && p->d != d) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		loop_del(&b->loop, p->watch);
		close(p->fd);
		free(p);
	}
}
