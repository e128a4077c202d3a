/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host that hears routers and joins groups, and a hostile neighbour: IPv6, ICMPv6, neighbour
 * discovery, advertisements, MLD and IGMP, over days. Each record is a byte of wishes, what they ask
 * for, a length and that many bytes of a packet; the wishes put right what no fuzzer guesses.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/frame_record.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/own.h"

enum { RECORDS_MAX = 512, ADDRS_MAX = 24, ROUTES_MAX = 200, DNS_MAX = 16, NEIGHS_MAX = 16 };
enum {
	SUM = 1,      /* the checksum of ICMPv6, behind whatever headers, or of IGMP */
	LENGTH = 2,   /* version and length */
	FROM_LINK = 4, /* hop limit 255 */
	FROM_MLD = 8, /* hop limit 1 */
	LATER = 16,   /* time passes first, by the next byte */
	CALL = 32,    /* the user does something first, by the next byte */
	PIECES = 64,  /* read into the stack's own memory */
	ALL_NODES = 128 /* to ff02::1 */
};

struct world {
	struct bytes in;
	struct promise p;
	uint64_t now;
	ph_socket s4, s6;
	uint8_t frame[PROMISE_FRAME_MAX];
};

/* The place of an ICMPv6 header behind others; 0: there is none. */
static size_t find_icmp6(const uint8_t *p, size_t len)
{
	uint8_t next = p[6];
	size_t at = 40;

	while (at + 8 <= len && (next == 0 || next == 43 || next == 44 || next == 60)) {
		size_t more = next == 44 ? 8 : 8 * (1 + (size_t)p[at + 1]);

		next = p[at];
		at += more;
	}
	return next == 58 && at + 4 <= len ? at : 0;
}

/* What a host may send: whole, its sums right, and nothing that only routers say. */
static void judge(const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + 14;
	size_t n = len - 14, at;

	if (get16(f + 12) != 0x86dd)
		return;
	demand(len >= 54 && ip[0] >> 4 == 6 && n == 40 + (size_t)get16(ip + 4), "a packet is whole");
	demand((ip[24] == 0xff) == (f[0] == 0x33), "a group's packet is in a group's frame");
	demand(ip[8] != 0xff, "no group sends");
	at = find_icmp6(ip, n);
	if (at == 0 || ip[6] == 44)
		return;
	demand(promise_sum(promise_sum((uint32_t)(58 + n - at), ip + 8, 32), ip + at, n - at) == 0xffff,
	       "its sum is right");
	demand(ip[at] != 134 && ip[at] != 137, "a host says nothing of a router's");
	demand(ip[at] < 133 || ip[at] > 137 || ip[7] == 255, "neighbours are told from the link");
	demand((ip[at] != 143 && (ip[at] < 130 || ip[at] > 132)) || ip[7] == 1, "MLD stays on it");
}

static void drain(struct world *w)
{
	int len;

	while ((len = ph_link_output_bytes(w->p.st, w->p.link, w->frame, sizeof(w->frame), w->now)) > 0)
		judge(w->frame, (size_t)len);
	promise_after(&w->p);
}

static void check(struct world *w)
{
	struct ph_claim broken;
	struct ph_usage u;

	demand(ph_stack_check(w->p.st, &broken), "the stack holds what it claims");
	ph_stack_usage(w->p.st, &u);
	demand(u.neighbours <= NEIGHS_MAX, "neighbours are bounded");
	demand(own_addrs(w->p.st, NULL, 0) <= ADDRS_MAX, "addresses are bounded");
	demand(ph_routes(w->p.st, NULL, 0) <= ROUTES_MAX, "routes are bounded");
	demand(ph_dns(w->p.st, NULL, 0) <= DNS_MAX, "name servers are bounded");
}

