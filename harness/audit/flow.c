/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds and keeps connections for the audit. A SYN with another ISN after an end begins a new one
 * in place. */
#include "harness/audit/flow.h"

#include <stdlib.h>
#include <string.h>

static bool is_half(const struct half *h, const struct audit_frame *f)
{
	return h->stats.sport == f->tcp.sport && h->stats.dport == f->tcp.dport &&
	       audit_addr_same(&h->stats.src, &f->src) && audit_addr_same(&h->stats.dst, &f->dst);
}

static void half_init(struct half *h, const struct audit_addr *src, const struct audit_addr *dst,
		      uint16_t sport, uint16_t dport)
{
	free(h->kept);
	*h = (struct half){ .stats = { .src = *src, .dst = *dst, .sport = sport, .dport = dport },
			    .mss = 536 };
}

static void flow_init(struct flow *fl, const struct audit_frame *f)
{
	half_init(&fl->half[0], &f->src, &f->dst, f->tcp.sport, f->tcp.dport);
	half_init(&fl->half[1], &f->dst, &f->src, f->tcp.dport, f->tcp.sport);
	fl->ts_on = false;
}

/* The same ports used again: a SYN (without ACK) of another ISN, after the old connection ended, or
 * its sender said FIN and left FIN-WAIT-2 in silence, or its SYN was left alone. Of the same ISN, if
 * a reset came first: its clock ticks every four microseconds (RFC 9293 3.4.1), and a connection may
 * be over sooner. */
static bool reused(const struct flow *fl, const struct half *h, const struct audit_tcp *t)
{
	bool ended = fl->half[0].stats.rst || fl->half[1].stats.rst ||
		     h->stats.fin || !h->synced ||
		     !fl->half[0].seen || !fl->half[1].seen;

	bool reset = fl->half[0].stats.rst || fl->half[1].stats.rst;

	return (t->flags & (AUDIT_SYN | AUDIT_ACK)) == AUDIT_SYN && h->stats.syn_seen &&
	       (t->seq != h->isn ? ended : reset && h->next != h->isn + 1);
}

struct flow *audit_flow_find(struct audit *a, const struct audit_frame *f, unsigned *sender)
{
	uint32_t key = ((uint32_t)f->tcp.sport ^ f->tcp.dport) * 40503u;
	struct flow **at, *fl;

	for (unsigned i = 0; i < 16; i++)
		key += ((uint32_t)f->src.b[i] ^ f->dst.b[i]) * (2654435761u * (2 * i + 1));
	at = &a->bucket[(key >> 16) % FLOW_BUCKETS];
	for (fl = *at; fl; fl = fl->next) {
		for (*sender = 0; *sender < 2; (*sender)++) {
			if (!is_half(&fl->half[*sender], f))
				continue;
			if (reused(fl, &fl->half[*sender], &f->tcp)) {
				flow_init(fl, f);
				fl->again = true;
				*sender = 0;
			}
			return fl;
		}
	}
	if (a->nflows == AUDIT_FLOWS_MAX || !(fl = calloc(1, sizeof(*fl))))
		return NULL;
	a->nflows++;
	flow_init(fl, f);
	fl->next = *at;
	*at = fl;
	*sender = 0;
	return fl;
}

void audit_flow_free(struct flow *fl)
{
	free(fl->half[0].kept);
	free(fl->half[1].kept);
	free(fl);
}

static bool compare(const struct half *h, uint32_t seq, const uint8_t *data, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (h->kept[(seq + i) % AUDIT_KEEP] != data[i])
			return false;
	return true;
}

static void keep(struct half *h, uint32_t seq, const uint8_t *data, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		h->kept[(seq + i) % AUDIT_KEEP] = data[i];
	if (h->next + 0u - h->kept_from > AUDIT_KEEP)
		h->kept_from = h->next - AUDIT_KEEP;
}

/* Called with h->next still that from before the segment; the part below it is compared where it
 * was kept. */
bool audit_flow_same_data(struct half *h, const struct audit_tcp *t)
{
	uint32_t from = t->seq, end = t->seq + t->data_len, old_end;
	bool same = true;

	if (!h->kept) {
		h->kept = malloc(AUDIT_KEEP);
		h->kept_from = h->next;
		if (!h->kept)
			return true;
	}
	old_end = seq_before(h->next, end) ? h->next : end;
	if (seq_before(from, h->kept_from))
		from = seq_before(h->kept_from, end) ? h->kept_from : end;
	if (seq_before(from, old_end))
		same = compare(h, from, t->data + (from - t->seq), old_end - from);
	if (seq_before(h->next, t->seq)) {
		h->kept_from = t->seq; /* octets in between were not captured */
	}
	if (seq_before(h->next, end)) {
		uint32_t skip = seq_before(t->seq, h->next) ? h->next - t->seq : 0;
		uint32_t at = t->seq + skip;

		h->next = end;
		keep(h, at, t->data + skip, t->data_len - skip);
	}
	return same;
}
