/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces, TUNs and programs for devices on the wire. See wire_engine.h.
 *
 *	this process                 child: a namespace of its own, then the device's program
 *	  remote.c  ---- control socket ----  rig-agent | phantom | PROGRAM
 *	     |                                  |
 *	     +-- TUN descriptor ----------- tun0: the kernel is the device
 *	     +-- AF_PACKET on tun0 -- kernel -- tun0's descriptor: the program is the device
 */
#define _GNU_SOURCE 1
#include "harness/dut/wire_engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/dut/remote.h"
#include "harness/dut/turn.h"
#include "netns/nlk.h"

enum { START_MS = 60000, ENDED = -2, ADDR_TEXT = 64 };
static const char device[] = "tun0";
static const char exec_word[] = "exec:"; /* a path, or a name as for programs of ours */

struct start {
	const struct dut_conf *conf;
	const char *which;
	bool kernel;
	char dir[PATH_MAX], path[PATH_MAX + 8]; /* of the control socket */
	char addr[ADDR_TEXT], gateway[ADDR_TEXT], mtu[16], key[65], program[PATH_MAX];
	int output; /* what the program prints */
};

static int failed(char *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int failed(char *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err, DUT_ERR_TEXT, fmt, args);
	va_end(args);
	return -1;
}

/* ---- words ---- */

static struct netaddr netaddr_of(const struct ph_ip *ip, unsigned len)
{
	struct netaddr a = { .family = AF_INET6, .len = (uint8_t)len };

	if (!ph_ip_is4(ip)) {
		memcpy(a.bytes, ip->b, 16);
		return a;
	}
	a.family = AF_INET;
	memcpy(a.bytes, ip->b + 12, 4);
	return a;
}

/* The gateway that is given, or the neighbour of local's that differs in the last bits: nobody is
 * asked for its hardware address. */
static struct netaddr gateway_of(const struct dut_conf *conf)
{
	static const struct ph_ip none;
	struct ph_ip gateway = conf->gateway;

	if (memcmp(&gateway, &none, sizeof(none)) == 0) {
		gateway = conf->local;
		gateway.b[15] ^= 3;
	}
	return netaddr_of(&gateway, ph_ip_is4(&gateway) ? 32 : 128);
}

/* Beside the running program, or where tests have it from there; else the name for PATH. */
static void find_program(const char *name, char out[PATH_MAX])
{
	static const char *const places[] = { "", "../", "../../" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir;

	self[n < 0 ? 0 : n] = '\0';
	dir = dirname(self);
	for (size_t i = 0; n > 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(out, PATH_MAX, "%s/%s%s", dir, places[i], name);

		if (len < PATH_MAX && access(out, X_OK) == 0)
			return;
	}
	snprintf(out, PATH_MAX, "%s", name);
}

static void fill_words(struct start *s)
{
	struct netaddr local = netaddr_of(&s->conf->local, s->conf->prefix);
	struct netaddr gateway = gateway_of(s->conf);

	netaddr_text(&local, true, s->addr);
	netaddr_text(&gateway, false, s->gateway);
	snprintf(s->mtu, sizeof(s->mtu), "%u", s->conf->mtu ? s->conf->mtu : 1500);
	for (size_t i = 0; i < sizeof(s->conf->key); i++)
		snprintf(s->key + 2 * i, 3, "%02x", s->conf->key[i]);
	if (strncmp(s->which, exec_word, sizeof(exec_word) - 1) != 0)
		find_program(s->kernel ? "rig-agent" : "phantom", s->program);
	else if (strchr(s->which, '/'))
		snprintf(s->program, sizeof(s->program), "%s", s->which + sizeof(exec_word) - 1);
	else
		find_program(s->which + sizeof(exec_word) - 1, s->program);
}

/* ---- in the child ---- */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* What a kernel has no file for, or does not let a namespace set, it does without. */
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;
	close(fd);
}

static int own_namespace(char *err)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return failed(err,
			      "no network namespace of its own: %s; run as root, or allow user "
			      "namespaces",
			      strerror(errno));
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	put("/proc/self/gid_map", map);
	return 0;
}

static int make_tun(bool vnet, char *err)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TUN | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0)) };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	memcpy(ifr.ifr_name, device, sizeof(device));
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return failed(err, "no TUN: %s; /dev/net/tun must be there, and writable", strerror(errno));
}

