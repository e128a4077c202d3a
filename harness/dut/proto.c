/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the device protocol as JSON and back; one table says what each takes. See proto.h. */
#include "harness/dut/proto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a call carries beside its numbers. */
enum {
	HAS_FD = 1,
	ADDR_IN = 2,
	ADDR_OUT = 4,
	BYTES_IN = 8,
	BYTES_OUT = 16,
	CONTROL_IN = 32,
	CONTROL_OUT = 64,
	VALUE = 128,
	POLLS = 256,
	EPOLL_ONE = 512,
	EPOLLS = 1024,
};

struct shape {
	const char *name;
	const char *a[3];
	unsigned has;
};

static const struct shape shapes[DUT_OPS] = {
	[DUT_SOCKET] = { "socket", { "family", "type", "protocol" }, 0 },
	[DUT_BIND] = { "bind", { NULL }, HAS_FD | ADDR_IN },
	[DUT_LISTEN] = { "listen", { "backlog" }, HAS_FD },
	[DUT_ACCEPT] = { "accept", { "flags" }, HAS_FD | ADDR_OUT },
	[DUT_CONNECT] = { "connect", { NULL }, HAS_FD | ADDR_IN },
	[DUT_SEND] = { "send", { "flags" }, HAS_FD | BYTES_IN | ADDR_IN | CONTROL_IN },
	[DUT_RECV] = { "recv", { "flags" }, HAS_FD | BYTES_OUT | ADDR_OUT | CONTROL_OUT },
	[DUT_SHUTDOWN] = { "shutdown", { "how" }, HAS_FD },
	[DUT_CLOSE] = { "close", { NULL }, HAS_FD },
	[DUT_GETSOCKOPT] = { "getsockopt", { "level", "name" }, HAS_FD | BYTES_OUT },
	[DUT_SETSOCKOPT] = { "setsockopt", { "level", "name" }, HAS_FD | BYTES_IN },
	[DUT_GETSOCKNAME] = { "getsockname", { NULL }, HAS_FD | ADDR_OUT },
	[DUT_GETPEERNAME] = { "getpeername", { NULL }, HAS_FD | ADDR_OUT },
	[DUT_FCNTL] = { "fcntl", { "cmd", "arg" }, HAS_FD },
	[DUT_IOCTL] = { "ioctl", { "request" }, HAS_FD | VALUE },
	[DUT_POLL] = { "poll", { "timeout_ms" }, POLLS },
	[DUT_EPOLL_CREATE] = { "epoll_create", { "flags" }, 0 },
	[DUT_EPOLL_CTL] = { "epoll_ctl", { "op", "target" }, HAS_FD | EPOLL_ONE },
	[DUT_EPOLL_WAIT] = { "epoll_wait", { "timeout_ms" }, HAS_FD | EPOLLS },
};

static json_int_t number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* ---- addresses ---- */

json_t *proto_addr(const struct ph_sockaddr *a)
{
	char text[INET6_ADDRSTRLEN];

	if (a->family == PH_AF_INET)
		inet_ntop(AF_INET, a->ip.b + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, a->ip.b, text, sizeof(text));
	return json_pack("{s:i,s:s,s:i,s:I}", "family", (int)a->family, "ip", text, "port",
			 (int)a->port, "scope", (json_int_t)a->scope);
}

bool proto_addr_of(const json_t *o, struct ph_sockaddr *a)
{
	const char *text = json_string_value(json_object_get(o, "ip"));
	uint8_t v4[4];

	*a = (struct ph_sockaddr){ .family = (uint16_t)number(o, "family"),
				   .port = (uint16_t)number(o, "port"),
				   .scope = (uint32_t)number(o, "scope") };
	if (number(o, "port") < 0 || number(o, "port") > 65535)
		return false;
	if (!text)
		return a->family == 0;
	if (inet_pton(AF_INET, text, v4) == 1) {
		a->ip = ph_ip4(v4[0], v4[1], v4[2], v4[3]);
		return true;
	}
	return inet_pton(AF_INET6, text, a->ip.b) == 1;
}

/* ---- requests ---- */