/* A group or a source of a few: so that queries meet what was joined. */
static void put_request(struct world *w, uint8_t req[264], unsigned what, bool v6)
{
	memset(req, 0, 264);
	memcpy(req, &w->p.link, 4);
	for (unsigned at = 8; at <= 136; at += 128) {
		req[at] = v6 ? PH_AF_INET6 : PH_AF_INET;
		if (v6) {
			req[at + 8] = at == 8 ? 0xff : 0xfd;
			req[at + 9] = at == 8 ? 5 : 0;
			req[at + 23] = (uint8_t)(1 + what % 3);
		} else {
			req[at + 4] = at == 8 ? 239 : 10;
			req[at + 7] = (uint8_t)(1 + what % 3);
		}
	}
}

static void call(struct world *w, unsigned what)
{
	static const int names[] = { PH_MCAST_JOIN_GROUP,	 PH_MCAST_LEAVE_GROUP,
				     PH_MCAST_JOIN_SOURCE_GROUP, PH_MCAST_LEAVE_SOURCE_GROUP,
				     PH_MCAST_BLOCK_SOURCE,	 PH_MCAST_UNBLOCK_SOURCE };
	bool v6 = what & 128;
	unsigned name = what >> 3 & 7;
	struct ph_ip ip = { { 0xfd, 0, [15] = 3 } };
	uint8_t req[264];

	put_request(w, req, what, v6);
	if (name < 6)
		(void)!ph_setsockopt(w->p.st, v6 ? w->s6 : w->s4,
				     v6 ? PH_IPPROTO_IPV6 : PH_IPPROTO_IP, names[name], req,
				     name < 2 ? 136 : 264, w->now);
	else if (name == 6)
		(void)!(what & 1 ? ph_addr_add(w->p.st, w->p.link, &ip, 64, w->now)
				 : ph_addr_del(w->p.st, w->p.link, &ip, w->now));
	else
		(void)!ph_link_ipv6(w->p.st, w->p.link, what & 1 ? PH_IPV6_SLAAC : PH_IPV6_OFF,
				    w->now);
}

static void put_right6(uint8_t *p, size_t len, unsigned wish)
{
	size_t at;

	if (wish & LENGTH) {
		p[0] = (uint8_t)(0x60 | (p[0] & 15));
		put16(p + 4, (unsigned)(len - 40));
	}
	if (wish & (FROM_LINK | FROM_MLD))
		p[7] = wish & FROM_LINK ? 255 : 1;
	if (wish & ALL_NODES)
		memcpy(p + 24, (const uint8_t[16]){ 0xff, 2, [15] = 1 }, 16);
	at = find_icmp6(p, len);
	if (wish & SUM && at > 0) {
		put16(p + at + 2, 0);
		put16(p + at + 2, 0xffff & ~promise_sum(promise_sum((uint32_t)(58 + len - at), p + 8, 32),
							p + at, len - at));
	}
}

static void put_right4(uint8_t *p, size_t len, unsigned wish)
{
	size_t ihl = (size_t)(p[0] & 15) * 4;

	if (wish & LENGTH)
		put16(p + 2, (unsigned)len);
	if (ihl < 20 || ihl + 8 > len)
		return;
	if (wish & SUM && p[9] == 2) {
		put16(p + ihl + 2, 0);
		put16(p + ihl + 2, 0xffff & ~promise_sum(0, p + ihl, len - ihl));
	}
	if (wish & LENGTH)
		frame_record_ip_sum(p);
}

