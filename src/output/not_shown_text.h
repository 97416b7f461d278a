/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_NOT_SHOWN_TEXT_H
#define LISTENQ_OUTPUT_NOT_SHOWN_TEXT_H

#include "analyse/report.h"
#include "base/text.h"

/*
 * not_shown_text_add() - add what is not well of what the report does not show, with the option
 * that shows it: "1 UNIX listener is full (-x shows it); 1 other namespace overflows (-A shows
 * it)". Returns whether there is something to be said.
 */
bool not_shown_text_add(struct strbuf *b, const struct not_shown *e);

/* Adds what @n listeners that a report is about are, as "TCP listeners here". */
void not_shown_text_add_scope(struct strbuf *b, const struct report *report, size_t n);

#endif
