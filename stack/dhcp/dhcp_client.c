/* SPDX-License-Identifier: BSD-2-Clause */
/* See dhcp_client.h. */
#include "dhcp/dhcp_client.h"

#include <string.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull
#define NEVER	  UINT64_MAX

void dhcp_conf_default(struct dhcp_conf *conf)
{
	*conf = (struct dhcp_conf){ .init_min = 1000,
				    .init_max = 10000,
				    .retry_first = 4000,
				    .retry_max = 64000,
				    .retry_jitter = 1000,
				    .request_tries = 4,
				    .decline_wait = 10000,
				    .renew_min = 60000 };
}

void dhcp_init(struct dhcp_client *c, const struct dhcp_conf *conf, const struct dhcp_ops *ops,
	       void *ctx)
{
	*c = (struct dhcp_client){ .ops = ops, .ctx = ctx, .conf = *conf, .at_ns = NEVER };
}

const char *dhcp_state_name(enum dhcp_state state)
{
	static const char *const names[] = { "STOPPED",	 "INIT",  "SELECTING", "REQUESTING",
					     "REBOOTING", "CHECKING", "BOUND",	 "RENEWING",
					     "REBINDING", "DECLINED", "INFORMING", "INFORMED" };

	return names[state];
}

/* ---- time ----------------------------------------------------------------------------------- */

static uint32_t draw(struct dhcp_client *c, uint32_t from, uint32_t to)
{
	return to > from ? from + c->ops->random(c->ctx) % (to - from + 1) : from;
}

/* RFC 2131 4.1: 4, 8, 16, 32, 64 s, each a second more or less. */
static uint64_t retry_ns(struct dhcp_client *c)
{
	uint32_t ms = c->conf.retry_first;

	for (uint32_t i = 1; i < c->tries && ms < c->conf.retry_max; i++)
		ms *= 2;
	ms = ms < c->conf.retry_max ? ms : c->conf.retry_max;
	if (c->conf.retry_jitter < ms)
		ms = draw(c, ms - c->conf.retry_jitter, ms + c->conf.retry_jitter);
	return ms * NS_PER_MS;
}

/* RFC 2131 4.4.5: half of what is left, but not less than a minute. */
static uint64_t renew_at(const struct dhcp_client *c, uint64_t until, uint64_t now)
{
	uint64_t half = (until - now) / 2, least = c->conf.renew_min * NS_PER_MS;
	uint64_t at = now + (half > least ? half : least);

	return at < until ? at : until;
}

static uint16_t seconds_since(uint64_t then, uint64_t now)
{
	uint64_t s = (now - then) / NS_PER_S;

	return s < UINT16_MAX ? (uint16_t)s : UINT16_MAX;
}

/* ---- asking --------------------------------------------------------------------------------- */

static void send(struct dhcp_client *c, struct dhcp_ask *ask, uint32_t to)
{
	uint8_t msg[DHCP_MSG_SIZE];
	size_t len;

	ask->xid = c->xid;
	ask->id = &c->conf.id;
	memcpy(ask->mac, c->conf.mac, sizeof(ask->mac));
	if (c->conf.hostname[0])
		ask->hostname = c->conf.hostname;
	len = dhcp_msg_write(ask, msg);
	c->counts.sent++;
	c->ops->send(c->ctx, msg, len, ask->ciaddr, to);
}

static void discover(struct dhcp_client *c, uint64_t now)
{
	struct dhcp_ask ask = { .type = DHCP_DISCOVER, .lease_s = c->conf.lease_s };

	c->secs = seconds_since(c->begun_ns, now);
	ask.secs = c->secs;
	c->tries++;
	send(c, &ask, 0);
	c->at_ns = now + retry_ns(c);
}

