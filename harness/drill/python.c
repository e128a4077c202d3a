/* SPDX-License-Identifier: BSD-2-Clause */
/* A Python that runs pieces of scripts: see python.h. */
#define _GNU_SOURCE

#include "harness/drill/python.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct drill_python {
	pid_t pid;
	FILE *to, *from;
};

/*
 * A line of JSON for a piece, one back. A piece that begins on the line of its %{ may have spaces before
 * it, and one of several lines a margin: neither is Python's indentation. A frame of the piece itself
 * says where it failed; a syntax error says it of itself.
 */
static const char driver[] =
	"import sys, json, io, textwrap, traceback\n"
	"names = {'__name__': 'script'}\n"
	"lines = sys.stdin.buffer\n"
	"answers = sys.stdout\n"
	"for line in iter(lines.readline, b''):\n"
	"    q = json.loads(line)\n"
	"    code = q['code']\n"
	"    first, newline, rest = code.partition('\\n')\n"
	"    code = first.lstrip() + newline + rest if first.strip() else textwrap.dedent(code)\n"
	"    names.update(q['names'])\n"
	"    sys.stdout = io.StringIO()\n"
	"    a = {'verdict': 'pass', 'line': 0, 'text': ''}\n"
	"    try:\n"
	"        exec(compile('\\n' * (q['line'] - 1) + code, q['name'], 'exec'), names)\n"
	"    except SystemExit as e:\n"
	"        if e.code:\n"
	"            a = {'verdict': 'fail', 'line': 0, 'text': 'exit %s' % e.code}\n"
	"    except BaseException as e:\n"
	"        frames = [f for f in traceback.extract_tb(e.__traceback__)\n"
	"                  if f.filename == q['name']]\n"
	"        at = frames[-1].lineno if frames else getattr(e, 'lineno', None) or q['line']\n"
	"        source = code.split('\\n')\n"
	"        said = source[at - q['line']].strip() if 0 <= at - q['line'] < len(source) else ''\n"
	"        failed = isinstance(e, AssertionError)\n"
	"        what = str(e) if failed else type(e).__name__ + ': ' + str(e)\n"
	"        a = {'verdict': 'fail' if failed else 'error', 'line': at,\n"
	"             'text': said + ': ' + what if what else said}\n"
	"    a['output'] = sys.stdout.getvalue()\n"
	"    sys.stdout = answers\n"
	"    print(json.dumps(a), flush=True)\n";

static int start(struct drill_python *p, const char *command, int in, int out)
{
	const char *words[] = { command, "-c", driver, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char *argv[4];
	int rc;

	memcpy(argv, words, sizeof(argv));
	rc = posix_spawn_file_actions_init(&files);
	if (rc != 0)
		return rc;
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	rc = posix_spawnp(&p->pid, command, &files, &attr, argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return rc;
}

struct drill_python *drill_python_new(const char *command, char err[DRILL_PYTHON_ERR])
{
	struct drill_python *p = calloc(1, sizeof(*p));
	int ask[2] = { -1, -1 }, answer[2] = { -1, -1 }, rc = p ? 0 : ENOMEM;

	command = command ? command : "python3";
	if (rc == 0 && (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0))
		rc = errno;
	if (rc == 0)
		rc = start(p, command, ask[0], answer[1]);
	if (ask[0] >= 0)
		close(ask[0]);
	if (answer[1] >= 0)
		close(answer[1]);
	if (rc == 0) {
		p->to = fdopen(ask[1], "w");
		p->from = fdopen(answer[0], "r");
		if (p->to && p->from)
			return p;
		rc = ENOMEM;
	}
	snprintf(err, DRILL_PYTHON_ERR, "%.100s cannot be run: %s", command, strerror(rc));
	if (p && p->pid > 0) {
		(void)kill(p->pid, SIGKILL);
		(void)waitpid(p->pid, NULL, 0);
	}
	if (ask[1] >= 0)
		close(ask[1]);
	if (answer[0] >= 0)
		close(answer[0]);
	free(p);
	return NULL;
}

void drill_python_free(struct drill_python *p)
{
	if (!p)
		return;
	(void)kill(p->pid, SIGKILL);
	fclose(p->to);
	fclose(p->from);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(p);
}

static bool send_line(struct drill_python *p, json_t *take_question)
{
	char *line = json_dumps(take_question, JSON_COMPACT);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* its death is told by the return */
	bool good = line && fputs(line, p->to) >= 0 && fputc('\n', p->to) >= 0 &&
		    fflush(p->to) == 0;

	(void)signal(SIGPIPE, before);
	json_decref(take_question);
	free(line);
	return good;
}

static const char *text_of(const json_t *answer, const char *name)
{
	const char *text = json_string_value(json_object_get(answer, name));

	return text ? text : "";
}

int drill_python_run(struct drill_python *p, const char *name, uint32_t line, const char *text,
		     size_t len, json_t *take_names, struct drill_py_result *out)
{
	json_t *code = json_stringn(text, len), *answer = NULL;
	char *said = NULL;
	size_t room = 0;
	ssize_t n = -1;

	*out = (struct drill_py_result){ .verdict = DRILL_PY_ERROR, .line = line };
	if (!code) {
		json_decref(take_names);
		snprintf(out->text, sizeof(out->text), "the code is not UTF-8");
		return 0;
	}
	if (send_line(p, json_pack("{s:s,s:I,s:o,s:o}", "name", name, "line", (json_int_t)line,
				   "code", code, "names", take_names)))
		n = getline(&said, &room, p->from);
	if (n > 0)
		answer = json_loadb(said, (size_t)n, 0, NULL);
	free(said);
	if (!answer) {
		snprintf(out->text, sizeof(out->text), "the Python that ran it has ended");
		return -EPIPE;
	}
	if (strcmp(text_of(answer, "verdict"), "pass") == 0)
		out->verdict = DRILL_PY_PASS;
	else if (strcmp(text_of(answer, "verdict"), "fail") == 0)
		out->verdict = DRILL_PY_FAIL;
	out->line = (uint32_t)json_integer_value(json_object_get(answer, "line"));
	snprintf(out->text, sizeof(out->text), "%s", text_of(answer, "text"));
	snprintf(out->output, sizeof(out->output), "%s", text_of(answer, "output"));
	json_decref(answer);
	return 0;
}
