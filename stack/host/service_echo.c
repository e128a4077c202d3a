/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * echo (RFC 862): what comes goes back; a line or datagram that says monkey or monkeys is
 * followed, or over UDP answered, by a drawing. Called through the table in service.c.
 *
 * What was read is sent from the host's one chunk; only when the peer stops taking it is the
 * rest copied aside, and nothing more is read until it is gone. So an idle connection costs its
 * struct and a stuck one at most SERVICE_CHUNK bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/service.h"

/* Sends what can be sent. 0: all of it; else -EAGAIN or the error. */
static int push(struct host *h, struct conn *c)
{
	struct echo *e = &c->u.echo;

	for (;;) {
		const uint8_t *from = e->bytes ? e->bytes + e->pos : NULL;
		size_t len = e->part_end - e->pos;
		bool art = len == 0;
		int64_t n;

		if (art) {
			from = e->art.text ? (const uint8_t *)e->art.text + e->art_pos : NULL;
			len = e->art.len - e->art_pos;
		}
		if (len == 0) {
			if (e->pos == e->len)
				return 0;
			e->art_pos = 0;
			e->part_end = e->pos + (uint32_t)monkey_read(&e->monkey, e->bytes + e->pos,
								     e->len - e->pos, &e->art);
			continue;
		}
		n = ph_send(h->st, c->app.socket, from, len, PH_MSG_NOSIGNAL, h->now_ns);
		if (n < 0)
			return (int)n;
		if (art)
			e->art_pos += (uint32_t)n;
		else
			e->pos += (uint32_t)n;
	}
}

/* Keeps what is left in the chunk, which is about to be someone else's. */
static bool hold(struct echo *e)
{
	uint32_t left = e->len - e->pos;

	if (e->held || left == 0)
		return true;
	e->held = malloc(left);
	if (!e->held)
		return false;
	memcpy(e->held, e->bytes + e->pos, left);
	e->bytes = e->held;
	e->part_end -= e->pos;
	e->len = left;
	e->pos = 0;
	return true;
}

void echo_release(struct host *h, struct conn *c)
{
	(void)h;
	free(c->u.echo.held);
	c->u.echo.held = NULL;
}

enum verdict echo_ready(struct host *h, struct conn *c)
{
	struct echo *e = &c->u.echo;

	if (!e->begun) {
		e->begun = true;
		monkey_init(&e->monkey);
	}
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		int rc = push(h, c);
		int64_t n;

		if (rc == -EAGAIN)
			return hold(e) ? CONN_WAIT : CONN_FAILED;
		if (rc < 0)
			return CONN_FAILED;
		echo_release(h, c);
		if (e->eof)
			return CONN_CLOSE;
		n = ph_recv(h->st, c->app.socket, h->chunk, SERVICE_CHUNK, 0, h->now_ns);
		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n < 0)
			return CONN_FAILED;
		e->bytes = h->chunk;
		e->pos = e->part_end = e->art_pos = 0;
		e->len = (uint32_t)n;
		e->art = (struct monkey_art){ NULL, 0 };
		if (n == 0) {
			e->eof = true;
			e->art = monkey_end(&e->monkey);
		}
	}
	if (push(h, c) == 0 && !e->eof)
		return CONN_AGAIN;
	return hold(e) ? CONN_AGAIN : CONN_FAILED;
}

int echo_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	struct monkey_art art = monkey_datagram(in, len);

	(void)h;
	if (art.text) {
		in = (const uint8_t *)art.text;
		len = art.len;
	}
	if (len > cap)
		return -1;
	memcpy(out, in, len);
	return (int)len;
}
