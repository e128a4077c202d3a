/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP header and its options. What the parser takes is within the segment; options that were read
 * can be written, and are read again as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "tcp/tcp_seg.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

static bool same(const struct tcp_opts *a, const struct tcp_opts *b)
{
	for (unsigned i = 0; i < a->nsack; i++)
		if (a->sack[i].from != b->sack[i].from || a->sack[i].to != b->sack[i].to)
			return false;
	return a->tsval == b->tsval && a->tsecr == b->tsecr && a->mss == b->mss &&
	       a->wscale == b->wscale && a->nsack == b->nsack && a->has_mss == b->has_mss &&
	       a->has_wscale == b->has_wscale && a->has_ts == b->has_ts &&
	       a->sack_ok == b->sack_ok;
}

static void options(const struct tcp_opts *o)
{
	uint8_t bytes[TCP_OPTS_MAX];
	struct tcp_opts again;
	uint32_t len = tcp_opt_len(o);

	demand(o->nsack <= TCP_SACK_MAX, "no more SACK blocks than there is room for");
	demand(o->wscale <= TCP_WSCALE_MAX, "a window scale counts as at most 14");
	demand(len % 4 == 0, "options end on a word");
	if (len > TCP_OPTS_MAX) /* several of a kind came; we would not send these together */
		return;
	demand(tcp_opt_build(bytes, o) == len, "options are as long as was said");
	demand(tcp_opt_parse(bytes, len, &again), "what we write can be read");
	demand(same(o, &again), "and reads as it was");
}

void fuzz_segment(const uint8_t *bytes, size_t len)
{
	/* In memory of its own, so that a read beyond it is seen. */
	size_t n = len > 1 ? len - 1 : 0, most = n < 60 ? n : 60;
	uint32_t extra = len ? bytes[0] * 256u : 0;
	uint8_t *p = malloc(most ? most : 1);
	char text[TCP_SEG_FLAGS_TEXT];
	struct tcp_seg seg;
	struct tcp_opts o;

	demand(p != NULL, "this machine has memory");
	memcpy(p, bytes + (len > 1 ? 1 : 0), most);
	if (tcp_opt_parse(p, (uint32_t)(most < 40 ? most : 40), &o))
		options(&o);
	if (most >= TCP_HDR_LEN &&
	    tcp_seg_parse(p, (uint32_t)most, (uint32_t)n + extra, &seg) == DROP_NONE) {
		demand(seg.off >= TCP_HDR_LEN && seg.off <= most, "payload begins behind a header");
		demand(seg.off + seg.len == n + extra, "payload ends where the segment does");
		demand(strlen(tcp_seg_flags_text(seg.flags, text)) < sizeof(text), "flags fit");
		options(&seg.opts);
	}
	free(p);
}

FUZZ_TARGET_IS(fuzz_segment)
