/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom in virtual time for a user with two threads: packetdrill's own, which makes calls, injects
 * and waits, and its helper, which makes the calls that block.
 *
 * Time moves where the first thread waits: for a packet, for a moment, or by asking the time, which costs a
 * microsecond. A call of the helper's that has returned holds time still until the helper has come
 * back to tell when that was. Called by so.c.
 */
#ifndef PACKETDRILL_STAGE_H
#define PACKETDRILL_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/dut/dut.h"

struct stage;

/* Takes the device. The calling thread is the first. NULL: no memory. */
struct stage *stage_new(struct dut *take_dut, uint64_t patience_ns);
void stage_free(struct stage *s);

/* Makes the call, and waits for its end: the helper by sleeping, the first thread by letting time go by. Its
 * result, or a negative errno. */
int64_t stage_call(struct stage *s, struct dut_call *c);
/* A packet for the stack: 0, or a negative errno. */
int stage_inject(struct stage *s, const void *bytes, size_t len);
/* The next packet that the stack sends, whenever that is. */
void stage_receive(struct stage *s, struct dut_packet *out);
void stage_sleep(struct stage *s, uint64_t ns);
uint64_t stage_now(struct stage *s);

/* Ends the process with a sentence on standard error. */
_Noreturn void stage_give_up(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
