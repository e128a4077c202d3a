/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop, and who is woken by it. See loop.h and host.h. */
#define _GNU_SOURCE 1
#include "host/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "host/client.h"
#include "host/lease.h"
#include "host/options.h"
#include "host/pcap.h"
#include "host/service.h"
#include "host/tap.h"
#include "host/text.h"
#include "host/trace.h"

enum {
	EVENTS = 64,
	READY_ROUNDS = 256, /* of EVENTS sockets in one turn */
	BUSY_TURNS = 64	    /* between two looks at epoll while there is work */
};

uint64_t loop_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- apps and sources --------------------------------------------------------------------- */

void host_add_app(struct host *h, struct app *app, ph_socket socket,
		  void (*ready)(struct host *, struct app *, uint32_t))
{
	app->socket = socket;
	app->ready = ready;
	list_init_node(&app->again);
	list_push_back(&h->apps, &app->all);
	(void)ph_set_user(h->st, socket, (uint64_t)(uintptr_t)app);
}

void host_close_app(struct host *h, struct app *app)
{
	list_remove(&app->all);
	list_remove(&app->again);
	(void)ph_set_user(h->st, app->socket, 0);
	(void)ph_close(h->st, app->socket, h->now_ns);
}

void host_again(struct host *h, struct app *app)
{
	if (!list_linked(&app->again))
		list_push_back(&h->again, &app->again);
}

int host_watch(struct host *h, struct source *source, int fd, uint32_t events,
	       void (*ready)(struct host *, struct source *, uint32_t))
{
	struct epoll_event ev = { .events = events, .data.ptr = source };

	source->fd = fd;
	source->ready = ready;
	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

void host_rewatch(struct host *h, struct source *source, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = source };

	(void)epoll_ctl(h->epoll_fd, EPOLL_CTL_MOD, source->fd, &ev);
}

void host_unwatch(struct host *h, struct source *source)
{
	(void)epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

/* ---- the end ------------------------------------------------------------------------------ */

void host_stop(struct host *h, int status)
{
	if (h->phase != HOST_SERVING)
		return;
	h->phase = HOST_CLOSING;
	h->status = status;
	h->close_by_ns = h->now_ns + h->opt->grace_ns;
	services_close(h);
	client_close(h);
}

/* The first signal is a request, the second an order. */
static void signal_ready(struct host *h, struct source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (h->phase == HOST_CLOSING)
			h->close_by_ns = h->now_ns;
		host_stop(h, client_busy(h) ? 1 : h->status);
	}
}

/* Whether every goodbye was said, or the time for them is over. */
static void close_check(struct host *h)
{
	struct ph_usage usage;

	ph_stack_usage(h->st, &usage);
	if (usage.connections > 0 && h->now_ns < h->close_by_ns)
		return;
	if (usage.connections > 0) {
		h->status = h->client ? 1 : h->status;
		ph_stack_abort(h->st, h->now_ns);
		(void)devices_write(h);
	}
	lease_close(h);
	(void)devices_write(h);
	h->phase = HOST_DONE;
}

/* ---- a turn ------------------------------------------------------------------------------- */

static void device_ready(struct host *h, struct source *source, uint32_t events)
{
	(void)h, (void)source, (void)events; /* each turn tries to read and to write */
}

/* Calls the apps whose sockets the stack has news of. True: there may be more. */
static bool serve_news(struct host *h)
{
	struct ph_event events[EVENTS];
	int rounds = 0;
	int n;

	do {
		n = ph_ready(h->st, events, EVENTS);
		for (int i = 0; i < n; i++) {
			struct app *app =
				(struct app *)(uintptr_t)ph_get_user(h->st, events[i].socket);

			if (app)
				app->ready(h, app, events[i].events);
		}
	} while (n > 0 && ++rounds < READY_ROUNDS);
	return n > 0;
}

bool host_serve(struct host *h)
{
	struct list again;
	struct list_node *node;
	bool more;

	list_init(&again);
	list_splice(&again, &h->again);
	more = serve_news(h);
	while ((node = list_pop_front(&again))) {
		struct app *app = container_of(node, struct app, again);

		app->ready(h, app, 0);
	}
	return more || !list_empty(&h->again);
}

