/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_CELL_H
#define LISTENQ_OUTPUT_CELL_H

#include "output/fields.h"

/*
 * cell_add() - add a value as people read it: unknown is "-", text is made safe for a terminal
 * and one word, for awk. In the abstract name of a UNIX listener a run of NULs is "@{90}".
 * @text_flags: enum text_flags
 */
void cell_add(struct strbuf *cell, const struct field_value *value, unsigned int text_flags);

/*
 * cell_add_fitted() - the same for a screen of @width columns, 0: no limit. A path may be as long
 * as that and would cost all other columns: it gets three eighths of them, see cell_shorten().
 */
void cell_add_fitted(struct strbuf *cell, const struct field_value *value, unsigned int text_flags,
		     size_t width);

/*
 * cell_shorten() - cut the text from @start on to @width screen columns, and mark where: out of its
 * middle, as its end tells the most, and its beginning where it belongs.
 */
void cell_shorten(struct strbuf *cell, size_t start, size_t width, bool utf8);

#endif
