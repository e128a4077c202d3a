/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages written and read. Called by the protocols' sendmsg and recvmsg. */
#include "base/cmsg.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "phantom/phantom.h"

struct header { /* struct cmsghdr */
	uint64_t len; /* with this header */
	int32_t level, type;
};

static size_t align8(size_t n)
{
	return (n + 7) / 8 * 8;
}

void cmsg_put(struct ph_msg *msg, int level, int type, const void *data, size_t n)
{
	size_t room = msg->control && msg->control_cap > msg->control_len ?
			      msg->control_cap - msg->control_len : 0;
	struct header h = { .len = sizeof(h) + n, .level = level, .type = type };
	size_t space = align8(sizeof(h) + n);
	uint8_t *at;

	if (room < sizeof(h)) {
		msg->flags |= PH_MSG_CTRUNC;
		return;
	}
	if (room < h.len) {
		msg->flags |= PH_MSG_CTRUNC;
		h.len = room;
	}
	at = (uint8_t *)msg->control + msg->control_len;
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), data, h.len - sizeof(h));
	msg->control_len += space < room ? space : room;
}

int cmsg_next(const struct ph_msg *msg, size_t *at, struct cmsg *out)
{
	size_t left = msg->control && msg->control_len > *at ? msg->control_len - *at : 0;
	const uint8_t *p;
	struct header h;

	if (left < sizeof(h))
		return 0;
	p = (const uint8_t *)msg->control + *at;
	memcpy(&h, p, sizeof(h));
	if (h.len < sizeof(h) || h.len > left)
		return -EINVAL;
	*out = (struct cmsg){ .level = h.level, .type = h.type, .data = p + sizeof(h),
			      .len = h.len - sizeof(h) };
	*at += align8(h.len);
	return 1;
}
