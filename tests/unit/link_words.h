/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of links share: specs, models and pipes from a line of words, frames of TCP over IPv4 in
 * Ethernet, and bounds of chance.
 */
#ifndef TESTS_UNIT_LINK_WORDS_H
#define TESTS_UNIT_LINK_WORDS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/pipe.h"

#define MS 1000000ull
#define US 1000ull

enum { LINK_TEST_WORDS = 60, TCP_HEADERS = 54 };

/* The words of a line; quotes hold a word with spaces together. */
static inline struct link_spec spec_of(const char *line)
{
	struct link_spec s;
	char copy[1024], err[LINK_ERR_TEXT], *p = copy;
	const char *word[LINK_TEST_WORDS];
	int n = 0;

	link_spec_init(&s);
	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	while (*(p += strspn(p, " "))) {
		char end = *p == '\'' ? '\'' : ' ';

		assert_true(n < LINK_TEST_WORDS);
		p += end == '\'';
		word[n++] = p;
		p += strcspn(p, end == '\'' ? "'" : " ");
		if (*p)
			*p++ = '\0';
	}
	if (n > 0 && link_spec_parse(&s, n, word, err, sizeof(err)) != 0)
		fail_msg("%s: %s", line, err);
	return s;
}

static inline struct link_model *model_of(const char *line)
{
	struct link_spec s = spec_of(line);
	struct link_model *m = link_model_new(&s, LINK_L2_ETHERNET, LINK_DIR_IN);

	assert_non_null(m);
	return m;
}

static inline struct link_pipe *pipe_of(const char *line)
{
	struct link_spec s = spec_of(line);
	struct link_pipe *p = link_pipe_new(&s, LINK_L2_ETHERNET, LINK_DIR_IN);

	assert_non_null(p);
	return p;
}

struct tcp_frame {
	uint8_t bytes[1600];
	size_t len;
};

static inline unsigned int sum_of(const uint8_t *p, size_t n)
{
	unsigned int sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (unsigned int)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A segment of a flow: port is its source; ecn the two bits of the IP header. */
static inline struct tcp_frame tcp_frame(unsigned int port, unsigned int flags, uint32_t seq,
					 unsigned int payload, unsigned int ecn)
{
	struct tcp_frame f = { .bytes = { [12] = 8, [14] = 0x45, [22] = 64, [23] = 6, [26] = 10,
					  [29] = 1, [30] = 10, [33] = 2, [37] = 80, [46] = 0x50 } };
	unsigned int total = 40 + payload, sum;

	f.len = 14 + total;
	f.bytes[15] = (uint8_t)ecn;
	f.bytes[16] = (uint8_t)(total >> 8);
	f.bytes[17] = (uint8_t)total;
	f.bytes[34] = (uint8_t)(port >> 8);
	f.bytes[35] = (uint8_t)port;
	for (int i = 0; i < 4; i++)
		f.bytes[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
	f.bytes[47] = (uint8_t)flags;
	sum = ~sum_of(f.bytes + 14, 20) & 0xffff;
	f.bytes[24] = (uint8_t)(sum >> 8);
	f.bytes[25] = (uint8_t)sum;
	return f;
}

/*
 * The number of standard deviations that a normal variable exceeds, to either side, with probability
 * 1e-6 / looks: of `looks` sums of many parts in a test, a correct model then shows one too far off
 * in one of 10^6 runs. 4.89 for one look.
 */
static inline double bound_of(double looks)
{
	double low = 0, high = 20;

	for (int i = 0; i < 100; i++) {
		double mid = (low + high) / 2;

		if (erfc(mid / sqrt(2)) > 1e-6 / looks)
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* |got - mean| <= bound_of(looks) * sigma + slack */
static inline void assert_near(const char *what, double got, double mean, double sigma, double looks,
			       double slack)
{
	double most = bound_of(looks) * sigma + slack;

	if (!(fabs(got - mean) <= most))
		fail_msg("%s: %.6g, expected %.6g +- %.2g", what, got, mean, most);
}

/* A count of n independent events of probability p: mean n p, variance n p (1 - p). */
static inline void assert_count(const char *what, uint64_t count, double n, double p, double looks)
{
	assert_near(what, (double)count, n * p, sqrt(n * p * (1 - p)), looks, 1e-9);
}

#endif
