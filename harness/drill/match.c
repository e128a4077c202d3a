/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets against the script: see match.h. */
#include "harness/drill/match.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/ast_print.h"

enum { ECN_MASK = 3, NECT = 0, ECT1 = 1, ECT0 = 2, CE = 3 };

void drill_diff_add(struct drill_diffs *d, enum drill_field field, const char *fmt, ...)
{
	va_list ap;

	if (d->n == DRILL_DIFFS_MAX)
		return;
	d->at[d->n].field = field;
	va_start(ap, fmt);
	vsnprintf(d->at[d->n].text, DRILL_DIFF_TEXT, fmt, ap);
	va_end(ap);
	d->n++;
}

static const char *ecn_name(unsigned ecn)
{
	static const char *const names[] = { "noecn", "ect1", "ect0", "ce" };

	return names[ecn & ECN_MASK];
}

static bool ecn_fits(enum drill_ecn want, unsigned got)
{
	switch (want) {
	case DRILL_ECN_UNSAID:
		return true;
	case DRILL_ECN_NONE:
		return got == NECT;
	case DRILL_ECN_ECT0:
		return got == ECT0;
	case DRILL_ECN_ECT1:
		return got == ECT1;
	case DRILL_ECN_ECT01:
		return got == ECT0 || got == ECT1;
	case DRILL_ECN_CE:
		return got == CE;
	}
	return false;
}

static const char *wanted_ecn(enum drill_ecn want)
{
	switch (want) {
	case DRILL_ECN_NONE:
		return "noecn";
	case DRILL_ECN_ECT0:
		return "ect0";
	case DRILL_ECN_ECT1:
		return "ect1";
	case DRILL_ECN_ECT01:
		return "ect01";
	case DRILL_ECN_CE:
		return "ce";
	case DRILL_ECN_UNSAID:
		break;
	}
	return "any";
}

static void match_ip(const struct drill_ipinfo *want, const struct drill_live *got,
		     struct drill_diffs *d)
{
	if (!ecn_fits(want->ecn, got->tos & ECN_MASK))
		drill_diff_add(d, DRILL_FIELD_IP, "ECN: expected %s, got %s", wanted_ecn(want->ecn),
			       ecn_name(got->tos));
	if (want->has_tos && want->tos != got->tos)
		drill_diff_add(d, DRILL_FIELD_IP, "tos: expected 0x%02x, got 0x%02x", want->tos,
			       got->tos);
	if (want->has_ttl && want->ttl != got->ttl)
		drill_diff_add(d, DRILL_FIELD_IP, "ttl: expected %u, got %u", want->ttl, got->ttl);
	if (want->has_flowlabel && want->flowlabel != got->flowlabel)
		drill_diff_add(d, DRILL_FIELD_IP, "flowlabel: expected 0x%05x, got 0x%05x",
			       want->flowlabel, got->flowlabel);
}

static void match_seq(const struct drill_seq *want, const struct drill_live *got,
		      const struct drill_match_map *map, struct drill_diffs *d)
{
	uint32_t base = want->kind == DRILL_N_ABS ? 0 : map->seq_base;
	uint32_t start = got->seq - base, len = (uint32_t)got->data_len;

	if (want->kind == DRILL_N_ANY)
		return;
	if (start != want->start)
		drill_diff_add(d, DRILL_FIELD_SEQ, "sequence number: expected %u, got %u",
			       want->start, start);
	if (len != want->len)
		drill_diff_add(d, DRILL_FIELD_SEQ, "payload: expected %u bytes, got %u", want->len,
			       len);
}

static void match_num(const char *name, enum drill_field field, const struct drill_num *want,
		      uint32_t got, uint32_t base, struct drill_diffs *d)
{
	uint32_t rel = want->kind == DRILL_N_ABS ? got : got - base;

	if ((want->kind == DRILL_N_REL || want->kind == DRILL_N_ABS) && rel != want->num)
		drill_diff_add(d, field, "%s: expected %u, got %u", name, want->num, rel);
}

static void match_ack(const struct drill_tcp *want, const struct drill_live *got,
		      const struct drill_match_map *map, struct drill_diffs *d)
{
	bool unsaid = want->ack.kind == DRILL_N_UNSAID;

	/* Not written means 0; without the flag the field says nothing of sequence numbers. */
	if (!(got->flags & DRILL_F_ACK) || unsaid) {
		uint32_t expected = unsaid ? 0 : want->ack.num;
		uint32_t raw = got->flags & DRILL_F_ACK ? got->ack - map->ack_base : got->ack;

		if (want->ack.kind != DRILL_N_ANY && raw != expected)
			drill_diff_add(d, DRILL_FIELD_ACK, "ack: expected %u, got %u", expected,
				       raw);
		return;
	}
	match_num("ack", DRILL_FIELD_ACK, &want->ack, got->ack, map->ack_base, d);
}

