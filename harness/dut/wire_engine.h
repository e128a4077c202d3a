/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices on the wire: a network namespace of the script's own with a TUN in it, the device on one
 * end and the script on the other. Called by rig drill --engine wire and by tests.
 */
#ifndef DUT_WIRE_ENGINE_H
#define DUT_WIRE_ENGINE_H

#include "harness/dut/dut.h"

/*
 * which: "linux" (the kernel of the namespace, by rig-agent), "phantom" (the program), or
 * "exec:PROGRAM", which speaks docs/dut-protocol.md; it must outlive the device. A program without a
 * slash is looked for beside the running one, then in PATH. NULL with a sentence in err (DUT_ERR_TEXT bytes).
 * Nothing outlives the device, or the calling process.
 */
struct dut *dut_wire_new(const struct dut_conf *conf, const char *which, char *err);

#endif
