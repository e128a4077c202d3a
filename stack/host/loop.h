/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one loop: frames in, timers, sockets, frames out; then sleep until a descriptor or the
 * stack's deadline. A turn reads the clock once and a batch of frames; while there is work no
 * turn sleeps, and epoll is asked only now and then. Called by main.c.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* The time of CLOCK_MONOTONIC, ns. */
uint64_t loop_clock(void);
/* epoll and signals; 0, or -errno with a sentence in err. */
/* Wakes for what the device gives. 0 or -errno. */
int loop_watch(struct host *h, struct device *d);
int loop_init(struct host *h, char *err, size_t cap);
/* Until the program is done; its exit status. */
int loop_run(struct host *h);
void loop_free(struct host *h);

#endif
