/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of the device protocol (docs/dut-protocol.md) as JSON: bytes, addresses, errors. Called
 * by control_sock.c.
 */
#ifndef HOST_CONTROL_BYTES_H
#define HOST_CONTROL_BYTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum { CONTROL_BYTES_MAX = 4 << 20 };

/* A string of base64, or {"zeros":N}. */
json_t *control_bytes(const uint8_t *bytes, size_t len);
/* Allocates *out from base64, {"hex":..}, {"zeros":N} or {"int":N}; false: it is none of these. */
bool control_bytes_of(const json_t *value, uint8_t **out, size_t *len);

json_t *control_addr(const struct ph_sockaddr *addr);
bool control_addr_of(const json_t *value, struct ph_sockaddr *addr);

/* "EAGAIN". */
const char *control_errno(int error);

#endif
