/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages as 64-bit Linux lays them out (struct cmsghdr, aligned to 8): written behind one
 * another into the user's room, and walked. A leaf. */
#ifndef BASE_CMSG_H
#define BASE_CMSG_H

#include <stdbool.h>
#include <stddef.h>

struct ph_msg;

/* Appends one to what msg->control holds; without room for all of it as much as fits, and
 * PH_MSG_CTRUNC is set in msg->flags. */
void cmsg_put(struct ph_msg *msg, int level, int type, const void *data, size_t n);

struct cmsg {
	int level, type;
	const void *data;
	size_t len;
};
/* The one at *at, which moves behind it. 1; 0: there is none left; -EINVAL: its length is wrong. */
int cmsg_next(const struct ph_msg *msg, size_t *at, struct cmsg *out);

#endif
