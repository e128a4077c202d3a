/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of segments that are not SYNs, and how much data is left room for beside them. Called by
 * tcp_output.c, and by all who want to know how long a full segment is. */
#include "tcp/tcp_int.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* SACK blocks that are told: what the options have room for, and on a path of crumbs no more than
 * leaves room for TCP_PAYLOAD_MIN. */
static uint8_t sack_blocks(const struct tcb *t, bool md5)
{
	uint32_t fixed = 4u + (t->ts ? TCP_OPT_TS_ALIGNED : 0u) + (md5 ? TCP_OPT_MD5_ALIGNED : 0u);
	uint32_t used = fixed + TCP_PAYLOAD_MIN, max = (TCP_OPTS_MAX - fixed) / 8;
	uint32_t room = t->mss > used ? (t->mss - used) / 8 : 0;

	return t->sack_ok ? (uint8_t)smaller(tcp_sack_count(&t->sack), smaller(max, room)) : 0;
}

/* Which options a segment that is not a SYN has, and how many SACK blocks. */
static struct tcp_opts which_options(const struct tcb *t)
{
	bool md5 = tcp_md5_find(t, &t->dst.dst) != NULL;
	struct tcp_opts o = { .has_ts = t->ts, .nsack = sack_blocks(t, md5), .has_md5 = md5 };
	uint32_t ts = t->ts ? TCP_OPT_TS_ALIGNED : 0, room = TCP_OPTS_MAX;

	if (!tcp_ecn_accurate(&t->ecn))
		return o;
	if (t->mss < room + TCP_PAYLOAD_MIN)
		room = t->mss > TCP_PAYLOAD_MIN ? (uint32_t)(t->mss - TCP_PAYLOAD_MIN) & ~3u : 0;
	if (md5)
		ts += TCP_OPT_MD5_ALIGNED;
	if (room > ts)
		(void)tcp_accecn_option(&t->ecn.acc, room - ts, &o);
	return o;
}

uint32_t tcp_output_options_len(const struct tcb *t)
{
	struct tcp_opts o = which_options(t);

	return tcp_opt_len(&o);
}

void tcp_output_options(const struct ph_stack *st, const struct tcb *t, struct tcp_opts *o)
{
	if (tcp_options_plain(t)) {
		tcp_opt_none(o);
		o->has_ts = t->ts;
	} else {
		*o = which_options(t);
		tcp_sack_report(&t->sack, o->sack, o->nsack);
	}
	if (t->ts) {
		o->tsval = tcp_ts(st, t->ts_off);
		o->tsecr = t->ts_recent;
	}
}
