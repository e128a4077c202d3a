/* SPDX-License-Identifier: BSD-2-Clause */
/* IGMP messages at the bounds of their lengths; IGMP and MLD behind each way to write the router alert. */
#include "net6_fixture.h"

#include "wire/igmp.h"

enum { ALL_HOSTS = 0xe0000001u };

/* A query of `len` octets that says it has `n` sources, behind these options. */
static void query(struct host *h, const uint8_t *options, uint32_t nopt, size_t len, unsigned n)
{
	static struct frame f;
	uint8_t b[64] = { IGMP_QUERY, 100 };
	uint16_t sum;

	frame_ip4(&f, PEER4, ALL_HOSTS, PH_IPPROTO_IGMP, nopt)->ttl = 1;
	memcpy(f.b, (const uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
	memcpy(f.b + ETH_HDR_LEN + IP4_HDR_LEN, options, nopt);
	if (len > 11)
		b[11] = (uint8_t)n;
	sum = csum_finish(csum_add(0, b, (uint32_t)len));
	b[2] = (uint8_t)(sum >> 8);
	b[3] = (uint8_t)sum;
	memcpy(frame_put(&f, len), b, len);
	frame_end(&f);
	frame_in(h, &f);
}

static const uint8_t alert[4] = { 148, 4, 0, 0 };

/* rfc: 3376:7.1-1
 * attack: CVE-2019-12259 CVE-2007-0069 */
static void test_a_query_holds_what_it_says_or_is_none(void **state)
{
	struct host *h = host_new();
	uint64_t bad = 0;

	(void)state;
	for (size_t len = 0; len < 32; len++)
		for (unsigned n = 0; n < 6; n++) {
			bool sound = len == 8 || (len >= 12 && 12 + 4 * (size_t)n <= len);

			if (len < 12 && n > 0)
				continue;
			query(h, alert, sizeof(alert), len, n);
			bad += !sound;
			if (drops_of(h, "IGMP_MALFORMED") != bad)
				fail_msg("%zu octets of %u sources", len, n);
		}
	assert_int_equal(drops_of(h, "IGMP_IGNORED"), 0);
	host_free(h);
}

/* rfc: 3376:9.1-1 */
static void test_the_alert_is_found_behind_other_options(void **state)
{
	static const struct {
		const char *what;
		uint8_t options[12];
		uint32_t n;
		bool taken;
	} row[] = {
		{ "alone", { 148, 4, 0, 0 }, 4, true },
		{ "none", { 0 }, 0, false },
		{ "behind four of nothing", { 1, 1, 1, 1, 148, 4, 0, 0 }, 8, true },
		{ "behind one of six octets", { 0x9e, 6, 0, 0, 0, 0, 148, 4, 0, 0, 1, 1 }, 12, true },
		{ "in another's octets", { 0x9e, 8, 1, 1, 148, 4, 0, 0 }, 8, false },
		{ "behind the end", { 1, 0, 148, 4, 0, 0, 0, 0 }, 8, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();

		query(h, row[i].options, row[i].n, 12, 0);
		if (drops_of(h, "IGMP_IGNORED") != !row[i].taken)
			fail_msg("%s", row[i].what);
		host_free(h);
	}
}

/* rfc: 3810:6.2-1 */
static void test_mlds_alert_is_that_option_of_that_length_in_that_header(void **state)
{
	static const struct {
		const char *what;
		uint8_t next, options[6];
		bool taken;
	} row[] = {
		{ "an alert", IP6_NEXT_HOPOPTS, { 5, 2, 0, 0, 1, 0 }, true },
		{ "padding of its length", IP6_NEXT_HOPOPTS, { 1, 2, 0, 0, 1, 0 }, false },
		{ "an alert of no length", IP6_NEXT_HOPOPTS, { 5, 0, 1, 2, 0, 0 }, false },
		{ "in the destination's header", 60, { 5, 2, 0, 0, 1, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		static struct frame f;
		uint8_t *o;
		size_t at;

		frame_ip6(&f, &peer_ll, &all_nodes6, row[i].next);
		frame_hdr6(&f)->hop = 1;
		o = frame_put(&f, 8);
		o[0] = IP6_NEXT_ICMP;
		memcpy(o + 2, row[i].options, 6);
		at = f.len;
		o = frame_put(&f, 28);
		o[0] = ICMP6_MLD_QUERY;
		frame_icmp6_end(&f, at);
		frame_in(h, &f);
		if (drops_of(h, "ICMP6_IGNORED") != !row[i].taken)
			fail_msg("%s", row[i].what);
		host_free(h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_query_holds_what_it_says_or_is_none),
		cmocka_unit_test(test_the_alert_is_found_behind_other_options),
		cmocka_unit_test(test_mlds_alert_is_that_option_of_that_length_in_that_header),
	};

	return cmocka_run_group_tests_name("igmp edges", tests, NULL, NULL);
}
