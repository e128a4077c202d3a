/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, and those that need no page of their own. See control_cmd.h. */
#define _GNU_SOURCE 1
#include "host/control_cmd.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "host/text.h"

static int counters(struct control_call *call);
static int sysctl(struct control_call *call);
static int usage(struct control_call *call);
static int help(struct control_call *call);
static int quit(struct control_call *call);

static const struct control_cmd commands[] = {
	{ "counters", "[\"name\": NAME or PATTERN with *]", "counters, as nstat names them",
	  counters },
	{ "sysctl", "[\"name\": NAME [, \"value\": VALUE]]", "sysctls: all, one, or set one",
	  sysctl },
	{ "sockets", "[\"info\": true]", "sockets and connections, with tcp_info if asked",
	  control_sockets },
	{ "tcp_info", "\"socket\": N", "struct tcp_info of a TCP socket", control_tcp_info },
	{ "links", "[\"dev\": LINK]", "links with their statistics", control_links },
	{ "addrs", "[\"dev\": LINK]", "addresses", control_addrs },
	{ "routes", "[\"dev\": LINK]", "routes", control_routes },
	{ "neighs", "[\"dev\": LINK]", "the neighbour cache", control_neighs },
	{ "maddrs", "[\"dev\": LINK]", "groups that links listen to", control_maddrs },
	{ "addr_add", "\"addr\": A/L [, \"dev\": LINK] [, \"acd\": off|defend|cede|insist]",
	  "a new address; with acd once nobody answers for it", control_addr_add },
	{ "addr_del", "\"addr\": A/L [, \"dev\": LINK]", "an address goes", control_addr_del },
	{ "route_add", "\"dst\": D/L or default [, \"via\": A] [, \"dev\": LINK] [, \"metric\": N]",
	  "a new route", control_route_add },
	{ "route_del", "\"dst\": D/L or default [, \"via\": A] [, \"dev\": LINK]", "a route goes",
	  control_route_del },
	{ "neigh_add", "\"addr\": A, \"lladdr\": MAC [, \"dev\": LINK]", "a permanent neighbour",
	  control_neigh_add },
	{ "neigh_del", "\"addr\": A [, \"dev\": LINK]", "a neighbour is forgotten",
	  control_neigh_del },
	{ "neigh_flush", "[\"dev\": LINK]", "neighbours are forgotten, but permanent ones",
	  control_neigh_flush },
	{ "link_add",
	  "\"name\": NAME [, \"type\": tap|tun|vlan] [, \"vlan\": N] [, \"link\": LINK] [, \"mtu\": N]"
	  " [, \"address\": MAC]",
	  "a new VLAN on a link, or a new device", control_link_add },
	{ "link_del", "\"name\": NAME", "a VLAN or an added device goes, with all it has",
	  control_link_del },
	{ "link_set", "[\"name\": LINK] [, \"state\": up|down] [, \"mtu\": N] [, \"address\": MAC]"
	  " [, \"txqueuelen\": N]",
	  "a link changes", control_link_set },
	{ "lease", "", "what DHCP is doing, and what it was given", control_lease },
	{ "dns", "", "name servers and search domains that routers advertised", control_dns },
	{ "usage", "", "memory and pieces in use", usage },
	{ "help", "", "these commands", help },
	{ "quit", "", "close every connection and end", quit },
};

const struct control_cmd *control_cmd_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int counters(struct control_call *call)
{
	const char *pattern = json_string_value(json_object_get(call->args, "name"));
	json_t *list = json_object();
	const char *name;

	for (size_t i = 0; (name = ph_counter_name(i)); i++) {
		uint64_t value = ph_counter(call->host->st, i);

		if (!pattern || fnmatch(pattern, name, 0) == 0)
			json_object_set_new(list, name, json_integer((json_int_t)value));
	}
	if (pattern && json_object_size(list) == 0) {
		json_decref(list);
		return text_error(call->err, call->cap,
				  "no counter %s; leave \"name\" out to see them all", pattern);
	}
	return json_object_set_new(call->answer, "counters", list);
}

