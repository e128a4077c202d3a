/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services, asked by a second stack in the same process: no device, no clock, no waiting. And
 * their parts that need no stack: the pattern, the fingerprint, the words of the echo service.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/list.h"
#include "host/fnv.h"
#include "host/host.h"
#include "host/monkey.h"
#include "host/options.h"
#include "host/pattern.h"
#include "host/service.h"
#include "model.h"

/* ---- parts -------------------------------------------------------------------------------- */

static void test_the_pattern_is_the_top_byte_of_the_product(void **state)
{
	struct pattern *pattern = pattern_new();
	static const uint64_t offsets[] = { 0,	    1,	    63,		64,	    65535,
					    262143, 262144, 4294967295, 4294967296, 5000000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		size_t len;
		const uint8_t *p = pattern_bytes(pattern, offsets[i], 1000, &len);

		assert_in_range(len, 1, 1000);
		for (size_t k = 0; k < len; k++)
			assert_int_equal(
				p[k], (uint8_t)((uint32_t)((offsets[i] + k) * 2654435761u) >> 24));
	}
	free(pattern);
}

static void test_the_fingerprint_is_fnv1a(void **state)
{
	struct fnv whole, parts;

	(void)state;
	fnv_init(&whole);
	assert_true(whole.h == 0xcbf29ce484222325u); /* of nothing */
	fnv_add(&whole, "foobar", 6);
	assert_true(whole.h == 0x85944171f73967e8u); /* as published with the algorithm */
	fnv_init(&parts);
	fnv_add(&parts, "foo", 3);
	fnv_add(&parts, "bar", 3);
	assert_true(parts.h == whole.h);
}

/* How many drawings a stream gets when it comes in pieces of `piece` bytes. */
static int drawings(const char *stream, size_t piece)
{
	size_t len = strlen(stream);
	struct monkey m;
	int n = 0;

	monkey_init(&m);
	for (size_t at = 0; at < len;) {
		size_t part = piece < len - at ? piece : len - at;
		struct monkey_art art;
		size_t used = monkey_read(&m, (const uint8_t *)stream + at, part, &art);

		assert_true(used > 0 && used <= part);
		assert_true(art.text || used == part);
		n += art.text != NULL;
		at += used;
	}
	return n + (monkey_end(&m).text != NULL);
}

static void test_a_monkey_is_a_line_by_itself_in_any_pieces(void **state)
{
	static const struct {
		const char *stream;
		int drawings;
	} rows[] = { { "monkey\n", 1 },
		     { "monkeys\n", 1 },
		     { "monkey\r\n", 1 },
		     { "monkey", 1 },
		     { "monkeys", 1 },
		     { "monkey\nmonkeys\nmonkey\n", 3 },
		     { "x\nmonkey\n", 1 },
		     { "a monkey\n", 0 },
		     { "monkey business\n", 0 },
		     { "monkeyss\n", 0 },
		     { "Monkey\n", 0 },
		     { "monke\n", 0 },
		     { "monkey \n", 0 },
		     { "monkey\r\r\n", 0 },
		     { "\n\n\n", 0 },
		     { "monk\nmonkey\nx", 1 },
		     { "", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t piece = 1; piece < 24; piece++) {
			int n = drawings(rows[i].stream, piece);

			if (n != rows[i].drawings)
				fail_msg("\"%s\" in pieces of %zu: %d drawings", rows[i].stream,
					 piece, n);
		}
	}
}

static void test_drawings_are_larger_than_a_segment_and_differ(void **state)
{
	struct monkey_art one = monkey_datagram((const uint8_t *)"monkey\n", 7);
	struct monkey_art many = monkey_datagram((const uint8_t *)"monkeys", 7);

	(void)state;
	assert_true(one.len > 1460 && many.len > 1460);
	assert_string_not_equal(one.text, many.text);
	assert_null(monkey_datagram((const uint8_t *)"monkey\nmonkey\n", 14).text);
	assert_null(monkey_datagram((const uint8_t *)"monke", 5).text);
	assert_null(monkey_datagram((const uint8_t *)"", 0).text);
}

