/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes are a list of acts: a segment near what the connection expects (so that deep states are
 * reached), one that a polite peer would send now, a datagram, an ICMP error about what the stack
 * last sent, a raw frame, a socket call, time passing, memory failing.
 */
#include "tests/fuzz/stack_input.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/stack_user.h"
#include "tests/fuzz/targets.h"

enum {
	PORTS = USER_PEER_PORTS,
	CLOSED = 9,
	FRAME_MAX = PROMISE_FRAME_MAX,
	ACTS_MAX = 4096,
	IDLE_TURNS = 3000,
	BURST = 8
};

struct conn { /* what the peer knows of the connection from its port USER_PEER_PORT + i */
	uint32_t seq, ack; /* what the stack expects of us, and what we expect of it */
	uint32_t una, tsval, ts_off;
	uint16_t dport, mss;
	uint8_t flags; /* of the stack's last segment */
	bool ts;
};

struct fuzz {
	struct bytes in;
	struct promise p;
	struct user user;
	uint64_t now;
	struct conn conn[PORTS];
	uint8_t last[2048]; /* the IP packet the stack sent last */
	size_t last_len;
	bool arp_asked;
	uint8_t frame[FRAME_MAX];
	struct fuzz_seen *seen;
};

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

static unsigned u8(struct fuzz *f)
{
	return bytes_u8(&f->in);
}

static unsigned u16(struct fuzz *f)
{
	return bytes_u16(&f->in);
}

/* Small steps mostly, of either sign, now and then a leap. */
static uint32_t delta(struct fuzz *f)
{
	unsigned v = u8(f);

	if (v < 160)
		return 0;
	if (v < 224)
		return (uint32_t)((int)v - 192);
	return (uint32_t)((int)v - 240) << (u8(f) % 28);
}

static bool ether(const struct fuzz *f)
{
	return f->p.link_conf.kind == PH_LINK_ETHER;
}

static uint8_t *l3(struct fuzz *f)
{
	return f->frame + (ether(f) ? 14 : 0);
}

static uint8_t *l4(struct fuzz *f)
{
	return l3(f) + 20;
}

static void input(struct fuzz *f, size_t len, const struct ph_offload *o)
{
	f->seen->frames_in++;
	(void)promise_input(&f->p, f->frame, len, o, f->now);
}

static void ethernet(struct fuzz *f, unsigned type)
{
	if (!ether(f))
		return;
	memcpy(f->frame, our_mac, 6);
	memcpy(f->frame + 6, peer_mac, 6);
	put16(f->frame + 12, type);
}

