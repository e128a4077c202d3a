/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes, addresses and errors as JSON. See control_bytes.h. */
#define _GNU_SOURCE 1
#include "host/control_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "host/text.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

json_t *control_bytes(const uint8_t *bytes, size_t len)
{
	char *text, *at;
	json_t *value;

	if (len > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0)
		return json_pack("{s:I}", "zeros", (json_int_t)len);
	text = at = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? bytes[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			*at++ = k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=';
	}
	*at = '\0';
	value = json_string(text);
	free(text);
	return value;
}

/* The value of a digit in its alphabet, or -1. */
static int digit(const char *alphabet, char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Digits of `bits` bits each into bytes; false when one is not of the alphabet. */
static bool gather(const char *text, size_t n, const char *alphabet, unsigned bits, uint8_t *out)
{
	uint32_t have = 0;
	unsigned count = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digit(alphabet, text[i]);

		if (d < 0)
			return false;
		have = have << bits | (uint32_t)d;
		count += bits;
		if (count < 8)
			continue;
		count -= 8;
		*out++ = (uint8_t)(have >> count);
	}
	return true;
}

static bool from_text(const char *text, bool hex, uint8_t **out, size_t *len)
{
	size_t n = strlen(text), digits = n;
	bool ok = n % (hex ? 2 : 4) == 0;

	while (!hex && n - digits < 2 && digits > 0 && text[digits - 1] == '=')
		digits--;
	*len = hex ? n / 2 : digits * 3 / 4;
	*out = malloc(*len + 1);
	if (ok && *out &&
	    gather(text, digits, hex ? "0123456789abcdef" : letters, hex ? 4 : 6, *out))
		return true;
	free(*out);
	*out = NULL;
	return false;
}

bool control_bytes_of(const json_t *value, uint8_t **out, size_t *len)
{
	const json_t *hex = json_object_get(value, "hex");
	const json_t *zeros = json_object_get(value, "zeros");
	const json_t *number = json_object_get(value, "int");
	json_int_t n = json_integer_value(zeros);
	int whole = (int)json_integer_value(number);

	*out = NULL;
	if (json_is_string(value) || json_is_string(hex))
		return from_text(json_string_value(hex ? hex : value), hex != NULL, out, len);
	if (json_is_integer(zeros) && n >= 0 && n <= CONTROL_BYTES_MAX) {
		*len = (size_t)n;
		*out = calloc(1, *len + 1);
	} else if (json_is_integer(number)) {
		*len = sizeof(whole);
		*out = malloc(sizeof(whole));
		if (*out)
			memcpy(*out, &whole, sizeof(whole));
	}
	return *out != NULL;
}

json_t *control_addr(const struct ph_sockaddr *addr)
{
	char ip[TEXT_IP], mac[TEXT_MAC];

	if (addr->family == PH_AF_PACKET)
		return json_pack("{s:i,s:s,s:i,s:I,s:i}", "family", PH_AF_PACKET, "mac",
				 text_from_mac(mac, addr->ip.b), "port", (int)addr->port, "scope",
				 (json_int_t)addr->scope, "pkttype", (int)addr->flow);
	return json_pack("{s:i,s:s,s:i,s:I}", "family", (int)addr->family, "ip",
			 text_from_ip(ip, &addr->ip), "port", (int)addr->port, "scope",
			 (json_int_t)addr->scope);
}

bool control_addr_of(const json_t *value, struct ph_sockaddr *addr)
{
	const char *ip = json_string_value(json_object_get(value, "ip"));
	const char *mac = json_string_value(json_object_get(value, "mac"));
	json_int_t family = json_integer_value(json_object_get(value, "family"));
	json_int_t port = json_integer_value(json_object_get(value, "port"));

	memset(addr, 0, sizeof(*addr));
	addr->family = (uint16_t)family;
	addr->port = (uint16_t)port;
	addr->scope = (uint32_t)json_integer_value(json_object_get(value, "scope"));
	if (!json_is_object(value) || port < 0 || port > 65535 || family < 0 || family > 65535)
		return false;
	if (family == PH_AF_PACKET)
		return !mac || text_mac(mac, addr->ip.b);
	return ip ? text_ip(ip, &addr->ip) : family == 0;
}

const char *control_errno(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "EIO";
}
