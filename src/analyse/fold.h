/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FOLD_H
#define LISTENQ_ANALYSE_FOLD_H

#include "analyse/report.h"

/*
 * The rest of a folded row: what a SO_REUSEPORT group of several listeners has beside the sums in
 * struct group.
 */
struct fold {
	/*
	 * Stands in for the members as row->listener: the fullest of them, of those the longest,
	 * with the peak of the one that was fullest in the window, or of all together at either end
	 * of it where that is longer. What they do not have in common is unknown. The cookie is
	 * the least of theirs; which group it is row_id() tells.
	 */
	struct listener listener;
	double peak_fill; /* of the member that was fullest in the window */
	struct opt_u64 drops; /* sum of the totals, which may be above 2^32 */
	const struct owner *owners; /* those of all members, in their order */
	uint32_t n_owners;
	struct row *const *members; /* in lookup order */
	uint32_t n_members;
};

/*
 * fold_report() - replace the rows of each SO_REUSEPORT group by one; a listener that is alone
 * keeps its row, and so does one that is gone. Comes between report_build() and report_select(),
 * and needs a snapshot whose groups are known.
 *
 * Lengths, limits, drops and bounds of a folded row are of the group: sums. Fill and peak are those
 * of the member that is worst off; peaks of members are not added, as they were at different times.
 * The state is the worst of the members', or worse where the group overflowed for sure but nobody
 * can tell which member did. Reasons are those of all members.
 */
void fold_report(struct report *report);

/* report_build(), and fold_report() when the user wants groups. */
void fold_build(struct report *report, const struct snapshot *before, const struct snapshot *now,
		bool fold);

#endif
