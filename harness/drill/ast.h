/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script as a tree of checked values: options, commands before and after, and events in their
 * order. Made by parse.h, obeyed by the runner, printed by print.h. The tree never changes once it
 * is parsed; all of it lives in the script's own memory and goes with drill_script_free().
 *
 * Every name that has a number (AF_INET, SO_RCVBUF, EAGAIN, icmp unreachable) is the number here,
 * Linux's, and the text as written stands in the node's `src`. Words of -D NAME=value are replaced
 * and #ifdef branches are chosen before there is a tree.
 */
#ifndef DRILL_AST_H
#define DRILL_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drill_arena;
struct drill_py;

enum {
	DRILL_SACK_BLOCKS_MAX = 4,   /* what fits into 40 bytes of options */
	DRILL_TCPOPT_BYTES_MAX = 40, /* RFC 9293 3.1: data offset has four bits */
	DRILL_TCPOPTS_MAX = 40,	     /* options of one packet: forty nops */
};

/* Where a node stands in its file, and its text as written, not ended by a NUL. */
struct drill_src {
	const char *at;
	uint32_t len;
	uint32_t line, col; /* counted from 1; a tab is one column */
};

/* Bytes of a string literal; NUL-terminated too, and may have NULs inside. */
struct drill_str {
	const char *at;
	uint32_t len;
};

/* ---- expressions ---- */

enum drill_expr_kind {
	DRILL_E_ANY,	/* ... : wildcard, or "supply it" */
	DRILL_E_INT,	/* a number, a symbol, or several with | between */
	DRILL_E_STRING, /* "text", and `more` when it was "text"... (a prefix) */
	DRILL_E_NAME,	/* a lower-case word that is no symbol */
	DRILL_E_LIST,	/* [a, b]: an array, or a pointer to its one element */
	DRILL_E_STRUCT, /* {field = a, field(N) = b} or {a, b} */
	DRILL_E_CALL,	/* htons(8080), inet_addr("192.0.2.1"), sizeof(x) */
};

struct drill_expr {
	enum drill_expr_kind kind;
	bool more;	  /* STRING: only a prefix is given */
	struct drill_src src;
	int64_t num;	  /* INT; CALL: its value in host order, where it is a number */
	bool num_known;	  /* INT: always. CALL: the value could be computed */
	struct drill_str str; /* STRING: its bytes; NAME and CALL: the name */
	struct drill_expr *first; /* LIST: elements; STRUCT: values; CALL: arguments */
	uint32_t count;		  /* how many of them */
	struct drill_expr *next;  /* the following one of the same parent, or NULL */
	const char *field;	  /* in a STRUCT: this value's field name, or NULL (positional) */
	struct drill_expr *bound; /* in a STRUCT: the N of field(N) = value, or NULL */
};

/* ---- time ---- */

enum drill_time_kind {
	DRILL_T_ABS,	   /* 0.1 : since the first event */
	DRILL_T_REL,	   /* +0.1 : since the event before */
	DRILL_T_ABS_RANGE, /* 0.1~0.2 : outbound packets only */
	DRILL_T_REL_RANGE, /* +0.1~+0.2 : outbound packets only */
	DRILL_T_ANY,	   /* * : outbound packets only */
};

struct drill_time {
	enum drill_time_kind kind;
	int64_t at_ns;
	int64_t end_ns;	 /* ranges: the last moment, on the same base as at_ns; else at_ns */
	bool blocking;	 /* at...until: the call starts at at_ns and returns at until_ns */
	int64_t until_ns; /* ABS: absolute; REL: from the same base as at_ns */
};

/* ---- packets ---- */

enum drill_dir { DRILL_IN, DRILL_OUT }; /* < into the stack; > out of it */

enum drill_ip { DRILL_IP4 = 4, DRILL_IP6 = 6 };

enum drill_ecn {
	DRILL_ECN_UNSAID, /* in: not-ECT; out: anything */
	DRILL_ECN_NONE,	  /* noecn */
	DRILL_ECN_ECT0,
	DRILL_ECN_ECT1,
	DRILL_ECN_ECT01, /* out: ECT(0) or ECT(1) */
	DRILL_ECN_CE,
};

struct drill_ipinfo {
	struct drill_src src;
	bool given; /* there was a [...] or (...) */
	enum drill_ecn ecn;
	bool has_tos, has_ttl, has_flowlabel;
	uint8_t tos; /* whole octet: DSCP and ECN (tos, class) */
	uint8_t ttl; /* ttl, hlim */
	uint32_t flowlabel;
};

