/* SPDX-License-Identifier: BSD-2-Clause */
/* See lease.h. The file is JSON: {"ip", "prefix", "server", "expires" (since 1970; null: never),
 * "duid" (hexadecimal)}; who is told nothing of a lease finds "duid" alone. */
#define _GNU_SOURCE 1
#include "host/lease.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/client.h"
#include "host/setup.h"
#include "host/tap.h"
#include "host/text.h"

enum {
	SAID_MAX = 66, /* addresses that are remembered as told of */
	DUID_MAX = 59
};

/* Of one device. */
struct kept {
	uint8_t duid[DUID_MAX];
	size_t duid_len;
	struct ph_ip known; /* of the file; then what is in it now */
	uint64_t expires;   /* seconds since 1970; UINT64_MAX: never */
	bool in_file, had;
};

struct lease {
	uint32_t changes; /* ph_net_changes() when we looked last */
	bool looked, routes_done, client_done;
	struct ph_addr_info said[SAID_MAX];
	size_t nsaid;
	struct kept kept[OPT_LINKS_MAX]; /* of host.devs */
};

bool lease_dynamic(const struct options *o)
{
	for (size_t i = 0; i < o->nlinks; i++)
		if (o->links[i].addr_from != OPT_ADDR_GIVEN || o->links[i].acd != OPT_ACD_OFF)
			return true;
	return false;
}

static struct kept *kept_of(const struct host *h, const struct device *d)
{
	return &h->lease->kept[d - h->devs];
}

static uint64_t wall_s(const struct host *h)
{
	return (h->wall_ns + h->now_ns) / 1000000000u;
}

/* ---- the file ----------------------------------------------------------------------------- */

static size_t hex_read(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;
	unsigned byte;

	while (text && text[0] && text[1] && n < cap && sscanf(text, "%2x", &byte) == 1) {
		out[n++] = (uint8_t)byte;
		text += 2;
	}
	return text && !text[0] ? n : 0;
}

static bool file_take(struct kept *l, const json_t *o)
{
	const json_t *expires = json_object_get(o, "expires");
	const char *ip = json_string_value(json_object_get(o, "ip"));

	l->duid_len = hex_read(json_string_value(json_object_get(o, "duid")), l->duid, DUID_MAX);
	if (!ip)
		return l->duid_len > 0;
	if (!text_ip(ip, &l->known) || !ph_ip_is4(&l->known) ||
	    (!json_is_integer(expires) && !json_is_null(expires)))
		return false;
	l->expires = json_is_null(expires) ? UINT64_MAX : (uint64_t)json_integer_value(expires);
	l->in_file = true;
	return l->duid_len > 0;
}

/* A file that is not there is a first start; one that is wrong is said, and begun anew. */
static void file_read(struct kept *l, const char *path)
{
	json_error_t where;
	json_t *o;

	if (access(path, F_OK) != 0)
		return;
	o = json_load_file(path, 0, &where);
	if (!o || !file_take(l, o)) {
		fprintf(stderr, "phantom: --lease %s: %s; begun anew\n", path,
			o ? "its lease is none" : where.text);
		l->in_file = false;
		l->duid_len = 0;
	}
	json_decref(o);
}

static json_t *file_words(const struct kept *l, const struct ph_dhcp_info *i)
{
	char hex[2 * DUID_MAX + 1] = "", ip[TEXT_IP], server[TEXT_IP];
	json_t *o = json_object();

	for (size_t k = 0; k < l->duid_len; k++)
		snprintf(hex + 2 * k, 3, "%02x", l->duid[k]);
	json_object_set_new(o, "duid", json_string(hex));
	if (!i)
		return o;
	json_object_set_new(o, "ip", json_string(text_from_ip(ip, &i->ip)));
	json_object_set_new(o, "prefix", json_integer((json_int_t)i->prefix));
	json_object_set_new(o, "server", json_string(text_from_ip(server, &i->server)));
	json_object_set_new(o, "expires",
			    l->expires == UINT64_MAX ? json_null()
						     : json_integer((json_int_t)l->expires));
	return o;
}

