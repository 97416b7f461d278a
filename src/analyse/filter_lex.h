/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FILTER_LEX_H
#define LISTENQ_ANALYSE_FILTER_LEX_H

#include "analyse/filter_tree.h"
#include "base/text.h"

/* The words of a filter, for the parser alone. What they are depends on where they stand. */
struct filter_parser {
	const char *text;
	const char *at;
	struct filter *filter;
	struct strbuf word; /* the last one that was read, without quotes */
	const char *word_at; /* where it began */
	int depth; /* of parentheses */
	struct error *why;
};

struct filter_operator {
	const char *symbol; /* NULL: spelled only */
	const char *word;
	enum filter_relation relation;
	bool negated;
};

/*
 * filter_lex_fail() - what is wrong at @at. @text: what stands there, or NULL. Returns -EINVAL.
 * filter_lex_fail_word() - the same of the last word.
 */
int filter_lex_fail(const struct filter_parser *p, const char *at, const char *what,
		    const char *text);
int filter_lex_fail_word(const struct filter_parser *p, const char *what);

/* Goes on to the next word, or to the end. */
void filter_lex_skip_blanks(struct filter_parser *p);

/*
 * filter_lex_value() - reads to the next blank, parenthesis, "&" or "|"; quotes and backslashes put
 * these into a value. Returns 0, or -EINVAL with the error told: @missing when nothing is there.
 */
int filter_lex_value(struct filter_parser *p, const char *missing);

/* Reads letters, digits, "_" and "-"; the word is empty when there are none. */
void filter_lex_name(struct filter_parser *p);

/*
 * filter_lex_column() - behind filter_lex_name(): how long a word is that begins where that one
 * does, and of which a column may be the name: "drops/s", "+drops", "drops.rate". 0: none begins
 * there.
 */
size_t filter_lex_column(const struct filter_parser *p);

/* Takes this word, when it comes next as a whole. */
bool filter_lex_take_name(struct filter_parser *p, const char *name);

/* Takes an operator, or returns NULL; @at is set to where one would stand. */
const struct filter_operator *filter_lex_take_operator(struct filter_parser *p, const char **at);

/* Behind filter_lex_name(): does what it stopped at belong to an address? */
bool filter_lex_at_address(const struct filter_parser *p);

#endif
