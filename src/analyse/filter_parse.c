/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/endpoint.h"
#include "analyse/filter_lex.h"
#include "analyse/filter_tree.h"
#include "base/alloc.h"
#include "base/num.h"
#include "model/needs.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Parsing, judging and compiling recurse as deep as parentheses are nested. */
#define DEPTH_MAX 64

static const struct {
	const char *name;
	enum condition_kind kind;
	bool peer;
	bool port; /* not an address, but a port */
} keyword_table[] = {
	{ "src", CONDITION_HOST, false, false },   { "dst", CONDITION_HOST, true, false },
	{ "sport", CONDITION_HOST, false, true },  { "dport", CONDITION_HOST, true, true },
	{ "dev", CONDITION_DEVICE, false, false },
};

/* An order of ports is one or the other comparison of the kernel, equality an address with it. */
static int parse_port(struct filter_parser *p, struct condition *c,
		      const struct filter_operator *op)
{
	if (filter_lex_value(p, "a port is missing") < 0)
		return -EINVAL;
	if (endpoint_parse_port(p->word.s, &c->port) < 0)
		return filter_lex_fail_word(p,
					    "is no port: 0 to 65535, *, or a name of services(5)");
	c->negated = op->negated;
	if (op->relation == FILTER_EQUAL)
		return 0;
	if (c->port == CONDITION_ANY_PORT)
		return filter_lex_fail_word(p, "is no port to compare with");
	c->kind = op->relation == FILTER_AT_LEAST ? CONDITION_PORT_MIN : CONDITION_PORT_MAX;
	return 0;
}

static int parse_host(struct filter_parser *p, struct condition *c)
{
	if (filter_lex_value(p, "an address is missing") < 0)
		return -EINVAL;
	if (endpoint_parse(p->word.s, c, &p->filter->family) == 0)
		return 0;
	return filter_lex_fail_word(p, p->word.s[strspn(p->word.s, "0123456789%")] ?
					       "is no address, as in 10.0.0.0/8, [::1]:* or :443" :
					       "is no address; a port is written :443");
}

static int parse_device(struct filter_parser *p, struct condition *c)
{
	uint64_t index;

	if (filter_lex_value(p, "a device is missing") < 0)
		return -EINVAL;
	if (num_parse_u64(p->word.s, 0, UINT32_MAX, &index) == 0) {
		c->ifindex = (uint32_t)index;
		return 0;
	}
	if (p->word.len >= sizeof(c->device) || !p->word.len || strchr(p->word.s, '/'))
		return filter_lex_fail_word(p, "is no name of a device");
	memcpy(c->device, p->word.s, p->word.len + 1);
	/* What stands for a device without a name. */
	if (!strncmp(c->device, "if", 2) &&
	    num_parse_u64(c->device + 2, 1, UINT32_MAX, &index) == 0)
		c->ifindex = (uint32_t)index;
	p->filter->needs |= NEED_INTERFACE;
	return 0;
}

static int parse_keyword(struct filter_parser *p, size_t keyword, struct condition **condition)
{
	static const struct filter_operator implied = { "=", "eq", FILTER_EQUAL, false };
	struct condition *c = *condition = xcalloc(1, sizeof(*c));
	bool port = keyword_table[keyword].port;
	const char *at;
	const struct filter_operator *op = filter_lex_take_operator(p, &at);

	if (!op)
		op = &implied;
	c->kind = keyword_table[keyword].kind;
	c->peer = keyword_table[keyword].peer;
	c->port = CONDITION_ANY_PORT;
	if (port)
		return parse_port(p, c, op);
	if (op->relation != FILTER_EQUAL)
		return filter_lex_fail(p, at, "has no order: only = and != will do",
				       keyword_table[keyword].name);
	c->negated = op->negated;
	return c->kind == CONDITION_DEVICE ? parse_device(p, c) : parse_host(p, c);
}

