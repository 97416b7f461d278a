/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/alloc.h"
#include "collect/procfs.h"

#include <string.h>

/* The text of /proc/self/mountinfo. */

struct mounts {
	struct procfs_mount *list;
	size_t n, size;
};

static void take(const struct procfs_mount *mount, void *context)
{
	struct mounts *m = context;

	m->list = array_grow(m->list, m->n, &m->size, sizeof(*m->list));
	m->list[m->n++] = (struct procfs_mount){ xstrdup(mount->root), xstrdup(mount->path),
						 xstrdup(mount->type), xstrdup(mount->options) };
}

static void free_mounts(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free((char *)m->list[i].root);
		free((char *)m->list[i].path);
		free((char *)m->list[i].type);
		free((char *)m->list[i].options);
	}
	free(m->list);
}

/* As mangle(), fs/proc_namespace.c. */
static void add_mangled(struct strbuf *text, const char *s)
{
	for (; *s; s++)
		if (strchr(" \t\n\\#", *s))
			strbuf_addf(text, "\\%03o", (unsigned char)*s);
		else
			strbuf_putc(text, *s);
}

static void print(const struct mounts *m, struct strbuf *text)
{
	strbuf_adds(text, "");
	for (size_t i = 0; i < m->n; i++) {
		strbuf_addf(text, "%zu 1 0:%zu ", i, i);
		add_mangled(text, m->list[i].root);
		strbuf_adds(text, " ");
		add_mangled(text, m->list[i].path);
		strbuf_adds(text, i % 2 ? " rw,relatime shared:1 master:2 - " : " rw - ");
		strbuf_adds(text, m->list[i].type);
		strbuf_adds(text, i % 3 ? " /dev/sda1 " : "  ");
		strbuf_addf(text, "%s\n", m->list[i].options);
	}
}

/* What a byte of the text becomes is not longer than it. */
static void check_lengths(const struct mounts *m, size_t size)
{
	size_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		sum += strlen(m->list[i].root) + strlen(m->list[i].path) + strlen(m->list[i].type) +
		       strlen(m->list[i].options) + strlen("   - ");
	FUZZ_CHECK(sum <= size);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static int root = -1;
	struct mounts found = { 0 }, again = { 0 };
	struct strbuf text = { 0 };

	if (root < 0)
		root = fuzz_tree();
	fuzz_tree_write("proc/self/mountinfo", data, size);
	FUZZ_CHECK(procfs_mounts(root, take, &found) == 0);
	check_lengths(&found, size);

	print(&found, &text);
	fuzz_tree_write("proc/self/mountinfo", text.s, text.len);
	FUZZ_CHECK(procfs_mounts(root, take, &again) == 0);
	FUZZ_CHECK(again.n == found.n);
	for (size_t i = 0; i < found.n; i++)
		FUZZ_CHECK(!strcmp(again.list[i].root, found.list[i].root) &&
			   !strcmp(again.list[i].path, found.list[i].path) &&
			   !strcmp(again.list[i].type, found.list[i].type) &&
			   !strcmp(again.list[i].options, found.list[i].options));
	free_mounts(&found);
	free_mounts(&again);
	strbuf_free(&text);
}
