/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script's packets: those it sends are put together and given to the device, those it expects
 * are waited for and held against what came. Called by run.c.
 */
#include "harness/drill/md5sig.h"
#include "harness/drill/run_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_print.h"

enum { DEFAULT_WIN = 65535, QUOTE_BYTES = 8 };
static const uint64_t patience_ns = 2 * DRILL_NS_PER_S;	     /* after the time a packet was due */
static const uint64_t any_patience_ns = 30 * DRILL_NS_PER_S; /* for one that is due any time */

/* ---- in ---- */

static uint32_t in_sack(void *arg, uint32_t edge)
{
	const struct drill_conn *c = arg;

	return edge + c->isn_live;
}

static uint32_t in_ts_val(void *arg, const struct drill_num *n)
{
	const struct drill_ts *t = n->kind == DRILL_N_NAME ? drill_ts_find(arg, n) : NULL;

	return t ? t->live : n->num;
}

static uint32_t in_ts_ecr(void *arg, const struct drill_num *n)
{
	return n->kind == DRILL_N_ABS ? n->num : drill_ts_live(arg, n);
}

static uint8_t ecn_bits(enum drill_ecn ecn)
{
	switch (ecn) {
	case DRILL_ECN_ECT0:
	case DRILL_ECN_ECT01:
		return 2;
	case DRILL_ECN_ECT1:
		return 1;
	case DRILL_ECN_CE:
		return 3;
	case DRILL_ECN_UNSAID:
	case DRILL_ECN_NONE:
		break;
	}
	return 0;
}

static struct drill_build start_build(const struct drill_conn *c, const struct drill_ipinfo *info)
{
	return (struct drill_build){
		.ends = { .src = c->remote, .dst = c->local, .sport = c->rport, .dport = c->lport },
		.tos = info->has_tos ? info->tos : ecn_bits(info->ecn),
		.ttl = info->has_ttl ? info->ttl : 0,
		.flowlabel = info->has_flowlabel ? info->flowlabel : 0,
	};
}

/* The sequence number on the wire: a script counts from the first SYN's, but for SYNs themselves. */
static uint32_t in_seq(const struct drill_conn *c, const struct drill_tcp *t)
{
	bool from_syn = !(t->flags & DRILL_F_SYN) && t->seq.kind == DRILL_N_REL;

	return t->seq.start + (from_syn ? c->remote_isn : 0);
}

/* What is injected is the pattern at its place in the stream; the payload of a SYN is its start. */
static uint8_t *in_payload(struct drill_run *r, const struct drill_conn *c,
			   const struct drill_tcp *t)
{
	uint32_t first = in_seq(c, t) + ((t->flags & DRILL_F_SYN) != 0) - c->remote_isn - 1;
	uint8_t *bytes = malloc(t->seq.len ? t->seq.len : 1);

	if (!bytes) {
		(void)drill_end(r, DRILL_ERROR, "out of memory");
		return NULL;
	}
	for (uint32_t i = 0; i < t->seq.len; i++)
		bytes[i] = drill_net_pattern(true, (uint32_t)(first + i));
	return bytes;
}

static const struct drill_tcpopt *md5_of(const struct drill_packet *p)
{
	for (uint32_t i = 0; p->l4 == DRILL_L4_TCP && i < p->tcp.nopt; i++)
		if (p->tcp.opt[i].kind == DRILL_O_MD5 &&
		    (p->tcp.opt[i].blob.kind == DRILL_B_VALID ||
		     p->tcp.opt[i].blob.kind == DRILL_B_INVALID))
			return &p->tcp.opt[i];
	return NULL;
}

/* Where the digest of the options is, or NULL. */
static const uint8_t *digest_in(const uint8_t *opt, size_t len)
{
	enum { EOL, NOP, MD5 = 19, MD5_OPT = 18 };

	for (size_t at = 0; at < len && opt[at] != EOL;) {
		size_t n = opt[at] == NOP ? 1 : at + 1 < len ? opt[at + 1] : 0;

		if (opt[at] == MD5 && n == MD5_OPT && at + n <= len)
			return opt + at + 2;
		if (n == 0)
			return NULL;
		at += n;
	}
	return NULL;
}

