/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of tcp/ share: the connection (struct tcb), the small structs that stand for it
 * before and after its life, and the calls between the files that tie the parts together.
 *
 *	SYN  -> struct tcp_half -> struct tcb -> struct tcp_timewait -> nothing
 *	        tcp_listen.c       tcp_input.c   tcp_timewait.c
 *
 * A tcb is freed by tcp_put() alone, at the end of an entry point, when it is CLOSED and no user
 * holds it: nothing is freed under the code that runs.
 */
#ifndef TCP_TCP_INT_H
#define TCP_TCP_INT_H

#include "base/pool.h"
#include "base/stream.h"
#include "base/timer.h"
#include "net/ip6_opt.h"
#include "net/metrics.h"
#include "net/net.h"
#include "net/stack.h"
#include "tcp/cc.h"
#include "tcp/tcp.h"
#include "tcp/tcp_chrono.h"
#include "tcp/tcp_delack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mtup.h"
#include "tcp/tcp_opt.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_peers.h"
#include "tcp/tcp_rare.h"
#include "tcp/tcp_rcvwin.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_rtt.h"
#include "tcp/tcp_rtxq.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_seg.h"
#include "tcp/tcp_table.h"
#include "tcp/tcp_way.h"

enum tcps { /* Linux's numbers */
	TCPS_ESTABLISHED = 1,
	TCPS_SYN_SENT,
	TCPS_SYN_RECEIVED,
	TCPS_FIN_WAIT_1,
	TCPS_FIN_WAIT_2,
	TCPS_TIME_WAIT,
	TCPS_CLOSED,
	TCPS_CLOSE_WAIT,
	TCPS_LAST_ACK,
	TCPS_LISTEN,
	TCPS_CLOSING,
	TCPS_N
};

enum {
	TCP_MSS_DEFAULT4 = 536,	 /* RFC 9293 3.7.1 (MUST-15) */
	TCP_MSS_DEFAULT6 = 1220,
	TCP_TIMEWAIT_S = 60,	 /* 2 MSL: RFC 9293 says four minutes; Linux one */
	TCP_RCV_PIN_MAX = 8, /* memory that a byte of data may pin, where the buffer counts data */
	TCP_PAWS_IDLE_MS = 24 * 24 * 3600 * 1000, /* RFC 7323 5.5 */
	TCP_PERSIST_MIN_US = 200000,
	TCP_RTO_MIN_US = 200000, /* the most that TCP_RTO_MIN_US takes */
	TCP_RTO_MAX_MS = 120000
};

enum { TCP_LOCK_SNDBUF = 1, TCP_LOCK_RCVBUF = 2 }; /* SO_BUF_LOCK */

enum tcp_nagle { /* tcb.nonagle */
	TCP_NODELAY_ON = 1,
	TCP_CORK_ON = 2,
	TCP_PUSH_NOW = 4 /* what is queued goes, corked or not: until the next write */
};

/* The last urgent octet: announced, here, read by MSG_OOB; gone when the reader is past it. */
enum tcp_urg { TCP_URG_NONE, TCP_URG_AHEAD, TCP_URG_VALID, TCP_URG_READ };

/* What fires next of the shared slot (tcb.rto_at). */
enum tcp_slot {
	TCP_SLOT_NONE,
	TCP_SLOT_RTO,
	TCP_SLOT_PERSIST,
	TCP_SLOT_PROBE,	 /* of the tail (RFC 8985 7) */
	TCP_SLOT_REORDER /* reordering was waited for (RFC 8985 6.3) */
};

struct tcp_fo_syn;

struct tcp_listener { /* what a tcb in LISTEN has besides */
	struct list halves; /* struct tcp_half by `link` */
	struct list accept; /* struct tcb by `link` */
	uint32_t nhalves, naccept, backlog;
	uint32_t nyoung;     /* of nhalves: those whose SYN-ACK was sent but once */
	uint64_t cookie_ns;  /* a SYN cookie last left, and 1; 0: never */
	struct list early;	 /* struct tcp_early by `link`: not yet proven, */
	struct list early_reset; /* and reset by the peer, oldest first */
	uint32_t nearly;	 /* of both */
};

/* A connection by Fast Open whose peer has not yet answered our SYN-ACK: tcp_early.c. */
struct tcp_early {
	struct list_node link;
	struct tcb *listener; /* NULL: it is gone */
	uint64_t until_ns;    /* reset: kept until then */
};

struct tcb {
	struct tcp_ent ent;
	struct ready ready;
	struct list_node link; /* in a listener's accept queue, or in a port's list of the bound */
	struct list_node owes; /* in tcp_state.owing */
	struct list_node awake; /* in tcp_state.awake, while tcp_rest.c looks whether it rests */
	struct tcb **holder; /* where its socket keeps the pointer to it; NULL: nowhere */
	struct tcp_listener *listener; /* own, in LISTEN; whose accept queue it is in */
	struct tcp_port *port;
	struct dst dst; /* src and dst are the connection's addresses, looked up or not */
	uint32_t id;	/* for traces */

