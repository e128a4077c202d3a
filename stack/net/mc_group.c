/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of a link: joined, left, changed, asked about. Called by mc_sock.c, if6.c, igmp.c, mld.c
 * and timers; theory of operation in mc_group.h.
 */
#include "net/mc_group.h"

#include <string.h>

#include "base/ip.h"
#include "net/if6.h"
#include "net/igmp.h"
#include "net/link.h"
#include "net/mc_report.h"
#include "net/net_state.h"

static const uint64_t ms = 1000000;

static void general_fire(void *ctx, struct timer *t);
static void change_fire(void *ctx, struct timer *t);
static void answer_fire(void *ctx, struct timer *t);

void mc_link_init(struct mc_link *ml, struct link *l, bool v6)
{
	memset(ml, 0, sizeof(*ml));
	ml->link = l;
	ml->v6 = v6;
	list_init(&ml->groups);
	timer_init(&ml->general, general_fire);
	timer_init(&ml->change, change_fire);
}

static void forget(struct ph_stack *st, struct mc_group *g)
{
	timer_stop(&st->wheel, &g->answer);
	list_remove(&g->node);
	g->on->ngroups--;
	pool_put(&st->net->groups, g);
}

void mc_link_free(struct ph_stack *st, struct mc_link *ml)
{
	struct list_node *n, *f;

	timer_stop(&st->wheel, &ml->general);
	timer_stop(&st->wheel, &ml->change);
	while ((n = list_first(&ml->groups))) {
		struct mc_group *g = container_of(n, struct mc_group, node);

		while ((f = list_pop_front(&g->filters)))
			; /* a filter that is on no list is of no group */
		forget(st, g);
	}
}

struct mc_group *mc_group_find(const struct mc_link *ml, const struct ph_ip *ip)
{
	struct list_node *n;

	list_for_each(n, &ml->groups) {
		struct mc_group *g = container_of(n, struct mc_group, node);

		if (ip_eq(&g->ip, ip))
			return g;
	}
	return NULL;
}

bool mc_listens(const struct mc_link *ml, const struct ph_ip *ip)
{
	const struct mc_group *g = mc_group_find(ml, ip);

	return g && !list_empty(&g->filters);
}

/* ---- versions ------------------------------------------------------------------------------- */

enum mc_old mc_old(const struct ph_stack *st, const struct mc_link *ml)
{
	int64_t force = ml->v6 ? st->sysctl.force_mld_version : st->sysctl.force_igmp_version;

	if (force)
		return (enum mc_old)((ml->v6 ? 2 : 3) - force);
	if (st->now_ns < ml->until_ns[MC_OLDEST])
		return MC_OLDEST;
	return st->now_ns < ml->until_ns[MC_OLD] ? MC_OLD : MC_CURRENT;
}

/* RFC 3376 7.2.1: a change of version ends what was to be told in the old one. */
static void cancel(struct ph_stack *st, struct mc_link *ml)
{
	struct list_node *n, *next;

	timer_stop(&st->wheel, &ml->general);
	timer_stop(&st->wheel, &ml->change);
	list_for_each_safe(n, next, &ml->groups) {
		struct mc_group *g = container_of(n, struct mc_group, node);

		timer_stop(&st->wheel, &g->answer);
		g->mode_left = 0;
		g->nchanges = 0;
		g->repeats = 0;
		if (list_empty(&g->filters))
			forget(st, g);
	}
}

void mc_heard_old(struct ph_stack *st, struct mc_link *ml, enum mc_old old, uint64_t for_ns)
{
	enum mc_old before = mc_old(st, ml);

	ml->until_ns[old] = st->now_ns + for_ns;
	if (mc_old(st, ml) != before)
		cancel(st, ml);
}

/* ---- what is told --------------------------------------------------------------------------- */

/* RFC 3376 5, 3810 6: never told of: all hosts, and IPv6 scopes that leave no link. */
static bool reportable(const struct ph_stack *st, const struct mc_group *g)
{
	const struct ph_ip all_nodes = ip6_all_nodes(0);
	struct ph_ip bare;

	if (!g->on->v6) {
		uint32_t ip = ip_get4(&g->ip);

		return ip != 0xe0000001u &&
		       (st->sysctl.igmp_link_local_mcast_reports || ip >> 8 != 0xe00000u);
	}
	bare = ip6_bare(g->ip);
	return (bare.b[1] & 15) >= 2 && !ip_eq(&bare, &all_nodes);
}

