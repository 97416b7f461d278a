/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/save.h"

#include "analyse/fold.h"
#include "output/incident.h"
#include "output/json.h"

#include <stdlib.h>
#include <string.h>

static bool is_markdown(const char *path)
{
	const size_t len = strlen(path);

	return len > 3 && !strcmp(path + len - 3, ".md");
}

/* Neighbours in the ring make a report each, from the oldest one on. */
static void print_incident(struct session *s, FILE *stream)
{
	struct incident_style style = {
		.filter = s->filter.s,
		.text_flags = s->screen.utf8 ? 0 : TEXT_ASCII,
	};
	struct postmortem *p = postmortem_new(style.text_flags);
	const struct ring *ring = s->playback.ring;
	struct report report = { 0 };
	struct excerpt excerpt;
	struct error ignored; /* the windows are of one run */

	if (s->player) {
		player_excerpt(s->player, &excerpt);
		incident_source_take(&style.source, p, &excerpt, &ignored);
		style.source.part =
			excerpt.first > player_first(s->player) ||
			(excerpt.last < player_last(s->player) && !excerpt.damaged_line);
	}
	for (size_t i = ring_count(ring); i-- > 1;) {
		fold_build(&report, ring_get(ring, i), ring_get(ring, i - 1), true);
		report_select(&report, &s->view.selection);
		postmortem_add(p, &report);
	}
	postmortem_end(p);
	incident_print(stream, p, &style);
	postmortem_free(p);
	report_free(&report);
}

void save_print(struct session *s, const char *path, FILE *stream)
{
	struct report report;

	if (is_markdown(path)) {
		print_incident(s, stream);
		return;
	}
	report = view_report(&s->view);
	json_print(stream, &report, false, &s->context);
	free(report.shown);
}
