/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two stacks and the link between them, driven by bytes: what each user calls, and what becomes of
 * each frame (delivered, dropped, doubled, held back, one bit turned). At every step the promises
 * of promise.h hold for both, the audit finds no violation of a MUST, and every byte that is read
 * is the byte that was written. In the end the link harms nothing any more: then everything that
 * was written must arrive, or its connection must have ended.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/audit/audit.h"
#include "tests/fuzz/stack_user.h"
#include "tests/fuzz/targets.h"

enum { HELD_MAX = 16, ACTS_MAX = 4096, ROUNDS_MAX = 6000, TURN_MAX = 4000 };

struct held { /* a frame on its way */
	uint8_t *bytes;
	size_t len;
	struct ph_offload offload;
};

struct side {
	struct promise p;
	struct user user;
	struct held held[HELD_MAX]; /* toward this side, kept back */
	unsigned nheld;
};

struct pair {
	struct bytes in;
	uint64_t now;
	struct side side[2];
	bool clean; /* the link harms nothing any more */
	bool tight; /* its memory may be held by the pools of other sizes for ever */
	bool late; /* memory, a full queue or a silent neighbour may make a host miss its own time */
	struct audit *audit;
};

static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };

static unsigned u8(struct pair *f)
{
	return bytes_u8(&f->in);
}

static void arrive(struct pair *f, unsigned to, const uint8_t *bytes, size_t len,
		   const struct ph_offload *o)
{
	/* What a host called summed and cut is so at its neighbour's, as on one machine. */
	(void)promise_input(&f->side[to].p, bytes, len, o, f->now);
	promise_after(&f->side[to].p);
}

static void release(struct pair *f, unsigned to, unsigned i)
{
	struct side *s = &f->side[to];
	struct held h = s->held[i];

	s->held[i] = s->held[--s->nheld];
	arrive(f, to, h.bytes, h.len, &h.offload);
	free(h.bytes);
}

static void hold(struct pair *f, unsigned to, const uint8_t *bytes, size_t len,
		 const struct ph_offload *o)
{
	struct side *s = &f->side[to];

	if (s->nheld == HELD_MAX)
		release(f, to, 0);
	s->held[s->nheld] = (struct held){ malloc(len), len, *o };
	demand(s->held[s->nheld].bytes != NULL, "this machine has memory");
	memcpy(s->held[s->nheld++].bytes, bytes, len);
}

static void carry(struct pair *f, unsigned to, uint8_t *bytes, size_t len,
		  const struct ph_offload *o)
{
	unsigned fate = f->clean ? 0 : u8(f);

	if (fate < 180 || fate >= 250) {
		arrive(f, to, bytes, len, o);
		if (fate >= 250)
			arrive(f, to, bytes, len, o);
	} else if (fate < 210) {
		return;
	} else if (fate < 240) {
		hold(f, to, bytes, len, o);
	} else if (o->flags == 0 && o->gso_type == 0) { /* else no sum would see it */
		unsigned at = bytes_u16(&f->in) % (unsigned)(len * 8);

		bytes[at / 8] ^= (uint8_t)(1 << at % 8);
		arrive(f, to, bytes, len, o);
	}
}

/* Takes one frame that `from` sends; false: it sends none. */
static bool carry_one(struct pair *f, unsigned from)
{
	static uint8_t bytes[PROMISE_FRAME_MAX];
	struct ph_offload o;
	size_t len = promise_output(&f->side[from].p, bytes, &o, f->now);

	if (len == 0)
		return false;
	if (o.gso_type == 0 && o.flags == 0)
		audit_frame(f->audit, f->now, f->side[from].p.link_conf.kind == PH_LINK_IP, bytes,
			    len, len);
	carry(f, 1 - from, bytes, len, &o);
	return true;
}

static void carry_all(struct pair *f)
{
	for (int i = 0; i < TURN_MAX; i++) {
		bool any = carry_one(f, 0);

		if (!carry_one(f, 1) && !any)
			return;
	}
	demand(!f->clean, "two hosts on a clean link fall silent until time passes");
}

