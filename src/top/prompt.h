/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PROMPT_H
#define LISTENQ_TOP_PROMPT_H

#include "base/text.h"
#include "top/paint.h"

struct session;

/* A question, and what happens to the answer. */
struct question {
	const char *text;
	void (*typed)(struct session *s); /* after each change; NULL: nothing */
	void (*answered)(struct session *s);
};

/* The last line of the screen while a question is open, with the answer as it is typed. */
struct prompt {
	const struct question *question; /* NULL: none is open */
	struct strbuf answer; /* stays until the next question */
};

enum prompt_result { PROMPT_UNCHANGED, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };

/* Opens a question. @answer: what the user can edit */
void prompt_begin(struct prompt *p, const struct question *question, const char *answer);

/* Changes the answer as the key says. @code: of curses */
enum prompt_result prompt_key(struct prompt *p, int code);

/* Draws the question and the answer; @paint ends where the next character goes. */
void prompt_draw(const struct prompt *p, struct paint *paint);

#endif
