/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/endpoint.h"
#include "analyse/filter_lex.h"
#include "analyse/filter_tree.h"
#include "analyse/verdict.h"
#include "base/alloc.h"
#include "base/nearest.h"
#include "base/num.h"
#include "model/needs.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Parsing, judging and compiling recurse as deep as parentheses are nested. */
#define DEPTH_MAX 64

static const struct {
	const char *name;
	enum filter_expr_kind kind;
	bool peer;
	bool port; /* not an address, but a port */
} keyword_table[] = {
	{ "src", EXPR_HOST, false, false },   { "dst", EXPR_HOST, true, false },
	{ "sport", EXPR_HOST, false, true },  { "dport", EXPR_HOST, true, true },
	{ "dev", EXPR_DEVICE, false, false },
};

/* An order of ports is one or the other comparison of the kernel, equality an address with it. */
static int parse_port(struct filter_parser *p, struct filter_expr *c,
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
	if (c->port == EXPR_ANY_PORT)
		return filter_lex_fail_word(p, "is no port to compare with");
	c->kind = op->relation == FILTER_AT_LEAST ? EXPR_PORT_MIN : EXPR_PORT_MAX;
	return 0;
}

/* What is in error for want of a word: "did you mean ...", with @before and the word typed. */
static int fail_leading(const struct filter_parser *p, const char *what, const char *before,
			const char *meant)
{
	struct strbuf text = { 0 };

	strbuf_addf(&text, "%s; did you mean %s%s?", what, before, meant);
	filter_lex_fail_word(p, text.s);
	strbuf_free(&text);
	return -EINVAL;
}

/* "localhost", "localhost:80" and other names of hosts, which are not looked up. */
static int fail_host(const struct filter_parser *p)
{
	static const char local[] = "localhost";
	const size_t len = strlen(local);
	const char *word = p->word.s;
	const char *rest = strncasecmp(word, local, len) ? NULL : word + len;
	struct strbuf text = { 0 };

	if (rest && (!*rest || *rest == ':'))
		strbuf_addf(&text,
			    "is no address, and names are not looked up; did you mean "
			    "127.0.0.1%s or [::1]%s?",
			    rest, rest);
	else
		strbuf_adds(&text, "is no address, as in 10.0.0.0/8, [::1]:* or :443; "
				   "names are not looked up");
	filter_lex_fail_word(p, text.s);
	strbuf_free(&text);
	return -EINVAL;
}

/* It has letters that no address has, so it is not one with a mistake in it. */
static bool is_host(const char *word)
{
	size_t len = strcspn(word, ":");

	if (strncasecmp(word, "inet", 4) == 0 && word[len])
		return false;
	return isalpha((unsigned char)*word) && !strchr(word + len + !!word[len], ':') &&
	       word[strspn(word, "0123456789abcdefABCDEF:")];
}

static int fail_address(const struct filter_parser *p)
{
	const char *word = p->word.s;
	int32_t port;

	if (is_host(word))
		return fail_host(p);
	if (!word[strspn(word, "0123456789")] && endpoint_parse_port(word, &port) == 0)
		return fail_leading(p, "is no address", ":", word);
	return filter_lex_fail_word(p, word[strspn(word, "0123456789%")] ?
					       "is no address, as in 10.0.0.0/8, [::1]:* or :443" :
					       "is no address; a port is written :443");
}

static struct filter_expr *keep_test(const struct filter_test *test, const char *text)
{
	size_t room = strlen(text) + 1;
	struct filter_test *kept = xmalloc(sizeof(*kept) + room);

	*kept = *test;
	memcpy(kept->text, text, room);
	return &kept->condition;
}

static const char unix_prefix[] = "unix:";

static bool is_path(const char *word)
{
	return *word == '/' || *word == '@' || !strncmp(word, unix_prefix, strlen(unix_prefix));
}

