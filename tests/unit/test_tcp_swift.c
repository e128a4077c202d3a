/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short ways of tcp_swift.c, tcp_swift_out.c lead where the long ones do: the same traffic, drawn
 * from a seed, runs twice in virtual time, once without them. Every frame, the time it left at, every
 * counter, what TCP_INFO tells, and after each act every part of both connections must be equal.
 */
#define _GNU_SOURCE 1 /* strtok_r */
#include "tcp_pair.h"

#include "sock/sock.h"
#include "tcp/tcp_int.h"

enum { FRAMES_MAX = 60000, HEAD = 80, ACTS = 3000 };

struct seen {
	uint64_t at_ns, hash;
	uint32_t len;
	uint8_t node, head[HEAD];
};

/* What a connection knows: the parts that are plain values. */
#define PARTS(X) X(rtt) X(loss) X(rate) X(pace) X(chrono) X(rcvwin) X(delack) X(sack) X(slot) X(rto_at) \
	X(ack_at) X(iss) X(snd_una) X(snd_nxt) X(snd_wl1) X(snd_wl2) X(snd_up) X(snd_sml) X(push_seq)    \
	X(tail_seq) X(push_half) X(snd_wnd) X(max_wnd) X(sndbuf) X(sent_ns) X(silent_ns) X(cwnd_seq)    \
	X(max_out) X(used_out) X(cwnd_ns) X(used_ns) X(rcv_nxt) X(ts_recent) X(ts_recent_ms) X(rcv_ns)  \
	X(retransmits) X(probes) X(nonagle) X(cwnd_limited) X(mem_held) X(segs_in) X(bytes_acked)

enum part {
#define X(name) PART_##name,
	PARTS(X)
#undef X
	PARTS_N
};

struct world {
	struct pair p;
	ph_socket listener, s[2];
	struct seen *frames;
	uint32_t n, acts;
	uint64_t part[ACTS][2][PARTS_N];
	uint64_t random, got[2], sent[2];
	struct ph_tcp_info info[2];
	uint64_t counters[2][C_N];
};

struct way {
	const char *name, *link, *sysctl[4][2];
	uint32_t offload;
	bool nodelay, bulky, pauses;
};

static uint32_t draw(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static uint64_t hash_of(const uint8_t *p, uint32_t n)
{
	uint64_t h = 1469598103934665603ull;

	while (n--)
		h = (h ^ *p++) * 1099511628211ull;
	return h;
}

static void note_parts(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct sock_state *ss = w->p.node[i].st->sock;
		struct tcb **at = &ss->chunks[w->s[i] / SOCK_CHUNK][w->s[i] % SOCK_CHUNK].tcp, *t;

		assert_true(tcp_wake(w->p.node[i].st, at));
		t = *at;
#define X(name) w->part[w->acts][i][PART_##name] = hash_of((const void *)&t->name, sizeof(t->name));
		PARTS(X)
#undef X
	}
	w->acts++;
}

static void collect(struct world *w)
{
	static uint8_t frame[70000];
	int len;

	for (uint8_t i = 0; i < 2; i++) {
		struct node *n = &w->p.node[i];

		while ((len = ph_link_output_bytes(n->st, n->link, frame, sizeof(frame), w->p.now)) > 0) {
			struct seen *f = &w->frames[w->n++];

			assert_true(w->n < FRAMES_MAX);
			*f = (struct seen){ .at_ns = w->p.now, .len = (uint32_t)len, .node = i,
					    .hash = hash_of(frame, (uint32_t)len) };
			memcpy(f->head, frame, len < HEAD ? (size_t)len : HEAD);
			assert_int_equal(link_pipe_push(n->out, w->p.now, frame, (size_t)len, NULL), 0);
		}
	}
}

static void pass(struct world *w, uint64_t ns)
{
	uint64_t until = w->p.now + ns, at;

	collect(w);
	while ((at = pair_next(&w->p)) <= until) {
		w->p.now = at > w->p.now ? at : w->p.now;
		for (int i = 0; i < 2; i++) {
			struct link_frame *f;

			ph_stack_run(w->p.node[i].st, w->p.now);
			while ((f = link_pipe_pop(w->p.node[!i].out, w->p.now))) {
				ph_link_input_bytes(w->p.node[i].st, w->p.node[i].link, f->data, f->len,
						    NULL, w->p.now);
				link_pipe_free_frame(w->p.node[!i].out, f);
			}
			ph_stack_run(w->p.node[i].st, w->p.now);
		}
		collect(w);
	}
	w->p.now = until;
}

