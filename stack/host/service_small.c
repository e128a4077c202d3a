/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discard (RFC 863), daytime (RFC 867) and chargen (RFC 864), over TCP and UDP. Called through
 * the table in service.c.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/service.h"

enum {
	CHARGEN_CHARS = 95,    /* the printable ones of ASCII, space included */
	CHARGEN_LINE = 72 + 2, /* with its CR and LF */
	CHARGEN_PERIOD = CHARGEN_CHARS * CHARGEN_LINE,
	CHARGEN_LINES_MAX = 6 /* of a datagram: RFC 864 allows 512 characters */
};

enum verdict small_discard_ready(struct host *h, struct conn *c)
{
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		int64_t n = ph_recv(h->st, c->app.socket, h->chunk, SERVICE_CHUNK, 0, h->now_ns);

		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n <= 0)
			return n == 0 ? CONN_CLOSE : CONN_FAILED;
	}
	return CONN_AGAIN;
}

int small_discard_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	(void)h, (void)in, (void)len, (void)out, (void)cap;
	return -1;
}

/* RFC 867's first example of a form: Tuesday, February 22, 1982 17:37:43-UTC */
static size_t daytime(const struct host *h, char *out, size_t cap)
{
	time_t now = (time_t)((h->now_ns + h->wall_ns) / 1000000000u);
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		memset(&tm, 0, sizeof(tm));
	return strftime(out, cap, "%A, %B %d, %Y %H:%M:%S-UTC\r\n", &tm);
}

enum verdict small_daytime_ready(struct host *h, struct conn *c)
{
	if (c->u.daytime.len == 0)
		c->u.daytime.len =
			(uint8_t)daytime(h, c->u.daytime.text, sizeof(c->u.daytime.text));
	while (c->u.daytime.sent < c->u.daytime.len) {
		int64_t n = ph_send(h->st, c->app.socket, c->u.daytime.text + c->u.daytime.sent,
				    (size_t)(c->u.daytime.len - c->u.daytime.sent), PH_MSG_NOSIGNAL,
				    h->now_ns);

		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n < 0)
			return CONN_FAILED;
		c->u.daytime.sent = (uint8_t)(c->u.daytime.sent + n);
	}
	return CONN_CLOSE;
}

int small_daytime_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	(void)in, (void)len;
	return (int)daytime(h, (char *)out, cap);
}

/* RFC 864: each line is the 72 characters that begin one further than the last line's. */
static const uint8_t *chargen(struct host *h)
{
	const size_t size = SERVICE_CHUNK + CHARGEN_PERIOD;
	uint8_t *p = h->chargen;

	if (p)
		return p;
	p = h->chargen = malloc(size);
	if (!p)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		size_t line = i / CHARGEN_LINE;
		size_t column = i % CHARGEN_LINE;

		if (column < CHARGEN_LINE - 2)
			p[i] = (uint8_t)(' ' + (line + column) % CHARGEN_CHARS);
		else
			p[i] = column == CHARGEN_LINE - 2 ? '\r' : '\n';
	}
	return p;
}

enum verdict small_chargen_ready(struct host *h, struct conn *c)
{
	const uint8_t *pattern = chargen(h);
	enum verdict peer = small_discard_ready(h, c);

	if (!pattern || peer == CONN_CLOSE || peer == CONN_FAILED)
		return pattern ? peer : CONN_FAILED;
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		uint32_t offset = c->u.chargen.offset;
		int64_t n = ph_send(h->st, c->app.socket, pattern + offset, SERVICE_CHUNK,
				    PH_MSG_NOSIGNAL, h->now_ns);

		if (n == -EAGAIN)
			return peer;
		if (n < 0)
			return CONN_FAILED;
		c->u.chargen.offset = (uint32_t)((offset + (uint64_t)n) % CHARGEN_PERIOD);
	}
	return CONN_AGAIN;
}

/* RFC 864: a datagram of 0 to 512 characters, at random; here whole lines, and at least one. */
int small_chargen_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	const uint8_t *pattern = chargen(h);
	uint32_t first, lines;
	size_t size;

	(void)in, (void)len;
	h->random = h->random * 6364136223846793005u + 1442695040888963407u;
	first = (uint32_t)(h->random >> 33) % CHARGEN_CHARS;
	lines = 1 + (uint32_t)(h->random >> 48) % CHARGEN_LINES_MAX;
	size = lines * CHARGEN_LINE;
	if (!pattern || size > cap)
		return -1;
	memcpy(out, pattern + first * CHARGEN_LINE, size);
	return (int)size;
}
