/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig sim --point: a point of an experiment in virtual time (docs/lab-format.md). It runs in a child,
 * so that a stack that crashes leaves a result that says so. With --check points are only read and
 * built. Called by cmd_sim.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/lab/run.h"
#include "harness/rig/rig.h"

struct args {
	const char *file, *dir;
	bool series, capture, check;
};

static int parse(struct args *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = strcmp(argv[i], "--point") == 0 ? &a->file :
				     strcmp(argv[i], "--out") == 0   ? &a->dir :
								       NULL;

		if (value && ++i == argc)
			return rig_usage("sim", "%s wants a value", argv[i - 1]);
		if (value)
			*value = argv[i];
		else if (strcmp(argv[i], "--series") == 0)
			a->series = true;
		else if (strcmp(argv[i], "--capture") == 0)
			a->capture = true;
		else if (strcmp(argv[i], "--check") == 0)
			a->check = true;
		else
			return rig_usage("sim", "beside --point there are --out, --series, "
					 "--capture and --check, not %s", argv[i]);
	}
	return a->dir || a->check ? RIG_OK : rig_usage("sim", "--point wants --out DIR, for the result");
}

/* DIR, and those above it. */
static int make_dir(const char *dir, struct net_err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return net_bad(e, "--out: the name of the directory is too long");
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		(void)mkdir(path, 0777);
		*at = '/';
	}
	if (mkdir(path, 0777) && errno != EEXIST)
		return net_failed(e, "%s cannot be made: %s", dir, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return net_failed(e, "%s is no directory", dir);
	return 0;
}

static bool result_path(const char *dir, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/result.json", dir) < PATH_MAX;
}

/* What another run left is not this one's. */
static int forget_result(const char *dir, struct net_err *e)
{
	char path[PATH_MAX];

	if (!result_path(dir, path))
		return net_bad(e, "--out: the name of the directory is too long");
	if (unlink(path) && errno != ENOENT)
		return net_failed(e, "%.400s cannot be replaced: %s", path, strerror(errno));
	return 0;
}

/* DIR/result.json, by `tell`, in one rename. */
static int write_result(const char *dir, void (*tell)(void *ctx, FILE *f), void *ctx,
			struct net_err *e)
{
	char path[PATH_MAX], part[PATH_MAX];
	FILE *f;
	int rc;

	if (!result_path(dir, path) ||
	    snprintf(part, sizeof(part), "%s/.result.%d", dir, (int)getpid()) >= (int)sizeof(part))
		return net_bad(e, "--out: the name of the directory is too long");
	f = fopen(part, "we");
	if (!f)
		return net_failed(e, "%.400s cannot be written: %s", path, strerror(errno));
	tell(ctx, f);
	rc = ferror(f);
	rc |= fclose(f);
	if (rc == 0 && rename(part, path) == 0)
		return 0;
	net_failed(e, "%.400s cannot be written: %s", path, strerror(errno));
	(void)unlink(part);
	return -1;
}

static void tell_run(void *lab, FILE *f)
{
	lab_result(lab, f);
}

struct none {
	struct lab_point point; /* name and numbers alone */
	const char *why;
};

static void tell_none(void *none, FILE *f)
{
	const struct none *n = none;

	lab_result_none(&n->point, n->why, f);
}

/* ---- the child: its exit status is the command's ----------------------------------------------------- */

static int run(struct lab *l, const struct args *a)
{
	struct none none = { *l->point, NULL };
	struct net_err e;
	const char *why;
	int rc = lab_record(l, a->dir, a->series, a->capture, &e);

	if (rc == 0) {
		lab_go(l);
		rc = lab_record_end(l, &e);
	}
	if (rc) { /* it asked for what it did not get: no whole run */
		none.why = e.text;
		rig_error("sim", &e);
	}
	if (write_result(a->dir, rc ? tell_none : tell_run, rc ? (void *)&none : l, &e))
		rc = rig_error("sim", &e);
	if (rc)
		return RIG_FAILED;
	if (lab_judge(l, &why) == LAB_PASS)
		return RIG_OK;
	fprintf(stderr, "rig sim: %s\n", why);
	return RIG_FAILED;
}

static int load_and_run(const struct args *a)
{
	struct lab_point p;
	struct lab *l;
	struct net_err e;
	int status;

	if (lab_point_load(&p, a->file, &e))
		return rig_error("sim", &e);
	l = lab_new(&p, &e);
	if (!l)
		net_err_prefix(&e, "%s", a->file);
	if (!l || make_dir(a->dir, &e) || forget_result(a->dir, &e))
		status = rig_error("sim", &e);
	else
		status = run(l, a);
	lab_free(l);
	lab_point_free(&p);
	return status;
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* A child that ended as if it had failed, and left no result: a sanitizer ends one so. */
static bool unsaid(const struct args *a, int status)
{
	char path[PATH_MAX];

	return WEXITSTATUS(status) != RIG_BAD_INPUT && access(a->dir, X_OK) == 0 &&
	       result_path(a->dir, path) && access(path, F_OK) != 0;
}

/* A result in place of the one that the child did not write. */
static int tell_crash(const struct args *a, const char *why)
{
	json_t *all = json_load_file(a->file, 0, NULL);
	const char *name = json_string_value(json_object_get(all, "name"));
	char own[] = "", *given = name ? strdup(name) : NULL;
	struct none none = { { .name = given ? given : own }, why };
	struct net_err e;

	fprintf(stderr, "rig sim: %s\n", why);
	none.point.number = (uint64_t)json_number_value(json_object_get(all, "point"));
	none.point.seed = (uint64_t)json_number_value(json_object_get(all, "seed"));
	if (make_dir(a->dir, &e) || write_result(a->dir, tell_none, &none, &e))
		rig_error("sim", &e);
	free(given);
	json_decref(all);
	return RIG_FAILED;
}

/* Whether a point could be run, without running it. Errors begin with `name`. */
static int check_one(const char *text, const char *name, struct net_err *e)
{
	struct lab_point p;
	struct lab *l;

	if (text ? lab_point_text(&p, text, name, e) : lab_point_load(&p, name, e))
		return -1;
	l = lab_new(&p, e);
	if (!l)
		net_err_prefix(e, "%s", name);
	lab_free(l);
	lab_point_free(&p);
	return l ? 0 : -1;
}

/* A file, or "-": a point a line of standard input, named by its number from 1 on. */
static int check(const char *file)
{
	char *line = NULL, name[32];
	size_t cap = 0;
	struct net_err e;
	int rc = 0;

	if (strcmp(file, "-") != 0)
		return check_one(NULL, file, &e) ? rig_error("sim", &e) : RIG_OK;
	for (unsigned long n = 1; rc == 0 && getline(&line, &cap, stdin) > 0; n++) {
		snprintf(name, sizeof(name), "%lu", n);
		rc = check_one(line, name, &e);
	}
	free(line);
	return rc ? rig_error("sim", &e) : RIG_OK;
}

int cmd_point(int argc, char **argv)
{
	struct args a = { .file = NULL };
	struct net_err e;
	char why[128];
	int status = parse(&a, argc, argv);
	pid_t pid;

	if (status)
		return status;
	if (a.check)
		return check(a.file);
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a run for nobody is none */
		status = load_and_run(&a);
		fflush(NULL); /* what links record, too */
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		net_failed(&e, "the point cannot be run: fork: %s", strerror(errno));
		return rig_error("sim", &e);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) <= RIG_BAD_INPUT && !unsaid(&a, status))
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "the run ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(why, sizeof(why), "the run ended with status %d", WEXITSTATUS(status));
	return tell_crash(&a, why);
}
