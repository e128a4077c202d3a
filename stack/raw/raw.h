/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets (raw(7), RFC 3542): packets of one protocol above IP, past or beside the stack's own. */
#ifndef RAW_RAW_H
#define RAW_RAW_H

#include "net/stack.h"

struct raw_pcb;

int raw_new(struct ph_stack *st); /* 0 or -ENOMEM */
void raw_free(struct ph_stack *st);
struct raw_pcb *raw_open(struct ph_stack *st, int family, int protocol);
struct ready *raw_ready(struct raw_pcb *r);
int raw_protocol(const struct raw_pcb *r);
int raw_bind(struct ph_stack *st, struct raw_pcb *r, const struct ph_sockaddr *a);
int raw_connect(struct ph_stack *st, struct raw_pcb *r, const struct ph_sockaddr *a);
int64_t raw_sendmsg(struct ph_stack *st, struct raw_pcb *r, const struct ph_msg *msg, int flags);
int64_t raw_recvmsg(struct ph_stack *st, struct raw_pcb *r, struct ph_msg *msg, int flags);
int raw_shutdown(struct ph_stack *st, struct raw_pcb *r, int how);
void raw_close(struct ph_stack *st, struct raw_pcb *r);
uint32_t raw_poll(const struct raw_pcb *r);
int raw_inq(const struct raw_pcb *r);
int raw_error(struct raw_pcb *r);
int raw_getname(const struct raw_pcb *r, bool peer, struct ph_sockaddr *a);
int raw_setsockopt(struct ph_stack *st, struct raw_pcb *r, int level, int name, const void *value,
		   uint32_t len);
int raw_getsockopt(struct ph_stack *st, const struct raw_pcb *r, int level, int name, void *value,
		   uint32_t *len);

#endif
