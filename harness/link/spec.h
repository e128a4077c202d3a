/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one direction of a link does to frames, as values, and the words for it:
 *
 *   delay 10ms 1ms 25% distribution normal loss gemodel 1% 20% reorder 0.5% gap 5 dup 0.1%
 *   corrupt 0.01% rate 100mbit queue codel seed 7 script drop data 3
 *
 * The words have tc-netem's meaning (tc-netem(8)) where netem has them; docs/link.md is the
 * reference of all. Read by the topology language, obeyed by the link model and, as far as it goes,
 * by the kernel's netem.
 *
 * Tables, traces, patterns, filters and verdict files are read when their word is, live as long as
 * the process, and never change: a spec is a plain value that may be copied.
 */
#ifndef LINK_SPEC_H
#define LINK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_filter;
struct link_pattern;
struct link_record;
struct link_replay;
struct link_table;
struct link_trace;

enum {
	LINK_SCRIPTS_MAX = 16,		/* scripts a direction can have */
	LINK_RANGES_MAX = 16,		/* numbers or ranges a script can list */
	LINK_QUEUE_DEFAULT = 1000,	/* as netem's limit */
	LINK_QUEUE_MAX = 1000000,
	LINK_FLOWS_MAX = 65536,		/* of fq_codel */
	LINK_PATH_MAX = 200,		/* bytes of a file's name */
	LINK_FILTER_MAX = 200,		/* bytes of a filter's text */
	LINK_CHAIN = 5,			/* probabilities of the 4-state chain */
	LINK_SPEC_TEXT = 20480,		/* enough for any spec printed */
	LINK_ERR_TEXT = 512,		/* enough for any error sentence */
};

/* Probabilities are whole numbers of parts in 1e9: 1% is 10,000,000. Exact in and out of words. */
#define LINK_CERTAIN 1000000000u

#define LINK_DELAY_MAX_NS (3600ull * 1000000000u)	/* an hour */
#define LINK_RATE_MIN_BPS 8u				/* a byte a second */
#define LINK_RATE_MAX_BPS 1000000000000000ull		/* a petabit a second */
#define LINK_BYTES_MAX 1000000000u			/* of a queue or a slot */

struct link_range {
	uint64_t from, to;	/* both included, counted from 1; bytes of a stream: from 0 */
};

/* X(NAME, "word"): what a script does. */
#define LINK_ACTS(X)                                                                               \
	X(DROP, "drop")                                                                            \
	X(DUP, "dup")                                                                              \
	X(CORRUPT, "corrupt")                                                                      \
	X(MARK, "mark")                                                                            \
	X(DELAY, "delay")

enum link_act {
#define X(name, word) LINK_ACT_##name,
	LINK_ACTS(X)
#undef X
	LINK_ACT_COUNT
};

/*
 * Act on those frames of a kind whose number, counted since the script was given among the frames
 * that fit all its conditions, is listed.
 */
struct link_script {
	enum link_act act;
	uint32_t kind;		/* one LINK_KIND_* of link/classify.h */
	uint32_t every;		/* each n-th too; 0: no */
	uint32_t nrange;
	struct link_range range[LINK_RANGES_MAX];
	uint64_t delay_ns;	/* LINK_ACT_DELAY: added */
	uint32_t flow;		/* only of the n-th flow seen; 0: of any */
	bool has_bytes;		/* only TCP whose payload touches these bytes of its stream */
	struct link_range bytes;
	const struct link_filter *filter;	/* only what it lets through; NULL: anything */
};

enum link_loss_model {
	LINK_LOSS_RANDOM,	/* loss, loss_corr */
	LINK_LOSS_STATE,	/* chain: p13 p31 p32 p23 p14 */
	LINK_LOSS_GEMODEL,	/* chain: p, r, 1-h, 1-k */
};

/* X(NAME, "word"): who decides which frame waits and which goes. */
#define LINK_QUEUES(X)                                                                             \
	X(LIMIT, "limit")	/* netem's: what the link holds, delay included, is limited */     \
	X(DROPTAIL, "droptail")                                                                    \
	X(CODEL, "codel")                                                                          \
	X(FQ_CODEL, "fq_codel")

