/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stack, two threads, one virtual clock. See stage.h.
 *
 *	first thread			helper
 *	------------			------
 *					call: pending, sleeps on `changed`
 *	waits for a packet: time moves
 *	the call is done: `told`,
 *	time stands still		wakes, returns to packetdrill,
 *					comes back to ask the time: not `told` any more
 *	time moves on
 *
 * When the first thread sleeps outside (it waits for the helper to be done), nobody moves time: the helper
 * then does it itself.
 */
#define _GNU_SOURCE 1
#include "tests/packetdrill/stage.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	GLANCE_MS = 20,	  /* how often the helper looks whether anybody moves time */
	GLANCES = 3,	  /* how many times the first thread is seen asleep */
	HOLD_MS = 60000,  /* how long time stands still for the helper, in the machine's time */
	STATE_ROOM = 512, /* /proc's line about a thread */
};
static const uint64_t tick_ns = 1000; /* what asking the time costs */

struct stage {
	struct dut *dut;
	uint64_t patience_ns;
	pid_t first;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool first_inside;	  /* the first thread is in one of our calls */
	struct dut_call *blocked; /* the helper's */
	bool told;		  /* it is done, and the helper has not been back since */
};

void stage_give_up(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("phantom: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(status);
}

static bool is_first(const struct stage *s)
{
	return gettid() == s->first;
}

static void enter(struct stage *s)
{
	pthread_mutex_lock(&s->lock);
	if (is_first(s)) {
		s->first_inside = true;
	} else if (s->told) {
		s->told = false;
		pthread_cond_broadcast(&s->changed);
	}
}

static void leave(struct stage *s)
{
	if (is_first(s))
		s->first_inside = false;
	pthread_mutex_unlock(&s->lock);
}

/* Waits for a change for so long of the machine's time; false when there was none. */
static bool wait_real(struct stage *s, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0;
}

/* The helper hears that its call is done. */
static void tell(struct stage *s)
{
	if (!s->blocked || !s->blocked->done)
		return;
	s->blocked = NULL;
	s->told = true;
	pthread_cond_broadcast(&s->changed);
}

/* Lets time go by until one of `what`, or until_ns: the bits of dut.h that hold. */
static int advance(struct stage *s, uint64_t until_ns, unsigned what)
{
	for (;;) {
		int rc;

		while (is_first(s) && s->told && wait_real(s, HOLD_MS))
			;
		s->told = false;
		rc = s->dut->ops->wait(s->dut, until_ns, what | DUT_WAIT_CALL);
		if (rc < 0)
			stage_give_up(1, "%s", s->dut->err);
		tell(s);
		if (((unsigned)rc & what) || (rc & DUT_WAIT_TIME))
			return rc;
	}
}

static uint64_t limit(const struct stage *s)
{
	return s->dut->ops->now(s->dut) + s->patience_ns;
}

_Noreturn static void out_of_patience(const struct stage *s, const char *what)
{
	stage_give_up(1, "%s for %" PRIu64 " seconds of virtual time; patience=N in --so_flags allows more",
		      what, s->patience_ns / 1000000000);
}

/* Whether the first thread sleeps, as /proc tells. */
static bool first_sleeps(const struct stage *s)
{
	char path[64], line[STATE_ROOM] = "";
	const char *after;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)s->first);
	f = fopen(path, "re");
	if (!f)
		return false;
	(void)fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	after = strrchr(line, ')'); /* of the name, which may hold anything */
	return after && after[1] == ' ' && after[2] == 'S';
}

/* Until the call is done, by whoever moves time. */
static void sleep_until_done(struct stage *s, const struct dut_call *c)
{
	unsigned glances = 0;
	uint64_t until = limit(s);

	while (!c->done) {
		if (wait_real(s, GLANCE_MS))
			glances = 0;
		else
			glances = !s->first_inside && first_sleeps(s) ? glances + 1 : 0;
		if (c->done || glances < GLANCES)
			continue;
		if (advance(s, until, DUT_WAIT_CALL) & DUT_WAIT_TIME)
			out_of_patience(s, "a call has not returned");
	}
	/* It is on its way back: what it asks next ends the hold. */
}

int64_t stage_call(struct stage *s, struct dut_call *c)
{
	int rc;

	enter(s);
	rc = s->dut->ops->call(s->dut, c);
	tell(s);
	if (rc == 0 && !c->done && is_first(s)) {
		uint64_t until = limit(s);

		while (!c->done)
			if (advance(s, until, DUT_WAIT_CALL) & DUT_WAIT_TIME)
				out_of_patience(s, "a call has not returned");
	} else if (rc == 0 && !c->done) {
		s->blocked = c;
		sleep_until_done(s, c);
	}
	leave(s);
	if (rc != 0)
		stage_give_up(1, "%s", s->dut->err);
	return c->result;
}

int stage_inject(struct stage *s, const void *bytes, size_t len)
{
	int rc;

	enter(s);
	rc = s->dut->ops->inject(s->dut, bytes, len);
	tell(s);
	leave(s);
	return rc;
}

void stage_receive(struct stage *s, struct dut_packet *out)
{
	uint64_t until;
	int rc;

	enter(s);
	until = limit(s);
	while ((rc = s->dut->ops->take(s->dut, out)) == 0)
		if (!(advance(s, until, DUT_WAIT_PACKET) & DUT_WAIT_PACKET))
			out_of_patience(s, "a packet is waited for, and none was sent");
	if (rc < 0)
		stage_give_up(1, "%s", s->dut->err);
	leave(s);
}

void stage_sleep(struct stage *s, uint64_t ns)
{
	enter(s);
	(void)advance(s, s->dut->ops->now(s->dut) + ns, 0);
	leave(s);
}

uint64_t stage_now(struct stage *s)
{
	uint64_t now;

	enter(s);
	now = s->dut->ops->now(s->dut);
	(void)advance(s, now + tick_ns, 0);
	leave(s);
	return now;
}

struct stage *stage_new(struct dut *take_dut, uint64_t patience_ns)
{
	struct stage *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	s->dut = take_dut;
	s->patience_ns = patience_ns;
	s->first = gettid();
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

void stage_free(struct stage *s)
{
	s->dut->ops->free(s->dut);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
