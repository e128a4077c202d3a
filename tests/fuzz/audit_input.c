/* SPDX-License-Identifier: BSD-2-Clause */
/* Captured frames into the audit, and into what tells a link's scripts of which kind a frame is. */
#include <stdlib.h>

#include "harness/audit/audit.h"
#include "harness/link/classify.h"
#include "tests/fuzz/frame_record.h"
#include "tests/fuzz/targets.h"

enum { RECORDS_MAX = 512 };

static void check(const struct audit *a, uint64_t frames)
{
	struct audit_flow_stats flows[8];
	const struct audit_host *h;
	size_t n = audit_hosts(a, &h);

	demand(audit_frames(a) == frames, "every frame is counted");
	for (size_t i = 0; i < n; i++)
		for (int r = 0; r < AUDIT_RULE_N; r++)
			demand(h[i].rule[r].violated == 0 || h[i].rule[r].first_frame > 0,
			       "a violation has a frame");
	(void)audit_flows(a, flows, 8);
	(void)audit_violations(a, AUDIT_MUST);
}

void fuzz_audit(const uint8_t *bytes, size_t len)
{
	struct bytes in = { bytes, bytes + len };
	bool raw = bytes_u8(&in) & 1;
	struct audit *a = audit_new();
	struct link_classifier *c = malloc(sizeof(*c));
	struct frame_record r;
	uint64_t now = 0, frames = 0;

	demand(a != NULL && c != NULL, "this machine has memory");
	link_classify_init(c, raw ? LINK_L2_IP : LINK_L2_ETHERNET);
	while (frames < RECORDS_MAX &&
	       frame_record_next(&in, raw ? PH_LINK_IP : PH_LINK_ETHER, &r)) {
		uint8_t *copy = malloc(r.len ? r.len : 1);
		size_t had = r.len + (r.wish & WISH_CUT ? r.time : 0);

		demand(copy != NULL, "this machine has memory");
		for (size_t i = 0; i < r.len; i++)
			copy[i] = r.bytes[i];
		now += 1000000ull << (r.time % 20);
		audit_frame(a, now, raw, copy, r.len, had);
		demand(link_classify(c, copy, r.len) & LINK_KIND_ANY, "every frame is one");
		free(copy);
		frames++;
	}
	check(a, frames);
	audit_free(a);
	free(c);
}

FUZZ_TARGET_IS(fuzz_audit)
