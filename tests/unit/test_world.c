/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world as a whole: what it leaves behind (nothing), what a refused line changes (nothing), and
 * how nodes are born. Needs namespaces: root, or user namespaces; else the tests are skipped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "netns/proc.h"
#include "netns/world.h"

enum { MOMENTS = 50, LINES_MAX = 40 };

struct row {
	const char *text;
	const char *says; /* NULL: it is carried out; else part of the sentence */
};

static int apply(struct world *w, const char *text, struct topo_vars *vars, struct net_err *e)
{
	struct topo_line l;
	int rc = topo_parse(&l, text, vars, e);

	if (rc)
		return rc;
	rc = world_apply(w, &l, e);
	topo_line_free(&l);
	return rc;
}

static unsigned int count(const struct dev *d)
{
	unsigned int n = 0;

	for (; d; d = d->next)
		n += 1 + d->naddr * 100;
	return n;
}

/* A number that changes when anything is made or taken away. */
static unsigned int shape(const struct world *w)
{
	unsigned int n = count(w->ports);

	for (const struct node *x = w->nodes; x; x = x->next)
		n += 1000000 + 10 * count(x->devs);
	for (const struct bridge *b = w->bridges; b; b = b->next)
		n += 100000;
	return n;
}

/* Runs in the world; what it returns is the row that went wrong, from 1. */
static int play(struct world *w, void *arg)
{
	struct topo_vars vars = { .nvar = 0 };
	const struct row *rows = arg;
	struct net_err e;

	for (int i = 0; rows[i].text; i++) {
		unsigned int before = shape(w);
		int rc = apply(w, rows[i].text, &vars, &e);
		bool right = rows[i].says ? rc == -1 && strstr(e.text, rows[i].says) &&
						    shape(w) == before
					  : rc == 0;

		if (!right) {
			fprintf(stderr, "\"%s\": %d %s\n", rows[i].text, rc, rc < 0 ? e.text : "");
			return i + 1;
		}
	}
	topo_vars_free(&vars);
	return 0;
}

static int run_world(int (*fn)(struct world *, void *), void *arg)
{
	struct world_conf conf = { .main = fn, .arg = arg };
	struct world_handle h;
	struct net_err e;

	if (world_start(&h, &conf, &e)) {
		if (e.kind != NET_ERR_CANNOT)
			fail_msg("%s", e.text);
		print_message("skipped: %s\n", e.text);
		skip();
	}
	return world_wait(&h, false);
}

static void test_a_refused_line_changes_nothing(void **state)
{
	static struct row rows[] = {
		{ "node a", NULL },
		{ "node a", "already" },
		{ "node b", NULL },
		{ "veth a.eth0 lan", "there is no bridge \"lan\"" },
		{ "bridge lan", NULL },
		{ "bridge lan", "already" },
		{ "veth c.eth0 lan", "there is no node \"c\"" },
		{ "veth a.eth0 lan", NULL },
		{ "veth a.eth0 lan", "already" },
		{ "veth a.eth0 b.eth0", "already" },
		{ "veth b.eth0 a.eth0", "already" },
		{ "veth b.x b.x", "itself" },
		{ "veth a.lo lan", "already" },
		{ "port lan t1", NULL },
		{ "port lan t1", "already" },
		{ "port lan lan", "already" },
		{ "addr a.eth0 10.0.0.1/24", NULL },
		{ "addr a.eth0 10.0.0.2/24 10.0.0.1/24", "already" },
		{ "addr a.eth1 10.0.0.1/24", "no device \"eth1\"" },
		{ "route a default via 10.9.9.9", "gateway" },
		{ "route a default via 10.0.0.254", NULL },
		{ "route a default via 10.0.0.253", "already" },
		{ "sysctl a kernel.hostname=x", "does not start with \"net.\"" },
		{ "sysctl a net.ipv4.no_such=1", "not a sysctl" },
		{ "sysctl a net.ipv4.tcp_sack=0", NULL },
		{ "sysctl a net/../kernel/hostname=x", "does not start" },
		{ "sysctl a net.ipv4.tcp_congestion_control=nothing", "does not take" },
		{ "mtu a.eth0 1280", NULL },
		{ "veth a.eth1 b.eth1", NULL },
		{ "addr b.eth1 10.1.0.2/24", NULL },
		{ "ipv6 a.eth1 on", NULL },
		{ "forward a on", NULL },
		{ "down a.eth1", NULL },
		{ "up a.eth1", NULL },
		{ "offload a.eth0 on", NULL },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_world(play, rows), 0);
}

static int cut_and_join(struct world *w, void *arg)
{
	static struct row rows[] = {
		{ "node a", NULL },
		{ "node b", NULL },
		{ "bridge lan", NULL },
		{ "veth a.eth0 lan", NULL },
		{ "veth a.eth1 b.eth1", NULL },
		{ "addr a.eth1 10.1.0.1/24 fd01::1/64", NULL },
		{ "addr b.eth1 10.1.0.2/24", NULL },
		{ "route a default via 10.1.0.2", NULL },
		{ "neigh a.eth1 10.1.0.9 02:00:00:00:00:09", NULL },
		{ NULL, NULL },
	};
	const struct devname eth0 = { "a", "eth0" }, eth1 = { "a", "eth1" };
	struct netmac before;
	struct net_err e;
	struct dev *d;
	int rc = play(w, rows);

	(void)arg;
	if (rc)
		return rc;
	d = world_find_dev(w, &eth0);
	if (world_cut(w, d, &e) || !d->far[0] || world_cut(w, d, &e) || world_join(w, d, &e) ||
	    d->far[0])
		return 101;
	d = world_find_dev(w, &eth1);
	before = d->mac;
	if (world_cut(w, d, &e) || !d->far[0] || strcmp(d->far, d->peer->hub) != 0)
		return 102;
	/* The pair is two pairs now, and its ends are what they were. */
	if (memcmp(&before, &d->mac, sizeof(before)) != 0 || d->naddr != 2)
		return 103;
	if (nlk_addr(&d->node->k, "eth1", &d->addr[1], true, &e) != -1 ||
	    !strstr(e.text, "already"))
		return 104;
	if (world_join(w, d, &e) != 1)
		return 105;
	world_undo(w, 0);
	return w->nodes || w->bridges || w->ports ? 106 : 0;
}

