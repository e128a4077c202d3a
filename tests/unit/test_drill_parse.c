/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script language, a row for each construct: source and the notation it must come back as
 * (NULL: as it was), or the sentence that refuses it. Also what a tree says that notation does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/ast_print.h"
#include "harness/drill/parse.h"
#include "harness/drill/parse_option.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct drill_define defines[] = {
	{ "TFO_COOKIE", "3021b9d889017eeb" },
	{ "CMSG_LEVEL_IP", "SOL_IP" },
	{ "CMSG_TYPE_RECVERR", "IP_RECVERR" },
	{ "FLAGS", "SEWA" },
};

static struct drill_script *parse(const char *text, const char *ip_version, struct drill_err *err)
{
	const struct drill_defines defs = { .define = defines,
					    .ndefine = ARRAY_LEN(defines),
					    .ip_version = ip_version };
	struct drill_script *s = NULL;
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1); /* no NUL: a read beyond the end is seen */
	int status;

	assert_non_null(exact);
	memcpy(exact, text, len);
	status = drill_parse(exact, len, "x.pkt", &defs, &s, err);
	free(exact);
	assert_int_equal(status, s ? 0 : -1);
	return s;
}

static struct drill_script *parsed(const char *text)
{
	struct drill_err err;
	struct drill_script *s = parse(text, NULL, &err);

	if (!s)
		fail_msg("refused: %s", err.text);
	return s;
}

struct row {
	const char *name, *text, *want;
};

/* Each is what follows the time of the first event. */
static const struct row packet_rows[] = {
	{ "a segment in", "< . 1:1(0) ack 1 win 257", NULL },
	{ "a segment out without a window", "> . 1:1001(1000) ack 1", NULL },
	{ "an urgent pointer", "< U. 1:11(10) ack 1 win 257 urg 10", NULL },
	{ "flags in any order are printed in one", "> .PF 1:2(1) ack 1", "> FP. 1:2(1) ack 1" },
	{ "no flag", "< - 0:0(0) win 5", NULL },
	{ "a reset with ack", "> R. 1:1(0) ack 1", NULL },
	{ "SYN and FIN", "< SF 0:0(0) win 1", NULL },
	{ "SYN and RST", "< SR 0:0(0) win 1", NULL },
	{ "ECN setup", "> SEW 0:0(0)", NULL },
	{ "ECN answer", "> SE. 0:0(0) ack 1", NULL },
	{ "AccECN setup", "> SEWA 0:0(0)", NULL },
	{ "AccECN answers", "< SW. 0:0(0) ack 1", NULL },
	{ "AccECN's letters with data", "> EAP. 1:1001(1000) ack 1", NULL },
	{ "AccECN's count after the point", "> P.5 1:1001(1000) ack 1", NULL },
	{ "AccECN's count before the point", "> 5. 1:1(0) ack 1", "> .5 1:1(0) ack 1" },
	{ "AccECN's count among letters", "> P5. 1:1(0) ack 1", "> P.5 1:1(0) ack 1" },
	{ "AccECN's count with FIN", "> F5. 1:1(0) ack 1", "> F.5 1:1(0) ack 1" },
	{ "AccECN's count alone", "> .0 1:1(0) ack 1", NULL },
	{ "flags from a define", "< FLAGS 0:0(0) win 1", "< SEWA 0:0(0) win 1" },
	{ "ports", "< 8080 > 1234 S 0:0(0) win 5", NULL },
	{ "a connection by its descriptor", "> sock(4) . 1:1(0) ack 1", NULL },
	{ "sequence numbers as on the wire", "< . 5:5(0)! ack 7! win 1", NULL },
	{ "any sequence number", "> . ...(10) ack ...", NULL },
	{ "sequence numbers over the end", "> . 4294967295:1(2) ack 1", NULL },
	{ "a negative sequence number",
	  "< . -1:0(1) ack 1 win 1", "< . 4294967295:0(1) ack 1 win 1" },
	{ "ect0", "> [ect0] . 1:1(0) ack 1", NULL },
	{ "ect1", "< [ect1] . 1:1(0) ack 1 win 1", NULL },
	{ "ect01", "> [ect01] . 1:1(0) ack 1", NULL },
	{ "ce", "< [ce] . 1:1(0) ack 1 win 1", NULL },
	{ "noecn, with no blank before", ">[noecn] . 1:1(0) ack 1", "> [noecn] . 1:1(0) ack 1" },
	{ "tos and ttl in parentheses", "< (tos 0x10, ttl 64) . 1:1(0) ack 1 win 1",
	  "< [tos 0x10, ttl 64] . 1:1(0) ack 1 win 1" },
	{ "brackets beside each other", "> [ect0] [ttl 3] . 1:1(0) ack 1",
	  "> [ect0, ttl 3] . 1:1(0) ack 1" },
	{ "UDP", "< udp (1000)", NULL },
	{ "UDP with ports", "> 53 > 1234 udp (0)", NULL },
};

