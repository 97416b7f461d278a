/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/bar.h"

#include "base/alloc.h"

#include <string.h>

#define BAR_MAX 16 /* labels */

/* The row whose label has that place in the bar; NULL: none. */
static const struct key *find_label(int place)
{
	for (size_t i = 0; i < key_table_n; i++)
		if (key_table[i].bar.place == place)
			return &key_table[i];
	return NULL;
}

static int label_width(const struct key *key)
{
	return (int)(strlen(key->bar.name) + strlen(key->bar.word));
}

/* Columns between two labels: more where all of them have room. */
static int label_gap(struct area a)
{
	int width = 0;

	for (int i = 1; i <= BAR_MAX; i++)
		width += find_label(i) ? label_width(find_label(i)) + 2 : 0;
	return width <= a.end - a.x ? 2 : 1;
}

/* The places of the labels, the most useful first: a screen that is too narrow lacks the last. */
static const int by_worth[] = { 1, 10, 4, 9, 7, 8, 6, 3, 2, 5, 11, 12, 13, 14, 15, 16 };

/* @begins: set to the column of each label by its place; -1: it is not there */
static void lay_bar(struct area a, int begins[BAR_MAX + 1])
{
	const int gap = label_gap(a);
	int room = a.end - a.x + gap, x = a.x;

	for (int i = 0; i <= BAR_MAX; i++)
		begins[i] = -1;
	for (size_t i = 0; i < ARRAY_SIZE(by_worth); i++) {
		const struct key *key = find_label(by_worth[i]);

		if (!key)
			continue;
		if (label_width(key) + gap > room)
			break;
		room -= label_width(key) + gap;
		begins[by_worth[i]] = 0;
	}
	for (int i = 1; i <= BAR_MAX; i++)
		if (begins[i] >= 0) {
			begins[i] = x;
			x += label_width(find_label(i)) + gap;
		}
}

const struct key *bar_key_at(struct area a, int x)
{
	int begins[BAR_MAX + 1];

	lay_bar(a, begins);
	for (int i = 1; i <= BAR_MAX; i++)
		if (begins[i] >= 0 && x >= begins[i] && x < begins[i] + label_width(find_label(i)))
			return find_label(i);
	return NULL;
}

const char *bar_pause(const struct session *s)
{
	return !session_stands(s) ? "Pause" : s->player ? "Play " : "Live ";
}

/* The word that says what the key does now. All words of a key have one width. */
static const char *word_of(const struct session *s, const struct key *key)
{
	const struct row *row = view_selected(&s->view);

	if (key->codes[0] == 'p')
		return bar_pause(s);
	if (key->codes[0] != '\r' || !row)
		return key->bar.word;
	switch (view_branch(&s->view, s->view.cursor)) {
	case VIEW_FOLDED:
		return "Unfold";
	case VIEW_UNFOLDED:
		return "Fold  ";
	default:
		return key->bar.word;
	}
}

void bar_draw(const struct session *s, struct area a)
{
	struct paint p = paint_area(&s->screen, &a, 0);
	int begins[BAR_MAX + 1];

	lay_bar(a, begins);
	for (int i = 1; i <= BAR_MAX; i++) {
		if (begins[i] < 0)
			continue;
		p.x = begins[i];
		paint_string(&p, INK_STRONG, find_label(i)->bar.name);
		paint_string(&p, INK_PLAIN, word_of(s, find_label(i)));
	}
}
