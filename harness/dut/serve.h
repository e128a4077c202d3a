/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel-socket twin of phantom's services, so that one scenario runs against both: echo (RFC
 * 862), discard (RFC 863), chargen (RFC 864), daytime (RFC 867), sink, source and a small http.
 * Called by rig serve, which runs in a Linux node that plays the device under test.
 */
#ifndef DUT_SERVE_H
#define DUT_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SERVE_MAX = 32,	      /* services of one program */
	SERVE_ERR_TEXT = 256, /* enough for any sentence */
};

enum serve_kind {
	SERVE_ECHO,
	SERVE_DISCARD,
	SERVE_DAYTIME,
	SERVE_CHARGEN,
	SERVE_SINK,
	SERVE_SOURCE,
	SERVE_HTTP,
};

struct service {
	enum serve_kind kind;
	bool tcp, udp;
	uint16_t port;
	bool count_only; /* sink: do not fingerprint what arrives */
	uint64_t bytes;	 /* source; UINT64_MAX: until the peer closes */
};

/* Parse [tcp-|udp-]NAME:PORT[:BYTES|:count]. -1 with a sentence in err. */
int serve_parse(struct service *s, const char *text, char *err, size_t err_size);

/* Listen and serve until SIGTERM or SIGINT; @addr NULL: every address. Prints "serving" when all
 * listen, and a line per finished sink. 0, or -1 with a sentence in err. */
int serve_run(const struct service *s, unsigned int n, const char *addr, char *err,
	      size_t err_size);

#endif