static json_t *polls_json(const struct dut_call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->npoll; i++)
		json_array_append_new(list, json_pack("{s:i,s:i}", "fd", c->poll[i].fd, "events",
						      (int)c->poll[i].events));
	return list;
}

json_t *proto_request(const struct dut_call *c, json_int_t id)
{
	const struct shape *s = &shapes[c->op];
	json_t *args = json_object();

	if (c->len > PROTO_BYTES_MAX || c->npoll > PROTO_LIST_MAX) {
		json_decref(args);
		return NULL;
	}
	if (s->has & HAS_FD)
		json_object_set_new(args, "fd", json_integer(c->fd));
	for (int i = 0; i < 3 && s->a[i]; i++)
		json_object_set_new(args, s->a[i], json_integer(c->a[i]));
	if ((s->has & ADDR_IN) && (c->has_addr || c->op != DUT_SEND))
		json_object_set_new(args, "addr", proto_addr(&c->addr));
	if (s->has & BYTES_IN)
		json_object_set_new(args, "bytes", proto_bytes(c->buf, c->len));
	if (s->has & BYTES_OUT)
		json_object_set_new(args, "len", json_integer((json_int_t)c->len));
	if ((s->has & CONTROL_IN) && c->control_len > 0)
		json_object_set_new(args, "control", proto_bytes(c->control, c->control_len));
	if (s->has & CONTROL_OUT)
		json_object_set_new(args, "control_len", json_integer((json_int_t)c->control_cap));
	if (s->has & VALUE)
		json_object_set_new(args, "value", json_integer(c->value));
	if (s->has & POLLS)
		json_object_set_new(args, "fds", polls_json(c));
	if ((s->has & EPOLL_ONE) && c->epoll) {
		json_object_set_new(args, "events", json_integer(c->epoll[0].events));
		json_object_set_new(args, "data", json_integer((json_int_t)c->epoll[0].data));
	}
	if (s->has & EPOLLS)
		json_object_set_new(args, "max", json_integer((json_int_t)c->nepoll));
	return json_pack("{s:I,s:s,s:o}", "id", id, "call", s->name, "args", args);
}

static int complain(char *err, size_t cap, const char *call, const char *what)
{
	snprintf(err, cap, "%s: %s", call, what);
	return -EINVAL;
}

static int room_for(const json_t *args, const char *name, json_int_t max, size_t *out)
{
	json_int_t n = number(args, name);

	if (n < 0 || n > max)
		return -EINVAL;
	*out = (size_t)n;
	return 0;
}

static int polls_of(const json_t *args, struct dut_call *c)
{
	const json_t *list = json_object_get(args, "fds");

	c->npoll = json_array_size(list);
	if (!json_is_array(list) || c->npoll > PROTO_LIST_MAX)
		return -EINVAL;
	c->poll = calloc(c->npoll + 1, sizeof(*c->poll));
	for (size_t i = 0; c->poll && i < c->npoll; i++) {
		const json_t *one = json_array_get(list, i);

		c->poll[i].fd = (int)number(one, "fd");
		c->poll[i].events = (uint32_t)number(one, "events");
	}
	return c->poll ? 0 : -EINVAL;
}

