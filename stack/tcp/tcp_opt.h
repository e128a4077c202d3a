/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP options (RFC 9293 3.2, 7323, 2018, 9768, 7413): from bytes to a struct, and back in Linux's
 * order. A leaf. */
#ifndef TCP_TCP_OPT_H
#define TCP_TCP_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"
#include "wire/tcp.h"

struct tcp_range {
	seq_t from, to; /* [from, to) */
};

struct tcp_opts {
	uint32_t tsval, tsecr;
	uint16_t mss;
	uint8_t wscale; /* at most 14 */
	uint8_t nsack;
	bool has_mss, has_wscale, has_ts, sack_ok;
	struct tcp_range sack[TCP_SACK_MAX];
	uint8_t accecn;	 /* TCP_OPT_ACCECN0 or 1: which order the fields have; 0: no such option */
	uint8_t naccecn; /* fields it has */
	uint32_t accecn_bytes[TCP_ACCECN_FIELDS]; /* 24 bits each */
	bool has_fo, fo_exp; /* Fast Open; in the experimental form */
	uint8_t fo_len;	     /* of the cookie; 0: it asks for one */
	uint8_t fo[TCP_COOKIE_MAX];
	bool has_md5;	 /* RFC 2385; tcp_opt_build leaves room for the signature */
	uint8_t md5[16]; /* what came */
};

enum { TCP_OPT_TS_ALIGNED = 12 }; /* NOP NOP TS */
enum { TCP_OPT_MD5_ALIGNED = 20, TCP_OPT_MD5_AT = 4 }; /* NOP NOP MD5; the signature in it */

/* No options; sack[], accecn_bytes[], fo[] and md5[] stay unwritten, for nobody reads them then. */
static inline void tcp_opt_none(struct tcp_opts *o)
{
	o->tsval = o->tsecr = 0;
	o->mss = 0;
	o->wscale = o->nsack = o->accecn = o->naccecn = 0;
	o->has_mss = o->has_wscale = o->has_ts = o->sack_ok = o->has_md5 = false;
	o->has_fo = o->fo_exp = false;
	o->fo_len = 0;
}

/* Reads n bytes of options; every field of *o is written but sack[nsack] and
 * accecn_bytes[naccecn]
 * and fo[fo_len] and up. False: an option's
 * length is 0 or 1, or reaches past the header (RFC 9293 MUST-7). Unknown kinds are skipped
 * (MUST-6), as are known ones of a wrong length. */
bool tcp_opt_parse(const uint8_t *p, uint32_t n, struct tcp_opts *o);
/* Bytes that tcp_opt_build would write: a multiple of 4, at most 40. */
uint32_t tcp_opt_len(const struct tcp_opts *o);
/* Writes them; returns tcp_opt_len(). The blocks must fit: asserted. */
uint32_t tcp_opt_build(uint8_t *p, const struct tcp_opts *o);

/* The same in FreeBSD's order, what is left of the last word being ends of the list; returns the length,
 * which is at most tcp_opt_len(). The signature keeps its place. */
uint32_t tcp_opt_build_bsd(uint8_t *p, const struct tcp_opts *o);

#endif
