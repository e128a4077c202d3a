/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and numbers, from const.def. */
#include "harness/drill/const.h"

#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *name;
	size_t len;
	int64_t num;
	bool is_errno;
	const char *whose; /* FOREIGN */
};

#define CONST(n, v) { .name = #n, .len = sizeof(#n) - 1, .num = (v) },
#define ERRNO(n, v) { .name = #n, .len = sizeof(#n) - 1, .num = (v), .is_errno = true },
#define FOREIGN(n, w) { .name = #n, .len = sizeof(#n) - 1, .whose = (w) },
static const struct row rows[] = {
#include "harness/drill/const.def"
};
#undef CONST
#undef ERRNO
#undef FOREIGN

static const struct row *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].len == len && memcmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

bool drill_const_find(const char *name, size_t len, int64_t *value)
{
	const struct row *r = find(name, len);

	if (!r || r->whose)
		return false;
	*value = r->num;
	return true;
}

const char *drill_const_row(size_t *i, int64_t *value)
{
	while (*i < ARRAY_LEN(rows) && rows[*i].whose)
		(*i)++;
	if (*i >= ARRAY_LEN(rows))
		return NULL;
	*value = rows[*i].num;
	return rows[(*i)++].name;
}

static bool begins(const char *name, size_t len, const char *with)
{
	return len > strlen(with) && memcmp(name, with, strlen(with)) == 0;
}

const char *drill_const_foreign(const char *name, size_t len)
{
	const struct row *r = find(name, len);

	if (r)
		return r->whose;
	if (begins(name, len, "SCTP_"))
		return "SCTP";
	if (begins(name, len, "MPTCP_"))
		return "MPTCP";
	if (begins(name, len, "PSP_"))
		return "PSP";
	if (begins(name, len, "TCP_RACK_") || begins(name, len, "TCP_BBR_"))
		return "FreeBSD";
	return NULL;
}

const char *drill_const_errno(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].is_errno && rows[i].num == err)
			return rows[i].name;
	return NULL;
}

int drill_const_errno_of(const char *name, size_t len)
{
	const struct row *r = find(name, len);

	return r && r->is_errno ? (int)r->num : 0;
}
