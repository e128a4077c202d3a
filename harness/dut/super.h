/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets to a device that stand for several segments, as hosts with receive offloads see them: scripts
 * with --mss inject such. Called by the devices.
 */
#ifndef DUT_SUPER_H
#define DUT_SUPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

/* True and its description, when the packet, from its IP header on, is TCP with more payload than mss;
 * false when it is to go as it is, and always with mss 0. */
bool dut_super(const uint8_t *bytes, size_t len, uint32_t mss, struct ph_offload *out);

/* Segment i of such a packet, its headers and checksums its own, into out, which has room for the whole:
 * its length, 0 past the last. */
size_t dut_super_segment(const uint8_t *bytes, size_t len, const struct ph_offload *o, size_t i,
			 uint8_t *out);

#endif