static uint64_t deadline(const struct pair *f)
{
	uint64_t a = ph_stack_deadline(f->side[0].p.st), b = ph_stack_deadline(f->side[1].p.st);

	return a < b ? a : b;
}

static void run(struct pair *f)
{
	promise_run(&f->side[0].p, f->now);
	promise_run(&f->side[1].p, f->now);
}

/* Time passes; each host is woken when it asked to be. */
static void pass(struct pair *f, uint64_t until)
{
	for (uint64_t next; (next = deadline(f)) <= until;) {
		if (next > f->now)
			f->now = next;
		run(f);
		carry_all(f);
	}
	f->now = until;
	run(f);
}

static void act_time(struct pair *f)
{
	unsigned v = u8(f);
	uint64_t next = deadline(f);

	if (v < 120)
		pass(f, f->now + (uint64_t)v * 200000);
	else if (v < 250 && next != PH_NEVER && next > f->now)
		pass(f, next);
	else
		pass(f, f->now + (1000000ull << (v % 18)));
}

static void act(struct pair *f)
{
	unsigned what = u8(f), i = what & 1;
	struct side *s = &f->side[i];

	if (what < 110) {
		user_act(&s->user, &f->in, f->now);
	} else if (what < 140) {
		user_read_all(&s->user, f->now);
	} else if (what < 170) {
		if (s->nheld)
			release(f, i, u8(f) % s->nheld);
	} else if (what < 240) {
		act_time(f);
	} else if (what < 246) {
		f->late = true;
		ph_stack_fail_at(s->p.st, 1 + u8(f) % 32);
	} else {
		carry_all(f);
	}
}

/* ---- setting up ------------------------------------------------------------------------------ */

static bool open_side(struct pair *f, unsigned i, unsigned how, unsigned more)
{
	static const uint16_t mtus[] = { 0, 1500, 576, 296, 9000, 65535, 1280, 128 };
	struct side *s = &f->side[i];
	struct ph_conf conf = { .key = { 7, (uint8_t)i }, .now_ns = f->now };
	struct ph_link_conf link = { .name = "eth0", .kind = PH_LINK_ETHER };
	struct ph_ip own = ph_ip4(10, 0, 0, (uint8_t)(1 + i));
	struct ph_ip peer = ph_ip4(10, 0, 0, (uint8_t)(2 - i));

	memcpy(link.mac, mac[i], 6);
	if (how & 1)
		link.kind = PH_LINK_IP;
	if (how & 2)
		link.offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | (more & 16 ? PH_OFFLOAD_GRO : 0);
	if (how & 8)
		link.txqueuelen = 1 + more % 8;
	link.mtu = mtus[more % 8];
	conf.mem_limit = how & 16 ? 300000 + more * 8192 : 64u << 20;
	if (!promise_open(&s->p, &conf, &link))
		return false;
	if (ph_addr_add(s->p.st, s->p.link, &own, 24, f->now) != 0 ||
	    !user_start(&s->user, &s->p, &own, &peer, f->now)) {
		ph_stack_free(s->p.st);
		return false;
	}
	s->user.exact = true;
	return true;
}