/* SELECTING's and INIT-REBOOT's REQUEST: who is asked, or for what, RFC 2131 4.3.2. */
static void request(struct dhcp_client *c, uint64_t now)
{
	struct dhcp_ask ask = { .type = DHCP_REQUEST, .lease_s = c->conf.lease_s, .secs = c->secs };

	if (c->state == DHCP_REQUESTING) {
		ask.requested = c->offer.yiaddr;
		ask.server = c->offer.server;
	} else {
		ask.requested = c->lease.ip;
		ask.secs = seconds_since(c->begun_ns, now);
	}
	c->tries++;
	c->asked_ns = now;
	send(c, &ask, 0);
	c->at_ns = now + retry_ns(c);
}

static void renew(struct dhcp_client *c, uint64_t now)
{
	bool to_server = c->state == DHCP_RENEWING;
	struct dhcp_ask ask = { .type = DHCP_REQUEST, .ciaddr = c->lease.ip,
				.lease_s = c->conf.lease_s,
				.secs = seconds_since(c->begun_ns, now) };

	c->asked_ns = now;
	send(c, &ask, to_server ? c->lease.server : 0);
	c->at_ns = renew_at(c, to_server ? c->lease.t2_ns : c->lease.end_ns, now);
}

static void inform(struct dhcp_client *c, uint64_t now)
{
	struct dhcp_ask ask = { .type = DHCP_INFORM, .ciaddr = c->lease.ip,
				.secs = seconds_since(c->begun_ns, now) };

	c->tries++;
	send(c, &ask, 0);
	c->at_ns = now + retry_ns(c);
}

/* ---- states --------------------------------------------------------------------------------- */

static void enter(struct dhcp_client *c, enum dhcp_state state, uint64_t now)
{
	c->state = state;
	c->xid = c->ops->random(c->ctx);
	c->tries = 0;
	c->begun_ns = now;
}

static void give_up(struct dhcp_client *c, const char *why)
{
	if (c->configured)
		c->ops->lost(c->ctx, &c->lease, why);
	c->configured = false;
	memset(&c->lease, 0, sizeof(c->lease));
}

/* From the beginning, after `wait_ms` and RFC 2131 4.4.1's random seconds. */
static void restart(struct dhcp_client *c, uint32_t wait_ms, uint64_t now)
{
	enter(c, DHCP_INIT, now);
	c->at_ns = now + (wait_ms + draw(c, c->conf.init_min, c->conf.init_max)) * NS_PER_MS;
}

void dhcp_start(struct dhcp_client *c, const struct dhcp_lease *known, uint64_t now_ns)
{
	if (known && known->ip && (known->infinite || known->end_ns > now_ns)) {
		c->lease = *known;
		enter(c, DHCP_REBOOTING, now_ns);
		request(c, now_ns);
		return;
	}
	restart(c, 0, now_ns);
}

void dhcp_inform(struct dhcp_client *c, uint32_t ip, uint64_t now_ns)
{
	memset(&c->lease, 0, sizeof(c->lease));
	c->lease.ip = ip;
	enter(c, DHCP_INFORMING, now_ns);
	inform(c, now_ns);
}

void dhcp_stop(struct dhcp_client *c, bool release, uint64_t now_ns)
{
	struct dhcp_ask ask = { .type = DHCP_RELEASE, .ciaddr = c->lease.ip,
				.server = c->lease.server, .message = "the host goes away" };
	bool leased = c->configured && c->state != DHCP_INFORMED && c->state != DHCP_INFORMING;

	(void)now_ns;
	if (leased && release) {
		c->xid = c->ops->random(c->ctx);
		send(c, &ask, c->lease.server);
	}
	if (leased)
		c->ops->lost(c->ctx, &c->lease, release ? "released" : "stopped");
	c->configured = false;
	c->state = DHCP_STOPPED;
	c->at_ns = NEVER;
}

void dhcp_link_up(struct dhcp_client *c, uint64_t now_ns)
{
	if (c->state != DHCP_BOUND && c->state != DHCP_RENEWING && c->state != DHCP_REBINDING)
		return;
	enter(c, DHCP_REBOOTING, now_ns);
	request(c, now_ns);
}