/* Completes Ethernet and IP around l4_len octets, and hands the frame in. */
static void deliver(struct fuzz *f, uint8_t proto, size_t l4_len, int sum_at,
		    const struct ph_offload *o)
{
	uint8_t *ip = l3(f), *at = l4(f);

	ethernet(f, 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(20 + l4_len));
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, (const uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	put16(ip + 10, 0xffff & ~promise_sum(0, ip, 20));
	if (sum_at >= 0) {
		uint32_t start =
			proto == 1 ? 0 : promise_sum(proto + (uint32_t)l4_len, ip + 12, 8);

		put16(at + sum_at, 0);
		if (o && o->flags & 1)
			put16(at + sum_at, start);
		else
			put16(at + sum_at, 0xffff & ~promise_sum(start, at, l4_len));
	}
	input(f, (size_t)(at - f->frame) + l4_len, o);
}

/* ---- the peer's segments --------------------------------------------------------------------- */

struct seg {
	uint32_t seq, ack;
	unsigned flags, wnd, len, nopt;
	uint8_t opt[40];
};

static void option(struct seg *s, const uint8_t *bytes, unsigned n)
{
	if (s->nopt + n > sizeof(s->opt))
		return;
	memcpy(s->opt + s->nopt, bytes, n);
	s->nopt += n;
}

static void option_ts(struct fuzz *f, struct conn *c, struct seg *s, uint32_t off)
{
	uint8_t ts[12] = { 1, 1, 8, 10 };

	put32(ts + 4, (uint32_t)(f->now / 1000000) + c->ts_off + off);
	put32(ts + 8, c->tsval);
	option(s, ts, 12);
}

static void option_sack(struct fuzz *f, const struct conn *c, struct seg *s)
{
	uint8_t sack[4 + 8 * 3] = { 1, 1, 5 };
	unsigned n = 1 + u8(f) % 3;
	uint32_t at = s->ack;

	sack[3] = (uint8_t)(2 + 8 * n);
	for (unsigned i = 0; i < n; i++) {
		uint32_t unit = u8(f) < 200 && c->mss ? c->mss : 1;

		at += (u8(f) % 8) * unit;
		put32(sack + 4 + 8 * i, at);
		at += (1 + u8(f) % 8) * unit;
		put32(sack + 8 + 8 * i, at);
	}
	option(s, sack, 4 + 8 * n);
	f->seen->sacked++;
}

/* What a SYN offers; each byte may leave something out. */
static void options_syn(struct fuzz *f, struct conn *c, struct seg *s)
{
	static const unsigned sizes[] = { 1460, 536, 1, 65535, 100, 9000, 64, 1200 };
	unsigned what = u8(f);
	uint8_t mss[4] = { 2, 4 };

	c->mss = (uint16_t)sizes[what / 16 % 8];
	c->ts = what & 2;
	put16(mss + 2, c->mss);
	if (!(what & 1))
		option(s, mss, 4);
	if (c->ts)
		option_ts(f, c, s, 0);
	if (what & 4)
		option(s, (const uint8_t[]){ 1, 3, 3, (uint8_t)(what >> 4) }, 4);
	if (what & 8)
		option(s, (const uint8_t[]){ 1, 1, 4, 2 }, 4);
}

static void send_seg(struct fuzz *f, unsigned i, const struct seg *s, const struct ph_offload *o,
		     bool good)
{
	uint8_t *tcp = l4(f);

	put16(tcp, USER_PEER_PORT + i);
	put16(tcp + 2, f->conn[i].dport);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + s->nopt) << 2);
	tcp[13] = (uint8_t)s->flags;
	put16(tcp + 14, s->wnd);
	put16(tcp + 16, 0);
	put16(tcp + 18, s->flags & F_URG ? s->len / 2 : 0);
	memcpy(tcp + 20, s->opt, s->nopt);
	promise_fill(tcp + 20 + s->nopt, s->len, s->seq + (s->flags & F_SYN ? 1 : 0));
	deliver(f, 6, 20 + s->nopt + s->len, good ? 16 : -1, o);
}

static void act_segment(struct fuzz *f)
{
	unsigned i = u8(f) % PORTS, kind;
	struct conn *c = &f->conn[i];
	struct seg s = { .flags = u8(f), .len = u16(f) % 1461 };

	if (u8(f) >= 250)
		c->dport = CLOSED;
	else if (c->dport == CLOSED || c->dport == 0)
		c->dport = USER_ECHO;
	s.seq = c->seq + delta(f);
	s.ack = c->ack + delta(f);
	s.wnd = u8(f) < 200 ? 65535 : u16(f);
	kind = u8(f);
	if (s.flags & F_SYN && kind < 160) {
		options_syn(f, c, &s);
	} else if (kind < 160) {
		if (c->ts && kind < 140)
			option_ts(f, c, &s, kind < 100 ? 0 : delta(f));
		if (kind & 1 && kind > 80)
			option_sack(f, c, &s);
	} else if (kind >= 192) {
		s.nopt = u8(f) % 11 * 4;
		for (unsigned o = 0; o < s.nopt; o++)
			s.opt[o] = (uint8_t)u8(f);
	}
	send_seg(f, i, &s, NULL, u8(f) < 250);
}

