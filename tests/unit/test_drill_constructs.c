/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything the script language has, by its kinds: each construct that public scripts use is read, in a
 * script of its own, or is refused as a kind of script that is not run here, by name. What each
 * means is tested elsewhere; here nothing may be missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <phantom/phantom.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/parse.h"
#include "harness/drill/pyexpr.h"

/* Words of each kind, and the script that each stands in for the @. */
static const struct kind {
	const char *name, *script, *words; /* one a line; after a !, one that is refused */
} kinds[] = {
	{ "option", "--@\n0 close(3) = 0\n",
	  "tolerance_usecs=1000\ntolerance_percent=5\nip_version=ipv4\nip_version=ipv6\n"
	  "ip_version=ipv4-mapped-ipv6\nip_version=\"ipv6\"\nremote_ip=192.0.2.9\n"
	  "local_ip=10.0.0.1\n"
	  "gateway_ip=10.0.0.2\nnetmask_ip=255.255.0.0\nmss=1000\nmtu=1400\n"
	  "tcp_ts_tick_usecs=1000\n"
	  "send_omit_free\nstrict_segments\nnon_fatal=packet\nnon_fatal=syscall\n"
	  "non_fatal=packet,syscall\ntcp_md5_secret=x\ntcp_ts_ecr_scaled\nbind_port=80\n"
	  "connect_port=90\nspeed=100\ninit_scripts=a.sh\ncode_command=python3\n"
	  "code_format=python\n"
	  "code_sockopt=TCP_INFO\ndry_run\nis_anyip\ndebug\nverbose\npersistent_tun_dev\n"
	  "tun_dev=tun0" },
	{ "option of another program", "--@\n0 close(3) = 0\n", "!udp_encapsulation=9899\n"
	  "!psp_udp_port=1000" },
	{ "time", "0 close(3) = 0\n@ > . 1:1(0) ack 1\n", "1\n1.5\n+1\n+.5\n+0.000001\n1~2\n"
	  "+1~+2\n+.1~+.2\n*" },
	{ "time of a call", "0 close(3) = 0\n@ close(4) = 0\n", "1...2\n+0...0.5\n+.1...+.2\n+0" },
	{ "event", "0 close(3) = 0\n+0 @\n",
	  "< . 1:1(0) ack 1\n> . 1:1(0) ack 1\nclose(4) = 0\n`true`\n%{ assert 1 }%\n%{ x = 1 }%" },
	{ "IP word", "0 > @ . 1:1(0) ack 1\n",
	  "[ect0]\n[ect1]\n[ce]\n[noecn]\n[ect01]\n[tos 0x10]\n[ttl 9]\n[flowlabel 0x12345]\n"
	  "[ect0, ttl 4]\n"
	  "(tos 0x10)\n(ttl 9)\n(tos 0x10, ttl 9)" },
	{ "IPv6 word", "--ip_version=ipv6\n0 < @ . 1:1(0) ack 1\n", "(class 0x10)\n(hlim 9)\n"
	  "(class 0x10, hlim 9)\n[ce]" },
	{ "flags", "0 < @ 0:0(0) ack 1 win 1\n",
	  ".\nS\nF.\nS.\nP.\nR.\nR\nSF\nSEWA\nSW.\nF\nW.\nSEW\nEAP.\nP.5\nSE.\nWA.\n-\n.5\nSR\n"
	  "EWA.\n.6\nA.\nP5.\n"
	  "EA.\nU.\nFP.\nSA.\nEW.\nF5.\nF.5\nE.\nWAP.\n.4\nSEA.\nSEWA.\nSWA.\nSEW.\nP.6\n.7\n"
	  "PU.\nSF." },
	{ "numbers of a segment", "0 < P. @\n",
	  "1:1001(1000) ack 1\n1:1001(1000) ack 1 win 5\n1:1001(1000) ack 1 win 0x10\n"
	  "1:2(1) ack 1 urg 7\n"
	  "5:6(1)! ack 9\n...(10) ack 1\n1:2(1) ack ...\n1:2(1) ack 1 win ..." },
	{ "TCP option", "0 < . 1:1(0) ack 1 win 1 <@>\n",
	  "mss 1460\nnop\neol\nwscale 7\nsackOK\nTS val 1 ecr 2\nTS val 1 ecr 0\nsack 1:2\n"
	  "sack 1:2 3:4\n"
	  "sack 1:2 3:4 5:6\nsack 1:2 3:4 5:6 7:8\nFO\nFO abcd1234\nFO TFO_COOKIE\n"
	  "FO TFO_COOKIE_ZERO\nFOEXP\n"
	  "FOEXP abcd1234\nmd5\nmd5 valid\nmd5 invalid\nmd5 000102030405060708090a0b0c0d0e0f\n"
	  "ECN e0b 1\n"
	  "ECN e0b 1 ceb 2\nECN e0b 1 ceb 2 e1b 3\nECN e1b 1 ceb 2 e0b 3\n...\nnocheck\n"
	  "gen 99 0102\n"
	  "mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8\nnop,nop,TS val 1 ecr 2" },
	{ "TCP option of MPTCP", "0 < . 1:1(0) ack 1 win 1 <@>\n",
	  "!mpcapable\n!mp_capable\n!dss\n!add_address\n!mp_join_syn\n!mp_reset\n!mp_fastclose\n"
	  "!mp_prio" },
	{ "ICMP message", "0 < icmp @\n",
	  "unreachable port_unreachable\nunreachable frag_needed mtu 1200\nunreachable\n"
	  "unreachable host_unreachable\n"
	  "unreachable host_prohibited\nunreachable protocol_unreachable\n"
	  "unreachable net_prohibited\n"
	  "unreachable packet_filtered\nunreachable net_unreachable\n"
	  "unreachable source_route_failed\n"
	  "unreachable net_unknown\nunreachable host_unknown\nunreachable source_host_isolated\n"
	  "unreachable net_unreachable_for_tos\nunreachable host_unreachable_for_tos\n"
	  "unreachable precedence_violation\nunreachable precedence_cutoff\nredirect\n"
	  "source_quench\n"
	  "parameter_problem\necho_reply\necho_request\ntime_exceeded\ntimestamp_request\n"
	  "timestamp_reply\n"
	  "information_request\ninformation_reply\naddress_mask_request\naddress_mask_reply\n"
	  "unreachable port_unreachable [1:1461(1460)]\nunreachable port_unreachable [udp (100)]\n"
	  "unreachable port_unreachable [raw (100)]\necho_request id 7\n"
	  "time_exceeded frag_reass_exceeded" },
	{ "ICMPv6 message", "--ip_version=ipv6\n0 < icmp @\n",
	  "packet_too_big mtu 1280 [1:1461(1460)]\nunreachable admin_prohibited\n"
	  "time_exceeded exceeded_hop_limit\ntime_exceeded exceeded_frag_time\n"
	  "unreachable no_route\n"
	  "unreachable not_neighbour\nunreachable address_unreachable\n"
	  "unreachable port_unreachable\n"
	  "parameter_problem unknown_next_header\nparameter_problem header_field\n"
	  "parameter_problem unknown_option\nrouter_advertisement" },
	{ "other packet", "0 @\n", "> udp (100)\n< udp (0)\n< sock(3) . 1:1(0) ack 1\n"
	  "< 8080 > 9090 . 1:1(0) ack 1" },
	{ "socket", "0 socket(..., @) = 3\n",
	  "SOCK_STREAM, IPPROTO_TCP\nSOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP\n"
	  "SOCK_DGRAM, IPPROTO_UDP\n"
	  "SOCK_DGRAM, IPPROTO_UDPLITE\nSOCK_STREAM, 0" },
	{ "call", "0 @\n",
	  "close(3) = 0\nbind(3, ..., ...) = 0\nlisten(3, 1) = 0\naccept(3, ..., ...) = 4\n"
	  "accept4(3, ..., ..., SOCK_NONBLOCK) = 4\n"
	  "connect(3, ..., ...) = -1 EINPROGRESS (now in progress)\n"
	  "connect(4, AF_UNSPEC, ...) = 0\nread(3, ..., 100) = 10\nread(3, \"abc\"..., 3) = 3\n"
	  "readv(3, [{..., 10}, {..., 20}], 2) = 30\nrecv(3, ..., 10, MSG_PEEK) = 10\n"
	  "recvfrom(3, ..., 10, 0, ..., ...) = 10\nwrite(3, ..., 10) = 10\n"
	  "write(3, NULL, 10) = -1 EFAULT\n"
	  "writev(3, [{..., 10}], 1) = 10\nsend(3, ..., 10, MSG_MORE|MSG_NOSIGNAL) = 10\n"
	  "sendto(3, ..., 500, MSG_FASTOPEN, ..., ...) = -1 EINPROGRESS\n"
	  "fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)\n"
	  "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\nioctl(3, SIOCINQ, [10]) = 0\n"
	  "ioctl(3, SIOCOUTQ, [0]) = 0\n"
	  "ioctl(3, SIOCOUTQNSD, ...) = 0\nshutdown(3, SHUT_RD) = 0\nshutdown(3, SHUT_WR) = 0\n"
	  "shutdown(3, SHUT_RDWR) = 0\nepoll_create(1) = 5\n"
	  "epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0\n"
	  "epoll_ctl(5, EPOLL_CTL_MOD, 4, {events=EPOLLONESHOT|EPOLLEXCLUSIVE, u64=4}) = 0\n"
	  "epoll_wait(5, {events=EPOLLERR|EPOLLOUT, ptr=4}, 1, 0) = 1\n"
	  "epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0\n"
	  "poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLIN|POLLERR|POLLHUP|POLLRDHUP}], 1, "
	  "100) = 1\n"
	  "open(\"/tmp/file\", O_RDONLY) = 5\nsendfile(3, 5, [0], 10) = 10\npipe([5, 6]) = 0\n"
	  "splice(4, NULL, 6, NULL, 99, 0) = 99\nsocket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	  "getsockname(3, ..., ...) = 0\n"
	  "getpeername(3, {sa_family=AF_INET, sin_port=htons(80), "
	  "sin_addr=inet_addr(\"1.2.3.4\")}, [16]) = 0" },
	{ "call of another kind", "0 @\n",
	  "!psp_rx_assoc(4, 1, ..., ...) = 0\n!psp_tx_assoc(4, 1, 2, 3) = 0\n"
	  "!sctp_sendmsg(3, 0) = 0" },
	{ "message", "0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{...,0}]@}, MSG_ERRQUEUE) = 0\n",
	  "\n, msg_flags=MSG_ERRQUEUE|MSG_TRUNC\n, msg_flags=..., msg_control=[]\n"
	  ", msg_flags=0, msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, "
	  "cmsg_data=9000}]\n"
	  ", msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, "
	  "cmsg_data={scm_sec=0,scm_nsec=20000000}}]\n"
	  ", msg_control=[{cmsg_level=CMSG_LEVEL_IP, cmsg_type=CMSG_TYPE_RECVERR, "
	  "cmsg_data={ee_errno=ENOMSG, "
	  "ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0, ee_info=SCM_TSTAMP_SCHED, "
	  "ee_data=10999}}]" },
	{ "socket option", "0 setsockopt(3, @) = 0\n",
	  "SOL_SOCKET, SO_REUSEADDR, [1], 4\nSOL_SOCKET, SO_ZEROCOPY, [1], 4\n"
	  "SOL_SOCKET, SO_SNDBUF, [1], 4\n"
	  "SOL_SOCKET, SO_RCVBUF, [1], 4\n"
	  "SOL_SOCKET, SO_TIMESTAMPING, [SOF_TIMESTAMPING_TX_ACK|SOF_TIMESTAMPING_SOFTWARE|"
	  "SOF_TIMESTAMPING_OPT_ID], 4\nSOL_SOCKET, SO_MARK, [1], 4\n"
	  "SOL_SOCKET, SO_KEEPALIVE, [1], 4\n"
	  "SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8\n"
	  "SOL_SOCKET, SO_RCVTIMEO, {tv_sec=1, tv_usec=0}, 16\n"
	  "SOL_TCP, TCP_FASTOPEN, [1], 4\nSOL_TCP, TCP_FASTOPEN_KEY, \"\\xa1\\xb2\", 2\n"
	  "IPPROTO_TCP, 24, [1], 4\n"
	  "SOL_TCP, TCP_NODELAY, [1], 4\nSOL_TCP, TCP_MAXSEG, [1000], 4\n"
	  "SOL_TCP, TCP_FASTOPEN_CONNECT, [1], 4\n"
	  "SOL_TCP, TCP_NOTSENT_LOWAT, [0xffffffff], 4\nSOL_TCP, TCP_INQ, [1], 4\n"
	  "SOL_TCP, TCP_USER_TIMEOUT, [1], 4\n"
	  "SOL_TCP, TCP_CORK, [1], 4\nSOL_TCP, TCP_DEFER_ACCEPT, [1], 4\n"
	  "SOL_TCP, TCP_LINGER2, [1], 4\n"
	  "SOL_TCP, TCP_SYNCNT, [1], 4\nSOL_TCP, TCP_MD5SIG, [1], 4\n"
	  "SOL_TCP, TCP_KEEPIDLE, [1], 4\n"
	  "SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DONT], 1\nSOL_IP, IP_TOS, [4], 4\n"
	  "SOL_IP, IP_FREEBIND, [1], 4\n"
	  "IPPROTO_IP, IP_TTL, [4], 4\nIPPROTO_IP, IP_RECVERR, [1], 4\n"
	  "IPPROTO_IPV6, IPV6_UNICAST_HOPS, [4], 4\n"
	  "IPPROTO_IPV6, IPV6_TCLASS, [4], 4\nIPPROTO_IPV6, IPV6_RECVERR, [1], 4\n"
	  "IPPROTO_UDPLITE, UDPLITE_RECV_CSCOV, [4], 4\n"
	  "IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV, [4], 4" },
	{ "error", "0 close(3) = -1 @ (text)\n",
	  "EINPROGRESS\nEPIPE\nECONNRESET\nEWOULDBLOCK\nETIMEDOUT\nEAGAIN\nECONNREFUSED\nEINVAL\n"
	  "ENOTCONN\n"
	  "EHOSTUNREACH\nEFAULT\nEOPNOTSUPP\nEALREADY\nEISCONN\nEMSGSIZE\nENOMSG\nECONNABORTED" },
	{ "flag of a call", "0 send(3, ..., 1, @) = 1\n",
	  "MSG_PEEK\nMSG_ERRQUEUE\nMSG_ZEROCOPY\nMSG_FASTOPEN\nMSG_EOR\nMSG_TRUNC\nMSG_MORE\n"
	  "MSG_DONTWAIT\n"
	  "MSG_NOSIGNAL\nMSG_OOB\nMSG_WAITALL" },
};

