/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verdicts written to a file and read back: `record FILE` in one run, `replay FILE` in another, and
 * frame n meets the same fate. A line of it:
 *
 *   in 17 1514 drop loss			direction, number, bytes: the fate
 *   in 18 1514 at 10000000			delivered after so many nanoseconds
 *   in 19 1514 dup at 10000000 flip 77 at 12000000
 *
 * `begin in` stands before a run's verdicts; what counts is the last run in the file. What a queue
 * with a discipline does later is no verdict: it is done again. Called by the pipe and by the model.
 */
#ifndef LINK_RECORD_H
#define LINK_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "harness/link/model.h"

enum { LINK_REPLAY_MAX = 16 << 20 /* verdicts of a direction */ };

struct link_fate {
	uint64_t after_ns[2];
	uint32_t len, flip_bit[2];
	uint8_t drop, n;
	bool duplicated, reordered, marked;
};

struct link_replay {
	size_t n[2];		/* by enum link_dir */
	struct link_fate *fate[2];
};

/* The file, empty now; or, named before in this process, the same, to be gone on with. NULL with a
 * sentence. */
struct link_record *link_record_get(const char *path, char *err, size_t err_size);
const char *link_record_name(const struct link_record *r);
void link_record_begin(struct link_record *r, enum link_dir dir);
void link_record_verdict(struct link_record *r, enum link_dir dir, uint64_t now_ns,
			 const struct link_verdict *v);

/* NULL with a sentence in err that names the line. */
const struct link_replay *link_replay_get(const char *path, char *err, size_t err_size);
const char *link_replay_name(const struct link_replay *r);
/* The fate of frame no, or NULL behind the end. */
const struct link_fate *link_replay_fate(const struct link_replay *r, enum link_dir dir,
					 uint64_t no);

#endif