/* A TCP header's flags as on the wire, with AE of RFC 9768 above CWR. */
enum {
	DRILL_F_FIN = 0x001, /* F */
	DRILL_F_SYN = 0x002, /* S */
	DRILL_F_RST = 0x004, /* R */
	DRILL_F_PSH = 0x008, /* P */
	DRILL_F_ACK = 0x010, /* . */
	DRILL_F_URG = 0x020, /* U */
	DRILL_F_ECE = 0x040, /* E */
	DRILL_F_CWR = 0x080, /* W */
	DRILL_F_AE = 0x100,  /* A */
};

enum drill_num_kind {
	DRILL_N_UNSAID, /* not written */
	DRILL_N_REL,	/* relative to its side's first sequence number */
	DRILL_N_ABS,	/* written with !: as on the wire */
	DRILL_N_ANY,	/* ... */
	DRILL_N_NAME,	/* a name: the first use decides its value, later ones repeat it */
};

/* A 32-bit number that may be a wildcard. Window, urgent pointer and the values of timestamps are
 * _REL when given: nothing is added to the first two; the script's timestamps are mapped to live
 * ones by the runner. */
struct drill_num {
	enum drill_num_kind kind;
	uint32_t num;
	const char *name;
};

struct drill_seq {
	enum drill_num_kind kind; /* REL, ABS or ANY */
	uint32_t start, end;	  /* end - start == len; 0 when ANY */
	uint32_t len;
	struct drill_src src;
};

enum drill_tcpopt_kind {
	DRILL_O_EOL,
	DRILL_O_NOP,
	DRILL_O_MSS,
	DRILL_O_WSCALE,
	DRILL_O_SACK_OK,
	DRILL_O_SACK,
	DRILL_O_TS,
	DRILL_O_FO,    /* kind 34, RFC 7413 */
	DRILL_O_FOEXP, /* kind 254, magic 0xf989 */
	DRILL_O_MD5,   /* kind 19, RFC 2385 */
	DRILL_O_ACCECN, /* kind 172 or 174, RFC 9768 */
	DRILL_O_GENERIC, /* gen KIND bytes: kind, length and bytes */
	DRILL_O_RAW,	 /* bytes alone, as they are: for malformed options */
};

enum drill_blob_kind {
	DRILL_B_BYTES,	 /* as given, perhaps none */
	DRILL_B_ANY,	 /* ... */
	DRILL_B_VALID,	 /* md5: computed with the script's tcp_md5_secret */
	DRILL_B_INVALID, /* md5: anything but that */
};

struct drill_blob {
	enum drill_blob_kind kind;
	uint8_t len;
	uint8_t bytes[DRILL_TCPOPT_BYTES_MAX];
};

enum drill_accecn_field { DRILL_A_E0B, DRILL_A_CEB, DRILL_A_E1B };

struct drill_tcpopt {
	enum drill_tcpopt_kind kind;
	struct drill_src src;
	uint32_t value; /* MSS; WSCALE; GENERIC: its kind octet */
	struct {
		uint8_t n;
		struct {
			uint32_t left, right;
			bool abs; /* written with ! */
		} block[DRILL_SACK_BLOCKS_MAX];
	} sack;
	struct drill_num ts_val, ts_ecr; /* TS */
	struct drill_blob blob;		 /* FO and FOEXP: cookie; MD5; GENERIC; RAW */
	struct {			 /* ACCECN: fields in their order on the wire */
		uint8_t n;
		bool e1_first; /* kind 174: e1b ceb e0b; else 172: e0b ceb e1b */
		enum drill_accecn_field field[3];
		uint32_t bytes[3]; /* 24 bits each */
	} accecn;
};

enum drill_tcpopts_kind {
	DRILL_OPTS_NONE, /* nothing written: no option at all */
	DRILL_OPTS_LIST, /* <a,b>: exactly these, in this order */
	DRILL_OPTS_ANY,	 /* <...> or <nocheck>: not looked at; in: none */
};

struct drill_tcp {
	uint32_t flags; /* DRILL_F_* */
	bool ace;	/* the AccECN count was written as a digit; printed so */
	struct drill_seq seq;
	struct drill_num ack;  /* UNSAID: 0, and compared */
	struct drill_num win;  /* UNSAID: out: not compared, in: the runner's default */
	struct drill_num urg;  /* UNSAID: 0 */
	enum drill_tcpopts_kind opts;
	struct drill_tcpopt *opt;
	uint32_t nopt;
};

