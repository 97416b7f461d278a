/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/groups.h"
#include "replay/recording.h"
#include "replay/sample_line.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A recording is read: its index, its samples, and what is wrong with one that is damaged. */

static struct strbuf text;
static struct recording *recording;
static struct snapshot sample;
static struct error why;
static char *tree, path[4096];

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/file", tree);
	return 0;
}

static int teardown(void **state)
{
	recording_close(recording);
	recording = NULL;
	snapshot_free(&sample);
	strbuf_free(&text);
	unit_remove_tree(tree);
	return 0;
}

static void add_header_of(const char *boot_id)
{
	struct header_line h = { .version = "1", .host = "h", .kernel = "k" };

	snprintf(h.boot_id, sizeof(h.boot_id), "%s", boot_id);
	header_line_add(&text, &h);
	header_line_free(&h);
}

static void add_header(void)
{
	add_header_of("b");
}

/* A sample at that second of the monotonic clock; its wall clock is an hour later. */
static void add_sample(uint64_t second, uint64_t previous_second)
{
	struct snapshot s = { 0 };
	struct listener *l;

	scene_begin(&s, second * NSEC_PER_SEC);
	s.wall = (struct timespec){ .tv_sec = 3600 + (time_t)second };
	s.previous_ns = previous_second * NSEC_PER_SEC;
	s.netns[0].looked = true;
	l = scene_add(&s, 80);
	l->length = 1;
	l->known |= LISTENER_PEAK;
	l->peak.samples = 50;
	groups_build(&s);
	s.groups[0].known = GROUP_WAITING | GROUP_STAYED | GROUP_STANDS;
	s.groups[0].stayed_min = 1;
	s.netns[0].waiting_ns = s.monotonic_ns;
	sample_line_add(&text, &s);
	snapshot_free(&s);
}

static int try_open(void)
{
	recording_close(recording);
	unit_write(tree, "file", text.len ? text.s : "", text.len);
	return recording_open(&recording, path, NULL, NULL, &why);
}

static void open_text(void)
{
	if (try_open() < 0)
		fail_msg("%s", why.text);
}

/* @problem: what follows the name of the file */
static void assert_refused(const char *problem)
{
	char *expected = xasprintf("%s%s", path, problem);

	assert_true(try_open() < 0);
	assert_null(recording);
	assert_string_equal(why.text, expected);
	free(expected);
}

static void read_sample(size_t i)
{
	if (recording_read(recording, i, &sample, &why) < 0)
		fail_msg("%s", why.text);
}

static void assert_follows(const char *expected)
{
	char got[16] = "";

	assert_true(recording_count(recording) < sizeof(got));
	for (size_t i = 0; i < recording_count(recording); i++)
		got[i] = recording_entry(recording, i)->follows ? 'f' :
			 recording_has_window(recording, i)	? 'w' :
								  '-';
	assert_string_equal(got, expected);
}

/* Two runs, of two boots. */
static void add_two_runs(void)
{
	add_header();
	add_sample(100, 0);
	add_sample(101, 100);
	add_sample(103, 102);
	add_header_of("c");
	add_sample(50, 0);
	add_sample(51, 50);
}

static void test_index(void **state)
{
	add_two_runs();
	open_text();
	assert_u64_equal(recording_count(recording), 5);
	assert_follows("-fw-f");
	assert_u64_equal(recording_entry(recording, 2)->run, 0);
	assert_u64_equal(recording_entry(recording, 3)->run, 1);
	assert_u64_equal(recording_entry(recording, 2)->monotonic_ns, 103 * NSEC_PER_SEC);
	assert_u64_equal(recording_entry(recording, 4)->wall_ns, 3651 * NSEC_PER_SEC);
	assert_string_equal(recording_header(recording, 1)->host, "h");
	assert_false(recording_is_cut(recording));
	assert_string_equal(recording_name(recording), path);
}

