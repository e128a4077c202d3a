/* SPDX-License-Identifier: BSD-2-Clause */
/* The device protocol on phantom's control socket: each row is a request and what its answer has. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/list.h"
#include "host/control_bytes.h"
#include "host/control_sock.h"
#include "host/options.h"
#include "model.h"

enum { SAID_MAX = 16 };

struct fixture {
	struct host h;
	struct options o;
	struct control_socks *cs;
	char *said[SAID_MAX];
	size_t nsaid;
};

static void hear(void *arg, json_t *take)
{
	struct fixture *f = arg;

	assert_true(f->nsaid < SAID_MAX);
	f->said[f->nsaid++] = json_dumps(take, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(take);
}

static struct fixture *start(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ph_conf conf = { .alloc = model_alloc, .release = model_release, .key = { 1 } };
	struct ph_link_conf lc = { .name = "test0", .kind = PH_LINK_IP };
	struct ph_ip ip = ph_ip4(10, 0, 0, 2);

	assert_non_null(f);
	f->h.opt = &f->o;
	f->h.now_ns = 1000;
	list_init(&f->h.apps);
	list_init(&f->h.again);
	f->h.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	f->h.st = ph_stack_new(&conf);
	assert_non_null(f->h.st);
	f->h.link = ph_link_add(f->h.st, &lc, 0);
	assert_int_equal(ph_addr_add(f->h.st, f->h.link, &ip, 24, 0), 0);
	f->cs = control_socks_new(&f->h, hear, f);
	assert_non_null(f->cs);
	return f;
}

static void stop(struct fixture *f)
{
	struct ph_usage usage;

	control_socks_free(f->cs);
	ph_stack_usage(f->h.st, &usage);
	assert_int_equal(usage.sockets, 0);
	assert_true(list_empty(&f->h.apps));
	ph_stack_free(f->h.st);
	close(f->h.epoll_fd);
	for (size_t i = 0; i < f->nsaid; i++)
		free(f->said[i]);
	free(f);
}

static void ask(struct fixture *f, const char *line)
{
	json_t *request = json_loads(line, 0, NULL);

	assert_non_null(request);
	control_socks_call(f->cs, request);
	json_decref(request);
}

static void expect(struct fixture *f, size_t which, const char *has)
{
	assert_true(f->nsaid > which);
	if (!strstr(f->said[which], has))
		fail_msg("answer %zu is %s, without %s", which, f->said[which], has);
}

#define UDP  "{\"id\":1,\"call\":\"socket\",\"args\":{\"family\":2,\"type\":2}}"
#define TCP  "{\"id\":1,\"call\":\"socket\",\"args\":{\"family\":2,\"type\":1}}"
#define ADDR "\"addr\":{\"family\":2,\"ip\":\"10.0.0.2\",\"port\":53}"

struct row {
	const char *before, *line, *has;
};

static const struct row rows[] = {
	{ NULL, UDP, "\"id\":1,\"out\":{},\"result\":0,\"started_ns\":1000}" },
	{ UDP, "{\"id\":2,\"call\":\"bind\",\"args\":{\"fd\":0," ADDR "}}", "\"result\":0" },
	{ UDP, "{\"id\":2,\"call\":\"bind\",\"args\":{\"fd\":1," ADDR "}}", "\"errno\":\"EBADF\"" },
	{ UDP, "{\"id\":2,\"call\":\"bind\",\"args\":{\"fd\":0}}", "\"addr\\\" must be" },
	{ UDP, "{\"id\":2,\"call\":\"recv\",\"args\":{\"fd\":0,\"len\":1,\"flags\":64}}",
	  "\"errno\":\"EAGAIN\"" },
	{ UDP, "{\"id\":2,\"call\":\"recv\",\"args\":{\"fd\":0,\"len\":-1}}", "\"len\\\" must be" },
	{ UDP, "{\"id\":2,\"call\":\"recv\",\"args\":{\"fd\":0,\"len\":1}}",
	  "{\"id\":2,\"pending\":true}" },
	{ UDP, "{\"id\":2,\"call\":\"send\",\"args\":{\"fd\":0,\"bytes\":\"A\"}}",
	  "\"bytes\\\" must be" },
	{ UDP, "{\"id\":2,\"call\":\"fcntl\",\"args\":{\"fd\":0,\"cmd\":3}}", "\"result\":2," },
	{ UDP, "{\"id\":2,\"call\":\"ioctl\",\"args\":{\"fd\":0,\"request\":21531}}",
	  "\"out\":{\"value\":0},\"result\":0" },
	{ UDP, "{\"id\":2,\"call\":\"getsockopt\",\"args\":{\"fd\":0,\"level\":1,\"name\":3,\"len\":4}}",
	  "\"bytes\":\"AgAAAA==\"" },
	{ TCP,
	  "{\"id\":2,\"call\":\"setsockopt\",\"args\":{\"fd\":0,\"level\":6,\"name\":1,\"bytes\":"
	  "{\"int\":1}}}",
	  "\"result\":0" },
	{ TCP, "{\"id\":2,\"call\":\"listen\",\"args\":{\"fd\":0,\"backlog\":1}}", "\"result\":0" },
	{ TCP, "{\"id\":2,\"call\":\"accept\",\"args\":{\"fd\":0}}", "\"errno\":\"EINVAL\"" },
	{ TCP, "{\"id\":2,\"call\":\"getpeername\",\"args\":{\"fd\":0}}",
	  "\"errno\":\"ENOTCONN\"" },
	{ TCP, "{\"id\":2,\"call\":\"ioctl\",\"args\":{\"fd\":0,\"request\":35147}}",
	  "\"out\":{\"value\":0},\"result\":0" },
	{ TCP, "{\"id\":2,\"call\":\"ioctl\",\"args\":{\"fd\":0,\"request\":35077}}",
	  "\"out\":{\"value\":0},\"result\":0" },
	{ TCP, "{\"id\":2,\"call\":\"ioctl\",\"args\":{\"fd\":0,\"request\":21521}}",
	  "\"out\":{\"value\":0},\"result\":0" },
	{ UDP, "{\"id\":2,\"call\":\"ioctl\",\"args\":{\"fd\":0,\"request\":35147}}",
	  "\"errno\":\"ENOTTY\"" },
	{ UDP, "{\"id\":2,\"call\":\"poll\",\"args\":{\"fds\":[{\"fd\":0,\"events\":5}]}}",
	  "\"out\":{\"revents\":[4]},\"result\":1" },
	{ UDP, "{\"id\":2,\"call\":\"poll\",\"args\":{\"fds\":[{\"fd\":9,\"events\":5}]}}",
	  "\"out\":{\"revents\":[32]},\"result\":1" },
	{ UDP, "{\"id\":2,\"call\":\"poll\",\"args\":{\"fds\":[{\"fd\":0,\"events\":1}]}}",
	  "\"out\":{\"revents\":[0]},\"result\":0" },
	{ UDP,
	  "{\"id\":2,\"call\":\"poll\",\"args\":{\"timeout_ms\":9,\"fds\":[{\"fd\":0,\"events\":1}]}}",
	  "{\"id\":2,\"pending\":true}" },
	{ NULL, "{\"id\":2,\"call\":\"poll\",\"args\":{}}", "\"fds\\\" must be" },
	{ NULL, "{\"id\":2,\"call\":\"sysctl\",\"args\":{\"name\":\"net.ipv4.tcp_sack\"}}",
	  "\"out\":{\"value\":\"1\"}" },
	{ NULL,
	  "{\"id\":2,\"call\":\"sysctl\",\"args\":{\"name\":\"net.ipv4.tcp_sack\",\"value\":\"0\"}}",
	  "\"out\":{\"value\":\"0\"}" },
	{ NULL, "{\"id\":2,\"call\":\"sysctl\",\"args\":{\"name\":\"nix\"}}",
	  "\"errno\":\"ENOENT\"" },
	{ NULL, "{\"id\":2,\"call\":\"counter\",\"args\":{\"name\":\"IpInReceives\"}}",
	  "\"out\":{\"value\":0}" },
	{ NULL, "{\"id\":2,\"call\":\"counter\",\"args\":{\"name\":\"Nix\"}}",
	  "\"errno\":\"ENOENT\"" },
	{ NULL, "{\"id\":2,\"call\":\"shell\",\"args\":{}}", "\"unsupported\":true" },
	{ NULL, "{\"call\":\"socket\"}", "\"id\\\" must be a number" },
};

static void test_answer(void **state)
{
	const struct row *row = *state;
	struct fixture *f = start();

	if (row->before)
		ask(f, row->before);
	ask(f, row->line);
	expect(f, row->before ? 1 : 0, row->has);
	stop(f);
}

static void test_what_waits_is_answered_when_its_socket_closes(void **state)
{
	struct fixture *f = start();

	(void)state;
	ask(f, UDP);
	ask(f, "{\"id\":2,\"call\":\"recv\",\"args\":{\"fd\":0,\"len\":1}}");
	expect(f, 1, "\"pending\":true");
	ask(f, "{\"id\":3,\"call\":\"close\",\"args\":{\"fd\":0}}");
	expect(f, 2, "\"id\":3,\"out\":{},\"result\":0");
	expect(f, 3, "\"errno\":\"EBADF\",\"id\":2");
	stop(f);
}

static void test_what_waits_is_answered_when_a_datagram_comes(void **state)
{
	/* 10.0.0.1:9 to 10.0.0.2:53, "hi", without a checksum of UDP's. */
	uint8_t packet[] = { 0x45, 0,  0,  30, 0, 0, 0, 0, 64, 17, 0x66, 0xcd, 10, 0, 0,
			     1,	   10, 0,  0,  2, 0, 9, 0, 53, 0,  10,	 0,    0,  'h', 'i' };
	struct fixture *f = start();

	(void)state;
	ask(f, UDP);
	ask(f, "{\"id\":2,\"call\":\"bind\",\"args\":{\"fd\":0," ADDR "}}");
	ask(f, "{\"id\":3,\"call\":\"recv\",\"args\":{\"fd\":0,\"len\":9}}");
	expect(f, 2, "\"pending\":true");
	f->h.now_ns = 5000;
	assert_int_equal(ph_link_input_bytes(f->h.st, f->h.link, packet, sizeof(packet), NULL, 5000),
			 0);
	(void)host_serve(&f->h);
	expect(f, 3,
	       "{\"ended_ns\":5000,\"id\":3,\"out\":{\"addr\":{\"family\":2,\"ip\":\"10.0.0.1\","
	       "\"port\":9,\"scope\":0},\"bytes\":\"aGk=\"");
	stop(f);
}