/* Whole or not at all, whenever the machine stops; `i` NULL: no lease. */
static void file_write(const struct kept *l, const char *path, const struct ph_dhcp_info *i)
{
	char temporary[4096];
	json_t *o = file_words(l, i);
	int n = snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *f = n > 0 && (size_t)n < sizeof(temporary) ? fopen(temporary, "we") : NULL;
	bool good = f && json_dumpf(o, f, JSON_INDENT(2)) == 0 && fputc('\n', f) != EOF &&
		    fflush(f) == 0 && fsync(fileno(f)) == 0;

	if (f && fclose(f) != 0)
		good = false;
	if (!good || rename(temporary, path) != 0)
		fprintf(stderr, "phantom: --lease %s: not written: %s\n", path,
			strerror(errno));
	json_decref(o);
}

/* ---- the beginning ------------------------------------------------------------------------ */

/* RFC 8415 11.5: who we are does not change with the hardware, once there is a file to keep it. */
static void duid_make(const struct host *h, struct kept *l, const char *path)
{
	l->duid[0] = 0;
	l->duid[1] = 4;
	if (h->opt->has_key)
		memcpy(l->duid + 2, h->opt->key + 16, 16);
	else if (getrandom(l->duid + 2, 16, 0) != 16)
		return;
	l->duid_len = 18;
	file_write(l, path, NULL);
}

static int dhcp_failed(int rc, char *err, size_t cap)
{
	if (rc == -EOPNOTSUPP)
		return text_error(err, cap, "--addr: this link has no Ethernet; write --addr A/L");
	return text_error(err, cap, "--addr: refused: %s", strerror(-rc));
}

static int open_device(struct host *h, const struct device *d, char *err, size_t cap)
{
	const struct opt_link *o = d->opt;
	struct kept *l = kept_of(h, d);
	struct ph_dhcp_conf conf = { .hostname = o->hostname,
				     .classless_routes = o->dhcp_routes,
				     .use_mtu = o->dhcp_mtu,
				     .link_local = o->addr_from == OPT_ADDR_AUTO,
				     .wait_ms = o->dhcp_wait_ms };
	int rc = 0;

	if (o->lease) {
		file_read(l, o->lease);
		if (l->duid_len == 0)
			duid_make(h, l, o->lease);
		conf.duid = l->duid_len ? l->duid : NULL;
		conf.duid_len = l->duid_len;
	}
	if (l->in_file && l->expires > wall_s(h)) {
		uint64_t left = l->expires - wall_s(h);

		conf.known = l->known;
		conf.known_s = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
	}
	if (o->addr_from == OPT_ADDR_DHCP || o->addr_from == OPT_ADDR_AUTO)
		rc = ph_dhcp_start(h->st, d->link, &conf, h->now_ns);
	else if (o->addr_from == OPT_ADDR_LINK_LOCAL)
		rc = ph_linklocal_start(h->st, d->link, h->now_ns);
	return rc < 0 ? dhcp_failed(rc, err, cap) : 0;
}

int lease_open(struct host *h, char *err, size_t cap)
{
	const struct options *o = h->opt;
	struct lease *l;
	int rc = 0;

	if (!lease_dynamic(o))
		return 0;
	l = h->lease = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->routes_done = o->nroutes == 0;
	l->client_done = !o->connect && !o->connect_udp;
	for (size_t i = 0; i < h->ndevs && rc == 0; i++)
		rc = open_device(h, &h->devs[i], err, cap);
	return rc;
}

/* ---- what changed ------------------------------------------------------------------------- */

static bool among(const struct ph_addr_info *list, size_t n, const struct ph_ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&list[i].ip, ip, sizeof(*ip)) == 0)
			return true;
	return false;
}

