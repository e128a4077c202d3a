/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libphantom_packetdrill.so, with this program in packetdrill's part: loaded as packetdrill loads it,
 * driven by one thread that injects and waits and one that makes the calls that block, its
 * descriptors closed behind its back at the end.
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

#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/packetdrill/interface.h"

enum {
	PORT = 8080, PEER_PORT = 40000, PEER_ISS = 1000,
	F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16,
	IP_LEN = 20, TCP_LEN = 20, PACKET_MAX = 65535,
};

/* gcc says so by a macro, clang by a question that gcc 12 does not understand. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) /* it does not bear RTLD_DEEPBIND */
#else
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | RTLD_DEEPBIND)
#endif

static const uint8_t local[4] = { 192, 168, 0, 1 }, remote[4] = { 192, 0, 2, 1 };
static const char flags[] = "local=192.168.0.1/16,mtu=1500,net.ipv4.tcp_sack=0,"
			    "net.ipv4.tcp_timestamps=0,net.ipv4.tcp_window_scaling=0";

struct play {
	struct packetdrill_interface so;
	int listener, conn;
	uint32_t snd; /* ours, that is the script's */
	uint32_t iss; /* the stack's */
	uint8_t packet[PACKET_MAX];
	size_t len;
	long long at_us;
};

struct seen {
	unsigned flags;
	uint32_t seq, ack;
	size_t payload;
};

static void *library(void)
{
	char self[4096], path[4200];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	void *handle;

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/../../libphantom_packetdrill.so", dirname(self));
	handle = dlopen(path, LOAD_FLAGS);
	if (!handle)
		fail_msg("%s", dlerror());
	return handle;
}

static void load(struct play *p, const char *so_flags)
{
	void (*init)(const char *, struct packetdrill_interface *);

	memset(p, 0, sizeof(*p));
	*(void **)&init = dlsym(library(), "packetdrill_interface_init");
	assert_non_null(init);
	init(so_flags, &p->so);
	assert_non_null(p->so.free);
}

