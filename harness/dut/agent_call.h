/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One call of the device protocol on a stack's sockets, made at once or waited for. Knows nothing of
 * lines and clients. Called by agent.c.
 */
#ifndef DUT_AGENT_CALL_H
#define DUT_AGENT_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/dut/agent_stack.h"
#include "harness/dut/dut.h"

/* Makes the call if it can return at once. False: it has to wait, and *sent bytes of it are done. */
bool agent_call_now(const struct agent_stack *st, struct dut_call *c, size_t *sent);
/* Makes what is left of it, however long that takes. */
void agent_call_wait(const struct agent_stack *st, struct dut_call *c, size_t sent);
/* Whether the request is one that agents serve and the stack has; else a sentence. */
bool agent_call_served(const struct agent_stack *st, const struct dut_call *c, char *err,
		       size_t cap);

#endif
