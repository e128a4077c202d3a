/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket's error queue (recvmsg with MSG_ERRQUEUE): ICMP errors, times of transmission, ends of
 * zero-copy sends, each as Linux's struct sock_extended_err. At most ERRQ_MAX wait; what comes
 * beyond is not kept, as in Linux. A leaf: entries are of the caller's pool.
 */
#ifndef BASE_ERRQ_H
#define BASE_ERRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "phantom/phantom.h"

struct pool;

enum { ERRQ_MAX = 256, ERRQ_BYTES_MAX = 128 };

enum errq_origin { /* Linux's SO_EE_ORIGIN_* */
	ERRQ_LOCAL = 1,
	ERRQ_ICMP = 2,
	ERRQ_ICMP6 = 3,
	ERRQ_TIMESTAMPING = 4,
	ERRQ_ZEROCOPY = 5
};

enum { ERRQ_ZEROCOPY_COPIED = 1 }; /* errq_entry.code: the bytes were copied after all */

struct errq_entry {
	struct list_node node;
	uint32_t error; /* positive errno */
	uint8_t origin; /* enum errq_origin */
	uint8_t type, code;
	bool has_stamp, has_offender, has_name;
	uint32_t info, data;
	uint64_t stamp_ns;	 /* time of day, or whatever clock the user gave */
	struct ph_ip offender;	 /* who sent the ICMP error */
	struct ph_sockaddr name; /* where the packet in question went */
	uint32_t len;		 /* bytes of it that are kept */
	uint8_t bytes[ERRQ_BYTES_MAX];
};

struct errq {
	struct list list;
	uint32_t n;
	uint64_t lost; /* what came when it was full */
};

void errq_init(struct errq *q);
void errq_clear(struct errq *q, struct pool *pool);
/* Takes a copy. False: full, or no memory. */
bool errq_push(struct errq *q, struct pool *pool, const struct errq_entry *e);
/* The end of zero-copy send `id`: one entry tells of a run of them. False: as errq_push. */
bool errq_zerocopy(struct errq *q, struct pool *pool, uint32_t id);
static inline struct errq_entry *errq_first(const struct errq *q)
{
	struct list_node *n = list_first(&q->list);

	return n ? container_of(n, struct errq_entry, node) : NULL;
}

/*
 * recvmsg with MSG_ERRQUEUE: the oldest entry's bytes, its control messages (SCM_TIMESTAMPING when
 * stamps are wanted, then IP_RECVERR, or IPV6_RECVERR on a socket of IPv6) and the address. Bytes
 * given, or -EAGAIN.
 */
int64_t errq_recv(struct errq *q, struct pool *pool, struct ph_msg *msg, bool stamps, bool v6);

#endif
