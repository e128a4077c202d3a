/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire and the capture on real devices: two TAPs in a namespace of the test's own, whose far
 * sides the test holds. What virtual devices leave undone must be done when it comes out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "harness/capture/pcapng.h"
#include "harness/capture/ring.h"
#include "harness/link/rawsock.h"
#include "harness/link/wire.h"
#include "tests/unit/private_net.h"

enum { EXPERIMENT = 0x88b5, VNET = sizeof(struct virtio_net_hdr) };

static bool can;
static char err[LINK_ERR_TEXT];

static int enter(void **state)
{
	int fd;

	(void)state;
	can = private_net_enter() && private_net_up("lo");
	fd = can ? private_net_tap("probe", false) : -1;
	can = fd >= 0;
	if (fd >= 0)
		close(fd);
	else
		print_message("# needs a network namespace and /dev/net/tun\n");
	return 0;
}

struct bench {
	int a, b;		/* the far sides of TAPs ta and tb */
	struct wire *w;
};

/* TAPs ta and tb with packet sockets on them, and a wire between those. */
static struct bench start(struct pcapng_writer *drops)
{
	struct wire_conf conf = { .name = "test", .drops = drops };
	struct rawsock_conf raw = { .ifname = "ta", .promisc = true, .vnet_hdr = true };
	struct bench t;

	link_spec_init(&conf.in);
	link_spec_init(&conf.out);
	t.a = private_net_tap("ta", true);
	t.b = private_net_tap("tb", true);
	assert_true(t.a >= 0 && t.b >= 0);
	conf.fd_a = rawsock_open(&raw, err, sizeof(err));
	raw.ifname = "tb";
	conf.fd_b = rawsock_open(&raw, err, sizeof(err));
	assert_true(conf.fd_a >= 0 && conf.fd_b >= 0);
	t.w = wire_start(&conf, err, sizeof(err));
	if (!t.w)
		fail_msg("%s", err);
	return t;
}

static void stop(struct bench *t)
{
	wire_stop(t->w);
	close(t->a);
	close(t->b);
}

/* Ethernet broadcast of a type, then body; vh says what was left undone. */
static void put(int tap, struct virtio_net_hdr vh, unsigned int type, const void *body, size_t len)
{
	uint8_t f[VNET + 14 + 2000] = { 0 };

	assert_true(len <= 2000);
	memcpy(f, &vh, sizeof(vh));
	memset(f + VNET, 0xff, 6);
	f[VNET + 6] = 2;
	f[VNET + 12] = (uint8_t)(type >> 8);
	f[VNET + 13] = (uint8_t)type;
	memcpy(f + VNET + 14, body, len);
	assert_int_equal(write(tap, f, VNET + 14 + len), (ssize_t)(VNET + 14 + len));
}

/* The next frame of a type, without the virtio header; others are passed over. */
static size_t get(int tap, unsigned int type, uint8_t *out, size_t size)
{
	for (;;) {
		uint8_t f[VNET + 3000];
		ssize_t n = read(tap, f, sizeof(f));

		assert_true(n >= VNET + 14);
		if (f[VNET + 12] == type >> 8 && f[VNET + 13] == (type & 0xff)) {
			struct virtio_net_hdr vh;

			memcpy(&vh, f, sizeof(vh));
			assert_int_equal(vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, 0);
			assert_true((size_t)n - VNET <= size);
			memcpy(out, f + VNET, (size_t)n - VNET);
			return (size_t)n - VNET;
		}
	}
}

static void test_frames_cross_between_devices(void **state)
{
	struct virtio_net_hdr none = { 0 };
	struct bench t;
	uint8_t f[2000];

	(void)state;
	if (!can)
		skip();
	t = start(NULL);
	for (int i = 0; i < 200; i++) {
		uint8_t body[100] = { (uint8_t)i };

		put(t.a, none, EXPERIMENT, body, sizeof(body));
		assert_int_equal(get(t.b, EXPERIMENT, f, sizeof(f)), 14 + sizeof(body));
		assert_int_equal(f[14], i);
		put(t.b, none, EXPERIMENT, body, sizeof(body));
		assert_int_equal(get(t.a, EXPERIMENT, f, sizeof(f)), 14 + sizeof(body));
	}
	stop(&t);
}