	uint8_t state; /* enum tcps */
	bool v6;
	bool held : 1;	     /* by a user, or by an accept queue */
	bool bound : 1;	     /* by bind(): in port->bound */
	bool bound_ip : 1;   /* to an address */
	bool port_used : 1;  /* counted in port->users, */
	bool port_reuse : 1; /* with SO_REUSEADDR as it was then */
	bool active : 1;     /* opened by connect(): RFC 9293 MUST-11 */
	bool connecting : 1; /* connect() was not yet told that it succeeded */
	bool fin_queued : 1; /* a FIN stands at the end of snd */
	bool fin_sent : 1, fin_rcvd : 1;
	bool syn_acked : 1;  /* our SYN: the send queue begins at snd_una */
	bool rcv_shut : 1, snd_shut : 1;
	bool orphan : 1;     /* closed by its user, and counted */
	bool done : 1;	     /* was connected once */
	bool ts : 1, sack_ok : 1, ws : 1;
	bool fo_child : 1;   /* made by Fast Open */
	bool syn_data : 1;   /* the SYN's data was taken, by us or by the peer */
	bool fo_syn : 1, fo_exp : 1; /* our SYN had Fast Open's option, the experimental one */
	bool fo_data : 1;    /* and it had data */
	bool fo_deferred : 1; /* it waits for the first write */
	bool fo_more : 1;    /* who sent by it waits to send the rest */
	uint8_t fo_fail : 2; /* tcpi_fastopen_client_fail */
	bool nospace : 1;    /* the user was told to wait for room */
	bool snd_urg : 1;
	bool reuse : 1, reuseport : 1, keepalive : 1, linger : 1, oobinline : 1;
	bool sndbuf_locked : 1, rcvbuf_locked : 1;
	bool thin : 1; /* TCP_THIN_LINEAR_TIMEOUTS */
	bool stirred : 1; /* something happened since tcp_rest.c last looked */
	uint8_t urg;	   /* enum tcp_urg: of the octet before rcv_up */
	uint8_t urg_octet; /* when VALID */
	uint8_t nonagle; /* enum tcp_nagle */
	uint8_t slot;	 /* enum tcp_slot */
	uint8_t tos, ttl;    /* of IPv4; of IPv6, ip6 says */
	struct ip6_opt ip6;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t path;	     /* how often another was asked for: tcp_path.c */
	uint8_t retransmits; /* timeouts since progress */
	uint8_t probes;	     /* window or keep-alive probes unanswered */
	bool cwnd_limited;   /* in the window that ends at cwnd_seq */

	/* Deadlines in ns, PH_NEVER when off; `timer` is armed at the first of them or before. */
	struct timer timer;
	uint64_t rto_at, ack_at, keep_at;

	/* Sending: RFC 9293 3.3.1 */
	struct stream snd; /* from the first byte not acknowledged to the last one written */
	struct tcp_rtxq rtxq;
	struct link_waiter waiter;
	seq_t iss, snd_una, snd_nxt, snd_wl1, snd_wl2, snd_up;
	seq_t snd_sml;	/* end of the last short segment sent (Minshall) */
	seq_t push_seq; /* end of the user's last write */
	seq_t tail_seq; /* where the last packet of the queue begins, as writes filled it */
	seq_t push_half; /* where half a window ended in a long one: PSH there (Linux's forced_push) */
	uint32_t snd_wnd, max_wnd;
	uint32_t sndbuf;
	uint16_t peer_mss, adv_mss, user_mss;
	uint16_t mss; /* payload per segment by path and peer, before options */
	uint16_t path_mtu; /* as ICMP told (RFC 1191); 0: not */
	uint16_t rehash; /* other paths asked for, by timeouts and for congestion */

	/* Congestion and loss */
	struct cc cc;
	struct tcp_loss loss;
	struct tcp_rtt rtt;
	uint64_t sent_ns;	  /* data last left; before any, our first SYN */
	uint64_t silent_ns;	  /* first retransmission since progress, or first window probe
				   * that nobody answered; 0: none */
	struct tcp_rate rate;
	struct tcp_pace pace;
	struct tcp_chrono chrono;
	seq_t cwnd_seq;
	uint32_t max_out, used_out; /* most bytes out: in that window; since cwnd_ns */
	uint64_t cwnd_ns;	    /* the window was last used or grew, or shrunk for not being used */
	uint64_t used_ns;	    /* it was last used in full */

	/* Receiving */
	struct stream rcv;
	struct tcp_reass reass;
	struct tcp_rcvwin rcvwin;
	struct tcp_sack sack;
	struct tcp_delack delack;
	struct tcp_ecn ecn;
	seq_t irs, rcv_nxt, rcv_up;
	uint32_t ts_recent, ts_off;
	uint32_t rcv_flow;     /* IPv6: the flow label that data last came with */
	uint64_t ts_recent_ms; /* when it was heard; 0: never */
	uint64_t rcv_ns;       /* any segment last came */
	uint64_t oow_ack_ns;   /* last answer to something unacceptable */

	/* What the user set */
	struct tcp_early *early; /* NULL: the handshake is over, or there is none */
	uint64_t mem_held; /* counted in tcp_state.held */
	struct tcp_mtup *mtup; /* NULL: no search for the path's MTU */
	struct tcp_rare *rare; /* NULL: nothing of it; read by tcp_rare() */
	uint32_t user_timeout_ms, linger_s;
	uint32_t window_clamp;
	uint16_t keep_idle_s, keep_intvl_s; /* 0: the sysctl's */
	uint8_t keep_probes, syn_retries;   /* 0: the sysctl's */
	int32_t fin_timeout_s;		    /* TCP_LINGER2; 0: the sysctl's, negative: none */
	int16_t error, error_soft;	    /* positive errno */

