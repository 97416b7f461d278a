/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_CONTENTS_H
#define LISTENQ_OUTPUT_CONTENTS_H

#include "analyse/report.h"
#include "base/text.h"

/* Which connections of a group stand further up already. */
enum contents_listed {
	CONTENTS_WAITING = 1 << 0,
	CONTENTS_HALF_OPEN = 1 << 1,
};

/*
 * contents_add() - what is in the queues of a listener, for a table: indented lines, one for each
 * connection, or of many half-open ones for each client network, each ended by a newline; none
 * where both queues are empty, and none of a UNIX listener.
 * @listed: enum contents_listed of each group of the snapshot, zero at first; what several
 * listeners share is listed with the first of them
 */
void contents_add(struct strbuf *lines, const struct row *row, uint8_t *listed);

#endif
