/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shown.h"
#include "unit.h"

void shown_assert(const struct view *view, const char *expected)
{
	static const char marks[][2] = { "", "+", "-", "|", "`" };
	const struct report *r = &view->report;
	struct strbuf shown = { 0 };

	strbuf_adds(&shown, "");
	for (size_t i = 0; i < r->n_shown; i++) {
		const struct listener *l = r->shown[i]->listener;

		strbuf_addf(&shown, i == view->cursor ? "%s[%s%llu]" : "%s%s%llu", i ? " " : "",
			    marks[view_branch(view, i)],
			    r->shown[i]->folded ? (unsigned long long)l->addr.port :
						  (unsigned long long)l->cookie);
	}
	if (strcmp(shown.s, expected) != 0)
		fail_msg("%s, not %s", shown.s, expected);
	strbuf_free(&shown);
	if (r->n_shown)
		assert_ptr_equal(view_selected(view), r->shown[view->cursor]);
	else
		assert_null(view_selected(view));
}