static void test_accept_ends_with_its_listener(void **state)
{
	struct fixture *f = start();

	(void)state;
	ask(f, TCP);
	ask(f, "{\"id\":2,\"call\":\"listen\",\"args\":{\"fd\":0,\"backlog\":1}}");
	ask(f, "{\"id\":3,\"call\":\"accept\",\"args\":{\"fd\":0}}");
	expect(f, 2, "{\"id\":3,\"pending\":true}");
	f->h.now_ns = 5000;
	ask(f, "{\"id\":4,\"call\":\"shutdown\",\"args\":{\"fd\":0,\"how\":0}}");
	expect(f, 3, "\"id\":4,\"out\":{},\"result\":0");
	(void)host_serve(&f->h);
	expect(f, 4, "{\"ended_ns\":5000,\"errno\":\"EINVAL\",\"id\":3");
	stop(f);
}

static void test_bytes_of_every_length_come_back(void **state)
{
	uint8_t bytes[130];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 255);
	for (size_t len = 0; len < sizeof(bytes); len++) {
		json_t *value = control_bytes(bytes, len);
		uint8_t *back;
		size_t n;

		assert_true(control_bytes_of(value, &back, &n));
		assert_int_equal(n, len);
		assert_memory_equal(back, bytes, len);
		free(back);
		json_decref(value);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 4] = {
		cmocka_unit_test(test_what_waits_is_answered_when_its_socket_closes),
		cmocka_unit_test(test_what_waits_is_answered_when_a_datagram_comes),
		cmocka_unit_test(test_accept_ends_with_its_listener),
		cmocka_unit_test(test_bytes_of_every_length_come_back),
	};
	size_t n = 4;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest){ rows[i].line, test_answer, NULL, NULL,
						  (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("host_control_sock", tests, NULL, NULL);
}
