/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_SUMS_LINE_H
#define LISTENQ_REPLAY_SUMS_LINE_H

#include "base/error.h"
#include "base/text.h"
#include "model/sums.h"

/* The sums over the windows of many runs, as one line of JSON after a sample. */

/* Adds the line with its newline. */
void sums_line_add(struct strbuf *to, const struct sums *sums);

/*
 * sums_line_read() - read a line into @sums, which is empty.
 * @now_ns: of the sample before; no sum was seen later
 *
 * Returns 0, or -EINVAL with @why filled: "byte 17: the number is too large". The caller always
 * calls sums_free().
 */
int sums_line_read(struct sums *sums, const char *line, size_t len, uint64_t now_ns,
		   struct error *why);

#endif
