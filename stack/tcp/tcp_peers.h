/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered of peers between connections: Fast Open's cookie and their segment size
 * (RFC 7413 4.1.3), and what the path was like (tcp_metrics.c). At most TCP_FO_PEERS_MAX of them; who
 * was not heard of for longest goes first. A leaf.
 */
#ifndef TCP_TCP_PEERS_H
#define TCP_TCP_PEERS_H

#include "base/hash.h"
#include "base/list.h"
#include "base/pool.h"
#include "tcp/tcp_fastopen.h"

struct tcp_metrics {
	uint32_t srtt8;	     /* smoothed round trip in us, times 8; 0: not known */
	uint32_t ssthresh;   /* segments; 0: not known */
	uint32_t reordering; /* segments; 0: not known */
};

struct tcp_peer {
	struct hash_node node;
	struct list_node used;
	struct ph_ip local, peer;
	int64_t epoch;
	struct tcp_fo_cookie cookie; /* len 0: none is known */
	struct tcp_metrics metrics;
	uint16_t mss;		     /* of its last SYN-ACK; 0: not known */
	uint8_t try_exp;	     /* 1: ask by the experimental option next; 2: that did not help */
};

struct tcp_peers {
	struct hash table;
	struct pool pool;
	struct list used; /* least recently first */
	struct siphash_key key;
};

/* 0 or -ENOMEM. */
int tcp_peers_init(struct tcp_peers *p, struct mem *m, const struct siphash_key *key);
void tcp_peers_destroy(struct tcp_peers *p);
/* NULL: nothing is known, or it was learnt in another epoch. */
struct tcp_peer *tcp_peers_find(struct tcp_peers *p, const struct ph_ip *local,
				const struct ph_ip *peer, int64_t epoch);
/* The same, made if need be; NULL: no memory. */
struct tcp_peer *tcp_peers_make(struct tcp_peers *p, const struct ph_ip *local,
				const struct ph_ip *peer, int64_t epoch);
/* A SYN-ACK answered a SYN that had Fast Open's option: mss 0: it told none; cookie NULL or of
 * length 0: none came; try_exp: as in struct tcp_peer. */
void tcp_peer_learn(struct tcp_peer *p, uint16_t mss, const struct tcp_fo_cookie *cookie,
		    uint8_t try_exp);

#endif