static uint64_t frames_sent(const struct host *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < h->ndevs; i++)
		n += h->devs[i].tx_frames;
	return n;
}

/*
 * True: there is more to do now. What was sent counts as that: over a TAP the answer is often there
 * before the write has returned, and a read is cheaper than a sleep.
 */
static bool turn(struct host *h)
{
	uint64_t sent = frames_sent(h);
	bool more, full;

	h->now_ns = loop_clock();
	more = devices_read(h);
	more = host_serve(h) || more;
	/* The apps first: an answer of theirs carries the acknowledgment that the batch owes. */
	ph_stack_run(h->st, h->now_ns);
	more = serve_news(h) || more;
	lease_turn(h);
	if (h->client)
		more = client_run(h) || more;
	full = !devices_write(h);
	if (h->phase == HOST_CLOSING)
		close_check(h);
	if (full)
		return false;
	return more || frames_sent(h) != sent || ph_stack_deadline(h->st) <= h->now_ns;
}

static uint64_t wake_at(const struct host *h)
{
	uint64_t at = ph_stack_deadline(h->st);
	uint64_t client = h->client ? client_deadline(h) : PH_NEVER;

	at = client < at ? client : at;
	return h->phase == HOST_CLOSING && h->close_by_ns < at ? h->close_by_ns : at;
}

/* Sleeps until there is something to do, unless `busy`; wakes whose descriptors have news. */
static void wait_for_news(struct host *h, bool busy)
{
	struct epoll_event events[EVENTS];
	struct timespec timeout = { 0, 0 };
	const struct timespec *limit = &timeout;
	bool signalled = false;
	uint64_t at;
	int n;

	if (!busy) {
		if (h->pcap)
			pcap_flush(h->pcap);
		if (h->tracer)
			tracer_flush(h->tracer);
		at = wake_at(h);
		h->now_ns = loop_clock();
		if (at == PH_NEVER) {
			limit = NULL;
		} else if (at > h->now_ns) {
			timeout.tv_sec = (time_t)((at - h->now_ns) / 1000000000u);
			timeout.tv_nsec = (long)((at - h->now_ns) % 1000000000u);
		}
	}
	n = epoll_pwait2(h->epoll_fd, events, EVENTS, limit, NULL);
	if (n > 0)
		h->now_ns = loop_clock();
	for (int i = 0; i < n; i++) {
		struct source *source = events[i].data.ptr;

		if (source == &h->signals)
			signalled = true;
		else
			source->ready(h, source, events[i].events);
	}
	if (signalled) /* last: it may end connections that others of these events are for */
		signal_ready(h, &h->signals, EPOLLIN);
}

int loop_run(struct host *h)
{
	unsigned turns = 0;

	while (h->phase != HOST_DONE) {
		bool busy = turn(h) || h->opt->busy_poll;

		if (h->phase != HOST_DONE && (!busy || ++turns % BUSY_TURNS == 0))
			wait_for_news(h, busy);
	}
	return h->status;
}

int loop_watch(struct host *h, struct device *d)
{
	return host_watch(h, &d->source, d->source.fd, EPOLLIN, device_ready);
}

int loop_init(struct host *h, char *err, size_t cap)
{
	sigset_t set;
	int fd;

	h->signals.fd = -1;
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (h->epoll_fd < 0) {
		(void)text_error(err, cap, "epoll: %s", strerror(errno));
		return -EMFILE;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0 || host_watch(h, &h->signals, fd, EPOLLIN, signal_ready) < 0) {
		(void)text_error(err, cap, "epoll takes no signalfd: %s", strerror(errno));
		return -EIO;
	}
	for (size_t i = 0; i < h->ndevs; i++) {
		struct device *d = &h->devs[i];

		if (loop_watch(h, d) == 0)
			continue;
		(void)text_error(err, cap, "epoll takes no %s: %s", d->name, strerror(errno));
		return -EIO;
	}
	return 0;
}

void loop_free(struct host *h)
{
	if (h->signals.fd >= 0)
		close(h->signals.fd);
	if (h->epoll_fd >= 0)
		close(h->epoll_fd);
}