static uint64_t within(struct ph_stack *st, uint64_t max_ns)
{
	uint64_t max_us = max_ns / 1000;

	if (max_us == 0)
		return 1;
	if (max_us > UINT32_MAX)
		max_us = UINT32_MAX;
	return 1000ull * (1 + prng_below(&st->prng, (uint32_t)max_us));
}

static void tell_mode(struct mc_report *r, struct mc_group *g)
{
	mc_report_put(r, g->now.exclude ? IGMP_TO_EXCLUDE : IGMP_TO_INCLUDE, &g->ip, g->now.src,
		      g->now.n);
	g->mode_left--;
}

/* RFC 3376 5.1: sources of one kind; each is told so often. */
static void tell_sources(struct mc_report *r, struct mc_group *g, bool allow)
{
	struct ph_ip src[MC_SOURCES_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < g->nchanges; i++)
		if (g->changes[i].allow == allow)
			src[n++] = g->changes[i].ip;
	if (n > 0)
		mc_report_put(r, allow ? IGMP_ALLOW : IGMP_BLOCK, &g->ip, src, n);
}

static void drop_told(struct mc_group *g)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < g->nchanges; i++)
		if (--g->changes[i].left > 0)
			g->changes[kept++] = g->changes[i];
	g->nchanges = kept;
}

static void tell_changes(struct ph_stack *st, struct mc_link *ml)
{
	uint64_t interval = (uint64_t)(ml->v6 ? st->sysctl.mldv2_unsolicited_ms :
						st->sysctl.igmpv3_unsolicited_ms);
	struct list_node *n, *next;
	struct mc_report r;
	bool more = false;

	mc_report_begin(&r, st, ml);
	list_for_each_safe(n, next, &ml->groups) {
		struct mc_group *g = container_of(n, struct mc_group, node);

		if (g->mode_left > 0) {
			tell_mode(&r, g);
		} else if (g->nchanges > 0) {
			tell_sources(&r, g, true);
			tell_sources(&r, g, false);
			drop_told(g);
		}
		more |= g->mode_left > 0 || g->nchanges > 0;
		if (list_empty(&g->filters) && g->mode_left == 0 && g->nchanges == 0)
			forget(st, g);
	}
	mc_report_end(&r);
	if (more)
		timer_arm(&st->wheel, &ml->change, st->now_ns + within(st, interval * ms));
}

static void change_fire(void *ctx, struct timer *t)
{
	tell_changes(ctx, container_of(t, struct mc_link, change));
}

static uint8_t robustness(const struct ph_stack *st, const struct mc_link *ml)
{
	return (uint8_t)(ml->v6 ? st->sysctl.mld_qrv : st->sysctl.igmp_qrv);
}

/* What was to be told of the source before is not true any more. */
static bool source_changed(const struct ph_stack *st, struct mc_group *g, const struct ph_ip *ip,
			   bool allow)
{
	uint16_t i = 0;

	while (i < g->nchanges && !ip_eq(&g->changes[i].ip, ip))
		i++;
	if (i == MC_SOURCES_MAX)
		return false;
	if (i == g->nchanges)
		g->nchanges++;
	g->changes[i] = (struct mc_change){ .ip = *ip, .allow = allow,
					    .left = robustness(st, g->on) };
	return true;
}

/* The sources of `a` that `b` does not have. */
static bool each_missing(const struct ph_stack *st, struct mc_group *g, const struct mc_filter *a,
			 const struct mc_filter *b, bool allow)
{
	for (uint16_t i = 0; i < a->n; i++)
		if (!mc_filter_has(b, &a->src[i]) && !source_changed(st, g, &a->src[i], allow))
			return false;
	return true;
}

/* RFC 3376 5.1's table; where the list of changes is full, the whole state says it too. */
static void note_change(const struct ph_stack *st, struct mc_group *g, const struct mc_filter *old)
{
	bool ex = g->now.exclude;

	if (old->exclude != ex || !each_missing(st, g, &g->now, old, !ex) ||
	    !each_missing(st, g, old, &g->now, ex)) {
		g->mode_left = robustness(st, g->on);
		g->nchanges = 0;
	}
}

static void send_old(struct ph_stack *st, struct mc_group *g, bool leave)
{
	if (g->on->v6)
		mld_send_old(st, g->on, &g->ip, leave);
	else
		igmp_send_old(st, g->on, &g->ip, leave);
	g->reporter = !leave;
}

static void repeat_old(struct ph_stack *st, struct mc_group *g)
{
	uint64_t interval = (uint64_t)(g->on->v6 ? st->sysctl.mldv1_unsolicited_ms :
						   st->sysctl.igmpv2_unsolicited_ms);

	if (g->repeats > 0) {
		g->repeats--;
		timer_arm(&st->wheel, &g->answer, st->now_ns + within(st, interval * ms));
	}
}

