/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: each row is its words, and what they become or what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "host/options.h"
#include "host/service.h"
#include "host/text.h"

enum { WORDS_MAX = 600 };

static enum opt_outcome parse(struct options *o, char *line, char err[OPT_ERROR])
{
	char *words[WORDS_MAX + 1] = { "phantom" };
	int n = 1;

	for (char *w = strtok(line, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		words[n++] = w;
	words[n] = NULL;
	err[0] = '\0';
	return options_parse(o, n, words, err);
}

#define BASE "--tap tap0 --addr 10.0.0.2/24 "

struct bad_row {
	const char *line;
	const char *where, *right; /* both are in the sentence */
};

static const struct bad_row bad_rows[] = {
	{ "", "no device", "--tap NAME" },
	{ "--tap tap0", "no address", "--addr 10.0.0.2/24" },
	{ "--tap tap0 --addr dhcp --addr auto", "--addr auto", "write one of them" },
	{ "--tap tap0 --addr dhpc", "dhpc", "dhcp, auto, link-local" },
	{ "--tun tun0 --addr dhcp", "no Ethernet", "--addr A/L" },
	{ "--tun tun0 --addr 10.0.0.2/24 --acd cede", "--acd", "no Ethernet" },
	{ BASE "--acd on", "--acd on", "off, defend, cede or insist" },
	{ BASE "--lease f", "--lease", "--addr dhcp" },
	{ BASE "--hostname ghost", "--hostname", "--addr dhcp" },
	{ BASE "--dhcp-routes", "--dhcp-routes", "--addr dhcp" },
	{ "--tap tap0 --addr dhcp --hostname a;b", "a;b", "letters, digits" },
	{ "--tap tap0 --addr dhcp --dhcp-wait 0", "--dhcp-wait 0", "1 to 10000" },
	{ "--tap", "--tap", "value is missing" },
	{ "--tap a-name-of-sixteen --addr 10.0.0.2/24", "a-name-of-sixteen", "1 to 15 characters" },
	{ "--tap a/b --addr 10.0.0.2/24", "a/b", "not a device name" },
	{ "--tap tap0 --addr 10.0.0.2/24 --tun tun0", "no address for tun0", "--addr" },
	{ "--tap tap0 --addr 10.0.0.2/24 --tap tap0", "--tap tap0", "given twice" },
	{ "--tap tap0 --addr dhcp --lease f --tap tap1 --addr dhcp --lease f", "--lease f", "one for each" },
	{ BASE "--route default,via=10.0.0.1,metric=x", "metric", "0 to 4294967295" },
	{ "--tap-fd x --addr 10.0.0.2/24", "--tap-fd x", "number of an open one" },
	{ "--tap tap0 --addr 10.0.0.2", "10.0.0.2", "10.0.0.2/24" },
	{ "--tap tap0 --addr 10.0.0.256/24", "10.0.0.256/24", "0 to 255" },
	{ "--tap tap0 --addr 10.0.0.2/33", "10.0.0.2/33", "at most 32" },
	{ "--tap tap0 --addr 10.0.0.2/x", "x is not a prefix length", "0 to 32" },
	{ "--tap tap0 --addr fd00::2", "fd00::2", "fd00::2/64" },
	{ "--tap tap0 --addr fd00::2/64 --ipv6 off", "--ipv6 off", "leave one out" },
	{ BASE "--stable-secret 00ff", "--stable-secret", "32 hexadecimal digits" },
	{ BASE "--ipv6 on", "--ipv6 on", "off, static or slaac" },
	{ BASE "--route fd00:9::/64,via=10.0.0.1", "fd00:9::/64", "two families" },
	{ BASE "--gateway 10.0.0.1/24", "--gateway 10.0.0.1/24", "like 10.0.0.1" },
	{ BASE "--route 10.1.0.0/16,10.0.0.1", "10.1.0.0/16,10.0.0.1", "via=" },
	{ BASE "--route 10.1.0.0/40", "10.1.0.0/40", "LENGTH" },
	{ BASE "--route default,via=gw", "via=gw", "0 to 255" },
	{ BASE "--mac 02:00:00:00:00", "02:00:00:00:00", "six bytes" },
	{ BASE "--mac 03:00:00:00:00:01", "a group's", "02:00:00:00:00:02" },
	{ BASE "--mac 00:00:00:00:00:00", "all zero", "02:00:00:00:00:02" },
	{ BASE "--mac 02:00:00:00:00:0g", "0g", "six bytes" },
	{ BASE "--mtu 67", "--mtu 67", "68 to 65535" },
	{ BASE "--mtu 65536", "--mtu 65536", "68 to 65535" },
	{ BASE "--mtu -1", "--mtu -1", "68 to 65535" },
	{ BASE "--offload maybe", "maybe", "on or off" },
	{ BASE "--gro maybe", "--gro maybe", "on or off" },
	{ BASE "--serve echo", "port is missing", "echo:7" },
	{ BASE "--serve ecco:7", "ecco", "there are echo" },
	{ BASE "--serve echo:0", "0 is not a port", "1 to 65535" },
	{ BASE "--serve echo:70000", "70000", "1 to 65535" },
	{ BASE "--serve udp-http:80", "not served over UDP", "tcp-http:80" },
	{ BASE "--serve echo:7:8", "takes nothing", "echo:7" },
	{ BASE "--dial 127.0.0.1:80", "--dial", "LOCAL=A:PORT" },
	{ BASE "--dial 127.0.0.1:80=10.0.0.1", "--dial", "127.0.0.1:8080=10.0.0.1:80" },
	{ BASE "--dial 127.0.0.1=10.0.0.1:80", "not where to listen", "before the =" },
	{ BASE "--dial unix:=10.0.0.1:80", "not where to listen", "unix:PATH" },
	{ BASE "--socks 1080", "not where to listen", "127.0.0.1:PORT" },
	{ BASE "--socks 127.0.0.1:1080=10.0.0.1:80", "not where to listen", "127.0.0.1:PORT" },
	{ BASE "--serve source:5002:many", "many", "source:PORT:BYTES" },
	{ BASE "--serve sink:5001:bytes", "bytes", "sink:PORT:count" },
	{ BASE "--sysctl net.ipv4.tcp_sack", "net.ipv4.tcp_sack", "NAME=VALUE" },
	{ BASE "--sysctl =1", "=1", "NAME=VALUE" },
	{ BASE "--limit sockets", "--limit sockets", "NAME=N" },
	{ BASE "--limit sockets=0", "sockets=0", "1 to 4294967295" },
	{ BASE "--limit memory=big", "memory=big", "64M" },
	{ BASE "--connect 10.0.0.1", "10.0.0.1", "A.B.C.D:PORT" },
	{ BASE "--connect 10.0.0.1:7 --connect 10.0.0.1:8", "10.0.0.1:8", "give one" },
	{ BASE "--connect [fd00::1:7", "[fd00::1:7", "[A]:PORT" },
	{ BASE "--send-bytes 5", "--send-bytes", "--connect" },
	{ BASE "--connect-udp 10.0.0.1:7 --receive", "--receive", "TCP" },
	{ BASE "--connect 10.0.0.1:7 --send-bytes 5T", "5T", "64M" },
	{ BASE "--seed 0", "--seed 0", "hexadecimal" },
	{ BASE "--seed xy", "--seed xy", "hexadecimal" },
	{ BASE "--grace forever", "forever", "0 to 600000" },
	{ BASE "--ready-fd one", "one", "0 to" },
	{ BASE "--frobnicate", "--frobnicate", "no such option" },
	{ BASE "--stats=1", "--stats=1", "takes no value" },
	{ BASE "echo:7", "echo:7", "without an option" },
	{ "--tun tun0 --addr 10.0.0.2/24 --mac 02:00:00:00:00:01", "--mac", "no Ethernet" },
};

static void test_is_refused_with_where_and_what_is_right(void **state)
{
	const struct bad_row *row = *state;
	struct options o;
	char line[256], err[OPT_ERROR];

	strcpy(line, row->line);
	if (parse(&o, line, err) != OPT_BAD)
		fail_msg("\"%s\" was taken", row->line);
	if (!strstr(err, row->where) || !strstr(err, row->right))
		fail_msg("\"%s\" was told: %s", row->line, err);
}

static void test_every_option_arrives_in_its_field(void **state)
{
	char line[] =
		"--tap tap7 --addr 10.0.0.2/24 --addr 10.9.0.2/16 --gateway 10.0.0.1 "
		"--route 10.8.0.0/16,via=10.0.0.9 --route 10.7.0.0/16 --mac 02:0a:0b:0c:0d:0E "
		"--mtu 9000 --offload off --gro off --sysctl net.ipv4.ip_default_ttl=3 --pcap p --trace t "
		"--control c --busy-poll --stats --seed 01ff --ready-fd 3 --grace 20 "
		"--limit timewait=5 --limit memory=2M --connect 10.0.0.1:80 --send-bytes 3k "
		"--receive --stay";
	static const uint8_t mac[6] = { 2, 10, 11, 12, 13, 14 };
	struct ph_ip ip = ph_ip4(10, 9, 0, 2), dst = ph_ip4(10, 8, 0, 0), any = ph_ip4(0, 0, 0, 0);
	struct options o;
	char err[OPT_ERROR];

	(void)state;
	assert_int_equal(parse(&o, line, err), OPT_RUN);
	assert_int_equal(o.links[0].device, OPT_DEVICE_TAP);
	assert_string_equal(o.links[0].device_name, "tap7");
	assert_int_equal(o.links[0].naddrs, 2);
	assert_memory_equal(&o.links[0].addrs[1].ip, &ip, sizeof(ip));
	assert_int_equal(o.links[0].addrs[1].prefix, 16);
	assert_int_equal(o.nroutes, 3);
	assert_memory_equal(&o.routes[0].dst, &any, sizeof(any));
	assert_int_equal(o.routes[0].prefix, 0);
	assert_true(o.routes[0].has_gateway && o.routes[1].has_gateway && !o.routes[2].has_gateway);
	assert_memory_equal(&o.routes[1].dst, &dst, sizeof(dst));
	assert_memory_equal(o.links[0].mac, mac, 6);
	assert_false(o.links[0].gro);
	assert_true(o.links[0].has_mac && !o.links[0].offload && o.busy_poll && o.stats && o.has_key);
	assert_int_equal(o.links[0].mtu, 9000);
	assert_string_equal(o.sysctls[0].name, "net.ipv4.ip_default_ttl");
	assert_string_equal(o.sysctls[0].value, "3");
	assert_string_equal(o.pcap, "p");
	assert_string_equal(o.trace, "t");
	assert_string_equal(o.control, "c");
	assert_int_equal(o.key[0], 1);
	assert_int_equal(o.key[1], 255);
	assert_int_equal(o.key[2], 0);
	assert_int_equal(o.ready_fd, 3);
	assert_int_equal(o.grace_ns, 20000000);
	assert_int_equal(o.limits.max_timewait, 5);
	assert_int_equal(o.limits.mem_limit, 2 << 20);
	assert_true(o.connect && !o.connect_udp && o.receive && o.stay && o.has_send);
	assert_int_equal(o.peer.port, 80);
	assert_int_equal(o.send_bytes, 3072);
}

static void test_what_follows_a_device_is_of_that_device(void **state)
{
	char line[] = "--mtu 1400 --addr 10.0.0.2/24 --tap tap0 --gateway 10.0.0.1 --offload off "
		      "--tap tap1 --addr 10.1.0.2/24 --addr fd00::2/64 --gateway 10.1.0.1 "
		      "--route 10.9.0.0/16,via=10.1.0.9,metric=7 --route 10.8.0.0/16,metric=8 "
		      "--tun tun2 --addr 10.2.0.2/24 --control c";
	struct options o;
	char err[OPT_ERROR];

	(void)state;
	assert_int_equal(parse(&o, line, err), OPT_RUN);
	assert_int_equal(o.nlinks, 3);
	assert_string_equal(o.links[0].device_name, "tap0"); /* what is said before is of the first */
	assert_int_equal(o.links[0].mtu, 1400);
	assert_int_equal(o.links[0].naddrs, 1);
	assert_false(o.links[0].offload);
	assert_string_equal(o.links[1].device_name, "tap1");
	assert_int_equal(o.links[1].mtu, 0);
	assert_int_equal(o.links[1].naddrs, 2);
	assert_true(o.links[1].offload);
	assert_int_equal(o.links[2].device, OPT_DEVICE_TUN);
	assert_false(options_link_ipv6(&o.links[0]));
	assert_true(options_link_ipv6(&o.links[1]));
	assert_true(options_ipv6(&o));
	assert_int_equal(o.nroutes, 4);
	assert_int_equal(o.routes[0].link, 0);
	assert_int_equal(o.routes[0].metric, 0);
	assert_int_equal(o.routes[1].link, 1);
	assert_int_equal(o.routes[1].metric, 100);
	assert_true(o.routes[2].has_gateway);
	assert_int_equal(o.routes[2].metric, 7);
	assert_int_equal(o.routes[2].prefix, 16);
	assert_false(o.routes[3].has_gateway);
	assert_int_equal(o.routes[3].metric, 8);
}

static void test_what_is_not_given_has_its_default(void **state)
{
	char line[] = BASE;
	struct options o;
	char err[OPT_ERROR];

	(void)state;
	assert_int_equal(parse(&o, line, err), OPT_RUN);
	assert_true(o.links[0].offload && o.links[0].gro);
	assert_int_equal(o.ready_fd, -1);
	assert_int_equal(o.links[0].mtu, 0);
	assert_false(o.links[0].has_mac || o.has_key || o.connect || o.connect_udp || o.stats ||
		     o.busy_poll);
	assert_int_equal(o.nserves, 0);
}

struct serve_row {
	const char *word, *service;
	bool tcp, udp;
	uint16_t port;
	bool has_arg;
	uint64_t arg;
};

static const struct serve_row serve_rows[] = {
	{ "echo:7", "echo", true, true, 7, false, 0 },
	{ "tcp-echo:7", "echo", true, false, 7, false, 0 },
	{ "udp-echo:7", "echo", false, true, 7, false, 0 },
	{ "discard:9", "discard", true, true, 9, false, 0 },
	{ "daytime:13", "daytime", true, true, 13, false, 0 },
	{ "chargen:65535", "chargen", true, true, 65535, false, 0 },
	{ "sink:5001", "sink", true, false, 5001, false, 0 },
	{ "tcp-sink:5001:count", "sink", true, false, 5001, true, 0 },
	{ "source:5002", "source", true, false, 5002, false, 0 },
	{ "source:5002:0", "source", true, false, 5002, true, 0 },
	{ "source:5002:10M", "source", true, false, 5002, true, 10 << 20 },
	{ "http:80", "http", true, false, 80, false, 0 },
};

static void test_names_service_transport_port_and_argument(void **state)
{
	const struct serve_row *row = *state;
	char line[128] = BASE "--serve ";
	struct options o;
	char err[OPT_ERROR];

	strcat(line, row->word);
	if (parse(&o, line, err) != OPT_RUN)
		fail_msg("%s: %s", row->word, err);
	assert_string_equal(o.serves[0].service->name, row->service);
	assert_int_equal(o.serves[0].tcp, row->tcp);
	assert_int_equal(o.serves[0].udp, row->udp);
	assert_int_equal(o.serves[0].port, row->port);
	assert_int_equal(o.serves[0].has_arg, row->has_arg);
	assert_int_equal(o.serves[0].arg, row->arg);
}

/* One more than the limit of each repeatable option; one less is the case that must pass. */
static void repeat(const char *option, int times, enum opt_outcome want)
{
	static char line[16384];
	struct options *o = test_calloc(1, sizeof(*o));
	char err[OPT_ERROR];

	strcpy(line, BASE);
	for (int i = 0; i < times; i++) {
		strcat(line, option);
		strcat(line, " ");
	}
	assert_int_equal(parse(o, line, err), want);
	if (want == OPT_BAD)
		assert_non_null(strstr(err, "too many"));
	test_free(o);
}

static void test_repeating_an_option_ends_at_its_limit(void **state)
{
	(void)state;
	repeat("--addr 10.0.0.2/24", OPT_ADDRS_MAX - 1, OPT_RUN);
	repeat("--addr 10.0.0.2/24", OPT_ADDRS_MAX, OPT_BAD);
	repeat("--route 10.1.0.0/16", OPT_ROUTES_MAX, OPT_RUN);
	repeat("--route 10.1.0.0/16", OPT_ROUTES_MAX + 1, OPT_BAD);
	repeat("--socks 127.0.0.1:1080", OPT_DIALS_MAX, OPT_RUN);
	repeat("--socks 127.0.0.1:1080", OPT_DIALS_MAX + 1, OPT_BAD);
	repeat("--serve echo:7", OPT_SERVES_MAX, OPT_RUN);
	repeat("--serve echo:7", OPT_SERVES_MAX + 1, OPT_BAD);
	repeat("--sysctl a=1", OPT_SYSCTLS_MAX, OPT_RUN);
	repeat("--sysctl a=1", OPT_SYSCTLS_MAX + 1, OPT_BAD);
}

static void test_help_and_version_win_over_what_is_missing(void **state)
{
	static const struct {
		const char *line;
		enum opt_outcome want;
	} rows[] = { { "--help", OPT_HELP },
		     { "-h", OPT_HELP },
		     { "--version", OPT_VERSION },
		     { "--list-sysctls", OPT_LIST_SYSCTLS },
		     { "--tap tap0 --help", OPT_HELP } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options o;
		char line[64], err[OPT_ERROR];

		strcpy(line, rows[i].line);
		assert_int_equal(parse(&o, line, err), rows[i].want);
	}
}

static void test_help_names_every_service(void **state)
{
	const struct service *s;

	(void)state;
	for (size_t i = 0; (s = service_row(i)); i++)
		assert_non_null(strstr(options_help(), s->name));
}

static void test_addresses_are_written_as_they_are_read(void **state)
{
	static const char *const rows[] = { "10.0.0.1:80", "255.255.255.255:65535", "[fd00::1]:443",
					    "[::]:1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ph_sockaddr a;
		char text[TEXT_SOCKADDR];

		assert_true(text_endpoint(rows[i], &a));
		assert_string_equal(text_from_sockaddr(text, &a), rows[i]);
	}
}

static const struct CMUnitTest whole[] = {
	cmocka_unit_test(test_every_option_arrives_in_its_field),
	cmocka_unit_test(test_what_follows_a_device_is_of_that_device),
	cmocka_unit_test(test_what_is_not_given_has_its_default),
	cmocka_unit_test(test_repeating_an_option_ends_at_its_limit),
	cmocka_unit_test(test_help_and_version_win_over_what_is_missing),
	cmocka_unit_test(test_help_names_every_service),
	cmocka_unit_test(test_addresses_are_written_as_they_are_read),
};

int main(void)
{
	static char names[ARRAY_LEN(bad_rows)][320];
	struct CMUnitTest tests[ARRAY_LEN(whole) + ARRAY_LEN(bad_rows) + ARRAY_LEN(serve_rows)];
	size_t n = ARRAY_LEN(whole);

	memcpy(tests, whole, sizeof(whole));
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		snprintf(names[i], sizeof(names[i]), "refused: phantom %s", bad_rows[i].line);
		tests[n++] =
			(struct CMUnitTest){ names[i], test_is_refused_with_where_and_what_is_right,
					     NULL, NULL, (void *)(uintptr_t)&bad_rows[i] };
	}
	for (size_t i = 0; i < ARRAY_LEN(serve_rows); i++)
		tests[n++] = (struct CMUnitTest){ serve_rows[i].word,
						  test_names_service_transport_port_and_argument,
						  NULL, NULL, (void *)(uintptr_t)&serve_rows[i] };
	return cmocka_run_group_tests_name("host_options", tests, NULL, NULL);
}
