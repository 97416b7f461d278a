/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "model/groups.h"
#include "top/listing.h"

#include <sys/socket.h>

/* Lines of the list, made without a terminal. */
static struct scene scene;
static struct view view;
static struct columns columns;
static struct field_context fields;
static struct listing listing;
static struct history *history;
static struct listing_context context;
static struct sheet made;

static int setup(void **state)
{
	scene_open(&scene);
	history = history_new();
	view.columns = &columns;
	view.context = &fields;
	context = (struct listing_context){
		.view = &view, .history = history, .delay = 1, .utf8 = true
	};
	scene_add_both(&scene, 8080);
	scene_now(&scene, 8080)->limit = scene_before(&scene, 8080)->limit = 9;
	scene_add_both(&scene, 22);
	return 0;
}

static int teardown(void **state)
{
	view_free(&view);
	scene_close(&scene);
	strbuf_free(&fields.scratch);
	sheet_free(&made);
	history_free(history);
	made = (struct sheet){ 0 };
	view = (struct view){ 0 };
	scene = (struct scene){ 0 };
	fields = (struct field_context){ 0 };
	return 0;
}

static void build(void)
{
	view_build(&view, &scene.before, &scene.now, 0);
	history_add(history, &view.report);
	view_scroll(&view, 20);
}

/* One more window, in which the queue of 8080 has this length. */
static void window(uint32_t length)
{
	scene_now(&scene, 8080)->length = length;
	build();
}

static void choose(const char *list)
{
	struct error why;

	columns = (struct columns){ .top = true };
	if (list)
		assert_int_equal(columns_parse(&columns, list, false, &why), 0);
	else
		columns_default(&columns, false);
	listing_choose(&listing, &columns);
}

/* What was made, without the blanks at its end. */
static const char *line(void)
{
	static char text[4096];
	size_t len = made.text.len;

	assert_true(len < sizeof(text));
	while (len && made.text.s[len - 1] == ' ')
		len--;
	memcpy(text, made.text.s, len);
	text[len] = '\0';
	return text;
}

static const char *header(int cols)
{
	context.cols = (size_t)cols;
	listing_fit(&listing, &context);
	listing_make_header(&listing, &made, &context);
	return line();
}

static const char *row(size_t i)
{
	listing_make_row(&listing, &made, &context, i, false);
	return line();
}

/* The ink of the first place where the line that was made has this text. */
static enum ink ink_of(const char *text)
{
	const char *at = strstr(made.text.s, text);
	size_t i = made.n_spans - 1;

	assert_non_null(at);
	while (made.spans[i].begin > (size_t)(at - made.text.s))
		i--;
	return made.spans[i].ink;
}

/* What stands in the list. */

static void set_owner(uint16_t cookie, uint32_t first, uint32_t n)
{
	scene_now(&scene, cookie)->first_owner = first;
	scene_now(&scene, cookie)->n_owners = n;
	scene_now(&scene, cookie)->known |= LISTENER_OWNERS;
}

static struct listener *place(struct snapshot *s, uint16_t cookie, uint32_t limit, uint8_t last,
			      uint16_t port)
{
	struct listener *l = scene_add(s, cookie);

	memcpy(l->addr.address, (const uint8_t[]){ last ? 127 : 0, 0, 0, last }, 4);
	l->addr.port = port;
	l->limit = limit;
	return l;
}

/*
 * One overflowing, one with a full SYN queue, one of three members full, a dual-stack one with a
 * long address, a UNIX one, one without trouble, and one that is gone.
 */
