/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading captures: pcapng of either byte order, and classic pcap. The file is a stranger's: each
 * length is held against what is left before a byte behind it is touched, and what does not fit
 * is told with the place. Called by the audit and by tests.
 */
#define _GNU_SOURCE
#include "harness/capture/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_OLD_PACKET = 2, BLOCK_SIMPLE = 3,
	BLOCK_PACKET = 6,
	OPT_END = 0, OPT_COMMENT = 1, OPT_IF_NAME = 2, OPT_EPB_FLAGS = 2, OPT_IF_TSRESOL = 9,
	OPT_IF_TSOFFSET = 14,
	BLOCK_MIN = 12, PCAP_HEADER = 24, PCAP_RECORD = 16,
};

static const uint32_t byte_order = 0x1a2b3c4d;
static const uint32_t pcap_us = 0xa1b2c3d4, pcap_ns = 0xa1b23c4d;

struct iface {
	struct pcapng_if pub;
	char *name;
	uint8_t tsresol;	/* as the option has it */
	int64_t tsoffset;	/* seconds */
};

struct pcapng_reader {
	char *path;
	const uint8_t *bytes;
	size_t size, at;
	void *map;		/* to unmap, or NULL */
	bool swapped;		/* this section's byte order is not ours */
	bool classic, failed;
	struct iface *iface;
	uint32_t ifs, if_base;	/* if_base: first interface of this section */
	char *comment;
	char err[PCAPNG_ERR_TEXT];
};

/* A run of bytes still to be read, within one block. */
struct cursor {
	const uint8_t *p, *end;
};

