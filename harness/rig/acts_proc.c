/* SPDX-License-Identifier: BSD-2-Clause */
/* run, exec, wait, kill, enter: programs in nodes. See bench.h; the starting itself is
 * netns/proc.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/rig/bench.h"
#include "harness/rig/text.h"
#include "netns/proc.h"

static struct proc *find(struct bench *b, const char *name)
{
	struct proc *p;

	for (p = b->procs; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			break;
	return p;
}

static struct proc *want(struct bench *b, const char *name, struct net_err *e)
{
	struct proc *p = find(b, name);
	char list[200] = "";
	size_t n = 0;

	if (p)
		return p;
	for (p = b->procs; p && n < sizeof(list) - 2 * NODE_NAME_MAX; p = p->next)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", p->name);
	net_bad(e,
		"there is no process \"%s\"; start it with \"run NODE as %s PROGRAM\" (there is: "
		"%s)",
		name, name, n ? list : "none");
	return NULL;
}

/* "iperf3", then "iperf3-2": the program's name as far as it can be one. */
static void choose_name(struct bench *b, const char *program, char *out)
{
	const char *slash = strrchr(program, '/');
	char base[NODE_NAME_MAX - 6];
	size_t n = 0;

	for (const char *p = slash ? slash + 1 : program; *p && n < sizeof(base) - 1; p++)
		base[n++] = strchr("./ :", *p) ? '-' : *p;
	base[n] = '\0';
	if (!netname_ok(base, sizeof(base)))
		snprintf(base, sizeof(base), "program");
	snprintf(out, NODE_NAME_MAX, "%s", base);
	for (unsigned int i = 2; find(b, out); i++)
		snprintf(out, NODE_NAME_MAX, "%s-%u", base, i % 100000);
}

static struct proc *proc_new(struct bench *b, const struct node *n, const char *name,
			     struct net_err *e)
{
	struct proc *p = calloc(1, sizeof(*p));

	if (!p) {
		net_failed(e, "out of memory");
		return NULL;
	}
	p->out.fd = p->err.fd = -1;
	p->out.b = p->err.b = b;
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->node, sizeof(p->node), "%s", n ? n->name : "hub");
	return p;
}