/* Options of a polite segment that is no SYN. */
static void options_polite(struct fuzz *f, struct conn *c, struct seg *s)
{
	if (c->ts)
		option_ts(f, c, s, 0);
}

/* Lengths of a burst of data segments in order; the first may be left for the end. */
static void polite_data(struct fuzz *f, unsigned i)
{
	struct conn *c = &f->conn[i];
	unsigned how = u8(f), n = 1 + how % BURST, len = 1 + u16(f) % 1400;
	bool hole = how >= 128;
	uint32_t seq = c->seq;

	for (unsigned k = 0; k < n; k++) {
		unsigned at = hole ? (k + 1) % n : k;
		struct seg s = { .seq = seq + at * len, .ack = c->ack, .flags = F_ACK,
				 .wnd = 65535, .len = len };

		options_polite(f, c, &s);
		send_seg(f, i, &s, NULL, true);
	}
}

static void polite_super(struct fuzz *f, unsigned i)
{
	struct conn *c = &f->conn[i];
	struct seg s = { .seq = c->seq, .ack = c->ack, .flags = F_ACK | F_PSH, .wnd = 65535,
			 .len = 1 + u16(f) % 60000 };
	struct ph_offload o = { .flags = 1, .gso_type = 1, .csum_offset = 16 };
	unsigned how = u8(f);

	if (!(f->p.link_conf.offload & PH_OFFLOAD_TSO4)) {
		polite_data(f, i);
		return;
	}
	options_polite(f, c, &s);
	if (how >= 200)
		s.flags |= F_FIN;
	o.csum_start = (uint16_t)(l4(f) - f->frame);
	o.hdr_len = (uint16_t)(o.csum_start + 20 + s.nopt);
	o.gso_size = (uint16_t)(how % 4 ? 1448 : 1 + how * 8);
	send_seg(f, i, &s, &o, true);
}

/* The answer to what the stack sent last: SYN, SYN-ACK, or an acknowledgment, a little late. */
static void polite_answer(struct fuzz *f, unsigned i, unsigned how)
{
	struct conn *c = &f->conn[i];
	struct seg s = { .seq = c->seq, .ack = c->ack, .flags = F_ACK, .wnd = 65535 };

	if ((c->flags & (F_SYN | F_ACK)) == F_SYN) {
		s.flags = how & 1 ? F_SYN : F_SYN | F_ACK; /* or a simultaneous open */
		options_syn(f, c, &s);
	} else {
		options_polite(f, c, &s);
		if (how & 1)
			s.ack = c->una + (c->ack - c->una) / (1 + u8(f) % 4);
		if (how & 2)
			option_sack(f, c, &s);
		if (how & 4)
			s.wnd = u8(f) & 1 ? 0 : u16(f);
		if (how & 8)
			s.flags |= F_FIN;
		c->una = s.ack;
	}
	send_seg(f, i, &s, NULL, true);
}

static void drain(struct fuzz *f);

/* The segments of a polite opening, so that few bytes reach ESTABLISHED. */
static void polite_open(struct fuzz *f, unsigned i)
{
	struct conn *c = &f->conn[i];
	struct seg syn = { .seq = c->seq, .flags = F_SYN, .wnd = 65535 };
	struct seg ack = { .flags = F_ACK, .wnd = 65535 };

	c->dport = USER_ECHO;
	options_syn(f, c, &syn);
	send_seg(f, i, &syn, NULL, true);
	drain(f);
	ack.seq = c->seq;
	ack.ack = c->una = c->ack;
	options_polite(f, c, &ack);
	send_seg(f, i, &ack, NULL, true);
}

static void act_polite(struct fuzz *f)
{
	unsigned how = u8(f), i = u8(f) % PORTS;

	if (how < 60)
		polite_open(f, i);
	else if (how < 120)
		polite_data(f, i);
	else if (how < 140)
		polite_super(f, i);
	else
		polite_answer(f, i, how);
}

/* ---- other frames ---------------------------------------------------------------------------- */

