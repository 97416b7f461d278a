/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/fields.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

_Static_assert(sizeof(struct field_value) <= 64, "zeroed quickly, see fields.h");

/* Columns of ss(8). They are no names here, because in ss they also mean other things. */
static const struct {
	const char *name, *meant;
} ss_columns[] = {
	{ "recv-q", "length (QUEUED)" },
	{ "send-q", "limit (LIMIT)" },
};

/* How a filter compares each type; see filter_type() for texts and lists. */
static const enum filter_type filter_types[] = {
	[TYPE_COUNT] = FILTER_COUNT, [TYPE_RISE] = FILTER_COUNT, [TYPE_RATIO] = FILTER_RATIO,
	[TYPE_FACTOR] = FILTER_REAL, [TYPE_RATE] = FILTER_REAL,	 [TYPE_SECONDS] = FILTER_REAL,
	[TYPE_BOOL] = FILTER_BOOL,   [TYPE_ID] = FILTER_COUNT,	 [TYPE_TEXT] = FILTER_TEXT,
	[TYPE_LIST] = FILTER_WORDS,
};

/* Names match without regard to case and to how their words are joined. */
static char spelled(char c)
{
	return c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
}

/* Returns the length of @known if @typed begins with it, else 0. */
static size_t spells(const char *known, const char *typed, size_t len)
{
	size_t n = 0;

	while (known && known[n] && n < len && spelled(known[n]) == spelled(typed[n]))
		n++;
	return known && !known[n] ? n : 0;
}

static bool is_json_name(const struct field *f, const char *name, size_t len)
{
	size_t n = spells(f->object, name, len);

	if (!f->key || (f->object && (!n || n == len || name[n++] != '.')))
		return false;
	return n < len && n + spells(f->key, name + n, len - n) == len;
}

static enum filter_type filter_type(const struct field *field)
{
	if (field->terms == TERMS_STATES)
		return FILTER_STATE;
	if (field->terms == TERMS_REASONS)
		return FILTER_REASONS;
	if (field->flags & FIELD_HAS_RANGE)
		return FILTER_RANGE;
	if (field->flags & FIELD_HAS_WORDS)
		return field->order == ORDER_REAL ? FILTER_NUMBERS : FILTER_WORDS;
	return filter_types[field->type];
}

/* "comm" is an alias of the column process, from ps(1) and /proc. */
static const void *find_for_filter(const char *name, size_t len, enum filter_type *type,
				   unsigned int *needs)
{
	const bool comm = len == strlen("comm") && !memcmp(name, "comm", len);
	const struct field *field = comm ? &field_table[FIELD_PROCESS] : field_find(name, len);

	if (!field)
		return NULL;
	*type = filter_type(field);
	*needs = field->needs | field->asked;
	return field;
}

static void get_for_filter(const void *field, const struct row *row, const struct report *report,
			   void *context, struct filter_value *value)
{
	struct field_value v;

	field_get(field, row, report, context, &v);
	*value = (struct filter_value){ v.known, v.number, v.real, v.own ? OWN_NETNS : v.text,
					v.words, v.range };
}

bool field_is_number(const struct field *field)
{
	return field->type <= TYPE_SECONDS || field->flags & FIELD_HAS_RANGE;
}

const struct field *field_find(const char *name, size_t len)
{
	for (size_t i = 0; len && i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (f->name && (spells(f->name, name, len) == len ||
				spells(f->header, name, len) == len || is_json_name(f, name, len)))
			return f;
	}
	return NULL;
}

const char *field_nearest(const char *name, size_t len)
{
	struct nearest nearest = { .word = name, .len = len };

	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name) {
			nearest_offer(&nearest, field_table[i].name);
			nearest_offer(&nearest, field_table[i].header);
		}
	for (size_t i = 0; len && !nearest.best && i < ARRAY_SIZE(ss_columns); i++)
		if (spells(ss_columns[i].name, name, len) == len)
			return ss_columns[i].meant;
	return nearest.best;
}

void field_add_name(struct strbuf *to, const char *name)
{
	if (*name && strcmp(name, FIELD_NOBODY) != 0 && strcmp(name, "-") != 0 &&
	    !name[strcspn(name, ",\"")]) {
		strbuf_adds(to, name);
		return;
	}
	strbuf_putc(to, '"');
	for (; *name; name++)
		strbuf_addc(to, *name, *name == '"' ? 2 : 1);
	strbuf_putc(to, '"');
}

struct filter_source field_filter_source(struct field_context *context)
{
	return (struct filter_source){ find_for_filter, field_nearest, get_for_filter, context };
}
