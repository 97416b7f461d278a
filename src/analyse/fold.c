/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/fold.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void add_opt_u64(struct opt_u64 *sum, struct opt_u64 number)
{
	sum->value += number.value;
	sum->known &= number.known;
}

static void add_range(struct range *sum, struct range range)
{
	sum->known &= range.known;
	sum->min += range.min;
	sum->max += range.max;
}

/* Is a queue fuller than another, or as full and longer? */
static bool is_worse(uint64_t fill, uint32_t length, uint64_t other_fill, uint32_t other_length)
{
	return fill > other_fill || (fill == other_fill && length > other_length);
}

/* The members' peaks were at different times, so they are not added up. */
static void add_peak(struct folded_group *group, struct peak *peak, const struct listener *l)
{
	const uint64_t fill = listener_peak_fill(l);

	if (is_worse(fill, l->peak.length, group->peak_fill, peak->length) || !peak->samples) {
		group->peak_fill = fill;
		peak->length = l->peak.length;
	}
	if (!peak->samples || l->peak.samples < peak->samples)
		peak->samples = l->peak.samples;
	if (l->peak.full_ns > peak->full_ns)
		peak->full_ns = l->peak.full_ns;
	peak->full |= l->peak.full;
}

static void fold_listeners(struct folded_group *group)
{
	const struct listener *fullest = group->members[0]->listener;
	struct listener common = *fullest;
	struct peak peak = { 0 };

	group->drops = (struct opt_u64){ 0, true };
	for (uint32_t i = 0; i < group->n_members; i++) {
		const struct listener *l = group->members[i]->listener;

		if (is_worse(listener_fill(l), l->length, listener_fill(fullest), fullest->length))
			fullest = l;
		/* What they have not in common is unknown. The address is the same by definition.
		 */
		if (l->cookie < common.cookie)
			common.cookie = l->cookie;
		common.known &= l->known;
		if (common.uid != l->uid)
			common.known &= (uint16_t)~LISTENER_UID;
		if (common.mptcp != l->mptcp)
			common.known &= (uint16_t)~LISTENER_MPTCP;
		if (common.cgroup && (!l->cgroup || strcmp(common.cgroup, l->cgroup) != 0))
			common.cgroup = NULL;
		add_peak(group, &peak, l);
		add_opt_u64(&group->drops, (struct opt_u64){ l->drops, l->known & LISTENER_DROPS });
	}
	group->listener = *fullest;
	group->listener.cookie = common.cookie;
	group->listener.known = common.known;
	group->listener.cgroup = common.cgroup;
	group->listener.peak = peak;
}

/*
 * The ledger may prove more for the group than for its members: that some member lost packets, but
 * not which.
 */
static void narrow(struct range *range, uint64_t min, struct opt_u64 max)
{
	if (!range->known)
		return;
	if (min > range->min)
		range->min = min;
	if (range->max > max.value)
		range->max = max.value;
}

static void fold_rows(struct row *row, struct folded_group *group)
{
	struct peak *peak = &group->listener.peak;
	struct row_window *w = &group->window;
	uint64_t length;

	*row = *group->members[0];
	*w = *row->window;
	row->window = w;
	for (uint32_t i = 1; i < group->n_members; i++) {
		const struct row *member = group->members[i];

		add_opt_u64(&w->drops, member->window->drops);
		add_range(&w->overflows, member->window->overflows);
		add_range(&w->losses, member->window->losses);
		w->length_before += member->window->length_before;
		row->seen_full |= member->seen_full;
		if (member->window->unmoved_ns > w->unmoved_ns)
			w->unmoved_ns = member->window->unmoved_ns;
		row->reasons |= member->reasons;
		if (member->state < row->state)
			row->state = member->state;
	}
	row->listener = &group->listener;
	row->folded = group;
	/* At both ends of the window all queues were seen at once, so there their sum is known. */
	length = row_length(row);
	if (length < w->length_before)
		length = w->length_before;
	if (peak->length < length)
		peak->length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
	w->accepted = (struct range){ 0 };
	row->fresh = false;
	row->oldest_wait_ms =
		(struct opt_u64){ row->group->oldest_wait_ms, row->group->known & GROUP_OLDEST };
	narrow(&w->overflows, report_overflows_min(row), row->netns->overflows_hi);
	narrow(&w->losses, report_losses_min(row), row->netns->losses_hi);
	if (w->overflows.known && w->overflows.min)
		row->state = STATE_OVERFLOWING;
	else if (w->losses.known && w->losses.min && row->state > STATE_DROPPING)
		row->state = STATE_DROPPING;
	row->last_state = row->state;
}

