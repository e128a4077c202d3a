/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict list of a run, kept to be compared with another's: link_model_observe(m,
 * link_log_add, &log). Equal seeds and equal frames give equal lists. Used by tests, the
 * simulator and the wire.
 */
#ifndef LINK_LOG_H
#define LINK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/model.h"

/* Grows up to max entries, then only counts what it could not keep. */
struct link_log_entry {
	uint64_t delay_ns;	/* at_ns - now_ns of the first copy, or 0 */
	uint32_t no, kinds, len, flip_bit;
	uint8_t drop, n, script;
	bool duplicated, reordered, marked;
};

struct link_log {
	struct link_log_entry *entry;
	size_t n, cap, max;
	uint64_t missed;
};

void link_log_init(struct link_log *log, size_t max);
void link_log_free(struct link_log *log);
void link_log_add(void *log, uint64_t now_ns, const struct link_verdict *v);

/* "4 ip tcp data len 1514: dropped (loss)": one line without newline; as snprintf. */
size_t link_log_print(const struct link_log_entry *e, char *out, size_t size);

/* Index of the first entry that differs (times aside, if no_times), or SIZE_MAX if none does. */
size_t link_log_diff(const struct link_log *a, const struct link_log *b, bool no_times);

#endif
