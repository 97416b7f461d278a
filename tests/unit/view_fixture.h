/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_VIEW_FIXTURE_H
#define LISTENQ_TESTS_VIEW_FIXTURE_H

#include "scene.h"
#include "shown.h"
#include "unit.h"

#include "analyse/filter.h"
#include "output/fields.h"

/* What the tests of the list share: one list, at times that are told to it. */
#define SECOND NSEC_PER_SEC
#define START  (1000 * SECOND)
#define HELD   (START + SECOND) /* while a move at START holds the order */
#define LATER  (START + 60 * SECOND)

static struct scene scene;
static struct view view;
static struct columns columns;
static struct field_context context;

static int setup(void **state)
{
	(void)state;
	scene_open(&scene);
	columns = (struct columns){ .top = true };
	columns_default(&columns, false);
	view.columns = &columns;
	view.context = &context;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	filter_free(view.selection.filter);
	view_free(&view);
	scene_close(&scene);
	strbuf_free(&context.scratch);
	return 0;
}

/* What is shown of a sample. */
static void show(const char *listeners, uint64_t clock_ns)
{
	scene_sample(&scene, listeners);
	view_build(&view, &scene.before, &scene.now, clock_ns);
}

static void assert_shown(const char *expected)
{
	shown_assert(&view, expected);
}

static const struct field *named(const char *name)
{
	return field_find(name, strlen(name));
}

static void filter(const char *text, uint64_t clock_ns)
{
	const struct filter_source source = field_filter_source(&context);
	struct error why;

	filter_free(view.selection.filter);
	assert_int_equal(filter_parse(text, &source, &view.selection.filter, &why), 0);
	view_arrange(&view, clock_ns);
}

#define VIEW_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
