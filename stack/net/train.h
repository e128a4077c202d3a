/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trains: segments of one connection that follow each other without a gap and differ in nothing but
 * their place, as those of a transfer do, are put into one packet before anybody looks at them (what
 * Linux calls GRO). TCP says after a segment that it would take the next ones so (train_offer);
 * link.c asks for each frame whether it is one of them. At most one packet is held, and only until
 * another frame comes that does not belong to it or any other call is made: stack_enter().
 */
#ifndef NET_TRAIN_H
#define NET_TRAIN_H

#include "net/link.h"

/*
 * Of the flow of `pkt`, which is being processed, what begins at sequence number `next` may be held,
 * until there are `room` bytes of it or more.
 */
static inline void train_offer(struct ph_stack *st, const struct pkt *pkt, uint32_t next, uint32_t room)
{
	st->train.offered = pkt;
	st->train.next = next;
	st->train.room = room;
}

/* A frame that link l received. True: it is held, and taken. */
bool train_take(struct ph_stack *st, struct link *l, struct pkt *p);
/* The frame p was processed: the next may be of its train. */
void train_begin(struct ph_stack *st, const struct link *l, const struct pkt *p);
/* Frees what is held. */
void train_free(struct ph_stack *st);

/* ---- link.c */
/* A frame, or what was made of several, whose arrival was counted; takes it. */
void link_deliver(struct ph_stack *st, struct link *l, struct pkt *take_pkt);

#endif