static const struct row option_rows[] = {
	{ "mss, nop, wscale, sackOK", "mss 1460,nop,wscale 8,sackOK,eol,eol", NULL },
	{ "blanks between options", "mss 1460, nop, nop , sackOK", "mss 1460,nop,nop,sackOK" },
	{ "timestamps", "nop,nop,TS val 100 ecr 200", NULL },
	{ "timestamps of any value", "nop,nop,TS val ... ecr ...", NULL },
	{ "timestamps by name", "nop,nop,TS val first ecr peer", NULL },
	{ "one block", "nop,nop,sack 1001:2001", NULL },
	{ "four blocks", "nop,nop,sack 1:2 3:4 5:6 7:8", NULL },
	{ "a block as on the wire", "nop,nop,sack 1:2!", NULL },
	{ "a cookie request", "FO,nop,nop", NULL },
	{ "a cookie", "FO 0102030405060708,nop,nop", NULL },
	{ "a cookie of one byte", "FO 02,nop", NULL },
	{ "a cookie with letters first", "FO abcd0123,nop,nop", NULL },
	{ "a cookie that looks like a number with an exponent", "FO 12e34567,nop,nop", NULL },
	{ "a cookie by define", "FO TFO_COOKIE,nop,nop", "FO 3021b9d889017eeb,nop,nop" },
	{ "any cookie", "FO ...,nop,nop", NULL },
	{ "the experimental cookie", "FOEXP 3021b9d889017eeb", NULL },
	{ "the experimental request", "FOEXP", NULL },
	{ "md5 computed", "nop,nop,md5 valid", NULL },
	{ "md5 bare", "nop,nop,md5", "nop,nop,md5 valid" },
	{ "md5 wrong", "nop,nop,md5 invalid", NULL },
	{ "md5 given", "nop,nop,md5 000102030405060708090a0b0c0d0e0f", NULL },
	{ "AccECN counters", "ECN e0b 1 ceb 0 e1b 1,nop", NULL },
	{ "AccECN counters the other way", "ECN e1b 1 ceb 0 e0b 16777215,nop", NULL },
	{ "AccECN with one counter", "ECN e1b 1,nop,nop,nop", NULL },
	{ "AccECN without counters", "ECN,nop,nop", NULL },
	{ "an option of any kind", "gen 253 0a0b", NULL },
	{ "an option of any kind, empty", "gen 200,nop,nop", NULL },
	{ "bytes as they are", "020405b4", NULL },
	{ "bytes as they are, with 0x", "0x0300ff01", "0300ff01" },
	{ "any options", "...", NULL },
	{ "options not looked at, the old word", "nocheck", "..." },
	{ "forty nops",
	  "nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,"
	  "nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop",
	  NULL },
};

static const struct row icmp_rows[] = {
	{ "port_unreachable", "unreachable port_unreachable [1:1001(1000)]", NULL },
	{ "frag_needed with an MTU", "unreachable frag_needed mtu 1200 [1:1461(1460)]", NULL },
	{ "host_unreachable", "unreachable host_unreachable", NULL },
	{ "host_prohibited", "unreachable host_prohibited", NULL },
	{ "protocol_unreachable", "unreachable protocol_unreachable", NULL },
	{ "net_prohibited", "unreachable net_prohibited", NULL },
	{ "packet_filtered", "unreachable packet_filtered", NULL },
	{ "net_unreachable is code 0", "unreachable net_unreachable", NULL },
	{ "no code is code 0", "unreachable", "unreachable net_unreachable" },
	{ "source_route_failed", "unreachable source_route_failed", NULL },
	{ "net_unknown", "unreachable net_unknown", NULL },
	{ "host_unknown", "unreachable host_unknown", NULL },
	{ "source_host_isolated", "unreachable source_host_isolated", NULL },
	{ "net_unreachable_for_tos", "unreachable net_unreachable_for_tos", NULL },
	{ "host_unreachable_for_tos", "unreachable host_unreachable_for_tos", NULL },
	{ "precedence_violation", "unreachable precedence_violation", NULL },
	{ "precedence_cutoff", "unreachable precedence_cutoff", NULL },
	{ "admin_prohibited has two names", "unreachable admin_prohibited",
	  "unreachable packet_filtered" },
	{ "a code by number", "unreachable 77", NULL },
	{ "a type by number", "3 3", "unreachable port_unreachable" },
	{ "a type without a name", "250 7", NULL },
	{ "redirect", "redirect", "redirect net_redirect" },
	{ "source_quench", "source_quench", NULL },
	{ "parameter_problem", "parameter_problem", NULL },
	{ "time_exceeded", "time_exceeded ttl_exceeded_in_transit", NULL },
	{ "reassembly timed out", "time_exceeded frag_reass_exceeded", NULL },
	{ "echo_request with an identifier", "echo_request id 7", NULL },
	{ "echo_reply", "echo_reply", NULL },
	{ "timestamp_request", "timestamp_request", NULL },
	{ "timestamp_reply", "timestamp_reply", NULL },
	{ "information_request", "information_request", NULL },
	{ "information_reply", "information_reply", NULL },
	{ "address_mask_request", "address_mask_request", NULL },
	{ "address_mask_reply", "address_mask_reply", NULL },
	{ "router_advertisement", "router_advertisement", NULL },
	{ "a quote of UDP", "unreachable port_unreachable [udp (100)]", NULL },
	{ "a quote of bytes", "unreachable port_unreachable [raw (8)]", NULL },
};

