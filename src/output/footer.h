/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FOOTER_H
#define LISTENQ_OUTPUT_FOOTER_H

#include "analyse/report.h"
#include "base/text.h"

/*
 * footer_namespaces() - add what is said under the table of the namespaces, line by line: what is
 * not well where the report does not look, counters that moved, and sysctls. Of more than one only
 * of those where something is wrong, and not of those whose listeners report_select() has left out.
 * @text_flags: for names, see text_add_safe()
 */
void footer_namespaces(struct strbuf *lines, const struct report *report, unsigned int text_flags);

#endif