/* md5 valid and md5 invalid of a packet that is built but for them: its options are filled in. */
static int sign(struct drill_run *r, const struct drill_packet *p, size_t len,
		uint8_t opt[DRILL_TCPOPT_BYTES_MAX], size_t opt_len)
{
	const struct drill_tcpopt *o = md5_of(p);
	const uint8_t *place = digest_in(opt, opt_len);
	uint8_t digest[DRILL_MD5_LEN];

	if (!r->opt.md5_secret)
		return drill_end(r, DRILL_ERROR, "md5 %s needs --tcp_md5_secret=TEXT",
				 o->blob.kind == DRILL_B_VALID ? "valid" : "invalid");
	if (!place || !drill_md5sig(r->out, len, r->opt.md5_secret, digest))
		return drill_end(r, DRILL_ERROR, "out of memory");
	if (o->blob.kind == DRILL_B_INVALID)
		digest[0] ^= 0xff;
	memcpy(opt + (place - opt), digest, sizeof(digest));
	return 0;
}

static void match_md5(const struct drill_run *r, const struct drill_packet *p,
		      const struct drill_live *l, struct drill_diffs *d)
{
	const struct drill_tcpopt *o = md5_of(p);
	const uint8_t *got = o && l->l4 == DRILL_L4_TCP ? digest_in(l->opt, l->opt_len) : NULL;
	uint8_t want[DRILL_MD5_LEN];
	bool same;

	if (!got || !r->opt.md5_secret || !drill_md5sig(l->bytes, l->len, r->opt.md5_secret, want))
		return;
	same = memcmp(got, want, sizeof(want)) == 0;
	if (same != (o->blob.kind == DRILL_B_VALID))
		drill_diff_add(d, DRILL_FIELD_OPTIONS, "md5: the digest is%s that of the secret",
			       same ? "" : " not");
}

static size_t build_tcp(struct drill_run *r, struct drill_conn *c, const struct drill_packet *p)
{
	const struct drill_tcp *t = &p->tcp;
	struct drill_build b = start_build(c, &p->info);
	struct drill_opt_map map = { c, in_sack, in_ts_val, in_ts_ecr };
	uint32_t isn = t->flags & DRILL_F_SYN ? c->isn_script : 0;
	uint8_t opt[DRILL_TCPOPT_BYTES_MAX], *bytes;
	int opt_len = drill_net_options(t, &map, opt);
	size_t len;

	if (opt_len < 0) {
		(void)drill_end(r, DRILL_ERROR, "the options take more than 40 bytes");
		return 0;
	}
	/* Where nobody listens or connects there is no connection to count in: numbers are absolute,
	 * as packetdrill has them. */
	if ((t->flags & DRILL_F_SYN) && !c->spoken && (r->listener || c->heard)) {
		c->spoken = true;
		c->remote_isn = t->seq.start;
	}
	b.flags = t->flags;
	b.seq = in_seq(c, t);
	if (t->ack.kind == DRILL_N_REL || t->ack.kind == DRILL_N_UNSAID)
		b.ack = t->flags & DRILL_F_ACK ? t->ack.num - isn + c->isn_live : t->ack.num;
	else if (t->ack.kind == DRILL_N_ABS)
		b.ack = t->ack.num;
	else
		b.ack = c->next_seq;
	b.win = (uint16_t)(t->win.kind == DRILL_N_UNSAID ? DEFAULT_WIN : t->win.num);
	b.urg = (uint16_t)t->urg.num;
	b.opt = opt;
	b.opt_len = (size_t)opt_len;
	bytes = in_payload(r, c, t);
	if (!bytes)
		return 0;
	b.data = bytes;
	b.data_len = t->seq.len;
	if ((t->flags & DRILL_F_URG) && c->fd)
		c->fd->unchecked = true;
	len = drill_net_tcp(&b, r->out);
	if (len && md5_of(p))
		len = sign(r, p, len, opt, b.opt_len) == 0 ? drill_net_tcp(&b, r->out) : 0;
	free(bytes);
	if (len == 0)
		(void)drill_end(r, DRILL_ERROR, "a packet has at most %d bytes", DRILL_NET_MAX);
	return len;
}

static size_t build_udp(struct drill_run *r, struct drill_conn *c, const struct drill_packet *p)
{
	struct drill_build b = start_build(c, &p->info);
	uint8_t *bytes = malloc(p->udp_len ? p->udp_len : 1);
	size_t len;

	if (!bytes) {
		(void)drill_end(r, DRILL_ERROR, "out of memory");
		return 0;
	}
	for (uint32_t i = 0; i < p->udp_len; i++)
		bytes[i] = drill_net_pattern(true, i);
	b.data = bytes;
	b.data_len = p->udp_len;
	c->spoken = true;
	len = drill_net_udp(&b, r->out);
	free(bytes);
	if (len == 0)
		(void)drill_end(r, DRILL_ERROR, "a packet has at most %d bytes", DRILL_NET_MAX);
	return len;
}

