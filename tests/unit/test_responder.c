/* SPDX-License-Identifier: BSD-2-Clause */
/* The responder's answers: exactly those that RFC 826 and RFC 4861 ask for, and none else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "harness/rig/responder.h"

enum { NS_OFF = 54 };

static struct responder two(void)
{
	struct responder r = { .naddr = 2 };

	netmac_parse(&r.mac, "02:00:00:00:00:99");
	netaddr_parse(&r.addr[0], "10.0.0.99", false);
	netaddr_parse(&r.addr[1], "fd00::99", false);
	return r;
}

/* Who has 10.0.0.99, tell 10.0.0.1 (02:00:00:00:00:01). */
static const uint8_t arp_request[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
	1,    2,    0,	  0,	0,    0,    1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 99,
};

static uint16_t csum6(const uint8_t *ip, const uint8_t *icmp, size_t n)
{
	uint32_t s = (uint32_t)n + 58;

	for (size_t i = 8; i < 40; i += 2)
		s += (uint32_t)ip[i] << 8 | ip[i + 1];
	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)icmp[i] << 8 | icmp[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* A solicitation for fd00::99 from @from (fd00::1, or :: for a duplicate address test). */
static size_t solicitation(uint8_t *out, const char *from)
{
	static const uint8_t head[14] = {
		0x33, 0x33, 0xff, 0, 0, 0x99, 2, 0, 0, 0, 0, 1, 0x86, 0xdd
	};
	struct netaddr a;
	uint16_t sum;

	memset(out, 0, 86);
	memcpy(out, head, sizeof(head));
	out[14] = 0x60;
	out[19] = 24;
	out[20] = 58;
	out[21] = 255;
	netaddr_parse(&a, from, false);
	memcpy(out + 22, a.bytes, 16);
	netaddr_parse(&a, "ff02::1:ff00:99", false);
	memcpy(out + 38, a.bytes, 16);
	out[NS_OFF] = 135;
	netaddr_parse(&a, "fd00::99", false);
	memcpy(out + NS_OFF + 8, a.bytes, 16);
	sum = csum6(out + 14, out + NS_OFF, 24);
	out[NS_OFF + 2] = (uint8_t)(sum >> 8);
	out[NS_OFF + 3] = (uint8_t)sum;
	return NS_OFF + 24;
}

static void test_an_arp_request_for_our_address_is_answered_to_its_sender(void **state)
{
	static const uint8_t want[42] = {
		2, 0, 0, 0, 0, 1, 2,	0,  0, 0, 0,  0x99, 8, 6, 0, 1, 8, 0,  6, 4, 0,
		2, 2, 0, 0, 0, 0, 0x99, 10, 0, 0, 99, 2,    0, 0, 0, 0, 1, 10, 0, 0, 1,
	};
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX];

	(void)state;
	assert_int_equal(responder_answer(&r, arp_request, sizeof(arp_request), out), 60);
	assert_memory_equal(out, want, sizeof(want));
}

static void test_other_arp_is_not_answered(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
		const char *what;
	} rows[] = {
		{ 41, 98, "another address" },	{ 21, 2, "a reply" },
		{ 15, 2, "another link type" }, { 16, 9, "another protocol" },
		{ 18, 8, "address size" },	{ 13, 0, "IPv4" },
	};
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX], frame[42];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(frame, arp_request, sizeof(frame));
		frame[rows[i].at] = rows[i].value;
		if (responder_answer(&r, frame, sizeof(frame), out))
			fail_msg("%s was answered", rows[i].what);
	}
}

static void test_a_solicitation_is_answered_with_our_mac_and_a_right_checksum(void **state)
{
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX], frame[128];
	size_t n = solicitation(frame, "fd00::1");

	(void)state;
	assert_int_equal(responder_answer(&r, frame, n, out), 86);
	assert_memory_equal(out, frame + 6, 6);
	assert_memory_equal(out + 38, frame + 22, 16);
	assert_int_equal(out[NS_OFF], 136);
	assert_int_equal(out[NS_OFF + 4], 0x60);
	assert_memory_equal(out + NS_OFF + 26, r.mac.bytes, 6);
	assert_int_equal(csum6(out + 14, out + NS_OFF, 32), 0);
}

static void test_a_duplicate_address_test_is_answered_to_all_nodes(void **state)
{
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX], frame[128];
	size_t n = solicitation(frame, "::");
	struct netaddr all;

	(void)state;
	netaddr_parse(&all, "ff02::1", false);
	assert_int_equal(responder_answer(&r, frame, n, out), 86);
	assert_memory_equal(out + 38, all.bytes, 16);
	assert_int_equal(out[NS_OFF + 4], 0x20);
	assert_int_equal(csum6(out + 14, out + NS_OFF, 32), 0);
}

static void test_a_solicitation_damaged_or_from_afar_is_not_answered(
	void **state)
{
	static const unsigned int flips[] = { 21,	  20,	       NS_OFF, NS_OFF + 1,
					      NS_OFF + 2, NS_OFF + 23, 18 };
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX], frame[128];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(flips) / sizeof(flips[0]); i++) {
		n = solicitation(frame, "fd00::1");
		frame[flips[i]] ^= 1;
		assert_int_equal(responder_answer(&r, frame, n, out), 0);
	}
}

static void test_short_frames_are_not_answered(void **state)
{
	struct responder r = two();
	uint8_t out[RESPONDER_FRAME_MAX], frame[128];
	size_t n = solicitation(frame, "fd00::1");

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(responder_answer(&r, frame, i, out), 0);
	for (size_t i = 0; i < sizeof(arp_request); i++)
		assert_int_equal(responder_answer(&r, arp_request, i, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_arp_request_for_our_address_is_answered_to_its_sender),
		cmocka_unit_test(test_other_arp_is_not_answered),
		cmocka_unit_test(test_a_solicitation_is_answered_with_our_mac_and_a_right_checksum),
		cmocka_unit_test(test_a_duplicate_address_test_is_answered_to_all_nodes),
		cmocka_unit_test(
			test_a_solicitation_damaged_or_from_afar_is_not_answered),
		cmocka_unit_test(test_short_frames_are_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
