/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream sockets of one link: SO_BINDTODEVICE and SO_BINDTOIFINDEX. A stack with two links without
 * Ethernet, tun0 with 10.0.0.2/24 and tun1; the peer, 10.0.0.1, speaks by either. */
#include "tcp_script.h"

struct two {
	struct fix *f;
	ph_link link[2];
};

static struct two two_new(void)
{
	struct ph_link_conf conf = { .name = "tun1", .kind = PH_LINK_IP, .mtu = 1400 };
	struct ph_ip ip = ph_ip4(10, 0, 1, 2);
	struct two w = { .f = fix_new() };

	w.link[0] = w.f->link;
	w.link[1] = ph_link_add(w.f->st, &conf, w.f->now);
	assert_true(w.link[1] > 0);
	assert_int_equal(ph_addr_add(w.f->st, w.link[1], &ip, 24, w.f->now), 0);
	return w;
}

static void by(struct two *w, int i)
{
	w->f->link = w->link[i];
}

static int bind_name(struct fix *f, ph_socket s, const char *name)
{
	return ph_setsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, name, (uint32_t)strlen(name),
			     f->now);
}

static int bind_index(struct fix *f, ph_socket s, int index)
{
	return ph_setsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_BINDTOIFINDEX, &index, sizeof(index), f->now);
}

static void is_bound(struct fix *f, ph_socket s, const char *name, int index)
{
	char got[16] = "";
	uint32_t len = sizeof(got), ilen = sizeof(int);
	int v = -1;

	assert_int_equal(ph_getsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, got, &len), 0);
	assert_int_equal(len, *name ? strlen(name) + 1 : 0);
	assert_string_equal(got, name);
	assert_int_equal(ph_getsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_BINDTOIFINDEX, &v, &ilen), 0);
	assert_int_equal(v, index);
}

static void abort_it(struct fix *f)
{
	struct { int on, seconds; } at_once = { 1, 0 };

	assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, &at_once,
				       sizeof(at_once), f->now), 0);
	ph_close(f->st, f->s, f->now);
	f->s = -1;
}

static void two_free(struct two *w)
{
	static uint8_t p[70000];
	struct fix *f = w->f;

	if (f->s >= 0)
		abort_it(f);
	if (f->l >= 0)
		ph_close(f->st, f->l, f->now);
	for (int i = 0; i < 2; i++)
		while (ph_link_output_bytes(f->st, w->link[i], p, sizeof(p), f->now) > 0)
			;
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

/* As the kernel's: a name need not end, an empty one unbinds, and 16 bytes of room are asked for. */
static void test_a_socket_is_bound_by_name_or_number(void **state)
{
	struct two w = two_new();
	struct fix *f = w.f;
	uint32_t len = 15;
	char got[16];

	(void)state;
	f->s = stream_socket(f);
	is_bound(f, f->s, "", 0);
	assert_int_equal(bind_name(f, f->s, "tun1"), 0);
	is_bound(f, f->s, "tun1", w.link[1]);
	assert_int_equal(bind_name(f, f->s, "tun2"), -ENODEV);
	is_bound(f, f->s, "tun1", w.link[1]);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, got, &len), -EINVAL);
	assert_int_equal(bind_name(f, f->s, ""), 0);
	is_bound(f, f->s, "", 0);
	assert_int_equal(bind_index(f, f->s, w.link[0]), 0);
	is_bound(f, f->s, "tun0", w.link[0]);
	assert_int_equal(bind_index(f, f->s, -1), -EINVAL);
	assert_int_equal(bind_index(f, f->s, 99), -ENODEV);
	is_bound(f, f->s, "tun0", w.link[0]);
	assert_int_equal(bind_index(f, f->s, 0), 0);
	is_bound(f, f->s, "", 0);
	two_free(&w);
}

static void test_a_listener_hears_its_link_alone_and_answers_by_it(void **state)
{
	struct two w = two_new();
	struct fix *f = w.f;

	(void)state;
	listen_on(f, 5);
	assert_int_equal(bind_name(f, f->l, "tun1"), 0);
	in(f, "S 0:0 mss 1460");
	out(f, "R. 0:0 ack 1"); /* nobody listens there */
	by(&w, 1);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1 mss 1360"); /* by tun1, though the route is tun0's, and with its MSS */
	by(&w, 0);
	in(f, ". 1:0 ack 1");
	out(f, "R 1:0");
	by(&w, 1);
	in(f, ". 1:0 ack 1");
	quiet(f);
	accept_one(f);
	is_bound(f, f->s, "tun1", w.link[1]);
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	by(&w, 0);
	in(f, ". 1:0 ack 101");
	out(f, "R 101:0");
	assert_int_equal(state_of(f, f->s), 1);
	by(&w, 1);
	in(f, ". 1:0 ack 101");
	quiet(f);
	two_free(&w);
}

