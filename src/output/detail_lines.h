/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_DETAIL_LINES_H
#define LISTENQ_OUTPUT_DETAIL_LINES_H

#include "analyse/report.h"
#include "base/text.h"

/* Which connections of a group an earlier row has listed. */
enum detail_listed {
	DETAIL_LISTED_WAITING = 1 << 0,
	DETAIL_LISTED_HALF_OPEN = 1 << 1,
};

/*
 * detail_lines_add() - add the connections in the queues of a listener, for -D: one indented line
 * for each, or if many are half-open one for each client network. Each line ends with a newline.
 * Adds nothing if both queues are empty, or for a UNIX listener.
 * @listed: enum detail_listed of each group of the snapshot, zero at first: connections of a group
 *          are listed with its first listener
 * @bounded: of many that wait, list the oldest and count the others
 */
void detail_lines_add(struct strbuf *lines, const struct row *row, uint8_t *listed, bool bounded);

#endif
