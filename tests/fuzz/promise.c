/* SPDX-License-Identifier: BSD-2-Clause */
/* The promises of promise.h. A broken one is told in a sentence, and the program aborts there. */
#include "tests/fuzz/promise.h"
#include "tests/unit/own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETH_LEN = 14, TURNS_MAX = 1000 };

void demand(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

/* ---- bytes of streams ------------------------------------------------------------------------ */

NO_COVERAGE void promise_fill(uint8_t *to, size_t n, uint32_t at)
{
	for (size_t i = 0; i < n; i++)
		to[i] = promise_byte(at + (uint32_t)i);
}

NO_COVERAGE bool promise_matches(const uint8_t *bytes, size_t n, uint32_t at)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != promise_byte(at + (uint32_t)i))
			return false;
	return true;
}

/* ---- frames ---------------------------------------------------------------------------------- */

NO_COVERAGE uint32_t promise_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	uint64_t wide = sum;

	for (size_t i = 0; i + 1 < n; i += 2)
		wide += get16(p + i);
	if (n & 1)
		wide += (uint32_t)p[n - 1] << 8;
	while (wide >> 16)
		wide = (wide & 0xffff) + (wide >> 16);
	return (uint32_t)wide;
}

static uint32_t tcp_sum(const struct promise_frame *f)
{
	size_t len = f->ip_len - (size_t)(f->tcp - f->ip);

	return promise_sum(promise_sum(6 + (uint32_t)len, f->ip + 12, 8), f->tcp, len);
}

/* False: an option's length is none. */
static bool parse_options(struct promise_frame *f, const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != 0) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return false;
		if (p[0] == 3 && p[1] == 3) {
			f->has_wscale = true;
			f->wscale = p[2];
		}
		if (p[0] == 8 && p[1] == 10) {
			f->has_ts = true;
			f->tsval = get32(p + 2);
		}
		p += p[1];
	}
	return true;
}

bool promise_parse(const uint8_t *frame, size_t len, enum ph_link_kind kind,
		   struct promise_frame *f)
{
	size_t l2 = kind == PH_LINK_ETHER ? ETH_LEN : 0, ihl, off;

	memset(f, 0, sizeof(*f));
	if (len < l2 + 20 || (l2 && get16(frame + 12) != 0x0800) || frame[l2] >> 4 != 4)
		return false;
	f->ip = frame + l2;
	f->ip_len = get16(f->ip + 2);
	ihl = (size_t)(f->ip[0] & 15) * 4;
	if (ihl < 20 || f->ip_len < ihl || f->ip_len > len - l2)
		return false;
	if (f->ip[9] != 6 || f->ip_len < ihl + 20 || (get16(f->ip + 6) & 0x3fff) != 0)
		return true;
	f->tcp = f->ip + ihl;
	off = (size_t)(f->tcp[12] >> 4) * 4;
	if (off < 20 || off > f->ip_len - ihl || !parse_options(f, f->tcp + 20, f->tcp + off))
		return true;
	f->is_tcp = true;
	f->sport = get16(f->tcp);
	f->dport = get16(f->tcp + 2);
	f->seq = get32(f->tcp + 4);
	f->ack = get32(f->tcp + 8);
	f->flags = f->tcp[13];
	f->wnd = get16(f->tcp + 14);
	f->data = f->tcp + off;
	f->data_len = f->ip_len - ihl - off;
	return true;
}

