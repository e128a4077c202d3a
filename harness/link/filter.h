/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `filter 'tcp dst port 80'`: tcpdump's words, compiled by libpcap where the machine has it (Debian
 * package libpcap0.8; it is looked for when it is needed and not before) and run by bpf.h.
 */
#ifndef LINK_FILTER_H
#define LINK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/classify.h"

struct link_filter;

/* NULL with a sentence in err: what libpcap does not understand, or that there is none. */
const struct link_filter *link_filter_get(const char *text, char *err, size_t err_size);
const char *link_filter_text(const struct link_filter *f);
bool link_filter_passes(const struct link_filter *f, enum link_l2 l2, const uint8_t *frame,
			size_t len);

#endif
