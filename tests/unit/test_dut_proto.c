/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device protocol: calls survive the way through a line, and the kernel's agent answers as
 * docs/dut-protocol.md says, with calls that wait beside others.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "harness/dut/agent.h"
#include "harness/dut/proto.h"
#include "private_net.h"

enum { PATIENCE_MS = 60000, PORT = 8080 };

/* ---- the way through a line ---- */

static void one_trip(const uint8_t *bytes, size_t len)
{
	json_t *value = proto_bytes(bytes, len);
	uint8_t *back;
	size_t n;

	assert_non_null(value);
	assert_int_equal(proto_bytes_of(value, &back, &n), 0);
	assert_int_equal(n, len);
	assert_memory_equal(back, bytes, len);
	free(back);
	json_decref(value);
}

static void test_bytes_of_every_length_come_back(void **state)
{
	uint8_t bytes[260];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 255);
	for (size_t len = 0; len < sizeof(bytes); len++)
		one_trip(bytes, len);
	memset(bytes, 0, sizeof(bytes));
	one_trip(bytes, sizeof(bytes));
	bytes[sizeof(bytes) - 1] = 1;
	one_trip(bytes, sizeof(bytes));
}

static void test_bytes_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "\"A\"", "\"AAA\"", "\"A*AA\"", "{\"hex\":\"0\"}",
					   "{\"hex\":\"0g\"}", "{\"hex\":\"-1\"}", "{\"zeros\":-1}",
					   "{\"zeros\":4194305}", "7", "{}", "null" };
	uint8_t *out;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *value = json_loads(bad[i], JSON_DECODE_ANY, NULL);

		if (proto_bytes_of(value, &out, &n) != -EINVAL)
			fail_msg("%s was taken", bad[i]);
		json_decref(value);
	}
}

static void test_a_call_comes_back_as_it_was(void **state)
{
	char text[] = "hello", err[256];
	struct dut_call sent = { .op = DUT_SEND, .fd = 5, .a = { 0x4000 }, .has_addr = true,
				 .addr = { .family = PH_AF_INET, .port = 53,
					   .ip = ph_ip4(192, 0, 2, 1) },
				 .buf = text, .len = 5 };
	struct dut_call got;
	json_t *line = proto_request(&sent, 9);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(line, "id")), 9);
	assert_int_equal(proto_call(line, &got, err, sizeof(err)), 0);
	assert_int_equal(got.op, DUT_SEND);
	assert_int_equal(got.fd, 5);
	assert_int_equal(got.a[0], 0x4000);
	assert_memory_equal(&got.addr, &sent.addr, sizeof(got.addr));
	assert_int_equal(got.len, 5);
	assert_memory_equal(got.buf, "hello", 5);
	proto_call_free(&got);
	json_decref(line);
}

static void test_what_is_received_is_cut_to_the_room(void **state)
{
	char err[256], room[4] = "", full[] = "12345678";
	struct dut_call theirs = { .op = DUT_RECV, .buf = full, .len = 8, .result = 8, .done_ns = 7 };
	struct dut_call ours = { .op = DUT_RECV, .buf = room, .len = 3 };
	json_t *answer = proto_answer(&theirs, 1, 5);

	(void)state;
	assert_int_equal(proto_result(answer, &ours, err, sizeof(err)), 0);
	assert_int_equal(ours.result, 8);
	assert_int_equal(ours.done_ns, 7);
	assert_string_equal(room, "123");
	json_decref(answer);
}

static void test_errors_go_by_their_names(void **state)
{
	char err[256];
	struct dut_call theirs = { .op = DUT_BIND, .result = -EADDRINUSE };
	struct dut_call ours = { .op = DUT_BIND };
	json_t *answer = proto_answer(&theirs, 1, 5);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(answer, "errno")), "EADDRINUSE");
	assert_int_equal(proto_result(answer, &ours, err, sizeof(err)), 0);
	assert_int_equal(ours.result, -EADDRINUSE);
	json_decref(answer);
}

/* ---- the agent ---- */

struct client {
	int fd;
	pthread_t thread;
	struct proto_in in;
};

static bool have_net;