/* The buffers of a call: 0, or -EINVAL with a sentence. */
static int buffers_of(const json_t *args, struct dut_call *c, char *err, size_t cap)
{
	const struct shape *s = &shapes[c->op];
	const json_t *control = json_object_get(args, "control");
	uint8_t *b = NULL;

	if (s->has & BYTES_IN) {
		if (proto_bytes_of(json_object_get(args, "bytes"), &b, &c->len) != 0)
			return complain(err, cap, s->name,
					"\"bytes\" must be base64, {\"hex\":..}, {\"zeros\":N} or "
					"{\"int\":N}");
		c->buf = b;
	}
	if (s->has & BYTES_OUT) {
		if (room_for(args, "len", PROTO_BYTES_MAX, &c->len) != 0)
			return complain(err, cap, s->name, "\"len\" must be 0 to 4194304");
		c->buf = calloc(1, c->len + 1);
	}
	if ((s->has & CONTROL_IN) && control) {
		if (proto_bytes_of(control, &b, &c->control_len) != 0)
			return complain(err, cap, s->name, "\"control\" must be base64");
		c->control = b;
	}
	if (s->has & CONTROL_OUT) {
		if (room_for(args, "control_len", 65536, &c->control_cap) != 0)
			return complain(err, cap, s->name, "\"control_len\" must be 0 to 65536");
		c->control = calloc(1, c->control_cap + 1);
	}
	if ((s->has & POLLS) && polls_of(args, c) != 0)
		return complain(err, cap, s->name,
				"\"fds\" must be a list of up to 1024 {\"fd\":N,\"events\":N}");
	if (s->has & EPOLL_ONE)
		c->nepoll = 1;
	if ((s->has & EPOLLS) && room_for(args, "max", PROTO_LIST_MAX, &c->nepoll) != 0)
		return complain(err, cap, s->name, "\"max\" must be 0 to 1024");
	if (s->has & (EPOLL_ONE | EPOLLS))
		c->epoll = calloc(c->nepoll + 1, sizeof(*c->epoll));
	if (c->epoll && (s->has & EPOLL_ONE))
		c->epoll[0] = (struct dut_epoll){ .events = (uint32_t)number(args, "events"),
						  .data = (uint64_t)number(args, "data") };
	return 0;
}

int proto_call(const json_t *request, struct dut_call *c, char *err, size_t cap)
{
	const char *name = json_string_value(json_object_get(request, "call"));
	const json_t *args = json_object_get(request, "args"), *addr = json_object_get(args, "addr");
	const struct shape *s = NULL;

	*c = (struct dut_call){ .fd = -1 };
	for (int op = 0; name && op < DUT_OPS; op++) {
		if (strcmp(shapes[op].name, name) == 0) {
			c->op = (enum dut_op)op;
			s = &shapes[op];
		}
	}
	if (!s) {
		snprintf(err, cap, "there is no call \"%.40s\"; see docs/dut-protocol.md",
			 name ? name : "");
		return -ENOSYS;
	}
	if (s->has & HAS_FD) {
		if (!json_is_integer(json_object_get(args, "fd")))
			return complain(err, cap, name, "\"fd\" is missing; write a number");
		c->fd = (int)number(args, "fd");
	}
	for (int i = 0; i < 3 && s->a[i]; i++)
		c->a[i] = number(args, s->a[i]);
	c->value = number(args, "value");
	if (s->has & ADDR_IN) {
		c->has_addr = addr != NULL;
		if (addr ? !proto_addr_of(addr, &c->addr) : c->op != DUT_SEND)
			return complain(err, cap, name,
					"\"addr\" must be {\"family\":2,\"ip\":\"192.0.2.1\","
					"\"port\":8080}");
	}
	return buffers_of(args, c, err, cap);
}

void proto_call_free(struct dut_call *c)
{
	free(c->buf);
	free(c->control);
	free(c->poll);
	free(c->epoll);
}

/* ---- answers ---- */

static json_t *revents_json(const struct dut_call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->npoll; i++)
		json_array_append_new(list, json_integer(c->poll[i].revents));
	return list;
}

static json_t *epolls_json(const struct dut_call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nepoll && (int64_t)i < c->result; i++)
		json_array_append_new(list, json_pack("{s:I,s:I}", "events",
						      (json_int_t)c->epoll[i].events, "data",
						      (json_int_t)c->epoll[i].data));
	return list;
}

static json_t *out_json(const struct dut_call *c)
{
	const struct shape *s = &shapes[c->op];
	json_t *out = json_object();
	size_t len = c->op == DUT_RECV && c->result < (int64_t)c->len ? (size_t)c->result : c->len;

	if (c->result < 0)
		return out;
	if ((s->has & ADDR_OUT) && c->has_addr)
		json_object_set_new(out, "addr", proto_addr(&c->addr));
	if (s->has & BYTES_OUT)
		json_object_set_new(out, "bytes", proto_bytes(c->buf, len));
	if (s->has & CONTROL_OUT) {
		json_object_set_new(out, "msg_flags", json_integer(c->msg_flags));
		if (c->control_len > 0)
			json_object_set_new(out, "control", proto_bytes(c->control, c->control_len));
	}
	if (s->has & VALUE)
		json_object_set_new(out, "value", json_integer(c->value));
	if (s->has & POLLS)
		json_object_set_new(out, "revents", revents_json(c));
	if (s->has & EPOLLS)
		json_object_set_new(out, "events", epolls_json(c));
	return out;
}