static void fill_list(void)
{
	static const struct process processes[] = {
		{ .comm = "gunicorn", .pid = 2410 },  { .comm = "haproxy", .pid = 2577 },
		{ .comm = "worker", .pid = 31 },      { .comm = "worker", .pid = 32 },
		{ .comm = "worker", .pid = 33 },      { .comm = "kube-controller", .pid = 1234567 },
		{ .comm = "containerd", .pid = 812 }, { .comm = "sshd", .pid = 640 },
		{ .comm = "systemd", .pid = 1 },
	};
	static const struct owner owners[] = { { 0, 3 }, { 1, 3 }, { 2, 3 }, { 3, 3 }, { 4, 3 },
					       { 5, 3 }, { 6, 3 }, { 7, 3 }, { 8, 3 } };
	static const uint8_t v6[16] = { 0xfd, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0x9a, 0xbc };
	struct snapshot *samples[] = { &scene.before, &scene.now };
	struct listener *l;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct snapshot *s = samples[i];

		snapshot_drop_listeners(s, 0);
		place(s, 1, 64, 1, 8000)->length = 65;
		place(s, 2, 33, 1, 8443);
		for (uint16_t member = 3; member <= 5; member++)
			place(s, member, 9, 0, 80)->length = member == 4 ? 10 : 0;
		l = place(s, 6, 65535, 0, 10257);
		l->addr.family = AF_INET6;
		memcpy(l->addr.address, v6, sizeof(v6));
		l = place(s, 7, 4096, 0, 0);
		l->addr.family = AF_UNIX;
		l->name = "/run/containerd/containerd.sock";
		l->length = 12;
		place(s, 8, 128, 0, 22);
		if (i == 0)
			place(s, 9, 4096, 1, 8125);
	}
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 100, 100, 272, 272);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 100, 100, 272, 272);
	scene_now(&scene, 1)->drops = 172;
	snapshot_size_owners(&scene.now, ARRAY_SIZE(owners), ARRAY_SIZE(processes));
	memcpy(scene.now.processes, processes, sizeof(processes));
	memcpy(scene.now.owners, owners, sizeof(owners));
	for (uint16_t cookie = 1; cookie <= 8; cookie++)
		set_owner(cookie, cookie - 1u, 1);
	set_owner(8, 7, 2);
	scene_group(&scene, 2)->syn_length = 33;
	view.fold = true;
}

static void add_list(struct strbuf *to, int cols, bool utf8)
{
	context.utf8 = utf8;
	strbuf_addf(to, "==== %d columns%s ====\n%s\n", cols, utf8 ? "" : ", ASCII", header(cols));
	for (size_t i = 0; i < view.report.n_shown; i++)
		strbuf_addf(to, "%s\n", row(i));
}

