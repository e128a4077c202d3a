/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device protocol for any stack with a sockets API: answers one client's lines until it hangs up.
 * A call that can return at once is made by the thread that reads the lines; one that has to wait gets
 * a thread of its own, and waits there as any program would. Called by rig-agent, by
 * rig-lwip-agent and by tests.
 */
#ifndef DUT_AGENT_H
#define DUT_AGENT_H

#include "harness/dut/agent_stack.h"

/* Serves the client on a connected stream socket, which it closes, as all the client's sockets. 0 when
 * the client hung up, -EMSGSIZE when a line was too long, or another -errno. The process should
 * ignore SIGPIPE. */
int agent_serve(int fd, const struct agent_stack *stack);

#endif
