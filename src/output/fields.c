/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/fields.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

/* Columns of ss(8) that its users type. They are no names here: in ss they mean other things too.
 */
static const struct {
	const char *name, *meant;
} ss_columns[] = {
	{ "recv-q", "length (QUEUED)" },
	{ "send-q", "limit (LIMIT)" },
};

/* Case does not matter, nor how the words of a name are joined. */
static char spelled(char c)
{
	return c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
}

/* Is all of @known at the front of @typed? Returns its length, or 0. */
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

static enum filter_type filter_type_of_text(const struct field *field)
{
	switch (field->terms) {
	case TERMS_STATES:
		return FILTER_STATE;
	case TERMS_REASONS:
		return FILTER_REASONS;
	case TERMS_ANY:
		break;
	}
	if (field->flags & FIELD_HAS_RANGE)
		return FILTER_RANGE;
	if (field->flags & FIELD_HAS_WORDS && field->order == ORDER_REAL)
		return FILTER_NUMBERS;
	return field->type == TYPE_LIST || field->flags & FIELD_HAS_WORDS ? FILTER_WORDS :
									    FILTER_TEXT;
}

/* False for what only JSON has. */
static bool find_filter_type(const struct field *field, enum filter_type *as)
{
	switch (field->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
	case TYPE_ID:
		*as = FILTER_COUNT;
		return true;
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		*as = FILTER_REAL;
		return true;
	case TYPE_RATIO:
		*as = FILTER_RATIO;
		return true;
	case TYPE_BOOL:
		*as = FILTER_BOOL;
		return true;
	case TYPE_TEXT:
	case TYPE_LIST:
		*as = filter_type_of_text(field);
		return true;
	case TYPE_OWNERS:
	case TYPE_WAITING:
	case TYPE_HALF_OPEN:
		break;
	}
	return false;
}

/* "comm" is the one name that no column has: ps(1) and /proc call the name of a process so. */
static const void *find_for_filter(const char *name, size_t len, enum filter_type *type,
				   unsigned int *needs)
{
	const bool comm = len == strlen("comm") && !memcmp(name, "comm", len);
	const struct field *field = comm ? &field_table[FIELD_PROCESS] : field_find(name, len);

	if (!field || !find_filter_type(field, type))
		return NULL;
	*needs = field->needs | field->asked;
	return field;
}

static void get_for_filter(const void *field, const struct row *row, const struct report *report,
			   void *context, struct filter_value *value)
{
	struct field_value v;

	field_get(field, row, report, context, &v);
	*value = (struct filter_value){ v.known, v.number, v.real, v.text, v.words, v.range };
}

bool field_is_number(const struct field *field)
{
	switch (field->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
	case TYPE_RATIO:
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		return true;
	case TYPE_TEXT:
		return field->flags & FIELD_HAS_RANGE;
	case TYPE_BOOL:
	case TYPE_ID:
	case TYPE_LIST:
	case TYPE_OWNERS:
	case TYPE_WAITING:
	case TYPE_HALF_OPEN:
		break;
	}
	return false;
}

const struct field *field_find(const char *name, size_t len)
{
	for (size_t i = 0; len && i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (f->name &&
		    (spells(f->name, name, len) == len || spells(f->header, name, len) == len ||
		     spells(f->brief, name, len) == len || is_json_name(f, name, len)))
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

void field_get(const struct field *field, const struct row *row, const struct report *report,
	       struct field_context *context, struct field_value *value)
{
	memset(value, 0, sizeof(*value));
	value->type = field->type;
	field->get(row, report, context, value);
}

struct filter_source field_filter_source(struct field_context *context)
{
	return (struct filter_source){ find_for_filter, field_nearest, get_for_filter, context };
}
