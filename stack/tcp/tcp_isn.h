/* SPDX-License-Identifier: BSD-2-Clause */
/* Initial sequence numbers (RFC 6528) and timestamp offsets (RFC 7323 5.4, 7.1). A leaf. */
#ifndef TCP_TCP_ISN_H
#define TCP_TCP_ISN_H

#include "base/siphash.h"
#include "tcp/tcp_table.h"

/* ISN = M + F(tuple, key): M ticks every 4 us. */
seq_t tcp_isn(const struct siphash_key *key, const struct tcp_tuple *k, uint64_t now_ns);
/* The same for a tuple at any time, so that a connection that follows another looks later to
 * PAWS. */
uint32_t tcp_isn_ts_offset(const struct siphash_key *key, const struct tcp_tuple *k);

#endif
