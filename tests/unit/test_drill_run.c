/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts run in virtual time: what passes, what fails and for which reason, and that runs repeat. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/drill/run_many.h"

#define LISTEN                                          \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
	"+0 bind(3, ..., ...) = 0\n"                    \
	"+0 listen(3, 1) = 0\n"
#define SYN	 "+0.1 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>\n"
#define SYN_ACK	 "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 7>\n"
#define ACCEPTED "+0.1 < . 1:1(0) ack 1 win 257\n+0 accept(3, ..., ...) = 4\n"
#define OPEN	 LISTEN SYN SYN_ACK ACCEPTED
#define RMEM	 "net.ipv4.tcp_rmem='4096 131072 6291456'"
#define WRITE	 "+0 write(4, ..., 1000) = 1000\n"

static struct dut *open_phantom(void *arg, const struct dut_conf *conf, char *err)
{
	(void)arg;
	return dut_phantom_new(conf, err);
}

static struct drill_setup setup(void)
{
	return (struct drill_setup){ .open = open_phantom, .dut_name = "phantom" };
}

static void run(const char *text, const struct drill_setup *u, struct drill_result *r)
{
	drill_run_text(text, strlen(text), "t.pkt", u, r);
}

/* False after telling what came instead. */
static bool ends(const char *text, enum drill_verdict v, uint32_t line, const char *reason)
{
	struct drill_setup u = setup();
	struct drill_result r;
	bool good;

	run(text, &u, &r);
	good = r.verdict == v && (!line || v == DRILL_PASS || r.line == line) && strstr(r.reason, reason);
	if (!good)
		print_error("%s\nwanted %s at line %u with \"%s\"; got %s at line %u: %s\n", text,
			    drill_verdict_name(v), line, reason, drill_verdict_name(r.verdict),
			    r.line, r.reason);
	drill_result_free(&r);
	return good;
}

static void expect(const char *text, enum drill_verdict v, uint32_t line, const char *reason)
{
	assert_true(ends(text, v, line, reason));
}

static void test_a_script_that_tells_the_truth_passes(void **state)
{
	(void)state;
	expect(OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n"
			  "+0.1 < P. 1:11(10) ack 1001 win 257\n"
			  "+0 > . 1001:1001(0) ack 11\n"
			  "+0 read(4, ..., 100) = 10\n",
	       DRILL_PASS, 0, "");
}

