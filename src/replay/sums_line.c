/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/sums_line.h"

#include "base/alloc.h"
#include "replay/json_reader.h"
#include "replay/sample_line.h"

#include <errno.h>
#include <string.h>

void sums_line_add(struct strbuf *to, const struct sums *sums)
{
	strbuf_adds(to, "{\"begun_ns\":");
	strbuf_addu(to, sums->begun_ns);
	strbuf_adds(to, ",\"sums\":[");
	for (size_t i = 0; i < sums->n; i++) {
		const struct sum *sum = &sums->list[i];

		strbuf_adds(to, i ? ",{\"labels\":" : "{\"labels\":");
		sample_line_add_text(to, sum->labels);
		strbuf_adds(to, ",\"seen_ns\":");
		strbuf_addu(to, sum->seen_ns);
		strbuf_adds(to, ",\"held_ns\":");
		strbuf_addu(to, sum->held_ns);
		for (size_t j = 0; j < SUM_N; j++) {
			strbuf_adds(to, j ? "," : ",\"n\":[");
			strbuf_addu(to, sum->n[j]);
		}
		strbuf_adds(to, "]}");
	}
	strbuf_adds(to, "]}\n");
}

/* Another number of them is of a version that counts something else. */
static void read_numbers(struct json_reader *json, struct sum *sum)
{
	size_t n = 0;

	json_reader_enter(json, '[');
	for (; json_reader_element(json); n++) {
		uint64_t value = json_reader_u64(json, UINT64_MAX);

		if (n < SUM_N)
			sum->n[n] = value;
	}
	if (n != SUM_N)
		json_reader_fail(json, "a sum has more or less numbers than this listenq knows");
}

static void read_sum(struct json_reader *json, struct sums *sums)
{
	struct sum read = { 0 }, *sum;
	struct strbuf labels = { 0 };
	unsigned int seen = 0;

	json_reader_enter(json, '{');
	for (const char *key; (key = json_reader_key(json));) {
		if (!strcmp(key, "labels") && !labels.s) {
			strbuf_adds(&labels, json_reader_text(json));
		} else if (!strcmp(key, "n") && !(seen & 1)) {
			seen |= 1;
			read_numbers(json, &read);
		} else if (!strcmp(key, "seen_ns") && !(seen & 2)) {
			seen |= 2;
			read.seen_ns = json_reader_u64(json, UINT64_MAX);
		} else if (!strcmp(key, "held_ns") && !(seen & 4)) {
			seen |= 4;
			read.held_ns = json_reader_u64(json, UINT64_MAX);
		} else {
			json_reader_fail(json, "the key is unknown, or stands there twice");
		}
	}
	if (!labels.s || seen != 7)
		json_reader_fail(json, "the object before lacks a key that it needs");
	else if (labels.s[strcspn(labels.s, "\n")]) /* else a line of its own among the metrics */
		json_reader_fail(json, "labels have no newline");
	else if (sums_find(sums, labels.s))
		json_reader_fail(json, "the labels stand there twice");
	if (!json_reader_failed(json)) {
		sum = sums_get(sums, labels.s);
		read.labels = sum->labels;
		*sum = read;
	}
	strbuf_free(&labels);
}

static const char *find_wrong(const struct sums *sums, uint64_t now_ns)
{
	if (sums->begun_ns > now_ns)
		return "the sums began after the sample";
	for (size_t i = 0; i < sums->n; i++)
		if (sums->list[i].seen_ns > now_ns)
			return "a sum was seen after the sample";
	return NULL;
}

int sums_line_read(struct sums *sums, const char *line, size_t len, uint64_t now_ns,
		   struct error *why)
{
	struct json_reader json;
	const char *wrong;
	int code = 0;

	json_reader_init(&json, line, len);
	json_reader_enter(&json, '{');
	for (const char *key; (key = json_reader_key(&json));) {
		if (!strcmp(key, "begun_ns") && !sums->begun_ns) {
			sums->begun_ns = json_reader_u64(&json, UINT64_MAX);
		} else if (!strcmp(key, "sums") && !sums->n) {
			json_reader_enter(&json, '[');
			while (json_reader_element(&json))
				read_sum(&json, sums);
		} else {
			json_reader_fail(&json, "the key is unknown, or stands there twice");
		}
	}
	json_reader_end(&json);
	wrong = json_reader_failed(&json) ? NULL : find_wrong(sums, now_ns);
	if (wrong)
		json_reader_fail(&json, wrong);
	if (json_reader_failed(&json))
		code = error_set(why, -EINVAL, "byte %zu: %s", json_reader_byte(&json),
				 json.problem);
	json_reader_free(&json);
	return code;
}
