/* SPDX-License-Identifier: BSD-2-Clause */
/* What whole conversations leave in the counters, all of them: nothing is counted twice, as something else
 * or not at all (RFC 4022, RFC 4293, and Linux's names beside them). */
#include "tcp_script.h"
#include "counted.h"

/* rfc: 9293:3.10.7.4-a */
static void test_a_connection_from_its_syn_to_its_last_ack(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	in(f, "P. 1:100 ack 1");
	out(f, ". 1:0 ack 101");
	read_n(f, 1, 100);
	assert_int_equal(write_n(f, 500), 500);
	out(f, "P. 1:500 ack 101");
	in(f, ". 101:0 ack 501");
	in(f, "F. 101:0 ack 501");
	pass(f, 100);
	out(f, ". 501:0 ack 102");
	close_s(f);
	out(f, "F. 501:0 ack 102");
	in(f, ". 102:0 ack 502");
	counted(f->st,
		"IpInReceives 6 IpInDelivers 6 IpOutRequests 5 IpOutTransmits 5 "
		"TcpPassiveOpens 1 TcpInSegs 6 TcpOutSegs 5 TcpExtDelayedACKs 1 TcpExtTCPHPHits 1 "
		"TcpExtTCPPureAcks 2 TcpExtTCPHPAcks 1 TcpExtTCPOrigDataSent 2 "
		"TcpExtTCPDelivered 3 IpExtInOctets 344 IpExtOutOctets 704 IpExtInNoECTPkts 6");
	fix_free(f);
}

static void test_a_connection_that_we_began_and_ended(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_active(f);
	assert_int_equal(write_n(f, 2000), 2000);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:540 ack 1");
	in(f, ". 1:0 ack 2001");
	close_s(f);
	out(f, "F. 2001:0 ack 1");
	in(f, "F. 1:0 ack 2002");
	out(f, ". 2002:0 ack 2");
	counted(f->st,
		"IpInReceives 3 IpInDelivers 3 IpOutRequests 5 IpOutTransmits 5 TcpActiveOpens 1 "
		"TcpInSegs 3 TcpOutSegs 6 TcpExtTW 1 TcpExtTCPHPAcks 1 TcpExtTCPOrigDataSent 3 "
		"TcpExtTCPDelivered 4 IpExtInOctets 124 IpExtOutOctets 2204 IpExtInNoECTPkts 3");
	pass(f, 61000);
	counted(f->st,
		"IpInReceives 3 IpInDelivers 3 IpOutRequests 5 IpOutTransmits 5 TcpActiveOpens 1 "
		"TcpInSegs 3 TcpOutSegs 6 TcpExtTW 1 TcpExtTCPHPAcks 1 TcpExtTCPOrigDataSent 3 "
		"TcpExtTCPDelivered 4 IpExtInOctets 124 IpExtOutOctets 2204 IpExtInNoECTPkts 3");
	fix_free(f);
}

static void test_what_was_lost_and_sent_again(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	pass(f, 210);
	out(f, "P. 1:100 ack 1");
	in(f, ". 1:0 ack 101");
	in(f, ". 200:50 ack 101");
	out(f, ". 101:0 ack 1");
	in(f, ". 1:199 ack 101");
	out(f, ". 101:0 ack 250");
	in(f, ". 1:199 ack 101");
	out(f, ". 101:0 ack 250");
	counted(f->st,
		"IpInReceives 6 IpInDelivers 6 IpOutRequests 6 IpOutTransmits 6 "
		"TcpPassiveOpens 1 TcpCurrEstab 1 TcpInSegs 6 TcpOutSegs 5 TcpRetransSegs 1 "
		"TcpExtDelayedACKLost 1 TcpExtTCPPureAcks 1 TcpExtTCPHPAcks 1 "
		"TcpExtTCPTimeouts 1 TcpExtTCPOFOQueue 1 TcpExtTCPOrigDataSent 1 "
		"TcpExtTCPDelivered 2 TcpExtTcpTimeoutRehash 1 IpExtInOctets 692 "
		"IpExtOutOctets 444 IpExtInNoECTPkts 6 "
		"PhantomDropTCP_INVALID_SEQUENCE 1");
	fix_free(f);
}

