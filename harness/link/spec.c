/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a link, read and printed. Decides which values and combinations are sense and says
 * in a sentence what is wrong with the others. Called by the topology language and by tests.
 */
#include "harness/link/spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/link/dist.h"
#include "harness/link/pattern.h"
#include "harness/link/record.h"
#include "harness/link/spec_value.h"
#include "harness/link/trace.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { OVERHEAD_MAX = 10000, CELL_MAX = 100000, MTU_MIN = 68, MTU_MAX = 65536, GAP_MAX = 1000000 };

typedef int word_fn(struct link_parse *p);

/* Without jitter there is nothing to spread or to resemble. */
static void set_jitter(struct link_spec *s, uint64_t jitter_ns, uint32_t corr)
{
	s->jitter_ns = jitter_ns;
	s->delay_corr = jitter_ns ? corr : 0;
	if (jitter_ns == 0)
		s->dist = NULL;
}

/* delay TIME [JITTER [CORRELATION]] */
static int read_delay(struct link_parse *p)
{
	uint64_t delay_ns, jitter_ns = 0;
	uint32_t corr = 0;
	int at, rc = link_take_time(p, "delay", &delay_ns);

	if (rc != 0)
		return rc;
	at = p->at;
	rc = link_may_take_time(p, "delay", &jitter_ns);
	if (rc == 0 && p->at != at) {
		rc = link_may_take_share(p, "delay", &corr);
		set_jitter(p->s, jitter_ns, corr);
	}
	p->s->delay_ns = delay_ns;
	return rc;
}

/* jitter TIME [CORRELATION] */
static int read_jitter(struct link_parse *p)
{
	uint64_t jitter_ns = 0;
	uint32_t corr = 0;
	int rc = link_take_time(p, "jitter", &jitter_ns);

	if (rc == 0)
		rc = link_may_take_share(p, "jitter", &corr);
	if (rc == 0)
		set_jitter(p->s, jitter_ns, corr);
	return rc;
}

/* A share, and its correlation if there is one. */
static int read_shares(struct link_parse *p, const char *name, uint32_t *share, uint32_t *corr)
{
	int rc = link_take_share(p, name, share);

	*corr = 0;
	return rc == 0 ? link_may_take_share(p, name, corr) : rc;
}

static int read_reorder(struct link_parse *p)
{
	int rc = read_shares(p, "reorder", &p->s->reorder, &p->s->reorder_corr);

	if (p->s->reorder == 0)
		p->s->gap = 0;
	return rc;
}

static int read_dup(struct link_parse *p)
{
	return read_shares(p, "dup", &p->s->dup, &p->s->dup_corr);
}

static int read_corrupt(struct link_parse *p)
{
	return read_shares(p, "corrupt", &p->s->corrupt, &p->s->corrupt_corr);
}

/* tc reads a gap without a share as "always, then". */
static int read_gap(struct link_parse *p)
{
	uint64_t n;
	int rc = link_take_count(p, "gap", " of frames", 0, GAP_MAX, &n);

	if (rc != 0)
		return rc;
	p->s->gap = n > 1 ? (uint32_t)n : 0;
	if (n > 0 && p->s->reorder == 0)
		p->s->reorder = LINK_CERTAIN;
	return 0;
}

/* A word that is on, or off behind it. */
static int read_ecn(struct link_parse *p)
{
	p->s->ecn = !link_take(p, "off");
	return 0;
}

/* rate RATE [OVERHEAD [CELL [CELL-OVERHEAD]]] */
static int read_rate(struct link_parse *p)
{
	uint64_t bps;
	int32_t overhead = 0, cell = 0, cell_overhead = 0;
	int rc = link_take_rate(p, "rate", &bps);

	if (rc == 0)
		rc = link_may_take_int(p, "rate: overhead", -OVERHEAD_MAX, OVERHEAD_MAX, &overhead);
	if (rc == 0)
		rc = link_may_take_int(p, "rate: cell size", 0, CELL_MAX, &cell);
	if (rc == 0)
		rc = link_may_take_int(p, "rate: cell overhead", -OVERHEAD_MAX, OVERHEAD_MAX,
				       &cell_overhead);
	if (rc != 0)
		return rc;
	if (cell == 0 && cell_overhead != 0)
		return link_refuse(p, "rate: an overhead of cells needs their size before it, as in "
				   "rate 1mbit 0 48 5");
	if (cell != 0 && cell + cell_overhead <= 0)
		return link_refuse(p, "rate: a cell with its overhead has at least a byte");
	p->s->rate_bps = bps;
	p->s->rate_overhead = overhead;
	p->s->cell = (uint32_t)cell;
	p->s->cell_overhead = cell_overhead;
	return 0;
}

static int read_limit(struct link_parse *p)
{
	uint64_t n;
	int rc = link_take_count(p, "limit", " of frames", 1, LINK_QUEUE_MAX, &n);

	if (rc != 0)
		return rc;
	p->s->queue = (uint32_t)n;
	p->s->limit_named = true;
	return 0;
}

