/* SPDX-License-Identifier: BSD-2-Clause */
/* SOL_SOCKET's plain values, as tables: switches, numbers with bounds, times. Called by the
 * protocols' setsockopt. */
#include "base/sockopts.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/list.h"
#include "phantom/phantom.h"

static const struct { /* any int but 0 switches it on */
	int name;
	uint32_t bit;
} switches[] = {
	{ PH_SO_DEBUG, SOCKOPT_DEBUG },
	{ PH_SO_DONTROUTE, SOCKOPT_DONTROUTE },
	{ PH_SO_BROADCAST, SOCKOPT_BROADCAST },
	{ PH_SO_NO_CHECK, SOCKOPT_NO_CHECK },
	{ PH_SO_RXQ_OVFL, SOCKOPT_RXQ_OVFL },
	{ PH_SO_WIFI_STATUS, SOCKOPT_WIFI_STATUS },
	{ PH_SO_NOFCS, SOCKOPT_NOFCS },
	{ PH_SO_SELECT_ERR_QUEUE, SOCKOPT_SELECT_ERR_QUEUE },
	{ PH_SO_PREFER_BUSY_POLL, SOCKOPT_PREFER_BUSY_POLL },
	{ PH_SO_RCVMARK, SOCKOPT_RCVMARK },
	{ PH_SO_RCVPRIORITY, SOCKOPT_RCVPRIORITY },
};

#define FIELD(f) offsetof(struct sockopts, f)

static const struct { /* an int within bounds, else EINVAL */
	int name;
	size_t at;
	int32_t min, max;
} numbers[] = {
	{ PH_SO_MARK, FIELD(mark), INT32_MIN, INT32_MAX },
	{ PH_SO_PRIORITY, FIELD(priority), INT32_MIN, INT32_MAX },
	{ PH_SO_PEEK_OFF, FIELD(peek_off), INT32_MIN, INT32_MAX },
	{ PH_SO_BUSY_POLL, FIELD(busy_poll_us), 0, INT32_MAX },
	{ PH_SO_BUSY_POLL_BUDGET, FIELD(busy_poll_budget), 0, UINT16_MAX },
	{ PH_SO_INCOMING_CPU, FIELD(incoming_cpu), INT32_MIN, INT32_MAX },
};

/* struct timeval, and struct timespec with nanoseconds, of 64-bit Linux. */
struct two_longs {
	int64_t sec, part;
};

void sockopts_init(struct sockopts *o)
{
	*o = (struct sockopts){ .peek_off = -1, .incoming_cpu = -1, .txrehash = -1 };
}

int sockopts_int(const void *value, uint32_t len, int32_t *v)
{
	if (len < sizeof(*v))
		return -EINVAL;
	memcpy(v, value, sizeof(*v));
	return 0;
}

static void set_bit(struct sockopts *o, uint32_t bit, bool on)
{
	o->flags = on ? o->flags | bit : o->flags & ~bit;
}

/* Linux: a negative time is none, microseconds out of range are EDOM. */
static int set_time(uint64_t *us, const void *value, uint32_t len)
{
	struct two_longs tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.part < 0 || tv.part >= 1000000)
		return -EDOM;
	if (tv.sec < 0 || tv.sec > INT64_MAX / 1000000 - 1)
		*us = 0;
	else
		*us = (uint64_t)tv.sec * 1000000 + (uint64_t)tv.part;
	return 0;
}

/* An int, or struct so_timestamping { flags, bind_phc }. */
static int set_timestamping(struct sockopts *o, const void *value, uint32_t len)
{
	int32_t v[2] = { 0, 0 };
	uint32_t flags;

	if (len != sizeof(v[0]) && len != sizeof(v))
		return -EINVAL;
	memcpy(v, value, len);
	flags = (uint32_t)v[0];
	if (flags & ~(uint32_t)PH_SOF_TIMESTAMPING_MASK)
		return -EINVAL;
	if ((flags & PH_SOF_TIMESTAMPING_OPT_ID_TCP) && !(flags & PH_SOF_TIMESTAMPING_OPT_ID))
		return -EINVAL;
	if ((flags & PH_SOF_TIMESTAMPING_OPT_STATS) && !(flags & PH_SOF_TIMESTAMPING_OPT_TSONLY))
		return -EINVAL;
	if (flags & PH_SOF_TIMESTAMPING_BIND_PHC)
		return -ENODEV; /* no device here has a clock */
	o->tsflags = flags;
	o->bind_phc = v[1];
	return 0;
}

