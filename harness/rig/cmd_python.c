/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that are written in Python, in harness/python/rig: rig demo (the first thing a
 * newcomer runs, over `rig session`), rig matrix (what the results of the tests show), rig lab
 * (an experiment's points and their table) and rig report (a page of it). Here the Python that
 * configure found is started with the right path.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "harness/rig/rig.h"

static const char *python_dir(void)
{
	static const char *const places[] = { PH_SRCDIR "/harness/python",
					      PH_DATADIR "/harness/python" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* Becomes `python3 -m module` with the arguments; returns only when that fails. */
static int become(const char *module, int argc, char **argv)
{
	const char *dir = python_dir(), *old = getenv("PYTHONPATH");
	char self[4096], path[8192], **args;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (!dir || n <= 0) {
		fprintf(stderr, "rig %s: %s\n", argv[0],
			dir ? strerror(errno)
			    : "harness/python is neither in " PH_SRCDIR " nor in " PH_DATADIR);
		return RIG_FAILED;
	}
	self[n] = 0;
	slash = strrchr(self, '/');
	*slash = 0;
	setenv("RIG_BUILDDIR", self,
	       0); /* phantom stands beside rig, in a build directory and when installed */
	snprintf(path, sizeof(path), "%s%s%s", dir, old ? ":" : "", old ? old : "");
	setenv("PYTHONPATH", path, 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
	args = calloc((size_t)argc + 3, sizeof(*args));
	if (!args)
		return RIG_FAILED;
	args[0] = strdup(RIG_PYTHON[0] ? RIG_PYTHON : "python3");
	args[1] = strdup("-m");
	args[2] = strdup(module);
	for (int i = 1; i < argc; i++)
		args[i + 2] = argv[i];
	execvp(args[0], args);
	fprintf(stderr, "rig %s: %s: %s; apt-get install python3\n", argv[0], args[0],
		strerror(errno));
	return RIG_CANNOT;
}

int cmd_demo(int argc, char **argv)
{
	return become("rig.demo", argc, argv);
}

int cmd_matrix(int argc, char **argv)
{
	return become("rig.matrix", argc, argv);
}

int cmd_lab(int argc, char **argv)
{
	return become("rig.lab", argc, argv);
}

int cmd_report(int argc, char **argv)
{
	return become("rig.report", argc, argv);
}