static int read_seed(struct link_parse *p)
{
	int rc = link_take_count(p, "seed", "", 0, UINT64_MAX, &p->s->seed);

	if (rc == 0)
		p->s->seedings++;
	return rc;
}

static int read_mtu(struct link_parse *p)
{
	uint64_t n;
	int rc = link_take_count(p, "mtu", " of bytes", 0, MTU_MAX, &n);

	if (rc != 0)
		return rc;
	if (n != 0 && n < MTU_MIN)
		return link_refuse(p, "mtu: %" PRIu64 " is less than the %d bytes that every link "
				   "carries (RFC 791); 0 takes the limit away", n, MTU_MIN);
	p->s->mtu = (uint32_t)n;
	return 0;
}

static int read_up(struct link_parse *p)
{
	p->s->down = false;
	return 0;
}

static int read_down(struct link_parse *p)
{
	p->s->down = true;
	return 0;
}

/* The name of a file that fits into a spec, or NULL with a sentence; *off if it says "off". */
static const char *file_name(struct link_parse *p, const char *name, bool *off)
{
	const char *text = link_value(p, "the name of a file, or off");

	*off = text && strcmp(text, "off") == 0;
	if (text && (strlen(text) >= LINK_PATH_MAX || text[strcspn(text, " \t\n'\"\\#$")])) {
		link_refuse(p, "%s: the name of a file has at most %d bytes and no spaces, quotes, \\, # "
			    "or $", name, LINK_PATH_MAX - 1);
		return NULL;
	}
	return text;
}

static int read_trace(struct link_parse *p)
{
	bool off;
	const char *name = file_name(p, "trace", &off);

	if (!name)
		return -EINVAL;
	p->s->trace = off ? NULL : link_trace_get(name, p->err, p->err_size);
	return off || p->s->trace ? 0 : -EINVAL;
}

static int read_pattern(struct link_parse *p)
{
	bool off;
	const char *name = file_name(p, "pattern", &off);

	if (!name)
		return -EINVAL;
	p->s->pattern = off ? NULL : link_pattern_get(name, p->err, p->err_size);
	return off || p->s->pattern ? 0 : -EINVAL;
}

static int read_replay(struct link_parse *p)
{
	bool off;
	const char *name = file_name(p, "replay", &off);

	if (!name)
		return -EINVAL;
	p->s->replay = off ? NULL : link_replay_get(name, p->err, p->err_size);
	return off || p->s->replay ? 0 : -EINVAL;
}

static int read_record(struct link_parse *p)
{
	bool off;
	const char *name = file_name(p, "record", &off);

	if (!name)
		return -EINVAL;
	p->s->record = off ? NULL : link_record_get(name, p->err, p->err_size);
	return off || p->s->record ? 0 : -EINVAL;
}

static const struct {
	const char *word;
	word_fn *read;
} words[] = {
	{ "delay", read_delay },
	{ "jitter", read_jitter },
	{ "distribution", link_parse_distribution },
	{ "loss", link_parse_loss },
	{ "ecn", read_ecn },
	{ "reorder", read_reorder },
	{ "gap", read_gap },
	{ "dup", read_dup },
	{ "duplicate", read_dup },
	{ "corrupt", read_corrupt },
	{ "rate", read_rate },
	{ "slot", link_parse_slot },
	{ "limit", read_limit },
	{ "queue", link_parse_queue },
	{ "trace", read_trace },
	{ "mtu", read_mtu },
	{ "up", read_up },
	{ "down", read_down },
	{ "pattern", read_pattern },
	{ "record", read_record },
	{ "replay", read_replay },
	{ "seed", read_seed },
	{ "script", link_parse_script },
};

static int read_word(struct link_parse *p)
{
	const char *word = p->word[p->at];

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].read(p);
	return link_refuse(p, "'%s' is no word of a link; write delay, jitter, distribution, loss, ecn, "
			   "reorder, gap, dup, corrupt, rate, slot, limit, queue, trace, mtu, up, down, "
			   "pattern, record, replay, seed or script", word);
}

void link_spec_init(struct link_spec *s)
{
	memset(s, 0, sizeof(*s));
	s->queue = LINK_QUEUE_DEFAULT;
	s->seed = 1;
}

bool link_spec_is_clear(const struct link_spec *s)
{
	return s->delay_ns == 0 && s->jitter_ns == 0 && s->loss_model == LINK_LOSS_RANDOM &&
	       s->loss == 0 && s->reorder == 0 && s->dup == 0 && s->corrupt == 0 &&
	       s->rate_bps == 0 && !s->slot.on && !link_spec_has_line(s) && !s->down &&
	       s->mtu == 0 && !s->pattern && !s->record && !s->replay && s->nscript == 0;
}

