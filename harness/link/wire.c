/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire's thread: read a batch from either end, let the model judge it, deliver what is due,
 * sleep until the next frame is due or arrives. Decides nothing about fates (link/model.c) nor
 * about bytes (link/wire_end.c). Started by the rig.
 *
 * One lock guards everything; the thread lets go of it only to sleep, so whoever changes a spec
 * does it between two batches. A busy thread hardly sleeps: it stands back while others wait.
 */
#define _GNU_SOURCE
#include "harness/link/wire.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/pcapng.h"
#include "harness/link/pipe.h"
#include "harness/link/wire_end.h"

enum { MAX_FRAME_DEFAULT = 1518, MAX_FRAME_MAX = 65536 + 256, NS_PER_S = 1000000000 };

/* What flows in one direction, from end !dir to end dir: `in` is toward A. */
struct flow {
	struct link_pipe *pipe;
	struct link_log log;
	struct wire_batch batch;	/* read for this flow */
	uint64_t other_drops[LINK_DROP_COUNT];	/* that the model knows nothing of */
	struct wire *wire;
	enum link_dir dir;
};

struct wire {
	char name[64];
	enum link_l2 l2;
	struct wire_end end[2];		/* [LINK_DIR_IN] is A, where `in` arrives */
	struct flow flow[2];		/* by enum link_dir */
	int epoll, stop;
	pthread_t thread;
	pthread_mutex_t lock;
	atomic_int waiting;		/* for the lock, from outside the thread */
	struct pcapng_writer *drops;
	uint32_t drops_if;
	uint64_t late_max_ns, late_sum_ns, late_n;
};

static void lock(struct wire *w)
{
	atomic_fetch_add(&w->waiting, 1);
	pthread_mutex_lock(&w->lock);
	atomic_fetch_sub(&w->waiting, 1);
}

static void unlock(struct wire *w)
{
	pthread_mutex_unlock(&w->lock);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static struct wire_end *end_from(struct flow *fl)
{
	return &fl->wire->end[fl->dir == LINK_DIR_IN ? LINK_DIR_OUT : LINK_DIR_IN];
}

static struct wire_end *end_to(struct flow *fl)
{
	return &fl->wire->end[fl->dir];
}

static void write_drop(struct flow *fl, const struct link_frame *f, uint32_t len,
		       enum link_drop why, unsigned int script)
{
	struct wire *w = fl->wire;
	const char *toward = fl->dir == LINK_DIR_IN ? "toward" : "from";
	char comment[160];

	if (!w->drops)
		return;
	if (script != 0)
		snprintf(comment, sizeof(comment), "dropped %s %s: script %u", toward, w->name,
			 script);
	else
		snprintf(comment, sizeof(comment), "dropped %s %s: %s", toward, w->name,
			 link_drop_text(why));
	/* A full disk is reported by whoever closes the writer. */
	(void)pcapng_writer_packet(w->drops, &(struct pcapng_packet){
		.if_id = w->drops_if,
		.dir = fl->dir == LINK_DIR_IN ? PCAPNG_DIR_IN : PCAPNG_DIR_OUT,
		.time_ns = clock_ns(CLOCK_REALTIME),
		.caplen = f->len,
		.len = len,
		.data = f->data,
		.comment = comment,
	});
}

static void on_drop(void *ctx, uint64_t now_ns, const struct link_frame *f,
		    const struct link_verdict *v)
{
	(void)now_ns;
	write_drop(ctx, f, v->len, v->drop, v->script);
}

/* Read what is there, one batch at most, and let the model judge it. */
static void receive(struct flow *fl)
{
	struct wire_batch *b = &fl->batch;
	int n = wire_end_recv(end_from(fl), fl->pipe, b);
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	for (int i = 0; i < n; i++) {
		if (b->super[i]) {
			fl->other_drops[LINK_DROP_SUPER_SEGMENT]++;
			write_drop(fl, b->frame[i], b->true_len[i], LINK_DROP_SUPER_SEGMENT, 0);
			continue;
		}
		if (link_pipe_push_take(fl->pipe, now_ns, b->frame[i], NULL) != 0)
			fl->other_drops[LINK_DROP_MEMORY]++;
		b->frame[i] = NULL;
	}
	if (n == -ENOMEM)
		fl->other_drops[LINK_DROP_MEMORY]++;
}

static void note_lateness(struct wire *w, uint64_t late_ns)
{
	w->late_n++;
	w->late_sum_ns += late_ns;
	if (late_ns > w->late_max_ns)
		w->late_max_ns = late_ns;
}

/* Write what is due, one batch at most. True if there may be more. */
static bool deliver(struct flow *fl)
{
	struct link_frame *f[WIRE_BATCH];
	bool refused[WIRE_BATCH];
	const struct link_spec *spec = link_model_spec(link_pipe_model(fl->pipe));
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	bool waits = spec->delay_ns != 0 || spec->rate_bps != 0 || spec->trace || spec->slot.on;
	unsigned int n = 0;

	while (n < WIRE_BATCH && (f[n] = link_pipe_pop(fl->pipe, now_ns)))
		n++;
	if (n == 0)
		return false;
	wire_end_send(end_to(fl), f, n, refused);
	for (unsigned int i = 0; i < n; i++) {
		if (waits)
			note_lateness(fl->wire, now_ns - f[i]->at_ns);
		if (refused[i]) {
			fl->other_drops[LINK_DROP_DEVICE]++;
			write_drop(fl, f[i], f[i]->len, LINK_DROP_DEVICE, 0);
		}
		link_pipe_free_frame(fl->pipe, f[i]);
	}
	return n == WIRE_BATCH;
}

/* Sleep until something arrives or is due; the events. */
static int sleep_until_needed(struct wire *w, struct epoll_event *ev, int max)
{
	uint64_t next = link_pipe_next_at(w->flow[LINK_DIR_IN].pipe);
	uint64_t other = link_pipe_next_at(w->flow[LINK_DIR_OUT].pipe);
	struct timespec wait = { 0 }, *timeout = &wait;
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int n;

	if (other < next)
		next = other;
	if (next == UINT64_MAX)
		timeout = NULL;
	else if (next > now_ns)
		wait = (struct timespec){
			.tv_sec = (time_t)((next - now_ns) / NS_PER_S),
			.tv_nsec = (long)((next - now_ns) % NS_PER_S),
		};
	unlock(w);
	while (atomic_load(&w->waiting) > 0)
		sched_yield();
	n = epoll_pwait2(w->epoll, ev, max, timeout, NULL);
	pthread_mutex_lock(&w->lock);
	return n;
}

/* events of end i: its frames belong to the flow toward the other end. */
static void serve_end(struct wire *w, unsigned int i, uint32_t events)
{
	receive(&w->flow[i == LINK_DIR_IN ? LINK_DIR_OUT : LINK_DIR_IN]);
	/* A device that is gone, or a peer that hung up, would be reported for ever. */
	if ((events & (EPOLLERR | EPOLLHUP)) && !(events & EPOLLIN) &&
	    w->end[i].kind != WIRE_END_PACKET)
		(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->end[i].fd, NULL);
	if ((events & EPOLLHUP) && w->end[i].kind == WIRE_END_MESSAGE)
		(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->end[i].fd, NULL);
}

enum { TOKEN_STOP = 2 };

/*
 * A cable waits for nobody's turn: where that is allowed the thread runs before those whose frames it
 * carries. On a loaded machine this is the difference between 0.2 and 5 ms of lateness. The kernel
 * keeps a share of the processor for the others, and there are no frames without them.
 */
static void go_first(void)
{
	struct sched_param least = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &least);
}

