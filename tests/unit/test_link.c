/* SPDX-License-Identifier: BSD-2-Clause */
/* net/link.h and frame.c: what a link takes, the bounds of its queue, and who is resumed when. */
#include "net_fixture.h"
#include "own.h"

static void test_links_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum ph_link_kind kind;
		uint8_t mac0;
		uint32_t mtu;
		uint32_t offload;
		int want;
	} row[] = {
		{ "", PH_LINK_ETHER, 2, 0, 0, -EINVAL },
		{ NULL, PH_LINK_ETHER, 2, 0, 0, -EINVAL },
		{ "a-name-of-16-byt", PH_LINK_ETHER, 2, 0, 0, -EINVAL },
		{ "t", PH_LINK_ETHER, 3, 0, 0, -EINVAL },
		{ "t", PH_LINK_ETHER, 2, 67, 0, -EINVAL },
		{ "t", PH_LINK_ETHER, 2, 0, 16, -EINVAL },
		{ "t", (enum ph_link_kind)77, 2, 0, 0, -EINVAL },
		{ "t", PH_LINK_ETHER, 2, 65536, 0, -EINVAL },
		{ "t", PH_LINK_LOOPBACK, 0, 0, 0, -EINVAL },
		{ "lo", PH_LINK_ETHER, 2, 0, 0, -EEXIST },
		{ "a-name-of-15-by", PH_LINK_ETHER, 2, 68, 15, 2 },
		{ "t", PH_LINK_IP, 3, 65535, 0, 3 },
		{ "t", PH_LINK_IP, 3, 65535, 0, -EEXIST },
		{ "u", PH_LINK_ETHER, 2, 0, 0, -ENOSPC },
	};
	struct host *h = host_bare((struct ph_conf){ .max_links = 2 });

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct ph_link_conf conf = { .name = row[i].name,
					     .kind = row[i].kind,
					     .mac = { row[i].mac0 },
					     .mtu = row[i].mtu,
					     .offload = row[i].offload };

		if (ph_link_add(h->st, &conf, h->now) != row[i].want)
			fail_msg("link row %zu is not answered with %d", i, row[i].want);
	}
	assert_int_equal(ph_link_remove(h->st, 2, h->now), 0);
	assert_int_equal(ph_link_remove(h->st, 2, h->now), -ENODEV);
	assert_int_equal(ph_link_remove(h->st, 0, h->now), -ENODEV);
	assert_int_equal(ph_link_remove(h->st, 3, h->now), 0);
	assert_int_equal(ph_link_remove(h->st, PH_LINK_LO, h->now), -EOPNOTSUPP);
	assert_int_equal(own_links(h->st, NULL, 0), 0);
	host_free(h);
}

/* A frame's first bytes, and what it is dropped for. */
static void test_frames_for_others_and_of_other_kinds_are_dropped(void **state)
{
	static const struct {
		const char *what, *reason;
		uint8_t dst[6];
		uint16_t type;
	} row[] = {
		{ "to another host", "OTHERHOST", { 2, 0, 0, 0, 0, 9 }, 0x0800 },
		{ "to our address with the group bit", "OTHERHOST", { 3, 0, 0, 0, 0, 2 }, 0x0800 },
		{ "to nobody", "OTHERHOST", { 0 }, 0x0800 },
		{ "to a group not joined", "OTHERHOST", { 1, 0, 0x5e, 0, 0, 2 }, 0x0800 },
		{ "to an IPv6 group", "OTHERHOST", { 0x33, 0x33, 0, 0, 0, 1 }, 0x86dd },
		{ "IPv6, where it is off", "IPV6DISABLED", { 2, 0, 0, 0, 0, 2 }, 0x86dd },
		{ "reverse ARP", "UNHANDLED_PROTO", { 2, 0, 0, 0, 0, 2 }, 0x8035 },
		{ "a VLAN tag", "UNHANDLED_PROTO", { 2, 0, 0, 0, 0, 2 }, 0x8100 },
		{ "802.3 with a length", "UNHANDLED_PROTO", { 2, 0, 0, 0, 0, 2 }, 46 },
		{ "type 0", "UNHANDLED_PROTO", { 2, 0, 0, 0, 0, 2 }, 0 },
	};
	struct host *h = host_new();
	struct ph_link_info info;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint64_t before = drops_of(h, row[i].reason);
		struct frame f;

		frame_eth(&f, row[i].dst, peer_mac, row[i].type);
		(void)frame_put(&f, 46);
		frame_in(h, &f);
		if (drops_of(h, row[i].reason) != before + 1)
			fail_msg("a frame %s: not dropped for %s", row[i].what, row[i].reason);
	}
	assert_int_equal(own_links(h->st, &info, 1), 1);
	assert_int_equal(info.rx_packets, ARRAY_LEN(row));
	assert_int_equal(info.rx_bytes, ARRAY_LEN(row) * 60);
	assert_int_equal(info.rx_dropped, ARRAY_LEN(row));
	assert_int_equal(ph_link_input_bytes(h->st, 7, info.mac, 6, NULL, h->now), 0);
	assert_int_equal(drops_of(h, "LINK_DOWN"), 1);
	host_free(h);
}