/* A number with a percent sign, or like a ratio in JSON: at most 1, lest 80 be taken for 80 %. */
static int parse_ratio(struct filter_parser *p, struct filter_test *test)
{
	size_t len = p->word.len;
	bool percent = len && p->word.s[len - 1] == '%';

	if (percent)
		p->word.s[len - 1] = '\0';
	if (num_parse_double(p->word.s, 0, percent ? DBL_MAX : 1, &test->real) < 0) {
		if (percent)
			p->word.s[len - 1] = '%';
		return filter_lex_fail_word(
			p, "is neither a percentage like 80% nor a ratio from 0 to 1");
	}
	if (percent)
		test->real /= 100;
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

static int parse_amount(struct filter_parser *p, struct filter_test *test)
{
	test->whole = num_parse_u64(p->word.s, 0, UINT64_MAX, &test->number) == 0 ||
		      parse_hexadecimal(p->word.s, &test->number) == 0;
	if (test->whole)
		test->real = (double)test->number;
	else if (test->type == FILTER_BOUNDS ||
		 num_parse_double(p->word.s, 0, DBL_MAX, &test->real) < 0)
		return filter_lex_fail_word(p, "is no number");
	return 0;
}

static int parse_bool(struct filter_parser *p, struct filter_test *test)
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
	return filter_lex_fail_word(p, "is neither yes nor no");
}

static int parse_state(struct filter_parser *p, struct filter_test *test)
{
	struct strbuf names = { 0 };

	for (uint64_t i = 0; i < STATE_N; i++)
		if (!strcmp(p->word.s, state_table[i].name)) {
			test->number = i;
			return 0;
		}
	strbuf_adds(&names, "is no state:");
	for (uint64_t i = 0; i < STATE_N; i++)
		strbuf_addf(&names, " %s", state_table[i].name);
	filter_lex_fail_word(p, names.s);
	strbuf_free(&names);
	return -EINVAL;
}

static int parse_reason(struct filter_parser *p)
{
	for (unsigned int i = 0; i < REASON_N; i++)
		if (!strcmp(p->word.s, reason_table[i].name))
			return 0;
	return filter_lex_fail_word(p, "is no reason; listenq(8) has them");
}

static bool has_order(enum filter_type type)
{
	return type != FILTER_TEXT && type != FILTER_WORDS && type != FILTER_REASONS &&
	       type != FILTER_BOOL;
}

/* What the field is compared with has been read; it goes into @test, or is the text behind it. */
static int parse_operand(struct filter_parser *p, struct filter_test *test)
{
	switch (test->type) {
	case FILTER_RATIO:
		return parse_ratio(p, test);
	case FILTER_BOOL:
		return parse_bool(p, test);
	case FILTER_STATE:
		return parse_state(p, test);
	case FILTER_REASONS:
		return parse_reason(p);
	case FILTER_TEXT:
	case FILTER_WORDS:
		return 0;
	case FILTER_COUNT:
	case FILTER_REAL:
	case FILTER_BOUNDS:
		break;
	}
	return parse_amount(p, test);
}

/* "full" alone is "full = yes". */
static int parse_comparison(struct filter_parser *p, struct filter_test *test, const char *name)
{
	const char *at;
	const struct filter_operator *op = filter_lex_take_operator(p, &at);

	if (!op && test->type == FILTER_BOOL) {
		test->whole = true;
		test->number = 1;
		return 0;
	}
	if (!op)
		return filter_lex_fail(p, at, "wants an operator: = != < <= > >=", name);
	test->relation = op->relation;
	test->condition.negated = op->negated;
	if (op->relation != FILTER_EQUAL && !has_order(test->type))
		return filter_lex_fail(p, at, "has no order: only = and != will do", name);
	return filter_lex_value(p, "a value is missing") < 0 ? -EINVAL : parse_operand(p, test);
}

static int parse_field(struct filter_parser *p, struct condition **condition)
{
	const struct filter_source *source = &p->filter->source;
	struct filter_test test = { .condition.kind = CONDITION_FIELD }, *kept;
	unsigned int needs = 0;
	char name[64];
	size_t room;

	test.field = source->find(p->word.s, p->word.len, &test.type, &needs);
	if (!test.field || p->word.len >= sizeof(name))
		return filter_lex_fail_word(p, "is no field; --list-columns shows them");
	memcpy(name, p->word.s, p->word.len + 1);
	if (parse_comparison(p, &test, name) < 0)
		return -EINVAL;
	p->filter->needs |= needs;
	room = p->word.len + 1;
	kept = xmalloc(sizeof(*kept) + room);
	*kept = test;
	memcpy(kept->text, p->word.s, room);
	*condition = &kept->condition;
	return 0;
}

