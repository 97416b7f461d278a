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
	/* Returns false, with a call of prompt_refuse(), if the user has to correct the answer. */
	bool (*answered)(struct session *s);
};

/*
 * The last line of the screen while a question is open, with the answer as it is typed. The first
 * key that types replaces the answer that the question began with; one that moves keeps it.
 */
struct prompt {
	const struct question *question; /* NULL: none is open */
	struct strbuf answer; /* any bytes, a string; stays until the next question */
	size_t cursor; /* bytes of the answer before it */
	bool untouched; /* the answer is the one that the question began with */
	struct strbuf error; /* why the answer is wrong; empty: it is not known to be */
};

enum prompt_result { PROMPT_UNCHANGED, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };

/* Opens a question. @answer: what the user can accept, edit or replace */
void prompt_begin(struct prompt *p, const struct question *question, const char *answer);

/* Changes the answer as the key says. @code: of curses */
enum prompt_result prompt_key(struct prompt *p, int code);

/*
 * prompt_refuse() - keep the question open and show what is wrong with the answer.
 * @why: any text
 * @at: byte of the answer where the cursor goes; beyond it: to its end
 */
void prompt_refuse(struct prompt *p, const char *why, size_t at);

/* Draws the question and the answer; @paint ends where the cursor is. */
void prompt_draw(const struct prompt *p, struct paint *paint);

void prompt_free(struct prompt *p);

#endif