static ph_socket listener(struct fix *f, const char *link, int want)
{
	struct ph_sockaddr a = at(0, 80);
	ph_socket l = stream_socket(f);

	assert_int_equal(bind_name(f, l, link), 0);
	assert_int_equal(ph_bind(f->st, l, &a, f->now), want);
	if (want == 0)
		assert_int_equal(ph_listen(f->st, l, 4, f->now), 0);
	return l;
}

static bool has_one(struct fix *f, ph_socket l)
{
	ph_socket s = ph_accept(f->st, l, NULL, f->now);

	if (s < 0)
		return false;
	assert_int_equal(f->s, -1);
	f->s = s;
	return true;
}

/* Two of different links do not meet on a port, one of all meets both. */
static void test_ports_are_by_link(void **state)
{
	struct two w = two_new();
	struct fix *f = w.f;
	ph_socket first = listener(f, "tun0", 0), second = listener(f, "tun1", 0);
	ph_socket all = listener(f, "", -EADDRINUSE), again = listener(f, "tun1", -EADDRINUSE);

	(void)state;
	by(&w, 1);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	assert_false(has_one(f, first));
	assert_true(has_one(f, second));
	ph_close(f->st, first, f->now);
	ph_close(f->st, second, f->now);
	ph_close(f->st, all, f->now);
	ph_close(f->st, again, f->now);
	two_free(&w);
}

/* Who is of the link goes before who is of all, whichever was there first. */
static void test_the_listener_of_the_link_is_preferred(void **state)
{
	struct two w = two_new();
	struct fix *f = w.f;
	ph_socket l[3];
	struct ph_sockaddr a = at(0, 80);
	static const char *const name[3] = { "", "tun1", "" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		l[i] = stream_socket(f);
		set_int(f, l[i], PH_SOL_SOCKET, PH_SO_REUSEPORT, 1);
		assert_int_equal(bind_name(f, l[i], name[i]), 0);
		assert_int_equal(ph_bind(f->st, l[i], &a, f->now), 0);
		assert_int_equal(ph_listen(f->st, l[i], 4, f->now), 0);
	}
	for (uint16_t port = 5000; port < 5016; port++) {
		by(&w, 1);
		f->peer_port = port;
		f->our_port = 80;
		f->iss_known = false;
		in(f, "S 0:0 mss 1000");
		out(f, "S. 0:0 ack 1");
		f->peer_port = port;
		f->our_port = 80;
		in(f, ". 1:0 ack 1");
		assert_true(has_one(f, l[1]));
		abort_it(f);
		out(f, "R. 1:0 ack 1");
	}
	for (int i = 0; i < 3; i++)
		ph_close(f->st, l[i], f->now);
	two_free(&w);
}

/* A connection begun leaves by its link, and what comes by another is not for it; TIME-WAIT as well. */
static void test_a_connection_keeps_to_its_link(void **state)
{
	struct two w = two_new();
	struct fix *f = w.f;
	struct ph_sockaddr a = at(1, 4000), us = at(2, 0);

	(void)state;
	f->s = stream_socket(f);
	assert_int_equal(ph_bind(f->st, f->s, &us, f->now), 0);
	assert_int_equal(bind_index(f, f->s, w.link[1]), 0);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	quiet(f);
	by(&w, 1);
	out(f, "S 0:0 mss 1360");
	by(&w, 0);
	in(f, "S. 0:0 ack 1 mss 1000");
	out(f, "R 1:0");
	by(&w, 1);
	in(f, "S. 0:0 ack 1 mss 1000");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_close(f->st, f->s, f->now), 0);
	f->s = -1;
	out(f, "F. 1:0 ack 1");
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	pass(f, 1000);
	by(&w, 0);
	in(f, "F. 1:0 ack 2");
	out(f, "R 2:0");
	by(&w, 1);
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2"); /* by tun1 */
	two_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_socket_is_bound_by_name_or_number),
		cmocka_unit_test(test_a_listener_hears_its_link_alone_and_answers_by_it),
		cmocka_unit_test(test_ports_are_by_link),
		cmocka_unit_test(test_the_listener_of_the_link_is_preferred),
		cmocka_unit_test(test_a_connection_keeps_to_its_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
