/* SPDX-License-Identifier: BSD-2-Clause */
/* Other paths: flow labels that change when nothing gets through, load balancing by marks
 * (tcp/tcp_plb.h). One stack with a link without Ethernet, whose peer is silent. */
#include "tcp_script.h"

#include "tcp/tcp_plb.h"

static const struct ph_ip us6 = { { 0xfd, 1, [15] = 2 } }, peer6 = { { 0xfd, 1, [15] = 1 } };

static struct fix *fix6_new(void)
{
	struct fix *f = fix_new();

	assert_int_equal(ph_addr_add(f->st, f->link, &us6, 64, f->now), 0);
	pass(f, 5000); /* the address is tried first */
	return f;
}

static ph_socket connect6(struct fix *f, uint16_t port)
{
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = port, .ip = peer6 };
	ph_socket s = ph_socket_new(f->st, PH_AF_INET6, PH_SOCK_STREAM, 0, f->now);

	assert_true(s >= 0);
	assert_int_equal(ph_connect(f->st, s, &a, f->now), -EINPROGRESS);
	return s;
}

/* The flow label of the TCP segment that is sent next, within two minutes. */
static uint32_t next_label(struct fix *f)
{
	static uint8_t p[70000];

	for (int ms = 0; ms < 120000; ms += 10) {
		while (ph_link_output_bytes(f->st, f->link, p, sizeof(p), f->now) > 0)
			if (p[0] >> 4 == 6 && p[6] == 6)
				return (uint32_t)(p[1] & 15) << 16 | (uint32_t)p[2] << 8 | p[3];
		pass(f, 10);
	}
	fail_msg("no segment was sent");
	return 0;
}

static int txrehash_of(struct fix *f, ph_socket s)
{
	int v = -1;
	uint32_t len = sizeof(v);

	assert_int_equal(ph_getsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_TXREHASH, &v, &len), 0);
	return v;
}

static void end(struct fix *f)
{
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

static void test_each_timeout_takes_another_flow_label(void **state)
{
	struct fix *f = fix6_new();
	ph_socket s = connect6(f, 80);
	uint32_t label[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		label[i] = next_label(f);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			assert_int_not_equal(label[i], label[j]);
	assert_int_equal(counter(f, "TcpExtTcpTimeoutRehash"), 3);
	ph_close(f->st, s, f->now);
	end(f);
}

/* rfc: 6437:3-1 */
static void test_a_flow_keeps_its_label_where_that_is_switched_off(void **state)
{
	struct fix *f = fix6_new();
	ph_socket s;
	uint32_t first;
	int v;

	(void)state;
	sysctl(f, "net.core.txrehash", "0");
	s = connect6(f, 80);
	first = next_label(f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next_label(f), first);
	assert_int_equal(counter(f, "TcpExtTcpTimeoutRehash"), 0);
	assert_int_equal(txrehash_of(f, s), 0);
	v = 1; /* the socket's own word goes before the sysctl's */
	assert_int_equal(ph_setsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_TXREHASH, &v, sizeof(v), f->now), 0);
	assert_int_not_equal(next_label(f), first);
	assert_int_equal(txrehash_of(f, s), 1);
	v = 0;
	assert_int_equal(ph_setsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_TXREHASH, &v, sizeof(v), f->now), 0);
	first = next_label(f);
	assert_int_equal(next_label(f), first);
	assert_int_equal(counter(f, "TcpExtTcpTimeoutRehash"), 1);
	ph_close(f->st, s, f->now);
	end(f);
}

