/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's tables and numbers: look-up, ports (RFC 6056), initial sequence numbers (RFC 6528),
 * states. */
#include "tcp_script.h"

#include "tcp/tcp_int.h"
#include "tcp/tcp_isn.h"

static struct tcp_tuple tuple(uint8_t peer, uint16_t lport, uint16_t pport)
{
	return (struct tcp_tuple){ .local = ph_ip4(10, 0, 0, 2), .peer = ph_ip4(10, 0, 0, peer),
				   .lport = lport, .pport = pport };
}

/* rfc: 9293:MUST-8, 9293:MUST-9 */
/* attack: CVE-2020-27213, CVE-2023-45236 */
static void test_isn_ticks_every_four_microseconds_and_differs_by_tuple_and_key(void **state)
{
	struct siphash_key a = { 1, 2 }, b = { 3, 4 };
	struct tcp_tuple k = tuple(1, 80, 4000), other = tuple(1, 80, 4001);

	(void)state;
	assert_int_equal(tcp_isn(&a, &k, 1000000000) - tcp_isn(&a, &k, 0), 250000);
	assert_int_not_equal(tcp_isn(&a, &k, 0), tcp_isn(&a, &other, 0));
	assert_int_not_equal(tcp_isn(&a, &k, 0), tcp_isn(&b, &k, 0));
	assert_int_equal(tcp_isn_ts_offset(&a, &k), tcp_isn_ts_offset(&a, &k));
	assert_int_not_equal(tcp_isn_ts_offset(&a, &k), tcp_isn_ts_offset(&a, &other));
}

/* rfc: 6528:3-1, 6528:3-2, 7323:7.1-1 */
/* attack: CVE-2024-10604, Timestamp-uptime-leak */
static void test_who_sees_the_numbers_of_one_connection_knows_no_others(void **state)
{
	struct tcp_tuple one = tuple(1, 80, 4000), other = tuple(1, 80, 4001);
	uint64_t tick = 0, clock = 0;
	uint32_t seen_isn = 0, seen_ts = 0; /* as each key has them: one bit each */

	(void)state;
	for (uint64_t n = 0; n < 32; n++) {
		struct siphash_key key = { n * 2654435761u, ~n };
		uint32_t apart = tcp_isn(&key, &other, 0) - tcp_isn(&key, &one, 0);

		/* The clock is in both; what is between two tuples is the key's alone. */
		assert_int_equal(tcp_isn(&key, &other, 77000) - tcp_isn(&key, &one, 77000), apart);
		seen_isn += apart >> 31;
		seen_ts += (tcp_isn_ts_offset(&key, &other) - tcp_isn_ts_offset(&key, &one)) >> 31;
		tick += apart == 0;
		clock += tcp_isn_ts_offset(&key, &one) == tcp_isn(&key, &one, 0);
	}
	assert_in_range(seen_isn, 6, 26);
	assert_in_range(seen_ts, 6, 26);
	assert_int_equal(tick, 0);
	assert_int_equal(clock, 0);
}

/* attack: CVE-2026-2967 */
static void test_entries_are_found_by_their_whole_tuple(void **state)
{
	struct fix *f = fix_new();
	static struct tcp_timewait w[200];

	(void)state;
	for (uint16_t i = 0; i < 200; i++) {
		w[i] = (struct tcp_timewait){ .ent = { .lport = 80, .pport = i,
						       .kind = TCP_KIND_TIMEWAIT } };
		w[i].local = ph_ip4(10, 0, 0, 2);
		w[i].peer = ph_ip4(10, 0, 0, (uint8_t)(i % 7));
		tcp_table_insert(f->st, &w[i].ent);
	}
	for (uint16_t i = 0; i < 200; i++) {
		struct tcp_tuple k = tuple((uint8_t)(i % 7), 80, i);

		assert_ptr_equal(tcp_table_find(f->st, &k), &w[i].ent);
		k.pport = (uint16_t)(i + 200);
		assert_null(tcp_table_find(f->st, &k));
		k = tuple((uint8_t)(i % 7 + 1), 80, i);
		assert_null(tcp_table_find(f->st, &k));
	}
	for (uint16_t i = 0; i < 200; i++)
		tcp_table_remove(f->st, &w[i].ent);
	fix_free(f);
}

