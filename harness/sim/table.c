/* SPDX-License-Identifier: BSD-2-Clause */
/* See table.h. Called by rig sim --table and by a test. */
#include "harness/sim/table.h"

#include <inttypes.h>

#include "harness/sim/transfer.h"

enum { SECONDS = 60, RATE_MBIT = 10, QUEUE = 100 };

struct size { /* of both buffers */
	const char *name;
	uint32_t bytes; /* 0: the stack's own choice */
};

static const char *const losses[] = { "0%", "0.1%", "1%", "5%" };
static const unsigned rtts_ms[] = { 2, 20, 100 };
static const struct size buffers[] = { { "16 KiB", 16384 }, { "64 KiB", 65536 }, { "auto", 0 } };

/* Octets that arrived in SECONDS, and segments sent again. */
static uint64_t transfer(const char *loss, unsigned rtt_ms, uint32_t buffer, uint64_t *again)
{
	char link[128];
	struct sim_transfer t = { .link = link, .buffer = buffer, .seconds = SECONDS };
	struct sim_transfer_result r;

	snprintf(link, sizeof(link), "delay %uus rate %umbit queue %u out loss %s seed 1",
		 rtt_ms * 500, RATE_MBIT, QUEUE, loss);
	r = sim_transfer_run(&t);
	*again = r.again;
	return r.octets;
}

void sim_table_print(FILE *f)
{
	fprintf(f,
		"# Goodput in kbit/s, and segments sent again, of one connection that sends for %d s "
		"of virtual\n# time over %d Mbit/s with a queue of %d frames; losses in the "
		"direction of the data.\n# Made by: rig sim --table\n",
		SECONDS, RATE_MBIT, QUEUE);
	fprintf(f, "%-8s %-8s", "loss", "rtt");
	for (size_t b = 0; b < sizeof(buffers) / sizeof(buffers[0]); b++)
		fprintf(f, " %18s", buffers[b].name);
	fputc('\n', f);
	for (size_t l = 0; l < sizeof(losses) / sizeof(losses[0]); l++) {
		for (size_t r = 0; r < sizeof(rtts_ms) / sizeof(rtts_ms[0]); r++) {
			fprintf(f, "%-8s %3u ms  ", losses[l], rtts_ms[r]);
			for (size_t b = 0; b < sizeof(buffers) / sizeof(buffers[0]); b++) {
				uint64_t again, n = transfer(losses[l], rtts_ms[r],
							     buffers[b].bytes, &again);

				fprintf(f, " %10" PRIu64 " %7" PRIu64, n * 8 / SECONDS / 1000, again);
			}
			fputc('\n', f);
		}
	}
}
