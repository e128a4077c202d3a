/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: a Unix stream socket that takes a JSON object a line and answers each
 * with one JSON object a line. {"cmd":"help"} lists the commands; a mistake is answered
 * {"error":"sentence"}. An "id" in the request comes back in the answer. Called by main.c;
 * ctl.c is its client.
 */
#ifndef HOST_CONTROL_H
#define HOST_CONTROL_H

#include <stddef.h>

#include "host/host.h"

/*
 * Listens on path, which must not be there, or be a socket that nobody listens on any more. 0,
 * or -errno with a sentence in err.
 */
int control_open(struct host *h, const char *path, char *err, size_t cap);
/* Closes all, and removes the path. Harmless without a control socket. */
void control_close(struct host *h);

#endif