static void decline(struct dhcp_client *c, uint32_t ip, uint32_t server, uint64_t now)
{
	struct dhcp_ask ask = { .type = DHCP_DECLINE, .requested = ip, .server = server,
				.message = "the address is another host's" };

	send(c, &ask, 0);
	c->counts.declined++;
	enter(c, DHCP_DECLINED, now);
	c->at_ns = now + c->conf.decline_wait * NS_PER_MS;
}

/* T1, T2 or the end: whichever it is by now, which may be late when the machine slept. */
static void extend(struct dhcp_client *c, uint64_t now)
{
	if (now >= c->lease.end_ns) {
		give_up(c, "the lease is over");
		restart(c, 0, now);
		return;
	}
	if (c->state == DHCP_BOUND)
		enter(c, DHCP_RENEWING, now);
	if (now >= c->lease.t2_ns)
		c->state = DHCP_REBINDING;
	renew(c, now);
}

void dhcp_fire(struct dhcp_client *c, uint64_t now_ns)
{
	if (now_ns < c->at_ns)
		return;
	c->at_ns = NEVER;
	switch (c->state) {
	case DHCP_INIT:
	case DHCP_DECLINED:
		enter(c, DHCP_SELECTING, now_ns);
		discover(c, now_ns);
		break;
	case DHCP_SELECTING:
		discover(c, now_ns);
		break;
	case DHCP_REQUESTING:
	case DHCP_REBOOTING:
		if (c->tries < c->conf.request_tries) {
			request(c, now_ns);
			break;
		}
		/* RFC 2131 3.2: who heard nothing may use what is left of the lease. */
		if (c->state == DHCP_REBOOTING && c->configured) {
			c->state = DHCP_BOUND;
			c->at_ns = c->lease.infinite ? NEVER : c->lease.t1_ns;
			break;
		}
		give_up(c, "no server answers");
		restart(c, 0, now_ns);
		break;
	case DHCP_BOUND:
	case DHCP_RENEWING:
	case DHCP_REBINDING:
		extend(c, now_ns);
		break;
	case DHCP_INFORMING:
		inform(c, now_ns);
		break;
	case DHCP_STOPPED:
	case DHCP_CHECKING:
	case DHCP_INFORMED:
		break;
	}
}

/* ---- answers -------------------------------------------------------------------------------- */

/* The mask of the address's class, when the server told none (RFC 950). */
static uint8_t class_prefix(uint32_t ip)
{
	return ip >> 31 == 0 ? 8 : ip >> 30 == 2 ? 16 : 24;
}

static struct dhcp_lease lease_of(const struct dhcp_client *c, const struct dhcp_reply *r)
{
	struct dhcp_lease l = { .ip = r->yiaddr, .server = r->server, .mtu = r->mtu,
				.prefix = r->prefix ? r->prefix : class_prefix(r->yiaddr),
				.infinite = r->lease_s == UINT32_MAX, .routers = r->routers,
				.dns = r->dns, .ntp = r->ntp };
	uint32_t t1 = r->t1_s, t2 = r->t2_s;

	if (t2 < DHCP_LEASE_MIN_S / 2 || t2 >= r->lease_s)
		t2 = r->lease_s - r->lease_s / 8;
	if (t1 < DHCP_LEASE_MIN_S / 4 || t1 >= t2)
		t1 = r->lease_s / 2 < t2 ? r->lease_s / 2 : t2 / 2;
	l.t1_ns = c->asked_ns + t1 * NS_PER_S;
	l.t2_ns = c->asked_ns + t2 * NS_PER_S;
	l.end_ns = c->asked_ns + r->lease_s * NS_PER_S;
	if (c->conf.classless_routes && r->has_routes) {
		memcpy(l.route, r->route, sizeof(l.route));
		l.nroutes = r->nroutes;
		l.routers.n = 0; /* RFC 3442: then the routers are not looked at */
	}
	memcpy(l.hostname, r->hostname, sizeof(l.hostname));
	memcpy(l.domain, r->domain, sizeof(l.domain));
	return l;
}

static void bind(struct dhcp_client *c)
{
	struct dhcp_lease old = c->lease;

	c->lease = lease_of(c, &c->offer);
	c->ops->bound(c->ctx, &c->lease, c->configured ? &old : NULL);
	c->configured = true;
	c->state = DHCP_BOUND;
	c->at_ns = c->lease.infinite ? NEVER : c->lease.t1_ns;
}

