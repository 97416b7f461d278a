/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_THRESHOLD_H
#define LISTENQ_OUTPUT_THRESHOLD_H

#include "base/error.h"

#include <stdbool.h>

/*
 * A range of the Monitoring Plugins Development Guidelines, [@]START:END. It alerts outside of
 * START to END, whose ends are inside; with "@" it alerts inside. A zeroed one alerts never.
 */
struct threshold {
	const char *text; /* as typed, plain ASCII without blanks; NULL: there is none */
	double start, end; /* -INFINITY, INFINITY */
	bool inside;
};

/*
 * threshold_parse() - parse a range: "10" is "0:10", "10:" has no end, "~:10" no start.
 * @text: has to live as long as @t
 *
 * Returns 0 or -EINVAL with @why filled.
 */
int threshold_parse(struct threshold *t, const char *text, struct error *why);

bool threshold_alerts(const struct threshold *t, double value);

/* Does it at any value from @least to @most? */
bool threshold_may_alert(const struct threshold *t, double least, double most);

#endif
