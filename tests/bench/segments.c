/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a segment costs: two phantoms in one process, frames copied from one to the other, no system
 * call and no clock between. One measurement a run, printed as one JSON object; `make bench` calls it.
 *
 *	segments bulk BYTES [SNDBUF]	one connection, MTU 1500, writes of 64 KiB; SO_SNDBUF
 *	segments super BYTES [SNDBUF]	the same with super-segments
 *	segments rr N			N round trips of one byte
 *	segments conn N			N connections: open, one byte each way, close
 *	segments idle N			N connections, N bytes each way over them, and left: memory of each
 *	segments scatter N M		M bytes, each into one of N connections drawn at random
 *
 * measured() holds what counts, so that callgrind --toggle-collect=measured sees nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "phantom/phantom.h"

enum { PORTS = 64, CHUNK = 65536, TURN_NS = 1000 };

struct host {
	struct ph_stack *st;
	ph_link link;
	uint64_t frames, bytes; /* that it sent */
	ph_socket listener[PORTS];
};

static struct host client, server;
static uint64_t now = 1000000000;
static uint8_t chunk[CHUNK];

static void die(const char *what, int64_t rc)
{
	fprintf(stderr, "segments: %s: %s\n", what, strerror((int)-rc));
	exit(1);
}

/*
 * Slabs from large pieces that the kernel may back with large pages: with a million connections what
 * misses is the translation of addresses, as much as the cache. Small and odd sizes are malloc's.
 */
enum { ARENA = 32 << 20, HUGE_PAGE = 2 << 20, SLAB_LEAST = 16384, SLAB_MOST = 65536 };

static uint8_t *arena, *arena_end;
static struct spare {
	struct spare *next;
	size_t size;
} *spares;

static void *take(void *arg, size_t size)
{
	void *got;

	(void)arg;
	if (size < SLAB_LEAST || size > SLAB_MOST)
		return malloc(size);
	if (spares && spares->size == size) {
		got = spares;
		spares = spares->next;
		return got;
	}
	if (!arena || (size_t)(arena_end - arena) < size) {
		arena = aligned_alloc(HUGE_PAGE, ARENA);
		if (!arena)
			return NULL;
		(void)madvise(arena, ARENA, MADV_HUGEPAGE); /* without it: slower */
		arena_end = arena + ARENA;
	}
	got = arena;
	arena += (size + 15) / 16 * 16;
	return got;
}

static void give(void *arg, void *ptr, size_t size)
{
	struct spare *s = ptr;

	(void)arg;
	if (size < SLAB_LEAST || size > SLAB_MOST) {
		free(ptr);
		return;
	}
	s->size = size;
	s->next = spares;
	spares = s;
}

static void host_new(struct host *h, uint8_t id, bool super)
{
	struct ph_conf conf = { .alloc = take, .release = give, .now_ns = now,
				.max_sockets = 2000000, .max_connections = 2000000 };
	struct ph_link_conf link = { .name = "eth0", .kind = PH_LINK_ETHER, .mac = { 2, 0, 0, 0, 0, id },
				     .txqueuelen = 100000 };
	struct ph_ip ip = ph_ip4(10, 0, 0, id);
	int rc;

	memset(conf.key, id, sizeof(conf.key));
	/* Two cards that sum and, when asked, segment: as lwIP and smoltcp are measured, with
	 * checksums off. */
	link.offload = PH_OFFLOAD_CSUM | (super ? PH_OFFLOAD_TSO4 : PH_OFFLOAD_GRO);
	h->st = ph_stack_new(&conf);
	if (!h->st)
		die("no stack", -ENOMEM);
	h->link = ph_link_add(h->st, &link, now);
	rc = h->link < 0 ? h->link : ph_addr_add(h->st, h->link, &ip, 24, now);
	if (rc < 0)
		die("no link", rc);
}

/* Every frame that `from` has goes to `to`. True: there was one. */
static bool carry(struct host *from, struct host *to)
{
	struct ph_pkt *out;
	bool any = false;

	while ((out = ph_link_output(from->st, from->link, now))) {
		struct ph_iov src[PH_TX_IOV], dst[PH_RX_IOV];
		struct ph_offload offload;
		int nsrc = ph_pkt_iov(out, src), ndst;
		size_t len = ph_pkt_len(out), at = 0;
		struct ph_pkt *in = ph_pkt_rx(to->st, to->link, dst, &ndst);
		int d = 0;

		if (!in)
			die("no packet", -ENOMEM);
		for (int s = 0; s < nsrc; s++) {
			for (size_t done = 0; done < src[s].len;) {
				size_t n = src[s].len - done, room = dst[d].len - at;

				n = n < room ? n : room;
				memcpy((uint8_t *)dst[d].base + at, (uint8_t *)src[s].base + done, n);
				done += n;
				at += n;
				if (at == dst[d].len && d + 1 < ndst) {
					d++;
					at = 0;
				}
			}
		}
		ph_pkt_offload(out, &offload);
		ph_pkt_free(from->st, out);
		if (ph_pkt_filled(in, len, &offload) != 0)
			die("a frame lies", -EINVAL);
		ph_link_input(to->st, to->link, in, now);
		from->frames++;
		from->bytes += len;
		any = true;
	}
	return any;
}

