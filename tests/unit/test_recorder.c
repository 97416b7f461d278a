/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "replay/recorder.h"
#include "replay/sample_line.h"

#include <signal.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Which lines are in the file, whatever happens to it. tests/system/test_record.py has what takes a
 * program: signals, a full file system, the view.
 */

#define N_LISTENERS 400 /* a line has more than 4 KiB */

static struct snapshot samples[2];
static struct recorder *recorder;
static struct recorder_config config;
static struct error why;
static char *tree, path[4096], former[4096];
static uint64_t last_s; /* of the sample before; 0: there is none */

static void make_sample(struct snapshot *s, uint64_t seconds)
{
	snapshot_reset(s);
	scene_begin(s, seconds * NSEC_PER_SEC);
	strcpy(s->host, "web3");
	for (uint16_t i = 1; i <= N_LISTENERS; i++)
		scene_add(s, i);
}

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/file", tree);
	snprintf(former, sizeof(former), "%s/file.1", tree);
	config = (struct recorder_config){ .path = path };
	last_s = 0;
	return 0;
}

static int teardown(void **state)
{
	recorder_close(recorder, &why);
	recorder = NULL;
	snapshot_free(&samples[0]);
	snapshot_free(&samples[1]);
	unit_remove_tree(tree);
	return 0;
}

/* Begins a run, with a sample at that second. */
static void begin(uint64_t seconds)
{
	recorder_close(recorder, &why);
	if (recorder_open(&recorder, &config, &why) < 0)
		fail_msg("%s", why.text);
	last_s = seconds;
}

/* The next sample. */
static const char *add(uint64_t seconds, bool keep)
{
	make_sample(&samples[0], last_s);
	make_sample(&samples[1], seconds);
	last_s = seconds;
	return recorder_add(recorder, &samples[0], &samples[1], keep);
}

static void add_quietly(uint64_t seconds, bool keep)
{
	const char *news = add(seconds, keep);

	if (news)
		fail_msg("%s", news);
}

static void add_saying(uint64_t seconds, bool keep, const char *words)
{
	const char *news = add(seconds, keep);

	if (!news || !strstr(news, words))
		fail_msg("'%s' is not in '%s'", words, news ? news : "");
}

static void assert_refused(int code, const char *words)
{
	assert_int_equal(recorder_open(&recorder, &config, &why), code);
	assert_null(recorder);
	if (!strstr(why.text, words))
		fail_msg("'%s' is not in '%s'", words, why.text);
}

/* "H 1 2 5(2)": a header line, and samples of those seconds; two are missing before the last. */
static void assert_file(const char *file, const char *expected)
{
	struct strbuf found = { 0 };
	struct snapshot s = { 0 };
	size_t len;
	char *text = unit_read(file, &len), *end;

	strbuf_adds(&found, "");
	for (char *line = text; line < text + len; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + len - line));
		if (!end)
			fail_msg("the last line has no end");
		if (found.len)
			strbuf_putc(&found, ' ');
		if (!strncmp(line, HEADER_LINE_BEGIN, strlen(HEADER_LINE_BEGIN))) {
			strbuf_putc(&found, 'H');
			continue;
		}
		snapshot_reset(&s);
		if (sample_line_read(&s, line, (size_t)(end + 1 - line), &why) < 0)
			fail_msg("%s", why.text);
		strbuf_addu(&found, s.monotonic_ns / NSEC_PER_SEC);
		if (s.missed)
			strbuf_addf(&found, "(%llu)", (unsigned long long)s.missed);
	}
	assert_string_equal(found.s, expected);
	strbuf_free(&found);
	snapshot_free(&s);
	free(text);
}

static uint64_t size_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return (uint64_t)st.st_size;
}

