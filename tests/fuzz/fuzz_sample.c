/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "analyse/fold.h"
#include "output/json.h"
#include "replay/header_line.h"
#include "replay/sample_line.h"
#include "replay/sums_line.h"

#include <string.h>

/* A report points to its selection. */
static const struct selection all_listeners = { .family = AF_UNSPEC };

/*
 * A line of a file with samples, from any bytes: the header, a sample, or sums. What is read is
 * written and read again to the same line. A sample makes reports: of itself, and of a window
 * between it and itself.
 */

static void check_same(struct strbuf *line, struct strbuf *again)
{
	fuzz_check_json(line->s, line->len);
	FUZZ_CHECK(line->len == again->len && !memcmp(line->s, again->s, line->len));
	strbuf_free(line);
	strbuf_free(again);
}

static void try_header(const char *text, size_t len)
{
	struct header_line h = { 0 }, restored = { 0 };
	struct strbuf line = { 0 }, again = { 0 };
	struct error why;

	if (header_line_read(&h, text, len, &why) == 0 && h.format_version == HEADER_LINE_VERSION) {
		header_line_add(&line, &h);
		FUZZ_CHECK(header_line_read(&restored, line.s, line.len, &why) == 0);
		header_line_add(&again, &restored);
		check_same(&line, &again);
	}
	header_line_free(&h);
	header_line_free(&restored);
}

static void try_sums(const char *text, size_t len)
{
	struct sums sums = { 0 }, restored = { 0 };
	struct strbuf line = { 0 }, again = { 0 };
	struct error why;

	if (sums_line_read(&sums, text, len, UINT64_MAX, &why) == 0) {
		sums_line_add(&line, &sums);
		FUZZ_CHECK(sums_line_read(&restored, line.s, line.len, UINT64_MAX, &why) == 0);
		sums_line_add(&again, &restored);
		check_same(&line, &again);
	}
	sums_free(&sums);
	sums_free(&restored);
}

static void check_report(const struct snapshot *before, const struct snapshot *now, bool fold)
{
	struct field_context context = { 0 };
	struct report report = { 0 };
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	fold_build(&report, before, now, fold);
	report_select(&report, &all_listeners);
	json_print(stream, &report, true, &context);
	fclose(stream);
	fuzz_check_json(text, len);
	free(text);
	strbuf_free(&context.scratch);
	report_free(&report);
}

static void try_sample(const char *text, size_t len)
{
	struct strbuf line = { 0 }, again = { 0 };
	struct snapshot s = { 0 }, restored = { 0 };
	struct error why;

	if (sample_line_read(&s, text, len, &why) < 0) {
		FUZZ_CHECK(!strncmp(why.text, "byte ", 5));
	} else {
		sample_line_add(&line, &s);
		FUZZ_CHECK(sample_line_read(&restored, line.s, line.len, &why) == 0);
		sample_line_add(&again, &restored);
		check_same(&line, &again);
		check_report(NULL, &s, false);
		check_report(&s, &restored, false);
		check_report(&s, &restored, true);
	}
	snapshot_free(&s);
	snapshot_free(&restored);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	try_header((const char *)data, size);
	try_sums((const char *)data, size);
	try_sample((const char *)data, size);
}