/* Each breaks one thing of a script that would pass. */
static const struct broken {
	const char *what, *text;
	uint32_t line;
	const char *reason;
} broken[] = {
	{ "flag", OPEN WRITE "+0 > . 1:1001(1000) ack 1\n", 9, "flags: expected ., got P." },
	{ "flag of SYN", LISTEN SYN "+0 > SE. 0:0(0) ack 1 <...>\n", 5,
	  "flags: expected SE., got S." },
	{ "ack", OPEN WRITE "+0 > P. 1:1001(1000) ack 2\n", 9, "ack: expected 2, got 1" },
	{ "ack not written", OPEN WRITE "+0 > P. 1:1001(1000)\n", 9, "ack: expected 0, got 1" },
	{ "sequence", OPEN WRITE "+0 > P. 2:1002(1000) ack 1\n", 9,
	  "sequence number: expected 2, got 1" },
	{ "length", OPEN WRITE "+0 > P. 1:901(900) ack 1\n", 9,
	  "payload: expected 900 bytes, got 1000" },
	{ "more than came", OPEN WRITE "+0 > P. 1:1101(1100) ack 1\n", 9,
	  "payload: expected 1100 bytes, got 1000" },
	{ "window", OPEN WRITE "+0 > P. 1:1001(1000) ack 1 win 7\n", 9,
	  "window: expected 7, got 502" },
	{ "option order",
	  LISTEN SYN "+0 > S. 0:0(0) ack 1 <nop,nop,sackOK,mss 1460,nop,wscale 7>\n", 5,
	  "options" },
	{ "option value",
	  LISTEN SYN "+0 > S. 0:0(0) ack 1 <mss 1461,nop,nop,sackOK,nop,wscale 7>\n", 5,
	  "options: expected <mss 1461" },
	{ "timestamp that stands still",
	  "--tcp_ts_tick_usecs=1000\n" LISTEN
	  "+0.1 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 700 ecr 0>\n"
	  "+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 700>\n"
	  "+0.1 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 800 ecr 100>\n"
	  "+0 accept(3, ..., ...) = 4\n+0 write(4, ..., 100) = 100\n"
	  "+0 > P. 1:101(100) ack 1 <nop,nop,TS val 106 ecr 800>\n", 10,
	  "TS val: expected 6 ticks after the first, got 100" },
	{ "option of another kind",
	  LISTEN SYN "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,gen 9 ...,nop,wscale 7>\n", 5,
	  "options" },
	{ "text of a datagram",
	  "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ..., ...) = 0\n"
	  "+0 send(3, \"refused\", 70000, 0) = -1 EMSGSIZE (too long)\n"
	  "+0 send(3, \"one\", 3, 0) = 3\n+0 > udp (3)\n"
	  "+0 send(3, \"two\", 3, 0) = 3\n+0 > udp (4)\n", 7, "payload: expected 4 bytes, got 3" },
	{ "sender of a datagram",
	  "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 bind(3, ..., ...) = 0\n"
	  "+0 < 1003 > 8080 udp (3)\n"
	  "+0 recvfrom(3, ..., 9, 0, {sa_family = AF_INET, sin_port = htons(1004), sin_addr = "
	  "inet_addr(\"192.0.2.1\")}, [16]) = 3\n", 4, "port 1003; expected 1004" },
	{ "option missing", LISTEN SYN "+0 > S. 0:0(0) ack 1 <mss 1460>\n", 5, "options" },
	{ "options not written", LISTEN SYN "+0 > S. 0:0(0) ack 1\n", 5, "options: expected none" },
	{ "too late", OPEN WRITE "+0.1 > P. 1:1001(1000) ack 1\n", 9,
	  "time: expected at 0.300000, came at 0.200000" },
	{ "too early", OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n+0.2 > P. 1:1001(1000) ack 1\n", 10,
	  "time: expected at 0.400000, came at 0.5" },
	{ "out of its range",
	  OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n+0.1~+0.2 > P. 1:1001(1000) ack 1\n", 10,
	  "time: expected from 0.300000 to 0.400000" },
	{ "missing packet", OPEN "+0 > P. 1:1001(1000) ack 1\n", 8, "no packet came" },
	{ "extra packet",
	  OPEN "+0 write(4, ..., 1000) = 1000\n+0 write(4, ..., 500) = 500\n"
	       "+0 > P. 1:1001(1000) ack 1\n+0.1 < P. 1:11(10) ack 1501 win 257\n"
	       "+0 > . 1501:1501(0) ack 11\n",
	  12, "sequence number: expected 1501, got 1001" },
	{ "TOS", OPEN WRITE "+0 > [tos 0x10] P. 1:1001(1000) ack 1\n", 9,
	  "tos: expected 0x10, got 0x00" },
	{ "ECN", OPEN WRITE "+0 > [ect0] P. 1:1001(1000) ack 1\n", 9,
	  "ECN: expected ect0, got noecn" },
	{ "payload that the script did not write", OPEN "+0 write(4, \"abcd\", 4) = 3\n", 8,
	  "write() returned 4; expected 3" },
	{ "result", "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = -1 EMFILE (why)\n", 1,
	  "expected -1 EMFILE" },
	{ "errno",
	  LISTEN "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
		 "+0 accept(3, ..., ...) = -1 EINVAL (Invalid)\n",
	  5, "accept() returned -1 EAGAIN" },
	{ "a call that blocks", LISTEN "+0 accept(3, ..., ...) = 4\n", 4, "accept() blocks" },
	{ "a call that blocks for less",
	  OPEN "+0...0.5 read(4, ..., 10) = 10\n"
	       "+0.1 < P. 1:11(10) ack 1 win 257\n",
	  8, "read() returned at 0.300000; expected at 0.700000" },
	{ "a call that never returns", OPEN "+0...0.5 read(4, ..., 10) = 10\n", 8,
	  "read() does not return" },
	{ "option value read", OPEN "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [3], [4]) = 0\n", 8,
	  "gives the value 0; expected 3" },
	{ "assertion", OPEN "+0 %{ assert tcpi_snd_cwnd == 3, tcpi_snd_cwnd }%\n", 8,
	  "tcpi_snd_cwnd is 10" },
};

