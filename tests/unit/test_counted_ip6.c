/* SPDX-License-Identifier: BSD-2-Clause */
/* What IPv6's packets leave in the counters, all of them (RFC 4293, RFC 4113, and Linux's names). */
#include "net6_fixture.h"
#include "counted.h"

static void echo_in(struct host *h, const struct ph_ip *dst, bool spoil)
{
	struct frame *f = malloc(sizeof(*f));
	uint8_t *p;

	assert_non_null(f);
	p = frame_icmp6(f, &peer6, dst, ICMP6_ECHO, 64);
	p[5] = 1;
	frame_icmp6_end(f, AT6);
	if (spoil)
		f->b[f->len - 1] ^= 1;
	frame_in(h, f);
	free(f);
	while (host_take(h) > 0)
		;
}

static void test_echoes_sound_and_not(void **state)
{
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	echo_in(h, &us6, false);
	echo_in(h, &us6, true);
	echo_in(h, &other6, false);
	counted(h->st,
		"Ip6InReceives 3 Ip6InAddrErrors 1 Ip6InDelivers 2 Ip6OutRequests 8 "
		"Ip6OutMcastPkts 7 Ip6InOctets 312 Ip6OutOctets 624 Ip6OutMcastOctets 520 "
		"Ip6InNoECTPkts 3 Ip6OutTransmits 8 Icmp6InMsgs 2 Icmp6InErrors 1 Icmp6OutMsgs 8 "
		"Icmp6InCsumErrors 1 Icmp6InEchos 1 Icmp6OutEchoReplies 1 "
		"Icmp6OutNeighborSolicits 2 Icmp6OutNeighborAdvertisements 1 "
		"Icmp6OutMLDv2Reports 4 PhantomDropIP6_DST 1 PhantomDropICMP6_CSUM 1");
	host_free(h);
}

static void test_a_packet_that_is_cut(void **state)
{
	struct host *h = host6_new();
	struct ip_tx tx = { .proto = TEST_PROTO };
	struct ph_ip dst = scoped(h, &peer6);
	struct dst d = { 0 };

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &dst, false), 0);
	assert_int_equal(ip_output(h->st, host_payload(h, 1, 4000), &d, &tx), 0);
	while (host_take(h) > 0)
		;
	counted(h->st,
		"Ip6OutRequests 8 Ip6FragOKs 1 Ip6FragCreates 3 Ip6OutMcastPkts 7 "
		"Ip6OutOctets 4664 Ip6OutMcastOctets 520 Ip6OutTransmits 10 Icmp6OutMsgs 7 "
		"Icmp6OutNeighborSolicits 2 Icmp6OutNeighborAdvertisements 1 "
		"Icmp6OutMLDv2Reports 4");
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echoes_sound_and_not),
		cmocka_unit_test(test_a_packet_that_is_cut),
	};

	return cmocka_run_group_tests_name("counted_ip6", tests, NULL, NULL);
}