/* With FUZZ_TRACE in the environment: one line a frame, for who replays a finding. */
static void tell(const struct promise *p, const char *way, const uint8_t *frame, size_t len,
		 const struct ph_offload *o, uint64_t now)
{
	struct promise_frame f;

	if (!p->trace)
		return;
	fprintf(stderr, "%12.6f %s %zu bytes", (double)now / 1e9, way, len);
	if (o && o->gso_type)
		fprintf(stderr, " of %u", o->gso_size);
	if (!promise_parse(frame, len, p->link_conf.kind, &f))
		fprintf(stderr, " not IPv4");
	else if (!f.is_tcp)
		fprintf(stderr, " protocol %u", f.ip[9]);
	else
		fprintf(stderr, " %u > %u %s%s%s%s%s%s %u:%u ack %u wnd %u options %zu%s", f.sport,
			f.dport, f.flags & F_SYN ? "S" : "", f.flags & F_FIN ? "F" : "",
			f.flags & F_RST ? "R" : "", f.flags & F_PSH ? "P" : "",
			f.flags & F_URG ? "U" : "", f.flags & F_ACK ? "." : "", f.seq,
			f.seq + (uint32_t)f.data_len, f.ack, f.wnd,
			(size_t)(f.data - f.tcp) - 20,
			o && o->flags & 3 ? "" : tcp_sum(&f) == 0xffff ? "" : " bad sum");
	fprintf(stderr, "\n");
}

/* ---- flows ----------------------------------------------------------------------------------- */

struct promise_flow *promise_flow(struct promise *p, uint32_t peer_ip, uint16_t lport,
				  uint16_t pport)
{
	struct promise_flow *f;

	for (unsigned i = 0; i < PROMISE_FLOWS; i++) {
		f = &p->flow[i];
		if (f->used && f->peer_ip == peer_ip && f->lport == lport && f->pport == pport)
			return f;
	}
	f = &p->flow[p->flow_next++ % PROMISE_FLOWS];
	/* One that was forgotten once may come back: what it was told before is not known. */
	*f = (struct promise_flow){ .used = true,
				    .peer_ip = peer_ip,
				    .lport = lport,
				    .pport = pport,
				    .lost_count = p->flow_next > PROMISE_FLOWS };
	return f;
}

static void saw_in(struct promise_flow *f, uint32_t from, uint32_t to)
{
	for (unsigned i = f->nin; i-- > 0;) {
		uint32_t have = f->in[i].to - f->in[i].from;

		if (from - f->in[i].from > have)
			continue;
		if (to - f->in[i].from > have)
			f->in[i].to = to;
		return;
	}
	if (f->nin == PROMISE_RANGES) {
		f->lost_count = true;
		return;
	}
	f->in[f->nin].from = from;
	f->in[f->nin++].to = to;
}

static bool was_in(const struct promise_flow *f, uint32_t ack)
{
	for (unsigned i = f->nin; i-- > 0;)
		if (ack - f->in[i].from <= f->in[i].to - f->in[i].from)
			return true;
	return f->lost_count;
}

static void note_begin(struct promise_flow *f, uint32_t at)
{
	/* It may begin a new connection, whose SYN-ACK may never leave. */
	f->edge_known = f->syn_sent = false;
	for (unsigned i = 0; i < f->nbegins && i < PROMISE_SYNS; i++)
		if (f->begins[i] == at)
			return;
	f->begins[f->nbegins++ % PROMISE_SYNS] = at;
}

/* What a received frame lets the stack acknowledge. */
static void note_input(struct promise *p, const uint8_t *frame, size_t len,
		       const struct ph_offload *o)
{
	struct promise_frame f;
	struct promise_flow *fl;
	bool open = o && (o->flags & 3) != 0;

	if (!promise_parse(frame, len, p->link_conf.kind, &f))
		return;
	if (f.ip[9] == 6 && (get16(f.ip + 6) & 0x3fff) != 0)
		p->forged = true;
	if (!f.is_tcp || (!open && tcp_sum(&f) != 0xffff))
		return;
	fl = promise_flow(p, get32(f.ip + 12), f.dport, f.sport);
	if (f.flags & F_SYN)
		note_begin(fl, f.seq + 1);
	if (f.flags & F_URG)
		fl->marks++;
	saw_in(fl, f.seq,
	       f.seq + (uint32_t)f.data_len + ((f.flags & F_SYN) != 0) + ((f.flags & F_FIN) != 0));
}