static bool start(struct pair *f)
{
	unsigned how = u8(f), more = u8(f), tune = u8(f);

	f->now = 1000000000;
	if (!open_side(f, 0, how, more))
		return false;
	if (!open_side(f, 1, how & ~16u, more)) {
		ph_stack_free(f->side[0].p.st);
		return false;
	}
	f->tight = how & 16;
	f->late = (how & (8 | 16)) != 0 || !(how & 1);
	for (unsigned i = 0; i < tune % 4; i++)
		user_sysctl(&f->side[i & 1].p, &f->in);
	f->audit = audit_new();
	demand(f->audit != NULL, "this machine has memory");
	return true;
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool ended(const struct ph_sock_info *k)
{
	return k->state == 7 || k->state == 6 || k->state == 10 || k->type != PH_SOCK_STREAM;
}

/* Is anything written still on its way, to a reader that reads? */
static bool busy(const struct pair *f)
{
	struct ph_sock_info k[64];

	for (unsigned i = 0; i < 2; i++) {
		size_t n = ph_socks(f->side[i].p.st, k, 64);

		for (size_t j = 0; j < n && j < 64; j++)
			if (!ended(&k[j]) && k[j].sendq > 0)
				return true;
	}
	return false;
}

/* Who waits, for whoever replays a finding. */
static void tell_busy(const struct pair *f)
{
	struct ph_sock_info k[64];

	for (unsigned i = 0; i < 2; i++) {
		size_t n = ph_socks(f->side[i].p.st, k, 64);

		for (size_t j = 0; j < n && j < 64; j++)
			fprintf(stderr, "side %u: socket %d %s %u > %u, %u to read, %u to send\n",
				i, k[j].socket, k[j].state_name, k[j].local.port, k[j].peer.port,
				k[j].recvq, k[j].sendq);
	}
}

static void accept_all(struct user *u, uint64_t now)
{
	ph_socket s;

	while ((s = ph_accept(u->p->st, u->sock[0].s, NULL, now)) >= 0)
		(void)ph_close(u->p->st, s, now);
}

/* Everybody reads, nothing is lost: soon nothing is on its way. */
static void settle(struct pair *f)
{
	f->clean = true;
	for (unsigned i = 0; i < 2; i++) {
		ph_stack_fail_at(f->side[i].p.st, 0);
		while (f->side[i].nheld)
			release(f, i, 0);
	}
	for (int round = 0; round < ROUNDS_MAX; round++) {
		uint64_t next;

		carry_all(f);
		for (unsigned i = 0; i < 2; i++) {
			user_read_all(&f->side[i].user, f->now);
			accept_all(&f->side[i].user, f->now);
			user_check(&f->side[i].user, f->now);
		}
		carry_all(f);
		if (!busy(f))
			return;
		next = deadline(f);
		demand(next != PH_NEVER, "what waits has a deadline");
		if (next > f->now)
			f->now = next;
		run(f);
	}
	if (f->tight)
		return;
	tell_busy(f);
	demand(false, "over a clean link everything written arrives");
}

static void finish(struct pair *f)
{
	uint64_t end;

	settle(f);
	for (unsigned i = 0; i < 2; i++) {
		ph_stack_abort(f->side[i].p.st, f->now);
		carry_all(f);
	}
	end = f->now + 600000000000; /* whatever lingers ends within ten minutes */
	pass(f, end);
	promise_close(&f->side[0].p, true);
	promise_close(&f->side[1].p, true);
	audit_free(f->audit);
}

static void judge(struct pair *f)
{
	const struct audit_host *h;

	if (audit_violations(f->audit, AUDIT_MUST) == 0)
		return;
	for (size_t i = 0, n = audit_hosts(f->audit, &h); i < n; i++)
		for (int r = 0; r < AUDIT_RULE_N; r++)
			if (audit_rules[r].level == AUDIT_MUST && h[i].rule[r].violated &&
			    !(r == AUDIT_TCP_BACKOFF && f->late))
				demand(false, h[i].rule[r].first);
}

void fuzz_pair(const uint8_t *bytes, size_t len)
{
	struct pair *f = calloc(1, sizeof(*f));
	struct ph_event ev[8];

	demand(f != NULL, "this machine has memory");
	f->in = (struct bytes){ bytes, bytes + len };
	if (!start(f)) {
		free(f);
		return;
	}
	for (int acts = 0; f->in.at < f->in.end && acts < ACTS_MAX; acts++) {
		act(f);
		for (unsigned i = 0; i < 2; i++) {
			(void)carry_one(f, i);
			promise_after(&f->side[i].p);
			while (ph_ready(f->side[i].p.st, ev, 8) > 0)
				;
			user_check(&f->side[i].user, f->now);
		}
		judge(f);
	}
	finish(f);
	free(f);
}

FUZZ_TARGET_IS(fuzz_pair)
