/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pcapng writer of the three blocks a capture needs: section header, interface description,
 * enhanced packet. See pcap.h, and draft-ietf-opsawg-pcapng for the format.
 */
#define _GNU_SOURCE 1
#include "host/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/text.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	ORDER_MAGIC = 0x1a2b3c4d,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_SHB_USERAPPL = 4,
	OPT_IF_NAME = 2,
	OPT_IF_TSRESOL = 9,
	OPT_EPB_FLAGS = 2,
	NOTE_MAX = 200,
	FRAME_MAX = 65535 + 18, /* the largest IP packet, in a tagged frame */
	BLOCK_MAX = FRAME_MAX + 2 * NOTE_MAX + 128,
	BUFFER = 4 * BLOCK_MAX
};

struct pcap {
	int fd;
	int error; /* positive errno; 0: none */
	char path[256];
	uint8_t *buffer;
	size_t used;  /* whole blocks, and the begun one */
	size_t block; /* where the begun one begins */
	uint64_t frame_len;
	enum pcap_direction direction;
	bool begun;
	char note[NOTE_MAX];
};

/* ---- blocks: begin, put, end -------------------------------------------------------------- */

static void put(struct pcap *p, const void *bytes, size_t len)
{
	memcpy(p->buffer + p->used, bytes, len);
	p->used += len;
}

static void put_u32(struct pcap *p, uint32_t v)
{
	put(p, &v, sizeof(v));
}

static void put_u16(struct pcap *p, uint16_t v)
{
	put(p, &v, sizeof(v));
}

static void put_padding(struct pcap *p, size_t len)
{
	static const uint8_t zero[4];

	put(p, zero, (4 - len % 4) % 4);
}

static void put_option(struct pcap *p, uint16_t code, const void *bytes, size_t len)
{
	put_u16(p, code);
	put_u16(p, (uint16_t)len);
	put(p, bytes, len);
	put_padding(p, len);
}

static void block_begin(struct pcap *p, uint32_t type)
{
	if (p->used + BLOCK_MAX > BUFFER)
		pcap_flush(p);
	p->block = p->used;
	put_u32(p, type);
	put_u32(p, 0); /* its length, when it is known */
}

static void block_end(struct pcap *p)
{
	uint32_t len = (uint32_t)(p->used - p->block + 4);

	put_u32(p, len);
	memcpy(p->buffer + p->block + 4, &len, sizeof(len));
	p->block = p->used;
}

static void put_section(struct pcap *p)
{
	static const char program[] = "phantom";
	static const uint64_t unknown_length = UINT64_MAX;

	block_begin(p, BLOCK_SECTION);
	put_u32(p, ORDER_MAGIC);
	put_u16(p, 1); /* version 1.0 */
	put_u16(p, 0);
	put(p, &unknown_length, sizeof(unknown_length));
	put_option(p, OPT_SHB_USERAPPL, program, strlen(program));
	put_option(p, OPT_END, "", 0);
	block_end(p);
}

void pcap_interface(struct pcap *p, const char *device, enum ph_link_kind kind)
{
	static const uint8_t nanoseconds = 9;

	block_begin(p, BLOCK_INTERFACE);
	put_u16(p, kind == PH_LINK_ETHER ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
	put_u16(p, 0);
	put_u32(p, 0); /* no limit on a frame's length */
	put_option(p, OPT_IF_NAME, device, strlen(device));
	put_option(p, OPT_IF_TSRESOL, &nanoseconds, 1);
	put_option(p, OPT_END, "", 0);
	block_end(p);
}

/* ---- the file ----------------------------------------------------------------------------- */

struct pcap *pcap_open(const char *path, char *err, size_t cap)
{
	struct pcap *p = calloc(1, sizeof(*p));

	if (p)
		p->buffer = malloc(BUFFER);
	if (!p || !p->buffer) {
		(void)text_error(err, cap, "--pcap %s: no memory", path);
		free(p);
		return NULL;
	}
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (p->fd < 0) {
		(void)text_error(err, cap, "--pcap %s: cannot be written: %s", path,
				 strerror(errno));
		free(p->buffer);
		free(p);
		return NULL;
	}
	put_section(p);
	return p;
}

void pcap_begin(struct pcap *p, unsigned interface, enum pcap_direction direction, uint64_t at_ns,
		const struct ph_iov *iov, int n, size_t len)
{
	size_t room = len < FRAME_MAX ? len : FRAME_MAX;
	size_t have = 0;
	size_t length_at;
	uint32_t captured;

	block_begin(p, BLOCK_PACKET);
	put_u32(p, interface);
	put_u32(p, (uint32_t)(at_ns >> 32));
	put_u32(p, (uint32_t)at_ns);
	length_at = p->used;
	put_u32(p, 0);
	put_u32(p, (uint32_t)len);
	for (int i = 0; i < n && have < room; i++) {
		size_t part = iov[i].len < room - have ? iov[i].len : room - have;

		put(p, iov[i].base, part);
		have += part;
	}
	captured = (uint32_t)have;
	memcpy(p->buffer + length_at, &captured, sizeof(captured));
	put_padding(p, have);
	p->frame_len = len;
	p->direction = direction;
	p->begun = true;
	p->note[0] = '\0';
}

void pcap_note(struct pcap *p, const char *reason, const char *text, uint64_t len)
{
	if (p->begun && len == p->frame_len)
		snprintf(p->note, sizeof(p->note), "dropped: %s: %s", reason, text);
}

void pcap_end(struct pcap *p)
{
	uint32_t flags = p->direction;

	put_option(p, OPT_EPB_FLAGS, &flags, sizeof(flags));
	if (p->note[0])
		put_option(p, OPT_COMMENT, p->note, strlen(p->note));
	put_option(p, OPT_END, "", 0);
	block_end(p);
	p->begun = false;
}

void pcap_flush(struct pcap *p)
{
	size_t done = 0;

	while (done < p->used && !p->error) {
		ssize_t n = write(p->fd, p->buffer + done, p->used - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno != EINTR) {
			p->error = errno;
			fprintf(stderr, "phantom: --pcap %s: %s; the capture ends here\n", p->path,
				strerror(errno));
		}
	}
	p->used = p->block = 0;
}

int pcap_close(struct pcap *p)
{
	int error;

	if (!p)
		return 0;
	pcap_flush(p);
	if (close(p->fd) < 0 && !p->error)
		p->error = errno;
	error = p->error;
	free(p->buffer);
	free(p);
	return -error;
}
