/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile peer and a careless user, driven by bytes: each run makes a stack, does what the bytes
 * say, and demands at every step what promise.h says. Shared by the libFuzzer target and by a unit
 * test with seeded random bytes.
 */
#ifndef FUZZ_STACK_INPUT_H
#define FUZZ_STACK_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* How far the run got inside the stack: a driver that only bounces off the door is worth nothing.
 */
struct fuzz_seen {
	uint64_t frames_in, frames_out, established, data_in, resets_in, read, sacked;
};

void fuzz_stack_input(const uint8_t *bytes, size_t len, struct fuzz_seen *seen);

#endif
