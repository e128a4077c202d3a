/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF: programs checked once, then run over a frame. The instruction set is that of
 * McCanne and Jacobson, "The BSD packet filter", 1993, as pcap_compile makes it. Called by filter.c.
 */
#ifndef LINK_BPF_H
#define LINK_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_BPF_MAX = 4096 /* instructions, as the kernel has it */, LINK_BPF_CELLS = 16 };

struct link_bpf_insn {	/* laid out as struct bpf_insn */
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* True if it can be run: known instructions, jumps forward and inside, the last one a return. */
bool link_bpf_check(const struct link_bpf_insn *p, size_t n);

/* What a checked program returns for a frame: 0 is "no". Reads beyond the end return 0. */
uint32_t link_bpf_run(const struct link_bpf_insn *p, const uint8_t *frame, size_t len);

#endif
