/* SPDX-License-Identifier: BSD-2-Clause */
/* MD5 (RFC 1321), for TCP's signatures alone (RFC 2385): it protects nothing that is new. A leaf. */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_LEN = 16, MD5_BLOCK = 64 };

struct md5 {
	uint32_t h[4];
	uint64_t len; /* bytes so far */
	uint8_t block[MD5_BLOCK];
};

void md5_init(struct md5 *m);
void md5_add(struct md5 *m, const void *bytes, size_t n);
void md5_end(struct md5 *m, uint8_t out[MD5_LEN]);

#endif
