/* SPDX-License-Identifier: BSD-2-Clause */
/* What packets of each kind leave in the counters, all of them: RFC 4293's and 4113's, and Linux's names
 * beside them. Nothing is counted twice, as something else or not at all. */
#include "udp_fixture.h"
#include "counted.h"

static void echo_in(struct host *h, uint32_t dst, void (*spoil)(struct frame *))
{
	struct frame *f = malloc(sizeof(*f));

	assert_non_null(f);
	(void)frame_echo(f, PEER4, dst, 56);
	if (spoil)
		spoil(f);
	frame_in(h, f);
	free(f);
	while (host_take(h) > 0)
		;
}

static void bad_ip_sum(struct frame *f)
{
	frame_ip(f)->csum = be16_of((uint16_t)(be16_get(frame_ip(f)->csum) ^ 1));
}

static void bad_icmp_sum(struct frame *f)
{
	f->b[f->len - 1] ^= 1;
}

static void other_protocol(struct frame *f)
{
	frame_ip(f)->proto = 254;
	frame_ip_csum(f);
}

static void cut_short(struct frame *f)
{
	f->len -= 10;
}

static void long_header(struct frame *f)
{
	frame_ip(f)->ver_ihl = 0x44;
}

/* rfc: 1122:3.2.2.6-1 */
static void test_echoes_sound_and_not(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	echo_in(h, US4, NULL);
	echo_in(h, US4, NULL);
	counted(h->st,
		"IpInReceives 2 IpInDelivers 2 IpOutRequests 2 IpOutTransmits 2 IcmpInMsgs 2 "
		"IcmpInEchos 2 IcmpOutMsgs 2 IcmpOutEchoReps 2 IcmpMsgInType8 2 "
		"IcmpMsgOutType0 2 IpExtInOctets 168 IpExtOutOctets 168 IpExtInNoECTPkts 2");
	echo_in(h, US4, bad_icmp_sum);
	counted(h->st,
		"IpInReceives 3 IpInDelivers 3 IpOutRequests 2 IpOutTransmits 2 IcmpInMsgs 3 "
		"IcmpInErrors 1 IcmpInCsumErrors 1 IcmpInEchos 2 IcmpOutMsgs 2 IcmpOutEchoReps 2 "
		"IcmpMsgInType8 2 IcmpMsgOutType0 2 IpExtInOctets 252 IpExtOutOctets 168 "
		"IpExtInNoECTPkts 3 PhantomDropICMP_CSUM 1");
	host_free(h);
}

static void test_packets_that_cannot_be(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	echo_in(h, US4, bad_ip_sum);
	echo_in(h, US4, cut_short);
	echo_in(h, US4, long_header);
	counted(h->st,
		"IpInReceives 3 IpInHdrErrors 2 IpExtInTruncatedPkts 1 IpExtInOctets 242 "
		"IpExtInCsumErrors 1 PhantomDropIP_INHDR 1 PhantomDropIP_CSUM 1 "
		"PhantomDropPKT_TOO_SMALL 1");
	echo_in(h, 0x0a000009, NULL); /* somebody else's */
	echo_in(h, US4, other_protocol);
	counted(h->st,
		"IpInReceives 5 IpInHdrErrors 2 IpInAddrErrors 1 IpInUnknownProtos 1 "
		"IpOutRequests 1 IpOutTransmits 1 IcmpOutMsgs 1 IcmpOutDestUnreachs 1 "
		"IcmpMsgOutType3 1 IpExtInTruncatedPkts 1 IpExtInOctets 410 IpExtOutOctets 112 "
		"IpExtInCsumErrors 1 IpExtInNoECTPkts 2 PhantomDropIP_INHDR 1 "
		"PhantomDropIP_CSUM 1 PhantomDropPKT_TOO_SMALL 1 PhantomDropIP_INADDRERRORS 1 "
		"PhantomDropIP_NOPROTO 1");
	host_free(h);
}

