/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket's commands: each row is a line, and what its answer has in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/list.h"
#include "host/control_cmd.h"
#include "host/options.h"
#include "model.h"

struct row {
	const char *line;
	const char *has; /* of the answer, as compact JSON with its keys sorted */
};

static const struct row rows[] = {
	{ "{\"cmd\":\"links\"}",
	  "\"mac\":\"02:00:00:00:00:02\",\"mtu\":1400,\"name\":\"test0\",\"offload\":[\"csum\"]" },
	{ "{\"cmd\":\"addrs\"}", "{\"addr\":\"10.0.0.2\",\"dev\":\"test0\",\"prefix\":24}" },
	{ "{\"cmd\":\"routes\"}",
	  "\"dst\":\"0.0.0.0\",\"metric\":0,\"prefix\":0,\"proto\":\"static\",\"via\":\"10.0.0.1\"" },
	{ "{\"cmd\":\"routes\"}",
	  "{\"dev\":\"test0\",\"dst\":\"10.0.0.0\",\"metric\":0,\"prefix\":24,\"proto\":\"kernel\"}" },
	{ "{\"cmd\":\"neighs\"}",
	  "\"addr\":\"10.0.0.9\",\"dev\":\"test0\",\"mac\":\"02:00:00:00:00:09\",\"queued\":0,"
	  "\"state\":\"PERMANENT\"" },
	{ "{\"cmd\":\"sockets\"}",
	  "{\"local\":\"0.0.0.0:53\",\"peer\":\"0.0.0.0:*\",\"recvq\":0,\"sendq\":0,\"socket\":0,"
	  "\"state\":\"UNCONN\",\"type\":\"udp\"}" },
	{ "{\"cmd\":\"usage\"}", "\"neighbours\":1" },
	{ "{\"cmd\":\"counters\"}", "\"IpInReceives\":0" },
	{ "{\"cmd\":\"counters\",\"name\":\"IpInRec*\"}", "{\"counters\":{\"IpInReceives\":0}}" },
	{ "{\"cmd\":\"counters\",\"name\":\"Nix\"}", "no counter Nix" },
	{ "{\"cmd\":\"sysctl\"}", "\"net.ipv4.ip_default_ttl\":\"64\"" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.ip_default_ttl\"}",
	  "{\"sysctl\":{\"net.ipv4.ip_default_ttl\":\"64\"}}" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.ip_default_ttl\",\"value\":\"65\"}",
	  "{\"sysctl\":{\"net.ipv4.ip_default_ttl\":\"65\"}}" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.ip_default_ttl\",\"value\":66}",
	  "{\"sysctl\":{\"net.ipv4.ip_default_ttl\":\"66\"}}" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.ip_default_ttl\",\"value\":256}", "1 to 255" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.ip_default_ttl\",\"value\":null}",
	  "a string or a number" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.tcp_rmem\",\"value\":\"1 2\"}",
	  "three numbers" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"nix\"}", "no sysctl nix" },
	{ "{\"cmd\":\"sysctl\",\"value\":\"1\"}", "needs a \\\"name\\\"" },
	{ "{\"cmd\":\"tcp_info\"}", "\\\"socket\\\": N" },
	{ "{\"cmd\":\"tcp_info\",\"socket\":0}", "not a TCP socket" },
	{ "{\"cmd\":\"tcp_info\",\"socket\":-1}", "not a TCP socket" },
	{ "{\"cmd\":\"tcp_info\",\"socket\":99999999999}", "not a TCP socket" },
	{ "{\"cmd\":\"help\"}", "\"cmd\":\"quit\"" },
	{ "{\"cmd\":\"links\",\"id\":[7]}", "{\"id\":[7],\"links\"" },
	{ "{\"cmd\":\"frobnicate\",\"id\":7}", "{\"error\":\"no command frobnicate" },
	{ "{\"cmd\":7}", "there is no \\\"cmd\\\"" },
	{ "[]", "there is no \\\"cmd\\\"" },
	{ "7", "not JSON" },
	{ "", "not JSON" },
	{ "{\"cmd\":\"links\"", "not JSON" },
	{ "{\"cmd\":\"links\"} x", "not JSON" },
};