static const char *const asserted[] = {
	"tcpi_options", "tcpi_state", "tcpi_snd_cwnd", "tcpi_ca_state", "tcpi_delivered_ce",
	"tcpi_unacked", "tcpi_snd_mss", "tcpi_reordering", "tcpi_sacked", "tcpi_retrans",
	"tcpi_advmss", "tcpi_rtt", "tcpi_lost", "tcpi_rwnd_limited", "tcpi_busy_time",
	"tcpi_snd_ssthresh", "tcpi_delivered", "tcpi_probes", "tcpi_backoff", "tcpi_rcv_mss",
	"tcpi_last_data_recv", "tcpi_sndbuf_limited", "tcpi_delivered_e0_bytes",
	"tcpi_delivered_ce_bytes", "tcpi_snd_wscale", "tcpi_rcv_rtt", "tcpi_rto",
	"tcpi_delivered_e1_bytes", "tcpi_bytes_received", "tcpi_reord_seen", "tcpi_min_rtt",
};

/* Writes the script with the word at its @; the word's text ends at its line's end. */
static void fill_in(const struct kind *k, const char *word, size_t len, char out[2048])
{
	size_t before = strcspn(k->script, "@");

	snprintf(out, 2048, "%.*s%.*s%s", (int)before, k->script, (int)len, word,
		 k->script + before + 1);
}