json_t *proto_answer(const struct dut_call *c, json_int_t id, uint64_t started_ns)
{
	char room[16];
	json_t *answer = json_pack("{s:I,s:I,s:o,s:I,s:I}", "id", id, "result",
				   (json_int_t)(c->result < 0 ? -1 : c->result), "out", out_json(c),
				   "started_ns", (json_int_t)started_ns, "ended_ns",
				   (json_int_t)c->done_ns);

	if (c->result < 0)
		json_object_set_new(answer, "errno",
				    json_string(proto_errno_name((int)-c->result, room)));
	return answer;
}

/* Bytes into a call's buffer, as many as fit; *len becomes how many there were. */
static int take_bytes(const json_t *value, void *to, size_t *len)
{
	uint8_t *b;
	size_t n;

	if (proto_bytes_of(value, &b, &n) != 0)
		return -EINVAL;
	if (*len > n)
		*len = n;
	if (*len > 0)
		memcpy(to, b, *len);
	free(b);
	return 0;
}

static int take_lists(const json_t *out, struct dut_call *c)
{
	const json_t *revents = json_object_get(out, "revents");
	const json_t *events = json_object_get(out, "events");

	for (size_t i = 0; i < c->npoll && c->op == DUT_POLL; i++)
		c->poll[i].revents = (uint32_t)json_integer_value(json_array_get(revents, i));
	for (size_t i = 0; c->op == DUT_EPOLL_WAIT && i < c->nepoll; i++) {
		const json_t *one = json_array_get(events, i);

		c->epoll[i] = (struct dut_epoll){ .events = (uint32_t)number(one, "events"),
						  .data = (uint64_t)number(one, "data") };
	}
	return c->op == DUT_POLL && json_array_size(revents) != c->npoll ? -EINVAL : 0;
}

int proto_result(const json_t *answer, struct dut_call *c, char *err, size_t cap)
{
	const struct shape *s = &shapes[c->op];
	const json_t *out = json_object_get(answer, "out"), *addr = json_object_get(out, "addr");
	const json_t *control = json_object_get(out, "control");
	json_int_t result = number(answer, "result");
	size_t len = c->len;

	if (!json_is_integer(json_object_get(answer, "result")))
		return complain(err, cap, s->name, "the answer has no \"result\"");
	c->result = result;
	c->done_ns = (uint64_t)number(answer, "ended_ns");
	if (result < 0) {
		c->result = -proto_errno(json_string_value(json_object_get(answer, "errno")));
		return 0;
	}
	if ((s->has & BYTES_OUT) && take_bytes(json_object_get(out, "bytes"), c->buf, &len) != 0)
		return complain(err, cap, s->name, "the answer's \"bytes\" are no bytes");
	if (c->op == DUT_GETSOCKOPT)
		c->len = len;
	if (s->has & CONTROL_OUT) {
		c->msg_flags = (int)number(out, "msg_flags");
		c->control_len = control ? c->control_cap : 0;
		if (control && take_bytes(control, c->control, &c->control_len) != 0)
			return complain(err, cap, s->name, "the answer's \"control\" is no bytes");
	}
	if ((s->has & ADDR_OUT) && addr) {
		if (!proto_addr_of(addr, &c->addr))
			return complain(err, cap, s->name, "the answer's \"addr\" is no address");
		c->has_addr = true;
	}
	if (s->has & VALUE)
		c->value = number(out, "value");
	if (take_lists(out, c) != 0)
		return complain(err, cap, s->name, "the answer's lists are not as long as asked");
	return 0;
}

json_t *proto_error(const json_t *id, const char *sentence, bool unsupported)
{
	json_t *answer = json_pack("{s:s}", "error", sentence);

	if (id)
		json_object_set(answer, "id", (json_t *)(uintptr_t)id);
	if (unsupported)
		json_object_set_new(answer, "unsupported", json_true());
	return answer;
}