static void test_listener_of_the_address_comes_before_that_of_any(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr any = at(0, 80), ours = at(2, 80);
	struct tcp_tuple k = tuple(1, 80, 4000);
	ph_socket s = stream_socket(f), one;
	const struct tcb *general, *special;

	(void)state;
	set_int(f, s, PH_SOL_SOCKET, PH_SO_REUSEADDR, 1);
	assert_null(tcp_table_listener(f->st, &k, f->link));
	assert_int_equal(ph_bind(f->st, s, &any, f->now), 0);
	assert_int_equal(ph_listen(f->st, s, 5, f->now), 0);
	general = tcp_table_listener(f->st, &k, f->link);
	assert_non_null(general);
	one = stream_socket(f);
	set_int(f, one, PH_SOL_SOCKET, PH_SO_REUSEADDR, 1);
	assert_int_equal(ph_bind(f->st, one, &ours, f->now), -EADDRINUSE); /* one listens */
	assert_int_equal(ph_close(f->st, s, f->now), 0);
	assert_int_equal(ph_bind(f->st, one, &ours, f->now), 0);
	assert_int_equal(ph_listen(f->st, one, 5, f->now), 0);
	special = tcp_table_listener(f->st, &k, f->link);
	assert_non_null(special);
	assert_true(special->bound_ip);
	k.local = ph_ip4(10, 0, 0, 9);
	assert_null(tcp_table_listener(f->st, &k, f->link));
	assert_int_equal(ph_close(f->st, one, f->now), 0);
	fix_free(f);
}

static void test_listeners_that_share_a_port_share_its_peers(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr any = at(0, 80);
	struct tcp_tuple k = tuple(1, 80, 0);
	const struct tcb *first;
	ph_socket s[2];
	int other = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s[i] = stream_socket(f);
		set_int(f, s[i], PH_SOL_SOCKET, PH_SO_REUSEPORT, 1);
		assert_int_equal(ph_bind(f->st, s[i], &any, f->now), 0);
		assert_int_equal(ph_listen(f->st, s[i], 5, f->now), 0);
	}
	first = tcp_table_listener(f->st, &k, f->link);
	for (uint16_t i = 1; i < 1000; i++) {
		k.pport = i;
		other += tcp_table_listener(f->st, &k, f->link) != first;
		assert_ptr_equal(tcp_table_listener(f->st, &k, f->link),
				 tcp_table_listener(f->st, &k, f->link));
	}
	assert_in_range(other, 300, 700);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ph_close(f->st, s[i], f->now), 0);
	fix_free(f);
}

/* rfc: 6056:3.3.1-1 */
static void test_every_port_of_the_range_is_given_once_and_then_none(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr to = at(1, 4000), name;
	bool seen[65536] = { false };
	ph_socket s[50];

	(void)state;
	sysctl(f, "net.ipv4.ip_local_port_range", "40000 40048");
	for (int i = 0; i < 50; i++) {
		s[i] = stream_socket(f);
		assert_int_equal(ph_connect(f->st, s[i], &to, f->now),
				 i < 49 ? -EINPROGRESS : -EADDRNOTAVAIL);
		if (i == 49)
			break;
		assert_int_equal(ph_getsockname(f->st, s[i], &name), 0);
		assert_in_range(name.port, 40000, 40048);
		assert_false(seen[name.port]);
		seen[name.port] = true;
	}
	to.port = 4001; /* another peer: the same ports are free */
	assert_int_equal(ph_connect(f->st, s[49], &to, f->now), -EINPROGRESS);
	for (int i = 0; i < 50; i++)
		assert_int_equal(ph_close(f->st, s[i], f->now), 0);
	fix_free(f);
}

