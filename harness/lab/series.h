/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DIR/series.jsonl (docs/lab-format.md): lines in order of time, where a segment's line waits for its
 * fate and all behind it wait with it. Called by meter.c, watch.c and run.c.
 */
#ifndef LAB_SERIES_H
#define LAB_SERIES_H

#include "harness/lab/lab.h"

/* NULL with a sentence. */
struct lab_series *lab_series_new(const char *path, struct net_err *e);
/* What waits is written as it stands. 0, or -1 with a sentence when the file could not be written. */
int lab_series_free(struct lab_series *s, struct net_err *e);

void lab_series_state(struct lab_series *s, struct lab_conn *c, const struct ph_tcp_info *i);
/* `side` sends a segment that is known by `tag` from now on. `again`: it begins before the highest
 * octet sent. */
void lab_series_segment(struct lab_series *s, struct lab_conn *c, unsigned side,
			const struct lab_segment *g, bool again, uint64_t tag);
void lab_series_arrived(struct lab_series *s, uint64_t tag, uint64_t now_ns);
void lab_series_dropped(struct lab_series *s, uint64_t tag, const char *reason);
void lab_series_queue(struct lab_series *s, const char *link, uint64_t at_ns, uint64_t packets,
		      uint64_t bytes);

#endif
