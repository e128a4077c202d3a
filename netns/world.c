/* SPDX-License-Identifier: BSD-2-Clause */
/* Birth and death of the world; see world.h. */
#define _GNU_SOURCE
#include "netns/world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { END_GRACE_MS = 500 }; /* for children to end after SIGTERM, before SIGKILL */

/* What the world tells its caller when it stands, or why it does not. */
struct hello {
	int failed; /* 0, or 1 and e says why */
	struct net_err e;
	char dir[WORLD_DIR_MAX];
};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n < 0 ? -1 : 0;
}

/* Be root in our own user namespace, and nobody else outside it. */
static int map_users(uid_t uid, gid_t gid, struct net_err *e)
{
	char text[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", text))
		return net_cannot(e, "the user namespace could not be given a user: %m");
	snprintf(text, sizeof(text), "0 %u 1", gid);
	if (write_file("/proc/self/gid_map", text))
		return net_cannot(e, "the user namespace could not be given a group: %m");
	return 0;
}

static int private_mounts(struct world *w, struct net_err *e)
{
	w->outer_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return net_cannot(e, "mounts could not be made private: %m%s",
				  errno != EINVAL ? "" :
				  "; the root directory is no mount point, as in a chroot: mount --bind "
				  "DIR DIR before chroot DIR");
	/* Where the machine hides parts of /proc (containers) it refuses a fresh one. The old one
	 * still shows this namespace's sysctls; only ps(1) in a node then sees the machine's
	 * processes. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return errno == EPERM || errno == EACCES
			       ? 0
			       : net_cannot(e, "/proc could not be mounted: %m");
	return 0;
}

/*
 * The caller chooses the name and the world makes the directory: whichever of them is killed, at any
 * moment, the other knows what to remove.
 */
static int choose_dir(char path[WORLD_DIR_MAX], const struct world_conf *conf, struct net_err *e)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	const char *tmp = getenv("TMPDIR");
	unsigned char random[10];
	int n;

	if (conf->dir) {
		snprintf(path, WORLD_DIR_MAX, "%s", conf->dir);
		return 0;
	}
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return net_failed(e, "no random name for the run directory: %m");
	n = snprintf(path, WORLD_DIR_MAX, "%s/rig-", tmp && *tmp ? tmp : "/tmp");
	if (n + (int)sizeof(random) >= WORLD_DIR_MAX)
		return net_bad(e, "TMPDIR is too long");
	for (unsigned int i = 0; i < sizeof(random); i++)
		path[n + (int)i] = digits[random[i] % 32];
	path[n + (int)sizeof(random)] = '\0';
	return 0;
}

static int make_dir(struct world *w, const struct world_conf *conf, const char *path,
		    struct net_err *e)
{
	char full[PATH_MAX];

	w->keep = conf->keep || conf->dir;
	if (!conf->dir && mkdir(path, 0700))
		return net_failed(e,
				  "no run directory %s: %m; set TMPDIR to a directory that can be "
				  "written",
				  path);
	if (conf->dir && mkdir(path, 0777) && errno != EEXIST)
		return net_failed(e, "the run directory %s could not be made: %m", path);
	if (!realpath(path, full) || strlen(full) >= sizeof(w->dir))
		return net_failed(e, "the run directory %s cannot be used: %m", path);
	memcpy(w->dir, full, strlen(full) + 1);
	return 0;
}

/* The hub: a namespace where nothing answers. */
static int make_hub(struct world *w, struct net_err *e)
{
	w->hub_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (w->hub_fd < 0)
		return net_cannot(e, "/proc/self/ns/net cannot be opened: %m");
	if (nlk_open(&w->hub, e))
		return -1;
	/* These exist with br_netfilter alone, which would drop malformed packets on the hub's
	 * bridges. */
	world_sysctl(w, NULL, "net.bridge.bridge-nf-call-iptables", "0", e);
	world_sysctl(w, NULL, "net.bridge.bridge-nf-call-ip6tables", "0", e);
	world_sysctl(w, NULL, "net.bridge.bridge-nf-call-arptables", "0", e);
	world_sysctl(w, NULL, "net.ipv6.conf.default.disable_ipv6", "1", e);
	world_sysctl(w, NULL, "net.ipv6.conf.all.disable_ipv6", "1", e);
	return nlk_up(&w->hub, "lo", true, e);
}

static pid_t pid_seen_by(int proc)
{
	char text[16];
	ssize_t n = proc < 0 ? -1 : readlinkat(proc, "self", text, sizeof(text) - 1);

	if (n <= 0)
		return getpid();
	text[n] = '\0';
	return (pid_t)atoi(text);
}

/* Wait @ms for every child to end. True when none is left. */
static bool children_gone(int ms)
{
	const struct timespec step = { .tv_nsec = 2000000 };

	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return true;
		if (ms <= 0)
			return false;
		nanosleep(&step, NULL);
		ms -= 2;
	}
}

