/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes are a list of acts: a segment near what the connection expects (so that deep states are
 * reached), a datagram, an ICMP error about what the stack last sent, a raw frame, a socket call,
 * time passing.
 */
#include "tests/fuzz/stack_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phantom/phantom.h"

enum {
	PORTS = 4,
	SOCKS = 16,
	ECHO = 7,
	CLOSED = 9,
	FRAME_MAX = 2048,
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16,
	ACTS_MAX = 4096
};

struct conn { /* what the peer knows of the connection from port 1000 + i */
	uint32_t seq, ack;
	uint16_t dport;
};

struct fuzz {
	const uint8_t *at, *end;
	struct ph_stack *st;
	ph_link link;
	uint64_t now;
	struct conn conn[PORTS];
	ph_socket sock[SOCKS];
	uint8_t last[FRAME_MAX]; /* the IP packet the stack sent last */
	size_t last_len;
	struct fuzz_seen *seen;
};

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

static void *take(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void give(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static void demand(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static unsigned u8(struct fuzz *f)
{
	return f->at < f->end ? *f->at++ : 0;
}

static unsigned u16(struct fuzz *f)
{
	unsigned hi = u8(f);

	return hi << 8 | u8(f);
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

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Completes Ethernet and IP around l4_len octets at frame + 34, and hands the frame in. */
static void deliver(struct fuzz *f, uint8_t *frame, uint8_t proto, size_t l4_len, int sum_at)
{
	uint8_t *ip = frame + 14, *l4 = frame + 34;

	memcpy(frame, our_mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	put16(frame + 12, 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(20 + l4_len));
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, (const uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	put16(ip + 10, 0xffff & ~sum_of(0, ip, 20));
	if (sum_at >= 0) {
		uint32_t start = proto == 1 ? 0 : sum_of(proto + (uint32_t)l4_len, ip + 12, 8);

		put16(l4 + sum_at, 0);
		put16(l4 + sum_at, 0xffff & ~sum_of(start, l4, l4_len));
	}
	f->seen->frames_in++;
	(void)ph_link_input_bytes(f->st, f->link, frame, 34 + l4_len, NULL, f->now);
}

static void act_segment(struct fuzz *f)
{
	uint8_t frame[FRAME_MAX] = { 0 }, *tcp = frame + 34;
	unsigned i = u8(f) % PORTS, flags = u8(f), opts = u8(f) % 11 * 4, len = u16(f) % 1461;
	struct conn *c = &f->conn[i];

	if (opts > 40 || u8(f) < 128)
		opts = 0;
	put16(tcp, 1000 + i);
	c->dport = (uint16_t)(u8(f) < 250 ? ECHO : CLOSED);
	put16(tcp + 2, c->dport);
	put32(tcp + 4, c->seq + delta(f));
	put32(tcp + 8, c->ack + delta(f));
	tcp[12] = (uint8_t)((20 + opts) << 2);
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, u8(f) < 200 ? 65535 : u16(f));
	put16(tcp + 18, u8(f));
	for (unsigned o = 0; o < opts; o++)
		tcp[20 + o] = (uint8_t)u8(f);
	for (unsigned d = 0; d < len; d++)
		tcp[20 + opts + d] = (uint8_t)d;
	deliver(f, frame, 6, 20 + opts + len, u8(f) < 250 ? 16 : -1);
}

static void act_datagram(struct fuzz *f)
{
	uint8_t frame[FRAME_MAX] = { 0 }, *udp = frame + 34;
	unsigned len = u16(f) % 1473;

	put16(udp, 1000);
	put16(udp + 2, u8(f) < 128 ? ECHO : CLOSED);
	put16(udp + 4, u8(f) < 240 ? 8 + len : u16(f));
	deliver(f, frame, 17, 8 + len, u8(f) < 240 ? 6 : -1);
}

static void act_icmp(struct fuzz *f)
{
	uint8_t frame[FRAME_MAX] = { 0 }, *icmp = frame + 34;
	size_t quote = f->last_len < 60 ? f->last_len : 60;

	icmp[0] = (uint8_t)(u8(f) % 20);
	icmp[1] = (uint8_t)(u8(f) % 16);
	put16(icmp + 6, u16(f));
	memcpy(icmp + 8, f->last, quote);
	for (unsigned n = u8(f) % 4; n > 0; n--)
		icmp[u8(f) % 68] ^= (uint8_t)u8(f);
	deliver(f, frame, 1, 8 + u8(f) % (quote + 1), u8(f) < 240 ? 2 : -1);
}

static void act_raw(struct fuzz *f)
{
	static const uint16_t types[] = { 0x0800, 0x0806, 0x86dd, 0x8100 };
	uint8_t frame[FRAME_MAX];
	size_t len = 14 + u8(f);

	memcpy(frame, u8(f) & 1 ? our_mac : (const uint8_t[]){ 255, 255, 255, 255, 255, 255 }, 6);
	memcpy(frame + 6, peer_mac, 6);
	put16(frame + 12, types[u8(f) % 4]);
	for (size_t i = 14; i < len; i++)
		frame[i] = (uint8_t)u8(f);
	f->seen->frames_in++;
	(void)ph_link_input_bytes(f->st, f->link, frame, len - u8(f) % len, NULL, f->now);
}

static void keep(struct fuzz *f, ph_socket s)
{
	for (int i = 0; i < SOCKS; i++)
		if (f->sock[i] < 0) {
			f->sock[i] = s;
			return;
		}
	(void)ph_close(f->st, s, f->now);
}

static void act_open(struct fuzz *f, unsigned how)
{
	struct ph_sockaddr a = { .family = PH_AF_INET,
				 .port = (uint16_t)(1000 + u8(f) % PORTS),
				 .ip = ph_ip4(10, 0, 0, 1) };
	ph_socket s;

	if (how & 1) {
		s = ph_accept(f->st, f->sock[0], NULL, f->now);
	} else {
		s = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_STREAM, 0, f->now);
		if (s >= 0)
			(void)!ph_connect(f->st, s, &a, f->now);
	}
	if (s >= 0)
		keep(f, s);
}

static void act_socket(struct fuzz *f)
{
	static uint8_t buf[70000];
	unsigned how = u8(f), i = u8(f) % SOCKS;
	ph_socket s = f->sock[i];
	int v = (int)u16(f) - 100;
	uint32_t len = sizeof(buf);

	switch (how % 10) {
	case 0:
	case 1:
		act_open(f, how);
		break;
	case 2:
	case 3:
		(void)!ph_recv(f->st, s, buf, u16(f), (int)(u8(f) & PH_MSG_PEEK), f->now);
		break;
	case 4:
	case 5:
		(void)!ph_send(f->st, s, buf, u16(f), u8(f) < 40 ? PH_MSG_MORE : 0, f->now);
		break;
	case 6:
		(void)ph_shutdown(f->st, s, (int)(u8(f) % 3), f->now);
		break;
	case 7:
		(void)!ph_setsockopt(f->st, s, u8(f) & 1 ? PH_SOL_SOCKET : PH_IPPROTO_TCP,
				     (int)(u8(f) % 40), &v, u8(f) % 9 < 8 ? sizeof(v) : 0, f->now);
		break;
	case 8:
		(void)!ph_getsockopt(f->st, s, u8(f) & 1 ? PH_SOL_SOCKET : PH_IPPROTO_TCP,
				     (int)(u8(f) % 40), buf, &len);
		break;
	case 9:
		if (i > 1 && s >= 0) { /* the listener and the UDP socket stay */
			(void)ph_close(f->st, s, f->now);
			f->sock[i] = -1;
		}
		break;
	}
}

static void learn(struct fuzz *f, const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + 14, *tcp = frame + 34;
	unsigned port;
	size_t ip_len;

	if (len < 34 || frame[12] != 8 || frame[13] != 0)
		return;
	ip_len = (size_t)ip[2] << 8 | ip[3];
	demand(ip_len == len - 14, "an IP packet's length is its frame's");
	demand(sum_of(0, ip, 20) == 0xffff, "the IP checksum is right");
	f->last_len = ip_len < FRAME_MAX ? ip_len : FRAME_MAX;
	memcpy(f->last, ip, f->last_len);
	if (ip[9] != 6)
		return;
	demand(sum_of(sum_of(6 + (uint32_t)ip_len - 20, ip + 12, 8), tcp, ip_len - 20) == 0xffff,
	       "the TCP checksum is right");
	port = (unsigned)tcp[2] << 8 | tcp[3];
	if (port < 1000 || port >= 1000 + PORTS || tcp[13] & RST)
		return;
	f->conn[port - 1000].ack = get32(tcp + 4) + (uint32_t)(ip_len - 20 - (tcp[12] >> 4) * 4u) +
				   (tcp[13] & FIN ? 1 : 0) + (tcp[13] & SYN ? 1 : 0);
	if (tcp[13] & ACK)
		f->conn[port - 1000].seq = get32(tcp + 8);
}

static void drain(struct fuzz *f)
{
	uint8_t frame[70000];
	int n;

	while ((n = ph_link_output_bytes(f->st, f->link, frame, sizeof(frame), f->now)) != 0) {
		demand(n > 0 && n <= 1514, "a frame fits the link");
		f->seen->frames_out++;
		learn(f, frame, (size_t)n);
	}
}

/* The segments of a polite opening, so that few bytes reach ESTABLISHED. */
static void act_handshake(struct fuzz *f)
{
	unsigned i = u8(f) % PORTS;

	for (int step = 0; step < 2; step++) {
		uint8_t frame[FRAME_MAX] = { 0 }, *tcp = frame + 34;

		put16(tcp, 1000 + i);
		put16(tcp + 2, ECHO);
		put32(tcp + 4, f->conn[i].seq);
		put32(tcp + 8, f->conn[i].ack);
		tcp[12] = 0x50;
		tcp[13] = step ? ACK : SYN;
		put16(tcp + 14, 65535);
		deliver(f, frame, 6, 20, 16);
		drain(f);
	}
}

static void act_time(struct fuzz *f)
{
	unsigned v = u8(f);
	uint64_t next = ph_stack_deadline(f->st);

	if (v < 128)
		f->now += (uint64_t)v * 1000000;
	else if (next != PH_NEVER && next > f->now)
		f->now = next; /* right to the next timer */
	ph_stack_run(f->st, f->now);
	demand(ph_stack_deadline(f->st) >= f->now, "after a run no deadline lies in the past");
}

static void start(struct fuzz *f)
{
	struct ph_conf conf = {
		.alloc = take, .release = give, .key = { 7 }, .now_ns = 1, .mem_limit = 64 << 20
	};
	struct ph_link_conf link = { .name = "tap0", .kind = PH_LINK_ETHER };
	struct ph_ip ip = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = ECHO, .ip = ph_ip4(0, 0, 0, 0) };
	int ok;

	memcpy(link.mac, our_mac, 6);
	f->now = 1;
	f->st = ph_stack_new(&conf);
	demand(f->st != NULL, "a stack is made");
	f->link = ph_link_add(f->st, &link, f->now);
	ok = ph_addr_add(f->st, f->link, &ip, 24, f->now) == 0 &&
	     ph_neigh_add(f->st, f->link, &peer, peer_mac, f->now) == 0;
	for (int i = 0; i < SOCKS; i++)
		f->sock[i] = -1;
	f->sock[0] = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_STREAM, 0, f->now);
	f->sock[1] = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_DGRAM, 0, f->now);
	ok &= ph_bind(f->st, f->sock[0], &a, f->now) == 0 &&
	      ph_listen(f->st, f->sock[0], 8, f->now) == 0;
	ok &= ph_bind(f->st, f->sock[1], &a, f->now) == 0;
	demand(ok, "the stack is set up");
}

static void finish(struct fuzz *f)
{
	struct ph_usage u;

	f->seen->established += ph_counter_by_name(f->st, "TcpPassiveOpens");
	f->seen->data_in += ph_counter_by_name(f->st, "TcpInSegs");
	f->seen->resets_in += ph_counter_by_name(f->st, "TcpEstabResets");
	ph_stack_abort(f->st, f->now);
	drain(f);
	f->now += 600000000000; /* whatever lingers ends within ten minutes */
	for (int i = 0; i < 10000 && ph_stack_deadline(f->st) <= f->now; i++) {
		ph_stack_run(f->st, f->now);
		drain(f);
	}
	ph_stack_usage(f->st, &u);
	demand(u.sockets == 0, "all sockets were given back");
	demand(u.connections == 0, "all connections were given back");
	demand(u.packets == 0, "all packets were given back");
	demand(u.buffers == 0, "all buffers were given back");
	ph_stack_free(f->st);
}

void fuzz_stack_input(const uint8_t *bytes, size_t len, struct fuzz_seen *seen)
{
	struct fuzz f = { .at = bytes, .end = bytes + len, .seen = seen };
	struct ph_event ev[8];

	start(&f);
	for (int acts = 0; f.at < f.end && acts < ACTS_MAX; acts++) {
		unsigned act = u8(&f);

		if (act < 100)
			act_segment(&f);
		else if (act < 130)
			act_handshake(&f);
		else if (act < 140)
			act_datagram(&f);
		else if (act < 150)
			act_icmp(&f);
		else if (act < 160)
			act_raw(&f);
		else if (act < 220)
			act_socket(&f);
		else
			act_time(&f);
		drain(&f);
		while (ph_ready(f.st, ev, 8) > 0)
			;
	}
	finish(&f);
}

#ifdef FUZZ_TARGET
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_seen seen = { 0 };

	fuzz_stack_input(bytes, len, &seen);
	return 0;
}
#endif
