/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device does with a packet that its host left unfinished: fills in the checksum, cuts a TCP
 * super-segment. Written from the meaning of struct virtio_net_hdr alone, so that it disagrees with
 * a stack that means something else. Called by net.c.
 */
#ifndef SIM_TSO_H
#define SIM_TSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

/* Gives each frame of what `bytes` (an Ethernet frame, changed in place) stands for to send().
 * False: the fields of o do not fit it; nothing more is sent. */
bool sim_tso(uint8_t *bytes, size_t len, const struct ph_offload *o,
	     void (*send)(void *ctx, const uint8_t *bytes, size_t len), void *ctx);

#endif