static void act_datagram(struct fuzz *f)
{
	uint8_t *udp = l4(f);
	unsigned len = u16(f) % 1473;

	put16(udp, USER_PEER_PORT);
	put16(udp + 2, u8(f) < 128 ? USER_ECHO : CLOSED);
	put16(udp + 4, u8(f) < 240 ? 8 + len : u16(f));
	memset(udp + 8, 0x55, len);
	deliver(f, 17, 8 + len, u8(f) < 240 ? 6 : -1, NULL);
}

static void act_icmp(struct fuzz *f)
{
	static const uint8_t kinds[] = { 3, 3, 3, 8, 11, 12, 4, 0 };
	uint8_t *icmp = l4(f);
	size_t quote = f->last_len < 60 ? f->last_len : 60;
	unsigned kind = u8(f);

	icmp[0] = kind < 200 ? kinds[kind % 8] : (uint8_t)(kind % 20);
	icmp[1] = (uint8_t)(kind & 8 && icmp[0] == 3 ? 4 : u8(f) % 16);
	put16(icmp + 2, 0);
	put16(icmp + 4, 0);
	put16(icmp + 6, u16(f) >> (kind & 7));
	memcpy(icmp + 8, f->last, quote);
	for (unsigned n = u8(f) % 4; n > 0; n--)
		icmp[u8(f) % 68] ^= (uint8_t)(u8(f) & u8(f));
	deliver(f, 1, 8 + quote - (u8(f) < 200 ? 0 : u8(f) % (quote + 1)), u8(f) < 240 ? 2 : -1,
		NULL);
}

static void act_raw(struct fuzz *f)
{
	static const uint16_t types[] = { 0x0800, 0x0806, 0x86dd, 0x8100 };
	size_t first = ether(f) ? 14 : 0, len = first + u8(f);
	struct promise_frame g;

	ethernet(f, types[u8(f) % 4]);
	if (ether(f) && u8(f) & 1)
		memset(f->frame, 255, 6);
	for (size_t i = first; i < len; i++)
		f->frame[i] = (uint8_t)u8(f);
	len -= len ? u8(f) % len : 0;
	if (promise_parse(f->frame, len, f->p.link_conf.kind, &g) && g.is_tcp)
		f->p.forged = true; /* were its sum right by chance */
	input(f, len, NULL);
}

static void arp_reply(struct fuzz *f)
{
	uint8_t *arp = f->frame + 14;

	if (!ether(f))
		return;
	ethernet(f, 0x0806);
	memcpy(arp, (const uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, 2 }, 8);
	memcpy(arp + 8, peer_mac, 6);
	memcpy(arp + 14, (const uint8_t[]){ 10, 0, 0, 1 }, 4);
	memcpy(arp + 18, our_mac, 6);
	memcpy(arp + 24, (const uint8_t[]){ 10, 0, 0, 2 }, 4);
	input(f, 42, NULL);
}

/* ---- what the stack answers ------------------------------------------------------------------ */

static void learn(struct fuzz *f, const uint8_t *frame, size_t len)
{
	struct promise_frame g;
	struct conn *c;

	if (ether(f) && get16(frame + 12) == 0x0806) {
		f->arp_asked |= get16(frame + 20) == 1;
		return;
	}
	demand(promise_parse(frame, len, f->p.link_conf.kind, &g), "a frame is whole");
	f->last_len = g.ip_len < sizeof(f->last) ? g.ip_len : sizeof(f->last);
	memcpy(f->last, g.ip, f->last_len);
	if (!g.is_tcp || g.dport < USER_PEER_PORT || g.dport >= USER_PEER_PORT + PORTS ||
	    g.flags & F_RST)
		return;
	c = &f->conn[g.dport - USER_PEER_PORT];
	c->dport = g.sport;
	c->flags = g.flags;
	c->ack = g.seq + (uint32_t)g.data_len + ((g.flags & F_FIN) != 0) + ((g.flags & F_SYN) != 0);
	if (g.flags & F_SYN)
		c->una = c->ack;
	if (g.flags & F_ACK)
		c->seq = g.ack;
	if (g.has_ts)
		c->tsval = g.tsval;
}