	/* For struct ph_tcp_info */
	uint32_t segs_in, segs_out, data_segs_in, data_segs_out, total_retrans, rcv_ooopack;
	uint16_t total_rto, rto_episodes; /* timeouts; runs of them without progress between, */
	uint32_t rto_ms, rto_since_ms;	  /* what those took; when one began, 0: there is none */
	uint64_t bytes_acked, bytes_received, bytes_sent, bytes_retrans;
};

/* RFC 9293's SYN-RECEIVED after a passive open: no tcb until the handshake ends. */
struct tcp_half {
	struct tcp_ent ent;
	struct list_node link;
	struct timer timer;
	struct tcb *listener;
	struct tcp_saved_syn *syn; /* TCP_SAVE_SYN; NULL: not asked for */
	struct ph_ip local, peer;
	seq_t iss, irs;
	uint32_t ts_recent, ts_off, wnd; /* wnd: what our SYN-ACK offered */
	uint32_t snd_wnd;
	uint64_t sent_ns, oow_ack_ns;
	uint16_t peer_mss, adv_mss;
	uint8_t snd_wscale, rcv_wscale, retransmits, tos;
	uint8_t path; /* as tcb.path */
	uint8_t timeouts; /* its timer's: more than `retransmits` when it waits for data alone */
	uint8_t synacks;  /* sent, whatever for */
	uint8_t ecn_mode; /* enum tcp_ecn_mode: what was granted */
	uint8_t peer_ecn; /* the ECN field with which the last SYN came */
	bool no_ect;	  /* one of its SYNs asked for accurate ECN no more */
	bool ts, sack_ok, ws;
	bool acked;  /* the peer answered: it waits for data, or for room in the accept queue */
	bool cookie; /* nothing of it is kept: not in the table, nor in a list */
};

struct tcp_timewait {
	struct tcp_ent ent;
	struct list_node link; /* in tcp_state.timewaits: all live equally long */
	uint64_t until_ns, oow_ack_ns;
	struct ph_ip local, peer;
	struct tcp_md5_key *md5; /* its own copy; NULL: not signed */
	struct tcp_port *port;
	seq_t snd_nxt, rcv_nxt;
	uint32_t rcv_wnd, ts_recent, ts_off, delay_us;
	uint64_t ts_recent_ms, entered_ms;
	uint8_t rcv_wscale, tos, ttl, path;
	bool ts, reuse;
	uint16_t oif; /* SO_BINDTODEVICE; 0: any */
};

/* A connection that rests: tcp_rest.c. */
struct tcp_folded {
	struct tcp_ent ent;
	struct ph_ip local, peer;
	struct tcb **holder;
	int socket;
	uint8_t state, size; /* size: which pool it is from */
	bool v6;
	uint8_t bytes[]; /* base/fold.h */
};

enum {
	TCP_FOLD_FIRST = 416, /* bytes of the smallest struct tcp_folded: most have room in it, */
	TCP_FOLD_STEP = 64,   /* and how much larger each next size is */
	TCP_FOLD_SIZES = 3
};

struct tcp_rest { /* of the stack: see tcp_rest.c */
	struct pool pools[TCP_FOLD_SIZES];
	struct tcb *like;  /* what all folds are told from; NULL: none yet */
	struct list awake; /* struct tcb by `awake`: the one to look at next first */
	uint32_t nawake, nfolded;
	uint32_t left;	   /* in this walk of the timer's */
	struct timer timer;
};

struct tcp_state {
	struct tcp_rest rest;
	struct hash table; /* struct tcp_ent */
	struct tcp_ent *last; /* found last: segments come in runs; NULL: none, or it is gone */
	struct hash ports; /* struct tcp_port */
	struct pool tcbs, earlies, rares, marks, arrivals, errs, md5_keys, syns;
	struct pool mtups, listeners, halves, port_pool, recs, pieces;
	struct pool late_pool;
	struct list lates; /* segments that wait for their time: tcp_late.c */
	struct pool timewait_pool, cc_states; /* CC_STATE_MAX bytes, for algorithms that keep much */
	struct tcp_reass_env reass;
	struct tcp_peers peers;
	uint64_t fo_hole_ns; /* Fast Open last met a black hole, */
	uint32_t fo_holes;   /* for so many times in a row */
	struct list timewaits; /* oldest first */
	struct list owing;     /* struct tcb by `owes`: its ACK leaves when the batch has been read */
	struct timer timewait_timer;
	uint32_t next_id, port_next;
	bool no_swift; /* tests: nothing takes a short way */
	uint32_t norphans; /* connections that nobody holds any more */
	uint64_t held;	     /* bytes that the queues of all connections pin */
	uint64_t pressed_ns; /* since when that is too much, and 1; 0: it is not */
	uint64_t challenge_s;	 /* the second that challenge_left is for */
	uint32_t challenge_left; /* RFC 5961 7: of all connections */
};

/* A segment on its way through RFC 9293 3.10.7, with the packet it is in. */
struct tcp_rx {
	const struct ip_rx *ip;
	struct tcp_seg seg; /* trimmed as it goes */
};

static inline bool tcps_synchronised(uint8_t s)
{
	return s != TCPS_CLOSED && s != TCPS_LISTEN && s != TCPS_SYN_SENT;
}

