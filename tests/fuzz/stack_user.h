/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The careless user: sockets opened, written, read, tuned and closed as bytes say, each with what
 * it wrote and read, so that what comes and goes can be compared. Used by the targets that drive a
 * stack; stack_user_pick() gives the bytes.
 */
#ifndef FUZZ_STACK_USER_H
#define FUZZ_STACK_USER_H

#include "tests/fuzz/promise.h"

enum { USER_SOCKS = 16, USER_ECHO = 7, USER_PEER_PORT = 1000, USER_PEER_PORTS = 4 };

struct user_sock {
	ph_socket s; /* negative: none */
	bool tcp, fresh; /* fresh: neither connected nor accepted */
	uint32_t sent, read;
	uint32_t from; /* bit i: what was read may be a stream that began at begins[i] */
};

struct bytes { /* what is left of the input; zeros follow its end */
	const uint8_t *at, *end;
};

struct user {
	struct promise *p;
	struct ph_ip own, peer;
	struct user_sock sock[USER_SOCKS]; /* [0] listens, [1] is UDP; both stay */
	uint64_t read; /* bytes of all streams */
	bool exact; /* what it reads was written by promise_byte of its offset, not of its number */
};

unsigned bytes_u8(struct bytes *b);
unsigned bytes_u16(struct bytes *b);

/* Makes the listener and the UDP socket; false: the memory limit forbids. */
bool user_start(struct user *u, struct promise *p, const struct ph_ip *own,
		const struct ph_ip *peer, uint64_t now);
/* One call that the bytes choose. */
void user_act(struct user *u, struct bytes *b, uint64_t now);
/* Reads all that can be read and asks each socket for what must hold. */
void user_read_all(struct user *u, uint64_t now);
void user_check(struct user *u, uint64_t now);
/* A sysctl to one of its interesting values. */
void user_sysctl(struct promise *p, struct bytes *b);

#endif
