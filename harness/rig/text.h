/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from programs as JSON text. Called by the acts. */
#ifndef RIG_TEXT_H
#define RIG_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD. NULL when memory is short. */
json_t *json_text(const char *bytes, size_t n);

#endif
