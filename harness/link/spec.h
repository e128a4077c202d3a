/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one direction of a link does to frames, as values, and the words for it:
 *
 *   delay 10ms jitter 1ms loss 1% reorder 0.5% dup 0.1% corrupt 0.01% rate 100mbit queue 100
 *   seed 7 script drop data 3
 *
 * The words have tc-netem's meaning (tc-netem(8)); scripts are beyond it. Read by the topology
 * language, obeyed by the link model and, scripts aside, by the kernel's netem.
 */
#ifndef LINK_SPEC_H
#define LINK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINK_SCRIPTS_MAX = 16,		/* scripts a direction can have */
	LINK_RANGES_MAX = 16,		/* numbers or ranges a script can list */
	LINK_QUEUE_DEFAULT = 1000,	/* as netem's limit */
	LINK_QUEUE_MAX = 1000000,
	LINK_SPEC_TEXT = 4096,		/* enough for any spec printed */
	LINK_ERR_TEXT = 256,		/* enough for any error sentence */
};

/* Probabilities are whole numbers of parts in 1e9: 1% is 10,000,000. Exact in and out of words. */
#define LINK_CERTAIN 1000000000u

#define LINK_DELAY_MAX_NS (3600ull * 1000000000u)	/* an hour */
#define LINK_RATE_MIN_BPS 8u				/* a byte a second */
#define LINK_RATE_MAX_BPS 1000000000000000ull		/* a petabit a second */

struct link_range {
	uint64_t from, to;	/* both included, counted from 1 */
};

/* Drop those frames of a kind whose number, counted since the script was given, is listed. */
struct link_script {
	uint32_t kind;		/* one LINK_KIND_* of link/classify.h */
	uint32_t every;		/* each n-th too; 0: no */
	uint32_t nrange;
	struct link_range range[LINK_RANGES_MAX];
};

struct link_spec {
	uint64_t delay_ns;
	uint64_t jitter_ns;	/* uniform in [delay - jitter, delay + jitter), not below 0 */
	uint32_t loss;		/* in parts of LINK_CERTAIN, as the next three */
	uint32_t reorder;	/* this share is sent at once, while the others are delayed */
	uint32_t dup;
	uint32_t corrupt;	/* one bit, anywhere in the frame */
	uint64_t rate_bps;	/* bits of frame a second; 0: unlimited */
	uint32_t queue;		/* frames the link holds, waiting, being sent or in delay */
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
 * Write the words that would read back as *s: only what differs from link_spec_init, "" if
 * nothing does. Returns the length as snprintf does; LINK_SPEC_TEXT bytes are always enough for
 * what link_spec_parse made.
 */
size_t link_spec_print(const struct link_spec *s, char *out, size_t size);

#endif