static void test_what_a_device_says_of_a_frame_is_checked(void **state)
{
	static const struct {
		struct ph_offload o;
		int want;
	} row[] = {
		{ { .flags = 1, .csum_start = 34, .csum_offset = 6 }, 0 },
		{ { .flags = 1, .csum_start = 34, .csum_offset = 8 }, 0 },
		{ { .flags = 1, .csum_start = 34, .csum_offset = 9 }, -EINVAL },
		{ { .flags = 1, .csum_start = 65535, .csum_offset = 65535 }, -EINVAL },
		{ { .flags = 2 }, 0 },
		{ { .gso_type = 1 }, -EINVAL },
		{ { .gso_type = 1, .gso_size = 1448 }, 0 },
		{ { .gso_type = 0x81, .gso_size = 1448 }, 0 },
		{ { .gso_type = 3, .gso_size = 1448 }, -EINVAL },
		{ { .gso_type = 5, .gso_size = 1448 }, -EINVAL },
		{ { .gso_type = 0x7f, .gso_size = 1448 }, -EINVAL },
	};
	struct host *h = host_new();
	uint8_t bytes[44] = { 2, 0, 0, 0, 0, 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (ph_link_input_bytes(h->st, h->link, bytes, sizeof(bytes), &row[i].o, h->now) !=
		    row[i].want)
			fail_msg("offload row %zu is not answered with %d", i, row[i].want);
	assert_int_equal(ph_link_input_bytes(h->st, h->link, bytes, PKT_LEN_MAX + 1, NULL, h->now),
			 -EMSGSIZE);
	host_free(h);
}

/* Fills the memory that ph_pkt_rx() offers as readv() would; returns what ph_pkt_filled() said. */
static int receive(struct host *h, const struct frame *f, const struct ph_offload *o)
{
	struct ph_iov iov[PH_RX_IOV];
	struct ph_pkt *p;
	size_t at = 0;
	int n, rc;

	p = ph_pkt_rx(h->st, h->link, iov, &n);
	assert_non_null(p);
	for (int i = 0; i < n && at < f->len; i++) {
		size_t part = f->len - at < iov[i].len ? f->len - at : iov[i].len;

		memcpy(iov[i].base, f->b + at, part);
		at += part;
	}
	rc = at == f->len ? ph_pkt_filled(p, f->len, o) : -EINVAL;
	if (rc == 0)
		ph_link_input(h->st, h->link, p, h->now);
	else
		ph_pkt_free(h->st, p);
	return rc;
}

static void test_memory_to_receive_into_fits_what_the_link_carries(void **state)
{
	static const struct {
		uint16_t mtu;
		uint32_t offload;
		uint32_t len; /* of the IP packet */
		int want;
	} row[] = {
		{ 1500, 0, 1500, 0 },  { 1500, 0, 2034, 0 },	   { 1500, 0, 2035, -EINVAL },
		{ 9000, 0, 9000, 0 },  { 9000, 0, 9010, -EINVAL }, { 65535, 0, 65535, 0 },
		{ 1500, 3, 65535, 0 }, { 1500, 3, 40, 0 },	   { 1500, 3, 242, 0 },
		{ 1500, 3, 243, 0 },   { 65535, 7, 65535, 0 },
	};
	struct frame *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_with((struct ph_link_conf){
			.kind = PH_LINK_ETHER, .mtu = row[i].mtu, .offload = row[i].offload });

		host_test_l4(h);
		frame_ip4(f, PEER4, US4, TEST_PROTO, 0);
		pattern(frame_put(f, row[i].len - 20), row[i].len - 20);
		frame_end(f);
		assert_int_equal(receive(h, f, NULL), row[i].want);
		assert_int_equal(test_l4.inputs, row[i].want == 0);
		if (row[i].want == 0) {
			assert_int_equal(test_l4.len, row[i].len - 20);
			assert_memory_equal(test_l4.data, f->b + 34, test_l4.len);
		}
		host_free(h);
	}
	free(f);
}

