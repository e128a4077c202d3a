/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig sim: whole networks in virtual time, a run per seed. Seeds are shared out among worker
 * processes, so that a stack that crashes takes one seed with it: the worker says which, and another
 * goes on behind it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/rig/find.h"
#include "harness/rig/rig.h"
#include "harness/sim/life.h"
#include "harness/sim/response.h"
#include "harness/sim/run.h"
#include "harness/sim/table.h"

enum { WORKERS_MAX = 64, AGAIN_MAX = 4096 };

struct args {
	uint64_t from, to;
	unsigned jobs;
	bool check, json, verbose, table, response, life;
	const char *topo_name;
	char *topo;
	struct topo_vars vars;
	char options[AGAIN_MAX]; /* that a rerun needs besides its seed */
};

/* What a worker tells: which seed it begins, and what came of it. */
struct word {
	uint64_t seed;
	bool over;
	struct sim_result result;
};

struct worker {
	pid_t pid;
	int fd;
	uint64_t next; /* the seed it begins with, then the one it is at */
	bool busy;     /* it began a seed and did not end it */
};

struct tally {
	uint64_t passed, failed, crashed, events, octets, virtual_ns, frames, drops;
	json_t *runs;
};

static void again(const struct args *a, uint64_t seed, char *out)
{
	snprintf(out, AGAIN_MAX + 64, "rig sim%s --seeds %" PRIu64, a->options, seed);
}

/* ---- a worker --------------------------------------------------------------------------------- */

static void crashed(int sig)
{
	fflush(stdout);
	fprintf(stderr, "last events before signal %d:\n", sig);
	sim_life_dump(stderr);
	sim_run_dump(stderr); /* the stack crashed, not stdio: this is worth the try */
	fflush(stderr);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void tell(int fd, const struct word *w)
{
	if (write(fd, w, sizeof(*w)) != (ssize_t)sizeof(*w))
		_exit(RIG_FAILED);
}

static void work(const struct args *a, uint64_t from, int fd)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	char command[AGAIN_MAX + 64];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], crashed);
	for (uint64_t seed = from; seed <= a->to; seed += a->jobs) {
		struct word w = { .seed = seed };
		struct sim_run_conf conf = { .seed = seed, .check = a->check, .topo = a->topo,
					     .topo_name = a->topo_name, .vars = &a->vars,
					     .again = command };
		struct net_err e;
		char *text = NULL;
		size_t len = 0;

		tell(fd, &w);
		again(a, seed, command);
		conf.report = open_memstream(&text, &len);
		if (!conf.report || (a->life ? sim_life : sim_run)(&conf, &w.result, &e)) {
			if (conf.report)
				rig_error("sim", &e);
			_exit(RIG_BAD_INPUT);
		}
		fclose(conf.report);
		if (len && write(STDERR_FILENO, text, len) < 0)
			_exit(RIG_FAILED);
		free(text);
		w.over = true;
		tell(fd, &w);
	}
	_exit(RIG_OK);
}

static int start(const struct args *a, struct worker *w)
{
	int fds[2];

	fflush(stdout);
	fflush(stderr);
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	w->busy = false;
	w->pid = fork();
	if (w->pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (w->pid == 0) {
		close(fds[0]);
		work(a, w->next, fds[1]);
	}
	close(fds[1]);
	w->fd = fds[0];
	return 0;
}

/* Runs side by side end in any order; they are told in the seeds'. */
static size_t place_of(const json_t *runs, uint64_t seed)
{
	size_t at = json_array_size(runs);

	while (at > 0 && (uint64_t)json_integer_value(json_object_get(json_array_get(runs, at - 1),
								      "seed")) > seed)
		at--;
	return at;
}

/* ---- the parent ------------------------------------------------------------------------------- */

static void note_run(struct tally *t, const struct args *a, uint64_t seed, const char *verdict,
		     const struct sim_result *r)
{
	char command[AGAIN_MAX + 64];
	json_t *j;

	if (a->verbose)
		printf("seed %" PRIu64 ": %s, %u hosts, %u connections, %" PRIu64
		       " octets, %.3f s, %" PRIu64 " frames, %" PRIu64 " dropped, digest %016" PRIx64
		       "%s%s\n",
		       seed, verdict, r->hosts, r->conns, r->octets, (double)r->virtual_ns / 1e9,
		       r->frames, r->drops, r->digest, r->why[0] ? ": " : "", r->why);
	if (!t->runs)
		return;
	again(a, seed, command);
	j = json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:i, s:i, s:s}", "seed",
		      (json_int_t)seed, "verdict", verdict, "why", r->why, "events",
		      (json_int_t)r->events, "frames", (json_int_t)r->frames, "dropped",
		      (json_int_t)r->drops, "octets", (json_int_t)r->octets, "virtual_s",
		      (double)r->virtual_ns / 1e9, "hosts", (int)r->hosts, "connections",
		      (int)r->conns, "again", command);
	json_array_insert_new(t->runs, place_of(t->runs, seed), j);
}

