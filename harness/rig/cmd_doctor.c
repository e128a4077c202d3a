/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig doctor: what this machine can do, and how to get what is missing. The kernel's part is tried
 * in a world of its own, which is gone afterwards; programs and Python packages are looked for.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "harness/link/rawsock.h"
#include "harness/rig/rig.h"
#include "netns/qdisc.h"
#include "netns/world.h"

#ifndef RIG_PYTHON
#define RIG_PYTHON ""
#endif

enum { DETAIL = 320, FINDINGS_MAX = 40 };

enum need { NEEDED, WANTED };

struct finding {
	char name[24];
	enum need need;
	bool ok;
	char detail[DETAIL]; /* what was found, or what is wrong */
	char get[DETAIL];    /* how to get it; empty when there */
};

/* Passed through a pipe from the world as it is. */
struct findings {
	unsigned int n;
	struct finding f[FINDINGS_MAX];
};

struct probe {
	int pipe; /* write end */
};

static struct finding *found(struct findings *all, const char *name, enum need need, bool ok)
{
	struct finding *f = &all->f[all->n < FINDINGS_MAX - 1 ? all->n++ : FINDINGS_MAX - 1];

	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->need = need;
	f->ok = ok;
	snprintf(f->detail, sizeof(f->detail), "%s", ok ? "works" : "missing");
	return f;
}

static void try_tap(struct world *w, struct findings *all)
{
	const struct devname at = { .node = "probe", .dev = "tap0" };
	struct net_err e;
	bool ok = world_tap(w, &at, NULL, false, &e) == 0;
	struct finding *f = found(all, "tun", NEEDED, ok);

	if (ok)
		return;
	snprintf(f->detail, sizeof(f->detail), "%.300s", e.text);
	snprintf(f->get, sizeof(f->get),
		 "modprobe tun; as another user than root: chmod 666 /dev/net/tun");
}

static void try_veth(struct world *w, struct findings *all)
{
	const struct devname at = { .node = "probe", .dev = "eth0" };
	struct net_err e;
	bool ok = world_bridge(w, "lan", &e) == 0 && world_veth(w, &at, "lan", &e) == 0;
	struct finding *f = found(all, "veth and bridge", NEEDED, ok);

	if (ok)
		return;
	snprintf(f->detail, sizeof(f->detail), "%.300s", e.text);
	snprintf(f->get, sizeof(f->get), "modprobe veth bridge");
}

static void try_raw(struct findings *all)
{
	const struct rawsock_conf conf = { .ifname = "lo" };
	char why[256];
	int fd = rawsock_open(&conf, why, sizeof(why));
	struct finding *f = found(all, "raw sockets", NEEDED, fd >= 0);

	if (fd >= 0)
		close(fd);
	else
		snprintf(f->detail, sizeof(f->detail), "%s", why);
}

static void try_queues(struct world *w, struct findings *all)
{
	const struct netem_conf conf = {
		.delay_ns = 1000000, .limit = 1000, .seed = 1, .has_seed = true
	};
	struct finding *f;
	struct net_err e;
	bool seed = false, ok;

	world_enter(w, w->nodes);
	ok = qdisc_netem("eth0", &conf, &seed, &e) == 0;
	f = found(all, "netem", WANTED, ok);
	if (ok)
		snprintf(f->detail, sizeof(f->detail), "works, %s",
			 seed ? "with a seed" : "without a seed");
	else
		snprintf(f->detail, sizeof(f->detail),
			 "not in this kernel: impairments go by \"backend wire\"");
	if (!ok)
		snprintf(f->get, sizeof(f->get),
			 "apt-get install linux-modules-extra-$(uname -r) (Ubuntu), a "
			 "distribution kernel; or apt-get install user-mode-linux kmod, and rig uml "
			 "runs a command under that");
	qdisc_clear("eth0", &e);
	ok = qdisc_tbf("eth0", 1000000, 10000, 100000, &e) == 0;
	f = found(all, "tbf", WANTED, ok);
	if (!ok) {
		snprintf(f->detail, sizeof(f->detail), "not in this kernel");
		snprintf(f->get, sizeof(f->get), "as for netem");
	}
	world_enter(w, NULL);
}

static void try_cc(struct world *w, struct findings *all)
{
	struct net_err e;
	bool ok = world_set_cc(w, w->nodes, "cubic", &e) == 0;
	struct finding *f = found(all, "cubic", WANTED, ok);

	if (!ok)
		snprintf(f->get, sizeof(f->get), "modprobe tcp_cubic");
	else if (w->nodes->cc[0])
		snprintf(f->detail, sizeof(f->detail),
			 "works, named by routes (this machine's "
			 "net.ipv4.tcp_allowed_congestion_control does not list it)");
}

static int probe_main(struct world *w, void *arg)
{
	const struct probe *p = arg;
	static struct findings all;
	struct net_err e;

	if (world_node(w, "probe", &e)) {
		snprintf(found(&all, "nodes", NEEDED, false)->detail, DETAIL, "%.300s", e.text);
	} else {
		try_veth(w, &all);
		try_tap(w, &all);
		try_raw(&all);
		if (nlk_index(&w->nodes->k, "eth0"))
			try_queues(w, &all);
		try_cc(w, &all);
		snprintf(found(&all, "IPv6", NEEDED, world_ipv6(w, w->nodes, "lo", true, &e) == 0)
				 ->get,
			 DETAIL, "%s",
			 access("/proc/sys/net/ipv6", F_OK) == 0 ? "" : "a kernel with IPv6");
	}
	return write(p->pipe, &all, sizeof(all)) == (ssize_t)sizeof(all) ? 0 : 1;
}