static const struct row icmp6_rows[] = {
	{ "no_route", "unreachable no_route", NULL },
	{ "admin_prohibited in IPv6", "unreachable admin_prohibited", NULL },
	{ "not_neighbour", "unreachable not_neighbour", NULL },
	{ "address_unreachable", "unreachable address_unreachable", NULL },
	{ "port_unreachable in IPv6", "unreachable port_unreachable", NULL },
	{ "packet_too_big", "packet_too_big mtu 1280 [1:1441(1440)]", NULL },
	{ "exceeded_hop_limit", "time_exceeded exceeded_hop_limit", NULL },
	{ "exceeded_frag_time", "time_exceeded exceeded_frag_time", NULL },
	{ "header_field", "parameter_problem header_field", NULL },
	{ "unknown_next_header", "parameter_problem unknown_next_header", NULL },
	{ "unknown_option", "parameter_problem unknown_option", NULL },
	{ "router_advertisement in IPv6", "router_advertisement", NULL },
};

/* Whole scripts. */
static const struct row script_rows[] = {
	{ "absolute times", "0 close(3) = 0\n0.5 close(4) = 0\n10. close(5) = 0",
	  "0 close(3) = 0\n0.5 close(4) = 0\n10 close(5) = 0\n" },
	{ "relative times", "+0 close(3) = 0 +.000001 close(4) = 0",
	  "+0 close(3) = 0\n+0.000001 close(4) = 0\n" },
	{ "ranges and any time",
	  "0 close(3) = 0\n0.1~0.2 > . 1:1(0)\n+0~+1 > . 1:1(0)\n* > . 1:1(0)",
	  "0 close(3) = 0\n0.1~0.2 > . 1:1(0)\n+0~+1 > . 1:1(0)\n* > . 1:1(0)\n" },
	{ "calls that block", "0...0.2 close(3) = 0\n+0...0.3 close(3) = 0\n+1...+1.5 close(4) = 0",
	  "0...0.2 close(3) = 0\n+0...0.3 close(3) = 0\n+1...1.5 close(4) = 0\n" },
	{ "options, commands before, within and after",
	  "--mss=1000\n// a comment\n--ip_version=ipv4\n`../common/defaults.sh`\n"
	  "0 `sysctl -q a=1`\n+0 close(3) = 0\n`cleanup`",
	  "0 `sysctl -q a=1`\n+0 close(3) = 0\n" },
	{ "code",
	  "0 %{ assert tcpi_state == TCP_CLOSE }%", "0 %{ assert tcpi_state == TCP_CLOSE }%\n" },
	{ "a result, an error, its text and a note",
	  "0 connect(3, ..., ...) = -1 EINPROGRESS (Operation (now) in progress) (a note)\n"
	  "+0 close(3) = 0",
	  "0 connect(3, ..., ...) = -1 EINPROGRESS\n+0 close(3) = 0\n" },
	{ "an error in a comment", "0 connect(3, ..., ...) = -1 // EINPROGRESS\n0 close(3) = 0",
	  "0 connect(3, ..., ...) = -1\n0 close(3) = 0\n" },
	{ "a code of ICMP is on the line of its type", "0 < icmp redirect\n1 > . 1:1(0)",
	  "0 < icmp redirect net_redirect\n1 > . 1:1(0)\n" },
	{ "branches of two stacks",
	  "0 close(3) = 0\n#ifdef FreeBSD\n+0 > . 1:1(0)\n#endif\n#ifndef FreeBSD\n"
	  "+0 > R 1:1(0)\n#endif",
	  "0 close(3) = 0\n+0 > R 1:1(0)\n" },
};