static void open_both(struct world *w, const struct way *way)
{
	struct ph_sockaddr at = { .family = PH_AF_INET, .port = 7, .ip = ph_ip4(10, 0, 0, 2) };
	struct ph_stack *c = w->p.node[0].st, *s = w->p.node[1].st;
	int on = 1;

	w->listener = ph_socket_new(s, PH_AF_INET, PH_SOCK_STREAM, 0, w->p.now);
	assert_int_equal(ph_bind(s, w->listener, &at, w->p.now), 0);
	assert_int_equal(ph_listen(s, w->listener, 8, w->p.now), 0);
	w->s[0] = ph_socket_new(c, PH_AF_INET, PH_SOCK_STREAM, 0, w->p.now);
	assert_int_equal(ph_connect(c, w->s[0], &at, w->p.now), -EINPROGRESS);
	pass(w, 30 * NS_PER_S);
	w->s[1] = ph_accept(s, w->listener, NULL, w->p.now);
	assert_true(w->s[1] >= 0);
	for (int i = 0; way->nodelay && i < 2; i++)
		assert_int_equal(ph_setsockopt(w->p.node[i].st, w->s[i], PH_IPPROTO_TCP, PH_TCP_NODELAY,
					       &on, sizeof(on), w->p.now), 0);
}

/* One of the two does something, or time passes. */
static void act(struct world *w, const struct way *way)
{
	static uint8_t bytes[65536];
	uint32_t side = draw(w, 2), what = draw(w, 100);
	uint32_t size = draw(w, 10) ? 1 + draw(w, 250) : 1 + draw(w, way->bulky ? 65536 : 3000);
	struct ph_stack *st = w->p.node[side].st;
	int64_t n;

	if (what < 45) {
		memset(bytes, (int)draw(w, 256), size);
		n = ph_send(st, w->s[side], bytes, size, draw(w, 20) ? 0 : PH_MSG_MORE, w->p.now);
		w->sent[side] += n > 0 ? (uint64_t)n : 0;
	} else if (what < 90) {
		n = ph_recv(st, w->s[side], bytes, draw(w, 8) ? sizeof(bytes) : size, 0, w->p.now);
		w->got[side] += n > 0 ? (uint64_t)n : 0;
	} else {
		pass(w, draw(w, 20) || !way->pauses ? draw(w, 3000000) : draw(w, 2000000000));
	}
	if (draw(w, 3))
		pass(w, draw(w, 1500000));
}

