/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_CELL_H
#define LISTENQ_OUTPUT_CELL_H

#include "output/fields.h"

/*
 * cell_add() - add a value as people read it: unknown is "-", text is made safe for a terminal
 * and one word, for awk.
 * @text_flags: enum text_flags
 */
void cell_add(struct strbuf *cell, const struct field_value *value, unsigned int text_flags);

#endif