static inline uint64_t tcp_now_us(const struct ph_stack *st)
{
	return st->now_ns / 1000;
}

static inline uint64_t tcp_now_ms(const struct ph_stack *st)
{
	return st->now_ns / 1000000;
}

/* Our timestamp clock (RFC 7323 5.4): milliseconds, offset per connection. */
static inline uint32_t tcp_ts(const struct ph_stack *st, uint32_t off)
{
	return (uint32_t)tcp_now_ms(st) + off;
}

/* TOS or traffic class, TTL or hop limit (0: the default) of packets to a peer. */
static inline uint8_t tcp_tos(const struct tcb *t, const struct ph_ip *peer)
{
	return ip_is4(peer) ? t->tos : t->ip6.tclass;
}

static inline uint8_t tcp_ttl(const struct tcb *t, const struct ph_ip *peer)
{
	return ip_is4(peer) ? t->ttl : ip6_opt_hops(&t->ip6, false);
}

/* The first byte of the send queue. */
static inline seq_t tcp_snd_base(const struct tcb *t)
{
	return t->syn_acked ? t->snd_una : t->iss + 1;
}

/* Behind the last byte of the send queue; a FIN stands there. */
static inline seq_t tcp_snd_end(const struct tcb *t)
{
	return tcp_snd_base(t) + t->snd.len;
}

/* Is there data, or a FIN, that never left? */
static inline bool tcp_unsent(const struct tcb *t)
{
	return !t->fin_sent && (t->fin_queued || tcp_snd_end(t) != t->snd_nxt);
}

static inline uint32_t tcp_flight(const struct tcb *t)
{
	return t->snd_nxt - t->snd_una;
}

/* The first byte that the user has not read. */
static inline seq_t tcp_read_seq(const struct tcb *t)
{
	return t->rcv_nxt - t->rcv.len - (t->fin_rcvd ? 1 : 0);
}

/* What waits to be read or for a hole to be filled, as SO_RCVBUF counts it. */
static inline uint32_t tcp_rcv_counted(const struct tcb *t)
{
	uint32_t memory = t->rcv.charged + t->reass.charged;

	if (!t->rcvwin.whole)
		return t->rcv.counted + t->reass.counted;
	/* Data counts, and memory where tiny segments pin much of it. */
	return t->rcv.len > memory / TCP_RCV_PIN_MAX ? (uint32_t)t->rcv.len :
						       memory / TCP_RCV_PIN_MAX;
}

/* Bytes of IPv4 options that its packets have (IP_OPTIONS). */
static inline uint8_t tcp_ip_opt_len(const struct tcb *t)
{
	return t->rare && ip_is4(&t->dst.dst) ? t->rare->ip_opt_len : 0;
}

/* Bytes from which on the socket is readable (SO_RCVLOWAT). */
static inline uint32_t tcp_rcvlowat(const struct tcb *t)
{
	return t->rare && t->rare->rcvlowat ? t->rare->rcvlowat : 1;
}

/* The key for this peer, or NULL. */
static inline const struct tcp_md5_key *tcp_md5_find(const struct tcb *t, const struct ph_ip *peer)
{
	return t->rare && t->rare->md5 ? tcp_md5_of(t->rare->md5, peer) : NULL;
}

static inline uint32_t tcp_rto_min_us(const struct ph_stack *st, const struct tcb *t)
{
	uint32_t route = dst_metrics(st, &t->dst)->rto_min_us;

	if (route)
		return route;
	return t->rare && t->rare->rto_min_us ? t->rare->rto_min_us :
						(uint32_t)st->sysctl.tcp_rto_min_us;
}

static inline uint32_t tcp_rto_max_ms(const struct ph_stack *st, const struct tcb *t)
{
	return t->rare && t->rare->rto_max_ms ? t->rare->rto_max_ms :
						(uint32_t)st->sysctl.tcp_rto_max_ms;
}

/* ---- tcp_state.c */
const char *tcp_state_name(uint8_t state);
void tcp_set_state(struct ph_stack *st, struct tcb *t, enum tcps to);

/* ---- tcp.c */
struct tcb *tcp_tcb_new(struct ph_stack *st, bool v6);
/* The connection is over: CLOSED, out of the table, queues to the peer emptied, timers stopped.
 * What was received can still be read. `error` (positive errno, or 0) is what the user is told. */
void tcp_done(struct ph_stack *st, struct tcb *t, int error, const char *why);
/* Frees it if it is over and nobody holds it; the last thing an entry point does. True: freed. */
bool tcp_put(struct ph_stack *st, struct tcb *t);
/* Its port is counted as in use by a connection, and no more. */
void tcp_use_port(struct tcb *t, struct tcp_port *p);
void tcp_unuse_port(struct ph_stack *st, struct tcb *t);

/* ---- tcp_conn.c */
/* Chooses window, timestamp offset, sequence number and what our SYN offers; dst and ports are
 * set. */