static void test_a_syn_ack_again_takes_another_flow_label(void **state)
{
	struct fix *f = fix6_new();
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 80 };
	ph_socket l = ph_socket_new(f->st, PH_AF_INET6, PH_SOCK_STREAM, 0, f->now);
	uint8_t p[60] = { 0x60, [5] = 20, [6] = 6, [7] = 64, [40] = 15, 160, 0, 80, 0, 0, 0, 9,
			  [52] = 0x50, 2, 255, 255 };
	uint32_t label[3];
	uint64_t sum;

	(void)state;
	assert_int_equal(ph_bind(f->st, l, &a, f->now), 0);
	assert_int_equal(ph_listen(f->st, l, 4, f->now), 0);
	memcpy(p + 8, peer6.b, 16);
	memcpy(p + 24, us6.b, 16);
	sum = csum_finish(csum_add(csum_pseudo(&peer6, &us6, 6, 20), p + 40, 20));
	p[56] = (uint8_t)(sum >> 8);
	p[57] = (uint8_t)sum;
	in_bytes(f, p, sizeof(p));
	for (int i = 0; i < 3; i++)
		label[i] = next_label(f);
	assert_int_not_equal(label[0], label[1]);
	assert_int_not_equal(label[1], label[2]);
	/* As the kernel, which counts those of connections. */
	assert_int_equal(counter(f, "TcpExtTcpTimeoutRehash"), 0);
	ph_close(f->st, l, f->now);
	end(f);
}

/* ---- tcp_plb.h */

static void test_a_round_is_congested_from_the_threshold_on(void **state)
{
	const struct tcp_plb_conf c = { .rounds = 2, .threshold = 128 };
	struct tcp_plb p = { .congested = 0 };

	(void)state;
	assert_true(tcp_plb_acked(&p, &c, 1, 0, 100, 100)); /* nothing outstanding: a round of its own */
	assert_int_equal(p.congested, 0);
	assert_true(tcp_plb_acked(&p, &c, 256, 127, 100, 200));
	assert_int_equal(p.congested, 0);
	assert_false(tcp_plb_acked(&p, &c, 100, 100, 199, 300));
	assert_true(tcp_plb_acked(&p, &c, 156, 28, 200, 300)); /* 128 of 256, over both ACKs */
	assert_int_equal(p.congested, 1);
	assert_false(tcp_plb_wants(&p, &c, false, 1));
	assert_true(tcp_plb_acked(&p, &c, 3, 1, 300, 400));
	assert_int_equal(p.congested, 0);
	for (seq_t at = 400; at < 700; at += 100)
		assert_true(tcp_plb_acked(&p, &c, 2, 1, at, at + 100));
	assert_int_equal(p.congested, 2); /* no more are counted than are needed */
	assert_true(tcp_plb_acked(&p, &c, 0, 0, 700, 800)); /* a round of nothing says nothing */
	assert_int_equal(p.congested, 2);
	assert_true(tcp_plb_wants(&p, &c, false, 1));
	assert_int_equal(p.congested, 0);
}

static void test_a_sender_that_went_idle_leaves_sooner(void **state)
{
	const struct tcp_plb_conf c = { .rounds = 12, .idle_rounds = 3, .threshold = 128 };
	const struct tcp_plb_conf never = { .rounds = 12, .idle_rounds = 0, .threshold = 128 };
	struct tcp_plb p = { .congested = 2 };

	(void)state;
	assert_false(tcp_plb_wants(&p, &c, true, 1));
	p.congested = 3;
	assert_false(tcp_plb_wants(&p, &c, false, 1));
	assert_false(tcp_plb_wants(&p, &never, true, 1));
	assert_true(tcp_plb_wants(&p, &c, true, 1));
	p.congested = 12;
	assert_true(tcp_plb_wants(&p, &never, false, 1));
}

static void test_after_a_timeout_it_waits(void **state)
{
	const struct tcp_plb_conf c = { .rounds = 1, .idle_rounds = 1, .threshold = 128 };
	struct tcp_plb p = { .congested = 1 };

	(void)state;
	tcp_plb_timeout(&p, 1000, 500);
	assert_int_equal(p.congested, 0);
	p.congested = 1;
	assert_false(tcp_plb_wants(&p, &c, true, 1499));
	assert_int_equal(p.congested, 1);
	assert_true(tcp_plb_wants(&p, &c, true, 1500));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_timeout_takes_another_flow_label),
		cmocka_unit_test(test_a_flow_keeps_its_label_where_that_is_switched_off),
		cmocka_unit_test(test_a_syn_ack_again_takes_another_flow_label),
		cmocka_unit_test(test_a_round_is_congested_from_the_threshold_on),
		cmocka_unit_test(test_a_sender_that_went_idle_leaves_sooner),
		cmocka_unit_test(test_after_a_timeout_it_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
