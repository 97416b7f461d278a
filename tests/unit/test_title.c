/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/groups.h"
#include "top/title.h"

static struct snapshot sample;
static struct netns ns;
static struct netns_report netns;
static struct report report;
static struct census census;
static struct title title;
static struct strbuf b;
static size_t mode;

/* A window of one second at 14:35:27 in which nothing happened. */
static int setup(void **state)
{
	ns = (struct netns){ .name = NULL };
	sample = (struct snapshot){ .wall.tv_sec = 14 * 3600 + 35 * 60 + 27 };
	strcpy(sample.host, "web3");
	netns = (struct netns_report){ .netns = &ns,
				       .delta[COUNTER_LISTEN_OVERFLOWS].known = true };
	report = (struct report){
		.snapshot = &sample, .window_ns = NSEC_PER_SEC, .netns = &netns, .n_netns = 1
	};
	census = (struct census){ .worst = SEVERITY_NONE };
	title = (struct title){
		.report = &report, .census = &census, .delay = 1, .cpu_share = 0.012, .utf8 = true
	};
	return 0;
}

static int teardown(void **state)
{
	strbuf_free(&b);
	return 0;
}

static enum severity compose(size_t width)
{
	b.len = 0;
	return title_compose(&b, &title, width, &mode);
}

static void assert_title(size_t width, enum severity severity, const char *expected)
{
	assert_int_equal(compose(width), severity);
	assert_string_equal(b.s, expected);
}

static void assert_has(size_t width, const char *text)
{
	compose(width);
	if (!strstr(b.s, text))
		fail_msg("no '%s' in %zu columns: '%s'", text, width, b.s);
}

static void assert_lacks(size_t width, const char *text)
{
	compose(width);
	if (strstr(b.s, text))
		fail_msg("'%s' in %zu columns: '%s'", text, width, b.s);
}

static void set_sick(enum state state, size_t n)
{
	census.sick += n - census.in[state];
	census.in[state] = n;
	if (census_is_worse(state_table[state].severity, census.worst))
		census.worst = state_table[state].severity;
}

static void set_not_shown(uint64_t unix_full, uint64_t overflowing)
{
	report.not_shown.unix_full = (struct opt_u64){ unix_full, true };
	report.not_shown.overflowing = (struct opt_u64){ overflowing, true };
}

static void set_mock_up(void)
{
	set_sick(STATE_OVERFLOWING, 2);
	set_sick(STATE_SYN_FULL, 1);
	census.recovered = 1;
	census.ok = 16;
}

static void test_all_are_well(void **state)
{
	census.ok = 16;
	assert_title(
		80, SEVERITY_NONE,
		" listenq web3   all 16 TCP listeners here are well     every 1s  14:35:27Z LIVE ");
	assert_title(
		140, SEVERITY_NONE,
		" listenq web3   all 16 TCP listeners here are well                              "
		"                         every 1s  cpu 1.2%  14:35:27Z LIVE ");
	assert_title(20, SEVERITY_NONE, " web3   16 ok  LIVE ");
	sample.known = SNAPSHOT_UNIX | SNAPSHOT_ALL_NETNS;
	assert_has(80, "all 16 listeners are well");
	census.ok = 1;
	assert_has(80, "the listener is well");
	census.ok = 0;
	assert_has(80, "no listener");
	assert_lacks(80, "well");
}

static void test_counts(void **state)
{
	set_mock_up();
	assert_title(
		80, SEVERITY_CRITICAL,
		" listenq web3  2 overflowing  1 syn-full  1 recovered  16 ok     14:35:27Z LIVE ");
	assert_title(60, SEVERITY_CRITICAL,
		     " web3  2 overflowing  1 syn-full  1 recovered  16 ok   LIVE ");
	assert_title(40, SEVERITY_CRITICAL, " 2 overflowing  1 syn-full  1 recovered ");
	assert_title(20, SEVERITY_CRITICAL, " 2 overflowing +1   ");
}

