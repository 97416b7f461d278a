/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_HEADER_LINE_H
#define LISTENQ_REPLAY_HEADER_LINE_H

#include "base/error.h"
#include "base/text.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * The line before the samples of a file: who took them, where, and what they contain. The first
 * bytes are the same in each, so that a file of somebody else is known at once.
 */
#define HEADER_LINE_BEGIN "{\"format\":\"listenq-samples\","
/* Of a file that is replaced. */
#define HEADER_LINE_BEGIN_BASELINE "{\"format\":\"listenq-baseline\","
/* Of the format of all lines. */
#define HEADER_LINE_VERSION 1

struct header_line {
	bool of_baseline; /* for header_line_add(): which beginning it gets */
	uint64_t format_version; /* of another one, nothing else is known */
	char version[64]; /* of listenq */
	char host[65];
	char boot_id[37]; /* "": unknown */
	char kernel[65]; /* release */
	struct timespec wall;
	unsigned int needs; /* enum need */
	bool all_namespaces;
	struct strbuf namespaces; /* that the user named, as texts in JSON; empty: none */
	size_t n_namespaces; /* so many texts */
	uint32_t uid, euid;
};

/* What a run samples. */
struct header_scope {
	unsigned int needs; /* enum need */
	const char *const *namespaces; /* as the user named them; not owned */
	size_t n_namespaces;
	bool all_namespaces;
};

void header_line_free(struct header_line *h);

/* Fills @h, which is zeroed, for this process. @now: a sample, which has host, boot_id and wall */
void header_line_fill(struct header_line *h, const struct header_scope *scope,
		      const struct snapshot *now);

/* Adds a name to h->namespaces. */
void header_line_add_namespace(struct header_line *h, const char *name);

/* Adds the line with its newline. @h->format_version is not read. */
void header_line_add(struct strbuf *to, const struct header_line *h);

/*
 * header_line_read() - read a line into @h, which is zeroed.
 *
 * Returns 0, or -EINVAL with @why filled: "byte 17: the number is too large". The caller always
 * calls header_line_free().
 */
int header_line_read(struct header_line *h, const char *line, size_t len, struct error *why);

#endif