static const struct row edits[] = {
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.3/24\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.3/24\",\"dev\":\"test0\",\"acd\":\"insist\"}",
	  "{\"done\":true}" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.2/24\"}", "10.0.0.2/24: it is there already" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.255/24\"}", "not an address for a host" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0\"}", "write A/L" },
	{ "{\"cmd\":\"addr_add\"}", "write A/L" },
	{ "{\"cmd\":\"addr_add\",\"addr\":7}", "write A/L" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.3/24\",\"dev\":\"nix\"}", "dev nix: no such link" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"10.0.0.3/24\",\"acd\":\"nix\"}", "acd: write off" },
	{ "{\"cmd\":\"addr_add\",\"addr\":\"fd00::3/64\",\"acd\":\"cede\"}", "IPv4 alone" },
	{ "{\"cmd\":\"addr_del\",\"addr\":\"10.0.0.2/24\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"addr_del\",\"addr\":\"10.0.0.3\"}", "no such address" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"192.0.2.0/24\",\"via\":\"10.0.0.9\",\"metric\":\"5\"}",
	  "{\"done\":true}" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"default\",\"via\":\"10.0.0.9\",\"metric\":5}",
	  "{\"done\":true}" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"default\",\"via\":\"10.0.0.9\"}", "there already" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"192.0.2.0/24\",\"via\":\"10.9.0.9\"}",
	  "on no network of the link" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"192.0.2.1/24\"}", "no bits of the network" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"192.0.2.0/24\",\"metric\":-1}", "a number of 0" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"192.0.2.0/24\",\"via\":\"x\"}", "a router's address" },
	{ "{\"cmd\":\"route_add\",\"dst\":\"nix\"}", "or default" },
	{ "{\"cmd\":\"route_del\",\"dst\":\"default\",\"via\":\"10.0.0.1\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"route_del\",\"dst\":\"default\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"route_del\",\"dst\":\"default\",\"via\":\"10.0.0.9\"}", "no such route" },
	{ "{\"cmd\":\"neigh_add\",\"addr\":\"10.0.0.7\",\"lladdr\":\"02:00:00:00:00:07\"}",
	  "{\"done\":true}" },
	{ "{\"cmd\":\"neigh_add\",\"addr\":\"10.0.0.7\",\"lladdr\":\"03:00:00:00:00:07\"}",
	  "the hardware address of one host" },
	{ "{\"cmd\":\"neigh_add\",\"addr\":\"10.0.0.2\",\"lladdr\":\"02:00:00:00:00:07\"}",
	  "not a neighbour's address" },
	{ "{\"cmd\":\"neigh_add\"}", "a neighbour's address" },
	{ "{\"cmd\":\"neigh_del\",\"addr\":\"10.0.0.9\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"neigh_del\",\"addr\":\"10.0.0.8\"}", "no such neighbour" },
	{ "{\"cmd\":\"link_add\",\"name\":\"v7\",\"vlan\":\"7\"}", "{\"done\":true}" },
	{ "{\"cmd\":\"link_add\",\"name\":\"v7\"}", "vlan: is missing" },
	{ "{\"cmd\":\"link_add\",\"vlan\":7}", "1 to 15 characters" },
	{ "{\"cmd\":\"link_add\",\"name\":\"v7\",\"vlan\":4095}", "a number of 1 to 4094" },
	{ "{\"cmd\":\"link_add\",\"name\":\"v7\",\"vlan\":7,\"mtu\":1401}", "at most that link's" },
	{ "{\"cmd\":\"link_del\",\"name\":\"test0\"}", "it goes when phantom ends" },
	{ "{\"cmd\":\"link_del\",\"name\":\"nix\"}", "no such link" },
	{ "{\"cmd\":\"link_del\"}", "name: is missing" },
	{ "{\"cmd\":\"link_set\",\"name\":\"test0\",\"mtu\":1000,\"txqueuelen\":\"50\","
	  "\"address\":\"02:00:00:00:00:77\"}",
	  "{\"done\":true}" },
	{ "{\"cmd\":\"link_set\",\"state\":\"sideways\"}", "write up or down" },
	{ "{\"cmd\":\"link_set\",\"name\":\"test0\",\"state\":\"down\"}", "done" },
	{ "{\"cmd\":\"link_del\",\"name\":\"lo\"}", "every host has it" },
	{ "{\"cmd\":\"links\",\"dev\":\"nix\"}", "dev nix: no such link" },
	{ "{\"cmd\":\"links\",\"dev\":\"lo\"}",
	  "{\"links\":[{\"flags\":[\"LOOPBACK\",\"UP\",\"LOWER_UP\"]," },
	{ "{\"cmd\":\"addrs\",\"dev\":\"lo\"}",
	  "{\"addrs\":[{\"addr\":\"127.0.0.1\",\"dev\":\"lo\",\"prefix\":8}," },
	{ "{\"cmd\":\"links\"}", "\"rx_otherhost_dropped\":0," },
	{ "{\"cmd\":\"maddrs\",\"dev\":\"test0\"}",
	  "{\"maddrs\":[{\"addr\":\"224.0.0.1\",\"dev\":\"test0\",\"users\":1}]}" },
	{ "{\"cmd\":\"neigh_flush\"}", "done" },
	{ "{\"cmd\":\"neigh_flush\",\"dev\":\"nix\"}", "no such link" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.conf.test0.rp_filter\",\"value\":\"2\"}",
	  "{\"sysctl\":{\"net.ipv4.conf.test0.rp_filter\":\"2\"}}" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.conf.test0.rp_filter\",\"value\":3}",
	  "not a value of it" },
	{ "{\"cmd\":\"sysctl\",\"name\":\"net.ipv4.conf.nix.rp_filter\"}", "no sysctl" },
	{ "{\"cmd\":\"link_set\",\"mtu\":67}", "a number of 68 to 65536" },
};

