/* SPDX-License-Identifier: BSD-2-Clause */
/* What the audit remembers of each TCP connection: two halves, each what one end sent. */
#ifndef AUDIT_FLOW_H
#define AUDIT_FLOW_H

#include "harness/audit/audit.h"
#include "harness/audit/frags.h"
#include "harness/audit/frame.h"

enum {
	AUDIT_KEEP = 1 << 17
}; /* octets of payload kept per half, to compare retransmissions with */

struct half {
	struct audit_flow_stats stats;
	bool seen, synced;		/* a segment was seen; next is known */
	bool aborted;			/* sent a RST with the connection's next number */
	uint32_t isn, next;		/* next: one past the highest octet sent */
	uint32_t fin;			/* sequence number after FIN, when stats.fin */
	bool offers_wscale, sackok, ts; /* in this half's SYN */
	uint8_t wscale;
	uint16_t mss; /* in this half's SYN; 536, over IPv6 1220, when it had none */
	bool edge_seen;
	uint32_t ack, edge; /* highest ACK sent; right edge that went with it */
	uint32_t edge_max;  /* highest right edge ever offered */
	bool tsval_seen;
	uint32_t tsval_first, tsval_max, tsval_at_next;
	bool lone; /* head retransmission being followed, for back-off */
	uint32_t lone_seq;
	uint64_t lone_ns, lone_gap_ns, lone_peer_segments;
	uint8_t *kept;	    /* ring of AUDIT_KEEP octets by sequence number */
	uint32_t kept_from; /* octets in [kept_from, next) are in the ring */
};

struct flow {
	struct flow *next;
	struct half half[2]; /* [0]: who sent the first segment seen */
	bool ts_on;	     /* both SYNs had timestamps */
	bool again;	     /* the same ports were used before */
};

#define FLOW_BUCKETS 1024
struct audit {
	uint64_t frames, unfollowed, dropped;
	struct audit_host hosts[AUDIT_HOSTS_MAX];
	size_t nhosts;
	struct flow *bucket[FLOW_BUCKETS];
	size_t nflows;
	struct audit_frags frags;
	struct {
		struct audit_addr src, dst;
		uint16_t id, seq, sum;
	} echo[256]; /* requests last seen */
	unsigned necho;
};

/* The flow of a segment, made when new, and which half sent it; NULL beyond the limit. */
struct flow *audit_flow_find(struct audit *a, const struct audit_frame *f, unsigned *sender);
void audit_flow_free(struct flow *fl);
/* Compares what is sent again with what was sent, and keeps what is new. False: octets differ. */
bool audit_flow_same_data(struct half *h, const struct audit_tcp *t);

/* rules_*.c: hold or break rules for the frame's sender. */
struct audit_host *audit_host_of(struct audit *a, const struct audit_addr *ip);
void audit_judge(struct audit_host *h, enum audit_rule rule, bool held, const struct audit_frame *f,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void audit_rules_arp(struct audit *a, const struct audit_frame *f);
/* False when the bytes cannot be trusted (a checksum is wrong): nothing above is then judged by
 * them. */
bool audit_rules_ip(struct audit *a, struct audit_host *h, const struct audit_frame *f);
/* The same of IPv6. */
bool audit_rules_ip6(struct audit *a, struct audit_host *h, const struct audit_frame *f);
/* Parts of both: an echo request or reply whose type is `request` or `reply`, and UDP. */
void audit_rules_echo(struct audit *a, struct audit_host *h, const struct audit_frame *f,
		      uint8_t request, uint8_t reply);
void audit_rules_udp(struct audit_host *h, const struct audit_frame *f);
bool audit_rule_tcp_checksum(struct audit_host *h, const struct audit_frame *f);
void audit_rules_tcp(struct audit *a, struct audit_host *h, const struct audit_frame *f);

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