static void drain(struct fuzz *f)
{
	static uint8_t frame[PROMISE_FRAME_MAX];
	struct ph_offload o;
	size_t n;

	while ((n = promise_output(&f->p, frame, &o, f->now)) != 0) {
		f->seen->frames_out++;
		learn(f, frame, n);
	}
	if (f->arp_asked) {
		f->arp_asked = false;
		if (u8(f) < 200) {
			arp_reply(f);
			drain(f);
		}
	}
}

/* ---- time, memory, and the whole ------------------------------------------------------------- */

static void act_time(struct fuzz *f)
{
	unsigned v = u8(f);
	uint64_t next = ph_stack_deadline(f->p.st);

	if (v < 100)
		f->now += (uint64_t)v * 1000000;
	else if (v < 240 && next != PH_NEVER && next > f->now)
		f->now = next; /* right to the next timer */
	else
		f->now += 1000000ull << (v % 28); /* up to a day and a half */
	promise_run(&f->p, f->now);
}

/* A default route by the peer, or by nobody, comes and goes. */
static void act_route(struct fuzz *f)
{
	struct ph_ip any = ph_ip4(0, 0, 0, 0), via = ph_ip4(10, 0, 0, (uint8_t)(u8(f) % 3));
	unsigned how = u8(f);

	if (how & 1)
		(void)!ph_route_add(f->p.st, &any, how & 2 ? 0 : how % 40, how & 4 ? &via : NULL,
				    f->p.link, how / 64, f->now);
	else
		(void)ph_route_del(f->p.st, &any, how & 2 ? 0 : how % 40, how & 4 ? &via : NULL,
				   f->p.link, f->now);
}

static void act_odd(struct fuzz *f)
{
	struct ph_ip own = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);
	unsigned how = u8(f);

	if (how < 120) {
		f->p.failing = true;
		ph_stack_fail_at(f->p.st, 1 + u8(f) % 32);
	} else if (how < 190) {
		user_sysctl(&f->p, &f->in);
	} else if (how < 200) {
		if (promise_relink(&f->p, f->now))
			(void)!ph_addr_add(f->p.st, f->p.link, &own, 24, f->now);
	} else if (how < 208) {
		act_route(f);
	} else if (how < 216) {
		(void)ph_addr_del(f->p.st, f->p.link, &own, f->now);
	} else if (how < 240) {
		(void)!ph_addr_add(f->p.st, f->p.link, &own, 24, f->now);
	} else if (ether(f)) {
		(void)ph_neigh_add(f->p.st, f->p.link, &peer, peer_mac, f->now);
	}
}

static bool start(struct fuzz *f)
{
	static const uint16_t mtus[] = { 0, 1500, 576, 68, 9000, 65535, 1280, 296 };
	unsigned how = u8(f), more = u8(f);
	struct ph_conf conf = { .key = { 7 }, .now_ns = 1, .mem_limit = 64 << 20 };
	struct ph_link_conf link = { .name = "tap0", .kind = PH_LINK_ETHER };
	struct ph_ip own = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);

	f->now = 1;
	memcpy(link.mac, our_mac, 6);
	if (how & 1)
		link.kind = PH_LINK_IP;
	if (how & 2)
		link.offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | (more & 16 ? PH_OFFLOAD_GRO : 0);
	if (how & 4)
		link.txqueuelen = 1 + more % 8;
	if (how & 8)
		link.mtu = mtus[more % 8];
	if (how & 16)
		conf.mem_limit = more < 64 ? more * 4096 : 300000 + more * 8192;
	if (how & 32) {
		conf.max_connections = 4;
		conf.max_timewait = 2;
		conf.trace_arg = f;
	}
	if (!promise_open(&f->p, &conf, &link))
		return false;
	/* Within a memory limit each of these may fail; then nothing is to be learnt. */
	if (ph_addr_add(f->p.st, f->p.link, &own, 24, f->now) != 0 ||
	    (!(how & 64) && ether(f) &&
	     ph_neigh_add(f->p.st, f->p.link, &peer, peer_mac, f->now) != 0) ||
	    !user_start(&f->user, &f->p, &own, &peer, f->now)) {
		demand((how & 16) != 0, "the stack is set up");
		ph_stack_free(f->p.st);
		return false;
	}
	f->p.in_pieces = how & 2;
	for (unsigned i = 0; how & 128 && i < 3; i++)
		user_sysctl(&f->p, &f->in);
	for (unsigned i = 0; i < PORTS; i++)
		f->conn[i] = (struct conn){ .dport = USER_ECHO, .seq = more << 24,
					    .ts_off = more << 24 };
	return true;
}

