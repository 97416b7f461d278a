/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/filter.h"

#include "analyse/filter_tree.h"
#include "base/num.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* In the order that makes "and" the smaller of two and "or" the greater. */
enum truth { NO, UNKNOWN, YES };

static enum truth truth(bool value)
{
	return value ? YES : NO;
}

/* @difference: of the value and what it is compared with, or its sign */
static enum truth relate(enum filter_relation relation, int difference)
{
	switch (relation) {
	case FILTER_AT_LEAST:
		return truth(difference >= 0);
	case FILTER_AT_MOST:
		return truth(difference <= 0);
	case FILTER_EQUAL:
		break;
	}
	return truth(difference == 0);
}

/* A pattern that is the very text matches it too: "[::1]:80" is no class of characters. */
static bool same_text(const struct filter_test *test, const char *text)
{
	return !strcmp(test->text, text) ||
	       !fnmatch(test->text, text, test->any_case ? FNM_CASEFOLD : 0);
}

static enum truth judge_words(const struct filter_test *test, const struct filter_value *value)
{
	for (uint64_t i = 0; i < value->number; i++)
		if (same_text(test, value->words[i]))
			return YES;
	return NO;
}

/* What is true of both bounds, or false of both, is so of all between; equality needs one number.
 */
static enum truth judge_range(const struct filter_test *test, const struct range *range)
{
	int min = num_compare(range->min, test->number);
	int max = num_compare(range->max, test->number);

	if (test->relation == FILTER_EQUAL && min != max)
		return min > 0 || max < 0 ? NO : UNKNOWN;
	return relate(test->relation, min) == relate(test->relation, max) ?
		       relate(test->relation, min) :
		       UNKNOWN;
}

static enum truth judge_field(const struct filter *filter, const struct filter_test *test,
			      const struct row *row, const struct report *report)
{
	struct filter_value value = { .known = false };
	double real = 0;

	filter->source.get(test->field, row, report, filter->source.context, &value);
	if (!value.known)
		return UNKNOWN;
	switch (test->type) {
	case FILTER_TEXT:
		return truth(same_text(test, value.text));
	case FILTER_WORDS:
	case FILTER_NUMBERS:
	case FILTER_REASONS:
		return judge_words(test, &value);
	case FILTER_STATE: /* the table has the worst first */
		return relate(test->relation, num_compare(test->number, value.number));
	case FILTER_RANGE:
		return judge_range(test, &value.range);
	case FILTER_REAL:
	case FILTER_RATIO:
		real = value.real;
		break;
	case FILTER_COUNT:
	case FILTER_BOOL:
		if (test->whole)
			return relate(test->relation, num_compare(value.number, test->number));
		real = (double)value.number;
	}
	return relate(test->relation, real < test->real ? -1 : real > test->real);
}

static enum truth judge_autobound(const struct row *row, enum filter_expr_judge judge)
{
	const struct listener *l = row->listener;
	const struct netns *ns = row->netns->netns;

	if (judge == EXPR_BY_KERNEL)
		return l->known & LISTENER_AUTOBOUND ? truth(l->autobound) : UNKNOWN;
	/* The port tells, also of a group that the kernel chose it for one member of. */
	if (!ns->local_port_max)
		return UNKNOWN;
	return truth(l->addr.port >= ns->local_port_min && l->addr.port <= ns->local_port_max);
}

static bool holds_device(const struct filter_expr *c, const struct listener *l)
{
	if (c->device[0] && l->interface && !strcmp(l->interface, c->device))
		return true;
	return (!c->device[0] || c->ifindex) && l->addr.ifindex == c->ifindex;
}

static enum truth judge_list(const struct filter *filter, const struct filter_expr *list,
			     const struct row *row, const struct report *report,
			     enum filter_expr_judge judge);

static enum truth judge_one(const struct filter *filter, const struct filter_expr *c,
			    const struct row *row, const struct report *report,
			    enum filter_expr_judge judge)
{
	const struct listener *l = row->listener;
	bool internet = l->addr.family == AF_INET || l->addr.family == AF_INET6;

	switch (c->kind) {
	case EXPR_LIST:
		return judge_list(filter, c, row, report, judge);
	case EXPR_FIELD:
		return judge_field(filter, (const struct filter_test *)c, row, report);
	case EXPR_AUTOBOUND:
		return judge_autobound(row, judge);
	case EXPR_DEVICE:
		return internet ? truth(holds_device(c, l)) : UNKNOWN;
	case EXPR_HOST:
	case EXPR_PORT_MIN:
	case EXPR_PORT_MAX:
		break;
	}
	return internet ? truth(filter_expr_holds(c, &l->addr, judge)) : UNKNOWN;
}

static enum truth judge_list(const struct filter *filter, const struct filter_expr *list,
			     const struct row *row, const struct report *report,
			     enum filter_expr_judge judge)
{
	enum truth all = YES, one;

	for (const struct filter_expr *c = list->first; c; c = c->next) {
		/* The first has "and" before it; a getter that cannot matter is not called. */
		if (all == (c->alternative ? YES : NO))
			continue;
		one = judge_one(filter, c, row, report, judge);
		if (c->negated)
			one = (enum truth)(YES - one);
		if (c->alternative ? one > all : one < all)
			all = one;
	}
	return all;
}

bool filter_match(const struct filter *filter, const struct row *row, const struct report *report)
{
	if (!filter)
		return true;
	if (judge_list(filter, filter->list, row, report, EXPR_BY_SS) != YES)
		return false;
	/* ss does not ask the kernel about what has devices in it. */
	return filter->by_ss_alone ||
	       judge_list(filter, filter->list, row, report, EXPR_BY_KERNEL) == YES;
}

unsigned int filter_needs(const struct filter *filter)
{
	return filter ? filter->needs : 0;
}

int filter_family(const struct filter *filter)
{
	return filter ? filter->family : AF_UNSPEC;
}

const struct filter_expr *filter_expr(const struct filter *filter)
{
	return filter ? filter->list : NULL;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	filter_expr_free(filter->list);
	free(filter);
}
