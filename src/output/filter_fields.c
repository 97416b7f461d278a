/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/filter_fields.h"

#include <string.h>

static enum filter_type type_of_text(const struct field *field)
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
	return field->type == FIELD_LIST || field->flags & FIELD_HAS_WORDS ? FILTER_WORDS :
									     FILTER_TEXT;
}

/* False for what only JSON has. */
static bool comparable(const struct field *field, enum filter_type *as)
{
	switch (field->type) {
	case FIELD_COUNT:
	case FIELD_RISE:
	case FIELD_ID:
		*as = FILTER_COUNT;
		return true;
	case FIELD_FACTOR:
	case FIELD_RATE:
	case FIELD_SECONDS:
		*as = FILTER_REAL;
		return true;
	case FIELD_RATIO:
		*as = FILTER_RATIO;
		return true;
	case FIELD_BOOL:
		*as = FILTER_BOOL;
		return true;
	case FIELD_TEXT:
	case FIELD_LIST:
		*as = type_of_text(field);
		return true;
	case FIELD_OWNERS:
	case FIELD_WAITING:
	case FIELD_HALF_OPEN:
		break;
	}
	return false;
}

/* The one name that is no column's: it is what ps(1) and /proc call the name of a process. */
static const struct field *find_field(const char *name, size_t len)
{
	const bool comm = len == strlen("comm") && !memcmp(name, "comm", len);

	return comm ? field_named("process") : field_find(name, len);
}

static const void *find(const char *name, size_t len, enum filter_type *type, unsigned int *needs)
{
	const struct field *field = find_field(name, len);

	if (!field || !comparable(field, type))
		return NULL;
	*needs = field->needs | field->asked;
	return field;
}

static void get(const void *field, const struct row *row, const struct report *report,
		void *context, struct filter_value *value)
{
	struct field_value v;

	field_get(field, row, report, context, &v);
	*value = (struct filter_value){ v.known, v.number, v.real, v.text, v.words, v.range };
}

struct filter_source filter_fields_source(struct field_context *context)
{
	return (struct filter_source){ find, field_nearest, get, context };
}