struct tcp_reborn;
void tcp_conn_start(struct ph_stack *st, struct tcb *t, const struct tcp_reborn *old);
/* Forgets a connection that is over, so that the socket can connect again. */
void tcp_conn_reset(struct ph_stack *st, struct tcb *t);
struct tcp_opts tcp_conn_syn_options(const struct ph_stack *st, const struct tcb *t);
/* SYN received or sent: what both ends agreed on. */
void tcp_conn_options(struct ph_stack *st, struct tcb *t, const struct tcp_opts *o);
/* Sending and receiving data begins. */
void tcp_conn_begin(struct ph_stack *st, struct tcb *t);
void tcp_conn_established(struct ph_stack *st, struct tcb *t);
/* ---- tcp_metrics.c */
/* Our FIN is acknowledged: what was learnt is kept for the next connection of the pair. */
void tcp_metrics_save(struct ph_stack *st, const struct tcb *t);
/* The handshake is over: begin with what was learnt. */
void tcp_metrics_use(struct ph_stack *st, struct tcb *t);
/* And its round trip is measured: the first timeout. */
void tcp_metrics_rto(struct ph_stack *st, struct tcb *t);
/* Did a connection with that peer end well before? */
bool tcp_metrics_proven(struct ph_stack *st, const struct ph_ip *local, const struct ph_ip *peer);

void tcp_conn_sync_mss(const struct ph_stack *st, struct tcb *t);
/* Room for the user's bytes: grows with the congestion window (Linux's tcp_sndbuf_expand). */
void tcp_conn_space(struct ph_stack *st, struct tcb *t);
/* Memory that the send queue is charged, as Linux counts it. */
uint32_t tcp_conn_wmem_queued(const struct tcb *t);
uint32_t tcp_conn_notsent(const struct tcb *t); /* bytes written that never left */
uint32_t tcp_conn_sndbuf_free(const struct tcb *t);
bool tcp_conn_writable(const struct ph_stack *st, const struct tcb *t);
void tcp_conn_tell_space(struct ph_stack *st, struct tcb *t);
/* Is `times` what was never sent below TCP_NOTSENT_LOWAT? */
bool tcp_conn_below_lowat(const struct ph_stack *st, const struct tcb *t, uint32_t times);
/* The MSS we announce for a path of this mtu. */
uint16_t tcp_conn_adv_mss(uint16_t mtu, bool v6);
/* The same, as far as the route lets it. */
uint16_t tcp_conn_dst_adv_mss(const struct ph_stack *st, const struct dst *d);
/* net.ipv4.tcp_ecn, or more where the route asks for it. */
int64_t tcp_conn_ecn(const struct ph_stack *st, const struct dst *d);

/* ---- tcp_input.c */
enum drop tcp_input(struct ph_stack *st, const struct ip_rx *ip);
/* A segment for t, from the first step to the answer. t may be gone when it returns. */
enum drop tcp_input_conn(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx);
enum drop tcp_input_steps(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx);
/* Answers to what is suspect (RFC 5961), held back by tcp_invalid_ratelimit. */
void tcp_challenge_ack(struct ph_stack *st, struct tcb *t);
/* May something unacceptable be answered now? *last_ns is when one was. */
bool tcp_oow_allowed(const struct ph_stack *st, uint64_t *last_ns);

/* ---- tcp_synsent.c, tcp_text.c, tcp_ack.c */
enum drop tcp_synsent_input(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx);
/* [from, to) came twice: the next ACK says so (RFC 2883). */
void tcp_text_duplicate(struct ph_stack *st, struct tcb *t, seq_t from, seq_t to);
/* Must an ACK go now, `unacked` bytes after the last one, with `held` counted and `unread` bytes of it to
 * be read? */
bool tcp_text_ack_due(struct tcb *t, uint32_t unacked, uint32_t held, uint32_t unread);
enum drop tcp_text_take(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx);
/* The same of one segment that is next in order, fits into the window and has room. */
enum drop tcp_text_next(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx);
enum drop tcp_text_fin(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx);
void tcp_text_urg(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx);
enum drop tcp_ack_input(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx);

/* ---- tcp_recover.c */
struct tcp_loss_env tcp_recover_env(const struct ph_stack *st, struct tcb *t, struct cc_ack *a);
/* An ACK that says nothing but what time it is. */
struct cc_ack tcp_recover_now(const struct ph_stack *st, const struct tcb *t);
/* Counts what tcp_loss.c noted. */
void tcp_recover_note(struct ph_stack *st, struct tcb *t, const struct tcp_loss_env *e);
/* Tells the scoreboard of the segment's valid blocks. True: one was a D-SACK; *probe: of the tail
 * probe. */
bool tcp_sacked_take(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s,
		     struct tcp_loss_env *e, seq_t una_before, struct tcp_delivered *d, bool *probe);

/* ---- tcp_memory.c */
/* t's queues changed: counts what they hold. */
void tcp_memory_note(struct ph_stack *st, struct tcb *t);
bool tcp_memory_pressed(const struct ph_stack *st); /* no queue is to grow */
bool tcp_memory_full(const struct ph_stack *st);    /* nothing is to be taken */
/* The window before it is told: little under pressure. */
void tcp_memory_clamp(const struct ph_stack *st, struct tcb *t);

/* ---- tcp_icmp.c */
void tcp_icmp_error(struct ph_stack *st, const struct ip_err *e);

/* ---- tcp_sockopt_fo.c: options of Fast Open */
bool tcp_sockopt_is_fo(int name);
int tcp_setsockopt_fo(struct ph_stack *st, struct tcb *t, int name, const void *value,
		      uint32_t len);
int tcp_getsockopt_fo(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		      uint32_t *len);

/* ---- tcp_call.c */
/* connect(); msg: NULL, or what to send with it, of which *sent bytes went. */
int tcp_connect_with(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a,
		     const struct ph_msg *msg, uint32_t *sent);

