/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom: a TCP/IP host as a library that makes no system call.
 *
 * The stack is a function of its inputs. Frames, time, entropy and socket calls go in; frames,
 * ready sockets and one deadline come out. It keeps no global, reads no clock, never blocks and
 * never calls back while a segment is processed. Many stacks live in one process side by side.
 *
 *	st = ph_stack_new(&conf);
 *	link = ph_link_add(st, &link_conf, now);
 *	ph_addr_add(st, link, &addr, 24);
 *	for (;;) {
 *		wait until a frame arrives, or ph_stack_deadline(st);
 *		ph_link_input(st, link, pkt, now);	for each frame that arrived
 *		ph_stack_run(st, now);			timers that are due
 *		while ((n = ph_ready(st, events, 64)) > 0) serve the sockets;
 *		while ((pkt = ph_link_output(st, link, now))) send it, then ph_pkt_free(st, pkt);
 *	}
 *
 * Errors are negative errno values with Linux's numbers; families, socket types, option levels and
 * names, message flags, poll bits and struct ph_tcp_info have Linux's numbers and layout too.
 * Times are nanoseconds of any monotonic clock, in uint64_t. Addresses and ports are documented per
 * field. A stack must be used by one thread at a time.
 *
 * Its parts: stack.h (made, run, counted), net.h (links, addresses, routes, DHCP), socket.h (calls),
 * number.h (what Linux numbers), tcp_info.h.
 */
#ifndef PHANTOM_PHANTOM_H
#define PHANTOM_PHANTOM_H

#include <phantom/base.h>
#include <phantom/net.h>
#include <phantom/number.h>
#include <phantom/socket.h>
#include <phantom/stack.h>
#include <phantom/tcp_info.h>

#endif