static const struct ph_sysctl_info *sysctl_row(const char *name)
{
	const struct ph_sysctl_info *row;

	for (size_t i = 0; (row = ph_sysctl_row(i)); i++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static int sysctl_put(struct control_call *call, json_t *list, const char *name)
{
	char value[128];
	int rc = ph_sysctl_get(call->host->st, name, value, sizeof(value));

	if (rc < 0)
		return text_error(call->err, call->cap, "%s cannot be read: %s", name,
				  strerror(-rc));
	return json_object_set_new(list, name, json_string(value));
}

static int sysctl_set(struct control_call *call, const struct ph_sysctl_info *row,
		      const json_t *value)
{
	char number[24];
	const char *text = json_string_value(value);
	int rc;

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		text = number;
	}
	if (!text)
		return text_error(call->err, call->cap,
				  "the value of %s must be a string or a number", row->name);
	rc = ph_sysctl_set(call->host->st, row->name, text);
	if (rc == -EPERM)
		return text_error(call->err, call->cap, "%s can only be read", row->name);
	if (rc < 0 && row->words)
		return text_error(call->err, call->cap, "%s=%s: write %s of: %s", row->name, text,
				  row->max == 1 ? "one" : "some", row->words);
	if (rc < 0)
		return text_error(call->err, call->cap,
				  "%s=%s: write %s of %" PRId64 " to %" PRId64, row->name, text,
				  row->nvalues == 3   ? "three numbers, each"
					 : row->nvalues == 2 ? "two numbers, each"
							     : "a number", row->min,
				  row->max);
	return 0;
}

/* net.ipv4.conf.LINK.LEAF and the like, which no table lists. 1: it is none. */
static int sysctl_of_link(struct control_call *call, json_t *list, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	char number[24], now[128];
	int rc;

	if (ph_sysctl_get(call->host->st, name, now, sizeof(now)) < 0)
		return 1;
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		text = number;
	}
	if (!value)
		return sysctl_put(call, list, name);
	rc = text ? ph_sysctl_set(call->host->st, name, text) : -EINVAL;
	if (rc < 0)
		return text_error(call->err, call->cap,
				  "%s: not a value of it; --list-sysctls shows those of %s", name,
				  "net.ipv4.conf.default and net.ipv6.conf.default");
	return sysctl_put(call, list, name);
}

static int sysctl(struct control_call *call)
{
	const char *name = json_string_value(json_object_get(call->args, "name"));
	const json_t *value = json_object_get(call->args, "value");
	const struct ph_sysctl_info *row = name ? sysctl_row(name) : NULL;
	json_t *list = json_object();
	int rc = json_object_set_new(call->answer, "sysctl", list);

	if (name && !row) {
		rc = sysctl_of_link(call, list, name, value);
		if (rc <= 0)
			return rc;
	}

	if (name && !row)
		return text_error(call->err, call->cap,
				  "no sysctl %s; leave \"name\" out to see them all", name);
	if (value && !row)
		return text_error(call->err, call->cap, "\"value\" needs a \"name\"");
	if (value)
		rc = sysctl_set(call, row, value);
	if (rc == 0 && row)
		return sysctl_put(call, list, name);
	for (size_t i = 0; rc == 0 && (row = ph_sysctl_row(i)); i++)
		rc = sysctl_put(call, list, row->name);
	return rc;
}

static int usage(struct control_call *call)
{
	struct ph_usage u;

	ph_stack_usage(call->host->st, &u);
	return json_object_set_new(
		call->answer, "usage",
		json_pack("{s:I,s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i}", "bytes", (json_int_t)u.bytes,
			  "bytes_peak", (json_int_t)u.bytes_peak, "packets", (int)u.packets,
			  "buffers", (int)u.buffers, "timers", (int)u.timers, "sockets",
			  (int)u.sockets, "connections", (int)u.connections, "timewait",
			  (int)u.timewait, "neighbours", (int)u.neighbours, "reassemblies",
			  (int)u.reassemblies));
}

static int help(struct control_call *call)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s}", "cmd", commands[i].name, "args",
						commands[i].args, "help", commands[i].help));
	return json_object_set_new(call->answer, "commands", list);
}

static int quit(struct control_call *call)
{
	host_stop(call->host, call->host->status);
	return json_object_set_new(call->answer, "quit", json_true());
}

json_t *control_cmd_answer(struct host *h, const char *line, size_t len)
{
	char err[256] = "";
	json_error_t where;
	json_t *args = json_loadb(line, len, 0, &where);
	json_t *id = json_object_get(args, "id");
	const char *name = json_string_value(json_object_get(args, "cmd"));
	const struct control_cmd *cmd = name ? control_cmd_find(name) : NULL;
	struct control_call call = {
		.host = h, .args = args, .answer = json_object(), .err = err, .cap = sizeof(err)
	};
	int rc;

	if (!args)
		rc = text_error(err, sizeof(err),
				"not JSON at column %d: %s; write an object, like "
				"{\"cmd\":\"help\"}",
				where.column, where.text);
	else if (!name)
		rc = text_error(err, sizeof(err),
				"there is no \"cmd\"; write an object, like "
				"{\"cmd\":\"help\"}");
	else if (!cmd)
		rc = text_error(err, sizeof(err), "no command %.64s; {\"cmd\":\"help\"} lists them",
				name);
	else
		rc = cmd->run(&call);
	if (rc < 0) {
		json_object_clear(call.answer);
		json_object_set_new(call.answer, "error",
				    json_string(err[0] ? err : strerror(ENOMEM)));
	}
	if (id)
		json_object_set(call.answer, "id", id);
	json_decref(args);
	return call.answer;
}
