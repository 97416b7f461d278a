/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/perfdata.h"

#include <stdio.h>
#include <string.h>

#define HASH_LEN 6

/* FNV-1a: the same in each run, and on each machine. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		hash = (hash ^ *c) * 16777619u;
	return hash;
}

/* What parsers of performance data take: no blank, quote or separator, and nothing but ASCII. */
static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f && !strchr("'=|\"`\\;", c);
}

static void make_label(char label[PERFDATA_LABEL + 1], const char *name)
{
	const size_t len = strlen(name);
	bool whole = len && len <= PERFDATA_LABEL;
	const char *end = name;

	for (const char *c = name; *c && whole; c++)
		whole = is_plain(*c);
	if (!whole) {
		const size_t keep = PERFDATA_LABEL - HASH_LEN - 1;

		snprintf(label, PERFDATA_LABEL + 1, "%06x~", hash_of(name) & 0xffffff);
		label += HASH_LEN + 1;
		end = len > keep ? name + len - keep : name;
	}
	for (; *end; end++)
		*label++ = is_plain(*end) ? *end : '_';
	*label = '\0';
}

bool perfdata_begin(struct perfdata *p, const char *name, size_t len, size_t room)
{
	char label[PERFDATA_LABEL + 1] = "";
	bool fits;

	make_label(label, name);
	fits = p->n < PERFDATA_MAX && p->text.len + strlen(label) + strlen(" ''=") + len <= room;
	for (size_t i = 0; i < p->n; i++)
		fits = fits && strcmp(label, p->labels[i]) != 0;
	if (!fits) {
		p->left_out++;
		return false;
	}
	memcpy(p->labels[p->n++], label, sizeof(label));
	strbuf_addf(&p->text, "%s'%s'=", p->text.len ? " " : "", label);
	return true;
}

void perfdata_free(struct perfdata *p)
{
	strbuf_free(&p->text);
}
