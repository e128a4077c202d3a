/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests: two stacks in one process, a client 10.0.0.1 and a server 10.0.0.2, joined by the link
 * model in virtual time. pair_step() jumps to the next thing that happens. pair_free() asks for
 * every packet, buffer and connection back.
 */
#ifndef UNIT_TCP_PAIR_H
#define UNIT_TCP_PAIR_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/pipe.h"
#include "phantom/phantom.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

static inline void *pair_alloc(void *arg, size_t size)
{
	*(size_t *)arg += size;
	return malloc(size);
}

static inline void pair_release(void *arg, void *ptr, size_t size)
{
	*(size_t *)arg -= size;
	free(ptr);
}

struct node {
	struct ph_stack *st;
	size_t *allocated;
	ph_link link;
	struct link_pipe *out; /* what it sends */
};

struct pair {
	struct node node[2]; /* client, server */
	uint64_t now;
};

static inline struct node node_new(unsigned id, uint32_t offload, uint16_t mtu, uint64_t now)
{
	struct ph_conf conf = { .alloc = pair_alloc, .release = pair_release, .now_ns = now };
	struct ph_link_conf link = { .name = "eth0", .kind = PH_LINK_ETHER, .offload = offload,
				     .mtu = mtu, .mac = { 2, 0, 0, 0, 0, (uint8_t)id } };
	struct ph_ip ip = ph_ip4(10, 0, 0, (uint8_t)id);
	struct node n;

	n.allocated = calloc(1, sizeof(*n.allocated));
	assert_non_null(n.allocated);
	conf.mem_arg = n.allocated;
	memset(conf.key, (int)id, sizeof(conf.key));
	n.st = ph_stack_new(&conf);
	assert_non_null(n.st);
	n.link = ph_link_add(n.st, &link, now);
	assert_true(n.link > 0);
	assert_int_equal(ph_addr_add(n.st, n.link, &ip, 24, now), 0);
	n.out = NULL;
	return n;
}

/* spec: the words of harness/link/spec.h, for both directions; "" for a clear link. */
static inline void pair_init(struct pair *p, const char *spec, uint32_t offload)
{
	struct link_spec s;
	char words[256], err[LINK_ERR_TEXT] = "", *save = NULL;
	const char *word[32];
	int n = 0;

	p->now = NS_PER_S;
	link_spec_init(&s);
	snprintf(words, sizeof(words), "%s", spec);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	if (n && link_spec_parse(&s, n, word, err, sizeof(err)) != 0)
		fail_msg("%s: %s", spec, err);
	for (int i = 0; i < 2; i++) {
		p->node[i] = node_new((unsigned)i + 1, offload, 1500, p->now);
		p->node[i].out = link_pipe_new(&s, LINK_L2_ETHERNET,
					       i ? LINK_DIR_OUT : LINK_DIR_IN);
		assert_non_null(p->node[i].out);
	}
}

static inline void pair_sysctl(struct pair *p, const char *name, const char *value)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(ph_sysctl_set(p->node[i].st, name, value), 0);
}

/* Frames that stacks have to send go into the pipes. */
static inline void pair_collect(struct pair *p)
{
	static uint8_t frame[70000];

	for (int i = 0; i < 2; i++) {
		struct node *n = &p->node[i];
		int len;

		while ((len = ph_link_output_bytes(n->st, n->link, frame, sizeof(frame),
						   p->now)) > 0)
			assert_int_equal(link_pipe_push(n->out, p->now, frame, (size_t)len, NULL),
					 0);
		assert_int_equal(len, 0);
	}
}

/* Everything that is due now. */
static inline void pair_settle(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		ph_stack_run(p->node[i].st, p->now);
	pair_collect(p);
	for (int i = 0; i < 2; i++) {
		struct node *to = &p->node[!i];
		struct link_frame *f;

		while ((f = link_pipe_pop(p->node[i].out, p->now))) {
			ph_link_input_bytes(to->st, to->link, f->data, f->len, NULL, p->now);
			link_pipe_free_frame(p->node[i].out, f);
		}
	}
	pair_collect(p);
}

static inline uint64_t pair_next(const struct pair *p)
{
	uint64_t at = PH_NEVER;

	for (int i = 0; i < 2; i++) {
		uint64_t stack = ph_stack_deadline(p->node[i].st);
		uint64_t pipe = link_pipe_next_at(p->node[i].out);

		at = stack < at ? stack : at;
		at = pipe < at ? pipe : at;
	}
	return at;
}

/* Jumps to the next event and deals with it; false: there is none. */
static inline bool pair_step(struct pair *p)
{
	uint64_t at = pair_next(p);

	if (at == PH_NEVER)
		return false;
	if (at > p->now)
		p->now = at;
	pair_settle(p);
	return true;
}

static inline void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct ph_usage u;

		ph_stack_usage(p->node[i].st, &u);
		assert_int_equal(u.connections, 0);
		assert_int_equal(u.timewait, 0);
		assert_int_equal(u.sockets, 0);
		assert_int_equal(u.packets, 0);
		assert_int_equal(u.buffers, 0);
		ph_stack_free(p->node[i].st);
		assert_int_equal(*p->node[i].allocated, 0);
		free(p->node[i].allocated);
		link_pipe_free(p->node[i].out);
	}
}

#endif
