/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of --so_flags. See flags.h. */
#include "tests/packetdrill/flags.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/sysctl_fixed.h"

enum { WORD_MAX = 256 };
static const uint64_t ns_per_s = 1000000000;

static int complain(char err[FLAGS_ERR], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int complain(char err[FLAGS_ERR], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err, FLAGS_ERR, fmt, args);
	va_end(args);
	return -1;
}

/* The next word into `word`, its value split off: 1; 0 at the end; -1. */
static int next_word(const char **at, char word[WORD_MAX], char **value, char err[FLAGS_ERR])
{
	size_t n = strcspn(*at, ",");
	char *equals;

	if (!**at)
		return 0;
	if (n >= WORD_MAX)
		return complain(err, "\"%.20s...\" is too long for a word of --so_flags", *at);
	memcpy(word, *at, n);
	word[n] = '\0';
	*at += n + ((*at)[n] == ',');
	equals = strchr(word, '=');
	*value = equals ? equals + 1 : NULL;
	if (equals)
		*equals = '\0';
	return 1;
}

static bool number(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	*out = strtoul(text, &end, 10);
	return !*end && *out >= min && *out <= max;
}

static int read_local(char *text, struct dut_conf *conf, char err[FLAGS_ERR])
{
	char *slash = text ? strchr(text, '/') : NULL;
	unsigned long prefix = 0;
	uint8_t b[4];
	bool v4;

	if (slash)
		*slash = '\0';
	v4 = slash && inet_pton(AF_INET, text, b) == 1;
	if (v4)
		conf->local = ph_ip4(b[0], b[1], b[2], b[3]);
	if (!slash || (!v4 && inet_pton(AF_INET6, text, conf->local.b) != 1) ||
	    !number(slash + 1, 0, v4 ? 32 : 128, &prefix))
		return complain(err, "local=%.80s: write an address and its prefix, like "
				     "local=192.168.0.1/16", text ? text : "");
	conf->prefix = (unsigned)prefix;
	return 0;
}

static bool is_sysctl(const char *word)
{
	return strncmp(word, "net.", 4) == 0;
}

static int one_word(const char *word, char *value, struct flags *f, char err[FLAGS_ERR])
{
	unsigned long n;

	if (strcmp(word, "local") == 0)
		return read_local(value, &f->conf, err);
	if (strcmp(word, "mtu") == 0) {
		if (!number(value, 68, 65535, &n))
			return complain(err, "mtu=%.40s: write 68 to 65535", value ? value : "");
		f->conf.mtu = (uint32_t)n;
		return 0;
	}
	if (strcmp(word, "patience") == 0) {
		if (!number(value, 1, 1000000, &n))
			return complain(err, "patience=%.40s: write seconds, 1 to 1000000",
					value ? value : "");
		f->patience_ns = n * ns_per_s;
		return 0;
	}
	if (strcmp(word, "seed") == 0) {
		if (!number(value, 0, UINT32_MAX, &n))
			return complain(err, "seed=%.40s: write 0 to 4294967295", value ? value : "");
		for (int i = 0; i < 4; i++)
			f->conf.key[i] = (uint8_t)(n >> 8 * i);
		return 0;
	}
	if ((strcmp(word, "suite") == 0 && !value) || (is_sysctl(word) && value))
		return 0;
	return complain(err, "\"%.80s\" is not understood; write local=IP/PREFIX, mtu=N, patience=N, "
			     "seed=N, suite or net.NAME=VALUE, with commas between them", word);
}

int flags_read(const char *text, struct flags *out, char err[FLAGS_ERR])
{
	char word[WORD_MAX], *value;
	const char *at = text ? text : "";
	int rc;

	*out = (struct flags){ .conf = { .local = ph_ip4(192, 168, 0, 1), .prefix = 16, .mtu = 1500 },
			       .patience_ns = PATIENCE_S * ns_per_s };
	while ((rc = next_word(&at, word, &value, err)) > 0)
		if (one_word(word, value, out, err) != 0)
			return -1;
	return rc;
}

/* What phantom has no knob for, the suites' scripts that need it will find out. */
static void suite(struct dut *d)
{
	const struct drill_profile_row *row;

	for (size_t i = 0; (row = drill_sysctl_profile(i)); i++)
		(void)d->ops->sysctl_set(d, row->name, row->value);
}

int flags_sysctls(const char *text, struct dut *d, char err[FLAGS_ERR])
{
	char word[WORD_MAX], *value;
	const char *at = text ? text : "";
	int rc;

	while ((rc = next_word(&at, word, &value, err)) > 0) {
		int set = is_sysctl(word) ? d->ops->sysctl_set(d, word, value) : 0;

		if (strcmp(word, "suite") == 0)
			suite(d);
		if (set == -ENOENT)
			return complain(err, "%.80s: phantom has no such sysctl", word);
		if (set != 0)
			return complain(err, "%.80s=%.80s: %s", word, value, strerror(-set));
	}
	return rc;
}
