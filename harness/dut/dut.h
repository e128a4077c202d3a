/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device under test as a table of functions: packets in and out, socket calls, sysctls,
 * counters, and a clock. Scripts know no other way to a stack. phantom in process answers in virtual
 * time; kernel sockets in a namespace, and programs that speak the device protocol, in real time.
 *
 * Everything has Linux's numbers: families, types, options, flags, ioctls, errno. Times are
 * nanoseconds of the device's own clock. A device is used by one thread.
 */
#ifndef DUT_DUT_H
#define DUT_DUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum { DUT_ERR_TEXT = 256, DUT_PACKET_MAX = 65535 };

/* Where the device stands. The peer (the script) is every address that `prefix` does not make
 * local's neighbour, and its neighbours too: the device sends everything out of its one link. */
struct dut_conf {
	struct ph_ip local;  /* the device's address; IPv4 as ::ffff:a.b.c.d */
	struct ph_ip local6; /* with IPv4-mapped scripts: unused, all zero */
	unsigned prefix;     /* of the local address, 0..32 or 0..128 */
	struct ph_ip remote; /* the script's address */
	struct ph_ip gateway; /* the way to remote; all zero: on the link */
	uint32_t mtu;	     /* 0: 1500 */
	uint32_t mss; /* longer TCP packets to the device stand for segments of this; 0: for one */
	uint8_t key[32];     /* entropy, for devices that let it be chosen */
	void (*trace)(void *arg, const struct ph_trace_event *event); /* NULL: none */
	void *trace_arg;
};

/*
 * One socket call. The caller fills what the operation needs; everything that is pointed to stays
 * the caller's and must live until the call is done or cancelled.
 *
 *	operation	fd	a0		a1	a2	beside
 *	SOCKET		-	family		type	proto	the new descriptor is the result
 *	BIND CONNECT	fd	-		-	-	addr
 *	LISTEN		fd	backlog		-	-
 *	ACCEPT		fd	flags		-	-	addr out; the descriptor is the result
 *	SEND		fd	MSG_*		-	-	buf, len; addr, control if given
 *	RECV		fd	MSG_*		-	-	buf, len; addr out, control out, msg_flags out
 *	SHUTDOWN	fd	how		-	-
 *	CLOSE		fd	-		-	-
 *	GETSOCKOPT	fd	level		name	-	buf; len is the room, then what was written
 *	SETSOCKOPT	fd	level		name	-	buf, len
 *	GETSOCKNAME	fd	-		-	-	addr out
 *	GETPEERNAME	fd	-		-	-	addr out
 *	FCNTL		fd	F_GETFL, F_SETFL flags	-
 *	IOCTL		fd	SIOCINQ ...	-	-	value out
 *	POLL		-	timeout in ms	-	-	poll, npoll
 *	EPOLL_CREATE	-	flags		-	-	the descriptor is the result
 *	EPOLL_CTL	epfd	EPOLL_CTL_*	fd	-	epoll[0]
 *	EPOLL_WAIT	epfd	timeout in ms	-	-	epoll, nepoll: the room
 *
 * Descriptors are the device's own; sockets block unless O_NONBLOCK or MSG_DONTWAIT says otherwise.
 */
enum dut_op {
	DUT_SOCKET, DUT_BIND, DUT_LISTEN, DUT_ACCEPT, DUT_CONNECT, DUT_SEND, DUT_RECV, DUT_SHUTDOWN,
	DUT_CLOSE, DUT_GETSOCKOPT, DUT_SETSOCKOPT, DUT_GETSOCKNAME, DUT_GETPEERNAME, DUT_FCNTL,
	DUT_IOCTL, DUT_POLL, DUT_EPOLL_CREATE, DUT_EPOLL_CTL, DUT_EPOLL_WAIT,
	DUT_OPS
};

struct dut_poll {
	int fd;
	uint32_t events, revents;
};

struct dut_epoll {
	uint32_t events;
	uint64_t data;
};

struct dut_call {
	enum dut_op op;
	int fd;
	int64_t a[3];
	bool has_addr;
	struct ph_sockaddr addr;
	void *buf;
	size_t len;
	void *control; /* cmsghdr after cmsghdr, as Linux lays them out on this machine */
	size_t control_len; /* SEND: bytes of it; RECV: written by the device */
	size_t control_cap; /* RECV: the room */
	int msg_flags;
	int64_t value;
	struct dut_poll *poll;
	size_t npoll;
	struct dut_epoll *epoll;
	size_t nepoll;

