/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/prompt.h"

#include <curses.h>

#define ANSWER_MAX 255 /* bytes: NAME_MAX */

void prompt_begin(struct prompt *p, const struct question *question, const char *answer)
{
	p->question = question;
	p->answer.len = 0;
	strbuf_adds(&p->answer, answer);
}

enum prompt_result prompt_key(struct prompt *p, int code)
{
	struct strbuf *b = &p->answer;

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
		/* The last character, all its bytes. */
		while (b->len && text_continues(b->s[b->len - 1]))
			b->len--;
		b->len -= b->len > 0;
		b->s[b->len] = '\0';
		return PROMPT_CHANGED;
	case 'U' & 0x1f:
		p->answer.len = 0;
		strbuf_adds(&p->answer, "");
		return PROMPT_CHANGED;
	}
	if (code < ' ' || code > 0xff || p->answer.len >= ANSWER_MAX)
		return PROMPT_UNCHANGED;
	strbuf_putc(&p->answer, (char)code);
	return PROMPT_CHANGED;
}

/* A long answer shows its end, where the user types. */
void prompt_draw(const struct prompt *p, struct paint *paint)
{
	struct strbuf safe = { 0 };
	const char *text;
	size_t len, room;

	text_add_safe(&safe, p->answer.s, p->answer.len, paint->screen->utf8 ? 0 : TEXT_ASCII);
	paint_string(paint, INK_STRONG, p->question->text);
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
