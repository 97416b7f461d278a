/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "analyse/fold.h"
#include "base/clock.h"
#include "base/when.h"
#include "output/json.h"
#include "replay/excerpt.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A report points to its selection. */
static const struct selection all_listeners = { .family = AF_UNSPEC };

/*
 * A whole recording, from any bytes: runs, times, a last line that is cut. The index is held
 * against a reader that only looks for ends of lines, and each window makes a report.
 */

/* Each whole line is a header or a sample, in the order of the file, or damaged or behind that. */
static void check_index(const struct recording *r, const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end;
	const size_t n = recording_count(r);
	size_t at = 0, i = 0, runs = 0, line = 1, last = 0;
	const struct recording_damage *d;
	bool begins = false;

	while ((end = memchr(text + at, '\n', size - at))) {
		const size_t len = (size_t)(end + 1 - (text + at));

		if (len >= strlen(HEADER_LINE_BEGIN) &&
		    !memcmp(text + at, HEADER_LINE_BEGIN, strlen(HEADER_LINE_BEGIN))) {
			begins = true;
		} else if (!recording_damage(r, 0) ||
			   (i < n && recording_entry(r, i)->offset == at)) {
			runs += begins;
			begins = false;
			FUZZ_CHECK(i < n);
			FUZZ_CHECK(recording_entry(r, i)->offset == at);
			FUZZ_CHECK(recording_entry(r, i)->size == len);
			FUZZ_CHECK(recording_entry(r, i)->run + 1 == runs);
			FUZZ_CHECK(recording_entry(r, i)->line == line);
			FUZZ_CHECK(recording_header(r, runs - 1)->format_version ==
				   HEADER_LINE_VERSION);
			i++;
		}
		at += len;
		line++;
	}
	FUZZ_CHECK(i == n && line > 1);
	FUZZ_CHECK(recording_damage(r, 0) || recording_is_cut(r) == (at < size));
	for (i = 0; (d = recording_damage(r, i)); i++) {
		FUZZ_CHECK(d->line > last && d->line < line && d->from <= d->to && d->to <= n);
		FUZZ_CHECK(!i || recording_damage(r, i - 1)->to < d->from);
		last = d->line;
	}
}

static void check_order(const struct recording *r)
{
	for (size_t i = 0; i < recording_count(r); i++) {
		const struct recording_entry *e = recording_entry(r, i);

		FUZZ_CHECK(!e->follows || recording_has_window(r, i));
		if (recording_has_window(r, i))
			FUZZ_CHECK(e->monotonic_ns > recording_entry(r, i - 1)->monotonic_ns);
	}
}

static void check_excerpt(const struct recording *r)
{
	struct excerpt e;
	struct error why;
	size_t n = 0;

	for (size_t i = 0; i < recording_count(r); i++)
		n += recording_has_window(r, i);
	FUZZ_CHECK((excerpt_choose(&e, r, 0, INT64_MAX, &why) == 0) == (n > 0));
	if (!n)
		return;
	for (size_t i = 0; i < recording_count(r); i++)
		n -= excerpt_has(&e, i);
	FUZZ_CHECK(n == 0);
	FUZZ_CHECK(!e.damaged_line || excerpt_damage(&e));
	excerpt_keep_last_run(&e);
	FUZZ_CHECK(excerpt_has(&e, e.first) && excerpt_has(&e, e.last));
}

static void print_report(struct report *report, const struct snapshot *before,
			 const struct snapshot *now)
{
	struct field_context context = { 0 };
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	fold_build(report, before, now, false);
	report_select(report, &all_listeners);
	json_print(stream, report, true, &context);
	fclose(stream);
	fuzz_check_json(text, len);
	free(text);
	strbuf_free(&context.scratch);
}

static void replay(struct recording *r)
{
	struct snapshot samples[2] = { 0 };
	struct report report = { 0 };
	struct error why;
	bool held = false;

	for (size_t i = 0; i < recording_count(r); i++) {
		struct snapshot *s = &samples[i % 2];
		const bool read = recording_read(r, i, s, &why) == 0;

		if (read) {
			FUZZ_CHECK(s->monotonic_ns == recording_entry(r, i)->monotonic_ns);
			if (held && recording_has_window(r, i))
				print_report(&report, &samples[!(i % 2)], s);
		} else {
			FUZZ_CHECK(strstr(why.text, "line ") && strstr(why.text, ", byte "));
		}
		held = read;
	}
	report_free(&report);
	snapshot_free(&samples[0]);
	snapshot_free(&samples[1]);
}

/* Anything may stand where a time should. */
static void try_time(const uint8_t *data, size_t size)
{
	char text[64] = "";
	int64_t early, late;
	struct error why;

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	if (when_parse(text, INT64_C(1764408163) * (int64_t)NSEC_PER_SEC, false, &early, &why) < 0)
		return;
	FUZZ_CHECK(early >= 0);
	FUZZ_CHECK(when_parse(text, INT64_C(1764408163) * (int64_t)NSEC_PER_SEC, true, &late,
			      &why) == 0);
	FUZZ_CHECK(late >= early);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct recording *r;
	char path[64];
	struct error why;

	try_time(data, size);
	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (recording_open(&r, path, NULL, NULL, &why) == 0) {
		check_index(r, data, size);
		check_order(r);
		check_excerpt(r);
		replay(r);
	} else {
		FUZZ_CHECK(!r && *why.text && !strchr(why.text, '\n'));
	}
	recording_close(r);
	close(fd);
}