static void append(const char *text)
{
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_runs(void **state)
{
	struct stat st;

	begin(1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	add_quietly(2, false);
	add_quietly(3, false);
	assert_file(path, "H 1 2 3");
	begin(4);
	add_quietly(5, false);
	assert_file(path, "H 1 2 3 H 4 5");
	assert_null(recorder_failure(recorder));
}

static void test_header(void **state)
{
	struct header_line header = { 0 };
	size_t len;
	char *text;

	config.scope.all_namespaces = true;
	begin(1);
	strcpy(samples[0].host, "");
	add_quietly(2, false);
	text = unit_read(path, &len);
	assert_int_equal(header_line_read(&header, text, strcspn(text, "\n") + 1, &why), 0);
	assert_string_equal(header.host, "web3");
	assert_true(header.all_namespaces);
	assert_int_equal(header.wall.tv_sec, samples[0].wall.tv_sec);
	header_line_free(&header);
	free(text);
}

static void test_new_file_without_samples(void **state)
{
	begin(1);
	assert_int_equal(access(path, F_OK), 0);
	recorder_close(recorder, &why);
	recorder = NULL;
	assert_int_equal(access(path, F_OK), -1);
	/* An empty one that was there stays, and is used. */
	unit_write_text(tree, "file", "");
	begin(1);
	begin(1);
	assert_int_equal(access(path, F_OK), 0);
	add_quietly(2, false);
	assert_file(path, "H 1 2");
}

static void test_another_file(void **state)
{
	static const char *const texts[] = { "precious\n", "{\"format\":\"other\"}\n", "x", "\n" };
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *text;

		unit_write_text(tree, "file", texts[i]);
		assert_refused(-EINVAL, "it is another file");
		text = unit_read(path, &len);
		assert_string_equal(text, texts[i]);
		free(text);
	}
	unit_write_text(tree, "file", HEADER_LINE_BEGIN "\"format_version\":2}\n");
	assert_refused(-EBADMSG, "format version 2");
	unit_write_text(tree, "file", HEADER_LINE_BEGIN "\"format_version\":1}\n");
	assert_refused(-EBADMSG, "line 1, byte ");
}

/* A flight recorder goes on after an upgrade. */
static void test_another_version_of_two_files(void **state)
{
	static const char text[] = HEADER_LINE_BEGIN "\"format_version\":2}\n";
	size_t len;
	char *moved;

	config.size_max = UINT64_MAX;
	unit_write_text(tree, "file", text);
	begin(1);
	add_saying(2, false, "it is ");
	assert_file(path, "H 1 2");
	moved = unit_read(former, &len);
	assert_string_equal(moved, text);
	free(moved);
	/* What is not a recording is never replaced. */
	recorder_close(recorder, &why);
	unit_write_text(tree, "file", text);
	unit_write_text(tree, "file.1", "precious\n");
	assert_refused(-EEXIST, "is another file");
	moved = unit_read(path, &len);
	assert_string_equal(moved, text);
	free(moved);
}

static void test_not_a_regular_file(void **state)
{
	char target[4096];

	snprintf(target, sizeof(target), "%s/target", tree);
	unit_write_text(tree, "target", "");
	assert_int_equal(symlink(target, path), 0);
	assert_refused(-ELOOP, "symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(-EINVAL, "not a regular file");
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/missing/file", tree);
	assert_refused(-ENOENT, "its directory must be there");
}

static void test_file_of_another_user(void **state)
{
	if (geteuid())
		skip();
	unit_write_text(tree, "file", "");
	assert_int_equal(chown(path, 1234, (gid_t)-1), 0);
	assert_refused(-EPERM, "it belongs to user 1234");
}

static void test_last_line_is_cut(void **state)
{
	begin(1);
	add_quietly(2, false);
	recorder_close(recorder, &why);
	recorder = NULL;
	append("{\"wall\":1795944692836985841,\"monoto");
	begin(3);
	add_saying(4, false, "its 35 bytes are removed");
	add_quietly(5, false);
	assert_file(path, "H 1 2 H 3 4 5");
}

/* A line may be longer than what is read at once. */
static void test_long_line_is_cut(void **state)
{
	begin(1);
	add_quietly(2, false);
	recorder_close(recorder, &why);
	recorder = NULL;
	for (int i = 0; i < 20000; i++)
		append("{\"a\":[");
	begin(3);
	add_saying(4, false, "its 120000 bytes are removed");
	assert_file(path, "H 1 2 H 3 4");
}

/* What is added behind lines that cannot be read would not be read either. */
static void test_end_is_damaged(void **state)
{
	static const char *const junk[] = { "\x01\x93\n\n[7]\n\xff",
					    "{\"wall\":1795944692836985841,\x93\n",
					    HEADER_LINE_BEGIN "\n" };

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		char words[64];

		begin(1);
		add_quietly(2, false);
		recorder_close(recorder, &why);
		recorder = NULL;
		append(junk[i]);
		begin(3);
		snprintf(words, sizeof(words), "was damaged: its last %zu bytes are removed",
			 strlen(junk[i]));
		add_saying(4, false, words);
		add_quietly(5, false);
		assert_file(path, "H 1 2 H 3 4 5");
		assert_int_equal(unlink(path), 0);
	}
}

/* What read(2) and pread(2) gave to this process so far; 0: the kernel does not count it. */
static uint64_t bytes_read(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	unsigned long long n = 0;

	if (!f)
		return 0;
	if (fscanf(f, "rchar: %llu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Many short lines of junk: none is a reason to read all of them again. */
static void test_end_is_damaged_in_many_lines(void **state)
{
	static char junk[200001];
	uint64_t bytes;

	begin(1);
	add_quietly(2, false);
	recorder_close(recorder, &why);
	recorder = NULL;
	for (size_t i = 0; i < sizeof(junk) - 1; i++)
		junk[i] = i % 2 ? '\n' : 'x';
	append(junk);
	memset(junk, '\n', sizeof(junk) - 1);
	append(junk);
	bytes = bytes_read();
	begin(3);
	assert_true(bytes_read() - bytes < 2000000);
	add_saying(4, false, "was damaged: its last 400000 bytes are removed");
	assert_file(path, "H 1 2 H 3 4");
}

static void test_header_is_cut(void **state)
{
	unit_write_text(tree, "file", "{\"format\":\"lis");
	begin(1);
	add_saying(2, false, "not whole");
	assert_file(path, "H 1 2");
}

static void test_two_writers(void **state)
{
	struct recorder *other;

	begin(1);
	assert_int_equal(recorder_open(&other, &config, &why), -EWOULDBLOCK);
	assert_non_null(strstr(why.text, "another listenq records to it"));
	assert_null(other);
	add_quietly(2, false);
	assert_file(path, "H 1 2");
}

static void test_removed(void **state)
{
	begin(1);
	add_quietly(2, false);
	assert_int_equal(unlink(path), 0);
	add_saying(3, false, "was removed or renamed; a new one begins");
	add_quietly(4, false);
	assert_file(path, "H 2 3 4");
	assert_int_equal(rename(path, former), 0);
	add_saying(5, false, "was removed or renamed");
	assert_file(former, "H 2 3 4");
	assert_file(path, "H 4 5");
}

static void test_changed(void **state)
{
	begin(1);
	add_quietly(2, false);
	assert_int_equal(truncate(path, 0), 0);
	add_saying(3, false, "was changed by another program");
	assert_file(path, "H 2 3");
	append("{\"half");
	add_saying(4, false, "its 6 bytes are removed");
	assert_file(path, "H 2 3 H 3 4");
	assert_int_equal(unlink(path), 0);
	unit_write_text(tree, "file", "precious\n");
	add_saying(5, false, "it is another file");
	add_quietly(6, false); /* it is said once */
	assert_non_null(recorder_failure(recorder));
	assert_int_equal(unlink(path), 0);
	add_saying(7, false, "is recorded to again; 1 samples are missing");
	assert_null(recorder_failure(recorder));
	assert_file(path, "H 6 7(1)");
}

/* Writes beyond a limit fail half-way, as on a full disk. */
static void limit_size(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_no_room(void **state)
{
	begin(1);
	add_quietly(2, false);
	limit_size((rlim_t)size_of(path) + 1000);
	add_saying(3, false, "File too large");
	assert_file(path, "H 1 2");
	add_quietly(4, false);
	add_quietly(5, false);
	assert_file(path, "H 1 2");
	assert_non_null(recorder_failure(recorder));
	limit_size(RLIM_INFINITY);
	/* The sample before is at hand still. */
	add_saying(6, false, "is recorded to again; 2 samples are missing");
	add_quietly(7, false);
	assert_file(path, "H 1 2 5(2) 6 7");
}

static void test_no_room_for_one(void **state)
{
	const char *news;

	begin(1);
	add_quietly(2, false);
	limit_size((rlim_t)size_of(path) + 1000);
	add_saying(3, false, "File too large");
	limit_size(RLIM_INFINITY);
	news = add(4, false);
	assert_non_null(news);
	assert_null(strstr(news, "missing"));
	assert_file(path, "H 1 2 3 4");
}

static void test_no_room_at_all(void **state)
{
	begin(1);
	limit_size(10);
	add_saying(2, false, "File too large");
	limit_size(RLIM_INFINITY);
	add_saying(3, false, "recorded to again");
	assert_file(path, "H 2 3");
}

static void test_chosen(void **state)
{
	config.chosen = true;
	begin(1);
	add_quietly(2, false); /* a run begins with a window */
	for (uint64_t i = 3; i < 20; i++)
		add_quietly(i, false);
	assert_file(path, "H 1 2");
	add_quietly(20, true);
	add_quietly(21, true);
	assert_file(path, "H 1 2 19 20 21");
	/* The one after a match shows when it ended. */
	add_quietly(22, false);
	for (uint64_t i = 23; i < 150; i++)
		add_quietly(i, false);
	assert_file(path, "H 1 2 19 20 21 22 82 142");
	add_quietly(150, true);
	assert_file(path, "H 1 2 19 20 21 22 82 142 149 150");
}

/* The report of a sample may retract a warning, before it is known that the next one matches. */
static void test_retracted_warning(void **state)
{
	char *text;
	size_t len;

	config.chosen = true;
	begin(1);
	add_quietly(2, false);
	make_sample(&samples[0], 3);
	make_sample(&samples[1], 4);
	snapshot_warn(&samples[0], "owners-hidden", "some owners are hidden");
	snapshot_retract(&samples[0], "owners-hidden");
	assert_null(recorder_add(recorder, &samples[0], &samples[1], true));
	assert_file(path, "H 1 2 3 4");
	text = unit_read(path, &len);
	assert_non_null(memmem(text, len, "some owners are hidden", 22));
	free(text);
}

/* What was wanted is written as soon as there is room. */
static void test_chosen_without_room(void **state)
{
	config.chosen = true;
	begin(1);
	add_quietly(2, false);
	limit_size((rlim_t)size_of(path) + 1000);
	add_saying(10, true, "File too large");
	limit_size(RLIM_INFINITY);
	add_saying(11, false, "recorded to again");
	add_quietly(12, false);
	assert_file(path, "H 1 2 10 11");
}

/* A sample that nobody wants does not end the debt, and is not counted. */
static void test_chosen_without_room_for_long(void **state)
{
	config.chosen = true;
	begin(1);
	add_quietly(2, false);
	limit_size((rlim_t)size_of(path) + 1000);
	add_saying(10, true, "File too large");
	add_quietly(11, true);
	add_quietly(12, false);
	add_quietly(13, false);
	limit_size(RLIM_INFINITY);
	add_saying(14, false, "recorded to again; 2 samples are missing in it");
	add_quietly(15, false);
	assert_file(path, "H 1 2 13(2) 14");
	assert_null(recorder_failure(recorder));
}

/* The end of a match is tried again, too. */
static void test_no_room_after_match(void **state)
{
	const char *news;

	config.chosen = true;
	begin(1);
	add_quietly(2, true);
	limit_size((rlim_t)size_of(path) + 1000);
	add_saying(3, false, "File too large");
	limit_size(RLIM_INFINITY);
	news = add(4, false);
	assert_non_null(news);
	assert_null(strstr(news, "missing"));
	add_quietly(5, false);
	assert_file(path, "H 1 2 3 4");
}

static void test_rotation(void **state)
{
	uint64_t line, first;

	begin(1);
	add_quietly(2, false);
	first = size_of(path);
	add_quietly(3, false);
	line = size_of(path) - first;
	assert_int_equal(unlink(path), 0);
	config.size_max = first + line;
	begin(1);
	add_quietly(2, false);
	add_quietly(3, false);
	assert_file(path, "H 1 2 3");
	/* The window is whole, as a reader of one file sees it. */
	add_quietly(4, false);
	assert_file(former, "H 1 2 3");
	assert_file(path, "H 3 4");
	add_quietly(5, false);
	add_quietly(6, false);
	assert_file(former, "H 3 4 5");
	assert_file(path, "H 5 6");
	assert_true(size_of(former) <= config.size_max);
	/* Another run goes on with the file, and no header stands alone. */
	begin(7);
	add_quietly(8, false);
	assert_file(former, "H 5 6");
	assert_file(path, "H 7 8");
}

static void test_size_is_too_small(void **state)
{
	config.size_max = 1000;
	begin(1);
	add_saying(2, false, "two samples take more than --record-size allows");
	add_quietly(3, false);
	assert_file(former, "H 1 2");
	assert_file(path, "H 2 3");
}

static void test_rotation_spares_others(void **state)
{
	char *text;

	unit_write_text(tree, "file.1", "precious\n");
	config.size_max = 1000;
	assert_refused(-EEXIST, "it is another file, and not replaced");
	assert_int_equal(access(path, F_OK), -1);
	/* Nor is anything cut off: nobody would hear of it. */
	unit_write_text(tree, "file", HEADER_LINE_BEGIN);
	assert_refused(-EEXIST, "it is another file, and not replaced");
	text = unit_read(path, NULL);
	assert_string_equal(text, HEADER_LINE_BEGIN);
	free(text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(former), 0);
	begin(1);
	add_saying(2, false, "two samples");
	unit_write_text(tree, "file.1", "precious\n");
	add_saying(3, false, "it is another file, and not replaced");
	assert_file(path, "H 1 2");
	assert_int_equal(unlink(former), 0);
	add_saying(4, false, "recorded to again");
	assert_file(former, "H 1 2");
	assert_file(path, "H 3 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_file_without_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_version_of_two_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_regular_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_retracted_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_of_another_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_line_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_is_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_is_damaged_in_many_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_header_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_writers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room_for_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room_at_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chosen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chosen_without_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chosen_without_room_for_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room_after_match, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_size_is_too_small, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_spares_others, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
