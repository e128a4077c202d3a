/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket's commands: one table. To add one, write its function in a control_*.c
 * file, and add a row to the table in control_cmd.c. Called by control.c.
 */
#ifndef HOST_CONTROL_CMD_H
#define HOST_CONTROL_CMD_H

#include <jansson.h>
#include <stddef.h>

#include "host/host.h"

struct control_call {
	struct host *host;
	const json_t *args; /* the whole request, an object */
	json_t *answer;	    /* the whole answer, to be filled in */
	char *err;	    /* a sentence, when it fails */
	size_t cap;
};

struct control_cmd {
	const char *name;
	const char *args; /* as text for people */
	const char *help;
	/* 0, or -errno with a sentence in err. */
	int (*run)(struct control_call *call);
};

/* NULL: no such command. */
const struct control_cmd *control_cmd_find(const char *name);
/* Answers one request; a new object. */
json_t *control_cmd_answer(struct host *h, const char *line, size_t len);

/* In control_show.c. */
int control_sockets(struct control_call *call);
int control_tcp_info(struct control_call *call);
int control_links(struct control_call *call);
int control_addrs(struct control_call *call);
int control_routes(struct control_call *call);
int control_neighs(struct control_call *call);
int control_maddrs(struct control_call *call);
int control_dns(struct control_call *call);
int control_lease(struct control_call *call);

/* In control_edit.c. */
/* The link that args[key] names; of who names none, phantom's first device. 0 or -EINVAL. */
int control_find_link(struct control_call *call, const char *key, ph_link *out);
int control_addr_add(struct control_call *call);
int control_addr_del(struct control_call *call);
int control_route_add(struct control_call *call);
int control_route_del(struct control_call *call);
int control_neigh_add(struct control_call *call);
int control_neigh_del(struct control_call *call);
int control_neigh_flush(struct control_call *call);
int control_link_add(struct control_call *call);
int control_link_del(struct control_call *call);
int control_link_set(struct control_call *call);

#endif