/* May this ACK give us its address? */
static bool acceptable(const struct dhcp_client *c, const struct dhcp_reply *r)
{
	if (!r->server || !r->has_lease || r->lease_s < DHCP_LEASE_MIN_S || !dhcp_ip_usable(r->yiaddr))
		return false;
	if (c->state == DHCP_REQUESTING)
		return r->server == c->offer.server && r->yiaddr == c->offer.yiaddr;
	return c->state != DHCP_RENEWING || r->server == c->lease.server;
}

static void acknowledged(struct dhcp_client *c, const struct dhcp_reply *r)
{
	bool same = c->configured && r->yiaddr == c->lease.ip;

	c->offer = *r;
	if (same) {
		bind(c);
		return;
	}
	/* RFC 2131 3.1 (5): another address than we have is looked for on the link first. */
	if (c->configured)
		give_up(c, "the server gives another address");
	c->state = DHCP_CHECKING;
	c->at_ns = NEVER;
	c->ops->check(c->ctx, r->yiaddr);
}

static void refused(struct dhcp_client *c, const struct dhcp_reply *r, uint64_t now)
{
	if (c->state == DHCP_REQUESTING && r->server != c->offer.server)
		return;
	if (c->state == DHCP_RENEWING && r->server != c->lease.server)
		return;
	c->counts.naks++;
	give_up(c, "the server refuses it");
	restart(c, 0, now);
}

static void informed(struct dhcp_client *c, const struct dhcp_reply *r)
{
	struct dhcp_reply all = *r;
	uint32_t ip = c->lease.ip;

	all.yiaddr = ip;
	c->lease = lease_of(c, &all);
	c->lease.infinite = true;
	c->ops->bound(c->ctx, &c->lease, NULL);
	c->state = DHCP_INFORMED;
	c->at_ns = NEVER;
}

static bool asked_for_it(const struct dhcp_client *c)
{
	return c->state == DHCP_REQUESTING || c->state == DHCP_REBOOTING ||
	       c->state == DHCP_RENEWING || c->state == DHCP_REBINDING;
}

void dhcp_receive(struct dhcp_client *c, const uint8_t *bytes, size_t len, uint64_t now_ns)
{
	struct dhcp_reply r;
	enum dhcp_verdict v = dhcp_msg_read(bytes, len, c->conf.mac, &c->conf.id, &r);

	c->counts.received++;
	if (v == DHCP_BAD_LENGTH || v == DHCP_BAD_HEADER || v == DHCP_BAD_TYPE) {
		c->counts.bad++;
		return;
	}
	if (v == DHCP_NOT_OURS || r.xid != c->xid) {
		c->counts.foreign++;
		return;
	}
	if (r.type == DHCP_OFFER && c->state == DHCP_SELECTING && r.server &&
	    dhcp_ip_usable(r.yiaddr)) {
		c->offer = r;
		c->state = DHCP_REQUESTING;
		c->tries = 0;
		request(c, now_ns);
	} else if (r.type == DHCP_ACK && c->state == DHCP_INFORMING) {
		informed(c, &r);
	} else if (r.type == DHCP_ACK && asked_for_it(c) && acceptable(c, &r)) {
		acknowledged(c, &r);
	} else if (r.type == DHCP_NAK && asked_for_it(c) && r.server) {
		refused(c, &r, now_ns);
	}
}

void dhcp_checked(struct dhcp_client *c, bool taken, uint64_t now_ns)
{
	if (c->state != DHCP_CHECKING)
		return;
	if (taken)
		decline(c, c->offer.yiaddr, c->offer.server, now_ns);
	else
		bind(c);
}

void dhcp_conflict(struct dhcp_client *c, uint64_t now_ns)
{
	uint32_t ip = c->lease.ip, server = c->lease.server;

	if (!c->configured)
		return;
	give_up(c, "another host has the address");
	decline(c, ip, server, now_ns);
}