/* ---- two stacks and no wire --------------------------------------------------------------- */

enum { ANSWER_MAX = 4 << 20 };

struct world {
	struct options opt;
	struct host host; /* the services' */
	struct ph_stack *peer;
	ph_link peer_link;
	ph_socket s; /* the peer's */
	uint8_t *got;
	size_t len;
	bool eof;
};

static struct ph_stack *new_stack(uint8_t last, ph_link *link)
{
	struct ph_conf conf = { .alloc = model_alloc, .release = model_release, .key = { last } };
	struct ph_link_conf lc = { .name = "test0",
				   .kind = PH_LINK_ETHER,
				   .mac = { 2, 0, 0, 0, 0, last } };
	struct ph_ip ip = ph_ip4(10, 0, 0, last);
	struct ph_stack *st = ph_stack_new(&conf);

	assert_non_null(st);
	*link = ph_link_add(st, &lc, 0);
	assert_true(*link > 0);
	assert_int_equal(ph_addr_add(st, *link, &ip, 24, 0), 0);
	return st;
}

static void serve(struct options *o, const char *name, uint16_t port, bool has_arg, uint64_t arg)
{
	const struct service *s = service_find(name, strlen(name));
	struct opt_serve *row = &o->serves[o->nserves++];

	assert_non_null(s);
	*row = (struct opt_serve){ .service = s,
				   .tcp = s->ready != NULL,
				   .udp = s->datagram != NULL,
				   .port = port,
				   .has_arg = has_arg,
				   .arg = arg,
				   .text = name };
}

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	struct host *h = &w->host;
	char err[256];

	serve(&w->opt, "echo", 7, false, 0);
	serve(&w->opt, "discard", 9, false, 0);
	serve(&w->opt, "daytime", 13, false, 0);
	serve(&w->opt, "chargen", 19, false, 0);
	serve(&w->opt, "sink", 5001, false, 0);
	serve(&w->opt, "source", 5002, true, 1000000);
	serve(&w->opt, "source", 5003, false, 0);
	serve(&w->opt, "http", 80, false, 0);
	h->opt = &w->opt;
	h->wall_ns = UINT64_C(383247463) * 1000000000; /* 22 February 1982, 17:37:43 */
	h->st = new_stack(2, &h->link);
	h->chunk = test_malloc(2 * SERVICE_CHUNK);
	h->pattern = pattern_new();
	assert_non_null(h->pattern);
	list_init(&h->apps);
	list_init(&h->again);
	if (services_open(h, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	w->peer = new_stack(1, &w->peer_link);
	w->s = -1;
	w->got = test_malloc(ANSWER_MAX);
	*state = w;
	return 0;
}

/* Each end closes what it holds; then nothing may be left in either stack. */
static int teardown(void **state)
{
	struct world *w = *state;
	struct host *h = &w->host;

	services_close(h);
	assert_true(list_empty(&h->apps));
	ph_stack_free(h->st);
	ph_stack_free(w->peer);
	free(h->chargen);
	test_free(h->chunk);
	free(h->pattern);
	test_free(w->got);
	test_free(w);
	return 0;
}

/* Carries frames one way; how many. */
static int carry(struct ph_stack *from, ph_link out, struct ph_stack *to, ph_link in,
		 uint64_t now_ns)
{
	uint8_t frame[2000];
	int n = 0;
	int len;

	while ((len = ph_link_output_bytes(from, out, frame, sizeof(frame), now_ns)) != 0) {
		assert_true(len > 0);
		assert_int_equal(ph_link_input_bytes(to, in, frame, (size_t)len, NULL, now_ns), 0);
		n++;
	}
	return n;
}

/* Bytes that are not all alike; the generator is not the one under test. */
static void fill(uint8_t *out, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		out[i] = (uint8_t)(x >> 24);
	}
}

