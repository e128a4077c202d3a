/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people type and read, to what the stack takes and gives: numbers, sizes, addresses.
 * Parsers take the whole string or nothing, and write their result only when they return true;
 * the caller, who knows where the text came from, makes the sentence. Used by options, ctl and
 * control.
 */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum {
	TEXT_IP = 48,	    /* room for an address and its NUL */
	TEXT_SOCKADDR = 64, /* [address]:port and NUL */
	TEXT_MAC = 18
};

/* A decimal number, without sign, of min to max. */
bool text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out);
/* A number of bytes: decimal digits and at most one of k, M, G (powers of 1024). */
bool text_size(const char *s, uint64_t *out);
/* An IPv4 or IPv6 address without prefix or zone. */
bool text_ip(const char *s, struct ph_ip *out);
/* A/L, 0 <= L <= 32 for IPv4, 128 for IPv6; an address alone has the full length. */
bool text_prefix(const char *s, struct ph_ip *ip, unsigned *prefix);
/* A:PORT with port 1 to 65535, or [A]:PORT for IPv6. */
bool text_endpoint(const char *s, struct ph_sockaddr *out);
/* Six hexadecimal bytes between colons. */
bool text_mac(const char *s, uint8_t mac[6]);
/* Up to 64 hexadecimal digits, an even number, from the first byte on; what is left is zero. */
bool text_key(const char *s, uint8_t key[32]);

const char *text_from_ip(char out[TEXT_IP], const struct ph_ip *ip);
const char *text_from_sockaddr(char out[TEXT_SOCKADDR], const struct ph_sockaddr *addr);
const char *text_from_mac(char out[TEXT_MAC], const uint8_t mac[6]);

/* A sentence into err, of any length: what does not fit is cut. Returns -EINVAL, for `return`. */
int text_error(char *err, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for what the system refuses, not the command line's fault. Returns -EIO. */
int text_refused(char *err, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