/* The link from the script's end when a program is the device: it attaches to the TUN itself. */
static int packet_socket(int tun, char *err)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int room = 8 << 20;

	if (fd < 0 || ioctl(tun, TUNSETPERSIST, 1) != 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		if (fd >= 0)
			close(fd);
		return failed(err, "no packet socket on the TUN: %s", strerror(errno));
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

static int settle_kernel(const struct start *s, struct nlk *k, struct net_err *e)
{
	struct netaddr any = { .family = AF_INET }, gateway = gateway_of(s->conf);
	struct netaddr local = netaddr_of(&s->conf->local, s->conf->prefix);

	any.family = local.family;
	if (local.family == AF_INET6)
		put("/proc/sys/net/ipv6/conf/tun0/disable_ipv6", "0");
	if (nlk_up(k, "lo", true, e) != 0 || nlk_addr(k, device, &local, true, e) != 0)
		return -1;
	return nlk_route(k, &any, &gateway, device, NULL, false, e);
}

/* Namespace, TUN, addresses: the script's end, or -1. */
static int make_link(const struct start *s, char *err)
{
	struct net_err e = { .text = "" };
	struct nlk k;
	int rc, tun, frames;

	if (own_namespace(err) != 0)
		return -1;
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	put("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	put("/proc/sys/net/ipv6/conf/default/router_solicitations", "0");
	put("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	put("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	put("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
	/* RFC 5681's, not what this machine happens to prefer; a script may name another. */
	put("/proc/sys/net/ipv4/tcp_congestion_control", "reno");
	/* Linux's usual ones: the window scale that is offered follows from them. */
	put("/proc/sys/net/ipv4/tcp_rmem", "4096 131072 6291456");
	put("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 4194304");
	tun = make_tun(s->kernel && s->conf->mss, err);
	if (tun < 0)
		return -1;
	rc = nlk_open(&k, &e);
	if (rc == 0)
		rc = nlk_mtu(&k, device, (unsigned)strtoul(s->mtu, NULL, 10), &e);
	if (rc == 0)
		rc = nlk_up(&k, device, true, &e);
	if (rc == 0 && s->kernel)
		rc = settle_kernel(s, &k, &e);
	if (rc != 0)
		return failed(err, "the device's namespace: %.200s", e.text);
	if (s->kernel)
		return tun;
	frames = packet_socket(tun, err);
	close(tun);
	return frames;
}

static void tell(int to, int fd, const char *text)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) + 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.room);
	}
	(void)sendmsg(to, &m, MSG_NOSIGNAL);
}

static void run_child(struct start *s, int to)
{
	char err[DUT_ERR_TEXT] = "";
	char *agent[] = { s->program, (char *)(uintptr_t) "--control", s->path, NULL };
	char *stack[] = { s->program, (char *)(uintptr_t) "--tun", (char *)(uintptr_t)device,
			  (char *)(uintptr_t) "--addr", s->addr, (char *)(uintptr_t) "--gateway",
			  s->gateway, (char *)(uintptr_t) "--mtu", s->mtu,
			  (char *)(uintptr_t) "--control", s->path,
			  NULL, NULL, NULL, NULL, NULL, NULL, NULL };
	int frames, in;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	frames = make_link(s, err);
	tell(to, frames, err);
	if (frames < 0)
		_exit(1);
	if (strcmp(s->which, "phantom") == 0) {
		stack[11] = (char *)(uintptr_t) "--seed";
		stack[12] = s->key;
		stack[13] = (char *)(uintptr_t) "--offload";
		stack[14] = (char *)(uintptr_t) "off";
		stack[15] = (char *)(uintptr_t) "--gro";
		stack[16] = (char *)(uintptr_t) "off";
	}
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in >= 0)
		(void)dup2(in, STDIN_FILENO);
	(void)dup2(s->output, STDOUT_FILENO);
	(void)dup2(s->output, STDERR_FILENO);
	execvp(s->program, s->kernel ? agent : stack);
	fprintf(stderr, "%s: cannot be run: %s\n", s->program, strerror(errno));
	_exit(127);
}

/* ---- in the caller ---- */

/* The link that the child made, or -1 with its sentence. */
static int hear(int from, char *err)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { err, DUT_ERR_TEXT };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	err[0] = '\0';
	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) > 0 && m.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&control.h), sizeof(fd));
	err[DUT_ERR_TEXT - 1] = '\0';
	if (fd < 0 && !err[0])
		return failed(err, "the device's namespace could not be made");
	return fd;
}

static void quote_output(const struct start *s, char *err)
{
	char said[160];
	ssize_t n = pread(s->output, said, sizeof(said) - 1, 0);

	said[n < 0 ? 0 : n] = '\0';
	(void)failed(err, "%.60s ended before it listened: %s", s->which, n > 0 ? said : "it said nothing");
	for (char *at = err; *at; at++)
		if (*at == '\n')
			*at = at[1] ? ';' : '\0';
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	error = errno;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	if (fd >= 0) {
		error = errno;
		close(fd);
	}
	return -error;
}

