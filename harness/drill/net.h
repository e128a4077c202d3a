/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets as bytes: taken apart, put together, and turned back into the tree's notation. Called by
 * the runner. Checks lengths and checksums; knows no connection beyond the numbers it is given.
 */
#ifndef DRILL_NET_H
#define DRILL_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/ast.h"
#include "phantom/phantom.h"

enum { DRILL_NET_MAX = 65535, DRILL_WRONG_TEXT = 160 };

/* A packet as it was on the wire. Numbers are in host order; pointers point into its bytes. */
struct drill_live {
	uint64_t at_ns;
	const uint8_t *bytes;
	size_t len;
	enum drill_ip ip;
	uint8_t tos, ttl, proto;
	uint32_t flowlabel;
	struct ph_ip src, dst;
	enum drill_l4 l4;
	uint16_t sport, dport;
	uint32_t flags, seq, ack; /* DRILL_F_* */
	uint16_t win, urg;
	const uint8_t *opt;
	size_t opt_len;
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest; /* the header's second word */
	const uint8_t *data;
	size_t data_len;
	char wrong[DRILL_WRONG_TEXT]; /* a sentence about a checksum or length, or "" */
};

/* 0, or -1 when it is no IP packet with TCP, UDP or ICMP; out->wrong says why, too. */
int drill_net_parse(const uint8_t *bytes, size_t len, struct drill_live *out)
	__attribute__((warn_unused_result));

/* The byte at `offset` of a stream: every written and every injected byte is this. */
uint8_t drill_net_pattern(bool inbound, uint64_t offset);

/* Who speaks to whom, in the packet's direction. */
struct drill_ends {
	struct ph_ip src, dst;
	uint16_t sport, dport;
};

/* What to put on the wire; numbers are the wire's. */
struct drill_build {
	struct drill_ends ends;
	uint8_t tos, ttl;
	uint32_t flowlabel;
	uint32_t flags, seq, ack;
	uint16_t win, urg;
	const uint8_t *opt;
	size_t opt_len; /* a multiple of 4, at most 40 */
	const uint8_t *data;
	size_t data_len;
};

/* Each fills out[DRILL_NET_MAX] and returns the length, 0 when it does not fit. */
size_t drill_net_tcp(const struct drill_build *b, uint8_t *out);
size_t drill_net_udp(const struct drill_build *b, uint8_t *out);
/* b->data is what follows the header's second word. */
size_t drill_net_icmp(const struct drill_build *b, uint8_t type, uint8_t code, uint32_t rest,
		      uint8_t *out);

/* The options of a script's packet as bytes, padded with zeros to a multiple of 4. The values of
 * sequence numbers and timestamps are given by `map`. Returns the length, or -1 when they are more
 * than 40 bytes. */
struct drill_opt_map {
	void *arg;
	uint32_t (*sack)(void *arg, uint32_t edge);
	uint32_t (*ts_val)(void *arg, const struct drill_num *n);
	uint32_t (*ts_ecr)(void *arg, const struct drill_num *n);
};
int drill_net_options(const struct drill_tcp *t, const struct drill_opt_map *map,
		      uint8_t out[DRILL_TCPOPT_BYTES_MAX]);

/* The kind of an option on the wire; more than any of them for bytes that are none. */
uint32_t drill_net_octet(const struct drill_tcpopt *o);

/* Options as a tree; at most DRILL_TCPOPTS_MAX. What cannot be read becomes one DRILL_O_RAW. Edges
 * of SACK blocks are relative to sack_base. Returns how many. */
uint32_t drill_net_tree(const uint8_t *opt, size_t len, uint32_t sack_base,
			struct drill_tcpopt *out);

/* The live packet as the tree has it, its numbers relative to the two bases. p->tcp.opt must have
 * room for DRILL_TCPOPTS_MAX. */
void drill_net_packet(const struct drill_live *l, enum drill_dir dir, uint32_t seq_base,
		      uint32_t ack_base, struct drill_packet *p);

#endif
