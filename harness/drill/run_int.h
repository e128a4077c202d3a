/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of a script: what the files run*.c, call*.c, sysctl*.c and report.c share, and nobody
 * else includes. Times named *_ns are the device's unless they say script.
 */
#ifndef DRILL_RUN_INT_H
#define DRILL_RUN_INT_H

#include "harness/drill/match.h"
#include "harness/drill/net.h"
#include "harness/drill/parse_option.h"
#include "harness/drill/pyexpr.h"
#include "harness/drill/run.h"

#define DRILL_NS_PER_S	1000000000ull
#define DRILL_NS_PER_MS 1000000ull

enum {
	DRILL_FDS_MAX = 256,	     /* descriptors open at once in a script */
	DRILL_CONNS_MAX = 4096,	     /* connections of a script */
	DRILL_TS_MAX = 256,	     /* timestamps remembered per connection */
	DRILL_BUF_MAX = 64 << 20,    /* bytes of one call's buffer */
	DRILL_RECORD_MAX = 64 << 20, /* bytes of packets kept for a capture */
	DRILL_PENDING_MAX = 64,	     /* calls that wait at once */
	DRILL_COUNTERS_MAX = 64,     /* counters that a script asks for */
};

/* A packet the device sent that no event has asked for yet. */
struct drill_frame {
	struct drill_frame *next;
	struct drill_live live;
	uint64_t last_ns; /* when its last segment came; live.at_ns unless joined */
	uint8_t bytes[];
};

/* Bytes that a script wrote as text, at an offset of what its descriptor sent. */
struct drill_literal {
	struct drill_literal *next;
	uint64_t at;
	size_t len;
	uint8_t bytes[];
};

/* Where the n-th datagram's bytes are among those: none has more. */
#define DRILL_DGRAM(n) ((uint64_t)(n) << 17)

struct drill_fd {
	bool used;
	int script, dev;
	int type; /* PH_SOCK_* */
	struct drill_conn *conn;
	uint64_t wrote, got; /* bytes sent and read so far; datagrams sent */
	uint64_t seen;	     /* datagrams that came out */
	bool unchecked;	     /* urgent data, files: what comes is not the pattern */
	struct drill_literal *literals;
};

struct drill_ts {
	uint32_t script, live;
	const char *name; /* NULL: a number of the script */
};

struct drill_conn {
	struct drill_conn *next;
	unsigned number;  /* 1, 2, ... in the order they came up */
	enum drill_l4 l4; /* ICMP: the queue of all ICMP packets */
	struct ph_ip local, remote;
	uint16_t lport, rport;
	bool active;		       /* begun by the device's connect() */
	bool heard, spoken;	       /* a SYN of the device, of the script; a datagram of the script */
	bool closed;		       /* its descriptor is */
	uint32_t isn_live, isn_script; /* the device's first sequence number */
	uint32_t remote_isn;	       /* the script's, the same on the wire */
	bool has_ack;
	uint32_t last_ack, next_seq; /* of the device's last segments, as on the wire */
	struct drill_fd *fd;
	struct drill_ts ts[DRILL_TS_MAX];
	unsigned nts, ts_at;
	bool has_first_ts;
	uint32_t first_ts_live, first_ts_script;
	uint64_t first_ts_ns;
	struct drill_frame *first, **last;
};

/* A call that has not returned, and what checks it when it does. */
struct drill_wait {
	struct drill_wait *next;
	struct dut_call c;
	const struct drill_event *ev;
	uint64_t from_ns, until_ns;
	bool blocks; /* the script says that it does, until until_ns */
	struct drill_fd *fd;
	uint8_t *buf;
	size_t buf_len;
	void *more; /* poll or epoll entries */
	bool null_buf; /* it reads into NULL */
	bool inner; /* done without the device: files.h */
	int file_from, file_to; /* descriptors of files that bytes come from or go to; 0: none */
	int64_t file_at;	/* sendfile's offset; -1: the file's own place */
};

struct drill_files;
struct drill_python;
struct drill_record;

struct drill_run {
	const struct drill_script *script;
	const struct drill_setup *setup;
	struct drill_options opt;
	struct dut *dut;
	struct dut_conf conf;
	bool v4;	  /* packets are IPv4 */
	uint64_t zero_ns; /* the script's time 0 */
	uint64_t now_ns;
	uint64_t last_in_ns; /* when the last inbound packet was due */
	bool last_was_in;
	uint64_t last_ns; /* when the event before was due or seen */
	uint64_t late_ns;  /* how late the latest event of the script began */
	uint64_t waited_ns; /* for a CPU, before the script's time 0 */
	bool too_late;	   /* it was given up because the bench was late */
	bool only_time;	   /* it failed by a time alone */

	struct drill_conn *conns, *conn; /* all; the one that packets are about */
	unsigned nconns;
	struct drill_fd fds[DRILL_FDS_MAX];
	struct drill_fd *listener; /* the last that listens */
	struct drill_fd *last_fd;
	struct drill_wait *waits;
	unsigned nwaits;
	struct drill_files *files; /* NULL: none yet */
	struct {
		char name[64];
		uint64_t value; /* at the last nstat */
	} base[DRILL_COUNTERS_MAX];
	unsigned nbases;
	struct drill_py_env py;
	bool code_python;	     /* some piece of the script needs it: all go there */
	struct drill_python *python; /* NULL: not started */
	struct dut_packet *packet; /* room */
	uint8_t *out;		   /* room for a packet of the script */

