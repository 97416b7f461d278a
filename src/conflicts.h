/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_CONFLICTS_H
#define LISTENQ_CONFLICTS_H

#include "options.h"

/* Seconds that a check may take beside its window. */
#define CONFLICTS_TIMEOUT_MARGIN 0.5

/*
 * conflicts_check() - do the options go together?
 * @given: for each row of the command, whether it is on the command line
 *
 * Returns 0, or -EINVAL with @why filled.
 */
int conflicts_check(const struct options *options, const bool *given, struct error *why);

#endif
