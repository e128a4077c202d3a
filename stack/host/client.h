/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client: one connection (or UDP peer) between the phantom host and standard input and
 * output, as nc has it. Called by main.c (open) and loop.c.
 */
#ifndef HOST_CLIENT_H
#define HOST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* 0, or -errno with a sentence in err. */
int client_open(struct host *h, char *err, size_t cap);
/*
 * Moves what can be moved; called each turn. Ends the program when all is done. True: there is
 * more.
 */
bool client_run(struct host *h);
/* Whether there is a client that has not finished. */
bool client_busy(const struct host *h);
/* When client_run wants to be called next; PH_NEVER: when something happens. */
uint64_t client_deadline(const struct host *h);
/* Closes the connection, for the program's end. Harmless without a client. */
void client_close(struct host *h);
void client_free(struct host *h);

#endif
