/* SPDX-License-Identifier: BSD-2-Clause */
/* MD5 against the test suite of RFC 1321 A.5, and in pieces of every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/md5.h"

static void hex(const void *bytes, size_t n, size_t piece, char out[2 * MD5_LEN + 1])
{
	uint8_t digest[MD5_LEN];
	struct md5 m;

	md5_init(&m);
	for (size_t at = 0; at < n; at += piece)
		md5_add(&m, (const uint8_t *)bytes + at, piece < n - at ? piece : n - at);
	md5_end(&m, digest);
	for (unsigned i = 0; i < MD5_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void test_digests_are_those_of_the_rfc(void **state)
{
	static const char *const rows[][2] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "a", "0cc175b9c0f1b6a831c399e269772661" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		  "d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123456"
		  "7890",
		  "57edf4a22be3c955ac49da2e2107b67a" },
	};
	char out[2 * MD5_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t piece = 1; piece <= 80; piece++) {
			hex(rows[i][0], strlen(rows[i][0]), piece, out);
			assert_string_equal(out, rows[i][1]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_digests_are_those_of_the_rfc) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
