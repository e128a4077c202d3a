/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF: small programs of the user that look at a packet and say how much of it he wants
 * (SO_ATTACH_FILTER). Jumps lead forward only, so a checked program ends after as many steps as it
 * has instructions. Checked and run as Linux does. A leaf; called by net/dgram_filter.c.
 */
#ifndef BASE_BPF_H
#define BASE_BPF_H

#include <stdbool.h>
#include <stdint.h>

struct pkt;

enum { BPF_INSNS_MAX = 4096 };

struct bpf_insn { /* struct sock_filter */
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* What a program sees: `lead`, then `len` bytes of a packet from `off` on; and what it can ask for. */
struct bpf_packet {
	const uint8_t *lead;
	uint32_t lead_len;
	const struct pkt *pkt;
	uint32_t off, len;
	const uint8_t *before; /* headers that stand right before all that: SKF_NET_OFF may reach them */
	uint32_t before_len;
	int32_t net_at, link_at; /* where those headers begin, counted from the first byte seen */
	bool has_link;
	uint16_t ethertype;
	uint8_t pkttype; /* PH_PACKET_* */
	uint32_t ifindex, hatype, payload_at, random;
};

/*
 * Is it a program? 0, or -EINVAL: an instruction that is none, that jumps beyond the end, divides by 0,
 * reads memory that was not written, or is the last and does not return. masks: scratch, n of them.
 */
int bpf_check(const struct bpf_insn *prog, uint32_t n, uint16_t *masks);
/* How many bytes are wanted; 0: none, also when it looked beyond the end. Of a checked program. */
uint32_t bpf_run(const struct bpf_insn *prog, const struct bpf_packet *p);

#endif