static void test_more_than_there_was_room_for_is_not_believed(void **state)
{
	struct host *h = host_new();
	struct ph_iov iov[PH_RX_IOV];
	int n;
	struct ph_pkt *p = ph_pkt_rx(h->st, h->link, iov, &n);

	(void)state;
	assert_non_null(p);
	assert_int_equal(n, 1);
	assert_int_equal(ph_pkt_filled(p, iov[0].len + 1, NULL), -EINVAL);
	assert_int_equal(ph_pkt_filled(p, iov[0].len, NULL), 0);
	ph_pkt_free(h->st, p);
	assert_null(ph_pkt_rx(h->st, 9, iov, &n));
	host_free(h);
}

static void test_a_super_segment_goes_up_whole_with_its_size(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .offload = 3 });
	struct ph_offload o = { .flags = 1,
				.gso_type = 1,
				.gso_size = 1448,
				.hdr_len = 54,
				.csum_start = 34,
				.csum_offset = 16 };
	struct frame *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	host_test_l4(h);
	frame_ip4(f, PEER4, US4, TEST_PROTO, 0);
	pattern(frame_put(f, 65000), 65000);
	frame_end(f);
	assert_int_equal(receive(h, f, &o), 0);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, 65000);
	assert_int_equal(count_of(h, "IpInReceives"), 1);
	assert_int_equal(count_of(h, "IpExtInNoECTPkts"), 45);
	free(f);
	host_free(h);
}

static void test_the_queue_is_bounded_in_packets(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 3 });
	struct ph_link_info info;

	(void)state;
	host_knows_peer(h);
	for (uint8_t i = 0; i < 3; i++) {
		assert_true(link_has_room(h->st, h->link));
		assert_int_equal(host_send(h, PEER4, i), 0);
	}
	assert_false(link_has_room(h->st, h->link));
	assert_int_equal(host_send(h, PEER4, 3), -ENOBUFS);
	assert_int_equal(drops_of(h, "QUEUE_FULL"), 1);
	assert_int_equal(own_links(h->st, &info, 1), 1);
	assert_int_equal(info.queued, 3);
	assert_int_equal(info.tx_dropped, 1);
	for (uint8_t i = 0; i < 3; i++) {
		assert_true(host_take(h) > 0);
		assert_int_equal(out_l4(h)[0], i);
	}
	assert_true(link_has_room(h->st, h->link));
	assert_int_equal(own_links(h->st, &info, 1), 1);
	assert_int_equal(info.tx_packets, 4);
	assert_int_equal(info.tx_bytes, 42 + 3 * 54);
	host_free(h);
}

static void test_the_queue_is_bounded_in_bytes(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .mtu = 65535 });
	struct dst d = host_dst(h, PEER4);
	unsigned n = 0;

	(void)state;
	host_knows_peer(h);
	while (link_has_room(h->st, h->link) && n++ < 100)
		assert_int_equal(host_send_on(h, &d, 1, 65000), 0);
	assert_int_equal(n, 5);
	while (host_send_on(h, &d, 1, 65000) == 0 && n++ < 100)
		;
	assert_true(n < 40);
	while (host_take(h) > 0)
		n--;
	assert_int_equal(n, 0);
	host_free(h);
}