	/* Written by the device. */
	bool done;
	int64_t result;	  /* >= 0, or the negative errno */
	uint64_t done_ns; /* when it returned */

	void *priv; /* the device's own, while the call is pending */
	struct dut_call *next;
};

/* A socket or connection of the device. */
struct dut_sock {
	int type;  /* PH_SOCK_* */
	int state; /* Linux's TCP_ESTABLISHED = 1 ...; 7 (CLOSE) for what is not connected */
	struct ph_sockaddr local, peer;
};

/* A packet that the device sent. */
struct dut_packet {
	uint64_t at_ns;
	size_t len;
	uint8_t bytes[DUT_PACKET_MAX]; /* from the IP header on */
};

/* What wait() waits for, and what it says has happened. */
enum { DUT_WAIT_PACKET = 1, DUT_WAIT_CALL = 2, DUT_WAIT_TIME = 4 };

/* What a route does beyond its way; 0: not said. */
struct dut_route {
	uint32_t mtu, advmss, initcwnd, initrwnd, rto_min_ms;
	bool mtu_lock, quickack, ecn; /* ecn: features ecn */
	const char *congctl; /* NULL: not said */
};

struct dut;

/* Calls return 0 or a negative errno unless they say otherwise; -EIO means that the device itself
 * failed and `err` in struct dut says how. NULL where "optional": the device cannot. */
struct dut_ops {
	const char *name; /* "phantom", "linux", as --dut says */
	bool virtual_time; /* the clock jumps; runs repeat exactly */

	void (*free)(struct dut *d);

	uint64_t (*now)(struct dut *d);
	/* Lets time go by until one of `what` has happened or until_ns is reached, whichever comes
	 * first: the bits that hold (DUT_WAIT_TIME when until_ns was reached), or -EIO. What is due
	 * in the device at until_ns has been done. until_ns in the past: looks and returns. */
	int (*wait)(struct dut *d, uint64_t until_ns, unsigned what);

	/* A packet for the device, from its IP header on, now. */
	int (*inject)(struct dut *d, const void *bytes, size_t len);
	/* The oldest packet it sent that was not yet taken: 1, 0 when there is none, -EIO. */
	int (*take)(struct dut *d, struct dut_packet *out);

	/* Starts the call. 0: c->done may be true already; if not it will be, some time, with
	 * DUT_WAIT_CALL. -EIO: see d->err. -EOPNOTSUPP: no such operation, see d->err. */
	int (*call)(struct dut *d, struct dut_call *c);
	/* Forgets a pending call. */
	void (*cancel)(struct dut *d, struct dut_call *c);

	/* Linux's names: net.ipv4.tcp_sack. -ENOENT: unknown, -EINVAL, -EPERM. */
	int (*sysctl_set)(struct dut *d, const char *name, const char *value);
	int (*sysctl_get)(struct dut *d, const char *name, char *out, size_t cap);
	/* nstat's names: TcpExtTCPTimeouts. -ENOENT: unknown. */
	int (*counter)(struct dut *d, const char *name, uint64_t *out);
	/* Optional: what ip route change, ip tcp_metrics flush all, tcpdrop and
	 * ethtool -K DEV tso|gso on|off mean. -EOPNOTSUPP with d->err for what is not done. */
	int (*route_change)(struct dut *d, const struct dut_route *route);
	int (*metrics_flush)(struct dut *d);
	int (*drop)(struct dut *d, int fd);
	int (*offload)(struct dut *d, const char *feature, bool on);
	/* Optional: every socket and connection, at most n into out; how many there are. */
	int (*socks)(struct dut *d, struct dut_sock *out, size_t n);
	/* Optional: a shell command where the device lives. Its exit status, or -EIO. */
	int (*shell)(struct dut *d, const char *command);
	/* Optional: how long this process and the device's were ready to run and had no CPU, in all, in
	 * nanoseconds: what came late meanwhile was not the device's. */
	uint64_t (*waited)(struct dut *d);
	/* Optional: a summary of the device's sockets and queues, for a failure's report. */
	void (*describe)(struct dut *d, char *out, size_t cap);
};

struct dut {
	const struct dut_ops *ops;
	char err[DUT_ERR_TEXT]; /* a sentence about the last failure of the device */
};

/* phantom in this process, on a link without Ethernet, its clock virtual. NULL with a sentence in
 * err (DUT_ERR_TEXT bytes); one that begins with "unsupported: " says what phantom does not have. */
struct dut *dut_phantom_new(const struct dut_conf *conf, char *err);

#endif
