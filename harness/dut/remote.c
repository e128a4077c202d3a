/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device in another process. See remote.h. Every packet is stamped right after it was read, and
 * packets are read whenever anything is waited for, the answer of a call too.
 */
#define _GNU_SOURCE 1
#include "harness/dut/remote.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/dut/proto.h"
#include "harness/dut/turn.h"
#include "harness/dut/super.h"

static const uint64_t ns_per_s = 1000000000;
static const uint64_t patience_ns = 60 * 1000000000ull; /* for an answer that cannot take long */

struct sent {
	struct sent *next;
	uint64_t at_ns;
	size_t len;
	uint8_t bytes[];
};

struct remote {
	struct dut dut;
	struct dut_ops ops;
	struct remote_conf conf;
	struct proto_in in;
	json_int_t last_id;
	struct dut_call *pending;
	unsigned completed; /* calls that were pending and are done, not yet told of */
	struct sent *first, **last;
	uint8_t frame[DUT_PACKET_MAX];
};

static struct remote *of(struct dut *d)
{
	return (struct remote *)d; /* its first member */
}

static int broken(struct remote *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int broken(struct remote *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->dut.err, sizeof(r->dut.err), fmt, args);
	va_end(args);
	return -EIO;
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * ns_per_s + (uint64_t)ts.tv_nsec;
}

/* ---- packets ---- */

static int keep_packet(struct remote *r, size_t len, uint64_t at_ns)
{
	struct sent *s = malloc(sizeof(*s) + len);

	if (!s)
		return broken(r, "out of memory for a packet");
	*s = (struct sent){ .at_ns = at_ns, .len = len };
	memcpy(s->bytes, r->frame, len);
	*r->last = s;
	r->last = &s->next;
	return 0;
}

static ssize_t read_tun(struct remote *r)
{
	struct virtio_net_hdr h;
	struct iovec part[2] = { { &h, sizeof(h) }, { r->frame, sizeof(r->frame) } };
	ssize_t n;

	if (!r->conf.vnet)
		return read(r->conf.frames, r->frame, sizeof(r->frame));
	n = readv(r->conf.frames, part, 2);
	return n >= (ssize_t)sizeof(h) ? n - (ssize_t)sizeof(h) : n;
}

static ssize_t write_tun(struct remote *r, const void *bytes, size_t len)
{
	struct virtio_net_hdr h = { 0 };
	struct iovec part[2] = { { &h, sizeof(h) }, { (void *)(uintptr_t)bytes, len } };
	struct ph_offload super;

	if (!r->conf.vnet)
		return write(r->conf.frames, bytes, len);
	if (dut_super(bytes, len, r->conf.mss, &super)) {
		h.flags = super.flags;
		h.gso_type = super.gso_type;
		/* hdr_len stays 0, as packetdrill writes it: what the kernel makes of it decides what
		 * such a packet is charged, and so the windows that scripts compare. */
		h.gso_size = super.gso_size;
	}
	return writev(r->conf.frames, part, 2);
}

/* Length, 0 when there is none, -errno. What this side sent itself is not the device's. */
static ssize_t read_frame(struct remote *r)
{
	struct sockaddr_ll from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n;

	do {
		n = r->conf.packet_socket
			    ? recvfrom(r->conf.frames, r->frame, sizeof(r->frame), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &len)
			    : read_tun(r);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.sll_pkttype == PACKET_OUTGOING));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

static int drain_frames(struct remote *r)
{
	ssize_t n;

	while ((n = read_frame(r)) > 0) {
		int rc = keep_packet(r, (size_t)n, clock_ns());

		if (rc != 0)
			return rc;
	}
	return n < 0 ? broken(r, "the device's link cannot be read: %s", strerror((int)-n)) : 0;
}

