/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_SERIES_H
#define LISTENQ_OUTPUT_SERIES_H

#include "analyse/report.h"
#include "base/text.h"

/*
 * What a time series database knows a listener by: labels that stay the same when the server starts
 * again. These are namespace, address, port and protocol, or path instead of address and port;
 * never a PID. Texts of labels are as in the text format of Prometheus, without braces.
 */
struct series {
	const char *labels;
	/* The rows with these labels: several, where they differ in what no label says. */
	struct row *const *rows;
	size_t n_rows;
};

/* The label "namespace" of each namespace of a report, in quotes. */
struct series_namespaces {
	struct strbuf *list; /* in the order of report->netns */
	size_t n;
};

struct series_list {
	struct series *list; /* in the order of the labels */
	size_t n;
	size_t omitted; /* rows that have no series, as there are too many */
	struct row **rows; /* of all series */
	struct strbuf labels; /* of all series */
	struct series_namespaces namespaces;
};

/*
 * How many listeners get series, a SO_REUSEPORT group being one. Each takes 0.6 to 1.1 kB of a
 * scrape. Hosts with more of them have most of them at ports that the kernel chose.
 */
#define SERIES_MAX 2000

/* How many rows that are shown, and not gone, are too many to have series? */
size_t series_omitted(const struct report *report);

/*
 * series_list() - the series of all rows that are shown and not gone; of SERIES_MAX of them if they
 * are more: the sick ones first, worst first, then those at the lowest ports, and so the same ones
 * every time.
 * @list: zeroed
 */
void series_list(struct series_list *list, const struct report *report);
void series_list_free(struct series_list *list);

/*
 * series_namespaces() - the namespace of listenq itself is "", one without a name its inode. No two
 * are equal: where a name would not tell it from all others, its inode follows.
 * @to: zeroed
 */
void series_namespaces(struct series_namespaces *to, const struct report *report);
void series_namespaces_free(struct series_namespaces *namespaces);

/* Adds the labels of a row. */
void series_add_labels(struct strbuf *to, const struct row *row,
		       const struct series_namespaces *namespaces);

/*
 * series_add_value() - add the value of a label in quotes. Backslashes, quotes and newlines are
 * escaped as the format has it. Bytes that are not UTF-8, and what else a terminal must not get,
 * become \xNN.
 * @text: any bytes; NULL: the value is empty
 */
void series_add_value(struct strbuf *to, const char *text);

#endif