static unsigned check_kind(const struct kind *k)
{
	const char *w = k->words;
	unsigned bad = 0;

	for (;;) {
		size_t len = strcspn(w, "\n");
		bool refused = *w == '!';
		struct drill_script *s = NULL;
		struct drill_err err = { 0 };
		char text[2048];
		int rc = -1;

		/* Options are whole words of a header. */
		for (int nops = 0; nops <= (strcmp(k->name, "TCP option") == 0 ? 3 : 0); nops++) {
			char word[512];

			snprintf(word, sizeof(word), "%.*s%.*s", (int)(len - refused), w + refused,
				 nops * 4, ",nop,nop,nop");
			fill_in(k, word, strlen(word), text);
			rc = drill_parse(text, strlen(text), "t.pkt", NULL, &s, &err);
			if (rc == 0)
				break;
		}
		if (refused ? rc == 0 || err.kind != DRILL_ERR_UNSUPPORTED : rc != 0) {
			print_error("%s: %.*s\n"
	  "%s\n", k->name, (int)len, w, rc ? err.text : "is read");
			bad++;
		}
		drill_script_free(s);
		if (!w[len])
			return bad;
		w += len + 1;
	}
}

static void test_every_construct_of_public_scripts_is_read(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bad += check_kind(&kinds[i]);
	assert_int_equal(bad, 0);
}