static int peer_reads(struct world *w)
{
	int n = 0;

	while (w->s >= 0 && !w->eof && w->len < ANSWER_MAX) {
		int64_t len = ph_recv(w->peer, w->s, w->got + w->len, ANSWER_MAX - w->len, 0,
				      w->host.now_ns);

		if (len == -EAGAIN)
			break;
		assert_true(len >= 0);
		w->eof = len == 0;
		w->len += (size_t)len;
		n++;
	}
	return n;
}

/* Until nothing moves, or the peer has `enough` bytes; timers fire when all else is done. */
static void run(struct world *w, size_t enough, bool reading)
{
	struct host *h = &w->host;
	uint64_t end = h->now_ns + UINT64_C(3000000000);

	while (w->len < enough) {
		uint64_t next, other;
		int moved = carry(w->peer, w->peer_link, h->st, h->link, h->now_ns);

		ph_stack_run(h->st, h->now_ns);
		moved += host_serve(h);
		moved += carry(h->st, h->link, w->peer, w->peer_link, h->now_ns);
		ph_stack_run(w->peer, h->now_ns);
		moved += reading ? peer_reads(w) : 0;
		if (moved)
			continue;
		next = ph_stack_deadline(h->st);
		other = ph_stack_deadline(w->peer);
		next = other < next ? other : next;
		if (next > end)
			return;
		h->now_ns = next > h->now_ns ? next : h->now_ns;
	}
}

static void open_socket(struct world *w, int type, uint16_t port)
{
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = port, .ip = ph_ip4(10, 0, 0, 2) };
	int rc;

	w->s = ph_socket_new(w->peer, PH_AF_INET, type, 0, w->host.now_ns);
	assert_true(w->s >= 0);
	rc = ph_connect(w->peer, w->s, &to, w->host.now_ns);
	assert_int_equal(rc, type == PH_SOCK_STREAM ? -EINPROGRESS : 0);
	run(w, 1, true);
}

static void say(struct world *w, const void *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		int64_t n = ph_send(w->peer, w->s, (const char *)bytes + sent, len - sent, 0,
				    w->host.now_ns);

		assert_true(n > 0 || n == -EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		run(w, n > 0 ? 0 : SIZE_MAX, true);
	}
}

static void hang_up(struct world *w)
{
	assert_int_equal(ph_shutdown(w->peer, w->s, PH_SHUT_WR, w->host.now_ns), 0);
	run(w, SIZE_MAX, true);
}

/* No connection may be left at the host but TIME-WAIT. */
static void assert_closed(struct world *w)
{
	struct ph_usage u;

	assert_true(w->eof);
	assert_int_equal(ph_close(w->peer, w->s, w->host.now_ns), 0);
	w->s = -1;
	run(w, SIZE_MAX, false);
	ph_stack_usage(w->host.st, &u);
	assert_int_equal(u.connections, 8); /* the listeners */
}

static void test_echo_returns_what_comes_and_closes_after_the_peer(void **state)
{
	struct world *w = *state;
	uint8_t *sent = test_malloc(1 << 20);

	fill(sent, 1 << 20);
	open_socket(w, PH_SOCK_STREAM, 7);
	say(w, sent, 1 << 20);
	run(w, 1 << 20, true);
	assert_false(w->eof);
	hang_up(w);
	assert_int_equal(w->len, 1 << 20);
	assert_memory_equal(w->got, sent, 1 << 20);
	assert_closed(w);
	test_free(sent);
}