static void *run(void *arg)
{
	struct wire *w = arg;
	struct epoll_event ev[3];
	bool stop = false;

	prctl(PR_SET_TIMERSLACK, 1ul);
	go_first();
	prctl(PR_SET_NAME, "wire");
	pthread_mutex_lock(&w->lock);
	while (!stop) {
		int n = sleep_until_needed(w, ev, 3);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.u32 == TOKEN_STOP)
				stop = true;
			else
				serve_end(w, ev[i].data.u32, ev[i].events);
		}
		for (unsigned int d = 0; d < 2; d++)
			while (deliver(&w->flow[d]))
				;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int watch(struct wire *w, int fd, uint32_t token)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = token };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

static int start_flow(struct wire *w, enum link_dir dir, const struct link_spec *spec,
		      size_t log_max)
{
	struct flow *fl = &w->flow[dir];

	fl->wire = w;
	fl->dir = dir;
	fl->pipe = link_pipe_new(spec, w->l2, dir);
	if (!fl->pipe)
		return -ENOMEM;
	link_log_init(&fl->log, log_max);
	if (log_max > 0)
		link_model_observe(link_pipe_model(fl->pipe), link_log_add, &fl->log);
	return 0;
}

static void set_drops(struct wire *w, struct pcapng_writer *drops, uint32_t id)
{
	w->drops = drops;
	w->drops_if = id;
	for (unsigned int d = 0; d < 2; d++)
		link_pipe_on_drop(w->flow[d].pipe, drops ? on_drop : NULL, &w->flow[d]);
}

int wire_set_drops(struct wire *w, struct pcapng_writer *drops)
{
	uint16_t linktype = w->l2 == LINK_L2_IP ? PCAPNG_LINK_RAW_IP : PCAPNG_LINK_ETHERNET;
	uint32_t id = 0;

	if (drops) {
		int rc = pcapng_writer_add_if(drops, w->name, linktype, &id);

		if (rc != 0)
			return rc;
	}
	lock(w);
	set_drops(w, drops, id);
	unlock(w);
	return 0;
}