/* Waits until something is made in the directory, or the child ends. The moment from a socket's making
 * to its listening is told by nobody: it is looked at again soon. */
static void await(int made, int child, bool refused)
{
	struct pollfd fd[] = { { .fd = made, .events = POLLIN }, { .fd = child, .events = POLLIN } };
	char events[4096];

	if (poll(fd, 2, refused ? 1 : START_MS) > 0 && (fd[0].revents & POLLIN))
		(void)!read(made, events, sizeof(events));
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Connects as soon as the program listens. ENDED: it has ended, and was waited for. */
static int connect_control(const struct start *s, pid_t child, char *err)
{
	uint64_t until = now_ms() + START_MS;
	int made = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), fd = -1;
	int alive = (int)syscall(SYS_pidfd_open, child, 0);
	bool ended = false;

	if (made < 0 || alive < 0 || inotify_add_watch(made, s->dir, IN_CREATE | IN_MOVED_TO) < 0) {
		(void)failed(err, "%.150s cannot be watched: %s", s->dir, strerror(errno));
	} else {
		while ((fd = connect_to(s->path)) < 0 && fd != -ENAMETOOLONG && !ended &&
		       now_ms() < until) {
			ended = waitpid(child, NULL, WNOHANG) == child;
			if (!ended)
				await(made, alive, fd == -ECONNREFUSED);
		}
		if (ended)
			quote_output(s, err);
		else if (fd == -ENAMETOOLONG)
			(void)failed(err, "the path %.150s is too long for a socket; set TMPDIR",
				     s->path);
		else if (fd < 0)
			(void)failed(err, "%.100s does not listen at its --control", s->which);
	}
	if (made >= 0)
		close(made);
	if (alive >= 0)
		close(alive);
	return ended ? ENDED : fd < 0 ? -1 : fd;
}

static struct dut *start_child(struct start *s, const int pair[2], char *err)
{
	struct remote_conf rc = { .name = s->which, .frames = -1, .control = -1,
				  .packet_socket = !s->kernel, .kernel = s->kernel,
				  .vnet = s->kernel && s->conf->mss, .mss = s->conf->mss,
				  .mtu = s->conf->mtu };
	struct dut *d = NULL;

	rc.child = fork();
	if (rc.child == 0) {
		close(pair[0]);
		run_child(s, pair[1]);
	}
	close(pair[1]);
	if (rc.child < 0) {
		(void)failed(err, "no process for the device: %s", strerror(errno));
		return NULL;
	}
	snprintf(rc.route, sizeof(rc.route), "default via %s dev %s", s->gateway, device);
	rc.frames = hear(pair[0], err);
	if (rc.frames >= 0)
		rc.control = connect_control(s, rc.child, err);
	if (rc.control == ENDED)
		rc.child = 0; /* it has been waited for */
	if (rc.control >= 0)
		d = remote_new(&rc);
	if (d)
		return d;
	if (rc.control >= 0)
		close(rc.control);
	if (rc.frames >= 0)
		close(rc.frames);
	if (rc.child > 0) {
		(void)kill(rc.child, SIGKILL);
		(void)waitpid(rc.child, NULL, 0);
	}
	return NULL;
}

struct dut *dut_wire_new(const struct dut_conf *conf, const char *which, char *err)
{
	struct start s = { .conf = conf, .which = which, .kernel = strcmp(which, "linux") == 0 };
	const char *tmp = getenv("TMPDIR");
	struct dut *d = NULL;
	int pair[2];

	if (!s.kernel && strcmp(which, "phantom") != 0 &&
	    strncmp(which, exec_word, sizeof(exec_word) - 1) != 0) {
		(void)failed(err, "--dut %.100s: write phantom, linux or exec:PROGRAM", which);
		return NULL;
	}
	turn_first();
	fill_words(&s);
	snprintf(s.dir, sizeof(s.dir), "%s/rig-drill-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	s.output = memfd_create("output", MFD_CLOEXEC);
	if (s.output < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    !mkdtemp(s.dir)) {
		(void)failed(err, "%.150s: %s", s.dir, strerror(errno));
		if (s.output >= 0)
			close(s.output);
		return NULL;
	}
	snprintf(s.path, sizeof(s.path), "%s/control", s.dir);
	d = start_child(&s, pair, err);
	close(pair[0]);
	close(s.output);
	/* Connected or not, nobody else shall. */
	(void)unlink(s.path);
	(void)rmdir(s.dir);
	return d;
}
