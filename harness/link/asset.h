/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a link's words name by name: tables, traces, patterns, verdicts. Each is read once, made into
 * something that never changes, and kept until the process ends, so that a spec can point to it and
 * be copied. Called when words are read.
 */
#ifndef LINK_ASSET_H
#define LINK_ASSET_H

#include <stddef.h>
#include <stdint.h>

enum link_asset_kind {
	LINK_ASSET_TABLE,
	LINK_ASSET_TRACE,
	LINK_ASSET_PATTERN,
	LINK_ASSET_REPLAY,
	LINK_ASSET_RECORD,
	LINK_ASSET_FILTER,
};

enum { LINK_ASSET_FILE_MAX = 64 << 20 };	/* bytes a file may have */

/* Makes a thing of text (text[len] is 0), or NULL with a sentence in err. */
typedef void *link_asset_fn(const char *name, const char *text, size_t len, char *err,
			    size_t err_size);

/*
 * What make makes of the file's content: of an unchanged file the same thing again. NULL with a
 * sentence in err that begins with the name: no regular file, too large, not to be read, or make's.
 */
void *link_asset_file(enum link_asset_kind kind, const char *path, link_asset_fn *make, char *err,
		      size_t err_size);

/* The same for a thing that is made of its name alone. */
void *link_asset_named(enum link_asset_kind kind, const char *name, link_asset_fn *make, char *err,
		       size_t err_size);

/* The name a thing was asked for by. */
const char *link_asset_name(enum link_asset_kind kind, const void *thing);

#endif
