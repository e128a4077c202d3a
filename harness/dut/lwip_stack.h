/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's sockets as an agent's stack, and what else can be asked of it. Called by lwip_agent.c.
 */
#ifndef DUT_LWIP_STACK_H
#define DUT_LWIP_STACK_H

#include "harness/dut/agent_stack.h"

extern const struct agent_stack lwip_stack;

#endif
