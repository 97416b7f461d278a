/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/prompt.h"

#include "top/curses.h"

#define ANSWER_MAX   255 /* bytes: NAME_MAX */
#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     27

static size_t before(const struct prompt *p, size_t at)
{
	while (at && text_continues(p->answer.s[--at]))
		;
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	if (at < p->answer.len)
		at++;
	while (at < p->answer.len && text_continues(p->answer.s[at]))
		at++;
	return at;
}

/* Where the word before the cursor begins. */
static size_t word_begin(const struct prompt *p)
{
	size_t at = p->cursor;

	while (at && p->answer.s[at - 1] == ' ')
		at--;
	while (at && p->answer.s[at - 1] != ' ')
		at--;
	return at;
}

/* Removes the bytes from @begin to before @end; the cursor goes there. */
static enum prompt_result cut(struct prompt *p, size_t begin, size_t end)
{
	struct strbuf *b = &p->answer;

	memmove(b->s + begin, b->s + end, b->len - end + 1);
	b->len -= end - begin;
	p->cursor = begin;
	p->error.len = 0;
	return PROMPT_CHANGED;
}

static enum prompt_result insert(struct prompt *p, char byte)
{
	struct strbuf *b = &p->answer;

	if (b->len >= ANSWER_MAX)
		return PROMPT_UNCHANGED;
	strbuf_putc(b, byte);
	memmove(b->s + p->cursor + 1, b->s + p->cursor, b->len - 1 - p->cursor);
	b->s[p->cursor++] = byte;
	p->error.len = 0;
	return PROMPT_CHANGED;
}

/* Keys that move the cursor. Returns false if this is none. */
static bool move_cursor(struct prompt *p, int code)
{
	switch (code) {
	case KEY_LEFT:
	case CTRL('B'):
		p->cursor = before(p, p->cursor);
		return true;
	case KEY_RIGHT:
	case CTRL('F'):
		p->cursor = after(p, p->cursor);
		return true;
	case KEY_HOME:
	case CTRL('A'):
		p->cursor = 0;
		return true;
	case KEY_END:
	case CTRL('E'):
		p->cursor = p->answer.len;
		return true;
	default:
		return false;
	}
}

void prompt_begin(struct prompt *p, const struct question *question, const char *answer)
{
	p->question = question;
	p->answer.len = 0;
	strbuf_adds(&p->answer, answer);
	p->cursor = p->answer.len;
	p->untouched = p->answer.len > 0;
	p->error.len = 0;
}

void prompt_refuse(struct prompt *p, const char *why, size_t at)
{
	p->error.len = 0;
	strbuf_adds(&p->error, why);
	p->cursor = at < p->answer.len ? at : p->answer.len;
	while (p->cursor && text_continues(p->answer.s[p->cursor]))
		p->cursor--;
}

enum prompt_result prompt_key(struct prompt *p, int code)
{
	const size_t end = p->answer.len;
	const bool replace = p->untouched;

	if (move_cursor(p, code)) {
		p->untouched = false;
		return PROMPT_UNCHANGED;
	}
	switch (code) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		return PROMPT_DONE;
	case ESCAPE:
	case CTRL('C'): /* where the terminal does not make a signal of it */
		return PROMPT_CANCELLED;
	}
	if (code > 0xff && code != KEY_BACKSPACE && code != KEY_DC)
		return PROMPT_UNCHANGED;
	p->untouched = false;
	switch (code) {
	case KEY_BACKSPACE:
	case 127:
	case '\b':
		return cut(p, before(p, p->cursor), p->cursor);
	case KEY_DC:
	case CTRL('D'):
		return cut(p, p->cursor, after(p, p->cursor));
	case CTRL('U'):
		return cut(p, 0, end);
	case CTRL('K'):
		return cut(p, p->cursor, end);
	case CTRL('W'):
		return cut(p, word_begin(p), p->cursor);
	}
	if (code < ' ')
		return PROMPT_UNCHANGED;
	if (replace)
		cut(p, 0, end);
	return insert(p, (char)code);
}

/* Where a text has to begin so that its end fits into @room columns. */
static const char *tail(const struct strbuf *b, size_t room)
{
	const char *text = b->s ? b->s : "";
	size_t len = b->len;

	while (len && text_width(text, len) > room) {
		do {
			text++;
			len--;
		} while (len && text_continues(*text));
	}
	return text;
}

/* A long answer shows the part with the cursor. */
void prompt_draw(const struct prompt *p, struct paint *paint)
{
	const unsigned int flags = paint->screen->utf8 ? 0 : TEXT_ASCII;
	const enum ink ink = p->untouched ? INK_ON_NONE : INK_PLAIN;
	struct strbuf left = { 0 }, right = { 0 };
	struct paint rest;

	if (p->error.len && paint->y) {
		struct paint above = *paint;
		struct strbuf why = { 0 };

		above.y--;
		text_add_safe(&why, p->error.s, p->error.len, flags);
		paint_text(&above, INK_CRITICAL, why.s, why.len);
		paint_rest(&above, INK_PLAIN);
		strbuf_free(&why);
	}
	text_add_safe(&left, p->answer.s, p->cursor, flags);
	text_add_safe(&right, p->answer.s + p->cursor, p->answer.len - p->cursor, flags);
	paint_string(paint, INK_STRONG, p->question->text);
	paint_string(
		paint, ink,
		tail(&left, paint->end > paint->x + 1 ? (size_t)(paint->end - paint->x - 1) : 0));
	rest = *paint;
	paint_text(&rest, ink, right.s ? right.s : "", right.len);
	paint_rest(&rest, INK_PLAIN);
	strbuf_free(&left);
	strbuf_free(&right);
}

void prompt_free(struct prompt *p)
{
	strbuf_free(&p->answer);
	strbuf_free(&p->error);
}