static int inject_one(struct remote *r, const void *bytes, size_t len)
{
	bool v6 = len > 0 && *(const uint8_t *)bytes >> 4 == 6;
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	socklen_t tolen = sizeof(to);
	ssize_t n;

	if (r->conf.packet_socket) {
		(void)getsockname(r->conf.frames, (struct sockaddr *)&to, &tolen);
		to.sll_protocol = (uint16_t)(v6 ? __builtin_bswap16(ETH_P_IPV6)
						: __builtin_bswap16(ETH_P_IP));
		n = sendto(r->conf.frames, bytes, len, 0, (struct sockaddr *)&to, sizeof(to));
	} else {
		n = write_tun(r, bytes, len);
	}
	if (n < 0)
		return broken(r, "the device's link takes no packet of %zu bytes: %s", len,
			      strerror(errno));
	return 0;
}

/* What is longer than the link takes, or stands for segments, comes as they would. */
static int op_inject(struct dut *d, const void *bytes, size_t len)
{
	static const uint32_t headers = 60;
	struct remote *r = of(d);
	uint32_t mtu = r->conf.mtu ? r->conf.mtu : 1500;
	uint32_t mss = r->conf.mss ? r->conf.mss : len > mtu ? mtu - headers : 0;
	struct ph_offload super;
	uint8_t *one;
	size_t n;
	int rc = 0;

	if (!r->conf.packet_socket || !dut_super(bytes, len, mss, &super)) {
		rc = inject_one(r, bytes, len);
		return rc == 0 ? drain_frames(r) : rc;
	}
	one = malloc(len);
	if (!one)
		return broken(r, "out of memory for a packet");
	for (size_t i = 0; rc == 0 && (n = dut_super_segment(bytes, len, &super, i, one)) > 0; i++)
		rc = inject_one(r, one, n);
	free(one);
	return rc == 0 ? drain_frames(r) : rc;
}

static int op_take(struct dut *d, struct dut_packet *out)
{
	struct remote *r = of(d);
	struct sent *s = r->first;
	int rc = s ? 0 : drain_frames(r);

	s = r->first;
	if (!s)
		return rc;
	r->first = s->next;
	if (!r->first)
		r->last = &r->first;
	out->at_ns = s->at_ns;
	out->len = s->len;
	memcpy(out->bytes, s->bytes, s->len);
	free(s);
	return 1;
}

/* ---- lines ---- */

static void unlink_call(struct remote *r, const struct dut_call *c)
{
	for (struct dut_call **at = &r->pending; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			return;
		}
	}
}

/* The answer of a call that was pending, or of one that was cancelled. */
static int late_answer(struct remote *r, const json_t *answer)
{
	json_int_t id = json_integer_value(json_object_get(answer, "id"));
	struct dut_call *c = r->pending;

	while (c && (json_int_t)(intptr_t)c->priv != id)
		c = c->next;
	if (!c)
		return 0;
	unlink_call(r, c);
	c->priv = NULL;
	c->done = true;
	r->completed++;
	return proto_result(answer, c, r->dut.err, sizeof(r->dut.err)) == 0 ? 0 : -EIO;
}

