/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws a world as text: boxes for nodes, lines to bridges, addresses, impairments. Called by rig
 * up. */
#ifndef RIG_DRAW_H
#define RIG_DRAW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* @world is what show answers. @colour: with terminal colours. */
void draw_world(const json_t *world, FILE *f, bool colour);

#endif
