/* SPDX-License-Identifier: BSD-2-Clause */
/* See meter.h. */
#include "harness/lab/meter.h"

#include <string.h>

#include "harness/lab/series.h"
#include "harness/sim/mem.h"

#define LOOK_NS 1000000u /* between two looks at a connection where nothing goes wrong */

enum { CA_OPEN = 0, CA_RECOVERY = 3 };	 /* tcpi_ca_state */
enum { SYN_SENT = 2, SYN_RECV = 3 }; /* tcpi_state */

struct lab_conn *lab_meter_whose(const struct lab *l, const struct lab_segment *s, unsigned *side)
{
	uint16_t client = s->from >= LAB_PORT_CLIENT ? s->from : s->to;
	uint16_t server = s->from >= LAB_PORT_CLIENT ? s->to : s->from;
	struct lab_conn *c = client >= LAB_PORT_CLIENT ? l->conn[client] : NULL;

	*side = s->from < LAB_PORT_CLIENT;
	return c && server == LAB_PORT_LISTEN + c->run->index ? c : NULL;
}

static bool settled(const struct lab *l)
{
	return l->net->now >= l->settle_ns;
}

static void queue(struct lab_conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->lab->dirty[c->lab->ndirty++] = c;
}

bool lab_meter_segment(struct lab_conn *c, unsigned side, const struct lab_segment *s, bool leaves)
{
	struct lab_run *r = c->run;
	unsigned data = lab_data_side(r);
	uint64_t now = c->lab->net->now, rtt;
	bool again = false;

	if (leaves) {
		again = lab_way_sent(&c->way[side], s, now);
		if (side == data && s->len > 0 && settled(c->lab)) {
			r->segments++;
			r->retransmitted += again;
		}
		c->again |= again && side == data;
	} else if (side != data) {
		rtt = lab_way_acked(&c->way[data], s, now);
		if (rtt > 0 && (r->rtt_least_ns == 0 || rtt < r->rtt_least_ns))
			r->rtt_least_ns = rtt;
		if (rtt > 0 && settled(c->lab))
			lab_hist_add(&r->rtt, rtt, 1);
	}
	if (leaves == (side == data)) /* at the sender's device */
		queue(c);
	return again;
}

/* ---- looks -------------------------------------------------------------------------------------- */

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What was seen last held until now. */
static void add_up(struct lab_conn *c, uint64_t now)
{
	uint64_t from = max64(c->looked_ns, c->lab->settle_ns);

	if (c->looked_ns == 0 || now <= from)
		return;
	c->run->cwnd_area += (double)c->seen.tcpi_snd_cwnd * c->seen.tcpi_snd_mss * lab_seconds(now - from);
	c->run->cwnd_s += lab_seconds(now - from);
}

static void look(struct lab_conn *c)
{
	struct lab_end *e = &c->end[lab_data_side(c->run)];
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);
	uint64_t now = c->lab->net->now;

	c->again = false;
	if (e->socket < 0 || ph_getsockopt(e->host->st, e->socket, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len))
		return;
	if (i.tcpi_state == SYN_SENT || i.tcpi_state == SYN_RECV)
		return;
	add_up(c, now);
	if (i.tcpi_ca_state == CA_RECOVERY && c->seen.tcpi_ca_state != CA_RECOVERY && settled(c->lab))
		c->run->recoveries++;
	c->seen = i;
	c->looked_ns = now;
	if (c->lab->series)
		lab_series_state(c->lab->series, c, &i);
}

static void look_later(void *lab, uint64_t port)
{
	struct lab_conn *c = ((struct lab *)lab)->conn[port];

	if (!c || !c->timed)
		return;
	c->timed = false;
	look(c);
}

void lab_meter_looks(struct lab *l)
{
	for (unsigned i = 0; i < l->ndirty; i++) {
		struct lab_conn *c = l->dirty[i];
		uint64_t due = c->looked_ns + LOOK_NS;

		c->dirty = false;
		if (due <= l->net->now || c->again || c->seen.tcpi_ca_state != CA_OPEN) {
			look(c);
		} else if (!c->timed) {
			c->timed = true;
			lab_clock_at(&l->clock, due, look_later, l, c->port);
		}
	}
	l->ndirty = 0;
}

void lab_meter_leaves(struct lab_conn *c, unsigned side)
{
	if (side != lab_data_side(c->run))
		return;
	look(c);
	if (settled(c->lab))
		c->run->timeouts += c->seen.tcpi_total_rto - c->timeouts_before;
}

void lab_meter_settle(struct lab *l)
{
	for (unsigned port = LAB_PORT_CLIENT; port < LAB_PORTS; port++) {
		struct lab_conn *c = l->conn[port];

		if (!c || c->over || c->end[lab_data_side(c->run)].socket < 0)
			continue;
		look(c);
		c->timeouts_before = c->seen.tcpi_total_rto;
	}
}

void lab_meter_end(struct lab *l)
{
	for (unsigned port = LAB_PORT_CLIENT; port < LAB_PORTS; port++) {
		struct lab_conn *c = l->conn[port];

		if (c && !c->over && c->end[lab_data_side(c->run)].socket >= 0)
			lab_meter_leaves(c, lab_data_side(c->run));
	}
}

/* ---- what arrived ---------------------------------------------------------------------------------- */

static void fill_bin(struct lab_run *r, uint64_t n)
{
	size_t at = (size_t)((r->lab->net->now - SIM_START_NS) * LAB_BINS_PER_S / 1000000000u);

	while (r->nbin <= at) {
		r->bin = sim_grow(r->bin, r->nbin, sizeof(*r->bin));
		r->bin[r->nbin++] = 0;
	}
	r->bin[at] += n;
}

void lab_meter_read(struct lab_run *r, uint64_t n)
{
	r->bytes += n;
	if (r->lab->net->now <= r->from_ns)
		r->bytes_settled += n;
	if (r->flow->kind == LAB_BULK || r->flow->kind == LAB_ONOFF)
		fill_bin(r, n);
}