/* RFC 2236 3, 2710 4: joins are told twice, ends by who told last. */
static void changed_old(struct ph_stack *st, struct mc_group *g, bool was)
{
	bool is = !mc_filter_silent(&g->now);

	if (is && !was) {
		g->repeats = (uint8_t)(robustness(st, g->on) - 1);
		send_old(st, g, false);
		repeat_old(st, g);
	} else if (was && !is) {
		timer_stop(&st->wheel, &g->answer);
		if (g->reporter)
			send_old(st, g, true);
	}
}

void mc_group_changed(struct ph_stack *st, struct mc_group *g)
{
	struct mc_link *ml = g->on;
	struct mc_filter old = g->now;

	mc_filter_merge(&g->now, &g->filters);
	if (!mc_filter_same(&old, &g->now) && reportable(st, g)) {
		if (mc_old(st, ml) != MC_CURRENT) {
			changed_old(st, g, !mc_filter_silent(&old));
		} else {
			note_change(st, g, &old);
			tell_changes(st, ml);
			return; /* which forgets it, too */
		}
	}
	if (list_empty(&g->filters) && g->mode_left == 0 && g->nchanges == 0)
		forget(st, g);
}

/* ---- joins and leaves ----------------------------------------------------------------------- */

static struct mc_group *get(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip)
{
	struct mc_group *g = mc_group_find(ml, ip);

	if (g)
		return g;
	g = ml->ngroups < MC_GROUPS_MAX ? pool_get_zeroed(&st->net->groups) : NULL;
	if (!g)
		return NULL;
	g->on = ml;
	g->ip = *ip;
	list_init(&g->filters);
	mc_filter_init(&g->own, true);
	mc_filter_init(&g->now, false);
	mc_filter_init(&g->asked, false);
	timer_init(&g->answer, answer_fire);
	list_push_back(&ml->groups, &g->node);
	ml->ngroups++;
	return g;
}

int mc_group_join(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip,
		  struct mc_filter *f, struct mc_group **g)
{
	*g = get(st, ml, ip);
	if (!*g)
		return -ENOBUFS;
	list_push_back(&(*g)->filters, &f->node);
	mc_group_changed(st, *g);
	return 0;
}

void mc_group_leave(struct ph_stack *st, struct mc_group *g, struct mc_filter *f)
{
	list_remove(&f->node);
	mc_group_changed(st, g);
}

int mc_group_ref(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip)
{
	struct mc_group *g = get(st, ml, ip);

	if (!g)
		return -ENOBUFS;
	if (g->refs++ == 0) {
		list_push_back(&g->filters, &g->own.node);
		mc_group_changed(st, g);
	}
	return 0;
}

void mc_group_unref(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *ip)
{
	struct mc_group *g = mc_group_find(ml, ip);

	if (g && g->refs > 0 && --g->refs == 0)
		mc_group_leave(st, g, &g->own);
}

void mc_tell_all(struct ph_stack *st, struct mc_link *ml)
{
	struct list_node *n;

	list_for_each(n, &ml->groups) {
		struct mc_group *g = container_of(n, struct mc_group, node);

		if (!list_empty(&g->filters) && reportable(st, g))
			g->mode_left = robustness(st, ml);
	}
	if (mc_old(st, ml) == MC_CURRENT)
		tell_changes(st, ml);
}

/* ---- queries -------------------------------------------------------------------------------- */

static void current_state(struct mc_report *r, const struct mc_group *g)
{
	mc_report_put(r, g->now.exclude ? IGMP_IS_EXCLUDE : IGMP_IS_INCLUDE, &g->ip, g->now.src,
		      g->now.n);
}

static void general_fire(void *ctx, struct timer *t)
{
	struct mc_link *ml = container_of(t, struct mc_link, general);
	struct ph_stack *st = ctx;
	struct list_node *n;
	struct mc_report r;

	mc_report_begin(&r, st, ml);
	list_for_each(n, &ml->groups) {
		const struct mc_group *g = container_of(n, const struct mc_group, node);

		if (reportable(st, g) && !mc_filter_silent(&g->now))
			current_state(&r, g);
	}
	mc_report_end(&r);
}

/* RFC 3376 5.2: of the sources asked about, those that are heard. */
static void answer_sources(struct mc_report *r, struct mc_group *g)
{
	struct ph_ip src[MC_SOURCES_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < g->asked.n; i++)
		if (mc_filter_allows(&g->now, &g->asked.src[i]))
			src[n++] = g->asked.src[i];
	if (n > 0)
		mc_report_put(r, IGMP_IS_INCLUDE, &g->ip, src, n);
}

