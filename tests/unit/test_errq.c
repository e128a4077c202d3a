/* SPDX-License-Identifier: BSD-2-Clause */
/* Error queues, control messages and marks in the send sequence: the three leaves that carry what
 * is told beside the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>

#include "base/cmsg.h"
#include "base/errq.h"
#include "base/pool.h"
#include "tcp/tcp_chrono.h"
#include "tcp/tcp_marks.h"

static void *take(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void give(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

struct bench {
	struct mem mem;
	struct pool pool;
	struct errq q;
};

static void bench_init(struct bench *b)
{
	b->mem = (struct mem){ .alloc = take, .release = give };
	pool_init(&b->pool, &b->mem, "errors", sizeof(struct errq_entry), 0);
	errq_init(&b->q);
}

static void bench_end(struct bench *b)
{
	errq_clear(&b->q, &b->pool);
	assert_int_equal(b->pool.in_use, 0);
	pool_destroy(&b->pool);
}

/* ---- control messages */

static void test_what_is_put_is_what_libc_walks(void **state)
{
	_Alignas(8) uint8_t room[128];
	struct ph_msg m = { .control = room, .control_cap = sizeof(room) };
	struct msghdr h = { .msg_control = room };
	struct cmsghdr *c;
	int one = 7;

	(void)state;
	cmsg_put(&m, 1, 29, "abcdefghijklmnop", 16);
	cmsg_put(&m, 6, 36, &one, sizeof(one));
	h.msg_controllen = m.control_len;
	c = CMSG_FIRSTHDR(&h);
	assert_int_equal(c->cmsg_level, 1);
	assert_int_equal(c->cmsg_type, 29);
	assert_int_equal(c->cmsg_len, CMSG_LEN(16));
	c = CMSG_NXTHDR(&h, c);
	assert_int_equal(c->cmsg_len, CMSG_LEN(4));
	assert_int_equal(*(int *)(void *)CMSG_DATA(c), 7);
	assert_null(CMSG_NXTHDR(&h, c));
	assert_int_equal(m.flags, 0);
}

static void test_control_without_room_is_cut_and_said_to_be(void **state)
{
	static const struct {
		size_t cap, len;
	} rows[] = { { 0, 0 }, { 15, 0 }, { 16, 16 }, { 18, 18 }, { 24, 24 } };
	_Alignas(8) uint8_t room[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ph_msg m = { .control = room, .control_cap = rows[i].cap };

		cmsg_put(&m, 1, 2, "abcdefghijkl", 12);
		assert_int_equal(m.control_len, rows[i].len);
		assert_int_equal(m.flags, PH_MSG_CTRUNC);
	}
}

static void test_walk_ends_and_refuses_wrong_lengths(void **state)
{
	_Alignas(8) uint8_t room[64];
	struct ph_msg m = { .control = room, .control_cap = sizeof(room) };
	struct cmsg c;
	size_t at = 0;
	uint64_t len;

	(void)state;
	assert_int_equal(cmsg_next(&m, &at, &c), 0);
	cmsg_put(&m, 1, 2, "abc", 3);
	cmsg_put(&m, 3, 4, "defg", 4);
	assert_int_equal(cmsg_next(&m, &at, &c), 1);
	assert_int_equal(c.len, 3);
	assert_memory_equal(c.data, "abc", 3);
	assert_int_equal(cmsg_next(&m, &at, &c), 1);
	assert_int_equal(c.level, 3);
	assert_int_equal(c.type, 4);
	assert_int_equal(cmsg_next(&m, &at, &c), 0);
	for (len = 0; len < 16; len++) {
		memcpy(room, &len, sizeof(len));
		at = 0;
		assert_int_equal(cmsg_next(&m, &at, &c), -EINVAL);
	}
	len = 65;
	memcpy(room, &len, sizeof(len));
	at = 0;
	assert_int_equal(cmsg_next(&m, &at, &c), -EINVAL);
}

/* ---- error queues */