/* In every width the counts of the sick add up, and no line is longer than the screen. */
static void test_widths(void **state)
{
	unsigned int total = 0;

	unit_random_seed(1);
	for (unsigned int round = 0; round < 3000; round++) {
		size_t width = 20 + unit_random_below(281), sum = 0;
		unsigned int kinds = unit_random_below(5);
		char text[32];

		setup(NULL);
		for (unsigned int i = 0; i < kinds; i++)
			set_sick(unit_random_below(STATE_OK), 1 + unit_random_below(99));
		census.recovered = unit_random_below(3);
		census.gone = unit_random_below(3);
		census.ok = unit_random_below(200);
		set_not_shown(unit_random_below(3), unit_random_below(3));
		sample.n_warnings = unit_random_below(3);
		netns.unattributed_overflows.value = unit_random_below(2) * 12;
		title.paused = unit_random_below(2);
		title.not_recorded = unit_random_below(2);
		title.age_ns = 72 * NSEC_PER_SEC;
		compose(width);
		if (text_width(b.s, b.len) != width)
			fail_msg("%zu columns, not %zu: '%s'", text_width(b.s, b.len), width, b.s);
		if (title.paused)
			assert_non_null(strstr(b.s + b.len - mode, "PAUSED"));
		for (unsigned int i = 0; i < STATE_OK; i++) {
			snprintf(text, sizeof(text), "%zu %s", census.in[i], state_table[i].name);
			sum += census.in[i] && strstr(b.s, text) ? census.in[i] : 0;
		}
		/* "+7" is not that of what is not shown, which has a word behind it. */
		for (const char *p = b.s; (p = strstr(p, " +"));) {
			char *end;
			unsigned long n = strtoul(p + 2, &end, 10);

			sum += !strncmp(end, " UNIX", 5) || !strncmp(end, " netns", 6) ? 0 : n;
			p = end;
		}
		snprintf(text, sizeof(text), "%zu sick", census.sick);
		if (strstr(b.s, text))
			sum = census.sick;
		if (sum != census.sick)
			fail_msg("%zu of %zu sick in '%s'", sum, census.sick, b.s);
		total += census.sick != 0;
	}
	assert_true(total > 1000);
}

/* A service that crashed is not "all are well". */
static void test_gone(void **state)
{
	census.gone = 1;
	census.ok = 15;
	census.worst = SEVERITY_GONE;
	for (size_t width = 20; width < 200; width++) {
		assert_has(width, "1 gone");
		assert_lacks(width, "well");
	}
	assert_int_equal(compose(80), SEVERITY_GONE);
	assert_has(80, "15 ok");
}

static void test_overflows_of_nobody(void **state)
{
	census.ok = 5;
	netns.delta[COUNTER_LISTEN_OVERFLOWS].value = 12;
	assert_int_equal(compose(80), SEVERITY_WARNING);
	assert_has(80, "12 overflows on an unknown listener");
	assert_has(20, "12 overflows");
	for (size_t width = 20; width < 200; width++) {
		assert_lacks(width, "well");
		assert_lacks(width, " ok");
	}
	census.gone = 1;
	assert_has(100, "12 overflows on a gone or unknown listener");
	/* Beside a sick one only those that it cannot account for. */
	set_sick(STATE_FULL, 1);
	assert_lacks(100, "overflows");
	netns.unattributed_overflows.value = 1;
	assert_has(100, "1 overflow on a gone or unknown listener");
	assert_int_equal(compose(100), SEVERITY_WARNING);
}

/* A counter that is unknown may have counted overflows. */
static void test_unknown_counter(void **state)
{
	census.ok = 5;
	netns.delta[COUNTER_LISTEN_OVERFLOWS].known = false;
	assert_lacks(140, "well");
	assert_has(140, "5 ok");
}

static void test_not_shown(void **state)
{
	census.ok = 16;
	set_not_shown(1, 0);
	assert_int_equal(compose(80), SEVERITY_WARNING);
	assert_has(120, "all 16 TCP listeners here are well   NOT SHOWN: 1 UNIX full (x)");
	assert_has(40, "1 UNIX full (x)");
	assert_has(20, "+1 UNIX (x)");
	set_not_shown(0, 1);
	assert_has(120, "NOT SHOWN: 1 namespace overflows (-A)");
	set_not_shown(1, 2);
	report.not_shown.unix_stalled = (struct opt_u64){ 3, true };
	assert_has(140, "NOT SHOWN: 1 UNIX full, 3 stalled (x), 2 namespaces overflow (-A)");
	assert_has(40, "+4 UNIX (x) +2 netns (-A)");
	/* Also beside what is sick, on a screen of 80 columns. */
	set_mock_up();
	assert_has(80, "2 overflowing");
	assert_has(80, "1 syn-full");
	assert_has(80, "UNIX");
	assert_has(80, "(-A)");
	assert_int_equal(compose(80), SEVERITY_CRITICAL);
}

