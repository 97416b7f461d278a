/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/filter_lex.h"

#include "base/alloc.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* All spellings that ss has; of symbols that begin alike the longer stands first. */
static const struct filter_operator operator_table[] = {
	{ "==", NULL, FILTER_EQUAL, false },	{ "=", "eq", FILTER_EQUAL, false },
	{ "!=", "ne", FILTER_EQUAL, true },	{ NULL, "neq", FILTER_EQUAL, true },
	{ ">=", "ge", FILTER_AT_LEAST, false }, { NULL, "geq", FILTER_AT_LEAST, false },
	{ "<=", "le", FILTER_AT_MOST, false },	{ NULL, "leq", FILTER_AT_MOST, false },
	{ ">", "gt", FILTER_AT_MOST, true },	{ "<", "lt", FILTER_AT_LEAST, true },
};

int filter_lex_fail(const struct filter_parser *p, const char *at, const char *what,
		    const char *text)
{
	size_t n = 1;

	for (const char *s = p->text; s < at; s++)
		n += !text_continues(*s);
	return error_set(p->why, -EINVAL, "filter, at %s %zu: %s%s%s%s",
			 *at ? "character" : "its end, character", n, text ? "'" : "",
			 text ? text : "", text ? "' " : "", what);
}

int filter_lex_fail_word(const struct filter_parser *p, const char *what)
{
	return filter_lex_fail(p, p->word_at, what, p->word.s);
}

void filter_lex_skip_blanks(struct filter_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool ends_value(char c)
{
	return !c || isspace((unsigned char)c) || strchr("()&|", c);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

int filter_lex_value(struct filter_parser *p, const char *missing)
{
	char quote = '\0';
	const char *quoted = NULL;

	filter_lex_skip_blanks(p);
	p->word.len = 0;
	strbuf_adds(&p->word, "");
	p->word_at = p->at;
	for (; *p->at && (quote || !ends_value(*p->at)); p->at++) {
		if (*p->at == quote) {
			quote = '\0';
		} else if (!quote && (*p->at == '"' || *p->at == '\'')) {
			quote = *p->at;
			quoted = p->at;
		} else {
			p->at += *p->at == '\\' && p->at[1];
			strbuf_putc(&p->word, *p->at);
		}
	}
	if (quote)
		return filter_lex_fail(p, quoted, "this quote is not closed", NULL);
	return p->at == p->word_at ? filter_lex_fail(p, p->at, missing, NULL) : 0;
}

void filter_lex_name(struct filter_parser *p)
{
	filter_lex_skip_blanks(p);
	p->word.len = 0;
	strbuf_adds(&p->word, "");
	p->word_at = p->at;
	while (is_name(*p->at))
		strbuf_putc(&p->word, *p->at++);
}

static bool in_column(char c)
{
	return is_name(c) || (c && strchr("+./", c));
}

size_t filter_lex_column(const struct filter_parser *p)
{
	size_t len = 0;

	if (isalpha((unsigned char)*p->word_at) || *p->word_at == '+')
		while (in_column(p->word_at[len]))
			len++;
	return len;
}

bool filter_lex_take_name(struct filter_parser *p, const char *name)
{
	size_t len = strlen(name);

	filter_lex_skip_blanks(p);
	if (strncmp(p->at, name, len) != 0 || is_name(p->at[len]))
		return false;
	p->at += len;
	return true;
}

const struct filter_operator *filter_lex_take_operator(struct filter_parser *p, const char **at)
{
	filter_lex_skip_blanks(p);
	*at = p->at;
	for (size_t i = 0; i < ARRAY_SIZE(operator_table); i++) {
		const struct filter_operator *o = &operator_table[i];

		if (o->symbol && !strncmp(p->at, o->symbol, strlen(o->symbol))) {
			p->at += strlen(o->symbol);
			return o;
		}
		if (o->word && filter_lex_take_name(p, o->word))
			return o;
	}
	return NULL;
}

bool filter_lex_at_address(const struct filter_parser *p)
{
	return *p->at && strchr(":*[/.@", *p->at);
}
