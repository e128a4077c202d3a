/* SPDX-License-Identifier: BSD-2-Clause */
/* The client of the control socket. See ctl.h; what is printed is in ctl_print.c. */
#define _GNU_SOURCE 1
#include "host/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "host/ctl_print.h"
#include "host/text.h"

struct ctl_command {
	const char *name;
	const char *args; /* what may follow it; NULL: nothing */
	const char *help;
	void (*print)(const json_t *part, bool all);
};

static const struct ctl_command commands[] = {
	{ "counters", "[NAME | PATTERN]", "counters that are not 0; all of them with --all",
	  ctl_print_counters },
	{ "sysctl", "[NAME[=VALUE]]", "all, one, or set one", ctl_print_sysctl },
	{ "sockets", NULL, "sockets and connections; --info adds tcp_info", ctl_print_sockets },
	{ "tcp_info", "SOCKET", "struct tcp_info of one socket", ctl_print_values },
	{ "links", NULL, "links and their statistics", ctl_print_links },
	{ "addrs", NULL, "addresses", ctl_print_addrs },
	{ "routes", NULL, "routes", ctl_print_routes },
	{ "neighs", NULL, "the neighbour cache", ctl_print_neighs },
	{ "maddrs", NULL, "groups that links listen to", ctl_print_maddrs },
	{ "addr_add", "A/L [dev LINK] [acd off|defend|cede|insist]", NULL, ctl_print_nothing },
	{ "addr_del", "A/L [dev LINK]", NULL, ctl_print_nothing },
	{ "route_add", "D/L | default [via A] [dev LINK] [metric N]", NULL, ctl_print_nothing },
	{ "route_del", "D/L | default [via A] [dev LINK]", NULL, ctl_print_nothing },
	{ "neigh_add", "A lladdr MAC [dev LINK]", NULL, ctl_print_nothing },
	{ "neigh_del", "A [dev LINK]", NULL, ctl_print_nothing },
	{ "neigh_flush", "[dev LINK]", NULL, ctl_print_nothing },
	{ "link_add",
	  "NAME [type tap | tun | vlan] [vlan N] [link LINK] [mtu N] [address MAC]", NULL,
	  ctl_print_nothing },
	{ "link_del", "NAME", NULL, ctl_print_nothing },
	{ "link_set", "NAME [up | down] [mtu N] [address MAC] [txqueuelen N]", NULL, ctl_print_nothing },
	{ "lease", NULL, "what DHCP is doing, and what it was given", ctl_print_lease },
	{ "dns", NULL, "name servers that routers advertised", ctl_print_dns },
	{ "usage", NULL, "memory and pieces in use", ctl_print_values },
	{ "quit", NULL, "close every connection and end phantom", ctl_print_nothing },
};

