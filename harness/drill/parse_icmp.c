/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp TYPE [CODE] [mtu N] [id N] [[quote]], with the names of RFC 792, 1122, 1812 and 950 for
 * IPv4 and of RFC 4443 and 4861 for IPv6; what has no name is a number.
 */
#include "harness/drill/parse_icmp.h"

#include <stdio.h>
#include <string.h>

#include "harness/drill/parse_int.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { NO_CODE = -1 };

/* A row with NO_CODE names a type; the others name a code of it. The first name of a number is the
 * one that is printed. */
static const struct row {
	enum drill_ip ip;
	uint8_t type;
	int16_t code;
	const char *name;
} rows[] = {
	{ DRILL_IP4, 0, NO_CODE, "echo_reply" },
	{ DRILL_IP4, 3, NO_CODE, "unreachable" },
	{ DRILL_IP4, 3, 0, "net_unreachable" },
	{ DRILL_IP4, 3, 1, "host_unreachable" },
	{ DRILL_IP4, 3, 2, "protocol_unreachable" },
	{ DRILL_IP4, 3, 3, "port_unreachable" },
	{ DRILL_IP4, 3, 4, "frag_needed" },
	{ DRILL_IP4, 3, 5, "source_route_failed" },
	{ DRILL_IP4, 3, 6, "net_unknown" },
	{ DRILL_IP4, 3, 7, "host_unknown" },
	{ DRILL_IP4, 3, 8, "source_host_isolated" },
	{ DRILL_IP4, 3, 9, "net_prohibited" },
	{ DRILL_IP4, 3, 10, "host_prohibited" },
	{ DRILL_IP4, 3, 11, "net_unreachable_for_tos" },
	{ DRILL_IP4, 3, 12, "host_unreachable_for_tos" },
	{ DRILL_IP4, 3, 13, "packet_filtered" },
	{ DRILL_IP4, 3, 13, "admin_prohibited" },
	{ DRILL_IP4, 3, 14, "precedence_violation" },
	{ DRILL_IP4, 3, 15, "precedence_cutoff" },
	{ DRILL_IP4, 4, NO_CODE, "source_quench" },
	{ DRILL_IP4, 5, NO_CODE, "redirect" },
	{ DRILL_IP4, 5, 0, "net_redirect" },
	{ DRILL_IP4, 5, 1, "host_redirect" },
	{ DRILL_IP4, 5, 2, "net_redirect_for_tos" },
	{ DRILL_IP4, 5, 3, "host_redirect_for_tos" },
	{ DRILL_IP4, 8, NO_CODE, "echo_request" },
	{ DRILL_IP4, 9, NO_CODE, "router_advertisement" },
	{ DRILL_IP4, 10, NO_CODE, "router_solicitation" },
	{ DRILL_IP4, 11, NO_CODE, "time_exceeded" },
	{ DRILL_IP4, 11, 0, "ttl_exceeded_in_transit" },
	{ DRILL_IP4, 11, 0, "exceeded_hop_limit" },
	{ DRILL_IP4, 11, 1, "frag_reass_exceeded" },
	{ DRILL_IP4, 11, 1, "exceeded_frag_time" },
	{ DRILL_IP4, 12, NO_CODE, "parameter_problem" },
	{ DRILL_IP4, 13, NO_CODE, "timestamp_request" },
	{ DRILL_IP4, 13, NO_CODE, "timestamp" },
	{ DRILL_IP4, 14, NO_CODE, "timestamp_reply" },
	{ DRILL_IP4, 15, NO_CODE, "information_request" },
	{ DRILL_IP4, 16, NO_CODE, "information_reply" },
	{ DRILL_IP4, 17, NO_CODE, "address_mask_request" },
	{ DRILL_IP4, 18, NO_CODE, "address_mask_reply" },
	{ DRILL_IP6, 1, NO_CODE, "unreachable" },
	{ DRILL_IP6, 1, 0, "no_route" },
	{ DRILL_IP6, 1, 1, "admin_prohibited" },
	{ DRILL_IP6, 1, 2, "not_neighbour" },
	{ DRILL_IP6, 1, 3, "address_unreachable" },
	{ DRILL_IP6, 1, 4, "port_unreachable" },
	{ DRILL_IP6, 1, 5, "policy_failed" },
	{ DRILL_IP6, 1, 6, "reject_route" },
	{ DRILL_IP6, 2, NO_CODE, "packet_too_big" },
	{ DRILL_IP6, 3, NO_CODE, "time_exceeded" },
	{ DRILL_IP6, 3, 0, "exceeded_hop_limit" },
	{ DRILL_IP6, 3, 0, "ttl_exceeded_in_transit" },
	{ DRILL_IP6, 3, 1, "exceeded_frag_time" },
	{ DRILL_IP6, 3, 1, "frag_reass_exceeded" },
	{ DRILL_IP6, 4, NO_CODE, "parameter_problem" },
	{ DRILL_IP6, 4, 0, "header_field" },
	{ DRILL_IP6, 4, 1, "unknown_next_header" },
	{ DRILL_IP6, 4, 2, "unknown_option" },
	{ DRILL_IP6, 128, NO_CODE, "echo_request" },
	{ DRILL_IP6, 129, NO_CODE, "echo_reply" },
	{ DRILL_IP6, 133, NO_CODE, "router_solicitation" },
	{ DRILL_IP6, 134, NO_CODE, "router_advertisement" },
	{ DRILL_IP6, 135, NO_CODE, "neighbour_solicitation" },
	{ DRILL_IP6, 136, NO_CODE, "neighbour_advertisement" },
	{ DRILL_IP6, 137, NO_CODE, "redirect" },
};

