/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <unistd.h>

static void test_set(void **state)
{
	struct error why;
	char text[sizeof(why.text) + 1];

	assert_int_equal(error_set(&why, -EIO, "%s: %d", "x", 7), -EIO);
	assert_string_equal(why.text, "x: 7");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&why, -EIO, "%s", text);
	assert_u64_equal(strlen(why.text), sizeof(why.text) - 1);
}

static uid_t user;

uid_t geteuid(void)
{
	return user;
}

/* Root is not sent for a privilege that it has. */
static void test_advice(void **state)
{
	assert_string_equal(error_advice(-EMFILE), "; raise 'ulimit -n'");
	assert_non_null(strstr(error_advice(-ENFILE), "fs.file-max"));
	assert_string_equal(error_advice(-EIO), "");
	assert_string_equal(error_advice(0), "");
	user = 1000;
	assert_string_equal(error_advice(-EPERM), "; that takes more privilege");
	assert_string_equal(error_advice(-EACCES), "; that takes more privilege");
	user = 0;
	assert_non_null(strstr(error_advice(-EPERM), "even to root"));
	assert_non_null(strstr(error_advice(-EACCES), "even to root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
