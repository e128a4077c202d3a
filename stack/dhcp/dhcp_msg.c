/* SPDX-License-Identifier: BSD-2-Clause */
/* See dhcp_msg.h. */
#include "dhcp/dhcp_msg.h"

#include <string.h>

enum {
	AREAS = 3,	   /* options, file, sname: in that order (RFC 2131 4.1) */
	OPTION_MAX = 1024, /* bytes of one option, its parts joined (RFC 3396); longer ones are
			      passed over */
	MTU_MIN = 68
};

struct area {
	const uint8_t *at, *end;
};

struct options {
	struct area area[AREAS];
	size_t n;
};

/* ---- reading -------------------------------------------------------------------------------- */

/* Joins every part of an option, in order. Its length, or -1: it is not there, or is too long. What
 * reaches over its area's end is no part. */
static int gather(const struct options *o, uint8_t code, uint8_t out[OPTION_MAX])
{
	size_t len = 0;
	bool found = false;

	for (size_t i = 0; i < o->n; i++) {
		const uint8_t *p = o->area[i].at, *end = o->area[i].end;

		while (p < end && *p != DHCP_OPT_END) {
			if (*p == DHCP_OPT_PAD) {
				p++;
				continue;
			}
			if (end - p < 2 || p[1] > end - p - 2)
				break;
			if (*p == code) {
				if (p[1] > OPTION_MAX - len)
					return -1;
				memcpy(out + len, p + 2, p[1]);
				len += p[1];
				found = true;
			}
			p += 2 + p[1];
		}
	}
	return found ? (int)len : -1;
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* An option of exactly four bytes. */
static bool number(const struct options *o, uint8_t code, uint32_t *out)
{
	uint8_t b[OPTION_MAX];

	if (gather(o, code, b) != 4)
		return false;
	*out = load32(b);
	return true;
}

static void addresses(const struct options *o, uint8_t code, struct dhcp_addrs *out)
{
	uint8_t b[OPTION_MAX];
	int len = gather(o, code, b);

	if (len < 4 || len % 4 != 0)
		return;
	for (int i = 0; i < len && out->n < DHCP_LIST; i += 4) {
		uint32_t ip = load32(b + i);

		if (dhcp_ip_usable(ip))
			out->ip[out->n++] = ip;
	}
}

static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_';
}

/* A name may end in NULs, which some servers send (RFC 2132 2); other bytes make it none. */
static void name(const struct options *o, uint8_t code, char out[DHCP_NAME_MAX + 1])
{
	uint8_t b[OPTION_MAX];
	int len = gather(o, code, b);

	while (len > 0 && b[len - 1] == 0)
		len--;
	if (len <= 0 || len > DHCP_NAME_MAX)
		return;
	for (int i = 0; i < len; i++)
		if (!name_char(b[i]))
			return;
	memcpy(out, b, (size_t)len);
	out[len] = '\0';
}

static void message(const struct options *o, char out[DHCP_NAME_MAX + 1])
{
	uint8_t b[OPTION_MAX];
	int len = gather(o, DHCP_OPT_MESSAGE, b);

	len = len > DHCP_NAME_MAX ? DHCP_NAME_MAX : len;
	for (int i = 0; i < len; i++)
		out[i] = b[i] >= ' ' && b[i] < 127 ? (char)b[i] : '?';
}

/* RFC 3442: prefix length, as many bytes of the network as that needs, gateway. All of it, or none. */
static void routes(const struct options *o, struct dhcp_reply *r)
{
	uint8_t b[OPTION_MAX];
	int len = gather(o, DHCP_OPT_ROUTES, b), i = 0;
	uint8_t n = 0;

	if (len < 5)
		return;
	while (i < len) {
		int bytes = (b[i] + 7) / 8;
		uint32_t dst = 0;

		if (b[i] > 32 || len - i < 1 + bytes + 4)
			return;
		for (int k = 0; k < bytes; k++)
			dst |= (uint32_t)b[i + 1 + k] << (24 - 8 * k);
		if (n < DHCP_ROUTES) {
			/* Bits behind the prefix are to be ignored. */
			dst &= b[i] ? UINT32_MAX << (32 - b[i]) : 0;
			r->route[n++] = (struct dhcp_route){ dst, load32(b + i + 1 + bytes), b[i] };
		}
		i += 1 + bytes + 4;
	}
	r->nroutes = n;
	r->has_routes = true;
}

