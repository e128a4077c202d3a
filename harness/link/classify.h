/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a frame is, as far as a script's verdict needs to know: a set of kinds, among them
 * "retransmission", for which a bounded table remembers how far each flow has got. Called by the
 * link model; the names of the kinds are the words of `script drop KIND ...`.
 */
#ifndef LINK_CLASSIFY_H
#define LINK_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the first byte of a frame belongs to. */
enum link_l2 {
	LINK_L2_ETHERNET,	/* veth, TAP, bridge */
	LINK_L2_IP,		/* TUN: a bare IPv4 or IPv6 packet */
};

/*
 * X(NAME, bit, word, meaning). A frame is of several kinds at once: a data segment that carries
 * FIN is tcp, data and fin. Fragments after the first show no transport header: they are only ip.
 */
#define LINK_KINDS(X)                                                                              \
	X(ANY, 0, "any", "every frame")                                                            \
	X(ARP, 1, "arp", "ARP requests and replies")                                               \
	X(IP, 2, "ip", "IPv4 and IPv6")                                                            \
	X(ICMP, 3, "icmp", "ICMP and ICMPv6")                                                      \
	X(UDP, 4, "udp", "UDP")                                                                    \
	X(TCP, 5, "tcp", "every TCP segment")                                                      \
	X(SYN, 6, "syn", "TCP with SYN, also SYN-ACK")                                             \
	X(SYNACK, 7, "synack", "TCP with SYN and ACK")                                             \
	X(DATA, 8, "data", "TCP with payload")                                                     \
	X(ACK, 9, "ack", "TCP with ACK and neither payload, SYN, FIN nor RST")                     \
	X(FIN, 10, "fin", "TCP with FIN")                                                          \
	X(RST, 11, "rst", "TCP with RST")                                                          \
	X(RETRANSMISSION, 12, "retransmission", "TCP whose sequence space was all seen before")

enum link_kind {
#define X(name, bit, word, meaning) LINK_KIND_##name = 1u << (bit),
	LINK_KINDS(X)
#undef X
};

/* The kind a word names, or 0. */
uint32_t link_kind_of_word(const char *word);

/* The word of a single kind, or NULL if kind is not exactly one known kind. */
const char *link_kind_word(uint32_t kind);

/* One direction of one TCP connection. */
struct link_flow {
	uint64_t key;		/* hash of the address pair and ports; 0: free */
	uint64_t used;		/* when last seen, in frames */
	uint32_t isn;		/* sequence number of its SYN, if syn_seen */
	uint32_t end;		/* one past the highest sequence number seen */
	uint32_t base;		/* of its first byte of payload */
	uint32_t no;		/* which flow, from 1, in the order they were first seen */
	bool syn_seen;
};

/* More of a TCP segment or UDP datagram. */
struct link_seen {
	uint32_t flow;		/* its number, or 0 */
	uint32_t from, len;	/* payload, in bytes from the beginning of the stream */
};

enum { LINK_FLOWS = 1024, LINK_FLOW_WAYS = 4 };

/* What one direction of a link has seen. When a set of 4 is full, its oldest flow is forgotten. */
struct link_classifier {
	enum link_l2 l2;
	uint64_t frames;
	bool numbered;		/* somebody asks which flow: then also of segments without payload */
	uint32_t nflow;		/* flows seen so far */
	struct link_seen seen;	/* of the frame classified last */
	struct link_flow flow[LINK_FLOWS];
};

void link_classify_init(struct link_classifier *c, enum link_l2 l2);

/*
 * The set of LINK_KIND_* this frame is; LINK_KIND_ANY is always in it. Reads at most len bytes,
 * believes no length field, and remembers TCP sequence numbers for the next call.
 */
uint32_t link_classify(struct link_classifier *c, const uint8_t *frame, size_t len);

#endif
