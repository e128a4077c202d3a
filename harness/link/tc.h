/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the tc program, as tutorials and papers have them, read into the words of a link:
 *
 *   tc qdisc add dev eth0 root handle 1: netem delay 100ms 20ms distribution normal loss 0.3% 25%
 *   tc qdisc add dev eth0 parent 1: tbf rate 1mbit burst 32kbit latency 400ms
 *
 * netem, a rate by tbf or by classes of htb in a row, and pfifo, bfifo, codel or fq_codel before it; what
 * a link has not is refused with what is nearest. Called by rig tc.
 */
#ifndef LINK_TC_H
#define LINK_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/spec.h"

enum {
	TC_DEVICES_MAX = 8,	/* in one text */
	TC_CLASSES_MAX = 8,	/* of one device's htb */
	TC_NAME_MAX = 64,
	TC_NOTE_TEXT = 1024,
	TC_LINE_MAX = 4096,
};

enum tc_shaper { TC_SHAPER_NONE, TC_SHAPER_TBF, TC_SHAPER_HTB };

/* What was said of one device. All of it is of the direction in which the device sends. */
struct tc_device {
	char name[TC_NAME_MAX];
	struct link_spec spec;
	bool netem, clear;
	enum tc_shaper shaper;
	bool netem_inside;		/* netem stands within the shaper, and is its queue */
	uint64_t rate_bps;		/* of the shaper */
	uint32_t burst;			/* of the shaper, bytes */
	uint32_t nclass;
	char parent[TC_CLASSES_MAX][TC_NAME_MAX];	/* of htb's classes */
	struct link_queue_conf leaf;
	bool has_leaf;
	char note[TC_NOTE_TEXT];	/* sentences on what is not the same, a line each */
};

struct tc_text {
	struct tc_device device[TC_DEVICES_MAX];
	uint32_t n;
};

/*
 * Reads a text of tc lines, each ended by a newline, `;` or `&&`; `#` begins a comment. `sudo`, `tc` and
 * its options may stand before a line or be left out, and so may all before the name of the discipline.
 * 0, or -EINVAL with a sentence in err. A text that says nothing of any device is an error.
 */
__attribute__((warn_unused_result))
int tc_read(struct tc_text *t, const char *text, char *err, size_t err_size);

/* The link's words for a device, "clear" if it was deleted; cut to size. 0, or -EINVAL with a sentence
 * when they make no sense together. More may be said in d->note. */
__attribute__((warn_unused_result))
int tc_words(struct tc_device *d, char *out, size_t size, char *err, size_t err_size);

/* True if by its name the device is fed what another one receives (ifb0): its words are for `in`. */
bool tc_is_ingress(const struct tc_device *d);

#endif
