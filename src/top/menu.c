/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/menu.h"

#include "base/num.h"
#include "base/text.h"

static const struct field *nth_column(size_t n)
{
	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name && !n--)
			return &field_table[i];
	return NULL;
}

void menu_move(struct menu *m, long by)
{
	size_t last = 0;

	while (nth_column(last + 1))
		last++;
	m->cursor = num_step(m->cursor, by);
	if (m->cursor > last)
		m->cursor = last;
}

void menu_toggle(const struct menu *m, struct columns *columns)
{
	columns_toggle(columns, nth_column(m->cursor));
}

void menu_draw(struct menu *m, const struct screen *screen, int top, int bottom,
	       const struct columns *columns)
{
	size_t room = bottom > top ? (size_t)(bottom - top) : 1;

	if (m->cursor < m->offset)
		m->offset = m->cursor;
	if (m->cursor >= m->offset + room)
		m->offset = m->cursor - room + 1;
	for (size_t i = m->offset; nth_column(i) && top < bottom; i++) {
		const struct field *f = nth_column(i);
		enum ink ink = i == m->cursor ? INK_ON_NONE : INK_PLAIN;
		struct paint p = paint_line(screen, top++);
		struct strbuf b = { 0 };

		strbuf_addf(&b, "[%c] %-18s %s", columns_have(columns, f) ? 'x' : ' ', f->name,
			    f->help);
		paint_text(&p, ink, b.s, b.len);
		paint_rest(&p, ink);
		strbuf_free(&b);
	}
}
