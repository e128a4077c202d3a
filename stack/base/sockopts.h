/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of SOL_SOCKET that are values to be kept: set and read back with Linux's lengths,
 * bounds and errors (socket(7)). What a value does is the protocol's business, which reads the
 * struct. A leaf.
 */
#ifndef BASE_SOCKOPTS_H
#define BASE_SOCKOPTS_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of sockopts.flags. */
enum {
	SOCKOPT_DEBUG = 1,
	SOCKOPT_DONTROUTE = 1 << 1,
	SOCKOPT_BROADCAST = 1 << 2,
	SOCKOPT_NO_CHECK = 1 << 3,
	SOCKOPT_TIMESTAMP = 1 << 4,   /* SO_TIMESTAMP: microseconds */
	SOCKOPT_TIMESTAMPNS = 1 << 5, /* SO_TIMESTAMPNS */
	SOCKOPT_RXQ_OVFL = 1 << 6,
	SOCKOPT_WIFI_STATUS = 1 << 7,
	SOCKOPT_NOFCS = 1 << 8,
	SOCKOPT_SELECT_ERR_QUEUE = 1 << 9,
	SOCKOPT_PREFER_BUSY_POLL = 1 << 10,
	SOCKOPT_RCVMARK = 1 << 11,
	SOCKOPT_RCVPRIORITY = 1 << 12,
	SOCKOPT_ZEROCOPY = 1 << 13
};

struct sockopts {
	uint32_t flags;
	uint32_t mark;
	int32_t priority;
	int32_t peek_off; /* where MSG_PEEK begins; -1: at the front, always */
	int32_t busy_poll_us, busy_poll_budget;
	int32_t incoming_cpu; /* -1: none */
	uint32_t tsflags;     /* SOF_TIMESTAMPING_* */
	int32_t bind_phc;
	int8_t txrehash; /* 0, 1; -1: the default */
	uint64_t rcvtimeo_us, sndtimeo_us; /* 0: wait for ever */
};

void sockopts_init(struct sockopts *o);
/* 0, the negative errno, or SOCKOPTS_OTHER: not one of these. */
enum { SOCKOPTS_OTHER = 1 };
int sockopts_set(struct sockopts *o, int name, const void *value, uint32_t len);
/* Bytes of the value written to out[SOCKOPTS_MAX], SOCKOPTS_NONE: not one of these, or -EOPNOTSUPP. */
enum { SOCKOPTS_MAX = 16, SOCKOPTS_NONE = -1 };
int sockopts_get(const struct sockopts *o, int name, uint8_t out[SOCKOPTS_MAX]);

/* Linux's way with a value that is shorter or longer than the user's room: what fits, and its
 * length. Returns 0. */
int sockopts_give(void *value, uint32_t *len, const void *from, uint32_t n);
/* The int that the value begins with; -EINVAL when it is shorter. */
int sockopts_int(const void *value, uint32_t len, int32_t *v);

#endif
