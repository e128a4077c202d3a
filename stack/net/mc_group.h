/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups of one link, of one family: who hears what, and what routers and switches are told
 * of it. IGMP and MLD are one protocol on two wires (RFC 3376, 3810, 9776, 9777), so is this: igmp.c
 * and mld.c have the messages. Private to net/.
 *
 *	a socket's filter --+
 *	a socket's filter --+-- merged: group.now --- a change is told at once and again (robustness)
 *	the stack's own  ---+                    +--- a query is answered after a random time
 *
 * A group that nobody hears any more stays until its end was told often enough.
 */
#ifndef NET_MC_GROUP_H
#define NET_MC_GROUP_H

#include "net/mc_filter.h"
#include "net/stack.h"

enum { MC_GROUPS_MAX = 1024 }; /* of one link and family */

struct link;
struct mc_link;

enum mc_old { MC_CURRENT, MC_OLD, MC_OLDEST }; /* IGMPv3 MLDv2; IGMPv2 MLDv1; IGMPv1 */

struct mc_change { /* a source to be told of: ALLOW or BLOCK */
	struct ph_ip ip;
	bool allow;
	uint8_t left;
};

struct mc_group {
	struct list_node node;
	struct mc_link *on;
	struct ph_ip ip;
	uint32_t refs;	      /* joins of the stack's own: all sources */
	struct list filters;  /* of struct mc_filter: the sockets' */
	struct mc_filter own; /* one of them while refs > 0 */
	struct mc_filter now; /* merged */
	uint8_t mode_left;    /* how often TO_IN or TO_EX is still to be told */
	uint16_t nchanges;
	struct mc_change changes[MC_SOURCES_MAX];
	struct timer answer;	/* to a query of this group, and an older version's repeat */
	bool asked_all;		/* by that query: of all sources; else of `asked` */
	struct mc_filter asked; /* as a list */
	bool reporter;		/* older versions: we were the last to report */
	uint8_t repeats;	/* older versions: unsolicited reports left */
};

struct mc_link {
	struct link *link;
	bool v6;
	struct list groups; /* of struct mc_group */
	uint32_t ngroups;
	struct timer general; /* answer to a query of all */
	struct timer change;  /* the next time changes are told */
	uint64_t until_ns[3]; /* a querier of that enum mc_old is there */
};

void mc_link_init(struct mc_link *ml, struct link *l, bool v6);
/* Its groups go without a word; their filters are of no group then. */
void mc_link_free(struct ph_stack *st, struct mc_link *ml);
/* NULL: nobody ever heard it. */
struct mc_group *mc_group_find(const struct mc_link *ml, const struct ph_ip *ip);
bool mc_listens(const struct mc_link *ml, const struct ph_ip *ip);

/* A socket's filter (struct mc_filter, its storage) joins; *g is where. 0, -ENOBUFS. */
int mc_group_join(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip,
		  struct mc_filter *f, struct mc_group **g);
/* It changed, in place. */
void mc_group_changed(struct ph_stack *st, struct mc_group *g);
void mc_group_leave(struct ph_stack *st, struct mc_group *g, struct mc_filter *f);
/* The stack itself joins and leaves, as often as it likes. 0, -ENOBUFS. */
int mc_group_ref(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip);
void mc_group_unref(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip);

/* ---- for igmp.c and mld.c ------------------------------------------------------------------- */

enum mc_old mc_old(const struct ph_stack *st, const struct mc_link *ml);
/* A querier of an older version was heard; what was under way was of another one. */
void mc_heard_old(struct ph_stack *st, struct mc_link *ml, enum mc_old old, uint64_t for_ns);

struct mc_query {
	struct ph_ip group; /* any: all of them */
	bool general;
	const uint8_t *sources; /* as on the wire */
	uint32_t n;
	uint64_t max_ns; /* within which it is answered */
};
void mc_query(struct ph_stack *st, struct mc_link *ml, const struct mc_query *q);
/* Somebody else reported the group: an older version's answer is not needed (RFC 2236 3). */
void mc_reported(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group);
/* Everything is told again: the link has an address to tell it from (RFC 3590 4). */
void mc_tell_all(struct ph_stack *st, struct mc_link *ml);

#endif
