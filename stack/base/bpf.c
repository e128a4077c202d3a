/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks and runs classic BPF programs; see bpf.h. */
#include "base/bpf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/pkt.h"

enum { MEM_WORDS = 16 };

enum { /* an instruction's code: class, then size and mode, or operation and source */
	CLASS = 7, LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, RET = 6, MISC = 7,
	SIZE = 0x18, W = 0, H = 8, B = 0x10,
	MODE = 0xe0, IMM = 0, ABS = 0x20, IND = 0x40, MEM = 0x60, LEN = 0x80, MSH = 0xa0,
	OP = 0xf0, ADD = 0, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60,
	RSH = 0x70, NEG = 0x80, MOD = 0x90, XOR = 0xa0,
	JA = 0, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40,
	K = 0, X = 8, A = 0x10, TAX = 0, TXA = 0x80
};

enum { /* offsets below zero: what is known of a packet, and its headers (SKF_*) */
	AD_OFF = -0x1000, NET_OFF = -0x100000, LINK_OFF = -0x200000,
	AD_PROTOCOL = 0, AD_PKTTYPE = 4, AD_IFINDEX = 8, AD_NLATTR = 12, AD_NLATTR_NEST = 16,
	AD_MARK = 20, AD_QUEUE = 24, AD_HATYPE = 28, AD_RXHASH = 32, AD_CPU = 36, AD_XOR_X = 40,
	AD_VLAN_TAG = 44, AD_VLAN_PRESENT = 48, AD_PAY_OFFSET = 52, AD_RANDOM = 56, AD_VLAN_TPID = 60
};

/* ---- is it a program -------------------------------------------------------------------------- */

static bool known_load(uint16_t code)
{
	switch (code & MODE) {
	case ABS:
	case IND:
		return (code & CLASS) == LD && (code & SIZE) != SIZE;
	case MSH:
		return code == (LDX | B | MSH);
	default:
		return (code & SIZE) == W && (code & MODE) <= LEN;
	}
}

static bool known(uint16_t code)
{
	switch (code & CLASS) {
	case LD:
	case LDX:
		return code < 0x100 && known_load(code);
	case ST:
	case STX:
		return code == ST || code == STX;
	case ALU:
		return code < 0x100 && ((code & OP) == NEG ? code == (ALU | NEG) : (code & OP) <= XOR);
	case JMP:
		return code < 0x100 && ((code & OP) == JA ? code == JMP : (code & OP) <= JSET);
	case RET:
		return code == RET || code == (RET | A);
	default:
		return code == (MISC | TAX) || code == (MISC | TXA);
	}
}

static bool jumps_within(const struct bpf_insn *i, uint32_t left)
{
	return i->code == (JMP | JA) ? i->k < left : i->jt < left && i->jf < left;
}

/* left: how many instructions follow. */
static bool sane(const struct bpf_insn *i, uint32_t left)
{
	if (!known(i->code))
		return false;
	switch (i->code) {
	case ALU | DIV | K:
	case ALU | MOD | K:
		return i->k != 0;
	case ALU | LSH | K:
	case ALU | RSH | K:
		return i->k < 32;
	case LD | MEM:
	case LDX | MEM:
	case ST:
	case STX:
		return i->k < MEM_WORDS;
	case LD | W | ABS:
	case LD | H | ABS:
	case LD | B | ABS: /* of what is known of a packet, what there is */
		return i->k < (uint32_t)AD_OFF ||
		       (i->k <= (uint32_t)(AD_OFF + AD_VLAN_TPID) && i->k % 4 == 0);
	default:
		return (i->code & CLASS) != JMP || jumps_within(i, left);
	}
}

/* Each word of memory is written on every way that leads to where it is read. */
static bool reads_what_was_written(const struct bpf_insn *prog, uint32_t n, uint16_t *masks)
{
	uint16_t valid = 0;

	memset(masks, 0xff, n * sizeof(*masks));
	for (uint32_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &prog[pc];

		valid &= masks[pc];
		if (i->code == ST || i->code == STX) {
			valid |= (uint16_t)(1u << i->k);
		} else if (i->code == (LD | MEM) || i->code == (LDX | MEM)) {
			if (!(valid >> i->k & 1))
				return false;
		} else if (i->code == (JMP | JA)) {
			masks[pc + 1 + i->k] &= valid;
			valid = UINT16_MAX;
		} else if ((i->code & CLASS) == JMP) {
			masks[pc + 1 + i->jt] &= valid;
			masks[pc + 1 + i->jf] &= valid;
			valid = UINT16_MAX;
		}
	}
	return true;
}

int bpf_check(const struct bpf_insn *prog, uint32_t n, uint16_t *masks)
{
	if (n == 0 || n > BPF_INSNS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++)
		if (!sane(&prog[i], n - i - 1))
			return -EINVAL;
	if ((prog[n - 1].code & CLASS) != RET)
		return -EINVAL;
	return reads_what_was_written(prog, n, masks) ? 0 : -EINVAL;
}