/* The first report has no window: it says nothing that the second one revokes. */
static void test_first_window(void **state)
{
	census.ok = 16;
	report.window_ns = 0;
	netns.delta[COUNTER_LISTEN_OVERFLOWS].known = false;
	for (size_t width = 20; width < 200; width++) {
		assert_has(width, "measuring");
		assert_lacks(width, "well");
		assert_lacks(width, "ok");
	}
	assert_has(90, "16 TCP listeners here   measuring the first window");
	/* What is full now is full. */
	set_sick(STATE_FULL, 1);
	assert_int_equal(compose(80), SEVERITY_WARNING);
	assert_has(100, "1 full   17 TCP listeners here");
	/* The oldest sample has no window either. */
	title.paused = true;
	assert_has(80, "no window");
	assert_lacks(80, "measuring");
}

static void test_paused(void **state)
{
	set_mock_up();
	compose(80);
	assert_string_equal(b.s + b.len - mode, " LIVE ");
	title.paused = true;
	compose(80);
	assert_string_equal(b.s + b.len - mode, " PAUSED ");
	title.age_ns = 72 * NSEC_PER_SEC;
	for (size_t width = 60; width < 200; width++) {
		compose(width);
		assert_string_equal(b.s + b.len - mode, " PAUSED -1m12s ");
	}
	assert_title(20, SEVERITY_CRITICAL, "3 sick PAUSED -1m12s");
}

/* Never as if it were now: the tag stays at any width, host and time for as long as they can. */
static void test_replay(void **state)
{
	sample.wall.tv_sec += 1795824000; /* 2026-11-28 */
	title.speed = 1;
	census.ok = 14;
	assert_title(100, SEVERITY_NONE,
		     " listenq web3   all 14 TCP listeners here are well     every 1s  "
		     "2026-11-28 14:35:27Z REPLAY 1x     ");
	assert_lacks(200, "cpu");
	set_not_shown(1, 1);
	assert_lacks(200, "(x)");
	assert_lacks(200, "(-A)");
	for (size_t width = 20; width < 200; width++)
		assert_has(width, "REPLAY");
	assert_has(62, "web3");
	assert_has(62, "11-28 14:35:27Z");
	assert_has(45, "14:35:27Z");
	title.speed = 20;
	assert_has(80, "REPLAY 20x ");
	title.paused = true;
	title.age_ns = 5 * NSEC_PER_SEC;
	assert_has(80, "REPLAY PAUSED ");
	title.ended = true;
	assert_has(80, "REPLAY END ");
}

/* A key that holds it moves nothing else on the line. */
static void test_replay_holds_still(void **state)
{
	char running[256];

	sample.wall.tv_sec += 1795824000;
	title.speed = 1;
	for (size_t width = 60; width < 200; width++) {
		title.paused = title.ended = false;
		compose(width);
		snprintf(running, sizeof(running), "%.*s", (int)(strstr(b.s, "REPLAY") - b.s), b.s);
		title.paused = true;
		compose(width);
		assert_true(!strncmp(b.s, running, strlen(running)));
		title.ended = true;
		compose(width);
		assert_true(!strncmp(b.s, running, strlen(running)));
	}
}

static void test_warnings(void **state)
{
	census.ok = 16;
	sample.n_warnings = 3;
	assert_has(100, "3 warnings (?)");
	assert_has(26, "3 warn (?)");
	sample.n_warnings = 1;
	assert_has(100, "1 warning (?)");
}

/* It stays on a narrow screen, but the counts of the sick matter more. */
static void test_not_recorded(void **state)
{
	census.ok = 16;
	assert_lacks(80, "RECORDED");
	title.not_recorded = true;
	assert_title(
		80, SEVERITY_NONE,
		" listenq web3  all 16 TCP listeners here are well  NOT RECORDED  14:35:27Z LIVE ");
	assert_has(40, "NOT RECORDED");
	title.not_recorded = false;
	title.damaged = true;
	assert_has(40, "DAMAGED");
	title.not_recorded = true;
	set_mock_up();
	assert_has(60, "NOT RECORDED");
	assert_lacks(20, "NOT RECORDED");
	assert_has(20, "2 overflowing +1");
}

/* The name of a host is shortened on a narrow screen, then left out; its bytes are safe. */
static void test_host(void **state)
{
	census.ok = 16;
	strcpy(sample.host, "a-very-long-name-of-a-host.example.net");
	assert_has(140, sample.host);
	assert_lacks(90, sample.host);
	assert_has(90, "…");
	assert_lacks(24, "…");
	strcpy(sample.host, "a\033[31m");
	assert_has(140, "a\\x1b[31m");
}

