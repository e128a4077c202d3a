/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of TCP: one stack, 10.0.0.2, on a link without Ethernet, and a peer, 10.0.0.1, that is
 * this test. A test is a transcript, in virtual time:
 *
 *	in(f, "S 0:0 win 65535 mss 1460");	the peer sends
 *	out(f, "S. 0:0 ack 1");			the stack must send this next
 *	pass(f, 200);				200 ms go by, timers fire in their order
 *	quiet(f);				nothing more was sent
 *
 * Flags as tcpdump writes them (S F P R U and . for ACK), then sequence:length, then words: ack N,
 * win N, mss N, ws N, sackok, sack A-B, ts VAL ECR, urg N. Sequence numbers count from each side's
 * first (relative); in out() only what is written is compared, but for flags, sequence and length,
 * which always are.
 */
#ifndef UNIT_TCP_SCRIPT_H
#define UNIT_TCP_SCRIPT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csum.h"
#include "base/ip.h"
#include "phantom/phantom.h"
#include "tcp/tcp_seg.h"
#include "wire/ip4.h"

#define MS 1000000ull

struct fix {
	struct ph_stack *st;
	ph_link link;
	uint64_t now;
	size_t allocated;
	seq_t peer_iss, our_iss;
	uint16_t our_port, peer_port; /* learnt from what is sent or set by the test */
	bool iss_known;
	ph_socket s, l; /* the connection's, the listener's */
	bool df; /* of the segment last taken by sent() */
};

struct seg_text { /* a line of a transcript, read */
	uint16_t flags;
	uint32_t seq, len, ack, win, mss, ws, tsval, tsecr, urg;
	bool has_ack, has_win, has_ts, has_mss, has_ws, sackok, has_urg;
	unsigned nsack;
	struct tcp_range sack[4];
};

static inline void *fix_alloc(void *arg, size_t size)
{
	((struct fix *)arg)->allocated += size;
	return malloc(size);
}

static inline void fix_release(void *arg, void *ptr, size_t size)
{
	((struct fix *)arg)->allocated -= size;
	free(ptr);
}

static inline void sysctl(struct fix *f, const char *name, const char *value)
{
	assert_int_equal(ph_sysctl_set(f->st, name, value), 0);
}

static inline uint64_t counter(struct fix *f, const char *name)
{
	return ph_counter_by_name(f->st, name);
}

/* A stack without timestamps, SACK and window scaling, so that transcripts are short. */
static inline struct fix *fix_new_mtu(uint32_t offload, uint16_t mtu)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct ph_conf conf = { .alloc = fix_alloc, .release = fix_release, .mem_arg = f };
	struct ph_link_conf link = { .name = "tun0", .kind = PH_LINK_IP, .mtu = mtu,
				     .offload = offload };
	struct ph_ip ip = ph_ip4(10, 0, 0, 2);

	assert_non_null(f);
	f->now = 1000 * MS;
	conf.now_ns = f->now;
	memset(conf.key, 3, sizeof(conf.key));
	f->st = ph_stack_new(&conf);
	assert_non_null(f->st);
	f->link = ph_link_add(f->st, &link, f->now);
	assert_true(f->link > 0);
	assert_int_equal(ph_addr_add(f->st, f->link, &ip, 24, f->now), 0);
	f->peer_iss = 1000;
	f->our_port = 80;
	f->peer_port = 4000;
	f->s = f->l = -1;
	sysctl(f, "net.ipv4.tcp_timestamps", "0");
	sysctl(f, "net.ipv4.tcp_window_scaling", "0");
	sysctl(f, "net.ipv4.tcp_sack", "0");
	return f;
}

static inline struct fix *fix_new_offload(uint32_t offload)
{
	return fix_new_mtu(offload, 1500);
}

static inline struct fix *fix_new(void)
{
	return fix_new_offload(0);
}

