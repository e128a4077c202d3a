/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices, opened, added and removed. See devices.h. */
#include "host/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/carrier.h"
#include "host/loop.h"
#include "host/pcap.h"
#include "host/setup.h"
#include "host/tap.h"
#include "host/text.h"

struct device_added {
	struct opt_link opt;
	char name[16];
};

int devices_open(struct host *h, char *err, size_t cap)
{
	int rc = 0;

	for (size_t i = 0; i < h->opt->nlinks && rc == 0; i++) {
		h->devs[i].number = h->ninterfaces++;
		rc = device_open(&h->devs[i], &h->opt->links[i], true, err, cap);
		h->ndevs++; /* also of one that failed: it is closed as the others */
	}
	return rc;
}

static void close_one(struct host *h, struct device *d)
{
	device_close(d, h->st);
	free(d->added);
	*d = (struct device){ .opt = &h->opt->links[0], .source.fd = -1 };
}

void devices_close(struct host *h)
{
	for (size_t i = 0; i < h->ndevs; i++)
		close_one(h, &h->devs[i]);
}

/* A place that nobody has; NULL: there are as many as may be. */
static struct device *place(struct host *h)
{
	for (size_t i = 0; i < h->ndevs; i++)
		if (h->devs[i].source.fd < 0)
			return &h->devs[i];
	return h->ndevs < OPT_LINKS_MAX ? &h->devs[h->ndevs++] : NULL;
}

int devices_add(struct host *h, const struct opt_link *like, char *err, size_t cap)
{
	struct device *d = place(h);
	struct device_added *a;
	int rc;

	if (!d)
		return text_error(err, cap, "%s: there are %d devices already, as many as may be",
				  like->device_name, OPT_LINKS_MAX);
	d->source.fd = -1;
	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->opt = *like;
	memcpy(a->name, like->device_name, strlen(like->device_name) + 1);
	a->opt.device_name = a->name;
	d->number = h->ninterfaces;
	rc = device_open(d, &a->opt, false, err, cap);
	d->added = a;
	carrier_catch_up(h);
	if (rc == 0)
		rc = setup_link(h, d, err, cap);
	if (rc != 0) {
		close_one(h, d);
		return rc;
	}
	if (h->pcap)
		pcap_interface(h->pcap, d->name, d->kind);
	h->ninterfaces++;
	rc = loop_watch(h, d);
	if (rc != 0) {
		devices_remove(h, d);
		return text_refused(err, cap, "%s: epoll takes it not: %s", like->device_name,
				    strerror(-rc));
	}
	return 0;
}

struct device *devices_find(struct host *h, ph_link link)
{
	for (size_t i = 0; i < h->ndevs; i++)
		if (h->devs[i].source.fd >= 0 && h->devs[i].link == link)
			return &h->devs[i];
	return NULL;
}

void devices_remove(struct host *h, struct device *d)
{
	host_unwatch(h, &d->source);
	(void)ph_link_remove(h->st, d->link, h->now_ns);
	close_one(h, d);
}