/* A run without a sample is none, and those of one boot share their header. */
static void test_runs(void **state)
{
	static const uint32_t runs[] = { 0, 0, 1, 2, 3 }, lines[] = { 2, 3, 5, 8, 10 };
	static const char *const boots[] = { "b", "b", "b", "c", "b" };

	add_header();
	add_sample(100, 0);
	add_sample(101, 100);
	add_header();
	add_sample(102, 0);
	add_header_of("d");
	add_header_of("c");
	add_sample(50, 0);
	add_header();
	add_sample(103, 0);
	add_header_of("d");
	open_text();
	assert_u64_equal(recording_count(recording), ARRAY_SIZE(runs));
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		const struct recording_entry *e = recording_entry(recording, i);

		assert_u64_equal(e->run, runs[i]);
		assert_u64_equal(e->line, lines[i]);
		assert_string_equal(recording_header(recording, e->run)->boot_id, boots[i]);
	}
	assert_ptr_equal(recording_header(recording, 0), recording_header(recording, 3));
}

/* What is before a damaged line is a recording, if it has a window. */
static void test_damage(void **state)
{
	static const char *const damaged[] = {
		"\n",
		"{}\n",
		HEADER_LINE_BEGIN "\n",
		"{\"wall\":1,\"monotonic_ns\":1}\n",
	};
	char *expected = xasprintf("%s: line 4 is damaged, byte ", path);

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		text.len = 0;
		add_header();
		add_sample(1, 0);
		add_sample(2, 1);
		strbuf_adds(&text, damaged[i]);
		add_sample(3, 2);
		open_text();
		assert_u64_equal(recording_count(recording), 2);
		assert_memory_equal(recording_damage(recording, 0)->why.text, expected,
				    strlen(expected));
		assert_u64_equal(recording_damage(recording, 0)->line, 4);
		assert_false(recording_is_cut(recording));
		read_sample(1);
	}
	free(expected);
	text.len = 0;
	add_two_runs();
	open_text();
	assert_null(recording_damage(recording, 0));
}

/* @i: the number of the damage; its line, and the entries before and after it */
static void assert_damage(size_t i, size_t line, size_t from, size_t to)
{
	const struct recording_damage *d = recording_damage(recording, i);

	assert_non_null(d);
	assert_u64_equal(d->line, line);
	assert_u64_equal(d->from, from);
	assert_u64_equal(d->to, to);
}

/* The last lines of a run are damaged, as by a power failure: the next run is read. */
static void test_damage_between_runs(void **state)
{
	static const char *const damaged[] = {
		"\n\n{}\n",
		HEADER_LINE_BEGIN "\n{\"wall\":1,\"monotonic_ns\":9}\n",
		"{\"wall\":1,\"monotonic_ns\":1}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		text.len = 0;
		add_header();
		add_sample(1, 0);
		add_sample(2, 1);
		strbuf_adds(&text, damaged[i]);
		add_sample(3, 2);
		add_header();
		add_sample(4, 0);
		add_sample(5, 4);
		open_text();
		assert_u64_equal(recording_count(recording), 4);
		assert_damage(0, 4, 2, 2);
		assert_null(recording_damage(recording, 1));
		assert_false(recording_has_window(recording, 2));
		assert_true(recording_has_window(recording, 3));
		read_sample(3);
		strbuf_addc(&text, 'x', 9);
		open_text();
		assert_true(recording_is_cut(recording));
		strbuf_adds(&text, "\n");
		add_sample(6, 5);
		open_text();
		assert_u64_equal(recording_count(recording), 4);
		assert_damage(0, 4, 2, 2);
		assert_non_null(recording_damage(recording, 1));
		assert_u64_equal(recording_damage(recording, 1)->from, 4);
		assert_u64_equal(recording_damage(recording, 1)->to, 4);
		assert_null(recording_damage(recording, 2));
	}
}

/* A hostile file has any number of damaged lines, and they take no memory. */
static void test_damage_all_over(void **state)
{
	size_t n = 0;

	for (uint64_t second = 1; second < 100; second += 2) {
		add_header();
		add_sample(second, 0);
		add_sample(second + 1, second);
		strbuf_adds(&text, "{}\n");
	}
	open_text();
	assert_u64_equal(recording_count(recording), 100);
	assert_damage(1, 8, 4, 4);
	while (recording_damage(recording, n))
		n++;
	assert_in_range(n, 10, 50);
	/* The last one stands for the others. */
	assert_u64_equal(recording_damage(recording, n - 1)->to, 100);
}

