/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of a lab's flows over ph_* sockets: opened, owed octets that are written as the stack
 * takes them, read at once and compared, and closed. Both ends know what the other has to say, so
 * that load.c speaks of exchanges, not of protocols. Called by load.c and run.c.
 */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include "harness/lab/lab.h"

/* Sockets that listen, one per node that a flow connects to. False: sim_fail() was called. */
bool lab_conn_listen(struct lab_run *r);
/* From one node to another; never NULL, but may be over before it was. */
struct lab_conn *lab_conn_open(struct lab_run *r, unsigned from, unsigned to);
/* End `side` owes that many octets in all; fewer than it owed: no more than it wrote already. */
void lab_conn_owe(struct lab_conn *c, unsigned side, uint64_t octets);
/* The opener writes `request` octets more, the other end answers with `answer`; then
 * lab_load_answered() is called. One at a time. */
void lab_conn_ask(struct lab_conn *c, uint64_t request, uint64_t answer);
/* No more of what is owed; both ends leave when they have read what was written. */
void lab_conn_close(struct lab_conn *c);
/* A host's sockets are looked after: the turn hook of struct sim_hooks. */
void lab_conn_turn(struct lab *l, struct sim_host *h);
/* Frees all connections. */
void lab_conn_free(struct lab *l);
void lab_conn_init(struct lab *l);

#endif
