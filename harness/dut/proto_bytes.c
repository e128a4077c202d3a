/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes, lines and errors of the device protocol. See proto.h. */
#define _GNU_SOURCE 1
#include "harness/dut/proto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ERRNO_MAX = 4095, READ_ROOM = 65536 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- bytes ---- */

static char *base64(const uint8_t *b, size_t len)
{
	char *text = malloc((len + 2) / 3 * 4 + 1), *at = text;

	for (size_t i = 0; text && i < len; i += 3) {
		uint32_t n = (uint32_t)b[i] << 16 | (i + 1 < len ? (uint32_t)b[i + 1] << 8 : 0u) |
			     (i + 2 < len ? b[i + 2] : 0u);

		*at++ = digits[n >> 18];
		*at++ = digits[n >> 12 & 63];
		*at++ = i + 1 < len ? digits[n >> 6 & 63] : '=';
		*at++ = i + 2 < len ? digits[n & 63] : '=';
	}
	if (text)
		*at = '\0';
	return text;
}

json_t *proto_bytes(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	json_t *value;
	char *text;

	if (len > 0 && b[0] == 0 && memcmp(b, b + 1, len - 1) == 0)
		return json_pack("{s:I}", "zeros", (json_int_t)len);
	text = base64(b, len);
	value = text ? json_string(text) : NULL;
	free(text);
	return value;
}

static int digit_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int from_base64(const char *text, uint8_t **out, size_t *len)
{
	size_t n = strlen(text), pad = 0;
	uint8_t *b = malloc(n / 4 * 3 + 1);
	uint32_t bits = 0;

	if (!b)
		return -ENOMEM;
	while (pad < 2 && pad < n && text[n - pad - 1] == '=')
		pad++;
	*len = 0;
	for (size_t i = 0; i < n; i++) {
		int d = i < n - pad ? digit_of(text[i]) : 0;

		if (d < 0 || n % 4 != 0) {
			free(b);
			return -EINVAL;
		}
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 != 3)
			continue;
		b[(*len)++] = (uint8_t)(bits >> 16);
		b[(*len)++] = (uint8_t)(bits >> 8);
		b[(*len)++] = (uint8_t)bits;
	}
	*len -= pad;
	*out = b;
	return 0;
}

static int hex_digit(char c)
{
	static const char hex[] = "0123456789abcdef";
	const char *at = c ? strchr(hex, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;

	return at ? (int)(at - hex) : -1;
}

static int from_hex(const char *text, uint8_t **out, size_t *len)
{
	size_t n = strlen(text) / 2;
	uint8_t *b;

	if (strlen(text) % 2 != 0)
		return -EINVAL;
	b = malloc(n + 1);
	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(b);
			return -EINVAL;
		}
		b[i] = (uint8_t)(high << 4 | low);
	}
	*out = b;
	*len = n;
	return 0;
}

int proto_bytes_of(const json_t *value, uint8_t **out, size_t *len)
{
	const json_t *hex = json_object_get(value, "hex");
	const json_t *zeros = json_object_get(value, "zeros");
	const json_t *number = json_object_get(value, "int");
	json_int_t n = json_integer_value(zeros);

	if (json_is_string(value))
		return from_base64(json_string_value(value), out, len);
	if (json_is_string(hex))
		return from_hex(json_string_value(hex), out, len);
	if (json_is_integer(zeros) && n >= 0 && n <= PROTO_BYTES_MAX) {
		*out = calloc(1, (size_t)n + 1);
		*len = (size_t)n;
		return *out ? 0 : -ENOMEM;
	}
	if (json_is_integer(number)) {
		int v = (int)json_integer_value(number);

		*out = malloc(sizeof(v));
		*len = sizeof(v);
		if (*out)
			memcpy(*out, &v, sizeof(v));
		return *out ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

/* ---- errors ---- */

const char *proto_errno_name(int error, char room[16])
{
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(room, 16, "E%d", error);
	return room;
}

int proto_errno(const char *name)
{
	for (int e = 1; name && e <= ERRNO_MAX; e++) {
		const char *have = strerrorname_np(e);

		if (have && strcmp(have, name) == 0)
			return e;
	}
	return name && name[0] == 'E' && atoi(name + 1) > 0 ? atoi(name + 1) : EIO;
}

/* ---- lines ---- */

static int make_room(struct proto_in *in)
{
	size_t cap = in->cap ? in->cap : READ_ROOM;
	char *more;

	if (in->taken > 0) {
		in->have -= in->taken;
		memmove(in->bytes, in->bytes + in->taken, in->have);
		in->taken = 0;
	}
	while (cap - in->have < READ_ROOM / 2 + 1)
		cap *= 2;
	if (cap == in->cap)
		return 0;
	if (in->have > PROTO_LINE_MAX)
		return -EMSGSIZE;
	more = realloc(in->bytes, cap);
	if (!more)
		return -ENOMEM;
	in->bytes = more;
	in->cap = cap;
	return 0;
}

int proto_read(struct proto_in *in, int fd, int flags)
{
	int rc = make_room(in);
	ssize_t n;

	if (rc != 0)
		return rc;
	do
		n = recv(fd, in->bytes + in->have, in->cap - in->have, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	in->have += (size_t)n;
	return (int)n;
}

const char *proto_next(struct proto_in *in, size_t *len)
{
	char *from, *end;

	if (in->have == in->taken)
		return NULL;
	from = in->bytes + in->taken;
	end = memchr(from, '\n', in->have - in->taken);
	if (!end)
		return NULL;
	*len = (size_t)(end - from);
	in->taken += *len + 1;
	return from;
}

void proto_in_free(struct proto_in *in)
{
	free(in->bytes);
	*in = (struct proto_in){ 0 };
}

int proto_send(int fd, json_t *take_line)
{
	char *text = take_line ? json_dumps(take_line, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0, sent = 0;
	int rc = text ? 0 : -ENOMEM;

	json_decref(take_line);
	if (len > PROTO_LINE_MAX)
		rc = -EMSGSIZE;
	if (text)
		text[len++] = '\n'; /* where the NUL was */
	while (rc == 0 && sent < len) {
		ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno != EINTR)
			rc = -errno;
	}
	free(text);
	return rc;
}
