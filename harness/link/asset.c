/* SPDX-License-Identifier: BSD-2-Clause */
/* One list of all that words named; see asset.h. Things are few: a link line names at most six. */
#define _GNU_SOURCE
#include "harness/link/asset.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct asset {
	struct asset *next;
	enum link_asset_kind kind;
	uint64_t digest;	/* of the content */
	void *thing;
	char name[];
};

static struct asset *assets;
static pthread_mutex_t assets_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t digest_of(const char *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 0x100000001b3u;
	return h;
}

static void *wrong(const char *path, const char *why, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: %s", path, why);
	return NULL;
}

/* All of an open file, with a 0 behind it. */
static char *read_all(int fd, size_t size, size_t *len)
{
	char *text = malloc(size + 1);

	*len = 0;
	while (text && *len < size) {
		ssize_t n = read(fd, text + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return NULL;
		}
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

static char *read_file(const char *path, size_t *len, char *err, size_t err_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text;

	if (fd < 0)
		return wrong(path, strerror(errno), err, err_size);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return wrong(path, "is no regular file; name a file", err, err_size);
	}
	if (st.st_size > LINK_ASSET_FILE_MAX) {
		close(fd);
		return wrong(path, "is larger than 64 MiB, which is the most a link reads", err,
			     err_size);
	}
	text = read_all(fd, (size_t)st.st_size, len);
	close(fd);
	return text ? text : wrong(path, "cannot be read", err, err_size);
}

static void *find(enum link_asset_kind kind, const char *name, uint64_t digest)
{
	for (struct asset *a = assets; a; a = a->next)
		if (a->kind == kind && a->digest == digest && strcmp(a->name, name) == 0)
			return a->thing;
	return NULL;
}

static void *keep(enum link_asset_kind kind, const char *name, uint64_t digest, void *thing)
{
	size_t n = strlen(name) + 1;
	struct asset *a = malloc(sizeof(*a) + n);

	if (!a)
		return NULL;
	*a = (struct asset){ .next = assets, .kind = kind, .digest = digest, .thing = thing };
	memcpy(a->name, name, n);
	assets = a;
	return thing;
}

static void *get(enum link_asset_kind kind, const char *name, const char *text, size_t len,
		 link_asset_fn *make, char *err, size_t err_size)
{
	uint64_t digest = digest_of(text, len);
	void *thing;

	pthread_mutex_lock(&assets_lock);
	thing = find(kind, name, digest);
	if (!thing) {
		thing = make(name, text, len, err, err_size);
		if (thing && !keep(kind, name, digest, thing)) {
			free(thing);
			thing = wrong(name, "out of memory", err, err_size);
		}
	}
	pthread_mutex_unlock(&assets_lock);
	return thing;
}

void *link_asset_file(enum link_asset_kind kind, const char *path, link_asset_fn *make, char *err,
		      size_t err_size)
{
	size_t len;
	char *text = read_file(path, &len, err, err_size);
	void *thing = text ? get(kind, path, text, len, make, err, err_size) : NULL;

	free(text);
	return thing;
}

void *link_asset_named(enum link_asset_kind kind, const char *name, link_asset_fn *make, char *err,
		       size_t err_size)
{
	return get(kind, name, "", 0, make, err, err_size);
}

const char *link_asset_name(enum link_asset_kind kind, const void *thing)
{
	const char *name = "";

	pthread_mutex_lock(&assets_lock);
	for (struct asset *a = assets; a; a = a->next)
		if (a->kind == kind && a->thing == thing)
			name = a->name;
	pthread_mutex_unlock(&assets_lock);
	return name;
}