/* How often "@" is to be there for a "@{90}" of the table at @pattern; 0: there is none. */
static uint64_t run_at(const char *pattern, size_t *len)
{
	const uint64_t most = 107; /* bytes of a name */
	char number[4] = "";
	size_t digits;
	uint64_t n;

	if (strncmp(pattern, "@{", 2) != 0)
		return 0;
	digits = strspn(pattern + 2, "0123456789");
	if (digits >= sizeof(number) || pattern[2 + digits] != '}')
		return 0;
	memcpy(number, pattern + 2, digits);
	*len = digits + strlen("@{}");
	return num_parse_u64(number, 1, most, &n) == 0 ? n : 0;
}

static void add_pattern(struct strbuf *to, const char *pattern)
{
	while (*pattern) {
		size_t len = 1;
		uint64_t n = run_at(pattern, &len);

		if (n)
			strbuf_addc(to, '@', n);
		else
			strbuf_add(to, pattern, len = 1);
		pattern += len;
	}
}

/* A pattern of the name of a UNIX listener, which brings these along, as in ss. */
static int parse_path(struct filter_parser *p, struct filter_expr **condition)
{
	const char *pattern = p->word.s;
	const struct filter_source *source = &p->filter->source;
	struct filter_test test = { .condition = **condition, .any_case = true };
	unsigned int needs = 0;
	struct strbuf text = { 0 };

	if (!strncmp(pattern, unix_prefix, strlen(unix_prefix)))
		pattern += strlen(unix_prefix);
	test.condition.kind = EXPR_FIELD;
	test.field = source->find("path", strlen("path"), &test.type, &needs);
	if (!test.field)
		return filter_lex_fail_word(p, "is no address");
	add_pattern(&text, *pattern ? pattern : "*");
	p->filter->needs |= needs | NEED_UNIX;
	free(*condition);
	*condition = keep_test(&test, text.s);
	strbuf_free(&text);
	return 0;
}

static int set_device(struct filter_parser *p, struct filter_expr *c, const char *name)
{
	uint64_t index;

	if (strlen(name) >= sizeof(c->device) || !*name || strchr(name, '/'))
		return filter_lex_fail_word(p, "is no name of a device");
	memcpy(c->device, name, strlen(name) + 1);
	/* What stands for a device without a name. */
	if (!strncmp(c->device, "if", 2) &&
	    num_parse_u64(c->device + 2, 1, UINT32_MAX, &index) == 0)
		c->ifindex = (uint32_t)index;
	p->filter->needs |= NEED_INTERFACE;
	return 0;
}

static int parse_device(struct filter_parser *p, struct filter_expr *c)
{
	uint64_t index;

	if (filter_lex_value(p, "a device is missing") < 0)
		return -EINVAL;
	if (num_parse_u64(p->word.s, 0, UINT32_MAX, &index) == 0) {
		c->ifindex = (uint32_t)index;
		return 0;
	}
	return set_device(p, c, p->word.s);
}

/*
 * "0.0.0.0%lo:80", "[fe80::1]%eth0:80" and "*%eth0:80", as tables have them, and "[fe80::1%eth0]":
 * an address and a device, both of which have to be.
 * @percent: where it stands in the word
 */
