/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --so_flags says: words with commas between them.
 *
 *	local=192.168.0.1/16	the stack's address, which packetdrill's --local_ip must repeat
 *	mtu=1500		its link's
 *	patience=14400		seconds of virtual time that a packet may let wait for itself
 *	seed=0			another number: other initial sequence numbers and ports
 *	suite			the sysctls that the public suites' defaults.sh gives every script
 *	net.ipv4.tcp_sack=0	a sysctl, as it is written in sysctl.conf
 *
 * Called by so.c.
 */
#ifndef PACKETDRILL_FLAGS_H
#define PACKETDRILL_FLAGS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/dut/dut.h"

enum { FLAGS_ERR = DUT_ERR_TEXT, PATIENCE_S = 14400 };

struct flags {
	struct dut_conf conf;
	uint64_t patience_ns;
};

/* Reads all but the sysctls. `text` may be NULL: what stands above. 0; or -1 with a sentence. */
int flags_read(const char *text, struct flags *out, char err[FLAGS_ERR]);
/* Sets the sysctls of the same text, in its order. 0; or -1 with a sentence. */
int flags_sysctls(const char *text, struct dut *d, char err[FLAGS_ERR]);

#endif
