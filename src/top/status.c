/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/status.h"

#include "base/num.h"
#include "output/cell.h"

#include <string.h>

#define GAP "   "

/* The rows of the list that are not on the screen. */
struct off_screen {
	size_t below;
	size_t sick_above, sick_below;
	enum severity worst;
	bool ok; /* all of those below are certainly ok */
};

static bool is_worst_first(const struct status *s)
{
	return !s->view->sort && !view_order_stays(s->view, s->clock_ns) && !s->view->n_members;
}

/* Adds row @i to those that are sick. Returns what memory has of it. */
static enum memory_kind look_at(const struct status *s, size_t i, size_t *sick,
				enum severity *worst)
{
	const struct row *row = s->view->report.shown[i];
	struct memory m;

	if (row->well)
		return MEMORY_NONE;
	m = history_memory(s->history, row, s->back);
	if (memory_is_sick(&m)) {
		++*sick;
		if (census_is_worse(memory_severity(&m), *worst))
			*worst = memory_severity(&m);
	}
	return m.kind;
}

/* Where the worst comes first, what is below a row that is ok is ok too. */
static struct off_screen look_off_screen(const struct status *s)
{
	const struct view *v = s->view;
	const size_t begin = v->offset + v->page, n = v->report.n_shown;
	const bool sorted = is_worst_first(s);
	struct off_screen off = { .below = n > begin ? n - begin : 0, .worst = SEVERITY_NONE };

	for (size_t i = 0; i < v->offset && i < n; i++)
		look_at(s, i, &off.sick_above, &off.worst);
	for (size_t i = begin; i < n; i++) {
		enum memory_kind kind = look_at(s, i, &off.sick_below, &off.worst);

		if (sorted && kind != MEMORY_SICK && kind != MEMORY_HELD) {
			off.ok = !off.sick_below && kind == MEMORY_NONE;
			break;
		}
	}
	return off;
}

/* A folded group is one row, but several listeners. */
static bool has_groups(const struct view *v)
{
	for (size_t i = 0; v->fold && i < v->report.n_shown; i++)
		if (v->report.shown[i]->folded)
			return true;
	return false;
}

static void add(struct strbuf *b, const char *text)
{
	strbuf_adds(b, b->len ? GAP : "");
	strbuf_adds(b, text);
}

static void add_filters(struct strbuf *b, const struct status *s, size_t width)
{
	const struct selection *selection = &s->view->selection;

	if (selection->filter) {
		const size_t begin = b->len + strlen("filter: ");

		strbuf_adds(b, "filter: ");
		text_add_safe(b, s->filter, strlen(s->filter), s->utf8 ? 0 : TEXT_ASCII);
		cell_shorten(b, begin, num_max(width / 2, 16), s->utf8);
		strbuf_adds(b, " (Esc ends it)");
	}
	if (s->view->sick_only)
		add(b, "SICK ONLY");
	if (selection->only_full)
		strbuf_addf(b, "%s-f %.3g%%", b->len ? GAP : "", 100 * fill_ratio(selection->fill));
}

static void add_order(struct strbuf *b, const struct status *s)
{
	const struct view *v = s->view;

	if (v->sort)
		strbuf_addf(b, "%ssorted by %s", b->len ? GAP : "", v->sort->header);
	if (v->follow)
		add(b, "FOLLOW");
	if (v->frozen)
		add(b, "ORDER FROZEN");
	else if (view_order_stays(v, s->clock_ns))
		add(b, "ORDER HELD");
}

static void add_below(struct strbuf *b, const struct off_screen *off)
{
	if (!off->below)
		return;
	strbuf_addf(b, "%s... %zu more", b->len ? GAP : "", off->below);
	if (off->ok)
		strbuf_adds(b, " ok");
}

enum severity status_compose(const struct status *s, size_t width, struct strbuf *alarm,
			     struct strbuf *rest, struct strbuf *position)
{
	const struct view *v = s->view;
	const size_t n = v->report.n_shown, hidden = s->censuses->hidden;
	const struct off_screen off = look_off_screen(s);
	enum severity worst = off.worst;

	strbuf_adds(alarm, "");
	strbuf_adds(rest, "");
	strbuf_adds(position, "");
	if (off.sick_above)
		strbuf_addf(alarm, "%zu sick further up", off.sick_above);
	if (off.sick_below)
		strbuf_addf(alarm, "%s%zu sick further down", alarm->len ? ", " : "",
			    off.sick_below);
	if (hidden) {
		/* The filter follows. */
		strbuf_addf(alarm, "%s%zu sick hidden%s", alarm->len ? ", " : "", hidden,
			    v->selection.filter || v->selection.only_full ? " by " : "");
		if (census_is_worse(s->censuses->hidden_worst, worst))
			worst = s->censuses->hidden_worst;
	}
	add_filters(rest, s, width);
	add_order(rest, s);
	if (v->report.snapshot && v->report.snapshot->known & SNAPSHOT_UNIX)
		add(rest, s->replay   ? "UNIX shown" :
			  width < 100 ? "UNIX shown (x)" :
					"UNIX listeners are shown (x hides them)");
	add_below(rest, &off);
	if (alarm->len && rest->len && alarm->s[alarm->len - 1] != ' ')
		strbuf_adds(alarm, GAP);
	if (n)
		strbuf_addf(position, "%zu-%zu of %zu%s", v->offset + 1,
			    num_min(v->offset + v->page, n), n, has_groups(v) ? " rows" : "");
	return worst;
}