/* A sentence that a script is refused with, after its place. */
static const struct row bad_rows[] = {
	{ "nothing", "",
	  "1:1: expected options (--name=value), a `command`, or the first event, at time 0, found "
	  "the end of the script" },
	{ "options alone",
	  "--mss=5", "1:8: expected the first event, at time 0, found the end of the "
				      "script" },
	{ "an unknown option", "--foo=1\n0 close(3) = 0", "1:1: no option --foo is known" },
	{ "an option without its value", "--mss\n0 close(3) = 0",
	  "1:1: --mss needs a value: --mss=VALUE" },
	{ "an option's bad value", "--ip_version=5", "1:1: --ip_version=5: expected ipv4, ipv6 or "
						     "ipv4-mapped-ipv6" },
	{ "an option that is not run here", "--udp_encapsulation=tcp",
	  "1:1: unsupported: --udp_encapsulation" },
	{ "a late beginning", "1 close(3) = 0",
	  "1:1: the first event is at time 0; write 0 or +0" },
	{ "time that goes back", "0 close(3) = 0\n2 close(3) = 0\n1 close(3) = 0",
	  "3:1: this event is before the one above; absolute times do not go back" },
	{ "a call at any time", "0 close(3) = 0\n* close(3) = 0",
	  "2:1: only a packet that is expected (>) can have the time *; this event needs one "
	  "time" },
	{ "an injected packet in a range", "0 close(3) = 0\n+0~+1 < . 1:1(0)",
	  "2:1: only a packet that is expected (>) can have a range of times; this event needs one "
	  "time" },
	{ "a packet that blocks", "0...1 > . 1:1(0)",
	  "1:1: only a system call can last (a...b); a packet may have a range (a~b)" },
	{ "a range that ends early", "0 close(3) = 0\n+2~+1 > . 1:1(0)",
	  "2:3: this range ends before it begins; write the earlier time first" },
	{ "a range on two bases", "0 close(3) = 0\n+0~1 > . 1:1(0)",
	  "2:4: expected \"+\", as at the beginning (+0.1~+0.2), found \"1\"" },
	{ "a time alone", "0", "1:2: expected a packet (< or >), a system call, a `command` or "
			       "%{ code }% after the time, found the end of the script" },
	{ "an unknown call", "0 soket(3) = 0",
	  "1:3: expected a packet (< or >), a system call, a `command` or %{ code }% after the "
	  "time, found \"soket\"" },
	{ "too few arguments", "0 listen(3) = 0",
	  "1:3: expected 2 arguments of listen(), found 1" },
	{ "a call without a result", "0 close(3)\n+0 close(3) = 0",
	  "2:1: expected \"=\" and the result, found \"+\"" },
	{ "an open call", "0 close(3 = 0", "1:11: expected \",\" or \")\", found \"=\"" },
	{ "an unknown error", "0 close(3) = -1 EFOO",
	  "1:17: expected an error's name (EINPROGRESS), a (note) or the next event's time, found "
	  "\"EFOO\"" },
	{ "an unknown symbol", "0 socket(..., SOCK_STREM, 6) = 3",
	  "1:15: \"SOCK_STREM\" is no name of Linux's that is known here; -D SOCK_STREM=value "
	  "gives it one" },
	{ "MPTCP's protocol", "0 socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 3",
	  "1:28: unsupported: IPPROTO_MPTCP (MPTCP)" },
	{ "FreeBSD's options", "0 setsockopt(3, IPPROTO_TCP, TCP_NOOPT, [1], 4) = 0",
	  "1:30: unsupported: TCP_NOOPT (FreeBSD)" },
	{ "SCTP's calls", "0 sctp_recvmsg(3) = 0", "1:3: unsupported: SCTP" },
	{ "PSP's calls", "0 psp_rx_assoc(3) = 0", "1:3: unsupported: PSP" },
	{ "SCTP's packets", "0 < sctp: INIT", "1:5: unsupported: SCTP" },
	{ "UDP-Lite's packets", "0 < udplite (5, 5)", "1:5: unsupported: UDP-Lite" },
	{ "tunnels", "0 < gre: . 1:1(0)", "1:5: unsupported: encapsulation (gre)" },
	{ "MPTCP's options", "0 < S 0:0(0) <mss 1000,dss>", "1:24: unsupported: MPTCP" },
	{ "TCP in UDP", "0 < . 1:1(0)/udp(1 > 2)", "1:13: unsupported: TCP in UDP (/udp)" },
	{ "packets changed byte by byte", "0 < . 1:1(0) {ins tcp 5 0x1}",
	  "1:14: unsupported: changes to a packet ({...})" },
	{ "causes in resets", "0 < R 1:1(0) [cause_code 5]",
	  "1:14: unsupported: causes in a reset ([...])" },
	{ "no such flag", "0 < X 0:0(0)",
	  "1:5: expected TCP flags (letters of FSRP.UEWA, a digit 0-7 for AccECN's count, or -), "
	  "udp or icmp, found \"X\"" },
	{ "a flag twice", "0 < SS 0:0(0)", "1:5: flag \"S\" says what another one says already" },
	{ "a count and its letters", "0 < E.5 0:0(0)",
	  "1:5: flag \"5\" says what another one says already" },
	{ "a length that is none", "0 < . 1:11(9)",
	  "1:7: from 1 to 11 are 10 bytes, and (9) is written" },
	{ "a packet too long", "0 < . 0:70000(70000)",
	  "1:7: a length of 70000; a packet has at most 65535 bytes" },
	{ "a misspelt word", "0 > . 1:1(0) ack 1 wni 5",
	  "1:20: expected win, urg, <options> or the next event's time (0.1, +0.1, *), found "
	  "\"wni\"" },
	{ "a window too large", "0 < . 1:1(0) ack 1 win 65536",
	  "1:24: expected a window as on the wire from 0 to 65535, found 65536" },
	{ "an unknown option of TCP", "0 < S 0:0(0) <nop,foo>",
	  "1:19: expected an option (mss N, nop, eol, wscale N, sackOK, sack A:B, TS val N ecr N, "
	  "FO, FOEXP, md5, ECN, gen KIND, hexadecimal bytes) or ..., found \"foo\"" },
	{ "options that make no header", "0 < S 0:0(0) <mss 1000,nop>",
	  "1:14: these options have 5 bytes; a header is made of words of 4: add nop or eol" },
	{ "too many bytes of options", "0 < S 0:0(0) <md5,md5,mss 1,mss 2>",
	  "1:14: these options have 44 bytes; a header has room for 40" },
	{ "five blocks", "0 < . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10>",
	  "1:36: more than 4 blocks do not fit into a header" },
	{ "half a byte", "0 < S 0:0(0) <FO 123>",
	  "1:18: expected a cookie in hexadecimal in whole bytes, found 3 hexadecimal digits" },
	{ "AccECN's counters in no order", "0 < S 0:0(0) <ECN ceb 0>",
	  "1:19: expected e0b N here (the order is e0, ce, e1), found \"ceb\"" },
	{ "a timestamp without its echo", "0 < S 0:0(0) <TS val 5>",
	  "1:23: expected \"ecr\" after TSval, found \">\"" },
	{ "an open list of options", "0 < S 0:0(0) <nop",
	  "1:18: expected \",\" or \">\" after the option, found the end of the script" },
	{ "an unknown word of IP", "0 < [ect5] S 0:0(0)",
	  "1:6: expected noecn, ect0, ect1, ect01, ce, tos N, class N, ttl N, hlim N or "
	  "flowlabel N, found \"ect5\"" },
	{ "another version's ICMP", "0 < icmpv6 packet_too_big",
	  "1:5: icmpv6 in a script for IPv4; --ip_version=ipv6 makes it one for IPv6" },
	{ "an unknown code", "0 < icmp redirect wat",
	  "1:19: expected a code of this type for IPv4 (net_redirect, host_redirect, "
	  "net_redirect_for_tos, host_redirect_for_tos, a number), mtu, id or [..], found "
	  "\"wat\"" },
	{ "something after the last command", "0 close(3) = 0\n`a`\n`b`",
	  "3:1: expected the end of the script after its last command, found a command in "
	  "backticks" },
	{ "an odd byte", "0 close(3) = 0 \x01",
	  "1:16: expected an error's name, (a note) or the next event's time (0.1, +0.1, *), found "
	  "the byte 0x01" },
	{ "a time beyond all", "0 close(3) = 0\n99999999999 close(3) = 0",
	  "2:1: a time of more than 1000000000 seconds" },
};

