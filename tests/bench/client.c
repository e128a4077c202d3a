/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's end of every benchmark: one small program over ordinary sockets, so that the same
 * client meets phantom and the kernel's own server. Prints one JSON object. Used by tests/bench/run
 * only.
 *
 *	client send ADDR PORT SECONDS	bytes taken by a sink, bit/s from the first write to the
 * last client recv ADDR PORT SECONDS	bytes given by a source client rr ADDR PORT SECONDS [busy]
 * one octet there and back: round trips/s, p50, p99 client conn ADDR PORT SECONDS	connect, one
 * octet echoed, close: connections/s
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 128 << 10, SAMPLES_MAX = 1 << 20 };

static struct sockaddr_in server;
static char chunk[CHUNK];
static uint32_t samples_ns[SAMPLES_MAX];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		die("TCP_NODELAY");
	if (connect(fd, (const struct sockaddr *)&server, sizeof(server)) < 0)
		die("connect");
	return fd;
}

/* What is counted is what the server has: for send, its kernel acknowledged (the socket is drained
 * by shutdown). */
static void bulk(bool send_them, uint64_t for_ns)
{
	uint64_t start = now_ns(), end = start + for_ns, bytes = 0;
	int fd = dial();

	do {
		ssize_t n = send_them ? send(fd, chunk, CHUNK, 0) : recv(fd, chunk, CHUNK, 0);

		if (n <= 0)
			die(send_them ? "send" : "recv");
		bytes += (uint64_t)n;
	} while (now_ns() < end);
	if (send_them) {
		shutdown(fd, SHUT_WR);
		while (recv(fd, chunk, CHUNK, 0) > 0)
			;
	}
	end = now_ns();
	close(fd);
	printf("{\"bytes\": %llu, \"seconds\": %.6f, \"gbit_s\": %.6f}\n",
	       (unsigned long long)bytes, (double)(end - start) / 1e9,
	       (double)bytes * 8 / (double)(end - start));
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void round_trip(int fd, bool busy)
{
	char c = 'x';
	ssize_t n;

	if (send(fd, &c, 1, 0) != 1)
		die("send");
	do {
		n = recv(fd, &c, 1, busy ? MSG_DONTWAIT : 0);
	} while (n < 0 && errno == EAGAIN);
	if (n != 1)
		die("recv");
}

static void round_trips(uint64_t for_ns, bool busy)
{
	uint64_t start = now_ns(), end = start + for_ns, t;
	size_t n = 0;
	int fd = dial();

	for (t = now_ns(); t < end && n < SAMPLES_MAX; n++) {
		uint64_t then = t;

		round_trip(fd, busy);
		t = now_ns();
		samples_ns[n] = (uint32_t)(t - then);
	}
	close(fd);
	if (n == 0)
		die("no round trip in time");
	qsort(samples_ns, n, sizeof(samples_ns[0]), by_value);
	printf("{\"trips_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	       (double)n * 1e9 / (double)(t - start), samples_ns[n / 2] / 1e3,
	       samples_ns[n * 99 / 100] / 1e3);
}

static void connections(uint64_t for_ns)
{
	/* RST at the end: the client's ports must not run out in TIME-WAIT, and both servers see
	 * the same. */
	const struct linger hard = { 1, 0 };
	uint64_t start = now_ns(), end = start + for_ns;
	uint64_t n = 0;

	do {
		int fd = dial();

		round_trip(fd, false);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd);
		n++;
	} while (now_ns() < end);
	printf("{\"connections_s\": %.0f}\n", (double)n * 1e9 / (double)(now_ns() - start));
}

int main(int argc, char **argv)
{
	uint64_t for_ns;

	if (argc < 5) {
		fprintf(stderr, "usage: client send|recv|rr|conn ADDR PORT SECONDS [busy]\n");
		return 2;
	}
	memset(chunk, 'x', sizeof(chunk)); /* memory of its own, not the one page of zeros */
	server = (struct sockaddr_in){ .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(argv[3])) };
	if (inet_pton(AF_INET, argv[2], &server.sin_addr) != 1) {
		fprintf(stderr, "bench client: %s is no IPv4 address\n", argv[2]);
		return 2;
	}
	for_ns = (uint64_t)(atof(argv[4]) * 1e9);
	if (strcmp(argv[1], "send") == 0 || strcmp(argv[1], "recv") == 0)
		bulk(argv[1][0] == 's', for_ns);
	else if (strcmp(argv[1], "rr") == 0)
		round_trips(for_ns, argc > 5);
	else if (strcmp(argv[1], "conn") == 0)
		connections(for_ns);
	else {
		fprintf(stderr, "bench client: %s is none of send, recv, rr, conn\n", argv[1]);
		return 2;
	}
	return 0;
}