/* At each width, with members below their group, and with columns that the user added. */
static void test_golden(void **state)
{
	static const int widths[] = { 20, 30, 40, 60, 80, 100, 120, 140, 200, 300 };
	struct strbuf text = { 0 };

	fill_list();
	for (int i = 0; i < 20; i++)
		build();
	choose(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		for (int ascii = 0; ascii <= 1; ascii++)
			add_list(&text, widths[i], !ascii);
	for (size_t i = 0; i < view.report.n_shown; i++)
		if (view.report.shown[i]->folded) {
			view_select(&view, i, 0);
			view_unfold(&view, true, 0);
			break;
		}
	strbuf_adds(&text, "\nmembers\n");
	for (size_t i = 4; i < ARRAY_SIZE(widths) - 1; i++)
		add_list(&text, widths[i], true);
	add_list(&text, 80, false);
	strbuf_adds(&text, "\n-o +uid,cgroup and a namespace\n");
	choose("+uid,cgroup");
	columns_put_before(&columns, FIELD_NAMESPACE, FIELD_LOCAL);
	listing_choose(&listing, &columns);
	for (size_t i = 4; i < ARRAY_SIZE(widths) - 1; i++)
		add_list(&text, widths[i], true);
	strbuf_adds(&text, "\n-o local,length,limit,fill,process,reasons\n");
	choose("local,length,limit,fill,process,reasons");
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		add_list(&text, widths[i], true);
	unit_compare("tests/expected/listing.txt", text.s, text.len);
	strbuf_free(&text);
}

/* Whatever the width, no line is longer, and each column begins where its header does. */
static void test_all_widths(void **state)
{
	fill_list();
	build();
	for (int named = 0; named <= 1; named++) {
		choose(named ? "severity,local,length,fill,process,reasons" : NULL);
		for (int cols = 320; cols >= 1; cols--) {
			size_t width, taken = 0;

			context.utf8 = cols % 2;
			header(cols);
			width = text_width(made.text.s, made.text.len);
			assert_true(width <= (size_t)cols);
			/* Rather no column than half of one. */
			if (cols >= 10)
				assert_null(strstr(line(), context.utf8 ? "…" : ">"));
			for (size_t i = 0; i < listing.n; i++)
				taken +=
					listing.columns[i].width ? listing.columns[i].width + 1 : 0;
			assert_u64_equal(taken, width + 1);
			for (size_t i = 0; i < view.report.n_shown; i++) {
				row(i);
				assert_u64_equal(text_width(made.text.s, made.text.len), width);
			}
			if (!named)
				assert_u64_equal(width, (size_t)cols);
		}
	}
}

/* Which columns a screen does without, one after the other as it gets narrower. */
static void test_what_goes_first(void **state)
{
	bool gone[LISTING_WHY + 1] = { false };
	enum listing_kind order[16];
	static const enum listing_kind expected[] = {
		LISTING_WHY,	 LISTING_SINCE, LISTING_SYN,   LISTING_RATE, LISTING_STATE,
		LISTING_PROCESS, LISTING_LAST,	LISTING_QUEUE, LISTING_MARK,
	};
	size_t n = 0;

	choose(NULL);
	window(10);
	for (int cols = 300; cols >= 1; cols--) {
		header(cols);
		for (size_t i = 0; i < listing.n; i++)
			if (!listing.columns[i].width && !gone[listing.columns[i].kind]) {
				gone[listing.columns[i].kind] = true;
				order[n++] = listing.columns[i].kind;
			}
	}
	assert_u64_equal(n, ARRAY_SIZE(expected));
	assert_memory_equal(order, expected, sizeof(expected));
}

/* Columns do not depend on the data. */
static void test_columns_hold_still(void **state)
{
	char first[4096];

	choose(NULL);
	window(0);
	for (int cols = 200; cols >= 20; cols -= 7) {
		window(0);
		strcpy(first, header(cols));
		window(10000000);
		assert_string_equal(header(cols), first);
	}
}

/* The row under the cursor has one ink; a warning has a badge, and what is idle is dim. */
static void test_inks(void **state)
{
	fill_list();
	build();
	choose(NULL);
	header(140);
	listing_make_row(&listing, &made, &context, 0, true);
	assert_u64_equal(made.n_spans, 1);
	assert_int_equal(made.spans[0].ink, INK_ON_CRITICAL);
	row(0);
	assert_int_equal(ink_of("!! overflowing"), INK_CRITICAL);
	assert_int_equal(ink_of("127.0.0.1:8000"), INK_CRITICAL);
	assert_int_equal(ink_of("█"), INK_CRITICAL);
	assert_int_equal(ink_of("░"), INK_DIM);
	for (size_t i = 1; i < view.report.n_shown; i++) {
		const char *text = row(i);

		if (strstr(text, "syn-full")) {
			assert_int_equal(ink_of("!  syn-full"), INK_BADGE);
			assert_int_equal(ink_of("127.0.0.1:8443"), INK_WARNING);
			assert_int_equal(ink_of("█"), INK_YELLOW);
		} else if (strstr(text, "gone")) {
			assert_int_equal(ink_of("gone"), INK_GONE);
		} else if (strstr(text, " ok ")) {
			assert_u64_equal(made.n_spans, 1);
			assert_int_equal(made.spans[0].ink, INK_DIM);
		}
	}
}

/* Windows of a second, one after the other, in which the queue of 8080 has this length. */
static void windows(uint32_t length, int n)
{
	while (n--) {
		scene.before.monotonic_ns += NSEC_PER_SEC;
		scene.now.monotonic_ns += NSEC_PER_SEC;
		scene_before(&scene, 8080)->length = length;
		window(length);
	}
}

/* The index of the row of 8080, wherever it is in the order. */
static size_t index_of_8080(void)
{
	size_t i = 0;

	while (view.report.shown[i]->listener->addr.port != 8080)
		i++;
	return i;
}

static void assert_8080(const char *text)
{
	if (!strstr(row(index_of_8080()), text))
		fail_msg("'%s' is not in '%s'", text, line());
}

/* What was sick stays on the screen, in the ink of what was, and says since when it is not. */
static void test_what_was(void **state)
{
	choose(NULL);
	header(140);
	windows(0, 1);
	assert_8080(".  ok          10.0.0.1:8080");
	windows(10, 35);
	assert_8080("!  full        10.0.0.1:8080");
	assert_8080("   35s not-accepting");
	windows(0, 12);
	assert_8080("v  was !       10.0.0.1:8080");
	assert_8080("  -12s recovered 35s");
	assert_int_equal(ink_of("10.0.0.1:8080"), INK_NOTICE);
	listing_make_row(&listing, &made, &context, index_of_8080(), true);
	assert_u64_equal(made.n_spans, 1);
	assert_int_equal(made.spans[0].ink, INK_ON_NONE);
	header(80); /* no column says when */
	assert_8080("v  was ! -12s  10.0.0.1:8080");
	windows(0, 400);
	assert_8080(".  ok          10.0.0.1:8080");
}

/* A mark shows by what the list is sorted, and which end is on top. */
static void test_sort_mark(void **state)
{
	choose(NULL);
	window(10);
	assert_non_null(strstr(header(80), "   STATE▼ "));
	view_invert(&view, 0);
	assert_non_null(strstr(header(80), "   STATE▲ "));
	assert_int_equal(strncmp(header(40), "▲ ", strlen("▲ ")), 0);
	view_invert(&view, 0);
	view_sort_on(&view, field_find("severity", 8), 0);
	assert_non_null(strstr(header(80), "   STATE▼ "));
	view_sort_on(&view, field_find("fill", 4), 0);
	assert_non_null(strstr(header(80), "   STATE  "));
	assert_non_null(strstr(header(80), " ACCEPT QUEUE▼ "));
	assert_non_null(strstr(header(20), "QUEUE▼"));
	view_sort_on(&view, field_find("overflows-rate", 14), 0);
	assert_non_null(strstr(header(80), " OVER▼ "));
	view_invert(&view, 0);
	context.utf8 = false;
	assert_non_null(strstr(header(80), " OVER^ "));
	view_sort_on(&view, field_find("local", 5), 0);
	assert_non_null(strstr(header(20), " ADDRESS^ "));
}

static void test_old_connections(void **state)
{
	choose(NULL);
	window(0);
	context.syn_age_ns = NSEC_PER_SEC - 1; /* not worth a header that changes */
	assert_non_null(strstr(header(140), " SYN QUEUE "));
	context.syn_age_ns = 3 * NSEC_PER_SEC + 400000000;
	assert_non_null(strstr(header(140), " SYN QUEUE-3s "));
	assert_non_null(strstr(header(80), " SYN ")); /* no room for it */
	context.wait_age_ns = NSEC_PER_SEC;
	assert_non_null(strstr(header(140), " WHY-1s"));
}

static void test_length_of_history(void **state)
{
	choose(NULL);
	context.delay = 0.1; /* "LAST 0.8s" is wider than the column */
	assert_non_null(strstr(header(80), "LAST .8s"));
	context.delay = 1;
	window(0);
	assert_non_null(strstr(header(80), "LAST 8s"));
	assert_non_null(strstr(header(200), "LAST 30s"));
	context.delay = 600;
	assert_non_null(strstr(header(80), "LAST 70m"));
	context.delay = 60; /* one window was of a second */
	assert_non_null(strstr(header(80), "LAST 7m"));
}

/* The field under the mouse. */
static void test_field_at(void **state)
{
	static const struct {
		const char *header, *field;
	} cases[] = {
		{ "STATE", "state" },	      { "LOCAL", "local" }, { "PROCESS", "process" },
		{ "ACCEPT", "fill" },	      { "SYN", "synrecv" }, { "OVER", "overflows-rate" },
		{ "LAST", "overflows-rate" }, { "SINCE", "state" }, { "WHY", "reasons" },
	};
	const char *text;

	choose(NULL);
	window(3);
	context.utf8 = false;
	text = header(140);
	assert_string_equal(listing_field_at(&listing, 0)->name, "severity");
	assert_string_equal(listing_field_at(&listing, 1000)->name, "reasons");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = strstr(text, cases[i].header);

		assert_non_null(at);
		assert_string_equal(listing_field_at(&listing, (size_t)(at - text))->name,
				    cases[i].field);
	}
}

#define LISTING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTING_TEST(test_golden),
		LISTING_TEST(test_all_widths),
		LISTING_TEST(test_what_goes_first),
		LISTING_TEST(test_columns_hold_still),
		LISTING_TEST(test_inks),
		LISTING_TEST(test_what_was),
		LISTING_TEST(test_sort_mark),
		LISTING_TEST(test_old_connections),
		LISTING_TEST(test_length_of_history),
		LISTING_TEST(test_field_at),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