/* The device's own packet as a router quotes it: its IP header and eight bytes. */
static size_t build_quote(struct drill_run *r, struct drill_conn *c, const struct drill_icmp *m,
			  uint8_t *quote)
{
	struct drill_build q = {
		.ends = { .src = c->local, .dst = c->remote, .sport = c->lport, .dport = c->rport }
	};
	size_t hdr = r->v4 ? 20 : 40, len;

	if (m->quote == DRILL_Q_RAW)
		return m->seq.len < DRILL_NET_MAX / 2 ? m->seq.len : 0; /* zeros */
	q.data_len = m->seq.len;
	q.data = r->out; /* any bytes: they are not quoted */
	if (q.data_len > DRILL_NET_MAX / 2)
		return 0;
	if (m->quote == DRILL_Q_UDP || (m->quote == DRILL_Q_NONE && c->l4 == DRILL_L4_UDP)) {
		len = drill_net_udp(&q, quote);
	} else {
		q.flags = DRILL_F_ACK;
		q.seq = m->quote == DRILL_Q_TCP ? in_sack(c, m->seq.start) : c->next_seq;
		len = drill_net_tcp(&q, quote);
	}
	return len ? hdr + QUOTE_BYTES : 0;
}

static size_t build_icmp(struct drill_run *r, struct drill_conn *c, const struct drill_packet *p)
{
	struct drill_build b = start_build(c, &p->info);
	uint8_t *quote = calloc(1, DRILL_NET_MAX);
	bool echo = r->v4 ? p->icmp.type == 8 || p->icmp.type == 0
			  : p->icmp.type == 128 || p->icmp.type == 129;
	uint32_t rest = p->icmp.has_mtu ? p->icmp.mtu : 0;
	size_t len;

	if (!quote) {
		(void)drill_end(r, DRILL_ERROR, "out of memory");
		return 0;
	}
	if (p->icmp.has_id)
		rest = (uint32_t)p->icmp.id << 16;
	b.data = quote;
	b.data_len = echo && p->icmp.quote == DRILL_Q_NONE ? 0 : build_quote(r, c, &p->icmp, quote);
	len = drill_net_icmp(&b, p->icmp.type, p->icmp.code, rest, r->out);
	free(quote);
	return len;
}

int drill_run_in(struct drill_run *r, const struct drill_packet *p)
{
	char text[DRILL_PRINT_MAX];
	struct drill_conn *c = drill_conn_of(r, p);
	size_t len = 0;

	if (!c && p->l4 == DRILL_L4_ICMP)
		c = drill_conn_new(r, DRILL_L4_TCP, r->opt.bind_port, 0);
	if (!c)
		return -1;
	switch (p->l4) {
	case DRILL_L4_TCP:
		len = build_tcp(r, c, p);
		break;
	case DRILL_L4_UDP:
		len = build_udp(r, c, p);
		break;
	case DRILL_L4_ICMP:
		len = build_icmp(r, c, p);
		break;
	}
	if (len == 0)
		return -1;
	drill_print_packet(p, text, sizeof(text));
	drill_log(r, r->now_ns, "%s", text);
	drill_record_packet(r, r->now_ns, true, r->out, len);
	if (r->dut->ops->inject(r->dut, r->out, len) != 0)
		return drill_broken(r);
	return 0;
}

void drill_run_reset(struct drill_run *r)
{
	for (struct drill_conn *c = r->conns; c; c = c->next) {
		struct drill_build b = start_build(c, &(struct drill_ipinfo){ 0 });
		size_t len;

		if (c->l4 != DRILL_L4_TCP || !c->has_ack)
			continue;
		b.flags = DRILL_F_RST | DRILL_F_ACK;
		b.seq = c->last_ack;
		b.ack = c->next_seq;
		len = drill_net_tcp(&b, r->out);
		(void)r->dut->ops->inject(r->dut, r->out, len);
	}
}

/* ---- out ---- */