static int parse_bare(struct filter_parser *p, struct condition **condition)
{
	struct condition *c = *condition = xcalloc(1, sizeof(*c));

	p->at = p->word_at;
	return parse_host(p, c);
}

static int parse_list(struct filter_parser *p, struct condition **list);

static int parse_parenthesis(struct filter_parser *p, struct condition **condition)
{
	const char *opened = p->at++;

	if (++p->depth > DEPTH_MAX)
		return filter_lex_fail(p, opened, "parentheses are nested too deep", NULL);
	if (parse_list(p, condition) < 0)
		return -EINVAL;
	if (*p->at != ')')
		return filter_lex_fail(p, opened, "this parenthesis is not closed", NULL);
	p->at++;
	p->depth--;
	return 0;
}

static int parse_plain(struct filter_parser *p, struct condition **condition)
{
	if (*p->at == '(')
		return parse_parenthesis(p, condition);
	filter_lex_name(p);
	if (filter_lex_at_address(p) || isdigit((unsigned char)*p->word.s))
		return parse_bare(p, condition);
	if (!p->word.len || !strcmp(p->word.s, "and") || !strcmp(p->word.s, "or"))
		return filter_lex_fail(p, p->word_at, "a condition is missing", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(keyword_table); i++)
		if (!strcmp(p->word.s, keyword_table[i].name))
			return parse_keyword(p, i, condition);
	if (!strcmp(p->word.s, "autobound")) {
		*condition = xcalloc(1, sizeof(**condition));
		(*condition)->kind = CONDITION_AUTOBOUND;
		p->filter->needs |= NEED_AUTOBOUND;
		return 0;
	}
	return parse_field(p, condition);
}

/* "not" binds to the one condition behind it. */
static int parse_condition(struct filter_parser *p, struct condition **condition)
{
	bool negated = false;

	*condition = NULL;
	for (;;) {
		filter_lex_skip_blanks(p);
		if (*p->at == '!' && p->at[1] != '=')
			p->at++;
		else if (!filter_lex_take_name(p, "not"))
			break;
		negated = !negated;
	}
	if (parse_plain(p, condition) < 0)
		return -EINVAL;
	(*condition)->negated ^= negated;
	return 0;
}

/* What joins the next condition to those before it; nothing is "and", as in ss. */
static bool take_or(struct filter_parser *p)
{
	if (filter_lex_take_name(p, "or"))
		return true;
	if (filter_lex_take_name(p, "and"))
		return false;
	if (*p->at == '|' || *p->at == '&') {
		char c = *p->at++;

		p->at += *p->at == c;
		return c == '|';
	}
	return false;
}

/* To the end of the text, or to a parenthesis that closes. */
static int parse_list(struct filter_parser *p, struct condition **list)
{
	struct condition *all = *list = xcalloc(1, sizeof(*all)), **last = &all->first;
	bool alternative = false;

	all->kind = CONDITION_LIST;
	for (;;) {
		int code = parse_condition(p, last);

		/* What a mistake cut short is in the list, to be freed with it. */
		if (code < 0)
			return code;
		(*last)->alternative = alternative;
		last = &(*last)->next;
		filter_lex_skip_blanks(p);
		if (!*p->at || *p->at == ')')
			return 0;
		alternative = take_or(p);
	}
}

int filter_parse(const char *text, const struct filter_source *source, struct filter **filter,
		 struct error *why)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	struct filter_parser p = { .text = text, .at = text, .filter = f, .why = why };
	int code = 0;

	*filter = NULL;
	f->source = *source;
	f->family = AF_UNSPEC;
	filter_lex_skip_blanks(&p);
	if (*p.at) {
		code = parse_list(&p, &f->list);
		if (code == 0 && *p.at)
			code = filter_lex_fail(&p, p.at, "nothing is open that this closes", NULL);
	}
	strbuf_free(&p.word);
	if (code < 0 || !f->list) {
		filter_free(f);
		return code;
	}
	f->by_ss_alone = condition_has(f->list, CONDITION_DEVICE) ||
			 !(condition_has(f->list, CONDITION_HOST) ||
			   condition_has(f->list, CONDITION_AUTOBOUND));
	*filter = f;
	return 0;
}