static void progress(const struct tally *t, const struct args *a, bool last)
{
	uint64_t done = t->passed + t->failed + t->crashed;

	if (!isatty(STDERR_FILENO) || a->verbose)
		return;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " failed%s", done,
		a->to - a->from + 1, t->failed + t->crashed, last ? "\n" : "");
}

static void hear(struct tally *t, const struct args *a, struct worker *w, const struct word *word)
{
	const struct sim_result *r = &word->result;

	w->next = word->seed;
	w->busy = !word->over;
	if (!word->over)
		return;
	t->passed += r->ok;
	t->failed += !r->ok;
	t->events += r->events;
	t->octets += r->octets;
	t->virtual_ns += r->virtual_ns;
	t->frames += r->frames;
	t->drops += r->drops;
	note_run(t, a, word->seed, r->ok ? "pass" : "fail", r);
	progress(t, a, false);
}

/* The worker has ended. 0, or the exit status that ends the command. */
static int bury(struct tally *t, const struct args *a, struct worker *w)
{
	struct sim_result none = { .ok = false };
	char command[AGAIN_MAX + 64];
	int status;

	close(w->fd);
	w->fd = -1;
	if (waitpid(w->pid, &status, 0) != w->pid)
		return RIG_FAILED;
	if (WIFEXITED(status) && WEXITSTATUS(status) == RIG_OK)
		return RIG_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == RIG_BAD_INPUT)
		return RIG_BAD_INPUT;
	if (!w->busy)
		return RIG_FAILED;
	if (WIFSIGNALED(status))
		snprintf(none.why, sizeof(none.why), "the run ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(none.why, sizeof(none.why), "the run ended with status %d",
			 WEXITSTATUS(status));
	again(a, w->next, command);
	fprintf(stderr, "seed %" PRIu64 " failed: %s\nagain: %s\n", w->next, none.why, command);
	t->crashed++;
	note_run(t, a, w->next, "crash", &none);
	w->next += a->jobs;
	if (w->next <= a->to && start(a, w)) {
		fprintf(stderr, "rig sim: fork: %s\n", strerror(errno));
		return RIG_FAILED;
	}
	return RIG_OK;
}

static int attend(struct tally *t, const struct args *a, struct worker *w)
{
	struct word word;
	ssize_t n = read(w->fd, &word, sizeof(word));

	if (n == (ssize_t)sizeof(word)) {
		hear(t, a, w, &word);
		return RIG_OK;
	}
	return n < 0 && errno == EINTR ? RIG_OK : bury(t, a, w);
}

static int run_all(struct args *a, struct tally *t)
{
	struct worker worker[WORKERS_MAX];
	struct pollfd p[WORKERS_MAX];
	int status = RIG_OK;
	unsigned open = 1;

	for (unsigned i = 0; i < a->jobs; i++) {
		worker[i] = (struct worker){ .fd = -1, .next = a->from + i };
		if (worker[i].next <= a->to && start(a, &worker[i])) {
			fprintf(stderr, "rig sim: fork: %s\n", strerror(errno));
			status = RIG_FAILED;
		}
	}
	while (open) {
		open = 0;
		for (unsigned i = 0; i < a->jobs; i++) {
			p[i] = (struct pollfd){ .fd = worker[i].fd, .events = POLLIN };
			open += worker[i].fd >= 0;
		}
		if (open && poll(p, a->jobs, -1) < 0 && errno != EINTR)
			return RIG_FAILED;
		for (unsigned i = 0; i < a->jobs && open; i++) {
			int rc = p[i].revents ? attend(t, a, &worker[i]) : RIG_OK;

			if (rc)
				status = rc;
		}
	}
	return status;
}