/* Processes stand in the snapshot in the order of owners. */
static int compare_owners(const void *va, const void *vb)
{
	const struct owner *a = va, *b = vb;

	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	return a->fd < b->fd ? -1 : a->fd > b->fd;
}

/*
 * Writes the owners of all members to @to and returns the end. Owners count as known if those of
 * any member are.
 */
static struct owner *add_owners(struct folded_group *group, const struct snapshot *s,
				struct owner *to)
{
	group->owners = to;
	for (uint32_t i = 0; i < group->n_members; i++) {
		const struct listener *l = group->members[i]->listener;

		if (l->n_owners)
			memcpy(to, s->owners + l->first_owner, l->n_owners * sizeof(*to));
		to += l->n_owners;
	}
	group->n_owners = (uint32_t)(to - group->owners);
	if (group->n_owners) {
		qsort(to - group->n_owners, group->n_owners, sizeof(*to), compare_owners);
		group->listener.known |= LISTENER_OWNERS;
	}
	return to;
}

/* Fills report->by_group; returns the index after the last member of each group. */
static uint32_t *sort_members(struct report *report)
{
	const struct snapshot *s = report->snapshot;
	uint32_t *end = xcalloc(s->n_groups, sizeof(*end));

	report->by_group =
		xreallocarray(report->by_group, report->n_members, sizeof(*report->by_group));
	for (size_t i = 1; i < s->n_groups; i++)
		end[i] = end[i - 1] + s->groups[i - 1].sockets;
	for (size_t i = 0; i < report->n_members; i++)
		report->by_group[end[report->members[i].listener->group]++] = &report->members[i];
	return end;
}

/* Moves the rows to report->members, and makes room for the rows of groups. */
static void swap_rows(struct report *report)
{
	struct row *rows = report->members;
	size_t size = report->members_size;

	report->members = report->rows;
	report->members_size = report->rows_size;
	report->n_members = report->n_rows - report->n_gone;
	report->n_rows = report->snapshot->n_groups + report->n_gone;
	if (report->n_rows > size) {
		size = report->n_rows;
		rows = xreallocarray(rows, size, sizeof(*rows));
	}
	report->rows = rows;
	report->rows_size = size;
}

void fold_report(struct report *report)
{
	const struct snapshot *s = report->snapshot;
	size_t n_groups = 0, n_owners = 0;
	struct folded_group *group;
	struct owner *owners;
	uint32_t *end;

	if (!(s->known & SNAPSHOT_GROUPS))
		return;
	swap_rows(report);
	end = sort_members(report);
	for (size_t i = 0; i < s->n_groups; i++)
		n_groups += s->groups[i].sockets > 1;
	/* Listeners with the same inode share owners in the snapshot, but not here. */
	for (size_t i = 0; i < report->n_members; i++)
		n_owners += report->members[i].listener->n_owners;
	free(report->folded);
	group = report->folded = xcalloc(n_groups, sizeof(*group));
	owners = report->folded_owners =
		xreallocarray(report->folded_owners, n_owners, sizeof(*owners));
	for (size_t i = 0; i < s->n_groups; i++) {
		const uint32_t n = s->groups[i].sockets;

		if (n == 1) {
			report->rows[i] = *report->by_group[end[i] - 1];
			continue;
		}
		group->members = report->by_group + end[i] - n;
		group->n_members = n;
		fold_listeners(group);
		owners = add_owners(group, s, owners);
		fold_rows(&report->rows[i], group++);
	}
	if (report->n_gone)
		memcpy(report->rows + s->n_groups, report->members + report->n_members,
		       report->n_gone * sizeof(*report->rows));
	free(end);
}

void fold_build(struct report *report, const struct snapshot *before, const struct snapshot *now,
		bool fold)
{
	report_build(report, before, now);
	if (fold)
		fold_report(report);
}
