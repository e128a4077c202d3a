/* SPDX-License-Identifier: BSD-2-Clause */
/* A stack: made, run, asked for its deadline, counted, ended; its sysctls. Included by phantom.h. */
#ifndef PHANTOM_STACK_H
#define PHANTOM_STACK_H

#include <phantom/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a trace sink is given. `values[i]` is field i of `type`; strings are NUL-terminated
 * pointers. */
enum ph_trace_kind { PH_TRACE_U64, PH_TRACE_STR, PH_TRACE_IP };
struct ph_trace_field {
	const char *name;
	enum ph_trace_kind kind;
};
struct ph_trace_type {
	const char *category; /* qlog's: connectivity, transport, recovery, ... */
	const char *name;
	unsigned nfields;
	const struct ph_trace_field *fields;
};
union ph_trace_value {
	uint64_t u64;
	const char *str;
	const uint8_t *ip; /* 16 bytes; IPv4 is ::ffff:a.b.c.d */
};
struct ph_trace_event {
	uint64_t at_ns;
	const struct ph_trace_type *type;
	const union ph_trace_value *values;
};

struct ph_conf {
	/* Memory, both required (malloc and free will do); release is told the size that was asked
	 * for. */
	void *(*alloc)(void *arg, size_t size);
	void (*release)(void *arg, void *ptr, size_t size);
	void *mem_arg;
	uint64_t mem_limit; /* bytes the stack may hold in all; 0: no limit */

	uint8_t key[32]; /* entropy, from getrandom(); a constant makes a run repeat exactly */
	/*
	 * RFC 7217's secret, kept from run to run so that IPv6 addresses stay the same; all zero:
	 * made from key.
	 */
	uint8_t stable_secret[16];
	uint64_t now_ns; /* the time of creation */
	uint64_t wall_offset_ns; /* what makes the time of day of it, in time stamps; 0: the same */

	/* Limits; 0 takes the default written beside it. */
	uint32_t max_sockets;	   /* 1,048,576: sockets that the user holds */
	uint32_t max_connections;  /* 1,048,576: TCP connections, embryonic ones included */
	uint32_t max_timewait;	   /* 262,144 */
	uint32_t max_neighbours;   /* 1,024 */
	uint32_t max_routes;	   /* 1,024 */
	uint32_t max_reassemblies; /* 1,024: IPv4 datagrams being put together */
	uint32_t max_links;	   /* 64, besides lo */

	void (*trace)(void *arg, const struct ph_trace_event *event); /* NULL: none */
	void *trace_arg;
};

/* A new stack without links, or NULL when memory is short or conf gives no alloc and release. */
struct ph_stack *ph_stack_new(const struct ph_conf *conf) PH_CHECK;
/* Frees the stack and all it holds, without a word on the wire. */
void ph_stack_free(struct ph_stack *st);
/* Fires the timers that are due at now_ns, and starts the senders that a full link had stopped. */
void ph_stack_run(struct ph_stack *st, uint64_t now_ns);
/* When ph_stack_run wants to be called next; PH_NEVER when nothing is pending; may lie in the past.
 */
uint64_t ph_stack_deadline(const struct ph_stack *st);
/* Resets and closes all TCP connections (RST on the wire) and closes all sockets: for an orderly
 * end. */
void ph_stack_abort(struct ph_stack *st, uint64_t now_ns);

/* Pieces in use in all pools: 0 packets, sockets, connections after everything was closed. */
struct ph_usage {
	uint64_t bytes, bytes_peak; /* memory taken from alloc */
	uint32_t packets, buffers, timers, sockets, connections, timewait, neighbours, reassemblies;
};
void ph_stack_usage(const struct ph_stack *st, struct ph_usage *usage);

/* For tests: makes the nth allocation of packets and connections from now fail (0: stop). */
void ph_stack_fail_at(struct ph_stack *st, uint64_t nth);
/* For tests: evaluates what must hold of every part between two calls (sums, orders, windows, "who
 * waits has a timer"). Costs as much as the stack holds. False: *broken says what does not hold. */
struct ph_claim {
	const char *part, *what;
	uint32_t conn; /* as in trace events; 0: of no connection */
	uint64_t a, b; /* what was compared */
};
bool ph_stack_check(const struct ph_stack *st, struct ph_claim *broken) PH_CHECK;

/* ---- sysctls and counters ----------------------------------------------------------------- */

/* Values as text, as in /proc/sys. -ENOENT unknown, -EINVAL not a number or out of bounds, -EPERM
 * read-only. */
int ph_sysctl_set(struct ph_stack *st, const char *name, const char *value) PH_CHECK;
int ph_sysctl_get(const struct ph_stack *st, const char *name, char *out, size_t cap) PH_CHECK;
struct ph_sysctl_info {
	const char *name, *help;
	int64_t min, max;
	unsigned nvalues; /* 1, or 2 or 3 that ascend, as tcp_rmem has; 0: words */
	const char *words; /* those it may have, at most `max` of them; NULL: numbers */
};
/* Row i of the table, or NULL past its end. */
const struct ph_sysctl_info *ph_sysctl_row(size_t i);

/* Counter i's name ("TcpExtTCPTimeouts", as nstat prints it; drop reasons as "PhantomDrop..."), or
 * NULL past the end. */
const char *ph_counter_name(size_t i);
uint64_t ph_counter(const struct ph_stack *st, size_t i);
/* By name; 0 for a name that is not there. */
uint64_t ph_counter_by_name(const struct ph_stack *st, const char *name);

#ifdef __cplusplus
}
#endif
#endif
