/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accurate ECN's counters. The receiver's part counts and tells; the sender's part turns an ACE
 * field of three bits into a number of marks, with the option's help where an acknowledgment covers
 * so many segments that the field may have gone round.
 */
#include "tcp/tcp_accecn.h"

#include "wire/tcp.h"

enum {
	ACE_INIT = 5,		   /* RFC 9768 3.2.1 */
	ACE_MASK = 7,
	ACE_PENDING_MAX = 2,	   /* marks of data before an ACK goes (RFC 9768 3.2.2.5.1, SHOULD) */
	BYTES_MASK = 0xffffff,
	BYTES_TELL = 1 << 22,	   /* a counter's option leaves at least so often */
	SENT_MAX = (1 << 23) - 1,  /* without an option in so many bytes, none is believed later */
	EWMA_ONE = 64,
	EWMA_WEIGHT = 64,
	EWMA_SEGS = 4,		   /* an average above: someone thins our ACKs */
	FIELD_LEN = 3
};

uint16_t tcp_accecn_reflect(uint8_t ip_ecn)
{
	static const uint16_t flags[] = { TCP_F_CWR, TCP_F_CWR | TCP_F_ECE, TCP_F_AE,
					  TCP_F_AE | TCP_F_CWR };

	return flags[ip_ecn & 3];
}

static uint32_t ace_of(uint16_t flags)
{
	return (flags & TCP_F_AE ? 4u : 0) | (flags & TCP_F_CWR ? 2u : 0) |
	       (flags & TCP_F_ECE ? 1u : 0);
}

bool tcp_accecn_field_of(uint16_t flags, uint8_t *ip_ecn)
{
	static const uint8_t fields[] = { 0xff, 0xff, IP_ECN_NOT, IP_ECN_ECT1, IP_ECN_ECT0,
					  0xff, IP_ECN_CE, 0xff };
	uint8_t f = fields[ace_of(flags)];

	if (f == 0xff)
		return false;
	*ip_ecn = f;
	return true;
}

bool tcp_accecn_told_field(struct tcp_accecn *a, uint16_t flags, bool check)
{
	uint8_t told;

	/* RFC 9768 3.2.2.3: Not-ECT left here; anything else was written on the way. */
	if (!check || !tcp_accecn_field_of(flags, &told) || told == IP_ECN_NOT)
		return true;
	a->fail |= TCP_ACCECN_FAIL_ACE_RECV;
	return false;
}

/* Fields that the option needs until this one is told: ECT(1), CE, ECT(0) is its order. */
static uint8_t fields_for(uint8_t ip_ecn)
{
	return ip_ecn == IP_ECN_ECT1 ? 1 : ip_ecn == IP_ECN_CE ? 2 : 3;
}

static void demand(struct tcp_accecn *a, uint8_t n)
{
	if (a->demand < n)
		a->demand = n & 3u;
}

static void count_bytes(struct tcp_accecn *a, uint8_t ip_ecn, uint32_t len)
{
	uint32_t *n = &a->received_bytes[ip_ecn - 1], before = *n;

	*n += len;
	if (a->fields < fields_for(ip_ecn))
		a->fields = fields_for(ip_ecn) & 3u;
	if ((*n ^ before) & ~(uint32_t)(BYTES_TELL - 1))
		demand(a, 1);
}

bool tcp_accecn_received(struct tcp_accecn *a, uint8_t ip_ecn, uint32_t len, uint32_t segs)
{
	bool edge = a->last_field != (ip_ecn & 3);

	if (ip_ecn == IP_ECN_CE) {
		a->received_ce += segs;
		a->ce_pending = (uint8_t)(segs < 15u - a->ce_pending ? a->ce_pending + segs : 15);
	}
	if (ip_ecn != IP_ECN_NOT && len)
		count_bytes(a, ip_ecn, len);
	/* RFC 9768 3.2.3.3: two, so that the second tells which it was that changed. */
	if (edge || ip_ecn == IP_ECN_CE)
		demand(a, 2);
	a->last_field = ip_ecn & 3u;
	return edge || a->ce_pending >= ACE_PENDING_MAX;
}

uint8_t tcp_accecn_send(struct tcp_accecn *a, uint16_t *flags)
{
	uint32_t ace = a->received_ce + ACE_INIT;

	if (!(*flags & (TCP_F_AE | TCP_F_CWR | TCP_F_ECE))) {
		*flags |= (uint16_t)((ace & 4 ? TCP_F_AE : 0) | (ace & 2 ? TCP_F_CWR : 0) |
				     (ace & 1 ? TCP_F_ECE : 0));
		a->ce_pending = 0;
	}
	return a->fail & TCP_ACCECN_FAIL_ACE_RECV ? IP_ECN_NOT : IP_ECN_ECT0;
}

