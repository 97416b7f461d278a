/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/row_text.h"

static struct scene scene;
static struct field_context fields;
static struct row_text t;
static struct strbuf b;

static int setup(void **state)
{
	scene_open(&scene);
	scene_add_both(&scene, 80);
	t = (struct row_text){ .row = scene_row(&scene, 80),
			       .report = &scene.report,
			       .fields = &fields,
			       .utf8 = true };
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	strbuf_free(&fields.scratch);
	strbuf_free(&b);
	scene = (struct scene){ 0 };
	return 0;
}

#define SECONDS(n)  ((n)*NSEC_PER_SEC)
#define BIT(reason) (1u << (reason))

/* What the columns say of each kind of memory. */
static void test_memory(void **state)
{
	static const struct {
		struct memory memory;
		const char *mark, *state, *since, *why;
	} cases[] = {
		{ { .kind = MEMORY_NONE, .state = STATE_OK }, ".", "ok", "", "" },
		{ { .kind = MEMORY_SICK,
		    .state = STATE_OVERFLOWING,
		    .reasons = BIT(REASON_NOT_ACCEPTING),
		    .lasted = { SECONDS(74), .known = true } },
		  "!!",
		  "overflowing",
		  "1m14s",
		  "not-accepting" },
		/* Its first window is the first one that is known. */
		{ { .kind = MEMORY_SICK,
		    .state = STATE_HIGH,
		    .lasted = { SECONDS(20), .known = true, .at_least = true } },
		  "~",
		  "high",
		  ">20s",
		  "" },
		{ { .kind = MEMORY_SICK, .state = STATE_FULL }, "!", "full", "-", "" },
		{ { .kind = MEMORY_HELD,
		    .state = STATE_SYN_FULL,
		    .reasons = BIT(REASON_SYN_FLOOD) | BIT(REASON_LIMIT_FROM_LISTEN),
		    .lasted = { SECONDS(3) + 400000000, .known = true },
		    .ago_ns = SECONDS(2) },
		  "!",
		  "syn-full",
		  "3s",
		  "syn-flood +1" },
		{ { .kind = MEMORY_WAS,
		    .state = STATE_OVERFLOWING,
		    .lasted = { SECONDS(35), .known = true },
		    .ago_ns = SECONDS(12),
		    .overflows = { 4100, 4100, true } },
		  "v",
		  "was !!",
		  "-12s",
		  "recovered 35s +4100" },
		{ { .kind = MEMORY_WAS,
		    .state = STATE_HIGH,
		    .lasted = { SECONDS(8), .known = true },
		    .ago_ns = SECONDS(145) },
		  "v",
		  "was ~",
		  "-2m25s",
		  "recovered 8s" },
		{ { .kind = MEMORY_GONE, .state = STATE_STALLED, .ago_ns = SECONDS(227) },
		  "x",
		  "gone",
		  "-3m47s",
		  "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		t.memory = cases[i].memory;
		strbuf_adds(&b, "");
		b.s[b.len = 0] = '\0';
		row_text_mark(&b, &t);
		assert_string_equal(b.s, cases[i].mark);
		b.s[b.len = 0] = '\0';
		row_text_state(&b, &t, 11, true, false);
		assert_string_equal(b.s, cases[i].state);
		b.s[b.len = 0] = '\0';
		row_text_since(&b, &t);
		assert_string_equal(b.s, cases[i].since);
		b.s[b.len = 0] = '\0';
		row_text_why(&b, &t, 22);
		assert_string_equal(b.s, cases[i].why);
	}
}

/* Where no column says when it was, the state does, as exactly as it has room. */
static void test_was_when(void **state)
{
	static const struct {
		uint64_t ago_ns;
		const char *text;
	} cases[] = {
		{ SECONDS(1), "was !! -1s" },	{ SECONDS(59), "was !! -59s" },
		{ SECONDS(60), "was !! -1m" },	{ SECONDS(145), "was !! -2m" },
		{ SECONDS(299), "was !! -4m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		t.memory = (struct memory){ .kind = MEMORY_WAS,
					    .state = STATE_OVERFLOWING,
					    .ago_ns = cases[i].ago_ns };
		b.len = 0;
		row_text_state(&b, &t, 11, true, true);
		assert_string_equal(b.s, cases[i].text);
	}
}

/* Whole words; how many more there are; the first one in any case. */
static void test_reasons(void **state)
{
	static const struct {
		size_t width;
		const char *text;
	} cases[] = {
		{ 60, "not-accepting,dead-clients,limit-from-listen" },
		{ 44, "not-accepting,dead-clients,limit-from-listen" },
		{ 43, "not-accepting,dead-clients +1" },
		{ 29, "not-accepting,dead-clients +1" },
		{ 28, "not-accepting +2" },
		{ 16, "not-accepting +2" },
		{ 15, "not-accepting" },
		{ 5, "not-accepting" },
	};

	t.memory =
		(struct memory){ .kind = MEMORY_SICK,
				 .state = STATE_FULL,
				 .reasons = BIT(REASON_NOT_ACCEPTING) | BIT(REASON_DEAD_CLIENTS) |
					    BIT(REASON_LIMIT_FROM_LISTEN) };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		row_text_why(&b, &t, cases[i].width);
		assert_string_equal(b.s, cases[i].text);
	}
}

