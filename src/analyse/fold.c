/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/fold.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void add_opt_u64(struct opt_u64 *sum, struct opt_u64 amount)
{
	sum->value += amount.value;
	sum->known &= amount.known;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Takes from @common what @l does not have too. The bound side is the same by definition. */
static void intersect(struct listener *common, const struct listener *l)
{
	if (l->cookie < common->cookie)
		common->cookie = l->cookie;
	common->known &= l->known;
	if (common->uid != l->uid)
		common->known &= (uint16_t)~LISTENER_UID;
	if (common->mptcp != l->mptcp)
		common->known &= (uint16_t)~LISTENER_MPTCP;
	if (!same_text(common->cgroup, l->cgroup))
		common->cgroup = NULL;
}

/* Is a queue worse than another: fuller, or as full and longer? */
static bool is_worse(double fill, uint32_t length, double other_fill, uint32_t other_length)
{
	return fill > other_fill || (fill == other_fill && length > other_length);
}

/* Lengths of different moments: no sum of them was ever in the kernel. */
static void add_peak(struct folded_group *fold, struct peak *peak, const struct listener *l)
{
	double fill = listener_ratio(l, l->peak.length);

	if (is_worse(fill, l->peak.length, fold->peak_fill, peak->length) || !peak->samples) {
		fold->peak_fill = fill;
		peak->length = l->peak.length;
	}
	if (!peak->samples || l->peak.samples < peak->samples)
		peak->samples = l->peak.samples;
	if (l->peak.full_ns > peak->full_ns)
		peak->full_ns = l->peak.full_ns;
	peak->full |= l->peak.full;
}

static void fold_listeners(struct folded_group *fold)
{
	const struct row *fullest = fold->members[0];
	struct listener common = *fullest->listener;
	struct peak peak = { 0 };

	fold->drops = (struct opt_u64){ 0, true };
	for (uint32_t i = 0; i < fold->n_members; i++) {
		const struct row *row = fold->members[i];
		const struct listener *l = row->listener;

		if (is_worse(listener_fill(l), l->length, listener_fill(fullest->listener),
			     fullest->listener->length))
			fullest = row;
		intersect(&common, l);
		add_peak(fold, &peak, l);
		add_opt_u64(&fold->drops, (struct opt_u64){ l->drops, l->known & LISTENER_DROPS });
	}
	fold->listener = *fullest->listener;
	fold->listener.cookie = common.cookie;
	fold->listener.known = common.known;
	fold->listener.cgroup = common.cgroup;
	fold->listener.peak = peak;
}

/*
 * The bounds of a sum are not the sums of the bounds: what the group lost may be known for sure
 * when it is not which member did.
 */
static void fold_range(struct range *range, uint64_t min, struct opt_u64 hi)
{
	if (min > range->min)
		range->min = min;
	if (range->max > hi.value)
		range->max = hi.value;
}

static void add_range(struct range *sum, struct range range)
{
	sum->known &= range.known;
	sum->min += range.min;
	sum->max += range.max;
}

/* At both ends of the window all queues were seen at once, and their sum may be the greatest. */
static void raise_peak(struct row *row, struct peak *peak)
{
	uint64_t length = row_length(row);

	if (length < row->length_before)
		length = row->length_before;
	if (length > UINT32_MAX)
		length = UINT32_MAX;
	if (peak->length < length)
		peak->length = (uint32_t)length;
}

static void fold_rows(struct row *row, struct folded_group *fold)
{
	*row = *fold->members[0];
	for (uint32_t i = 1; i < fold->n_members; i++) {
		const struct row *member = fold->members[i];

		add_opt_u64(&row->drops, member->drops);
		add_range(&row->overflows, member->overflows);
		add_range(&row->losses, member->losses);
		row->length_before += member->length_before;
		row->seen_full |= member->seen_full;
		if (member->unmoved_ns > row->unmoved_ns)
			row->unmoved_ns = member->unmoved_ns;
		row->reasons |= member->reasons;
		if (member->state < row->state)
			row->state = member->state;
	}
	row->listener = &fold->listener;
	row->folded = fold;
	raise_peak(row, &fold->listener.peak);
	row->accepted = (struct range){ 0 };
	row->fresh = false;
	/* All that waits is of the group. */
	row->oldest_wait_ms =
		(struct opt_u64){ row->group->oldest_wait_ms, row->group->known & GROUP_OLDEST };
	if (row->overflows.known)
		fold_range(&row->overflows, report_overflows_min(row), row->netns->overflows_hi);
	if (row->losses.known)
		fold_range(&row->losses, report_losses_min(row), row->netns->losses_hi);
	if (row->overflows.known && row->overflows.min)
		row->state = STATE_OVERFLOWING;
	else if (row->losses.known && row->losses.min && row->state > STATE_DROPPING)
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

/* Puts them at @to; returns what is behind them. One member that may be seen is enough to tell. */
static struct owner *fold_owners(struct folded_group *fold, const struct snapshot *s,
				 struct owner *to)
{
	fold->owners = to;
	for (uint32_t i = 0; i < fold->n_members; i++) {
		const struct listener *l = fold->members[i]->listener;

		if (l->n_owners)
			memcpy(to, s->owners + l->first_owner, l->n_owners * sizeof(*to));
		to += l->n_owners;
	}
	fold->n_owners = (uint32_t)(to - fold->owners);
	if (fold->n_owners) {
		qsort(to - fold->n_owners, fold->n_owners, sizeof(*to), compare_owners);
		fold->listener.known |= LISTENER_OWNERS;
	}
	return to;
}

/* More than there are in the snapshot, where listeners of one inode share theirs. */
static size_t count_owners(const struct report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_members; i++)
		n += report->members[i].listener->n_owners;
	return n;
}

static size_t count_folds(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_groups; i++)
		n += s->groups[i].sockets > 1;
	return n;
}