/* Who waits, and in which order they had their turn. */
struct sender {
	struct link_waiter w;
	struct host *h;
	struct sender *unwaits; /* another one, that it takes off the list */
	uint8_t mark;
	unsigned packets, turns;
	bool wants_more;
};

static void resume(struct ph_stack *st, struct link_waiter *w)
{
	struct sender *s = container_of(w, struct sender, w);

	s->turns++;
	if (s->unwaits)
		link_unwait(&s->unwaits->w);
	for (unsigned i = 0; i < s->packets && link_has_room(st, s->h->link); i++)
		(void)host_send(s->h, PEER4, s->mark);
	if (s->wants_more)
		link_wait(st, s->h->link, &s->w);
}

static struct sender sender(struct host *h, uint8_t mark, unsigned packets, bool wants_more)
{
	return (struct sender){ .w.resume = resume,
				.h = h,
				.mark = mark,
				.packets = packets,
				.wants_more = wants_more };
}

static void fill(struct host *h)
{
	host_knows_peer(h);
	while (link_has_room(h->st, h->link))
		assert_int_equal(host_send(h, PEER4, 0), 0);
}

static void test_who_waits_is_resumed_when_half_the_queue_is_sent(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 8 });
	struct sender a = sender(h, 1, 2, false), b = sender(h, 2, 2, false);
	unsigned marks[3] = { 0 };

	(void)state;
	list_init_node(&a.w.node);
	list_init_node(&b.w.node);
	fill(h);
	link_wait(h->st, h->link, &a.w);
	link_wait(h->st, h->link, &b.w);
	link_wait(h->st, h->link, &a.w);
	for (int i = 0; i < 4; i++)
		assert_true(host_take(h) > 0);
	assert_int_equal(a.turns + b.turns, 0);
	assert_int_equal(ph_stack_deadline(h->st), h->now);
	assert_true(host_take(h) > 0);
	assert_int_equal(a.turns, 1);
	assert_int_equal(b.turns, 1);
	while (host_take(h) > 0)
		marks[out_l4(h)[0]]++;
	assert_int_equal(marks[1], 2);
	assert_int_equal(marks[2], 2);
	assert_true(ph_stack_deadline(h->st) > h->now);
	host_free(h);
}

static void test_run_resumes_too(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 4 });
	struct sender a = sender(h, 1, 1, false);

	(void)state;
	list_init_node(&a.w.node);
	fill(h);
	link_wait(h->st, h->link, &a.w);
	ph_stack_run(h->st, h->now);
	assert_int_equal(a.turns, 0);
	assert_true(host_take(h) > 0);
	assert_true(host_take(h) > 0);
	ph_stack_run(h->st, h->now);
	assert_int_equal(a.turns, 1);
	host_free(h);
}

static void test_greedy_senders_take_turns(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 4 });
	struct sender s[3];
	unsigned marks[4] = { 0 };

	(void)state;
	fill(h);
	for (uint8_t i = 0; i < 3; i++) {
		s[i] = sender(h, (uint8_t)(i + 1), 100, true);
		list_init_node(&s[i].w.node);
		link_wait(h->st, h->link, &s[i].w);
	}
	for (int i = 0; i < 124; i++) {
		assert_true(host_take(h) > 0);
		marks[out_l4(h)[0]]++;
	}
	for (int i = 1; i <= 3; i++)
		assert_in_range(marks[i], 36, 44);
	for (int i = 0; i < 3; i++)
		link_unwait(&s[i].w);
	host_free(h);
}

static void test_one_who_is_taken_off_the_list_meanwhile_is_not_resumed(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 4 });
	struct sender a = sender(h, 1, 0, false), b = sender(h, 2, 0, false);

	(void)state;
	list_init_node(&a.w.node);
	list_init_node(&b.w.node);
	a.unwaits = &b;
	fill(h);
	link_wait(h->st, h->link, &a.w);
	link_wait(h->st, h->link, &b.w);
	while (host_take(h) > 0)
		;
	assert_int_equal(a.turns, 1);
	assert_int_equal(b.turns, 0);
	host_free(h);
}

