/* SPDX-License-Identifier: BSD-2-Clause */
/* Search by halves, with Linux's rules of where it begins and ends. Called by tcp_mtu.c. */
#include "tcp/tcp_mtup.h"

void tcp_mtup_begin(struct tcp_mtup *m, uint16_t low, uint16_t high, uint64_t now_ns)
{
	*m = (struct tcp_mtup){ .low = low < high ? low : high, .high = high, .at_ns = now_ns };
}

void tcp_mtup_limit(struct tcp_mtup *m, uint16_t mtu)
{
	if (m->high > mtu)
		m->high = mtu;
	if (m->low > m->high)
		m->low = m->high;
}

uint16_t tcp_mtup_next(const struct tcp_mtup *m, uint16_t threshold)
{
	uint32_t left = (uint32_t)m->high - m->low;

	if (left == 0 || left < threshold)
		return 0;
	return (uint16_t)(((uint32_t)m->high + m->low) / 2);
}

void tcp_mtup_again(struct tcp_mtup *m, uint16_t mtu, uint16_t high, uint64_t interval_ns,
		    uint64_t now_ns)
{
	if (now_ns - m->at_ns >= interval_ns)
		tcp_mtup_begin(m, mtu, high, now_ns);
}

void tcp_mtup_sent(struct tcp_mtup *m, uint16_t size, seq_t start, seq_t end)
{
	m->size = size;
	m->start = start;
	m->end = end;
}

void tcp_mtup_arrived(struct tcp_mtup *m)
{
	m->low = m->size < m->high ? m->size : m->high;
	m->size = 0;
}

void tcp_mtup_failed(struct tcp_mtup *m)
{
	m->high = m->size - 1 > m->low ? (uint16_t)(m->size - 1) : m->low;
	m->size = 0;
}

void tcp_mtup_inconclusive(struct tcp_mtup *m)
{
	m->size = 0;
}

void tcp_mtup_black_hole(struct tcp_mtup *m, uint16_t headers, uint32_t base, uint32_t least)
{
	uint32_t mss = (m->low > headers ? (uint32_t)m->low - headers : 0) / 2;

	if (mss > base)
		mss = base;
	if (mss < least)
		mss = least;
	mss += headers;
	m->low = mss < m->high ? (uint16_t)mss : m->high;
}
