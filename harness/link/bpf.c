/* SPDX-License-Identifier: BSD-2-Clause */
/* Classic BPF; see bpf.h. Jumps go forward only, so a run takes at most a step an instruction. */
#include "harness/link/bpf.h"

enum {
	CLASS = 0x07, LD = 0x00, LDX = 0x01, ST = 0x02, STX = 0x03, ALU = 0x04, JMP = 0x05,
	RET = 0x06, MISC = 0x07,
	SIZE = 0x18, W = 0x00, H = 0x08, B = 0x10,
	MODE = 0xe0, IMM = 0x00, ABS = 0x20, IND = 0x40, MEM = 0x60, LEN = 0x80, MSH = 0xa0,
	OP = 0xf0, ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50,
	LSH = 0x60, RSH = 0x70, NEG = 0x80, MOD = 0x90, XOR = 0xa0,
	JA = 0x00, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40,
	X = 0x08, RVAL = 0x18, RVAL_A = 0x10, RVAL_X = 0x08,
	TXA = 0x80,
};

static bool known_alu(const struct link_bpf_insn *i)
{
	switch (i->code & OP) {
	case DIV:
	case MOD:
		return (i->code & X) || i->k != 0;
	case LSH:
	case RSH:
		return (i->code & X) || i->k < 32;
	case ADD: case SUB: case MUL: case OR: case AND: case XOR: case NEG:
		return true;
	default:
		return false;
	}
}

static bool known_load(const struct link_bpf_insn *i)
{
	unsigned int mode = i->code & MODE, size = i->code & SIZE;

	if (mode == MEM)
		return size == W && i->k < LINK_BPF_CELLS;
	if (mode == IMM || mode == LEN)
		return size == W;
	if ((i->code & CLASS) == LDX)
		return mode == MSH && size == B;
	return (mode == ABS || mode == IND) && size != SIZE;
}

static bool known(const struct link_bpf_insn *i, size_t behind)
{
	switch (i->code & CLASS) {
	case LD:
	case LDX:
		return i->code < 0x100 && known_load(i);
	case ST:
	case STX:
		return i->k < LINK_BPF_CELLS;
	case ALU:
		return known_alu(i);
	case JMP:
		if ((i->code & OP) == JA)
			return i->k < behind;
		return (i->code & OP) <= JSET && i->jt < behind && i->jf < behind;
	default:
		return true;	/* RET and MISC */
	}
}

bool link_bpf_check(const struct link_bpf_insn *p, size_t n)
{
	if (n == 0 || n > LINK_BPF_MAX || (p[n - 1].code & CLASS) != RET)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!known(&p[i], n - 1 - i))
			return false;
	return true;
}

struct machine {
	const uint8_t *frame;
	size_t len;
	uint32_t a, x, cell[LINK_BPF_CELLS];
};

static bool fetch(const struct machine *m, uint64_t at, unsigned int size, uint32_t *out)
{
	unsigned int n = size == W ? 4 : size == H ? 2 : 1;

	if (at > m->len || m->len - at < n)
		return false;
	*out = 0;
	for (unsigned int i = 0; i < n; i++)
		*out = *out << 8 | m->frame[at + i];
	return true;
}

static bool load(struct machine *m, const struct link_bpf_insn *i)
{
	uint32_t v = 0;
	bool good = true;

	switch (i->code & MODE) {
	case IMM:
		v = i->k;
		break;
	case LEN:
		v = (uint32_t)m->len;
		break;
	case MEM:
		v = m->cell[i->k];
		break;
	case MSH:
		good = fetch(m, i->k, B, &v);
		v = (v & 15) * 4;
		break;
	case ABS:
		good = fetch(m, i->k, i->code & SIZE, &v);
		break;
	default:
		good = fetch(m, (uint64_t)m->x + i->k, i->code & SIZE, &v);
		break;
	}
	if ((i->code & CLASS) == LDX)
		m->x = v;
	else
		m->a = v;
	return good;
}

/* False where the program ends with "no": a division by nought. */
static bool compute(struct machine *m, const struct link_bpf_insn *i)
{
	uint32_t v = i->code & X ? m->x : i->k;

	switch (i->code & OP) {
	case ADD: m->a += v; break;
	case SUB: m->a -= v; break;
	case MUL: m->a *= v; break;
	case OR: m->a |= v; break;
	case AND: m->a &= v; break;
	case XOR: m->a ^= v; break;
	case LSH: m->a = v < 32 ? m->a << v : 0; break;
	case RSH: m->a = v < 32 ? m->a >> v : 0; break;
	case NEG: m->a = 0u - m->a; break;
	case DIV:
		if (v == 0)
			return false;
		m->a /= v;
		break;
	default:
		if (v == 0)
			return false;
		m->a %= v;
		break;
	}
	return true;
}

static size_t jump(const struct machine *m, const struct link_bpf_insn *i)
{
	uint32_t v = i->code & X ? m->x : i->k;
	bool yes;

	switch (i->code & OP) {
	case JA: return i->k;
	case JEQ: yes = m->a == v; break;
	case JGT: yes = m->a > v; break;
	case JGE: yes = m->a >= v; break;
	default: yes = (m->a & v) != 0; break;
	}
	return yes ? i->jt : i->jf;
}

uint32_t link_bpf_run(const struct link_bpf_insn *p, const uint8_t *frame, size_t len)
{
	struct machine m = { .frame = frame, .len = len };

	for (;; p++) {
		switch (p->code & CLASS) {
		case LD:
		case LDX:
			if (!load(&m, p))
				return 0;
			break;
		case ST: m.cell[p->k] = m.a; break;
		case STX: m.cell[p->k] = m.x; break;
		case ALU:
			if (!compute(&m, p))
				return 0;
			break;
		case JMP: p += jump(&m, p); break;
		case RET: return (p->code & RVAL) == RVAL_A ? m.a
			       : (p->code & RVAL) == RVAL_X ? m.x : p->k;
		default:
			if (p->code & TXA)
				m.a = m.x;
			else
				m.x = m.a;
			break;
		}
	}
}
