/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on phantom's control socket: each is answered by one JSON object, which is an answer or one
 * sentence of what was wrong.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "host/control_cmd.h"
#include "host/options.h"
#include "tests/fuzz/stack_user.h"
#include "tests/fuzz/targets.h"

static void one_line(struct host *h, const char *line, size_t len)
{
	char *copy = malloc(len ? len : 1), *text;
	json_t *answer;

	demand(copy != NULL, "this machine has memory");
	memcpy(copy, line, len);
	answer = control_cmd_answer(h, copy, len);
	free(copy);
	demand(json_is_object(answer), "an answer is an object");
	text = json_dumps(answer, JSON_COMPACT);
	demand(text != NULL && !strchr(text, '\n'), "which can be written in a line");
	free(text);
	json_decref(answer);
}

void fuzz_control(const uint8_t *bytes, size_t len)
{
	struct promise p;
	struct user user;
	struct options opt = { .grace_ns = 0 };
	struct ph_conf conf = { .key = { 3 }, .now_ns = 1 };
	struct ph_link_conf link = { .name = "tap0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip own = ph_ip4(10, 0, 0, 2), peer = ph_ip4(10, 0, 0, 1);
	struct host h = { .opt = &opt, .phase = HOST_CLOSING }; /* quit was said before */
	const char *at = (const char *)bytes, *end = at + len;

	demand(promise_open(&p, &conf, &link), "a stack is made");
	demand(ph_addr_add(p.st, p.link, &own, 24, 1) == 0 &&
		       user_start(&user, &p, &own, &peer, 1),
	       "the stack is set up");
	h.st = p.st;
	h.link = p.link;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop ? stop : end) - at);

		one_line(&h, at, n);
		at += n + 1;
	}
	ph_stack_abort(p.st, 1);
	promise_close(&p, true);
}

FUZZ_TARGET_IS(fuzz_control)