static inline void seg_read(const char *line, struct seg_text *t)
{
	static const struct {
		char letter;
		uint16_t flag;
	} letters[] = { { 'S', TCP_F_SYN }, { 'F', TCP_F_FIN }, { 'P', TCP_F_PSH },
			{ 'R', TCP_F_RST }, { 'U', TCP_F_URG }, { '.', TCP_F_ACK } };
	char flags[16], word[16];
	int n = 0, more;
	unsigned a, b;

	memset(t, 0, sizeof(*t));
	if (sscanf(line, "%15s %u:%u%n", flags, &t->seq, &t->len, &n) != 3)
		fail_msg("\"%s\": begin with flags and sequence:length", line);
	for (const char *c = flags; *c; c++)
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (*c == letters[i].letter)
				t->flags |= letters[i].flag;
	for (line += n; sscanf(line, " %15s%n", word, &n) == 1; line += n) {
		line += n;
		n = 0;
		if (strcmp(word, "sackok") == 0) {
			t->sackok = true;
			continue;
		}
		if (strcmp(word, "sack") == 0 && sscanf(line, " %u-%u%n", &a, &b, &n) == 2) {
			t->sack[t->nsack++] = (struct tcp_range){ a, b };
			continue;
		}
		if (strcmp(word, "ts") == 0 &&
		    sscanf(line, " %u %u%n", &t->tsval, &t->tsecr, &n) == 2) {
			t->has_ts = true;
			continue;
		}
		if (sscanf(line, " %u%n", &a, &more) != 1)
			fail_msg("\"%s\" wants a number", word);
		n = more;
		if (strcmp(word, "ack") == 0)
			t->has_ack = true, t->ack = a;
		else if (strcmp(word, "win") == 0)
			t->has_win = true, t->win = a;
		else if (strcmp(word, "mss") == 0)
			t->has_mss = true, t->mss = a;
		else if (strcmp(word, "ws") == 0)
			t->has_ws = true, t->ws = a;
		else if (strcmp(word, "urg") == 0)
			t->has_urg = true, t->urg = a;
		else
			fail_msg("\"%s\" is no word of a segment", word);
	}
}

static inline uint32_t seg_build(const struct fix *f, const struct seg_text *t, uint8_t *p)
{
	struct tcp_opts o = { .has_mss = t->has_mss, .mss = (uint16_t)t->mss, .has_ts = t->has_ts,
			      .tsval = t->tsval, .tsecr = t->tsecr, .sack_ok = t->sackok,
			      .has_wscale = t->has_ws, .wscale = (uint8_t)t->ws,
			      .nsack = (uint8_t)t->nsack };
	struct ip4_hdr *ip = (struct ip4_hdr *)(void *)p;
	struct tcp_hdr *h = (struct tcp_hdr *)(void *)(p + 20);
	struct ph_ip us = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);
	uint32_t opts, len;
	uint64_t sum;

	for (unsigned i = 0; i < t->nsack; i++)
		o.sack[i] = (struct tcp_range){ f->our_iss + t->sack[i].from,
						f->our_iss + t->sack[i].to };
	opts = tcp_opt_build(p + 40, &o);
	len = 40 + opts + t->len;
	memset(p, 0, 40);
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = 6;
	memcpy(p + 12, peer.b + 12, 4);
	memcpy(p + 16, us.b + 12, 4);
	sum = csum_add(0, p, 20);
	p[10] = (uint8_t)(csum_finish(sum) >> 8);
	p[11] = (uint8_t)csum_finish(sum);
	(void)ip;
	h->sport = be16_of(f->peer_port);
	h->dport = be16_of(f->our_port);
	h->seq = be32_of(f->peer_iss + t->seq);
	h->ack = be32_of(t->flags & TCP_F_ACK ? f->our_iss + t->ack : 0);
	h->off = (uint8_t)((20 + opts) / 4 << 4);
	h->flags = (uint8_t)t->flags;
	h->wnd = be16_of((uint16_t)(t->has_win ? t->win : 65535));
	h->urg = be16_of((uint16_t)t->urg);
	for (uint32_t i = 0; i < t->len; i++) /* each byte tells its place in the stream */
		p[40 + opts + i] = (uint8_t)(t->seq + i);
	sum = csum_pseudo(&peer, &us, 6, len - 20);
	h->csum = be16_of(csum_finish(csum_add(sum, p + 20, len - 20)));
	return len;
}

