/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ELSEWHERE_H
#define LISTENQ_ANALYSE_ELSEWHERE_H

#include "analyse/report.h"

/*
 * elsewhere_find() - what is known of the UNIX listeners and of the network namespaces that are not
 * in a report.
 * @before: the opening sample, NULL without a window
 */
struct elsewhere elsewhere_find(const struct snapshot *before, const struct snapshot *now);

/* Is something not well there? */
bool elsewhere_is_sick(const struct elsewhere *e);

#endif
