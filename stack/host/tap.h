/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device a phantom host hangs on: a TAP, a TUN, or an open descriptor that gives and takes
 * one frame a call. Frames go straight into the stack's memory and out of it. Called by loop.c
 * and main.c.
 *
 * With offloads on, a TAP carries struct virtio_net_hdr before each frame: TCP super-segments
 * of up to 64 KiB pass in one call, and checksums that the other side can fill in stay open.
 */
#ifndef HOST_TAP_H
#define HOST_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "phantom/phantom.h"

struct opt_link;

struct device {
	struct source source;
	const struct opt_link *opt;
	ph_link link;
	unsigned number; /* in the capture */
	bool no_carrier;
	struct device_added *added; /* devices.c: while phantom ran; NULL: by the command line */
	char name[16];
	enum ph_link_kind kind;
	bool vnet;	   /* frames have a struct virtio_net_hdr before them */
	size_t vnet_len;   /* its length */
	uint32_t offload;  /* PH_OFFLOAD_* */
	uint16_t mtu;	   /* the kernel's; 0: not known */
	struct ph_pkt *rx; /* ready for the next frame */
	struct ph_iov rx_iov[PH_RX_IOV];
	int rx_n;
	struct ph_pkt *tx; /* what the device did not take yet */
	uint64_t rx_frames, rx_bad, rx_no_memory, tx_frames, tx_waits, tx_errors;
};

/* 0, or -errno with a sentence in err. */
/* `wait`: until the kernel sends into it, a second at most. */
int device_open(struct device *d, const struct opt_link *o, bool wait, char *err, size_t cap);
void device_close(struct device *d, struct ph_stack *st);
/*
 * Reads what there is, up to a batch; true: there may be more. Ends the program when the device is
 * gone.
 */
bool device_read(struct host *h, struct device *d);
/* The same of all. */
bool devices_read(struct host *h);
/* Sends what the link has queued. False: the device is full; it says when it is not. */
bool device_write(struct host *h, struct device *d);
bool devices_write(struct host *h);
/* A batch of device_read. */
enum { DEVICE_BATCH = 64, DEVICE_BATCH_BYTES = 1 << 20 };

#endif
