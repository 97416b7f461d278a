/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/series.h"

#include "base/alloc.h"
#include "base/num.h"
#include "output/cell.h"
#include "output/sort.h"

#include <stdlib.h>
#include <string.h>

/* A row and where its labels begin. */
struct labelled {
	struct row *row;
	size_t at;
	const char *labels;
};

/* Adds text without backslashes and newlines, made safe. */
static void add_safe(struct strbuf *to, const char *text, size_t len)
{
	struct strbuf safe = { 0 };

	if (text_is_plain(text, len, 0) && !memchr(text, '"', len)) {
		strbuf_add(to, text, len);
		return;
	}
	text_add_safe(&safe, text, len, 0);
	for (size_t i = 0; i < safe.len; i++) {
		strbuf_addc(to, '\\', safe.s[i] == '\\' || safe.s[i] == '"');
		strbuf_putc(to, safe.s[i]);
	}
	strbuf_free(&safe);
}

/* A backslash stays one, so that names of units are as systemctl(1) has them. */
void series_add_value(struct strbuf *to, const char *text)
{
	strbuf_putc(to, '"');
	while (text && *text) {
		size_t len = strcspn(text, "\\\n");

		add_safe(to, text, len);
		text += len;
		if (*text)
			strbuf_adds(to, *text++ == '\n' ? "\\n" : "\\\\");
	}
	strbuf_putc(to, '"');
}

static int compare_names(const void *va, const void *vb)
{
	const struct netns *const *a = va, *const *b = vb;

	return strcmp((*a)->name, (*b)->name);
}

/* That of a process has its PID in it; one that is a number may be a PID, or an inode. */
static bool has_lasting_name(const struct netns *netns)
{
	return netns->name && !netns->of_process && netns->name[strspn(netns->name, "0123456789")];
}

/*
 * May another namespace have the same label? Not if it is the only one with that name, and the name
 * has no @, which the label of one with namesakes has, and is plain ASCII: what is written in
 * another way may be what others have in their names.
 */
static bool is_unique(const struct netns *netns, const struct netns *const *sorted, size_t n)
{
	const struct netns *const *found =
		bsearch(&netns, sorted, n, sizeof(*sorted), compare_names);

	return !strchr(netns->name, '@') && text_is_plain(netns->name, strlen(netns->name), 0) &&
	       (found == sorted || strcmp(found[-1]->name, netns->name) != 0) &&
	       (found + 1 == sorted + n || strcmp(found[1]->name, netns->name) != 0);
}

void series_namespaces(struct series_namespaces *to, const struct report *report)
{
	const struct netns **sorted = xcalloc(report->n_netns, sizeof(*sorted));
	size_t n = 0;

	to->n = report->n_netns;
	to->list = xcalloc(to->n, sizeof(*to->list));
	for (size_t i = 0; i < to->n; i++)
		if (has_lasting_name(report->netns[i].netns))
			sorted[n++] = report->netns[i].netns;
	qsort(sorted, n, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < to->n; i++) {
		const struct netns *netns = report->netns[i].netns;
		struct strbuf *label = &to->list[i];

		const bool named = has_lasting_name(netns);

		series_add_value(label, netns->own || !named ? NULL : netns->name);
		if (netns->own || (named && is_unique(netns, sorted, n)))
			continue;
		label->len--;
		strbuf_addf(label, named ? "@%llu\"" : "%llu\"", (unsigned long long)netns->inode);
	}
	free(sorted);
}

void series_namespaces_free(struct series_namespaces *namespaces)
{
	for (size_t i = 0; i < namespaces->n; i++)
		strbuf_free(&namespaces->list[i]);
	free(namespaces->list);
	*namespaces = (struct series_namespaces){ 0 };
}

/* With the device as ss(8) has it, as two listeners may differ in nothing else. */
static void add_address(struct strbuf *to, const struct listener *l)
{
	strbuf_putc(to, '"');
	cell_add_address(to, l->addr.family, l->addr.address);
	if (l->interface) {
		strbuf_putc(to, '%');
		add_safe(to, l->interface, strlen(l->interface));
	} else if (l->addr.ifindex) {
		strbuf_adds(to, "%if");
		strbuf_addu(to, l->addr.ifindex);
	}
	strbuf_putc(to, '"');
}

void series_add_labels(struct strbuf *to, const struct row *row,
		       const struct series_namespaces *namespaces)
{
	const struct listener *l = row->listener;

	strbuf_adds(to, "namespace=");
	strbuf_adds(to, namespaces->list[l->addr.netns_idx].s);
	if (listener_is_unix(l)) {
		strbuf_adds(to, ",path=");
		series_add_value(to, l->name);
		strbuf_adds(to, ",protocol=\"unix\"");
		return;
	}
	strbuf_adds(to, ",address=");
	add_address(to, l);
	strbuf_adds(to, ",port=\"");
	strbuf_addu(to, l->addr.port);
	strbuf_adds(to, "\",protocol=\"tcp\"");
}

static bool has_series(const struct row *row)
{
	return !row->gone;
}

size_t series_omitted(const struct report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_shown; i++)
		n += has_series(report->shown[i]);
	return n > SERIES_MAX ? n - SERIES_MAX : 0;
}

static int compare_worst(const void *va, const void *vb)
{
	const struct row *a = *(struct row *const *)va, *b = *(struct row *const *)vb;

	return a->state != b->state ? num_compare(a->state, b->state) : sort_compare_address(a, b);
}

static int compare_labels(const void *va, const void *vb)
{
	const struct labelled *a = va, *b = vb;
	int order = strcmp(a->labels, b->labels);

	return order ? order : num_compare(a->row->listener->cookie, b->row->listener->cookie);
}

static size_t choose_rows(struct series_list *list, const struct report *report)
{
	size_t n = 0;

	list->rows = xreallocarray(NULL, report->n_shown, sizeof(*list->rows));
	for (size_t i = 0; i < report->n_shown; i++)
		if (has_series(report->shown[i]))
			list->rows[n++] = report->shown[i];
	if (n <= SERIES_MAX)
		return n;
	list->omitted = n - SERIES_MAX;
	qsort(list->rows, n, sizeof(*list->rows), compare_worst);
	return SERIES_MAX;
}

void series_list(struct series_list *list, const struct report *report)
{
	size_t n = choose_rows(list, report);
	struct labelled *labelled = xcalloc(n, sizeof(*labelled));

	series_namespaces(&list->namespaces, report);
	for (size_t i = 0; i < n; i++) {
		labelled[i] = (struct labelled){ list->rows[i], list->labels.len, NULL };
		series_add_labels(&list->labels, list->rows[i], &list->namespaces);
		strbuf_putc(&list->labels, '\0');
	}
	for (size_t i = 0; i < n; i++)
		labelled[i].labels = list->labels.s + labelled[i].at;
	qsort(labelled, n, sizeof(*labelled), compare_labels);
	list->list = xcalloc(n, sizeof(*list->list));
	for (size_t i = 0; i < n; i++) {
		struct series *last = list->n ? &list->list[list->n - 1] : NULL;

		list->rows[i] = labelled[i].row;
		if (last && !strcmp(last->labels, labelled[i].labels))
			last->n_rows++;
		else
			list->list[list->n++] =
				(struct series){ labelled[i].labels, &list->rows[i], 1 };
	}
	free(labelled);
}

void series_list_free(struct series_list *list)
{
	free(list->list);
	free(list->rows);
	strbuf_free(&list->labels);
	series_namespaces_free(&list->namespaces);
	*list = (struct series_list){ 0 };
}