static bool same(const char *want, const char *name, size_t len)
{
	return strlen(want) == len && memcmp(want, name, len) == 0;
}

bool drill_icmp_type(enum drill_ip ip, const char *name, size_t len, uint8_t *type)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].ip == ip && rows[i].code == NO_CODE && same(rows[i].name, name, len)) {
			*type = rows[i].type;
			return true;
		}
	return false;
}

bool drill_icmp_code(enum drill_ip ip, uint8_t type, const char *name, size_t len, uint8_t *code)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].ip == ip && rows[i].type == type && rows[i].code != NO_CODE &&
		    same(rows[i].name, name, len)) {
			*code = (uint8_t)rows[i].code;
			return true;
		}
	return false;
}

static const char *name_of(enum drill_ip ip, uint8_t type, int code)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].ip == ip && rows[i].type == type && rows[i].code == code)
			return rows[i].name;
	return NULL;
}

const char *drill_icmp_type_name(enum drill_ip ip, uint8_t type)
{
	return name_of(ip, type, NO_CODE);
}

const char *drill_icmp_code_name(enum drill_ip ip, uint8_t type, uint8_t code)
{
	return name_of(ip, type, code);
}

/* The names of all types (code == NO_CODE) or of one type's codes, for a message. */
static void list_names(enum drill_ip ip, int type, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool fits = type < 0 ? rows[i].code == NO_CODE :
				       rows[i].type == type && rows[i].code != NO_CODE;

		if (rows[i].ip == ip && fits && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "",
					      rows[i].name);
	}
}

static int type(struct drill_parser *p, struct drill_packet *k)
{
	char names[600], want[700];
	int64_t n;

	if (p->tok.kind == DRILL_TOK_NUMBER && !p->tok.fraction) {
		if (drill_p_int(p, "an ICMP type", 0, 255, &n) != 0)
			return -1;
		k->icmp.type = (uint8_t)n;
		return 0;
	}
	if (p->tok.kind == DRILL_TOK_WORD &&
	    drill_icmp_type(k->ip, p->tok.text.at, p->tok.text.len, &k->icmp.type))
		return drill_p_next(p);
	list_names(k->ip, -1, names, sizeof(names));
	snprintf(want, sizeof(want), "a type of ICMP for IPv%d (%s, or a number)", (int)k->ip,
		 names);
	return drill_p_expected(p, want);
}