static void say(const struct ph_addr_info *a, const char *what)
{
	char ip[TEXT_IP];

	fprintf(stderr, "phantom: address %s/%u%s\n", text_from_ip(ip, &a->ip), a->prefix, what);
}

/* IPv4's: the others tell of themselves by their neighbours' words. */
static void say_addresses(struct lease *l, const struct ph_addr_info *addrs, size_t n)
{
	struct ph_addr_info now[SAID_MAX];
	size_t k = 0;

	for (size_t i = 0; i < n && k < SAID_MAX; i++)
		if (ph_ip_is4(&addrs[i].ip) && addrs[i].link != PH_LINK_LO)
			now[k++] = addrs[i];
	for (size_t i = 0; i < l->nsaid; i++)
		if (!among(now, k, &l->said[i].ip))
			say(&l->said[i], " is gone");
	for (size_t i = 0; i < k; i++)
		if (!among(l->said, l->nsaid, &now[i].ip))
			say(&now[i], "");
	memcpy(l->said, now, k * sizeof(now[0]));
	l->nsaid = k;
}

static void keep(struct host *h, const struct device *d)
{
	struct kept *l = kept_of(h, d);
	struct ph_dhcp_info i;
	uint64_t expires;

	if (!d->opt->lease || ph_dhcp_info(h->st, d->link, &i) != 0)
		return;
	if (i.prefix == 0) { /* none */
		if (l->had) {
			l->in_file = l->had = false;
			file_write(l, d->opt->lease, NULL);
		}
		return;
	}
	expires = i.expire_s == UINT32_MAX ? UINT64_MAX : wall_s(h) + i.expire_s;
	l->had = true;
	if (l->in_file && memcmp(&l->known, &i.ip, sizeof(i.ip)) == 0 &&
	    (expires == l->expires || (expires > l->expires ? expires - l->expires
							    : l->expires - expires) < 2))
		return;
	l->in_file = true;
	l->known = i.ip;
	l->expires = expires;
	file_write(l, d->opt->lease, &i);
}

static void open_client(struct host *h, const struct ph_addr_info *addrs, size_t n)
{
	bool v4 = h->opt->peer.family == PH_AF_INET, can = false;
	char err[OPT_ERROR] = "";

	for (size_t i = 0; i < n; i++)
		can = can || (ph_ip_is4(&addrs[i].ip) == v4 && addrs[i].link != PH_LINK_LO &&
			      !(addrs[i].flags & PH_ADDR_TENTATIVE));
	if (!can)
		return;
	h->lease->client_done = true;
	if (client_open(h, err, sizeof(err)) < 0) {
		fprintf(stderr, "phantom: %s\n", err);
		host_stop(h, 1);
	}
}

void lease_turn(struct host *h)
{
	struct lease *l = h->lease;
	struct ph_addr_info addrs[SAID_MAX];
	char err[OPT_ERROR];
	uint32_t changes;
	size_t n;

	if (!l || h->phase != HOST_SERVING)
		return;
	changes = ph_net_changes(h->st);
	if (l->looked && changes == l->changes)
		return;
	l->looked = true;
	l->changes = changes;
	n = ph_addrs(h->st, addrs, SAID_MAX);
	n = n < SAID_MAX ? n : SAID_MAX;
	say_addresses(l, addrs, n);
	for (size_t i = 0; i < h->ndevs; i++)
		keep(h, &h->devs[i]);
	if (!l->routes_done)
		l->routes_done = setup_routes(h, err, sizeof(err)) == 0;
	if (!l->client_done)
		open_client(h, addrs, n);
}

void lease_close(struct host *h)
{
	if (!h->lease)
		return;
	for (size_t i = 0; i < h->ndevs; i++) {
		const struct device *d = &h->devs[i];

		(void)ph_dhcp_stop(h->st, d->link, !d->opt->lease, h->now_ns);
		(void)ph_linklocal_stop(h->st, d->link, h->now_ns);
	}
}

void lease_free(struct host *h)
{
	free(h->lease);
	h->lease = NULL;
}
