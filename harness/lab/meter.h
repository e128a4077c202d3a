/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is measured of flows (docs/lab-format.md): frames at their ends' devices, and the senders'
 * TCP_INFO, looked at when frames of a connection passed and at most once a millisecond. Looks and
 * changes nothing. Called by run.c, conn.c and load.c.
 */
#ifndef LAB_METER_H
#define LAB_METER_H

#include "harness/lab/lab.h"

/* Which end of a flow's connections sends its data. */
static inline unsigned lab_data_side(const struct lab_run *r)
{
	return lab_kind_uploads(r->flow->kind) ? 0 : 1;
}

/* The connection whose segment that is, and which end sent it; NULL: nobody's. */
struct lab_conn *lab_meter_whose(const struct lab *l, const struct lab_segment *s, unsigned *side);
/* A segment of c that `side` sent is at one of its ends: it leaves, or arrives. True when it leaves
 * and begins before the highest octet sent. */
bool lab_meter_segment(struct lab_conn *c, unsigned side, const struct lab_segment *s, bool leaves);
/* The receiver read n octets of data. */
void lab_meter_read(struct lab_run *r, uint64_t n);
/* Looks at those of which frames passed. After everything due at a moment is done. */
void lab_meter_looks(struct lab *l);
/* A connection's end is about to lose its socket. */
void lab_meter_leaves(struct lab_conn *c, unsigned side);
/* Rates and means begin now. */
void lab_meter_settle(struct lab *l);
/* The run is over: those that are open are looked at once more. */
void lab_meter_end(struct lab *l);

#endif