int link_spec_check(const struct link_spec *s, char *err, size_t err_size)
{
	const char *wrong = NULL;

	if (s->reorder > 0 && s->delay_ns == 0 && s->jitter_ns == 0)
		wrong = "reorder: without a delay nothing can overtake; add a delay, such as delay 10ms";
	else if (s->dist && s->jitter_ns == 0)
		wrong = "distribution: it spreads the delay by the jitter; add one, such as delay 10ms "
			"1ms";
	else if (s->ecn && s->loss_model == LINK_LOSS_RANDOM && s->loss == 0)
		wrong = "ecn: it marks what would be lost; add a loss, such as loss 1%";
	else if (s->trace && s->rate_bps != 0)
		wrong = "trace: a link has a rate or a trace; write rate 0 to have the trace";
	else if (s->disc.kind != LINK_QUEUE_LIMIT && s->rate_bps == 0 && !s->trace)
		wrong = "queue: without a rate nothing waits in it; add a rate, such as rate 10mbit, or a "
			"trace";
	else if (s->replay && s->record &&
		 strcmp(link_replay_name(s->replay), link_record_name(s->record)) == 0)
		wrong = "replay: that file is being recorded; name two files";
	if (!wrong)
		return 0;
	snprintf(err, err_size, "%s", wrong);
	return -EINVAL;
}

int link_spec_read(struct link_spec *s, int nword, const char *const *word, char *err,
		   size_t err_size)
{
	struct link_spec to = *s;
	struct link_parse p = { .s = &to, .nword = nword, .word = word, .err = err,
				.err_size = err_size };

	if (nword < 1)
		return link_refuse(&p, "nothing is said of the link; write what it does, such as "
				       "delay 10ms loss 1%%");
	for (p.at = 0; p.at < nword; p.at++) {
		int rc = read_word(&p);

		if (rc != 0)
			return rc;
	}
	*s = to;
	return 0;
}

int link_spec_parse(struct link_spec *s, int nword, const char *const *word, char *err,
		    size_t err_size)
{
	struct link_spec to = *s;
	int rc = link_spec_read(&to, nword, word, err, err_size);

	if (rc == 0)
		rc = link_spec_check(&to, err, err_size);
	if (rc == 0)
		*s = to;
	return rc;
}

static void print_shares(struct link_text *t, const char *word, uint32_t share, uint32_t corr)
{
	if (share == 0)
		return;
	link_text_word(t, word);
	link_text_share(t, share);
	if (corr != 0)
		link_text_share(t, corr);
}

static void print_delay(struct link_text *t, const struct link_spec *s)
{
	if (s->delay_ns != 0) {
		link_text_word(t, "delay");
		link_text_time(t, s->delay_ns);
	}
	if (s->jitter_ns != 0) {
		link_text_word(t, "jitter");
		link_text_time(t, s->jitter_ns);
		if (s->delay_corr != 0)
			link_text_share(t, s->delay_corr);
	}
	if (s->dist) {
		link_text_word(t, "distribution");
		link_text_add(t, " %s", link_dist_name(s->dist));
	}
}

static void print_rate(struct link_text *t, const struct link_spec *s)
{
	if (s->rate_bps == 0)
		return;
	link_text_word(t, "rate");
	link_text_rate(t, s->rate_bps);
	if (s->rate_overhead != 0 || s->cell != 0)
		link_text_add(t, " %" PRId32, s->rate_overhead);
	if (s->cell != 0)
		link_text_add(t, " %" PRIu32, s->cell);
	if (s->cell_overhead != 0)
		link_text_add(t, " %" PRId32, s->cell_overhead);
}

static void print_file(struct link_text *t, const char *word, const char *name)
{
	link_text_word(t, word);
	link_text_add(t, " %s", name);
}

static void print_rest(struct link_text *t, const struct link_spec *s)
{
	if (s->trace)
		print_file(t, "trace", link_trace_name(s->trace));
	if (s->mtu != 0) {
		link_text_word(t, "mtu");
		link_text_add(t, " %" PRIu32, s->mtu);
	}
	if (s->down)
		link_text_word(t, "down");
	if (s->pattern)
		print_file(t, "pattern", link_pattern_name(s->pattern));
	if (s->record)
		print_file(t, "record", link_record_name(s->record));
	if (s->replay)
		print_file(t, "replay", link_replay_name(s->replay));
	if (s->seed != 1) {
		link_text_word(t, "seed");
		link_text_add(t, " %" PRIu64, s->seed);
	}
}

size_t link_spec_print(const struct link_spec *s, char *out, size_t size)
{
	struct link_text t = { .out = out, .size = size };

	if (size > 0)
		out[0] = '\0';
	print_delay(&t, s);
	link_print_loss(&t, s);
	if (s->ecn)
		link_text_word(&t, "ecn");
	print_shares(&t, "reorder", s->reorder, s->reorder_corr);
	if (s->gap > 1 && s->reorder > 0) { /* alone it would read as a reordering of all */
		link_text_word(&t, "gap");
		link_text_add(&t, " %" PRIu32, s->gap);
	}
	print_shares(&t, "dup", s->dup, s->dup_corr);
	print_shares(&t, "corrupt", s->corrupt, s->corrupt_corr);
	print_rate(&t, s);
	link_print_slot(&t, s);
	link_print_queue(&t, s);
	print_rest(&t, s);
	for (uint32_t i = 0; i < s->nscript; i++)
		link_print_script(&t, &s->script[i]);
	return t.n;
}