static void printed(const struct drill_script *s, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (const struct drill_event *ev = s->events; ev; ev = ev->next) {
		n += drill_print_event(ev, out + n, size - n);
		n += (size_t)snprintf(out + n, size - n, "\n");
		assert_true(n < size);
	}
}

/* Parses prefix + text + suffix as the first event's packet, and what that is printed as again. */
static void check_packet(const char *text, const char *want, const char *prefix,
			 const char *suffix, const char *ip_version)
{
	char script[2048], expected[1024], out[2048];
	struct drill_err err;
	struct drill_script *s;

	snprintf(expected, sizeof(expected), "%s%s%s", prefix, want ? want : text, suffix);
	for (int again = 0; again < 2; again++) {
		snprintf(script, sizeof(script), "0 %s%s%s\n", again ? "" : prefix,
			 again ? expected : text, again ? "" : suffix);
		s = parse(script, ip_version, &err);
		if (!s)
			fail_msg("refused: %s", err.text);
		assert_int_equal(drill_print_packet(&s->events->packet, out, sizeof(out)),
				 strlen(expected));
		assert_string_equal(out, expected);
		drill_script_free(s);
	}
}

static void test_packet(void **state)
{
	const struct row *row = *state;

	check_packet(row->text, row->want, "", "", NULL);
}

