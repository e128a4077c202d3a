/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments of a batch that are held as one packet: until when, which, and that nobody can tell. */
#include "tcp_script.h"

#include "net/stack.h"

enum { MSS = 1460, BATCHES = 400 };

static struct fix *passive(void)
{
	struct fix *f = fix_new_offload(PH_OFFLOAD_GRO);

	open_passive(f);
	return f;
}

static uint64_t looked_at(struct fix *f)
{
	return counter(f, "IpInReceives");
}

/* A segment whose ACK waits: now a train may begin. */
static void begin(struct fix *f)
{
	in_more(f, ". 1:1460 ack 1");
}

static void test_what_follows_in_a_batch_is_looked_at_once(void **state)
{
	struct fix *f = passive();
	uint64_t before;

	(void)state;
	begin(f);
	before = looked_at(f);
	in_more(f, ". 1461:1460 ack 1");
	in_more(f, ". 2921:1460 ack 1");
	in_more(f, "P. 4381:1460 ack 1");
	assert_int_equal(looked_at(f), before);
	assert_true(ph_stack_deadline(f->st) <= f->now);
	ph_stack_run(f->st, f->now);
	assert_int_equal(looked_at(f), before + 1);
	assert_int_equal(counter(f, "TcpInSegs"), 2 + 4); /* of the handshake two */
	out(f, ". 1:0 ack 5841");
	quiet(f);
	read_n(f, 1, 5840);
	fix_free(f);
}

static void test_every_call_sees_what_is_held(void **state)
{
	struct fix *f = passive();
	struct ph_event e[4];

	(void)state;
	begin(f);
	in_more(f, ". 1461:1460 ack 1");
	read_n(f, 1, 2920);
	in_more(f, ". 2921:1460 ack 1");
	assert_int_equal(ph_inq(f->st, f->s), MSS);
	in_more(f, ". 4381:1460 ack 1");
	assert_true(ph_poll(f->st, f->s) & PH_POLLIN);
	assert_int_equal(ph_inq(f->st, f->s), 2 * MSS);
	while (ph_ready(f->st, e, 4) > 0)
		;
	in_more(f, ". 5841:1460 ack 1");
	assert_int_equal(ph_ready(f->st, e, 4), 1);
	assert_int_equal(e[0].socket, f->s);
	read_n(f, 2921, 3 * MSS);
	fix_free(f);
}

static void differs(const char *line, bool drops)
{
	struct fix *f = passive();
	uint64_t before, errors = counter(f, "TcpInErrs");
	struct seg_text t;
	uint8_t p[4096];
	uint32_t len;

	begin(f);
	in_more(f, ". 1461:1460 ack 1");
	before = looked_at(f);
	seg_read(line, &t);
	len = seg_build(f, &t, p);
	p[len - 1] ^= drops;
	frame_in(f, p, len);
	assert_int_equal(looked_at(f), before + 2); /* what was held, and then this one */
	assert_int_equal(counter(f, "TcpInErrs"), errors + drops);
	ph_stack_run(f->st, f->now);
	assert_int_equal(looked_at(f), before + 2);
	fix_free(f);
}

/* rfc: 9293:MUST-3 */
static void test_what_is_not_the_same_is_looked_at_at_once(void **state)
{
	(void)state;
	differs(". 2921:1460 ack 1", true); /* with a wrong checksum */
	differs(". 2921:1459 ack 1", false);
	differs(". 4381:1460 ack 1", false);
	differs(". 1461:1460 ack 1", false);
	differs(". 2921:1460 ack 1 win 1000", false);
	differs("F. 2921:1460 ack 1", false);
	differs("U. 2921:1460 ack 1 urg 3", false);
	differs(". 2921:1448 ack 1 ts 1 1", false);
}

static void test_a_header_that_lies_joins_no_train(void **state)
{
	struct fix *f = passive();
	struct seg_text t;
	uint8_t p[4096];
	uint32_t len;

	(void)state;
	begin(f);
	seg_read(". 1461:1460 ack 1", &t);
	len = seg_build(f, &t, p);
	p[8]++; /* TTL, and the checksum is as it was */
	frame_in(f, p, len);
	p[8]--;
	p[4]++; /* the ID, which each has its own of */
	frame_in(f, p, len);
	assert_int_equal(counter(f, "IpExtInCsumErrors"), 2);
	ph_stack_run(f->st, f->now);
	read_n(f, 1, MSS);
	fix_free(f);
}

