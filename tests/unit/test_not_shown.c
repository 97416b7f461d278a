/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/not_shown.h"
#include "output/footer.h"

/* Two samples a second apart, and what is said of what they do not show. */
static struct scene scene;
static struct strbuf b;

static int setup(void **state)
{
	scene_open(&scene);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	strbuf_free(&b);
	return 0;
}

/* An accept queue that has not been seen to get shorter for so long. */
static void add_unix(uint64_t cookie, uint32_t length, uint32_t limit, uint64_t ns)
{
	struct snapshot *s = &scene.now;

	s->unix_queues = array_grow(s->unix_queues, s->n_unix_queues, &s->unix_queues_size,
				    sizeof(*s->unix_queues));
	s->unix_queues[s->n_unix_queues++] = (struct unix_queue){
		.cookie = cookie, .since_ns = s->monotonic_ns - ns, .length = length, .limit = limit
	};
	s->known |= SNAPSHOT_UNIX_QUEUES;
}

static void add_other(struct snapshot *s, uint64_t identity, uint64_t overflows)
{
	s->others = array_grow(s->others, s->n_others, &s->others_size, sizeof(*s->others));
	s->others[s->n_others++] = (struct other_netns){ identity, overflows };
	s->n_others_found++;
	s->known |= SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL;
}

static void add_both(uint64_t identity, uint64_t before, uint64_t now)
{
	add_other(&scene.before, identity, before);
	add_other(&scene.now, identity, now);
}

/* Cuts both samples, of which some others were found and not read. */
static void cut(uint32_t known, uint32_t more)
{
	scene.before.known |= SNAPSHOT_OTHERS;
	scene.now.known |= SNAPSHOT_OTHERS | known;
	scene.now.n_others_found += more;
}

static const struct not_shown *find(void)
{
	scene_report(&scene);
	return &scene.report.not_shown;
}

static void assert_words(const char *expected)
{
	b.len = 0;
	strbuf_adds(&b, "");
	assert_int_equal(footer_add_not_shown(&b, find()), *expected != '\0');
	assert_string_equal(b.s, expected);
}

static void assert_known(struct opt_u64 number, uint64_t value)
{
	assert_true(number.known);
	assert_u64_equal(number.value, value);
}

static void test_unknown(void **state)
{
	const struct not_shown *e = find();

	assert_false(e->unix_listeners.known || e->unix_full.known || e->unix_stalled.known);
	assert_false(e->namespaces.known || e->looked_at.known || e->overflowing.known);
	assert_words("");
}

static void test_shown(void **state)
{
	const struct not_shown *e;

	scene.now.known |= SNAPSHOT_UNIX | SNAPSHOT_ALL_NETNS;
	e = find();
	assert_known(e->unix_listeners, 0);
	assert_known(e->unix_stalled, 0);
	assert_known(e->unix_full, 0);
	assert_known(e->namespaces, 0);
	assert_known(e->looked_at, 0);
	assert_known(e->overflowing, 0);
	assert_words("");
}

static void test_unix_full(void **state)
{
	add_unix(1, 1, 1, 0);
	scene.now.n_unix = 12;
	assert_known(find()->unix_listeners, 12);
	assert_words("");
	add_unix(2, 2, 1, 0);
	assert_words("1 UNIX listener is full (-x shows it)");
	add_unix(3, 6, 5, 9 * NSEC_PER_SEC);
	assert_words("2 UNIX listeners are full (-x shows them)");
	assert_known(find()->unix_full, 2);
	assert_known(find()->unix_stalled, 0);
}

static void test_unix_stalled(void **state)
{
	add_unix(1, 1, 5, 3 * NSEC_PER_SEC - 1);
	assert_words("");
	add_unix(2, 1, 5, 3 * NSEC_PER_SEC);
	assert_words("1 UNIX listener is stalled (-x shows it)");
	add_unix(3, 6, 5, 0);
	assert_words("1 UNIX listener is full, 1 is stalled (-x shows them)");
	add_unix(4, 1, 5, 4 * NSEC_PER_SEC);
	assert_words("1 UNIX listener is full, 2 are stalled (-x shows them)");
}

