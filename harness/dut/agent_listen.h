/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where agents are reached: a Unix stream socket for this user alone. Called by the agents' main.
 */
#ifndef DUT_AGENT_LISTEN_H
#define DUT_AGENT_LISTEN_H

/*
 * Listens at `path`, in the place of a socket that nobody listens on; SIGTERM and SIGINT end the process
 * and remove it, SIGPIPE is ignored from here on. The descriptor; or a sentence on standard error, with
 * the program's name before it, and -1, or -2 where the path itself is wrong.
 */
int agent_listen(const char *program, const char *path);

#endif
