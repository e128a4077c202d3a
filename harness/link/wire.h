/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire: carries frames between two descriptors through the link model in real time, in a
 * thread of its own. A user-space netem that needs no kernel module and replays from a seed.
 * Started by the rig between the two halves of a cut link.
 */
#ifndef LINK_WIRE_H
#define LINK_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/link/log.h"
#include "harness/link/model.h"
#include "harness/link/pipe.h"
#include "harness/link/spec.h"

struct pcapng_writer;
struct wire;

/*
 * Each end is a bound AF_PACKET socket (rawsock_open with promisc and vnet_hdr), a TAP or TUN
 * descriptor (with IFF_NO_PI; IFF_VNET_HDR is noticed), or any datagram or seqpacket socket that
 * carries a frame a message. The wire finds out which. A is the end near the node.
 */
struct wire_conf {
	const char *name;	/* for thread, captures and messages: "dut.tap0" */
	int fd_a, fd_b;		/* taken on success: wire_stop closes them */
	enum link_l2 l2;
	uint32_t max_frame;	/* longer ones are dropped as super-segments; 0: 1518 */
	struct link_spec in;	/* from B toward A */
	struct link_spec out;	/* from A toward B */
	size_t log_max;		/* verdicts to keep per direction; 0: none */
	struct pcapng_writer *drops;	/* dropped frames go here with the reason; NULL: nowhere */
};

struct wire_stats {
	struct link_stats model[2];	/* by enum link_dir */
	uint64_t held[2];		/* frames in the pipe */
	struct link_occupancy now[2];	/* the same, by what they wait for */
	uint64_t csum_filled;		/* checksums the sender had left to its device */
	uint64_t late_max_ns;		/* worst lateness of a delivery */
	uint64_t late_sum_ns, late_n;	/* over deliveries that had to wait for their time */
};

/*
 * NULL with a sentence in err; the descriptors then stay the caller's. The thread blocks all
 * signals. It ends with the process, and does not survive fork: start wires after forking.
 */
struct wire *wire_start(const struct wire_conf *conf, char *err, size_t err_size);

/* Obey *spec in a direction from the next frame on. 0 or -ENOMEM. Safe while frames flow. */
__attribute__((warn_unused_result))
int wire_update_spec(struct wire *w, enum link_dir dir, const struct link_spec *spec);

void wire_stats(struct wire *w, struct wire_stats *out);

/* A copy of the verdicts kept so far; link_log_free it. 0 or -ENOMEM. */
__attribute__((warn_unused_result))
int wire_log(struct wire *w, enum link_dir dir, struct link_log *out);

/* Write dropped frames to this writer from now on, or to none (NULL). 0 or -errno. */
__attribute__((warn_unused_result))
int wire_set_drops(struct wire *w, struct pcapng_writer *drops);

/* Stop the thread; frames still in flight are gone, as when a cable is cut. Closes both ends. */
void wire_stop(struct wire *w);

#endif