static void test_echo_holds_a_bounded_amount_for_a_peer_that_does_not_read(void **state)
{
	struct world *w = *state;
	uint8_t *sent = test_malloc(8 << 20);
	size_t len = 0;

	fill(sent, 8 << 20);
	open_socket(w, PH_SOCK_STREAM, 7);
	while (len < 8 << 20) {
		int64_t n = ph_send(w->peer, w->s, sent + len, (8 << 20) - len, 0, w->host.now_ns);

		if (n == -EAGAIN) {
			size_t before = len;

			run(w, SIZE_MAX, false);
			n = ph_send(w->peer, w->s, sent + len, (8 << 20) - len, 0, w->host.now_ns);
			if (n == -EAGAIN && before == len)
				break;
		}
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_true(len < 8 << 20); /* back-pressure reached the sender */
	run(w, len < ANSWER_MAX ? len : ANSWER_MAX, true);
	assert_memory_equal(w->got, sent, w->len);
	assert_true(w->len == len || w->len == ANSWER_MAX);
	test_free(sent);
}

static void test_echo_draws_behind_the_word(void **state)
{
	struct world *w = *state;
	struct monkey_art art = monkey_datagram((const uint8_t *)"monkey", 6);

	open_socket(w, PH_SOCK_STREAM, 7);
	say(w, "monkey\nmore\nmonkey", 18);
	hang_up(w);
	assert_int_equal(w->len, 18 + 2 * art.len);
	assert_memory_equal(w->got, "monkey\n", 7);
	assert_memory_equal(w->got + 7, art.text, art.len);
	assert_memory_equal(w->got + 7 + art.len, "more\nmonkey", 11);
	assert_memory_equal(w->got + 18 + art.len, art.text, art.len);
	assert_closed(w);
}

static void test_a_datagram_comes_back_or_becomes_a_drawing(void **state)
{
	struct world *w = *state;
	struct monkey_art art = monkey_datagram((const uint8_t *)"monkeys", 7);

	open_socket(w, PH_SOCK_DGRAM, 7);
	say(w, "hello", 5);
	run(w, 5, true);
	assert_int_equal(w->len, 5);
	assert_memory_equal(w->got, "hello", 5);
	w->len = 0;
	say(w, "monkeys\n", 8);
	run(w, art.len, true);
	assert_int_equal(w->len, art.len);
	assert_memory_equal(w->got, art.text, art.len);
}

static void test_services_do_not_answer_each_other(void **state)
{
	static const uint16_t ports[] = { 7, 13, 17, 19, 37 };
	struct ph_sockaddr from = { .family = PH_AF_INET, .ip = ph_ip4(10, 0, 0, 1) };
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 7, .ip = ph_ip4(10, 0, 0, 2) };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		from.port = ports[i];
		w->s = ph_socket_new(w->peer, PH_AF_INET, PH_SOCK_DGRAM, 0, 0);
		assert_int_equal(ph_bind(w->peer, w->s, &from, 0), 0);
		assert_int_equal(ph_connect(w->peer, w->s, &to, 0), 0);
		say(w, "hello", 5);
		run(w, 1, true);
		assert_int_equal(w->len, 0);
		assert_int_equal(ph_close(w->peer, w->s, 0), 0);
	}
}

struct counted {
	struct app app;
	int calls, wanted;
};

static void counted_ready(struct host *h, struct app *app, uint32_t events)
{
	struct counted *c = container_of(app, struct counted, app);

	(void)events;
	if (++c->calls < c->wanted) {
		host_again(h, app);
		host_again(h, app); /* asking twice is asking once */
	}
}

static void test_an_app_is_called_again_each_turn_that_it_asks_for(void **state)
{
	struct world *w = *state;
	struct host *h = &w->host;
	struct counted c = { .wanted = 3 };

	host_add_app(h, &c.app, ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, 0),
		     counted_ready);
	(void)host_serve(h); /* a new socket may have news of its own */
	c.calls = 0;
	host_again(h, &c.app);
	assert_true(host_serve(h));
	assert_true(host_serve(h));
	assert_false(host_serve(h));
	assert_int_equal(c.calls, 3);
	assert_false(host_serve(h));
	assert_int_equal(c.calls, 3);
	host_again(h, &c.app);
	host_close_app(h, &c.app);
	assert_false(host_serve(h));
	assert_int_equal(c.calls, 3);
}

static void test_discard_takes_all_and_says_nothing(void **state)
{
	struct world *w = *state;
	static const uint8_t zeros[300000];

	open_socket(w, PH_SOCK_STREAM, 9);
	say(w, zeros, sizeof(zeros));
	hang_up(w);
	assert_int_equal(w->len, 0);
	assert_closed(w);
}