static void test_each_untruth_fails_for_its_own_reason(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (!ends(broken[i].text, DRILL_FAIL, broken[i].line, broken[i].reason)) {
			print_error("that was: %s\n\n", broken[i].what);
			bad++;
		}
	assert_int_equal(bad, 0);
}

/* phantom with a fault on its way to the script. */
static const struct dut_ops *honest;
static struct dut_ops faulty;
enum { SWAP_WORDS, FLIP_BIT };
static int fault;

static int take_with_fault(struct dut *d, struct dut_packet *out)
{
	int rc = honest->take(d, out);
	uint8_t *last = out->bytes + out->len - 4, word[2];

	if (rc != 1 || out->len < 1000)
		return rc;
	memcpy(word, last, 2);
	if (fault == FLIP_BIT) {
		*last ^= 1;
	} else { /* the checksum does not see it */
		memcpy(last, last + 2, 2);
		memcpy(last + 2, word, 2);
	}
	return rc;
}

static struct dut *open_faulty(void *arg, const struct dut_conf *conf, char *err)
{
	struct dut *d = open_phantom(arg, conf, err);

	if (d) {
		honest = d->ops;
		faulty = *d->ops;
		faulty.take = take_with_fault;
		d->ops = &faulty;
	}
	return d;
}

static void test_payload_and_checksums_are_checked(void **state)
{
	static const char *const reasons[] = {
		[SWAP_WORDS] = "payload: byte 996 of the stream is 0x",
		[FLIP_BIT] = "the TCP checksum 0x",
	};
	struct drill_setup u = setup();

	(void)state;
	u.open = open_faulty;
	for (int i = SWAP_WORDS; i <= FLIP_BIT; i++) {
		struct drill_result r;

		fault = i;
		run(OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n", &u, &r);
		assert_int_equal(r.verdict, DRILL_FAIL);
		assert_non_null(strstr(r.reason, reasons[i]));
		drill_result_free(&r);
	}
}

static void test_what_is_not_there_is_unsupported_and_named(void **state)
{
	(void)state;
	expect("0 `sysctl -q net.ipv4.tcp_no_such=1`\n", DRILL_UNSUPPORTED, 1,
	       "sysctl net.ipv4.tcp_no_such=1");
	expect("`sysctl -w net.core.netdev_max_backlog2=1`\n" LISTEN, DRILL_UNSUPPORTED, 1,
	       "sysctl net.core.netdev_max_backlog2=1");
	expect("`sysctl -w net.core.netdev_max_backlog=1`\n" LISTEN, DRILL_PASS, 0, "");
	expect("0 `iptables -A INPUT -j DROP`\n", DRILL_UNSUPPORTED, 1, "iptables");
	expect("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0 setsockopt(3, SOL_TCP, TCP_REPAIR, [1], 4) = 0\n",
	       DRILL_UNSUPPORTED, 2, "TCP_REPAIR");
}

static void test_sysctls_are_understood_in_all_their_forms(void **state)
{
	static const char *const forms[] = {
		"sysctl -q net.ipv4.tcp_sack=0",
		"sysctl -q net.ipv4.tcp_rmem=\"4096 131072 $((32*1024 * 192))\" net.ipv4.tcp_sack=$((7*0))",
		"sysctl -w net.inet.tcp.sack.enable=0",
		"sysctl -w 'net.ipv4.tcp_sack=0' > /dev/null 2>&1",
		"echo 0 > /proc/sys/net/ipv4/tcp_sack",
		"./set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0",
		"./defaults.sh; set_sysctls.py " RMEM " /proc/sys/net/ipv4/tcp_sack=0",
		"true; sysctl -q net.ipv4.tcp_ecn=0 net.ipv4.tcp_sack=0 # off",
		"ip tcp_metrics flush all && sysctl net.ipv4.tcp_sack=0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 "`%s`\n" LISTEN SYN "+0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>\n",
			 forms[i]);
		expect(text, DRILL_PASS, 0, "");
	}
}