	const struct drill_event *ev; /* the one that runs */
	enum drill_verdict verdict;
	uint32_t line;
	char reason[DRILL_REASON_TEXT];
	char *detail; /* lines for the message, or NULL */
	char *log;    /* a line per thing that happened */
	size_t log_len, log_cap;
	uint32_t nevents;
	bool keep; /* packets and traces, for the evidence */
	struct drill_record *record;
};

/* ---- report.c: what happened, and what is said of it ---- */

/* Ends the run: the first verdict stays. Returns -1, to be returned. */
int drill_end(struct drill_run *r, enum drill_verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The device failed: an error with its sentence. */
int drill_broken(struct drill_run *r);
/* A line of the log, and of the verbose output, at a time. */
void drill_log(struct drill_run *r, uint64_t at_ns, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "0.100000" of a device's time, in script time; ns with all digits when `whole`. */
const char *drill_time_text(const struct drill_run *r, uint64_t at_ns, char out[32]);
void drill_detail(struct drill_run *r, const char *text);
void drill_record_packet(struct drill_run *r, uint64_t at_ns, bool inbound, const uint8_t *bytes,
			 size_t len);
int drill_record_new(struct drill_run *r);
void drill_record_free(struct drill_run *r);
void drill_record_trace(void *arg, const struct ph_trace_event *event);
/* The whole message of a run that did not pass, malloc'd; writes the evidence. */
char *drill_report(struct drill_run *r);
/* The live packet in the notation, relative to its connection. */
void drill_show_live(const struct drill_live *l, const struct drill_conn *c, enum drill_dir dir,
		     char *out, size_t size);

/* ---- run_conn.c: connections and descriptors ---- */

struct drill_conn *drill_conn_new(struct drill_run *r, enum drill_l4 l4, uint16_t lport,
				  uint16_t rport);
struct drill_conn *drill_conn_find(struct drill_run *r, enum drill_l4 l4, uint16_t lport,
				   uint16_t rport);
/* The connection of an inbound or outbound packet of the script. */
struct drill_conn *drill_conn_of(struct drill_run *r, const struct drill_packet *p);
/* Takes what the device has sent into its connections' queues. 0 or -1. */
int drill_pump(struct drill_run *r);
struct drill_fd *drill_fd_of(struct drill_run *r, int script);
struct drill_fd *drill_fd_new(struct drill_run *r, int script, int dev, int type);
void drill_fd_close(struct drill_run *r, struct drill_fd *f);
/* Asks the device for the descriptor's ends and ties it to its connection. */
void drill_fd_bind(struct drill_run *r, struct drill_fd *f, bool active);
void drill_conns_free(struct drill_run *r);
int drill_fd_literal(struct drill_fd *f, uint64_t at, const void *bytes, size_t len);
/* The last datagram was refused: its text is forgotten, its number given to the next. */
void drill_fd_unsent(struct drill_fd *f);
/* A timestamp of the script as the device's: the one it stands for, or one at the same distance. */
uint32_t drill_ts_live(struct drill_conn *c, const struct drill_num *n);
void drill_ts_learn(struct drill_conn *c, const struct drill_num *n, uint32_t live, uint64_t at_ns);
const struct drill_ts *drill_ts_find(const struct drill_conn *c, const struct drill_num *n);

/* ---- run_packet.c ---- */

int drill_run_in(struct drill_run *r, const struct drill_packet *p);
/* A packet is due between from_ns and to_ns. */
int drill_run_out(struct drill_run *r, const struct drill_packet *p, uint64_t from_ns,
		  uint64_t to_ns, uint64_t tolerance_ns);
/* Resets what is left of the script's connections. */
void drill_run_reset(struct drill_run *r);

/* ---- run.c ---- */

/* Lets time go by until at_ns; calls that return on the way are checked. 0 or -1. */
int drill_wait_until(struct drill_run *r, uint64_t at_ns, unsigned what);
/* After a -1: 0 when the failure is one that the script lets pass, else -1. */
int drill_forgive(struct drill_run *r, bool forgiven);
uint64_t drill_tolerance(const struct drill_run *r, uint64_t gap_ns);

/* ---- call.c ---- */

int drill_run_call(struct drill_run *r, const struct drill_event *ev, uint64_t from_ns,
		   uint64_t until_ns);
/* Checks the calls that have returned; and after until_ns those that should have. */
int drill_calls_check(struct drill_run *r);
/* Waits for every call that should return up to at_ns. */
int drill_calls_finish(struct drill_run *r, uint64_t at_ns);
void drill_calls_free(struct drill_run *r);
/* A call of the runner's own, which never waits: its result. */
int64_t drill_call_now(struct drill_run *r, struct dut_call *c);

/* ---- code.c: %{ }% ---- */

void drill_code_init(struct drill_run *r);
int drill_run_code(struct drill_run *r, const struct drill_code *code);
void drill_code_free(struct drill_run *r);

/* ---- sysctl.c ---- */

int drill_run_command(struct drill_run *r, const struct drill_command *c);
/* The settings of --profile: NULL, "suite" or "freebsd". */
int drill_run_profile(struct drill_run *r, const char *name);

#endif
