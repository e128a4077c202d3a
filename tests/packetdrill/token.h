/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that packetdrill may close behind our back. At the end of a script it calls the kernel's
 * close() with every descriptor that the stack gave it, so each is a real one of the kernel's, and
 * stands for one of the stack's. Called by so.c.
 */
#ifndef PACKETDRILL_TOKEN_H
#define PACKETDRILL_TOKEN_H

enum { TOKENS = 4096 }; /* descriptors below this; beyond, EMFILE */

struct tokens {
	int stands_for[TOKENS]; /* -1: none of ours */
};

void tokens_init(struct tokens *t);
/* A token for a descriptor of the stack's; negative errno. */
int token_new(struct tokens *t, int fd);
/* The stack's descriptor, or -1. */
int token_fd(const struct tokens *t, int token);
/* Gives the token back. */
void token_end(struct tokens *t, int token);

#endif
