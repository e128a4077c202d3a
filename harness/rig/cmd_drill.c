/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig drill: scripts of packets and calls against a device. The scripts' own options are taken too
 * (--tolerance_usecs=, --local_ip=, ...) and win over what stands in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/drill/parse_option.h"
#include "harness/drill/report_many.h"
#include "harness/dut/wire_engine.h"
#include "harness/rig/rig.h"

enum { WORDS_MAX = 64, AGAIN_TEXT = 2048, PATH_TEXT = 1024, JOBS_MAX = 256 };

/* Devices by engine. One row, and the function that opens it, make another. */
static struct dut *open_phantom(void *arg, const struct dut_conf *conf, char *err)
{
	(void)arg;
	return dut_phantom_new(conf, err);
}

static struct dut *open_wire(void *arg, const struct dut_conf *conf, char *err)
{
	return dut_wire_new(conf, arg, err);
}

static const struct engine {
	const char *engine, *dut;
	struct dut *(*open)(void *arg, const struct dut_conf *conf, char *err);
} engines[] = {
	{ "virtual", "phantom", open_phantom },
	{ "wire", "phantom", open_wire },
	{ "wire", "linux", open_wire },
	{ "wire", "exec:PROGRAM", open_wire },
};

enum { NENGINES = sizeof(engines) / sizeof(engines[0]) };

struct drill_args {
	const char *profile, *engine, *dut, *junit, *json, *expect, *evidence;
	bool tap, verbose, no_evidence, allow_commands;
	unsigned jobs, timeout_s, repeat;
	struct drill_define define[WORDS_MAX], option[WORDS_MAX];
	size_t ndefine, noption;
	const char *ip_version;
	char **script;
	size_t nscripts;
	char again[AGAIN_TEXT];
	char evidence_dir[PATH_TEXT];
};

static int number(const char *option, const char *text, unsigned long min, unsigned long max,
		  unsigned *out)
{
	char *end;
	unsigned long v = text && *text ? strtoul(text, &end, 10) : 0;

	if (!text || !*text || *end || v < min || v > max)
		return rig_usage("drill", "%s takes a number from %lu to %lu, not \"%s\"", option, min,
				 max, text ? text : "");
	*out = (unsigned)v;
	return 0;
}

/* name=value, split in place. */
static int assignment(struct drill_define *list, size_t *n, char *word, const char *what)
{
	char *equals = strchr(word, '=');

	if (*n == WORDS_MAX)
		return rig_usage("drill", "more than %d times %s", WORDS_MAX, what);
	if (equals)
		*equals = '\0';
	list[(*n)++] = (struct drill_define){ .name = word, .value = equals ? equals + 1 : NULL };
	return 0;
}

static int define(struct drill_args *a, char *word)
{
	if (!word || !strchr(word, '=') || *word == '=')
		return rig_usage("drill", "-D takes NAME=VALUE, not \"%s\"", word ? word : "");
	return assignment(a->define, &a->ndefine, word, "-D");
}

/* An option of the scripts: --name=value. */
static int script_option(struct drill_args *a, char *word)
{
	char err[DRILL_OPTION_ERR];
	struct drill_options o;
	const struct drill_define *last;

	if (assignment(a->option, &a->noption, word + 2, "script options") != 0)
		return RIG_BAD_INPUT;
	last = &a->option[a->noption - 1];
	drill_options_init(&o);
	switch (drill_options_set(&o, last->name, last->value, err)) {
	case DRILL_OPTION_OK:
	case DRILL_OPTION_IGNORED:
		break;
	case DRILL_OPTION_UNSUPPORTED:
	case DRILL_OPTION_BAD:
		return rig_usage("drill", "%s", err);
	}
	if (strcmp(last->name, "ip_version") == 0)
		a->ip_version = last->value;
	return 0;
}

static void add_again(struct drill_args *a, const char *word)
{
	size_t at = strlen(a->again);
	bool quote = word[strcspn(word, " \t'\"`$\\*?<>|&;()")] != '\0';

	snprintf(a->again + at, sizeof(a->again) - at, quote ? " '%s'" : " %s", word);
}