static void test_a_link_is_cut_and_joined_and_a_pair_keeps_its_addresses(void **state)
{
	(void)state;
	assert_int_equal(run_world(cut_and_join, NULL), 0);
}

static bool reads(const char *path, const char *want)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (n > 0 && strcmp(text, want) == 0)
		return true;
	fprintf(stderr, "%s is \"%s\", not \"%s\"\n", path, text, want);
	return false;
}

static int born(struct world *w, void *arg)
{
	static const char *const rows[][2] = {
		{ "/proc/sys/net/ipv4/tcp_no_metrics_save", "1" },
		{ "/proc/sys/net/ipv4/conf/all/rp_filter", "0" },
		{ "/proc/sys/net/ipv4/ip_forward", "0" },
		{ "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1" },
		{ "/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1" },
		{ "/proc/sys/net/ipv6/conf/eth1/disable_ipv6", "0" },
		{ "/proc/sys/net/ipv6/conf/eth1/accept_dad", "0" },
		{ "/proc/sys/net/ipv6/conf/eth1/router_solicitations", "0" },
	};
	static struct row make[] = {
		{ "node a", NULL },
		{ "bridge lan", NULL },
		{ "veth a.eth0 lan", NULL },
		{ "veth a.eth1 lan", NULL },
		{ "addr a.eth0 10.0.0.1/24", NULL },
		{ "addr a.eth1 fd00::1/64", NULL },
		{ NULL, NULL },
	};
	int rc = play(w, make);

	(void)arg;
	if (rc)
		return rc;
	world_enter(w, w->nodes);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!reads(rows[i][0], rows[i][1]))
			return 100 + (int)i;
	/* Named by the namespace, or by every route; never inherited. */
	return w->nodes->cc[0] ? strcmp(w->nodes->cc, "cubic") != 0
			       : !reads("/proc/sys/net/ipv4/tcp_congestion_control", "cubic");
}

static void test_nodes_are_born_quiet_and_with_their_congestion_control_named(void **state)
{
	(void)state;
	assert_int_equal(run_world(born, NULL), 0);
}

/* Build things for ever, with a program running in them. */
static int busy(struct world *w, void *arg)
{
	char *const argv[] = { (char *)(uintptr_t) "sleep", (char *)(uintptr_t) "1000", NULL };
	struct topo_vars vars = { .nvar = 0 };
	struct net_err e;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct proc_conf conf = { .argv = argv, .in = null, .out = null, .err = null };
	char line[64];
	pid_t pid;

	(void)arg;
	apply(w, "bridge lan", &vars, &e);
	for (int i = 0;; i++) {
		char gone;

		/* The control socket is what a world watches. */
		if (recv(w->control, &gone, 1, MSG_DONTWAIT) == 0)
			return 0;
		if (i >= LINES_MAX)
			continue;
		snprintf(line, sizeof(line), "node n%d", i);
		apply(w, line, &vars, &e);
		snprintf(line, sizeof(line), "veth n%d.eth0 lan", i);
		apply(w, line, &vars, &e);
		conf.node = world_find_node(w, "n0");
		proc_spawn(w, &conf, &pid, &e);
	}
}

/* Whoever holds the pipe's write end is of the world: its end of file says that all are gone. */
static void kill_after(long ns, char *tmp)
{
	struct world_conf conf = { .main = busy };
	struct timespec moment = { .tv_nsec = ns };
	struct world_handle h;
	struct net_err e;
	int alive[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(alive), 0);
	assert_non_null(mkdtemp(tmp));
	pid = fork();
	if (pid == 0) {
		setenv("TMPDIR", tmp, 1);
		if (world_start(&h, &conf, &e) == 0)
			world_wait(&h, false);
		_exit(1);
	}
	close(alive[1]);
	nanosleep(&moment, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
	if (rmdir(tmp))
		fail_msg("killed after %ld us, something stayed in %s: %m", ns / 1000, tmp);
}

static int nothing(struct world *w, void *arg)
{
	(void)w;
	(void)arg;
	return 0;
}

static void test_a_caller_killed_at_any_moment_leaves_no_process_and_no_file(void **state)
{
	(void)state;
	assert_int_equal(run_world(nothing, NULL), 0);
	for (long i = 0; i < MOMENTS; i++) {
		char tmp[] = "/tmp/rig-test-XXXXXX";

		kill_after(i * 400000, tmp);
	}
}

static void test_the_exit_status_is_what_the_world_returned(void **state)
{
	static struct row rows[] = { { "bogus", NULL }, { NULL, NULL } };

	(void)state;
	assert_int_equal(run_world(play, rows), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refused_line_changes_nothing),
		cmocka_unit_test(test_a_link_is_cut_and_joined_and_a_pair_keeps_its_addresses),
		cmocka_unit_test(test_nodes_are_born_quiet_and_with_their_congestion_control_named),
		cmocka_unit_test(test_a_caller_killed_at_any_moment_leaves_no_process_and_no_file),
		cmocka_unit_test(test_the_exit_status_is_what_the_world_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
