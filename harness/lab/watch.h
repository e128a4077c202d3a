/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is measured of a direction of a link: its queue, looked at once a millisecond, how long
 * frames were in it, and how much of its rate was used. Called by run.c.
 */
#ifndef LAB_WATCH_H
#define LAB_WATCH_H

#include "harness/lab/lab.h"

#define LAB_WATCH_NS 1000000u /* between two looks at a queue */

struct lab_watcher {
	const struct lab_watch *watch;
	struct sim_wire *wire;
	uint64_t next_ns; /* look */
	struct lab_hist packets, wait;
	uint64_t octets;  /* delivered since settle */
	uint64_t told[2]; /* packets and octets */
	bool told_any;
};

void lab_watch_init(struct lab_watcher *w, const struct lab *l, const struct lab_watch *watch);
void lab_watch_free(struct lab_watcher *w);
/* Makes the looks that are due before `until_ns`, where nothing happens between now and then. */
void lab_watch_until(struct lab_watcher *w, struct lab *l, uint64_t until_ns);
/* A frame leaves the link. */
void lab_watch_popped(struct lab_watcher *w, const struct lab *l, const struct link_frame *f);

#endif