/* A number is a code only on the type's own line: on the next one it is a time. */
static int code(struct drill_parser *p, struct drill_packet *k, uint32_t line)
{
	char names[600], want[700];
	int64_t n;

	if (p->tok.kind == DRILL_TOK_NUMBER && !p->tok.fraction && p->tok.src.line == line) {
		if (drill_p_int(p, "an ICMP code", 0, 255, &n) != 0)
			return -1;
		k->icmp.code = (uint8_t)n;
		return 0;
	}
	if (p->tok.kind != DRILL_TOK_WORD || drill_p_is_word(p, "mtu") || drill_p_is_word(p, "id"))
		return 0;
	if (drill_icmp_code(k->ip, k->icmp.type, p->tok.text.at, p->tok.text.len, &k->icmp.code))
		return drill_p_next(p);
	list_names(k->ip, k->icmp.type, names, sizeof(names));
	snprintf(want, sizeof(want), "a code of this type for IPv%d (%s%sa number), mtu, id or [..]",
		 (int)k->ip, names, names[0] ? ", " : "");
	return drill_p_expected(p, want);
}

static int fields(struct drill_parser *p, struct drill_icmp *c)
{
	int64_t n;

	if (drill_p_is_word(p, "mtu")) {
		c->has_mtu = true;
		if (drill_p_next(p) != 0 || drill_p_u32(p, "an MTU", &c->mtu) != 0)
			return -1;
	}
	if (drill_p_is_word(p, "id")) {
		c->has_id = true;
		if (drill_p_next(p) != 0 || drill_p_int(p, "an identifier", 0, 65535, &n) != 0)
			return -1;
		c->id = (uint16_t)n;
	}
	return 0;
}

static int quoted_length(struct drill_parser *p, struct drill_icmp *c, enum drill_quote_kind kind)
{
	int64_t n;

	c->quote = kind;
	if (drill_p_next(p) != 0 || drill_p_need(p, '(', "\"(\" and the length") != 0 ||
	    drill_p_int(p, "a length", 0, 65507, &n) != 0 ||
	    drill_p_need(p, ')', "\")\" after the length") != 0)
		return -1;
	c->seq.len = (uint32_t)n;
	return 0;
}

static int quote(struct drill_parser *p, struct drill_icmp *c)
{
	int failed;

	if (drill_p_next(p) != 0)
		return -1;
	if (drill_p_is_word(p, "udp")) {
		failed = quoted_length(p, c, DRILL_Q_UDP);
	} else if (drill_p_is_word(p, "raw")) {
		failed = quoted_length(p, c, DRILL_Q_RAW);
	} else if (drill_p_is_word(p, "sctp") || drill_p_is_word(p, "udplite")) {
		return drill_p_unsupported(p, &p->tok.src,
					   drill_p_is_word(p, "sctp") ? "SCTP" : "UDP-Lite");
	} else {
		c->quote = DRILL_Q_TCP;
		failed = drill_p_seq(p, &c->seq);
	}
	return failed ? -1 : drill_p_need(p, ']', "\"]\" after the quote");
}

int drill_p_icmp(struct drill_parser *p, struct drill_packet *k)
{
	uint32_t line = p->tok.src.line;

	if (drill_p_is_word(p, "icmpv6") && k->ip != DRILL_IP6)
		return drill_p_fail(p, DRILL_ERR_SYNTAX, &p->tok.src,
				    "icmpv6 in a script for IPv4; --ip_version=ipv6 makes it one "
				    "for IPv6");
	k->l4 = DRILL_L4_ICMP;
	if (drill_p_next(p) != 0 || type(p, k) != 0 || code(p, k, line) != 0 ||
	    fields(p, &k->icmp) != 0)
		return -1;
	return drill_p_is(p, '[') ? quote(p, &k->icmp) : 0;
}