/* ---- tcp_data.c */
/* Copies up to n bytes of msg from `off` into the send queue; returns how many. */
uint32_t tcp_data_copy(struct tcb *t, const struct ph_msg *msg, uint64_t off, uint32_t n);

/* ---- tcp_fo_client.c: Fast Open of connections begun here */
struct tcp_fo_syn { /* what the first SYN has */
	bool option;
	struct tcp_fo_cookie cookie; /* len 0: asks for one */
	uint32_t len;		     /* data, from the send queue's first byte */
};
/* Everything is chosen: the SYN leaves, or waits. -EINPROGRESS, or 0: it waits. */
int tcp_fo_connect(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, uint32_t *sent);
/* MSG_FASTOPEN, or the first write of a SYN that waits. Bytes sent, an error, or 0: send as ever. */
int64_t tcp_fo_send(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, int flags);
/* Our SYN is acknowledged, and what that covers is off the queue. */
void tcp_fo_synack(struct ph_stack *st, struct tcb *t, const struct tcp_opts *o);
/* A timeout comes, not yet counted; `last`: the connection is given up. */
void tcp_fo_timeout(struct ph_stack *st, struct tcb *t, bool last);

/* ---- tcp_early.c */
/* The keys of a listener's cookies. */
void tcp_early_keys(const struct ph_stack *st, const struct tcb *l, struct tcp_fo_keys *k);
/* A SYN for l: is it to make a connection at once? *answer: the cookie for the SYN-ACK, if any. */
bool tcp_early_wanted(struct ph_stack *st, const struct tcb *l, const struct tcp_rx *rx,
		      struct tcp_fo_cookie *answer);
/* The connection is made, and takes what the SYN brought. False: no memory. */
bool tcp_early_begin(struct ph_stack *st, struct tcb *l, struct tcb *t, struct tcp_rx *rx);
/* The peer answered, or the connection ends. */
void tcp_early_end(struct ph_stack *st, struct tcb *t);
/* The peer reset it. */
void tcp_early_reset(struct ph_stack *st, struct tcb *t);
/* Its listener goes. */
void tcp_early_stop(struct ph_stack *st, struct tcb *l);
/* The SYN came once more, and is answered. */
bool tcp_early_syn_again(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s);

/* ---- tcp_listen.c, tcp_timewait.c */
enum drop tcp_listen_input(struct ph_stack *st, struct tcb *l, struct tcp_rx *rx,
			   const seq_t *iss);
enum drop tcp_half_input(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx);
void tcp_half_free(struct ph_stack *st, struct tcp_half *h);
void tcp_listen_stop(struct ph_stack *st, struct tcb *l);
void tcp_timewait_enter(struct ph_stack *st, struct tcb *t);
enum drop tcp_timewait_input(struct ph_stack *st, struct tcp_timewait *w, struct tcp_rx *rx);
/* What a connection that takes the place of one in TIME-WAIT goes on from (RFC 6191). */
struct tcp_reborn {
	uint64_t ts_recent_ms;
	uint32_t ts_recent;
	seq_t iss;
	bool is; /* else it takes nobody's */
};
/* May a new connection of ours have its addresses and ports (net.ipv4.tcp_tw_reuse; `bound`: the
 * user chose the port)? Then w is gone. Timestamps must tell old segments from new. */
bool tcp_timewait_reuse(struct ph_stack *st, struct tcp_timewait *w, bool bound,
			struct tcp_reborn *r);
void tcp_timewait_free(struct ph_stack *st, struct tcp_timewait *w);
void tcp_timewait_fire(void *ctx, struct timer *timer);

/* ---- tcp_rest.c */
void tcp_rest_init(struct ph_stack *st, struct tcp_rest *r, uint32_t limit);
void tcp_rest_destroy(struct ph_stack *st, struct tcp_rest *r);
/* Something happens to t. */
void tcp_rest_stir(struct ph_stack *st, struct tcb *t);
/* t ends. */
void tcp_rest_forget(struct ph_stack *st, struct tcb *t);
/* The connection again; *f is gone. NULL: no memory, and f is as before. */
struct tcb *tcp_rest_unfold(struct ph_stack *st, struct tcp_folded *f);
/* Its table entry as a connection, woken if need be; NULL: no memory. */
struct tcb *tcp_rest_conn(struct ph_stack *st, struct tcp_ent *e);

