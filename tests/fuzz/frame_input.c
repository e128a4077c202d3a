/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames into a stack that listens and answers: Ethernet and bare IP, with what a device may say of
 * a frame (struct virtio_net_hdr), in pieces for reassembly, over time.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/frame_record.h"
#include "tests/fuzz/targets.h"

enum { RECORDS_MAX = 512 };

struct world {
	struct bytes in;
	struct promise p;
	struct user user;
	uint64_t now;
};

static void drain(struct world *w)
{
	static uint8_t frame[PROMISE_FRAME_MAX];
	struct ph_offload o;

	while (promise_output(&w->p, frame, &o, w->now) != 0)
		;
}

static void hand_in(struct world *w, const struct frame_record *r, const uint8_t *bytes, size_t len)
{
	w->p.in_pieces = r->wish & WISH_PIECES;
	(void)promise_input(&w->p, bytes, len, r->has_offload ? &r->offload : NULL, w->now);
	drain(w);
}

/* The frame's IP packet in pieces of some units, in order or from the end. */
static void fragments(struct world *w, const struct frame_record *r)
{
	size_t l2 = w->p.link_conf.kind == PH_LINK_ETHER ? 14 : 0, ihl, len, step, n;
	uint8_t frame[RECORD_MAX];

	ihl = r->len >= l2 + 20 ? (size_t)(r->bytes[l2] & 15) * 4 : 0;
	if (ihl < 20 || r->len <= l2 + ihl) {
		hand_in(w, r, r->bytes, r->len);
		return;
	}
	len = r->len - l2 - ihl;
	step = 8 * (1 + (size_t)r->bytes[l2 + 5] % 32); /* by its ID */
	n = (len + step - 1) / step;
	for (size_t i = 0; i < n; i++) {
		size_t at = (r->wish & WISH_CUT ? n - 1 - i : i) * step;
		size_t part = len - at < step ? len - at : step;

		if (r->bytes[l2 + 4] & 1 && part + 8 <= len - at)
			part += 8; /* over the next one's begin */

		memcpy(frame, r->bytes, l2 + ihl);
		memcpy(frame + l2 + ihl, r->bytes + l2 + ihl + at, part);
		put16(frame + l2 + 2, (unsigned)(ihl + part));
		put16(frame + l2 + 6, (unsigned)(at / 8 | (at + part < len ? 0x2000 : 0)));
		frame_record_ip_sum(frame + l2);
		hand_in(w, r, frame, l2 + ihl + part);
	}
}

static bool start(struct world *w)
{
	unsigned how = bytes_u8(&w->in);
	struct ph_conf conf = { .key = { 3 }, .now_ns = 1, .max_neighbours = 8,
				.max_reassemblies = 4 };
	struct ph_link_conf link = { .name = "tap0", .kind = PH_LINK_ETHER,
				     .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip own = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);

	w->now = 1;
	if (how & 1)
		link.kind = PH_LINK_IP;
	if (how & 2)
		link.offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | PH_OFFLOAD_GRO;
	if (how & 4)
		link.mtu = 9000;
	if (how & 8)
		conf.mem_limit = 400000 + (how >> 4) * 65536;
	if (!promise_open(&w->p, &conf, &link))
		return false;
	if (ph_addr_add(w->p.st, w->p.link, &own, 24, w->now) != 0 ||
	    !user_start(&w->user, &w->p, &own, &peer, w->now)) {
		ph_stack_free(w->p.st);
		return false;
	}
	w->p.forged = true; /* any frame may be any segment */
	return true;
}

static void finish(struct world *w)
{
	uint64_t end;

	ph_stack_abort(w->p.st, w->now);
	drain(w);
	end = w->now + 600000000000;
	for (uint64_t next; (next = ph_stack_deadline(w->p.st)) <= end;) {
		if (next > w->now)
			w->now = next;
		promise_run(&w->p, w->now);
		drain(w);
	}
	promise_close(&w->p, true);
}

void fuzz_frame(const uint8_t *bytes, size_t len)
{
	struct world *w = calloc(1, sizeof(*w));
	struct frame_record r;

	demand(w != NULL, "this machine has memory");
	w->in = (struct bytes){ bytes, bytes + len };
	if (!start(w)) {
		free(w);
		return;
	}
	for (int i = 0; i < RECORDS_MAX &&
			frame_record_next(&w->in, w->p.link_conf.kind, &r); i++) {
		if (r.wish & WISH_TIME) {
			w->now += 1000000ull << (r.time % 20);
			promise_run(&w->p, w->now);
			user_read_all(&w->user, w->now);
		}
		if (r.wish & WISH_FRAGMENT && r.wish & WISH_IP)
			fragments(w, &r);
		else
			hand_in(w, &r, r.bytes, r.len);
		user_check(&w->user, w->now);
	}
	finish(w);
	free(w);
}

FUZZ_TARGET_IS(fuzz_frame)