static void test_a_checksum_left_to_the_device_is_filled_in(void **state)
{
	/* UDP 10.0.0.1:7 to 10.0.0.2:7, "abcde"; the field holds the pseudo-header's sum. */
	uint8_t ip[] = {
		0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0x66, 0xca, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 7, 0, 7, 0, 13, 0x14, 0x21, 'a', 'b', 'c', 'd', 'e',
	};
	struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6,
	};
	struct wire_stats st;
	struct bench t;
	uint8_t f[2000];
	uint32_t sum = 10 * 256 + 1 + 10 * 256 + 2 + 17 + 13;

	(void)state;
	if (!can)
		skip();
	t = start(NULL);
	put(t.a, vh, 0x0800, ip, sizeof(ip));
	assert_int_equal(get(t.b, 0x0800, f, sizeof(f)), 14 + sizeof(ip));
	for (size_t i = 34; i < 14 + sizeof(ip); i++)
		sum += i % 2 ? f[i] : (uint32_t)f[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
	wire_stats(t.w, &st);
	assert_int_equal(st.csum_filled, 1);
	stop(&t);
}

static void test_a_vlan_tag_crosses(void **state)
{
	const uint8_t tagged[] = { 0x60, 0x05, EXPERIMENT >> 8, EXPERIMENT & 0xff, 'x', 'y' };
	struct virtio_net_hdr none = { 0 };
	struct bench t;
	uint8_t f[2000];

	(void)state;
	if (!can)
		skip();
	t = start(NULL);
	put(t.a, none, 0x8100, tagged, sizeof(tagged));
	assert_int_equal(get(t.b, 0x8100, f, sizeof(f)), 14 + sizeof(tagged));
	assert_memory_equal(f + 14, tagged, sizeof(tagged));
	stop(&t);
}

static void test_a_bundle_of_segments_is_dropped_by_name(void **state)
{
	/* TCP with 100 bytes, to be cut into segments of 50. */
	uint8_t ip[140] = {
		0x45, 0, 0, 140, 0, 0, 0, 0, 64, 6, 0x66, 0x6a, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 7, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0,
	};
	struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 50, .hdr_len = 54,
	};
	struct virtio_net_hdr none = { 0 };
	struct wire_stats st;
	struct bench t;
	uint8_t f[2000];

	(void)state;
	if (!can)
		skip();
	t = start(NULL);
	put(t.a, vh, 0x0800, ip, sizeof(ip));
	put(t.a, none, EXPERIMENT, "after", 5);
	get(t.b, EXPERIMENT, f, sizeof(f));
	wire_stats(t.w, &st);
	assert_int_equal(st.model[LINK_DIR_OUT].drops[LINK_DROP_SUPER_SEGMENT], 1);
	stop(&t);
}

static void test_a_tap_descriptor_is_an_end_too(void **state)
{
	struct wire_conf conf = { .name = "test" };
	uint8_t f[2000], body[60] = "through the descriptor";
	struct wire *w;
	int a, b, far[2];

	(void)state;
	if (!can)
		skip();
	link_spec_init(&conf.in);
	link_spec_init(&conf.out);
	a = private_net_tap("ta", true);
	b = private_net_tap("tb", false);
	assert_true(a >= 0 && b >= 0);
	far[0] = rawsock_open(&(struct rawsock_conf){ .ifname = "ta" }, err, sizeof(err));
	far[1] = rawsock_open(&(struct rawsock_conf){ .ifname = "tb" }, err, sizeof(err));
	assert_true(far[0] >= 0 && far[1] >= 0);
	conf.fd_a = a;
	conf.fd_b = b;
	w = wire_start(&conf, err, sizeof(err));
	assert_non_null(w);
	for (int way = 0; way < 2; way++) {
		struct pollfd p = { .fd = far[!way], .events = POLLIN };
		uint8_t frame[14 + sizeof(body)] = { [12] = EXPERIMENT >> 8, EXPERIMENT & 0xff };
		ssize_t n;

		memset(frame, 0xff, 6);
		memcpy(frame + 14, body, sizeof(body));
		assert_int_equal(send(far[way], frame, sizeof(frame), 0), (ssize_t)sizeof(frame));
		do {
			assert_int_equal(poll(&p, 1, -1), 1);
			n = recv(far[!way], f, sizeof(f), 0);
		} while (n < 14 || f[12] != EXPERIMENT >> 8);
		assert_int_equal(n, sizeof(frame));
		assert_memory_equal(f, frame, sizeof(frame));
	}
	wire_stop(w);
	close(far[0]);
	close(far[1]);
}