static void test_daytime_tells_the_time_and_closes(void **state)
{
	static const char time[] = "Monday, February 22, 1982 17:37:43-UTC\r\n";
	struct world *w = *state;

	open_socket(w, PH_SOCK_STREAM, 13);
	run(w, SIZE_MAX, true);
	assert_int_equal(w->len, sizeof(time) - 1);
	assert_memory_equal(w->got, time, sizeof(time) - 1);
	assert_closed(w);
}

static void test_chargen_shifts_each_line_by_one_until_the_peer_closes(void **state)
{
	struct world *w = *state;

	open_socket(w, PH_SOCK_STREAM, 19);
	run(w, 1 << 20, true);
	for (size_t i = 0; i < 1 << 20; i++) {
		size_t line = i / 74, column = i % 74;
		uint8_t want = column < 72    ? (uint8_t)(32 + (line + column) % 95)
			       : column == 72 ? '\r'
					      : '\n';

		assert_int_equal(w->got[i], want);
	}
	w->len = 0;
	assert_int_equal(ph_shutdown(w->peer, w->s, PH_SHUT_WR, w->host.now_ns), 0);
	for (int i = 0; i < 100 && !w->eof; i++) {
		w->len = 0;
		run(w, ANSWER_MAX, true);
	}
	assert_closed(w);
}

static void test_chargen_answers_a_datagram_with_whole_lines(void **state)
{
	struct world *w = *state;

	open_socket(w, PH_SOCK_DGRAM, 19);
	for (int i = 0; i < 50; i++) {
		w->len = 0;
		say(w, "x", 1);
		run(w, 1, true);
		assert_in_range(w->len, 74, 512);
		assert_int_equal(w->len % 74, 0);
		assert_memory_equal(w->got + 72, "\r\n", 2);
	}
}

static void test_source_sends_its_length_of_the_pattern(void **state)
{
	struct world *w = *state;

	open_socket(w, PH_SOCK_STREAM, 5002);
	run(w, SIZE_MAX, true);
	assert_int_equal(w->len, 1000000);
	for (size_t i = 0; i < w->len; i++)
		assert_int_equal(w->got[i], (uint8_t)((uint32_t)(i * 2654435761u) >> 24));
	assert_closed(w);
}

static void test_source_without_a_length_ends_with_the_peer(void **state)
{
	struct world *w = *state;

	open_socket(w, PH_SOCK_STREAM, 5003);
	run(w, 2 << 20, true);
	assert_true(w->len >= 2 << 20);
	assert_int_equal(ph_shutdown(w->peer, w->s, PH_SHUT_WR, w->host.now_ns), 0);
	for (int i = 0; i < 100 && !w->eof; i++) {
		w->len = 0;
		run(w, ANSWER_MAX, true);
	}
	assert_closed(w);
}

static void test_who_has_had_his_share_of_a_turn_goes_on_in_the_next(void **state)
{
	struct world *w = *state;

	/* A buffer that is never full: only the share of a turn stops the source. */
	assert_int_equal(ph_sysctl_set(w->host.st, "net.ipv4.tcp_wmem", "4096 8388608 8388608"), 0);
	open_socket(w, PH_SOCK_STREAM, 5003);
	run(w, 3 << 20, true);
	assert_true(w->len >= 3 << 20);
}

static void test_datagrams_beyond_the_share_of_a_turn_are_answered_too(void **state)
{
	enum { DATAGRAMS = 4 * SERVICE_ROUNDS + 10 };
	struct world *w = *state;

	open_socket(w, PH_SOCK_DGRAM, 7);
	say(w, "0", 1); /* the neighbour is known from here on */
	run(w, 1, true);
	w->len = 0;
	for (int i = 0; i < DATAGRAMS; i++)
		assert_int_equal(ph_send(w->peer, w->s, "x", 1, 0, w->host.now_ns), 1);
	run(w, DATAGRAMS, true);
	assert_int_equal(w->len, DATAGRAMS);
}