static void test_every_field_that_is_asserted_is_known(void **state)
{
	struct ph_tcp_info info = { 0 };
	struct drill_py_value v;

	(void)state;
	for (size_t i = 0; i < sizeof(asserted) / sizeof(asserted[0]); i++)
		if (!drill_py_tcp_info(&info, asserted[i], &v))
			fail_msg("%s is not known", asserted[i]);
}

static void test_defines_stand_for_words_everywhere(void **state)
{
	static const struct drill_define defines[] = {
		{ "WHO", "\"abc\"" }, { "HOW", "`true`" }, { "MANY", "10" }, { "WHAT", "SO_RCVBUF" },
	};
	static const char text[] = "0 write(3, WHO, MANY) = MANY\n"
				   "+0 setsockopt(3, SOL_SOCKET, WHAT, [MANY], 4) = 0\n+0 HOW\n"
				   "+0 > . 1:1(0) ack MANY win MANY <mss MANY>\n"
				   "#ifdef MANY\n+0 close(3) = 0\n#endif\n"
				   "#ifdef FEW\nthis is not read\n#endif\n";
	struct drill_defines d = { .define = defines, .ndefine = 4 };
	struct drill_script *s;
	struct drill_err err;

	(void)state;
	if (drill_parse(text, strlen(text), "t.pkt", &d, &s, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(s->nevents, 5);
	drill_script_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_construct_of_public_scripts_is_read),
		cmocka_unit_test(test_every_field_that_is_asserted_is_known),
		cmocka_unit_test(test_defines_stand_for_words_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
