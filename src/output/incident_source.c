/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/incident_source.h"

#include "base/clock.h"

int incident_source_take(struct incident_source *s, struct postmortem *p, const struct excerpt *e,
			 struct error *why)
{
	const int code = excerpt_check_host(e, why);
	struct error older;

	if (code < 0)
		return code;
	s->recording = recording_path(e->recording);
	s->older = excerpt_has_older(e, &older) ? recording_older(e->recording) : NULL;
	s->damaged_line = e->damaged_line;
	if (excerpt_damage(e) && excerpt_damage(e)->line != e->damaged_line)
		s->damaged_within = excerpt_damage(e)->line;
	p->past = true;
	postmortem_ask(p, clock_timespec((uint64_t)e->lacks_from_ns),
		       clock_timespec((uint64_t)e->lacks_to_ns));
	return 0;
}

void incident_source_add(struct paper *w, const struct incident_source *s)
{
	struct strbuf *b = &w->b;

	if (s->damaged_line)
		strbuf_addf(b,
			    "- Line %zu of the recording is damaged: what comes after it is not in "
			    "this report\n",
			    s->damaged_line);
	if (s->damaged_within)
		strbuf_addf(
			b,
			"- Line %zu of the recording is damaged: what comes after it, up to the "
			"next run, is not in this report\n",
			s->damaged_within);
	if (s->part)
		strbuf_adds(b, "- Only a part of the recording is in this report: --incident "
			       "reports the whole\n");
	if (s->older) {
		strbuf_adds(b, "- Not in this report: older samples are in ");
		paper_add_code(w, s->older);
		strbuf_putc(b, '\n');
	}
}

void incident_source_add_next(struct paper *w, const struct incident_source *s)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n## Next time\n\n```sh\n");
	if (s->recording) {
		strbuf_adds(b, "listenq --top --replay=");
		text_add_word(b, s->recording, w->text_flags);
		strbuf_adds(b, "  # see it again\n");
	}
	strbuf_adds(b, "listenq --top  # see it live\n"
		       "systemctl enable --now listenq-record  # record it from before it begins\n"
		       "# the same without that unit:\n"
		       "listenq --watch -d 5 -A -x -p -o +unit,container --record=FILE \\\n"
		       "  --record-when='state >= high' --record-size=256M >/dev/null\n"
		       "listenq --incident --replay=FILE  # then write this report\n```\n");
}