static void test_segments_make_up_one_expected_packet(void **state)
{
	(void)state;
	expect(OPEN "+0 write(4, ..., 3500) = 3500\n+0 > P. 1:3501(3500) ack 1\n", DRILL_PASS, 0,
	       "");
	expect("--strict_segments\n" OPEN
	       "+0 write(4, ..., 3500) = 3500\n+0 > P. 1:3501(3500) ack 1\n",
	       DRILL_FAIL, 10, "payload: expected 3500 bytes, got 1000");
}

static void test_options_of_the_command_line_win(void **state)
{
	static const char text[] =
		"--tolerance_usecs=1\n" OPEN WRITE "+0.01 > P. 1:1001(1000) ack 1\n";
	const struct drill_define wide = { "tolerance_usecs", "20000" };
	struct drill_setup u = setup();
	struct drill_result r;

	(void)state;
	expect(text, DRILL_FAIL, 10, "time");
	u.option = &wide;
	u.noption = 1;
	run(text, &u, &r);
	assert_int_equal(r.verdict, DRILL_PASS);
	drill_result_free(&r);
}

static void test_what_is_not_fatal_is_told_and_passed_over(void **state)
{
	struct drill_define both = { "non_fatal", "packet,syscall" };
	struct drill_setup u = setup();
	struct drill_result r;

	(void)state;
	u.option = &both;
	u.noption = 1;
	run(OPEN WRITE "+0 > . 1:1001(1000) ack 1\n"
		       "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [3], [4]) = 0\n"
		       "+0.1 < P. 1:6(5) ack 1001 win 257\n+0 > . 1001:1001(0) ack 6\n",
	    &u, &r);
	assert_int_equal(r.verdict, DRILL_PASS);
	assert_non_null(strstr(r.events, "line 9, not fatal: the packet is not the expected one"));
	assert_non_null(strstr(r.events, "line 10, not fatal: getsockopt() gives"));
	drill_result_free(&r);
	both.value = "packet";
	run(OPEN "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [3], [4]) = 0\n", &u, &r);
	assert_int_equal(r.verdict, DRILL_FAIL);
	drill_result_free(&r);
}

static void test_files_and_pipes_are_the_scripts_own(void **state)
{
	static const char made[] = "`rm -f /tmp/zeros; dd bs=1k count=2 if=/dev/zero of=/tmp/zeros`\n";
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text), "%s%s%s", made, OPEN,
		 "+0 open(\"/tmp/zeros\", O_RDONLY) = 5\n"
		 "+0 sendfile(4, 5, [0], 700) = 700\n"
		 "+0 > P. 1:701(700) ack 1\n"
		 "+0.1 < . 1:1(0) ack 701 win 257\n"
		 "+0 sendfile(4, 5, NULL, 5000) = 2048\n"
		 "+0 > P. 701:2749(2048) ack 1\n"
		 "+0 sendfile(4, 5, NULL, 5000) = 0\n"
		 "+0.1 < P. 1:101(100) ack 2749 win 257\n"
		 "+0 > . 2749:2749(0) ack 101\n"
		 "+0 pipe([6, 7]) = 0\n"
		 "+0 splice(4, NULL, 7, NULL, 1000, 0) = 100\n"
		 "+0 splice(6, NULL, 4, NULL, 60, 0) = 60\n"
		 "+0 > P. 2749:2809(60) ack 101\n"
		 "+0 read(6, ..., 100) = 40\n"
		 "+0 read(6, ..., 100) = -1 EAGAIN (nothing)\n"
		 "+0 write(7, ..., 5) = 5\n"
		 "+0 close(6) = 0\n+0 close(7) = 0\n+0 close(5) = 0\n"
		 "+0 read(5, ..., 1) = -1 EBADF (closed)\n");
	expect(text, DRILL_PASS, 0, "");
	expect(OPEN "+0 open(\"/nowhere/at/all\", O_RDONLY) = 5\n", DRILL_FAIL, 8,
	       "open() returned -1 ENOENT");
	expect(OPEN "+0 sendfile(4, 9, NULL, 5) = 5\n", DRILL_FAIL, 8, "-1 EBADF");
}

