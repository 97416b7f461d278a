/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/tally.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void tally_most(struct postmortem_most *most, uint64_t value, struct opt_u64 of,
		struct timespec wall)
{
	if (!most->known || value > most->value)
		*most = (struct postmortem_most){ true, value, of, wall };
}

void tally_sum(struct postmortem_sum *sum, bool known, uint64_t min, uint64_t max, bool again)
{
	sum->known += known && !again;
	sum->unknown += !known && !again;
	sum->min += known ? min : 0;
	sum->max += known ? max : 0;
}

void tally_sum_outside(struct postmortem_sum *sum, bool known, uint64_t min, uint64_t max,
		       bool again)
{
	if (known)
		tally_sum(sum, known, min, max, again);
	else
		sum->outside += !again;
}

void tally_settle(struct postmortem_sum *sum, bool within)
{
	sum->unknown += within ? sum->outside : 0;
	sum->outside = 0;
}

void tally_raise(struct opt_u64 *most, struct opt_u64 value)
{
	if (value.known && (!most->known || value.value > most->value))
		*most = value;
}

void tally_stretch(struct postmortem_stretch *s, bool so, uint64_t window_ns, struct timespec wall)
{
	s->now_ns = so ? s->now_ns + window_ns : 0;
	if (s->now_ns > s->ns) {
		s->ns = s->now_ns;
		s->end = wall;
	}
}

static bool has_place_of_its_own(const char *code)
{
	return !strcmp(code, "replay-run") || !strcmp(code, "replay-end") ||
	       !strcmp(code, "replay-missed") || !strcmp(code, "peaks-unavailable") ||
	       !strcmp(code, "clock-step");
}

void tally_warnings(struct postmortem_warnings *to, const struct snapshot *s, struct timespec wall)
{
	for (size_t i = 0; i < s->n_warnings; i++) {
		const struct warning *w = &s->warnings[i];
		size_t at = 0;

		if (has_place_of_its_own(w->code))
			continue;
		while (at < to->n && strcmp(to->list[at].message, w->message) != 0)
			at++;
		if (at == POSTMORTEM_WARNINGS) {
			to->left_out++;
			continue;
		}
		if (at == to->n) {
			to->n++;
			to->list[at] = (struct postmortem_warning){
				.code = xstrdup(w->code),
				.message = xstrdup(w->message),
				.first = wall,
			};
		}
		to->list[at].windows++;
	}
}

void tally_warnings_free(struct postmortem_warnings *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->list[i].code);
		free(w->list[i].message);
	}
}