enum drill_quote_kind {
	DRILL_Q_NONE, /* no [..]: the offending packet's first bytes, sequence number as it was */
	DRILL_Q_TCP,  /* [seq:end(len)] */
	DRILL_Q_UDP,  /* [udp (len)] */
	DRILL_Q_RAW,  /* [raw (len)] */
};

struct drill_icmp {
	uint8_t type, code; /* of the packet's IP version */
	bool has_mtu, has_id;
	uint32_t mtu;
	uint16_t id;
	enum drill_quote_kind quote;
	struct drill_seq seq; /* quote TCP; its len is quote UDP's and RAW's length too */
};

enum drill_l4 { DRILL_L4_TCP, DRILL_L4_UDP, DRILL_L4_ICMP };

struct drill_packet {
	struct drill_src src; /* from the direction to the end */
	enum drill_dir dir;
	enum drill_ip ip; /* on the wire; from --ip_version */
	struct drill_ipinfo info;
	bool has_sock; /* sock(N): the connection of the script's descriptor N */
	int32_t sock;
	bool has_ports;
	uint16_t sport, dport;
	enum drill_l4 l4;
	struct drill_tcp tcp;
	uint32_t udp_len; /* payload bytes of a UDP packet */
	struct drill_icmp icmp;
};

/* ---- system calls ---- */

/* Enumerators are DRILL_C_ and the call's name; the list has how many arguments it takes. */
#define DRILL_CALLS(X) \
	X(socket, 3, 3) X(bind, 3, 3) X(listen, 2, 2) X(accept, 3, 3) X(accept4, 4, 4) \
	X(connect, 3, 3) X(read, 3, 3) X(readv, 3, 3) X(recv, 4, 4) X(recvfrom, 6, 6) \
	X(recvmsg, 3, 3) X(write, 3, 3) X(writev, 3, 3) X(send, 4, 4) X(sendto, 6, 6) \
	X(sendmsg, 3, 3) X(fcntl, 2, 3) X(ioctl, 3, 3) X(close, 1, 1) X(shutdown, 2, 2) \
	X(getsockopt, 5, 5) X(setsockopt, 5, 5) X(getsockname, 3, 3) X(getpeername, 3, 3) \
	X(poll, 3, 3) X(epoll_create, 1, 1) X(epoll_ctl, 4, 4) X(epoll_wait, 4, 4) \
	X(open, 2, 3) X(sendfile, 4, 4) X(pipe, 1, 1) X(splice, 6, 6)

enum drill_call_id {
#define X(name, min, max) DRILL_C_##name,
	DRILL_CALLS(X)
#undef X
	DRILL_CALLS_COUNT
};

struct drill_call {
	struct drill_src src; /* from the name to the end */
	enum drill_call_id id;
	const char *name;
	struct drill_expr *args; /* by ->next */
	uint32_t nargs;
	struct drill_expr *result; /* INT or ANY */
	int err;		   /* errno expected; 0: none written */
	const char *note;	   /* text in the last parentheses, or NULL */
};

/* ---- the rest ---- */

struct drill_command {
	struct drill_src src; /* with its backticks */
	const char *text;     /* between them */
};

struct drill_code {
	struct drill_src src;	/* with %{ and }% */
	const char *text;	/* between them */
	const struct drill_py *py; /* what pyexpr.h evaluates */
};

enum drill_event_kind { DRILL_EV_PACKET, DRILL_EV_CALL, DRILL_EV_COMMAND, DRILL_EV_CODE };

struct drill_event {
	struct drill_event *next;
	enum drill_event_kind kind;
	uint32_t number;      /* from 1 */
	struct drill_src src; /* time and all */
	struct drill_time time;
	union {
		struct drill_packet packet;
		struct drill_call call;
		struct drill_command command;
		struct drill_code code;
	};
};

/* --name=value as written, in the script's order; option.h gives them meaning. */
struct drill_option {
	struct drill_option *next;
	struct drill_src src;
	const char *name, *value; /* value NULL: --name alone */
};

enum drill_ip_version { DRILL_V_IP4, DRILL_V_IP6, DRILL_V_IP4_MAPPED };

struct drill_script {
	struct drill_arena *arena;
	const char *name; /* of the file */
	const char *text; /* whole, NUL-terminated */
	size_t text_len;
	struct drill_option *options;
	enum drill_ip_version ip_version;
	struct drill_command *init;    /* NULL: none */
	struct drill_command *cleanup; /* NULL: none */
	struct drill_event *events;
	uint32_t nevents;
};

/* Frees the script and every node of it; NULL is fine. */
void drill_script_free(struct drill_script *s);

#endif