/* The byte at a place of what the descriptor's writes sent: text of the script, or the pattern's. */
static uint8_t written(const struct drill_fd *f, uint64_t at, uint64_t in_pattern)
{
	for (const struct drill_literal *l = f->literals; l; l = l->next)
		if (at >= l->at && at - l->at < l->len)
			return l->bytes[at - l->at];
	return drill_net_pattern(false, in_pattern);
}

static void match_payload(const struct drill_conn *c, const struct drill_live *l,
			  struct drill_diffs *d)
{
	struct drill_fd *f = c->fd;
	bool tcp = l->l4 == DRILL_L4_TCP;
	uint32_t first = tcp ? l->seq + ((l->flags & DRILL_F_SYN) != 0) - c->isn_live - 1 : 0;
	uint64_t datagram = f && l->l4 == DRILL_L4_UDP ? DRILL_DGRAM(f->seen++) : 0;

	if (!f || f->unchecked || l->l4 == DRILL_L4_ICMP || (tcp && !c->heard))
		return;
	for (size_t i = 0; i < l->data_len; i++) {
		uint64_t at = tcp ? (uint32_t)(first + i) : i;
		uint8_t want = written(f, datagram + at, at);

		if (tcp && at >= f->wrote) {
			drill_diff_add(d, DRILL_FIELD_PAYLOAD,
				       "payload: byte %llu of the stream was never written; %llu "
				       "were",
				       (unsigned long long)at, (unsigned long long)f->wrote);
			return;
		}
		if (l->data[i] != want) {
			drill_diff_add(d, DRILL_FIELD_PAYLOAD,
				       "payload: byte %llu of the %s is 0x%02x; 0x%02x was "
				       "written there",
				       (unsigned long long)at, tcp ? "stream" : "datagram",
				       l->data[i], want);
			return;
		}
	}
}

/* The device's next packet of the connection, waiting for it until at_ns. NULL and 0: none. */
static int next_frame(struct drill_run *r, struct drill_conn *c, uint64_t until_ns,
		      struct drill_frame **out)
{
	*out = NULL;
	for (;;) {
		if (drill_pump(r) != 0)
			return -1;
		if (c->first) {
			*out = c->first;
			c->first = c->first->next;
			if (!c->first)
				c->last = &c->first;
			(*out)->next = NULL;
			return 0;
		}
		if (r->now_ns >= until_ns)
			return 0;
		if (drill_wait_until(r, until_ns, DUT_WAIT_PACKET) != 0)
			return -1;
	}
}

/* Two segments that are one in the script: the second goes on where the first ends. */
static bool joins(const struct drill_frame *a, const struct drill_frame *b)
{
	const uint32_t last_only = DRILL_F_PSH | DRILL_F_FIN;
	const struct drill_live *x = &a->live, *y = &b->live;

	return x->l4 == DRILL_L4_TCP && y->data_len > 0 && y->seq == x->seq + x->data_len &&
	       x->ack == y->ack && x->win == y->win && x->urg == y->urg && x->tos == y->tos &&
	       (x->flags & ~last_only) == (y->flags & ~last_only) && !(x->flags & DRILL_F_FIN) &&
	       x->opt_len == y->opt_len && !x->wrong[0] && !y->wrong[0];
}

static struct drill_frame *join(const struct drill_frame *a, const struct drill_frame *b)
{
	size_t head = (size_t)(a->live.data - a->live.bytes);
	struct drill_frame *f = malloc(sizeof(*f) + a->live.len + b->live.data_len);

	if (!f)
		return NULL;
	*f = (struct drill_frame){ .live = a->live, .last_ns = b->last_ns };
	memcpy(f->bytes, a->bytes, a->live.len);
	memcpy(f->bytes + a->live.len, b->live.data, b->live.data_len);
	f->live.bytes = f->bytes;
	f->live.opt = f->bytes + (a->live.opt - a->live.bytes);
	f->live.data = f->bytes + head;
	f->live.data_len += b->live.data_len;
	f->live.len += b->live.data_len;
	f->live.flags = b->live.flags; /* the last one's PSH and FIN count */
	return f;
}