static uint8_t prefix_of(uint32_t mask)
{
	uint8_t n = 0;

	while (mask & 0x80000000u) {
		mask <<= 1;
		n++;
	}
	return mask == 0 ? n : 0; /* else its ones are not together: no network's */
}

static void read_options(const struct options *o, struct dhcp_reply *r)
{
	uint8_t b[OPTION_MAX];
	uint32_t mask = 0;

	(void)number(o, DHCP_OPT_SERVER, &r->server);
	r->has_lease = number(o, DHCP_OPT_LEASE, &r->lease_s);
	(void)number(o, DHCP_OPT_T1, &r->t1_s);
	(void)number(o, DHCP_OPT_T2, &r->t2_s);
	if (number(o, DHCP_OPT_MASK, &mask))
		r->prefix = prefix_of(mask);
	if (gather(o, DHCP_OPT_MTU, b) == 2 && (b[0] << 8 | b[1]) >= MTU_MIN)
		r->mtu = (uint16_t)(b[0] << 8 | b[1]);
	addresses(o, DHCP_OPT_ROUTER, &r->routers);
	addresses(o, DHCP_OPT_DNS, &r->dns);
	addresses(o, DHCP_OPT_NTP, &r->ntp);
	name(o, DHCP_OPT_HOSTNAME, r->hostname);
	name(o, DHCP_OPT_DOMAIN, r->domain);
	message(o, r->message);
	routes(o, r);
}

/* Where options may stand: after the cookie, and in file and sname when option 52 says so. */
static void areas(const struct dhcp_hdr *h, const uint8_t *bytes, size_t len, struct options *o)
{
	uint8_t b[OPTION_MAX];

	o->area[0] = (struct area){ bytes + sizeof(*h), bytes + len };
	o->n = 1;
	if (gather(o, DHCP_OPT_OVERLOAD, b) != 1 || b[0] < 1 || b[0] > 3)
		return;
	if (b[0] & 1)
		o->area[o->n++] = (struct area){ h->file, h->file + sizeof(h->file) };
	if (b[0] & 2)
		o->area[o->n++] = (struct area){ h->sname, h->sname + sizeof(h->sname) };
}

enum dhcp_verdict dhcp_msg_read(const uint8_t *bytes, size_t len, const uint8_t mac[6],
				const struct dhcp_id *id, struct dhcp_reply *out)
{
	const struct dhcp_hdr *h = (const void *)bytes;
	uint8_t b[OPTION_MAX];
	struct options o;
	int n;

	/* Deviation: RFC 1542 2.1 (MUST): answers under 300 octets are read: Kea does not pad. */
	if (len < DHCP_MIN_TAKEN)
		return DHCP_BAD_LENGTH;
	if (h->op != DHCP_OP_REPLY || h->htype != DHCP_HTYPE_ETHER || h->hlen != 6 ||
	    be32_get(h->cookie) != DHCP_COOKIE)
		return DHCP_BAD_HEADER;
	if (memcmp(h->chaddr, mac, 6) != 0)
		return DHCP_NOT_OURS;
	areas(h, bytes, len, &o);
	if (gather(&o, DHCP_OPT_TYPE, b) != 1 ||
	    (b[0] != DHCP_OFFER && b[0] != DHCP_ACK && b[0] != DHCP_NAK))
		return DHCP_BAD_TYPE;
	*out = (struct dhcp_reply){ .type = (enum dhcp_type)b[0],
				    .xid = be32_get(h->xid),
				    .ciaddr = be32_get(h->ciaddr),
				    .yiaddr = be32_get(h->yiaddr) };
	n = gather(&o, DHCP_OPT_CLIENT_ID, b);
	if (n >= 0 && (n != id->len || memcmp(b, id->bytes, id->len) != 0))
		return DHCP_NOT_OURS;
	read_options(&o, out);
	return DHCP_TAKEN;
}

bool dhcp_ip_usable(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 28 < 14;
}

/* ---- writing -------------------------------------------------------------------------------- */

struct writer {
	uint8_t *at, *end;
};