static void run(struct world *w, const struct way *way, uint64_t seed, bool no_swift)
{
	uint32_t len = sizeof(w->info[0]);

	memset(w, 0, sizeof(*w));
	w->random = seed * 0x9e3779b97f4a7c15ull + 1;
	w->frames = calloc(FRAMES_MAX, sizeof(*w->frames));
	assert_non_null(w->frames);
	pair_init(&w->p, way->link, way->offload);
	for (int i = 0; i < 4 && way->sysctl[i][0]; i++)
		pair_sysctl(&w->p, way->sysctl[i][0], way->sysctl[i][1]);
	for (int i = 0; i < 2; i++)
		w->p.node[i].st->tcp->no_swift = no_swift;
	open_both(w, way);
	for (int i = 0; i < ACTS; i++) {
		act(w, way);
		note_parts(w);
	}
	for (int i = 0; i < 2; i++) {
		struct ph_claim broken;

		assert_int_equal(ph_getsockopt(w->p.node[i].st, w->s[i], PH_IPPROTO_TCP, PH_TCP_INFO,
					       &w->info[i], &len), 0);
		memcpy(w->counters[i], w->p.node[i].st->counters.v, sizeof(w->counters[i]));
		if (!ph_stack_check(w->p.node[i].st, &broken))
			fail_msg("%s: %s", broken.part, broken.what);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(ph_close(w->p.node[i].st, w->s[i], w->p.now), 0);
	assert_int_equal(ph_close(w->p.node[1].st, w->listener, w->p.now), 0);
	pass(w, 300 * NS_PER_S);
	pair_free(&w->p);
}

static void print_frame(const char *which, const struct seen *f)
{
	print_message("%s %llu ns node %u len %u:", which, (unsigned long long)f->at_ns, f->node, f->len);
	for (uint32_t i = 14; i < HEAD && i < f->len; i++)
		print_message("%s%02x", i == 34 ? " " : "", f->head[i]);
	print_message("\n");
}

static void compare_parts(const struct world *a, const struct world *b, const struct way *way,
			  uint64_t seed)
{
	static const char *const name[] = {
#define X(name) #name,
		PARTS(X)
#undef X
	};

	for (uint32_t act = 0; act < ACTS; act++)
		for (int i = 0; i < 2; i++)
			for (uint32_t k = 0; k < PARTS_N; k++)
				if (a->part[act][i][k] != b->part[act][i][k])
					fail_msg("%s, seed %u, act %u: node %d, %s", way->name,
						 (unsigned)seed, act, i, name[k]);
}

static void compare(const struct way *way, uint64_t seed)
{
	static struct world swift, plain;
	uint64_t hits;

	run(&swift, way, seed, false);
	run(&plain, way, seed, true);
	for (uint32_t i = 0; i < swift.n && i < plain.n; i++) {
		const struct seen *a = &swift.frames[i], *b = &plain.frames[i];

		if (a->at_ns == b->at_ns && a->hash == b->hash && a->node == b->node)
			continue;
		print_frame("before", &plain.frames[i ? i - 1 : 0]);
		print_frame("short", a);
		print_frame("long  ", b);
		fail_msg("%s, seed %u: frame %u of %u differs", way->name, (unsigned)seed, i, plain.n);
	}
	assert_int_equal(swift.n, plain.n);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(swift.got[i], plain.got[i]);
		assert_int_equal(swift.sent[i], plain.sent[i]);
		for (unsigned c = 0; c < C_N; c++)
			if (swift.counters[i][c] != plain.counters[i][c])
				fail_msg("%s, seed %u: %s is %u, and by the long way %u", way->name,
					 (unsigned)seed, counter_name(c - 1),
					 (unsigned)swift.counters[i][c], (unsigned)plain.counters[i][c]);
		assert_memory_equal(&swift.info[i], &plain.info[i], sizeof(swift.info[i]));
	}
	compare_parts(&swift, &plain, way, seed);
	hits = swift.counters[0][C_TcpExtTCPHPHits] + swift.counters[0][C_TcpExtTCPHPAcks];
	assert_true(hits > 50);
	free(swift.frames);
	free(plain.frames);
}

static const struct way ways[] = {
	{ .name = "a clear link", .link = "delay 1ms", .pauses = true },
	{ .name = "no delay of short ones", .link = "delay 300us", .nodelay = true, .pauses = true },
	{ .name = "no timestamps", .link = "delay 1ms", .sysctl = { { "net.ipv4.tcp_timestamps", "0" } } },
	{ .name = "loss", .link = "delay 2ms loss 2% seed 4", .nodelay = true, .pauses = true },
	{ .name = "bulk", .link = "delay 1ms loss 1% seed 9", .bulky = true },
	{ .name = "reordering", .link = "delay 1ms jitter 500us reorder 5% dup 2% seed 3", .nodelay = true },
	{ .name = "GRO", .link = "delay 1ms", .offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_GRO, .bulky = true },
	{ .name = "no SACK", .link = "delay 1ms loss 1% seed 2", .sysctl = { { "net.ipv4.tcp_sack", "0" } } },
	{ .name = "ECN", .link = "delay 1ms", .sysctl = { { "net.ipv4.tcp_ecn", "1" } } },
	{ .name = "Reno", .link = "delay 5ms loss 1% seed 5", .nodelay = true,
	  .sysctl = { { "net.ipv4.tcp_congestion_control", "reno" } } },
	{ .name = "BBR", .link = "delay 5ms", .nodelay = true,
	  .sysctl = { { "net.ipv4.tcp_congestion_control", "bbr" } } },
	{ .name = "small windows", .link = "delay 1ms", .nodelay = true,
	  .sysctl = { { "net.ipv4.tcp_rmem", "4096 4096 8192" },
		      { "net.ipv4.tcp_wmem", "4096 4096 8192" } } },
	{ .name = "probing for the MTU", .link = "delay 1ms", .bulky = true,
	  .sysctl = { { "net.ipv4.tcp_mtu_probing", "2" } } },
};

static void test_short_ways_lead_where_the_long_ones_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		for (uint64_t seed = 1; seed <= 4; seed++)
			compare(&ways[i], seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_ways_lead_where_the_long_ones_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
