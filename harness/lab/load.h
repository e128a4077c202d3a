/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of flow does (docs/lab-format.md): when connections are opened, what is asked, and
 * what counts as a transfer. load.c has what all share and those of one connection, load_many.c
 * pages, rounds and arrivals.
 */
#ifndef LAB_LOAD_H
#define LAB_LOAD_H

#include "harness/lab/conn.h"

/* Asks the clock for the flow's start and stop. */
void lab_load_begin(struct lab_run *r);

/* Called by conn.c: the opener's end is connected; `side` read n octets; the answer to
 * lab_conn_ask() is whole; both ends have left, or one failed (c->error). */
void lab_load_opened(struct lab_conn *c);
void lab_load_read(struct lab_conn *c, unsigned side, uint64_t n);
void lab_load_answered(struct lab_conn *c);
void lab_load_closed(struct lab_conn *c);

/* Shared by load.c and load_many.c. */
enum lab_stream { LAB_DRAW_SIZE, LAB_DRAW_REQUEST, LAB_DRAW_THINK, LAB_DRAW_OBJECTS, LAB_DRAW_ON,
		  LAB_DRAW_OFF, LAB_DRAW_GAP, LAB_DRAWS };
uint64_t lab_load_octets(struct lab_run *r, const struct lab_draw *d, enum lab_stream s);
uint64_t lab_load_ns(struct lab_run *r, const struct lab_draw *d, enum lab_stream s);
/* A transfer that began then has ended now. */
void lab_load_transfer(struct lab_run *r, uint64_t begun_ns);
/* Nothing more is to come of the flow. */
void lab_load_ended(struct lab_run *r);
void lab_load_in(struct lab_run *r, uint64_t ns, void (*fn)(void *run, uint64_t arg));
/* The flow began no more than its count of transfers, and was not stopped. */
bool lab_load_goes_on(const struct lab_run *r);

struct lab_load_kind {
	void (*start)(struct lab_run *r);
	void (*opened)(struct lab_conn *c);
	void (*read)(struct lab_conn *c, unsigned side, uint64_t n);
	void (*answered)(struct lab_conn *c);
	void (*closed)(struct lab_conn *c);
	void (*stop)(struct lab_run *r);
};
extern const struct lab_load_kind lab_load_web, lab_load_incast, lab_load_arrivals;

#endif
