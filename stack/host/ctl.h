/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom ctl: asks a running phantom over its control socket, and prints for people or for
 * programs.
 */
#ifndef HOST_CTL_H
#define HOST_CTL_H

/* argv[0] is "ctl". The program's exit status: 0, 1 phantom did not do it, 2 wrong usage. */
int ctl_main(int argc, char **argv);

#endif
