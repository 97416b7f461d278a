/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PROMPT_H
#define LISTENQ_TOP_PROMPT_H

#include "base/text.h"
#include "top/paint.h"

/* A question in the last line of the screen, and the answer as it is typed. */
enum prompt_purpose {
	PROMPT_NONE,
	PROMPT_FIND,
	PROMPT_FILTER,
	PROMPT_DELAY,
	PROMPT_WRITE,
};

struct prompt {
	enum prompt_purpose purpose;
	struct strbuf answer;
};

enum prompt_result { PROMPT_GOES_ON, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };

void prompt_free(struct prompt *p);

/* Asks. @answer: what is there to begin with */
void prompt_begin(struct prompt *p, enum prompt_purpose purpose, const char *answer);

/* No question any more; the answer stays until the next one. */
void prompt_end(struct prompt *p);

/* What a key does to the answer. */
enum prompt_result prompt_key(struct prompt *p, int code);

/* Draws it and leaves @paint where the next character comes. */
void prompt_draw(const struct prompt *p, struct paint *paint);

#endif
