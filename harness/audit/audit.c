/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit as a whole: frames in, counts per rule and sender out. Called by `rig audit`, `rig
 * demo` and the tests. */
#include "harness/audit/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/audit/flow.h"
#include "harness/capture/pcapng.h"

enum { PROTO_TCP = 6 };

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
	audit_frags_free(&a->frags);
	free(a);
}

struct audit_host *audit_host_of(struct audit *a, const struct audit_addr *ip)
{
	for (size_t i = 0; i < a->nhosts; i++)
		if (audit_addr_same(&a->hosts[i].ip, ip))
			return &a->hosts[i];
	if (a->nhosts == AUDIT_HOSTS_MAX) {
		a->unfollowed++;
		return NULL;
	}
	a->hosts[a->nhosts].ip = *ip;
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

/* A router cut the segment: judged when the last of its pieces comes, as that frame. */
static void joined(struct audit *a, struct audit_host *h, const struct audit_frame *piece)
{
	struct audit_frame f = { .number = piece->number, .time_ns = piece->time_ns };
	size_t len;
	uint8_t *whole = audit_frags_join(&a->frags, piece, &len);

	if (!whole)
		return;
	audit_frame_parse(&f, true, whole, len, len);
	if (f.tcp_ok)
		audit_rules_tcp(a, h, &f);
	free(whole);
}

void audit_frame(struct audit *a, uint64_t time_ns, bool raw_ip, const uint8_t *bytes, size_t len,
		 size_t wire_len)
{
	struct audit_frame f = { .number = ++a->frames, .time_ns = time_ns };
	struct audit_host *h;

	audit_frame_parse(&f, raw_ip, bytes, len, wire_len);
	if (f.ether && len >= 14)
		audit_rules_arp(a, &f);
	if (f.total == 0) /* neither IPv4 nor IPv6, or too little of it */
		return;
	h = audit_host_of(a, &f.src);
	if (!h)
		return;
	h->frames++;
	if (f.six ? !audit_rules_ip6(a, h, &f) : !audit_rules_ip(a, h, &f))
		return;
	if (f.tcp_ok)
		audit_rules_tcp(a, h, &f);
	else if (f.fragment && !f.six && f.proto == PROTO_TCP) /* IPv6 has none of TCP */
		joined(a, h, &f);
}

/*
 * A file that several threads fed (a capture and the wires' drops) is in time order only by and
 * large: frames are held back until HELD_MAX later ones were read, and leave
 * by time. A small binary heap.
 */
enum { HELD_MAX = 8192 };

struct held {
	uint64_t time_ns, order;
	size_t len, wire_len;
	bool raw_ip;
	uint8_t *bytes;
};

struct sorter {
	struct held *heap; /* HELD_MAX of them */
	size_t n;
	uint64_t order;
};

static bool earlier(const struct held *x, const struct held *y)
{
	return x->time_ns != y->time_ns ? x->time_ns < y->time_ns : x->order < y->order;
}

static void sift_up(struct sorter *s, size_t i)
{
	while (i > 0 && earlier(&s->heap[i], &s->heap[(i - 1) / 2])) {
		struct held h = s->heap[i];

		s->heap[i] = s->heap[(i - 1) / 2];
		s->heap[(i - 1) / 2] = h;
		i = (i - 1) / 2;
	}
}

static void sift_down(struct sorter *s)
{
	for (size_t i = 0, kid; (kid = 2 * i + 1) < s->n; i = kid) {
		struct held h;

		if (kid + 1 < s->n && earlier(&s->heap[kid + 1], &s->heap[kid]))
			kid++;
		if (!earlier(&s->heap[kid], &s->heap[i]))
			return;
		h = s->heap[i];
		s->heap[i] = s->heap[kid];
		s->heap[kid] = h;
	}
}

static void audit_earliest(struct audit *a, struct sorter *s)
{
	struct held h = s->heap[0];

	s->heap[0] = s->heap[--s->n];
	sift_down(s);
	audit_frame(a, h.time_ns, h.raw_ip, h.bytes, h.len, h.wire_len);
	free(h.bytes);
}

/* Dropped frames did not pass the place of capture, or were captured there besides: they are
 * counted, not judged. */
static bool was_dropped(const struct pcapng_packet *p)
{
	return p->comment && strncmp(p->comment, "dropped ", 8) == 0;
}

static int take_packet(struct audit *a, struct sorter *s, const struct pcapng_if *dev,
		       const struct pcapng_packet *p)
{
	struct held h = { p->time_ns, s->order++, p->caplen, p->len, false, NULL };

	if (!dev || (dev->linktype != PCAPNG_LINK_ETHERNET && dev->linktype != PCAPNG_LINK_RAW_IP))
		return 0;
	if (was_dropped(p)) {
		a->dropped++;
		return 0;
	}
	if (s->n == HELD_MAX)
		audit_earliest(a, s);
	h.raw_ip = dev->linktype == PCAPNG_LINK_RAW_IP;
	h.bytes = malloc(p->caplen ? p->caplen : 1);
	if (!h.bytes)
		return -1;
	memcpy(h.bytes, p->data, p->caplen);
	s->heap[s->n] = h;
	sift_up(s, s->n++);
	return 0;
}

int audit_file(struct audit *a, const char *path, char *err, size_t err_size)
{
	struct pcapng_reader *r = pcapng_reader_open(path, err, err_size);
	struct sorter s = { .heap = calloc(HELD_MAX, sizeof(struct held)) };
	struct pcapng_packet p;
	int rc = 0;

	if (r && s.heap) {
		while ((rc = pcapng_reader_next(r, &p, err, err_size)) == 1 &&
		       take_packet(a, &s, pcapng_reader_if(r, p.if_id), &p) == 0)
			;
		while (s.n)
			audit_earliest(a, &s);
	}
	if (r && (!s.heap || rc == 1))
		snprintf(err, err_size, "%s: no memory to hold its frames", path);
	pcapng_reader_free(r);
	free(s.heap);
	return r && s.heap && rc == 0 ? 0 : -1;
}

uint64_t audit_dropped(const struct audit *a)
{
	return a->dropped;
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