/* ---- tcp_output.c */
/* Sends what may be sent: lost segments again, then new data, then a FIN. True: something left. */
bool tcp_output(struct ph_stack *st, struct tcb *t);
void tcp_output_resume(struct ph_stack *st, struct link_waiter *w);
void tcp_output_ack(struct ph_stack *st, struct tcb *t);
/* SYN, or SYN-ACK of a simultaneous open. */
void tcp_output_syn(struct ph_stack *st, struct tcb *t);
/* The first SYN, by Fast Open. */
void tcp_output_syn_with(struct ph_stack *st, struct tcb *t, const struct tcp_fo_syn *f);
/* The tail probe (RFC 8985 7.3): a segment of new data, or the last one again. False: neither left. */
bool tcp_output_tail(struct ph_stack *st, struct tcb *t);
/* One segment of `len` bytes of new data, whatever the segments are else. False: it did not leave. */
bool tcp_output_larger(struct ph_stack *st, struct tcb *t, uint32_t len);
/* The window field of the segment that leaves next: from then on it is promised. */
uint16_t tcp_output_window(struct ph_stack *st, struct tcb *t);
/* RST in the connection's own sequence. */
/* An ACK that is nothing else, whatever tcp_bsd_ways says. */
void tcp_output_challenge(struct ph_stack *st, struct tcb *t);
void tcp_output_rst(struct ph_stack *st, struct tcb *t);
/* A segment that makes the peer answer: with data if the window takes some, else one below it. */
void tcp_output_probe(struct ph_stack *st, struct tcb *t);
/* Bytes that go in one packet at most: whole segments, no more than half the peer's window. */
uint32_t tcp_output_goal(const struct tcb *t);
/* Does a record end where the send queue does? */
bool tcp_record_ends(const struct tcb *t);
/* The options of a segment that is not a SYN (tcp_outopt.c). */
void tcp_output_options(const struct ph_stack *st, const struct tcb *t, struct tcp_opts *o);
uint32_t tcp_output_options_len(const struct tcb *t); /* bytes of them */

enum { TCP_PAYLOAD_MIN = 8 }; /* of a segment, whatever its options */

/* Has a segment timestamps or nothing? Nearly every one. */
static inline bool tcp_options_plain(const struct tcb *t)
{
	return !t->rare && tcp_sack_count(&t->sack) == 0 && !tcp_ecn_accurate(&t->ecn);
}

/* Payload of a full segment with the options that now apply. Many ask, more than once for each. */
static inline uint32_t tcp_output_mss(const struct tcb *t)
{
	uint32_t plain = t->ts ? TCP_OPT_TS_ALIGNED : 0, mss, half;
	uint32_t opts = tcp_options_plain(t) ? plain : tcp_output_options_len(t);

	mss = t->mss > opts + TCP_PAYLOAD_MIN ? t->mss - opts : TCP_PAYLOAD_MIN;
	/* A window smaller than two segments would otherwise never take one (RFC 9293
	 * 3.8.6.2.1). */
	half = t->max_wnd > TCP_MSS_DEFAULT4 ? t->max_wnd / 2 : t->max_wnd;
	return half && mss > half ? half : mss;
}

/* The congestion window in segments: never none, though mss be larger than when it was set, with more
 * options. */
static inline uint32_t tcp_cwnd_segs(const struct tcb *t, uint32_t mss)
{
	return t->cc.cwnd > mss ? t->cc.cwnd / mss : 1;
}

/* ---- tcp_xmit.c: one segment onto the wire */
struct tcp_out {
	seq_t seq, ack;
	uint16_t lport, pport;
	uint16_t flags, wnd, urg;
	uint16_t gso_size; /* 0: one segment */
	uint8_t tos, ttl;
	uint8_t path;	   /* tcb.path: another flow label for each */
	bool may_fragment; /* IPv4's DF is off (IP_MTU_DISCOVER) */
	uint8_t ip_opt_len;
	const uint8_t *ip_opt; /* options of the IPv4 header */
	uint32_t delay_us;     /* TCP_TX_DELAY */
	ph_link oif;	       /* for tcp_xmit_bare(): by this link alone; 0: any */
	bool plain; /* of opts only has_ts and its two values count: there is nothing else */
	const struct tcp_md5_key *md5; /* NULL: not signed */
	struct tcp_opts opts;
};
/* Puts header and checksum before the payload in take_pkt and sends it. 0 or ip_output()'s
 * error. */
int tcp_xmit(struct ph_stack *st, struct dst *d, const struct tcp_out *o, struct pkt *take_pkt);
/* The same without payload, to an address for which nobody keeps a dst. */
void tcp_xmit_bare(struct ph_stack *st, const struct tcp_tuple *k, const struct tcp_out *o);
/* The reset that RFC 9293 3.10.7.1 asks for in answer to a segment that belongs to nothing. */
void tcp_xmit_reset(struct ph_stack *st, const struct tcp_rx *rx);

/* ---- tcp_cc.c */
void tcp_cc_new(struct ph_stack *st, struct tcb *t); /* a socket: the sysctl's algorithm */
void tcp_cc_start(struct ph_stack *st, struct tcb *t); /* the handshake is over */
void tcp_cc_free(struct ph_stack *st, struct tcb *t);
/* TCP_CONGESTION. 0, -ENOENT (no such), -EPERM (tcp_allowed_congestion_control). */
int tcp_cc_set(struct ph_stack *st, struct tcb *t, const char *name);
/* TCP_CC_INFO: bytes written to out[CC_INFO_MAX]. */
uint32_t tcp_cc_info(const struct tcb *t, uint8_t *out);
/* Something left, or cwnd kept all of it back: limited. */
void tcp_cc_sent(struct ph_stack *st, struct tcb *t, bool limited);
/* Slow start ended before a loss did it: counted. */
void tcp_cc_ended(struct ph_stack *st, struct tcb *t, uint32_t mss);
/* An ACK was read: its delivery rate. */
void tcp_cc_rate(struct ph_stack *st, struct tcb *t, const struct tcp_rate_sample *s,
		 struct cc_ack *a);