static int set_one(struct sockopts *o, int name, int32_t v)
{
	switch (name) {
	case PH_SO_BSDCOMPAT:
	case PH_SO_CNX_ADVICE:
		return 0;
	case PH_SO_TIMESTAMP:
	case PH_SO_TIMESTAMP_NEW:
		set_bit(o, SOCKOPT_TIMESTAMPNS, false);
		set_bit(o, SOCKOPT_TIMESTAMP, v != 0);
		return 0;
	case PH_SO_TIMESTAMPNS:
	case PH_SO_TIMESTAMPNS_NEW:
		set_bit(o, SOCKOPT_TIMESTAMP, false);
		set_bit(o, SOCKOPT_TIMESTAMPNS, v != 0);
		return 0;
	case PH_SO_ZEROCOPY:
		if (v != 0 && v != 1)
			return -EINVAL;
		set_bit(o, SOCKOPT_ZEROCOPY, v != 0);
		return 0;
	case PH_SO_TXREHASH:
		if (v < -1 || v > 1)
			return -EINVAL;
		o->txrehash = (int8_t)v;
		return 0;
	case PH_SO_PASSCRED:
	case PH_SO_PASSSEC:
	case PH_SO_PASSPIDFD:
	case PH_SO_PASSRIGHTS:
	case PH_SO_RESERVE_MEM:
		return v < 0 && name == PH_SO_RESERVE_MEM ? -EINVAL : -EOPNOTSUPP;
	default:
		return SOCKOPTS_OTHER;
	}
}

int sockopts_set(struct sockopts *o, int name, const void *value, uint32_t len)
{
	int32_t v;
	int err;

	if (name == PH_SO_RCVTIMEO || name == PH_SO_RCVTIMEO_NEW)
		return set_time(&o->rcvtimeo_us, value, len);
	if (name == PH_SO_SNDTIMEO || name == PH_SO_SNDTIMEO_NEW)
		return set_time(&o->sndtimeo_us, value, len);
	if (name == PH_SO_TIMESTAMPING || name == PH_SO_TIMESTAMPING_NEW)
		return set_timestamping(o, value, len);
	err = sockopts_int(value, len, &v);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		if (switches[i].name == name) {
			set_bit(o, switches[i].bit, v != 0);
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (numbers[i].name != name)
			continue;
		if (v < numbers[i].min || v > numbers[i].max)
			return -EINVAL;
		memcpy((uint8_t *)o + numbers[i].at, &v, sizeof(v));
		return 0;
	}
	return set_one(o, name, v);
}

static int put(uint8_t out[SOCKOPTS_MAX], const void *from, size_t n)
{
	memcpy(out, from, n);
	return (int)n;
}

static int put_int(uint8_t out[SOCKOPTS_MAX], int32_t v)
{
	return put(out, &v, sizeof(v));
}

static int put_time(uint8_t out[SOCKOPTS_MAX], uint64_t us)
{
	struct two_longs tv = { (int64_t)(us / 1000000), (int64_t)(us % 1000000) };

	return put(out, &tv, sizeof(tv));
}

static int get_one(const struct sockopts *o, int name, uint8_t out[SOCKOPTS_MAX])
{
	int32_t ts[2] = { (int32_t)o->tsflags, o->bind_phc };

	switch (name) {
	case PH_SO_BSDCOMPAT:
	case PH_SO_INCOMING_NAPI_ID:
	case PH_SO_RESERVE_MEM:
		return put_int(out, 0);
	case PH_SO_SNDLOWAT:
		return put_int(out, 1);
	case PH_SO_TIMESTAMP:
	case PH_SO_TIMESTAMP_NEW:
		return put_int(out, (o->flags & SOCKOPT_TIMESTAMP) != 0);
	case PH_SO_TIMESTAMPNS:
	case PH_SO_TIMESTAMPNS_NEW:
		return put_int(out, (o->flags & SOCKOPT_TIMESTAMPNS) != 0);
	case PH_SO_ZEROCOPY:
		return put_int(out, (o->flags & SOCKOPT_ZEROCOPY) != 0);
	case PH_SO_TXREHASH:
		return put_int(out, o->txrehash != 0); /* the default is on */
	case PH_SO_RCVTIMEO:
	case PH_SO_RCVTIMEO_NEW:
		return put_time(out, o->rcvtimeo_us);
	case PH_SO_SNDTIMEO:
	case PH_SO_SNDTIMEO_NEW:
		return put_time(out, o->sndtimeo_us);
	case PH_SO_TIMESTAMPING:
	case PH_SO_TIMESTAMPING_NEW:
		return put(out, ts, sizeof(ts));
	case PH_SO_PASSCRED:
	case PH_SO_PASSSEC:
	case PH_SO_PASSPIDFD:
	case PH_SO_PASSRIGHTS:
		return -EOPNOTSUPP; /* of UNIX sockets */
	default:
		return SOCKOPTS_NONE;
	}
}

int sockopts_get(const struct sockopts *o, int name, uint8_t out[SOCKOPTS_MAX])
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (switches[i].name == name)
			return put_int(out, (o->flags & switches[i].bit) != 0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (numbers[i].name == name && name != PH_SO_BUSY_POLL_BUDGET)
			return put(out, (const uint8_t *)o + numbers[i].at, sizeof(int32_t));
	return get_one(o, name, out);
}

int sockopts_give(void *value, uint32_t *len, const void *from, uint32_t n)
{
	if (*len > n)
		*len = n;
	memcpy(value, from, *len);
	return 0;
}
