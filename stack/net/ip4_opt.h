/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of the IPv4 header (RFC 791 3.1, 1122 3.2.1.8): judged on arrival, and answered in an
 * echo. A leaf: bytes in, bytes out. Called by ip4_in.c, ip4_out.c and icmp4.c.
 */
#ifndef NET_IP4_OPT_H
#define NET_IP4_OPT_H

#include <stdbool.h>
#include <stdint.h>

enum { IP4_OPT_MAX = 40 };

enum ip4_opt_verdict {
	IP4_OPT_OK,
	IP4_OPT_BAD,	/* *at: the octet that is wrong, for a Parameter Problem */
	IP4_OPT_ROUTED, /* a source route, sound: the caller decides; *at: its type octet */
};

/* Walks all of them; what is unknown is stepped over. *at counts from p. */
enum ip4_opt_verdict ip4_opt_check(const uint8_t *p, uint32_t len, uint32_t *at);
/* Does the sound source route at p[at] end here? */
bool ip4_opt_route_ends(const uint8_t *p, uint32_t at);

/* Who answers, and when, for what is recorded. */
struct ip4_opt_here {
	uint32_t us;	  /* the address asked, and answered from */
	uint32_t time_ms; /* since midnight UT; the high bit: of another clock */
	bool (*ours)(const void *arg, uint32_t ip4);
	const void *arg;
};
/*
 * What an echo reply carries (RFC 1122 3.2.2.6): the record of the route and the time stamps, with
 * this host in them on the way in and out; the rest of the options is for the request alone. Returns
 * the length, a multiple of 4. p must have passed ip4_opt_check().
 */
uint32_t ip4_opt_echo(const uint8_t *p, uint32_t len, const struct ip4_opt_here *here,
		      uint8_t out[IP4_OPT_MAX]);
/* One pass of the same in place: a packet with these options came to us, or leaves us (RFC 791 3.1). */
void ip4_opt_record(uint8_t *p, uint32_t len, const struct ip4_opt_here *here);
/* Those of them that an answer carries on: records of the route and of times, as they are. Returns the
 * length, a multiple of 4. */
uint32_t ip4_opt_answer(const uint8_t *p, uint32_t len, uint8_t out[IP4_OPT_MAX]);
/* Of a fragment behind the first: what is not marked to be copied becomes no operation. */
void ip4_opt_uncopied(uint8_t *p, uint32_t len);

#endif