static void test_counters_and_sockets_are_what_grep_finds(void **state)
{
	static const struct {
		const char *command;
		enum drill_verdict verdict;
	} rows[] = {
		{ "nstat | grep TcpPassiveOpens | grep -q ' 1 '", DRILL_PASS },
		{ "nstat | grep TcpPassiveOpens | grep -q ' 2 '", DRILL_FAIL },
		{ "nstat -n; nstat | grep -q TcpPassiveOpens", DRILL_FAIL },
		{ "nstat -n; nstat -z | grep -q 'TcpPassiveOpens *0 '", DRILL_PASS },
		{ "nstat -n; nstat -a | grep TcpPassiveOpens", DRILL_PASS },
		{ "grep ' 0A ' /proc/net/tcp /proc/net/tcp6 | grep ':1F90'", DRILL_PASS },
		{ "grep ' 0A ' /proc/net/tcp | grep ':1F91'", DRILL_FAIL },
		{ "ss -tn state established | grep -v 10.0.0.1 | wc -l | grep 1", DRILL_PASS },
		{ "ss -tn state fin-wait-1 | grep 8080", DRILL_FAIL },
		{ "ss -tan | grep LISTEN", DRILL_PASS },
		{ "sockstat -s -P tcp -p 8080 | grep ESTABLISHED", DRILL_PASS },
		{ "sockstat -s -P tcp -p 8081 | grep ESTABLISHED", DRILL_FAIL },
		{ "sockstat -s | grep -c ESTABLISHED | grep 1", DRILL_PASS },
		{ "sockstat -s | grep -c ESTABLISHED | grep 0", DRILL_FAIL },
		{ "sockstat -s | grep -c SYN_RCVD | grep 0", DRILL_PASS },
		{ "sockstat | awk '{print $1}'", DRILL_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048];

		snprintf(text, sizeof(text), "%s+0 `%s`\n", OPEN, rows[i].command);
		expect(text, rows[i].verdict, 8, "");
	}
}

/* Without a connection there is nothing to count from; with a listener there is. */
static void test_a_reset_of_a_syn_to_nobody_has_absolute_numbers(void **state)
{
	(void)state;
	expect("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"
	       "+0 < S 17:20(3) win 100\n+0 > R. 0:0(0) ack 21 win 0\n",
	       DRILL_PASS, 0, "");
	expect("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"
	       "+0 listen(3, 1) = 0\n"
	       "+0 < S 17:17(0) win 100\n+0 > S. 0:0(0) ack 18 <...>\n+0 < . 1:1(0) ack 1 win 9\n"
	       "+0 < . 1:3(2) ack 1 win 9\n* > . 1:1(0) ack 3\n",
	       DRILL_PASS, 0, "");
}

static void test_what_ip_and_tcpdrop_say_is_done_to_the_device(void **state)
{
	(void)state;
	expect(OPEN "+0 `tcpdrop 192.168.0.1 8080 192.0.2.1 49153`\n"
		    "+0 > R. 1:1(0) ack 1\n"
		    "+0 read(4, ..., 10) = -1 ECONNABORTED (dropped)\n",
	       DRILL_PASS, 0, "");
	expect("`ip route change default dev tun0 mtu 900 rto_min 1s onlink 1`\n" LISTEN,
	       DRILL_UNSUPPORTED, 1, "ip route ... onlink");
	expect("`ip route replace default dev tun0 mtu 20`\n" LISTEN, DRILL_UNSUPPORTED, 1,
	       "the route takes no such metrics");
	expect("`ip route change default dev tun0 advmss 700`\n" LISTEN SYN
	       "+0 > S. 0:0(0) ack 1 <mss 700,nop,nop,sackOK,nop,wscale 7>\n",
	       DRILL_PASS, 0, "");
}

static void test_null_is_no_buffer(void **state)
{
	(void)state;
	expect(OPEN "+0 write(4, NULL, 100) = -1 EFAULT (no buffer)\n"
		    "+0.1 < P. 1:101(100) ack 1 win 257\n+0 > . 1:1(0) ack 101\n"
		    "+0 read(4, NULL, 100) = -1 EFAULT (no buffer)\n"
		    "+0 recv(4, NULL, 40, MSG_TRUNC) = 40\n"
		    "+0 read(4, ..., 100) = 60\n"
		    "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 101\n",
	       DRILL_PASS, 0, "");
	expect(OPEN "+0 write(4, NULL, 100) = 100\n", DRILL_FAIL, 8, "-1 EFAULT");
}

