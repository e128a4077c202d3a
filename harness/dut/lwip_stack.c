/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's sockets behind the table of agent_stack.h. Debian builds lwIP with this machine's headers
 * for its sockets API, so that families, options, flags, errors and structures are Linux's
 * already. See lwip_stack.h.
 */
#define _GNU_SOURCE 1
#include "harness/dut/lwip_stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <lwip/priv/tcp_priv.h>
#include <lwip/sockets.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>

#include "harness/dut/lwip_link.h"

enum { TYPE_MASK = 0xf, TEXT_ROOM = 8192 };

/* ---- sockets ---- */

static int set_nonblocking(int fd, bool on)
{
	int rc = fd >= 0 && on ? lwip_fcntl(fd, F_SETFL, O_NONBLOCK) : 0;

	if (rc >= 0)
		return fd;
	(void)lwip_close(fd);
	return -1;
}

static int stack_socket(int family, int type, int protocol)
{
	return set_nonblocking(lwip_socket(family, type & TYPE_MASK, protocol),
			       (type & SOCK_NONBLOCK) != 0);
}

static int stack_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return set_nonblocking(lwip_accept(fd, addr, len), (flags & SOCK_NONBLOCK) != 0);
}

/* lwIP has no signals: nothing to suppress. */
static ssize_t stack_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return lwip_sendmsg(fd, m, flags & ~MSG_NOSIGNAL);
}

static int stack_fcntl(int fd, int cmd, int arg)
{
	/* Its F_SETFL refuses the access mode that its F_GETFL tells. */
	return lwip_fcntl(fd, cmd, cmd == F_SETFL ? arg & O_NONBLOCK : arg);
}

static int stack_ioctl(int fd, unsigned long request, int *value)
{
	return lwip_ioctl(fd, (long)request, value);
}

/* ---- what it always does ---- */

/* lwIP is configured when it is compiled: a sysctl has the value that Debian's package is built
 * with, and cannot be given another. */
static const struct {
	const char *name, *value;
} always[] = {
	{ "net.ipv4.tcp_sack", "0" },
	{ "net.ipv4.tcp_dsack", "0" },
	{ "net.ipv4.tcp_timestamps", "0" },
	{ "net.ipv4.tcp_window_scaling", "1" },
	{ "net.ipv4.tcp_ecn", "0" },
	{ "net.ipv4.tcp_fastopen", "0" },
	{ "net.ipv4.tcp_syncookies", "0" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
	{ "net.ipv4.tcp_early_retrans", "0" },
	{ "net.ipv4.tcp_recovery", "0" },
	{ "net.ipv4.tcp_frto", "0" },
	{ "net.ipv4.tcp_mtu_probing", "0" },
	{ "net.ipv4.tcp_autocorking", "0" },
	{ "net.ipv4.tcp_tw_reuse", "0" },
};

static int stack_sysctl(const json_t *args, json_t *out)
{
	const char *name = json_string_value(json_object_get(args, "name"));
	const char *value = json_string_value(json_object_get(args, "value"));

	if (!name)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (strcmp(always[i].name, name) != 0)
			continue;
		if (value && strcmp(value, always[i].value) != 0)
			return -EPERM;
		return json_object_set_new(out, "value", json_string(always[i].value));
	}
	return -ENOENT;
}

/* The package is built without statistics. */
static int stack_counter(const json_t *args, json_t *out)
{
	(void)args;
	(void)out;
	return -ENOENT;
}

/* ---- a summary ---- */

static size_t one_pcb(const struct tcp_pcb *p, char *text, size_t cap)
{
	int n = snprintf(text, cap,
			 "%s port %u, peer's %u, snd_nxt %u, lastack %u, rcv_nxt %u, cwnd %u, "
			 "ssthresh %u, rto %d\n",
			 tcp_debug_state_str(p->state), p->local_port, p->remote_port, p->snd_nxt,
			 p->lastack, p->rcv_nxt, p->cwnd, p->ssthresh, p->rto);

	return n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static int stack_describe(const json_t *args, json_t *out)
{
	char text[TEXT_ROOM] = "";
	size_t at = 0;

	(void)args;
	LOCK_TCPIP_CORE();
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		at += one_pcb(p, text + at, sizeof(text) - at);
	for (const struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		at += one_pcb(p, text + at, sizeof(text) - at);
	for (const struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next) {
		int n = snprintf(text + at, sizeof(text) - at, "%s port %u\n",
				 tcp_debug_state_str(l->state), l->local_port);

		at += n > 0 && (size_t)n < sizeof(text) - at ? (size_t)n : 0;
	}
	UNLOCK_TCPIP_CORE();
	return json_object_set_new(out, "text", json_string(text));
}

const struct agent_stack lwip_stack = {
	.socket = stack_socket,
	.bind = lwip_bind,
	.listen = lwip_listen,
	.accept = stack_accept,
	.connect = lwip_connect,
	.sendmsg = stack_sendmsg,
	.recvmsg = lwip_recvmsg,
	.shutdown = lwip_shutdown,
	.close = lwip_close,
	.getsockopt = lwip_getsockopt,
	.setsockopt = lwip_setsockopt,
	.getsockname = lwip_getsockname,
	.getpeername = lwip_getpeername,
	.fcntl = stack_fcntl,
	.ioctl = stack_ioctl,
	.poll = lwip_poll,
	.settle = lwip_link_pump,
	.sysctl = stack_sysctl,
	.counter = stack_counter,
	.describe = stack_describe,
};
