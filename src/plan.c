/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PEAK_SHARE	0.01 /* of one CPU, for fast sampling */
#define NOT_SHOWN_SHARE 0.01 /* for looking at the other namespaces */
#define WALK_SHARE	0.02 /* for walks of the established hash, where samples repeat fast */

static size_t terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool want_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !o->output_file && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

/* The footer speaks of the whole namespace; who names columns wants just these. */
static bool want_footer(const struct options *o)
{
	return o->header && !o->columns.named;
}

static bool want_utf8(const struct options *o)
{
	return !o->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static void name_selectors(const struct options *o, const char *names[TABLE_SELECTORS])
{
	size_t n = 0;

	if (o->family != AF_UNSPEC)
		names[n++] = o->family == AF_INET ? "-4" : "-6";
	if (o->selection.only_full)
		names[n++] = "-f";
	if (o->selection.filter)
		names[n++] = "the filter";
}

struct table_style plan_style(const struct options *o)
{
	struct table_style style = {
		.header = o->header,
		.footer = want_footer(o),
		.detail = o->detail,
		.color = want_color(o),
		.utf8 = want_utf8(o),
		.width = o->width != WIDTH_OF_TERMINAL ? o->width :
			 o->output_file		       ? 0 :
							 terminal_width(STDOUT_FILENO),
	};

	name_selectors(o, style.selectors);
	return style;
}

/*
 * Reading every descriptor of the machine takes milliseconds, on the largest most of a second, and
 * that after the window, as part of the closing sample. Who waits for a window waits a little
 * longer; an instant report answers at once, unless the owners are asked for. A program that reads
 * the report is told when some may not be seen, a user who asked for them.
 */
static unsigned int weigh_owners(const struct options *o, unsigned int needs)
{
	if (o->delay <= 0 && !(needs & NEED_OWNERS_ASKED))
		needs &= ~(unsigned int)(NEED_OWNERS | NEED_UNITS | NEED_CONDITIONS);
	if (o->json && needs & NEED_OWNERS)
		needs |= NEED_OWNERS_ASKED;
	return needs;
}

unsigned int plan_needs(const struct options *o)
{
	unsigned int needs = 0;

	if (o->json) {
		for (size_t i = 0; i < FIELD_N; i++)
			needs |= field_table[i].key ? field_table[i].needs : 0;
		needs |= NEED_COUNTERS | NEED_SYSCTLS | NEED_IDENTITY | NEED_NAMESPACES |
			 NEED_NETNS_PID | NEED_NOT_SHOWN;
	} else {
		/* Of the interactive view columns, filter and order change: it adds them up itself.
		 */
		needs |= o->top ? 0 : columns_needs(&o->columns);
		if (want_footer(o))
			needs |= NEED_COUNTERS | NEED_SYSCTLS | NEED_WINDOW | NEED_NOT_SHOWN;
	}
	if (o->detail)
		needs |= NEED_CONNECTIONS;
	if (o->fold)
		needs |= NEED_GROUPS;
	if (o->unix_too)
		needs |= NEED_UNIX;
	if (o->selection.only_full) /* a peak is a reason to show a listener */
		needs |= NEED_WINDOW | NEED_PEAK;
	needs |= o->top ? 0 : filter_needs(o->selection.filter);
	if (o->processes)
		needs |= NEED_OWNERS | NEED_OWNERS_ASKED | NEED_USERS;
	if (o->sort && !o->top)
		needs |= o->sort->needs | o->sort->asked;
	if (o->delay <= 0)
		needs &= ~(unsigned int)NEED_WINDOW;
	needs = weigh_owners(o, needs);
	if (!(needs & NEED_WINDOW) || o->peak_rate <= 0)
		needs &= ~(unsigned int)NEED_PEAK;
	return needs;
}

/* The ledger needs every listener of the namespace; nothing else needs the family not shown. */
static int collected_family(const struct options *o, unsigned int needs)
{
	return needs & NEED_COUNTERS ? AF_UNSPEC : o->selection.family;
}

struct collect_config plan_collection(const struct options *o, unsigned int needs)
{
	return (struct collect_config){
		.root = "/",
		.needs = needs,
		.family = collected_family(o, needs),
		.condition = filter_expr(o->selection.filter),
		.peak_rate = o->peak_rate,
		.peak_share = PEAK_SHARE,
		.not_shown_share = NOT_SHOWN_SHARE,
		.window = o->delay,
		.walk_share = o->top ? WALK_SHARE : 0,
		.namespaces = o->namespaces,
		.n_namespaces = o->n_namespaces,
		.all_namespaces = o->all_namespaces,
	};
}

/* Its screen says what is wrong whatever the columns are, and can always write what it shows. */
struct top_config plan_top(const struct options *o)
{
	const struct field *reasons = &field_table[FIELD_REASONS];
	unsigned int needs = reasons->needs | NEED_COUNTERS | NEED_SYSCTLS | NEED_IDENTITY |
			     NEED_GROUPS | NEED_INTERFACE | NEED_NOT_SHOWN | NEED_WINDOW |
			     plan_needs(o);
	struct selection selection = o->selection;

	/* The filter is the user's to change, and brings its family along. */
	selection.family = o->family;
	selection.filter = NULL;
	return (struct top_config){
		.needs = needs,
		.peaks = o->peak_rate > 0,
		.columns = o->columns,
		.sort = o->sort,
		.descending = o->descending,
		.fold = o->fold,
		.selection = selection,
		.filter = o->filter.s,
		.delay = o->delay,
		.color = want_color(o),
		.utf8 = want_utf8(o),
		.mouse = o->mouse,
		.resolve = o->resolve,
	};
}