/* Takes the lines that are here. The one with this id goes to *mine (0: none wanted). */
static int take_lines(struct remote *r, json_int_t id, json_t **mine)
{
	const char *line;
	size_t len;

	while (!(mine && *mine) && (line = proto_next(&r->in, &len))) {
		json_t *answer = json_loadb(line, len, 0, NULL);
		int rc = 0;

		if (!json_is_object(answer)) {
			json_decref(answer);
			return broken(r, "the device answers with a line that is no JSON object");
		}
		if (mine && json_integer_value(json_object_get(answer, "id")) == id) {
			*mine = answer;
			return 0;
		}
		rc = late_answer(r, answer);
		json_decref(answer);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int drain_lines(struct remote *r, json_int_t id, json_t **mine)
{
	int n, rc = take_lines(r, id, mine);

	while (rc == 0 && !(mine && *mine)) {
		n = proto_read(&r->in, r->conf.control, MSG_DONTWAIT);
		if (n == -EAGAIN)
			return 0;
		if (n <= 0)
			return broken(r, "the device is gone: %s",
				      n < 0 ? strerror(-n) : "it has closed its control socket");
		rc = take_lines(r, id, mine);
	}
	return rc;
}

/* Sleeps until a packet, a line, or until_ns. */
static int sleep_until(struct remote *r, uint64_t until_ns)
{
	struct pollfd p[2] = { { .fd = r->conf.frames, .events = POLLIN },
			       { .fd = r->conf.control, .events = POLLIN } };
	uint64_t now = clock_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec ts = { .tv_sec = (time_t)(left / ns_per_s),
			       .tv_nsec = (long)(left % ns_per_s) };

	if (ppoll(p, 2, until_ns == UINT64_MAX ? NULL : &ts, NULL) < 0 && errno != EINTR)
		return broken(r, "poll: %s", strerror(errno));
	return 0;
}

/* Sends a request (taken) and gives its first answer, the caller's. */
static int ask(struct remote *r, json_t *take_request, json_int_t id, json_t **answer)
{
	uint64_t until = clock_ns() + patience_ns;
	int rc = take_request ? proto_send(r->conf.control, take_request) : -EMSGSIZE;

	*answer = NULL;
	if (rc != 0)
		return broken(r, "the device cannot be asked: %s", strerror(-rc));
	for (;;) {
		rc = drain_frames(r);
		if (rc == 0)
			rc = drain_lines(r, id, answer);
		if (rc != 0 || *answer)
			break;
		if (clock_ns() > until)
			return broken(r, "the device does not answer");
		rc = sleep_until(r, until);
		if (rc != 0)
			break;
	}
	if (rc == 0 && json_object_get(*answer, "error")) {
		bool unsupported = json_is_true(json_object_get(*answer, "unsupported"));

		(void)broken(r, "%s", json_string_value(json_object_get(*answer, "error")));
		json_decref(*answer);
		*answer = NULL;
		return unsupported ? -EOPNOTSUPP : -EIO;
	}
	return rc;
}

/* A call beside struct dut_call's: its result or -errno, and what it put out (the caller's). */
static int ask_box(struct remote *r, const char *call, json_t *take_args, json_t **out)
{
	json_int_t id = ++r->last_id, result;
	json_t *answer;
	int rc = ask(r, json_pack("{s:I,s:s,s:o}", "id", id, "call", call, "args", take_args), id,
		     &answer);

	while (rc == 0 && json_is_true(json_object_get(answer, "pending"))) {
		json_decref(answer);
		answer = NULL;
		rc = sleep_until(r, clock_ns() + ns_per_s);
		if (rc == 0)
			rc = drain_frames(r);
		while (rc == 0 && !answer) {
			rc = drain_lines(r, id, &answer);
			if (rc == 0 && !answer)
				rc = sleep_until(r, clock_ns() + ns_per_s);
			if (rc == 0)
				rc = drain_frames(r);
		}
	}
	if (rc != 0)
		return rc;
	result = json_integer_value(json_object_get(answer, "result"));
	if (result < 0)
		result = -proto_errno(json_string_value(json_object_get(answer, "errno")));
	*out = json_incref(json_object_get(answer, "out"));
	json_decref(answer);
	return (int)result;
}

/* ---- the table ---- */

static void op_free(struct dut *d)
{
	struct remote *r = of(d);
	struct sent *next;

	if (r->conf.child > 0) {
		(void)kill(r->conf.child, SIGKILL);
		while (waitpid(r->conf.child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(r->conf.control);
	close(r->conf.frames);
	for (struct sent *s = r->first; s; s = next) {
		next = s->next;
		free(s);
	}
	proto_in_free(&r->in);
	free(r);
}

static uint64_t op_now(struct dut *d)
{
	(void)d;
	return clock_ns();
}

static int op_wait(struct dut *d, uint64_t until_ns, unsigned what)
{
	struct remote *r = of(d);

	for (;;) {
		int rc = drain_frames(r), bits = 0;

		if (rc == 0)
			rc = drain_lines(r, 0, NULL);
		if (rc != 0)
			return rc;
		if ((what & DUT_WAIT_PACKET) && r->first)
			bits |= DUT_WAIT_PACKET;
		if ((what & DUT_WAIT_CALL) && r->completed)
			bits |= DUT_WAIT_CALL;
		if (bits) {
			if (what & DUT_WAIT_CALL)
				r->completed = 0;
			return bits;
		}
		if (clock_ns() >= until_ns)
			return DUT_WAIT_TIME;
		rc = sleep_until(r, until_ns);
		if (rc != 0)
			return rc;
	}
}

static int op_call(struct dut *d, struct dut_call *c)
{
	struct remote *r = of(d);
	json_int_t id = ++r->last_id;
	json_t *request = proto_request(c, id), *answer;
	struct dut_call **end = &r->pending;
	int rc;

	c->done = false;
	if (!request)
		return broken(r, "a call with more than %d bytes does not fit in a line",
			      PROTO_BYTES_MAX);
	rc = ask(r, request, id, &answer);
	if (rc != 0)
		return rc;
	if (json_is_true(json_object_get(answer, "pending"))) {
		c->priv = (void *)(intptr_t)id;
		c->next = NULL;
		while (*end)
			end = &(*end)->next;
		*end = c;
	} else {
		rc = proto_result(answer, c, d->err, sizeof(d->err));
		c->done = rc == 0;
	}
	json_decref(answer);
	return rc == 0 ? 0 : -EIO;
}

static void op_cancel(struct dut *d, struct dut_call *c)
{
	unlink_call(of(d), c);
	c->priv = NULL;
}

static int op_sysctl(struct dut *d, const char *name, const char *value, char *out, size_t cap)
{
	json_t *args = json_pack("{s:s}", "name", name), *got = NULL;
	int rc;

	if (value)
		json_object_set_new(args, "value", json_string(value));
	rc = ask_box(of(d), "sysctl", args, &got);
	if (rc >= 0 && out) {
		const char *text = json_string_value(json_object_get(got, "value"));

		snprintf(out, cap, "%s", text ? text : "");
	}
	json_decref(got);
	return rc < 0 ? rc : 0;
}

static int op_sysctl_set(struct dut *d, const char *name, const char *value)
{
	return op_sysctl(d, name, value, NULL, 0);
}

static int op_sysctl_get(struct dut *d, const char *name, char *out, size_t cap)
{
	return op_sysctl(d, name, NULL, out, cap);
}

static int op_counter(struct dut *d, const char *name, uint64_t *out)
{
	json_t *got = NULL;
	int rc = ask_box(of(d), "counter", json_pack("{s:s}", "name", name), &got);

	if (rc >= 0)
		*out = (uint64_t)json_integer_value(json_object_get(got, "value"));
	json_decref(got);
	return rc < 0 ? rc : 0;
}

static int op_shell(struct dut *d, const char *command)
{
	json_t *got = NULL;
	int rc = ask_box(of(d), "shell", json_pack("{s:s}", "command", command), &got);

	json_decref(got);
	return rc < 0 ? -EIO : rc;
}

static int route_call(struct dut *d, const struct dut_route *route)
{
	json_t *got = NULL;
	json_t *args = json_pack("{s:I,s:I,s:I,s:I,s:I,s:b,s:b,s:b,s:s}", "mtu",
				 (json_int_t)route->mtu, "advmss", (json_int_t)route->advmss,
				 "initcwnd", (json_int_t)route->initcwnd, "initrwnd",
				 (json_int_t)route->initrwnd, "rto_min_ms",
				 (json_int_t)route->rto_min_ms, "mtu_lock", route->mtu_lock,
				 "quickack", route->quickack, "ecn", route->ecn, "congctl",
				 route->congctl ? route->congctl : "");
	int rc = ask_box(of(d), "route", args, &got);

	json_decref(got);
	if (rc == -EINVAL)
		(void)broken(of(d), "the route takes no such metrics");
	return rc == -EINVAL || rc == -EOPNOTSUPP ? -EOPNOTSUPP : rc < 0 ? -EIO : 0;
}

static int op_drop(struct dut *d, int fd)
{
	json_t *got = NULL;
	int rc = ask_box(of(d), "drop", json_pack("{s:i}", "fd", fd), &got);

	json_decref(got);
	return rc;
}

static int op_route_change(struct dut *d, const struct dut_route *route)
{
	struct remote *r = of(d);
	const struct {
		const char *word;
		uint32_t value;
	} words[] = { { route->mtu_lock ? "mtu lock" : "mtu", route->mtu },
		      { "advmss", route->advmss },
		      { "initcwnd", route->initcwnd },
		      { "initrwnd", route->initrwnd },
		      { "quickack", route->quickack } };
	char command[512];
	size_t at = (size_t)snprintf(command, sizeof(command), "ip route change %s", r->conf.route);

	if (!r->conf.kernel)
		return route_call(d, route);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].value)
			at += (size_t)snprintf(command + at, sizeof(command) - at, " %s %" PRIu32,
					       words[i].word, words[i].value);
	if (route->rto_min_ms)
		at += (size_t)snprintf(command + at, sizeof(command) - at, " rto_min %" PRIu32 "ms",
				       route->rto_min_ms);
	if (route->ecn)
		at += (size_t)snprintf(command + at, sizeof(command) - at, " features ecn");
	if (route->congctl && strspn(route->congctl, "abcdefghijklmnopqrstuvwxyz0123456789_-") ==
				      strlen(route->congctl))
		(void)snprintf(command + at, sizeof(command) - at, " congctl %s", route->congctl);
	return op_shell(d, command) == 0 ? 0 : broken(r, "%s: refused", command);
}

static int op_metrics_flush(struct dut *d)
{
	struct remote *r = of(d);

	if (!r->conf.kernel) /* not known to keep any */
		return 0;
	return op_shell(d, "ip tcp_metrics flush all >/dev/null 2>&1") >= 0 ? 0 : -EIO;
}

/* The link has no offloads, as a script that turns them off wants it. */
static int op_offload(struct dut *d, const char *feature, bool on)
{
	if (!on)
		return 0;
	(void)broken(of(d), "offload %s on: the script's link has no offloads", feature);
	return -EOPNOTSUPP;
}

static int op_socks(struct dut *d, struct dut_sock *out, size_t n)
{
	json_t *got = NULL;
	const json_t *list, *one;
	int rc = ask_box(of(d), "sockets", json_object(), &got);
	size_t i;

	list = json_object_get(got, "sockets");
	json_array_foreach(list, i, one) {
		if (i >= n)
			break;
		out[i] = (struct dut_sock){
			.type = (int)json_integer_value(json_object_get(one, "type")),
			.state = (int)json_integer_value(json_object_get(one, "state")),
		};
		if (!proto_addr_of(json_object_get(one, "local"), &out[i].local) ||
		    !proto_addr_of(json_object_get(one, "peer"), &out[i].peer))
			rc = broken(of(d), "the device's list of sockets has no addresses");
	}
	if (rc >= 0)
		rc = (int)json_array_size(list);
	json_decref(got);
	return rc;
}

static void op_describe(struct dut *d, char *out, size_t cap)
{
	json_t *got = NULL;
	int rc = ask_box(of(d), "describe", json_object(), &got);
	const char *text = json_string_value(json_object_get(got, "text"));

	snprintf(out, cap, "%s", rc >= 0 && text ? text : "");
	for (size_t n = strlen(out); n > 0 && out[n - 1] == '\n'; n--)
		out[n - 1] = '\0';
	json_decref(got);
}

static uint64_t op_waited(struct dut *d)
{
	struct remote *r = of(d);

	return turn_waited_ns(0) + (r->conf.child > 0 ? turn_waited_ns(r->conf.child) : 0);
}

static const struct dut_ops remote_ops = {
	.free = op_free,
	.now = op_now,
	.wait = op_wait,
	.inject = op_inject,
	.take = op_take,
	.call = op_call,
	.cancel = op_cancel,
	.sysctl_set = op_sysctl_set,
	.sysctl_get = op_sysctl_get,
	.counter = op_counter,
	.route_change = op_route_change,
	.metrics_flush = op_metrics_flush,
	.drop = op_drop,
	.offload = op_offload,
	.shell = op_shell,
	.socks = op_socks,
	.waited = op_waited,
	.describe = op_describe,
};

struct dut *remote_new(const struct remote_conf *conf)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->conf = *conf;
	r->ops = remote_ops;
	r->ops.name = conf->name;
	r->dut.ops = &r->ops;
	r->last = &r->first;
	return &r->dut;
}