/* ---- options ---- */

struct opt_arg {
	const struct drill_match_map *map;
	uint32_t got_val, got_ecr;
	bool has_ts;
};

static uint32_t map_sack(void *arg, uint32_t edge)
{
	const struct opt_arg *a = arg;

	return edge + a->map->ack_base;
}

static uint32_t map_val(void *arg, const struct drill_num *n)
{
	const struct opt_arg *a = arg;

	if (n->kind == DRILL_N_ABS)
		return n->num;
	if (a->map->ts_val && n->kind != DRILL_N_ANY)
		return *a->map->ts_val;
	return a->has_ts ? a->got_val : n->num;
}

static uint32_t map_ecr(void *arg, const struct drill_num *n)
{
	const struct opt_arg *a = arg;

	return n->kind == DRILL_N_ANY && a->has_ts ? a->got_ecr : n->num;
}

static bool has_open_blob(const struct drill_tcp *t)
{
	for (uint32_t i = 0; i < t->nopt; i++)
		if (t->opt[i].blob.kind != DRILL_B_BYTES)
			return true;
	return false;
}

/* Where bytes were left open (FO ..., md5 valid), kinds and their order are compared. */
static bool same_kinds(const struct drill_tcp *want, const struct drill_tcpopt *got, uint32_t n)
{
	if (n < want->nopt)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		/* What is left over pads to a multiple of four. */
		if (i >= want->nopt ? got[i].kind != DRILL_O_EOL :
				      drill_net_octet(&got[i]) != drill_net_octet(&want->opt[i]))
			return false;
	}
	return true;
}

static void match_options(const struct drill_tcp *want, const struct drill_live *got,
			  const struct drill_match_map *map, struct drill_diffs *d)
{
	struct drill_tcpopt tree[DRILL_TCPOPTS_MAX];
	uint32_t n = drill_net_tree(got->opt, got->opt_len, map->ack_base, tree);
	struct drill_tcp shown = { .opts = DRILL_OPTS_LIST, .opt = tree, .nopt = n };
	struct opt_arg arg = { .map = map };
	struct drill_opt_map om = { &arg, map_sack, map_val, map_ecr };
	uint8_t bytes[DRILL_TCPOPT_BYTES_MAX];
	char a[DRILL_DIFF_TEXT / 2], b[DRILL_DIFF_TEXT / 2];
	int len;
	bool same;

	if (want->opts == DRILL_OPTS_ANY)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (tree[i].kind != DRILL_O_TS)
			continue;
		arg.has_ts = true;
		arg.got_val = tree[i].ts_val.num;
		arg.got_ecr = tree[i].ts_ecr.num;
	}
	len = drill_net_options(want, &om, bytes);
	same = len >= 0 && (size_t)len == got->opt_len &&
	       (len == 0 || memcmp(bytes, got->opt, (size_t)len) == 0);
	if (want->opts == DRILL_OPTS_LIST && has_open_blob(want))
		same = same_kinds(want, tree, n);
	if (same)
		return;
	drill_print_tcpopts(want, a, sizeof(a));
	drill_print_tcpopts(&shown, b, sizeof(b));
	drill_diff_add(d, DRILL_FIELD_OPTIONS, "options: expected %s, got %s", a[0] ? a : "none",
		       n ? b : "none");
}

static void match_tcp(const struct drill_tcp *want, const struct drill_live *got,
		      const struct drill_match_map *map, struct drill_diffs *d)
{
	if (want->flags != got->flags) {
		char a[32], b[32];

		drill_print_flags(want->flags, want->ace, a, sizeof(a));
		drill_print_flags(got->flags, want->ace, b, sizeof(b));
		drill_diff_add(d, DRILL_FIELD_FLAGS, "flags: expected %s, got %s", a, b);
	}
	match_seq(&want->seq, got, map, d);
	match_ack(want, got, map, d);
	match_num("window", DRILL_FIELD_WIN, &want->win, got->win, 0, d);
	if (want->urg.kind == DRILL_N_UNSAID && got->urg)
		drill_diff_add(d, DRILL_FIELD_URG, "urgent pointer: expected none, got %u",
			       got->urg);
	match_num("urgent pointer", DRILL_FIELD_URG, &want->urg, got->urg, 0, d);
	match_options(want, got, map, d);
}

static void match_icmp(const struct drill_icmp *want, const struct drill_live *got,
		       struct drill_diffs *d)
{
	uint32_t mtu = got->ip == DRILL_IP4 ? got->icmp_rest & 0xffff : got->icmp_rest;