static void gather_end(struct bench *b, struct gather *g)
{
	loop_del(&b->loop, g->watch);
	g->watch = NULL;
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

static void proc_free(struct bench *b, struct proc *p)
{
	struct proc **at = &b->procs;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	gather_end(b, &p->out);
	gather_end(b, &p->err);
	free(p->out.text);
	free(p->err.text);
	free(p->out_path);
	free(p->err_path);
	free(p);
}

void procs_free(struct bench *b)
{
	while (b->procs)
		proc_free(b, b->procs);
}

void procs_reap(struct bench *b)
{
	int status;
	pid_t pid;

	/* Orphans of programs come to us too: we are pid 1. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (struct proc *p = b->procs; p; p = p->next) {
			if (p->pid == pid && !p->ended) {
				p->ended = true;
				p->status = proc_status(status);
			}
		}
	}
}

static struct node *want_node(struct bench *b, const char *name, struct net_err *e)
{
	if (strcmp(name, "hub") == 0 && !world_find_node(b->w, name))
		return NULL;
	return world_want_node(b->w, name, e);
}

static int open_out(struct proc *p, const struct bench *b, const char *suffix, char **path,
		    struct net_err *e)
{
	int fd;

	if (asprintf(path, "%s/%s.%s", b->w->dir, p->name, suffix) < 0) {
		*path = NULL;
		return net_failed(e, "out of memory");
	}
	fd = open(*path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	return fd < 0 ? net_failed(e, "%s could not be made: %m", *path) : fd;
}

static int start(struct bench *b, struct proc *p, const struct proc_conf *conf, struct net_err *e)
{
	if (proc_spawn(b->w, conf, &p->pid, e))
		return -1;
	p->outer_pid = proc_outer_pid(b->w, p->pid);
	return 0;
}

enum act_result act_run(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	struct proc_conf conf = { .argv = l->rest, .in = -1, .out = -1, .err = -1 };
	char name[NODE_NAME_MAX];
	struct proc *p, **end = &b->procs;
	int rc = -1;

	e->text[0] = '\0';
	conf.node = want_node(b, l->at.node, e);
	if (e->text[0])
		return ACT_ERROR;
	if (l->name && (p = find(b, l->name)) && (!p->ended || p->waiters))
		return net_bad(e, "a process \"%s\" is running already; choose another name",
			       l->name),
		       ACT_ERROR;
	if (l->name && p)
		proc_free(b, p);
	if (l->name)
		snprintf(name, sizeof(name), "%s", l->name);
	else
		choose_name(b, l->rest[0], name);
	p = proc_new(b, conf.node, name, e);
	if (!p)
		return ACT_ERROR;
	conf.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	conf.out = open_out(p, b, "out", &p->out_path, e);
	if (conf.out >= 0)
		conf.err = open_out(p, b, "err", &p->err_path, e);
	if (conf.err >= 0)
		rc = start(b, p, &conf, e);
	close(conf.in);
	if (conf.out >= 0)
		close(conf.out);
	if (conf.err >= 0)
		close(conf.err);
	if (rc) {
		if (p->out_path)
			unlink(p->out_path);
		if (p->err_path)
			unlink(p->err_path);
		proc_free(b, p);
		return ACT_ERROR;
	}
	while (*end)
		end = &(*end)->next;
	*end = p;
	r->body = json_pack("{s:i,s:s,s:s,s:s}", "pid", (int)p->outer_pid, "name", p->name,
			    "stdout", p->out_path, "stderr", p->err_path);
	return ACT_OK;
}

/* Take what a pipe of exec's program has; false at its end. */
static bool gather_some(struct gather *g)
{
	char sink[4096];
	ssize_t n;

	if (g->len == g->cap && g->cap < EXEC_OUTPUT_MAX) {
		size_t cap = g->cap ? g->cap * 2 : 4096;
		char *text = realloc(g->text, cap);

		if (text) {
			g->text = text;
			g->cap = cap;
		}
	}
	n = g->len < g->cap ? read(g->fd, g->text + g->len, g->cap - g->len)
			    : read(g->fd, sink, sizeof(sink));
	if (n > 0 && g->len < g->cap)
		g->len += (size_t)n;
	else if (n > 0)
		g->cut = true;
	if (n == 0)
		errno = 0;
	return n > 0 || (n < 0 && errno == EINTR);
}

static void gather_ready(void *arg)
{
	struct gather *g = arg;

	if (!gather_some(g) && errno != EAGAIN)
		gather_end(g->b, g);
}

enum act_result act_exec(struct bench *b, struct topo_line *l, struct pending *pend,
			 struct net_err *e)
{
	struct proc_conf conf = { .argv = l->rest };
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, rc = -1;
	char name[NODE_NAME_MAX];
	struct proc *p;

	e->text[0] = '\0';
	conf.node = want_node(b, l->at.node, e);
	if (e->text[0])
		return ACT_ERROR;
	snprintf(name, sizeof(name), ".exec%u", b->nproc++);
	p = proc_new(b, conf.node, name, e);
	if (!p)
		return ACT_ERROR;
	conf.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (conf.in < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
		net_failed(e, "no pipes: %m");
	} else {
		conf.out = out[1];
		conf.err = err[1];
		rc = start(b, p, &conf, e);
	}
	close(conf.in);
	if (out[1] >= 0)
		close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	p->out.fd = out[0];
	p->err.fd = err[0];
	p->next = b->procs;
	b->procs = p;
	if (rc) {
		proc_free(b, p);
		return ACT_ERROR;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	p->out.watch = loop_add(&b->loop, out[0], gather_ready, &p->out);
	p->err.watch = loop_add(&b->loop, err[0], gather_ready, &p->err);
	p->waiters++;
	*pend = (struct pending){ .proc = p, .exec = true, .deadline_ms = -1 };
	return ACT_LATER;
}

enum act_result act_wait(struct bench *b, struct topo_line *l, struct pending *pend,
			 struct net_err *e)
{
	struct proc *p = want(b, l->name, e);

	if (!p)
		return ACT_ERROR;
	p->waiters++;
	*pend = (struct pending){ .proc = p, .deadline_ms = -1 };
	if (l->number >= 0)
		pend->deadline_ms = loop_now_ms() + l->number;
	return ACT_LATER;
}

static json_t *exec_reply(struct bench *b, struct proc *p)
{
	json_t *j;

	/* The program is over; a child it left behind may hold the pipes open for ever. */
	while (p->out.fd >= 0 && gather_some(&p->out))
		;
	while (p->err.fd >= 0 && gather_some(&p->err))
		;
	j = json_pack("{s:i,s:o,s:o}", "status", p->status, "stdout",
		      json_text(p->out.text, p->out.len), "stderr",
		      json_text(p->err.text, p->err.len));
	if (j && (p->out.cut || p->err.cut))
		json_object_set_new(j, "truncated", json_true());
	proc_free(b, p);
	return j;
}

enum act_result pending_answer(struct bench *b, struct pending *pend, struct reply *r,
			       struct net_err *e)
{
	struct proc *p = pend->proc;

	if (!p->ended) {
		if (pend->deadline_ms < 0 || loop_now_ms() < pend->deadline_ms)
			return ACT_LATER;
		p->waiters--;
		net_failed(e, "wait: %s (pid %d) is still running; kill it, or give more time",
			   p->name, (int)p->outer_pid);
		return ACT_ERROR;
	}
	p->waiters--;
	r->body = pend->exec ? exec_reply(b, p) : json_pack("{s:i}", "status", p->status);
	return ACT_OK;
}

enum act_result act_kill(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	struct proc *p = want(b, l->name, e);
	int sig = l->value ? proc_signal(l->value) : SIGTERM;

	(void)r;
	if (!p)
		return ACT_ERROR;
	if (!sig)
		return net_bad(e, "\"%s\" is not a signal; write TERM, KILL, INT, or its number",
			       l->value),
		       ACT_ERROR;
	/* The whole group: a shell's children too. */
	if (!p->ended && kill(-p->pid, sig) && kill(p->pid, sig))
		return net_failed(e, "%s could not be signalled: %m", p->name), ACT_ERROR;
	return ACT_OK;
}

enum act_result act_enter(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e)
{
	static const char *const ns[] = { "user", "mnt", "pid" };
	const struct node *n;

	e->text[0] = '\0';
	n = want_node(b, l->at.node, e);
	if (e->text[0])
		return ACT_ERROR;
	r->close_fds = true;
	for (unsigned int i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns[i]);
		r->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (r->fd[i] < 0)
			return net_failed(e, "%s cannot be opened: %m", path), ACT_ERROR;
		r->nfd++;
	}
	r->fd[3] = fcntl(n ? n->ns_fd : b->w->hub_fd, F_DUPFD_CLOEXEC, 3);
	if (r->fd[3] < 0)
		return net_failed(e, "no descriptor left: %m"), ACT_ERROR;
	r->nfd++;
	r->body = json_pack("{s:b,s:s}", "user_namespace", b->w->own_users, "dir", b->w->dir);
	return ACT_OK;
}
