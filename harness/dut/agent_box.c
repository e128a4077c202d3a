/* SPDX-License-Identifier: BSD-2-Clause */
/* Sysctls, counters and commands of the kernel. See agent_box.h. */
#define _GNU_SOURCE 1
#include "harness/dut/agent_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/dut/proto.h"

enum { PATH_ROOM = 256, VALUE_ROOM = 4096, LINE_ROOM = 16384, TEXT_ROOM = 65536 };

static const char *text_of(const json_t *args, const char *name)
{
	return json_string_value(json_object_get(args, name));
}

/* net.ipv4.conf.eth0/1.rp_filter has a dot for each slash of its file, and the other way round. */
static int sysctl_path(const char *name, char path[PATH_ROOM])
{
	int n = snprintf(path, PATH_ROOM, "/proc/sys/%s", name);

	if (strncmp(name, "net.", 4) != 0 || strstr(name, "..") || n >= PATH_ROOM)
		return -ENOENT;
	for (char *at = path + strlen("/proc/sys/"); *at; at++)
		*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	return 0;
}

static int sysctl_read(const char *path, json_t *out)
{
	char value[VALUE_ROOM + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, value, VALUE_ROOM);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -error;
	while (n > 0 && value[n - 1] == '\n')
		n--;
	value[n] = '\0';
	return json_object_set_new(out, "value", json_string(value));
}

int agent_sysctl(const json_t *args, json_t *out)
{
	const char *name = text_of(args, "name"), *value = text_of(args, "value");
	char path[PATH_ROOM];
	int rc = name ? sysctl_path(name, path) : -EINVAL;
	int fd;

	if (rc != 0)
		return rc;
	if (value) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return errno == EACCES ? -EPERM : -errno;
		rc = write(fd, value, strlen(value)) < 0 ? -errno : 0;
		close(fd);
	}
	return rc == 0 ? sysctl_read(path, out) : rc;
}

/* One of the files' pairs of lines, "TcpExt: NAME NAME" and "TcpExt: 1 2". 1: found. */
static int pair_of_lines(const char *name, char *names, char *values, long long *out)
{
	char *at_name, *at_value, *next_name, *next_value;
	size_t prefix;

	next_name = names;
	next_value = values;
	at_name = strsep(&next_name, " \n");
	at_value = strsep(&next_value, " \n");
	prefix = at_name ? strcspn(at_name, ":") : 0;
	if (!at_value || strncmp(name, at_name, prefix) != 0)
		return 0;
	while ((at_name = strsep(&next_name, " \n")) && (at_value = strsep(&next_value, " \n"))) {
		if (*at_name && strcmp(at_name, name + prefix) == 0) {
			*out = atoll(at_value);
			return 1;
		}
	}
	return 0;
}

static int find_counter(const char *path, const char *name, long long *out)
{
	FILE *f = fopen(path, "re");
	char *names = malloc(LINE_ROOM), *values = malloc(LINE_ROOM);
	int found = 0;

	while (f && names && values && !found && fgets(names, LINE_ROOM, f) &&
	       fgets(values, LINE_ROOM, f))
		found = pair_of_lines(name, names, values, out);
	free(names);
	free(values);
	if (f)
		fclose(f);
	return found;
}

int agent_counter(const json_t *args, json_t *out)
{
	const char *name = text_of(args, "name");
	long long value = 0;

	if (!name)
		return -EINVAL;
	if (!find_counter("/proc/self/net/netstat", name, &value) &&
	    !find_counter("/proc/self/net/snmp", name, &value))
		return -ENOENT;
	return json_object_set_new(out, "value", json_integer(value));
}

int agent_describe(const json_t *args, json_t *out)
{
	char *text = calloc(1, TEXT_ROOM + 1);
	FILE *f = text ? popen("ss -Htuaniem 2>&1", "re") : NULL;
	size_t n = f ? fread(text, 1, TEXT_ROOM, f) : 0;

	(void)args;
	if (f)
		(void)pclose(f);
	if (n > 0)
		json_object_set_new(out, "text", json_string(text));
	free(text);
	return n > 0 ? 0 : -EIO;
}

/* "0100A8C0:1F90" or 32 digits and a port, as the kernel's words lie in memory. */
static bool native_of(const char *text, struct ph_sockaddr *a)
{
	size_t digits = strcspn(text, ":"), words = digits / 8;

	memset(a, 0, sizeof(*a));
	if ((words != 1 && words != 4) || digits % 8 || text[digits] != ':')
		return false;
	a->family = words == 1 ? PH_AF_INET : PH_AF_INET6;
	a->port = (uint16_t)strtoul(text + digits + 1, NULL, 16);
	for (size_t i = 0; i < words; i++) {
		char word[9] = "";
		uint32_t v;

		memcpy(word, text + 8 * i, 8);
		v = (uint32_t)strtoul(word, NULL, 16);
		memcpy(a->ip.b + 4 * i, &v, sizeof(v));
	}
	if (words == 1)
		a->ip = ph_ip4(a->ip.b[0], a->ip.b[1], a->ip.b[2], a->ip.b[3]);
	return true;
}

static void list_sockets(const char *path, json_t *list)
{
	FILE *f = fopen(path, "re");
	char line[LINE_ROOM], local[80], peer[80];
	unsigned state;

	while (f && fgets(line, sizeof(line), f)) {
		struct ph_sockaddr a, b;

		if (sscanf(line, " %*u: %79s %79s %x", local, peer, &state) != 3 ||
		    !native_of(local, &a) || !native_of(peer, &b))
			continue;
		json_array_append_new(list, json_pack("{s:i,s:i,s:o,s:o}", "type", PH_SOCK_STREAM,
						      "state", (int)state, "local", proto_addr(&a),
						      "peer", proto_addr(&b)));
	}
	if (f)
		fclose(f);
}

int agent_sockets(const json_t *args, json_t *out)
{
	json_t *list = json_array();

	(void)args;
	list_sockets("/proc/self/net/tcp", list);
	list_sockets("/proc/self/net/tcp6", list);
	return json_object_set_new(out, "sockets", list);
}

int agent_shell(const json_t *args, json_t *out)
{
	const char *command = text_of(args, "command");
	int status;

	(void)out;
	if (!command)
		return -EINVAL;
	status = system(command);
	if (status < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