static inline void frame_in(struct fix *f, const uint8_t *p, uint32_t len)
{
	int err = ph_link_input_bytes(f->st, f->link, p, len, NULL, f->now);

	assert_true(err == 0 || err == -ENOMEM); /* memory fails only where a test wants it to */
}

static inline void in_bytes(struct fix *f, const uint8_t *p, uint32_t len)
{
	frame_in(f, p, len);
	ph_stack_run(f->st, f->now);
}

/* One of a batch: more frames are read before the stack runs, with in() at the latest. */
static inline void in_more(struct fix *f, const char *line)
{
	uint8_t p[4096];
	struct seg_text t;

	seg_read(line, &t);
	frame_in(f, p, seg_build(f, &t, p));
}

static inline void in(struct fix *f, const char *line)
{
	uint8_t p[4096];
	struct seg_text t;

	seg_read(line, &t);
	in_bytes(f, p, seg_build(f, &t, p));
}

/* The next segment sent, in *s; false: none. Its checksum was right. */
static inline bool sent(struct fix *f, struct tcp_seg *s)
{
	static uint8_t p[70000];
	struct ph_ip us = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);
	int len = ph_link_output_bytes(f->st, f->link, p, sizeof(p), f->now);
	uint64_t sum;

	if (len == 0)
		return false;
	assert_true(len >= 40);
	assert_int_equal(p[9], 6);
	f->df = p[6] & 0x40;
	sum = csum_pseudo(&us, &peer, 6, (uint32_t)len - 20);
	assert_int_equal(csum_fold(csum_add(sum, p + 20, (uint32_t)len - 20)), 0xffff);
	assert_int_equal(tcp_seg_parse(p + 20, (uint32_t)len - 20, (uint32_t)len - 20, s),
			 DROP_NONE);
	return true;
}

static inline void seg_name(const struct fix *f, const struct tcp_seg *s, char out[160])
{
	char flags[TCP_SEG_FLAGS_TEXT];

	snprintf(out, 160, "%s %u:%u ack %u win %u", tcp_seg_flags_text(s->flags, flags),
		 s->seq - f->our_iss, s->len, s->ack - f->peer_iss, s->wnd);
}

#define quiet(f) quiet_at(f, __FILE__, __LINE__)
static inline void quiet_at(struct fix *f, const char *file, int line)
{
	struct tcp_seg s;
	char got[160];

	if (!sent(f, &s))
		return;
	seg_name(f, &s, got);
	fail_msg("%s:%d: nothing was to be sent, but \"%s\" was", file, line, got);
}

#define out(f, text) out_at(f, text, __FILE__, __LINE__)
static inline void out_at(struct fix *f, const char *text, const char *file, int line)
{
	char got[160] = "";
	struct seg_text t;
	struct tcp_seg s;
	bool same;

	seg_read(text, &t);
	if (!sent(f, &s))
		fail_msg("%s:%d: nothing was sent, \"%s\" is missing", file, line, text);
	if (!f->iss_known && (s.flags & TCP_F_SYN)) {
		f->iss_known = true;
		f->our_iss = s.seq;
		f->our_port = s.sport;
		f->peer_port = s.dport;
	}
	seg_name(f, &s, got);
	same = s.flags == t.flags && s.seq - f->our_iss == t.seq && s.len == t.len;
	same = same && (!t.has_ack || s.ack - f->peer_iss == t.ack);
	same = same && (!t.has_win || s.wnd == t.win) && (!t.has_urg || s.urg == t.urg);
	same = same && (!t.has_mss || (s.opts.has_mss && s.opts.mss == t.mss));
	same = same && (!t.has_ws || (s.opts.has_wscale && s.opts.wscale == t.ws));
	same = same && (!t.has_ts || (s.opts.has_ts && s.opts.tsecr == t.tsecr));
	same = same && (!t.sackok || s.opts.sack_ok) && s.opts.nsack == t.nsack;
	for (unsigned i = 0; same && i < t.nsack; i++)
		same = s.opts.sack[i].from - f->peer_iss == t.sack[i].from &&
		       s.opts.sack[i].to - f->peer_iss == t.sack[i].to;
	if (!same)
		fail_msg("%s:%d: expected \"%s\", sent was \"%s\" with %u SACK blocks", file, line,
			 text, got, s.opts.nsack);
}