/* An option, left out when it does not fit; room for the end is kept. */
static void put(struct writer *w, uint8_t code, const void *bytes, size_t len)
{
	if (len > 255 || (size_t)(w->end - w->at) < len + 3)
		return;
	*w->at++ = code;
	*w->at++ = (uint8_t)len;
	memcpy(w->at, bytes, len);
	w->at += len;
}

static void put32(struct writer *w, uint8_t code, uint32_t v)
{
	be32 b = be32_of(v);

	if (v)
		put(w, code, &b, sizeof(b));
}

static void put_text(struct writer *w, uint8_t code, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len > 0)
		put(w, code, text, len < DHCP_NAME_MAX ? len : DHCP_NAME_MAX);
}

/* Routes before routers (RFC 3442); who only informs himself asks nothing of a lease (RFC 2131
 * 4.4.3). */
static void put_parameters(struct writer *w, enum dhcp_type type)
{
	static const uint8_t wanted[] = { DHCP_OPT_MASK,     DHCP_OPT_ROUTES, DHCP_OPT_ROUTER,
					  DHCP_OPT_DNS,	     DHCP_OPT_HOSTNAME, DHCP_OPT_DOMAIN,
					  DHCP_OPT_MTU,	     DHCP_OPT_BROADCAST, DHCP_OPT_NTP,
					  DHCP_OPT_LEASE,    DHCP_OPT_T1,     DHCP_OPT_T2 };

	if (type == DHCP_DISCOVER || type == DHCP_REQUEST)
		put(w, DHCP_OPT_PARAMETERS, wanted, sizeof(wanted));
	else if (type == DHCP_INFORM)
		put(w, DHCP_OPT_PARAMETERS, wanted, sizeof(wanted) - 3);
}

size_t dhcp_msg_write(const struct dhcp_ask *ask, uint8_t out[DHCP_MSG_SIZE])
{
	struct dhcp_hdr *h = (void *)out;
	uint8_t type = (uint8_t)ask->type;
	be16 most = be16_of(DHCP_MSG_SIZE);
	struct writer w = { out + sizeof(*h), out + DHCP_MSG_SIZE };
	bool asks = ask->type != DHCP_DECLINE && ask->type != DHCP_RELEASE;

	memset(out, 0, DHCP_MSG_SIZE);
	h->op = DHCP_OP_REQUEST;
	h->htype = DHCP_HTYPE_ETHER;
	h->hlen = 6;
	h->xid = be32_of(ask->xid);
	h->secs = be16_of(ask->secs);
	h->flags = be16_of(ask->broadcast ? DHCP_F_BROADCAST : 0);
	h->ciaddr = be32_of(ask->ciaddr);
	memcpy(h->chaddr, ask->mac, sizeof(ask->mac));
	h->cookie = be32_of(DHCP_COOKIE);
	put(&w, DHCP_OPT_TYPE, &type, 1);
	put(&w, DHCP_OPT_CLIENT_ID, ask->id->bytes, ask->id->len);
	put32(&w, DHCP_OPT_REQUESTED, ask->requested);
	put32(&w, DHCP_OPT_SERVER, ask->server);
	if (asks) {
		put(&w, DHCP_OPT_MAX_SIZE, &most, sizeof(most));
		put32(&w, DHCP_OPT_LEASE, ask->lease_s);
		put_text(&w, DHCP_OPT_HOSTNAME, ask->hostname);
		put_parameters(&w, ask->type);
	}
	put_text(&w, DHCP_OPT_MESSAGE, ask->message);
	*w.at++ = DHCP_OPT_END;
	return w.at - out < DHCP_MIN ? DHCP_MIN : (size_t)(w.at - out);
}

void dhcp_id_make(struct dhcp_id *id, uint32_t iaid, const uint8_t *duid, size_t duid_len,
		  const uint8_t mac[6])
{
	static const uint8_t link_layer[4] = { 0, 3, 0, DHCP_HTYPE_ETHER };
	be32 number = be32_of(iaid);

	id->bytes[0] = 255;
	memcpy(id->bytes + 1, &number, sizeof(number));
	if (duid && duid_len > 0 && duid_len <= sizeof(id->bytes) - 5) {
		memcpy(id->bytes + 5, duid, duid_len);
		id->len = (uint8_t)(5 + duid_len);
		return;
	}
	memcpy(id->bytes + 5, link_layer, sizeof(link_layer));
	memcpy(id->bytes + 9, mac, 6);
	id->len = 15;
}
