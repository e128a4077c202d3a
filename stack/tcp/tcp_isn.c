/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 6528 3: a clock for the order of incarnations, a keyed hash for what others must not
 * guess. */
#include "tcp/tcp_isn.h"

enum { ISN_TICK_NS = 4000 }; /* RFC 9293 3.4.1 (MUST-8) */

seq_t tcp_isn(const struct siphash_key *key, const struct tcp_tuple *k, uint64_t now_ns)
{
	return (seq_t)(now_ns / ISN_TICK_NS) + (seq_t)siphash(key, k, sizeof(*k));
}

uint32_t tcp_isn_ts_offset(const struct siphash_key *key, const struct tcp_tuple *k)
{
	struct {
		struct tcp_tuple tuple;
		uint32_t what; /* sets this hash apart from the one above */
	} in = { *k, 0x7473 };

	return (uint32_t)(siphash(key, &in, sizeof(in)) >> 32);
}
