/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks in the send sequence. Called by tcp_notify.c and tcp_output.c. */
#include "tcp/tcp_marks.h"

#include <stddef.h>

static struct tcp_mark *at(struct tcp_marks *m, uint32_t i)
{
	return &m->ring[(m->first + i) % TCP_MARKS_MAX];
}

static const struct tcp_mark *look(const struct tcp_marks *m, uint32_t i)
{
	return &m->ring[(m->first + i) % TCP_MARKS_MAX];
}

bool tcp_marks_add(struct tcp_marks *m, seq_t last, uint8_t wants, uint32_t id)
{
	struct tcp_mark *newest = m->n ? at(m, m->n - 1) : NULL;

	if (m->n == TCP_MARKS_MAX) {
		if ((newest->wants | wants) & TCP_MARK_ZEROCOPY)
			return false;
		*newest = (struct tcp_mark){ .last = last, .wants = wants, .id = id };
		return true;
	}
	*at(m, m->n++) = (struct tcp_mark){ .last = last, .wants = wants, .id = id };
	return true;
}

struct tcp_mark *tcp_marks_at(struct tcp_marks *m, uint32_t i)
{
	return i < m->n ? at(m, i) : NULL;
}

bool tcp_marks_pop(struct tcp_marks *m, seq_t una, struct tcp_mark *out)
{
	if (m->n == 0 || seq_ge(at(m, 0)->last, una))
		return false;
	*out = *at(m, 0);
	m->first = (m->first + 1) % TCP_MARKS_MAX;
	m->n--;
	return true;
}

uint32_t tcp_marks_cut(const struct tcp_marks *m, seq_t seq, uint32_t len)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct tcp_mark *k = look(m, i);

		if (!(k->wants & TCP_MARK_EOR) || seq_lt(k->last, seq))
			continue;
		return k->last + 1 - seq < len ? k->last + 1 - seq : len;
	}
	return len;
}

bool tcp_marks_ends(const struct tcp_marks *m, seq_t end)
{
	for (uint32_t i = 0; i < m->n; i++)
		if ((look(m, i)->wants & TCP_MARK_EOR) && look(m, i)->last + 1 == end)
			return true;
	return false;
}