/* Rows of a group beside each other; returns for each group where its rows begin. */
static uint32_t *sort_members(struct report *report)
{
	const struct snapshot *s = report->snapshot;
	uint32_t *begin = xcalloc(s->n_groups, sizeof(*begin)), next = 0;
	uint32_t *at = xcalloc(s->n_groups, sizeof(*at));

	report->by_group =
		xreallocarray(report->by_group, report->n_members, sizeof(*report->by_group));
	for (size_t i = 0; i < s->n_groups; i++) {
		begin[i] = at[i] = next;
		next += s->groups[i].sockets;
	}
	for (size_t i = 0; i < report->n_members; i++)
		report->by_group[at[report->members[i].listener->group]++] = &report->members[i];
	free(at);
	return begin;
}

void fold_report(struct report *report)
{
	const struct snapshot *s = report->snapshot;
	struct row *rows = report->members;
	size_t rows_size = report->members_size;
	struct owner *owners;
	struct folded_group *fold;
	uint32_t *begin;

	if (!(s->known & SNAPSHOT_GROUPS))
		return;
	report->members = report->rows;
	report->members_size = report->rows_size;
	report->n_members = report->n_rows - report->n_gone;
	report->n_rows = s->n_groups + report->n_gone;
	if (report->n_rows > rows_size) {
		rows_size = report->n_rows;
		rows = xreallocarray(rows, rows_size, sizeof(*rows));
	}
	report->rows = rows;
	report->rows_size = rows_size;
	begin = sort_members(report);
	free(report->folded);
	fold = report->folded = xcalloc(count_folds(s), sizeof(*fold));
	owners = report->folded_owners =
		xreallocarray(report->folded_owners, count_owners(report), sizeof(*owners));
	for (size_t i = 0; i < s->n_groups; i++) {
		if (s->groups[i].sockets == 1) {
			rows[i] = *report->by_group[begin[i]];
			continue;
		}
		fold->members = report->by_group + begin[i];
		fold->n_members = s->groups[i].sockets;
		fold_listeners(fold);
		owners = fold_owners(fold, s, owners);
		fold_rows(&rows[i], fold++);
	}
	if (report->n_gone)
		memcpy(rows + s->n_groups, report->members + report->n_members,
		       report->n_gone * sizeof(*rows));
	free(begin);
}

void fold_build(struct report *report, const struct snapshot *before, const struct snapshot *now,
		bool fold)
{
	report_build(report, before, now);
	if (fold)
		fold_report(report);
}
