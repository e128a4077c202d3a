/* SPDX-License-Identifier: BSD-2-Clause */
/* rig: finds the command and runs it. One row here and one cmd_*.c make a command. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "harness/rig/rig.h"

static const struct command commands[] = {
	{ "up", cmd_up, "build a topology, draw it, keep it until Ctrl-C or COMMAND ends",
	  "[--dir DIR] [--keep] [--json] FILE.topo [NAME=VALUE ...] [-- COMMAND ...]\n\n"
	  "  FILE.topo    a file, or one that comes with rig: pair, lan, router, dumbbell\n"
	  "  NAME=VALUE   sets $NAME in the file, as in dut=linux\n"
	  "  COMMAND      runs in the hub's namespace with RIG_DIR set; its status is rig's\n"
	  "  --dir DIR    use DIR as the run directory and leave it\n"
	  "  --keep       leave the run directory\n"
	  "  --json       print the world as JSON instead of drawing it\n" },
	{ "run", cmd_run, "build a topology, run COMMAND in it, take everything down",
	  "[--dir DIR] [--keep] [--node NODE] FILE.topo [NAME=VALUE ...] -- COMMAND ...\n\n"
	  "  --node NODE  run COMMAND in NODE instead of the hub\n"
	  "  The others are those of rig up. The status is COMMAND's, 128+N when signal N killed "
	  "it.\n" },
	{ "exec", cmd_exec, "run COMMAND in a node of a world that stands",
	  "[--dir DIR] NODE [--] COMMAND ...\n\n"
	  "  --dir DIR    the run directory, as rig up printed it (default: $RIG_DIR)\n"
	  "  NODE         a node's name, or hub\n" },
	{ "session", cmd_session, "speak the topology language on standard input",
	  "[--fd N] [--dir DIR] [--keep] [NAME=VALUE ...]\n\n"
	  "  --fd N       speak on descriptor N, a Unix stream socket, instead: replies can then "
	  "carry\n"
	  "               descriptors (socket, enter)\n"
	  "  --dir, --keep, NAME=VALUE as in rig up\n\n"
	  "One line, one act, one reply line: ok | ok {json} | error SENTENCE. The world ends with "
	  "the\n"
	  "input. The status is 0, or that of the first error: 2 wrong input, 1 failed, 77 not "
	  "here.\n" },
	{ "doctor", cmd_doctor, "say what this machine can do, and how to get what is missing",
	  "[--json]\n" },
	{ "serve", cmd_serve, "serve echo, sink, source ... with the kernel's sockets",
	  "[--addr ADDR] --serve SERVICE [--serve SERVICE ...]\n\n"
	  "  SERVICE      [tcp-|udp-]echo|discard|daytime|chargen:PORT, sink:PORT[:count],\n"
	  "               source:PORT[:BYTES], http:PORT\n" },
	{ "drill", cmd_drill, "run scripts of packets and calls against a device",
	  "[OPTIONS] SCRIPT.pkt|DIR ...\n\n"
	  "  --dut DEVICE      phantom (default)\n"
	  "  --engine ENGINE   virtual (default): the clock jumps to what comes next\n"
	  "  -D NAME=VALUE     a word of the scripts, and what stands for it\n"
	  "  --OPTION=VALUE    an option of the scripts, which wins over theirs:\n"
	  "                    --tolerance_usecs= --ip_version= --local_ip= --mtu= ...\n"
	  "  --profile NAME    what devices are set to first: suite (as the kernel's defaults.sh),\n"
	  "                    freebsd (its option layout, windows, buffers and errors)\n"
	  "  -v                print every event as it passes\n"
	  "  -j N              N scripts at once\n"
	  "  --repeat N        each script N times\n"
	  "  --timeout S       per script, in seconds of the machine's time (60; 0: none)\n"
	  "  --expect FILE     lines \"script device verdict\": what is expected instead of a pass\n"
	  "  --evidence DIR    where a failure leaves its capture and trace; --no-evidence\n"
	  "  --tap, --junit FILE, --json FILE (- is standard output)\n"
	  "  --allow-commands  run commands that are not understood where the device lives\n\n"
	  "Verdicts and status: pass 0, fail 1, error 2, unsupported 3, timeout 4; of many scripts\n"
	  "0 when all are as expected, 1 for a fail or an unexpected pass, else that of the worst.\n" },
	{ "audit", cmd_audit, "hold captures against the RFCs",
	  "[--json] FILE.pcapng [FILE ...]\n" },
	{ "sim", cmd_sim, "run whole networks in virtual time, one per seed",
	  "[--seeds A..B] [--check|--life] [--topo FILE [NAME=VALUE ...]] [-j N] [--json] [-v]\n"
	  "       rig sim --point FILE --out DIR [--series] [--capture]\n"
	  "       rig sim --point FILE|- --check\n"
	  "       rig sim --table | --response\n\n"
	  "  --life        an hour of one host's life instead: leases, lifetimes, prefixes, links\n"
	  "  --seeds A..B  a run per seed (default: 1..20); the seed decides everything: topology,\n"
	  "                links, sysctls, connections and how they end\n"
	  "  --check       hold every event against the invariants of TCP, every frame against the\n"
	  "                audit's rules, and keep the last events for the report of a failure\n"
	  "  --topo FILE   take the topology from FILE; its nodes are phantoms\n"
	  "  -j N          N runs at once (default: 1)\n"
	  "  --json        say it as JSON\n"
	  "  -v            a line per seed\n"
	  "  --table       print goodput by loss, round-trip time and buffer, and nothing else\n"
	  "  --response    print the mean congestion window by loss beside theory, and nothing else\n"
	  "  --point FILE  run a point of an experiment (docs/lab-format.md): DIR/result.json, and\n"
	  "  --out DIR     with --series DIR/series.jsonl, with --capture DIR/NODE.DEV.pcapng;\n"
	  "                with --check only say whether it could be run; - is a point a line\n\n"
	  "A failed seed prints what happened last, its plan, and the command that runs it again.\n" },
	{ "calibrate", cmd_calibrate, "measure what links do on this machine, beside what they should",
	  "[--json] [--frames N] [virtual] [wire] [netem]\n\n"
	  "  virtual      the link model in virtual time\n"
	  "  wire         the link model in real time, between two devices\n"
	  "  netem        the kernel's, where it has sch_netem; elsewhere: rig uml -- rig calibrate netem\n"
	  "  --json       say it as JSON\n"
	  "  --frames N   count N frames for each share (20000)\n\n"
	  "All that are there, if none is named. The status is 1 if a share, a count or a length that is a\n"
	  "matter of chance is out of bounds that a correct link leaves once in 1.7 million; delays, rates\n"
	  "and frames a second are the machine's, and are said beside what an idle core should give.\n" },
	{ "uml", cmd_uml, "run COMMAND where there is netem: here, or under User-Mode Linux",
	  "[--always] [-r DIR ...] [-w DIR ...] [--] COMMAND ...\n\n"
	  "  --always     under User-Mode Linux also where this kernel has sch_netem\n"
	  "  -r DIR       show DIR (needed below /tmp and /run), read-only\n"
	  "  -w DIR       show DIR, writable\n\n"
	  "User-Mode Linux is a kernel that runs as a program, without root: the machine's files are\n"
	  "there read-only, the current directory is writable, /tmp is empty. The command's output\n"
	  "streams, its status is rig's. 77: there is none (apt-get install user-mode-linux kmod).\n" },
	{ "tc", cmd_tc, "a line of tc's, with netem and shapers, as the words of a link",
	  "[--link NODE.DEV] [--] LINE ...|-\n\n"
	  "  LINE             as in: tc qdisc add dev eth0 root netem delay 100ms 20ms loss 1%\n"
	  "  -                lines on standard input: a script's, one after the other\n"
	  "  --link NODE.DEV  print a whole link line of that device\n\n"
	  "The words stand on standard output, what differs from tc on standard error. tc has words for\n"
	  "what a device sends, so they are for out; those of ifb0, for what is received, are for in.\n" },
	{ "lab", cmd_lab, "run the points of an experiment and keep their table", NULL },
	{ "report", cmd_report, "a page of an experiment's results, with plots and diagrams", NULL },
	{ "matrix", cmd_matrix, "requirement by device, from the results of the tests", NULL },
	{ "demo", cmd_demo, "watch a stack come up, meet loss, and be judged", NULL },
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void help(FILE *f)
{
	fputs("rig: the bench that proves a TCP/IP stack\n\nusage: rig COMMAND [ARGS ...]\n\n", f);
	for (int i = 0; i < NCOMMANDS; i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fputs("\nrig COMMAND --help says more. Exit status: 0 done, 1 failed, 2 wrong input, 77 "
	      "this\n"
	      "machine cannot (what is needed is said).\n",
	      f);
}

static int run(const struct command *c, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0 && c->help; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("rig %s: %s\n\nusage: rig %s %s", c->name, c->summary, c->name,
			       c->help);
			return RIG_OK;
		}
		/* What follows a command's own command is not ours: rig exec peer ip -h. */
		if (c->run == cmd_exec && argv[i][0] != '-' && strcmp(argv[i - 1], "--dir") != 0)
			break;
	}
	return c->run(argc, argv);
}

int rig_error(const char *command, const struct net_err *e)
{
	fflush(stdout);
	fprintf(stderr, "rig %s: %s\n", command, e->text);
	switch (e->kind) {
	case NET_ERR_INPUT:
		return RIG_BAD_INPUT;
	case NET_ERR_CANNOT:
		return RIG_CANNOT;
	case NET_ERR_FAILED:
	default:
		return RIG_FAILED;
	}
}

int rig_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "rig %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see rig %s --help\n", command);
	return RIG_BAD_INPUT;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return RIG_BAD_INPUT;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return RIG_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("rig " PACKAGE_VERSION);
		return RIG_OK;
	}
	for (int i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	fprintf(stderr, "rig: there is no command \"%s\"; the commands are:", argv[1]);
	for (int i = 0; i < NCOMMANDS; i++)
		fprintf(stderr, " %s", commands[i].name);
	fputs("\n", stderr);
	return RIG_BAD_INPUT;
}