static void test_errors_come_out_in_order_with_their_messages(void **state)
{
	_Alignas(8) uint8_t room[128];
	uint8_t bytes[8];
	struct ph_iov iov = { bytes, sizeof(bytes) };
	struct ph_sockaddr name = { 0 };
	struct ph_msg m = { .iov = &iov, .niov = 1, .name = &name, .control = room,
			    .control_cap = sizeof(room) };
	struct errq_entry e = { .error = ECONNREFUSED, .origin = ERRQ_ICMP, .type = 3, .code = 3,
				.has_offender = true, .has_name = true, .len = 4,
				.bytes = { 1, 2, 3, 4 } };
	struct cmsg c;
	struct bench b;
	size_t at = 0;

	(void)state;
	bench_init(&b);
	assert_int_equal(errq_recv(&b.q, &b.pool, &m, true, false), -EAGAIN);
	e.offender = ph_ip4(10, 0, 0, 9);
	e.name.port = 80;
	assert_true(errq_push(&b.q, &b.pool, &e));
	assert_true(errq_push(&b.q, &b.pool, &(struct errq_entry){ .error = ENOMSG,
								   .has_stamp = true,
								   .stamp_ns = 1500000007 }));
	assert_int_equal(errq_recv(&b.q, &b.pool, &m, true, false), 4);
	assert_int_equal(m.flags, PH_MSG_ERRQUEUE);
	assert_int_equal(name.port, 80);
	assert_int_equal(cmsg_next(&m, &at, &c), 1);
	assert_int_equal(c.level, 0);
	assert_int_equal(c.type, PH_IP_RECVERR);
	assert_int_equal(c.len, 32);
	assert_int_equal(((const uint8_t *)c.data)[0], ECONNREFUSED);
	assert_memory_equal((const uint8_t *)c.data + 20, ((uint8_t[]){ 10, 0, 0, 9 }), 4);

	iov.len = 0;
	at = 0;
	assert_int_equal(errq_recv(&b.q, &b.pool, &m, true, true), 0);
	assert_int_equal(cmsg_next(&m, &at, &c), 1);
	assert_int_equal(c.type, PH_SO_TIMESTAMPING);
	assert_int_equal(c.len, 48);
	assert_int_equal(((const int64_t *)c.data)[0], 1);
	assert_int_equal(((const int64_t *)c.data)[1], 500000007);
	assert_int_equal(cmsg_next(&m, &at, &c), 1);
	assert_int_equal(c.level, PH_IPPROTO_IPV6);
	assert_int_equal(c.len, 44);
	bench_end(&b);
}

static void test_runs_of_zero_copy_sends_are_one_entry(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	for (uint32_t id = UINT32_MAX - 1; id != 3; id++)
		assert_true(errq_zerocopy(&b.q, &b.pool, id));
	assert_int_equal(b.q.n, 1);
	assert_int_equal(errq_first(&b.q)->info, UINT32_MAX - 1);
	assert_int_equal(errq_first(&b.q)->data, 2);
	assert_true(errq_zerocopy(&b.q, &b.pool, 4)); /* 3 is missing */
	assert_int_equal(b.q.n, 2);
	bench_end(&b);
}

static void test_queue_is_bounded_and_counts_what_it_loses(void **state)
{
	struct errq_entry e = { .origin = ERRQ_LOCAL, .len = 4000 };
	struct bench b;

	(void)state;
	bench_init(&b);
	for (int i = 0; i < ERRQ_MAX; i++)
		assert_true(errq_push(&b.q, &b.pool, &e));
	assert_false(errq_push(&b.q, &b.pool, &e));
	assert_int_equal(b.q.n, ERRQ_MAX);
	assert_int_equal(b.q.lost, 1);
	assert_int_equal(errq_first(&b.q)->len, ERRQ_BYTES_MAX);
	bench_end(&b);
}

/* ---- marks */

static void test_marks_leave_when_acknowledged(void **state)
{
	struct tcp_marks m = { 0 };
	struct tcp_mark k;

	(void)state;
	assert_true(tcp_marks_add(&m, UINT32_MAX, TCP_MARK_ACK, 0));
	assert_true(tcp_marks_add(&m, 9, TCP_MARK_ZEROCOPY, 5));
	assert_false(tcp_marks_pop(&m, UINT32_MAX, &k));
	assert_true(tcp_marks_pop(&m, 0, &k));
	assert_int_equal(k.last, UINT32_MAX);
	assert_false(tcp_marks_pop(&m, 9, &k));
	assert_true(tcp_marks_pop(&m, 10, &k));
	assert_int_equal(k.id, 5);
	assert_null(tcp_marks_at(&m, 0));
}