/* ---- what the stack sends -------------------------------------------------------------------- */

static void check_syn(struct promise_flow *fl, const struct promise_frame *f)
{
	if (!fl->syn_sent || fl->iss != f->seq)
		fl->edge_known = false;
	fl->syn_sent = true;
	fl->iss = f->seq;
	fl->wscale = f->has_wscale ? f->wscale : 0;
	demand(fl->wscale <= 14, "a window scale is at most 14 (RFC 7323 2.3)");
}

/* RFC 9293 3.8.6 (SHLD-14): the right edge of the window does not move to the left. A scaled one
 * may, by what the scale cannot say; and a window of zero is told when memory is out. */
static void check_window(struct promise_flow *fl, const struct promise_frame *f)
{
	if (!fl->syn_sent || f->seq - fl->iss > 1u << 30)
		return; /* its SYN-ACK never left: the scale is not known */
	if (f->wnd == 0) {
		fl->edge_known = false;
		return;
	}
	if ((f->flags & F_SYN) && f->wnd == UINT16_MAX)
		return; /* more than a SYN can say may have been offered */
	for (int scaled = 0; scaled < 2; scaled++) {
		unsigned shift = scaled && !(f->flags & F_SYN) ? fl->wscale : 0;
		uint32_t edge = f->ack + ((uint32_t)f->wnd << shift);

		if (!fl->edge_known)
			fl->edge_holds[scaled] = true;
		else if ((int32_t)(edge + ((1u << shift) - 1) - fl->edge[scaled]) < 0)
			fl->edge_holds[scaled] = false;
		if (!fl->edge_known || (int32_t)(edge - fl->edge[scaled]) > 0)
			fl->edge[scaled] = edge;
	}
	fl->edge_known = true;
	demand(fl->edge_holds[0] || fl->edge_holds[1], "the window's right edge stays");
}

static void check_tcp(struct promise *p, const struct promise_frame *f)
{
	struct promise_flow *fl = promise_flow(p, get32(f->ip + 16), f->sport, f->dport);

	demand((f->flags & (F_SYN | F_FIN)) != (F_SYN | F_FIN), "no segment has SYN and FIN");
	demand((f->tcp[12] & 15) == 0, "reserved bits are zero");
	if (f->flags & F_RST) {
		demand(f->data_len == 0, "a reset carries no data");
		demand(!(f->flags & (F_SYN | F_FIN)), "a reset is a reset alone");
		return;
	}
	demand(f->sport != 0, "a connection has a port");
	demand((f->flags & (F_SYN | F_ACK)) != 0, "what is no SYN acknowledges");
	if (f->flags & F_SYN)
		check_syn(fl, f);
	if (f->flags & F_ACK) {
		demand(p->forged || was_in(fl, f->ack), "only what came is acknowledged");
		if (!p->forged)
			check_window(fl, f);
	}
	if (f->data_len && fl->syn_sent)
		demand(promise_matches(f->data, f->data_len, f->seq - fl->iss - 1),
		       "a segment carries what the user wrote, where he wrote it");
}

static void check_size(const struct promise *p, const struct promise_frame *f,
		       const struct ph_offload *o)
{
	unsigned mtu = p->link_conf.mtu ? p->link_conf.mtu : 1500;
	size_t headers = (size_t)(f->data - f->ip);

	if (o->gso_type == 0) {
		demand(f->ip_len <= mtu, "a packet fits the link");
		return;
	}
	demand(p->link_conf.offload & PH_OFFLOAD_TSO4, "super-segments go where they are taken");
	demand(f->is_tcp && (o->gso_type & 0x7f) == 1, "a super-segment is TCP");
	demand(o->gso_size > 0 && headers + o->gso_size <= mtu, "its segments fit the link");
	demand(f->data_len > o->gso_size, "a super-segment is more than one");
	demand(o->hdr_len == headers + (size_t)(p->link_conf.kind == PH_LINK_ETHER ? ETH_LEN : 0),
	       "its header length is right");
}

