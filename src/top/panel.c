/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/panel.h"

/* TODO(panel) */
void panel_draw(struct session *s, struct area a)
{
	const struct row *row = view_selected(&s->view);
	struct phrase_context c = session_phrases(s);
	struct strbuf b = { 0 };
	int y = a.y;

	if (!row || !a.lines)
		return;
	phrase_facts(&b, row, &c);
	y = paint_wrapped(&s->screen, y, a.y + a.lines, INK_STRONG, b.s);
	b.len = 0;
	phrase_advice(&b, row, &c);
	paint_wrapped(&s->screen, y, a.y + a.lines, INK_PLAIN, b.s);
	strbuf_free(&b);
}

void panel_draw_graph(struct session *s, struct area a)
{
	(void)s, (void)a;
}

void panel_draw_waits(struct session *s, struct area a)
{
	(void)s, (void)a;
}

void panel_draw_events(struct session *s, struct area a)
{
	(void)s, (void)a;
}