static void answer_fire(void *ctx, struct timer *t)
{
	struct mc_group *g = container_of(t, struct mc_group, answer);
	struct ph_stack *st = ctx;
	struct mc_report r;

	if (mc_old(st, g->on) != MC_CURRENT) {
		send_old(st, g, false);
		repeat_old(st, g);
		return;
	}
	mc_report_begin(&r, st, g->on);
	if (!g->asked_all)
		answer_sources(&r, g);
	else if (!mc_filter_silent(&g->now))
		current_state(&r, g);
	mc_report_end(&r);
	g->asked_all = false;
	g->asked.n = 0;
}

/* One that is answered sooner is not put off; one that is to be sooner is drawn again. */
static void arm_sooner(struct ph_stack *st, struct timer *t, uint64_t max_ns)
{
	if (!timer_armed(t) || t->at_ns > st->now_ns + max_ns)
		timer_arm(&st->wheel, t, st->now_ns + within(st, max_ns));
}

static void remember_sources(struct mc_group *g, const struct mc_query *q, bool pending)
{
	if (pending && g->asked_all)
		return;
	g->asked_all = q->n == 0;
	for (uint32_t i = 0; i < q->n && !g->asked_all; i++) {
		struct ph_ip ip = ip_of4(0);

		if (g->on->v6)
			memcpy(ip.b, q->sources + 16 * i, 16);
		else
			memcpy(ip.b + 12, q->sources + 4 * i, 4);
		/* More than can be kept: the whole state is an answer, too. */
		if (mc_filter_add(&g->asked, &ip, MC_SOURCES_MAX) == -ENOBUFS)
			g->asked_all = true;
	}
}

static void query_group(struct ph_stack *st, struct mc_group *g, const struct mc_query *q)
{
	bool pending = timer_armed(&g->answer);

	if (mc_filter_silent(&g->now) || !reportable(st, g))
		return;
	/* RFC 3376 5.2 (1): an answer of everything comes sooner anyway */
	if (timer_armed(&g->on->general) && g->on->general.at_ns <= st->now_ns + q->max_ns)
		return;
	remember_sources(g, q, pending);
	arm_sooner(st, &g->answer, q->max_ns);
}

void mc_query(struct ph_stack *st, struct mc_link *ml, const struct mc_query *q)
{
	bool old = mc_old(st, ml) != MC_CURRENT;
	struct mc_group *g;
	struct list_node *n;

	if (!q->general) {
		g = mc_group_find(ml, &q->group);
		if (g)
			query_group(st, g, q);
		return;
	}
	if (!old) {
		arm_sooner(st, &ml->general, q->max_ns);
		return;
	}
	list_for_each(n, &ml->groups) {
		g = container_of(n, struct mc_group, node);
		if (!mc_filter_silent(&g->now) && reportable(st, g))
			arm_sooner(st, &g->answer, q->max_ns);
	}
}

void mc_reported(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group)
{
	struct mc_group *g = mc_group_find(ml, group);

	if (!g || mc_old(st, ml) == MC_CURRENT || !timer_armed(&g->answer))
		return;
	timer_stop(&st->wheel, &g->answer);
	g->repeats = 0;
	g->reporter = false;
}

/* ---- the user's view ------------------------------------------------------------------------ */

static size_t show(const struct mc_link *ml, struct ph_group_info *out, size_t n, size_t count)
{
	const struct list_node *node, *f;

	list_for_each(node, &ml->groups) {
		const struct mc_group *g = container_of(node, const struct mc_group, node);
		struct ph_group_info i = { .link = ml->link->index, .ip = ip6_bare(g->ip) };

		list_for_each(f, &g->filters)
			i.users++;
		if (i.users == 0) /* left, and still to be told of */
			continue;
		if (count < n)
			out[count] = i;
		count++;
	}
	return count;
}

size_t ph_groups(const struct ph_stack *st, struct ph_group_info *out, size_t n)
{
	const struct link_table *t = &st->net->links;
	size_t count = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		if (!t->at[i])
			continue;
		if (count < n) /* which no host leaves (RFC 1112 4) */
			out[count] = (struct ph_group_info){ .link = t->at[i]->index,
							     .ip = ip_of4(0xe0000001u),
							     .users = 1 };
		count = show(&t->at[i]->mc4, out, n, count + 1);
		if (t->at[i]->v6)
			count = show(&t->at[i]->v6->mc, out, n, count);
	}
	return count;
}
