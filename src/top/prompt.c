/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/prompt.h"

#include <curses.h>

#define ANSWER_MAX 255 /* bytes: the length of a file's name */

static const char *const questions[] = {
	[PROMPT_NONE] = "",
	[PROMPT_FIND] = "Find: ",
	[PROMPT_FILTER] = "Filter: ",
	[PROMPT_DELAY] = "Seconds between samples: ",
	[PROMPT_WRITE] = "Write JSON to file: ",
};

void prompt_free(struct prompt *p)
{
	strbuf_free(&p->answer);
}

void prompt_begin(struct prompt *p, enum prompt_purpose purpose, const char *answer)
{
	p->purpose = purpose;
	p->answer.len = 0;
	strbuf_adds(&p->answer, answer);
}

void prompt_end(struct prompt *p)
{
	p->purpose = PROMPT_NONE;
}

/* The whole of the last character. */
static void erase_last(struct strbuf *b)
{
	while (b->len && text_continues(b->s[b->len - 1]))
		b->len--;
	if (b->len)
		b->len--;
	b->s[b->len] = '\0';
}

static void erase_all(struct strbuf *b)
{
	b->len = 0;
	b->s[0] = '\0';
}

enum prompt_result prompt_key(struct prompt *p, int code)
{
	switch (code) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		return PROMPT_DONE;
	case 27: /* Esc */
	case 3: /* Ctrl-C, where the terminal does not make a signal of it */
		return PROMPT_CANCELLED;
	case KEY_BACKSPACE:
	case 127:
	case '\b':
		erase_last(&p->answer);
		return PROMPT_CHANGED;
	case 'U' & 0x1f:
		erase_all(&p->answer);
		return PROMPT_CHANGED;
	}
	if (code < ' ' || code > 0xff || p->answer.len >= ANSWER_MAX)
		return PROMPT_GOES_ON;
	strbuf_putc(&p->answer, (char)code);
	return PROMPT_CHANGED;
}

/* Of a long answer its end is what is being typed. */
void prompt_draw(const struct prompt *p, struct paint *paint)
{
	struct strbuf safe = { 0 };
	const char *text;
	size_t len, room;

	text_add_safe(&safe, p->answer.s, p->answer.len, paint->screen->utf8 ? 0 : TEXT_ASCII);
	paint_string(paint, INK_STRONG, questions[p->purpose]);
	room = paint->end > paint->x ? (size_t)(paint->end - paint->x) : 1;
	text = safe.s ? safe.s : "";
	len = safe.len;
	while (len && text_width(text, len) >= room) {
		do {
			text++;
			len--;
		} while (len && text_continues(*text));
	}
	paint_text(paint, INK_PLAIN, text, len);
	strbuf_free(&safe);
}
