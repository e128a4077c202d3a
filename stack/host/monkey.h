/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words that the echo service answers with a drawing: "monkey" and "monkeys", as a line by
 * itself or a datagram. A drawing is larger than one segment, so the answer shows segmentation
 * to the eye. Called by echo.c; knows nothing of sockets.
 */
#ifndef HOST_MONKEY_H
#define HOST_MONKEY_H

#include <stddef.h>
#include <stdint.h>

/* Where a stream stands in its current line: how much of "monkeys" it has matched. */
struct monkey {
	uint8_t matched;
};

struct monkey_art {
	const char *text; /* NULL: none */
	size_t len;
};

void monkey_init(struct monkey *m);
/*
 * Reads a stream's next bytes; stops behind the end of a line that has a drawing, and says
 * which. How many bytes were read: len, if art->text is NULL.
 */
size_t monkey_read(struct monkey *m, const uint8_t *p, size_t len, struct monkey_art *art);
/* The drawing of a last line that has no end. */
struct monkey_art monkey_end(const struct monkey *m);
/* The drawing for a datagram, with or without an end of line. */
struct monkey_art monkey_datagram(const uint8_t *p, size_t len);

#endif