static void test_daytime_does_not_reset_a_peer_who_spoke(void **state)
{
	struct world *w = *state;
	struct host *h = &w->host;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 13, .ip = ph_ip4(10, 0, 0, 2) };
	int64_t n = -EAGAIN;

	w->s = ph_socket_new(w->peer, PH_AF_INET, PH_SOCK_STREAM, 0, h->now_ns);
	assert_int_equal(ph_connect(w->peer, w->s, &to, h->now_ns), -EINPROGRESS);
	/* ARP and the handshake, with the words in the same moment as its last ACK. */
	for (int i = 0; i < 10 && n == -EAGAIN; i++) {
		(void)carry(w->peer, w->peer_link, h->st, h->link, h->now_ns);
		(void)carry(h->st, h->link, w->peer, w->peer_link, h->now_ns);
		n = ph_send(w->peer, w->s, "what time is it?", 16, 0, h->now_ns);
	}
	assert_int_equal(n, 16);
	run(w, SIZE_MAX, true);
	assert_true(w->len > 30);
	assert_closed(w); /* the end of the stream, not a reset */
}

static void test_sink_prints_count_and_fingerprint(void **state)
{
	struct world *w = *state;
	uint8_t *sent = test_malloc(100000);
	char want[128], got[128] = "";
	struct fnv hash;
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);

	assert_non_null(file);
	fill(sent, 100000);
	fnv_init(&hash);
	fnv_add(&hash, sent, 100000);
	open_socket(w, PH_SOCK_STREAM, 5001);
	say(w, sent, 100000);
	(void)fflush(stdout);
	assert_int_equal(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	hang_up(w);
	(void)fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	close(saved);
	rewind(file);
	assert_non_null(fgets(got, sizeof(got), file));
	fclose(file);
	snprintf(want, sizeof(want), "sink 100000 bytes fnv64 %016llx\n",
		 (unsigned long long)hash.h);
	assert_string_equal(got, want);
	assert_closed(w);
	test_free(sent);
}

/* ---- http --------------------------------------------------------------------------------- */

struct http_row {
	const char *name, *request, *status;
};

static const struct http_row http_rows[] = {
	{ "GET is answered with the page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200" },
	{ "any path is the page", "GET /a/b?c HTTP/1.0\r\n\r\n", "200" },
	{ "bare line feeds are taken", "GET / HTTP/1.1\nHost: x\n\n", "200" },
	{ "HEAD has no body", "HEAD / HTTP/1.1\r\n\r\n", "200" },
	{ "POST is not allowed", "POST / HTTP/1.1\r\n\r\n", "405" },
	{ "methods are case sensitive", "get / HTTP/1.1\r\n\r\n", "405" },
	{ "a request without version is refused", "GET /\r\n\r\n", "400" },
	{ "a request without target is refused", "GET  HTTP/1.1\r\n\r\n", "400" },
	{ "another protocol is refused", "GET / SPDY/1.1\r\n\r\n", "400" },
	{ "an empty request is refused", "\r\n\r\n", "400" },
};

static void test_http(void **state)
{
	const struct http_row *row = *state;
	struct world *w;
	const char *body, *length;

	*state = NULL;
	setup(state);
	w = *state;
	open_socket(w, PH_SOCK_STREAM, 80);
	for (const char *p = row->request; *p; p++)
		say(w, p, 1); /* a byte a segment: requests come in pieces */
	run(w, SIZE_MAX, true);
	w->got[w->len] = '\0';
	assert_memory_equal(w->got, "HTTP/1.1 ", 9);
	assert_memory_equal(w->got + 9, row->status, 3);
	body = strstr((char *)w->got, "\r\n\r\n") + 4;
	length = strstr((char *)w->got, "Content-Length: ");
	assert_non_null(length);
	assert_int_equal(strlen(body), strncmp(row->request, "HEAD", 4) ? atoi(length + 16) : 0);
	assert_closed(w);
	teardown(state);
}

