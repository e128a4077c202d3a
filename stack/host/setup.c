/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a stack with a network. See setup.h. */
#define _GNU_SOURCE 1
#include "host/setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>

#include "host/fnv.h"
#include "host/lease.h"
#include "host/options.h"
#include "host/pcap.h"
#include "host/tap.h"
#include "host/text.h"
#include "host/trace.h"

/*
 * packet_dropped's fields, wherever trace.def puts them, become the comment of the captured
 * frame.
 */
static void note_drop(struct pcap *p, const struct ph_trace_event *event)
{
	const struct ph_trace_type *type = event->type;
	const char *reason = "", *text = "";
	uint64_t len = 0;

	if (strcmp(type->name, "packet_dropped") != 0)
		return;
	for (unsigned i = 0; i < type->nfields; i++) {
		const char *name = type->fields[i].name;

		if (strcmp(name, "reason") == 0)
			reason = event->values[i].str;
		else if (strcmp(name, "text") == 0)
			text = event->values[i].str;
		else if (strcmp(name, "len") == 0)
			len = event->values[i].u64;
	}
	pcap_note(p, reason, text, len);
}

static void sink(void *arg, const struct ph_trace_event *event)
{
	struct host *h = arg;

	if (h->tracer)
		tracer_event(h->tracer, event, h->wall_ns);
	if (h->pcap)
		note_drop(h->pcap, event);
}

/* The row of a name, or NULL; *near is then a row whose last part is the same, if there is one. */
static const struct ph_sysctl_info *sysctl_row(const char *name, const struct ph_sysctl_info **near)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot ? dot + 1 : name;
	const struct ph_sysctl_info *row;

	*near = NULL;
	for (size_t i = 0; (row = ph_sysctl_row(i)); i++) {
		const char *row_dot = strrchr(row->name, '.');

		if (strcmp(row->name, name) == 0)
			return row;
		if (row_dot && strcmp(row_dot + 1, last) == 0)
			*near = row;
	}
	return NULL;
}

static int set_sysctl(struct host *h, const struct opt_sysctl *s, char *err, size_t cap)
{
	const struct ph_sysctl_info *near;
	const struct ph_sysctl_info *row;
	int rc = ph_sysctl_set(h->st, s->name, s->value);

	if (rc == 0)
		return 0;
	row = sysctl_row(s->name, &near);
	if (!row && near)
		return text_error(err, cap, "--sysctl %s: no such sysctl; %s is one", s->name,
				  near->name);
	if (!row)
		return text_error(err, cap,
				  "--sysctl %s: no such sysctl; phantom --list-sysctls shows them",
				  s->name);
	if (rc == -EPERM)
		return text_error(err, cap, "--sysctl %s: can only be read", s->name);
	if (row->words)
		return text_error(err, cap, "--sysctl %s=%s: write %s of: %s", s->name, s->value,
				  row->max == 1 ? "one" : "some", row->words);
	return text_error(err, cap, "--sysctl %s=%s: write %s of %" PRId64 " to %" PRId64, s->name,
			  s->value, row->nvalues == 3   ? "three numbers, each"
					 : row->nvalues == 2 ? "two numbers, each"
							     : "a number",
			  row->min, row->max);
}

/* From the loop's monotonic clock to the time of day. */
static uint64_t wall_offset(uint64_t now_ns)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec - now_ns;
}