static void test_resets_and_what_nobody_waits_for(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	f->our_port = 81;
	in(f, "S 0:0 mss 1460");
	out(f, "R. 0:0 ack 1");
	f->our_port = 80;
	open_passive(f);
	in(f, "R 1:0");
	counted(f->st,
		"IpInReceives 4 IpInDelivers 4 IpOutRequests 2 IpOutTransmits 2 "
		"TcpPassiveOpens 1 TcpEstabResets 1 TcpInSegs 4 TcpOutSegs 2 TcpOutRsts 1 "
		"TcpExtTCPPureAcks 1 TcpExtTCPDelivered 1 IpExtInOctets 168 IpExtOutOctets 84 "
		"IpExtInNoECTPkts 4 PhantomDropNO_SOCKET 1 PhantomDropTCP_RESET 1");
	ph_close(f->st, f->s, f->now);
	f->s = -1;
	f->peer_port = 4100;
	f->iss_known = false;
	start_connect(f);
	in(f, "R. 0:0 ack 1");
	assert_int_equal(error_of(f, f->s), ECONNREFUSED);
	counted(f->st,
		"IpInReceives 5 IpInDelivers 5 IpOutRequests 3 IpOutTransmits 3 TcpActiveOpens 1 "
		"TcpPassiveOpens 1 TcpAttemptFails 1 TcpEstabResets 1 TcpInSegs 5 TcpOutSegs 3 "
		"TcpOutRsts 1 TcpExtTCPPureAcks 1 TcpExtTCPDelivered 1 IpExtInOctets 208 "
		"IpExtOutOctets 128 IpExtInNoECTPkts 5 PhantomDropNO_SOCKET 1 "
		"PhantomDropTCP_RESET 2");
	fix_free(f);
}

static void test_an_answer_that_is_said_again(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_synack_retries", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	pass(f, 1100);
	out(f, "S. 0:0 ack 1");
	quiet(f);
	counted(f->st,
		"IpInReceives 1 IpInDelivers 1 IpOutRequests 2 IpOutTransmits 2 "
		"TcpInSegs 1 TcpOutSegs 2 TcpRetransSegs 1 TcpExtTCPTimeouts 1 "
		"TcpExtTCPSynRetrans 1 IpExtInOctets 44 IpExtOutOctets 88 IpExtInNoECTPkts 1");
	fix_free(f);
}

static void test_segments_that_cannot_be(void **state)
{
	struct fix *f = fix_new();
	struct seg_text t;
	uint8_t p[128];

	(void)state;
	open_passive(f);
	seg_read("P. 1:10 ack 1", &t);
	assert_int_equal(seg_build(f, &t, p), 50);
	p[49] ^= 1;
	in_bytes(f, p, 50);
	in(f, "P. 1:10 ack 5000");
	out(f, ". 1:0 ack 1");
	in(f, "S 1:0 mss 1460");
	counted(f->st,
		"IpInReceives 5 IpInDelivers 5 IpOutRequests 2 IpOutTransmits 2 "
		"TcpPassiveOpens 1 TcpCurrEstab 1 TcpInSegs 5 TcpOutSegs 2 TcpInErrs 1 "
		"TcpInCsumErrors 1 TcpExtTCPPureAcks 1 TcpExtTCPChallengeACK 1 "
		"TcpExtTCPSYNChallenge 1 TcpExtTCPACKSkippedChallenge 1 TcpExtTCPDelivered 1 "
		"IpExtInOctets 228 IpExtOutOctets 84 IpExtInNoECTPkts 5 PhantomDropTCP_CSUM 1 "
		"PhantomDropTCP_INVALID_SYN 1 PhantomDropTCP_ACK_UNSENT_DATA 1");
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_connection_from_its_syn_to_its_last_ack),
		T(test_a_connection_that_we_began_and_ended),
		T(test_what_was_lost_and_sent_again),
		T(test_resets_and_what_nobody_waits_for),
		T(test_an_answer_that_is_said_again),
		T(test_segments_that_cannot_be),
	};

	return cmocka_run_group_tests_name("counted_tcp", tests, NULL, NULL);
}
