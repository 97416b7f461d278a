/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/header_line.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "model/needs.h"
#include "replay/json_reader.h"
#include "replay/sample_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum header_type { TEXT, NUMBER, FLAG, TIME, NEEDS, NAMES };

/* In the order in which they are written. The version comes first: it says how to read the rest. */
static const struct header_key {
	const char *key;
	enum header_type type;
	size_t offset;
	size_t size; /* of a TEXT, or of the integer of a NUMBER */
} header_table[] = {
#define MEMBER(m) offsetof(struct header_line, m), sizeof(((struct header_line *)0)->m)
	{ "format_version", NUMBER, MEMBER(format_version) },
	{ "version", TEXT, MEMBER(version) },
	{ "host", TEXT, MEMBER(host) },
	{ "boot_id", TEXT, MEMBER(boot_id) },
	{ "kernel", TEXT, MEMBER(kernel) },
	{ "wall", TIME, MEMBER(wall) },
	{ "uid", NUMBER, MEMBER(uid) },
	{ "euid", NUMBER, MEMBER(euid) },
	{ "all_netns", FLAG, MEMBER(all_namespaces) },
	{ "netns", NAMES, MEMBER(namespaces) },
	{ "needs", NEEDS, MEMBER(needs) },
#undef MEMBER
};

void header_line_free(struct header_line *h)
{
	strbuf_free(&h->namespaces);
}

void header_line_add_namespace(struct header_line *h, const char *name)
{
	if (h->namespaces.len)
		strbuf_putc(&h->namespaces, ',');
	sample_line_add_text(&h->namespaces, name);
	h->n_namespaces++;
}

void header_line_fill(struct header_line *h, const struct header_scope *scope,
		      const struct snapshot *now)
{
	struct utsname names;

	snprintf(h->version, sizeof(h->version), "%s", PACKAGE_VERSION);
	memcpy(h->host, now->host, sizeof(h->host));
	memcpy(h->boot_id, now->boot_id, sizeof(h->boot_id));
	if (uname(&names) == 0)
		snprintf(h->kernel, sizeof(h->kernel), "%.64s", names.release);
	h->wall = now->wall;
	h->needs = scope->needs;
	h->all_namespaces = scope->all_namespaces;
	for (size_t i = 0; i < scope->n_namespaces; i++)
		header_line_add_namespace(h, scope->namespaces[i]);
	h->uid = getuid();
	h->euid = geteuid();
}

static void add_needs(struct strbuf *to, unsigned int needs)
{
	bool any = false;

	strbuf_putc(to, '[');
	for (size_t i = 0; i < NEED_N; i++) {
		if (!(needs & need_table[i].need))
			continue;
		strbuf_addf(to, "%s\"%s\"", any ? "," : "", need_table[i].name);
		any = true;
	}
	strbuf_putc(to, ']');
}

static void add_value(struct strbuf *to, const struct header_key *k, const struct header_line *h)
{
	const char *at = (const char *)h + k->offset;

	switch (k->type) {
	case TEXT:
		sample_line_add_text(to, at);
		break;
	case NUMBER:
		strbuf_addu(to, k->size == sizeof(uint64_t) ? HEADER_LINE_VERSION :
							      *(const uint32_t *)at);
		break;
	case FLAG:
		strbuf_adds(to, *(const bool *)at ? "true" : "false");
		break;
	case TIME:
		strbuf_addu(to, (uint64_t)clock_to_ns(h->wall));
		break;
	case NAMES:
		strbuf_putc(to, '[');
		strbuf_add(to, h->namespaces.len ? h->namespaces.s : "", h->namespaces.len);
		strbuf_putc(to, ']');
		break;
	case NEEDS:
		add_needs(to, h->needs);
		break;
	}
}

void header_line_add(struct strbuf *to, const struct header_line *h)
{
	strbuf_adds(to, h->of_baseline ? HEADER_LINE_BEGIN_BASELINE : HEADER_LINE_BEGIN);
	for (size_t i = 0; i < ARRAY_SIZE(header_table); i++) {
		strbuf_addf(to, "%s\"%s\":", i ? "," : "", header_table[i].key);
		add_value(to, &header_table[i], h);
	}
	strbuf_adds(to, "}\n");
}

static void read_names(struct json_reader *json, struct header_line *h)
{
	json_reader_enter(json, '[');
	while (json_reader_element(json))
		header_line_add_namespace(h, json_reader_text(json));
}

/* A need that is unknown is of a newer listenq, and nothing that this one could miss. */
static void read_needs(struct json_reader *json, struct header_line *h)
{
	json_reader_enter(json, '[');
	while (json_reader_element(json)) {
		const char *name = json_reader_text(json);

		for (size_t i = 0; i < NEED_N; i++)
			if (!strcmp(name, need_table[i].name))
				h->needs |= need_table[i].need;
	}
}

static void read_value(struct json_reader *json, const struct header_key *k, struct header_line *h)
{
	char *at = (char *)h + k->offset;
	const char *text;

	switch (k->type) {
	case TEXT:
		text = json_reader_text(json);
		if (strlen(text) >= k->size)
			json_reader_fail(json, "the text is too long");
		else
			memcpy(at, text, strlen(text) + 1);
		break;
	case NUMBER:
		if (k->size == sizeof(uint64_t))
			*(uint64_t *)at = json_reader_u64(json, UINT64_MAX);
		else
			*(uint32_t *)at = (uint32_t)json_reader_u64(json, UINT32_MAX);
		break;
	case FLAG:
		*(bool *)at = json_reader_bool(json);
		break;
	case TIME:
		h->wall = clock_timespec(json_reader_u64(json, INT64_MAX));
		break;
	case NAMES:
		read_names(json, h);
		break;
	case NEEDS:
		read_needs(json, h);
		break;
	}
}

int header_line_read(struct header_line *h, const char *line, size_t len, struct error *why)
{
	struct json_reader json;
	unsigned int seen = 0;
	int code = 0;

	json_reader_init(&json, line, len);
	json_reader_enter(&json, '{');
	for (const char *key; (key = json_reader_key(&json));) {
		size_t i = 0;

		while (i < ARRAY_SIZE(header_table) && strcmp(key, header_table[i].key))
			i++;
		if (i == ARRAY_SIZE(header_table)) {
			json_reader_skip(&json);
			continue;
		}
		if (seen >> i & 1)
			json_reader_fail(&json, "the key stands there twice");
		seen |= 1u << i;
		read_value(&json, &header_table[i], h);
		if (i == 0 && !json_reader_failed(&json) &&
		    h->format_version != HEADER_LINE_VERSION)
			goto done;
	}
	json_reader_end(&json);
	if (seen != (1u << ARRAY_SIZE(header_table)) - 1)
		json_reader_fail(&json, "the line before lacks a key that it needs");
	if (json_reader_failed(&json))
		code = error_set(why, -EINVAL, "byte %zu: %s", json_reader_byte(&json),
				 json.problem);
done:
	json_reader_free(&json);
	return code;
}