/* Time goes by; every timer fires at its own time. */
static inline void pass(struct fix *f, uint64_t ms)
{
	uint64_t end = f->now + ms * MS, at;

	while ((at = ph_stack_deadline(f->st)) <= end) {
		f->now = at > f->now ? at : f->now;
		ph_stack_run(f->st, f->now);
	}
	f->now = end;
	ph_stack_run(f->st, f->now);
}

static inline int state_of(struct fix *f, ph_socket s)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i.tcpi_state;
}

static inline int error_of(struct fix *f, ph_socket s)
{
	int v = 0;
	uint32_t len = sizeof(v);

	assert_int_equal(ph_getsockopt(f->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &v, &len), 0);
	return v;
}

static inline void set_int(struct fix *f, ph_socket s, int level, int name, int v)
{
	assert_int_equal(ph_setsockopt(f->st, s, level, name, &v, sizeof(v), f->now), 0);
}

static inline struct ph_sockaddr at(uint8_t host, uint16_t port)
{
	return (struct ph_sockaddr){ .family = PH_AF_INET, .port = port,
				     .ip = host ? ph_ip4(10, 0, 0, host) : ph_ip4(0, 0, 0, 0) };
}

static inline ph_socket stream_socket(struct fix *f)
{
	ph_socket s = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_STREAM, 0, f->now);

	assert_true(s >= 0);
	return s;
}

static inline void listen_on(struct fix *f, int backlog)
{
	struct ph_sockaddr a = at(0, 80);

	f->l = stream_socket(f);
	assert_int_equal(ph_bind(f->st, f->l, &a, f->now), 0);
	assert_int_equal(ph_listen(f->st, f->l, backlog, f->now), 0);
}

static inline void accept_one(struct fix *f)
{
	f->s = ph_accept(f->st, f->l, NULL, f->now);
	assert_true(f->s >= 0);
}

/* A connection that the peer opened, accepted. */
static inline void open_passive(struct fix *f)
{
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	quiet(f);
	accept_one(f);
}

static inline void start_connect(struct fix *f)
{
	struct ph_sockaddr a = at(1, 4000);

	f->s = stream_socket(f);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0 mss 1460");
}

/* A connection that the stack opened. */
static inline void open_active(struct fix *f)
{
	start_connect(f);
	in(f, "S. 0:0 ack 1 mss 1460");
	out(f, ". 1:0 ack 1");
}

static inline int64_t write_n(struct fix *f, size_t n)
{
	uint8_t *bytes = calloc(1, n ? n : 1);
	int64_t r = ph_send(f->st, f->s, bytes, n, 0, f->now);

	free(bytes);
	return r;
}

/* Reads what is there, and checks that byte i of the peer's stream says so. */
static inline void read_n(struct fix *f, uint32_t from, size_t n)
{
	uint8_t bytes[8192];

	assert_int_equal(ph_recv(f->st, f->s, bytes, sizeof(bytes), 0, f->now), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bytes[i], (uint8_t)(from + i));
}

static inline void close_s(struct fix *f)
{
	assert_int_equal(ph_close(f->st, f->s, f->now), 0);
	f->s = -1;
}

/* Closes what is open, lets every timer run out, and asks for everything back. */
static inline void fix_free(struct fix *f)
{
	struct ph_usage u;
	struct tcp_seg s;

	if (f->s >= 0)
		ph_close(f->st, f->s, f->now);
	if (f->l >= 0)
		ph_close(f->st, f->l, f->now);
	ph_stack_abort(f->st, f->now);
	while (sent(f, &s))
		;
	f->now += 3600000 * MS; /* what was learnt of paths is forgotten */
	ph_stack_run(f->st, f->now);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 0);
	assert_int_equal(u.timewait, 0);
	assert_int_equal(u.packets, 0);
	assert_int_equal(u.buffers, 0);
	if (ph_stack_deadline(f->st) != PH_NEVER) /* a path's mtu, for ten minutes more */
		ph_stack_run(f->st, f->now + 601000 * MS);
	assert_true(ph_stack_deadline(f->st) == PH_NEVER);
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

#endif