/* Each sample is the line that it was read from, wherever in the file. */
static void test_read(void **state)
{
	struct strbuf line = { 0 };

	add_two_runs();
	open_text();
	for (size_t i = recording_count(recording); i-- > 0;) {
		const struct recording_entry *e = recording_entry(recording, i);

		read_sample(i);
		assert_u64_equal(sample.monotonic_ns, e->monotonic_ns);
		if (i == 2)
			continue;
		line.len = 0;
		sample_line_add(&line, &sample);
		assert_u64_equal(line.len, e->size);
		assert_memory_equal(line.s, text.s + e->offset, line.len);
	}
	strbuf_free(&line);
}

/* It compares with a sample that was left out, so its window shows less. */
static void test_gap(void **state)
{
	add_two_runs();
	open_text();
	read_sample(2);
	assert_u64_equal(sample.n_warnings, 1);
	assert_string_equal(sample.warnings[0].code, "replay-gap");
	assert_false(sample.listeners[0].known & LISTENER_PEAK);
	assert_false(sample.netns[0].looked);
	assert_u64_equal(sample.groups[0].known, GROUP_WAITING | GROUP_STANDS);
	assert_u64_equal(sample.groups[0].stayed_min, 0);
	assert_u64_equal(sample.groups[0].ahead, UINT32_MAX);
	read_sample(1);
	assert_u64_equal(sample.n_warnings, 0);
	assert_true(sample.listeners[0].known & LISTENER_PEAK);
	/* The first of a run ends no window, so nothing of one is missing. */
	read_sample(3);
	assert_u64_equal(sample.n_warnings, 0);
}

/* Some could not be written. It is said where they are missing, also without a gap. */
static void test_missed(void **state)
{
	struct snapshot s = { 0 };

	add_header();
	add_sample(1, 0);
	scene_begin(&s, 9 * NSEC_PER_SEC);
	s.wall = (struct timespec){ .tv_sec = 3609 };
	s.previous_ns = 8 * NSEC_PER_SEC;
	s.missed = 12;
	sample_line_add(&text, &s);
	s.monotonic_ns = 10 * NSEC_PER_SEC;
	s.previous_ns = 9 * NSEC_PER_SEC;
	s.missed = 1;
	sample_line_add(&text, &s);
	snapshot_free(&s);
	open_text();
	read_sample(0);
	assert_u64_equal(sample.n_warnings, 0);
	read_sample(1);
	assert_u64_equal(sample.missed, 12);
	assert_u64_equal(sample.n_warnings, 2);
	assert_string_equal(sample.warnings[0].code, "replay-gap");
	assert_string_equal(sample.warnings[1].code, "replay-missed");
	assert_memory_equal(sample.warnings[1].message, "12 samples ", 11);
	read_sample(2);
	assert_u64_equal(sample.n_warnings, 1);
	assert_memory_equal(sample.warnings[0].message, "1 sample ", 9);
}

static void test_outlives(void **state)
{
	add_two_runs();
	open_text();
	read_sample(0);
	recording_close(recording);
	recording = NULL;
	assert_u64_equal(sample.n_listeners, 1);
}

/* Lines across the ends of what is read at once. */
static void test_many(void **state)
{
	const size_t n = 3000;

	add_header();
	for (size_t i = 0; i < n; i++)
		add_sample(100 + i, i ? 99 + i : 0);
	open_text();
	assert_true(text.len > 1000000);
	assert_u64_equal(recording_count(recording), n);
	for (size_t i = 0; i < n; i++) {
		assert_u64_equal(recording_entry(recording, i)->monotonic_ns,
				 (100 + i) * NSEC_PER_SEC);
		assert_true(recording_entry(recording, i)->follows == (i > 0));
	}
	read_sample(n - 1);
}

/* The order of keys is free: jq -S sorts them. Blanks may stand between, a CR before the newline.
 */
static void test_other_order(void **state)
{
	add_header();
	strbuf_adds(&text, "{\"netns\":[],\"monotonic_ns\":5,\"unknown\":[{}],\"wall\":7}\r\n"
			   " { \"wall\" : 8 , \"monotonic_ns\" : 6 , \"previous_ns\" : 5 } \n"
			   "{\"wall\":9,\"monotonic_ns\":7,\"host\":\"h\",\"previous_ns\":6}\n");
	open_text();
	assert_follows("-ff");
	assert_u64_equal(recording_entry(recording, 0)->wall_ns, 7);
	for (size_t i = 0; i < 3; i++)
		read_sample(i);
}