/* ---- packets ---- */

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The one's complement sum over the TCP segment and its pseudo-header: 0 when the checksum in it is right. */
static unsigned tcp_sum(const uint8_t *packet, size_t len)
{
	uint32_t sum = 6 + (uint32_t)(len - IP_LEN);

	for (size_t i = 12; i < len; i++)
		sum += i % 2 ? packet[i] : (uint32_t)packet[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static unsigned ip_sum(const uint8_t *packet)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < IP_LEN; i += 2)
		sum += (uint32_t)packet[i] << 8 | packet[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static int inject(struct play *p, unsigned tcp_flags, const char *payload)
{
	uint8_t b[IP_LEN + TCP_LEN + 64] = { 0x45 };
	size_t n = strlen(payload), len = IP_LEN + TCP_LEN + n;
	bool ack = tcp_flags & F_ACK;

	assert_true(n <= 64);
	put16(b + 2, (unsigned)len);
	b[8] = 64;
	b[9] = 6;
	memcpy(b + 12, remote, 4);
	memcpy(b + 16, local, 4);
	put16(b + 10, ip_sum(b));
	put16(b + 20, PEER_PORT);
	put16(b + 22, PORT);
	put32(b + 24, p->snd);
	put32(b + 28, ack ? p->iss : 0);
	b[32] = TCP_LEN / 4 << 4;
	b[33] = (uint8_t)tcp_flags;
	put16(b + 34, 65535);
	memcpy(b + 40, payload, n);
	put16(b + 36, tcp_sum(b, len));
	p->snd += (uint32_t)n + ((tcp_flags & (F_SYN | F_FIN)) != 0);
	return p->so.netdev_send(p->so.user, b, len);
}

static struct seen receive(struct play *p)
{
	struct seen s;

	p->len = sizeof(p->packet);
	assert_int_equal(p->so.netdev_receive(p->so.user, p->packet, &p->len, &p->at_us), 0);
	assert_true(p->len >= IP_LEN + TCP_LEN);
	assert_int_equal(p->packet[0], 0x45);
	assert_int_equal(ip_sum(p->packet), 0);
	assert_memory_equal(p->packet + 12, local, 4);
	assert_memory_equal(p->packet + 16, remote, 4);
	assert_int_equal(tcp_sum(p->packet, p->len), 0);
	s.flags = p->packet[33];
	s.seq = get32(p->packet + 24);
	s.ack = get32(p->packet + 28);
	s.payload = p->len - IP_LEN - (size_t)(p->packet[32] >> 4) * 4;
	return s;
}

static long long now_us(struct play *p)
{
	struct timeval tv;

	assert_int_equal(p->so.gettimeofday(p->so.user, &tv, NULL), 0);
	return (long long)tv.tv_sec * 1000000 + tv.tv_usec;
}

/* ---- a connection that the peer opens ---- */

static struct sockaddr_in addr_of(const uint8_t ip[4], uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&a.sin_addr, ip, 4);
	return a;
}

static void open_passive(struct play *p)
{
	struct sockaddr_in at = addr_of(local, PORT), from = { 0 };
	socklen_t len = sizeof(from);
	struct seen s;

	load(p, flags);
	p->snd = PEER_ISS;
	p->listener = p->so.socket(p->so.user, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_true(p->listener >= 0);
	assert_int_equal(p->so.bind(p->so.user, p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(p->so.listen(p->so.user, p->listener, 1), 0);
	assert_int_equal(inject(p, F_SYN, ""), 0);
	s = receive(p);
	assert_int_equal(s.flags, F_SYN | F_ACK);
	assert_int_equal(s.ack, PEER_ISS + 1);
	p->iss = s.seq + 1;
	assert_int_equal(inject(p, F_ACK, ""), 0);
	p->conn = p->so.accept(p->so.user, p->listener, (struct sockaddr *)&from, &len);
	assert_true(p->conn >= 0 && p->conn != p->listener);
	assert_int_equal(from.sin_port, htons(PEER_PORT));
	assert_memory_equal(&from.sin_addr, remote, 4);
}

/* What packetdrill does at the end of a script. */
static void end(struct play *p)
{
	assert_int_equal(close(p->conn), 0);
	assert_int_equal(close(p->listener), 0);
	assert_int_equal(inject(p, F_RST | F_ACK, ""), 0);
	p->so.free(p->so.user);
}

static void test_data_goes_both_ways_and_leftover_descriptors_are_the_kernels(void **state)
{
	struct play p;
	struct seen s;
	char buf[16] = "";
	int queued = 0;

	(void)state;
	open_passive(&p);
	assert_int_equal(inject(&p, F_ACK | F_PSH, "hello"), 0);
	assert_int_equal(p.so.ioctl(p.so.user, p.conn, SIOCINQ, &queued), 0);
	assert_int_equal(queued, 5);
	assert_int_equal(p.so.read(p.so.user, p.conn, buf, sizeof(buf)), 5);
	assert_string_equal(buf, "hello");
	s = receive(&p);
	assert_int_equal(s.ack, PEER_ISS + 6);
	assert_int_equal(s.payload, 0);
	assert_int_equal(p.so.write(p.so.user, p.conn, "world", 5), 5);
	s = receive(&p);
	assert_int_equal(s.payload, 5);
	assert_memory_equal(p.packet + p.len - 5, "world", 5);
	end(&p);
}

static void test_several_buffers_are_one_message(void **state)
{
	struct play p;
	struct iovec out[2] = { { (char[]){ 'a', 'b' }, 2 }, { (char[]){ 'c' }, 1 } };
	char first[2], second[8];
	struct iovec in[2] = { { first, 2 }, { second, 8 } };

	(void)state;
	open_passive(&p);
	assert_int_equal(p.so.writev(p.so.user, p.conn, out, 2), 3);
	assert_int_equal(receive(&p).payload, 3);
	assert_memory_equal(p.packet + p.len - 3, "abc", 3);
	assert_int_equal(inject(&p, F_ACK | F_PSH, "12345"), 0);
	assert_int_equal(p.so.readv(p.so.user, p.conn, in, 2), 5);
	assert_memory_equal(first, "12", 2);
	assert_memory_equal(second, "345", 3);
	end(&p);
}

/* When it is sent again is for scripts to say; here, that waiting costs virtual time alone. */
static void test_waiting_for_a_packet_lets_the_timers_run(void **state)
{
	struct play p;
	struct seen first, again;
	long long sent_us, before;

	(void)state;
	open_passive(&p);
	before = now_us(&p);
	assert_int_equal(p.so.write(p.so.user, p.conn, "world", 5), 5);
	first = receive(&p);
	sent_us = p.at_us;
	assert_in_range(sent_us, before, before + 10);
	for (long long wait = 200000; wait <= 1600000; wait *= 2) {
		again = receive(&p);
		assert_int_equal(again.seq, first.seq);
		assert_int_equal(again.payload, 5);
		assert_true(p.at_us - sent_us >= wait);
		sent_us = p.at_us;
	}
	assert_true(now_us(&p) >= sent_us);
	end(&p);
}

static void test_the_clock_goes_on_whenever_it_is_asked(void **state)
{
	struct play p;
	long long at, before;

	(void)state;
	load(&p, flags);
	before = now_us(&p);
	for (int i = 0; i < 100; i++) {
		at = now_us(&p);
		assert_true(at > before);
		before = at;
	}
	assert_int_equal(p.so.usleep(p.so.user, 250000), 0);
	assert_in_range(now_us(&p), before + 250000, before + 250002);
	p.so.free(p.so.user);
}

/* ---- the helper ---- */

struct helper {
	struct play *p;
	pid_t tid; /* 0 until it runs */
	pthread_mutex_t lock;
	ssize_t got;
	char buf[16];
	int timeout_ms;
	short revents;
	long long end_us;
};

static void begin(struct helper *h)
{
	pthread_mutex_lock(&h->lock);
	h->tid = gettid();
	pthread_mutex_unlock(&h->lock);
}

static void *blocking_read(void *arg)
{
	struct helper *h = arg;

	begin(h);
	h->got = h->p->so.read(h->p->so.user, h->p->conn, h->buf, sizeof(h->buf));
	h->end_us = now_us(h->p);
	return NULL;
}

static void *blocking_poll(void *arg)
{
	struct helper *h = arg;
	struct pollfd f = { .fd = h->p->conn, .events = POLLIN };

	begin(h);
	h->got = h->p->so.poll(h->p->so.user, &f, 1, h->timeout_ms);
	h->revents = f.revents;
	h->end_us = now_us(h->p);
	return NULL;
}

/* As packetdrill knows that a call blocks: its thread sleeps. */
static void wait_until_asleep(struct helper *h)
{
	char path[64], line[512], *after;
	pid_t tid;

	for (;;) {
		FILE *f;
		size_t n;

		pthread_mutex_lock(&h->lock);
		tid = h->tid;
		pthread_mutex_unlock(&h->lock);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
		f = tid ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		n = fread(line, 1, sizeof(line) - 1, f);
		fclose(f);
		line[n] = '\0';
		after = strrchr(line, ')');
		if (after && after[1] == ' ' && after[2] == 'S')
			return;
	}
}

static void test_a_blocking_read_sleeps_and_ends_when_its_data_comes(void **state)
{
	struct play p;
	struct helper h = { .p = &p, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;
	long long began;

	(void)state;
	open_passive(&p);
	began = now_us(&p);
	assert_int_equal(pthread_create(&thread, NULL, blocking_read, &h), 0);
	wait_until_asleep(&h);
	p.so.usleep(p.so.user, 100000);
	assert_int_equal(h.end_us, 0);
	assert_int_equal(inject(&p, F_ACK | F_PSH, "late"), 0);
	p.so.usleep(p.so.user, 500000); /* time does not run away from the helper */
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(h.got, 4);
	assert_memory_equal(h.buf, "late", 4);
	assert_in_range(h.end_us, began + 100000, began + 100010);
	end(&p);
}

/* The first thread is where packetdrill's is at the end of a script: asleep until the helper is done. */
static void test_a_call_that_nobody_moves_time_for_ends_by_itself(void **state)
{
	struct play p;
	struct helper h = { .p = &p, .timeout_ms = 700, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;
	long long began;

	(void)state;
	open_passive(&p);
	began = now_us(&p);
	assert_int_equal(pthread_create(&thread, NULL, blocking_poll, &h), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(h.got, 0);
	assert_int_equal(h.revents, 0);
	assert_in_range(h.end_us, began + 700000, began + 700010);
	end(&p);
}

/* ---- calls ---- */

static void test_a_connect_that_does_not_block_is_told_of_by_poll(void **state)
{
	struct play p;
	struct sockaddr_in to = addr_of(remote, PEER_PORT);
	struct pollfd f = { .events = POLLOUT };
	struct epoll_event ev = { .events = EPOLLOUT, .data = { .u64 = 7 } };
	int ep;

	(void)state;
	load(&p, "local=192.168.0.1/16");
	p.conn = p.so.socket(p.so.user, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	f.fd = p.conn;
	assert_true(p.so.fcntl(p.so.user, p.conn, F_GETFL) & O_NONBLOCK);
	assert_int_equal(p.so.connect(p.so.user, p.conn, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, EINPROGRESS);
	assert_int_equal(p.so.poll(p.so.user, &f, 1, 0), 0);
	assert_int_equal(receive(&p).flags, F_SYN);
	ep = p.so.epoll_create(p.so.user, 1);
	assert_true(ep >= 0);
	assert_int_equal(p.so.epoll_ctl(p.so.user, ep, EPOLL_CTL_ADD, p.conn, &ev), 0);
	/* The SYN is sent again, until it is given up: hours are microseconds here. */
	assert_int_equal(p.so.epoll_wait(p.so.user, ep, &ev, 1, -1), 1);
	assert_int_equal(ev.data.u64, 7);
	assert_int_equal(p.so.connect(p.so.user, p.conn, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(p.so.close(p.so.user, ep), 0);
	assert_int_equal(p.so.close(p.so.user, p.conn), 0);
	assert_int_equal(p.so.read(p.so.user, p.conn, &ev, 1), -1);
	assert_int_equal(errno, EBADF);
	p.so.free(p.so.user);
}

/* packetdrill asks the host for these, with the descriptor that it was given: see LD_PRELOAD in the docs. */
static void test_the_exported_getsockopt_answers_for_the_stack_and_for_the_kernel(void **state)
{
	int (*ask)(int, int, int, void *, socklen_t *);
	struct play p;
	uint8_t info[512], cc[64], mem[36];
	socklen_t len = sizeof(info);
	int type = 0, pair[2];

	(void)state;
	open_passive(&p);
	*(void **)&ask = dlsym(library(), "getsockopt");
	assert_non_null(ask);
	assert_int_equal(ask(p.conn, IPPROTO_TCP, 11 /* TCP_INFO */, info, &len), 0);
	assert_true(len >= 280);
	assert_int_equal(info[0], 1); /* TCP_ESTABLISHED */
	len = sizeof(cc);
	assert_int_equal(ask(p.conn, IPPROTO_TCP, 26 /* TCP_CC_INFO */, cc, &len), 0);
	len = sizeof(mem);
	assert_int_equal(ask(p.conn, SOL_SOCKET, 55 /* SO_MEMINFO */, mem, &len), 0);
	assert_int_equal(len, sizeof(mem));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	len = sizeof(type);
	assert_int_equal(ask(pair[0], SOL_SOCKET, SO_TYPE, &type, &len), 0);
	assert_int_equal(type, SOCK_STREAM);
	close(pair[0]);
	close(pair[1]);
	end(&p);
}

/* ---- what ends the process ---- */

static void impatient(void)
{
	struct play p;
	size_t n = PACKET_MAX;

	load(&p, "patience=3");
	(void)p.so.netdev_receive(p.so.user, p.packet, &n, &p.at_us);
}

static const char *wrong_flags;

static void wrong(void)
{
	struct play p;

	load(&p, wrong_flags);
}

/* Runs it in a process of its own: its status, and what it said. */
static int ends_with(void (*run)(void), char said[512])
{
	int pair[2], status = 0;
	size_t at = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pair[1], STDERR_FILENO);
		run();
		_exit(0);
	}
	close(pair[1]);
	while ((n = read(pair[0], said + at, 511 - at)) > 0)
		at += (size_t)n;
	said[at] = '\0';
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void test_a_packet_that_never_comes_ends_the_run_with_a_sentence(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(ends_with(impatient, said), 1);
	assert_non_null(strstr(said, "none was sent for 3 seconds"));
}

static void test_flags_that_are_wrong_end_the_run_with_what_is_right(void **state)
{
	static const struct {
		const char *flags, *says;
	} rows[] = {
		{ "local=192.168.0.1", "local=192.168.0.1/16" },
		{ "local=192.168.0.1/33", "local=192.168.0.1/16" },
		{ "mtu=1", "68 to 65535" },
		{ "mtu", "68 to 65535" },
		{ "patience=0", "seconds" },
		{ "seed=x", "4294967295" },
		{ "suite=1", "with commas between them" },
		{ "remote=192.0.2.1", "with commas between them" },
		{ "net.ipv4.tcp_sack", "with commas between them" },
		{ "mtu=1500,,seed=1", "with commas between them" },
		{ "net.ipv4.tcp_sick=1", "no such sysctl" },
		{ "net.ipv4.tcp_sack=maybe", "net.ipv4.tcp_sack=maybe: Invalid argument" },
	};
	char said[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wrong_flags = rows[i].flags;
		if (ends_with(wrong, said) != 2 || !strstr(said, rows[i].says))
			fail_msg("%s: said \"%s\"", rows[i].flags, said);
	}
}

static void test_the_suites_settings_and_no_flags_at_all_are_fine(void **state)
{
	struct play p;

	(void)state;
	load(&p, NULL);
	p.so.free(p.so.user);
	load(&p, "suite,net.ipv4.tcp_sack=0,seed=7,");
	p.so.free(p.so.user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_data_goes_both_ways_and_leftover_descriptors_are_the_kernels),
		cmocka_unit_test(test_several_buffers_are_one_message),
		cmocka_unit_test(test_waiting_for_a_packet_lets_the_timers_run),
		cmocka_unit_test(test_the_clock_goes_on_whenever_it_is_asked),
		cmocka_unit_test(test_a_blocking_read_sleeps_and_ends_when_its_data_comes),
		cmocka_unit_test(test_a_call_that_nobody_moves_time_for_ends_by_itself),
		cmocka_unit_test(test_a_connect_that_does_not_block_is_told_of_by_poll),
		cmocka_unit_test(
			test_the_exported_getsockopt_answers_for_the_stack_and_for_the_kernel),
		cmocka_unit_test(test_a_packet_that_never_comes_ends_the_run_with_a_sentence),
		cmocka_unit_test(test_flags_that_are_wrong_end_the_run_with_what_is_right),
		cmocka_unit_test(test_the_suites_settings_and_no_flags_at_all_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