static void test_option(void **state)
{
	const struct row *row = *state;

	check_packet(row->text, row->want, "> . 1:1(0) ack 1 <", ">", NULL);
}

static void test_icmp(void **state)
{
	const struct row *row = *state;

	check_packet(row->text, row->want, "< icmp ", "", "ipv4");
}

static void test_icmp6(void **state)
{
	const struct row *row = *state;

	check_packet(row->text, row->want, "< icmp ", "", "ipv6");
}

static void test_script(void **state)
{
	const struct row *row = *state;
	struct drill_script *s = parsed(row->text);
	char out[2048];

	printed(s, out, sizeof(out));
	assert_string_equal(out, row->want);
	drill_script_free(s);
}

static void test_bad(void **state)
{
	const struct row *row = *state;
	struct drill_err err;
	struct drill_script *s = parse(row->text, NULL, &err);
	char want[1024];

	assert_null(s);
	snprintf(want, sizeof(want), "x.pkt:%s\n  ", row->want);
	if (strncmp(err.text, want, strlen(want)) != 0)
		fail_msg("expected %s\ngot %s", want, err.text);
	assert_int_equal(err.kind == DRILL_ERR_UNSUPPORTED,
			 strstr(row->want, ": unsupported: ") != NULL);
}

static void test_an_error_shows_its_line_with_a_caret(void **state)
{
	struct drill_err err;

	(void)state;
	assert_null(parse("0 close(3) = 0\n\t+0 > Q 1:1(0)\n", NULL, &err));
	assert_string_equal(strchr(err.text, '\n'), "\n  \t+0 > Q 1:1(0)\n  \t     ^");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.col, 7);
}

static void test_a_long_line_is_shown_where_it_is_wrong(void **state)
{
	char text[4096];
	struct drill_err err;
	const char *caret, *line;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "0 > . 1:1(0)", 12);
	strcpy(text + 3000, "WRONG                                ");
	assert_null(parse(text, NULL, &err));
	assert_int_equal(err.col, 3001);
	line = strchr(err.text, '\n') + 1;
	caret = strchr(line, '\n') + 1;
	assert_true(strchr(caret, '^') - caret == strstr(line, "WRONG") - line);
	assert_true(strlen(line) < 260);
}

static void test_every_node_has_its_place_and_text(void **state)
{
	struct drill_script *s = parsed("// first\n0 close(3) = 0\n  +.1 > P. 1:2(1) ack 1 "
					"<mss 5>\n  // last\n+0 bind(3, {sa_family=AF_INET}, 16)"
					" = 0");
	const struct drill_event *ev = s->events;

	(void)state;
	assert_int_equal(ev->src.line, 2);
	assert_int_equal(ev->src.len, strlen("0 close(3) = 0"));
	ev = ev->next;
	assert_int_equal(ev->src.line, 3);
	assert_int_equal(ev->src.col, 3);
	assert_memory_equal(ev->src.at, "+.1 > P. 1:2(1) ack 1 <mss 5>", ev->src.len);
	assert_int_equal(ev->src.len, 29);
	assert_memory_equal(ev->packet.tcp.opt[0].src.at, "mss 5", 5);
	assert_int_equal(ev->packet.tcp.opt[0].src.len, 5);
	ev = ev->next;
	assert_int_equal(ev->number, 3);
	assert_int_equal(ev->call.args->next->src.len, strlen("{sa_family=AF_INET}"));
	assert_int_equal(ev->call.args->next->first->num, 2);
	drill_script_free(s);
}

static void test_times_are_exact_nanoseconds(void **state)
{
	struct drill_script *s = parsed("0 close(3) = 0\n0.000000001 close(3) = 0\n"
					"0.1 close(3) = 0\n86400.123456789999 close(3) = 0");
	const struct drill_event *ev = s->events->next;

	(void)state;
	assert_int_equal(ev->time.at_ns, 1);
	assert_int_equal(ev->next->time.at_ns, 100000000);
	assert_true(ev->next->next->time.at_ns == 86400123456789);
	drill_script_free(s);
}

static void test_the_version_of_ip_decides_the_numbers(void **state)
{
	struct drill_err err;
	struct drill_script *s = parsed("--ip_version=ipv6\n0 < icmp unreachable port_unreachable");

	(void)state;
	assert_int_equal(s->ip_version, DRILL_V_IP6);
	assert_int_equal(s->events->packet.ip, DRILL_IP6);
	assert_int_equal(s->events->packet.icmp.type, 1);
	assert_int_equal(s->events->packet.icmp.code, 4);
	drill_script_free(s);

	s = parse("--ip_version=ipv6\n0 < icmp unreachable port_unreachable", "ipv4", &err);
	assert_non_null(s);
	assert_int_equal(s->events->packet.icmp.type, 3);
	drill_script_free(s);

	s = parsed("--ip_version=ipv4-mapped-ipv6\n0 < . 1:1(0)");
	assert_int_equal(s->ip_version, DRILL_V_IP4_MAPPED);
	assert_int_equal(s->events->packet.ip, DRILL_IP4);
	drill_script_free(s);
}

