/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device protocol (docs/dut-protocol.md) on the control socket: a client's sockets of the
 * stack, and its calls, of which those that have to wait are tried again when the stack has news.
 * Called by control.c, one struct per client that has used it.
 */
#ifndef HOST_CONTROL_SOCK_H
#define HOST_CONTROL_SOCK_H

#include <jansson.h>
#include <stdbool.h>

#include "host/host.h"

struct control_socks;

/* `say` is given each answer, which it takes. NULL: no memory. */
struct control_socks *control_socks_new(struct host *h, void (*say)(void *arg, json_t *take),
					void *arg);
/* Closes its sockets and forgets its calls. NULL is allowed. */
void control_socks_free(struct control_socks *cs);
/* Carries out a request that has a "call": its answer, or that it is pending, is said. */
void control_socks_call(struct control_socks *cs, json_t *request);

#endif
