/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink and source, the two ends of a transfer that can be checked: the source sends the test
 * pattern of pattern.h, the sink prints how much came and its fingerprint. Called through the
 * table in service.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "host/options.h"
#include "host/pattern.h"
#include "host/service.h"

static enum verdict sink_done(const struct conn *c)
{
	if (c->serve->has_arg)
		printf("sink %" PRIu64 " bytes\n", c->u.sink.received);
	else
		printf("sink %" PRIu64 " bytes fnv64 %016" PRIx64 "\n", c->u.sink.received,
		       c->u.sink.hash.h);
	(void)fflush(stdout);
	return CONN_CLOSE;
}

enum verdict bulk_sink_ready(struct host *h, struct conn *c)
{
	if (c->u.sink.received == 0)
		fnv_init(&c->u.sink.hash);
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		int64_t n = ph_recv(h->st, c->app.socket, h->chunk, SERVICE_CHUNK, 0, h->now_ns);

		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n < 0)
			return CONN_FAILED;
		if (n == 0)
			return sink_done(c);
		c->u.sink.received += (uint64_t)n;
		if (!c->serve->has_arg)
			fnv_add(&c->u.sink.hash, h->chunk, (size_t)n);
	}
	return CONN_AGAIN;
}

/* Throws away what the peer sends. CONN_WAIT: nothing more for now; CONN_CLOSE: it has finished. */
static enum verdict drain(struct host *h, struct conn *c)
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

/* With a length: sends that much, then closes. Without: sends until the peer closes. */
enum verdict bulk_source_ready(struct host *h, struct conn *c)
{
	uint64_t *offset = &c->u.source.offset;
	bool bounded = c->serve->has_arg;
	enum verdict peer = drain(h, c);

	if (peer == CONN_FAILED || (peer == CONN_CLOSE && !bounded))
		return peer;
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		size_t want = SERVICE_CHUNK;
		const uint8_t *bytes;
		int64_t n;

		if (bounded && c->serve->arg - *offset < want)
			want = (size_t)(c->serve->arg - *offset);
		if (want == 0)
			return CONN_CLOSE;
		bytes = pattern_bytes(h->pattern, *offset, want, &want);
		n = ph_send(h->st, c->app.socket, bytes, want, PH_MSG_NOSIGNAL, h->now_ns);
		if (n == -EAGAIN)
			return peer == CONN_AGAIN ? CONN_AGAIN : CONN_WAIT;
		if (n < 0)
			return CONN_FAILED;
		*offset += (uint64_t)n;
	}
	return CONN_AGAIN;
}
