/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The best a wire can do; see wire_can.h. A loaded machine must not be taken for a slow one: of
 * sleeps the best counts, and of the work the time that the processor gave to it.
 */
#define _GNU_SOURCE
#include "harness/link/wire_can.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/link/pipe.h"
#include "harness/link/wire_end.h"

enum {
	SLEEPS = 20, SLEEP_NS = 100000,
	ROUNDS = 20, BATCH = 16, FRAME = 1514,
	NS_PER_S = 1000000000, BITS = 8,
	MBIT = 1000000, US = 1000,
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t measure_sleep(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct timespec wait = { .tv_nsec = SLEEP_NS };
	uint64_t best = UINT64_MAX;
	struct epoll_event ev;

	for (int i = 0; epoll >= 0 && i < SLEEPS; i++) {
		uint64_t from = clock_ns(CLOCK_MONOTONIC), took;

		(void)epoll_pwait2(epoll, &ev, 1, &wait, NULL);
		took = clock_ns(CLOCK_MONOTONIC) - from;
		if (took >= SLEEP_NS && took - SLEEP_NS < best)
			best = took - SLEEP_NS;
	}
	if (epoll >= 0)
		close(epoll);
	return best == UINT64_MAX ? 0 : best;
}

/* Frames in at one pair of sockets, through a pipe, out at the other: the time the middle took. */
static uint64_t carry(struct link_pipe *p, struct wire_end *from, struct wire_end *to, int in, int out,
		      unsigned int *frames)
{
	static const uint8_t bytes[FRAME];
	static uint8_t sink[FRAME];
	static struct wire_batch b;
	struct link_frame *f[WIRE_BATCH];
	bool refused[WIRE_BATCH];
	uint64_t begin;
	unsigned int k = 0;
	int n;

	for (int i = 0; i < BATCH; i++)
		(void)send(in, bytes, sizeof(bytes), MSG_DONTWAIT);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	n = wire_end_recv(from, p, &b);
	for (int i = 0; i < n; i++) {
		(void)link_pipe_push_take(p, 1, b.frame[i], NULL);
		b.frame[i] = NULL;
	}
	while (k < WIRE_BATCH && (f[k] = link_pipe_pop(p, 1)))
		k++;
	wire_end_send(to, f, k, refused);
	for (unsigned int i = 0; i < k; i++)
		link_pipe_free_frame(p, f[i]);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
	while (recv(out, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		(*frames)++;
	for (unsigned int i = 0; i < WIRE_BATCH; i++) {
		link_pipe_free_frame(p, b.frame[i]);
		b.frame[i] = NULL;
	}
	return begin;
}

static uint64_t measure_rate(void)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	struct wire_end from, to;
	struct link_spec spec;
	struct link_pipe *p;
	char err[LINK_ERR_TEXT];
	uint64_t took = 0;
	unsigned int frames = 0;

	link_spec_init(&spec);
	p = link_pipe_new(&spec, LINK_L2_ETHERNET, LINK_DIR_IN);
	if (p && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, in) == 0 &&
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, out) == 0 &&
	    wire_end_init(&from, in[1], FRAME, err, sizeof(err)) == 0 &&
	    wire_end_init(&to, out[0], FRAME, err, sizeof(err)) == 0)
		for (int i = 0; i < ROUNDS; i++)
			took += carry(p, &from, &to, in[0], out[1], &frames);
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	link_pipe_free(p);
	return took > 0 ? (uint64_t)frames * FRAME * BITS * NS_PER_S / took : 0;
}

static struct wire_can measured;

static void measure(void)
{
	measured.late_ns = measure_sleep();
	measured.rate_bps = measure_rate();
}

void wire_can(struct wire_can *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, measure);
	*out = measured;
}

int wire_can_keep(const struct link_spec *s, const struct wire_can *can, char *err, size_t err_size)
{
	if (s->delay_ns > 0 && s->delay_ns < can->late_ns) {
		snprintf(err, err_size, "delay: a wire on this machine is late by %llu us at best, and "
			 "would not keep a shorter delay; ask for that or more, or for none",
			 (unsigned long long)(can->late_ns / US + 1));
		return -ERANGE;
	}
	if (can->rate_bps > 0 && s->rate_bps > can->rate_bps) {
		snprintf(err, err_size, "rate: a wire on this machine carries at most %llumbit, in frames "
			 "of 1514 bytes; ask for less, or for no rate",
			 (unsigned long long)(can->rate_bps / MBIT));
		return -ERANGE;
	}
	return 0;
}