static void test_an_endless_request_is_ended(void **state)
{
	struct world *w = *state;
	char line[100];

	memset(line, 'a', sizeof(line));
	open_socket(w, PH_SOCK_STREAM, 80);
	for (size_t i = 0; i < HTTP_REQUEST_MAX; i += sizeof(line))
		say(w, line, sizeof(line));
	run(w, SIZE_MAX, true);
	assert_memory_equal(w->got, "HTTP/1.1 431", 12);
}

static void test_a_thousand_connections_are_served_at_once(void **state)
{
	struct world *w = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 7, .ip = ph_ip4(10, 0, 0, 2) };
	static ph_socket s[1000];

	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = ph_socket_new(w->peer, PH_AF_INET, PH_SOCK_STREAM, 0, w->host.now_ns);
		assert_int_equal(ph_connect(w->peer, s[i], &to, w->host.now_ns), -EINPROGRESS);
	}
	run(w, SIZE_MAX, false);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		uint16_t word = (uint16_t)i;

		assert_int_equal(ph_send(w->peer, s[i], &word, 2, 0, w->host.now_ns), 2);
	}
	run(w, SIZE_MAX, false);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		uint16_t word = 0xffff;

		assert_int_equal(ph_recv(w->peer, s[i], &word, 2, 0, w->host.now_ns), 2);
		assert_int_equal(word, i);
		assert_int_equal(ph_close(w->peer, s[i], w->host.now_ns), 0);
	}
	run(w, SIZE_MAX, false);
	w->eof = true;
	w->s = ph_socket_new(w->peer, PH_AF_INET, PH_SOCK_STREAM, 0, w->host.now_ns);
	assert_closed(w);
}

#define WITH_STACKS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static const struct CMUnitTest whole[] = {
	cmocka_unit_test(test_the_pattern_is_the_top_byte_of_the_product),
	cmocka_unit_test(test_the_fingerprint_is_fnv1a),
	cmocka_unit_test(test_a_monkey_is_a_line_by_itself_in_any_pieces),
	cmocka_unit_test(test_drawings_are_larger_than_a_segment_and_differ),
	WITH_STACKS(test_echo_returns_what_comes_and_closes_after_the_peer),
	WITH_STACKS(test_echo_holds_a_bounded_amount_for_a_peer_that_does_not_read),
	WITH_STACKS(test_echo_draws_behind_the_word),
	WITH_STACKS(test_a_datagram_comes_back_or_becomes_a_drawing),
	WITH_STACKS(test_services_do_not_answer_each_other),
	WITH_STACKS(test_an_app_is_called_again_each_turn_that_it_asks_for),
	WITH_STACKS(test_discard_takes_all_and_says_nothing),
	WITH_STACKS(test_daytime_tells_the_time_and_closes),
	WITH_STACKS(test_chargen_shifts_each_line_by_one_until_the_peer_closes),
	WITH_STACKS(test_chargen_answers_a_datagram_with_whole_lines),
	WITH_STACKS(test_source_sends_its_length_of_the_pattern),
	WITH_STACKS(test_source_without_a_length_ends_with_the_peer),
	WITH_STACKS(test_who_has_had_his_share_of_a_turn_goes_on_in_the_next),
	WITH_STACKS(test_datagrams_beyond_the_share_of_a_turn_are_answered_too),
	WITH_STACKS(test_daytime_does_not_reset_a_peer_who_spoke),
	WITH_STACKS(test_sink_prints_count_and_fingerprint),
	WITH_STACKS(test_an_endless_request_is_ended),
	WITH_STACKS(test_a_thousand_connections_are_served_at_once),
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(whole) + ARRAY_LEN(http_rows)];
	size_t n = ARRAY_LEN(whole);

	memcpy(tests, whole, sizeof(whole));
	for (size_t i = 0; i < ARRAY_LEN(http_rows); i++)
		tests[n++] = (struct CMUnitTest){ http_rows[i].name, test_http, NULL, NULL,
						  (void *)(uintptr_t)&http_rows[i] };
	return cmocka_run_group_tests_name("host_service", tests, NULL, NULL);
}
