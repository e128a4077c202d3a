/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom/phantom.h: compiles with nothing before it, and its numbers and its struct ph_tcp_info
 * are Linux's, so that a preload library needs no translation.
 */
#include <phantom/phantom.h>

#include "model.h"

#include <asm/socket.h>
#include <linux/tcp.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

struct field {
	const char *name;
	size_t ours, linux_has, our_size, linux_size;
};

#define SAME(f)                                                                                 \
	{ #f, offsetof(struct ph_tcp_info, f), offsetof(struct tcp_info, f),                    \
	  sizeof(((struct ph_tcp_info *)0)->f), sizeof(((struct tcp_info *)0)->f) }

static const struct field fields[] = {
	SAME(tcpi_state),
	SAME(tcpi_ca_state),
	SAME(tcpi_retransmits),
	SAME(tcpi_probes),
	SAME(tcpi_backoff),
	SAME(tcpi_options),
	SAME(tcpi_rto),
	SAME(tcpi_ato),
	SAME(tcpi_snd_mss),
	SAME(tcpi_rcv_mss),
	SAME(tcpi_unacked),
	SAME(tcpi_sacked),
	SAME(tcpi_lost),
	SAME(tcpi_retrans),
	SAME(tcpi_fackets),
	SAME(tcpi_last_data_sent),
	SAME(tcpi_last_ack_sent),
	SAME(tcpi_last_data_recv),
	SAME(tcpi_last_ack_recv),
	SAME(tcpi_pmtu),
	SAME(tcpi_rcv_ssthresh),
	SAME(tcpi_rtt),
	SAME(tcpi_rttvar),
	SAME(tcpi_snd_ssthresh),
	SAME(tcpi_snd_cwnd),
	SAME(tcpi_advmss),
	SAME(tcpi_reordering),
	SAME(tcpi_rcv_rtt),
	SAME(tcpi_rcv_space),
	SAME(tcpi_total_retrans),
	SAME(tcpi_pacing_rate),
	SAME(tcpi_max_pacing_rate),
	SAME(tcpi_bytes_acked),
	SAME(tcpi_bytes_received),
	SAME(tcpi_segs_out),
	SAME(tcpi_segs_in),
	SAME(tcpi_notsent_bytes),
	SAME(tcpi_min_rtt),
	SAME(tcpi_data_segs_in),
	SAME(tcpi_data_segs_out),
	SAME(tcpi_delivery_rate),
	SAME(tcpi_busy_time),
	SAME(tcpi_rwnd_limited),
	SAME(tcpi_sndbuf_limited),
	SAME(tcpi_delivered),
	SAME(tcpi_delivered_ce),
	SAME(tcpi_bytes_sent),
	SAME(tcpi_bytes_retrans),
	SAME(tcpi_dsack_dups),
	SAME(tcpi_reord_seen),
	SAME(tcpi_rcv_ooopack),
	SAME(tcpi_snd_wnd),
};

static void test_tcp_info_has_the_kernel_headers_layout(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].ours != fields[i].linux_has ||
		    fields[i].our_size != fields[i].linux_size)
			fail_msg("%s: %zu bytes at %zu, Linux has %zu at %zu", fields[i].name,
				 fields[i].our_size, fields[i].ours, fields[i].linux_size,
				 fields[i].linux_has);
}

/* What Linux added after the headers that this may be built with: offsets of 6.18. */
#define AT(f, offset) { #f, offsetof(struct ph_tcp_info, f), offset, 0, 0 }