static void end_world(struct world *w)
{
	/* In a pid namespace of our own -1 is our children and theirs, and nobody else. */
	if (getpid() == 1) {
		if (!children_gone(0)) {
			kill(-1, SIGTERM);
			kill(-1, SIGCONT);
			if (!children_gone(END_GRACE_MS)) {
				kill(-1, SIGKILL);
				children_gone(END_GRACE_MS);
			}
		}
	}
	if (!w->keep && w->dir[0])
		world_remove_dir(w->dir);
}

static _Noreturn void world_child(const struct world_conf *conf, const char *dir, int control,
				  bool own_users, uid_t uid, gid_t gid)
{
	struct hello hello = { .failed = 1 };
	struct world w = { .control = control, .outer_proc = -1, .own_users = own_users };
	sigset_t mask;
	int status = 1;

	setsid();
	/* The control socket is what ends us in order; this is for a caller that dies before we
	 * read it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	w.hub.ctl = -1;
	if ((!own_users || map_users(uid, gid, &hello.e) == 0) &&
	    private_mounts(&w, &hello.e) == 0) {
		w.pid = pid_seen_by(w.outer_proc);
		if (make_hub(&w, &hello.e) == 0 && make_dir(&w, conf, dir, &hello.e) == 0)
			hello.failed = 0;
	}
	memcpy(hello.dir, w.dir, sizeof(hello.dir));
	if (send(control, &hello, sizeof(hello), MSG_NOSIGNAL) == (ssize_t)sizeof(hello) &&
	    !hello.failed)
		status = conf->main(&w, conf->arg);
	end_world(&w);
	_exit(status);
}

static pid_t clone_world(unsigned long flags)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static const char how_to_allow[] =
	"run as root, or allow user namespaces: sysctl user.max_user_namespaces=10000, and on "
	"Ubuntu "
	"sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a container start it with "
	"--privileged";

int world_start(struct world_handle *h, const struct world_conf *conf, struct net_err *e)
{
	const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;
	bool own_users = geteuid() != 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct hello hello;
	int pair[2];
	ssize_t n;

	if (choose_dir(h->dir, conf, e))
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return net_failed(e, "no socket pair: %m");
	h->pid = own_users ? -1 : clone_world(flags);
	if (h->pid < 0 && (own_users || errno == EPERM)) {
		own_users = true;
		h->pid = clone_world(flags | CLONE_NEWUSER);
	}
	if (h->pid == 0) {
		close(pair[0]);
		world_child(conf, h->dir, pair[1], own_users, uid, gid);
	}
	close(pair[1]);
	h->control = pair[0];
	h->keep = conf->keep || conf->dir;
	if (h->pid < 0) {
		net_cannot(e, "no namespaces of our own: %m; %s", how_to_allow);
		close(h->control);
		return -1;
	}
	n = recv(h->control, &hello, sizeof(hello), 0);
	/* Without a word from it, it may have made the directory or not. */
	if (n == (ssize_t)sizeof(hello))
		memcpy(h->dir, hello.dir, sizeof(h->dir));
	if (n == (ssize_t)sizeof(hello) && !hello.failed)
		return 0;
	world_wait(h, true);
	if (n != (ssize_t)sizeof(hello))
		return net_failed(e, "the world ended before it stood");
	*e = hello.e;
	if (e->kind == NET_ERR_CANNOT && own_users)
		net_cannot(e, "%.200s; %s", hello.e.text, how_to_allow);
	return -1;
}

int world_wait(struct world_handle *h, bool end)
{
	int status = 0;
	pid_t rc;

	if (end && h->control >= 0) {
		close(h->control);
		h->control = -1;
	}
	do
		rc = waitpid(h->pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	if (h->control >= 0)
		close(h->control);
	h->control = -1;
	if (!h->keep && h->dir[0])
		world_remove_dir(h->dir);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void world_enter(struct world *w, const struct node *n)
{
	/* Cannot fail: we hold the namespace, and root in it. To go on in the wrong one would be
	 * worse than to end. */
	if (setns(n ? n->ns_fd : w->hub_fd, CLONE_NEWNET)) {
		fprintf(stderr, "rig: setns: %m\n");
		abort();
	}
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	remove(path);
	return 0;
}

void world_remove_dir(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
