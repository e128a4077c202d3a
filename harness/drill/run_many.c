/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers and their scripts: see run_many.h. The parent gives each worker one script at a time over
 * a socket and reads back what became of it; one that dies or takes too long is replaced.
 */
#define _GNU_SOURCE

#include "harness/drill/run_many.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 256, AGAIN_TEXT = 4096, TICK_MS = 200, NOBODY = -1 };

struct worker {
	pid_t pid; /* 0: none */
	int fd;
	long row; /* the script it runs; NOBODY: none */
	uint64_t since_ns;
};

/* What a worker says of one script; reason and message follow, without their NULs. */
struct answer {
	uint32_t verdict, line, reason_len, message_len;
};

static uint64_t real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *bytes, size_t len)
{
	char *p = bytes;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- the worker's side ---- */

static void work_one(const struct drill_many *m, const char *path, int fd)
{
	struct drill_setup u = *m->setup;
	char again[AGAIN_TEXT];
	struct drill_result r;
	struct answer a;

	snprintf(again, sizeof(again), "%s %s", m->again, path);
	u.again = again;
	drill_run_file(path, &u, &r);
	if (u.verbose)
		fflush(u.verbose);
	a = (struct answer){ .verdict = (uint32_t)r.verdict,
			     .line = r.line,
			     .reason_len = (uint32_t)strlen(r.reason),
			     .message_len = r.message ? (uint32_t)strlen(r.message) : 0 };
	if (!write_all(fd, &a, sizeof(a)) || !write_all(fd, r.reason, a.reason_len) ||
	    !write_all(fd, r.message, a.message_len))
		_exit(1); /* the parent is gone */
	drill_result_free(&r);
}

static void work(const struct drill_many *m, int fd)
{
	uint64_t row;

	while (read_all(fd, &row, sizeof(row)))
		work_one(m, m->row[row].path, fd);
	_exit(0);
}

/* ---- the parent's side ---- */

static int worker_start(const struct drill_many *m, struct worker *all, unsigned n,
			struct worker *w)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	fflush(NULL);
	w->pid = fork();
	if (w->pid < 0) {
		int rc = -errno;

		close(pair[0]);
		close(pair[1]);
		w->pid = 0;
		return rc;
	}
	if (w->pid == 0) {
		for (unsigned i = 0; i < n; i++)
			if (&all[i] != w && all[i].pid)
				close(all[i].fd);
		close(pair[0]);
		work(m, pair[1]);
	}
	close(pair[1]);
	w->fd = pair[0];
	w->row = NOBODY;
	return 0;
}