static void test_ip_words_become_fields(void **state)
{
	struct drill_err err;
	struct drill_script *s =
		parse("0 < (class 0x12, hlim 3) [flowlabel 0xfffff] . 1:1(0) ack 0", "ipv6", &err);
	const struct drill_ipinfo *i = &s->events->packet.info;

	(void)state;
	assert_true(i->has_tos && i->has_ttl && i->has_flowlabel);
	assert_int_equal(i->tos, 0x12);
	assert_int_equal(i->ttl, 3);
	assert_int_equal(i->flowlabel, 0xfffff);
	assert_int_equal(i->ecn, DRILL_ECN_UNSAID);
	drill_script_free(s);
}

static void test_absence_is_not_zero(void **state)
{
	struct drill_script *s = parsed("0 > . 1:1(0)\n+0 > . 1:1(0) ack 0 win 0 urg 0 <...>\n"
					"+0 > . 1:1(0) <>");
	const struct drill_tcp *t = &s->events->packet.tcp;

	(void)state;
	assert_int_equal(t->ack.kind, DRILL_N_UNSAID);
	assert_int_equal(t->win.kind, DRILL_N_UNSAID);
	assert_int_equal(t->opts, DRILL_OPTS_NONE);
	t = &s->events->next->packet.tcp;
	assert_int_equal(t->ack.kind, DRILL_N_REL);
	assert_int_equal(t->win.kind, DRILL_N_REL);
	assert_int_equal(t->urg.kind, DRILL_N_REL);
	assert_int_equal(t->opts, DRILL_OPTS_ANY);
	assert_int_equal(s->events->next->next->packet.tcp.opts, DRILL_OPTS_NONE);
	drill_script_free(s);
}

static void test_options_of_a_script_have_their_meaning(void **state)
{
	struct drill_script *s = parsed("--tolerance_usecs=10000 --mtu=1280 --mss=900\n"
					"--tcp_ts_tick_usecs=1000 --strict_segments\n"
					"--send_omit_free --non_fatal=packet,syscall\n"
					"--local_ip=192.168.0.1 --remote_ip=192.0.2.1 "
					"--gateway_ip=192.168.0.2\n--tcp_ts_ecr_scaled "
					"--tcp_md5_secret=x --mtu=1400 --verbose\n0 close(3) = 0");
	struct drill_options o;

	(void)state;
	drill_options_init(&o);
	assert_int_equal(o.tolerance_ns, 4000000);
	assert_int_equal(o.mtu, 1500);
	assert_int_equal(o.bind_port, 8080);
	drill_options_of_script(&o, s);
	assert_int_equal(o.tolerance_ns, 10000000);
	assert_int_equal(o.mtu, 1400);
	assert_int_equal(o.mss, 900);
	assert_true(o.has_ts_tick && o.ts_tick_ns == 1000000);
	assert_true(o.strict_segments && o.send_omit_free && o.ts_ecr_scaled);
	assert_true(o.nonfatal_packet && o.nonfatal_syscall);
	assert_string_equal(o.local_ip, "192.168.0.1");
	assert_string_equal(o.remote_ip, "192.0.2.1");
	assert_string_equal(o.md5_secret, "x");
	drill_script_free(s);
}

static void test_commands_before_and_after_are_kept(void **state)
{
	struct drill_script *s = parsed("`a\nb`\n0 `c`\n`d`");

	(void)state;
	assert_string_equal(s->init->text, "a\nb");
	assert_string_equal(s->events->command.text, "c");
	assert_string_equal(s->cleanup->text, "d");
	assert_int_equal(s->nevents, 1);
	drill_script_free(s);
}

static void test_text_that_does_not_fit_is_cut_and_tells_its_length(void **state)
{
	struct drill_script *s = parsed("0 > P. 1:1001(1000) ack 1");
	char small[8];

	(void)state;
	assert_int_equal(drill_print_event(s->events, small, sizeof(small)), 25);
	assert_string_equal(small, "0 > P. ");
	assert_int_equal(drill_print_event(s->events, NULL, 0), 25);
	drill_script_free(s);
}

