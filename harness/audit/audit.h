/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: a passive reader of captures that holds every packet against the RFCs' invariants
 * (rules.def), whatever the scenario was about. For each rule and each sender it says how often the
 * rule held and was violated, with the first violation's frame; a rule nothing was seen for says
 * so. Sound on lossy and reordered captures; see rules.def.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum audit_rule {
#define RULE(id, name, level, section, ids, claim) AUDIT_##id,
#include "harness/audit/rules.def"
#undef RULE
	AUDIT_RULE_N
};

enum audit_level { AUDIT_MUST, AUDIT_SHOULD };
struct audit_rule_info {
	const char *name, *section, *ids, *claim;
	enum audit_level level;
};
extern const struct audit_rule_info audit_rules[AUDIT_RULE_N];

struct audit_count {
	uint64_t held, violated;
	uint64_t first_frame; /* 1-based number of the first violation's frame */
	char first[120];      /* what was seen there */
};

struct audit_addr { /* of either family: IPv4's as ::ffff:a.b.c.d */
	uint8_t b[16];
};

enum { AUDIT_HOSTS_MAX = 256, AUDIT_FLOWS_MAX = 4096, AUDIT_ADDR_TEXT = 46 };
/* As text; returns text. */
const char *audit_addr_text(const struct audit_addr *a, char text[AUDIT_ADDR_TEXT]);

struct audit_host {
	struct audit_addr ip;
	uint64_t frames;
	struct audit_count rule[AUDIT_RULE_N];
};
struct audit_flow_stats { /* one direction of a TCP connection */
	struct audit_addr src, dst;
	uint16_t sport, dport;
	bool syn_seen, fin, rst;
	uint64_t segments, data_bytes, retransmitted_segments, retransmitted_bytes;
	uint64_t first_ns, last_ns;
};

struct audit;
struct audit *audit_new(void); /* NULL: no memory */
void audit_free(struct audit *a);
/* One frame; frames come in time order. */
void audit_frame(struct audit *a, uint64_t time_ns, bool raw_ip, const uint8_t *bytes, size_t len,
		 size_t wire_len);
/* A whole file: 0, or -1 with a sentence in err. What came before a damaged end is audited. */
int audit_file(struct audit *a, const char *path, char *err, size_t err_size);

uint64_t audit_frames(const struct audit *a);
/* Frames of files that the capture itself calls dropped: counted, not judged. */
uint64_t audit_dropped(const struct audit *a);
/* Frames beyond the limits above that could not be followed: a verdict over them would be no
 * verdict. */
uint64_t audit_unfollowed(const struct audit *a);
size_t audit_hosts(const struct audit *a, const struct audit_host **hosts);
/* Fills at most n, returns how many there are (two per connection seen both ways). */
size_t audit_flows(const struct audit *a, struct audit_flow_stats *out, size_t n);
/* Violations of MUST rules in all. */
uint64_t audit_violations(const struct audit *a, enum audit_level level);

#endif
