/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses of dut.h as the sockaddr of this machine's headers, and back. Called by those that
 * make calls of a sockets API: agent_call.c.
 */
#ifndef DUT_NATIVE_H
#define DUT_NATIVE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "phantom/phantom.h"

/* Fills *s; its length. A family that is neither IPv4 nor IPv6 goes as it is, in IPv4's layout: that
 * is how a connect is undone. */
socklen_t native_addr(const struct ph_sockaddr *a, struct sockaddr_storage *s);
/* False when it is of another family or too short. */
bool native_addr_read(const struct sockaddr_storage *s, socklen_t len, struct ph_sockaddr *a);

#endif
