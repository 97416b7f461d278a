/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FOLD_H
#define LISTENQ_ANALYSE_FOLD_H

#include "analyse/report.h"

/*
 * fold_report() - replace the rows of each SO_REUSEPORT group by one row. Listeners that are alone
 * or gone keep their rows. Call it between report_build() and report_select(); it does nothing
 * without SNAPSHOT_GROUPS.
 *
 * Lengths, limits, drops and bounds of a folded row are sums. Fill and peak are those of the worst
 * member, as the members' peaks were at different times. The state is the worst of the members, or
 * worse where the group certainly overflowed and it is unknown which member did. Reasons are those
 * of all members.
 */
void fold_report(struct report *report);

/* report_build(), and with @fold also fold_report(). */
void fold_build(struct report *report, const struct snapshot *before, const struct snapshot *now,
		bool fold);

#endif