enum link_queue_kind {
#define X(name, word) LINK_QUEUE_##name,
	LINK_QUEUES(X)
#undef X
};

struct link_queue_conf {
	enum link_queue_kind kind;
	uint32_t packets, bytes;	/* limits; 0: none */
	uint64_t target_ns, interval_ns;
	uint32_t flows, quantum;
	bool ecn;			/* CE instead of CoDel's drop */
};

struct link_slot_conf {
	bool on;
	uint64_t min_ns, max_ns;		/* uniform between them, or: */
	const struct link_table *dist;		/* mean min_ns, deviation max_ns */
	uint32_t packets, bytes;		/* of one slot; 0: any */
};

struct link_spec {
	uint64_t delay_ns;
	uint64_t jitter_ns;	/* the distribution's deviation; uniform: half its width */
	uint32_t delay_corr;	/* in parts of LINK_CERTAIN, as all shares */
	const struct link_table *dist;	/* NULL: uniform in [delay - jitter, delay + jitter) */
	enum link_loss_model loss_model;
	uint32_t loss, loss_corr;
	uint32_t chain[LINK_CHAIN];
	bool ecn;		/* what would be lost is marked instead, if its sender can ECN */
	uint32_t reorder, reorder_corr;	/* this share is sent at once, others are delayed */
	uint32_t gap;		/* after so many delayed ones at the earliest; 0 and 1: any */
	uint32_t dup, dup_corr;
	uint32_t corrupt, corrupt_corr;	/* one bit, anywhere in the frame */
	uint64_t rate_bps;	/* bits of frame a second; 0: unlimited */
	int32_t rate_overhead;	/* bytes more a frame */
	uint32_t cell;		/* bytes of a cell; 0: none */
	int32_t cell_overhead;
	struct link_slot_conf slot;
	bool limit_named;
	uint32_t queue;		/* frames the link holds, waiting, being sent or in delay */
	struct link_queue_conf disc;
	const struct link_trace *trace;
	bool down;
	uint32_t mtu;		/* bytes of IP packet that pass; 0: any */
	const struct link_pattern *pattern;
	struct link_record *record;
	const struct link_replay *replay;
	uint64_t seed;
	uint32_t seedings;	/* times words named a seed: with each, random numbers start anew */
	uint32_t nscript;
	struct link_script script[LINK_SCRIPTS_MAX];
};

/* A link that does nothing: no effect, queue LINK_QUEUE_DEFAULT, seed 1. */
void link_spec_init(struct link_spec *s);

/* True if no frame would be touched, but by the queue's limit. */
bool link_spec_is_clear(const struct link_spec *s);

/*
 * Read all of word[0..nword) into *s: what the words name is set, the rest stays, scripts are
 * added. 0, or -EINVAL with *s as it was and a sentence in err (cut to err_size) that names the
 * word, what was wrong and what would be right. Words other than those above are errors: take
 * `in`, `out`, `backend ...` and the like out before.
 */
__attribute__((warn_unused_result))
int link_spec_parse(struct link_spec *s, int nword, const char *const *word, char *err,
		    size_t err_size);

/*
 * The same in two steps, for who reads a line in pieces: link_spec_read takes words in without
 * asking whether they make sense together, link_spec_check asks.
 */
__attribute__((warn_unused_result))
int link_spec_read(struct link_spec *s, int nword, const char *const *word, char *err,
		   size_t err_size);
__attribute__((warn_unused_result))
int link_spec_check(const struct link_spec *s, char *err, size_t err_size);

/* Words of the script that begins with word[0], "script": as many as belong to it, at most n. */
int link_script_words(int n, const char *const *word);

/*
 * Write the words that would read back as *s: only what differs from link_spec_init, "" if
 * nothing does. Returns the length as snprintf does; LINK_SPEC_TEXT bytes are always enough for
 * what link_spec_parse made.
 */
size_t link_spec_print(const struct link_spec *s, char *out, size_t size);

/* True if frames pass a queue with a discipline or a trace behind their delay. */
static inline bool link_spec_has_line(const struct link_spec *s)
{
	return s->disc.kind != LINK_QUEUE_LIMIT || s->trace;
}

#endif