static void test_dry_runs_and_init_scripts(void **state)
{
	(void)state;
	expect("--dry_run\n" LISTEN "+0 > R 1:1(0)\n", DRILL_PASS, 0, "");
	expect("--init_scripts=./defaults.sh,x/sysctl_restore_1.sh\n" LISTEN, DRILL_PASS, 0, "");
	expect("--init_scripts=./other.sh\n" LISTEN, DRILL_UNSUPPORTED, 0, "other.sh");
	expect("--is_anyip\n" LISTEN, DRILL_UNSUPPORTED, 0, "--is_anyip");
	expect("--tcp_md5_secret=x\n" LISTEN "+0 < S 0:0(0) win 9 <mss 1000,md5 valid,nop,nop>\n",
	       DRILL_PASS, 0, "");
	expect(LISTEN "+0 < S 0:0(0) win 9 <mss 1000,md5 valid,nop,nop>\n", DRILL_ERROR, 4,
	       "needs --tcp_md5_secret");
	expect("--code_format=perl\n" LISTEN, DRILL_ERROR, 1, "one of: python");
}

static void test_two_runs_are_equal_to_the_nanosecond(void **state)
{
	static const char text[] =
		OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n* > P. 1:1001(1000) ack 1\n"
			   "* > P. 1:1001(1000) ack 1\n+0...0.2 read(4, ..., 10) = 5\n"
			   "+0.2 < P. 1:6(5) ack 1001 win 257\n* > . 1001:1001(0) ack 6\n";
	struct drill_setup u = setup();
	struct drill_result a, b;

	(void)state;
	run(text, &u, &a);
	run(text, &u, &b);
	assert_int_equal(a.verdict, DRILL_PASS);
	assert_non_null(a.events);
	assert_string_equal(a.events, b.events);
	assert_int_equal(a.took_ns, b.took_ns);
	assert_true(a.took_ns > 500000000);
	drill_result_free(&a);
	drill_result_free(&b);
}

static void test_a_failure_says_all_that_is_known(void **state)
{
	static const char *const parts[] = {
		"t.pkt:9: fail: ",
		"script:   +0 > P. 1:1001(1000) ack 2",
		"expected: > P. 1:1001(1000) ack 2\n",
		"got:      > P. 1:1001(1000) ack 1 win 502\n",
		"\n                              ^^^^^\n",
		"last events:",
		"write(4, ..., 1000) = 1000",
		"tcp_info of 4: ESTABLISHED cwnd 10",
		"again:    rig drill t.pkt",
	};
	struct drill_setup u = setup();
	struct drill_result r;

	(void)state;
	u.again = "rig drill t.pkt";
	run(OPEN WRITE "+0 > P. 1:1001(1000) ack 2\n", &u, &r);
	assert_non_null(r.message);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(r.message, parts[i]))
			fail_msg("\"%s\" is not in\n%s", parts[i], r.message);
	drill_result_free(&r);
}

/* Bytes that are allocated; with a sanitizer 0, and its own count of leaks at the end. */
static size_t held(void)
{
	return mallinfo2().uordblks;
}

static void test_ten_thousand_runs_in_one_process_hold_no_more_than_one(void **state)
{
	struct drill_setup u = setup();
	size_t after_one = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct drill_result r;

		run(OPEN WRITE "+0 > P. 1:1001(1000) ack 1\n", &u, &r);
		assert_int_equal(r.verdict, DRILL_PASS);
		drill_result_free(&r);
		if (i == 0)
			after_one = held();
	}
	assert_int_equal(held(), after_one);
}

/* ---- many ---- */

/* A device that does to its process what the script's MTU asks for. */
static struct dut *open_dangerous(void *arg, const struct dut_conf *conf, char *err)
{
	if (conf->mtu == 666)
		_exit(9);
	while (conf->mtu == 777)
		(void)pause();
	return open_phantom(arg, conf, err);
}

