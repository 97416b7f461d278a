/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "output/perfdata.h"

static struct perfdata p;

static int teardown(void **state)
{
	perfdata_free(&p);
	memset(&p, 0, sizeof(p));
	return 0;
}

/* Adds a label with the value 1 and returns it. */
static const char *label_of(const char *name)
{
	if (!perfdata_begin(&p, name, 1, 4000))
		return NULL;
	strbuf_adds(&p.text, "1");
	return p.labels[p.n - 1];
}

static void test_labels(void **state)
{
	assert_string_equal(label_of("127.0.0.1:8080"), "127.0.0.1:8080");
	assert_string_equal(label_of("[::]:443"), "[::]:443");
	assert_string_equal(label_of("/run/app.sock"), "/run/app.sock");
	assert_string_equal(label_of("192.168.100.1:65535"), "192.168.100.1:65535");
	assert_string_equal(p.text.s, "'127.0.0.1:8080'=1 '[::]:443'=1 '/run/app.sock'=1 "
				      "'192.168.100.1:65535'=1");
}

/* Unique in 19 characters, the same in each run, and the port stays. */
static void test_long(void **state)
{
	const char *a = label_of("255.255.255.255:65535"), *b = label_of("255.255.255.255:65534");

	assert_int_equal(strlen(a), PERFDATA_LABEL);
	assert_string_equal(a + 7, "55.255:65535");
	assert_int_equal(a[6], '~');
	assert_true(strcmp(a, b) != 0);
	assert_string_equal(label_of("/run/very/long/directory/of/an/application/one.sock"),
			    "c7a373~ion/one.sock");
}

static void test_hostile(void **state)
{
	static const char *const names[] = { "a b",	 "a=b", "a'b",	    "a|b", "a\nb", "a\"b",
					     "\xff\xfe", "",	"\xc3\xa4", "a;b", "a\\b" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *label = label_of(names[i]);

		assert_non_null(label);
		assert_int_equal(label[6], '~');
		for (const char *c = label; *c; c++)
			assert_true(*c > ' ' && *c < 0x7f && !strchr("'=|\"\\;", *c));
	}
}

static void test_twice(void **state)
{
	assert_non_null(label_of("127.0.0.1:80"));
	assert_null(label_of("127.0.0.1:80"));
	assert_u64_equal(p.left_out, 1);
	assert_string_equal(p.text.s, "'127.0.0.1:80'=1");
}

static void test_bounds(void **state)
{
	char name[16];

	for (int i = 0; i < PERFDATA_MAX + 5; i++) {
		snprintf(name, sizeof(name), "*:%d", i);
		label_of(name);
	}
	assert_u64_equal(p.n, PERFDATA_MAX);
	assert_u64_equal(p.left_out, 5);
	assert_false(perfdata_begin(&p, "x", 1, p.text.len + 5));
	teardown(NULL);
	/* A label, its quotes, "=" and the value, with no blank before the first one. */
	assert_false(perfdata_begin(&p, "x:1", 4, 10));
	assert_true(perfdata_begin(&p, "x:1", 3, 10));
	assert_u64_equal(p.text.len, strlen("'x:1'="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_labels, teardown),
		cmocka_unit_test_teardown(test_long, teardown),
		cmocka_unit_test_teardown(test_hostile, teardown),
		cmocka_unit_test_teardown(test_twice, teardown),
		cmocka_unit_test_teardown(test_bounds, teardown),
	};

	return cmocka_run_group_tests_name("perfdata", tests, NULL, NULL);
}
