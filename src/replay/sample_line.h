/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_SAMPLE_LINE_H
#define LISTENQ_REPLAY_SAMPLE_LINE_H

#include "base/error.h"
#include "base/text.h"
#include "model/snapshot.h"

/*
 * A sample as one line of JSON: what the collector found, not what was derived from it, so that a
 * newer listenq can judge an older sample. model/saved_fields.h says what it contains.
 *
 * A member that is 0, false, missing or unknown is left out. Identities of 64 bits are texts, as
 * "0x5116". Foreign texts may contain any byte but NUL: a byte that is not part of UTF-8 stands as
 * \xNN and a backslash as two, and that text is then escaped as JSON wants it, so that the line is
 * always valid JSON.
 */

/* Bytes of a line that is read, at most: of more than a million listeners. */
#define SAMPLE_LINE_MAX (256u << 20)

/* Adds the line with its newline. */
void sample_line_add(struct strbuf *to, const struct snapshot *s);

/* Adds a foreign text in quotes, with these escapes. */
void sample_line_add_text(struct strbuf *to, const char *text);

/*
 * sample_line_read() - read a line into @s, which the caller has emptied.
 *
 * Keys that are unknown are skipped. All else must be as sample_line_add() writes it, in any order:
 * types, bounds, indexes, cookies that are unique, times that are not after the sample.
 *
 * Returns 0, or -EINVAL with @why filled: "byte 517: the number is too large"; then @s must not be
 * used.
 */
int sample_line_read(struct snapshot *s, const char *line, size_t len, struct error *why);

#endif