static void write_script(char path[64], const char *text)
{
	FILE *f;
	int fd;

	snprintf(path, 64, "/tmp/test_drill_run.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_a_script_that_dies_or_hangs_takes_no_other_with_it(void **state)
{
	static const struct {
		const char *text, *reason;
		enum drill_verdict verdict;
	} all[] = {
		{ OPEN, "", DRILL_PASS },
		{ "--mtu=666\n" OPEN, "ended with status 9", DRILL_ERROR },
		{ "--mtu=777\n" OPEN, "more than 8 s", DRILL_TIMEOUT },
		{ OPEN WRITE "+0 > . 1:2(1) ack 9\n", "flags", DRILL_FAIL },
		{ OPEN, "", DRILL_PASS },
	};
	struct drill_row row[5] = { 0 };
	struct drill_setup u = setup();
	struct drill_many m = {
		.row = row, .n = 5, .jobs = 2, .timeout_s = 8, .setup = &u, .again = "rig drill"
	};
	char path[5][64];

	(void)state;
	u.open = open_dangerous;
	for (int i = 0; i < 5; i++) {
		write_script(path[i], all[i].text);
		row[i].path = path[i];
	}
	assert_int_equal(drill_many_run(&m), 0);
	for (int i = 0; i < 5; i++) {
		assert_true(row[i].done);
		assert_int_equal(row[i].verdict, all[i].verdict);
		assert_non_null(strstr(row[i].reason, all[i].reason));
		assert_int_equal(unlink(path[i]), 0);
		free(row[i].reason);
		free(row[i].message);
	}
}

static void test_what_was_expected_is_good_and_an_unexpected_pass_is_not(void **state)
{
	struct drill_row row[3] = { { .path = "a/x.pkt", .verdict = DRILL_FAIL },
				    { .path = "a/y.pkt", .verdict = DRILL_PASS },
				    { .path = "b/xx.pkt", .verdict = DRILL_FAIL } };
	char path[64], err[256];

	(void)state;
	write_script(path, "# known\nx.pkt phantom fail\na/y.pkt phantom fail\nx.pkt linux pass\n");
	assert_int_equal(drill_many_expect(path, "phantom", row, 3, err, sizeof(err)), 0);
	assert_true(drill_row_good(&row[0]));
	assert_false(drill_row_good(&row[1]));
	assert_false(drill_row_good(&row[2]));
	assert_int_equal(unlink(path), 0);
	row[0].has_expected = row[1].has_expected = row[2].has_expected = false;
	write_script(path, "b/ phantom fail\n");
	assert_int_equal(drill_many_expect(path, "phantom", row, 3, err, sizeof(err)), 0);
	assert_false(row[0].has_expected || row[1].has_expected);
	assert_true(drill_row_good(&row[2]));
	assert_int_equal(unlink(path), 0);
	write_script(path, "x.pkt phantom perhaps\n");
	assert_int_equal(drill_many_expect(path, "phantom", row, 3, err, sizeof(err)), -1);
	assert_non_null(strstr(err, ":1: expected SCRIPT DEVICE VERDICT"));
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 3; i++)
		free(row[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_script_that_tells_the_truth_passes),
		cmocka_unit_test(test_each_untruth_fails_for_its_own_reason),
		cmocka_unit_test(test_payload_and_checksums_are_checked),
		cmocka_unit_test(test_what_is_not_there_is_unsupported_and_named),
		cmocka_unit_test(test_sysctls_are_understood_in_all_their_forms),
		cmocka_unit_test(test_segments_make_up_one_expected_packet),
		cmocka_unit_test(test_options_of_the_command_line_win),
		cmocka_unit_test(test_what_is_not_fatal_is_told_and_passed_over),
		cmocka_unit_test(test_files_and_pipes_are_the_scripts_own),
		cmocka_unit_test(test_a_reset_of_a_syn_to_nobody_has_absolute_numbers),
		cmocka_unit_test(test_counters_and_sockets_are_what_grep_finds),
		cmocka_unit_test(test_what_ip_and_tcpdrop_say_is_done_to_the_device),
		cmocka_unit_test(test_null_is_no_buffer),
		cmocka_unit_test(test_dry_runs_and_init_scripts),
		cmocka_unit_test(test_two_runs_are_equal_to_the_nanosecond),
		cmocka_unit_test(test_a_failure_says_all_that_is_known),
		cmocka_unit_test(test_ten_thousand_runs_in_one_process_hold_no_more_than_one),
		cmocka_unit_test(test_a_script_that_dies_or_hangs_takes_no_other_with_it),
		cmocka_unit_test(test_what_was_expected_is_good_and_an_unexpected_pass_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