static void test_overflowing(void **state)
{
	add_both(10, 5, 5);
	add_both(11, 0, 0);
	assert_known(find()->namespaces, 2);
	assert_known(find()->looked_at, 2);
	assert_known(find()->overflowing, 0);
	assert_words("");
	add_both(12, 7, 8);
	assert_words("1 other namespace overflows (-A shows it)");
	add_both(13, 0, 3);
	assert_words("2 other namespaces overflow (-A shows them)");
	add_unix(1, 2, 1, 0);
	assert_words("1 UNIX listener is full (-x shows it); "
		     "2 other namespaces overflow (-A shows them)");
}

/* Namespaces come and go; one of them may have the identity of one that has ended. */
static void test_come_and_go(void **state)
{
	add_other(&scene.before, 10, 5);
	add_both(11, 1, 1);
	add_other(&scene.now, 12, 9);
	assert_known(find()->looked_at, 1);
	assert_words("");
	add_both(13, 9, 2);
	assert_known(find()->looked_at, 2);
	assert_known(find()->namespaces, 3);
	assert_words("1 other namespace overflows (-A shows it)");
	scene.now.others[scene.now.n_others - 1].overflows = 0;
	assert_words("");
}

static void test_no_window(void **state)
{
	add_other(&scene.now, 10, 5);
	report_build(&scene.report, NULL, &scene.now);
	assert_known(scene.report.not_shown.namespaces, 1);
	assert_false(scene.report.not_shown.looked_at.known);
	assert_false(scene.report.not_shown.overflowing.known);
}

static void test_not_all(void **state)
{
	add_both(10, 5, 5);
	cut(SNAPSHOT_OTHERS_CUT, 3);
	assert_words("3 of 4 other namespaces (-A looks at all)");
	scene.now.known &= ~(uint32_t)SNAPSHOT_OTHERS_ALL;
	assert_words("all but 1 of the other namespaces");
	assert_false(find()->namespaces.known);
	/* Processes that may not be seen are no news of their own. */
	scene.now.known &= ~(uint32_t)SNAPSHOT_OTHERS_CUT;
	assert_words("");
	add_both(11, 5, 6);
	scene.now.known &= ~(uint32_t)SNAPSHOT_OTHERS_ALL;
	assert_words("1 other namespace overflows (-A shows it); "
		     "all but 2 of the other namespaces");
}

/* It stands before what is said of this namespace, and not where all is well. */
static void test_footer(void **state)
{
	static const char calm[] = "No counter of the listen queues of this namespace moved in ";
	static const char sick[] = "Not looked at: 1 UNIX listener is full (-x shows it); 1 other "
				   "namespace overflows (-A shows it).\n";
	const char *none = NULL;
	const struct footer footer = { .report = &scene.report, .selectors = &none };

	scene_report(&scene);
	footer_add(&b, &footer);
	assert_memory_equal(b.s, calm, strlen(calm));
	add_unix(1, 2, 1, 0);
	add_both(12, 7, 8);
	scene_report(&scene);
	b.len = 0;
	footer_add(&b, &footer);
	assert_memory_equal(b.s, sick, strlen(sick));
	assert_memory_equal(b.s + strlen(sick), calm, strlen(calm));
}

/* A counter has 64 bits, and rises. */
static void test_huge(void **state)
{
	const char *none = NULL;
	const struct footer footer = { .report = &scene.report, .selectors = &none };

	scene_overflow(&scene, UINT64_MAX - 100);
	scene_report(&scene);
	footer_add(&b, &footer);
	assert_non_null(strstr(b.s, "  ListenOverflows            +18446744073709551515  SYNs"));
	scene_overflow(&scene, 7);
	scene_report(&scene);
	b.len = 0;
	footer_add(&b, &footer);
	assert_non_null(strstr(b.s, "  ListenOverflows                  +7  SYNs"));
}

#define NOT_SHOWN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOT_SHOWN_TEST(test_unknown),	  NOT_SHOWN_TEST(test_shown),
		NOT_SHOWN_TEST(test_unix_full),	  NOT_SHOWN_TEST(test_unix_stalled),
		NOT_SHOWN_TEST(test_overflowing), NOT_SHOWN_TEST(test_come_and_go),
		NOT_SHOWN_TEST(test_no_window),	  NOT_SHOWN_TEST(test_not_all),
		NOT_SHOWN_TEST(test_footer),	  NOT_SHOWN_TEST(test_huge),
	};

	return cmocka_run_group_tests_name("not_shown", tests, NULL, NULL);
}
