/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_REPORT_H
#define LISTENQ_ANALYSE_REPORT_H

#include "analyse/not_shown.h"
#include "analyse/row.h"
#include "analyse/verdict.h"

struct report {
	const struct snapshot *snapshot; /* the closing one */
	const struct snapshot *before; /* the opening one; NULL: no window */
	uint64_t window_ns; /* 0: no window, deltas unknown */
	/* Every listener, or after fold_report() every group; then the listeners that are gone. */
	struct row *rows;
	size_t n_rows, rows_size;
	struct row_window *windows; /* of the rows of listeners; with a window */
	size_t windows_size;
	struct listener *gone; /* those of the last n_gone rows */
	size_t n_gone, gone_size;
	struct row *members; /* after fold_report(): every listener */
	size_t n_members, members_size;
	struct row **by_group; /* the members, group by group */
	struct folded_group *folded;
	struct owner *folded_owners; /* of all folded groups */
	const struct selection *selection; /* see report_select(); NULL: none was made */
	struct row **shown; /* the selected rows, in the order to show them */
	size_t n_shown, shown_size;
	struct netns_report *netns;
	size_t n_netns;
	struct not_shown not_shown;
};

/*
 * report_build() - compute what changed from @before to @now, and states and reasons.
 * @before: the opening sample, NULL for an instant report
 *
 * The report points into @now, which must live as long, and to texts of both samples;
 * report->before is not read but by whoever knows that it lives. A zeroed
 * @report is ready; building again reuses its memory. Nothing is shown before report_select(). The
 * comments in report.c prove the bounds.
 */
void report_build(struct report *report, const struct snapshot *before, const struct snapshot *now);
void report_free(struct report *report);

struct filter;

/* Where clients connect to. */
struct destination {
	uint8_t family; /* of the address; AF_UNSPEC: any address */
	uint8_t address[16]; /* network order; AF_INET uses the first four */
	uint16_t port; /* 0: any */
};

struct selection {
	uint8_t family; /* of TCP listeners; AF_UNSPEC: both */
	bool only_full;
	uint64_t fill; /* with only_full: least fill or peak */
	struct filter *filter; /* NULL: all */
	/*
	 * TCP listeners that serve it: those bound to the address, and those bound to all addresses
	 * where none on the same port is bound to it.
	 */
	struct destination to;
};

/*
 * Fills report->shown with the rows that @selection matches, in the order of the dump. The report
 * points to @selection until it is built again.
 */
void report_select(struct report *report, const struct selection *selection);

/* Does @selection match the row? It may be a member, which report_select() does not show. */
bool report_selects(const struct report *report, const struct selection *selection,
		    const struct row *row);

/* Does the selection of the report, if it has one? */
static inline bool report_selected(const struct report *report, const struct row *row)
{
	return !report->selection || report_selects(report, report->selection, row);
}

/* Does @selection match any row, of a listener that is gone too? */
bool report_has(const struct report *report, const struct selection *selection);

/* After fold_report(): is it one listener of a folded row? */
static inline bool row_is_member(const struct row *row, const struct report *report)
{
	return report->n_members && !row->folded && row->group && row->group->sockets > 1;
}

/* The process that held a listener in the opening sample, by its name; NULL: unknown. Any bytes. */
const char *report_process_before(const struct report *report, const struct row *row);

/* The only TCP listener of a namespace that went in the window; NULL: there are several, or none.
 */
const struct row *report_only_gone(const struct report *report, const struct netns_report *ns);

/* Is any listener shown, and not gone, whose owners are unknown? */
bool report_lacks_owners(const struct report *report);

/* Prefetches the rows after the @i-th one shown: sorted rows are scattered in memory. */
static inline void report_prefetch(const struct report *report, size_t i)
{
	if (i + 16 < report->n_shown)
		__builtin_prefetch(report->shown[i + 16]);
	if (i + 8 < report->n_shown)
		__builtin_prefetch(report->shown[i + 8]->listener);
}

static inline double report_window_seconds(const struct report *report)
{
	return (double)report->window_ns / (double)NSEC_PER_SEC;
}

/* Returns @delta a second; 0 without a window. */
static inline double report_rate(struct opt_u64 delta, const struct report *report)
{
	return report->window_ns ? (double)delta.value / report_window_seconds(report) : 0;
}

/*
 * Return how many overflows, or losses, certainly happened at this row: those that all other rows
 * together cannot account for. overflows.max or losses.max of the row must be set.
 */
uint64_t report_overflows_min(const struct row *row);
uint64_t report_losses_min(const struct row *row);

#endif
