/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A raw packet socket on a network interface of the calling thread's namespace: what a wire, a
 * responder or a tester reads and writes frames with.
 */
#ifndef LINK_RAWSOCK_H
#define LINK_RAWSOCK_H

#include <stdbool.h>
#include <stddef.h>

struct rawsock_conf {
	const char *ifname;
	bool promisc;		/* see frames for other MAC addresses too; a wire must */
	bool own_out;		/* also see what is sent on the interface; a wire must not */
	bool vnet_hdr;		/* each frame is led by struct virtio_net_hdr, both ways */
	size_t buffer_bytes;	/* receive and send buffer; 0: 4 MiB */
};

/*
 * A bound AF_PACKET SOCK_RAW socket, close-on-exec and not blocking. It has seen nothing that came
 * before the call. The descriptor, or -errno with a sentence in err.
 */
__attribute__((warn_unused_result))
int rawsock_open(const struct rawsock_conf *conf, char *err, size_t err_size);

#endif