/* Build a world and try things in it. */
static void probe(struct findings *all)
{
	struct probe p;
	struct world_conf conf = { .main = probe_main, .arg = &p };
	struct world_handle h;
	struct findings inside;
	struct finding *f;
	struct net_err e;
	int fd[2];

	if (pipe(fd))
		return;
	p.pipe = fd[1];
	f = found(all, "namespaces", NEEDED, world_start(&h, &conf, &e) == 0);
	close(fd[1]);
	if (f->ok) {
		ssize_t n = read(fd[0], &inside, sizeof(inside));

		world_wait(&h, true);
		snprintf(f->detail, sizeof(f->detail), "work, %s",
			 geteuid() == 0 ? "as root" : "in a user namespace");
		for (unsigned int i = 0; n == (ssize_t)sizeof(inside) && i < inside.n; i++)
			*found(all, "", WANTED, true) = inside.f[i];
	} else {
		snprintf(f->detail, sizeof(f->detail), "%.300s", e.text);
		snprintf(f->get, sizeof(f->get), "run as root, or allow user namespaces");
	}
	close(fd[0]);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH"), *end;
	char file[4096];

	for (; path && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	snprintf(file, sizeof(file), "/usr/sbin/%s", program);
	return access(file, X_OK) == 0;
}

static void programs(struct findings *all)
{
	static const struct {
		const char *program, *package;
		enum need need;
	} list[] = {
		{ "ip", "iproute2", NEEDED },	    { "ping", "iputils-ping", NEEDED },
		{ "nc", "netcat-openbsd", NEEDED }, { "curl", "curl", NEEDED },
		{ "iperf3", "iperf3", WANTED },	    { "tshark", "tshark", WANTED },
	};

	for (unsigned int i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		bool ok = in_path(list[i].program);
		struct finding *f = found(all, list[i].program, list[i].need, ok);

		snprintf(f->detail, sizeof(f->detail), "%s", ok ? "found" : "not found");
		if (!ok)
			snprintf(f->get, sizeof(f->get), "apt-get install %s", list[i].package);
	}
}

static bool python_has(const char *python, const char *module)
{
	char command[64];
	pid_t pid;
	int status;

	snprintf(command, sizeof(command), "import %s", module);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr))
			execlp(python, python, "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static void python(struct findings *all)
{
	static const struct {
		const char *module, *package;
	} list[] = {
		{ "scapy", "python3-scapy" },
		{ "pytest", "python3-pytest" },
		{ "xdist", "python3-pytest-xdist" },
	};
	const char *program = RIG_PYTHON[0] ? RIG_PYTHON : "python3";

	for (unsigned int i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		bool ok = python_has(program, list[i].module);
		struct finding *f = found(all, list[i].module, NEEDED, ok);

		snprintf(f->detail, sizeof(f->detail), "%s by %.200s", ok ? "found" : "not found",
			 program);
		if (!ok)
			snprintf(f->get, sizeof(f->get), "apt-get install %s, and configure again",
				 list[i].package);
	}
}

static void print_text(const struct findings *all, bool colour)
{
	static const char *const green = "\033[32m", *const red = "\033[31m",
				 *const yellow = "\033[33m";

	for (unsigned int i = 0; i < all->n; i++) {
		const struct finding *f = &all->f[i];
		const char *mark = f->ok ? "ok" : f->need == NEEDED ? "MISSING" : "absent";
		const char *on = f->ok ? green : f->need == NEEDED ? red : yellow;

		printf("%s%-8s%s %-16s %s\n", colour ? on : "", mark, colour ? "\033[0m" : "",
		       f->name, f->detail);
		if (f->get[0])
			printf("%-8s %-16s to get it: %s\n", "", "", f->get);
	}
}

static void print_json(const struct findings *all, bool full)
{
	json_t *list = json_array();
	json_t *j;

	for (unsigned int i = 0; i < all->n; i++) {
		const struct finding *f = &all->f[i];

		json_array_append_new(list, json_pack("{s:s,s:b,s:b,s:s,s:s}", "name", f->name,
						      "ok", f->ok, "needed", f->need == NEEDED,
						      "detail", f->detail, "get", f->get));
	}
	j = json_pack("{s:b,s:o}", "full", full, "findings", list);
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

int cmd_doctor(int argc, char **argv)
{
	static struct findings all;
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0, full = true;

	if (argc > 2 || (argc == 2 && !json))
		return rig_usage("doctor", "\"%s\" is not an option", argv[argc - 1]);
	probe(&all);
	programs(&all);
	python(&all);
	for (unsigned int i = 0; i < all.n; i++)
		full = full && (all.f[i].ok || all.f[i].need == WANTED);
	if (json) {
		print_json(&all, full);
	} else {
		print_text(&all, isatty(STDOUT_FILENO));
		puts(full ? "\nmake check can run in full here"
			  : "\nmake check cannot run in full here");
	}
	return full ? RIG_OK : RIG_FAILED;
}