static void test_later_fields_of_tcp_info_are_where_linux_has_them(void **state)
{
	static const struct field later[] = {
		AT(tcpi_rcv_wnd, 232), AT(tcpi_rehash, 236), AT(tcpi_total_rto, 240),
		AT(tcpi_total_rto_recoveries, 242), AT(tcpi_total_rto_time, 244),
		AT(tcpi_received_ce, 248), AT(tcpi_delivered_e1_bytes, 252),
		AT(tcpi_delivered_ce_bytes, 260), AT(tcpi_received_e1_bytes, 264),
		AT(tcpi_received_ce_bytes, 272), AT(tcpi_accecn_fail_mode, 276),
		AT(tcpi_accecn_opt_seen, 278),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (later[i].ours != later[i].linux_has)
			fail_msg("%s: at %zu, Linux has it at %zu", later[i].name, later[i].ours,
				 later[i].linux_has);
	assert_int_equal(sizeof(struct ph_tcp_info), 280);
}

static void test_the_bit_fields_of_tcp_info_share_their_bytes_as_in_linux(void **state)
{
	struct ph_tcp_info ours;
	struct tcp_info theirs;

	(void)state;
	memset(&ours, 0, sizeof(ours));
	memset(&theirs, 0, sizeof(theirs));
	ours.tcpi_snd_wscale = 5;
	theirs.tcpi_snd_wscale = 5;
	ours.tcpi_rcv_wscale = 9;
	theirs.tcpi_rcv_wscale = 9;
	ours.tcpi_delivery_rate_app_limited = 1;
	theirs.tcpi_delivery_rate_app_limited = 1;
	ours.tcpi_fastopen_client_fail = 2;
	theirs.tcpi_fastopen_client_fail = 2;
	assert_memory_equal(&ours, &theirs, offsetof(struct tcp_info, tcpi_rto));
}

struct number {
	const char *name;
	int ours, linux_has;
};
#define N(name) { #name, PH_##name, name }

static void test_families_options_flags_and_poll_bits_have_linuxs_numbers(void **state)
{
	static const struct number numbers[] = {
		N(AF_INET), N(AF_INET6), N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW),
		N(IPPROTO_IP), N(IPPROTO_ICMP), N(IPPROTO_TCP), N(IPPROTO_UDP), N(IPPROTO_IPV6),
		N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR), N(POLLIN), N(POLLPRI), N(POLLOUT),
		N(POLLERR), N(POLLHUP), N(MSG_OOB), N(MSG_PEEK), N(MSG_TRUNC), N(MSG_DONTWAIT),
		N(MSG_EOR), N(MSG_WAITALL), N(MSG_NOSIGNAL), N(MSG_MORE), N(SOL_SOCKET),
		N(SO_REUSEADDR), N(SO_TYPE), N(SO_ERROR), N(SO_BROADCAST), N(SO_SNDBUF),
		N(SO_RCVBUF), N(SO_KEEPALIVE), N(SO_LINGER), N(SO_REUSEPORT), N(SO_ACCEPTCONN),
		N(SO_PROTOCOL), N(SO_DOMAIN), N(IP_TOS), N(IP_TTL), N(TCP_NODELAY),
		N(TCP_MAXSEG), N(TCP_CORK), N(TCP_KEEPIDLE), N(TCP_KEEPINTVL), N(TCP_KEEPCNT),
		N(TCP_SYNCNT), N(TCP_LINGER2), N(TCP_DEFER_ACCEPT), N(TCP_WINDOW_CLAMP),
		N(TCP_INFO), N(TCP_QUICKACK), N(TCP_CONGESTION), N(TCP_USER_TIMEOUT),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].ours != numbers[i].linux_has)
			fail_msg("PH_%s is %d, Linux has %d", numbers[i].name, numbers[i].ours,
				 numbers[i].linux_has);
	assert_int_equal(PH_POLLRDHUP, 0x2000);
}

static void test_offload_numbers_are_those_of_virtio_net(void **state)
{
	(void)state;
	/* phantom.h writes them as numbers: flags 1 and 2, types 1 and 4, | 0x80 */
	assert_int_equal(VIRTIO_NET_HDR_F_NEEDS_CSUM, 1);
	assert_int_equal(VIRTIO_NET_HDR_F_DATA_VALID, 2);
	assert_int_equal(VIRTIO_NET_HDR_GSO_TCPV4, 1);
	assert_int_equal(VIRTIO_NET_HDR_GSO_TCPV6, 4);
	assert_int_equal(VIRTIO_NET_HDR_GSO_ECN, 0x80);
	assert_int_equal(sizeof(struct ph_offload), sizeof(struct virtio_net_hdr));
}

static void test_ipv4_addresses_are_mapped(void **state)
{
	static const uint8_t want[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	struct ph_ip v4 = ph_ip4(192, 0, 2, 1), v6 = { { 0xfe, 0x80 } };

	(void)state;
	assert_memory_equal(v4.b, want, 16);
	assert_true(ph_ip_is4(&v4));
	assert_false(ph_ip_is4(&v6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_info_has_the_kernel_headers_layout),
		cmocka_unit_test(test_later_fields_of_tcp_info_are_where_linux_has_them),
		cmocka_unit_test(test_the_bit_fields_of_tcp_info_share_their_bytes_as_in_linux),
		cmocka_unit_test(test_families_options_flags_and_poll_bits_have_linuxs_numbers),
		cmocka_unit_test(test_offload_numbers_are_those_of_virtio_net),
		cmocka_unit_test(test_ipv4_addresses_are_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
