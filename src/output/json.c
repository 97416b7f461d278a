/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "output/document.h"

#include <string.h>

/* What stands between the values of a listener: the same for all of them, so it is made once. */
struct frame {
	struct strbuf text;
	size_t ends[FIELD_N]; /* in text: where that before the value of a field ends */
};

/* @key: without anything to escape */
static void add_key(struct strbuf *line, const char *key)
{
	strbuf_putc(line, '"');
	strbuf_adds(line, key);
	strbuf_adds(line, "\":");
}

static void add_object(struct strbuf *line, const struct document_key *keys, struct document_at at);

/* The value of a key that is not an array. */
static void add_key_value(struct strbuf *line, const struct document_key *key,
			  struct document_at at)
{
	at.index += key->index;
	if (key->print)
		key->print(line, &at);
	else if (!key->known || key->known(&at))
		add_object(line, key->keys, at);
	else
		strbuf_adds(line, "null");
}

static void add_object(struct strbuf *line, const struct document_key *keys, struct document_at at)
{
	strbuf_putc(line, '{');
	for (const struct document_key *key = keys; key->key; key++) {
		strbuf_addc(line, ',', key != keys);
		add_key(line, key->key);
		add_key_value(line, key, at);
	}
	strbuf_putc(line, '}');
}

/* @items: of @size bytes each */
static void add_list(struct strbuf *line, const void *items, size_t size, uint64_t n,
		     const struct document_key *keys, const struct report *report)
{
	strbuf_putc(line, '[');
	for (uint64_t i = 0; i < n; i++) {
		struct document_at at = { report, (const char *)items + i * size, 0 };

		strbuf_addc(line, ',', i != 0);
		add_object(line, keys, at);
	}
	strbuf_putc(line, ']');
}

static void add_words(struct strbuf *line, const struct field_value *v)
{
	strbuf_putc(line, '[');
	for (uint64_t i = 0; i < v->number; i++) {
		strbuf_addc(line, ',', i != 0);
		json_value_print_text(line, v->words[i]);
	}
	strbuf_putc(line, ']');
}

static void add_value(struct strbuf *line, const struct field_value *v, const struct report *report)
{
	if (!v->known) {
		strbuf_adds(line, "null");
		return;
	}
	switch (v->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
		strbuf_addu(line, v->number);
		break;
	case TYPE_RATIO:
		json_value_print_real(line, fill_ratio(v->number));
		break;
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		json_value_print_real(line, v->real);
		break;
	case TYPE_BOOL:
		json_value_print_bool(line, v->number);
		break;
	case TYPE_TEXT:
		json_value_print_text(line, v->text);
		break;
	case TYPE_ID:
		strbuf_adds(line, "\"0x");
		strbuf_addx(line, v->number);
		strbuf_putc(line, '"');
		break;
	case TYPE_LIST:
		add_words(line, v);
		break;
	case TYPE_OWNERS:
		add_list(line, v->owners, sizeof(*v->owners), v->number, document_owner_keys,
			 report);
		break;
	case TYPE_WAITING:
		add_list(line, v->connections, sizeof(*v->connections), v->number,
			 document_waiting_keys, report);
		break;
	case TYPE_HALF_OPEN:
		add_list(line, v->connections, sizeof(*v->connections), v->number,
			 document_half_open_keys, report);
		break;
	}
}

static void make_frame(struct frame *frame)
{
	const char *object = NULL;

	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *field = &field_table[i];
		bool same = object == field->object ||
			    (object && field->object && !strcmp(object, field->object));

		if (field->key) {
			if (!same && object)
				strbuf_putc(&frame->text, '}');
			strbuf_putc(&frame->text, frame->text.len ? ',' : '{');
			if (!same && field->object) {
				add_key(&frame->text, field->object);
				strbuf_putc(&frame->text, '{');
			}
			add_key(&frame->text, field->key);
			object = field->object;
		}
		frame->ends[i] = frame->text.len;
	}
	strbuf_adds(&frame->text, object ? "}}" : "}");
}

static void add_listener(struct strbuf *line, const struct frame *frame, const struct row *row,
			 const struct report *report, struct field_context *context)
{
	size_t at = 0;

	for (size_t i = 0; i < FIELD_N; i++) {
		struct field_value value;

		if (!field_table[i].key)
			continue;
		strbuf_add(line, frame->text.s + at, frame->ends[i] - at);
		at = frame->ends[i];
		field_get(&field_table[i], row, report, context, &value);
		add_value(line, &value, report);
	}
	strbuf_adds(line, frame->text.s + at);
}

static void flush(FILE *stream, struct strbuf *text)
{
	fwrite(text->s, 1, text->len, stream);
	text->len = 0;
}

static void print_listeners(FILE *stream, struct strbuf *line, const struct report *report,
			    const char *newline, struct field_context *context)
{
	struct frame frame = { 0 };

	make_frame(&frame);
	for (size_t i = 0; i < report->n_shown; i++) {
		report_prefetch(report, i);
		strbuf_addc(line, ',', i != 0);
		strbuf_adds(line, newline);
		add_listener(line, &frame, report->shown[i], report, context);
		flush(stream, line);
	}
	strbuf_free(&frame.text);
}

static void print_array(FILE *stream, struct strbuf *line, const struct document_key *key,
			struct document_at at)
{
	for (size_t i = 0; (at.item = key->item(at.report, i)); i++) {
		strbuf_addc(line, ',', i != 0);
		add_object(line, key->keys, at);
		flush(stream, line);
	}
}

/* All keys before the listeners are on one line. */
void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context)
{
	const struct document_at at = { .report = report };
	struct strbuf line = { 0 };
	const char *newline = "";

	for (const struct document_key *key = document_keys; key->key; key++) {
		if (key->type == KEY_LISTENERS && !one_line)
			newline = "\n";
		strbuf_putc(&line, key == document_keys ? '{' : ',');
		strbuf_adds(&line, newline);
		add_key(&line, key->key);
		switch (key->type) {
		case KEY_LISTENERS:
			strbuf_putc(&line, '[');
			print_listeners(stream, &line, report, newline, context);
			strbuf_putc(&line, ']');
			break;
		case KEY_ARRAY:
			strbuf_putc(&line, '[');
			print_array(stream, &line, key, at);
			strbuf_putc(&line, ']');
			break;
		default:
			add_key_value(&line, key, at);
			break;
		}
	}
	strbuf_adds(&line, "}\n");
	flush(stream, &line);
	strbuf_free(&line);
}
