/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every fuzz target over its committed corpus, which has what was found once, and over seeded
 * mutants of it: so that a build without a fuzzer keeps the promises as well. A broken one tells
 * the file and the mutant; FUZZ_MUTANTS=N makes N of each file instead.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/prng.h"
#include "tests/fuzz/targets.h"

enum { MUTANTS = 40, LEN_MAX = 8192, CUTS = 8 };

struct target {
	const char *name;
	void (*run)(const uint8_t *bytes, size_t len);
};

static struct target targets[] = {
	{ "stack", fuzz_stack },   { "pair", fuzz_pair }, { "frame", fuzz_frame },
	{ "segment", fuzz_segment }, { "pcapng", fuzz_pcapng }, { "topo", fuzz_topo },
	{ "spec", fuzz_spec },	   { "audit", fuzz_audit }, { "control", fuzz_control },
	{ "dhcp", fuzz_dhcp },	   { "net6", fuzz_net6 },
	{ "script", fuzz_script },
};

static char running[512]; /* told when a promise is broken */

static void tell(int signal)
{
	(void)signal;
	fprintf(stderr, "%s\n", running);
}

/* Turns some bytes, doubles or cuts a run of them. */
static size_t mutate(struct prng *p, uint8_t *bytes, size_t len)
{
	size_t at, n;

	for (uint64_t i = prng_u64(p) % CUTS; i > 0 && len > 0; i--) {
		at = (size_t)(prng_u64(p) % len);
		n = 1 + (size_t)(prng_u64(p) % 16);
		n = n < len - at ? n : len - at;
		switch (prng_u64(p) % 4) {
		case 0:
			memmove(bytes + at, bytes + at + n, len - at - n);
			len -= n;
			break;
		case 1:
			if (len + n > LEN_MAX)
				break;
			memmove(bytes + at + n, bytes + at, len - at);
			len += n;
			break;
		default:
			bytes[at] = (uint8_t)prng_u64(p);
			break;
		}
	}
	return len;
}

static void run_file(const struct target *t, const char *path, unsigned mutants)
{
	static uint8_t file[LEN_MAX], bytes[LEN_MAX];
	uint8_t key[32] = { 1 };
	FILE *f = fopen(path, "rb");
	struct prng p;
	size_t len;

	assert_non_null(f);
	len = fread(file, 1, sizeof(file), f);
	fclose(f);
	prng_seed(&p, key);
	for (unsigned m = 0; m <= mutants; m++) {
		size_t n = len;

		snprintf(running, sizeof(running), "%s: mutant %u", path, m);
		memcpy(bytes, file, len);
		if (m > 0)
			n = mutate(&p, bytes, len);
		t->run(bytes, n);
	}
}

static void test_corpus(void **state)
{
	const struct target *t = *state;
	const char *wanted = getenv("FUZZ_MUTANTS");
	unsigned mutants = wanted ? (unsigned)atoi(wanted) : MUTANTS, files = 0;
	char path[400];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", PH_SRCDIR, t->name);
	d = opendir(path);
	assert_non_null(d);
	signal(SIGABRT, tell);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%.100s", PH_SRCDIR, t->name,
			 e->d_name);
		run_file(t, path, mutants);
		files++;
	}
	closedir(d);
	assert_true(files >= 3);
}

int main(void)
{
	enum { N = sizeof(targets) / sizeof(targets[0]) };
	struct CMUnitTest tests[N];

	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ targets[i].name, test_corpus, NULL, NULL,
						&targets[i] };
	return cmocka_run_group_tests_name("fuzz_corpus", tests, NULL, NULL);
}
