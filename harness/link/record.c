/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdict files; see record.h. Written line by line, so that a run that is killed leaves its own. */
#define _GNU_SOURCE
#include "harness/link/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/link/asset.h"
#include "harness/link/spec_value.h"

enum { WORD_MAX = 32, LINE_MAX_WORDS = 16 };

struct link_record {
	FILE *file;
};

static const char *const dir_words[] = { [LINK_DIR_IN] = "in", [LINK_DIR_OUT] = "out" };

static int cannot_write(const char *name, char *err, size_t err_size)
{
	snprintf(err, err_size, "record: %s: %s; name a file that can be written", name, strerror(errno));
	return -1;
}

/* Whether it can be written: what is there stays, and what was not there is not, until a link begins. */
static int try_write(const char *name, char *err, size_t err_size)
{
	struct stat st;
	int fd;

	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0; /* a pipe's reader would take our going for the end */
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0)
		unlink(name);
	else if (errno == EEXIST)
		fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_write(name, err, err_size);
	close(fd);
	return 0;
}

static void *make_record(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	struct link_record *r;

	(void)text;
	(void)len;
	if (try_write(name, err, err_size))
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		snprintf(err, err_size, "record: out of memory");
	return r;
}

struct link_record *link_record_get(const char *path, char *err, size_t err_size)
{
	return link_asset_named(LINK_ASSET_RECORD, path, make_record, err, err_size);
}

const char *link_record_name(const struct link_record *r)
{
	return link_asset_name(LINK_ASSET_RECORD, r);
}

/* With its first direction; the other's thread may be about to. */
static FILE *opened(struct link_record *r)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	if (!r->file) {
		r->file = fopen(link_record_name(r), "we");
		if (r->file)
			setvbuf(r->file, NULL, _IOLBF, 0);
	}
	pthread_mutex_unlock(&lock);
	return r->file;
}

void link_record_begin(struct link_record *r, enum link_dir dir)
{
	if (opened(r))
		fprintf(r->file, "begin %s\n", dir_words[dir]);
}

/* Reasons are of two words at times; in a line they are one. */
static void reason_word(enum link_drop drop, char word[WORD_MAX])
{
	snprintf(word, WORD_MAX, "%s", link_drop_text(drop));
	for (char *p = word; *p; p++)
		if (*p == ' ')
			*p = '_';
}

void link_record_verdict(struct link_record *r, enum link_dir dir, uint64_t now_ns,
			 const struct link_verdict *v)
{
	char line[256], word[WORD_MAX];
	struct link_text t = { .out = line, .size = sizeof(line) };

	if (!r->file)
		return;
	link_text_add(&t, "%s %" PRIu64 " %" PRIu32, dir_words[dir], v->no, v->len);
	if (v->drop != LINK_DROP_NONE) {
		reason_word(v->drop, word);
		link_text_add(&t, " drop %s", word);
	}
	if (v->duplicated)
		link_text_add(&t, " dup");
	if (v->reordered)
		link_text_add(&t, " early");
	if (v->marked)
		link_text_add(&t, " mark");
	for (unsigned int i = 0; i < v->n; i++) {
		link_text_add(&t, " at %" PRIu64, v->copy[i].at_ns - now_ns);
		if (v->copy[i].flip_bit != LINK_NO_FLIP)
			link_text_add(&t, " flip %" PRIu32, v->copy[i].flip_bit);
	}
	/* A full disk costs the record, not the link. */
	fprintf(r->file, "%s\n", line);
}

struct cut {
	char word[LINE_MAX_WORDS][WORD_MAX];
	int n;
};

static bool cut_line(const char *p, struct cut *c)
{
	for (c->n = 0;; c->n++) {
		size_t len;

		p += strspn(p, " \t\r");
		len = strcspn(p, " \t\r\n");
		if (len == 0)
			return true;
		if (c->n == LINE_MAX_WORDS || len >= WORD_MAX)
			return false;
		memcpy(c->word[c->n], p, len);
		c->word[c->n][len] = '\0';
		p += len;
	}
}

static bool number(const struct cut *c, int i, uint64_t max, uint64_t *out)
{
	return i < c->n && link_read_count(c->word[i], strlen(c->word[i]), out) && *out <= max;
}

