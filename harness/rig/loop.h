/* SPDX-License-Identifier: BSD-2-Clause */
/* The world's event loop: descriptors to read, one thread. Called by bench.c and what it starts. */
#ifndef RIG_LOOP_H
#define RIG_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef void loop_fn(void *arg);

struct loop_watch {
	struct loop_watch *next;
	int fd;
	loop_fn *fn;
	void *arg;
	bool gone; /* removed while others are being served: freed after them */
};

struct loop {
	int epoll;
	struct loop_watch *watches;
};

/* 0 or -errno. */
int loop_init(struct loop *l);
void loop_free(struct loop *l);
/* Call @fn whenever @fd can be read or is closed at the other end. NULL when memory is short. */
struct loop_watch *loop_add(struct loop *l, int fd, loop_fn *fn, void *arg);
/* The same, only when the other end is gone. */
struct loop_watch *loop_add_hup(struct loop *l, int fd, loop_fn *fn, void *arg);
/* Before closing the descriptor. */
void loop_del(struct loop *l, struct loop_watch *w);
/* Wait at most @timeout_ms (-1: for ever) and serve what is ready. */
void loop_once(struct loop *l, int timeout_ms);
/* Milliseconds of CLOCK_MONOTONIC. */
int64_t loop_now_ms(void);

#endif