static void send_datagrams(int n)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);
	int rx = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int tx = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(rx, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(rx, (struct sockaddr *)&to, &len), 0);
	for (uint32_t i = 0; i < (uint32_t)n; i++) {
		assert_int_equal(sendto(tx, &i, sizeof(i), 0, (struct sockaddr *)&to, len),
				 sizeof(i));
		assert_int_equal(recv(rx, &byte, 1, 0), 1);
	}
	close(rx);
	close(tx);
}

static uint64_t realtime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* On lo each frame is seen twice, going out and coming in. */
static void capture_datagrams(int n)
{
	char path[] = "/tmp/test-capture-XXXXXX";
	int fd = mkstemp(path), next[3] = { 0 };
	struct pcapng_writer *w = pcapng_writer_open(path, err, sizeof(err));
	struct capture_conf conf = { .ifname = "lo", .name = "loop", .writer = w };
	struct capture_stats st;
	struct pcapng_reader *r;
	struct pcapng_packet pkt;
	struct capture *c;
	uint64_t last_ns = realtime_ns();

	assert_non_null(w);
	c = capture_start(&conf, err, sizeof(err));
	if (!c)
		fail_msg("%s", err);
	send_datagrams(n);
	assert_int_equal(capture_stop(c, &st), 0);
	assert_int_equal(st.dropped, 0);
	assert_int_equal(st.written, 2 * n);
	assert_int_equal(pcapng_writer_close(w), 0);
	r = pcapng_reader_open(path, err, sizeof(err));
	assert_non_null(r);
	while (pcapng_reader_next(r, &pkt, err, sizeof(err)) == 1) {
		uint32_t i;

		assert_string_equal(pcapng_reader_if(r, pkt.if_id)->name, "loop");
		assert_int_equal(pkt.caplen, 14 + 28 + sizeof(i));
		memcpy(&i, pkt.data + 14 + 28, sizeof(i));
		assert_int_equal(i, next[pkt.dir]);
		next[pkt.dir]++;
		assert_true(pkt.time_ns >= last_ns);
		last_ns = pkt.time_ns;
	}
	assert_int_equal(next[PCAPNG_DIR_IN], n);
	assert_int_equal(next[PCAPNG_DIR_OUT], n);
	assert_true(last_ns <= realtime_ns());
	pcapng_reader_free(r);
	close(fd);
	unlink(path);
}

static void test_a_capture_holds_what_came_before_the_stop_to_the_last_packet(void **state)
{
	(void)state;
	if (!can)
		skip();
	for (int n = 0; n < 20; n++)
		capture_datagrams(n);
}

static void test_a_capture_of_many_blocks_is_whole_and_in_order(void **state)
{
	(void)state;
	if (!can)
		skip();
	capture_datagrams(5000);
}

static void test_an_interface_that_is_not_there_is_told(void **state)
{
	struct capture_conf conf = { .ifname = "nosuch" };
	struct rawsock_conf raw = { .ifname = "nosuch" };

	(void)state;
	if (!can)
		skip();
	assert_null(capture_start(&conf, err, sizeof(err)));
	assert_non_null(strstr(err, "capture of nosuch: no such interface in this network"));
	assert_true(rawsock_open(&raw, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "nosuch: no such interface in this network namespace"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_cross_between_devices),
		cmocka_unit_test(test_a_checksum_left_to_the_device_is_filled_in),
		cmocka_unit_test(test_a_vlan_tag_crosses),
		cmocka_unit_test(test_a_bundle_of_segments_is_dropped_by_name),
		cmocka_unit_test(test_a_tap_descriptor_is_an_end_too),
		cmocka_unit_test(test_a_capture_holds_what_came_before_the_stop_to_the_last_packet),
		cmocka_unit_test(test_a_capture_of_many_blocks_is_whole_and_in_order),
		cmocka_unit_test(test_an_interface_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("link_devices", tests, enter, NULL);
}
