/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of calls: each form a script has, what it becomes, and what is said of those that
 * become nothing; and the pieces of Python that are evaluated without Python.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <phantom/phantom.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/ast_print.h"
#include "harness/drill/parse.h"
#include "harness/drill/pyexpr.h"
#include "harness/drill/value.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct drill_script *parse(const char *text, struct drill_err *err)
{
	static const struct drill_define define[] = { { "CMSG_LEVEL_IP", "SOL_IP" },
						      { "CMSG_TYPE_RECVERR", "IP_RECVERR" } };
	const struct drill_defines defs = { .define = define, .ndefine = ARRAY_LEN(define) };
	struct drill_script *s = NULL;

	if (drill_parse(text, strlen(text), "x.pkt", &defs, &s, err) != 0)
		return NULL;
	return s;
}

struct row {
	const char *name, *text, *want;
};

/* A call, and the numbers it has. */
static const struct row good_rows[] = {
	{ "socket with flags", "socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3",
	  "socket(..., 2049, 6) = 3" },
	{ "a combination with blanks", "fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK) = 0",
	  "fcntl(3, 4, 2050) = 0" },
	{ "a hexadecimal result with a note", "fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)",
	  "fcntl(3, 3) = 2" },
	{ "a symbol as the result", "fcntl(3, F_GETFL) = O_RDWR|O_NONBLOCK", "fcntl(3, 3) = 2050" },
	{ "an octal number", "open(\"/dev/null\", O_RDONLY, 0644) = 3",
	  "open(\"/dev/null\", 0, 420) = 3" },
	{ "a combination of what overlaps", "listen(3, 3|1) = 0", "listen(3, 3) = 0" },
	{ "a negative number", "epoll_wait(5, ..., 1, -1) = 0", "epoll_wait(5, ..., 1, -1) = 0" },
	{ "an inverted number", "listen(3, ~0) = 0", "listen(3, -1) = 0" },
	{ "a pointer to a number", "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
	  "setsockopt(3, 1, 2, [1], 4) = 0" },
	{ "a large number", "setsockopt(4, SOL_TCP, TCP_NOTSENT_LOWAT, [0xffffffff], 4) = 0",
	  "setsockopt(4, 6, 25, [4294967295], 4) = 0" },
	{ "an option by number", "setsockopt(3, IPPROTO_TCP, 24, [1], 4) = 0",
	  "setsockopt(3, 6, 24, [1], 4) = 0" },
	{ "getsockopt", "getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0",
	  "getsockopt(3, 1, 4, [0], [4]) = 0" },
	{ "an option that is text", "setsockopt(3, SOL_TCP, TCP_CONGESTION, \"cubic\", 5) = 0",
	  "setsockopt(3, 6, 13, \"cubic\", 5) = 0" },
	{ "linger", "setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
	  "setsockopt(3, 1, 13, {onoff=1, linger=0}, 8) = 0" },
	{ "an address",
	  "connect(3, {sa_family = AF_INET, sin_port = htons(8080), "
	  "sin_addr = inet_addr(\"192.0.2.1\")}, 16) = 0",
	  "connect(3, {sa_family=2, sin_port=htons(8080), sin_addr=inet_addr(\"192.0.2.1\")}, 16)"
	  " = 0" },
	{ "text of several strings, as a beginning", "write(4, \"a\" \"b\\n\"..., 5) = 5",
	  "write(4, \"ab\\n\"..., 5) = 5" },
	{ "no bytes given", "sendto(4, ..., 100, MSG_FASTOPEN, ..., ...) = 100",
	  "sendto(4, ..., 100, 536870912, ..., ...) = 100" },
	{ "sizeof", "bind(3, ..., sizeof(5)) = 0", "bind(3, ..., sizeof(5)) = 0" },
	{ "buffers", "writev(4, [{..., 1000}, {\"abc\", 3}], 2) = 1003",
	  "writev(4, [{..., 1000}, {\"abc\", 3}], 2) = 1003" },
	{ "a message with an extended error",
	  "recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=MSG_ERRQUEUE|MSG_TRUNC,\n"
	  "msg_control=[{cmsg_level=CMSG_LEVEL_IP, cmsg_type=CMSG_TYPE_RECVERR,\n"
	  "cmsg_data={ee_errno=ENOMSG, ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0,"
	  "ee_info=SCM_TSTAMP_SCHED, ee_data=10999}}]}, MSG_ERRQUEUE) = 0",
	  "recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 0}], msg_flags=8224, "
	  "msg_control=[{cmsg_level=0, cmsg_type=11, cmsg_data={ee_errno=42, ee_origin=4, "
	  "ee_type=0, ee_code=0, ee_info=1, ee_data=10999}}]}, 8192) = 0" },
	{ "poll", "poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLERR}], 1, 1000) = 1",
	  "poll([{fd=4, events=5, revents=8}], 1, 1000) = 1" },
	{ "epoll", "epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT|EPOLLET, fd=4}) = 0",
	  "epoll_ctl(5, 1, 4, {events=2147483652, fd=4}) = 0" },
	{ "what epoll_wait finds", "epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0",
	  "epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0" },
	{ "several that epoll_wait finds",
	  "epoll_wait(5, [{events=EPOLLIN, u32=1}, {events=EPOLLERR, u64=2}], 2, 0) = 2",
	  "epoll_wait(5, [{events=1, u32=1}, {events=8, u64=2}], 2, 0) = 2" },
	{ "ioctl", "ioctl(4, SIOCINQ, [1000]) = 0", "ioctl(4, 21531, [1000]) = 0" },
	{ "pipe and splice", "pipe([5, 6]) = 0", NULL },
	{ "splice", "splice(5, NULL, 4, NULL, 1000, SPLICE_F_MOVE) = 1000",
	  "splice(5, 0, 4, 0, 1000, 1) = 1000" },
	{ "sendfile", "sendfile(4, 5, [0], 5) = 5", NULL },
	{ "shutdown", "shutdown(4, SHUT_WR) = 0", "shutdown(4, 1) = 0" },
	{ "any result", "read(4, ..., 1000) = ...", NULL },
	{ "an error", "read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)",
	  "read(4, ..., 1000) = -1 EAGAIN" },
};

