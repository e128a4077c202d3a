/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the command line share: options.c and options_link.c. */
#ifndef HOST_OPTIONS_INT_H
#define HOST_OPTIONS_INT_H

#include "host/options.h"

struct rule { /* one option */
	const char *name;
	bool value; /* it takes one */
	enum opt_outcome (*take)(struct options *o, const struct rule *r, const char *arg,
				 char *err);
	size_t field; /* of struct options or struct opt_link, for the plain kinds */
};

/* OPT_BAD, with the sentence in err. */
enum opt_outcome options_bad(char *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum opt_outcome options_number(const char *option, const char *text, uint64_t min, uint64_t max,
				uint64_t *out, char *err);

/* In options_link.c: the device that options belong to now. */
struct opt_link *options_link(struct options *o);
void options_links_init(struct options *o);
enum opt_outcome options_links_together(const struct options *o, char *err);
/* The options of a device, NULL behind the last. */
const struct rule *options_link_rule(size_t i);

#endif