/* A number that the first bytes of a line cut is read whole. */
static void test_number_at_end_of_head(void **state)
{
	for (size_t blanks = 60; blanks < 130; blanks++) {
		text.len = 0;
		add_header();
		strbuf_adds(&text, "{\"wall\":1,\"monotonic_ns\":2,\"previous_ns\":");
		strbuf_addc(&text, ' ', blanks);
		strbuf_adds(&text, "0}\n{\"wall\":1,\"monotonic_ns\":98765432109876,");
		strbuf_addc(&text, ' ', blanks);
		strbuf_adds(&text, "\"previous_ns\":2}\n");
		open_text();
		assert_follows("-f");
		assert_u64_equal(recording_entry(recording, 1)->monotonic_ns, 98765432109876);
	}
}

static void test_cut(void **state)
{
	add_two_runs();
	text.s[--text.len] = '\0';
	open_text();
	assert_true(recording_is_cut(recording));
	assert_u64_equal(recording_count(recording), 4);
	/* The header of a run that has no sample. */
	text.len = 0;
	add_header();
	add_sample(1, 0);
	strbuf_adds(&text, HEADER_LINE_BEGIN);
	open_text();
	assert_true(recording_is_cut(recording));
	assert_u64_equal(recording_count(recording), 1);
}

static void test_without_samples(void **state)
{
	add_header();
	add_header();
	open_text();
	assert_u64_equal(recording_count(recording), 0);
}

static void test_no_recording(void **state)
{
	static const char no_header[] =
		", line 1, byte 1: a recording of listenq begins with a header, not with this";

	assert_refused(" is empty");
	strbuf_add(&text, "\x1f\x8b\x08\0\n", 5);
	assert_refused(", line 1, byte 1: it is compressed: zcat FILE | listenq --replay=-");
	text.len = 0;
	strbuf_add(&text, "\x28\xb5\x2f\xfd\0", 5);
	assert_refused(", line 1, byte 1: it is compressed: zstdcat FILE | listenq --replay=-");
	text.len = 0;
	strbuf_adds(&text, "{\"form");
	assert_refused(" ends in its first line");
	text.len = 0;
	strbuf_adds(&text, "\n");
	assert_refused(no_header);
	text.len = 0;
	add_sample(1, 0);
	assert_refused(no_header);
	text.len = 0;
	strbuf_addc(&text, 'x', 1 << 20);
	assert_refused(no_header);
	text.len = 0;
	strbuf_addc(&text, '\0', 1 << 20);
	assert_refused(no_header);
	snprintf(path, sizeof(path), "%s", tree);
	assert_true(recording_open(&recording, path, NULL, NULL, &why) == -EISDIR);
	snprintf(path, sizeof(path), "%s/missing", tree);
	assert_true(recording_open(&recording, path, NULL, NULL, &why) == -ENOENT);
	snprintf(path, sizeof(path), "%s/fifo", tree);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(recording_open(&recording, path, NULL, NULL, &why) == -EINVAL);
	assert_non_null(strstr(why.text, "--replay=- < "));
}

static void test_damaged(void **state)
{
	static const struct {
		const char *line, *problem;
	} lines[] = {
		{ "", "1: an object should begin here" },
		{ "[]", "1: an object should begin here" },
		{ "{}", "3: the sample before lacks its time" },
		{ "{\"wall\":1}", "11: the sample before lacks its time" },
		{ "{\"wall\":1,\"monotonic_ns\":1,\"wall\":1}", "35: the key stands there twice" },
		{ "{\"wall\":1,\"monotonic_ns\":18446744073709551616}",
		  "26: the number is too large" },
		{ "{\"wall\":9223372036854775808,\"monotonic_ns\":9}",
		  "9: the number is too large" },
		{ "{\"wall\":-1,\"monotonic_ns\":9}", "9: a whole number should begin here" },
		{ "{\"wall\":NaN,\"monotonic_ns\":9}", "9: a whole number should begin here" },
		{ "{\"wall\":1e3,\"monotonic_ns\":9}", "9: the number is not whole" },
		{ "{\"wall\":1,\"monotonic_ns\":9", "27: a comma or } is missing" },
		{ "{\"wall\":1,\"monotonic_ns\":9}{}",
		  "28: something follows the end of the line" },
		{ "{\"wall\":1,\"monotonic_ns\":9,\"x\":\"\xff\"}", "33: not UTF-8" },
		{ "{\"wall\":1,\"monotonic_ns\":1000000000}",
		  "1: the sample is not later than the one before" },
		{ "{\"wall\":1,\"monotonic_ns\":999999999,\"previous_ns\":3}",
		  "1: the sample is not later than the one before" },
	};
	char *way_out = xasprintf("; without it: sed 3d %s | listenq --replay=-", path), *problem;
	size_t good;

	add_header();
	add_sample(1, 0);
	good = text.len;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		text.len = good;
		strbuf_addf(&text, "%s\n", lines[i].line);
		add_sample(4, 3);
		problem = xasprintf(": line 3 is damaged, byte %s%s", lines[i].problem, way_out);
		assert_refused(problem);
		free(problem);
	}
	free(way_out);
}