/* Joins segments while the script's packet is longer than what came. */
static int collect(struct drill_run *r, struct drill_conn *c, const struct drill_packet *p,
		   uint64_t until_ns, struct drill_frame **f)
{
	uint32_t want = p->tcp.seq.len;

	if (p->l4 != DRILL_L4_TCP || r->opt.strict_segments || p->tcp.seq.kind == DRILL_N_ANY)
		return 0;
	while ((*f)->live.data_len > 0 && (*f)->live.data_len < want) {
		struct drill_frame *more, *both;

		if (next_frame(r, c, until_ns, &more) != 0)
			return -1;
		if (!more)
			return 0;
		both = joins(*f, more) && (*f)->live.data_len + more->live.data_len <= want
			       ? join(*f, more)
			       : NULL;
		if (!both) {
			more->next = c->first;
			if (!c->first)
				c->last = &more->next;
			c->first = more;
			return 0;
		}
		free(*f);
		free(more);
		*f = both;
	}
	return 0;
}

static void match_time(const struct drill_run *r, const struct drill_frame *f, uint64_t from_ns,
		       uint64_t to_ns, uint64_t tolerance_ns, struct drill_diffs *d)
{
	char a[32], b[32], g[32];
	bool late = f->last_ns > to_ns && f->last_ns - to_ns > tolerance_ns;
	uint64_t at = late ? f->last_ns : f->live.at_ns;

	if (!late && (at >= from_ns || from_ns - at <= tolerance_ns))
		return;
	drill_time_text(r, from_ns, a);
	drill_time_text(r, to_ns, b);
	drill_time_text(r, at, g);
	if (from_ns == to_ns)
		drill_diff_add(d, DRILL_FIELD_TIME,
			       "time: expected at %s, came at %s; the tolerance is %.3f ms", a, g,
			       (double)tolerance_ns / 1e6);
	else
		drill_diff_add(d, DRILL_FIELD_TIME,
			       "time: expected from %s to %s, came at %s; the tolerance is %.3f ms",
			       a, b, g, (double)tolerance_ns / 1e6);
}

static const struct drill_num *wanted_ts(const struct drill_packet *p)
{
	if (p->l4 == DRILL_L4_TCP && p->tcp.opts == DRILL_OPTS_LIST)
		for (uint32_t i = 0; i < p->tcp.nopt; i++)
			if (p->tcp.opt[i].kind == DRILL_O_TS)
				return &p->tcp.opt[i].ts_val;
	return NULL;
}

/* With a tick given, timestamps advance as the script's do: as exactly as packets come in time. */
static void match_tick(const struct drill_run *r, const struct drill_conn *c,
		       const struct drill_num *n, uint32_t live, struct drill_diffs *d)
{
	uint32_t got = live - c->first_ts_live, want = n->num - c->first_ts_script;
	int64_t off = (int64_t)(int32_t)(got - want);
	int64_t slack;

	if (!r->opt.has_ts_tick || r->opt.ts_tick_ns <= 0 || !c->has_first_ts ||
	    n->kind != DRILL_N_REL)
		return;
	slack = (int64_t)drill_tolerance(r, 0) / r->opt.ts_tick_ns + 1;
	if (off > slack || off < -slack)
		drill_diff_add(d, DRILL_FIELD_TICK,
			       "TS val: expected %u ticks after the first, got %u", want, got);
}

static bool live_ts(const struct drill_live *l, uint32_t *val)
{
	struct drill_tcpopt tree[DRILL_TCPOPTS_MAX];
	uint32_t n = drill_net_tree(l->opt, l->opt_len, 0, tree);

	for (uint32_t i = 0; i < n; i++) {
		if (tree[i].kind == DRILL_O_TS) {
			*val = tree[i].ts_val.num;
			return true;
		}
	}
	return false;
}

static void match_all(struct drill_run *r, struct drill_conn *c, const struct drill_packet *p,
		      const struct drill_frame *f, struct drill_diffs *d)
{
	struct drill_match_map map = { 0 };
	const struct drill_num *ts = wanted_ts(p);
	const struct drill_ts *known = ts && ts->kind == DRILL_N_NAME ? drill_ts_find(c, ts) : NULL;
	uint32_t val;

	if (p->l4 == DRILL_L4_TCP && (p->tcp.flags & f->live.flags & DRILL_F_SYN) &&
	    p->tcp.seq.kind == DRILL_N_REL)
		c->isn_script = p->tcp.seq.start;
	map.seq_base = c->isn_live - (f->live.flags & DRILL_F_SYN ? c->isn_script : 0);
	map.ack_base = f->live.flags & DRILL_F_SYN ? 0 : c->remote_isn;
	map.ts_val = known ? &known->live : NULL;
	drill_match(p, &f->live, &map, d);
	match_md5(r, p, &f->live, d);
	match_payload(c, &f->live, d);
	if (ts && f->live.l4 == DRILL_L4_TCP && live_ts(&f->live, &val)) {
		match_tick(r, c, ts, val, d);
		if (d->n == 0 && ts->kind != DRILL_N_ANY)
			drill_ts_learn(c, ts, val, f->live.at_ns);
	}
}