/* What there is to be told, told: who polls does the same. */
static void hear(struct host *h)
{
	struct ph_event events[64];

	while (ph_ready(h->st, events, 64) > 0)
		;
}

/* Until neither has anything to say at this moment. */
static void settle(void)
{
	bool more = true;

	while (more) {
		now += TURN_NS;
		ph_stack_run(client.st, now);
		ph_stack_run(server.st, now);
		more = carry(&client, &server);
		more = carry(&server, &client) || more;
		hear(&client);
		hear(&server);
	}
}

/* Time passes, with all that is due in it. */
static void pass(uint64_t ns)
{
	uint64_t until = now + ns;

	for (;;) {
		uint64_t a = ph_stack_deadline(client.st), b = ph_stack_deadline(server.st);
		uint64_t next = a < b ? a : b;

		if (next > until)
			break;
		now = next > now ? next : now;
		settle();
	}
	now = until > now ? until : now;
}

static ph_socket connect_one(int port)
{
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = (uint16_t)(8000 + port),
				  .ip = ph_ip4(10, 0, 0, 2) };
	ph_socket s = ph_socket_new(client.st, PH_AF_INET, PH_SOCK_STREAM, 0, now);
	int rc = s < 0 ? s : ph_connect(client.st, s, &to, now);

	if (rc != -EINPROGRESS)
		die("connect", rc);
	return s;
}

static ph_socket accept_one(int port)
{
	ph_socket s = ph_accept(server.st, server.listener[port], NULL, now);

	if (s < 0)
		die("accept", s);
	return s;
}

static void listen_all(void)
{
	for (int i = 0; i < PORTS; i++) {
		struct ph_sockaddr at = { .family = PH_AF_INET, .port = (uint16_t)(8000 + i),
					  .ip = ph_ip4(10, 0, 0, 2) };
		int rc;

		server.listener[i] = ph_socket_new(server.st, PH_AF_INET, PH_SOCK_STREAM, 0, now);
		rc = ph_bind(server.st, server.listener[i], &at, now);
		if (rc == 0)
			rc = ph_listen(server.st, server.listener[i], 4096, now);
		if (rc != 0)
			die("listen", rc);
	}
}

/* What the server has to read, read and forgotten; the bytes. */
static uint64_t drain(ph_socket s)
{
	uint64_t sum = 0;
	int64_t n;

	while ((n = ph_recv(server.st, s, chunk, sizeof(chunk), 0, now)) > 0)
		sum += (uint64_t)n;
	if (n != -EAGAIN && n != 0)
		die("recv", n);
	return sum;
}

struct job {
	uint64_t n, m;
	ph_socket *c, *s; /* connections, pairwise */
};

static void bulk(const struct job *j)
{
	int sndbuf = (int)j->m;
	uint64_t sent = 0, got = 0;

	if (sndbuf && ph_setsockopt(client.st, j->c[0], PH_SOL_SOCKET, PH_SO_SNDBUF, &sndbuf,
				    sizeof(sndbuf), now) != 0)
		die("no such send buffer", -EINVAL);
	while (got < j->n) {
		int64_t n = 1;

		while (sent < j->n && n > 0) {
			uint64_t left = j->n - sent;

			n = ph_send(client.st, j->c[0], chunk, left < CHUNK ? left : CHUNK, 0, now);
			sent += n > 0 ? (uint64_t)n : 0;
		}
		now += TURN_NS;
		ph_stack_run(client.st, now);
		(void)carry(&client, &server);
		got += drain(j->s[0]);
		ph_stack_run(server.st, now);
		if (!carry(&server, &client) && n == -EAGAIN)
			pass(1000000);
	}
}

static void rr(const struct job *j)
{
	for (uint64_t i = 0; i < j->n; i++) {
		char byte = 'x';

		now += TURN_NS;
		if (ph_send(client.st, j->c[0], &byte, 1, 0, now) != 1)
			die("send", -EIO);
		(void)carry(&client, &server);
		if (ph_recv(server.st, j->s[0], &byte, 1, 0, now) != 1 ||
		    ph_send(server.st, j->s[0], &byte, 1, 0, now) != 1)
			die("answer", -EIO);
		(void)carry(&server, &client);
		if (ph_recv(client.st, j->c[0], &byte, 1, 0, now) != 1)
			die("recv", -EIO);
	}
}