static void check_frame(struct promise *p, const uint8_t *frame, size_t len,
			const struct ph_offload *o)
{
	size_t l2 = p->link_conf.kind == PH_LINK_ETHER ? ETH_LEN : 0;
	struct promise_frame f;

	demand(len >= l2 + 20, "a frame has headers");
	if (l2 && get16(frame + 12) == 0x0806) {
		demand(len >= l2 + 28, "an ARP packet is whole");
		return;
	}
	demand(!l2 || memcmp(frame + 6, p->link_conf.mac, 6) == 0, "a frame says who sent it");
	demand(promise_parse(frame, len, p->link_conf.kind, &f), "what is no ARP is IPv4");
	demand(f.ip_len == len - l2, "an IP packet's length is its frame's");
	demand(promise_sum(0, f.ip, (size_t)(f.ip[0] & 15) * 4) == 0xffff, "the IP sum is right");
	check_size(p, &f, o);
	if (f.ip[9] != 6)
		return;
	demand(f.is_tcp, "TCP is not cut, its options are whole");
	demand(o->flags & 1 || tcp_sum(&f) == 0xffff, "the TCP checksum is right");
	check_tcp(p, &f);
}

/* ---- the stack ------------------------------------------------------------------------------- */

static void *take(void *arg, size_t size)
{
	struct promise *p = arg;
	void *ptr = malloc(size);

	demand(ptr != NULL, "this machine has memory");
	p->mem_used += size;
	return ptr;
}

static void give(void *arg, void *ptr, size_t size)
{
	struct promise *p = arg;

	demand(p->mem_used >= size, "no more is given back than was taken");
	p->mem_used -= size;
	free(ptr);
}

/* Reasons that sending, waiting and forgetting have too. */
static bool also_without_input(const char *name)
{
	static const char *const names[] = {
		"NOMEM",	 "LINK_DOWN",	  "QUEUE_FULL",		"PKT_TOO_BIG",
		"NEIGH_FAILED",	 "NEIGH_QUEUEFULL", "NEIGH_TABLE_FULL", "IP_OUTNOROUTES",
		"ICMP_RATELIMIT", "FRAG_REASM_TIMEOUT", "FRAG_REASM", /* see fragments_account() */
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name + strlen("PhantomDrop"), names[i]) == 0)
			return true;
	return false;
}

/* Counters of the reasons that only a received frame has; the same for every stack. */
static struct {
	unsigned n;
	size_t at[PROMISE_DROPS];
} reasons;

NO_COVERAGE static void find_reasons(void)
{
	const char *name;

	if (reasons.n)
		return;
	for (size_t i = 0; (name = ph_counter_name(i)) && reasons.n < PROMISE_DROPS; i++)
		if (strncmp(name, "PhantomDrop", 11) == 0 && !also_without_input(name))
			reasons.at[reasons.n++] = i;
	demand(reasons.n > 20, "drop reasons are counted");
}

NO_COVERAGE static uint64_t count_drops(const struct promise *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < reasons.n; i++)
		n += ph_counter(p->st, reasons.at[i]);
	return n;
}

/* Those held fall with the one that spoils their datagram, or by time: each fragment falls once. */
NO_COVERAGE static bool fragments_account(const struct promise *p)
{
	return ph_counter_by_name(p->st, "PhantomDropFRAG_REASM") +
		       ph_counter_by_name(p->st, "PhantomDropFRAG_REASM_TIMEOUT") <=
	       ph_counter_by_name(p->st, "IpReasmReqds") + ph_counter_by_name(p->st, "Ip6ReasmReqds");
}