/* rfc: 6056:3.3-1 */
/* attack: CVE-2024-10026 */
static void test_next_port_does_not_follow_from_the_last(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr name;
	uint32_t steps[64], last = 0, same = 0;

	(void)state;
	for (uint32_t i = 0; i < 64; i++) {
		struct ph_sockaddr to = at(1, (uint16_t)(4000 + i));
		ph_socket s = stream_socket(f);

		assert_int_equal(ph_connect(f->st, s, &to, f->now), -EINPROGRESS);
		assert_int_equal(ph_getsockname(f->st, s, &name), 0);
		steps[i] = (name.port - last) & 0xffff;
		last = name.port;
		for (uint32_t k = 1; k < i; k++)
			same += steps[k] == steps[i];
		assert_int_equal(ph_close(f->st, s, f->now), 0);
	}
	assert_in_range(same, 0, 8); /* of 1953 pairs */
	fix_free(f);
}

/* rfc: 6056:3.1-1 */
static void test_bound_port_is_given_to_no_connection(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr to = at(1, 4000), own = at(0, 40001), name;
	ph_socket b = stream_socket(f);

	(void)state;
	sysctl(f, "net.ipv4.ip_local_port_range", "40000 40001");
	assert_int_equal(ph_bind(f->st, b, &own, f->now), 0);
	for (int i = 0; i < 20; i++) {
		ph_socket s = stream_socket(f);

		assert_int_equal(ph_connect(f->st, s, &to, f->now), -EINPROGRESS);
		assert_int_equal(ph_getsockname(f->st, s, &name), 0);
		assert_int_equal(name.port, 40000);
		assert_int_equal(ph_close(f->st, s, f->now), 0);
	}
	assert_int_equal(ph_close(f->st, b, f->now), 0);
	fix_free(f);
}

static void test_states_have_names_and_linux_numbers(void **state)
{
	(void)state;
	assert_string_equal(tcp_state_name(1), "ESTABLISHED");
	assert_string_equal(tcp_state_name(6), "TIME-WAIT");
	assert_string_equal(tcp_state_name(10), "LISTEN");
	assert_string_equal(tcp_state_name(0), "?");
	assert_string_equal(tcp_state_name(200), "?");
}

static void test_states_count_connections_that_stand(void **state)
{
	struct fix *f = fix_new();
	struct tcb *t = tcp_tcb_new(f->st, false);

	(void)state;
	tcp_set_state(f->st, t, TCPS_SYN_SENT);
	tcp_set_state(f->st, t, TCPS_ESTABLISHED);
	tcp_set_state(f->st, t, TCPS_CLOSE_WAIT);
	assert_int_equal(counter(f, "TcpCurrEstab"), 1);
	tcp_set_state(f->st, t, TCPS_LAST_ACK);
	assert_int_equal(counter(f, "TcpCurrEstab"), 0);
	tcp_set_state(f->st, t, TCPS_CLOSED);
	t->held = false;
	assert_true(tcp_put(f->st, t));
	fix_free(f);
}

static void test_idle_connection_is_small(void **state)
{
	(void)state;
	print_message("struct tcb %zu, half %zu, time-wait %zu bytes\n", sizeof(struct tcb),
		      sizeof(struct tcp_half), sizeof(struct tcp_timewait));
	assert_true(sizeof(struct tcb) <= 1544);
	assert_true(sizeof(struct tcp_half) <= 256);
	assert_true(sizeof(struct tcp_timewait) <= 192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isn_ticks_every_four_microseconds_and_differs_by_tuple_and_key),
		cmocka_unit_test(test_who_sees_the_numbers_of_one_connection_knows_no_others),
		cmocka_unit_test(test_next_port_does_not_follow_from_the_last),
		cmocka_unit_test(test_entries_are_found_by_their_whole_tuple),
		cmocka_unit_test(test_listener_of_the_address_comes_before_that_of_any),
		cmocka_unit_test(test_listeners_that_share_a_port_share_its_peers),
		cmocka_unit_test(test_every_port_of_the_range_is_given_once_and_then_none),
		cmocka_unit_test(test_bound_port_is_given_to_no_connection),
		cmocka_unit_test(test_states_have_names_and_linux_numbers),
		cmocka_unit_test(test_states_count_connections_that_stand),
		cmocka_unit_test(test_idle_connection_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
