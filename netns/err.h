/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sentence of failure: where, what was wrong, what would be right. Every function of netns/
 * that can fail takes one and returns -1 after filling it; the session prints it, the tests match
 * it.
 */
#ifndef NETNS_ERR_H
#define NETNS_ERR_H

enum { NET_ERR_MAX = 600 };

enum net_err_kind {
	NET_ERR_INPUT,	/* what was asked makes no sense: exit status 2 */
	NET_ERR_FAILED, /* it made sense and did not work: exit status 1 */
	NET_ERR_CANNOT, /* this machine cannot: exit status 77 */
};

struct net_err {
	enum net_err_kind kind;
	char text[NET_ERR_MAX];
};

/* Fill @e with a sentence (no newline at its end). Always returns -1, so that callers can return
 * it. */
int net_bad(struct net_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int net_failed(struct net_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int net_cannot(struct net_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "prefix: " before the sentence, cutting the end if it does not fit. Returns -1. */
int net_err_prefix(struct net_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
