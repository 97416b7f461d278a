/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include "base/alloc.h"
#include "base/num.h"
#include "model/window.h"
#include "output/fields.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PEAK_RATE_MAX 1000.0
#define WIDTH_MAX     10000

static int parse_number(const char *name, const char *text, double min, double max, double *value,
			struct error *why)
{
	int code = num_parse_double(text, min, max, value);

	if (code == -EINVAL)
		return error_set(why, -EINVAL, "%s: '%s' is not a number", name, text);
	if (code == -ERANGE)
		return error_set(why, -EINVAL, "%s: %s is not between %g and %g", name, text, min,
				 max);
	return 0;
}

static int parse_whole(const char *name, const char *text, uint64_t min, uint64_t max,
		       uint64_t *value, struct error *why)
{
	int code = num_parse_u64(text, min, max, value);

	if (code == -EINVAL)
		return error_set(why, -EINVAL, "%s: '%s' is not a whole number", name, text);
	if (code == -ERANGE)
		return error_set(why, -EINVAL, "%s: %s is not between %llu and %llu", name, text,
				 (unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int parse_full(struct options *o, const char *text, struct error *why)
{
	struct strbuf number = { 0 };
	double percent;
	int code;

	strbuf_adds(&number, text ? text : "80");
	if (number.len && number.s[number.len - 1] == '%')
		number.s[--number.len] = '\0';
	code = parse_number("--full", number.s, 0, 100, &percent, why);
	strbuf_free(&number);
	if (code < 0)
		return code;
	o->selection.only_full = true;
	o->selection.fill = percent / 100;
	return 0;
}

static int parse_sort(struct options *o, const char *text, struct error *why)
{
	o->descending = *text == '-';
	text += o->descending;
	o->sort = field_find(text, strlen(text));
	return o->sort ? 0 : columns_unknown(text, strlen(text), "--sort: ", why);
}

static int parse_color(struct options *o, const char *text, struct error *why)
{
	if (!text || !strcmp(text, "always"))
		o->color = COLOR_ALWAYS;
	else if (!strcmp(text, "auto"))
		o->color = COLOR_AUTO;
	else if (!strcmp(text, "never"))
		o->color = COLOR_NEVER;
	else
		return error_set(why, -EINVAL, "--color: '%s' is not auto, always or never", text);
	return 0;
}

static int add_namespace(struct options *o, const char *name, struct error *why)
{
	if (!*name)
		return error_set(why, -EINVAL, "--net: the name is empty");
	o->namespaces = array_grow(o->namespaces, o->n_namespaces, &o->namespaces_size,
				   sizeof(*o->namespaces));
	o->namespaces[o->n_namespaces++] = name;
	return 0;
}

int settings_apply(struct options *o, struct settings *choice, enum option_id id,
		   const char *argument, struct error *why)
{
	uint64_t whole;

	switch (id) {
	case OPT_FAMILY4:
		choice->inet = true;
		break;
	case OPT_FAMILY6:
		choice->inet6 = true;
		break;
	case OPT_NET:
		return add_namespace(o, argument, why);
	case OPT_ALL_NETNS:
		o->all_namespaces = true;
		break;
	case OPT_IGNORED:
		break;
	case OPT_UNIX:
		o->unix_too = true;
		break;
	case OPT_GROUP:
		o->fold = true;
		break;
	case OPT_FULL:
		return parse_full(o, argument, why);
	case OPT_PROCESSES:
		o->processes = true;
		break;
	case OPT_EXTENDED:
		choice->extended = true;
		break;
	case OPT_DETAIL:
		o->detail = true;
		break;
	case OPT_OUTPUT:
		choice->list = argument;
		break;
	case OPT_OUTPUT_ALL:
		choice->all_columns = true;
		break;
	case OPT_LIST_COLUMNS:
		o->mode = MODE_LIST_COLUMNS;
		break;
	case OPT_RAW:
		o->raw = true;
		break;
	case OPT_SORT:
		return parse_sort(o, argument, why);
	case OPT_NO_HEADER:
		o->header = false;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_JSON_SCHEMA:
		o->mode = MODE_JSON_SCHEMA;
		break;
	case OPT_DELAY:
		if (parse_number("--delay", argument, 0, WINDOW_SECONDS_MAX, &o->delay, why) < 0)
			return -EINVAL;
		if (o->delay > 0 && o->delay < WINDOW_SECONDS_MIN)
			return error_set(why, -EINVAL, "--delay: %s is neither 0 nor at least %g",
					 argument, WINDOW_SECONDS_MIN);
		break;
	case OPT_WATCH:
		o->watch = true;
		break;
	case OPT_COUNT:
		choice->count = true;
		return parse_whole("--count", argument, 1, UINT32_MAX, &o->count, why);
	case OPT_TOP:
		o->top = true;
		break;
	case OPT_PEAK_RATE:
		return parse_number("--peak-rate", argument, 0, PEAK_RATE_MAX, &o->peak_rate, why);
	case OPT_RESOLVE:
		o->resolve = true;
		break;
	case OPT_OUTPUT_FILE:
		if (!*argument)
			return error_set(why, -EINVAL, "--output-file: the name is empty");
		o->output_file = argument;
		break;
	case OPT_COLOR:
		return parse_color(o, argument, why);
	case OPT_ASCII:
		o->ascii = true;
		break;
	case OPT_MOUSE:
		o->mouse = true;
		break;
	case OPT_WIDTH:
		if (parse_whole("--width", argument, 0, WIDTH_MAX, &whole, why) < 0)
			return -EINVAL;
		o->width = whole;
		break;
	case OPT_STRICT:
		o->strict = true;
		break;
	case OPT_HELP:
		o->mode = MODE_HELP;
		break;
	case OPT_VERSION:
		o->mode = MODE_VERSION;
		break;
	}
	return 0;
}

/* The interactive view is a format of its own, with a screen of its own. */
static int decide_top(const struct options *o, struct error *why)
{
	if (o->mouse && !o->top)
		return error_set(why, -EINVAL, "--mouse goes with --top");
	if (!o->top)
		return 0;
	if (o->json || o->watch || o->output_file)
		return error_set(why, -EINVAL,
				 "--top excludes --json, --watch, --count and --output-file");
	if (!o->header || o->strict || o->width != WIDTH_OF_TERMINAL)
		return error_set(why, -EINVAL, "--top excludes --no-header, --strict and --width");
	if (o->detail)
		return error_set(why, -EINVAL,
				 "--detail does not go with --top, where Enter shows what is in "
				 "the queues of a listener");
	if (o->delay <= 0)
		return error_set(why, -EINVAL, "--top needs a --delay above 0");
	return 0;
}

int settings_filter(struct options *o, char **words, int n, struct error *why)
{
	const struct filter_source source = field_filter_source(&o->filter_context);
	struct error what;
	int code;

	o->filter_context.users = &o->filter_users;
	strbuf_adds(&o->filter, "");
	for (int i = 0; i < n; i++)
		strbuf_addf(&o->filter, i ? " %s" : "%s", words[i]);
	code = filter_parse(o->filter.s, &source, &o->selection.filter, &what);
	/* "-f 90", which getopt takes for -f and a word */
	if (code < 0)
		error_set(why, code, "%s%s", what.text,
			  o->selection.only_full && !words[0][strspn(words[0], "0123456789.%")] ?
				  "; a threshold is glued on, as in -f90" :
				  "");
	return code;
}

int settings_decide(struct options *o, const struct settings *choice, struct error *why)
{
	struct error list;
	int code = 0;

	if (choice->inet != choice->inet6)
		o->family = choice->inet ? AF_INET : AF_INET6;
	o->selection.family = o->family;
	if (filter_family(o->selection.filter) != AF_UNSPEC)
		o->selection.family = filter_family(o->selection.filter);
	o->watch |= choice->count;
	if (o->watch && o->delay <= 0)
		return error_set(why, -EINVAL, "--watch and --count need a --delay above 0");
	if (o->json && (choice->list || choice->all_columns || choice->extended))
		return error_set(
			why, -EINVAL,
			"-o, -O and -e choose columns of the table; --json has every field");
	if (choice->list && choice->all_columns)
		return error_set(why, -EINVAL, "-o and -O exclude each other");
	if (o->all_namespaces && o->n_namespaces)
		return error_set(why, -EINVAL, "-N and -A exclude each other");
	if (decide_top(o, why) < 0)
		return -EINVAL;
	if (o->raw && o->mode != MODE_LIST_COLUMNS)
		return error_set(why, -EINVAL, "--raw goes with --list-columns");
	o->columns.top = o->top;
	o->columns.folded = o->fold;
	if (choice->all_columns)
		columns_all(&o->columns);
	else if (choice->list)
		code = columns_parse(&o->columns, choice->list, choice->extended, &list);
	else
		columns_default(&o->columns, choice->extended);
	if (code < 0)
		return error_set(why, code, "--output: %s", list.text);
	if (o->processes)
		columns_processes(&o->columns);
	if ((o->all_namespaces || o->n_namespaces > 1) && !o->columns.named)
		columns_put_before(&o->columns, FIELD_NAMESPACE, FIELD_LOCAL);
	return 0;
}