static int differs(struct drill_run *r, const struct drill_conn *c, const struct drill_packet *p,
		   const struct drill_frame *f, const struct drill_diffs *d)
{
	char want[DRILL_PRINT_MAX], got[DRILL_PRINT_MAX], shown[3 * DRILL_PRINT_MAX], line[32];
	size_t at;

	drill_print_packet(p, want, sizeof(want));
	drill_show_live(&f->live, c, DRILL_OUT, got, sizeof(got));
	drill_log(r, f->live.at_ns, "%s", got);
	drill_match_show(want, got, d, shown, sizeof(shown));
	at = strlen(shown);
	for (unsigned i = 0; i < d->n && at < sizeof(shown); i++)
		at += (size_t)snprintf(shown + at, sizeof(shown) - at, "  %s\n", d->at[i].text);
	if (at < sizeof(shown))
		snprintf(shown + at, sizeof(shown) - at, "  it was sent at %s\n",
			 drill_time_text(r, f->live.at_ns, line));
	drill_detail(r, shown);
	r->only_time = true;
	for (unsigned i = 0; i < d->n; i++)
		if (d->at[i].field != DRILL_FIELD_TIME && d->at[i].field != DRILL_FIELD_TICK)
			r->only_time = false;
	return drill_end(r, DRILL_FAIL, "the packet is not the expected one: %s%s%s%s%s",
			 d->at[0].text, d->n > 1 ? "; " : "", d->n > 1 ? d->at[1].text : "",
			 d->n > 2 ? "; " : "", d->n > 2 ? d->at[2].text : "");
}

static int missing(struct drill_run *r, const struct drill_packet *p, uint64_t to_ns)
{
	char want[DRILL_PRINT_MAX], text[DRILL_PRINT_MAX + 64], due[32];

	drill_print_packet(p, want, sizeof(want));
	snprintf(text, sizeof(text), "  expected: %s\n  got:      nothing\n", want);
	drill_detail(r, text);
	return drill_end(r, DRILL_FAIL, "no packet came; one was due at %s",
			 drill_time_text(r, to_ns, due));
}

/* The first packet of a connection that nobody has named yet says which it is: a connect() whose
 * port is not known before its SYN. */
static struct drill_conn *conn_to_come(struct drill_run *r, const struct drill_packet *p,
				       uint64_t until_ns)
{
	bool named = p->has_sock || p->has_ports || p->l4 == DRILL_L4_ICMP;

	for (;;) {
		if (drill_pump(r) != 0)
			return NULL;
		if (named || (r->conn && r->conn->l4 == p->l4) || r->now_ns >= until_ns)
			return drill_conn_of(r, p);
		if (drill_wait_until(r, until_ns, DUT_WAIT_PACKET) != 0)
			return NULL;
	}
}

int drill_run_out(struct drill_run *r, const struct drill_packet *p, uint64_t from_ns,
		  uint64_t to_ns, uint64_t tolerance_ns)
{
	bool any = r->ev->time.kind == DRILL_T_ANY;
	uint64_t until = any ? r->now_ns + any_patience_ns : to_ns + patience_ns;
	char text[DRILL_PRINT_MAX];
	struct drill_diffs d = { 0 };
	struct drill_conn *c;
	struct drill_frame *f;

	c = conn_to_come(r, p, until);
	if (!c || next_frame(r, c, until, &f) != 0)
		return -1;
	if (!f)
		return missing(r, p, to_ns);
	if (collect(r, c, p, (any ? r->now_ns : to_ns) + tolerance_ns, &f) != 0) {
		free(f);
		return -1;
	}
	match_all(r, c, p, f, &d);
	if (!any)
		match_time(r, f, from_ns, to_ns, tolerance_ns, &d);
	if (d.n > 0) {
		(void)differs(r, c, p, f, &d);
	} else {
		drill_show_live(&f->live, c, DRILL_OUT, text, sizeof(text));
		drill_log(r, f->live.at_ns, "%s", text);
	}
	free(f);
	return d.n ? -1 : 0;
}