static void worker_end(struct worker *w, int *status)
{
	close(w->fd);
	while (waitpid(w->pid, status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	w->row = NOBODY;
}

static void row_done(struct drill_many *m, struct drill_row *row, enum drill_verdict v)
{
	row->verdict = v;
	row->done = true;
	if (m->done)
		m->done(row, m->arg);
}

static void row_lost(struct drill_many *m, struct drill_row *row, enum drill_verdict v,
		     const char *text)
{
	size_t len = strlen(text) + strlen(row->path) + 32;

	row->reason = strdup(text);
	row->message = malloc(len);
	if (row->message)
		snprintf(row->message, len, "%s: %s: %s\n", row->path, drill_verdict_name(v), text);
	row_done(m, row, v);
}

static char *read_text(int fd, size_t len)
{
	char *text = calloc(1, len + 1);

	if (text && !read_all(fd, text, len)) {
		free(text);
		return NULL;
	}
	return text;
}

static void worker_died(struct drill_many *m, struct worker *w)
{
	struct drill_row *row = w->row == NOBODY ? NULL : &m->row[w->row];
	char text[128];
	int status = 0;

	worker_end(w, &status);
	if (!row)
		return;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "the process that ran it died of signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "the process that ran it ended with status %d",
			 WEXITSTATUS(status));
	row_lost(m, row, DRILL_ERROR, text);
}

static void worker_answers(struct drill_many *m, struct worker *w)
{
	struct drill_row *row = w->row == NOBODY ? NULL : &m->row[w->row];
	struct answer a;

	if (!row || !read_all(w->fd, &a, sizeof(a))) {
		worker_died(m, w);
		return;
	}
	row->reason = read_text(w->fd, a.reason_len);
	row->message = a.message_len ? read_text(w->fd, a.message_len) : NULL;
	row->line = a.line;
	row->real_ns = real_ns() - w->since_ns;
	w->row = NOBODY;
	row_done(m, row, (enum drill_verdict)a.verdict);
}

static void worker_late(struct drill_many *m, struct worker *w)
{
	struct drill_row *row = &m->row[w->row];
	char text[64];
	int status;

	kill(w->pid, SIGKILL);
	worker_end(w, &status);
	row->real_ns = real_ns() - w->since_ns;
	snprintf(text, sizeof(text), "it took more than %u s", m->timeout_s);
	row_lost(m, row, DRILL_TIMEOUT, text);
}

static void say_progress(const struct drill_many *m, size_t done)
{
	size_t bad = 0;

	if (!m->progress)
		return;
	for (size_t i = 0; i < m->n; i++)
		bad += m->row[i].done && !drill_row_good(&m->row[i]);
	fprintf(stderr, "\r%zu of %zu, %zu not as expected ", done, m->n, bad);
	if (done == m->n)
		fputs("\r                                              \r", stderr);
	fflush(stderr);
}

/* Gives idle workers the next scripts, starting workers where there are none. */
static int feed(struct drill_many *m, struct worker *w, unsigned jobs, size_t *next)
{
	for (unsigned i = 0; i < jobs && *next < m->n; i++) {
		uint64_t row = *next;

		if (w[i].pid && w[i].row != NOBODY)
			continue;
		if (!w[i].pid) {
			int rc = worker_start(m, w, jobs, &w[i]);

			if (rc != 0)
				return rc;
		}
		w[i].row = (long)row;
		w[i].since_ns = real_ns();
		(*next)++;
		/* A worker that died idle shows at the next poll. */
		(void)write_all(w[i].fd, &row, sizeof(row));
	}
	return 0;
}

static size_t count_done(const struct drill_many *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->row[i].done;
	return n;
}

static int run_all(struct drill_many *m, struct worker *w, unsigned jobs)
{
	struct pollfd pfd[JOBS_MAX];
	size_t next = 0, done = 0;

	while (done < m->n) {
		int rc = feed(m, w, jobs, &next);

		if (rc != 0)
			return rc;
		for (unsigned i = 0; i < jobs; i++)
			pfd[i] = (struct pollfd){ .fd = w[i].pid ? w[i].fd : -1, .events = POLLIN };
		if (poll(pfd, jobs, TICK_MS) < 0 && errno != EINTR)
			return -errno;
		for (unsigned i = 0; i < jobs; i++) {
			if (w[i].pid && pfd[i].revents)
				worker_answers(m, &w[i]);
			else if (w[i].pid && w[i].row != NOBODY && m->timeout_s &&
				 real_ns() - w[i].since_ns > m->timeout_s * 1000000000ull)
				worker_late(m, &w[i]);
		}
		done = count_done(m);
		say_progress(m, done);
	}
	return 0;
}

int drill_many_run(struct drill_many *m)
{
	struct worker w[JOBS_MAX];
	unsigned jobs = m->jobs < JOBS_MAX ? m->jobs : JOBS_MAX;
	int rc, status;

	if (jobs > m->n)
		jobs = (unsigned)m->n;
	for (unsigned i = 0; i < jobs; i++)
		w[i] = (struct worker){ .row = NOBODY };
	rc = run_all(m, w, jobs);
	for (unsigned i = 0; i < jobs; i++)
		if (w[i].pid)
			worker_end(&w[i], &status);
	return rc;
}