static void test_records_cut_what_goes_together(void **state)
{
	struct tcp_marks m = { 0 };

	(void)state;
	assert_true(tcp_marks_add(&m, 50, TCP_MARK_SND, 0));
	assert_true(tcp_marks_add(&m, 99, TCP_MARK_EOR, 0));
	assert_true(tcp_marks_add(&m, 199, TCP_MARK_EOR, 0));
	assert_int_equal(tcp_marks_cut(&m, 0, 1000), 100);
	assert_int_equal(tcp_marks_cut(&m, 0, 30), 30);
	assert_int_equal(tcp_marks_cut(&m, 100, 1000), 100);
	assert_int_equal(tcp_marks_cut(&m, 200, 1000), 1000);
	assert_true(tcp_marks_ends(&m, 100));
	assert_false(tcp_marks_ends(&m, 51));
}

static void test_marks_are_bounded_and_zero_copy_ones_are_not_lost(void **state)
{
	struct tcp_marks m = { 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < TCP_MARKS_MAX; i++)
		assert_true(tcp_marks_add(&m, i, TCP_MARK_ACK, 0));
	assert_true(tcp_marks_add(&m, 1000, TCP_MARK_SND, 0)); /* the newest gave way */
	assert_int_equal(m.n, TCP_MARKS_MAX);
	assert_int_equal(tcp_marks_at(&m, TCP_MARKS_MAX - 1)->last, 1000);
	assert_false(tcp_marks_add(&m, 1001, TCP_MARK_ZEROCOPY, 1));
}

/* ---- what a sender's time went into */

static void test_time_goes_to_the_highest_cause(void **state)
{
	struct tcp_chrono c = { 0 };

	(void)state;
	assert_int_equal(tcp_chrono_us(&c, TCP_CHRONO_BUSY, 64000), 0);
	tcp_chrono_start(&c, TCP_CHRONO_BUSY, 64000);
	tcp_chrono_start(&c, TCP_CHRONO_RWND, 128000);
	tcp_chrono_start(&c, TCP_CHRONO_BUSY, 140000); /* holds already, below */
	assert_int_equal(tcp_chrono_us(&c, TCP_CHRONO_RWND, 192000), 64000);
	tcp_chrono_stop(&c, TCP_CHRONO_RWND, false, 192000);
	tcp_chrono_stop(&c, TCP_CHRONO_SNDBUF, false, 200000); /* does not hold */
	tcp_chrono_start(&c, TCP_CHRONO_SNDBUF, 256000);
	tcp_chrono_stop(&c, TCP_CHRONO_BUSY, true, 320000); /* all is over */
	assert_int_equal(tcp_chrono_us(&c, TCP_CHRONO_BUSY, 900000), 256000);
	assert_int_equal(tcp_chrono_us(&c, TCP_CHRONO_RWND, 900000), 64000);
	assert_int_equal(tcp_chrono_us(&c, TCP_CHRONO_SNDBUF, 900000), 64000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_what_libc_walks),
		cmocka_unit_test(test_control_without_room_is_cut_and_said_to_be),
		cmocka_unit_test(test_walk_ends_and_refuses_wrong_lengths),
		cmocka_unit_test(test_errors_come_out_in_order_with_their_messages),
		cmocka_unit_test(test_runs_of_zero_copy_sends_are_one_entry),
		cmocka_unit_test(test_queue_is_bounded_and_counts_what_it_loses),
		cmocka_unit_test(test_time_goes_to_the_highest_cause),
		cmocka_unit_test(test_marks_leave_when_acknowledged),
		cmocka_unit_test(test_records_cut_what_goes_together),
		cmocka_unit_test(test_marks_are_bounded_and_zero_copy_ones_are_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