/* ---- what the peer says */

void tcp_accecn_saw_option(struct tcp_accecn *a, const struct tcp_opts *o)
{
	if (!o->accecn || a->opt_seen >= TCP_ACCECN_COUNTER_SEEN)
		return;
	a->opt_seen = TCP_ACCECN_COUNTER_SEEN;
	if (o->naccecn == 0) {
		a->opt_seen = TCP_ACCECN_EMPTY_SEEN;
	} else if (o->accecn_bytes[0] == 0) { /* RFC 9768 3.2.3.2.4: wiped on the way */
		a->opt_seen = TCP_ACCECN_FAIL_SEEN;
		a->fail |= TCP_ACCECN_FAIL_OPT_RECV;
	}
}

/* Which ECN field the option's i-th counter is of. */
static uint8_t field_at(const struct tcp_opts *o, unsigned i)
{
	static const uint8_t order0[] = { IP_ECN_ECT0, IP_ECN_CE, IP_ECN_ECT1 };
	static const uint8_t order1[] = { IP_ECN_ECT1, IP_ECN_CE, IP_ECN_ECT0 };

	return o->accecn == TCP_OPT_ACCECN1 ? order1[i] : order0[i];
}

/* No option in this ACK: the bytes it acknowledges went as those before. False: unknown. */
static bool guess_bytes(struct tcp_accecn *a, const struct tcp_accecn_in *in)
{
	if (a->opt_seen == TCP_ACCECN_NOT_SEEN) {
		if (in->bytes_sent >= SENT_MAX) {
			a->opt_seen = TCP_ACCECN_FAIL_SEEN;
			a->fail |= TCP_ACCECN_FAIL_OPT_RECV;
		}
		return false;
	}
	if (!a->likely)
		return false;
	a->delivered_bytes[a->likely - 1] += in->bytes;
	return true;
}

/* Takes the byte counters. True: they account for the bytes acknowledged. */
static bool take_bytes(struct tcp_accecn *a, const struct tcp_accecn_in *in)
{
	bool sure = a->likely != 0, unclear = false, changed = false;
	const struct tcp_opts *o = in->opts;

	if (a->fail & TCP_ACCECN_FAIL_OPT_RECV)
		return false;
	if (!o->accecn)
		return guess_bytes(a, in);
	tcp_accecn_saw_option(a, o);
	for (unsigned i = 0; i < o->naccecn; i++) {
		uint8_t f = field_at(o, i);
		uint32_t *n = &a->delivered_bytes[f - 1];
		uint32_t now = o->accecn_bytes[i] - (f == IP_ECN_CE ? 0 : 1);
		uint32_t delta = (now - *n) & BYTES_MASK;

		if (delta == 0)
			continue;
		if (delta > BYTES_MASK / 2 || changed) {
			sure = false;
			unclear = true;
		}
		if (delta > BYTES_MASK / 2)
			continue; /* it went back: an option of another time */
		*n += delta;
		a->likely = f & 3u;
		changed = true;
	}
	if (unclear)
		a->likely = 0;
	return sure;
}

static void average(struct tcp_accecn *a, uint32_t segs)
{
	uint32_t ewma = a->acked_ewma;

	if (segs == 0)
		return;
	ewma = ewma ? (ewma * (EWMA_WEIGHT - 1) + segs * EWMA_ONE) / EWMA_WEIGHT : segs * EWMA_ONE;
	a->acked_ewma = (uint16_t)(ewma < UINT16_MAX ? ewma : UINT16_MAX);
}

/* The field may have gone round: `least` marks, or 8 more, or 16 ... up to `most`. What the CE
 * bytes say decides, if they can be trusted. */
static uint32_t gone_round(const struct tcp_accecn_in *in, uint32_t least, uint32_t most,
			   uint32_t ce_bytes)
{
	if (ce_bytes == 0)
		return least;
	if (in->segs >= 2 * (ACE_MASK + 1) && in->steady) {
		uint64_t likely;

		if (in->bytes <= ce_bytes)
			return most;
		likely = ((uint64_t)ce_bytes * in->segs + in->bytes - 1) / in->bytes;
		likely = least + (likely & ~(uint64_t)ACE_MASK);
		return likely < most ? (uint32_t)likely : most;
	}
	if (ce_bytes > (uint64_t)least * in->mss)
		return most;
	return ce_bytes < (uint64_t)most * in->mss / 2 ? least : most;
}

