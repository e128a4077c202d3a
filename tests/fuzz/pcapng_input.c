/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture file that strangers wrote. The reader ends, what it gives lies in memory, an error is a
 * sentence and stays.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/pcapng.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

static unsigned volatile sink; /* reads every byte, so that one outside is seen */

static void touch(const struct pcapng_reader *r, const struct pcapng_packet *pkt)
{
	const struct pcapng_if *i = pcapng_reader_if(r, pkt->if_id);
	unsigned sum = 0;

	demand(i != NULL, "a packet's interface is known");
	demand(i->name != NULL, "an interface has a name, if an empty one");
	for (uint32_t k = 0; k < pkt->caplen; k++)
		sum += pkt->data[k];
	if (pkt->comment)
		sum += (unsigned)strlen(pkt->comment);
	sink = sum + (unsigned)strlen(i->name) + (unsigned)pkt->dir;
}

void fuzz_pcapng(const uint8_t *bytes, size_t len)
{
	char err[PCAPNG_ERR_TEXT] = "";
	uint8_t *copy = malloc(len ? len : 1);
	struct pcapng_reader *r;
	struct pcapng_packet pkt;
	size_t packets = 0;
	int rc;

	demand(copy != NULL, "this machine has memory");
	memcpy(copy, bytes, len);
	r = pcapng_reader_mem(copy, len, "fuzz", err, sizeof(err));
	demand(r != NULL || err[0] != '\0', "what is no capture is told so");
	while (r && (rc = pcapng_reader_next(r, &pkt, err, sizeof(err))) != 0) {
		if (rc < 0) {
			demand(rc == -EBADMSG && err[0] != '\0', "damage is a sentence");
			demand(pcapng_reader_next(r, &pkt, err, sizeof(err)) == rc, "and stays");
			break;
		}
		touch(r, &pkt);
		demand(++packets <= len, "a file has no more packets than bytes");
	}
	pcapng_reader_free(r);
	free(copy);
}

FUZZ_TARGET_IS(fuzz_pcapng)