/* To how many sockets beyond the first a frame may go: what is for a group each of them may refuse. */
NO_COVERAGE static uint64_t further_sockets(const struct promise *p, const uint8_t *f, size_t len)
{
	size_t at = p->link_conf.kind == PH_LINK_ETHER ? 14 : 0;
	bool six = len > at && f[at] >> 4 == 6, group = at && len > 0 && (f[0] & 1);
	struct ph_usage u;

	if (len >= at + 20 && !six) /* also of a fragment: the others may have been a group's */
		group |= f[at + 16] >= 224 || f[at + 19] == 255 || (f[at + 6] & 0x3f) || f[at + 7];
	if (len >= at + 40 && six)
		group |= f[at + 24] == 0xff || f[at + 6] != 17;
	ph_stack_usage(p->st, &u);
	return group ? u.sockets : 0;
}

/* A sink that reads all it is told. */
static void sink(void *arg, const struct ph_trace_event *e)
{
	struct promise *p = arg;

	demand(e->type->name[0] != '\0' && e->type->category[0] != '\0', "an event has a name");
	for (unsigned i = 0; i < e->type->nfields; i++)
		switch (e->type->fields[i].kind) {
		case PH_TRACE_U64:
			p->told += e->values[i].u64;
			break;
		case PH_TRACE_STR:
			p->told += strlen(e->values[i].str);
			break;
		case PH_TRACE_IP:
			p->told += e->values[i].ip[15];
			break;
		}
}

bool promise_relink(struct promise *p, uint64_t now)
{
	demand(p->link <= 0 || ph_link_remove(p->st, p->link, now) == 0,
	       "a link can be taken away");
	demand(ph_link_input_bytes(p->st, p->link, "gone", 4, NULL, now) <= 0, "and is gone");
	p->rx_packets = p->rx_dropped = 0;
	p->link = ph_link_add(p->st, &p->link_conf, now);
	demand(p->link > 0 || p->mem_limit != 0 || p->failing, "and be added again");
	return p->link > 0;
}

bool promise_open(struct promise *p, struct ph_conf *conf, const struct ph_link_conf *link)
{
	memset(p, 0, sizeof(*p));
	p->trace = getenv("FUZZ_TRACE") != NULL;
	conf->alloc = take;
	conf->release = give;
	conf->mem_arg = p;
	if (conf->trace_arg) { /* somebody wants it told */
		conf->trace = sink;
		conf->trace_arg = p;
	}
	p->link_conf = *link;
	p->mem_limit = conf->mem_limit;
	p->st = ph_stack_new(conf);
	demand(p->st != NULL || p->mem_limit != 0, "a stack is made");
	if (!p->st)
		return false;
	p->link = ph_link_add(p->st, link, conf->now_ns);
	demand(p->link > 0 || p->mem_limit != 0, "a link is made");
	if (p->link <= 0) {
		ph_stack_free(p->st);
		return false;
	}
	find_reasons();
	return true;
}

/* As a device hands a frame in: read into memory of the stack's. */
static int input_in_pieces(struct promise *p, const uint8_t *frame, size_t len,
			   const struct ph_offload *o, uint64_t now)
{
	struct ph_iov iov[PH_RX_IOV];
	size_t done = 0, part;
	struct ph_pkt *pkt;
	int n = 0, rc;

	pkt = ph_pkt_rx(p->st, p->link, iov, &n);
	if (!pkt)
		return -ENOMEM;
	demand(n >= 1 && n <= PH_RX_IOV, "a frame is read into as many pieces as there may be");
	for (int i = 0; i < n && done < len; i++, done += part) {
		part = len - done < iov[i].len ? len - done : iov[i].len;
		memcpy(iov[i].base, frame + done, part);
	}
	rc = done < len ? -EMSGSIZE : ph_pkt_filled(pkt, len, o);
	if (rc == 0)
		ph_link_input(p->st, p->link, pkt, now);
	else
		ph_pkt_free(p->st, pkt);
	return rc;
}