static void *serve(void *arg)
{
	int *fd = arg;

	assert_int_equal(agent_serve(*fd, &agent_kernel), 0);
	free(fd);
	return NULL;
}

static int connect_agent(void **state)
{
	struct client *c = calloc(1, sizeof(*c));
	int pair[2], *theirs = malloc(sizeof(*theirs));

	if (!c || !theirs || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	c->fd = pair[0];
	*theirs = pair[1];
	*state = c;
	return pthread_create(&c->thread, NULL, serve, theirs);
}

static int leave_agent(void **state)
{
	struct client *c = *state;

	close(c->fd);
	pthread_join(c->thread, NULL);
	proto_in_free(&c->in);
	free(c);
	return 0;
}

/* The next line, an object of the caller's. */
static json_t *hear(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	const char *line;
	size_t len;
	json_t *answer;

	while (!(line = proto_next(&c->in, &len))) {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_true(proto_read(&c->in, c->fd, 0) > 0);
	}
	answer = json_loadb(line, len, 0, NULL);
	assert_non_null(answer);
	return answer;
}

static void say(struct client *c, const char *line)
{
	assert_int_equal(send(c->fd, line, strlen(line), 0), strlen(line));
	assert_int_equal(send(c->fd, "\n", 1, 0), 1);
}

static json_t *ask(struct client *c, const char *line)
{
	say(c, line);
	return hear(c);
}

static json_int_t field(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* The result of a call with args as written, or the negative errno. */
static int call(struct client *c, const char *name, const char *args)
{
	char line[512];
	json_t *answer;
	int result;

	snprintf(line, sizeof(line), "{\"id\":1,\"call\":\"%s\",\"args\":{%s}}", name, args);
	answer = ask(c, line);
	if (json_object_get(answer, "error"))
		fail_msg("%s: %s", line, json_string_value(json_object_get(answer, "error")));
	result = (int)field(answer, "result");
	if (result < 0)
		result = -proto_errno(json_string_value(json_object_get(answer, "errno")));
	json_decref(answer);
	return result;
}

static int call_fd(struct client *c, const char *name, int fd, const char *args)
{
	char all[400];

	snprintf(all, sizeof(all), "\"fd\":%d%s%s", fd, *args ? "," : "", args);
	return call(c, name, all);
}

static int listener(struct client *c)
{
	int s = call(c, "socket", "\"family\":2,\"type\":1");

	assert_true(s >= 0);
	/* SO_REUSEADDR: the test before has left connections in TIME-WAIT. */
	assert_int_equal(call_fd(c, "setsockopt", s, "\"level\":1,\"name\":2,\"bytes\":{\"int\":1}"),
			 0);
	assert_int_equal(call_fd(c, "bind", s,
				 "\"addr\":{\"family\":2,\"ip\":\"127.0.0.1\",\"port\":8080}"),
			 0);
	assert_int_equal(call_fd(c, "listen", s, "\"backlog\":1"), 0);
	return s;
}

static int connected(struct client *c)
{
	int s = call(c, "socket", "\"family\":2,\"type\":2049"); /* SOCK_NONBLOCK */

	assert_int_equal(call_fd(c, "connect", s,
				 "\"addr\":{\"family\":2,\"ip\":\"127.0.0.1\",\"port\":8080}"),
			 -EINPROGRESS);
	return s;
}

static void test_a_call_that_waits_lets_others_pass(void **state)
{
	struct client *c = *state;
	char line[128];
	json_t *answer;
	int s;

	if (!have_net)
		skip();
	s = listener(c);
	snprintf(line, sizeof(line), "{\"id\":77,\"call\":\"accept\",\"args\":{\"fd\":%d}}", s);
	answer = ask(c, line);
	assert_true(json_is_true(json_object_get(answer, "pending")));
	assert_int_equal(field(answer, "id"), 77);
	json_decref(answer);
	assert_true(call(c, "socket", "\"family\":2,\"type\":1") >= 0);
	s = call(c, "socket", "\"family\":2,\"type\":2049");
	snprintf(line, sizeof(line),
		 "{\"id\":78,\"call\":\"connect\",\"args\":{\"fd\":%d,\"addr\":{\"family\":2,"
		 "\"ip\":\"127.0.0.1\",\"port\":8080}}}",
		 s);
	say(c, line);
	for (int seen = 0; seen != 3;) {
		answer = hear(c);
		if (field(answer, "id") == 77) {
			seen |= 1;
			assert_true(field(answer, "result") > 0);
			assert_true(field(answer, "ended_ns") >= field(answer, "started_ns"));
			assert_string_equal(json_string_value(json_object_get(
						    json_object_get(json_object_get(answer, "out"),
								    "addr"),
						    "ip")),
					    "127.0.0.1");
		} else {
			seen |= 2;
			assert_string_equal(json_string_value(json_object_get(answer, "errno")),
					    "EINPROGRESS");
		}
		json_decref(answer);
	}
}

static void test_bytes_go_through_sockets(void **state)
{
	struct client *c = *state;
	char line[128];
	json_t *answer;
	int s, from, to;

	if (!have_net)
		skip();
	s = listener(c);
	from = connected(c);
	to = call_fd(c, "accept", s, "");
	assert_true(to >= 0);
	assert_int_equal(call_fd(c, "recv", to, "\"len\":10,\"flags\":64"), -EAGAIN);
	assert_int_equal(call_fd(c, "send", from, "\"bytes\":{\"hex\":\"68690a\"}"), 3);
	snprintf(line, sizeof(line),
		 "{\"id\":5,\"call\":\"ioctl\",\"args\":{\"fd\":%d,\"request\":%d}}", to, SIOCINQ);
	answer = ask(c, line);
	assert_int_equal(field(json_object_get(answer, "out"), "value"), 3);
	json_decref(answer);
	snprintf(line, sizeof(line), "{\"id\":6,\"call\":\"recv\",\"args\":{\"fd\":%d,\"len\":10}}",
		 to);
	answer = ask(c, line);
	assert_string_equal(json_string_value(json_object_get(json_object_get(answer, "out"), "bytes")),
			    "aGkK");
	json_decref(answer);
	assert_int_equal(call_fd(c, "close", to, ""), 0);
	assert_int_equal(call_fd(c, "close", to, ""), -EBADF);
}

static void test_a_descriptor_of_the_agents_own_is_none(void **state)
{
	struct client *c = *state;

	assert_int_equal(call_fd(c, "close", 0, ""), -EBADF);
	assert_int_equal(call_fd(c, "send", 2, "\"bytes\":\"\""), -EBADF);
	assert_int_equal(call_fd(c, "getsockname", c->fd, ""), -EBADF);
}

static void test_polls_tell_of_what_is_ready(void **state)
{
	struct client *c = *state;
	char line[160];
	json_t *answer, *one;
	int s, e;

	if (!have_net)
		skip();
	s = listener(c);
	snprintf(line, sizeof(line), "\"timeout_ms\":0,\"fds\":[{\"fd\":%d,\"events\":1}]", s);
	assert_int_equal(call(c, "poll", line), 0);
	e = call(c, "epoll_create", "");
	snprintf(line, sizeof(line), "\"op\":1,\"target\":%d,\"events\":1,\"data\":99", s);
	assert_int_equal(call_fd(c, "epoll_ctl", e, line), 0);
	snprintf(line, sizeof(line),
		 "{\"id\":4,\"call\":\"epoll_wait\",\"args\":{\"fd\":%d,\"timeout_ms\":-1,\"max\":4}}",
		 e);
	answer = ask(c, line);
	assert_true(json_is_true(json_object_get(answer, "pending")));
	json_decref(answer);
	s = call(c, "socket", "\"family\":2,\"type\":2049");
	snprintf(line, sizeof(line),
		 "{\"id\":5,\"call\":\"connect\",\"args\":{\"fd\":%d,\"addr\":{\"family\":2,"
		 "\"ip\":\"127.0.0.1\",\"port\":8080}}}",
		 s);
	say(c, line);
	for (answer = hear(c); field(answer, "id") != 4; answer = hear(c))
		json_decref(answer);
	assert_int_equal(field(answer, "result"), 1);
	one = json_array_get(json_object_get(json_object_get(answer, "out"), "events"), 0);
	assert_int_equal(field(one, "data"), 99);
	assert_int_equal(field(one, "events"), EPOLLIN);
	json_decref(answer);
}

static void test_sysctls_and_counters_go_by_name(void **state)
{
	struct client *c = *state;

	if (!have_net)
		skip();
	assert_int_equal(call(c, "sysctl", "\"name\":\"net.ipv4.tcp_sack\",\"value\":\"0\""), 0);
	assert_int_equal(call(c, "sysctl", "\"name\":\"net.ipv4.tcp_sack\""), 0);
	assert_int_equal(call(c, "sysctl", "\"name\":\"net.ipv4.tcp_nix\""), -ENOENT);
	assert_int_equal(call(c, "sysctl", "\"name\":\"net.ipv4.tcp_sack\",\"value\":\"x\""),
			 -EINVAL);
	assert_int_equal(call(c, "sysctl", "\"name\":\"kernel.hostname\""), -ENOENT);
	assert_int_equal(call(c, "counter", "\"name\":\"TcpExtTCPTimeouts\""), 0);
	assert_int_equal(call(c, "counter", "\"name\":\"TcpActiveOpens\""), 0);
	assert_int_equal(call(c, "counter", "\"name\":\"TcpExtNix\""), -ENOENT);
	assert_int_equal(call(c, "counter", "\"name\":\"Nix\""), -ENOENT);
}

static void test_a_mistake_is_answered_with_a_sentence(void **state)
{
	static const char *const rows[][2] = {
		{ "", "not JSON" },
		{ "{\"id\":1", "not JSON" },
		{ "{\"call\":\"socket\"}", "there is no \"id\"" },
		{ "{\"id\":1}", "there is no call \"\"" },
		{ "{\"id\":1,\"call\":\"bnid\"}", "there is no call \"bnid\"" },
		{ "{\"id\":1,\"call\":\"bind\",\"args\":{}}", "\"fd\" is missing" },
		{ "{\"id\":1,\"call\":\"bind\",\"args\":{\"fd\":3}}", "\"addr\" must be" },
		{ "{\"id\":1,\"call\":\"bind\",\"args\":{\"fd\":3,\"addr\":{\"family\":2,"
		  "\"ip\":\"x\"}}}",
		  "\"addr\" must be" },
		{ "{\"id\":1,\"call\":\"send\",\"args\":{\"fd\":3}}", "\"bytes\" must be" },
		{ "{\"id\":1,\"call\":\"recv\",\"args\":{\"fd\":3,\"len\":-1}}", "\"len\" must be" },
		{ "{\"id\":1,\"call\":\"poll\",\"args\":{}}", "\"fds\" must be" },
		{ "{\"id\":1,\"call\":\"ioctl\",\"args\":{\"fd\":3,\"request\":1}}", "only SIOCINQ" },
		{ "{\"id\":1,\"call\":\"fcntl\",\"args\":{\"fd\":3,\"cmd\":99}}", "only F_GETFL" },
	};
	struct client *c = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *answer = ask(c, rows[i][0]);
		const char *error = json_string_value(json_object_get(answer, "error"));

		if (!error || !strstr(error, rows[i][1]))
			fail_msg("%s was answered: %s", rows[i][0], error ? error : "no error");
		json_decref(answer);
	}
}

int main(void)
{
#define WITH_AGENT(f) cmocka_unit_test_setup_teardown(f, connect_agent, leave_agent)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_of_every_length_come_back),
		cmocka_unit_test(test_bytes_that_are_none_are_refused),
		cmocka_unit_test(test_a_call_comes_back_as_it_was),
		cmocka_unit_test(test_what_is_received_is_cut_to_the_room),
		cmocka_unit_test(test_errors_go_by_their_names),
		WITH_AGENT(test_a_call_that_waits_lets_others_pass),
		WITH_AGENT(test_bytes_go_through_sockets),
		WITH_AGENT(test_a_descriptor_of_the_agents_own_is_none),
		WITH_AGENT(test_polls_tell_of_what_is_ready),
		WITH_AGENT(test_sysctls_and_counters_go_by_name),
		WITH_AGENT(test_a_mistake_is_answered_with_a_sentence),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	have_net = private_net_enter() && private_net_up("lo");
	return cmocka_run_group_tests_name("dut_proto", tests, NULL, NULL);
}
