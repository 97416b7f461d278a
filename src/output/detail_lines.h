/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_DETAIL_LINES_H
#define LISTENQ_OUTPUT_DETAIL_LINES_H

#include "analyse/report.h"
#include "base/text.h"

/* Which connections of a group stand further up already. */
enum detail_listed {
	DETAIL_LISTED_WAITING = 1 << 0,
	DETAIL_LISTED_HALF_OPEN = 1 << 1,
};

/*
 * detail_lines_add() - the connections in the queues of a listener, for -D: indented lines, one for
 * each connection, or of many half-open ones for each client network. Each ends with a newline.
 * There are none where both queues are empty, and none of a UNIX listener.
 * @listed: enum detail_listed of each group of the snapshot, zero at first; what several listeners
 * share is listed with the first of them
 */
void detail_lines_add(struct strbuf *lines, const struct row *row, uint8_t *listed);

#endif