static void test_what_is_held_at_the_end_is_given_back(void **state)
{
	struct fix *f = passive();

	(void)state;
	begin(f);
	in_more(f, ". 1461:1460 ack 1");
	in_more(f, ". 2921:1460 ack 1");
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

static void test_what_is_held_for_a_link_that_goes_is_taken_before(void **state)
{
	struct fix *f = passive();

	(void)state;
	begin(f);
	in_more(f, ". 1461:1460 ack 1");
	in_more(f, ". 2921:1460 ack 1");
	assert_int_equal(ph_link_remove(f->st, f->link, f->now), 0);
	read_n(f, 1, 3 * MSS);
	f->link = -1;
	ph_stack_abort(f->st, f->now);
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

/* ---- the same segments to one that joins them, and to one that is watched and does not */

static void ignore(void *arg, const struct ph_trace_event *e)
{
	(void)arg;
	(void)e;
}

struct both {
	struct fix *f[2];
	uint32_t next, acked; /* the peer's place, and what it was told of */
	struct prng r;
};

static void same_output(struct both *b)
{
	static uint8_t p[2][70000];

	for (;;) {
		int n[2];

		for (int i = 0; i < 2; i++)
			n[i] = ph_link_output_bytes(b->f[i]->st, b->f[i]->link, p[i], sizeof(p[i]),
						    b->f[i]->now);
		assert_int_equal(n[0], n[1]);
		if (n[0] == 0)
			return;
		assert_memory_equal(p[0], p[1], (size_t)n[0]);
		b->acked = ((uint32_t)p[0][28] << 24 | (uint32_t)p[0][29] << 16 |
			    (uint32_t)p[0][30] << 8 | p[0][31]) - b->f[0]->peer_iss;
	}
}

/* Mostly what comes next, full; at times shorter, pushed, ahead, again, damaged, with another window. */
static void random_segment(struct both *b)
{
	struct seg_text t = { .flags = TCP_F_ACK, .seq = b->next, .len = MSS, .has_ack = true, .ack = 1,
			      .has_win = true, .win = 65535 };
	uint32_t what = prng_below(&b->r, 60), flip = 0;
	uint8_t p[4096];

	if (what == 0)
		t.len = 1 + prng_below(&b->r, MSS);
	else if (what == 1)
		t.seq += MSS;
	else if (what == 2 && b->next > MSS)
		t.seq -= MSS;
	else if (what == 3)
		t.win = 60000;
	else if (what == 4)
		flip = 1;
	if (what % 7 == 0)
		t.flags |= TCP_F_PSH;
	for (int i = 0; i < 2; i++) {
		uint32_t len = seg_build(b->f[i], &t, p);

		p[len - 1] ^= (uint8_t)flip;
		frame_in(b->f[i], p, len);
	}
	if (t.seq == b->next && !flip)
		b->next += t.len;
}

static void read_some(struct both *b)
{
	static uint8_t bytes[2][100000];
	size_t n = prng_below(&b->r, sizeof(bytes[0]));
	int64_t got[2];

	for (int i = 0; i < 2; i++)
		got[i] = ph_recv(b->f[i]->st, b->f[i]->s, bytes[i], n, 0, b->f[i]->now);
	assert_int_equal(got[0], got[1]);
	if (got[0] > 0)
		assert_memory_equal(bytes[0], bytes[1], (size_t)got[0]);
}

static void both_pass(struct both *b, uint64_t ns)
{
	for (int i = 0; i < 2; i++) {
		b->f[i]->now += ns;
		ph_stack_run(b->f[i]->st, b->f[i]->now);
	}
}

static void run_both(uint64_t seed, uint64_t looks[2])
{
	struct both b = { .next = 1, .acked = 1 };
	uint8_t key[32] = { (uint8_t)seed };

	prng_seed(&b.r, key);
	for (int i = 0; i < 2; i++) {
		b.f[i] = fix_new_offload(PH_OFFLOAD_GRO);
		sysctl(b.f[i], "net.ipv4.tcp_window_scaling", "1");
		listen_on(b.f[i], 5);
		in(b.f[i], "S 0:0 mss 1460 ws 7");
		out(b.f[i], "S. 0:0 ack 1");
		in(b.f[i], ". 1:0 ack 1");
		accept_one(b.f[i]);
	}
	b.f[1]->st->trace.sink = ignore;
	for (int batch = 0; batch < BATCHES; batch++) {
		for (uint32_t n = prng_below(&b.r, 40); n > 0; n--)
			random_segment(&b);
		if (prng_below(&b.r, 2))
			read_some(&b);
		both_pass(&b, prng_below(&b.r, 4) ? 0 : prng_below(&b.r, 50) * MS);
		same_output(&b);
		if (prng_below(&b.r, 4) == 0)
			b.next = b.acked; /* what was lost goes again */
	}
	for (int i = 0; i < 2; i++) {
		looks[i] += looked_at(b.f[i]);
		fix_free(b.f[i]);
	}
}

static void test_nobody_can_tell_from_the_answers(void **state)
{
	uint64_t looks[2] = { 0, 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		run_both(seed, looks);
	assert_true(looks[0] < looks[1] / 2); /* and trains there were */
}

/* ---- IPv6, with an Ethernet header, and the checksums that a link makes */

enum { BULK = 200000 };

struct end {
	struct ph_stack *st;
	ph_link link;
	size_t allocated;
};

static void *end_alloc(void *arg, size_t size)
{
	*(size_t *)arg += size;
	return malloc(size);
}

static void end_release(void *arg, void *ptr, size_t size)
{
	*(size_t *)arg -= size;
	free(ptr);
}

static struct ph_sockaddr end_at(unsigned id)
{
	return (struct ph_sockaddr){ .family = PH_AF_INET6, .port = 80,
				     .ip = { .b = { 0xfd, [15] = (uint8_t)id } } };
}

static void end_new(struct end *e, unsigned id, uint64_t now)
{
	struct ph_conf conf = { .alloc = end_alloc, .release = end_release, .mem_arg = &e->allocated,
				.now_ns = now };
	struct ph_link_conf link = { .name = "eth0", .kind = PH_LINK_ETHER, .mac = { 2, [5] = (uint8_t)id },
				     .offload = PH_OFFLOAD_GRO };
	struct ph_sockaddr a = end_at(id);

	e->allocated = 0;
	memset(conf.key, (int)id, sizeof(conf.key));
	e->st = ph_stack_new(&conf);
	assert_non_null(e->st);
	e->link = ph_link_add(e->st, &link, now);
	assert_int_equal(ph_addr_add(e->st, e->link, &a.ip, 64, now), 0);
}

/* All frames of one to the other, as one batch; how many. */
static int carry(struct end *from, struct end *to, uint64_t now)
{
	static uint8_t p[70000];
	int n = 0, len;

	while ((len = ph_link_output_bytes(from->st, from->link, p, sizeof(p), now)) > 0) {
		assert_int_equal(ph_link_input_bytes(to->st, to->link, p, (size_t)len, NULL, now), 0);
		n++;
	}
	return n;
}

static int turn(struct end e[2], uint64_t *now)
{
	int n = 0;

	*now += MS;
	for (int i = 0; i < 2; i++) {
		ph_stack_run(e[i].st, *now);
		n += carry(&e[i], &e[!i], *now);
	}
	return n;
}

static void test_trains_of_ipv6_bring_what_was_sent(void **state)
{
	static uint8_t sent_bytes[BULK], got_bytes[BULK];
	struct ph_sockaddr to = end_at(2);
	uint64_t now = 1000 * MS, looks;
	int64_t sent_n = 0, got = 0, n;
	ph_socket l, c, s = -1;
	struct end e[2];
	int frames = 0;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		end_new(&e[i], i + 1, now);
	for (int i = 0; i < 3000; i++) /* until the addresses are theirs */
		turn(e, &now);
	for (int i = 0; i < BULK; i++)
		sent_bytes[i] = (uint8_t)(i * 7 + i / 251);
	l = ph_socket_new(e[1].st, PH_AF_INET6, PH_SOCK_STREAM, 0, now);
	assert_int_equal(ph_bind(e[1].st, l, &to, now), 0);
	assert_int_equal(ph_listen(e[1].st, l, 1, now), 0);
	c = ph_socket_new(e[0].st, PH_AF_INET6, PH_SOCK_STREAM, 0, now);
	assert_int_equal(ph_connect(e[0].st, c, &to, now), -EINPROGRESS);
	looks = ph_counter_by_name(e[1].st, "Ip6InReceives");
	for (int i = 0; i < 10000 && got < BULK; i++) {
		frames += turn(e, &now);
		if (s < 0)
			s = ph_accept(e[1].st, l, NULL, now);
		n = ph_send(e[0].st, c, sent_bytes + sent_n, (size_t)(BULK - sent_n), 0, now);
		sent_n += n > 0 ? n : 0;
		while (s >= 0 && (n = ph_recv(e[1].st, s, got_bytes + got, (size_t)(BULK - got), 0, now)) > 0)
			got += n;
	}
	assert_int_equal(got, BULK);
	assert_memory_equal(sent_bytes, got_bytes, BULK);
	looks = ph_counter_by_name(e[1].st, "Ip6InReceives") - looks;
	assert_true(looks < (uint64_t)frames / 2);
	for (int i = 0; i < 2; i++) {
		ph_stack_free(e[i].st);
		assert_int_equal(e[i].allocated, 0);
	}
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_follows_in_a_batch_is_looked_at_once),
		T(test_every_call_sees_what_is_held),
		T(test_what_is_not_the_same_is_looked_at_at_once),
		T(test_a_header_that_lies_joins_no_train),
		T(test_what_is_held_at_the_end_is_given_back),
		T(test_what_is_held_for_a_link_that_goes_is_taken_before),
		T(test_nobody_can_tell_from_the_answers),
		T(test_trains_of_ipv6_bring_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