/* A frame is used, or dropped under one reason. */
int promise_input(struct promise *p, const uint8_t *frame, size_t len, const struct ph_offload *o,
		  uint64_t now)
{
	struct ph_link_info l;
	uint64_t dropped = count_drops(p), more;
	uint8_t *copy = malloc(len ? len : 1); /* so that a read beyond it is seen */
	int rc;

	if (p->link <= 0) { /* it was not added again */
		free(copy);
		return -ENODEV;
	}

	demand(copy != NULL, "this machine has memory");
	memcpy(copy, frame, len);
	tell(p, "in ", frame, len, o, now);
	if (p->in_pieces)
		rc = input_in_pieces(p, copy, len, o, now);
	else
		rc = ph_link_input_bytes(p->st, p->link, copy, len, o, now);
	free(copy);
	(void)own_links(p->st, &l, 1);
	demand(l.rx_packets - p->rx_packets == (rc == 0 ? 1u : 0u), "a frame is counted once");
	demand(l.rx_dropped - p->rx_dropped <= 1, "a frame is dropped at most once");
	more = count_drops(p) - dropped;
	demand(more <= l.rx_dropped - p->rx_dropped + further_sockets(p, frame, len),
	       "a dropped frame has one reason");
	demand(fragments_account(p), "a fragment falls once");
	p->rx_packets = l.rx_packets;
	p->rx_dropped = l.rx_dropped;
	if (rc == 0)
		note_input(p, frame, len, o);
	promise_after(p);
	return rc;
}

size_t promise_output(struct promise *p, uint8_t *frame, struct ph_offload *o, uint64_t now)
{
	struct ph_iov iov[PH_TX_IOV];
	struct ph_pkt *pkt = ph_link_output(p->st, p->link, now);
	size_t len = 0;
	int n;

	if (!pkt)
		return 0;
	ph_pkt_offload(pkt, o);
	n = ph_pkt_iov(pkt, iov);
	demand(n >= 1 && n <= PH_TX_IOV, "a frame is in as many pieces as there may be");
	for (int i = 0; i < n; i++) {
		demand(iov[i].len <= PROMISE_FRAME_MAX - len, "a frame has an end");
		memcpy(frame + len, iov[i].base, iov[i].len);
		len += iov[i].len;
	}
	demand(len == ph_pkt_len(pkt), "a frame's length is that of its pieces");
	ph_pkt_free(p->st, pkt);
	p->frames_out++;
	tell(p, "out", frame, len, o, now);
	check_frame(p, frame, len, o);
	return len;
}

void promise_run(struct promise *p, uint64_t now)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		ph_stack_run(p->st, now);
		promise_after(p);
		if (ph_stack_deadline(p->st) > now)
			return;
	}
	demand(false, "after a run no deadline is due");
}

void promise_after(struct promise *p)
{
	struct ph_usage u;

	ph_stack_usage(p->st, &u);
	demand(p->mem_limit == 0 || u.bytes <= p->mem_limit, "memory stays within its limit");
	demand(u.bytes <= p->mem_used, "memory is counted");
}

void promise_socket(struct promise *p, ph_socket s, uint64_t now)
{
	uint8_t byte;
	uint32_t bits;
	int64_t n;

	if (s < 0)
		return;
	bits = ph_poll(p->st, s);
	if (!(bits & PH_POLLIN))
		return;
	n = ph_recv(p->st, s, &byte, 1, PH_MSG_PEEK, now);
	if (n == -EINVAL || n == -ENOTCONN) /* a listener */
		return;
	demand(n != -EAGAIN, "what poll calls readable can be read");
}

void promise_close(struct promise *p, bool closed)
{
	struct ph_usage u;

	ph_stack_usage(p->st, &u);
	if (closed) {
		demand(u.sockets == 0, "all sockets were given back");
		demand(u.connections == 0, "all connections were given back");
		demand(u.packets == 0, "all packets were given back");
		demand(u.buffers == 0, "all buffers were given back");
	}
	ph_stack_free(p->st);
	demand(p->mem_used == 0, "all memory was given back");
	p->st = NULL;
}
