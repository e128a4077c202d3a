/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP (RFC 768, RFC 1122 4.1): datagram endpoints for the socket layer. */
#ifndef UDP_UDP_H
#define UDP_UDP_H

#include "net/stack.h"

struct udp_pcb;

int udp_new(struct ph_stack *st); /* registers st->l4[17]; 0 or -ENOMEM */
void udp_free(struct ph_stack *st);
struct udp_pcb *udp_open(struct ph_stack *st, int family);
struct ready *udp_ready(struct udp_pcb *u);
int udp_bind(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *a);
int udp_connect(struct ph_stack *st, struct udp_pcb *u,
		const struct ph_sockaddr *a); /* family 0: dissolves */
int64_t udp_sendmsg(struct ph_stack *st, struct udp_pcb *u, const struct ph_msg *msg, int flags);
int64_t udp_recvmsg(struct ph_stack *st, struct udp_pcb *u, struct ph_msg *msg, int flags);
int udp_shutdown(struct ph_stack *st, struct udp_pcb *u, int how);
void udp_close(struct ph_stack *st, struct udp_pcb *u);
uint32_t udp_poll(const struct udp_pcb *u);
int udp_inq(const struct udp_pcb *u);
int udp_error(struct udp_pcb *u);
int udp_getname(const struct udp_pcb *u, bool peer, struct ph_sockaddr *a);
int udp_setsockopt(struct ph_stack *st, struct udp_pcb *u, int level, int name, const void *value,
		   uint32_t len);
int udp_getsockopt(struct ph_stack *st, const struct udp_pcb *u, int level, int name, void *value,
		   uint32_t *len);
size_t udp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#endif
