/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/filter.h"

#include "analyse/endpoint.h"
#include "analyse/verdict.h"
#include "base/alloc.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/text.h"
#include "model/needs.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How deep parentheses may be nested, as parsing, matching and compiling recurse. */
#define DEPTH_MAX 64

/* Other relations are negations of these. */
enum filter_relation { FILTER_EQUAL, FILTER_AT_LEAST, FILTER_AT_MOST };

/* A comparison of a field. */
struct filter_test {
	struct filter_expr condition; /* EXPR_FIELD; the first member, so free() works on it */
	enum filter_relation relation;
	enum filter_type type;
	const void *field;
	/* COUNT and BOOL, if @whole; RANGE; RATIO, see fill_of(); STATE: enum state */
	uint64_t number;
	double real; /* the same number, also if it is not whole */
	bool whole;
	bool any_case; /* TEXT: case does not matter, as to ss in a path */
	char text[]; /* TEXT, WORDS, NUMBERS, REASONS: a shell pattern */
};

struct filter {
	struct filter_expr *list;
	struct filter_source source;
	unsigned int needs; /* enum need */
	uint8_t family;
	bool has_device;
};

/* There is no lexer, because what a word is depends on its place. */
struct parser {
	const char *text;
	const char *at;
	struct filter *filter;
	struct strbuf word; /* the last word read, without quotes */
	const char *word_at; /* where it began */
	int depth; /* of parentheses */
	struct error *why;
	struct filter_mistake *mistake;
};

struct operator_info {
	const char *symbol; /* NULL: spelled only */
	const char *word;
	enum filter_relation relation;
	bool negated;
};

/* The spellings of ss. A symbol that is the beginning of another one comes after it. */
static const struct operator_info operator_table[] = {
	{ "==", NULL, FILTER_EQUAL, false },	{ "=", "eq", FILTER_EQUAL, false },
	{ "!=", "ne", FILTER_EQUAL, true },	{ NULL, "neq", FILTER_EQUAL, true },
	{ ">=", "ge", FILTER_AT_LEAST, false }, { NULL, "geq", FILTER_AT_LEAST, false },
	{ "<=", "le", FILTER_AT_MOST, false },	{ NULL, "leq", FILTER_AT_MOST, false },
	{ ">", "gt", FILTER_AT_MOST, true },	{ "<", "lt", FILTER_AT_LEAST, true },
};

static const struct {
	const char *name;
	enum filter_expr_kind kind;
	bool peer;
	bool port; /* takes a port, not an address */
} keyword_table[] = {
	{ "src", EXPR_HOST, false, false },   { "dst", EXPR_HOST, true, false },
	{ "sport", EXPR_HOST, false, true },  { "dport", EXPR_HOST, true, true },
	{ "dev", EXPR_DEVICE, false, false },
};

static const char no_order[] = "has no order; use = or !=";

/* Fills p->why and p->mistake: the error is at @at, where @word is (NULL: none). Returns -EINVAL.
 */
static __attribute__((format(printf, 4, 5))) int fail(const struct parser *p, const char *at,
						      const char *word, const char *format, ...)
{
	char what[sizeof(p->why->text)], place[64];
	va_list args;
	size_t n = 1;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	for (const char *s = p->text; s < at; s++)
		n += !text_continues(*s);
	p->mistake->at = (size_t)(at - p->text);
	p->mistake->what = (size_t)snprintf(place, sizeof(place), "filter, at %s %zu: ",
					    *at ? "character" : "its end, character", n);
	return error_set(p->why, -EINVAL, "%s%s%s%s%s", place, word ? "'" : "", word ? word : "",
			 word ? "' " : "", what);
}

