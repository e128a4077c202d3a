/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames on their way and hosts at work; see net.h. Made by net_new.c, driven by run.c. */
#include "harness/sim/net.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"
#include "harness/sim/rand.h"
#include "harness/sim/router.h"
#include "harness/sim/tso.h"

enum { ETH_HEADER = 14, MAC = 6, IP6_FRAGMENT = 44 };

static void end_run(struct sim_net *n, bool limited, const char *fmt, va_list ap)
{
	if (n->failed)
		return;
	n->failed = true;
	n->limited = limited;
	vsnprintf(n->why, sizeof(n->why), fmt, ap);
}

void sim_fail(struct sim_net *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_run(n, false, fmt, ap);
	va_end(ap);
}

void sim_limit(struct sim_net *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_run(n, true, fmt, ap);
	va_end(ap);
}

static void fold(struct sim_net *n, uint64_t value)
{
	n->digest = sim_mix(n->digest ^ value);
}

static void see(struct sim_net *n, const struct sim_seen *s)
{
	uint64_t word;

	fold(n, n->now);
	fold(n, (uint64_t)s->dev->host->index << 40 | (uint64_t)s->sent << 32 | s->len);
	for (size_t at = 0; at + sizeof(word) <= s->len && at < 96; at += sizeof(word)) {
		memcpy(&word, s->bytes + at, sizeof(word));
		fold(n, word);
	}
	if (n->trace)
		sim_trace_frame(n->trace, n->now, s->dev->host->name, s->sent ? ">" : "<", s->bytes,
				s->len);
	if (n->hooks.frame)
		n->hooks.frame(n->hooks.ctx, s);
}

/* ---- pipes ---------------------------------------------------------------------------------- */

static void add_flip(struct sim_wire *w, uint64_t order)
{
	w->flip = sim_grow(w->flip, w->nflip, sizeof(*w->flip));
	w->flip[w->nflip++].order = order;
}

/* Whether the copy was flipped; it is forgotten. */
static bool take_flip(struct sim_wire *w, uint64_t order)
{
	for (unsigned i = 0; i < w->nflip; i++) {
		if (w->flip[i].order != order)
			continue;
		w->flip[i] = w->flip[--w->nflip];
		return true;
	}
	return false;
}

static void push(struct sim_net *n, struct sim_wire *w, const uint8_t *bytes, size_t len, bool intact)
{
	struct link_verdict v;
	struct link_frame *f = link_pipe_new_frame(w->pipe, len);

	if (f) {
		memcpy(f->data, bytes, len);
		f->len = (uint32_t)len;
		f->tag = n->tag;
	}
	if (!f || link_pipe_push_take(w->pipe, n->now, f, &v)) {
		sim_fail(n, "the link model had no memory for a frame");
		return;
	}
	w->pushed++;
	for (unsigned i = 0; i < v.n; i++) {
		uint32_t bit = v.copy[i].flip_bit;

		if (!intact || (bit != LINK_NO_FLIP && bit / 8 >= ETH_HEADER))
			add_flip(w, w->copies);
		w->copies++;
	}
	if (v.n == 0 && n->trace)
		sim_trace_frame(n->trace, n->now, link_drop_text(v.drop), "x", bytes, len);
	w->next = link_pipe_next_at(w->pipe);
}

/* ---- switches -------------------------------------------------------------------------------- */

static struct sim_learnt *lookup(struct sim_net *n, unsigned bridge, const uint8_t *mac)
{
	for (unsigned i = 0; i < n->nlearnt; i++)
		if (n->learnt[i].bridge == bridge && memcmp(n->learnt[i].mac, mac, MAC) == 0)
			return &n->learnt[i];
	return NULL;
}

static void learn(struct sim_net *n, unsigned bridge, const uint8_t *mac, unsigned dev)
{
	struct sim_learnt *l = lookup(n, bridge, mac);

	if (mac[0] & 1)
		return;
	if (!l) {
		n->learnt = sim_grow(n->learnt, n->nlearnt, sizeof(*n->learnt));
		l = &n->learnt[n->nlearnt++];
		l->bridge = bridge;
		memcpy(l->mac, mac, MAC);
	}
	l->dev = dev;
}