static void conn(const struct job *j)
{
	for (uint64_t i = 0; i < j->n; i++) {
		int port = (int)(i % PORTS);
		ph_socket c = connect_one(port), s;
		char byte = 'x';

		settle();
		s = accept_one(port);
		if (ph_send(client.st, c, &byte, 1, 0, now) != 1)
			die("send", -EIO);
		settle();
		if (ph_recv(server.st, s, &byte, 1, 0, now) != 1 ||
		    ph_send(server.st, s, &byte, 1, 0, now) != 1)
			die("answer", -EIO);
		settle();
		if (ph_recv(client.st, c, &byte, 1, 0, now) != 1 || ph_close(client.st, c, now) != 0)
			die("close", -EIO);
		settle();
		if (ph_close(server.st, s, now) != 0)
			die("close", -EIO);
		settle();
		now += 1000000; /* TIME-WAIT stays at 60,000 */
	}
}

static void scatter(const struct job *j)
{
	uint64_t x = 88172645463325252ull;
	char byte = 'x';

	for (uint64_t i = 0; i < j->m; i++) {
		uint64_t k;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = x % j->n;
		now += TURN_NS;
		if (ph_send(client.st, j->c[k], &byte, 1, 0, now) != 1)
			die("send", -EIO);
		(void)carry(&client, &server);
		if (ph_recv(server.st, j->s[k], &byte, 1, 0, now) != 1 ||
		    ph_send(server.st, j->s[k], &byte, 1, 0, now) != 1)
			die("answer", -EIO);
		(void)carry(&server, &client);
		if (ph_recv(client.st, j->c[k], &byte, 1, 0, now) != 1)
			die("recv", -EIO);
		if (i % 16 == 0) {
			ph_stack_run(client.st, now);
			ph_stack_run(server.st, now);
			(void)carry(&client, &server);
			(void)carry(&server, &client);
			hear(&client);
			hear(&server);
		}
	}
}

static void nothing(const struct job *j)
{
	(void)j;
}

__attribute__((noinline)) static void measured(void (*work)(const struct job *), const struct job *j)
{
	work(j);
	__asm__ volatile("" ::: "memory");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t memory(const struct host *h)
{
	struct ph_usage u;

	ph_stack_usage(h->st, &u);
	return u.bytes;
}

static void open_all(struct job *j, uint64_t n)
{
	j->c = calloc(n, sizeof(*j->c));
	j->s = calloc(n, sizeof(*j->s));
	if (!j->c || !j->s)
		die("connections", -ENOMEM);
	for (uint64_t i = 0; i < n; i++) {
		j->c[i] = connect_one((int)(i % PORTS));
		settle();
		j->s[i] = accept_one((int)(i % PORTS));
	}
	scatter(&(struct job){ .n = n, .m = n, .c = j->c, .s = j->s });
	pass(3000000000); /* ACKs that were owed, timers of the handshake; and then they rest */
}

static const struct mode {
	const char *name;
	void (*work)(const struct job *);
	bool super, many;
} modes[] = {
	{ "bulk", bulk, false, false }, { "super", bulk, true, false },	    { "rr", rr, false, false },
	{ "conn", conn, false, false }, { "idle", nothing, false, true }, { "scatter", scatter, false, true },
};

int main(int argc, char **argv)
{
	const struct mode *mode = NULL;
	struct job j = { 0 };
	uint64_t frames, bytes, held_c, held_s;
	double start, took;

	for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		mode = strcmp(argv[1], modes[i].name) == 0 ? &modes[i] : mode;
	j.n = mode ? strtoull(argv[2], NULL, 0) : 0;
	j.m = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	if (!mode || j.n == 0) {
		fputs("usage: segments bulk|super|rr|conn|idle|scatter N [M]\n", stderr);
		return 2;
	}
	host_new(&client, 1, mode->super);
	host_new(&server, 2, mode->super);
	listen_all();
	held_c = memory(&client);
	held_s = memory(&server);
	open_all(&j, mode->many ? j.n : 1);
	held_c = memory(&client) - held_c;
	held_s = memory(&server) - held_s;
	frames = client.frames + server.frames;
	bytes = client.bytes + server.bytes;
	start = seconds();
	measured(mode->work, &j);
	took = seconds() - start;
	printf("{\"mode\": \"%s\", \"n\": %llu, \"seconds\": %.6f, \"frames\": %llu, \"bytes\": %llu, "
	       "\"client_bytes_each\": %.1f, \"server_bytes_each\": %.1f}\n",
	       mode->name, (unsigned long long)(mode->work == scatter ? j.m : j.n), took,
	       (unsigned long long)(client.frames + server.frames - frames),
	       (unsigned long long)(client.bytes + server.bytes - bytes),
	       (double)held_c / (double)j.n, (double)held_s / (double)j.n);
	return 0;
}
