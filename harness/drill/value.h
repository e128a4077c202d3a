/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of calls as C values: an expression that is a structure in the script becomes the
 * structure, with what was not written marked so. The parser uses these to check a script before it
 * runs, the runner to make its calls. Numbers are in host order.
 */
#ifndef DRILL_VALUE_H
#define DRILL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"

enum {
	DRILL_IOV_MAX = 64,
	DRILL_CMSG_MAX = 8,
	DRILL_POLL_MAX = 64,
	DRILL_VALUE_ERR = 256,
};

/* A sentence about the node that is wrong. */
struct drill_value_err {
	const struct drill_src *at;
	char text[DRILL_VALUE_ERR];
};

/* A number that was given, or not: absent, or written as "...". */
struct drill_opt_int {
	bool given;
	int64_t num;
};

struct drill_sockaddr {
	bool any;     /* ... : the runner supplies it */
	int family;   /* AF_INET 2, AF_INET6 10, AF_UNSPEC 0 */
	struct drill_opt_int port;
	bool has_addr;
	uint8_t addr[16]; /* IPv4: the first four */
};

struct drill_iovec {
	const struct drill_expr *base; /* ANY or STRING */
	int64_t len;
};

struct drill_ee { /* struct sock_extended_err */
	struct drill_opt_int err, origin, type, code, info, data;
};

struct drill_cmsg {
	int64_t level, type;
	const struct drill_expr *data; /* a number, ANY, {ee_...} or {scm_...}; NULL: none */
	bool has_ee;
	struct drill_ee ee;
	bool has_scm;
	struct drill_opt_int scm_sec, scm_nsec;
};

struct drill_msghdr {
	struct drill_sockaddr name;
	bool has_name;
	uint32_t niov;
	struct drill_iovec iov[DRILL_IOV_MAX];
	bool has_control;
	uint32_t ncmsg;
	struct drill_cmsg cmsg[DRILL_CMSG_MAX];
	struct drill_opt_int flags;
};

struct drill_pollfd {
	int32_t fd;
	struct drill_opt_int events, revents;
};

struct drill_epoll {
	int64_t events;
	struct drill_opt_int fd, ptr, u32, u64; /* at most one is given */
};

struct drill_linger {
	int32_t onoff, linger;
};

/* Each fills *out and returns 0, or returns -1 with *err. */
int drill_val_int(const struct drill_expr *e, int64_t *out, struct drill_value_err *err);
/* The number of [v], or of v. */
int drill_val_pointed(const struct drill_expr *e, int64_t *out, struct drill_value_err *err);
int drill_val_sockaddr(const struct drill_expr *e, struct drill_sockaddr *out,
		       struct drill_value_err *err);
int drill_val_iov(const struct drill_expr *e, struct drill_iovec *out, uint32_t max, uint32_t *n,
		  struct drill_value_err *err);
int drill_val_msghdr(const struct drill_expr *e, struct drill_msghdr *out,
		     struct drill_value_err *err);
int drill_val_poll(const struct drill_expr *e, struct drill_pollfd *out, uint32_t max, uint32_t *n,
		   struct drill_value_err *err);
int drill_val_epoll(const struct drill_expr *e, struct drill_epoll *out,
		    struct drill_value_err *err);
/* [{...}, {...}] of epoll_wait; n is 0 for "...". */
int drill_val_epolls(const struct drill_expr *e, struct drill_epoll *out, uint32_t max,
		     uint32_t *n, struct drill_value_err *err);
int drill_val_linger(const struct drill_expr *e, struct drill_linger *out,
		     struct drill_value_err *err);
int drill_val_ee(const struct drill_expr *e, struct drill_ee *out, struct drill_value_err *err);

/* The element of a structure by name, or NULL. */
const struct drill_expr *drill_val_field(const struct drill_expr *e, const char *name);

#endif