static void switch_frame(struct sim_net *n, unsigned from, const struct link_frame *f, bool intact)
{
	unsigned bridge = (unsigned)n->dev[from].topo->bridge;
	struct sim_learnt *l;

	if (f->len < ETH_HEADER)
		return;
	n->tag = f->tag;
	learn(n, bridge, f->data + MAC, from);
	l = f->data[0] & 1 ? NULL : lookup(n, bridge, f->data);
	for (unsigned d = 0; d < n->ndev; d++)
		if (d != from && n->dev[d].topo->bridge == (int)bridge && (!l || l->dev == d))
			push(n, n->dev[d].rx, f->data, f->len, intact);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static bool is_fragment(const struct link_frame *f)
{
	if (f->len >= ETH_HEADER + 40 && f->data[12] == 0x86 && f->data[13] == 0xdd)
		return f->data[20] == IP6_FRAGMENT;
	return f->len >= ETH_HEADER + 20 && f->data[12] == 8 && f->data[13] == 0 &&
	       ((f->data[20] & 0x3f) || f->data[21]);
}

static void host_hears(struct sim_net *n, struct sim_dev *d, const struct link_frame *f, bool intact)
{
	struct sim_seen seen = { .dev = d, .intact = intact, .tag = f->tag, .bytes = f->data,
				 .len = f->len };

	if (d->down || (d->host->st && d->link <= 0))
		return;
	n->tag = f->tag;
	see(n, &seen);
	/* One flipped bit never passes a sum of 16 bits; two, in two fragments of one datagram, can,
	 * which the link layer's own checksum prevents. */
	if (!intact && is_fragment(f))
		return;
	d->received++;
	n->events++;
	if (!d->host->st) {
		if (!intact) /* a link layer's own checksum, here */
			return;
		if (n->hooks.hears)
			n->hooks.hears(n->hooks.ctx, d, f->data, f->len);
		else
			sim_router_hears(n, d, f->data, f->len);
		return;
	}
	d->host->dirty = true;
	/* Where memory is short the frame is lost, as on a real device. */
	(void)ph_link_input_bytes(d->host->st, d->link, f->data, f->len, NULL,
				  sim_host_now(d->host));
	if (d->host->conf.single)
		sim_host_turn(d->host);
}

static void device_sends(void *ctx, const uint8_t *bytes, size_t len)
{
	struct sim_dev *d = ctx;
	struct sim_net *n = d->host->net;
	struct sim_seen seen = { .dev = d, .sent = true, .intact = true, .tag = ++n->tags,
				 .bytes = bytes, .len = len };
	uint8_t recut[SIM_RECUT_FRAME];
	size_t again;
	bool early;

	if (len > (size_t)d->mtu + ETH_HEADER)
		sim_fail(n, "%s sent a frame of %zu octets over a device of MTU %u", d->host->name,
			 len, d->mtu);
	if (d->down)
		return;
	n->tag = seen.tag;
	see(n, &seen);
	again = sim_recut(&d->recut, bytes, len, (size_t)d->mtu + ETH_HEADER, recut);
	early = again && sim_rand_chance(&d->recut.rand, 50);
	if (early)
		push(n, d->tx, recut, again, true);
	push(n, d->tx, bytes, len, true);
	if (again && !early)
		push(n, d->tx, recut, again, true);
}

void sim_dev_send(struct sim_net *n, struct sim_dev *d, const uint8_t *bytes, size_t len)
{
	struct sim_seen seen = { .dev = d, .sent = true, .intact = true, .tag = n->tag,
				 .bytes = bytes, .len = len };

	if (d->down)
		return;
	see(n, &seen);
	push(n, d->tx, bytes, len, true);
}

static void collect(struct sim_dev *d)
{
	struct sim_host *h = d->host;
	struct sim_net *n = h->net;
	struct ph_pkt *p;

	while ((p = ph_link_output(h->st, d->link, sim_host_now(h)))) {
		struct ph_iov iov[PH_TX_IOV];
		struct ph_offload o;
		size_t len = 0;
		int k = ph_pkt_iov(p, iov);

		ph_pkt_offload(p, &o);
		for (int i = 0; i < k && len + iov[i].len <= sizeof(n->frame); i++) {
			memcpy(n->frame + len, iov[i].base, iov[i].len);
			len += iov[i].len;
		}
		if (len != ph_pkt_len(p))
			sim_fail(n, "%s: a packet of %zu octets has pieces of %zu", h->name,
				 ph_pkt_len(p), len);
		ph_pkt_free(h->st, p);
		d->sent++;
		if (!sim_tso(n->frame, len, &o, device_sends, d))
			sim_fail(n, "%s sent a packet that its offload fields do not fit", h->name);
	}
}

static uint64_t deadline_of(struct sim_host *h)
{
	uint64_t at = ph_stack_deadline(h->st);

	if (at == PH_NEVER)
		return PH_NEVER;
	return at > sim_host_now(h) ? at - h->conf.clock_ns : h->net->now;
}

void sim_host_turn(struct sim_host *h)
{
	struct sim_net *n = h->net;
	unsigned spins = 0;

	do {
		n->events++;
		h->dirty = false;
		ph_stack_run(h->st, sim_host_now(h));
		if (n->hooks.turn)
			n->hooks.turn(n->hooks.ctx, h);
		for (unsigned d = 0; d < n->ndev; d++)
			if (n->dev[d].host == h && n->dev[d].link > 0)
				collect(&n->dev[d]);
		h->deadline = deadline_of(h);
		if (n->hooks.after)
			n->hooks.after(n->hooks.ctx, h);
		if (++spins == SIM_SPINS_MAX)
			sim_limit(n, "%s had %d turns and still wants one at the same moment", h->name,
				 SIM_SPINS_MAX);
	} while (h->deadline <= n->now && !n->failed);
}

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t sim_net_next(const struct sim_net *n)
{
	uint64_t at = PH_NEVER;

	for (unsigned i = 0; i < n->nhost; i++) {
		if (n->host[i].dirty)
			return n->now;
		at = n->host[i].deadline < at ? n->host[i].deadline : at;
	}
	for (unsigned i = 0; i < n->nwire; i++)
		at = n->wire[i].next < at ? n->wire[i].next : at;
	return at;
}

static bool deliver(struct sim_net *n, struct sim_wire *w)
{
	struct link_frame *f;
	bool any = false;

	while (!n->failed && (f = link_pipe_pop(w->pipe, n->now))) {
		bool intact = !take_flip(w, f->order);

		any = true;
		w->popped++;
		if (n->hooks.popped)
			n->hooks.popped(n->hooks.ctx, w, f);
		w->next = link_pipe_next_at(w->pipe);
		if (w->to_dev >= 0)
			host_hears(n, &n->dev[w->to_dev], f, intact);
		else
			switch_frame(n, (unsigned)w->from_dev, f, intact);
		link_pipe_free_frame(w->pipe, f);
	}
	w->next = link_pipe_next_at(w->pipe);
	return any;
}

void sim_net_settle(struct sim_net *n)
{
	uint64_t before = n->events;
	bool any = true;

	while (any && !n->failed) {
		any = false;
		for (unsigned i = 0; i < n->nwire; i++)
			if (n->wire[i].next <= n->now)
				any |= deliver(n, &n->wire[i]);
		for (unsigned i = 0; i < n->nhost && !n->failed; i++)
			if (n->host[i].dirty || n->host[i].deadline <= n->now) {
				any = true;
				sim_host_turn(&n->host[i]);
			}
		/* A link without delay carries whole conversations in one moment. */
		if (n->events - before > SIM_MOMENT_EVENTS)
			sim_limit(n, "time does not move on: more than %d events at one moment (limit "
				  "SIM_MOMENT_EVENTS); links that lead in a circle need a delay or a rate",
				  SIM_MOMENT_EVENTS);
	}
	if (n->events > n->events_max)
		sim_limit(n, "more than %" PRIu64 " events (limit events_max)", n->events_max);
	if (n->now > n->now_max)
		sim_limit(n, "more than %" PRIu64 " s of virtual time (limit now_max)",
			 (n->now_max - SIM_START_NS) / 1000000000u);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void account_wire(struct sim_net *n, const struct sim_wire *w)
{
	const struct link_stats *s = link_model_stats(link_pipe_model(w->pipe));
	uint64_t drops = 0, dup = s->duplicated;
	int dev = w->to_dev >= 0 ? w->to_dev : w->from_dev;

	for (int i = 0; i < LINK_DROP_COUNT; i++)
		drops += s->drops[i];
	if (s->frames != w->pushed || s->delivered != w->copies ||
	    w->popped + link_pipe_held(w->pipe) + s->withdrawn != w->copies ||
	    s->frames + dup + s->withdrawn != w->copies + drops)
		sim_fail(n,
			 "the link at %s does not account for its frames: %" PRIu64 " pushed, %" PRIu64
			 " counted, %" PRIu64 " duplicated, %" PRIu64 " dropped, %" PRIu64
			 " delivered, %" PRIu64 " popped, %zu held",
			 n->dev[dev].host->name, w->pushed, s->frames, dup, drops, s->delivered,
			 w->popped, link_pipe_held(w->pipe));
	if (link_pipe_held(w->pipe) > 0)
		sim_fail(n, "the link at %s still holds %zu frames", n->dev[dev].host->name,
			 link_pipe_held(w->pipe));
}

void sim_net_account(struct sim_net *n)
{
	for (unsigned i = 0; i < n->nwire; i++)
		account_wire(n, &n->wire[i]);
	for (unsigned i = 0; i < n->ndev; i++) {
		struct ph_link_info info[64];
		struct sim_dev *d = &n->dev[i];
		size_t have = d->host->st && d->link > 0 ? ph_links(d->host->st, info, 64) : 0;

		for (size_t k = 0; k < have && k < 64; k++)
			if (info[k].link == d->link &&
			    (info[k].tx_packets != d->sent || info[k].rx_packets > d->received ||
			     (!d->host->conf.mem_limit && !d->host->conf.fail_at &&
			      info[k].rx_packets != d->received)))
				sim_fail(n,
					 "%s counts %" PRIu64 " packets sent and %" PRIu64
					 " received; there were %" PRIu64 " and %" PRIu64,
					 d->host->name, info[k].tx_packets, info[k].rx_packets,
					 d->sent, d->received);
	}
}
