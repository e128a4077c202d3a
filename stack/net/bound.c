/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of one link: see bound.h. */
#include "net/bound.h"

#include <errno.h>
#include <string.h>

#include "base/sockopts.h"
#include "phantom/phantom.h"

static int by_name(const struct ph_stack *st, ph_link *bound, const void *value, uint32_t len)
{
	char name[LINK_NAME_MAX + 1] = "";
	const struct link *l;

	memcpy(name, value, len < LINK_NAME_MAX ? len : LINK_NAME_MAX);
	if (name[0] == '\0') {
		*bound = 0;
		return 0;
	}
	l = link_by_name(st, name, strlen(name));
	if (l)
		*bound = l->index;
	return l ? 0 : -ENODEV;
}

static int by_index(const struct ph_stack *st, ph_link *bound, const void *value, uint32_t len)
{
	int index, err = sockopts_int(value, len, &index);

	if (err != 0 || index < 0)
		return -EINVAL;
	if (index && !link_get(st, index))
		return -ENODEV;
	*bound = index;
	return 0;
}

int bound_set(const struct ph_stack *st, ph_link *bound, int name, const void *value, uint32_t len)
{
	if (name == PH_SO_BINDTODEVICE)
		return by_name(st, bound, value, len);
	return name == PH_SO_BINDTOIFINDEX ? by_index(st, bound, value, len) : -ENOPROTOOPT;
}

int bound_get(const struct ph_stack *st, ph_link bound, int name, void *value, uint32_t *len)
{
	const struct link *l = link_get(st, bound);

	if (name == PH_SO_BINDTOIFINDEX)
		return sockopts_give(value, len, &bound, sizeof(bound));
	if (name != PH_SO_BINDTODEVICE)
		return -ENOPROTOOPT;
	if (l && *len < sizeof(l->name))
		return -EINVAL;
	*len = l ? (uint32_t)strlen(l->name) + 1 : 0;
	if (l)
		memcpy(value, l->name, *len);
	return 0;
}
