/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/nearest.h"

static const char *nearest_of(const char *typed)
{
	static const char *const list[] = { "state", "length", "limit",	      "fill",
					    "full",  "uid",    "drops-delta", "overflows" };
	struct nearest nearest = { .word = typed, .len = strlen(typed) };

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		nearest_offer(&nearest, list[i]);
	return nearest.best ? nearest.best : "";
}

static void test_near(void **state)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{ "stat", "state" }, /* one is missing */
		{ "states", "state" }, /* one too many */
		{ "stake", "state" }, /* one is wrong */
		{ "lenght", "length" }, /* two are swapped */
		{ "legnth", "length" },
		{ "LENGHT", "length" },
		{ "ful", "full" }, /* nearer than fill, which has two */
		{ "overf", "overflows" }, /* what begins so */
		{ "drop-dleta", "drops-delta" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(nearest_of(cases[i].typed), cases[i].meant);
}

/* What is half wrong is another word. */
static void test_far(void **state)
{
	static const char *const typed[] = {
		"",
		"u",
		"ui",
		"ab",
		"squid",
		"nginx",
		"php",
		"node",
		"statistics",
		"bcklog",
		"a-word-that-is-longer-than-any-name-there-is-and-nearer-to-none",
	};

	for (size_t i = 0; i < ARRAY_SIZE(typed); i++)
		assert_string_equal(nearest_of(typed[i]), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_far),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
