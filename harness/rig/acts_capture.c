/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture: rings on bridges, ports and devices into pcapng files; several may share one file. What
 * a wire drops on a captured link is in the file too, with the reason. See bench.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/pcapng.h"
#include "harness/capture/ring.h"
#include "harness/rig/bench.h"

struct tap_point {
	struct tap_point *next;
	struct capture *c;
	const struct dev *d; /* or */
	const struct bridge *br;
	char label[NODE_NAME_MAX + DEV_NAME_MAX];
};

struct capture_file {
	struct capture_file *next;
	char *path;
	struct pcapng_writer *writer;
	struct tap_point *points;
};

static struct capture_file *find(struct bench *b, const char *path)
{
	struct capture_file *f;

	for (f = b->captures; f; f = f->next)
		if (strcmp(f->path, path) == 0)
			break;
	return f;
}

static struct capture_file *open_file(struct bench *b, const char *path, struct net_err *e)
{
	struct capture_file *f = calloc(1, sizeof(*f));
	char why[PCAPNG_ERR_TEXT];
	size_t n = strlen(path) + 1;

	if (f)
		f->path = malloc(n);
	if (!f || !f->path) {
		free(f);
		net_failed(e, "out of memory");
		return NULL;
	}
	memcpy(f->path, path, n);
	f->writer = pcapng_writer_open(path, why, sizeof(why));
	if (!f->writer) {
		net_failed(e, "%s", why);
		free(f->path);
		free(f);
		return NULL;
	}
	f->next = b->captures;
	b->captures = f;
	return f;
}

/* Stop all rings of a file and close it. What was seen and lost is summed into @out. */
static int close_file(struct bench *b, struct capture_file *f, struct capture_stats *out)
{
	struct capture_file **at = &b->captures;
	int rc = 0, one;

	while (f->points) {
		struct tap_point *p = f->points;
		struct capture_stats s = { .written = 0 };

		f->points = p->next;
		one = capture_stop(p->c, &s);
		rc = rc ? rc : one;
		out->written += s.written;
		out->dropped += s.dropped;
		free(p);
	}
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	links_tell_drops(b);
	one = pcapng_writer_close(f->writer);
	rc = rc ? rc : one;
	free(f->path);
	free(f);
	return rc;
}

static enum act_result stop(struct bench *b, const char *path, struct reply *r, struct net_err *e)
{
	struct capture_file *f = find(b, path);
	struct capture_stats s = { .written = 0 };
	int rc;

	if (!f)
		return net_bad(e, "no capture writes to \"%s\"; name the file as it was given",
			       path),
		       ACT_ERROR;
	rc = close_file(b, f, &s);
	if (rc)
		return net_failed(e, "the capture %s is not whole: %s", path, strerror(-rc)),
		       ACT_ERROR;
	r->body = json_pack("{s:I,s:I}", "written", (json_int_t)s.written, "dropped",
			    (json_int_t)s.dropped);
	return ACT_OK;
}

static int start(struct bench *b, struct capture_file *f, struct tap_point *p, struct net_err *e)
{
	struct capture_conf conf = { .name = p->label, .writer = f->writer };
	char why[256];

	conf.ifname = p->br ? p->br->name : p->d->name;
	world_enter(b->w, p->d ? p->d->node : NULL);
	p->c = capture_start(&conf, why, sizeof(why));
	world_enter(b->w, NULL);
	if (!p->c)
		return net_failed(e, "no capture on %s: %s", p->label, why);
	return 0;
}

enum act_result act_capture(struct bench *b, struct topo_line *l, struct reply *r,
			    struct net_err *e)
{
	struct bridge *br = NULL;
	struct dev *d = NULL;
	struct capture_file *f;
	struct tap_point *p;

	if (l->on)
		return stop(b, l->name, r, e);
	if (!l->at.dev[0])
		br = world_find_bridge(b->w, l->at.node);
	if (!br)
		d = world_want_dev(b->w, &l->at, e);
	if (!br && !d) {
		if (!l->at.dev[0])
			net_bad(e,
				"there is no bridge and no port \"%s\"; name a bridge, a port, or "
				"NODE.DEV",
				l->at.node);
		return ACT_ERROR;
	}
	p = calloc(1, sizeof(*p));
	f = find(b, l->name);
	if (!f && p)
		f = open_file(b, l->name, e);
	if (!p || !f) {
		free(p);
		return p ? ACT_ERROR : (net_failed(e, "out of memory"), ACT_ERROR);
	}
	p->br = br;
	p->d = d;
	snprintf(p->label, sizeof(p->label), "%s", br ? br->name : d->label);
	if (start(b, f, p, e)) {
		struct capture_stats s = { .written = 0 };

		free(p);
		if (!f->points) {
			remove(f->path);
			close_file(b, f, &s);
		}
		return ACT_ERROR;
	}
	p->next = f->points;
	f->points = p;
	links_tell_drops(b);
	return ACT_OK;
}

struct pcapng_writer *captures_writer_for(struct bench *b, const struct dev *d)
{
	for (struct capture_file *f = b->captures; f; f = f->next)
		for (struct tap_point *p = f->points; p; p = p->next)
			if (p->d == d || (p->br && p->br == d->bridge))
				return f->writer;
	return NULL;
}

void captures_drop(struct bench *b, const struct dev *d)
{
	for (struct capture_file *f = b->captures; f; f = f->next) {
		struct tap_point **at = &f->points;

		while (*at) {
			struct tap_point *p = *at;

			if (p->d != d) {
				at = &p->next;
				continue;
			}
			*at = p->next;
			capture_stop(p->c, NULL);
			free(p);
		}
	}
}

void captures_stop(struct bench *b)
{
	struct capture_stats s;

	while (b->captures)
		close_file(b, b->captures, &s);
}

json_t *captures_show(struct bench *b)
{
	json_t *list = json_array();

	for (struct capture_file *f = b->captures; f; f = f->next)
		for (struct tap_point *p = f->points; p; p = p->next)
			json_array_append_new(list, json_pack("{s:s,s:s}", "at", p->label, "file",
							      f->path));
	return list;
}