/* The only namespace has its name where the user chose it. */
static void test_netns(void **state)
{
	census.ok = 16;
	ns.name = "shop";
	assert_has(80, " listenq web3 netns shop   all 16 TCP listeners here are well");
	assert_lacks(20, "shop");
	ns.name = "a\tname that is longer than the screen is wide";
	assert_has(140, "netns a\\…he screen is wide");
	assert_lacks(140, "\t");
	report.n_netns = 2;
	assert_lacks(140, "netns");
}

static void test_not_looked_at(void **state)
{
	census.ok = 16;
	report.not_shown.namespaces = (struct opt_u64){ 364, true };
	report.not_shown.looked_at = (struct opt_u64){ 64, true };
	report.not_shown.cut = true;
	assert_int_equal(compose(140), SEVERITY_NONE);
	assert_has(140, "NOT LOOKED AT: 300 other namespaces (-A)");
	report.not_shown.namespaces.known = false;
	assert_has(140, "NOT LOOKED AT: other namespaces (-A)");
	set_not_shown(1, 0);
	assert_has(160, "NOT SHOWN: 1 UNIX full (x), not looked at: other namespaces (-A)");
	assert_lacks(80, "other");
}

/* Counts of the report of a scene: each socket of a group by itself. */
static void test_census(void **state)
{
	static const struct scene zero;
	struct scene scene = zero;
	struct history *history = history_new();
	struct censuses c = { 0 };

	scene_open(&scene);
	for (uint16_t cookie = 1; cookie <= 4; cookie++)
		scene_add_both(&scene, cookie);
	scene_now(&scene, 2)->length = 129;
	scene_now(&scene, 3)->length = 110;
	scene_add(&scene.before, 5);
	scene_report(&scene);
	history_add(history, &scene.report);
	census_take(&c, &scene.report, history, 0, 0, 0);
	assert_int_equal(c.all.in[STATE_FULL], 1);
	assert_int_equal(c.all.in[STATE_HIGH], 1);
	assert_int_equal(c.all.sick, 2);
	assert_int_equal(c.all.ok, 2);
	assert_int_equal(c.all.gone, 1);
	assert_int_equal(c.all.worst, SEVERITY_WARNING);
	assert_int_equal(census_listeners(&c.all), 4);
	assert_int_equal(c.by_netns[0].sick, 2);
	assert_int_equal(c.hidden, 0);
	report_select(&scene.report, &(struct selection){ .only_full = true, .fill = FILL_FULL });
	census_take(&c, &scene.report, history, 0, 0, 0);
	assert_int_equal(c.all.sick, 2);
	assert_int_equal(c.hidden, 1);
	assert_int_equal(c.hidden_worst, SEVERITY_NOTICE);
	census_free(&c);
	history_free(history);
	scene_close(&scene);
}

/* It is certain that the group lost connections, but not which of two members did. */
static void test_census_of_group(void **state)
{
	static const struct scene zero;
	struct scene scene = zero;
	struct history *history = history_new();
	struct censuses c = { 0 };

	scene_open(&scene);
	for (uint16_t cookie = 1; cookie <= 3; cookie++)
		scene_add_both(&scene, cookie);
	for (uint16_t cookie = 1; cookie <= 2; cookie++) {
		scene_before(&scene, cookie)->addr.port = scene_now(&scene, cookie)->addr.port = 80;
		scene_now(&scene, cookie)->drops = 5;
	}
	scene_now(&scene, 2)->length = 110;
	groups_build(&scene.now);
	scene_overflow(&scene, 5);
	fold_build(&scene.report, &scene.before, &scene.now, true);
	report_select(&scene.report, &all_listeners);
	history_add(history, &scene.report);
	assert_int_equal(scene.report.n_rows, 2);
	/* Two listeners that went before. */
	census_take(&c, &scene.report, history, 0, 2, 0);
	assert_int_equal(c.all.in[STATE_OVERFLOWING], 1);
	assert_int_equal(c.all.in[STATE_HIGH], 0);
	assert_int_equal(c.all.sick, 1);
	assert_int_equal(c.all.ok, 2);
	assert_int_equal(c.all.gone, 2);
	assert_int_equal(c.all.worst, SEVERITY_CRITICAL);
	assert_int_equal(census_listeners(&c.all), 3);
	census_free(&c);
	history_free(history);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_are_well, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_widths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overflows_of_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_holds_still, setup, teardown),
		cmocka_unit_test_setup_teardown(test_warnings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_looked_at, setup, teardown),
		cmocka_unit_test(test_census),
		cmocka_unit_test(test_census_of_group),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