/* rfc: 1122:4.1.3.1-1 */
static void test_datagrams_in_and_out(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	arrives(h, US4, 7, 9, 100);
	arrives(h, US4, 7, 9, 0);
	arrives(h, US4, 8, 9, 10); /* nobody there */
	arrives(h, BCAST4, 7, 9, 10);
	assert_int_equal(sends(h, s, peer_at(9), 20, NULL, 0), 20);
	assert_int_equal(sends(h, s, peer_at(9), 3000, NULL, 0), 3000);
	while (host_take(h) > 0)
		;
	counted(h->st,
		"IpInReceives 4 IpInDelivers 4 IpOutRequests 3 IpFragOKs 1 IpFragCreates 3 "
		"IpOutTransmits 5 IcmpOutMsgs 1 IcmpOutDestUnreachs 1 IcmpMsgOutType3 1 "
		"UdpInDatagrams 3 UdpNoPorts 1 UdpOutDatagrams 2 IpExtInBcastPkts 1 "
		"IpExtInOctets 232 IpExtOutOctets 3182 IpExtInBcastOctets 38 IpExtInNoECTPkts 4 "
		"PhantomDropNO_SOCKET 1");
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_full_socket_and_a_bad_sum(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct frame *f = calloc(1, sizeof(*f));
	struct udp_hdr *u;

	(void)state;
	assert_non_null(f);
	frame_ip4(f, PEER4, US4, PH_IPPROTO_UDP, 0);
	u = frame_put(f, sizeof(*u));
	*u = (struct udp_hdr){ be16_of(9), be16_of(7), be16_of(8), be16_of(0x1234) };
	frame_end(f);
	frame_in(h, f);
	u->len = be16_of(7);
	frame_in(h, f);
	free(f);
	counted(h->st,
		"IpInReceives 2 IpInDelivers 2 UdpInErrors 2 UdpInCsumErrors 1 IpExtInOctets 56 "
		"IpExtInNoECTPkts 2 PhantomDropUDP_SHORT 1 PhantomDropUDP_CSUM 1");
	set(h, s, PH_SOL_SOCKET, PH_SO_RCVBUF, 1);
	for (int i = 0; i < 6; i++)
		arrives(h, US4, 7, 9, 1000);
	counted(h->st,
		"IpInReceives 8 IpInDelivers 8 UdpInDatagrams 2 UdpInErrors 6 UdpRcvbufErrors 4 "
		"UdpInCsumErrors 1 IpExtInOctets 6224 IpExtInNoECTPkts 8 PhantomDropUDP_SHORT 1 "
		"PhantomDropUDP_CSUM 1 PhantomDropSOCKET_RCVBUFF 4");
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_fragments_whole_late_and_wrong(void **state)
{
	struct host *h = host_new();
	struct frame *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	host_knows_peer(h);
	for (unsigned i = 0; i < 5; i++) { /* one whole, one that lacks its end, one that overlaps */
		static const uint16_t id[] = { 1, 1, 2, 3, 3 }, off[] = { 0, 800, 0, 0, 400 };
		struct ip4_hdr *ip = frame_ip4(f, PEER4, US4, 254, 0);

		ip->id = be16_of(id[i]);
		ip->frag = be16_of((uint16_t)(off[i] / 8 | (i == 1 ? 0 : IP4_F_MF)));
		(void)frame_put(f, 800);
		frame_end(f);
		frame_in(h, f);
	}
	counted(h->st,
		"IpInReceives 5 IpInUnknownProtos 1 IpOutRequests 1 IpReasmReqds 5 IpReasmOKs 1 "
		"IpReasmFails 1 IpOutTransmits 1 IcmpOutMsgs 1 IcmpOutDestUnreachs 1 "
		"IcmpMsgOutType3 1 IpExtInOctets 4100 IpExtOutOctets 576 IpExtInNoECTPkts 5 "
		"IpExtReasmOverlaps 1 PhantomDropIP_NOPROTO 1 PhantomDropFRAG_REASM 2");
	host_run(h, 31 * NS_PER_S);
	counted(h->st,
		"IpInReceives 5 IpInUnknownProtos 1 IpOutRequests 2 IpReasmTimeout 1 "
		"IpReasmReqds 5 IpReasmOKs 1 IpReasmFails 2 IpOutTransmits 2 IcmpOutMsgs 2 "
		"IcmpOutDestUnreachs 1 IcmpOutTimeExcds 1 IcmpMsgOutType3 1 IcmpMsgOutType11 1 "
		"IpExtInOctets 4100 IpExtOutOctets 1136 IpExtInNoECTPkts 5 IpExtReasmOverlaps 1 "
		"PhantomDropIP_NOPROTO 1 PhantomDropFRAG_REASM 2 PhantomDropFRAG_REASM_TIMEOUT 1");
	free(f);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echoes_sound_and_not),
		cmocka_unit_test(test_packets_that_cannot_be),
		cmocka_unit_test(test_datagrams_in_and_out),
		cmocka_unit_test(test_a_full_socket_and_a_bad_sum),
		cmocka_unit_test(test_fragments_whole_late_and_wrong),
	};

	return cmocka_run_group_tests_name("counted_ip", tests, NULL, NULL);
}
