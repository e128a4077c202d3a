/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing pcapng. Decides the few blocks we write: a section header, interfaces with nanosecond
 * times, packets with direction and comment, interface statistics. The file holds whole blocks
 * only, whatever happens to the process between two calls. Called by capture/ring.c, by wires
 * for what they drop, and by tests.
 */
#define _GNU_SOURCE
#include "harness/capture/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6,
	OPT_END = 0, OPT_COMMENT = 1,
	OPT_SHB_APPLICATION = 4,
	OPT_IF_NAME = 2, OPT_IF_TSRESOL = 9,
	OPT_EPB_FLAGS = 2,
	OPT_ISB_RECEIVED = 4, OPT_ISB_DROPPED = 5,
	TSRESOL_NANOSECONDS = 9,
	COMMENT_MAX = 4096,
	BUFFER_FULL = 256 << 10,	/* handed to the file when it holds more */
};

struct pcapng_writer {
	pthread_mutex_t lock;
	int fd;
	int error;		/* 0 or the -errno of the first failed write; nothing follows it */
	uint32_t ifs;
	uint8_t *buf;
	size_t n, cap;
	size_t block;		/* where the block being built starts */
};

static void put(struct pcapng_writer *w, const void *bytes, size_t size)
{
	if (w->error != 0)
		return;
	if (size > w->cap - w->n) {
		size_t cap = 2 * (w->n + size);
		uint8_t *buf = realloc(w->buf, cap);

		if (!buf) {
			w->error = -ENOMEM;
			return;
		}
		w->buf = buf;
		w->cap = cap;
	}
	if (size > 0)
		memcpy(w->buf + w->n, bytes, size);
	w->n += size;
}

static void put16(struct pcapng_writer *w, uint32_t v)
{
	uint16_t v16 = (uint16_t)v;

	put(w, &v16, sizeof(v16));
}

static void put32(struct pcapng_writer *w, uint32_t v)
{
	put(w, &v, sizeof(v));
}

static void put_time(struct pcapng_writer *w, uint64_t time_ns)
{
	put32(w, (uint32_t)(time_ns >> 32));
	put32(w, (uint32_t)time_ns);
}

static void put_padded(struct pcapng_writer *w, const void *bytes, size_t size)
{
	static const uint8_t zeros[4];

	put(w, bytes, size);
	put(w, zeros, -size & 3);
}

static void put_option(struct pcapng_writer *w, uint32_t code, const void *bytes, size_t size)
{
	put16(w, code);
	put16(w, (uint32_t)size);
	put_padded(w, bytes, size);
}

static void begin_block(struct pcapng_writer *w, uint32_t type)
{
	w->block = w->n;
	put32(w, type);
	put32(w, 0);		/* the length, known at the end */
}

static int write_out(struct pcapng_writer *w)
{
	size_t done = 0;

	while (w->error == 0 && done < w->n) {
		ssize_t n = write(w->fd, w->buf + done, w->n - done);

		if (n < 0 && errno != EINTR)
			w->error = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	w->n = 0;
	return w->error;
}

/* A block that could not be built whole is not in the file at all. */
static int end_block(struct pcapng_writer *w)
{
	uint32_t len;

	put_option(w, OPT_END, NULL, 0);
	len = (uint32_t)(w->n - w->block) + 4;
	put32(w, len);
	if (w->error == -ENOMEM)
		w->n = w->block;
	if (w->error != 0)
		return w->error;
	memcpy(w->buf + w->block + 4, &len, sizeof(len));
	return w->n > BUFFER_FULL ? write_out(w) : 0;
}

struct pcapng_writer *pcapng_writer_open(const char *path, char *err, size_t err_size)
{
	static const char application[] = "rig";
	struct pcapng_writer *w = calloc(1, sizeof(*w));

	if (!w) {
		snprintf(err, err_size, "%s: out of memory", path);
		return NULL;
	}
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (w->fd < 0) {
		snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(errno));
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	begin_block(w, BLOCK_SECTION);
	put32(w, 0x1a2b3c4d);		/* byte order */
	put16(w, 1);			/* version 1.0 */
	put16(w, 0);
	put32(w, UINT32_MAX);		/* section length: not said */
	put32(w, UINT32_MAX);
	put_option(w, OPT_SHB_APPLICATION, application, sizeof(application) - 1);
	if (end_block(w) != 0 || write_out(w) != 0) {
		snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(-w->error));
		(void)pcapng_writer_close(w);
		return NULL;
	}
	return w;
}

int pcapng_writer_add_if(struct pcapng_writer *w, const char *name, uint16_t linktype,
			 uint32_t *id)
{
	uint8_t tsresol = TSRESOL_NANOSECONDS;
	int rc;

	pthread_mutex_lock(&w->lock);
	begin_block(w, BLOCK_INTERFACE);
	put16(w, linktype);
	put16(w, 0);
	put32(w, 0);			/* snap length: no limit */
	put_option(w, OPT_IF_NAME, name, strnlen(name, COMMENT_MAX));
	put_option(w, OPT_IF_TSRESOL, &tsresol, sizeof(tsresol));
	rc = end_block(w);
	if (rc == 0)
		*id = w->ifs++;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

/* epb_flags: bits 0 and 1 are the direction, 1 in, 2 out. */
static uint32_t flags_of(enum pcapng_dir dir)
{
	switch (dir) {
	case PCAPNG_DIR_UNKNOWN:
		return 0;
	case PCAPNG_DIR_IN:
		return 1;
	case PCAPNG_DIR_OUT:
		return 2;
	}
	return 0;
}

int pcapng_writer_packet(struct pcapng_writer *w, const struct pcapng_packet *pkt)
{
	uint32_t flags = flags_of(pkt->dir);
	int rc;

	pthread_mutex_lock(&w->lock);
	if (pkt->if_id >= w->ifs) {
		pthread_mutex_unlock(&w->lock);
		return -EINVAL;
	}
	begin_block(w, BLOCK_PACKET);
	put32(w, pkt->if_id);
	put_time(w, pkt->time_ns);
	put32(w, pkt->caplen);
	put32(w, pkt->len);
	put_padded(w, pkt->data, pkt->caplen);
	if (flags != 0)
		put_option(w, OPT_EPB_FLAGS, &flags, sizeof(flags));
	if (pkt->comment)
		put_option(w, OPT_COMMENT, pkt->comment, strnlen(pkt->comment, COMMENT_MAX));
	rc = end_block(w);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int pcapng_writer_stats(struct pcapng_writer *w, uint32_t if_id, uint64_t time_ns,
			uint64_t received, uint64_t dropped)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	if (if_id >= w->ifs) {
		pthread_mutex_unlock(&w->lock);
		return -EINVAL;
	}
	begin_block(w, BLOCK_STATISTICS);
	put32(w, if_id);
	put_time(w, time_ns);
	put_option(w, OPT_ISB_RECEIVED, &received, sizeof(received));
	put_option(w, OPT_ISB_DROPPED, &dropped, sizeof(dropped));
	rc = end_block(w);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int pcapng_writer_flush(struct pcapng_writer *w)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = write_out(w);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int pcapng_writer_close(struct pcapng_writer *w)
{
	int rc;

	if (!w)
		return 0;
	rc = write_out(w);
	if (close(w->fd) != 0 && rc == 0)
		rc = -errno;
	pthread_mutex_destroy(&w->lock);
	free(w->buf);
	free(w);
	return rc;
}
