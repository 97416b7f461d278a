/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/text.h"
#include "model/groups.h"
#include "output/columns.h"
#include "output/json.h"
#include "output/prometheus.h"
#include "output/sort.h"
#include "output/table.h"
#include "../unit/scene.h"

#include <locale.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Names that others choose, in every column, in a table, a document and metrics: of a process, its
 * cgroup, unit and container, of a UNIX socket, an interface, a namespace, and the host. A byte
 * 0x1c stands between them. The first three bytes are the width and the style.
 */

#define SEPARATOR 0x1c

struct texts {
	const uint8_t *at, *end;
};

static const char *next_text(struct texts *texts, struct snapshot *s)
{
	const uint8_t *separator =
		texts->at < texts->end ?
			memchr(texts->at, SEPARATOR, (size_t)(texts->end - texts->at)) :
			NULL;
	const uint8_t *end = separator ? separator : texts->end;
	const char *name;
	struct strbuf text = { 0 };

	strbuf_add(&text, (const char *)texts->at, (size_t)(end - texts->at));
	name = *text.s ? string_pool_adds(snapshot_strings(s), text.s) : NULL;
	strbuf_free(&text);
	texts->at = separator ? separator + 1 : texts->end;
	return name;
}

static void add_owner(struct snapshot *s, struct texts *texts)
{
	struct process *p = calloc(1, sizeof(*p));
	struct owner *o = calloc(1, sizeof(*o));

	p->pid = 4711;
	p->comm = next_text(texts, s);
	/* Each process has a name. */
	if (!p->comm)
		p->comm = "x";
	p->cgroup = next_text(texts, s);
	p->unit = next_text(texts, s);
	p->container = next_text(texts, s);
	s->processes = p;
	s->n_processes = s->processes_size = 1;
	s->owners = o;
	s->n_owners = s->owners_size = 1;
}

static void fill(struct snapshot *s, const uint8_t *data, size_t size)
{
	struct texts texts = { data, data + size };
	struct listener *l;
	const char *host;

	add_owner(s, &texts);
	for (uint16_t i = 1; i <= 2; i++) {
		l = scene_add(s, i);
		l->known |= LISTENER_OWNERS;
		l->n_owners = 1;
		l->cgroup = next_text(&texts, s);
		l->interface = next_text(&texts, s);
		l->addr.ifindex = i;
		l->length = 129u * (i - 1);
	}
	l = snapshot_add_listener(s, 0, 3);
	l->addr.family = AF_UNIX;
	l->name = next_text(&texts, s);
	s->known |= SNAPSHOT_UNIX | SNAPSHOT_GROUPS;
	s->netns[0].name = next_text(&texts, s);
	host = next_text(&texts, s);
	snprintf(s->host, sizeof(s->host), "%s", host ? host : "");
	groups_build(s);
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void check_table(const struct report *report, const uint8_t *style_bytes,
			struct field_context *context)
{
	const struct table_style style = {
		.header = style_bytes[1] & 1,
		.footer = style_bytes[1] & 2,
		.text_flags = style_bytes[1] & 4 ? 0 : TEXT_ASCII,
		.width = style_bytes[0],
	};
	struct columns columns = { 0 };
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (style_bytes[1] & 8)
		columns_all(&columns);
	else
		columns_default(&columns, style_bytes[1] & 16);
	columns_processes(&columns);
	table_print(stream, report, &columns, &style, context);
	fclose(stream);
	fuzz_check_printed(text, len, "\n");
	if (!style.footer)
		FUZZ_CHECK(count_lines(text) == report->n_shown + style.header);
	if (style.text_flags & TEXT_ASCII)
		for (size_t i = 0; i < len; i++)
			FUZZ_CHECK((unsigned char)text[i] < 0x80);
	free(text);
}

static void check_document(const struct report *report, bool one_line,
			   struct field_context *context)
{
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	json_print(stream, report, one_line, context);
	fclose(stream);
	fuzz_check_printed(text, len, "\n");
	fuzz_check_json(text, len);
	if (one_line)
		FUZZ_CHECK(count_lines(text) == 1 && text[len - 1] == '\n');
	free(text);
}

/* Reads labels in braces: NAME="VALUE", with commas between them. Returns what follows. */
static const char *read_labels(const char *at)
{
	do {
		at++;
		FUZZ_CHECK(strspn(at, "abcdefghijklmnopqrstuvwxyz"));
		at += strspn(at, "abcdefghijklmnopqrstuvwxyz");
		FUZZ_CHECK(at[0] == '=' && at[1] == '"');
		for (at += 2; *at != '"'; at++) {
			FUZZ_CHECK(*at && *at != '\n');
			if (*at == '\\')
				FUZZ_CHECK(*++at == '\\' || *at == '"' || *at == 'n');
		}
		at++;
	} while (*at == ',');
	FUZZ_CHECK(*at == '}');
	return at + 1;
}

/* Is the series of this sample, @len bytes, there once more in the text? */
static bool is_twice(const char *text, const char *line, size_t len)
{
	size_t n = 0;

	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		n += !strncmp(at, line, len);
	return n != 1;
}

/* One sample a line, no series twice, everything escaped. */
static void check_metrics(const struct report *report, struct snapshot *now,
			  struct field_context *context)
{
	struct sums sums = { 0 };
	const struct prometheus_style style = { .sums = &sums };
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	prometheus_take(report, now, &sums);
	prometheus_print(stream, report, &style, context);
	fclose(stream);
	fuzz_check_printed(text, len, "\n");
	FUZZ_CHECK(text[len - 1] == '\n');
	for (const char *line = text, *at; *line; line = at + 1) {
		at = line;
		if (*line == '#') {
			at = strchr(line, '\n');
			continue;
		}
		at += strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		if (*at == '{')
			at = read_labels(at);
		FUZZ_CHECK(*at == ' ' && !is_twice(text, line, (size_t)(at - line) + 1));
		at++;
		FUZZ_CHECK(strspn(at, "0123456789."));
		at += strspn(at, "0123456789.");
		FUZZ_CHECK(*at == '\n');
	}
	free(text);
	sums_free(&sums);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static const struct selection all = { .family = AF_UNSPEC };
	struct field_context context = { 0 };
	struct scene scene = { 0 };
	const struct field *sort;
	static const char *locale;

	if (!locale)
		locale = setlocale(LC_CTYPE, "C.UTF-8");
	if (size < 3)
		return;
	scene_open(&scene);
	fill(&scene.before, data + 3, size - 3);
	fill(&scene.now, data + 3, size - 3);
	report_build(&scene.report, &scene.before, &scene.now);
	report_select(&scene.report, &all);
	sort = data[2] < FIELD_N ? &field_table[data[2]] : NULL;
	sort_rows(&scene.report, sort && sort->name ? sort : NULL, data[1] & 32, &context);
	check_table(&scene.report, data, &context);
	check_document(&scene.report, data[1] & 64, &context);
	check_metrics(&scene.report, &scene.now, &context);
	scene_close(&scene);
	strbuf_free(&context.scratch);
}