/* Options that take a value, as --name VALUE or --name=VALUE. */
static const char **value_option(struct drill_args *a, const char *name, size_t len)
{
	const struct {
		const char *name;
		const char **to;
	} rows[] = { { "--engine", &a->engine }, { "--dut", &a->dut }, { "--junit", &a->junit },
		     { "--json", &a->json }, { "--expect", &a->expect },
		     { "--evidence", &a->evidence }, { "--profile", &a->profile } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return rows[i].to;
	return NULL;
}

static unsigned *number_option(struct drill_args *a, const char *name, size_t len)
{
	if ((len == 2 && strncmp(name, "-j", 2) == 0) || strncmp(name, "--jobs", len) == 0)
		return &a->jobs;
	if (len == 9 && strncmp(name, "--timeout", len) == 0)
		return &a->timeout_s;
	return len == 8 && strncmp(name, "--repeat", len) == 0 ? &a->repeat : NULL;
}

static bool *switch_option(struct drill_args *a, const char *name)
{
	if (strcmp(name, "--tap") == 0)
		return &a->tap;
	if (strcmp(name, "-v") == 0 || strcmp(name, "--verbose") == 0)
		return &a->verbose;
	if (strcmp(name, "--no-evidence") == 0)
		return &a->no_evidence;
	return strcmp(name, "--allow-commands") == 0 ? &a->allow_commands : NULL;
}

/* One word of the command line that begins with a dash; *i is moved over its value. */
static int parse_option(struct drill_args *a, int argc, char **argv, int *i)
{
	char *word = argv[*i];
	size_t len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : NULL;
	bool *on = switch_option(a, word);
	const char **text = value_option(a, word, len);
	unsigned *num = number_option(a, word, len);

	if (strncmp(word, "-D", 2) == 0)
		return define(a, word[2] ? word + 2 : ++*i < argc ? argv[*i] : NULL);
	if (on) {
		*on = true;
		return 0;
	}
	if (!text && !num && strncmp(word, "-j", 2) == 0)
		return number("-j", word + 2, 1, JOBS_MAX, &a->jobs);
	if (!text && !num && strncmp(word, "--", 2) == 0)
		return script_option(a, word);
	if (!text && !num)
		return rig_usage("drill", "there is no option \"%s\"", word);
	if (!value && ++*i < argc)
		value = argv[*i];
	if (!value)
		return rig_usage("drill", "%s takes a value", word);
	if (num)
		return number(word, value, num == &a->timeout_s ? 0 : 1, 100000, num);
	*text = value;
	return 0;
}

static bool matters_again(const char *word)
{
	static const char *const not[] = { "--tap", "-v", "--verbose", "--junit", "--json",
					   "--expect", "-j", "--jobs", "--repeat", "--timeout" };

	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if (strncmp(word, not[i], strlen(not[i])) == 0)
			return false;
	return true;
}

/* FreeBSD's scripts have pieces of their own for it (#ifdef FreeBSD). */
static int check_profile(struct drill_args *a)
{
	static char define_freebsd[] = "FreeBSD=1";

	if (!a->profile || strcmp(a->profile, "suite") == 0)
		return 0;
	if (strcmp(a->profile, "freebsd") == 0)
		return assignment(a->define, &a->ndefine, define_freebsd, "-D");
	return rig_usage("drill", "there is no profile \"%s\"; there are suite and freebsd", a->profile);
}

static int parse(struct drill_args *a, int argc, char **argv)
{
	char err[512];

	snprintf(a->again, sizeof(a->again), "rig drill -v");
	for (int i = 1; i < argc; i++) {
		int rc, first = i;

		if (argv[i][0] != '-') {
			if (drill_many_find(argv[i], &a->script, &a->nscripts, err, sizeof(err)) !=
			    0)
				return rig_usage("drill", "%s", err);
			continue;
		}
		if (matters_again(argv[i]))
			add_again(a, argv[i]);
		if (strcmp(argv[i], "-D") == 0 && i + 1 < argc) /* which is cut in two below */
			add_again(a, argv[i + 1]);
		rc = parse_option(a, argc, argv, &i);
		if (rc != 0)
			return rc;
		if (i > first && matters_again(argv[first]) && strcmp(argv[first], "-D") != 0)
			add_again(a, argv[i]);
	}
	if (check_profile(a) != 0)
		return RIG_BAD_INPUT;
	return a->nscripts ? 0 : rig_usage("drill", "name a script (*.pkt) or a directory of them");
}

/* What a row calls exec:PROGRAM is any program. */
static bool same_dut(const char *row, const char *given)
{
	size_t word = strcspn(row, ":");

	return row[word] ? strncmp(row, given, word + 1) == 0 && given[word + 1]
			 : strcmp(row, given) == 0;
}

static const struct engine *find_engine(const struct drill_args *a)
{
	for (int i = 0; i < NENGINES; i++)
		if (strcmp(engines[i].engine, a->engine) == 0 && same_dut(engines[i].dut, a->dut))
			return &engines[i];
	fprintf(stderr, "rig drill: there is no device %s with engine %s; there are:", a->dut,
		a->engine);
	for (int i = 0; i < NENGINES; i++)
		fprintf(stderr, "%s --dut %s --engine %s", i ? "," : "", engines[i].dut,
			engines[i].engine);
	fputc('\n', stderr);
	return NULL;
}

static void print_row(const struct drill_row *row, void *arg)
{
	(void)arg;
	if (drill_row_good(row))
		return;
	fflush(stdout);
	if (row->verdict == DRILL_PASS)
		printf("%s: passes, which was not expected\n", row->path);
	else if (row->message)
		fputs(row->message, stdout);
	else
		printf("%s: %s: %s\n", row->path, drill_verdict_name(row->verdict),
		       row->reason ? row->reason : "");
	fflush(stdout);
}

static const char *evidence_of(struct drill_args *a)
{
	const char *tmp = getenv("TMPDIR");

	if (a->no_evidence || a->evidence)
		return a->no_evidence ? NULL : a->evidence;
	snprintf(a->evidence_dir, sizeof(a->evidence_dir), "%s/rig-drill-%u", tmp ? tmp : "/tmp",
		 (unsigned)getuid());
	return a->evidence_dir;
}

static int write_reports(const struct drill_args *a, const struct drill_row *row, size_t n)
{
	if (a->tap)
		drill_report_tap(stdout, row, n);
	else if (n > 1 && !(a->json && strcmp(a->json, "-") == 0))
		drill_report_summary(stdout, row, n);
	if (a->junit && drill_report_junit(a->junit, a->dut, row, n) != 0) {
		fprintf(stderr, "rig drill: %s: %s\n", a->junit, strerror(errno));
		return RIG_FAILED;
	}
	if (a->json && drill_report_json(a->json, a->dut, row, n) != 0) {
		fprintf(stderr, "rig drill: %s: cannot be written\n", a->json);
		return RIG_FAILED;
	}
	return 0;
}

static int run(struct drill_args *a, const struct engine *e, struct drill_row *row, size_t n)
{
	struct drill_setup u = {
		.open = e->open,
		.open_arg = (void *)(uintptr_t)a->dut,
		.dut_name = a->dut,
		.option = a->option,
		.noption = a->noption,
		.defines = { .define = a->define, .ndefine = a->ndefine,
			     .ip_version = a->ip_version },
		.verbose = a->verbose ? stdout : NULL,
		.evidence = evidence_of(a),
		.profile = a->profile,
		.allow_commands = a->allow_commands,
	};
	struct drill_many m = { .row = row, .n = n, .jobs = a->jobs, .timeout_s = a->timeout_s,
				.progress = !a->tap && !a->verbose && n > 1 && isatty(2),
				.setup = &u, .again = a->again,
				.done = a->tap ? NULL : print_row };
	int rc = drill_many_run(&m), reports, status;

	if (rc != 0) {
		fprintf(stderr, "rig drill: no process for a script: %s\n", strerror(-rc));
		return RIG_FAILED;
	}
	reports = write_reports(a, row, n);
	if (n == 1 && !a->tap && !a->json && drill_row_good(row))
		printf("%s: %s\n", row->path, drill_verdict_name(row->verdict));
	status = drill_report_status(row, n);
	/* What is unsupported is a skip to who reads TAP. */
	if (a->tap && status == drill_verdict_status(DRILL_UNSUPPORTED))
		status = RIG_OK;
	return reports ? reports : status;
}

static int run_rows(struct drill_args *a, const struct engine *e)
{
	size_t n = a->nscripts * a->repeat;
	struct drill_row *row = calloc(n, sizeof(*row));
	char err[512];
	int status;

	if (!row) {
		fputs("rig drill: out of memory\n", stderr);
		return RIG_FAILED;
	}
	for (size_t i = 0; i < n; i++)
		row[i].path = a->script[i / a->repeat];
	if (a->expect && drill_many_expect(a->expect, a->dut, row, n, err, sizeof(err)) != 0)
		status = rig_usage("drill", "%s", err);
	else
		status = run(a, e, row, n);
	drill_rows_free(row, n);
	return status;
}

int cmd_drill(int argc, char **argv)
{
	struct drill_args *a = calloc(1, sizeof(*a));
	const struct engine *e;
	int status;

	if (!a) {
		fputs("rig drill: out of memory\n", stderr);
		return RIG_FAILED;
	}
	a->engine = "virtual";
	a->dut = "phantom";
	a->jobs = 1;
	a->repeat = 1;
	a->timeout_s = 60;
	status = parse(a, argc, argv);
	if (status == 0) {
		e = find_engine(a);
		status = e ? run_rows(a, e) : RIG_BAD_INPUT;
	}
	for (size_t i = 0; i < a->nscripts; i++)
		free(a->script[i]);
	free(a->script);
	free(a);
	return status;
}

/* rig run takes scripts too: one of its words is one, or a directory with some, and no topology before. */
bool drill_wants(int argc, char **argv)
{
	char **list = NULL, err[512];
	size_t n = 0;
	bool yes;

	for (int i = 1; i < argc; i++) {
		const char *dot = strrchr(argv[i], '.');

		if (argv[i][0] == '-')
			continue;
		if (dot && strcmp(dot, ".topo") == 0)
			return false;
		if (dot && strcmp(dot, ".pkt") == 0)
			return true;
		if (access(argv[i], F_OK) != 0) /* what an option before it takes */
			continue;
		yes = drill_many_find(argv[i], &list, &n, err, sizeof(err)) == 0 && n > 0 &&
		      strcmp(list[0], argv[i]) != 0;
		for (size_t k = 0; k < n; k++)
			free(list[k]);
		free(list);
		list = NULL;
		n = 0;
		if (yes)
			return true;
	}
	return false;
}
