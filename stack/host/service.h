/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the phantom host serves: one table of services, each a state machine over TCP, an answer
 * to a datagram over UDP, or both. options looks names up here, loop opens what was asked for.
 *
 * A TCP service keeps its state in struct conn's union. Its ready() is called when the socket
 * may have something to say, and works until the socket says -EAGAIN or its share of the turn
 * is used up.
 */
#ifndef HOST_SERVICE_H
#define HOST_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/echo.h"
#include "host/fnv.h"
#include "host/host.h"

enum {
	SERVICE_CHUNK = 65536, /* bytes moved by one call at most */
	SERVICE_ROUNDS =
		16, /* calls of each kind in one turn, so that no connection starves others */
	SERVICE_BACKLOG = 4096,
	FORWARD_MAX = 512, /* forwarded connections at a time, of all ports; each may hold two chunks */
	HTTP_REQUEST_MAX = 8192
};

/* One direction of a forwarded connection: what was read and not yet taken, and its end. */
struct forward_way {
	uint8_t *held; /* NULL: nothing waits */
	uint32_t pos, len;
	bool eof, told;
};
struct forward {
	struct source source; /* the kernel's socket, once begun */
	struct forward_way in, out;
	bool begun, answered, connected;
};

enum verdict {
	CONN_WAIT,  /* until the stack says that it is ready again */
	CONN_AGAIN, /* more could be done now; let others have a turn first */
	CONN_CLOSE, /* done: FIN */
	CONN_FAILED /* the connection is gone, or must go */
};

struct conn {
	struct app app;
	const struct service *service;
	const struct opt_serve *serve;
	union {
		struct echo echo;
		struct {
			uint64_t received;
			struct fnv hash;
		} sink;
		struct {
			uint64_t offset;
		} source;
		struct {
			uint32_t offset; /* in the pattern's period */
		} chargen;
		struct {
			uint8_t sent, len;
			char text[64];
		} daytime;
		struct forward forward;
		struct {
			struct forward forward; /* first: it becomes one of these */
			bool socks;		/* the program waits for SOCKS's reply */
			bool gone;		/* it has not waited */
		} dial;
		struct {
			uint16_t have; /* bytes of the request so far */
			uint16_t sent;
			const char *answer; /* NULL: still reading */
			uint16_t answer_len;
			char *request;
		} http;
	} u;
};

struct service {
	const char *name;
	const char *summary;
	/* What :ARG may be, as the end of "write ..."; NULL: it takes none. */
	const char *arg_right;
	bool arg_needed;
	bool (*arg)(const char *text, uint64_t *out);
	enum verdict (*ready)(struct host *h, struct conn *c); /* NULL: not over TCP */
	void (*release)(struct host *h, struct conn *c); /* frees what u points to; may be NULL */
	/* Answers one datagram: len bytes into out[cap], or -1 for none. NULL: not over UDP. */
	int (*datagram)(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
};

/* By the first len bytes of name; NULL: no such service. */
const struct service *service_find(const char *name, size_t len);
/* Row i of the table, or NULL past its end. */
const struct service *service_row(size_t i);

/* Makes `c`, of calloc and its u, a connection of the service's; it lives until service->ready ends it. */
void service_conn(struct host *h, struct conn *c, const struct service *service, ph_socket socket);

/* Opens every service of the options; 0, or -E... with a sentence in err. */
int services_open(struct host *h, char *err, size_t cap);
/* Closes listeners and datagram sockets, and every connection with FIN. */
void services_close(struct host *h);

/* The services' halves that live in files of their own. */
enum verdict bulk_sink_ready(struct host *h, struct conn *c);
enum verdict bulk_source_ready(struct host *h, struct conn *c);
enum verdict small_discard_ready(struct host *h, struct conn *c);
enum verdict small_daytime_ready(struct host *h, struct conn *c);
enum verdict small_chargen_ready(struct host *h, struct conn *c);
int small_discard_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
int small_daytime_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
int small_chargen_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
enum verdict http_ready(struct host *h, struct conn *c);
void http_release(struct host *h, struct conn *c);
enum verdict forward_ready(struct host *h, struct conn *c);
void forward_release(struct host *h, struct conn *c);
/* One more connection carried between the kernel and the stack? Counts it; false: there are FORWARD_MAX. */
bool forward_room(struct host *h);
bool forward_arg(const char *text, uint64_t *out);
/* Listens for programs of this machine (--dial, --socks), once there is a loop; 0, or -E... and a sentence */
int dial_open(struct host *h, char *err, size_t cap);
/* Ends the listeners, and those that have not said whom they want. */
void dial_close(struct host *h);
enum verdict echo_ready(struct host *h, struct conn *c);
void echo_release(struct host *h, struct conn *c);
int echo_datagram(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t cap);

#endif
