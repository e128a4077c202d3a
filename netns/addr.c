/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses and prints addresses and names; derives device names and MACs. See addr.h. */
#include "netns/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool netaddr_parse(struct netaddr *a, const char *text, bool need_len)
{
	char host[NETADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long len, full;
	char *end;

	memset(a, 0, sizeof(*a));
	if (n == 0 || n >= sizeof(host) || (need_len && !slash))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(AF_INET, host, a->bytes) == 1) {
		a->family = AF_INET;
		full = 32;
	} else if (inet_pton(AF_INET6, host, a->bytes) == 1) {
		a->family = AF_INET6;
		full = 128;
	} else {
		return false;
	}
	a->len = (uint8_t)full;
	if (!slash)
		return true;
	if (slash[1] < '0' || slash[1] > '9')
		return false;
	len = strtoul(slash + 1, &end, 10);
	if (*end || len > full)
		return false;
	a->len = (uint8_t)len;
	return true;
}

char *netaddr_text(const struct netaddr *a, bool with_len, char *out)
{
	size_t n;

	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, out, NETADDR_TEXT_MAX - 5)) {
		snprintf(out, NETADDR_TEXT_MAX, "none");
		return out;
	}
	n = strlen(out);
	if (with_len)
		snprintf(out + n, NETADDR_TEXT_MAX - n, "/%u", a->len);
	return out;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool netmac_parse(struct netmac *m, const char *text)
{
	for (int i = 0; i < NETMAC_LEN; i++) {
		int hi = hex(text[0]);
		int lo = hi < 0 ? -1 : hex(text[1]);

		if (lo < 0 || text[2] != (i == NETMAC_LEN - 1 ? '\0' : ':'))
			return false;
		m->bytes[i] = (uint8_t)(hi << 4 | lo);
		text += 3;
	}
	return true;
}

char *netmac_text(const struct netmac *m, char out[18])
{
	const uint8_t *b = m->bytes;

	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return out;
}

/* FNV-1a with a final mix, so that names differing in one letter differ in every byte. */
static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

struct netmac netmac_of(const char *name)
{
	uint64_t h = hash(name);
	struct netmac m;

	m.bytes[0] = 0x02;
	for (int i = 1; i < NETMAC_LEN; i++) {
		m.bytes[i] = (uint8_t)h;
		h >>= 8;
	}
	return m;
}

bool netname_ok(const char *name, size_t max)
{
	size_t n = strlen(name);

	if (n == 0 || n >= max || name[0] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
	       n;
}

bool devname_parse(struct devname *d, const char *text)
{
	const char *dot = strchr(text, '.');
	size_t n;

	if (!dot)
		return false;
	n = (size_t)(dot - text);
	if (n >= sizeof(d->node) || strlen(dot + 1) >= sizeof(d->dev))
		return false;
	memcpy(d->node, text, n);
	d->node[n] = '\0';
	memcpy(d->dev, dot + 1, strlen(dot + 1) + 1);
	return netname_ok(d->node, sizeof(d->node)) && netname_ok(d->dev, sizeof(d->dev));
}

char *devname_short(const char *name, char *out)
{
	size_t n = strlen(name);

	if (n < DEV_NAME_MAX)
		memcpy(out, name, n + 1);
	else
		snprintf(out, DEV_NAME_MAX, "%.6s-%08x", name,
			 (unsigned)(hash(name) & 0xffffffffu));
	return out;
}