/* Brackets within brackets, in a line that is read as a whole. */
static void test_deep(void **state)
{
	add_header();
	strbuf_adds(&text, "{\"x\":");
	strbuf_addc(&text, '[', 1000000);
	strbuf_adds(&text, "\n");
	assert_true(try_open() < 0);
	assert_non_null(strstr(why.text,
			       ": line 2 is damaged, byte 70: too many objects within each "
			       "other; without it: sed 2d "));
}

static void test_bad_header(void **state)
{
	add_header();
	add_sample(1, 0);
	strbuf_adds(&text, HEADER_LINE_BEGIN "\"format_version\":2,\"else\":true}\n");
	assert_refused(", line 3: its format version is 2, and this listenq reads 1; a newer one "
		       "is needed");
	text.len = 0;
	strbuf_adds(&text, HEADER_LINE_BEGIN "\"format_version\":1}\n");
	assert_refused(": line 1 is damaged, byte 49: the line before lacks a key that it needs");
}

/* What the index does not read is found when the sample is read. */
static void test_damaged_sample(void **state)
{
	char *expected = xasprintf("%s: line 4 is damaged, byte 62: the number is too large; "
				   "without it: sed 4d %s | listenq --replay=-",
				   path, path);

	add_header();
	add_sample(1, 0);
	add_header();
	strbuf_adds(
		&text,
		"{\"wall\":1,\"monotonic_ns\":1000000009,\"previous_ns\":8,\"n_unix\":4294967296}\n");
	open_text();
	assert_u64_equal(recording_count(recording), 2);
	assert_true(recording_read(recording, 1, &sample, &why) < 0);
	assert_string_equal(why.text, expected);
	free(expected);
	read_sample(0);
}

static void add_run(const char *boot_id, uint64_t second)
{
	add_header_of(boot_id);
	add_sample(second, 0);
	add_sample(second + 1, second);
}

/* Files that are joined in the wrong order, as "cat FILE*" does. */
static void test_back(void **state)
{
	static const char problem[] =
		", byte 1: this run is older than one above it; join files with the oldest first: "
		"cat FILE.1 FILE | listenq --replay=-";
	char *third = xasprintf(", line 5%s", problem), *last = xasprintf(", line 8%s", problem);

	add_run("b", 100);
	add_run("b", 50);
	assert_refused(third);
	text.len = 0;
	add_run("b", 100);
	add_run("c", 10);
	add_run("b", 50);
	assert_refused(last);
	text.len = 0;
	add_run("b", 100);
	add_run("c", 10);
	add_run("b", 100);
	assert_refused(last);
	/* What is one after the other, of another boot, or of one that is unknown. */
	text.len = 0;
	add_run("b", 100);
	add_run("b", 101);
	add_run("c", 10);
	add_run("", 9);
	add_run("", 8);
	open_text();
	free(third);
	free(last);
}

/* What --record-size left, and what only has its name. */
static void test_older(void **state)
{
	char *older = xasprintf("%s.1", path);

	add_two_runs();
	open_text();
	assert_null(recording_older(recording));
	unit_write(tree, "file.1", "of somebody else, and long enough\n", 34);
	open_text();
	assert_null(recording_older(recording));
	unit_write(tree, "file.1", text.s, text.len);
	open_text();
	assert_string_equal(recording_older(recording), older);
	free(older);
}

/* It is another file by the time that a sample is read. */
static void test_changed(void **state)
{
	add_header();
	add_sample(1, 0);
	add_sample(2, 1);
	open_text();
	assert_int_equal(truncate(path, (off_t)text.len - 1), 0);
	assert_true(recording_read(recording, 1, &sample, &why) < 0);
	assert_non_null(strstr(why.text, " became shorter while it was read"));
	read_sample(0);
}

