/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include "base/num.h"
#include "collect/collect.h"
#include "output/sort.h"
#include "top/top.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Shares of one CPU. */
#define PEAK_SHARE	0.01 /* for fast sampling */
#define NOT_SHOWN_SHARE 0.01 /* for looking at the other namespaces */
#define WALK_SHARE	0.02 /* for walks of the established hash, in the view */

/* In seconds: runs are seldom closer to each other, and what they may cost follows from it. */
#define BASELINE_WINDOW 5

/* The footer is about the whole namespace; a user who names columns wants only these. */
static bool want_footer(const struct options *o)
{
	return !o->no_header && !o->columns.named;
}

static size_t choose_width(const struct options *o)
{
	struct winsize size;

	if (o->width != WIDTH_OF_TERMINAL)
		return (size_t)o->width;
	return !o->output_file && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool plan_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !o->output_file && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

unsigned int plan_text_flags(const struct options *o)
{
	return o->ascii ? TEXT_ASCII : TEXT_BY_LOCALE;
}

struct format_style plan_style(const struct options *o)
{
	struct format_style style = {
		.columns = &o->columns,
		.check = &o->check,
		.table = { .header = !o->no_header,
			   .footer = want_footer(o),
			   .detail = o->detail,
			   .color = plan_color(o),
			   .text_flags = plan_text_flags(o),
			   .width = choose_width(o), },
		.incident = { .filter = o->filter.s, .text_flags = plan_text_flags(o) },
		.repeated = o->watch,
	};
	size_t n = 0;

	if (o->family != AF_UNSPEC)
		style.table.selectors[n++] = o->family == AF_INET ? "-4" : "-6";
	if (o->selection.only_full)
		style.table.selectors[n++] = "-f";
	if (o->selection.filter)
		style.table.selectors[n++] = "the filter";
	return style;
}

unsigned int plan_needs(const struct options *o, const struct format_style *style)
{
	unsigned int needs;

	if (o->top)
		needs = TOP_NEEDS | field_table[FIELD_REASONS].needs;
	else
		needs = format_table[o->format].needs(style) | filter_needs(o->selection.filter) |
			filter_needs(o->fail.filter) | sort_needs(o->sort);
	if (o->record)
		needs |= filter_needs(o->keep.filter) | NEED_IDENTITY | NEED_WINDOW;
	if (o->detail)
		needs |= NEED_CONNECTIONS;
	if (o->fold)
		needs |= NEED_GROUPS;
	if (o->unix_too)
		needs |= NEED_UNIX;
	if (o->selection.only_full) /* a peak is enough to show a listener */
		needs |= NEED_WINDOW | NEED_PEAK;
	if (o->processes)
		needs |= NEED_OWNERS | NEED_OWNERS_ASKED | NEED_USERS;
	/* What a window needs, whatever the format of this run is: that of the next may differ. */
	if (o->baseline)
		needs |= NEED_WINDOW | NEED_COUNTERS | NEED_DROPS | NEED_IDENTITY;
	if (o->delay <= 0)
		needs &= ~(unsigned int)NEED_WINDOW;
	/* Tables show what counters rose by. */
	if (!o->top && !(needs & NEED_WINDOW) && !format_table[o->format].holds_totals)
		needs &= ~(unsigned int)NEED_COUNTERS;
	/* Reading every descriptor in /proc may take most of a second: too long for -d 0. */
	if (o->delay <= 0 && !(needs & NEED_OWNERS_ASKED))
		needs &= ~(unsigned int)(NEED_OWNERS | NEED_UNITS | NEED_CONDITIONS);
	/* A program that reads the report has to know if some owners are hidden. */
	if (!o->top && format_table[o->format].holds_warnings && needs & NEED_OWNERS)
		needs |= NEED_OWNERS_ASKED;
	if (!(needs & NEED_WINDOW) || o->peak_rate <= 0 || o->baseline)
		needs &= ~(unsigned int)NEED_PEAK;
	return needs;
}

int plan_source(const struct options *o, unsigned int needs, struct sample_source **source,
		struct error *why)
{
	/* The ledger, the footer and a recording need every listener of the namespace. */
	const bool all = needs & NEED_COUNTERS || want_footer(o) || o->record;
	const struct collect_config config = {
		.root = "/",
		.needs = needs,
		.family = all ? AF_UNSPEC : o->selection.family,
		.condition = all ? NULL : filter_expr(o->selection.filter),
		.peak_rate = o->peak_rate,
		.peak_share = PEAK_SHARE,
		.not_shown_share = NOT_SHOWN_SHARE,
		.walk_share = o->top   ? WALK_SHARE :
			      o->watch ? format_table[o->format].walk_share :
					 0,
		.window = o->baseline ? BASELINE_WINDOW : o->delay,
		.namespaces = o->namespaces,
		.n_namespaces = o->n_namespaces,
		.all_namespaces = o->all_namespaces,
	};

	return collector_open(source, &config, why);
}

struct header_scope plan_scope(const struct options *o, unsigned int needs)
{
	return (struct header_scope){
		.needs = needs,
		.namespaces = o->namespaces,
		.n_namespaces = o->n_namespaces,
		.all_namespaces = o->all_namespaces,
	};
}

int plan_check_address(const struct options *o, struct error *why)
{
	const struct destination *to = &o->selection.to;
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[INET6_ADDRSTRLEN];
	int fd, code;

	if (to->family == AF_UNSPEC || o->all_namespaces || o->n_namespaces)
		return 0;
	fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	memcpy(&in.sin_addr, to->address, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, to->address, sizeof(in6.sin6_addr));
	code = to->family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in)) :
				       bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	code = code < 0 && errno == EADDRNOTAVAIL ? -EADDRNOTAVAIL : 0;
	close(fd);
	if (code == 0)
		return 0;
	inet_ntop(to->family, to->address, text, sizeof(text));
	return error_set(why, code,
			 "%s is not an address of this host; run the check on the host that "
			 "has it, or leave out -H",
			 text);
}
