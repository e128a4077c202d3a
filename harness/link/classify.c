/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames to kinds, and the table of flows behind "retransmission". Called by the link model for
 * each frame while a script or an observer wants to know. Reads hostile bytes: every offset is
 * checked against the end, every loop is bounded.
 */
#include "harness/link/classify.h"

#include <string.h>

enum {
	ETH_HLEN_ = 14, VLAN_HLEN_ = 4, VLANS_MAX = 2,
	TYPE_IP4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8,
	PROTO_HOPOPTS = 0, PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44, PROTO_ICMP6 = 58, PROTO_DSTOPTS = 60,
	EXT_HEADERS_MAX = 8,
	FLAG_FIN = 0x01, FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_ACK = 0x10,
};

struct view {
	const uint8_t *p;
	size_t len;
};

static const char *const kind_words[] = {
#define X(name, bit, word, meaning) [bit] = word,
	LINK_KINDS(X)
#undef X
};

enum { KIND_WORDS = sizeof(kind_words) / sizeof(kind_words[0]) };

uint32_t link_kind_of_word(const char *word)
{
	for (uint32_t i = 0; i < KIND_WORDS; i++)
		if (strcmp(kind_words[i], word) == 0)
			return 1u << i;
	return 0;
}

const char *link_kind_word(uint32_t kind)
{
	for (uint32_t i = 0; i < KIND_WORDS; i++)
		if (kind == 1u << i)
			return kind_words[i];
	return NULL;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* Half the sequence space ahead counts as after (RFC 9293 3.4). */
static bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool skip(struct view *v, size_t n)
{
	if (v->len < n)
		return false;
	v->p += n;
	v->len -= n;
	return true;
}

/* FNV-1a. Which flows share a slot may be known: the table serves tests, not strangers. */
static uint64_t hash_bytes(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static struct link_flow *flow_of(struct link_classifier *c, uint64_t key, bool *fresh)
{
	struct link_flow *set = &c->flow[key % (LINK_FLOWS / LINK_FLOW_WAYS) * LINK_FLOW_WAYS];
	struct link_flow *oldest = &set[0];

	for (int i = 0; i < LINK_FLOW_WAYS; i++) {
		if (set[i].key == key) {
			set[i].used = c->frames;
			*fresh = false;
			return &set[i];
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	*oldest = (struct link_flow){ .key = key, .used = c->frames, .no = ++c->nflow };
	*fresh = true;
	return oldest;
}

/* True if all of [seq, seq + space) was seen before in this flow. Remembers it. */
static bool seen_before(struct link_classifier *c, struct link_flow *f, bool fresh, uint8_t flags,
			uint32_t seq, uint32_t space)
{
	if (flags & FLAG_SYN) {
		/* The same SYN again, or a new connection on the same ports. */
		if (!fresh && f->syn_seen && f->isn == seq)
			return true;
		if (!fresh)
			f->no = ++c->nflow;
		f->syn_seen = true;
		f->isn = seq;
		f->base = seq + 1;
		f->end = seq + space;
		return false;
	}
	if (fresh) {
		f->base = seq;
		f->end = seq + space;
		return false;
	}
	if (!seq_after(seq + space, f->end))
		return true;
	f->end = seq + space;
	return false;
}

static uint32_t classify_tcp(struct link_classifier *c, struct view v, uint64_t key)
{
	uint32_t kinds = LINK_KIND_TCP, seq, space;
	size_t header;
	uint8_t flags;

	if (v.len < 20)
		return kinds;
	header = (size_t)(v.p[12] >> 4) * 4;
	if (header < 20 || header > v.len)
		return kinds;
	flags = v.p[13];
	seq = get32(v.p + 4);
	space = (uint32_t)(v.len - header);
	key = hash_bytes(key, v.p, 4);
	if (space > 0)
		kinds |= LINK_KIND_DATA;
	if (flags & FLAG_SYN)
		kinds |= LINK_KIND_SYN;
	if ((flags & (FLAG_SYN | FLAG_ACK)) == (FLAG_SYN | FLAG_ACK))
		kinds |= LINK_KIND_SYNACK;
	if (flags & FLAG_FIN)
		kinds |= LINK_KIND_FIN;
	if (flags & FLAG_RST)
		kinds |= LINK_KIND_RST;
	if ((flags & FLAG_ACK) && space == 0 && !(flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)))
		kinds |= LINK_KIND_ACK;
	space += (flags & FLAG_SYN ? 1u : 0u) + (flags & FLAG_FIN ? 1u : 0u);
	if ((space > 0 && !(flags & FLAG_RST)) || c->numbered) {
		bool fresh;
		struct link_flow *f = flow_of(c, key ? key : 1, &fresh);

		if (seen_before(c, f, fresh, flags, seq, space) && space > 0 && !(flags & FLAG_RST))
			kinds |= LINK_KIND_RETRANSMISSION;
		c->seen = (struct link_seen){ .flow = f->no,
					      .from = seq + (flags & FLAG_SYN ? 1u : 0u) - f->base,
					      .len = (uint32_t)(v.len - header) };
	}
	return kinds;
}

static uint32_t classify_udp(struct link_classifier *c, struct view v, uint64_t key)
{
	bool fresh;

	if (c->numbered && v.len >= 8) {
		key = hash_bytes(~key, v.p, 4);
		c->seen.flow = flow_of(c, key ? key : 1, &fresh)->no;
	}
	return LINK_KIND_UDP;
}

static uint32_t classify_l4(struct link_classifier *c, struct view v, uint32_t proto, uint64_t key)
{
	if (proto == PROTO_TCP)
		return classify_tcp(c, v, key);
	if (proto == PROTO_UDP)
		return classify_udp(c, v, key);
	if (proto == PROTO_ICMP || proto == PROTO_ICMP6)
		return LINK_KIND_ICMP;
	return 0;
}

static uint32_t classify_ip4(struct link_classifier *c, struct view v)
{
	size_t header, total;
	uint32_t proto;
	uint64_t key;

	if (v.len < 20 || v.p[0] >> 4 != 4)
		return 0;
	header = (size_t)(v.p[0] & 15) * 4;
	total = get16(v.p + 2);
	if (header < 20 || header > v.len)
		return LINK_KIND_IP;
	/* Short frames are padded: the payload ends where the IP header says, if that is sense. */
	if (total >= header && total < v.len)
		v.len = total;
	if ((get16(v.p + 6) & 0x1fff) != 0)
		return LINK_KIND_IP;
	proto = v.p[9];
	key = hash_bytes(0xcbf29ce484222325u, v.p + 12, 8);
	skip(&v, header);
	return LINK_KIND_IP | classify_l4(c, v, proto, key);
}

static uint32_t classify_ip6(struct link_classifier *c, struct view v)
{
	uint32_t proto;
	uint64_t key;

	if (v.len < 40 || v.p[0] >> 4 != 6)
		return 0;
	proto = v.p[6];
	key = hash_bytes(0xcbf29ce484222325u, v.p + 8, 32);
	if (get16(v.p + 4) + 40u < v.len)
		v.len = get16(v.p + 4) + 40u;
	skip(&v, 40);
	for (int i = 0; i < EXT_HEADERS_MAX; i++) {
		size_t header = 8;

		if (proto != PROTO_HOPOPTS && proto != PROTO_ROUTING && proto != PROTO_FRAGMENT &&
		    proto != PROTO_DSTOPTS)
			return LINK_KIND_IP | classify_l4(c, v, proto, key);
		if (v.len < 8)
			return LINK_KIND_IP;
		if (proto == PROTO_FRAGMENT && (get16(v.p + 2) & 0xfff8) != 0)
			return LINK_KIND_IP;
		if (proto != PROTO_FRAGMENT)
			header += (size_t)v.p[1] * 8;
		proto = v.p[0];
		if (!skip(&v, header))
			return LINK_KIND_IP;
	}
	return LINK_KIND_IP;
}

static uint32_t classify_ethernet(struct link_classifier *c, struct view v)
{
	uint32_t type;

	if (v.len < ETH_HLEN_)
		return 0;
	type = get16(v.p + 12);
	skip(&v, ETH_HLEN_);
	for (int i = 0; i < VLANS_MAX && (type == TYPE_VLAN || type == TYPE_QINQ); i++) {
		if (v.len < VLAN_HLEN_)
			return 0;
		type = get16(v.p + 2);
		skip(&v, VLAN_HLEN_);
	}
	if (type == TYPE_ARP)
		return LINK_KIND_ARP;
	if (type == TYPE_IP4)
		return classify_ip4(c, v);
	if (type == TYPE_IP6)
		return classify_ip6(c, v);
	return 0;
}

void link_classify_init(struct link_classifier *c, enum link_l2 l2)
{
	memset(c, 0, sizeof(*c));
	c->l2 = l2;
}

uint32_t link_classify(struct link_classifier *c, const uint8_t *frame, size_t len)
{
	struct view v = { frame, len };

	c->frames++;
	c->seen = (struct link_seen){ .flow = 0 };
	switch (c->l2) {
	case LINK_L2_ETHERNET:
		return LINK_KIND_ANY | classify_ethernet(c, v);
	case LINK_L2_IP:
		if (len > 0 && frame[0] >> 4 == 6)
			return LINK_KIND_ANY | classify_ip6(c, v);
		return LINK_KIND_ANY | classify_ip4(c, v);
	}
	return LINK_KIND_ANY;
}
