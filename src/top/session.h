/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SESSION_H
#define LISTENQ_TOP_SESSION_H

#include "top/detail.h"
#include "top/sampler.h"
#include "top/listing.h"
#include "top/menu.h"
#include "top/phrase.h"
#include "top/prompt.h"
#include "top/playback.h"
#include "top/top.h"
#include "top/view.h"

/* The whole state of the interactive view; what keys change and what is drawn. */
enum session_page { PAGE_LIST, PAGE_DETAIL, PAGE_HELP, PAGE_COLUMNS };

struct session {
	const struct top_config *config;
	struct screen screen;
	struct sampler *sampler;
	struct sampler_request request;
	struct playback playback;
	struct view view;
	struct columns columns;
	struct listing listing;
	struct detail detail;
	struct view_socket detailed; /* whose detail it is */
	struct menu menu;
	struct prompt prompt;
	struct field_context context;
	struct names services;
	struct names users;

	enum session_page page;
	size_t help_offset;
	struct strbuf find; /* the last text looked for */
	struct strbuf draft; /* the last filter typed, which may have been refused */
	struct strbuf message; /* in the last line, until a key is pressed */
	uint64_t message_until_ns;
	uint64_t cpu_ns; /* used so far, and when that was read */
	uint64_t cpu_read_ns;
	double cpu_share; /* of one CPU, between the last two samples */
	bool quit;
};

/* What is wanted of the samples, as the columns and the page need it. */
void session_request(struct session *s);

/*
 * session_filter() - show only rows that match from now on; all with "". Returns 0, or -EINVAL with
 * @why filled, and what was shown stays.
 */
int session_filter(struct session *s, const char *text, struct error *why);

/* What is to be said in the last line. */
void session_say(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The row whose detail is on the screen; NULL when that listener is gone, or hidden by a filter. */
const struct row *session_detailed(const struct session *s);

/* The report on the screen, for phrases and for the list. */
struct phrase_context session_phrases(struct session *s);
struct listing_context session_listing(struct session *s);

#endif
