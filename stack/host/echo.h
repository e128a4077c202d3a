/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo service's state for one connection; part of struct conn in service.h. */
#ifndef HOST_ECHO_H
#define HOST_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "host/monkey.h"

struct echo {
	const uint8_t *bytes; /* what was read and is not yet sent: [pos, len) */
	uint32_t pos, len;
	uint32_t part_end;     /* [pos, part_end) goes before the drawing, if there is one */
	uint32_t art_pos;      /* of art, sent */
	struct monkey_art art; /* due when pos reaches part_end; NULL text: none */
	uint8_t *held;	       /* the memory of bytes while the peer does not take them */
	struct monkey monkey;
	bool begun, eof;
};

#endif
