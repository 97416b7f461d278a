/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SESSION_H
#define LISTENQ_TOP_SESSION_H

#include "analyse/filter.h"
#include "top/census.h"
#include "top/detail.h"
#include "top/events.h"
#include "top/listing.h"
#include "top/menu.h"
#include "top/phrase.h"
#include "top/playback.h"
#include "top/player.h"
#include "top/prompt.h"
#include "top/sampler.h"
#include "top/view.h"

/* The state of the interactive view: keys change it, and the screen is drawn from it. */
enum session_page {
	PAGE_LIST,
	PAGE_DETAIL,
	PAGE_HELP,
	PAGE_EVENTS,
	PAGE_SETUP, /* a menu over the list */
	PAGE_SORT, /* likewise */
};

struct session {
	unsigned int needs; /* enum need: needed whatever the columns and the page are */
	bool peaks; /* the source takes fast samples */
	bool unix_too; /* UNIX listeners are looked for; a sick one turns it on */
	bool unix_off; /* the user does not want them */
	bool mouse; /* the terminal reports it */
	bool pressed_bar; /* its button is held down on the key bar */
	uint8_t family; /* AF_UNSPEC: any; a filter may narrow it */

	struct screen screen;
	struct sampler *sampler; /* NULL: a recording is shown */
	struct player *player; /* or NULL */
	struct sampler_request request;
	struct playback playback;
	struct view view;
	struct censuses censuses; /* of view.report; banner_title() takes them */
	unsigned int counted; /* view.arranged when it did */
	struct columns columns;
	struct listing layout; /* of the columns */
	struct detail detail;
	struct view_socket detailed; /* whose detail it is, see view_row_of() */
	bool follows_after; /* the detail: the list follows the worst listener again */
	bool travels; /* keys have moved the screen through the past since it was paused */
	bool list_only; /* the list has the whole screen */
	/* Rows that the list, and namespaces that their lines had room for; see session_fit(). */
	struct session_fit {
		int rows, cols;
		bool fold, list_only;
		size_t n_unfolded;
		size_t list;
		size_t namespaces;
	} fit;
	struct menu menu;
	struct events events;
	struct prompt prompt;
	struct field_context context;
	struct names services;
	struct names users;

	enum session_page page;
	size_t help_offset; /* first line on the screen */
	struct strbuf path; /* of the file to write */
	struct strbuf find; /* the last text searched for */
	struct strbuf filter; /* the text of the filter in force; empty: none */
	struct strbuf message; /* in the last line, until a key is pressed */
	uint64_t message_until_ns; /* monotonic */
	uint64_t cpu_ns; /* CPU time used up to the last sample */
	uint64_t cpu_read_ns; /* when that was read, monotonic; 0: never */
	double cpu_share; /* share of one CPU between the last two samples */
	bool quit;
};

/* Columns between two columns of parts: a line with a blank on each side. */
#define SESSION_BORDER 3

/* The parts of the list page. A small screen lacks some: they have no lines. */
struct session_parts {
	struct area title;
	struct area strip; /* the time map; its second line is the axis */
	struct area counters; /* of the namespace of the selected row */
	struct area namespaces; /* a line each, where there are several */
	struct area header;
	struct area list;
	struct area status; /* what the list shows, and which rows */
	struct area panel; /* the selected listener: what is wrong, and what to do; first a rule */
	struct area graph; /* its queue over time; first a rule */
	struct area waits; /* who waits in it; first a rule */
	struct area events; /* what happened; first a rule, unless it is one line */
	struct area bar;
};

/* Ends the sampling and frees all. */
void session_free(struct session *s);

/*
 * session_request() - request from the sampler what the columns, the filter and the parts on the
 * screen need, if that has changed.
 * session_hurry() - the same; and what is new is to be on the screen soon, however long the window.
 */
void session_request(struct session *s);
void session_hurry(struct session *s);

/*
 * session_filter() - show only rows that match @text; all with "". Returns 0, or -EINVAL with @why
 * filled, and @mistake unless it is NULL: the filter then stays as it was.
 */
int session_filter(struct session *s, const char *text, struct error *why,
		   struct filter_mistake *mistake);

/* Does the screen stand still, as the user wants it? */
bool session_stands(const struct session *s);

/* Shows a message in the last line for a few seconds. */
void session_say(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * session_fit() - before a screen is drawn: measure what the list wants. It gets no shorter until
 * the screen, the filter, or what is folded changes, so that the parts below it hold still.
 */
void session_fit(struct session *s);

struct session_parts session_parts(const struct session *s);

/* How many rows of the page are on the screen, which is how far PgUp and PgDn move. */
size_t session_page_rows(const struct session *s);

/* The report on the screen, as phrase.h and listing.h need it. */
struct phrase_context session_phrases(struct session *s);
struct listing_context session_listing(struct session *s);

#endif
