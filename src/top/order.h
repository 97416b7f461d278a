/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_ORDER_H
#define LISTENQ_TOP_ORDER_H

#include "analyse/report.h"
#include "base/idmap.h"

/* The place of each row, for an order that stays as it is. A zeroed struct has none. */
struct order {
	struct idmap places; /* by row_id() */
	size_t n;
	bool groups; /* some are of folded rows */
};

void order_free(struct order *o);

/* Remembers the order that these rows have; those that come later go below them. */
void order_keep(struct order *o, struct row *const *rows, size_t n);

/*
 * order_restore() - put rows in the order that was kept. They may be some of them.
 *
 * A group that was a listener, or several, has the place of the first of them; a listener that was
 * a group has the place of that.
 */
void order_restore(struct order *o, struct row **rows, size_t n);

#endif
