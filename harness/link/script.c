/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripted verdicts; see script.h. */
#include "harness/link/script.h"

#include <string.h>

#include "harness/link/filter.h"
#include "harness/link/rate.h"

bool link_scripts_ask_flows(const struct link_spec *spec)
{
	for (uint32_t i = 0; i < spec->nscript; i++)
		if (spec->script[i].flow != 0 || spec->script[i].has_bytes)
			return true;
	return false;
}

static bool same_script(const struct link_script *a, const struct link_script *b)
{
	if (a->act != b->act || a->kind != b->kind || a->every != b->every ||
	    a->nrange != b->nrange || a->delay_ns != b->delay_ns || a->flow != b->flow ||
	    a->has_bytes != b->has_bytes || a->bytes.from != b->bytes.from ||
	    a->bytes.to != b->bytes.to || a->filter != b->filter)
		return false;
	for (uint32_t i = 0; i < a->nrange; i++)
		if (a->range[i].from != b->range[i].from || a->range[i].to != b->range[i].to)
			return false;
	return true;
}

void link_scripts_update(struct link_scripts *s, const struct link_spec *old,
			 const struct link_spec *now)
{
	for (uint32_t i = 0; i < LINK_SCRIPTS_MAX; i++)
		if (i >= now->nscript || i >= old->nscript ||
		    !same_script(&now->script[i], &old->script[i]))
			s->seen[i] = 0;
}

static bool listed(const struct link_script *sc, uint64_t no)
{
	if (sc->every != 0 && no % sc->every == 0)
		return true;
	for (uint32_t i = 0; i < sc->nrange; i++)
		if (no >= sc->range[i].from && no <= sc->range[i].to)
			return true;
	return false;
}

static bool touches(const struct link_range *bytes, const struct link_seen *seen)
{
	return seen->len > 0 && seen->from <= bytes->to &&
	       (uint64_t)seen->from + seen->len > bytes->from;
}

static bool fits(const struct link_script *sc, const struct link_classifier *c, const uint8_t *frame,
		 const struct link_verdict *v)
{
	if (!(v->kinds & sc->kind))
		return false;
	if (sc->flow != 0 && c->seen.flow != sc->flow)
		return false;
	if (sc->has_bytes && !touches(&sc->bytes, &c->seen))
		return false;
	return !sc->filter || link_filter_passes(sc->filter, c->l2, frame, v->len);
}

void link_scripts_run(struct link_scripts *s, const struct link_spec *spec,
		      const struct link_classifier *c, const uint8_t *frame,
		      const struct link_verdict *v, struct link_scripts_said *said)
{
	memset(said, 0, sizeof(*said));
	for (uint32_t i = 0; i < spec->nscript; i++) {
		const struct link_script *sc = &spec->script[i];

		if (!fits(sc, c, frame, v) || !listed(sc, ++s->seen[i]))
			continue;
		if (said->first == 0 || (sc->act == LINK_ACT_DROP && !said->act[LINK_ACT_DROP]))
			said->first = (uint8_t)(i + 1);
		said->act[sc->act] = true;
		if (sc->act == LINK_ACT_DELAY)
			said->delay_ns = link_later(said->delay_ns, sc->delay_ns);
	}
}