static int parse_host_on_device(struct filter_parser *p, const char *percent,
				struct filter_expr *list)
{
	struct filter_expr *host = xcalloc(1, sizeof(*host)), *device = xcalloc(1, sizeof(*device));
	size_t before = (size_t)(percent - p->word.s), len = strcspn(percent + 1, ":]/");
	const char *colon = memchr(p->word.s, ':', before);
	/* Two colons are an address without brackets, which a port would be taken for a part of. */
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

/* @condition: with its kind, and negated as it is to be; another one may take its place */
static int parse_host(struct filter_parser *p, struct filter_expr **condition)
{
	const char *percent;

	if (filter_lex_value(p, "an address is missing") < 0)
		return -EINVAL;
	if (is_path(p->word.s) && !(*condition)->peer)
		return parse_path(p, condition);
	percent = strchr(p->word.s, '%');
	if (percent)
		return parse_host_on_device(p, percent, *condition);
	if (endpoint_parse(p->word.s, *condition, &p->filter->family) == 0)
		return 0;
	return fail_address(p);
}

static int parse_keyword(struct filter_parser *p, size_t keyword, struct filter_expr **condition)
{
	static const struct filter_operator implied = { "=", "eq", FILTER_EQUAL, false };
	struct filter_expr *c = *condition = xcalloc(1, sizeof(*c));
	bool port = keyword_table[keyword].port;
	const char *at;
	const struct filter_operator *op = filter_lex_take_operator(p, &at);

	if (!op)
		op = &implied;
	c->kind = keyword_table[keyword].kind;
	c->peer = keyword_table[keyword].peer;
	c->port = EXPR_ANY_PORT;
	if (port)
		return parse_port(p, c, op);
	if (op->relation != FILTER_EQUAL)
		return filter_lex_fail(p, at, "has no order: only = and != will do",
				       keyword_table[keyword].name);
	c->negated = op->negated;
	return c->kind == EXPR_DEVICE ? parse_device(p, c) : parse_host(p, condition);
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
	else if (test->type == FILTER_RANGE ||
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
	struct nearest nearest = { .word = p->word.s, .len = p->word.len };
	struct strbuf names = { 0 };

	for (uint64_t i = 0; i < STATE_N; i++) {
		if (!strcasecmp(p->word.s, state_table[i].name)) {
			test->number = i;
			return 0;
		}
		nearest_offer(&nearest, state_table[i].name);
	}
	if (nearest.best)
		return fail_leading(p, "is no state", "", nearest.best);
	strbuf_adds(&names, "is no state:");
	for (uint64_t i = 0; i < STATE_N; i++)
		strbuf_addf(&names, " %s", state_table[i].name);
	filter_lex_fail_word(p, names.s);
	strbuf_free(&names);
	return -EINVAL;
}

static int parse_reason(struct filter_parser *p)
{
	struct nearest nearest = { .word = p->word.s, .len = p->word.len };

	for (unsigned int i = 0; i < REASON_N; i++) {
		if (!strcasecmp(p->word.s, reason_table[i].name)) {
			p->word.len = 0;
			strbuf_adds(&p->word, reason_table[i].name); /* case matters in a pattern */
			return 0;
		}
		nearest_offer(&nearest, reason_table[i].name);
	}
	if (nearest.best)
		return fail_leading(p, "is no reason", "", nearest.best);
	return filter_lex_fail_word(p, "is no reason; listenq(8) has them");
}

/* A pattern for digits; what a class has in it is not looked into. */
static int check_numbers(const struct filter_parser *p)
{
	const char *word = p->word.s;

	if (*word && (strchr(word, '[') || !word[strspn(word, "0123456789*?\\")]))
		return 0;
	return filter_lex_fail_word(p, "is no number");
}

static bool has_order(enum filter_type type)
{
	return type != FILTER_TEXT && type != FILTER_WORDS && type != FILTER_NUMBERS &&
	       type != FILTER_REASONS && type != FILTER_BOOL;
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
	case FILTER_NUMBERS:
		return check_numbers(p);
	case FILTER_TEXT:
	case FILTER_WORDS:
		return 0;
	case FILTER_COUNT:
	case FILTER_REAL:
	case FILTER_RANGE:
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

static const char *find_state(const char *word)
{
	for (unsigned int i = 0; i < STATE_N; i++)
		if (!strcasecmp(word, state_table[i].name))
			return state_table[i].name;
	return NULL;
}

static const char *find_reason(const char *word)
{
	for (unsigned int i = 0; i < REASON_N; i++)
		if (!strcasecmp(word, reason_table[i].name))
			return reason_table[i].name;
	return NULL;
}

/* A word alone is most likely the name of a process, or else of a service. */
static int fail_bare(const struct filter_parser *p)
{
	struct strbuf before = { 0 };
	int32_t port;

	if (!strcasecmp(p->word.s, "localhost"))
		return fail_host(p);
	if (endpoint_parse_port(p->word.s, &port) == 0)
		strbuf_addf(&before, ":%s or ", p->word.s);
	strbuf_adds(&before, "process = ");
	fail_leading(p, "is no field", before.s, p->word.s);
	strbuf_free(&before);
	return -EINVAL;
}

/* What is much like a word of ours most likely is one. */
static int fail_unknown(struct filter_parser *p)
{
	const char *field = p->filter->source.nearest(p->word.s, p->word.len), *at;
	struct nearest nearest = { .word = p->word.s, .len = p->word.len };
	bool compared = filter_lex_take_operator(p, &at);

	if (!compared && find_state(p->word.s))
		return fail_leading(p, "is no field", "state = ", find_state(p->word.s));
	if (!compared && find_reason(p->word.s))
		return fail_leading(p, "is no field", "reasons = ", find_reason(p->word.s));
	if (field)
		nearest_offer(&nearest, field);
	for (size_t i = 0; i < ARRAY_SIZE(keyword_table); i++)
		nearest_offer(&nearest, keyword_table[i].name);
	if (nearest.best || field)
		return fail_leading(p, "is no field", "", nearest.best ? nearest.best : field);
	if (!compared && isalpha((unsigned char)*p->word.s))
		return fail_bare(p);
	return filter_lex_fail_word(p, "is no field; --list-columns shows them");
}

static int parse_field(struct filter_parser *p, struct filter_expr **condition)
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

static int parse_bare(struct filter_parser *p, struct filter_expr **condition)
{
	*condition = xcalloc(1, sizeof(**condition));
	p->at = p->word_at;
	return parse_host(p, condition);
}

static int parse_list(struct filter_parser *p, struct filter_expr **list);

static int parse_parenthesis(struct filter_parser *p, struct filter_expr **condition)
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

/* The name of a column may go on where other words end. */
static void take_column(struct filter_parser *p)
{
	size_t len = filter_lex_column(p);
	enum filter_type type;
	unsigned int needs;

	if (len <= p->word.len || !p->filter->source.find(p->word_at, len, &type, &needs))
		return;
	p->word.len = 0;
	strbuf_add(&p->word, p->word_at, len);
	p->at = p->word_at + len;
}

static int parse_plain(struct filter_parser *p, struct filter_expr **condition)
{
	if (*p->at == '(')
		return parse_parenthesis(p, condition);
	filter_lex_name(p);
	take_column(p);
	if (filter_lex_at_address(p) || isdigit((unsigned char)*p->word.s))
		return parse_bare(p, condition);
	if (!p->word.len || !strcmp(p->word.s, "and") || !strcmp(p->word.s, "or"))
		return filter_lex_fail(p, p->word_at, "a condition is missing", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(keyword_table); i++)
		if (!strcmp(p->word.s, keyword_table[i].name))
			return parse_keyword(p, i, condition);
	if (!strcmp(p->word.s, "autobound")) {
		*condition = xcalloc(1, sizeof(**condition));
		(*condition)->kind = EXPR_AUTOBOUND;
		p->filter->needs |= NEED_AUTOBOUND;
		return 0;
	}
	return parse_field(p, condition);
}

/* "not" binds to the one condition behind it. */
static int parse_condition(struct filter_parser *p, struct filter_expr **condition)
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
static int parse_list(struct filter_parser *p, struct filter_expr **list)
{
	struct filter_expr *all = *list = xcalloc(1, sizeof(*all)), **last = &all->first;
	bool alternative = false;

	all->kind = EXPR_LIST;
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
	f->by_ss_alone =
		filter_expr_has(f->list, EXPR_DEVICE) ||
		!(filter_expr_has(f->list, EXPR_HOST) || filter_expr_has(f->list, EXPR_AUTOBOUND));
	*filter = f;
	return 0;
}