uint32_t tcp_accecn_ack(struct tcp_accecn *a, const struct tcp_accecn_in *in)
{
	uint32_t ce_before = a->delivered_bytes[IP_ECN_CE - 1], ce_bytes, least, most;
	bool sure;

	if ((a->fail & TCP_ACCECN_FAIL_ACE_RECV) || !in->progress)
		return 0;
	sure = take_bytes(a, in);
	if (in->syn)
		return 0;
	average(a, in->segs);
	ce_bytes = a->delivered_bytes[IP_ECN_CE - 1] - ce_before;
	least = (ace_of(in->flags) - ACE_INIT - in->told_ce) & ACE_MASK;
	if (in->segs <= ACE_MASK) {
		/* RFC 9768 3.2.3.2.5 (MUST): marked bytes in no marked packet; one of the two is
		 * rewritten. */
		if (ce_bytes && least == 0 && in->opts->accecn)
			a->fail |= TCP_ACCECN_FAIL_ACE_RECV;
		return least;
	}
	most = in->segs - ((in->segs - least) & ACE_MASK);
	if (sure)
		return gone_round(in, least, most, ce_bytes);
	/* RFC 9768 3.2.2.5.2 asks for the worst that is likely: where ACKs are thinned, few marks
	 * are likelier than many. */
	return a->acked_ewma > EWMA_SEGS * EWMA_ONE ? least : most;
}

void tcp_accecn_duplicate(struct tcp_accecn *a)
{
	/* The ACK that said so, with an option, did not get through: the option may be why
	 * (RFC 9768 3.2.3.2.3). */
	if (a->told_dup)
		a->fail |= TCP_ACCECN_FAIL_OPT_SEND;
}

/* ---- the option */

void tcp_accecn_refresh(struct tcp_accecn *a, int64_t option, int64_t beacon, uint64_t now_ns,
			uint32_t srtt_us)
{
	a->policy = (uint8_t)(option < TCP_ACCECN_OPT_ALWAYS ? option : TCP_ACCECN_OPT_ALWAYS) & 3u;
	a->beacon = beacon > 0 &&
		    (now_ns - a->opt_ns) / 1000 * (uint64_t)beacon >= srtt_us;
}

static bool wanted(const struct tcp_accecn *a)
{
	if (a->policy == TCP_ACCECN_OPT_NEVER || a->opt_seen == TCP_ACCECN_NOT_SEEN ||
	    (a->fail & TCP_ACCECN_FAIL_OPT_SEND))
		return false;
	return a->policy == TCP_ACCECN_OPT_ALWAYS || a->demand || a->beacon;
}

static uint32_t size(unsigned fields, unsigned nsack)
{
	uint32_t n = 2 + FIELD_LEN * fields + (nsack ? 2 + 8 * nsack : 0);

	return (n + 3) & ~3u;
}

/* RFC 9768 3.2.3.3: as many fields as fit, at least those with news; for them a third SACK block
 * may go. */
static bool fit(const struct tcp_accecn *a, uint32_t room, uint8_t *fields, uint8_t *nsack)
{
	uint8_t most = *nsack, least = most > 2 && a->fields ? 2 : most;

	for (uint8_t k = most; k >= least; k--) {
		for (int n = TCP_ACCECN_FIELDS; n >= (int)a->fields; n--) {
			if (size((unsigned)n, k) <= room) {
				*fields = (uint8_t)n;
				*nsack = k;
				return true;
			}
		}
		if (k == 0)
			break;
	}
	return false;
}

static void fill(struct tcp_opts *o, uint8_t fields, const uint32_t received[3])
{
	o->accecn = TCP_OPT_ACCECN1;
	o->naccecn = fields;
	for (unsigned i = 0; i < fields; i++) {
		uint8_t f = field_at(o, i);

		o->accecn_bytes[i] = (received[f - 1] + (f == IP_ECN_CE ? 0 : 1)) & BYTES_MASK;
	}
}

bool tcp_accecn_option(const struct tcp_accecn *a, uint32_t room, struct tcp_opts *o)
{
	uint8_t fields;

	if (!wanted(a) || !fit(a, room, &fields, &o->nsack))
		return false;
	fill(o, fields, a->received_bytes);
	return true;
}

void tcp_accecn_first_option(struct tcp_opts *o)
{
	static const uint32_t none[3];

	fill(o, TCP_ACCECN_FIELDS, none);
}

void tcp_accecn_option_sent(struct tcp_accecn *a, uint64_t now_ns, bool dup)
{
	if (a->demand)
		a->demand = (a->demand - 1) & 3u;
	a->fields = 0;
	a->opt_ns = now_ns;
	a->told_dup = dup;
}