static void open_network(struct host *h)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct ph_conf conf = { .alloc = model_alloc, .release = model_release, .key = { 1 } };
	struct ph_link_conf lc = { .name = "test0",
				   .mac = { 2, 0, 0, 0, 0, 2 },
				   .mtu = 1400,
				   .offload = PH_OFFLOAD_CSUM };
	struct ph_ip ip = ph_ip4(10, 0, 0, 2), gateway = ph_ip4(10, 0, 0, 1),
		     any = ph_ip4(0, 0, 0, 0);
	struct ph_ip neighbour = ph_ip4(10, 0, 0, 9);
	struct ph_sockaddr dns = { .family = PH_AF_INET, .port = 53, .ip = any };

	h->st = ph_stack_new(&conf);
	assert_non_null(h->st);
	h->link = ph_link_add(h->st, &lc, 0);
	assert_true(h->link > 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &ip, 24, 0), 0);
	assert_int_equal(ph_route_add(h->st, &any, 0, &gateway, h->link, 0, 0), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &neighbour, mac, 0), 0);
	assert_int_equal(ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, 0), 0);
	assert_int_equal(ph_bind(h->st, 0, &dns, 0), 0);
}

static void test_answer(void **state)
{
	const struct row *row = *state;
	struct options o = { 0 };
	struct host h = { .opt = &o };
	json_t *answer;
	char *text;

	open_network(&h);
	answer = control_cmd_answer(&h, row->line, strlen(row->line));
	text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
	if (!strstr(text, row->has))
		fail_msg("%s was answered: %s", row->line, text);
	free(text);
	json_decref(answer);
	ph_stack_free(h.st);
}

static void test_every_command_is_in_help(void **state)
{
	struct options o = { 0 };
	struct host h = { .opt = &o };
	json_t *answer = control_cmd_answer(&h, "{\"cmd\":\"help\"}", 14);
	json_t *list = json_object_get(answer, "commands");
	json_t *cmd;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 11);
	json_array_foreach(list, i, cmd)
		assert_non_null(control_cmd_find(json_string_value(json_object_get(cmd, "cmd"))));
	assert_null(control_cmd_find(""));
	json_decref(answer);
}

static void expect(struct host *h, const char *line, const char *has, bool there)
{
	json_t *answer = control_cmd_answer(h, line, strlen(line));
	char *text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);

	if ((strstr(text, has) != NULL) != there)
		fail_msg("%s was answered: %s", line, text);
	free(text);
	json_decref(answer);
}

static void test_a_link_that_was_added_is_shown_and_goes(void **state)
{
	struct options o = { 0 };
	struct host h = { .opt = &o };

	(void)state;
	open_network(&h);
	expect(&h, "{\"cmd\":\"link_add\",\"name\":\"v7\",\"vlan\":7}", "done", true);
	expect(&h, "{\"cmd\":\"addr_add\",\"addr\":\"10.1.0.2/24\",\"dev\":\"v7\"}", "done", true);
	expect(&h, "{\"cmd\":\"links\"}", "\"kind\":\"vlan\",\"link\":\"test0\",", true);
	expect(&h, "{\"cmd\":\"addrs\"}", "{\"addr\":\"10.1.0.2\",\"dev\":\"v7\"", true);
	expect(&h, "{\"cmd\":\"link_del\",\"name\":\"v7\"}", "done", true);
	expect(&h, "{\"cmd\":\"addrs\"}", "10.1.0.2", false);
	expect(&h, "{\"cmd\":\"links\"}", "v7", false);
	ph_stack_free(h.st);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(edits) + 2] = {
		cmocka_unit_test(test_every_command_is_in_help),
		cmocka_unit_test(test_a_link_that_was_added_is_shown_and_goes),
	};
	size_t n = 2;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] =
			(struct CMUnitTest){ *rows[i].line ? rows[i].line : "an empty line",
					     test_answer, NULL, NULL, (void *)(uintptr_t)&rows[i] };
	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		tests[n++] = (struct CMUnitTest){ edits[i].line, test_answer, NULL, NULL,
						  (void *)(uintptr_t)&edits[i] };
	return cmocka_run_group_tests_name("host_control", tests, NULL, NULL);
}