/* ip(8)'s objects: alone they show, with a verb they change; `first` is what stands without a key. */
static const struct ctl_object {
	const char *name, *show, *first;
} objects[] = {
	{ "addr", "addrs", "addr" },
	{ "route", "routes", "dst" },
	{ "neigh", "neighs", "addr" },
	{ "link", "links", "name" },
	{ "maddr", "maddrs", NULL },
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "info", no_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int help(void)
{
	printf("usage: phantom ctl PATH COMMAND [ARGUMENT] [--json] [--all] [--info]\n\n"
	       "Asks the phantom that was started with --control PATH:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].help)
			printf("  %-9s %-17s %s\n", commands[i].name,
			       commands[i].args ? commands[i].args : "", commands[i].help);
	printf("\naddr, route, neigh, link and maddr alone show the same, of one link with\n"
	       "dev LINK, and change it:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!commands[i].help)
			printf("  %.*s %s %s\n", (int)strcspn(commands[i].name, "_"),
			       commands[i].name, strchr(commands[i].name, '_') + 1,
			       commands[i].args);
	printf("\n  --json    the answer as phantom gave it, one line\n"
	       "\nExit status: 0 done, 1 phantom did not do it, 2 wrong usage.\n");
	return 0;
}

static int usage_error(const char *what, const char *why)
{
	fprintf(stderr, "phantom ctl: %s: %s; phantom ctl --help shows them\n", what, why);
	return 2;
}

static json_t *request(const struct ctl_command *cmd, const char *arg, bool info)
{
	json_t *o = json_pack("{s:s}", "cmd", cmd->name);
	const char *equals = arg ? strchr(arg, '=') : NULL;
	uint64_t n;

	if (info)
		json_object_set_new(o, "info", json_true());
	if (arg && strcmp(cmd->name, "tcp_info") == 0)
		json_object_set_new(o, "socket",
				    text_number(arg, 0, INT32_MAX, &n) ? json_integer((json_int_t)n)
								       : json_string(arg));
	else if (equals && strcmp(cmd->name, "sysctl") == 0) {
		json_object_set_new(o, "name", json_stringn(arg, (size_t)(equals - arg)));
		json_object_set_new(o, "value", json_string(equals + 1));
	} else if (arg) {
		json_object_set_new(o, "name", json_string(arg));
	}
	return o;
}

/* Sends the line and reads one; freed by the caller. NULL with errno. */
static char *ask(const char *path, const char *line)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	FILE *stream;
	char *answer = NULL;
	size_t cap = 0;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	stream = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? NULL : fdopen(fd, "r+");
	if (!stream) {
		int error = errno;

		close(fd);
		errno = error;
		return NULL;
	}
	errno = 0;
	if (fprintf(stream, "%s\n", line) < 0 || fflush(stream) != 0 ||
	    getline(&answer, &cap, stream) <= 0) {
		free(answer);
		answer = NULL;
		errno = errno ? errno : ECONNRESET;
	}
	fclose(stream);
	return answer;
}

static int show(const struct ctl_command *cmd, const char *answer, bool all)
{
	json_error_t where;
	json_t *o = json_loads(answer, 0, &where);
	const char *error = json_string_value(json_object_get(o, "error"));
	int status = 0;

	if (!o || error) {
		fprintf(stderr, "phantom ctl: %s\n", error ? error : where.text);
		status = 1;
	} else {
		cmd->print(json_object_get(o, cmd->name), all);
	}
	json_decref(o);
	return status;
}

/* Takes the request. */
static int run(const char *path, const struct ctl_command *cmd, json_t *o, bool json, bool all)
{
	char *line = json_dumps(o, JSON_COMPACT);
	char *answer = line ? ask(path, line) : NULL;
	int status;

	json_decref(o);
	free(line);
	if (!answer) {
		fprintf(stderr,
			"phantom ctl: %s: %s; give the PATH of a running phantom's --control\n",
			path, strerror(errno));
		return 1;
	}
	if (json) {
		fputs(answer, stdout);
		status = strncmp(answer, "{\"error\"", 8) == 0;
	} else {
		status = show(cmd, answer, all);
	}
	free(answer);
	return status;
}

static const struct ctl_command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* Is it a key in a command's text: a word, its bracket open or not, with a value behind it? */
static bool has_word(const char *args, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = strstr(args, key); len > 0 && p; p = strstr(p + 1, key))
		if (p > args && (p[-1] == '[' || p[-1] == ' ') && p[len] == ' ' &&
		    key[0] >= 'a' && key[0] <= 'z')
			return true;
	return false;
}

/* up and down stand alone, as ip(8) has them. */
static bool is_state(const char *command, const char *word)
{
	return strcmp(command, "link_set") == 0 &&
	       (strcmp(word, "up") == 0 || strcmp(word, "down") == 0);
}

/* [dev] LINK, or nothing. */
static int run_show(const char *path, const struct ctl_object *ob, int argc, char **argv, bool json,
		    bool all)
{
	json_t *o;

	if (argc > 0 && strcmp(argv[0], "dev") == 0) {
		argc--;
		argv++;
		if (argc == 0)
			return usage_error("dev", "its value is missing");
	}
	if (argc > 1)
		return usage_error(argv[1], "one word too many");
	o = json_pack("{s:s}", "cmd", ob->show);
	if (argc > 0)
		json_object_set_new(o, "dev", json_string(argv[0]));
	return run(path, find_command(ob->show), o, json, all);
}

/* The words behind an object: nothing or show, or a verb, what it is about, and keys with values. */
static int run_object(const char *path, const struct ctl_object *ob, int argc, char **argv, bool json,
		      bool all)
{
	char name[24];
	json_t *o;
	int at = 2;

	if (argc == 0 || strcmp(argv[0], "show") == 0)
		return run_show(path, ob, argc - 1, argv + 1, json, all);
	snprintf(name, sizeof(name), "%s_%.8s", ob->name, argv[0]);
	if (!find_command(name))
		return usage_error(argv[0], "not what can be done with it");
	o = json_pack("{s:s}", "cmd", name);
	if (strcmp(argv[0], "flush") == 0)
		at = 1; /* of all */
	else if (argc >= 2)
		json_object_set_new(o, ob->first, json_string(argv[1]));
	for (bool state; at < argc; at += state ? 1 : 2) {
		state = is_state(name, argv[at]);

		if (!state && (!has_word(find_command(name)->args, argv[at]) || at + 1 == argc))
			break;
		json_object_set_new(o, state ? "state" : argv[at],
				    json_string(argv[state ? at : at + 1]));
	}
	if (argc < 2 && at == 2) {
		json_decref(o);
		return usage_error(argv[0], "of what is missing");
	}
	if (at < argc) {
		bool known = has_word(find_command(name)->args, argv[at]);

		json_decref(o);
		return usage_error(argv[at], known ? "its value is missing" : "no such word here");
	}
	return run(path, find_command(name), o, json, all);
}

int ctl_main(int argc, char **argv)
{
	const struct ctl_command *cmd;
	bool json = false, all = false, info = false;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, ":jaih", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'a':
			all = true;
			break;
		case 'i':
			info = true;
			break;
		case 'h':
			return help();
		default:
			return usage_error(argv[optind - 1], "no such option");
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 2)
		return usage_error(argc < 1 ? "PATH" : "COMMAND", "is missing");
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (strcmp(objects[i].name, argv[1]) == 0)
			return run_object(argv[0], &objects[i], argc - 2, argv + 2, json, all);
	cmd = find_command(argv[1]);
	if (!cmd || !cmd->help)
		return usage_error(argv[1], "no such command");
	if (argc > (cmd->args ? 3 : 2))
		return usage_error(argv[cmd->args ? 3 : 2], "one word too many");
	if (argc == 2 && cmd->args && cmd->args[0] != '[')
		return usage_error(cmd->name, "its argument is missing");
	return run(argv[0], cmd, request(cmd, argc == 3 ? argv[2] : NULL, info), json, all);
}
