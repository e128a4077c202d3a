/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams from who means harm: lengths and checksums that are wrong, ports where nobody is. */
#include "udp_fixture.h"

#include "base/claim.h"

/* Of `n` octets behind UDP's header, whose length says what it likes; a sum of 0 is none. */
static void lies(struct host *h, uint16_t dport, uint32_t says, uint32_t n, uint16_t sum)
{
	static struct frame f;
	struct udp_hdr *u;

	frame_ip4(&f, PEER4, US4, PH_IPPROTO_UDP, 0);
	u = frame_put(&f, sizeof(*u) + n);
	*u = (struct udp_hdr){ .sport = be16_of(9), .dport = be16_of(dport),
			       .len = be16_of((uint16_t)says), .csum = be16_of(sum) };
	pattern((uint8_t *)u + sizeof(*u), n);
	frame_end(&f);
	frame_in(h, &f);
}

/* The peer's address without a question, so that only answers leave. */
static void knows(struct host *h)
{
	struct ph_ip peer = ip_of4(PEER4);

	assert_int_equal(ph_neigh_add(h->st, h->link, &peer, peer_mac, h->now), 0);
}

static void still_answers(struct host *h)
{
	static struct frame f;
	bool heard = false;

	while (host_take(h) > 0)
		;
	host_run(h, NS_PER_S);
	frame_echo(&f, PEER4, US4, 32);
	frame_in(h, &f);
	while (host_take(h) > 0)
		heard |= out_l4(h)[0] == ICMP4_ECHO_REPLY;
	assert_true(heard);
}

/* attack: CVE-2019-14192 */
static void test_every_length_of_a_datagram_is_survived(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	knows(h);
	for (uint32_t says = 0; says < 65536; says += says < 200 || says > 65500 ? 1 : 97) {
		struct got *g;

		lies(h, 7, says, 100, 0);
		g = receive(h, s, 0);
		if (says < 8 || says > 108)
			assert_int_equal(g->n, -EAGAIN);
		else
			assert_int_equal(g->n, says - 8);
		assert_int_equal(host_take(h), 0);
	}
	still_answers(h);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* attack: CVE-2015-5364 CVE-2015-5366 */
static void test_a_flood_of_wrong_checksums_wakes_nobody(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct ph_event e[4];

	(void)state;
	knows(h);
	while (ph_ready(h->st, e, 4) > 0)
		;
	for (unsigned i = 0; i < 20000; i++) {
		lies(h, 7, 108, 100, 0x1234);
		assert_int_equal(ph_ready(h->st, e, 4), 0);
	}
	assert_int_equal(count_of(h, "UdpInCsumErrors"), 20000);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	lies(h, 7, 108, 100, 0);
	assert_int_equal(ph_ready(h->st, e, 4), 1);
	assert_int_equal(receive(h, s, 0)->n, 100);
	still_answers(h);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* attack: CVE-2016-10229 */
static void test_what_was_looked_at_is_what_is_read(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	uint8_t first[100];
	static struct frame f;

	(void)state;
	lies(h, 7, 108, 100, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct got *g = receive(h, s, PH_MSG_PEEK);

		assert_int_equal(g->n, 100);
		memcpy(first, g->data, sizeof(first));
		memset(g->data, 0xee, 100); /* the reader's memory is the reader's */
		lies(h, 7, 108, 100, 0x1234);
	}
	assert_int_equal(receive(h, s, 0)->n, 100);
	pattern(f.b, 100);
	assert_memory_equal(first, f.b, 100);
	assert_memory_equal(receive(h, s, PH_MSG_PEEK)->data, f.b, 100);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	assert_int_equal(count_of(h, "UdpInDatagrams"), 1);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* Errors about errors would be a loop: the peer's own error about ours is not answered. */
/* attack: CVE-2011-2013 CVE-1999-0103 CVE-2024-2169 */
static void test_a_closed_port_costs_an_error_at_a_rate_and_nothing_more(void **state)
{
	struct host *h = host_new();
	struct ph_usage before, after;
	unsigned told = 0;

	(void)state;
	knows(h);
	ph_stack_usage(h->st, &before);
	for (unsigned i = 0; i < 100000; i++) {
		lies(h, i % 3 ? 7 : 53, 108, 100, 0);
		for (; host_take(h) > 0; told++) {
			assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
			icmp_error(h, ICMP4_UNREACH, 3, 0);
			assert_int_equal(host_take(h), 0);
		}
		if (i % 1000 == 0)
			host_run(h, 100 * NS_PER_MS);
	}
	assert_in_range(told, 5, 20); /* net.ipv4.icmp_ratelimit: one a second for each */
	assert_int_equal(count_of(h, "UdpNoPorts"), 100000);
	ph_stack_usage(h->st, &after);
	assert_int_equal(after.packets, before.packets);
	assert_int_equal(after.buffers, before.buffers);
	still_answers(h);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length_of_a_datagram_is_survived),
		cmocka_unit_test(test_a_flood_of_wrong_checksums_wakes_nobody),
		cmocka_unit_test(test_what_was_looked_at_is_what_is_read),
		cmocka_unit_test(test_a_closed_port_costs_an_error_at_a_rate_and_nothing_more),
	};

	return cmocka_run_group_tests_name("udp hostile", tests, NULL, NULL);
}