static void test_recovered(void **state)
{
	static const struct {
		struct range overflows, losses;
		size_t width;
		const char *text;
	} cases[] = {
		{ { 4100, 4100, true }, { 0 }, 40, "recovered 35s, 4100 overflows" },
		{ { 4100, 4100, true }, { 0 }, 28, "recovered 35s +4100" },
		{ { 4100, 4100, true }, { 0 }, 18, "recovered 35s" },
		{ { 4100, 4100, true }, { 0 }, 12, "recovered" },
		{ { 10, 4100, true }, { 0 }, 40, "recovered 35s, 10..4100 overflows" },
		{ { 0, 0, true }, { 7, 7, true }, 40, "recovered 35s, 7 losses" },
		{ { 0, 0, true }, { 0, 0, true }, 40, "recovered 35s" },
		{ { 0 }, { 0 }, 40, "recovered 35s" },
		{ { 1234567, 1234567, true }, { 0 }, 22, "recovered 35s +1234k" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		t.memory = (struct memory){ .kind = MEMORY_WAS,
					    .state = STATE_OVERFLOWING,
					    .lasted = { SECONDS(35), .known = true },
					    .overflows = cases[i].overflows,
					    .losses = cases[i].losses };
		b.len = 0;
		row_text_why(&b, &t, cases[i].width);
		assert_string_equal(b.s, cases[i].text);
	}
}

static void test_gone(void **state)
{
	t.memory = (struct memory){ .kind = MEMORY_GONE,
				    .state = STATE_OVERFLOWING,
				    .ago_ns = SECONDS(227) };
	for (size_t width = 0; width <= 30; width++) {
		b.len = 0;
		row_text_gone(&b, &t, width, true);
		assert_string_equal(b.s, width >= 22 ? "was overflowing -3m47s" :
					 width >= 15 ? "was overflowing" :
					 width >= 11 ? "gone -3m47s" :
						       "gone");
	}
	b.len = 0;
	row_text_gone(&b, &t, 30, false);
	assert_string_equal(b.s, "was overflowing");
}

/* Never more than the column has, and never another number than it is. */
static void test_length_of_capacity(void **state)
{
	static const struct {
		uint64_t n, of;
		size_t width;
		const char *text;
	} cases[] = {
		{ 51, 51, 9, "51/51" },
		{ 4096, 4097, 9, "4096/4097" },
		{ 65536, 65536, 9, "65k/65k" },
		{ 999, 65536, 9, "999/65536" },
		{ 1000, 65536, 9, "1k/65k" },
		{ 0, 4294967296, 9, "0/4294M" },
		{ 4096, 4097, 7, "4k/4k" },
		{ 0, 4097, 7, "0/4097" },
		{ 4294967295, 4294967296, 12, "4294M/4294M" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		row_text_of(&b, cases[i].n, cases[i].of, cases[i].width);
		assert_string_equal(b.s, cases[i].text);
	}
}

/* At most so many where it is not certain how many overflowed; unknown is not 0. */
static void test_rate(void **state)
{
	static const struct {
		struct range overflows;
		const char *utf8, *ascii;
	} cases[] = {
		{ { 0 }, "-", "-" },
		{ { 0, 0, true }, "0", "0" },
		{ { 172, 172, true }, "172", "172" },
		{ { 0, 40, true }, "≤40", "<=40" },
		{ { 170, 196, true }, "≤196", "<=196" },
		{ { 0, 3000, true }, "≤3000", "<=3000" },
		/* The same number in few characters. */
		{ { 250000001, 250000002, true }, "250M", "250M" },
	};
	struct row_window window = *t.row->window;
	struct row row = *t.row;

	row.window = &window;
	t.row = &row;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int ascii = 0; ascii <= 1; ascii++) {
			window.overflows = cases[i].overflows;
			t.utf8 = !ascii;
			b.len = 0;
			row_text_rate(&b, &t);
			assert_string_equal(b.s, ascii ? cases[i].ascii : cases[i].utf8);
		}
	row.gone = true;
	b.len = 0;
	row_text_rate(&b, &t);
	assert_string_equal(b.s, "-");
}

static void test_cuts(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *end, *begin;
	} cases[] = {
		{ "/run/a.sock", 11, "/run/a.sock", "/run/a.sock" },
		{ "/run/a.sock", 10, "/run/a.so…", "…un/a.sock" },
		{ "größer", 4, "grö…", "…ßer" },
		{ "漢字漢", 5, "漢字…", "…字漢" },
		{ "漢字漢", 4, "漢…", "…漢" },
		{ "ab", 1, "…", "…" },
		{ "", 0, "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		strbuf_adds(&b, cases[i].text);
		row_text_cut_end(&b, cases[i].width, true);
		assert_string_equal(b.s, cases[i].end);
		b.len = 0;
		strbuf_adds(&b, cases[i].text);
		row_text_cut_begin(&b, cases[i].width, true);
		assert_string_equal(b.s, cases[i].begin);
	}
}

#define TEXT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEXT_TEST(test_memory),	 TEXT_TEST(test_was_when),
		TEXT_TEST(test_reasons), TEXT_TEST(test_recovered),
		TEXT_TEST(test_gone),	 TEXT_TEST(test_length_of_capacity),
		TEXT_TEST(test_rate),	 TEXT_TEST(test_cuts),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("row_text", tests, NULL, NULL);
}
