/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed segments (RFC 2385): a socket's keys by peer or by a prefix of peers, the signature of a
 * segment, and whether one that came has the right one. At most TCP_MD5_KEYS_MAX keys per socket.
 */
#ifndef TCP_TCP_MD5_H
#define TCP_TCP_MD5_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"
#include "phantom/phantom.h"

struct ip_rx;
struct ph_stack;
struct pkt;
struct tcb;
struct tcp_seg;

enum { TCP_MD5_KEYS_MAX = 128, TCP_MD5_KEY_LEN = 80, TCP_MD5_DIGEST = 16 };

struct tcp_md5_key {
	struct tcp_md5_key *next; /* longer prefixes first */
	struct ph_ip peer;
	uint8_t prefix; /* bits of it, of 128 */
	uint8_t len;
	uint8_t key[TCP_MD5_KEY_LEN];
};

/* TCP_MD5SIG, and TCP_MD5SIG_EXT with a prefix: struct tcp_md5sig. */
int tcp_md5_set(struct ph_stack *st, struct tcb *t, bool ext, const void *value, uint32_t len);
/* Of a socket's keys the one for this peer, or NULL; tcp_md5_find() asks a connection. */
const struct tcp_md5_key *tcp_md5_of(const struct tcp_md5_key *keys, const struct ph_ip *peer);
/* A copy for who outlives the socket; NULL: no memory. */
struct tcp_md5_key *tcp_md5_copy(struct ph_stack *st, const struct tcp_md5_key *k);
void tcp_md5_free(struct ph_stack *st, struct tcp_md5_key *list);
/* Signs a packet that begins with its TCP header of hdr_len bytes. */
void tcp_md5_sign(const struct tcp_md5_key *k, const struct ph_ip *src, const struct ph_ip *dst,
		  const struct pkt *p, uint32_t hdr_len, uint8_t out[TCP_MD5_DIGEST]);
/* Is the segment signed as the key, or its absence, asks for? */
enum drop tcp_md5_check(const struct tcp_md5_key *k, const struct ip_rx *ip,
			const struct tcp_seg *s);

#endif
