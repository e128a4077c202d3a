/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig-lwip-agent: the device protocol of docs/dut-protocol.md for lwIP, which lives in this process
 * and has a TUN for its link. A thread for each client; the stack is everybody's.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/dut/agent.h"
#include "harness/dut/agent_listen.h"
#include "harness/dut/lwip_link.h"
#include "harness/dut/lwip_stack.h"

static const char help[] =
	"usage: rig-lwip-agent --tun NAME --addr IP/PREFIX --control PATH [OPTIONS]\n"
	"\n"
	"lwIP on a TUN, its sockets served to scripts: the device protocol (docs/dut-protocol.md) on a\n"
	"Unix stream socket. rig drill --engine wire --dut exec:rig-lwip-agent starts it so.\n"
	"\n"
	"  --tun NAME       the TUN, which is there and up\n"
	"  --addr IP/PREFIX its address\n"
	"  --gateway IP     where everything else goes\n"
	"  --mtu N          1500\n"
	"  --control PATH   listen here; a socket that is there and that nobody listens on is replaced\n"
	"  --help           this text\n"
	"  --version        the version\n";

struct options {
	const char *tun, *addr, *gateway, *mtu, *control;
};

static int complain(const char *option, const char *value, const char *right)
{
	fprintf(stderr, "rig-lwip-agent: %s %s: write %s\n", option, value, right);
	return -1;
}

static bool read_ip(const char *text, struct ph_ip *ip)
{
	uint8_t b[4];

	if (inet_pton(AF_INET, text, b) == 1) {
		*ip = ph_ip4(b[0], b[1], b[2], b[3]);
		return true;
	}
	return inet_pton(AF_INET6, text, ip->b) == 1;
}

static bool read_number(const char *text, unsigned long min, unsigned long max, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return *text >= '0' && *text <= '9' && !*end && v >= min && v <= max;
}

static int read_conf(const struct options *o, struct lwip_link_conf *conf)
{
	char ip[64];
	const char *slash = strchr(o->addr, '/');
	size_t n = slash ? (size_t)(slash - o->addr) : sizeof(ip);

	*conf = (struct lwip_link_conf){ .tun = o->tun, .mtu = 1500 };
	if (n >= sizeof(ip))
		return complain("--addr", o->addr, "an address like 192.168.0.1/16");
	memcpy(ip, o->addr, n);
	ip[n] = '\0';
	if (!read_ip(ip, &conf->addr) ||
	    !read_number(slash + 1, 0, ph_ip_is4(&conf->addr) ? 32 : 128, &conf->prefix))
		return complain("--addr", o->addr, "an address like 192.168.0.1/16");
	if (o->gateway && !read_ip(o->gateway, &conf->gateway))
		return complain("--gateway", o->gateway, "an address like 192.168.0.2");
	if (o->mtu && !read_number(o->mtu, ph_ip_is4(&conf->addr) ? 68 : 1280, 65535, &conf->mtu))
		return complain("--mtu", o->mtu, "68 to 65535, and at least 1280 for IPv6");
	return 0;
}

static int read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		const char **to;
	} rows[] = { { "--tun", &o->tun },	   { "--addr", &o->addr },
		     { "--gateway", &o->gateway }, { "--mtu", &o->mtu },
		     { "--control", &o->control } };

	for (int i = 1; i < argc; i += 2) {
		const char **to = NULL;

		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			if (strcmp(argv[i], rows[k].name) == 0)
				to = rows[k].to;
		if (!to || i + 1 == argc)
			return complain(argv[i], "", to ? "a value after it"
							: "an option that --help names");
		*to = argv[i + 1];
	}
	if (!o->tun || !o->addr || !o->control)
		return complain("nothing", "to do",
				"rig-lwip-agent --tun NAME --addr IP/PREFIX --control PATH");
	return 0;
}

static void *serve_client(void *arg)
{
	(void)agent_serve((int)(intptr_t)arg, &lwip_stack);
	return NULL;
}

static int serve(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), rc;
		pthread_t thread;

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
			fprintf(stderr, "rig-lwip-agent: accept: %s\n", strerror(errno));
			return 1;
		}
		if (fd < 0)
			continue;
		rc = pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd);
		if (rc == 0)
			(void)pthread_detach(thread);
		else
			fprintf(stderr, "rig-lwip-agent: no thread for a client: %s\n",
				strerror(rc));
	}
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct lwip_link_conf conf;
	int listener, rc;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("rig-lwip-agent %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (read_options(argc, argv, &o) != 0 || read_conf(&o, &conf) != 0)
		return 2;
	rc = lwip_link_start(&conf);
	if (rc != 0) {
		fprintf(stderr, "rig-lwip-agent: --tun %s: %s\n", o.tun,
			rc == -1 ? strerror(errno) : "lwIP does not take the interface");
		return 1;
	}
	listener = agent_listen("rig-lwip-agent", o.control);
	if (listener < 0)
		return listener == -2 ? 2 : 1;
	return serve(listener);
}
