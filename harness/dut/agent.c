/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's lines, the descriptors it owns, and the calls that wait. See agent.h. */
#define _GNU_SOURCE 1
#include "harness/dut/agent.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/dut/agent_call.h"
#include "harness/dut/proto.h"

enum { FDS_MAX = 65536, SENTENCE = 256 };

struct agent {
	int fd;
	const struct agent_stack *stack;
	pthread_mutex_t lock; /* of everything below, and of lines sent */
	pthread_cond_t idle;
	unsigned waiting; /* threads */
	bool own[FDS_MAX];
};

struct job {
	struct agent *a;
	struct dut_call call;
	size_t sent;
	json_int_t id;
	uint64_t started_ns;
	int (*box)(const json_t *args, json_t *out); /* NULL: a call of the table */
	json_t *request;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void say(struct agent *a, json_t *take_line)
{
	pthread_mutex_lock(&a->lock);
	/* A client that cannot be reached any more is seen by the next read. */
	(void)proto_send(a->fd, take_line);
	pthread_mutex_unlock(&a->lock);
}

/* ---- descriptors ---- */

static bool owns(struct agent *a, int fd)
{
	bool own;

	pthread_mutex_lock(&a->lock);
	own = fd >= 0 && fd < FDS_MAX && a->own[fd];
	pthread_mutex_unlock(&a->lock);
	return own;
}

static void set_owner(struct agent *a, int fd, bool own)
{
	pthread_mutex_lock(&a->lock);
	a->own[fd] = own;
	pthread_mutex_unlock(&a->lock);
}

/* The client's own alone: the agent's are no descriptors to it. */
static bool may_touch(struct agent *a, struct dut_call *c)
{
	if (c->op == DUT_SOCKET || c->op == DUT_EPOLL_CREATE)
		return true;
	if (c->op == DUT_EPOLL_CTL && !owns(a, (int)c->a[1]))
		return false;
	if (c->op != DUT_POLL)
		return owns(a, c->fd);
	for (size_t i = 0; i < c->npoll; i++)
		if (c->poll[i].fd >= 0 && !owns(a, c->poll[i].fd))
			c->poll[i].fd = FDS_MAX; /* POLLNVAL */
	return true;
}

/* A descriptor is given before the client hears of it. */
static void keep_descriptor(struct agent *a, struct dut_call *c)
{
	if (c->op != DUT_SOCKET && c->op != DUT_ACCEPT && c->op != DUT_EPOLL_CREATE)
		return;
	if (c->result >= FDS_MAX) {
		(void)a->stack->close((int)c->result);
		c->result = -EMFILE;
	} else if (c->result >= 0) {
		set_owner(a, (int)c->result, true);
	}
}

/* ---- jobs ---- */

static void job_free(struct job *j)
{
	proto_call_free(&j->call);
	json_decref(j->request);
	free(j);
}

static void job_answer(struct job *j)
{
	j->call.done_ns = now_ns();
	keep_descriptor(j->a, &j->call);
	say(j->a, proto_answer(&j->call, j->id, j->started_ns));
}

static void job_box(struct job *j)
{
	json_t *out = json_object();
	int rc = j->box(json_object_get(j->request, "args"), out);
	char room[16];
	json_t *answer = json_pack("{s:I,s:i,s:o,s:I,s:I}", "id", j->id, "result", rc < 0 ? -1 : rc,
				   "out", out, "started_ns", (json_int_t)j->started_ns, "ended_ns",
				   (json_int_t)now_ns());

	if (rc < 0)
		json_object_set_new(answer, "errno", json_string(proto_errno_name(-rc, room)));
	say(j->a, answer);
}

static void *job_thread(void *arg)
{
	struct job *j = arg;
	struct agent *a = j->a;

	if (j->box) {
		job_box(j);
	} else {
		agent_call_wait(a->stack, &j->call, j->sent);
		job_answer(j);
	}
	job_free(j);
	pthread_mutex_lock(&a->lock);
	a->waiting--;
	pthread_cond_signal(&a->idle);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Takes the job. */
static void job_later(struct job *j)
{
	struct agent *a = j->a;
	json_int_t id = j->id;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_mutex_lock(&a->lock);
	a->waiting++;
	(void)proto_send(a->fd, json_pack("{s:I,s:b}", "id", id, "pending", 1));
	pthread_mutex_unlock(&a->lock);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, job_thread, j);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		return;
	pthread_mutex_lock(&a->lock);
	a->waiting--;
	pthread_mutex_unlock(&a->lock);
	j->call.result = -ENOMEM;
	job_answer(j);
	job_free(j);
}

static void run_call(struct job *j)
{
	struct dut_call *c = &j->call;

	if (!may_touch(j->a, c)) {
		c->result = -EBADF;
		job_answer(j);
		job_free(j);
		return;
	}
	if (c->op == DUT_CLOSE)
		set_owner(j->a, c->fd, false);
	if (!agent_call_now(j->a->stack, c, &j->sent)) {
		job_later(j);
		return;
	}
	job_answer(j);
	job_free(j);
}

static bool run_box(struct job *j)
{
	const struct agent_stack *st = j->a->stack;
	const struct {
		const char *name;
		int (*run)(const json_t *args, json_t *out);
		bool waits;
	} boxes[] = { { "sysctl", st->sysctl, false },
		      { "counter", st->counter, false },
		      { "describe", st->describe, true },
		      { "sockets", st->sockets, false },
		      { "shell", st->shell, true } };
	const char *name = json_string_value(json_object_get(j->request, "call"));

	for (size_t i = 0; name && i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		if (strcmp(boxes[i].name, name) != 0 || !boxes[i].run)
			continue;
		j->box = boxes[i].run;
		if (boxes[i].waits) {
			job_later(j);
		} else {
			job_box(j);
			job_free(j);
		}
		return true;
	}
	return false;
}

static void run_line(struct agent *a, const char *line, size_t len)
{
	char err[SENTENCE];
	json_error_t where;
	json_t *request = json_loadb(line, len, 0, &where);
	const json_t *id = json_object_get(request, "id");
	struct job *j = json_is_integer(id) ? calloc(1, sizeof(*j)) : NULL;
	int rc;

	if (!j) {
		say(a, proto_error(id,
				   request ? "there is no \"id\", a number; write an object like "
					     "{\"id\":1,\"call\":\"socket\",\"args\":{}}"
					   : "not JSON; write an object a line, like "
					     "{\"id\":1,\"call\":\"socket\",\"args\":{}}",
				   false));
		json_decref(request);
		return;
	}
	*j = (struct job){ .a = a, .id = json_integer_value(id), .started_ns = now_ns(),
			   .request = request };
	if (a->stack->settle)
		a->stack->settle();
	if (run_box(j))
		return;
	rc = proto_call(request, &j->call, err, sizeof(err));
	if (rc == 0 && !agent_call_served(a->stack, &j->call, err, sizeof(err)))
		rc = -ENOSYS;
	if (rc == 0) {
		run_call(j);
		return;
	}
	say(a, proto_error(id, err, rc == -ENOSYS));
	job_free(j);
}

/* Wakes what waits by shutting its sockets, and waits for the threads to end. */
static void hang_up(struct agent *a)
{
	pthread_mutex_lock(&a->lock);
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (a->own[fd] && a->stack->shutdown)
			(void)a->stack->shutdown(fd, SHUT_RDWR);
	while (a->waiting > 0) {
		struct timespec limit;

		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += 1;
		/* A poll for ever is not woken by a shutdown of nothing: the process' end does. */
		if (pthread_cond_timedwait(&a->idle, &a->lock, &limit) != 0)
			break;
	}
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (a->own[fd])
			(void)a->stack->close(fd);
	close(a->fd);
	a->fd = -1;
	pthread_mutex_unlock(&a->lock);
}

int agent_serve(int fd, const struct agent_stack *stack)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct proto_in in = { 0 };
	const char *line;
	size_t len;
	int rc;

	if (!a)
		return -ENOMEM;
	a->fd = fd;
	a->stack = stack;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->idle, NULL);
	while ((rc = proto_read(&in, fd, 0)) > 0)
		while ((line = proto_next(&in, &len)))
			run_line(a, line, len);
	if (rc == -EMSGSIZE)
		say(a, proto_error(NULL, "the line is too long; 8 MiB are allowed", false));
	proto_in_free(&in);
	hang_up(a);
	if (a->waiting == 0)
		free(a);
	return rc;
}
