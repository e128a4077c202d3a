/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and signatures of RFC 2385. Called by tcp_sockopt.c, tcp_xmit.c and tcp_input.c. */
#include "tcp/tcp_md5.h"

#include <string.h>

#include "base/be.h"
#include "base/ip.h"
#include "base/md5.h"
#include "tcp/tcp_int.h"

enum { PROTO_TCP = 6, FLAG_PREFIX = 1, FLAG_IFINDEX = 2 };

struct md5sig { /* Linux's struct tcp_md5sig */
	uint8_t addr[128]; /* struct sockaddr_in or sockaddr_in6 */
	uint8_t flags, prefixlen;
	uint16_t keylen;
	int32_t ifindex;
	uint8_t key[TCP_MD5_KEY_LEN];
};

static bool matches(const struct tcp_md5_key *k, const struct ph_ip *peer)
{
	uint8_t whole = k->prefix / 8, rest = k->prefix % 8;

	if (memcmp(k->peer.b, peer->b, whole) != 0)
		return false;
	return rest == 0 || ((k->peer.b[whole] ^ peer->b[whole]) >> (8 - rest)) == 0;
}

/* The peer and its prefix in 128 bits. */
static int read_peer(const struct tcb *t, const struct md5sig *m, bool ext, struct tcp_md5_key *k)
{
	uint16_t family;
	uint8_t bits;

	memcpy(&family, m->addr, sizeof(family));
	if (family != (t->v6 ? PH_AF_INET6 : PH_AF_INET))
		return -EINVAL;
	if (family == PH_AF_INET)
		k->peer = ph_ip4(m->addr[4], m->addr[5], m->addr[6], m->addr[7]);
	else
		memcpy(k->peer.b, m->addr + 8, sizeof(k->peer.b));
	bits = family == PH_AF_INET ? 32 : 128;
	k->prefix = 128;
	if (ext && (m->flags & FLAG_PREFIX)) {
		if (m->prefixlen > bits)
			return -EINVAL;
		k->prefix = (uint8_t)(128 - bits + m->prefixlen);
	}
	return ext && (m->flags & FLAG_IFINDEX) ? -EINVAL : 0; /* there are no VRFs */
}

static struct tcp_md5_key **find_same(struct tcp_rare *r, const struct tcp_md5_key *like,
				      unsigned *n)
{
	struct tcp_md5_key **at = &r->md5;

	for (*n = 0; *at; at = &(*at)->next, ++*n)
		if ((*at)->prefix == like->prefix && ip_eq(&(*at)->peer, &like->peer))
			return at;
	return NULL;
}

static int add(struct ph_stack *st, struct tcp_rare *r, const struct tcp_md5_key *like)
{
	struct tcp_md5_key **at = &r->md5, *k = tcp_md5_copy(st, like);

	if (!k)
		return -ENOMEM;
	while (*at && (*at)->prefix > k->prefix)
		at = &(*at)->next;
	k->next = *at;
	*at = k;
	return 0;
}

int tcp_md5_set(struct ph_stack *st, struct tcb *t, bool ext, const void *value, uint32_t len)
{
	struct tcp_md5_key like = { .next = NULL }, **same, *gone;
	struct tcp_rare *r;
	struct md5sig m;
	unsigned n;
	int err;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, value, sizeof(m));
	err = read_peer(t, &m, ext, &like);
	if (err || m.keylen > TCP_MD5_KEY_LEN)
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	same = find_same(r, &like, &n);
	if (m.keylen == 0) {
		if (!same)
			return -ENOENT;
		gone = *same;
		*same = gone->next;
		pool_put(&st->tcp->md5_keys, gone);
		return 0;
	}
	like.len = (uint8_t)m.keylen;
	memcpy(like.key, m.key, m.keylen);
	if (same) {
		like.next = (*same)->next;
		**same = like;
		return 0;
	}
	return n < TCP_MD5_KEYS_MAX ? add(st, r, &like) : -ENOMEM;
}

const struct tcp_md5_key *tcp_md5_of(const struct tcp_md5_key *k, const struct ph_ip *peer)
{
	while (k && !matches(k, peer))
		k = k->next;
	return k;
}

struct tcp_md5_key *tcp_md5_copy(struct ph_stack *st, const struct tcp_md5_key *k)
{
	struct tcp_md5_key *copy = pool_get(&st->tcp->md5_keys);

	if (copy) {
		*copy = *k;
		copy->next = NULL;
	}
	return copy;
}

void tcp_md5_free(struct ph_stack *st, struct tcp_md5_key *list)
{
	while (list) {
		struct tcp_md5_key *next = list->next;

		pool_put(&st->tcp->md5_keys, list);
		list = next;
	}
}

/* RFC 2385 2.0: the pseudo-header. */
static void add_pseudo(struct md5 *m, const struct ph_ip *src, const struct ph_ip *dst, uint32_t len)
{
	bool v4 = ip_is4(dst);
	uint32_t skip = v4 ? 12 : 0, n = v4 ? 4 : 16;
	uint8_t tail4[4] = { 0, PROTO_TCP, (uint8_t)(len >> 8), (uint8_t)len };
	uint8_t tail6[8] = { 0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, PROTO_TCP };

	md5_add(m, src->b + skip, n);
	md5_add(m, dst->b + skip, n);
	if (v4)
		md5_add(m, tail4, sizeof(tail4));
	else
		md5_add(m, tail6, sizeof(tail6));
}

void tcp_md5_sign(const struct tcp_md5_key *k, const struct ph_ip *src, const struct ph_ip *dst,
		  const struct pkt *p, uint32_t hdr_len, uint8_t out[TCP_MD5_DIGEST])
{
	struct tcp_hdr h;
	struct md5 m;

	md5_init(&m);
	add_pseudo(&m, src, dst, p->len);
	memcpy(&h, pkt_bytes(p), sizeof(h));
	h.csum = be16_of(0);
	md5_add(&m, &h, sizeof(h)); /* its options are left out */
	if (p->hdr.len > hdr_len)
		md5_add(&m, pkt_bytes(p) + hdr_len, p->hdr.len - hdr_len);
	for (uint8_t i = 0; i < p->ndata; i++)
		md5_add(&m, span_bytes(&p->data[i]), p->data[i].len);
	md5_add(&m, k->key, k->len);
	md5_end(&m, out);
}

enum drop tcp_md5_check(const struct tcp_md5_key *k, const struct ip_rx *ip, const struct tcp_seg *s)
{
	uint8_t want[TCP_MD5_DIGEST], differ = 0;

	if (!k && !s->opts.has_md5)
		return DROP_NONE;
	if (!s->opts.has_md5)
		return DROP_TCP_MD5NOTFOUND;
	if (!k)
		return DROP_TCP_MD5UNEXPECTED;
	tcp_md5_sign(k, &ip->src, &ip->dst, ip->pkt, s->off, want);
	for (unsigned i = 0; i < TCP_MD5_DIGEST; i++) /* as long for each wrong one */
		differ |= (uint8_t)(want[i] ^ s->opts.md5[i]);
	return differ ? DROP_TCP_MD5FAILURE : DROP_NONE;
}