static int fail_word(const struct parser *p, const char *what)
{
	return fail(p, p->word_at, p->word.s, "%s", what);
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/*
 * Reads to the next blank, parenthesis, "&" or "|", unless it is quoted or follows a backslash.
 * @missing: the error if there is no value
 */
static int read_value(struct parser *p, const char *missing)
{
	char quote = '\0';
	const char *quoted = NULL;

	skip_blanks(p);
	p->word.len = 0;
	strbuf_adds(&p->word, "");
	p->word_at = p->at;
	for (; *p->at && (quote || !(isspace((unsigned char)*p->at) || strchr("()&|", *p->at)));
	     p->at++) {
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
		return fail(p, quoted, NULL, "this quote is not closed");
	return p->at == p->word_at ? fail(p, p->at, NULL, "%s", missing) : 0;
}

/* Takes this word if it comes next. */
static bool take_name(struct parser *p, const char *name)
{
	size_t len = strlen(name);

	skip_blanks(p);
	if (strncmp(p->at, name, len) != 0 || is_name(p->at[len]))
		return false;
	p->at += len;
	return true;
}

/* Takes an operator, or returns NULL; @at is set to where one would stand. */
static const struct operator_info *take_operator(struct parser *p, const char **at)
{
	skip_blanks(p);
	*at = p->at;
	for (size_t i = 0; i < ARRAY_SIZE(operator_table); i++) {
		const struct operator_info *o = &operator_table[i];

		if (o->symbol && !strncmp(p->at, o->symbol, strlen(o->symbol))) {
			p->at += strlen(o->symbol);
			return o;
		}
		if (o->word && take_name(p, o->word))
			return o;
	}
	return NULL;
}

/* Makes what the kernel has: EXPR_HOST with a port and any address, or PORT_MIN or PORT_MAX. */
static int parse_port(struct parser *p, struct filter_expr *c, const struct operator_info *op)
{
	if (read_value(p, "a port is missing") < 0)
		return -EINVAL;
	if (endpoint_parse_port(p->word.s, &c->port) < 0)
		return fail_word(p, "is not a port: 0 to 65535, *, or a name of services(5)");
	c->negated = op->negated;
	if (op->relation == FILTER_EQUAL)
		return 0;
	if (c->port == EXPR_ANY_PORT)
		return fail_word(p, "is not a port to compare with");
	c->kind = op->relation == FILTER_AT_LEAST ? EXPR_PORT_MIN : EXPR_PORT_MAX;
	return 0;
}

static int fail_address(const struct parser *p)
{
	struct strbuf why = { 0 };

	endpoint_add_why(&why, p->word.s);
	fail_word(p, why.s);
	strbuf_free(&why);
	return -EINVAL;
}

static struct filter_expr *keep_test(const struct filter_test *test, const char *text)
{
	size_t room = strlen(text) + 1;
	struct filter_test *kept = xmalloc(sizeof(*kept) + room);

	*kept = *test;
	memcpy(kept->text, text, room);
	return &kept->condition;
}

/* Parses a pattern for names of UNIX listeners. As in ss, it implies -x. */
static int parse_path(struct parser *p, struct filter_expr **condition)
{
	const struct filter_source *source = &p->filter->source;
	struct filter_test test = { .condition = **condition, .any_case = true };
	unsigned int needs = 0;
	struct strbuf pattern = { 0 };

	test.condition.kind = EXPR_FIELD;
	test.field = source->find("path", strlen("path"), &test.type, &needs);
	if (!test.field)
		return fail_word(p, "is not an address");
	endpoint_add_path(&pattern, p->word.s);
	p->filter->needs |= needs | NEED_UNIX;
	free(*condition);
	*condition = keep_test(&test, pattern.s);
	strbuf_free(&pattern);
	return 0;
}

static int set_device(struct parser *p, struct filter_expr *c, const char *name)
{
	uint64_t index;

	if (strlen(name) >= sizeof(c->device) || !*name || strchr(name, '/'))
		return fail_word(p, "is not the name of a device");
	memcpy(c->device, name, strlen(name) + 1);
	/* The table has "if7" for a device without a name. */
	if (!strncmp(c->device, "if", 2) &&
	    num_parse_u64(c->device + 2, 1, UINT32_MAX, &index) == 0)
		c->ifindex = (uint32_t)index;
	p->filter->needs |= NEED_INTERFACE;
	return 0;
}

static int parse_device(struct parser *p, struct filter_expr *c)
{
	uint64_t index;

	if (read_value(p, "a device is missing") < 0)
		return -EINVAL;
	if (num_parse_u64(p->word.s, 0, UINT32_MAX, &index) == 0) {
		c->ifindex = (uint32_t)index;
		return 0;
	}
	return set_device(p, c, p->word.s);
}

/*
 * An address and a device, which both have to match: "0.0.0.0%lo:80", "[fe80::1]%eth0:80" and
 * "*%eth0:80", as tables have them, and "[fe80::1%eth0]".
 * @percent: the "%" in p->word
 */
static int parse_host_on_device(struct parser *p, const char *percent, struct filter_expr *list)
{
	struct filter_expr *host = xcalloc(1, sizeof(*host)), *device = xcalloc(1, sizeof(*device));
	size_t before = (size_t)(percent - p->word.s), len = strcspn(percent + 1, ":]/");
	const char *colon = memchr(p->word.s, ':', before);
	/* An address with two colons needs brackets to separate it from the port. */
	bool bare =
		*p->word.s != '[' && colon && memchr(colon + 1, ':', (size_t)(percent - colon - 1));
	struct strbuf text = { 0 };
	int code;

	host->kind = EXPR_HOST;
	host->peer = list->peer;
	host->next = device;
	device->kind = EXPR_DEVICE;
	list->kind = EXPR_LIST;
	list->first = host;
	strbuf_addf(&text, "%s%.*s%s%s", bare ? "[" : "", (int)before, p->word.s, bare ? "]" : "",
		    percent + 1 + len);
	code = before && len && !list->peer ? endpoint_parse(text.s, host, &p->filter->family) :
					      -EINVAL;
	text.len = 0;
	strbuf_add(&text, percent + 1, len);
	code = code < 0 ? fail_address(p) : set_device(p, device, text.s);
	strbuf_free(&text);
	return code;
}

/* @condition: has its kind and negation; may be replaced by another one */
static int parse_host(struct parser *p, struct filter_expr **condition)
{
	const char *percent;

	if (read_value(p, "an address is missing") < 0)
		return -EINVAL;
	if (endpoint_is_path(p->word.s) && !(*condition)->peer)
		return parse_path(p, condition);
	percent = strchr(p->word.s, '%');
	if (percent)
		return parse_host_on_device(p, percent, *condition);
	if (endpoint_parse(p->word.s, *condition, &p->filter->family) == 0)
		return 0;
	return fail_address(p);
}

static int parse_keyword(struct parser *p, size_t keyword, struct filter_expr **condition)
{
	static const struct operator_info implied = { "=", "eq", FILTER_EQUAL, false };
	struct filter_expr *c = *condition = xcalloc(1, sizeof(*c));
	bool port = keyword_table[keyword].port;
	const char *at;
	const struct operator_info *op = take_operator(p, &at);

	if (!op)
		op = &implied;
	c->kind = keyword_table[keyword].kind;
	c->peer = keyword_table[keyword].peer;
	c->port = EXPR_ANY_PORT;
	if (port)
		return parse_port(p, c, op);
	if (op->relation != FILTER_EQUAL)
		return fail(p, at, keyword_table[keyword].name, "%s", no_order);
	c->negated = op->negated;
	return c->kind == EXPR_DEVICE ? parse_device(p, c) : parse_host(p, condition);
}

/* Takes a percentage, or a ratio as in JSON. A number above 1 is a percentage without a "%" too. */
static int parse_ratio(struct parser *p, struct filter_test *test)
{
	size_t len = p->word.len;
	bool percent = len && p->word.s[len - 1] == '%';
	double number;

	if (percent)
		p->word.s[len - 1] = '\0';
	if (num_parse_double(p->word.s, 0, DBL_MAX, &number) < 0) {
		if (percent)
			p->word.s[len - 1] = '%';
		return fail_word(p, "is neither a percentage like 80% nor a ratio from 0 to 1");
	}
	number *= (double)(percent || number > 1 ? FILL_PERCENT : FILL_FULL);
	test->number = number < 1e19 ? (uint64_t)(number + 0.5) : UINT64_MAX;
	return 0;
}

static int parse_hexadecimal(const char *s, uint64_t *number)
{
	char *end;

	if (s[0] != '0' || s[1] != 'x' || !isxdigit((unsigned char)s[2]))
		return -EINVAL;
	errno = 0;
	*number = strtoull(s + 2, &end, 16);
	return *end || errno ? -EINVAL : 0;
}

static int parse_number(struct parser *p, struct filter_test *test)
{
	test->whole = num_parse_u64(p->word.s, 0, UINT64_MAX, &test->number) == 0 ||
		      parse_hexadecimal(p->word.s, &test->number) == 0;
	if (test->whole)
		test->real = (double)test->number;
	else if (test->type == FILTER_RANGE ||
		 num_parse_double(p->word.s, 0, DBL_MAX, &test->real) < 0)
		return fail_word(p, "is not a number");
	return 0;
}

static int parse_bool(struct parser *p, struct filter_test *test)
{
	static const char *const words[][2] = { { "no", "yes" },
						{ "false", "true" },
						{ "0", "1" } };

	test->whole = true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (uint64_t value = 0; value < 2; value++)
			if (!strcmp(p->word.s, words[i][value])) {
				test->number = value;
				return 0;
			}
	return fail_word(p, "is neither yes nor no");
}

/* Returns the name of the @i-th state or reason; NULL after the last one. */
static const char *name_of(enum filter_type type, size_t i)
{
	if (type == FILTER_STATE)
		return i < STATE_N ? state_table[i].name : NULL;
	return i < REASON_N ? reason_table[i].name : NULL;
}

/* Returns the number of the state or reason of that name, or how many there are. */
static size_t find_name(const char *word, enum filter_type type)
{
	size_t i = 0;

	while (name_of(type, i) && strcasecmp(word, name_of(type, i)) != 0)
		i++;
	return i;
}

static int parse_name(struct parser *p, struct filter_test *test)
{
	const char *what = test->type == FILTER_STATE ? "state" : "reason", *name;
	struct nearest nearest = { .word = p->word.s, .len = p->word.len };
	struct strbuf names = { 0 };
	size_t number;

	number = find_name(p->word.s, test->type);
	test->number = number;
	name = name_of(test->type, number);
	if (name) {
		p->word.len = 0;
		strbuf_adds(&p->word, name); /* case matters in a pattern */
		return 0;
	}
	for (size_t i = 0; i < test->number; i++) {
		nearest_offer(&nearest, name_of(test->type, i));
		strbuf_addf(&names, " %s", name_of(test->type, i));
	}
	if (nearest.best)
		fail(p, p->word_at, p->word.s, "is not a %s; did you mean %s?", what, nearest.best);
	else
		fail(p, p->word_at, p->word.s, "is not a %s:%s", what, names.s);
	strbuf_free(&names);
	return -EINVAL;
}

static bool has_order(enum filter_type type)
{
	return type != FILTER_TEXT && type != FILTER_WORDS && type != FILTER_NUMBERS &&
	       type != FILTER_REASONS && type != FILTER_BOOL;
}

/* Sets what the field is compared with from p->word. */
static int parse_operand(struct parser *p, struct filter_test *test)
{
	const char *word = p->word.s;

	switch (test->type) {
	case FILTER_RATIO:
		return parse_ratio(p, test);
	case FILTER_BOOL:
		return parse_bool(p, test);
	case FILTER_STATE:
	case FILTER_REASONS:
		return parse_name(p, test);
	case FILTER_NUMBERS:
		/* Patterns of digits; the contents of [] are not checked. */
		if (*word && (strchr(word, '[') || !word[strspn(word, "0123456789*?\\")]))
			return 0;
		return fail_word(p, "is not a number");
	case FILTER_TEXT:
	case FILTER_WORDS:
		return 0;
	case FILTER_COUNT:
	case FILTER_REAL:
	case FILTER_RANGE:
		break;
	}
	return parse_number(p, test);
}

/* "full" alone is "full = yes". */
static int parse_comparison(struct parser *p, struct filter_test *test, const char *name)
{
	const char *at;
	const struct operator_info *op = take_operator(p, &at);

	if (!op && test->type == FILTER_BOOL) {
		test->whole = true;
		test->number = 1;
		return 0;
	}
	if (!op)
		return fail(p, at, name, "needs an operator: = != < <= > >=");
	test->relation = op->relation;
	test->condition.negated = op->negated;
	if (op->relation != FILTER_EQUAL && !has_order(test->type))
		return fail(p, at, name, "%s", no_order);
	return read_value(p, "a value is missing") < 0 ? -EINVAL : parse_operand(p, test);
}

/* A single word is most likely the name of a process or a service. */
static int fail_bare(const struct parser *p)
{
	const char *word = p->word.s;
	int32_t port;

	if (!strcasecmp(word, "localhost"))
		return fail_address(p);
	if (endpoint_parse_port(word, &port) == 0)
		return fail(p, p->word_at, word,
			    "is not a field; did you mean :%s or process = %s?", word, word);
	return fail(p, p->word_at, word, "is not a field; did you mean process = %s?", word);
}

/* p->word is not a field: suggests what the user may have meant. */
static int fail_unknown(struct parser *p)
{
	const char *word = p->word.s, *at, *before = "";
	const char *meant = p->filter->source.nearest(word, p->word.len);
	struct nearest nearest = { .word = word, .len = p->word.len };
	const char *state = name_of(FILTER_STATE, find_name(word, FILTER_STATE));
	const char *reason = name_of(FILTER_REASONS, find_name(word, FILTER_REASONS));
	bool compared = take_operator(p, &at);

	if (meant)
		nearest_offer(&nearest, meant);
	for (size_t i = 0; i < ARRAY_SIZE(keyword_table); i++)
		nearest_offer(&nearest, keyword_table[i].name);
	if (nearest.best)
		meant = nearest.best;
	if (!compared && (state || reason)) {
		before = state ? "state = " : "reasons = ";
		meant = state ? state : reason;
	}
	if (meant)
		return fail(p, p->word_at, word, "is not a field; did you mean %s%s?", before,
			    meant);
	if (!compared && isalpha((unsigned char)*word))
		return fail_bare(p);
	return fail_word(p, "is not a field; --list-columns shows them");
}

static int parse_field(struct parser *p, struct filter_expr **condition)
{
	const struct filter_source *source = &p->filter->source;
	struct filter_test test = { .condition.kind = EXPR_FIELD };
	unsigned int needs = 0;
	char name[64];

	test.field = source->find(p->word.s, p->word.len, &test.type, &needs);
	if (!test.field || p->word.len >= sizeof(name))
		return fail_unknown(p);
	memcpy(name, p->word.s, p->word.len + 1);
	if (parse_comparison(p, &test, name) < 0)
		return -EINVAL;
	p->filter->needs |= needs;
	*condition = keep_test(&test, p->word.s);
	return 0;
}

static int parse_list(struct parser *p, struct filter_expr **list);

static int parse_parenthesis(struct parser *p, struct filter_expr **condition)
{
	const char *opened = p->at++;

	if (++p->depth > DEPTH_MAX)
		return fail(p, opened, NULL, "parentheses are nested too deep");
	if (parse_list(p, condition) < 0)
		return -EINVAL;
	if (*p->at != ')')
		return fail(p, opened, NULL, "this parenthesis is not closed");
	p->at++;
	p->depth--;
	return 0;
}

/* Reads a name. That of a column may contain what ends other words: "drops/s", "+drops". */
static void read_name(struct parser *p)
{
	enum filter_type type;
	unsigned int needs;
	size_t len = 0;

	skip_blanks(p);
	p->word.len = 0;
	strbuf_adds(&p->word, "");
	p->word_at = p->at;
	while (is_name(*p->at))
		strbuf_putc(&p->word, *p->at++);
	if (isalpha((unsigned char)*p->word_at) || *p->word_at == '+')
		while (is_name(p->word_at[len]) ||
		       (p->word_at[len] && strchr("+./", p->word_at[len])))
			len++;
	if (len <= p->word.len || !p->filter->source.find(p->word_at, len, &type, &needs))
		return;
	p->word.len = 0;
	strbuf_add(&p->word, p->word_at, len);
	p->at = p->word_at + len;
}

static int parse_plain(struct parser *p, struct filter_expr **condition)
{
	if (*p->at == '(')
		return parse_parenthesis(p, condition);
	read_name(p);
	if ((*p->at && strchr(":*[/.@", *p->at)) || isdigit((unsigned char)*p->word.s)) {
		*condition = xcalloc(1, sizeof(**condition));
		p->at = p->word_at;
		return parse_host(p, condition);
	}
	if (!p->word.len || !strcmp(p->word.s, "and") || !strcmp(p->word.s, "or"))
		return fail(p, p->word_at, NULL, "a condition is missing");
	for (size_t i = 0; i < ARRAY_SIZE(keyword_table); i++)
		if (!strcmp(p->word.s, keyword_table[i].name))
			return parse_keyword(p, i, condition);
	return parse_field(p, condition);
}

/* "not" applies to the next condition only. */
static int parse_condition(struct parser *p, struct filter_expr **condition)
{
	bool negated = false;

	*condition = NULL;
	for (;;) {
		skip_blanks(p);
		if (*p->at == '!' && p->at[1] != '=')
			p->at++;
		else if (!take_name(p, "not"))
			break;
		negated = !negated;
	}
	if (parse_plain(p, condition) < 0)
		return -EINVAL;
	(*condition)->negated ^= negated;
	return 0;
}

/* Takes "and" or "or", or nothing, which is "and" as in ss. Returns whether it is "or". */
static bool take_or(struct parser *p)
{
	if (take_name(p, "or"))
		return true;
	if (take_name(p, "and"))
		return false;
	if (*p->at == '|' || *p->at == '&') {
		char c = *p->at++;

		p->at += *p->at == c;
		return c == '|';
	}
	return false;
}

/* Parses to the end of the text or to a closing parenthesis. */
static int parse_list(struct parser *p, struct filter_expr **list)
{
	struct filter_expr *all = *list = xcalloc(1, sizeof(*all)), **last = &all->first;
	bool alternative = false;

	all->kind = EXPR_LIST;
	for (;;) {
		int code = parse_condition(p, last);

		/* The list owns what was parsed so far. */
		if (code < 0)
			return code;
		(*last)->alternative = alternative;
		last = &(*last)->next;
		skip_blanks(p);
		if (!*p->at || *p->at == ')')
			return 0;
		alternative = take_or(p);
	}
}

/* In this order "and" is the minimum and "or" the maximum. */
enum truth { NO, UNKNOWN, YES };

static enum truth truth(bool value)
{
	return value ? YES : NO;
}

/* @difference: the value minus what it is compared with, or the sign of that */
static enum truth relate(enum filter_relation relation, int difference)
{
	switch (relation) {
	case FILTER_AT_LEAST:
		return truth(difference >= 0);
	case FILTER_AT_MOST:
		return truth(difference <= 0);
	case FILTER_EQUAL:
		break;
	}
	return truth(difference == 0);
}

/* A pattern also matches itself: "[::1]:80" is not meant as a character class. */
static bool same_text(const struct filter_test *test, const char *text)
{
	return !strcmp(test->text, text) ||
	       !fnmatch(test->text, text, test->any_case ? FNM_CASEFOLD : 0);
}

/* Known if it is the same for both bounds; equality is true only of a range of one number. */
static enum truth match_range(const struct filter_test *test, const struct range *range)
{
	int min = num_compare(range->min, test->number);
	int max = num_compare(range->max, test->number);

	if (test->relation == FILTER_EQUAL && min != max)
		return min > 0 || max < 0 ? NO : UNKNOWN;
	return relate(test->relation, min) == relate(test->relation, max) ?
		       relate(test->relation, min) :
		       UNKNOWN;
}

static enum truth match_field(const struct filter *filter, const struct filter_test *test,
			      const struct row *row, const struct report *report)
{
	struct filter_value value = { .known = false };
	double real = 0;

	filter->source.get(test->field, row, report, filter->source.context, &value);
	if (!value.known)
		return UNKNOWN;
	switch (test->type) {
	case FILTER_TEXT:
		return truth(same_text(test, value.text));
	case FILTER_WORDS:
	case FILTER_NUMBERS:
	case FILTER_REASONS:
		for (uint64_t i = 0; i < value.number; i++)
			if (same_text(test, value.words[i]))
				return YES;
		return NO;
	case FILTER_STATE: /* enum state has the worst first */
		return relate(test->relation, num_compare(test->number, value.number));
	case FILTER_RANGE:
		return match_range(test, &value.range);
	case FILTER_RATIO:
		return relate(test->relation, num_compare(value.number, test->number));
	case FILTER_REAL:
		real = value.real;
		break;
	case FILTER_COUNT:
	case FILTER_BOOL:
		if (test->whole)
			return relate(test->relation, num_compare(value.number, test->number));
		real = (double)value.number;
	}
	return relate(test->relation, real < test->real ? -1 : real > test->real);
}

/*
 * The kernel filters for ss, then ss filters again, and shows what passes both. They disagree about
 * an address of the other family: for the kernel it never matches, ss compares the bits. So such a
 * match is unknown, and neither it nor its negation passes. If the filter has a device, ss filters
 * alone.
 */
static enum truth match_address(const struct filter *filter, const struct filter_expr *c,
				const struct listen_addr *addr)
{
	if (filter_expr_holds(c, addr, false))
		return YES;
	if (!filter_expr_holds(c, addr, true))
		return NO;
	return filter->has_device ? YES : UNKNOWN;
}

static bool match_device(const struct filter_expr *c, const struct listener *l)
{
	if (c->device[0] && l->interface && !strcmp(l->interface, c->device))
		return true;
	return (!c->device[0] || c->ifindex) && l->addr.ifindex == c->ifindex;
}

static enum truth match_list(const struct filter *filter, const struct filter_expr *list,
			     const struct row *row, const struct report *report);

static enum truth match_one(const struct filter *filter, const struct filter_expr *c,
			    const struct row *row, const struct report *report)
{
	const struct listener *l = row->listener;

	if (c->kind == EXPR_LIST)
		return match_list(filter, c, row, report);
	if (c->kind == EXPR_FIELD)
		return match_field(filter, (const struct filter_test *)c, row, report);
	if (listener_is_unix(l))
		return UNKNOWN;
	if (c->kind == EXPR_DEVICE)
		return truth(match_device(c, l));
	return match_address(filter, c, &l->addr);
}

static enum truth match_list(const struct filter *filter, const struct filter_expr *list,
			     const struct row *row, const struct report *report)
{
	enum truth all = YES, one;

	for (const struct filter_expr *c = list->first; c; c = c->next) {
		/* Skips what cannot change the result. "and" stands before the first condition. */
		if (all == (c->alternative ? YES : NO))
			continue;
		one = match_one(filter, c, row, report);
		if (c->negated)
			one = (enum truth)(YES - one);
		if (c->alternative ? one > all : one < all)
			all = one;
	}
	return all;
}

int filter_parse(const char *text, const struct filter_source *source, struct filter **filter,
		 struct error *why, struct filter_mistake *mistake)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	struct filter_mistake unused;
	struct parser p = { .text = text,
			    .at = text,
			    .filter = f,
			    .why = why,
			    .mistake = mistake ? mistake : &unused };
	int code = 0;

	*filter = NULL;
	f->source = *source;
	f->family = AF_UNSPEC;
	skip_blanks(&p);
	if (*p.at) {
		code = parse_list(&p, &f->list);
		if (code == 0 && *p.at)
			code = fail(&p, p.at, NULL, "this parenthesis was not opened");
	}
	strbuf_free(&p.word);
	if (code < 0 || !f->list) {
		filter_free(f);
		return code;
	}
	f->has_device = filter_expr_has(f->list, EXPR_DEVICE);
	*filter = f;
	return 0;
}

bool filter_match(const struct filter *filter, const struct row *row, const struct report *report)
{
	return !filter || match_list(filter, filter->list, row, report) == YES;
}

unsigned int filter_needs(const struct filter *filter)
{
	return filter ? filter->needs : 0;
}

uint8_t filter_family(const struct filter *filter)
{
	return filter ? filter->family : AF_UNSPEC;
}

const struct filter_expr *filter_expr(const struct filter *filter)
{
	return filter ? filter->list : NULL;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	filter_expr_free(filter->list);
	free(filter);
}
