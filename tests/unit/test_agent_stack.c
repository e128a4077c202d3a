/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent does for a stack that has little: one whose connect() cannot be asked a second time,
 * that has no epoll, no sysctls, and packets to process before each request. The stack here is a few
 * functions that answer as they are told.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness/dut/agent.h"
#include "harness/dut/agent_call.h"
#include "harness/dut/proto.h"

enum { FD = 7 };

static struct {
	int flags, connects, settled, settled_at_socket;
	bool connect_saw_nonblocking;
	int connect_errno, so_error;
	short polled_for;
	size_t room; /* bytes that a send takes without waiting */
	size_t sent;
} fake;

static int fake_socket(int family, int type, int protocol)
{
	(void)family;
	(void)type;
	(void)protocol;
	fake.settled_at_socket = fake.settled;
	return FD;
}

static int fake_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	fake.connects++;
	fake.connect_saw_nonblocking = fake.flags & O_NONBLOCK;
	errno = fake.connect_errno;
	return fake.connect_errno ? -1 : 0;
}

static ssize_t fake_sendmsg(int fd, const struct msghdr *m, int flags)
{
	size_t n = m->msg_iov[0].iov_len;

	(void)fd;
	if ((flags & MSG_DONTWAIT) && n > fake.room)
		n = fake.room;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	fake.sent += n;
	return (ssize_t)n;
}

static int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int answer = name == SO_ERROR ? fake.so_error : name == SO_TYPE ? SOCK_STREAM : 0;

	(void)fd;
	(void)level;
	if (*len < sizeof(answer) || name == SO_LINGER)
		return -1;
	memcpy(value, &answer, sizeof(answer));
	return 0;
}

static int fake_fcntl(int fd, int cmd, int arg)
{
	(void)fd;
	if (cmd == F_SETFL)
		fake.flags = arg;
	return cmd == F_GETFL ? fake.flags : 0;
}

static int fake_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	assert_int_equal(n, 1);
	fake.polled_for = fds->events;
	fds->revents = timeout_ms ? fds->events : 0;
	return timeout_ms ? 1 : 0;
}

static int fake_close(int fd)
{
	(void)fd;
	return 0;
}

static void fake_settle(void)
{
	fake.settled++;
}

static const struct agent_stack little = {
	.socket = fake_socket,
	.connect = fake_connect,
	.sendmsg = fake_sendmsg,
	.close = fake_close,
	.getsockopt = fake_getsockopt,
	.fcntl = fake_fcntl,
	.poll = fake_poll,
	.settle = fake_settle,
};

static int reset_fake(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.flags = O_RDWR;
	return 0;
}

static struct dut_call connect_call(void)
{
	return (struct dut_call){ .op = DUT_CONNECT, .fd = FD, .has_addr = true,
				  .addr = { .family = PH_AF_INET, .port = 80 } };
}

static void test_a_connect_begins_at_once_and_its_end_is_polled_for(void **state)
{
	static const int ends[] = { 0, ECONNREFUSED, ETIMEDOUT };
	size_t sent;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct dut_call c = connect_call();

		fake.connects = 0;
		fake.connect_errno = EINPROGRESS;
		fake.so_error = ends[i];
		assert_false(agent_call_now(&little, &c, &sent));
		assert_true(fake.connect_saw_nonblocking);
		assert_int_equal(fake.flags, O_RDWR);
		agent_call_wait(&little, &c, sent);
		assert_true(c.done);
		assert_int_equal(c.result, -ends[i]);
		assert_int_equal(fake.connects, 1);
		assert_int_equal(fake.polled_for, POLLOUT);
	}
}

static void test_a_connect_that_is_refused_at_once_does_not_wait(void **state)
{
	struct dut_call c = connect_call();
	size_t sent;

	(void)state;
	fake.connect_errno = ENETUNREACH;
	assert_true(agent_call_now(&little, &c, &sent));
	assert_int_equal(c.result, -ENETUNREACH);
}

static void test_what_of_a_send_did_not_fit_is_sent_by_waiting(void **state)
{
	char bytes[10] = "0123456789";
	struct dut_call c = { .op = DUT_SEND, .fd = FD, .buf = bytes, .len = sizeof(bytes) };
	size_t sent;

	(void)state;
	fake.room = 4;
	assert_false(agent_call_now(&little, &c, &sent));
	assert_int_equal(sent, 4);
	agent_call_wait(&little, &c, sent);
	assert_int_equal(c.result, 10);
	assert_int_equal(fake.sent, 10);
}

static void test_calls_that_the_stack_does_not_have_are_not_served(void **state)
{
	static const enum dut_op missing[] = { DUT_EPOLL_CREATE, DUT_EPOLL_CTL, DUT_EPOLL_WAIT,
					       DUT_IOCTL, DUT_SHUTDOWN };
	char err[256];

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct dut_call c = { .op = missing[i], .fd = FD };

		assert_false(agent_call_served(&little, &c, err, sizeof(err)));
		assert_non_null(strstr(err, "no such call"));
	}
	assert_true(agent_call_served(&little, &(struct dut_call){ .op = DUT_CONNECT }, err,
				      sizeof(err)));
}

/* Sends the lines, hangs up, and gives the answers as one text. */
static void session(const char *lines, char answers[2048])
{
	int pair[2];
	size_t at = 0;
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(send(pair[0], lines, strlen(lines), 0), strlen(lines));
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	assert_int_equal(agent_serve(pair[1], &little), 0);
	while ((n = recv(pair[0], answers + at, 2047 - at, 0)) > 0)
		at += (size_t)n;
	answers[at] = '\0';
	close(pair[0]);
}

static void test_packets_are_processed_before_each_request(void **state)
{
	char answers[2048];

	(void)state;
	session("{\"id\":1,\"call\":\"socket\",\"args\":{\"family\":2,\"type\":1}}\n", answers);
	assert_non_null(strstr(answers, "\"result\":7"));
	assert_int_equal(fake.settled_at_socket, 1);
}

static void test_sysctls_and_shells_that_are_not_there_are_unsupported(void **state)
{
	static const char *const calls[] = { "sysctl", "counter", "describe", "shell" };
	char line[64], answers[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(line, sizeof(line), "{\"id\":1,\"call\":\"%s\",\"args\":{}}\n", calls[i]);
		session(line, answers);
		assert_non_null(strstr(answers, "\"unsupported\":true"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_connect_begins_at_once_and_its_end_is_polled_for,
				       reset_fake),
		cmocka_unit_test_setup(test_a_connect_that_is_refused_at_once_does_not_wait,
				       reset_fake),
		cmocka_unit_test_setup(test_what_of_a_send_did_not_fit_is_sent_by_waiting,
				       reset_fake),
		cmocka_unit_test_setup(test_calls_that_the_stack_does_not_have_are_not_served,
				       reset_fake),
		cmocka_unit_test_setup(test_packets_are_processed_before_each_request, reset_fake),
		cmocka_unit_test_setup(test_sysctls_and_shells_that_are_not_there_are_unsupported,
				       reset_fake),
	};

	return cmocka_run_group_tests_name("agent_stack", tests, NULL, NULL);
}
