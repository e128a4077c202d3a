/* SPDX-License-Identifier: BSD-2-Clause */
/* A received segment as checked numbers in host order. Above this nobody looks at bytes of the
 * header. A leaf. */
#ifndef TCP_TCP_SEG_H
#define TCP_TCP_SEG_H

#include <stdint.h>

#include "base/drop.h"
#include "tcp/tcp_opt.h"

struct tcp_seg {
	seq_t seq, ack;
	uint32_t len; /* payload bytes */
	uint32_t off; /* of the payload, from the header's first byte */
	uint16_t sport, dport;
	uint16_t wnd; /* as it stands in the header */
	uint16_t urg;
	uint16_t flags; /* TCP_F_* */
	struct tcp_opts opts;
};

/* The header's length by its data offset, from its first 20 bytes; not checked. */
static inline uint32_t tcp_seg_hdr_len(const uint8_t *p)
{
	return (uint32_t)(p[12] >> 4) * 4;
}

/* p: `avail` bytes of header are contiguous; l4_len: of header and payload together. TCP_SHORT,
 * TCP_OPTIONS. */
enum drop tcp_seg_parse(const uint8_t *p, uint32_t avail, uint32_t l4_len, struct tcp_seg *seg);

/* The sequence number after the segment: SYN and FIN count (RFC 9293 3.4). */
static inline seq_t tcp_seg_end(const struct tcp_seg *s)
{
	return s->seq + s->len + (s->flags & TCP_F_SYN ? 1 : 0) + (s->flags & TCP_F_FIN ? 1 : 0);
}

/* Takes n bytes (<= len) off the payload's front: data already received. */
static inline void tcp_seg_trim_front(struct tcp_seg *s, uint32_t n)
{
	s->seq += n;
	s->off += n;
	s->len -= n;
}

/* Takes n bytes (<= len) off its end, and with them the FIN. */
static inline void tcp_seg_trim_end(struct tcp_seg *s, uint32_t n)
{
	s->len -= n;
	s->flags &= (uint16_t)~TCP_F_FIN;
}

/* "SEWUAPRFN"-like letters of the flags for traces, in tcpdump's letters: S F P R U E W and . for
 * ACK. */
enum { TCP_SEG_FLAGS_TEXT = 12 };
const char *tcp_seg_flags_text(uint16_t flags, char out[TCP_SEG_FLAGS_TEXT]);

#endif
