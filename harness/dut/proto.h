/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device protocol's lines: a struct dut_call as JSON and back, and the buffer that cuts a stream
 * into lines. The protocol is told in docs/dut-protocol.md. Called by remote.c, which asks, and
 * by agent.c, which answers.
 */
#ifndef DUT_PROTO_H
#define DUT_PROTO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/dut/dut.h"

enum { PROTO_LINE_MAX = 8 << 20, PROTO_BYTES_MAX = 4 << 20, PROTO_LIST_MAX = 1024 };

/* ---- lines ---- */

struct proto_in {
	char *bytes;
	size_t have, taken, cap;
};

/* Reads what is there (recv flags as given). Bytes read; 0 at the end; -errno; -EMSGSIZE when a
 * line is too long. */
int proto_read(struct proto_in *in, int fd, int flags);
/* The next whole line without its end, or NULL; valid until the next proto_read. */
const char *proto_next(struct proto_in *in, size_t *len);
void proto_in_free(struct proto_in *in);
/* One object as a line, whole; takes the object. 0, -errno, -EMSGSIZE. */
int proto_send(int fd, json_t *take_line);

/* ---- errors by name ---- */

/* "EAGAIN"; a number that has no name is "E" and its digits. */
const char *proto_errno_name(int error, char room[16]);
/* EIO for a name that is not known. */
int proto_errno(const char *name);

/* ---- calls ---- */

/* A new request, or NULL when the call is too large for a line. */
json_t *proto_request(const struct dut_call *c, json_int_t id);
/* Reads a request's call and args into *c, whose buffers it allocates: proto_call_free. 0, -ENOSYS for a
 * call that is not in struct dut_call's table, -EINVAL; both with a sentence. */
int proto_call(const json_t *request, struct dut_call *c, char *err, size_t cap);
void proto_call_free(struct dut_call *c);
/* The answer of a call that is done. */
json_t *proto_answer(const struct dut_call *c, json_int_t id, uint64_t started_ns);
/* Reads an answer into the call it belongs to: result, done_ns, and what the call writes; bytes
 * beyond the call's room are cut. -EINVAL: it is no answer, with a sentence. */
int proto_result(const json_t *answer, struct dut_call *c, char *err, size_t cap);
/* An error in a sentence. */
json_t *proto_error(const json_t *id, const char *sentence, bool unsupported);

/* ---- addresses ---- */

json_t *proto_addr(const struct ph_sockaddr *a);
bool proto_addr_of(const json_t *value, struct ph_sockaddr *a);

/* ---- bytes ---- */

json_t *proto_bytes(const void *bytes, size_t len);
/* Allocates *out. 0, -EINVAL, -ENOMEM. */
int proto_bytes_of(const json_t *value, uint8_t **out, size_t *len);

#endif