static void free_wire(struct wire *w)
{
	for (unsigned int d = 0; d < 2; d++) {
		for (unsigned int i = 0; i < WIRE_BATCH; i++)
			free(w->flow[d].batch.frame[i]);
		link_pipe_free(w->flow[d].pipe);
		link_log_free(&w->flow[d].log);
	}
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->stop >= 0)
		close(w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static int prepare(struct wire *w, const struct wire_conf *conf)
{
	int rc;

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->stop < 0)
		return -errno;
	rc = start_flow(w, LINK_DIR_IN, &conf->in, conf->log_max);
	if (rc == 0)
		rc = start_flow(w, LINK_DIR_OUT, &conf->out, conf->log_max);
	if (rc == 0)
		rc = watch(w, w->stop, TOKEN_STOP);
	if (rc == 0)
		rc = watch(w, w->end[LINK_DIR_IN].fd, LINK_DIR_IN);
	if (rc == 0)
		rc = watch(w, w->end[LINK_DIR_OUT].fd, LINK_DIR_OUT);
	if (rc == 0 && conf->drops)
		rc = wire_set_drops(w, conf->drops);
	return rc;
}

/* Signals are for the thread that started us. */
static int start_thread(struct wire *w)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

struct wire *wire_start(const struct wire_conf *conf, char *err, size_t err_size)
{
	uint32_t max_frame = conf->max_frame ? conf->max_frame : MAX_FRAME_DEFAULT;
	const char *name = conf->name ? conf->name : "wire";
	struct wire *w;
	int rc;

	if (max_frame > MAX_FRAME_MAX) {
		snprintf(err, err_size, "%s: a wire carries no frames of %u bytes; at most %d",
			 name, max_frame, MAX_FRAME_MAX);
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		snprintf(err, err_size, "%s: out of memory", name);
		return NULL;
	}
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->l2 = conf->l2;
	w->epoll = w->stop = -1;
	pthread_mutex_init(&w->lock, NULL);
	if (wire_end_init(&w->end[LINK_DIR_IN], conf->fd_a, max_frame, err, err_size) != 0 ||
	    wire_end_init(&w->end[LINK_DIR_OUT], conf->fd_b, max_frame, err, err_size) != 0) {
		free_wire(w);
		return NULL;
	}
	rc = prepare(w, conf);
	if (rc == 0)
		rc = start_thread(w);
	if (rc != 0) {
		snprintf(err, err_size, "%s: the wire did not start: %s", name, strerror(-rc));
		free_wire(w);
		return NULL;
	}
	return w;
}

int wire_update_spec(struct wire *w, enum link_dir dir, const struct link_spec *spec)
{
	int rc;

	lock(w);
	rc = link_pipe_update(w->flow[dir].pipe, spec);
	unlock(w);
	return rc;
}

void wire_stats(struct wire *w, struct wire_stats *out)
{
	memset(out, 0, sizeof(*out));
	lock(w);
	for (unsigned int d = 0; d < 2; d++) {
		struct flow *fl = &w->flow[d];

		fl->other_drops[LINK_DROP_OVERRUN] += wire_end_overrun(end_from(fl));
		out->model[d] = *link_model_stats(link_pipe_model(fl->pipe));
		for (unsigned int i = 0; i < LINK_DROP_COUNT; i++)
			out->model[d].drops[i] += fl->other_drops[i];
		out->held[d] = link_pipe_held(fl->pipe);
		link_pipe_occupancy(fl->pipe, clock_ns(CLOCK_MONOTONIC), &out->now[d]);
		out->csum_filled += w->end[d].csum_filled;
	}
	out->late_max_ns = w->late_max_ns;
	out->late_sum_ns = w->late_sum_ns;
	out->late_n = w->late_n;
	unlock(w);
}

int wire_log(struct wire *w, enum link_dir dir, struct link_log *out)
{
	const struct link_log *log = &w->flow[dir].log;
	int rc = 0;

	lock(w);
	*out = *log;
	out->cap = log->n;
	out->entry = malloc(log->n ? log->n * sizeof(*out->entry) : 1);
	if (!out->entry)
		rc = -ENOMEM;
	else if (log->n > 0)
		memcpy(out->entry, log->entry, log->n * sizeof(*out->entry));
	unlock(w);
	return rc;
}

void wire_stop(struct wire *w)
{
	uint64_t one = 1;

	if (!w)
		return;
	if (write(w->stop, &one, sizeof(one)) != sizeof(one))
		abort();	/* an eventfd takes its first 1, or nothing holds any more */
	pthread_join(w->thread, NULL);
	close(w->end[LINK_DIR_IN].fd);
	close(w->end[LINK_DIR_OUT].fd);
	free_wire(w);
}