static void test_limits_are_sentences(void **state)
{
	enum { DEEP = 3000, LONG = DRILL_TEXT_MAX + 1 };
	struct drill_err err;
	struct drill_script *s = NULL;
	char *text = malloc(LONG);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', LONG);
	assert_int_equal(drill_parse(text, LONG, "x", NULL, &s, &err), -1);
	assert_int_equal(err.kind, DRILL_ERR_LIMIT);
	memset(text, '[', DEEP);
	memcpy(text, "0 close(", 8);
	assert_int_equal(drill_parse(text, DEEP, "x", NULL, &s, &err), -1);
	assert_int_equal(err.kind, DRILL_ERR_LIMIT);
	assert_non_null(strstr(err.text, "32 deep is allowed"));
	memcpy(text, "0 close([", 9);
	for (size_t i = 9; i < DEEP; i += 2)
		memcpy(text + i, "1,", 2);
	assert_int_equal(drill_parse(text, DEEP, "x", NULL, &s, &err), -1);
	assert_non_null(strstr(err.text, "more than 1024 values"));
	assert_null(s);
	free(text);
}

/* Any cut and any flipped byte of a script is a script or a sentence. */
static void test_no_damage_to_a_script_goes_without_a_sentence(void **state)
{
	static const char whole[] =
		"--mss=1000\n`x`\n0 socket(..., SOCK_STREAM, 6) = 3\n"
		"#ifdef A\n+0 close(3) = 0\n#endif\n"
		"+0...1 connect(3, {sa_family=AF_INET, sin_port=htons(80), "
		"sin_addr=inet_addr(\"192.0.2.1\")}, 16) = -1 EINPROGRESS (x)\n"
		"+0~+1 > [ect0] SEWA 0:0(0) win 5 <mss 1460,sack 1:2,TS val 1 ecr 2,FO 12>\n"
		"* > icmp unreachable 3 mtu 5 [1:2(1)]\n+0 %{ assert a == 1, 'x' }%\n`y`";
	uint32_t x = 12345;
	struct drill_err err;

	(void)state;
	for (size_t i = 0; i < 4 * sizeof(whole); i++) {
		struct drill_script *s = NULL;
		char copy[sizeof(whole)];
		size_t len = i < sizeof(whole) ? i : sizeof(whole) - 1;

		memcpy(copy, whole, sizeof(whole));
		x = x * 1664525 + 1013904223;
		if (i >= sizeof(whole))
			copy[(x >> 8) % len] = (char)(x >> 24);
		if (drill_parse(copy, len, "x", NULL, &s, &err) != 0) {
			assert_null(s);
			assert_true(err.line > 0 && err.col > 0 && err.sentence[0]);
		}
		drill_script_free(s);
	}
}

static size_t add(struct CMUnitTest *tests, size_t n, const struct row *rows, size_t count,
		  CMUnitTestFunction f)
{
	for (size_t i = 0; i < count; i++)
		tests[n++] = (struct CMUnitTest){ rows[i].name, f, NULL, NULL,
						  (void *)(uintptr_t)&rows[i] };
	return n;
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_LEN(packet_rows) + ARRAY_LEN(option_rows) +
				       ARRAY_LEN(icmp_rows) + ARRAY_LEN(icmp6_rows) +
				       ARRAY_LEN(script_rows) + ARRAY_LEN(bad_rows) + 12] = {
		cmocka_unit_test(test_an_error_shows_its_line_with_a_caret),
		cmocka_unit_test(test_a_long_line_is_shown_where_it_is_wrong),
		cmocka_unit_test(test_every_node_has_its_place_and_text),
		cmocka_unit_test(test_times_are_exact_nanoseconds),
		cmocka_unit_test(test_the_version_of_ip_decides_the_numbers),
		cmocka_unit_test(test_ip_words_become_fields),
		cmocka_unit_test(test_absence_is_not_zero),
		cmocka_unit_test(test_options_of_a_script_have_their_meaning),
		cmocka_unit_test(test_commands_before_and_after_are_kept),
		cmocka_unit_test(test_text_that_does_not_fit_is_cut_and_tells_its_length),
		cmocka_unit_test(test_limits_are_sentences),
		cmocka_unit_test(test_no_damage_to_a_script_goes_without_a_sentence),
	};
	size_t n = 12;

	n = add(tests, n, packet_rows, ARRAY_LEN(packet_rows), test_packet);
	n = add(tests, n, option_rows, ARRAY_LEN(option_rows), test_option);
	n = add(tests, n, icmp_rows, ARRAY_LEN(icmp_rows), test_icmp);
	n = add(tests, n, icmp6_rows, ARRAY_LEN(icmp6_rows), test_icmp6);
	n = add(tests, n, script_rows, ARRAY_LEN(script_rows), test_script);
	add(tests, n, bad_rows, ARRAY_LEN(bad_rows), test_bad);
	return cmocka_run_group_tests_name("drill_parse", tests, NULL, NULL);
}
