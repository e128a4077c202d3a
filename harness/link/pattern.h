/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pattern: what happens to which frame, or in which millisecond, read from a file, so that a
 * fate that was thought of or measured can be had again without a random number. A line of it:
 *
 *   per packet | per ms		what the numbers count, from 1 on; the first line
 *   length 1000			then it begins again; without it, it ends
 *   loss 3 7..9			these are lost
 *   dup 5, reorder 6			delivered twice; sent at once while others are delayed
 *   mark 8				marked CE, if they can be
 *   delay 20ms 10..50			these have this delay instead of the link's
 *   rate 1mbit 10..50			and this rate
 *   bit 77 12 13			this bit of these is inverted
 *
 * Called by the link model for each frame.
 */
#ifndef LINK_PATTERN_H
#define LINK_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, "word"): of one kind no two ranges meet. */
#define LINK_PATTERN_KINDS(X)                                                                      \
	X(LOSS, "loss")                                                                            \
	X(DUP, "dup")                                                                              \
	X(REORDER, "reorder")                                                                      \
	X(MARK, "mark")                                                                            \
	X(DELAY, "delay")                                                                          \
	X(RATE, "rate")                                                                            \
	X(BIT, "bit")

enum link_pattern_kind {
#define X(name, word) LINK_PATTERN_##name,
	LINK_PATTERN_KINDS(X)
#undef X
	LINK_PATTERN_COUNT
};

enum { LINK_PATTERN_MAX = 1 << 20 /* ranges in a file */ };

struct link_pattern_row {
	uint64_t from, to, value;
};

struct link_pattern {
	bool per_ms;
	uint64_t length;	/* 0: it ends */
	uint32_t n[LINK_PATTERN_COUNT];
	struct link_pattern_row *row[LINK_PATTERN_COUNT];	/* in order */
};

/* NULL with a sentence in err that names the line. */
const struct link_pattern *link_pattern_get(const char *path, char *err, size_t err_size);
const char *link_pattern_name(const struct link_pattern *p);

/* What is said of frame no, or of the moment since_ns after the first one: true, and the value. */
bool link_pattern_says(const struct link_pattern *p, enum link_pattern_kind kind, uint64_t no,
		       uint64_t since_ns, uint64_t *value);

#endif