static bool read_drop(const char *text, uint8_t *out)
{
	char word[WORD_MAX];

	for (int d = LINK_DROP_NONE + 1; d < LINK_DROP_COUNT; d++) {
		reason_word((enum link_drop)d, word);
		if (strcmp(word, text) == 0) {
			*out = (uint8_t)d;
			return true;
		}
	}
	return false;
}

static bool read_fate(const struct cut *c, struct link_fate *f)
{
	uint64_t v;

	*f = (struct link_fate){ .flip_bit = { LINK_NO_FLIP, LINK_NO_FLIP } };
	if (!number(c, 2, UINT32_MAX, &v))
		return false;
	f->len = (uint32_t)v;
	for (int i = 3; i < c->n; i++) {
		const char *word = c->word[i];

		if (strcmp(word, "dup") == 0) {
			f->duplicated = true;
		} else if (strcmp(word, "early") == 0) {
			f->reordered = true;
		} else if (strcmp(word, "mark") == 0) {
			f->marked = true;
		} else if (strcmp(word, "drop") == 0) {
			if (++i == c->n || !read_drop(c->word[i], &f->drop))
				return false;
		} else if (strcmp(word, "at") == 0) {
			if (f->n == 2 || !number(c, ++i, UINT64_MAX / 2, &f->after_ns[f->n]))
				return false;
			f->n++;
		} else if (strcmp(word, "flip") == 0) {
			if (f->n == 0 || !number(c, ++i, UINT32_MAX - 1, &v))
				return false;
			f->flip_bit[f->n - 1] = (uint32_t)v;
		} else {
			return false;
		}
	}
	return f->n > 0 || f->drop != LINK_DROP_NONE;
}

static int dir_of(const char *word)
{
	return strcmp(word, "in") == 0 ? LINK_DIR_IN : strcmp(word, "out") == 0 ? (int)LINK_DIR_OUT : -1;
}

static bool read_line(struct link_replay *r, size_t cap[2], const char *at)
{
	struct cut c;
	int dir;
	uint64_t no;

	if (!cut_line(at, &c))
		return false;
	if (c.n == 0 || c.word[0][0] == '#')
		return true;
	if (c.n == 2 && strcmp(c.word[0], "begin") == 0 && dir_of(c.word[1]) >= 0) {
		r->n[dir_of(c.word[1])] = 0;
		return true;
	}
	dir = dir_of(c.word[0]);
	if (dir < 0 || !number(&c, 1, LINK_REPLAY_MAX, &no) || no < 1)
		return false;
	/* Numbers begin at 1 again where the seed was set: what counts is what came last. */
	if (no == 1)
		r->n[dir] = 0;
	if (no != r->n[dir] + 1)
		return false;
	if (r->n[dir] == cap[dir]) {
		size_t room = cap[dir] ? 2 * cap[dir] : 1024;
		struct link_fate *fate = realloc(r->fate[dir], room * sizeof(*fate));

		if (!fate)
			return false;
		r->fate[dir] = fate;
		cap[dir] = room;
	}
	if (!read_fate(&c, &r->fate[dir][r->n[dir]]))
		return false;
	r->n[dir]++;
	return true;
}

static void *make_replay(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	struct link_replay *r = calloc(1, sizeof(*r));
	size_t cap[2] = { 0, 0 };
	unsigned long line = 0;
	bool good = r != NULL;

	(void)len;
	while (good && *text) {
		line++;
		good = read_line(r, cap, text);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (good)
		return r;
	snprintf(err, err_size, "%s:%lu: that is no verdict, or not the next one; a file that "
		 "record wrote has lines such as \"in 17 1514 drop loss\"", name, line);
	if (r) {
		free(r->fate[0]);
		free(r->fate[1]);
		free(r);
	}
	return NULL;
}

const struct link_replay *link_replay_get(const char *path, char *err, size_t err_size)
{
	char why[400];
	const struct link_replay *r =
		link_asset_file(LINK_ASSET_REPLAY, path, make_replay, why, sizeof(why));

	if (!r)
		snprintf(err, err_size, "replay: %s", why);
	return r;
}

const char *link_replay_name(const struct link_replay *r)
{
	return link_asset_name(LINK_ASSET_REPLAY, r);
}

const struct link_fate *link_replay_fate(const struct link_replay *r, enum link_dir dir, uint64_t no)
{
	return no <= r->n[dir] ? &r->fate[dir][no - 1] : NULL;
}
