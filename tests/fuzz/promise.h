/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is demanded of a stack whatever it is given: memory within its limit and all of it given
 * back, each frame used or dropped under one reason, no deadline in the past, no timer that runs on
 * the spot, and of every frame it sends that it is well formed, acknowledges only what came, takes
 * no window back and carries the bytes its user wrote. Used by the fuzz targets that drive a stack.
 */
#ifndef FUZZ_PROMISE_H
#define FUZZ_PROMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum {
	PROMISE_FLOWS = 64,
	PROMISE_RANGES = 128,
	PROMISE_DROPS = 128,
	PROMISE_SYNS = 8,
	PROMISE_FRAME_MAX = 70000
};

struct promise_flow { /* the connections of one pair of addresses and ports, one after another */
	bool used;
	uint32_t peer_ip;
	uint16_t lport, pport;
	/* What was handed in: sequence numbers [from, to]; too many of them, and nothing is judged. */
	struct {
		uint32_t from, to;
	} in[PROMISE_RANGES];
	unsigned nin;
	bool lost_count;
	/* What the last SYN of the stack said. */
	bool syn_sent;
	uint32_t iss;
	uint8_t wscale;
	/* The right edge of the window, were the scale in effect and were it not. */
	bool edge_known, edge_holds[2];
	uint32_t edge[2];
	/* Where the bytes of a stream may begin: behind each SYN that was handed in. */
	uint32_t begins[PROMISE_SYNS];
	unsigned nbegins; /* more than there is room for, and nothing is judged */
	unsigned marks;	  /* segments that had an urgent pointer */
};

struct promise {
	struct ph_stack *st;
	ph_link link;
	struct ph_link_conf link_conf;
	uint64_t mem_limit, mem_used; /* as the allocator knows it */
	bool trace;
	bool in_pieces; /* frames are read into the stack's own memory, as a device does */
	bool forged; /* fragments of TCP were handed in: what was acknowledged is not known */
	unsigned flow_next;
	struct promise_flow flow[PROMISE_FLOWS];
	bool failing; /* memory was made to fail */
	uint64_t told;
	uint64_t rx_packets, rx_dropped;
	uint64_t frames_out;
};

/* One frame of the stack's, taken apart as far as it is TCP over IPv4. */
struct promise_frame {
	const uint8_t *ip, *tcp, *data;
	size_t ip_len, data_len;
	uint32_t seq, ack;
	uint16_t sport, dport, wnd;
	uint8_t flags, wscale;
	bool is_tcp, has_wscale, has_ts;
	uint32_t tsval;
};

enum { F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16, F_URG = 32 };

/* Loops over bytes that are no news to a fuzzer, however often they turn. */
#ifdef __clang__
#define NO_COVERAGE __attribute__((no_sanitize("coverage")))
#else
#define NO_COVERAGE
#endif

void demand(bool holds, const char *what);

/* The byte at offset `at` of any stream: a user writes it, the wire and the reader have it. */
static inline uint8_t promise_byte(uint32_t at)
{
	return (uint8_t)(at * 151 + (at >> 8) * 31 + (at >> 16) * 7);
}
void promise_fill(uint8_t *to, size_t n, uint32_t at);
bool promise_matches(const uint8_t *bytes, size_t n, uint32_t at);

/* Makes a stack with the limits of conf (its memory functions are set here, and a sink if
 * trace_arg is not NULL) and one link. False: the limit was too small for that. */
bool promise_open(struct promise *p, struct ph_conf *conf, const struct ph_link_conf *link);
/* Takes the link away and adds it again, without its addresses; false: memory was short for that. */
bool promise_relink(struct promise *p, uint64_t now);
/* Hands a frame in; the return value is ph_link_input_bytes()'s. */
int promise_input(struct promise *p, const uint8_t *frame, size_t len, const struct ph_offload *o,
		  uint64_t now);
/* The next frame out, judged: its length, 0 when there is none. frame: PROMISE_FRAME_MAX bytes. */
size_t promise_output(struct promise *p, uint8_t *frame, struct ph_offload *o, uint64_t now);
/* Runs what is due now. */
void promise_run(struct promise *p, uint64_t now);
/* What must hold after any call. */
void promise_after(struct promise *p);
/* What its user can read is what poll says. */
void promise_socket(struct promise *p, ph_socket s, uint64_t now);
/* Frees the stack, which must have given everything back; `closed`: all sockets were. */
void promise_close(struct promise *p, bool closed);

/* Takes a frame of a link of this kind apart; false: no whole IPv4 packet. */
bool promise_parse(const uint8_t *frame, size_t len, enum ph_link_kind kind,
		   struct promise_frame *f);
struct promise_flow *promise_flow(struct promise *p, uint32_t peer_ip, uint16_t lport,
				  uint16_t pport);
/* The one's complement sum of RFC 1071, folded. */
uint32_t promise_sum(uint32_t sum, const uint8_t *p, size_t n);

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

#endif
