/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets: the calls, readiness, and the list of all of them. Included by phantom.h. */
#ifndef PHANTOM_SOCKET_H
#define PHANTOM_SOCKET_H

#include <phantom/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All calls return at once: -EAGAIN says wait for ph_ready. -EBADF: no such socket. */
ph_socket ph_socket_new(struct ph_stack *st, int family, int type, int protocol,
			uint64_t now_ns) PH_CHECK;
int ph_bind(struct ph_stack *st, ph_socket s, const struct ph_sockaddr *addr,
	    uint64_t now_ns) PH_CHECK;
int ph_listen(struct ph_stack *st, ph_socket s, int backlog, uint64_t now_ns) PH_CHECK;
ph_socket ph_accept(struct ph_stack *st, ph_socket s, struct ph_sockaddr *peer,
		    uint64_t now_ns) PH_CHECK;
/* 0 (UDP), -EINPROGRESS (TCP: POLLOUT says when; then SO_ERROR), or the error. */
int ph_connect(struct ph_stack *st, ph_socket s, const struct ph_sockaddr *addr,
	       uint64_t now_ns) PH_CHECK;
struct ph_msg {
	struct ph_sockaddr *name; /* NULL: none given, none wanted */
	struct ph_iov *iov;
	size_t niov;
	int flags; /* out, of ph_recvmsg: PH_MSG_TRUNC, ... */
	/* Control messages, one after the other as Linux's struct cmsghdr lays them out. ph_sendmsg
	 * reads control_len bytes; ph_recvmsg has control_cap bytes of room and writes control_len. */
	void *control;
	size_t control_cap, control_len;
};
/* Bytes taken or given, 0 at the end of a stream, or the error. One copy, here. */
int64_t ph_sendmsg(struct ph_stack *st, ph_socket s, const struct ph_msg *msg, int flags,
		   uint64_t now_ns) PH_CHECK;
int64_t ph_recvmsg(struct ph_stack *st, ph_socket s, struct ph_msg *msg, int flags,
		   uint64_t now_ns) PH_CHECK;
int64_t ph_send(struct ph_stack *st, ph_socket s, const void *bytes, size_t len, int flags,
		uint64_t now_ns) PH_CHECK;
int64_t ph_recv(struct ph_stack *st, ph_socket s, void *bytes, size_t len, int flags,
		uint64_t now_ns) PH_CHECK;
int ph_shutdown(struct ph_stack *st, ph_socket s, int how, uint64_t now_ns);
int ph_close(struct ph_stack *st, ph_socket s, uint64_t now_ns);
/* Ends a TCP connection from outside, as ss -K does: the peer is reset, the user is told ECONNABORTED and
 * still has the socket. 0, -EBADF, -EOPNOTSUPP. */
int ph_abort(struct ph_stack *st, ph_socket s, uint64_t now_ns);
int ph_getsockopt(struct ph_stack *st, ph_socket s, int level, int name, void *value,
		  uint32_t *len) PH_CHECK;
int ph_setsockopt(struct ph_stack *st, ph_socket s, int level, int name, const void *value,
		  uint32_t len, uint64_t now_ns) PH_CHECK;
int ph_getsockname(struct ph_stack *st, ph_socket s, struct ph_sockaddr *addr) PH_CHECK;
int ph_getpeername(struct ph_stack *st, ph_socket s, struct ph_sockaddr *addr) PH_CHECK;
/* PH_POLL* bits that hold now, as Linux's poll() would say. */
uint32_t ph_poll(struct ph_stack *st, ph_socket s);
/* SIOCINQ: bytes that can be read; SIOCOUTQ: bytes not yet acknowledged. */
int ph_inq(struct ph_stack *st, ph_socket s);
int ph_outq(struct ph_stack *st, ph_socket s);
/* The ioctls of tcp(7) and udp(7) with Linux's numbers; *value is written on 0. -EINVAL: not in this
 * state; -ENOTTY: no such request. */
enum {
	PH_SIOCINQ = 0x541B,
	PH_SIOCOUTQ = 0x5411,
	PH_SIOCATMARK = 0x8905, /* is the next octet the urgent one? */
	PH_SIOCOUTQNSD = 0x894B /* bytes that were never sent */
};
int ph_ioctl(struct ph_stack *st, ph_socket s, unsigned request, int *value) PH_CHECK;

struct ph_event {
	ph_socket socket;
	uint32_t events; /* ph_poll() at this moment */
};
/* Sockets whose readiness may have risen since they were last told of, at most n; each is told
 * once. */
int ph_ready(struct ph_stack *st, struct ph_event *events, int n);
/* A number of the user's own per socket, kept for it (an index, a pointer). */
int ph_set_user(struct ph_stack *st, ph_socket s, uint64_t user);
uint64_t ph_get_user(struct ph_stack *st, ph_socket s);

/* Everything that has an endpoint: user sockets, embryonic and orphaned connections, TIME-WAIT. */
struct ph_sock_info {
	ph_socket socket; /* -1: no user holds it */
	int type;	  /* PH_SOCK_* */
	int protocol;	  /* PH_IPPROTO_*; of a packet socket the EtherType */
	int state; /* Linux's TCP_ESTABLISHED = 1 ... ; 7 (CLOSE) for an unconnected UDP socket */
	const char *state_name;
	struct ph_sockaddr local, peer;
	uint32_t recvq, sendq;
};
size_t ph_socks(const struct ph_stack *st, struct ph_sock_info *out, size_t n);

#ifdef __cplusplus
}
#endif
#endif