static int summary(const struct args *a, struct tally *t)
{
	bool bad = t->failed || t->crashed;

	progress(t, a, true);
	if (t->runs) {
		json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "passed",
					(json_int_t)t->passed, "failed", (json_int_t)t->failed,
					"crashed", (json_int_t)t->crashed, "events",
					(json_int_t)t->events, "octets", (json_int_t)t->octets,
					"runs", t->runs);

		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(all);
	} else {
		printf("%" PRIu64 " seeds passed, %" PRIu64 " failed, %" PRIu64 " crashed: %" PRIu64
		       " octets in %.0f s of virtual time, %" PRIu64 " frames, %" PRIu64 " dropped\n",
		       t->passed, t->failed, t->crashed, t->octets, (double)t->virtual_ns / 1e9,
		       t->frames, t->drops);
	}
	return bad ? RIG_FAILED : RIG_OK;
}

/* ---- arguments -------------------------------------------------------------------------------- */

static int parse_seeds(struct args *a, const char *text)
{
	char *end;

	errno = 0;
	a->from = a->to = strtoull(text, &end, 10);
	if (end != text && strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
		a->to = strtoull(end + 2, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || a->to < a->from ||
	    a->to == UINT64_MAX)
		return rig_usage("sim", "\"%s\" is no range of seeds; write 1..200, or 7", text);
	return RIG_OK;
}

static int parse_jobs(struct args *a, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > WORKERS_MAX)
		return rig_usage("sim", "-j wants a number from 1 to %d, not \"%s\"", WORKERS_MAX,
				 text);
	a->jobs = (unsigned)n;
	return RIG_OK;
}

static void remember(struct args *a, const char *option, const char *value)
{
	size_t n = strlen(a->options);

	snprintf(a->options + n, sizeof(a->options) - n, " %s%s%s", option, value ? " " : "",
		 value ? value : "");
}

static int parse_one(struct args *a, int argc, char **argv, int *i)
{
	const char *word = argv[*i];
	bool wants = strcmp(word, "--seeds") == 0 || strcmp(word, "--topo") == 0 ||
		     strcmp(word, "-j") == 0;
	struct net_err e;

	if (wants && ++*i == argc)
		return rig_usage("sim", "%s wants a value", word);
	if (strcmp(word, "--seeds") == 0)
		return parse_seeds(a, argv[*i]);
	if (strcmp(word, "-j") == 0)
		return parse_jobs(a, argv[*i]);
	if (strncmp(word, "-j", 2) == 0)
		return parse_jobs(a, word + 2);
	if (strcmp(word, "--topo") == 0) {
		a->topo_name = argv[*i];
		remember(a, word, argv[*i]);
	} else if (strcmp(word, "--check") == 0) {
		a->check = true;
		remember(a, word, NULL);
	} else if (strcmp(word, "--life") == 0) {
		a->life = true;
		remember(a, word, NULL);
	} else if (strcmp(word, "--json") == 0) {
		a->json = true;
	} else if (strcmp(word, "-v") == 0) {
		a->verbose = true;
	} else if (strcmp(word, "--table") == 0) {
		a->table = true;
	} else if (strcmp(word, "--response") == 0) {
		a->response = true;
	} else if (word[0] != '-' && strchr(word, '=')) {
		char *name = strndup(word, (size_t)(strchr(word, '=') - word));
		int rc = name ? topo_vars_set(&a->vars, name, strchr(word, '=') + 1, true, &e) : -1;

		free(name);
		remember(a, word, NULL);
		return rc ? rig_error("sim", &e) : RIG_OK;
	} else {
		return rig_usage("sim", "there is no option %s", word);
	}
	return RIG_OK;
}

static int read_topo(struct args *a)
{
	char path[4096];
	struct net_err e;

	if (!a->topo_name)
		return RIG_OK;
	a->topo = find_topology(a->topo_name, NULL, path, sizeof(path), &e);
	return a->topo ? RIG_OK : rig_error("sim", &e);
}

int cmd_sim(int argc, char **argv)
{
	struct args a = { .from = 1, .to = 20, .jobs = 1 };
	struct tally t = { .passed = 0 };
	int status = RIG_OK;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--point") == 0)
			return cmd_point(argc, argv);
	for (int i = 1; i < argc && status == RIG_OK; i++)
		status = parse_one(&a, argc, argv, &i);
	if (status == RIG_OK)
		status = a.life && a.topo_name ?
				 rig_usage("sim", "--life has a topology of its own; leave out --topo") :
				 read_topo(&a);
	if (status == RIG_OK && a.table) {
		sim_table_print(stdout);
	} else if (status == RIG_OK && a.response) {
		sim_response_print(stdout);
	} else if (status == RIG_OK) {
		t.runs = a.json ? json_array() : NULL;
		status = run_all(&a, &t);
		if (status == RIG_OK)
			status = summary(&a, &t);
	}
	free(a.topo);
	topo_vars_free(&a.vars);
	return status;
}