static uint16_t get16(const struct pcapng_reader *r, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t get32(const struct pcapng_reader *r, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t get64(const struct pcapng_reader *r, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap64(v) : v;
}

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

__attribute__((format(printf, 2, 3)))
static int fail(struct pcapng_reader *r, const char *format, ...)
{
	va_list ap;
	int n = snprintf(r->err, sizeof(r->err), "%s: byte %zu: ", r->path, r->at);

	if (n >= 0 && (size_t)n < sizeof(r->err)) {
		va_start(ap, format);
		vsnprintf(r->err + n, sizeof(r->err) - (size_t)n, format, ap);
		va_end(ap);
	}
	r->failed = true;
	return -EBADMSG;
}

/* The next option: 1, 0 when there is none, or an error. */
static int next_option(struct pcapng_reader *r, struct cursor *c, uint16_t *code,
		       struct cursor *value)
{
	size_t len;

	if (left(c) == 0)
		return 0;
	if (left(c) < 4)
		return fail(r, "a block's options end in the middle of an option");
	*code = get16(r, c->p);
	len = get16(r, c->p + 2);
	c->p += 4;
	if (*code == OPT_END)
		return 0;
	if (len > left(c))
		return fail(r, "option %u of %zu bytes is longer than its block", *code, len);
	*value = (struct cursor){ c->p, c->p + len };
	len = (len + 3) & ~(size_t)3;
	c->p = len < left(c) ? c->p + len : c->end;
	return 1;
}

static char *text_of(const struct cursor *value)
{
	return strndup((const char *)value->p, left(value));
}

/* 10^n for n up to 19, else 0. */
static uint64_t power10(unsigned int n)
{
	uint64_t v = 1;

	if (n > 19)
		return 0;
	while (n-- > 0)
		v *= 10;
	return v;
}

static bool decimal_to_ns(uint64_t units, unsigned int digits, uint64_t *ns)
{
	uint64_t power;

	if (digits > 9) {
		power = power10(digits - 9);
		*ns = power ? units / power : 0;
		return true;
	}
	power = power10(9 - digits);
	if (units > UINT64_MAX / power)
		return false;
	*ns = units * power;
	return true;
}

static bool binary_to_ns(uint64_t units, unsigned int bits, uint64_t *ns)
{
	uint64_t seconds = bits < 64 ? units >> bits : 0;
	uint64_t fraction = bits < 64 ? units & ((UINT64_C(1) << bits) - 1) : units;

	/* As 32 bits after the point: a quarter of a nanosecond. */
	if (bits <= 32)
		fraction <<= 32 - bits;
	else
		fraction = bits - 32 < 64 ? fraction >> (bits - 32) : 0;
	if (seconds > UINT64_MAX / 1000000000 - 1)
		return false;
	*ns = seconds * 1000000000 + (fraction * 1000000000 >> 32);
	return true;
}

static int time_to_ns(struct pcapng_reader *r, const struct iface *f, uint64_t units, uint64_t *ns)
{
	unsigned int digits = f->tsresol & 0x7f;
	uint64_t offset_ns, seconds = f->tsoffset < 0 ? 0 - (uint64_t)f->tsoffset
						      : (uint64_t)f->tsoffset;

	bool fits = f->tsresol & 0x80 ? binary_to_ns(units, digits, ns)
				      : decimal_to_ns(units, digits, ns);

	if (!fits)
		return fail(r, "a packet's time is beyond the year 2554");
	if (seconds > UINT64_MAX / 1000000000)
		return fail(r, "an interface's time offset of %" PRId64 " s is out of range",
			    f->tsoffset);
	offset_ns = seconds * 1000000000;
	if (f->tsoffset < 0 ? *ns < offset_ns : *ns > UINT64_MAX - offset_ns)
		return fail(r, "a packet's time is before 1970 or beyond 2554");
	*ns = f->tsoffset < 0 ? *ns - offset_ns : *ns + offset_ns;
	return 0;
}

static struct iface *add_iface(struct pcapng_reader *r)
{
	struct iface *grown = r->iface;

	/* Room doubles: at 0, 1, 2, 4, 8 ... interfaces. */
	if ((r->ifs & (r->ifs - 1)) == 0 || r->ifs == 0)
		grown = realloc(r->iface, (r->ifs ? 2 * (size_t)r->ifs : 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	r->iface = grown;
	grown[r->ifs] = (struct iface){ .pub.name = "", .tsresol = 6 };
	return &grown[r->ifs++];
}

static int read_interface(struct pcapng_reader *r, struct cursor c)
{
	struct iface *f;
	struct cursor v;
	uint16_t code;
	int rc;

	if (left(&c) < 8)
		return fail(r, "an interface block of %zu bytes is too short", left(&c));
	f = add_iface(r);
	if (!f)
		return fail(r, "out of memory");
	f->pub.linktype = get16(r, c.p);
	f->pub.snaplen = get32(r, c.p + 4);
	c.p += 8;
	while ((rc = next_option(r, &c, &code, &v)) > 0) {
		if (code == OPT_IF_NAME && !f->name) {
			f->name = text_of(&v);
			f->pub.name = f->name ? f->name : "";
		} else if (code == OPT_IF_TSRESOL && left(&v) >= 1) {
			f->tsresol = v.p[0];
		} else if (code == OPT_IF_TSOFFSET && left(&v) >= 8) {
			f->tsoffset = (int64_t)get64(r, v.p);
		}
	}
	return rc;
}

/* Packet bytes and the options behind them. c stands at the data. */
static int read_data(struct pcapng_reader *r, struct cursor c, struct pcapng_packet *pkt)
{
	size_t padded = ((size_t)pkt->caplen + 3) & ~(size_t)3;
	struct cursor v;
	uint16_t code;
	int rc;

	if (pkt->caplen > left(&c))
		return fail(r, "a packet of %" PRIu32 " captured bytes is longer than its block",
			    pkt->caplen);
	pkt->data = c.p;
	c.p = padded < left(&c) ? c.p + padded : c.end;
	while ((rc = next_option(r, &c, &code, &v)) > 0) {
		if (code == OPT_COMMENT && !r->comment) {
			r->comment = text_of(&v);
			pkt->comment = r->comment;
		} else if (code == OPT_EPB_FLAGS && left(&v) >= 4) {
			uint32_t dir = get32(r, v.p) & 3;

			pkt->dir = dir == 1 ? PCAPNG_DIR_IN :
				   dir == 2 ? PCAPNG_DIR_OUT : PCAPNG_DIR_UNKNOWN;
		}
	}
	return rc < 0 ? rc : 1;
}

static int need_iface(struct pcapng_reader *r, uint32_t id, struct pcapng_packet *pkt)
{
	if (id >= r->ifs - r->if_base)
		return fail(r, "a packet of interface %" PRIu32 ", but the section has only "
			    "%" PRIu32, id, r->ifs - r->if_base);
	pkt->if_id = r->if_base + id;
	return 0;
}

/* Enhanced Packet Block; the old Packet Block has a 16-bit interface and drop count instead. */
static int read_packet(struct pcapng_reader *r, uint32_t type, struct cursor c,
		       struct pcapng_packet *pkt)
{
	uint64_t units;
	int rc;

	if (left(&c) < 20)
		return fail(r, "a packet block of %zu bytes is too short", left(&c));
	rc = need_iface(r, type == BLOCK_PACKET ? get32(r, c.p) : get16(r, c.p), pkt);
	if (rc != 0)
		return rc;
	units = (uint64_t)get32(r, c.p + 4) << 32 | get32(r, c.p + 8);
	rc = time_to_ns(r, &r->iface[pkt->if_id], units, &pkt->time_ns);
	if (rc != 0)
		return rc;
	pkt->caplen = get32(r, c.p + 12);
	pkt->len = get32(r, c.p + 16);
	c.p += 20;
	return read_data(r, c, pkt);
}

/* Simple Packet Block: no time, interface 0, and the captured length is to be worked out. */
static int read_simple(struct pcapng_reader *r, struct cursor c, struct pcapng_packet *pkt)
{
	uint32_t snaplen;
	int rc;

	if (left(&c) < 4)
		return fail(r, "a simple packet block of %zu bytes is too short", left(&c));
	rc = need_iface(r, 0, pkt);
	if (rc != 0)
		return rc;
	snaplen = r->iface[pkt->if_id].pub.snaplen;
	pkt->len = pkt->caplen = get32(r, c.p);
	if (snaplen != 0 && pkt->caplen > snaplen)
		pkt->caplen = snaplen;
	c.p += 4;
	if (pkt->caplen > left(&c))
		return fail(r, "a packet of %" PRIu32 " captured bytes is longer than its block",
			    pkt->caplen);
	pkt->data = c.p;
	return 1;
}

/* A section may change the byte order, so its header is looked at before any length is. */
static int begin_section(struct pcapng_reader *r)
{
	uint32_t magic;

	if (r->size - r->at < 16)
		return fail(r, "the file ends within a section header");
	memcpy(&magic, r->bytes + r->at + 8, sizeof(magic));
	r->swapped = magic == __builtin_bswap32(byte_order);
	if (!r->swapped && magic != byte_order)
		return fail(r, "a section header with byte order mark %08" PRIx32 "; it would be "
			    "1a2b3c4d", magic);
	if (get16(r, r->bytes + r->at + 12) != 1)
		return fail(r, "a section of version %u; this reader knows version 1",
			    get16(r, r->bytes + r->at + 12));
	r->if_base = r->ifs;
	return 0;
}

/* The block at r->at: its type and what is between the lengths. Steps over it. */
static int next_block(struct pcapng_reader *r, uint32_t *type, struct cursor *c)
{
	const uint8_t *p = r->bytes + r->at;
	size_t rest = r->size - r->at;
	uint32_t len;

	if (rest < BLOCK_MIN)
		return fail(r, "the file ends within a block: %zu bytes are left, a block has at "
			    "least 12", rest);
	memcpy(type, p, sizeof(*type));
	if (*type == BLOCK_SECTION && begin_section(r) != 0)
		return -EBADMSG;
	*type = get32(r, p);
	len = get32(r, p + 4);
	if (len < BLOCK_MIN || len % 4 != 0)
		return fail(r, "a block of length %" PRIu32 "; it would be 12 or more, in steps "
			    "of 4", len);
	if (len > rest)
		return fail(r, "a block of %" PRIu32 " bytes, but the file ends after %zu: it "
			    "is cut short", len, rest);
	if (get32(r, p + len - 4) != len)
		return fail(r, "a block of length %" PRIu32 " whose end says %" PRIu32, len,
			    get32(r, p + len - 4));
	*c = (struct cursor){ p + 8, p + len - 4 };
	return (int)len;
}

static int next_pcapng(struct pcapng_reader *r, struct pcapng_packet *pkt)
{
	while (r->at < r->size) {
		struct cursor c;
		uint32_t type = 0;
		int rc = next_block(r, &type, &c);
		size_t after;

		if (rc < 0)
			return rc;
		after = r->at + (size_t)(c.end - c.p) + BLOCK_MIN;
		if (type == BLOCK_INTERFACE)
			rc = read_interface(r, c);
		else if (type == BLOCK_PACKET || type == BLOCK_OLD_PACKET)
			rc = read_packet(r, type, c, pkt);
		else if (type == BLOCK_SIMPLE)
			rc = read_simple(r, c, pkt);
		else
			rc = 0;		/* names, statistics, secrets, and what we do not know */
		if (rc < 0)
			return rc;
		r->at = after;
		if (rc > 0)
			return rc;
	}
	return 0;
}

static int next_classic(struct pcapng_reader *r, struct pcapng_packet *pkt)
{
	const uint8_t *p = r->bytes + r->at;
	size_t rest = r->size - r->at;
	uint64_t per_second = r->iface[0].tsresol == 9 ? 1 : 1000;

	if (rest == 0)
		return 0;
	if (rest < PCAP_RECORD)
		return fail(r, "the file ends within a record header");
	pkt->time_ns = get32(r, p) * UINT64_C(1000000000) + get32(r, p + 4) * per_second;
	pkt->caplen = get32(r, p + 8);
	pkt->len = get32(r, p + 12);
	if (pkt->caplen > rest - PCAP_RECORD)
		return fail(r, "a packet of %" PRIu32 " captured bytes, but the file ends after "
			    "%zu: it is cut short", pkt->caplen, rest - PCAP_RECORD);
	pkt->data = p + PCAP_RECORD;
	r->at += PCAP_RECORD + (size_t)pkt->caplen;
	return 1;
}

/* Which of the formats this is. */
static int begin(struct pcapng_reader *r)
{
	uint32_t magic = 0;
	struct iface *f;

	if (r->size >= 4)
		memcpy(&magic, r->bytes, sizeof(magic));
	if (magic == BLOCK_SECTION)
		return 0;
	r->swapped = magic == __builtin_bswap32(pcap_us) || magic == __builtin_bswap32(pcap_ns);
	if (r->swapped)
		magic = __builtin_bswap32(magic);
	if (magic != pcap_us && magic != pcap_ns)
		return fail(r, "not a capture: neither pcapng nor pcap begins like this");
	if (r->size < PCAP_HEADER)
		return fail(r, "the file ends within its header");
	f = add_iface(r);
	if (!f)
		return fail(r, "out of memory");
	f->tsresol = magic == pcap_ns ? 9 : 6;
	f->pub.snaplen = get32(r, r->bytes + 16);
	f->pub.linktype = (uint16_t)get32(r, r->bytes + 20);
	r->classic = true;
	r->at = PCAP_HEADER;
	return 0;
}

struct pcapng_reader *pcapng_reader_mem(const void *bytes, size_t size, const char *name,
					char *err, size_t err_size)
{
	struct pcapng_reader *r = calloc(1, sizeof(*r));

	if (r)
		r->path = strdup(name);
	if (!r || !r->path) {
		snprintf(err, err_size, "%s: out of memory", name);
		free(r);
		return NULL;
	}
	r->bytes = bytes;
	r->size = size;
	if (begin(r) != 0) {
		snprintf(err, err_size, "%s", r->err);
		pcapng_reader_free(r);
		return NULL;
	}
	return r;
}

struct pcapng_reader *pcapng_reader_open(const char *path, char *err, size_t err_size)
{
	struct pcapng_reader *r = NULL;
	struct stat st;
	void *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(err, err_size, "%s: cannot be read: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		snprintf(err, err_size, "%s: not a regular file", path);
	} else if (st.st_size == 0) {
		snprintf(err, err_size, "%s: not a capture: the file is empty", path);
	} else {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			snprintf(err, err_size, "%s: cannot be read: %s", path, strerror(errno));
		else
			r = pcapng_reader_mem(map, (size_t)st.st_size, path, err, err_size);
		if (r)
			r->map = map;
		else if (map != MAP_FAILED)
			munmap(map, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

int pcapng_reader_next(struct pcapng_reader *r, struct pcapng_packet *pkt, char *err,
		       size_t err_size)
{
	int rc = -EBADMSG;

	memset(pkt, 0, sizeof(*pkt));
	free(r->comment);
	r->comment = NULL;
	if (!r->failed)
		rc = r->classic ? next_classic(r, pkt) : next_pcapng(r, pkt);
	if (rc < 0)
		snprintf(err, err_size, "%s", r->err);
	return rc;
}

const struct pcapng_if *pcapng_reader_if(const struct pcapng_reader *r, uint32_t if_id)
{
	return if_id < r->ifs ? &r->iface[if_id].pub : NULL;
}

void pcapng_reader_free(struct pcapng_reader *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->ifs; i++)
		free(r->iface[i].name);
	free(r->iface);
	free(r->comment);
	if (r->map)
		munmap(r->map, r->size);
	free(r->path);
	free(r);
}
