/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, sizes, addresses and MACs between people and the stack. See text.h. */
#define _GNU_SOURCE 1
#include "host/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	}
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

bool text_size(const char *s, uint64_t *out)
{
	static const struct {
		char suffix;
		unsigned shift;
	} units[] = { { 'k', 10 }, { 'K', 10 }, { 'M', 20 }, { 'G', 30 } };
	size_t len = strlen(s);
	char digits[24];
	unsigned shift = 0;
	uint64_t n;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, s, len + 1);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (s[len - 1] == units[i].suffix) {
			shift = units[i].shift;
			digits[len - 1] = '\0';
		}
	}
	if (!text_number(digits, 0, UINT64_MAX >> shift, &n))
		return false;
	*out = n << shift;
	return true;
}

bool text_ip(const char *s, struct ph_ip *out)
{
	uint8_t v4[4];
	struct in6_addr v6;

	if (inet_pton(AF_INET, s, v4) == 1) {
		*out = ph_ip4(v4[0], v4[1], v4[2], v4[3]);
		return true;
	}
	if (inet_pton(AF_INET6, s, &v6) == 1) {
		memcpy(out->b, v6.s6_addr, 16);
		return true;
	}
	return false;
}

bool text_prefix(const char *s, struct ph_ip *ip, unsigned *prefix)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	char host[TEXT_IP];
	struct ph_ip parsed;
	uint64_t n;

	if (len >= sizeof(host))
		return false;
	memcpy(host, s, len);
	host[len] = '\0';
	if (!text_ip(host, &parsed))
		return false;
	n = ph_ip_is4(&parsed) ? 32 : 128;
	if (slash && !text_number(slash + 1, 0, n, &n))
		return false;
	*ip = parsed;
	*prefix = (unsigned)n;
	return true;
}

bool text_endpoint(const char *s, struct ph_sockaddr *out)
{
	const char *colon = strrchr(s, ':');
	char host[TEXT_IP];
	struct ph_ip ip;
	size_t len;
	uint64_t port;
	bool bracket = *s == '[';

	if (!colon || !text_number(colon + 1, 1, 65535, &port))
		return false;
	len = (size_t)(colon - s);
	if (bracket) {
		if (len < 2 || s[len - 1] != ']')
			return false;
		s++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, s, len);
	host[len] = '\0';
	if (!text_ip(host, &ip) || ph_ip_is4(&ip) == bracket)
		return false;
	memset(out, 0, sizeof(*out));
	out->family = bracket ? PH_AF_INET6 : PH_AF_INET;
	out->port = (uint16_t)port;
	out->ip = ip;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool hex_byte(const char *s, uint8_t *out)
{
	int high = hex_digit(s[0]);
	int low = high < 0 ? -1 : hex_digit(s[1]);

	if (low < 0)
		return false;
	*out = (uint8_t)(high << 4 | low);
	return true;
}

bool text_mac(const char *s, uint8_t mac[6])
{
	uint8_t bytes[6];

	if (strlen(s) != TEXT_MAC - 1)
		return false;
	for (size_t i = 0; i < 6; i++) {
		if (!hex_byte(s + 3 * i, &bytes[i]) || (i < 5 && s[3 * i + 2] != ':'))
			return false;
	}
	memcpy(mac, bytes, 6);
	return true;
}

bool text_key(const char *s, uint8_t key[32])
{
	size_t len = strlen(s);
	uint8_t bytes[32] = { 0 };

	if (len == 0 || len > 64 || len % 2)
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		if (!hex_byte(s + 2 * i, &bytes[i]))
			return false;
	}
	memcpy(key, bytes, 32);
	return true;
}

const char *text_from_ip(char out[TEXT_IP], const struct ph_ip *ip)
{
	if (ph_ip_is4(ip))
		(void)inet_ntop(AF_INET, ip->b + 12, out, TEXT_IP);
	else
		(void)inet_ntop(AF_INET6, ip->b, out, TEXT_IP);
	return out;
}

const char *text_from_sockaddr(char out[TEXT_SOCKADDR], const struct ph_sockaddr *addr)
{
	static const struct ph_ip zero;
	char ip[TEXT_IP];
	char port[8];
	bool any = memcmp(&addr->ip, &zero, sizeof(zero)) == 0;

	if (addr->port)
		snprintf(port, sizeof(port), "%u", addr->port);
	else
		snprintf(port, sizeof(port), "*");
	if (any && addr->family != PH_AF_INET6)
		snprintf(out, TEXT_SOCKADDR, "0.0.0.0:%s", port);
	else if (ph_ip_is4(&addr->ip))
		snprintf(out, TEXT_SOCKADDR, "%s:%s", text_from_ip(ip, &addr->ip), port);
	else
		snprintf(out, TEXT_SOCKADDR, "[%s]:%s", text_from_ip(ip, &addr->ip), port);
	return out;
}

const char *text_from_mac(char out[TEXT_MAC], const uint8_t mac[6])
{
	snprintf(out, TEXT_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return out;
}

int text_error(char *err, size_t cap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, cap, format, args);
	va_end(args);
	return -EINVAL;
}

int text_refused(char *err, size_t cap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, cap, format, args);
	va_end(args);
	return -EIO;
}
