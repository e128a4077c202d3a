/* SPDX-License-Identifier: BSD-2-Clause */
/* See text.h. */
#include "harness/lab/text.h"

#include <inttypes.h>

#include "harness/sim/say.h"
#include "harness/sim/sum.h"

enum { OPT_END, OPT_NOP, OPT_MSS, OPT_WSCALE, OPT_SACKOK, OPT_SACK, OPT_TS = 8 };

void lab_text_flags(char out[LAB_FLAGS_MAX], uint8_t flags)
{
	static const struct {
		uint8_t bit;
		char letter;
	} letters[] = { { LAB_FIN, 'F' }, { LAB_SYN, 'S' }, { LAB_RST, 'R' }, { LAB_PSH, 'P' },
			{ 32, 'U' },	  { 64, 'E' },	    { 128, 'W' },     { LAB_ACK, '.' } };
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].bit)
			out[n++] = letters[i].letter;
	out[n] = '\0';
}

static void say_sack(struct sim_text *t, const struct lab_segment *s, const struct lab_way *peer)
{
	sim_say(t, "sack");
	for (unsigned i = 0; i < s->nsack; i++)
		sim_say(t, " %" PRIu64 ":%" PRIu64, lab_way_seq(peer, s->sack[i][0]),
			lab_way_seq(peer, s->sack[i][1]));
}

static void say_option(struct sim_text *t, const uint8_t *p, size_t n, const struct lab_segment *s,
		       const struct lab_way *peer)
{
	if (p[0] == OPT_NOP)
		sim_say(t, "nop");
	else if (p[0] == OPT_MSS && n == 4)
		sim_say(t, "mss %u", sim_get16(p + 2));
	else if (p[0] == OPT_WSCALE && n == 3)
		sim_say(t, "wscale %u", p[2]);
	else if (p[0] == OPT_SACKOK && n == 2)
		sim_say(t, "sackOK");
	else if (p[0] == OPT_SACK)
		say_sack(t, s, peer);
	else if (p[0] == OPT_TS && n == 10)
		sim_say(t, "TS val %" PRIu32 " ecr %" PRIu32, sim_get32(p + 2), sim_get32(p + 6));
	else
		sim_say(t, "kind %u len %zu", p[0], n);
}

static void say_options(struct sim_text *t, const struct lab_segment *s, const struct lab_way *peer)
{
	const uint8_t *p = s->options;
	const char *before = " <";

	for (size_t left = s->noptions; left > 0 && p[0] != OPT_END;) {
		size_t n = p[0] == OPT_NOP ? 1 : left > 1 ? p[1] : 0;

		if (n == 0 || n > left || (n == 1 && p[0] != OPT_NOP))
			break;
		sim_say(t, "%s", before);
		say_option(t, p, n, s, peer);
		before = ",";
		p += n;
		left -= n;
	}
	if (*before == ',')
		sim_say(t, ">");
}

void lab_text(char out[LAB_TEXT_MAX], char sign, const struct lab_segment *s,
	      const struct lab_way *own, const struct lab_way *peer)
{
	struct sim_text t = { out, out + LAB_TEXT_MAX };
	uint64_t seq = lab_way_seq(own, s->seq);
	char flags[LAB_FLAGS_MAX];

	lab_text_flags(flags, s->flags);
	sim_say(&t, "%c %s %" PRIu64 ":%" PRIu64 "(%" PRIu32 ")", sign, flags, seq, seq + s->len,
		s->len);
	if (s->flags & LAB_ACK)
		sim_say(&t, " ack %" PRIu64, peer->known ? lab_way_seq(peer, s->ack) : 0);
	sim_say(&t, " win %u", s->window);
	say_options(&t, s, peer);
}