int setup_stack(struct host *h, char *err, size_t cap)
{
	struct ph_conf conf = h->opt->limits;

	memory_init(&h->memory);
	conf.alloc = memory_take;
	conf.release = memory_give;
	conf.mem_arg = &h->memory;
	conf.now_ns = h->now_ns;
	conf.wall_offset_ns = wall_offset(h->now_ns);
	memcpy(conf.key, h->opt->key, sizeof(conf.key));
	memcpy(conf.stable_secret, h->opt->stable_secret, sizeof(conf.stable_secret));
	if (!h->opt->has_key &&
	    getrandom(conf.key, sizeof(conf.key), 0) != (ssize_t)sizeof(conf.key)) {
		(void)text_error(err, cap, "getrandom: %s", strerror(errno));
		return -EIO;
	}
	memcpy(&h->random, conf.key + 8, sizeof(h->random));
	if (h->opt->trace || h->opt->pcap) {
		conf.trace = sink;
		conf.trace_arg = h;
	}
	h->st = ph_stack_new(&conf);
	if (!h->st) {
		(void)text_error(err, cap, "no memory for the stack%s",
				 conf.mem_limit ? "; --limit memory is too small" : "");
		return conf.mem_limit ? -EINVAL : -ENOMEM;
	}
	for (size_t i = 0; i < h->opt->nsysctls; i++) {
		int rc = set_sysctl(h, &h->opt->sysctls[i], err, cap);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A locally administered address, the same for the same device name and first address. */
static void make_mac(uint8_t mac[6], const char *name, const struct ph_ip *ip)
{
	struct fnv f;

	fnv_init(&f);
	fnv_add(&f, name, strlen(name));
	fnv_add(&f, ip->b, sizeof(ip->b));
	mac[0] = 0x02;
	for (unsigned i = 1; i < 6; i++)
		mac[i] = (uint8_t)(f.h >> (8 * i));
}

int setup_link(struct host *h, struct device *d, char *err, size_t cap)
{
	const struct opt_link *o = d->opt;
	struct ph_link_conf conf = { .name = d->name, .kind = d->kind, .offload = d->offload };

	if (o->gro)
		conf.offload |= PH_OFFLOAD_GRO;
	conf.mtu = o->mtu ? o->mtu : d->mtu ? d->mtu : 1500;
	if (o->has_mac)
		memcpy(conf.mac, o->mac, sizeof(conf.mac));
	else
		make_mac(conf.mac, d->name, &o->addrs[0].ip);
	d->link = ph_link_add(h->st, &conf, h->now_ns);
	if (d->link < 0) {
		(void)text_error(err, cap, "%s: the stack refuses this link: %s", d->name,
				 strerror(-d->link));
		return d->link == -ENOMEM ? -ENOMEM : -EINVAL;
	}
	if (d->number == 0)
		h->link = d->link;
	return 0;
}

static int addr_failed(const struct opt_addr *a, int rc, char *err, size_t cap)
{
	char ip[TEXT_IP];

	(void)text_from_ip(ip, &a->ip);
	if (rc == -EEXIST)
		return text_error(err, cap, "--addr %s/%u: given twice; leave one out", ip,
				  a->prefix);
	if (rc == -EADDRNOTAVAIL)
		return text_error(err, cap,
				  "--addr %s/%u: not an address for a host; write a unicast one "
				  "that is not its network's first or last, like 10.0.0.2/24",
				  ip, a->prefix);
	return text_error(err, cap, "--addr %s/%u: refused: %s", ip, a->prefix, strerror(-rc));
}

static int route_failed(const struct opt_route *r, int rc, char *err, size_t cap)
{
	if (rc == -EEXIST)
		return text_error(err, cap,
				  "route %s: there is one to this destination already; leave one "
				  "out, or write --route with another ,metric=N",
				  r->text);
	if (rc == -ENETUNREACH || rc == -EHOSTUNREACH)
		return text_error(err, cap,
				  "route %s: its gateway is on no network of ours; name a host "
				  "inside an --addr's prefix",
				  r->text);
	return text_error(err, cap,
			  "route %s: refused: %s; write D/L,via=A with no bits of D behind L",
			  r->text, strerror(-rc));
}

static int start_ipv6(struct host *h, const struct device *d, char *err, size_t cap)
{
	bool slaac = d->opt->ipv6 == OPT_IPV6_SLAAC;
	int rc;

	if (!options_link_ipv6(d->opt))
		return 0;
	rc = ph_link_ipv6(h->st, d->link, slaac ? PH_IPV6_SLAAC : PH_IPV6_STATIC, h->now_ns);
	if (rc == -EINVAL)
		return text_error(err, cap, "--ipv6: the mtu is below 1280, which IPv6 needs");
	return rc;
}

static int add_addr(struct host *h, const struct device *d, const struct opt_addr *a)
{
	static const enum ph_acd_mode modes[] = { [OPT_ACD_DEFEND] = PH_ACD_DEFEND_ONCE,
						  [OPT_ACD_CEDE] = PH_ACD_CEDE,
						  [OPT_ACD_INSIST] = PH_ACD_DEFEND_ALWAYS };

	if (d->opt->acd == OPT_ACD_OFF || !ph_ip_is4(&a->ip))
		return ph_addr_add(h->st, d->link, &a->ip, a->prefix, h->now_ns);
	return ph_addr_claim(h->st, d->link, &a->ip, a->prefix, modes[d->opt->acd], h->now_ns);
}

int setup_routes(struct host *h, char *err, size_t cap)
{
	for (size_t i = 0; i < h->opt->nroutes; i++) {
		const struct opt_route *r = &h->opt->routes[i];
		int rc = ph_route_add(h->st, &r->dst, r->prefix,
				      r->has_gateway ? &r->gateway : NULL, h->devs[r->link].link,
				      r->metric, h->now_ns);

		/* Tried again when an address comes: what was right before is right now. */
		if (rc < 0 && !(rc == -EEXIST && h->lease))
			return route_failed(r, rc, err, cap);
	}
	return 0;
}

static int setup_device(struct host *h, struct device *d, char *err, size_t cap)
{
	const struct opt_link *o = d->opt;
	int rc = setup_link(h, d, err, cap);

	if (rc == 0)
		rc = start_ipv6(h, d, err, cap);
	for (size_t i = 0; rc == 0 && i < o->naddrs; i++) {
		rc = add_addr(h, d, &o->addrs[i]);
		if (rc < 0)
			return addr_failed(&o->addrs[i], rc, err, cap);
	}
	return rc;
}

int setup_network(struct host *h, char *err, size_t cap)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->ndevs; i++)
		rc = setup_device(h, &h->devs[i], err, cap);
	if (rc == 0)
		rc = lease_open(h, err, cap);
	if (rc == 0 && !h->lease)
		rc = setup_routes(h, err, cap);
	return rc;
}
