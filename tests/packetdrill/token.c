/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens are event descriptors that nobody writes to. See token.h. */
#include "tests/packetdrill/token.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

void tokens_init(struct tokens *t)
{
	for (int i = 0; i < TOKENS; i++)
		t->stands_for[i] = -1;
}

int token_new(struct tokens *t, int fd)
{
	int token = eventfd(0, EFD_CLOEXEC);

	if (token < 0)
		return -errno;
	if (token >= TOKENS) {
		close(token);
		return -EMFILE;
	}
	t->stands_for[token] = fd;
	return token;
}

int token_fd(const struct tokens *t, int token)
{
	return token >= 0 && token < TOKENS ? t->stands_for[token] : -1;
}

void token_end(struct tokens *t, int token)
{
	if (token_fd(t, token) < 0)
		return;
	t->stands_for[token] = -1;
	close(token);
}