/* Ethernet's header for what it is and whom it is for. */
static void put_ether(uint8_t *f, const uint8_t *ip)
{
	static const uint8_t ours[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	bool v4 = ip[0] >> 4 == 4;

	memcpy(f, ours, 12);
	if (v4 && ip[16] >= 224)
		memcpy(f, (const uint8_t[]){ 1, 0, 0x5e, ip[17] & 0x7f, ip[18], ip[19] }, 6);
	if (!v4 && ip[24] == 0xff)
		memcpy(f, (const uint8_t[]){ 0x33, 0x33, ip[36], ip[37], ip[38], ip[39] }, 6);
	put16(f + 12, v4 ? 0x0800 : 0x86dd);
}

static void turn(struct world *w)
{
	unsigned wish = bytes_u8(&w->in);
	uint8_t *ip = w->frame + 14;
	size_t len, left;

	if (wish & LATER) {
		w->now += 1000000ull << (bytes_u8(&w->in) % 28);
		promise_run(&w->p, w->now);
	}
	if (wish & CALL)
		call(w, bytes_u8(&w->in));
	drain(w);
	len = bytes_u16(&w->in) % 1500;
	left = (size_t)(w->in.end - w->in.at);
	len = len < left ? len : left;
	memset(ip, 0, 40);
	memcpy(ip, w->in.at, len);
	w->in.at += len;
	if (ip[0] >> 4 == 4 && len >= 20)
		put_right4(ip, len, wish);
	else if (len >= 40)
		put_right6(ip, len, wish);
	put_ether(w->frame, ip);
	w->p.in_pieces = wish & PIECES;
	(void)promise_input(&w->p, w->frame, 14 + len, NULL, w->now);
	drain(w);
}

static bool start(struct world *w)
{
	unsigned how = bytes_u8(&w->in);
	struct ph_conf conf = { .key = { 3 }, .now_ns = 1, .max_neighbours = NEIGHS_MAX,
				.max_reassemblies = 4 };
	struct ph_link_conf link = { .name = "tap0", .kind = PH_LINK_ETHER,
				     .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip own = ph_ip4(10, 0, 0, 2), own6 = { { 0xfd, 0, [15] = 2 } };

	w->now = 1;
	if (!promise_open(&w->p, &conf, &link))
		return false;
	w->p.forged = true;
	(void)!ph_sysctl_set(w->p.st, "net.ipv6.conf.default.use_tempaddr", how & 1 ? "2" : "0");
	(void)!ph_sysctl_set(w->p.st, "net.ipv6.conf.default.optimistic_dad", how & 2 ? "1" : "0");
	(void)!ph_sysctl_set(w->p.st, "net.ipv6.conf.default.accept_dad", how & 4 ? "0" : "1");
	(void)!ph_sysctl_set(w->p.st, "net.ipv6.conf.default.addr_gen_mode", how & 8 ? "0" : "2");
	w->s4 = ph_socket_new(w->p.st, PH_AF_INET, PH_SOCK_DGRAM, 0, w->now);
	w->s6 = ph_socket_new(w->p.st, PH_AF_INET6, PH_SOCK_DGRAM, 0, w->now);
	demand(ph_addr_add(w->p.st, w->p.link, &own, 24, w->now) == 0 &&
		       ph_link_ipv6(w->p.st, w->p.link, PH_IPV6_SLAAC, w->now) == 0 &&
		       ph_addr_add(w->p.st, w->p.link, &own6, 64, w->now) == 0 && w->s4 >= 0 &&
		       w->s6 >= 0,
	       "a host begins");
	w->now += 3000000000;
	promise_run(&w->p, w->now);
	drain(w);
	return true;
}

/* With nobody left who says anything, what routers gave ends, and the link is quiet. */
static void finish(struct world *w)
{
	uint64_t end = w->now + 30 * 86400 * UINT64_C(1000000000);

	(void)!ph_close(w->p.st, w->s4, w->now);
	(void)!ph_close(w->p.st, w->s6, w->now);
	drain(w);
	(void)!ph_link_ipv6(w->p.st, w->p.link, PH_IPV6_OFF, w->now);
	drain(w);
	for (uint64_t next; (next = ph_stack_deadline(w->p.st)) <= end;) {
		if (next > w->now)
			w->now = next;
		promise_run(&w->p, w->now);
		drain(w);
	}
	demand(own_addrs(w->p.st, NULL, 0) == 1, "addresses go with what they are of");
	promise_close(&w->p, true);
}

void fuzz_net6(const uint8_t *bytes, size_t len)
{
	struct world *w = calloc(1, sizeof(*w));

	demand(w != NULL, "this machine has memory");
	w->in = (struct bytes){ bytes, bytes + len };
	if (start(w)) {
		for (int i = 0; i < RECORDS_MAX && w->in.at != w->in.end; i++) {
			turn(w);
			if (i % 8 == 0)
				check(w);
		}
		check(w);
		finish(w);
	}
	free(w);
}

FUZZ_TARGET_IS(fuzz_net6)
