/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TCP MD5 signature of a packet (RFC 2385): for md5 valid and md5 invalid of scripts that say
 * --tcp_md5_secret. A leaf; called by run_packet.c.
 */
#ifndef DRILL_MD5SIG_H
#define DRILL_MD5SIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRILL_MD5_LEN = 16 };

/* Of bytes (RFC 1321). */
void drill_md5(const void *bytes, size_t len, uint8_t out[DRILL_MD5_LEN]);

/* What the signature of a packet, from its IP header on, has to be; its options do not count. False
 * when it is no whole TCP packet, or memory is short. */
bool drill_md5sig(const uint8_t *packet, size_t len, const char *key, uint8_t out[DRILL_MD5_LEN]);

#endif