static void test_a_link_that_leaves_resumes_its_waiters_and_takes_all_with_it(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_ETHER, .txqueuelen = 4 });
	struct sender a = sender(h, 1, 0, true);
	struct ph_usage u;
	struct dst d;

	(void)state;
	list_init_node(&a.w.node);
	d = host_dst(h, PEER4);
	fill(h);
	assert_int_equal(host_send(h, OTHER4, 1), 0); /* waits for its next hop */
	link_wait(h->st, h->link, &a.w);
	assert_int_equal(ph_link_remove(h->st, h->link, h->now), 0);
	assert_int_equal(a.turns, 1);
	assert_false(list_linked(&a.w.node));
	assert_int_equal(host_send_on(h, &d, 1, 20), -EADDRNOTAVAIL);
	assert_true(link_has_room(h->st, h->link));
	assert_null(ph_link_output(h->st, h->link, h->now));
	assert_int_equal(own_addrs(h->st, NULL, 0) + ph_routes(h->st, NULL, 0) +
				 ph_neighs(h->st, NULL, 0),
			 0);
	ph_stack_usage(h->st, &u);
	assert_int_equal(u.packets, 0);
	host_free(h);
}

static void test_a_frame_larger_than_the_room_given_is_dropped_and_said(void **state)
{
	struct host *h = host_new();
	uint8_t bytes[54];

	(void)state;
	host_knows_peer(h);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	assert_int_equal(ph_link_output_bytes(h->st, h->link, bytes, 53, h->now), -EMSGSIZE);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	assert_int_equal(ph_link_output_bytes(h->st, h->link, bytes, 54, h->now), 54);
	assert_int_equal(ph_link_output_bytes(h->st, h->link, bytes, 54, h->now), 0);
	host_free(h);
}

static void test_random_bytes_are_dropped_and_never_kept(void **state)
{
	struct host *h = host_new();
	uint8_t key[32] = { 9 };
	struct prng r;

	(void)state;
	prng_seed(&r, key);
	for (unsigned i = 0; i < 20000; i++) {
		struct frame f;
		size_t n = prng_below(&r, 100);

		if (prng_below(&r, 3) == 0)
			frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
		else
			(void)frame_echo(&f, PEER4, US4, n);
		for (unsigned k = prng_below(&r, 4); k > 0; k--)
			f.b[prng_below(&r, (uint32_t)f.len)] = (uint8_t)prng_u64(&r);
		if (prng_below(&r, 2) && be16_get(((struct eth_hdr *)(void *)f.b)->type) == 0x0800)
			frame_ip_csum(&f);
		f.len -= prng_below(&r, 4) ? 0 : prng_below(&r, (uint32_t)f.len);
		h->now += NS_PER_MS;
		frame_in(h, &f);
		while (host_take(h) > 0)
			;
		host_run(h, 0);
	}
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_that_cannot_be_are_refused),
		cmocka_unit_test(test_frames_for_others_and_of_other_kinds_are_dropped),
		cmocka_unit_test(test_what_a_device_says_of_a_frame_is_checked),
		cmocka_unit_test(test_memory_to_receive_into_fits_what_the_link_carries),
		cmocka_unit_test(test_more_than_there_was_room_for_is_not_believed),
		cmocka_unit_test(test_a_super_segment_goes_up_whole_with_its_size),
		cmocka_unit_test(test_the_queue_is_bounded_in_packets),
		cmocka_unit_test(test_the_queue_is_bounded_in_bytes),
		cmocka_unit_test(test_who_waits_is_resumed_when_half_the_queue_is_sent),
		cmocka_unit_test(test_run_resumes_too),
		cmocka_unit_test(test_greedy_senders_take_turns),
		cmocka_unit_test(test_one_who_is_taken_off_the_list_meanwhile_is_not_resumed),
		cmocka_unit_test(test_a_link_that_leaves_resumes_its_waiters_and_takes_all_with_it),
		cmocka_unit_test(test_a_frame_larger_than_the_room_given_is_dropped_and_said),
		cmocka_unit_test(test_random_bytes_are_dropped_and_never_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
