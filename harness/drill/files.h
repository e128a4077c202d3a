/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files and pipes of a script: open(), pipe(), sendfile(), splice(), and read(), write() and close() on
 * what they give. They are the bench's, not the device's: what leaves them for a socket is sent
 * there, what a socket gives is received from it, and so every device has them. Files that a script
 * makes with dd live in memory and go with the run; others are read from this machine.
 */
#ifndef DRILL_FILES_H
#define DRILL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drill_files;
struct drill_run;
struct drill_wait;

enum {
	DRILL_OPEN_MAX = 16,	    /* files and ends of pipes open at once */
	DRILL_NAMED_MAX = 16,	    /* files that a script makes */
	DRILL_FILE_MAX = 16 << 20,  /* bytes of one */
	DRILL_PIPE_BYTES = 1 << 16, /* what a pipe holds, as Linux's does */
};

/* Makes a file of len zeros, or removes one. 0, -EFBIG, -ENFILE, -ENOMEM, -ENOENT. */
int drill_file_make(struct drill_run *r, const char *name, size_t len);
int drill_file_remove(struct drill_run *r, const char *name);
void drill_files_free(struct drill_run *r);

/* That the call is one on a file or pipe, or makes one. */
bool drill_files_want(const struct drill_run *r, const struct drill_wait *w);
/* Carries out what needs no device, and prepares what does. 0, or -1 with the run ended. */
int drill_files_prepare(struct drill_run *r, struct drill_wait *w);
/* The device has returned: bytes have moved. */
void drill_files_done(struct drill_run *r, struct drill_wait *w);

#endif
