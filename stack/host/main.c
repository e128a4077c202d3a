/* SPDX-License-Identifier: BSD-2-Clause */
/* The phantom program: a TCP/IP host on a TAP or TUN. What happens when, and the exit status. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/carrier.h"
#include "host/client.h"
#include "host/control.h"
#include "host/ctl.h"
#include "host/devices.h"
#include "host/host.h"
#include "host/lease.h"
#include "host/loop.h"
#include "host/options.h"
#include "host/pattern.h"
#include "host/pcap.h"
#include "host/service.h"
#include "host/setup.h"
#include "host/tap.h"
#include "host/trace.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#else
#define PACKAGE_VERSION "unversioned"
#endif

static int list_sysctls(void)
{
	const struct ph_sysctl_info *row;

	for (size_t i = 0; (row = ph_sysctl_row(i)); i++) {
		if (row->words && row->max == 0)
			printf("%-48s read-only: %s\n", row->name, row->help);
		else if (row->words)
			printf("%-48s %s: %s\n", row->name, row->words, row->help);
		else
			printf("%-48s %s%" PRId64 " to %" PRId64 ": %s\n", row->name,
			       row->nvalues == 3   ? "three of "
			       : row->nvalues == 2 ? "two of "
						   : "",
			       row->min, row->max, row->help);
	}
	return 0;
}

static int prepare(struct host *h, char *err, size_t cap)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	h->now_ns = loop_clock();
	h->wall_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec - h->now_ns;
	h->epoll_fd = h->signals.fd = -1;
	list_init(&h->apps);
	list_init(&h->again);
	h->chunk = malloc(2 * SERVICE_CHUNK); /* a datagram and its answer */
	h->pattern = pattern_new();
	if (h->chunk && h->pattern)
		return 0;
	snprintf(err, cap, "no memory");
	return -ENOMEM;
}

/* Files and sockets of the system, once the command line is known to be right. */
static int open_outputs(struct host *h, char *err, size_t cap)
{
	const struct options *o = h->opt;

	if (o->pcap) {
		h->pcap = pcap_open(o->pcap, err, cap);
		if (!h->pcap)
			return -EIO;
		for (size_t i = 0; i < h->ndevs; i++)
			pcap_interface(h->pcap, h->devs[i].name, h->devs[i].kind);
	}
	if (o->trace) {
		h->tracer = tracer_open(o->trace, err, cap);
		if (!h->tracer)
			return -EIO;
	}
	if (o->control) {
		int rc = control_open(h, o->control, err, cap);

		if (rc < 0)
			return rc;
	}
	return dial_open(h, err, cap);
}

static int start(struct host *h, char *err, size_t cap)
{
	int rc = prepare(h, err, cap);

	if (rc == 0)
		rc = setup_stack(h, err, cap);
	if (rc == 0)
		rc = devices_open(h, err, cap);
	if (rc == 0)
		rc = setup_network(h, err, cap);
	if (rc == 0)
		rc = services_open(h, err, cap);
	if (rc == 0)
		rc = loop_init(h, err, cap);
	if (rc == 0)
		rc = open_outputs(h, err, cap);
	if (rc == 0)
		carrier_open(h);
	if (rc == 0 && !h->lease && (h->opt->connect || h->opt->connect_udp))
		rc = client_open(h, err, cap);
	return rc;
}

static void say_ready(const struct host *h)
{
	static const char ready[] = "ready\n";
	int fd = h->opt->ready_fd;

	if (fd < 0 && !h->opt->connect && !h->opt->connect_udp)
		fd = STDERR_FILENO;
	if (fd >= 0 && write(fd, ready, sizeof(ready) - 1) < 0)
		fprintf(stderr, "phantom: --ready-fd %d: %s\n", fd, strerror(errno));
	if (fd > STDERR_FILENO)
		close(fd);
}

static void print_stats(const struct host *h)
{
	struct device all = { 0 };
	const char *name;

	for (size_t i = 0; (name = ph_counter_name(i)); i++) {
		uint64_t value = ph_counter(h->st, i);

		if (value)
			fprintf(stderr, "%-32s %20" PRIu64 "\n", name, value);
	}
	for (size_t i = 0; i < h->ndevs; i++) {
		const struct device *d = &h->devs[i];

		all.rx_frames += d->rx_frames;
		all.tx_frames += d->tx_frames;
		all.rx_bad += d->rx_bad;
		all.rx_no_memory += d->rx_no_memory;
		all.tx_waits += d->tx_waits;
		all.tx_errors += d->tx_errors;
	}
	fprintf(stderr, "%-32s %20" PRIu64 "\n", "DeviceRxFrames", all.rx_frames);
	fprintf(stderr, "%-32s %20" PRIu64 "\n", "DeviceTxFrames", all.tx_frames);
	if (h->forwards_refused)
		fprintf(stderr, "%-32s %20" PRIu64 "\n", "ForwardsRefused", h->forwards_refused);
	if (all.rx_bad + all.rx_no_memory + all.tx_waits + all.tx_errors)
		fprintf(stderr,
			"device: %" PRIu64 " frames malformed, %" PRIu64 " without memory, %" PRIu64
			" waits to send, %" PRIu64 " not sent\n",
			all.rx_bad, all.rx_no_memory, all.tx_waits, all.tx_errors);
}

static int finish(struct host *h, int status)
{
	control_close(h);
	carrier_close(h);
	if (h->st) {
		services_close(h);
		client_close(h);
		devices_close(h);
		ph_stack_free(h->st);
		memory_free(&h->memory);
	}
	client_free(h);
	lease_free(h);
	if (tracer_close(h->tracer) < 0 && status == 0)
		status = 1;
	if (pcap_close(h->pcap) < 0 && status == 0)
		status = 1;
	loop_free(h);
	free(h->chunk);
	free(h->pattern);
	free(h->chargen);
	return status;
}

static int run(const struct options *o)
{
	static struct device devs[OPT_LINKS_MAX];
	struct host h = { .opt = o, .devs = devs };
	char err[2 * OPT_ERROR] = "";
	int rc = start(&h, err, sizeof(err));
	int status;

	if (rc < 0) {
		fprintf(stderr, "phantom: %s\n", err[0] ? err : strerror(-rc));
		return finish(&h, rc == -EINVAL ? 2 : 1);
	}
	say_ready(&h);
	status = loop_run(&h);
	if (o->stats)
		print_stats(&h);
	return finish(&h, status);
}

int main(int argc, char **argv)
{
	static struct options o;
	char err[OPT_ERROR];

	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl_main(argc - 1, argv + 1);
	switch (options_parse(&o, argc, argv, err)) {
	case OPT_RUN:
		return run(&o);
	case OPT_HELP:
		fputs(options_help(), stdout);
		return 0;
	case OPT_VERSION:
		printf("phantom %s\n", PACKAGE_VERSION);
		return 0;
	case OPT_LIST_SYSCTLS:
		return list_sysctls();
	case OPT_BAD:
		break;
	}
	fprintf(stderr, "phantom: %s\n", err);
	return 2;
}