/* ---- running it ------------------------------------------------------------------------------- */

struct machine {
	const struct bpf_packet *p;
	uint32_t a, x, mem[MEM_WORDS];
	bool over; /* it looked beyond the end */
};

static bool byte_at(const struct bpf_packet *p, int64_t at, uint8_t *out)
{
	if (at < 0) {
		if (-at > p->before_len)
			return false;
		*out = p->before[p->before_len + at];
		return true;
	}
	if (at < p->lead_len) {
		*out = p->lead[at];
		return true;
	}
	at -= p->lead_len;
	return at < p->len && pkt_copy_out(p->pkt, p->off + (uint32_t)at, out, 1) == 1;
}

static uint32_t about(struct machine *m, uint32_t what)
{
	switch (what) {
	case AD_PROTOCOL:
		return m->p->ethertype;
	case AD_PKTTYPE:
		return m->p->pkttype;
	case AD_IFINDEX:
		return m->p->ifindex;
	case AD_HATYPE:
		return m->p->hatype;
	case AD_XOR_X:
		return m->a ^ m->x;
	case AD_PAY_OFFSET:
		return m->p->payload_at;
	case AD_RANDOM:
		return m->p->random;
	default: /* marks, queues, tags that a driver took off: there are none */
		return 0;
	}
}

/* The value at `k`, whose size is the instruction's; of ABS and IND alike. */
static uint32_t load(struct machine *m, uint16_t code, uint32_t k)
{
	uint32_t n = (code & SIZE) == W ? 4 : (code & SIZE) == H ? 2 : 1, v = 0;
	int64_t at = (int32_t)k;

	if ((code & MODE) == ABS && k >= (uint32_t)AD_OFF)
		return about(m, k - (uint32_t)AD_OFF);
	if (at < 0 && at >= NET_OFF)
		at += m->p->net_at - (int64_t)NET_OFF;
	else if (at < 0 && at >= LINK_OFF && m->p->has_link)
		at += m->p->link_at - (int64_t)LINK_OFF;
	else if (at < 0)
		m->over = true;
	for (uint32_t i = 0; i < n && !m->over; i++) {
		uint8_t b = 0;

		m->over = !byte_at(m->p, at + i, &b);
		v = v << 8 | b;
	}
	return v;
}

static void run_load(struct machine *m, const struct bpf_insn *i)
{
	uint32_t *to = (i->code & CLASS) == LD ? &m->a : &m->x;

	switch (i->code & MODE) {
	case IMM:
		*to = i->k;
		return;
	case ABS:
		*to = load(m, i->code, i->k);
		return;
	case IND:
		*to = load(m, i->code, i->k + m->x);
		return;
	case MEM:
		*to = m->mem[i->k];
		return;
	case LEN:
		*to = m->p->lead_len + m->p->len;
		return;
	default: /* MSH: of an IPv4 header, how long it is */
		*to = 4 * (load(m, LD | B | IND, i->k) & 15);
		return;
	}
}

static void run_alu(struct machine *m, const struct bpf_insn *i)
{
	uint32_t v = i->code & X ? m->x : i->k;

	switch (i->code & OP) {
	case ADD:
		m->a += v;
		return;
	case SUB:
		m->a -= v;
		return;
	case MUL:
		m->a *= v;
		return;
	case DIV:
	case MOD:
		m->over = v == 0;
		if (v)
			m->a = (i->code & OP) == DIV ? m->a / v : m->a % v;
		return;
	case OR:
		m->a |= v;
		return;
	case AND:
		m->a &= v;
		return;
	case LSH:
		m->a <<= v & 31;
		return;
	case RSH:
		m->a >>= v & 31;
		return;
	case XOR:
		m->a ^= v;
		return;
	default:
		m->a = 0u - m->a;
	}
}

static uint32_t jump(const struct machine *m, const struct bpf_insn *i)
{
	uint32_t v = i->code & X ? m->x : i->k;

	switch (i->code & OP) {
	case JEQ:
		return m->a == v ? i->jt : i->jf;
	case JGT:
		return m->a > v ? i->jt : i->jf;
	case JGE:
		return m->a >= v ? i->jt : i->jf;
	case JSET:
		return m->a & v ? i->jt : i->jf;
	default:
		return i->k;
	}
}

uint32_t bpf_run(const struct bpf_insn *i, const struct bpf_packet *p)
{
	struct machine m = { .p = p };

	for (; !m.over; i++) {
		switch (i->code & CLASS) {
		case LD:
		case LDX:
			run_load(&m, i);
			break;
		case ST:
		case STX:
			m.mem[i->k] = (i->code & CLASS) == ST ? m.a : m.x;
			break;
		case ALU:
			run_alu(&m, i);
			break;
		case JMP:
			i += jump(&m, i);
			break;
		case RET:
			return i->code & A ? m.a : i->k;
		default:
			if (i->code & TXA)
				m.a = m.x;
			else
				m.x = m.a;
		}
	}
	return 0;
}
