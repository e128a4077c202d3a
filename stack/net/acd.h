/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 address conflict detection (RFC 5227): is an address free, then ours, and still ours? Whoever
 * wants one (a static address, DHCP, a link-local one) keeps a struct acd and is told.
 *
 *	acd_start -> WAIT 0-1 s -> PROBE x3, 1-2 s apart -> LAST 2 s -> ANNOUNCE x2, 2 s apart -> HELD
 *	               '--- heard of another's ---> told ACD_TAKEN        told ACD_FREE      |
 *	                                            (nothing is held)                        | conflict
 *	                                            told ACD_LOST <-- second in 10 s --------'
 *
 * Called by arp.c with every ARP message.
 */
#ifndef NET_ACD_H
#define NET_ACD_H

#include "net/link.h"

enum {
	ACD_PROBE_NUM = 3,
	ACD_ANNOUNCE_NUM = 2,
	ACD_MAX_CONFLICTS = 10, /* after as many, one attempt in ACD_RATE_LIMIT_S */
	ACD_RATE_LIMIT_S = 60,
	ACD_DEFEND_S = 10
};

enum acd_state { ACD_IDLE, ACD_WAIT, ACD_PROBE, ACD_LAST, ACD_ANNOUNCE, ACD_HELD };
enum acd_news {
	ACD_FREE,  /* it may be used from now on: the announcements follow */
	ACD_TAKEN, /* another has it; this attempt is over */
	ACD_LOST   /* it was ours, and must no longer be used */
};

struct acd {
	struct list_node node; /* in net_state.acds, unless idle */
	struct timer timer;
	void (*tell)(struct ph_stack *st, struct acd *a, enum acd_news news);
	ph_link link;
	struct ph_ip ip;
	enum acd_state state;
	enum ph_acd_mode mode;
	uint8_t sent;	    /* in this state */
	uint32_t conflicts; /* of this interface's attempts: kept over acd_start() */
	uint64_t defended_ns; /* 0: never */
	uint8_t other[6];   /* who was heard last */
};

void acd_init(struct acd *a, void (*tell)(struct ph_stack *, struct acd *, enum acd_news));
/* Begins, or begins again with another address. */
void acd_start(struct ph_stack *st, struct acd *a, ph_link link, const struct ph_ip *ip,
	       enum ph_acd_mode mode);
void acd_stop(struct ph_stack *st, struct acd *a);
/* An ARP message that is not our own: `sender` any: a probe for `target`. */
void acd_heard(struct ph_stack *st, const struct link *l, const uint8_t mac[6],
	       const struct ph_ip *sender, const struct ph_ip *target, bool request);

/* ---- claim.c: addresses that were asked for by ph_addr_claim() and ph_linklocal_start() ------ */
struct claim;
void claim_flush(struct ph_stack *st, ph_link link);
/*
 * The link was away: a link-local address that was ours there is asked for anew (RFC 4436 2.3). Was
 * there one?
 */
bool claim_link_up(struct ph_stack *st, ph_link link);
/* The user took the address away. */
void claim_forget(struct ph_stack *st, ph_link link, const struct ph_ip *ip);
void claim_table_new(struct ph_stack *st);
void claim_table_free(struct ph_stack *st);

#endif
