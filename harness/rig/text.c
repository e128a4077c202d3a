/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from programs as JSON text; see text.h. */
#include "harness/rig/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at @p, 0 when there is none (RFC 3629 4). */
static size_t utf8_len(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80		   ? 1
		     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

json_t *json_text(const char *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;
	char *text = malloc(3 * n + 1);
	size_t len = 0;
	json_t *j;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t k = utf8_len(p + i, n - i);

		if (k) {
			memcpy(text + len, p + i, k);
		} else {
			memcpy(text + len, "\xef\xbf\xbd", 3);
		}
		len += k ? k : 3;
		i += k ? k : 1;
	}
	j = json_stringn(text, len);
	free(text);
	return j;
}
