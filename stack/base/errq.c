/* SPDX-License-Identifier: BSD-2-Clause */
/* The error queue. Called by the protocols, which say what happened, and by their recvmsg. */
#include "base/errq.h"

#include <errno.h>
#include <string.h>

#include "base/cmsg.h"
#include "base/ip.h"
#include "base/pool.h"

enum { IPV6_RECVERR = 25, SIN_LEN = 16, SIN6_LEN = 28 };

struct extended_err { /* struct sock_extended_err */
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};

void errq_init(struct errq *q)
{
	*q = (struct errq){ .n = 0 };
	list_init(&q->list);
}

static void drop_first(struct errq *q, struct pool *pool)
{
	struct errq_entry *e = errq_first(q);

	list_remove(&e->node);
	q->n--;
	pool_put(pool, e);
}

void errq_clear(struct errq *q, struct pool *pool)
{
	while (q->n)
		drop_first(q, pool);
}

bool errq_push(struct errq *q, struct pool *pool, const struct errq_entry *e)
{
	struct errq_entry *copy = q->n < ERRQ_MAX ? pool_get(pool) : NULL;

	if (!copy) {
		q->lost++;
		return false;
	}
	*copy = *e;
	if (copy->len > ERRQ_BYTES_MAX)
		copy->len = ERRQ_BYTES_MAX;
	list_push_back(&q->list, &copy->node);
	q->n++;
	return true;
}

bool errq_zerocopy(struct errq *q, struct pool *pool, uint32_t id)
{
	struct list_node *n = list_last(&q->list);
	struct errq_entry *last = n ? container_of(n, struct errq_entry, node) : NULL;

	if (last && last->origin == ERRQ_ZEROCOPY && last->data + 1 == id) {
		last->data = id;
		return true;
	}
	return errq_push(q, pool, &(struct errq_entry){ .origin = ERRQ_ZEROCOPY,
						     .code = ERRQ_ZEROCOPY_COPIED,
						     .info = id, .data = id });
}

/* struct sockaddr_in or sockaddr_in6 of whoever sent the error; AF_UNSPEC when nobody did. */
static size_t put_offender(uint8_t *at, const struct errq_entry *e, bool v6)
{
	uint16_t family = v6 ? PH_AF_INET6 : PH_AF_INET;

	memset(at, 0, v6 ? SIN6_LEN : SIN_LEN);
	if (e->has_offender) {
		memcpy(at, &family, sizeof(family));
		if (v6)
			memcpy(at + 8, e->offender.b, sizeof(e->offender.b));
		else
			memcpy(at + 4, e->offender.b + 12, 4);
	}
	return v6 ? SIN6_LEN : SIN_LEN;
}

static void put_stamp(struct ph_msg *msg, uint64_t ns)
{
	int64_t ts[6] = { (int64_t)(ns / 1000000000u), (int64_t)(ns % 1000000000u) };

	cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMPING, ts, sizeof(ts));
}

static int64_t copy_bytes(const struct errq_entry *e, struct ph_msg *msg)
{
	uint32_t done = 0;

	for (size_t i = 0; i < msg->niov && done < e->len; i++) {
		uint32_t left = e->len - done;
		uint32_t n = msg->iov[i].len < left ? (uint32_t)msg->iov[i].len : left;

		memcpy(msg->iov[i].base, e->bytes + done, n);
		done += n;
	}
	if (done < e->len)
		msg->flags |= PH_MSG_TRUNC;
	return done;
}

int64_t errq_recv(struct errq *q, struct pool *pool, struct ph_msg *msg, bool stamps, bool v6)
{
	const struct errq_entry *e = errq_first(q);
	uint8_t data[sizeof(struct extended_err) + SIN6_LEN];
	struct extended_err ee;
	int64_t n;

	if (!e)
		return -EAGAIN;
	msg->control_len = 0;
	msg->flags = PH_MSG_ERRQUEUE;
	n = copy_bytes(e, msg);
	if (e->has_stamp && stamps)
		put_stamp(msg, e->stamp_ns);
	ee = (struct extended_err){ .error = e->error, .origin = e->origin, .type = e->type,
				    .code = e->code, .info = e->info, .data = e->data };
	memcpy(data, &ee, sizeof(ee));
	cmsg_put(msg, v6 ? PH_IPPROTO_IPV6 : PH_IPPROTO_IP, v6 ? IPV6_RECVERR : PH_IP_RECVERR, data,
		 sizeof(ee) + put_offender(data + sizeof(ee), e, v6));
	if (msg->name && e->has_name)
		*msg->name = e->name;
	drop_first(q, pool);
	return n;
}