static const struct row bad_rows[] = {
	{ "an unknown field", "bind(3, {sa_family=AF_INET, sin_prot=5}, 16) = 0",
	  "argument 2 of bind(): an address has no field sin_prot; its fields are sa_family, "
	  "sin_family, sin6_family, sin_port, sin6_port, sin_addr, sin6_addr, sin6_flowinfo, "
	  "sin6_scope_id" },
	{ "an address without a family", "bind(3, {sin_port=htons(5)}, 16) = 0",
	  "argument 2 of bind(): an address needs the field sa_family" },
	{ "a family of no use", "bind(3, {sa_family=AF_UNIX}, 16) = 0",
	  "argument 2 of bind(): expected AF_INET, AF_INET6 or AF_UNSPEC, found AF_UNIX" },
	{ "a port too large", "bind(3, {sa_family=AF_INET, sin_port=htons(65536)}, 16) = 0",
	  "argument 2 of bind(): expected a port, found htons(65536)" },
	{ "an address that is none",
	  "bind(3, {sa_family=AF_INET, sin_addr=inet_addr(\"1.2.3\")}, 16) = 0",
	  "expected an IPv4 address in quotes, found \"1.2.3\"" },
	{ "text as a number", "listen(\"a\", 5) = 0",
	  "argument 1 of listen(): expected a number, found \"a\"" },
	{ "an unknown name as a number", "listen(3, backlog) = 0",
	  "argument 2 of listen(): expected a number, found backlog" },
	{ "a list as a buffer", "write(4, [1], 5) = 5",
	  "argument 2 of write(): expected a number, found [1]" },
	{ "buffers that are none", "writev(4, [5], 1) = 5",
	  "argument 2 of writev(): expected a buffer ({..., 1000}), found 5" },
	{ "a count that does not fit", "sendmsg(4, {msg_iov(2)=[{..., 5}]}, 0) = 5",
	  "argument 2 of sendmsg(): msg_iov(2) and a list of 1 buffers" },
	{ "a field twice", "poll([{fd=1, fd=2}], 1, 0) = 0",
	  "argument 1 of poll(): the field fd is given twice" },
	{ "a missing field", "poll([{events=1}], 1, 0) = 0",
	  "argument 1 of poll(): a descriptor to poll needs the field fd" },
	{ "a field without a name", "poll([{1, 2}], 1, 0) = 0",
	  "argument 1 of poll(): expected field = value in a descriptor to poll; its fields are "
	  "fd, events, revents" },
	{ "two data of epoll", "epoll_ctl(5, 1, 4, {events=1, fd=4, u32=5}) = 0",
	  "argument 4 of epoll_ctl(): an epoll event carries one of fd, ptr, u32 and u64" },
	{ "a function nobody knows", "listen(3, frob(5)) = 0",
	  "no function frob(); a value can be htons(), ntohs(), htonl(), ntohl(), inet_addr(), "
	  "inet6_addr(), inet_pton() or sizeof()" },
	{ "a function's arguments", "listen(3, htons(1, 2)) = 0",
	  "expected one argument of htons(), found 2" },
	{ "a combination of texts", "listen(3, 1|\"a\") = 0",
	  "expected a number or a known name beside \"|\", found \"a\"" },
	{ "a number with a point", "listen(3, 1.5) = 0", "expected a whole number, found \"1.5\"" },
	{ "a number of 70 bits", "listen(3, 0x3fffffffffffffffff) = 0",
	  "expected a number of at most 64 bits, found \"0x3fffffffffffffffff\"" },
	{ "a comma at the end", "listen(3, 5,) = 0",
	  "expected a value after the comma, found \")\"" },
	{ "text as the result", "listen(3, 5) = \"a\"", "expected a number or ... as the result" },
	{ "one descriptor of a pipe", "pipe([5]) = 0",
	  "argument 1 of pipe(): expected two descriptors ([5, 6]), found [5]" },
};