/* More than a million listeners take less. The file has a hole, which takes no room on disk. */
static void test_long_line(void **state)
{
	add_header();
	unit_write(tree, "file", text.s, text.len);
	assert_int_equal(truncate(path, 300 << 20), 0);
	assert_true(recording_open(&recording, path, NULL, NULL, &why) < 0);
	assert_non_null(strstr(
		why.text, ": line 2 is damaged, byte 268435456: the line has more than 256 MiB"));
}

/* Wherever its newline is, the run that follows is read. */
static void test_run_after_a_long_line(void **state)
{
	static const off_t lengths[] = { (256 << 20) + 1, (256 << 20) + 600000 };
	struct strbuf first = { 0 };

	add_header();
	add_sample(1, 0);
	add_sample(2, 1);
	strbuf_add(&first, text.s, text.len);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const off_t begin = (off_t)first.len + lengths[i];
		int fd;

		text.len = 0;
		strbuf_adds(&text, "\n");
		add_header();
		add_sample(3, 0);
		add_sample(4, 3);
		unit_write(tree, "file", first.s, first.len);
		fd = open(path, O_WRONLY);
		assert_int_equal(pwrite(fd, text.s, text.len, begin), text.len);
		close(fd);
		recording_close(recording);
		assert_int_equal(recording_open(&recording, path, NULL, NULL, &why), 0);
		assert_u64_equal(recording_count(recording), 4);
		assert_damage(0, 4, 2, 2);
	}
	strbuf_free(&first);
}

static void count_progress(void *context, uint64_t done, uint64_t size)
{
	uint64_t *last = context;

	assert_true(done > *last && (!size || done <= size));
	*last = done;
}

/* Standard input: a file from where it stands, or a pipe, which is copied. */
static void test_standard_input(void **state)
{
	int standard = dup(STDIN_FILENO), pipes[2];
	uint64_t done = 0;

	strbuf_adds(&text, "skipped\n");
	add_two_runs();
	unit_write(tree, "file", text.s, text.len);
	assert_int_equal(dup2(open(path, O_RDONLY | O_CLOEXEC), STDIN_FILENO), STDIN_FILENO);
	assert_u64_equal(lseek(STDIN_FILENO, 8, SEEK_SET), 8);
	assert_int_equal(recording_open(&recording, "-", count_progress, &done, &why), 0);
	assert_u64_equal(recording_count(recording), 5);
	assert_string_equal(recording_name(recording), "standard input");
	read_sample(4);
	recording_close(recording);
	assert_int_equal(pipe(pipes), 0);
	assert_true(text.len < 65536);
	assert_u64_equal(write(pipes[1], text.s + 8, text.len - 8), text.len - 8);
	close(pipes[1]);
	assert_int_equal(dup2(pipes[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(setenv("TMPDIR", tree, 1), 0);
	assert_int_equal(recording_open(&recording, "-", count_progress, &done, &why), 0);
	assert_u64_equal(unit_count_entries(tree), 1); /* "file": the copy has no name */
	assert_u64_equal(recording_count(recording), 5);
	read_sample(4);
	recording_close(recording);
	/* No room for the copy. */
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_true(recording_open(&recording, "-", NULL, NULL, &why) < 0);
	assert_non_null(strstr(why.text, "TMPDIR may name another directory"));
	dup2(standard, STDIN_FILENO);
	close(standard);
	close(pipes[0]);
	unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_index),
		TEST(test_read),
		TEST(test_gap),
		TEST(test_missed),
		TEST(test_outlives),
		TEST(test_many),
		TEST(test_other_order),
		TEST(test_number_at_end_of_head),
		TEST(test_cut),
		TEST(test_without_samples),
		TEST(test_no_recording),
		TEST(test_damaged),
		TEST(test_deep),
		TEST(test_runs),
		TEST(test_damage),
		TEST(test_damage_between_runs),
		TEST(test_damage_all_over),
		TEST(test_bad_header),
		TEST(test_damaged_sample),
		TEST(test_back),
		TEST(test_older),
		TEST(test_changed),
		TEST(test_long_line),
		TEST(test_run_after_a_long_line),
		TEST(test_standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