/* Window or round trip changed: the rate that pacing would be at (Linux's tcp_update_pacing_rate). */
void tcp_cc_pace(struct ph_stack *st, struct tcb *t);
/* Data may leave again: after a time without use the window is smaller. */
void tcp_cc_idle(struct ph_stack *st, struct tcb *t);
/* The user writes: after an idle time, or when the window had room for more than there was? */
void tcp_cc_written(struct ph_stack *st, struct tcb *t);
/* Must the next packet wait? Then the timer is set. */
bool tcp_cc_held(struct ph_stack *st, struct tcb *t);
/* A packet of `len` bytes left, its record being r; pipe: bytes in the network before it. */
void tcp_cc_packet(struct ph_stack *st, struct tcb *t, struct tcp_rec *r, uint32_t pipe,
		   uint32_t len);
/* Segments that one packet holds at most, by rate and half the window. */
uint32_t tcp_cc_quantum(const struct ph_stack *st, const struct tcb *t, uint32_t mss,
			uint32_t max_bytes);
/* SO_MAX_PACING_RATE, bytes per second; UINT64_MAX: none. */
void tcp_cc_max_pacing(struct ph_stack *st, struct tcb *t, uint64_t Bps);
/* May the window grow: was it used (RFC 2861)? */
bool tcp_cc_limited(const struct tcb *t);

/* ---- tcp_timer.c */
void tcp_timer_init(struct tcb *t);
void tcp_timer_sent(struct ph_stack *st, struct tcb *t); /* something that wants an ACK left */
/* An ACK came. progress: it moved snd_una; set: the timeout begins anew; e: what loss detection wants
 * to wait for, while anything is outstanding. */
void tcp_timer_acked(struct ph_stack *st, struct tcb *t, bool progress, bool set,
		     const struct tcp_loss_env *e);
/* One came in Open that moved snd_una, and nothing is waited for. */
void tcp_timer_progress(struct ph_stack *st, struct tcb *t);
void tcp_timer_sent_again(struct ph_stack *st, struct tcb *t, bool first); /* the first of the queue */
/* What could be sent has been: probe its tail if nothing is heard (RFC 8985 7.2). */
void tcp_timer_tail(struct ph_stack *st, struct tcb *t);
void tcp_timer_idle(struct ph_stack *st, struct tcb *t); /* unsent data, nothing in flight */
void tcp_timer_ack_owed(struct ph_stack *st, struct tcb *t);
/* It tells of a hole and waits a little for others (tcp_delack_compress()). */
void tcp_timer_ack_compressed(struct ph_stack *st, struct tcb *t); /* an ACK may wait */
void tcp_timer_ack_sent(struct ph_stack *st, struct tcb *t);
void tcp_timer_keepalive(struct ph_stack *st, struct tcb *t); /* set or reset the keep-alive */
void tcp_timer_fin_wait_2(struct ph_stack *st, struct tcb *t); /* an orphan waits for the FIN */
void tcp_timer_pace(struct ph_stack *st, struct tcb *t); /* pace.next_ns is waited for */
/* The timeout that was is repaired, or was none: what it took is counted. */
void tcp_timer_rto_over(const struct ph_stack *st, struct tcb *t);
void tcp_timer_closed(struct ph_stack *st, struct tcb *t);
uint32_t tcp_timer_rto_us(const struct ph_stack *st, const struct tcb *t);

/* ---- tcp_sockopt_ip.c */
int tcp_setsockopt_ip(struct ph_stack *st, struct tcb *t, int name, const void *value,
		      uint32_t len);
int tcp_getsockopt_ip(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		      uint32_t *len);
uint8_t tcp_pmtudisc(const struct ph_stack *st, const struct tcb *t); /* PH_IP_PMTUDISC_* */
bool tcp_dont_fragment(const struct ph_stack *st, const struct tcb *t);

/* ---- tcp_notify.c */
/* The times that a message's sending is to be told of; -EINVAL: its control messages are wrong. */
int tcp_notify_flags(const struct tcb *t, const struct ph_msg *msg, uint32_t *tsflags);
bool tcp_notify_zerocopy_room(struct ph_stack *st, struct tcb *t);
/* The user wrote up to the send queue's end; `record`: no packet goes on behind it. */
void tcp_notify_written(struct ph_stack *st, struct tcb *t, uint32_t tsflags, bool zerocopy,
			bool record);
void tcp_notify_sent(struct ph_stack *st, struct tcb *t, seq_t seq, uint32_t len);
/* Before the queue lets go of what `ack` acknowledges. */
void tcp_notify_acked(struct ph_stack *st, struct tcb *t, seq_t ack);
void tcp_notify_closed(struct ph_stack *st, struct tcb *t);
void tcp_notify_arrived(struct ph_stack *st, struct tcb *t, seq_t end, uint64_t at_ns);
/* Control messages of a recvmsg that took all before read_to. */
void tcp_notify_read(struct ph_stack *st, struct tcb *t, struct ph_msg *msg, seq_t read_to);
int64_t tcp_notify_recv(struct ph_stack *st, struct tcb *t, struct ph_msg *msg);
void tcp_notify_icmp(struct ph_stack *st, struct tcb *t, const struct ip_err *e);

/* ---- tcp_info.c */
void tcp_info_fill(const struct ph_stack *st, const struct tcb *t, struct ph_tcp_info *i);
void tcp_info_trace_sent(const struct ph_stack *st, const struct tcb *t, const struct tcp_out *o,
			 uint32_t len);
void tcp_info_trace_received(const struct ph_stack *st, const struct tcb *t,
			     const struct tcp_seg *seg);

#endif
