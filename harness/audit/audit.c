/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit as a whole: frames in, counts per rule and sender out. Called by `rig audit`, `rig demo` and the tests. */
#include "harness/audit/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/audit/flow.h"
#include "harness/capture/pcapng.h"

const struct audit_rule_info audit_rules[AUDIT_RULE_N] = {
#define RULE(id, name, level, section, ids, claim) \
	[AUDIT_##id] = { name, section, ids, claim, AUDIT_##level },
#include "harness/audit/rules.def"
#undef RULE
};

struct audit *audit_new(void)
{
	return calloc(1, sizeof(struct audit));
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < FLOW_BUCKETS; i++) {
		struct flow *fl = a->bucket[i], *next;

		for (; fl; fl = next) {
			next = fl->next;
			audit_flow_free(fl);
		}
	}
	free(a);
}

struct audit_host *audit_host_of(struct audit *a, uint32_t ip)
{
	for (size_t i = 0; i < a->nhosts; i++)
		if (a->hosts[i].ip == ip)
			return &a->hosts[i];
	if (a->nhosts == AUDIT_HOSTS_MAX) {
		a->unfollowed++;
		return NULL;
	}
	a->hosts[a->nhosts].ip = ip;
	return &a->hosts[a->nhosts++];
}

void audit_judge(struct audit_host *h, enum audit_rule rule, bool held, const struct audit_frame *f,
		 const char *fmt, ...)
{
	struct audit_count *c = &h->rule[rule];
	va_list ap;

	if (held) {
		c->held++;
		return;
	}
	if (c->violated++ > 0)
		return;
	c->first_frame = f->number;
	va_start(ap, fmt);
	vsnprintf(c->first, sizeof(c->first), fmt, ap);
	va_end(ap);
}

void audit_frame(struct audit *a, uint64_t time_ns, bool raw_ip, const uint8_t *bytes, size_t len,
		 size_t wire_len)
{
	struct audit_frame f = { .number = ++a->frames, .time_ns = time_ns };
	struct audit_host *h;

	audit_frame_parse(&f, raw_ip, bytes, len, wire_len);
	if (f.ether && len >= 14)
		audit_rules_arp(a, &f);
	if (f.ethertype != 0x0800 || f.l3_len < 20 || f.l3[0] >> 4 != 4)
		return;
	h = audit_host_of(a, f.src);
	if (!h)
		return;
	h->frames++;
	if (audit_rules_ip(a, h, &f) && f.tcp_ok)
		audit_rules_tcp(a, h, &f);
}

int audit_file(struct audit *a, const char *path, char *err, size_t err_size)
{
	struct pcapng_reader *r = pcapng_reader_open(path, err, err_size);
	struct pcapng_packet p;
	int rc;

	if (!r)
		return -1;
	while ((rc = pcapng_reader_next(r, &p, err, err_size)) == 1) {
		const struct pcapng_if *dev = pcapng_reader_if(r, p.if_id);

		if (dev &&
		    (dev->linktype == PCAPNG_LINK_ETHERNET || dev->linktype == PCAPNG_LINK_RAW_IP))
			audit_frame(a, p.time_ns, dev->linktype == PCAPNG_LINK_RAW_IP, p.data,
				    p.caplen, p.len);
	}
	pcapng_reader_free(r);
	return rc == 0 ? 0 : -1;
}

uint64_t audit_frames(const struct audit *a)
{
	return a->frames;
}

uint64_t audit_unfollowed(const struct audit *a)
{
	return a->unfollowed;
}

size_t audit_hosts(const struct audit *a, const struct audit_host **hosts)
{
	*hosts = a->hosts;
	return a->nhosts;
}

size_t audit_flows(const struct audit *a, struct audit_flow_stats *out, size_t n)
{
	size_t have = 0;

	for (unsigned b = 0; b < FLOW_BUCKETS; b++)
		for (const struct flow *fl = a->bucket[b]; fl; fl = fl->next)
			for (unsigned i = 0; i < 2; i++) {
				if (!fl->half[i].seen)
					continue;
				if (have < n)
					out[have] = fl->half[i].stats;
				have++;
			}
	return have;
}

uint64_t audit_violations(const struct audit *a, enum audit_level level)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < a->nhosts; i++)
		for (unsigned r = 0; r < AUDIT_RULE_N; r++)
			if (audit_rules[r].level == level)
				sum += a->hosts[i].rule[r].violated;
	return sum;
}