static void test_good(void **state)
{
	const struct row *row = *state;
	char text[1024], out[1024];
	struct drill_err err;
	struct drill_script *s;

	snprintf(text, sizeof(text), "0 %s\n+0 close(3) = 0", row->text);
	s = parse(text, &err);
	if (!s)
		fail_msg("refused: %s", err.text);
	assert_int_equal(s->nevents, 2);
	drill_print_call(&s->events->call, out, sizeof(out));
	assert_string_equal(out, row->want ? row->want : row->text);
	drill_script_free(s);
}

static void test_bad(void **state)
{
	const struct row *row = *state;
	char text[1024];
	struct drill_err err;

	snprintf(text, sizeof(text), "0 %s", row->text);
	assert_null(parse(text, &err));
	assert_string_equal(err.sentence, row->want);
}

/* The n-th argument (from 0) of the first event's call. */
static const struct drill_expr *argument(const struct drill_script *s, int n)
{
	const struct drill_expr *e = s->events->call.args;

	while (n--)
		e = e->next;
	return e;
}

static void test_addresses_become_bytes(void **state)
{
	struct drill_value_err verr;
	struct drill_err err;
	struct drill_sockaddr a;
	struct drill_script *s = parse("0 bind(3, {sa_family=AF_INET, sin_port=htons(8080), "
				       "sin_addr=inet_addr(\"192.0.2.1\")}, 16) = 0", &err);

	(void)state;
	assert_int_equal(drill_val_sockaddr(argument(s, 1), &a, &verr), 0);
	assert_false(a.any);
	assert_int_equal(a.family, 2);
	assert_true(a.port.given);
	assert_int_equal(a.port.num, 8080);
	assert_memory_equal(a.addr, "\xc0\x00\x02\x01", 4);
	drill_script_free(s);

	s = parse("0 bind(3, {sa_family=AF_INET6, sin6_port=htons(1), "
		  "sin6_addr=inet_pton(AF_INET6, \"fd00::1\")}, 28) = 0", &err);
	assert_int_equal(drill_val_sockaddr(argument(s, 1), &a, &verr), 0);
	assert_memory_equal(a.addr, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	drill_script_free(s);

	s = parse("0 bind(3, {sa_family=AF_INET, sin_port=0x901f, sin_addr=htonl(INADDR_LOOPBACK)}"
		  ", 16) = 0", &err);
	assert_int_equal(drill_val_sockaddr(argument(s, 1), &a, &verr), 0);
	assert_int_equal(a.port.num, ntohs(0x901f)); /* without htons(): as in memory */
	assert_memory_equal(a.addr, "\x7f\0\0\x01", 4);
	drill_script_free(s);

	s = parse("0 bind(3, ..., ...) = 0", &err);
	assert_int_equal(drill_val_sockaddr(argument(s, 1), &a, &verr), 0);
	assert_true(a.any);
	drill_script_free(s);
}

static void test_messages_become_structures(void **state)
{
	struct drill_value_err verr;
	struct drill_err err;
	static struct drill_msghdr m;
	struct drill_script *s =
		parse("0 recvmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {\"ab\", 2}],\n"
		      "msg_flags=MSG_TRUNC, msg_control=[\n"
		      "{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, "
		      "cmsg_data={scm_sec=1,scm_nsec=20000000}},\n"
		      "{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ENOMSG, "
		      "ee_info=..., ee_data=7}},\n"
		      "{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=3000}]}, 0) = 12",
		      &err);

	(void)state;
	assert_int_equal(drill_val_msghdr(argument(s, 1), &m, &verr), 0);
	assert_false(m.has_name);
	assert_int_equal(m.niov, 2);
	assert_int_equal(m.iov[0].len, 10);
	assert_int_equal(m.iov[0].base->kind, DRILL_E_ANY);
	assert_string_equal(m.iov[1].base->str.at, "ab");
	assert_true(m.flags.given && m.flags.num == 0x20);
	assert_true(m.has_control);
	assert_int_equal(m.ncmsg, 3);
	assert_true(m.cmsg[0].has_scm && m.cmsg[0].scm_sec.num == 1);
	assert_int_equal(m.cmsg[0].scm_nsec.num, 20000000);
	assert_true(m.cmsg[1].has_ee && m.cmsg[1].ee.err.given);
	assert_int_equal(m.cmsg[1].ee.err.num, 42);
	assert_false(m.cmsg[1].ee.info.given);
	assert_false(m.cmsg[1].ee.origin.given);
	assert_int_equal(m.cmsg[1].ee.data.num, 7);
	assert_int_equal(m.cmsg[2].data->num, 3000);
	drill_script_free(s);
}

static void test_polls_and_lingers_become_structures(void **state)
{
	struct drill_value_err verr;
	struct drill_err err;
	struct drill_pollfd p[DRILL_POLL_MAX];
	struct drill_epoll e;
	struct drill_linger l;
	uint32_t n;
	struct drill_script *s = parse("0 poll([{fd=4, events=POLLIN, revents=...}, {fd=5}], 2, 0)"
				       " = 0", &err);

	(void)state;
	assert_int_equal(drill_val_poll(argument(s, 0), p, ARRAY_LEN(p), &n, &verr), 0);
	assert_int_equal(n, 2);
	assert_int_equal(p[0].events.num, 1);
	assert_false(p[0].revents.given);
	assert_int_equal(p[1].fd, 5);
	assert_int_equal(drill_val_poll(argument(s, 0), p, 1, &n, &verr), -1);
	assert_string_equal(verr.text, "2 descriptors; 1 are allowed");
	drill_script_free(s);

	s = parse("0 epoll_wait(5, {events=EPOLLERR, u64=0xffffffffff}, 1, 0) = 1", &err);
	assert_int_equal(drill_val_epolls(argument(s, 1), &e, 1, &n, &verr), 0);
	assert_true(n == 1 && e.events == 8 && e.u64.given && e.u64.num == 0xffffffffff);
	drill_script_free(s);

	s = parse("0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=30}, 8) = 0", &err);
	assert_int_equal(drill_val_linger(argument(s, 3), &l, &verr), 0);
	assert_true(l.onoff == 1 && l.linger == 30);
	drill_script_free(s);
}

/* ---- code ---- */

static bool look_up(void *arg, const char *name, struct drill_py_value *out)
{
	return drill_py_tcp_info(arg, name, out);
}

/* What is asserted, and NULL or the message of its failure. */
static const struct row py_rows[] = {
	{ "equal", "assert tcpi_snd_cwnd == 10", NULL },
	{ "a message, and the names", "assert tcpi_snd_cwnd == 8, tcpi_snd_cwnd",
	  "assert tcpi_snd_cwnd == 8, tcpi_snd_cwnd: 10; tcpi_snd_cwnd is 10" },
	{ "a tuple as the message", "assert tcpi_snd_cwnd == 8, (tcpi_snd_cwnd, 'a')",
	  "assert tcpi_snd_cwnd == 8, (tcpi_snd_cwnd, 'a'): (10, 'a'); tcpi_snd_cwnd is 10" },
	{ "a format as the message", "assert tcpi_rtt < 5, 'srtt=%d us' % tcpi_rtt",
	  "assert tcpi_rtt < 5, 'srtt=%d us' % tcpi_rtt: srtt=7000 us; tcpi_rtt is 7000" },
	{ "names without a message, each once",
	  "assert tcpi_snd_cwnd == 8 or tcpi_snd_cwnd < tcpi_unacked",
	  "assert tcpi_snd_cwnd == 8 or tcpi_snd_cwnd < tcpi_unacked; tcpi_snd_cwnd is 10; "
	  "tcpi_unacked is 3" },
	{ "a chain", "assert 5000 <= tcpi_rtt <= 20000 and not 1 < 3 < 2", NULL },
	{ "a chain that ends early", "assert not 1 > 2 < 3 and not 1 > 2 < nobody", NULL },
	{ "states by name",
	  "assert tcpi_state == TCP_ESTABLISHED and tcpi_ca_state == TCP_CA_Recovery",
	  NULL },
	{ "FreeBSD's states", "assert tcpi_state == TCPI_ESTABLISHED", NULL },
	{ "options", "assert (tcpi_options & TCPI_OPT_SYN_DATA) != 0, tcpi_options", NULL },
	{ "options combined",
	  " assert tcpi_options == (TCPI_OPT_SYN_DATA | TCPI_OPT_SACK) ", NULL },
	{ "bits bind tighter than comparisons", "assert tcpi_options & 0x20 == 32", NULL },
	{ "a large constant", "assert tcpi_snd_ssthresh == TCP_INFINITE_SSTHRESH", NULL },
	{ "64 bits", "assert tcpi_max_pacing_rate == 0xffffffffffffffff == 2 ** 64 - 1", NULL },
	{ "a bit field", "assert tcpi_snd_wscale == 8", NULL },
	{ "arithmetic", "assert 1 + 2 * 3 - 4 // 3 == 6 and -7 // 2 == -4 and -7 % 3 == 2", NULL },
	{ "true division", "assert 1 / 2 == 0.5 and 1e3 == 1000.0", NULL },
	{ "shifts and bits",
	  "assert 1 << 4 == 16 and 256 >> 4 == 16 and ~0 == -1 and 6 ^ 5 == 3", NULL },
	{ "power binds to the right", "assert 2 ** 3 ** 2 == 512 and -2 ** 2 == -4", NULL },
	{ "in", "assert tcpi_snd_cwnd in (9, 10, 11) and 5 not in [1, 2] and 'b' in 'abc'", NULL },
	{ "functions",
	  "assert min(3, 1) == 1 and max([3, 4]) == 4 and abs(-2) == 2 and len('ab') == 2",
	  NULL },
	{ "conversions",
	  "assert int(2.9) == 2 and float(1) == 1.0 and str(5) == '5' and bool(1)", NULL },
	{ "a choice", "assert (1 if tcpi_snd_cwnd > 5 else 0) == 1", NULL },
	{ "statements on lines and with semicolons",
	  "\n# a comment\nassert tcpi_snd_cwnd == 10; assert tcpi_unacked == 3\n\npass\n", NULL },
	{ "an expression over lines", "assert (tcpi_snd_cwnd ==\n 10 and \\\n True)", NULL },
	{ "a saved name", "x = tcpi_snd_cwnd + 1\nassert x == 11", NULL },
	{ "or and and stop early", "assert True or nobody\nassert not (False and nobody)", NULL },
	{ "None and comparisons of kinds",
	  "assert None == None and 'a' != 1 and (1, 2) == (1, 2)", NULL },
	{ "a bare expression", "tcpi_snd_cwnd", NULL },
	{ "the second statement fails", "assert 1\nassert 0, 'second'",
	  "assert 0, 'second': second" },
};

/* What ends in an error, and its sentence. */
static const struct row py_error_rows[] = {
	{ "an unknown name", "assert tcpi_foo == 1",
	  "assert tcpi_foo == 1: no name \"tcpi_foo\" is known here" },
	{ "a division by zero", "assert 1 / 0", "assert 1 / 0: a division by zero" },
	{ "a remainder by zero", "assert 1 % 0", "assert 1 % 0: a division by zero" },
	{ "kinds that have no order",
	  "assert 1 < 'a'", "assert 1 < 'a': a number and a text have no order" },
	{ "text plus number",
	  "assert 'a' + 1", "assert 'a' + 1: arithmetic with a text and a number" },
	{ "a number beyond all",
	  "assert 2 ** 200", "assert 2 ** 200: a number of more than 127 bits" },
	{ "a shift beyond all",
	  "assert 1 << 200", "assert 1 << 200: a number of more than 127 bits" },
	{ "a shift backwards", "assert 1 << -1", "assert 1 << -1: a shift by a negative number" },
	{ "a format that does not fit", "x = '%d' % 'a'",
	  "x = '%d' % 'a': the format \"%d\" does not fit its values" },
	{ "in a number", "assert 1 in 5", "assert 1 in 5: \"in\" needs a list, not a number" },
};

/* What is left to Python, and why. */
static const struct row py_needs_rows[] = {
	{ "a loop", "x = 1\nfor i in (1, 2): x = i", "line 11: for" },
	{ "a condition", "if tcpi_snd_cwnd > 5: pass", "line 10: if" },
	{ "an import", "import os", "line 10: import" },
	{ "a definition", "def f(): pass", "line 10: def" },
	{ "an unknown function", "assert range(5)", "line 10: range" },
	{ "a method", "assert 'a'.upper() == 'A'", "line 10: ." },
	{ "a subscript", "assert [1, 2][0] == 1", "line 10: [" },
	{ "is", "assert 1 is 1", "line 10: is" },
	{ "a dictionary", "x = {}", "line 10: {" },
	{ "an augmented assignment", "x = 1\nx += 1", "line 11: =" },
	{ "a prefixed string", "x = f'a'", "line 10: f" },
	{ "a long string", "x = '''a'''", "line 10: " },
	{ "a lambda", "x = lambda: 5", "line 10: lambda" },
	{ "an open parenthesis", "assert (1", "line 10: the end of a line" },
	{ "an octal number of old", "assert 017 == 15", "line 10: 017" },
};

static void run(const char *text, struct drill_py_result *r, char *needs, size_t size)
{
	struct ph_tcp_info info = {
		.tcpi_snd_cwnd = 10, .tcpi_rtt = 7000, .tcpi_unacked = 3, .tcpi_state = 1,
		.tcpi_ca_state = 3, .tcpi_options = 0x22, .tcpi_snd_ssthresh = 0x7fffffff,
		.tcpi_max_pacing_rate = UINT64_MAX, .tcpi_snd_wscale = 8,
	};
	static struct drill_py_env env;
	struct drill_arena *arena = drill_arena_new();
	const struct drill_py *py = drill_py_parse(arena, text, strlen(text), 10);

	env.lookup = look_up;
	env.arg = &info;
	assert_non_null(py);
	snprintf(needs, size, "%s", drill_py_needs_python(py) ? drill_py_needs_python(py) : "");
	drill_py_run(py, &env, r);
	drill_py_env_free(&env);
	drill_arena_free(arena);
}

static void test_py(void **state)
{
	const struct row *row = *state;
	struct drill_py_result r;
	char needs[128];

	run(row->text, &r, needs, sizeof(needs));
	assert_string_equal(needs, "");
	assert_string_equal(r.text, row->want ? row->want : "");
	assert_int_equal(r.verdict, row->want ? DRILL_PY_FAIL : DRILL_PY_PASS);
}

static void test_py_error(void **state)
{
	const struct row *row = *state;
	struct drill_py_result r;
	char needs[128];

	run(row->text, &r, needs, sizeof(needs));
	assert_string_equal(needs, "");
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
	assert_string_equal(r.text, row->want);
}

static void test_py_needs(void **state)
{
	const struct row *row = *state;
	struct drill_py_result r;
	char needs[128];

	run(row->text, &r, needs, sizeof(needs));
	assert_int_equal(strncmp(needs, row->want, strlen(row->want)), 0);
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
}

static void test_print_is_kept(void **state)
{
	struct drill_py_result r;
	char needs[128];

	(void)state;
	run("print tcpi_snd_cwnd, 'a'\nprint(1.5, (1,), None, True)\nprint", &r, needs,
	    sizeof(needs));
	assert_string_equal(needs, "");
	assert_string_equal(r.output, "10 a\n1.5 (1,) None True\n\n");
}

static void test_names_are_saved_between_pieces(void **state)
{
	struct drill_arena *arena = drill_arena_new();
	const struct drill_py *first = drill_py_parse(arena, "x = 'a' + 'b', 5", 16, 1);
	const struct drill_py *second = drill_py_parse(arena, "assert x == ('ab', 5)", 21, 1);
	static struct drill_py_env env;
	struct drill_py_result r;

	(void)state;
	drill_py_run(first, &env, &r);
	assert_int_equal(r.verdict, DRILL_PY_PASS);
	drill_py_run(second, &env, &r);
	assert_string_equal(r.text, "");
	assert_int_equal(r.verdict, DRILL_PY_PASS);
	drill_py_env_free(&env);
	drill_py_run(second, &env, &r);
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
	drill_py_env_free(&env);
	drill_arena_free(arena);
}

static bool look_up_text(void *arg, const char *name, struct drill_py_value *out)
{
	*out = (struct drill_py_value){ .kind = DRILL_PY_STR, .str = arg };
	return strcmp(name, "text") == 0;
}

static void test_a_saved_text_outlives_what_it_was_looked_up_from(void **state)
{
	struct drill_arena *arena = drill_arena_new();
	char text[] = "first";
	static struct drill_py_env env;
	struct drill_py_result r;

	(void)state;
	env.lookup = look_up_text;
	env.arg = text;
	drill_py_run(drill_py_parse(arena, "x = text, 5", 11, 1), &env, &r);
	strcpy(text, "later");
	drill_py_run(drill_py_parse(arena, "assert x == ('first', 5)", 24, 1), &env, &r);
	assert_string_equal(r.text, "");
	drill_py_env_free(&env);
	drill_arena_free(arena);
}

static void test_depth_is_left_to_python(void **state)
{
	struct drill_py_result r;
	char text[20001], needs[128];

	(void)state;
	memset(text, '(', 20000);
	text[20000] = '\0';
	run(text, &r, needs, sizeof(needs));
	assert_string_equal(needs, "line 10: a very deep expression");
	for (int i = 0; i < 20000; i += 2)
		memcpy(text + i, "1+", 2);
	text[19999] = '\0';
	run(text, &r, needs, sizeof(needs));
	assert_string_equal(needs, "line 10: a very long expression");
	memset(text, '-', 19999);
	run(text, &r, needs, sizeof(needs));
	assert_string_equal(needs, "line 10: a very deep expression");
}

static size_t add(struct CMUnitTest *tests, size_t n, const struct row *rows, size_t count,
		  CMUnitTestFunction f)
{
	for (size_t i = 0; i < count; i++)
		tests[n++] = (struct CMUnitTest){ rows[i].name, f, NULL, NULL,
						  (void *)(uintptr_t)&rows[i] };
	return n;
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_LEN(good_rows) + ARRAY_LEN(bad_rows) +
				       ARRAY_LEN(py_rows) + ARRAY_LEN(py_error_rows) +
				       ARRAY_LEN(py_needs_rows) + 7] = {
		cmocka_unit_test(test_addresses_become_bytes),
		cmocka_unit_test(test_messages_become_structures),
		cmocka_unit_test(test_polls_and_lingers_become_structures),
		cmocka_unit_test(test_print_is_kept),
		cmocka_unit_test(test_names_are_saved_between_pieces),
		cmocka_unit_test(test_a_saved_text_outlives_what_it_was_looked_up_from),
		cmocka_unit_test(test_depth_is_left_to_python),
	};
	size_t n = 7;

	n = add(tests, n, good_rows, ARRAY_LEN(good_rows), test_good);
	n = add(tests, n, bad_rows, ARRAY_LEN(bad_rows), test_bad);
	n = add(tests, n, py_rows, ARRAY_LEN(py_rows), test_py);
	n = add(tests, n, py_error_rows, ARRAY_LEN(py_error_rows), test_py_error);
	add(tests, n, py_needs_rows, ARRAY_LEN(py_needs_rows), test_py_needs);
	return cmocka_run_group_tests_name("drill_expr", tests, NULL, NULL);
}