/* Left alone, a stack has ever less to do: timers back off, and never spin. */
static void idle(struct fuzz *f)
{
	uint64_t began = f->now, next;

	for (int i = 0; i < IDLE_TURNS; i++) {
		next = ph_stack_deadline(f->p.st);
		if (next == PH_NEVER)
			return;
		if (next > f->now)
			f->now = next;
		promise_run(&f->p, f->now);
		drain(f);
	}
	demand(f->now - began > 10000000000, "a stack left alone sleeps");
}

static void finish(struct fuzz *f)
{
	struct ph_stack *st = f->p.st;
	uint64_t end;

	f->seen->established += ph_counter_by_name(st, "TcpPassiveOpens");
	f->seen->data_in += ph_counter_by_name(st, "TcpInSegs");
	f->seen->resets_in += ph_counter_by_name(st, "TcpEstabResets");
	f->seen->read += f->user.read;
	ph_stack_fail_at(st, 0);
	idle(f);
	user_read_all(&f->user, f->now);
	drain(f);
	if (f->now & 1024) { /* no goodbye: all of it is given back as it stands */
		promise_close(&f->p, false);
		return;
	}
	ph_stack_abort(st, f->now);
	drain(f);
	end = f->now + 600000000000; /* whatever lingers ends within ten minutes */
	for (uint64_t next; (next = ph_stack_deadline(st)) <= end;) {
		if (next > f->now)
			f->now = next;
		promise_run(&f->p, f->now);
		drain(f);
	}
	promise_close(&f->p, true);
}

static void act(struct fuzz *f)
{
	unsigned what = u8(f);

	if (what < 60)
		act_segment(f);
	else if (what < 120)
		act_polite(f);
	else if (what < 126)
		act_datagram(f);
	else if (what < 138)
		act_icmp(f);
	else if (what < 142)
		act_raw(f);
	else if (what < 206)
		user_act(&f->user, &f->in, f->now);
	else if (what < 246)
		act_time(f);
	else
		act_odd(f);
}

void fuzz_stack_input(const uint8_t *bytes, size_t len, struct fuzz_seen *seen)
{
	struct fuzz *f = calloc(1, sizeof(*f));
	struct ph_event ev[8];

	demand(f != NULL, "this machine has memory");
	f->in = (struct bytes){ bytes, bytes + len };
	f->seen = seen;
	if (!start(f)) {
		free(f);
		return;
	}
	for (int acts = 0; f->in.at < f->in.end && acts < ACTS_MAX; acts++) {
		act(f);
		promise_after(&f->p);
		drain(f);
		while (ph_ready(f->p.st, ev, 8) > 0)
			;
		user_check(&f->user, f->now);
	}
	finish(f);
	free(f);
}

void fuzz_stack(const uint8_t *bytes, size_t len)
{
	struct fuzz_seen seen = { 0 };

	fuzz_stack_input(bytes, len, &seen);
}

FUZZ_TARGET_IS(fuzz_stack)