	if (want->type != got->icmp_type || want->code != got->icmp_code) {
		char a[64], b[64];

		drill_print_icmp_type(got->ip, want->type, want->code, a, sizeof(a));
		drill_print_icmp_type(got->ip, got->icmp_type, got->icmp_code, b, sizeof(b));
		drill_diff_add(d, DRILL_FIELD_KIND, "ICMP: expected %s, got %s", a, b);
	}
	if (want->has_mtu && want->mtu != mtu)
		drill_diff_add(d, DRILL_FIELD_KIND, "mtu: expected %u, got %u", want->mtu, mtu);
	if (want->has_id && want->id != got->icmp_rest >> 16)
		drill_diff_add(d, DRILL_FIELD_KIND, "id: expected %u, got %u", want->id,
			       got->icmp_rest >> 16);
}

void drill_match(const struct drill_packet *want, const struct drill_live *got,
		 const struct drill_match_map *map, struct drill_diffs *d)
{
	static const char *const l4[] = { "TCP", "UDP", "ICMP" };

	if (got->wrong[0])
		drill_diff_add(d, DRILL_FIELD_WRONG, "%s", got->wrong);
	if (want->ip != got->ip)
		drill_diff_add(d, DRILL_FIELD_KIND, "expected IPv%d, got IPv%d", (int)want->ip,
			       (int)got->ip);
	if (want->l4 != got->l4) {
		drill_diff_add(d, DRILL_FIELD_KIND, "expected %s, got %s", l4[want->l4],
			       l4[got->l4]);
		return;
	}
	match_ip(&want->info, got, d);
	switch (want->l4) {
	case DRILL_L4_TCP:
		match_tcp(&want->tcp, got, map, d);
		break;
	case DRILL_L4_UDP:
		if (want->udp_len != got->data_len)
			drill_diff_add(d, DRILL_FIELD_SEQ, "payload: expected %u bytes, got %zu",
				       want->udp_len, got->data_len);
		break;
	case DRILL_L4_ICMP:
		match_icmp(&want->icmp, got, d);
		break;
	}
}

/* ---- marks ---- */

/* The token a field is printed as: [from, from + n) of text; n 0 when it is not there. */
static size_t place_of(const char *text, enum drill_field field, size_t *n)
{
	static const char *const words[] = { [DRILL_FIELD_ACK] = " ack ",
					     [DRILL_FIELD_WIN] = " win ",
					     [DRILL_FIELD_URG] = " urg ",
					     [DRILL_FIELD_OPTIONS] = " <" };
	const char *at = text, *end;

	*n = 0;
	if (field == DRILL_FIELD_ACK || field == DRILL_FIELD_WIN || field == DRILL_FIELD_URG) {
		at = strstr(text, words[field]);
		if (!at)
			return 0;
		at++;
		end = at + 4 + strcspn(at + 4, " ");
	} else if (field == DRILL_FIELD_OPTIONS || field == DRILL_FIELD_TICK) {
		at = strstr(text, " <");
		if (!at)
			return 0;
		at++;
		end = at + strlen(at);
	} else if (field == DRILL_FIELD_SEQ || field == DRILL_FIELD_PAYLOAD) {
		at = strchr(text, ':');
		if (!at)
			return 0;
		while (at > text && at[-1] != ' ')
			at--;
		end = at + strcspn(at, " ");
	} else if (field == DRILL_FIELD_FLAGS) {
		at = strchr(text, ':');
		if (!at)
			return 0;
		while (at > text && at[-1] != ' ')
			at--;
		end = at > text ? at - 1 : at;
		at = end;
		while (at > text && at[-1] != ' ')
			at--;
	} else if (field == DRILL_FIELD_TIME) {
		return 0;
	} else {
		at = text + strspn(text, "<> ");
		end = at + strcspn(at, " ");
	}
	*n = (size_t)(end - at);
	return (size_t)(at - text);
}

void drill_match_show(const char *want, const char *got, const struct drill_diffs *d, char *out,
		      size_t size)
{
	char marks[DRILL_PRINT_MAX];
	size_t len = strlen(got), last = 0;

	len = len < sizeof(marks) - 1 ? len : sizeof(marks) - 1;
	memset(marks, ' ', len);
	for (unsigned i = 0; i < d->n; i++) {
		size_t n, at = place_of(got, d->at[i].field, &n);

		for (; n > 0 && at < len; n--, at++)
			marks[at] = '^';
		last = at > last ? at : last;
	}
	marks[last] = '\0';
	snprintf(out, size, "  expected: %s\n  got:      %s\n            %s\n", want, got, marks);
}
